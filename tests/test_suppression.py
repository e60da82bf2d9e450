"""`ignore` in the spec: what it leaves out, and what is said when it cannot or does not."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from compiler import cli, rules
from compiler.diagnostics import Diagnostic, Diagnostics, Location, Suppression
from compiler.pipeline import compile_spec
from compiler.stack import Build
from compiler.terminal import FINE

TODAY = date(2026, 11, 22)

SPEC = """\
version: 1
pipeline: clicks
namespaces:
  web: {}
tables:
  clicks:
    namespace: web
    columns: {id: {type: string, required: true}, at: timestamptz}
  countries:
    namespace: web
    columns: {code: string}
streams:
  clicks: {table: clicks}
"""
IN_CLICKS = "  clicks:\n    namespace: web\n"
IN_COUNTRIES = "  countries:\n    namespace: web\n"


def compiled(folder: Path, spec: str, *, linting: bool = False) -> tuple[Build | None, Diagnostics]:
    """Compile a spec on the day of these tests."""
    file = folder / "spec.yaml"
    file.write_text(spec, encoding="utf-8")
    found = Diagnostics()
    return compile_spec(str(file), found, linting=linting, today=TODAY), found


def ignoring(*items: str, entry: str = IN_CLICKS) -> str:
    """Return the spec with an `ignore` in one of its entries."""
    return SPEC.replace(entry, f"{entry}    ignore: [{', '.join(items)}]\n")


def codes(found: Diagnostics) -> list[str]:
    """Return the code of every finding that is left."""
    return [each.rule.code for each in found]


def only(found: Diagnostics, code: str) -> Diagnostic:
    """Return the one finding with a code."""
    (finding,) = (each for each in found if each.rule.code == code)
    return finding


def test_a_warning_inside_the_entry_is_left_out(tmp_path: Path) -> None:
    assert codes(compiled(tmp_path, SPEC)[1]) == ["AC3101", "AC3104"]
    build, found = compiled(tmp_path, ignoring("{rule: AC3101, reason: All send it}"))
    assert build
    assert codes(found) == ["AC3104"]
    ((finding, suppression),) = found.suppressed()
    assert (finding.rule.code, suppression.entry) == ("AC3101", "tables.clicks")
    assert suppression.reason == "All send it"


def test_an_info_is_left_out_like_a_warning(tmp_path: Path) -> None:
    spec = ignoring("{rule: AC3104, reason: A job loads it}", entry=IN_COUNTRIES)
    assert codes(compiled(tmp_path, spec)[1]) == ["AC3101"]


def test_what_another_entry_ignores_is_still_reported(tmp_path: Path) -> None:
    spec = ignoring("{rule: AC3101, reason: All send it}", entry=IN_COUNTRIES)
    _, found = compiled(tmp_path, spec)
    assert codes(found) == ["AC3101", "AC3104", "AC3205"]
    unused = only(found, "AC3205")
    assert unused.location.path == "tables.countries.ignore.0.rule"
    assert unused.hint == "AC3101 is reported at 'tables.clicks.columns.id': move it there"


@pytest.mark.parametrize(
    ("section", "entry"),
    [
        ("namespaces:\n  web: {}\n", "namespaces:\n  web: {ignore: [ITEM]}\n"),
        ("streams:\n  clicks: {table: clicks}\n", "streams:\n  clicks: {table: clicks, ignore: [ITEM]}\n"),
        ("streams:\n", "roles:\n  ingest: {service: lambda, write: [clicks], ignore: [ITEM]}\nstreams:\n"),
        ("namespaces:\n", "bucket: {ignore: [ITEM]}\nnamespaces:\n"),
        ("namespaces:\n", "namespaces:\n  ignore: {ignore: [ITEM]}\n"),
    ],
    ids=["namespace", "stream", "role", "bucket", "an entry called ignore"],
)
def test_every_kind_of_entry_takes_an_ignore(section: str, entry: str, tmp_path: Path) -> None:
    item = "{rule: AC3103, reason: For now}"
    build, found = compiled(tmp_path, SPEC.replace(section, entry.replace("ITEM", item)))
    assert build
    assert only(found, "AC3205").hint == "remove it"


def test_an_entry_called_ignore_is_an_entry(tmp_path: Path) -> None:
    spec = SPEC.replace("countries:", "ignore:").replace(
        "columns: {code: string}", "columns: {code: string}\n    ignore: [{rule: AC3104, reason: A job}]"
    )
    assert codes(compiled(tmp_path, spec)[1]) == ["AC3101"]


def test_an_ignore_covers_its_entry_and_not_one_with_a_longer_name() -> None:
    found = Diagnostics()
    found.suppress(Suppression("AC3104", "tables.a", "Known", Location("spec.yaml")))
    for path in ("tables.a", "tables.a.columns.x", "tables.ab", "tables"):
        found.add(rules.UNFED_TABLE, path, Location("spec.yaml", path=path))
    assert [each.message for each in found] == ["tables", "tables.ab"]


def test_an_error_is_never_left_out() -> None:
    found = Diagnostics()
    found.suppress(Suppression("AC3001", "tables.a", "Known", Location("spec.yaml")))
    found.add(rules.UNKNOWN_REFERENCE, "gone", Location("spec.yaml", path="tables.a"))
    assert found.failed
    assert codes(found) == ["AC3001"]


def test_ignoring_an_error_is_an_error(tmp_path: Path) -> None:
    build, found = compiled(tmp_path, ignoring("{rule: AC3001, reason: I dare you}"))
    assert build is None
    assert only(found, "AC3202").message == (
        "AC3001 (unknown-reference) is an error, and only a warning can be ignored"
    )


def test_an_unknown_rule_gets_the_nearest_warning(tmp_path: Path) -> None:
    build, found = compiled(tmp_path, ignoring("{rule: AC3901, reason: All send it}"))
    assert build is None
    unknown = only(found, "AC3201")
    assert (unknown.location.line, unknown.message) == (8, "there is no rule 'AC3901'")
    assert unknown.hint == "did you mean AC3101 (required-column-under-stream)?"
    assert "AC3101" in codes(found)


@pytest.mark.parametrize("until", ["2026-11-22", "2026-11-23", "2027-01-01"])
def test_an_ignore_holds_on_its_last_day(until: str, tmp_path: Path) -> None:
    spec = ignoring(f"{{rule: AC3101, reason: All send it, until: {until}}}")
    build, found = compiled(tmp_path, spec)
    assert build
    assert codes(found) == ["AC3104"]


def test_an_ignore_that_has_ended_is_an_error_and_the_warning_is_back(tmp_path: Path) -> None:
    spec = ignoring("{rule: AC3101, reason: All send it, until: 2026-11-21}")
    build, found = compiled(tmp_path, spec)
    assert build is None
    assert "AC3101" in codes(found)
    ended = only(found, "AC3203")
    assert ended.message == "AC3101 was to be ignored until 2026-11-21, which is past"
    assert ended.location.path == "tables.clicks.ignore.0.until"


def test_without_a_given_day_the_present_one_decides(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(ignoring("{rule: AC3101, reason: All send it, until: 2020-12-31}"), encoding="utf-8")
    found = Diagnostics()
    assert compile_spec(str(file), found, linting=False) is None
    assert "AC3203" in codes(found)


@pytest.mark.parametrize("until", ["2027-02-29", "2027-06-31", "0000-01-01"])
def test_a_day_that_does_not_exist_is_refused(until: str, tmp_path: Path) -> None:
    build, found = compiled(tmp_path, ignoring(f"{{rule: AC3101, reason: All send it, until: {until}}}"))
    assert build is None
    assert only(found, "AC3204").message == f"there is no day '{until}'"


@pytest.mark.parametrize(
    "item",
    [
        "{rule: AC3101}",
        "{rule: AC3101, reason: ''}",
        "{reason: All send it}",
        "{rule: required-column-under-stream, reason: All send it}",
        "{rule: AC3101, reason: All send it, until: next year}",
    ],
)
def test_an_ignore_of_another_shape_is_refused_before_it_counts(item: str, tmp_path: Path) -> None:
    build, found = compiled(tmp_path, ignoring(item))
    assert build is None
    assert {code[:3] for code in codes(found)} == {"AC2"}


def test_the_second_ignore_of_one_rule_is_unused(tmp_path: Path) -> None:
    spec = ignoring("{rule: AC3101, reason: All send it}", "{rule: AC3101, reason: Again}")
    _, found = compiled(tmp_path, spec)
    assert only(found, "AC3205").location.path == "tables.clicks.ignore.1.rule"


def test_nothing_is_called_unused_before_all_passes_have_run(tmp_path: Path) -> None:
    spec = ignoring("{rule: AC3103, reason: For now}").replace("{table: clicks}", "{table: click}")
    _, found = compiled(tmp_path, spec)
    assert codes(found) == ["AC3001"]


def test_an_ignore_of_a_lint_finding_is_unused_only_where_there_was_a_lint(tmp_path: Path) -> None:
    spec = ignoring("{rule: AC6002, reason: Known}")
    assert "AC3205" not in codes(compiled(tmp_path, spec, linting=False)[1])
    assert "AC3205" in codes(compiled(tmp_path, spec, linting=True)[1])


def test_an_ignore_that_has_ended_since_does_not_spoil_an_old_spec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = Path("spec.yaml")
    spec.write_text(ignoring("{rule: AC3101, reason: All send it, until: 2020-12-31}"), encoding="utf-8")
    author = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    for words in (["init", "-q"], ["add", "spec.yaml"], [*author, "commit", "-q", "-m", "old"]):
        subprocess.run(["git", *words], check=True)
    spec.write_text(ignoring("{rule: AC3101, reason: All send it, until: 2090-12-31}"), encoding="utf-8")
    assert cli.main(["plan", "spec.yaml", "--against", "HEAD"]) == FINE
    out = capsys.readouterr().out
    assert "AC3101" not in out
    assert out.endswith("Left out 1 finding that the spec says to ignore.\n")


def test_many_suppressions_cost_little() -> None:
    found = Diagnostics()
    for index in range(2_000):
        place = Location("spec.yaml", index + 1, path=f"tables.t{index}")
        found.suppress(Suppression("AC3104", f"tables.t{index}", "Known", place))
        found.add(rules.UNFED_TABLE, "unfed", place)
    assert list(found) == []
    assert found.unused() == []
    assert len(found.suppressed()) == 2_000
