"""Specs that were damaged at random: compiled or explained, in time, and nothing is written by half."""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from compiler.cli import main
from compiler.terminal import FINE, PROBLEMS
from tests.compiling import TESTS

SPECS = [path.read_text("utf-8") for path in sorted((TESTS / "cases").glob("*/*/spec.yaml"))]
PIECES = [
    *(
        "\n",
        " ",
        "  ",
        "\t",
        ":",
        ": ",
        "- ",
        ",",
        "{",
        "}",
        "[",
        "]",
        '"',
        "'",
        "#",
        "&a ",
        "*a",
        "!t ",
        "|",
        ">",
        "?",
    ),
    *(
        "null",
        "true",
        "7",
        "-1",
        "1e9",
        "é",
        "\x00",
        "\u2028",
        "${a}",
        "{{resolve:",
        "list<",
        ">",
        "(",
        ")",
        "x" * 300,
    ),
]
Damage = Callable[[str], str]


@st.composite
def damages(draw: st.DrawFn) -> Damage:
    """Draw one way to damage a text: cut, doubled, moved or joined with something else."""
    start, length = draw(st.floats(0, 1)), draw(st.integers(0, 40))
    piece = draw(st.sampled_from(PIECES))
    kind = draw(st.sampled_from(["cut", "insert", "double", "swap", "indent"]))

    def damaged(text: str) -> str:
        here = int(start * len(text))
        before, part, after = text[:here], text[here : here + length], text[here + length :]
        made = {
            "cut": before + after,
            "insert": before + piece + part + after,
            "double": before + part + part + after,
            "swap": before + after[:length] + part + after[length:],
            "indent": before + part.replace("\n", "\n ") + after,
        }
        return made[kind]

    return damaged


@given(text=st.sampled_from(SPECS), damage=st.lists(damages(), min_size=1, max_size=4))
def test_a_damaged_spec_is_compiled_or_explained(text: str, damage: list[Damage]) -> None:
    for each in damage:
        text = each(text)
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name), _silence() as printed:
        spec, out = Path("spec.yaml"), Path("out")
        out.mkdir()
        (out / "mine.txt").write_text("mine")
        spec.write_text(text, encoding="utf-8")
        start = time.process_time()
        code = main(["spec.yaml", "--no-lint"])
        assert time.process_time() - start < 2
        assert code in (FINE, PROBLEMS), printed.getvalue()
        assert printed.getvalue()
        assert (out / "mine.txt").read_text() == "mine"
        assert code == FINE or [path.name for path in Path().rglob("*.*")] == ["spec.yaml", "mine.txt"]


@contextlib.contextmanager
def _silence() -> Iterator[io.StringIO]:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        yield printed
