"""What the tests of the compiler share: compile a spec, show its findings, read a template."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.diagnostics import Diagnostics
from compiler.document import Document
from compiler.inline import CONFIG, inlined
from compiler.passes.load import parse
from compiler.pipeline import compile_spec
from compiler.report.text import text
from compiler.report.view import view
from compiler.stack import Build

TESTS = Path(__file__).parent
ROOT = TESTS.parent

SMALLEST = """\
version: 1
pipeline: clicks
namespaces:
  web: {}
tables:
  clicks:
    namespace: web
    columns:
      id: string
streams:
  clicks: {table: clicks}
"""


ONE_LINE_COLUMNS = SMALLEST.replace("columns:\n      id: string\n", "columns: {id: string}\n")
"""The same with its columns on one line."""


def compiled(folder: Path) -> tuple[Build | None, Diagnostics]:
    """Compile `folder`/spec.yaml, which messages call spec.yaml, without cfn-lint."""
    found = Diagnostics()
    with contextlib.chdir(folder):
        return compile_spec("spec.yaml", found, linting=False), found


def compiled_text(folder: Path, spec: str) -> tuple[Build | None, Diagnostics]:
    """Compile a spec that is given as text."""
    (folder / "spec.yaml").write_text(spec, encoding="utf-8")
    return compiled(folder)


def parsed(spec: str) -> tuple[Document | None, Diagnostics]:
    """Load a spec that is given as text."""
    found = Diagnostics()
    return parse(spec, "spec.yaml", found), found


def said(found: Diagnostics) -> str:
    """Return the findings as the command prints them."""
    return text(view(found, None, Path("out"), ()), colour=False, quiet=True)


def codes(found: Diagnostics) -> list[str]:
    """Return the code of every finding, in reading order."""
    return [each.rule.code for each in found]


def without_source(template: str) -> str:
    """Put one line in the place of each function's source, which would drown the rest of a golden.

    What a function has as its configuration stays.
    """
    functions, shown = template.count("ZipFile: |\n"), 0
    for name in ("provider", "ingest", "query"):
        lines = inlined(name)
        at = lines.index(CONFIG) if CONFIG in lines else len(lines)
        first, last = _block(lines[:at]), _block(lines[at + 1 :])
        shown += template.count(first)
        template = template.replace(first, _block([f"# the lines of lambdas/{name}/index.min.py"]))
        template = template.replace(last, _block(["# its other lines"])) if last else template
    assert functions == shown
    return template


def _block(lines: Sequence[str]) -> str:
    return "".join(f"          {line}\n" if line else "\n" for line in lines)


def assert_golden(path: Path, actual: str, update: bool) -> None:
    """Compare with an expected file, or write it; bytes count, so line ends are not translated."""
    if update:
        path.write_bytes(actual.encode())
    if not path.exists():
        pytest.fail(f"{path} does not exist: run pytest --update-golden, and read what it wrote")
    assert actual == path.read_bytes().decode()


def read_template(template: str) -> Any:
    """Read a template as plain data; an intrinsic becomes a map of one key, as in its long form."""
    return yaml.load(template, Loader=_TemplateLoader)


class _TemplateLoader(yaml.CSafeLoader):
    """Knows CloudFormation's short forms."""


def _intrinsic(loader: yaml.CSafeLoader, tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return {f"!{tag}": loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.ScalarNode)
    return {f"!{tag}": loader.construct_scalar(node)}


_TemplateLoader.add_multi_constructor("!", _intrinsic)
# CloudFormation keeps a date as it is written.
_TemplateLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
