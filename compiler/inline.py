"""A Lambda function's source, made small enough to stand in a template."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator

from compiler.assets import folder


def inlined(name: str) -> tuple[str, ...]:
    """Return the lines of `lambdas/<name>/index.py` without comments, docstrings and blank lines.

    It works on the text and not on a syntax tree that is written out again, so that every version
    of Python makes the same bytes.
    """
    return tuple(strip((folder("lambdas") / name / "index.py").read_text(encoding="utf-8")))


def strip(source: str) -> list[str]:
    """Strip one module's source; its behaviour stays the same."""
    lines: list[str | None] = [*source.splitlines()]
    for first, last, replacement in _docstrings(source):
        lines[first - 1 : last] = [replacement] + [None] * (last - first)
    for row, column in _comments(source):
        line = lines[row - 1]
        lines[row - 1] = line[:column] if line is not None else None
    inside_text = _inside_text(source)
    return [
        line if index in inside_text else line.rstrip()
        for index, line in enumerate(lines, 1)
        if line is not None and (line.strip() or index in inside_text)
    ]


def _docstrings(source: str) -> Iterator[tuple[int, int, str | None]]:
    """Yield first line, last line, and what a body that is nothing else needs in its place."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = node.body[0] if node.body else None
        if (
            isinstance(first, ast.Expr)
            and isinstance(first.value, ast.Constant)
            and isinstance(first.value.value, str)
        ):
            alone = len(node.body) == 1 and not isinstance(node, ast.Module)
            yield (
                first.lineno,
                first.end_lineno or first.lineno,
                " " * first.col_offset + "pass" if alone else None,
            )


def _comments(source: str) -> Iterator[tuple[int, int]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start


def _inside_text(source: str) -> set[int]:
    """Return the lines that belong to a text over several lines, where every space counts."""
    texts = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant | ast.JoinedStr))
    return {line for node in texts for line in range(node.lineno, node.end_lineno or node.lineno)}
