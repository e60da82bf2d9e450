"""The documentation: its links lead somewhere, its commands parse, its specs compile."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from compiler import cli, rules
from compiler.diagnostics import Diagnostics, Severity
from compiler.pipeline import compile_spec
from compiler.terminal import USAGE

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
GENERATED = ROOT / "docs" / "spec.md"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_SPEC = re.compile(r"(?:#.*\n)*version:")


class Block(NamedTuple):
    """A fenced block of a page."""

    page: Path
    language: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    for match in _FENCE.finditer(page.read_text("utf-8")):
        yield Block(page, match[1], match[2])


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(prose(page)))
    return {heading.replace(" ", "-") for heading in headings}


def commands(program: str) -> list[str]:
    """Return the shell lines of README and CONTRIBUTING that call a program, without their comments."""
    pages = (README, ROOT / "CONTRIBUTING.md")
    lines = (line for page in pages for block in blocks(page) for line in block.text.splitlines())
    stripped = (line.split(" #")[0].strip() for line in lines)
    return [line for line in stripped if re.match(rf"(\.venv/bin/)?{re.escape(program)}\s", f"{line} ")]


def specs() -> list[object]:
    """Return the specs in fenced blocks as parameters of a test."""
    found = (block for page in PAGES for block in blocks(page) if block.language == "yaml")
    return [
        pytest.param(block, id=f"{block.page.relative_to(ROOT)}-{number}")
        for number, block in enumerate(found)
        if _SPEC.match(block.text)
    ]


def compiled(spec: str, folder: Path) -> Diagnostics:
    """Return the findings about a spec."""
    file = folder / "spec.yaml"
    file.write_text(spec, "utf-8")
    found = Diagnostics()
    compile_spec(str(file), found, linting=False)
    return found


def codes(found: Diagnostics, *severities: Severity) -> set[str]:
    """Return the codes of the findings with one of these severities."""
    return {each.rule.code for each in found if each.rule.severity in severities}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    lost = []
    for link in _LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("line", commands("analytics-compile"))
def test_every_command_in_the_docs_is_one_that_the_tool_takes(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # An argument too much is complained about last, and keeps the command from running.
    words = [*shlex.split(line)[1:], "--too-much"]
    assert cli.main(words) == USAGE
    assert capsys.readouterr().err.endswith("error: unrecognized arguments: --too-much\n")


@pytest.mark.parametrize("line", commands("make"))
def test_every_make_command_in_the_docs_names_a_target(line: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in shlex.split(line)[1:]:
        assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("block", specs())
def test_every_spec_in_the_docs_compiles(block: Block, tmp_path: Path) -> None:
    errors = codes(compiled(block.text, tmp_path), "error")
    # The page of the language shows the keys of later releases, too, and marks them.
    planned = {rules.PLANNED.code} if block.page == GENERATED else set()
    assert errors <= planned


def test_the_first_spec_of_the_readme_compiles_without_a_word(tmp_path: Path) -> None:
    spec = next(block.text for block in blocks(README) if block.language == "yaml")
    assert codes(compiled(spec, tmp_path), "error", "warning", "info") == set()


def test_the_mistake_in_the_readme_is_what_the_compiler_says(tmp_path: Path) -> None:
    spec = next(block.text for block in blocks(README) if block.language == "yaml")
    (said,) = compiled(spec.replace("{table: clicks}", "{table: click}"), tmp_path)
    place = f"spec.yaml:{said.location.line}:{said.location.column}"
    shown = next(block.text for block in blocks(README) if block.language == "text")
    assert f"{place}: {said.rule.severity} {said.rule.code}: {said.message} [{said.rule.name}]" in shown
    assert f"hint: {said.hint}" in shown


def test_the_table_of_roles_names_every_action() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    policies = [*(ROOT / "templates" / "policies").iterdir(), ROOT / "templates/account/access.yaml.j2"]
    text = "".join(path.read_text("utf-8") for path in policies)
    services = "athena|firehose|glue|iam|kinesis|kms|lakeformation|lambda|logs|s3|s3tables"
    actions = set(re.findall(rf"\b(?:{services}):([A-Z][A-Za-z]+)\b", text)) - {
        "ViaService",
        "EncryptionContext",
    }
    assert len(actions) > 50
    assert {action for action in actions if f"`{action}`" not in page} == set()
