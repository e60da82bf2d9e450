"""The command as a user runs it: what it prints, what it returns, and that it never shows a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from compiler import __version__
from compiler.cli import main
from compiler.terminal import CUT_OFF, FAULT, FINE, PROBLEMS, USAGE
from tests.compiling import ROOT, SMALLEST

WRONG = SMALLEST.replace("id: string", "id: strng")
FILES = ["clicks.template.yaml", "manifest.json"]


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A right spec in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "spec.yaml"
    path.write_text(SMALLEST)
    return path


def run(
    arguments: Sequence[str | bytes], folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `python -m compiler` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "compiler", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
    )


def test_a_right_spec_is_written_and_the_way_to_deploy_it_shown(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([spec.name, "--no-lint"]) == FINE
    assert sorted(os.listdir("out")) == FILES
    output, errors = capsys.readouterr()
    assert "1 KinesisFirehose::DeliveryStream" in output
    assert "  out/clicks.template.yaml\n" in output
    command = "aws cloudformation deploy --template-file out/clicks.template.yaml --stack-name clicks"
    assert f"  {command} --capabilities CAPABILITY_NAMED_IAM\n" in output
    assert errors == ""


def test_cfn_lint_finds_nothing_in_a_right_spec(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([spec.name, "--quiet"]) == FINE
    assert capsys.readouterr() == ("", "")


def test_a_second_run_says_that_nothing_changed(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([spec.name, "--no-lint"])
    capsys.readouterr()
    assert main([spec.name, "--no-lint"]) == FINE
    assert "  out/clicks.template.yaml  (unchanged)\n" in capsys.readouterr().out


def test_a_wrong_spec_writes_nothing(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([spec.name, "--no-lint", "--quiet"])
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path("out").iterdir()}
    spec.write_text(WRONG)
    assert main([spec.name, "--no-lint"]) == PROBLEMS
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path("out").iterdir()} == before
    output = capsys.readouterr().out
    assert output.startswith("spec.yaml:9:11: error AC3005: ")
    assert output.endswith("\nFound 1 error.\n")
    assert "Deploy" not in output


def test_a_warning_is_shown_and_is_no_failure(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(SMALLEST.replace("id: string", "id: {type: string, required: true}"))
    assert main([spec.name, "--no-lint"]) == FINE
    output = capsys.readouterr().out
    assert "warning AC3101" in output
    assert "Deploy it:" in output
    assert output.endswith("\nFound 1 warning.\n")


def test_quiet_leaves_only_findings(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([spec.name, "--no-lint", "--quiet"]) == FINE
    assert capsys.readouterr() == ("", "")
    spec.write_text(WRONG)
    assert main([spec.name, "--no-lint", "--quiet"]) == PROBLEMS
    assert "error AC3005" in capsys.readouterr().out


def test_checking_passes_where_the_output_is_current(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([spec.name, "--no-lint", "--quiet"])
    assert main([spec.name, "--no-lint", "--check"]) == FINE
    assert capsys.readouterr() == ("", "")


def test_checking_fails_with_a_difference_where_the_output_is_stale(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([spec.name, "--no-lint", "--quiet"])
    template = Path("out/clicks.template.yaml")
    template.write_text(template.read_text().replace("SizeInMBs: 64", "SizeInMBs: 1"))
    before = template.stat()
    assert main([spec.name, "--no-lint", "--check"]) == PROBLEMS
    output = capsys.readouterr().out
    assert "--- out/clicks.template.yaml\n+++ out/clicks.template.yaml (compiled)\n" in output
    assert "\n-          SizeInMBs: 1\n+          SizeInMBs: 64\n" in output
    assert "out/clicks.template.yaml:1:1: error AC7002: " in output
    assert template.stat() == before


def test_checking_makes_no_folder(spec: Path) -> None:
    assert main([spec.name, "--no-lint", "--check", "--quiet"]) == PROBLEMS
    assert not Path("out").exists()


@pytest.mark.parametrize("out", ["spec.yaml", "spec.yaml/out"])
@pytest.mark.parametrize("check", [[], ["--check"]])
def test_an_output_folder_that_can_be_none_is_a_problem(
    spec: Path, capsys: pytest.CaptureFixture[str], out: str, check: list[str]
) -> None:
    assert main([spec.name, "--no-lint", "--out", out, *check]) == PROBLEMS
    output = capsys.readouterr().out
    assert "error AC700" in output
    assert "Deploy it:" not in output
    assert spec.read_text() == SMALLEST


def test_json_holds_all_that_text_holds(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(SMALLEST.replace("id: string", "id: {type: string, required: true}"))
    assert main([spec.name, "--no-lint", "--format", "json"]) == FINE
    report = json.loads(capsys.readouterr().out)
    (finding,) = report["diagnostics"]
    assert (finding["code"], finding["severity"], finding["line"], finding["column"]) == (
        "AC3101",
        "warning",
        9,
        7,
    )
    assert report["tool"] == {"name": "analytics-compile", "version": __version__}
    assert report["result"]["stacks"][0]["stack"] == "clicks"
    assert (
        report["result"]["stacks"][0]["template"]["bytes"] == Path("out/clicks.template.yaml").stat().st_size
    )
    assert [file["path"] for file in report["result"]["files"]] == [
        *(f"out/{name}" for name in FILES),
        "spec.lock.json",
    ]


def test_json_of_a_failure_has_no_result(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(WRONG)
    assert main([spec.name, "--no-lint", "--format", "json"]) == PROBLEMS
    report = json.loads(capsys.readouterr().out)
    assert report["result"] is None
    assert report["summary"] == {"errors": 1, "warnings": 0, "infos": 0, "suppressed": 0}


def test_a_template_that_is_too_large_for_a_request_is_deployed_through_a_bucket(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = "".join(f"\n      c{n}: string" for n in range(200))
    spec.write_text(SMALLEST.replace("\n      id: string", columns))
    assert main([spec.name, "--no-lint"]) == FINE
    assert "--stack-name clicks --s3-bucket BUCKET --capabilities" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [[], ["a.yaml", "b.yaml"], ["--nonsense"], ["a.yaml", "--format", "xml"]]
)
def test_wrong_usage_is_explained(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == USAGE
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith("usage: analytics-compile")


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_are_no_failure(argument: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([argument]) == FINE
    output, errors = capsys.readouterr()
    assert "analytics-compile" in output
    assert errors == ""


def test_the_module_runs_as_a_program(spec: Path) -> None:
    done = run([spec.name, "--no-lint"], spec.parent)
    assert (done.returncode, done.stderr) == (FINE, "")
    assert "Deploy it:" in done.stdout
    spec.write_text(WRONG)
    done = run([spec.name, "--no-lint"], spec.parent)
    assert (done.returncode, done.stderr) == (PROBLEMS, "")


def test_a_compilation_without_cfn_lint_imports_nothing_heavy(spec: Path) -> None:
    heavy = ("cfnlint", "boto3", "botocore", "jsonschema")
    code = (
        "import sys; from compiler.cli import main; "
        f"code = main([{spec.name!r}, '--no-lint', '--quiet', '--out', sys.argv[1]]); "
        f"print([each for each in {heavy!r} if each in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "out"],
        cwd=spec.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (FINE, "[]\n", "")


def test_colour_is_for_terminals_that_want_it(spec: Path) -> None:
    spec.write_text(WRONG)
    assert "\x1b[" in _on_a_terminal(spec, TERM="xterm")
    assert "\x1b[" not in _on_a_terminal(spec, TERM="xterm", NO_COLOR="1")
    assert "\x1b[" not in _on_a_terminal(spec, TERM="dumb")
    assert "\x1b[" not in run([spec.name, "--no-lint"], spec.parent, TERM="xterm").stdout


def test_an_escape_in_a_spec_never_reaches_the_terminal(spec: Path) -> None:
    spec.write_text(SMALLEST + 'tags: {team: "red \\e[31m and\\nmore"}\n')
    done = run([spec.name, "--no-lint"], spec.parent)
    assert done.returncode == PROBLEMS
    assert "\x1b" not in done.stdout
    assert done.stdout.splitlines()[0].endswith(" [malformed-text]")


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}],
)
def test_a_terminal_that_knows_only_ascii_gets_every_message(spec: Path, environment: dict[str, str]) -> None:
    spec.write_text(SMALLEST.replace("pipeline: clicks", "pipeline: État😀"), encoding="utf-8")
    done = run([spec.name, "--no-lint"], spec.parent, **environment)
    assert (done.returncode, done.stderr) == (PROBLEMS, "")
    assert "AC2005" in done.stdout


@pytest.mark.parametrize("name", [".", "/", ""])
@pytest.mark.parametrize("command", [[], ["plan"]])
def test_ac1002_a_folder_without_a_name_is_a_problem_like_another(
    command: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, name]) == 1
    assert "error AC1002" in capsys.readouterr().out


def test_a_file_name_that_is_no_text_is_a_problem_like_another(tmp_path: Path) -> None:
    for arguments in ([b"\xff.yaml"], [b"\xff.yaml", "--format", "json"]):
        done = run(arguments, tmp_path)
        assert (done.returncode, done.stderr) == (PROBLEMS, "")
        assert "AC1001" in done.stdout


def test_a_reader_that_goes_away_ends_the_command_without_a_word(spec: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "compiler", spec.name, "--no-lint"],
        cwd=spec.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), errors) == (CUT_OFF, b"")


def test_a_fault_of_ours_is_saved_and_not_shown(spec: Path) -> None:
    broken = spec.parent / "broken"
    for name in ("compiler", "schemas", "lambdas"):
        shutil.copytree(ROOT / name, broken / name, ignore=shutil.ignore_patterns("__pycache__"))
    done = run([str(spec), "--no-lint"], spec.parent, PYTHONPATH=str(broken), TMPDIR=str(spec.parent))
    assert (done.returncode, done.stdout) == (FAULT, "")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    (saved,) = spec.parent.glob("analytics-compile-*.txt")
    assert str(saved) in done.stderr
    assert "installed without its 'templates' folder" in saved.read_text()


def _on_a_terminal(spec: Path, **environment: str) -> str:
    """Run the command with a terminal as its standard output; return what it wrote there."""
    ours, theirs = os.openpty()
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    subprocess.run(
        [sys.executable, "-m", "compiler", spec.name, "--no-lint"],
        cwd=spec.parent,
        env={**kept, "PYTHONPATH": str(ROOT), **environment},
        stdout=theirs,
        check=False,
    )
    os.close(theirs)
    output = os.read(ours, 100_000).decode()
    os.close(ours)
    return output
