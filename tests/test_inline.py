"""A function's source without what only readers need still does the same."""

from __future__ import annotations

import ast

import pytest

from compiler.assets import folder
from compiler.inline import inlined, strip

FUNCTIONS = sorted(path.parent.name for path in folder("lambdas").glob("*/index.py"))

# Parts of a module, each with something that could mislead who cuts text out of it.
SAMPLES = {
    "a '#' in a text": r"""
x = "# no comment"  # a comment
y = '#' + "\"#"  # "another"
z = f"{1:#x} # {2}"  # comment
""",
    "text over lines": """
x = \"\"\"
    # no comment

  two spaces after this  \n\t\"\"\"
y = 1  # comment
z = f\"\"\"
  {x}
    # {x}
\"\"\"


def f():
    \"\"\"Doc.\"\"\"
    return \"\"\"
    a

        b
    \"\"\"
""",
    "nothing but docstrings": """
def f():
    \"\"\"Doc.\"\"\"


class A:
    \"\"\"Doc.

    # More.
    \"\"\"


class B(Exception): "Doc."


def g(): "Doc."


def h(): return 1
""",
    "docstrings inside of others": """\"\"\"One.

Two.
\"\"\"


def f():
    def g():
        'Doc.'

    class C:
        'Doc.'

        def h(self):
            'Doc.'
            return g

    return C
""",
    "a docstring in several parts": """
def f():
    ('one '
     'two')
    return 1
""",
    "a text that is no docstring": """
def f():
    x = 1
    "stays"
    return x
""",
    "annotations": """
import functools


@functools.cache  # comment
def f(
    a: int,
    /,
    b: 'str' = '-> x',  # comment
    *c: dict[
        str, int
    ],
    d: int | None = None,
    **e: object,
) -> dict[
    str, int
]:
    x: int = 1
    return {'x': x}


def g(a: int = 1) -> int: return a
""",
    "brackets and lines that go on": """
x = [
    1,  # one

    # two
    2,
]
y = (
    'a'  # first
    'b'
)
z = 1 + \\
    2
if x and \\
        y:
    z = 3
""",
    "characters of several bytes": """
é = '😀 # é'  # é


def f(ü: str = 'ß') -> 'ö':
    '😀'
    return ü  # ü
""",
    "every kind of block": """
try:
    # comment
    with open('x') as f:
        for line in f:
            if line:
                pass
            else:
                continue
except OSError:
    raise
finally:
    x = lambda y: y
""",
}


@pytest.mark.parametrize("source", SAMPLES.values(), ids=list(SAMPLES))
def test_a_stripped_source_means_the_same(source: str) -> None:
    lines = strip(source)
    assert _meaning("\n".join(lines) + "\n") == _meaning(source)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_stripped_function_means_the_same(name: str) -> None:
    source = (folder("lambdas") / name / "index.py").read_text("utf-8")
    stripped = "\n".join(strip(source)) + "\n"
    assert _meaning(stripped) == _meaning(source)
    assert len(stripped) < len(source)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_template_gets_the_stripped_function(name: str) -> None:
    source = (folder("lambdas") / name / "index.py").read_text("utf-8")
    assert list(inlined(name)) == strip(source), "run: python -m compiler.inline"


def test_nothing_is_left_for_a_reader_alone() -> None:
    lines = strip(
        '"""Doc."""\n\n# comment\nx = 1  # comment\n\n\ndef f(a: int) -> int:\n    """Doc."""\n    return a\n'
    )
    assert lines == ["x = 1", "def f(a):", " return a"]


def _meaning(source: str) -> str:
    """Return a module's syntax tree without docstrings, annotations of functions and imports of ours."""
    tree = ast.parse(source)
    tree.body = [each for each in tree.body if not _is_ours(each)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            _drop_docstring(node)
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    return ast.dump(tree, indent=1)


def _is_ours(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lambdas.")


def _drop_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> None:
    if ast.get_docstring(node, clean=False) is None:
        return
    node.body = node.body[1:]
    if not node.body and not isinstance(node, ast.Module):
        node.body = [ast.Pass()]
