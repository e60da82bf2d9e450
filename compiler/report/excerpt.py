"""The line that a finding is about, with a caret under the marked text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from compiler.printable import escaped

_WIDEST = 100
_BEFORE_MARK = 40
"""How many characters of a longer line stay in front of the marked text."""
_TAB = " " * 4
_LARGEST_BYTES = 16 * 1024 * 1024
_LINE_BREAK = re.compile("\r\n|\r|\n")  # as YAML counts lines


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line as a terminal shows it, and the columns of the screen that are marked."""

    text: str
    start: int
    width: int


@dataclass(slots=True)
class Sources:
    """The files that findings point into, each read once and only when it is asked for."""

    _lines: dict[str, list[str]] = field(default_factory=dict)

    def line(self, file: str, number: int) -> str | None:
        """Return a line of a file; None where the file or the line is gone by now."""
        if file not in self._lines:
            self._lines[file] = _read(file)
        lines = self._lines[file]
        return lines[number - 1] if 0 < number <= len(lines) else None


def excerpt(line: str, column: int, length: int) -> Excerpt:
    """Cut the part of a line around `length` characters from `column` that fits on a screen.

    Tabs become spaces, a character that a terminal would not just show becomes its escape, and
    wide and combining characters are counted as the columns that they take.
    """
    marked, end = column - 1, column - 1 + max(length, 1)
    left = min(max(marked - _BEFORE_MARK, 0), max(len(line) - _WIDEST, 0))
    right = left + _WIDEST
    before = ("…" if left else "") + _shown(line[left:marked])
    inside = _shown(line[marked : min(end, right)])
    after = _shown(line[end:right]) + ("…" if right < len(line) else "")
    return Excerpt((before + inside + after).rstrip(), _width(before), max(_width(inside), 1))


def _read(file: str) -> list[str]:
    path = Path(file)
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_BYTES:
            return []
        return _LINE_BREAK.split(path.read_bytes().decode("utf-8", "replace"))
    except (OSError, ValueError):
        return []


def _shown(text: str) -> str:
    return "".join(each if each.isprintable() else _TAB if each == "\t" else escaped(each) for each in text)


def _width(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
