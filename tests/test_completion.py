"""What a shell completes, and that its script asks and shows it."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from compiler import cli, rules
from compiler.commands.completion import SCRIPTS, complete
from compiler.terminal import FINE, USAGE

ROOT = Path(__file__).parent.parent


def offered(line: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return what the command offers for the last word of a line, without the meanings."""
    words = "\x1f".join(f"analytics-compile {line}".split(" "))
    assert cli.main(["completion", "bash", f"--words={words}"]) == FINE
    return [each.partition("\t")[0] for each in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", [*cli.COMMANDS, ":files"]),
        ("sch", ["schema", ":files"]),
        ("spec/a", [":files"]),
        ("--fa", ["--fail-on"]),
        ("--fail-on ", ["error", "warning", "info"]),
        ("--fail-on w", ["warning"]),
        ("spec.yaml --out ", [":folders"]),
        ("spec.yaml ", []),
        ("--out=build ", [":files"]),
        ("explain AC310", ["AC3101", "AC3102", "AC3103", "AC3104", "AC3105"]),
        ("explain AC3101 ", []),
        ("explain --format j", ["json"]),
        ("schema --m", ["--markdown"]),
        ("schema --markdown --m", []),
        ("completion ", list(SCRIPTS)),
        ("schema schema ", []),
        ("records ", ["check", "sample", "decode"]),
        ("records check --f", ["--fail-on", "--format"]),
        ("records check spec.yaml --table clicks ", [":files"]),
        ("plan spec.yaml --against ", [":files"]),
    ],
)
def test_a_word_is_completed(line: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert offered(line, capsys) == words


def test_an_option_is_offered_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--check" in offered("spec.yaml --", capsys)
    assert "--check" not in offered("spec.yaml --check --", capsys)


def test_every_command_and_option_of_the_tool_can_be_completed(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("", *(f"{name} " for name in cli.COMMANDS)):
        with pytest.raises(SystemExit):
            cli._parser(command.strip() or "build").parse_args(["--help"])
        usage = capsys.readouterr().out.split("\n\n")[0]
        options = {word.strip("[]") for word in usage.split() if word.startswith("[--")}
        assert options <= set(offered(f"{command}--", capsys))


def test_commands_inside_a_command_are_completed() -> None:
    parser = argparse.ArgumentParser(prog="analytics-compile records")
    inner = parser.add_subparsers(dest="what")
    check = inner.add_parser("check", help="check records")
    check.add_argument("spec", metavar="SPEC")
    check.add_argument("--table")
    check.add_argument("files", metavar="FILE", nargs="+")
    inner.add_parser("sample")

    def offers(*words: str) -> list[str]:
        known = complete(words, {"records": "Records."}, lambda _: parser)
        return [word for word, _ in known]

    assert offers("records", "") == ["check", "sample"]
    assert offers("records", "check", "--t") == ["--table"]
    assert offers("records", "check", "--table", "") == []
    assert offers("records", "check", "a.yaml", "") == [":files"]
    assert offers("records", "check", "a.yaml", "b.jsonl", "") == [":files"]
    assert offers("records", "chek", "") == []


def test_a_rule_is_completed_with_its_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", "fish", "--words=analytics-compile\x1fexplain\x1fAC3001"]) == FINE
    assert capsys.readouterr().out == f"AC3001\t{rules.UNKNOWN_REFERENCE.summary}\n"


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_script_is_printed_for_each_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", shell]) == FINE
    assert f"completion {shell} --words" in capsys.readouterr().out


def test_another_shell_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", "csh"]) == USAGE
    assert "'bash', 'zsh', 'fish'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["explain", "AC3001"], ["AC3001"]),
        (["--format", ""], ["text", "json", "sarif", "github"]),
        (["my"], ["my spec.yaml"]),
        (["--out", "sp"], ["specs"]),
        (["a b; echo", "--q"], ["--quiet"]),
    ],
)
def test_bash_completes_with_its_script(words: list[str], completed: list[str], tmp_path: Path) -> None:
    (tmp_path / "my spec.yaml").touch()
    (tmp_path / "specs").mkdir()
    program = tmp_path / "bin" / "analytics-compile"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m compiler "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    # compopt works only while a person presses the key.
    script = f"""
        compopt() {{ :; }}
        {SCRIPTS["bash"]}
        COMP_WORDS=('{program}' "$@") COMP_CWORD=$#
        _analytics_compile '{program}' "${{@: -1}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    ended = subprocess.run(
        ["bash", "-c", script, "bash", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.splitlines() == completed
    assert ended.stderr == ""
