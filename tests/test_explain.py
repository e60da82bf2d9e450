"""Every rule has a page that is true, and the commands that print what is known do so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compiler import assets, cli, reference, rulebook, rules
from compiler.diagnostics import SEVERITIES, Diagnostics, Rule
from compiler.passes.load import parse
from compiler.pipeline import compile_spec
from compiler.schema import bundle
from compiler.terminal import FINE, PROBLEMS

ROOT = Path(__file__).parent.parent
SOURCE = "".join(
    path.read_text("utf-8") for path in (ROOT / "compiler").rglob("*.py") if path.name != "rules.py"
)
NAMES = {id(rule): name for name, rule in vars(rules).items() if isinstance(rule, Rule)}

# No spec that fits a page shows these: they are about a file, its bytes, its size, or not about the spec.
WITHOUT_EXAMPLE = {
    *("AC1001", "AC1002", "AC1003", "AC1004", "AC1005", "AC1006", "AC1007", "AC1016", "AC1017"),
    *("AC3036", "AC3303", "AC5001", "AC5002", "AC5003", "AC5004", "AC6001", "AC6002", "AC7001", "AC7002"),
}
WITH_EXAMPLE = [rule for rule in rules.RULES if rulebook.page(rule)["example"]]
SMALLEST = {
    "version": 1,
    "pipeline": "clicks",
    "namespaces": {"web": {}},
    "tables": {"clicks": {"namespace": "web", "columns": {"id": "string", "at": "timestamptz"}}},
    "streams": {"clicks": {"table": "clicks"}},
}


def every(what: list[Rule]) -> pytest.MarkDecorator:
    """Run a test for each rule."""
    return pytest.mark.parametrize("rule", what, ids=lambda rule: rule.code)


def reported(fragment: str, folder: Path) -> Diagnostics:
    """Return what is found in the smallest spec with the sections of an example in it."""
    found = Diagnostics()
    document = parse(fragment, "spec.yaml", found)
    if document is None:
        return found
    file = folder / "spec.yaml"
    rest = {key: value for key, value in SMALLEST.items() if key not in document.data}
    lines = [f"{key}: {json.dumps(value)}\n" for key, value in rest.items()]
    file.write_text(f"{fragment}\n{''.join(lines)}", encoding="utf-8")
    found = Diagnostics()
    compile_spec(str(file), found, linting=False)
    return found


@every(list(rules.RULES))
def test_a_rule_has_a_page(rule: Rule) -> None:
    assert rule.severity in SEVERITIES
    assert rule.name == rule.name.lower().replace(" ", "-")
    for part in (rule.summary, rule.why, rule.fix):
        assert part.endswith(".")
        assert not set("|\n") & set(part)


@every(list(rules.RULES))
def test_a_rule_is_used(rule: Rule) -> None:
    assert f"rules.{NAMES[id(rule)]}" in SOURCE


def test_no_code_or_name_is_given_twice_and_codes_are_in_order() -> None:
    codes = [rule.code for rule in rules.RULES]
    assert codes == sorted(set(codes))
    assert len({rule.name for rule in rules.RULES}) == len(codes)


def test_every_rule_about_a_spec_has_an_example() -> None:
    # A rule of the plan (4) is about two specs, and one of AWS (8) about none.
    missing = {rule.code for rule in rules.RULES if rule.code[2] not in "48"} - {
        rule.code for rule in WITH_EXAMPLE
    }
    assert missing == WITHOUT_EXAMPLE


def test_every_example_is_of_a_rule() -> None:
    files = {path.stem for path in (assets.folder("docs") / "rules").iterdir()}
    assert files <= set(rules.BY_CODE)


@every([rule for rule in WITH_EXAMPLE if rule.code[2] not in "48"])
def test_an_example_is_reported_and_its_mended_form_is_not(rule: Rule, tmp_path: Path) -> None:
    example = rulebook.page(rule)["example"]
    assert rule.code in {each.rule.code for each in reported(example["fails"], tmp_path)}
    mended = reported(example["instead"], tmp_path)
    assert rule.code not in {each.rule.code for each in mended}
    assert not mended.failed, list(mended)


def test_the_page_of_all_rules_is_current() -> None:
    assert (ROOT / "docs" / "diagnostics.md").read_text("utf-8") == rulebook.book()


def test_the_page_of_all_rules_shows_what_the_compiler_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = rulebook.book().split("```text\n")[1].split("```")[0]
    spec = (ROOT / "docs" / "examples" / "clicks.yaml").read_text("utf-8")
    Path("spec").mkdir()
    Path("spec/analytics.yaml").write_text(
        spec.replace("{table: clicks}", "{table: clicks, buffer_secs: 120}"), encoding="utf-8"
    )
    assert cli.main(["spec/analytics.yaml"]) == PROBLEMS
    assert capsys.readouterr().out == f"{shown}\nFound 1 error.\n"


@pytest.mark.parametrize("wanted", ["AC3001", "ac3001", "unknown-reference"])
def test_a_rule_is_explained_by_code_or_name(wanted: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", wanted]) == FINE
    assert capsys.readouterr().out == (
        "AC3001 unknown-reference (error)\n"
        "\n"
        "A name refers to something that the spec does not declare.\n"
        "\n"
        "Why: References are by name, and every name is declared once, as a key of its section.\n"
        "What to do: Correct the name, or declare it.\n"
        "\n"
        "This is reported:\n"
        "\n"
        "    streams:\n"
        "      clicks: {table: click}\n"
        "\n"
        "This is not:\n"
        "\n"
        "    streams:\n"
        "      clicks: {table: clicks}\n"
    )


def test_a_page_is_data_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "AC3104", "--format", "json"]) == FINE
    page = json.loads(capsys.readouterr().out)
    assert set(page) == {"code", "name", "severity", "summary", "why", "fix", "example"}
    assert (page["code"], page["severity"]) == ("AC3104", "info")


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("AC4299", "did you mean AC4206?"),
        ("unknown-refernce", "did you mean unknown-reference?"),
        ("gibberish", "without a rule, it lists them all"),
    ],
)
def test_an_unknown_rule_gets_the_nearest(wanted: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", wanted]) == PROBLEMS
    assert capsys.readouterr().err == (f"analytics-compile explain: there is no rule '{wanted}'; {hint}\n")


def test_without_a_rule_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain"]) == FINE
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [rule.code for rule in rules.RULES]
    assert lines[0].split(maxsplit=3) == ["AC1001", "error", "unreadable-file", "The spec cannot be read."]
    assert cli.main(["explain", "--format", "json"]) == FINE
    assert len(json.loads(capsys.readouterr().out)["rules"]) == len(rules.RULES)


def test_the_schema_is_the_one_that_specs_are_checked_against(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["schema"]) == FINE
    printed: Any = json.loads(capsys.readouterr().out)
    assert printed == bundle(assets.folder("schemas"))


def test_the_schema_has_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["schema", "--markdown"]) == FINE
    assert capsys.readouterr().out == reference.page()
