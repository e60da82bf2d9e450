"""A Lambda function's source, made small enough to stand in a template."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from compiler.assets import folder

_Cut = tuple[int, int, bytes]
"""From where to where in the source, in bytes, and what goes in its place."""

CONFIG = "CONFIG: Json = {}"
"""What stands for the configuration in the source of a function that has one."""

# Python takes it only as the first statement of a file.
_FUTURE = "from __future__ import"


def inlined(name: str, *appended: str) -> tuple[str, ...]:
    """Return the lines of `lambdas/<name>/index.min.py`, as they go into a template.

    It stands beside its source, made by `python -m compiler.inline`, because stripping takes
    longer than all the rest of a compilation; a test keeps the two together.
    What is appended uses the names of the first one, and registers with it.
    """
    following = (line for each in appended for line in _lines(each) if not line.startswith(_FUTURE))
    return (*_lines(name), *following)


def configured(name: str, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the lines of a function that has its configuration as data in its code, a line for each part.

    `!a` writes a Python literal of nothing but printable ASCII, so no text of a spec can end it, or the
    block of YAML that it stands in.
    """
    lines = _lines(name)
    at = lines.index(CONFIG)
    parts = (f" {key!r}: {value!a}," for key, value in config.items())
    return (*lines[:at], "CONFIG = {", *parts, "}", *lines[at + 1 :])


def _lines(name: str) -> list[str]:
    return _minimal(name).read_text(encoding="utf-8").rstrip("\n").split("\n")


def write_minimal() -> None:
    """Write the stripped source of every function beside it."""
    for source in sorted(folder("lambdas").glob("*/index.py")):
        lines = strip(source.read_text(encoding="utf-8"))
        _minimal(source.parent.name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _minimal(name: str) -> Path:
    return folder("lambdas") / name / "index.min.py"


def strip(source: str) -> list[str]:
    """Strip one module's source, which is indented by four spaces; its behaviour stays the same.

    Comments, docstrings, annotations of functions, blank lines and three of four spaces of
    indentation go; so do imports from our other functions, whose source stands above where this
    one is appended. It works on the text and not on a syntax tree that is written out again, so that
    every version of Python makes the same bytes.
    """
    content = source.encode()
    starts = _line_starts(content)
    tree = ast.parse(source)
    for start, end, replacement in sorted([*_texts(tree, starts), *_comments(content, starts)], reverse=True):
        content = content[:start] + replacement + content[end:]
    lines = content.decode().split("\n")
    inside_text = _inside_text("\n".join(lines))
    return [
        line if index in inside_text else _narrowed(line.rstrip())
        for index, line in enumerate(lines)
        if line.strip() or index in inside_text
    ]


def _texts(tree: ast.Module, starts: list[int]) -> Iterator[_Cut]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield from _docstring(node, starts)
        if isinstance(node, ast.FunctionDef):
            yield from _annotations(node, starts)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lambdas."):
            yield (*_span(node, starts), b"")


def _docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef, starts: list[int]) -> Iterator[_Cut]:
    first = node.body[0] if node.body else None
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        alone = len(node.body) == 1 and not isinstance(node, ast.Module)
        start, end = _span(first, starts)
        yield start, end, b"pass" if alone else b""


def _annotations(function: ast.FunctionDef, starts: list[int]) -> Iterator[_Cut]:
    arguments = function.args
    every = [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ]
    for argument in every:
        if argument and argument.annotation:
            start = starts[argument.lineno - 1] + argument.col_offset + len(argument.arg.encode())
            yield start, _span(argument.annotation, starts)[1], b""
    if function.returns:
        start, end = _span(function.returns, starts)
        yield start - len(" -> "), end, b""


def _comments(content: bytes, starts: list[int]) -> Iterator[_Cut]:
    import tokenize  # only who strips needs it

    for token in tokenize.tokenize(io.BytesIO(content).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            start = starts[row - 1] + len(token.line[:column].encode())
            yield start, start + len(token.string.encode()), b""


def _line_starts(content: bytes) -> list[int]:
    starts = [0]
    for line in content.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _span(node: ast.stmt | ast.expr, starts: list[int]) -> tuple[int, int]:
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return starts[node.lineno - 1] + node.col_offset, starts[end_line - 1] + end_column


def _inside_text(source: str) -> set[int]:
    """Return which lines (from 0) start inside a text over several lines, where every space counts."""
    texts = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant | ast.JoinedStr))
    return {line for node in texts for line in range(node.lineno, node.end_lineno or node.lineno)}


def _narrowed(line: str) -> str:
    code = line.lstrip(" ")
    return " " * ((len(line) - len(code)) // 4) + code


if __name__ == "__main__":
    write_minimal()
