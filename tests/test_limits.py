"""What CloudFormation takes of a template as a whole."""

from __future__ import annotations

from pathlib import Path

from compiler.passes.render import MAXIMUM_BYTES
from tests.compiling import codes, compiled_text, said

HEAD = "version: 1\npipeline: big\nnamespaces:\n  web: {}\ntables:\n"
OUTPUTS_OF_THE_STACK = 4  # catalog, bucket's name and ARN, the link's name
RESOURCES_OF_THE_STACK = 10  # bucket, namespace, link, table, schema; the provider's four, administrator


def tables(count: int, columns: str = "{id: string}") -> str:
    """Return a spec with so many tables."""
    lines = (f"  t{n}:\n    namespace: web\n    columns: {columns}\n" for n in range(count))
    return HEAD + "".join(lines)


def roles(count: int) -> str:
    """Return a spec with so many principals that are granted something: a resource each, and no output."""
    arn = "arn:aws:iam::111122223333:role/r"
    lines = (f'  r{n}: {{arn: "{arn}{n}", read: [t0]}}\n' for n in range(count))
    return tables(1) + "roles:\n" + "".join(lines)


def test_ac5001_a_template_of_more_than_a_megabyte_is_refused(tmp_path: Path) -> None:
    doc = "x" * (MAXIMUM_BYTES // 2)
    build, found = compiled_text(tmp_path, tables(1, f"{{id: {{type: string, doc: {doc}}}}}"))
    assert build is None
    assert "AC5001" in codes(found)
    assert "CloudFormation takes at most 1,000,000" in said(found)
    assert "existing: true" in said(found)


def test_ac5002_more_than_five_hundred_resources_are_refused(tmp_path: Path) -> None:
    most = 500 - RESOURCES_OF_THE_STACK - 1  # and the workgroup of the roles that read
    build, found = compiled_text(tmp_path, roles(most))
    assert build, said(found)
    assert len(build.stack.types) == 500
    build, found = compiled_text(tmp_path, roles(most + 1))
    assert build is None
    assert "AC5002" in codes(found)
    assert "the template has 501 resources" in said(found)


def test_ac5003_more_than_two_hundred_outputs_are_refused(tmp_path: Path) -> None:
    most = 200 - OUTPUTS_OF_THE_STACK
    build, found = compiled_text(tmp_path, tables(most))
    assert build, said(found)
    assert build.stack.outputs == 200
    build, found = compiled_text(tmp_path, tables(most + 1))
    assert build is None
    assert "AC5003" in codes(found)
    assert "the template has 201 outputs" in said(found)


def test_a_limit_is_reported_at_the_pipeline_s_name(tmp_path: Path) -> None:
    _, found = compiled_text(tmp_path, tables(250))
    places = {each.location.line for each in found if each.rule.code.startswith("AC5")}
    assert places == {2}


def test_ac5004_a_policy_of_more_than_iam_takes_is_refused(tmp_path: Path) -> None:
    def fed(count: int) -> str:
        streams = "".join(f"  a_stream_with_a_long_name_{n}: {{table: t{n}}}\n" for n in range(count))
        return f"{tables(count)}streams:\n{streams}"

    build, found = compiled_text(tmp_path, fed(20))
    assert build, said(found)
    (tmp_path / "spec.lock.json").unlink(missing_ok=True)
    build, found = compiled_text(tmp_path, fed(64))
    assert build is None
    assert codes(found) == ["AC5004"]
    assert "the policy of DeliveryRole has about" in said(found)


def test_ac3031_a_name_that_makes_a_logical_id_too_long_is_refused(tmp_path: Path) -> None:
    def refused(namespace: int, table: int) -> list[str]:
        spec = tables(1).replace("web: {}", "web: {link: web}").replace("t0:", f"{'t' * table}:")
        build, found = compiled_text(
            tmp_path, spec.replace("web:", f"{'w' * namespace}:").replace(" web\n", f" {'w' * namespace}\n")
        )
        paths = [each.location.path for each in found if each.rule.code == "AC3031"]
        assert bool(build) is not bool(paths)
        return [path.partition(".")[0] for path in paths]

    assert refused(246, 247) == []
    assert refused(247, 247) == ["namespaces"]
    assert refused(246, 248) == ["tables"]
    assert refused(255, 255) == ["namespaces", "tables"]


def test_a_description_is_counted_in_bytes(tmp_path: Path) -> None:
    for text, expected in (("é" * 512, []), ("é" * 513, ["AC2006"])):
        spec = tables(1).replace("pipeline: big", f"pipeline: big\ndescription: {text}")
        _, found = compiled_text(tmp_path, spec)
        assert [code for code in codes(found) if code != "AC3104"] == expected
