"""The page about records shows what the commands really print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compiler.assets import folder
from compiler.cli import main
from compiler.records.causes import cause_of

DOCS = folder("docs")
PAGE = (DOCS / "records.md").read_text(encoding="utf-8")
SPEC = str(DOCS / "examples/clicks.yaml")


def block(name: str) -> str:
    """Return the code block behind the comment of this name."""
    match = re.search(rf"<!-- {re.escape(name)} -->\n\n```\w+\n(.*?)```\n", PAGE, re.DOTALL)
    assert match, name
    return match[1]


def test_the_check_prints_what_the_page_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "clicks.jsonl"
    file.write_text(block("clicks.jsonl"), encoding="utf-8")
    assert main(["records", "check", SPEC, str(file)]) == 1
    assert capsys.readouterr().out == block("check")


def test_the_sample_is_what_the_page_shows(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    main(["records", "sample", SPEC, "-n", "2", "--seed", "1"])
    assert capsysbinary.readouterr().out.decode() == block("sample")


@pytest.mark.parametrize("code", re.findall(r"^\| .*`([A-Z][A-Za-z]+\.\w+|[A-Z_]+)`", PAGE, re.MULTILINE))
def test_every_code_of_the_page_is_known(code: str) -> None:
    assert cause_of(code) != cause_of("Something.Else")
