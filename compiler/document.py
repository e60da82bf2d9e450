"""A parsed spec that knows where each of its keys and values stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compiler.diagnostics import Location

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """The source of a text over several lines, and where it starts, behind a quote or the line of a `|`."""

    line: int
    column: int
    source: str

    def index(self, value: str, offset: int) -> int:
        """Return where in the source the character at `offset` of the value stands, or -1.

        YAML adds and takes away white space where lines end, and nothing else; so the characters between
        are counted. Where they differ, as an escape does, the place cannot be told.
        """
        places = [index for index, letter in enumerate(self.source) if not letter.isspace()]
        letters = [letter for letter in value if not letter.isspace()]
        if not letters or [self.source[index] for index in places[: len(letters)]] != letters:
            return -1
        passed = sum(not letter.isspace() for letter in value[:offset])
        return places[passed] if passed < len(letters) else places[passed - 1] + 1

    def within(self, place: Location, index: int, length: int) -> Location:
        """Return the place of so many characters at an index of the source; they end with their line."""
        before, rest = self.source[:index], self.source[index:].split("\n", 1)[0].rstrip()
        line, start = before.count("\n"), before.rfind("\n") + 1
        column = index - start + (self.column if line == 0 else 1)
        return Location(place.file, self.line + line, column, place.path, max(min(length, len(rest)), 1))


@dataclass(frozen=True, slots=True)
class Mark:
    """Where one entry's key and value start, and how long their text is on the first line."""

    key_line: int
    key_column: int
    key_length: int
    line: int
    column: int
    length: int
    """0 where nothing is written at all, as behind a key that ends its line."""
    text_offset: int
    """Where the value's text begins behind `column` if the source has it letter by letter, else -1."""
    path: Path
    """The place in the file, which is another one than in the document where an overlay says it."""
    lines: Lines | None = None
    """The source of a text over several lines."""


@dataclass(frozen=True, slots=True)
class Document:
    """The plain data of one file, or of one of its stages, with a mark for every path into it."""

    file: str
    data: Any
    marks: Mapping[Path, Mark]
    stage: str = ""
    account: str = ""
    """The only account that the stage may be deployed to; any, where empty."""
    region: str = ""

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that the file declares; none, also where they are not written as stages."""
        declared = self.data.get("stages") if isinstance(self.data, Mapping) else None
        return tuple(declared) if isinstance(declared, Mapping) else ()

    def locate(self, path: Path) -> Location:
        """Return where the value at `path` stands, or its nearest known parent."""
        _, mark = self._nearest(path)
        return Location(self.file, mark.line, mark.column, dotted(mark.path), max(mark.length, 1))

    def locate_key(self, path: Path) -> Location:
        """Return where the key of the entry at `path` stands; for a list item, the item."""
        _, mark = self._nearest(path)
        return Location(self.file, mark.key_line, mark.key_column, dotted(mark.path), mark.key_length)

    def locate_within(self, path: Path, offset: int, length: int) -> Location:
        """Return a place inside the text at `path`, or the whole text where it is quoted with escapes."""
        mark = self.marks.get(path)
        place = self.locate(path)
        if mark is None:
            return place
        if mark.text_offset >= 0:
            return place.within(mark.text_offset + offset, length)
        index = mark.lines.index(str(self._value(path)), offset) if mark.lines else -1
        return mark.lines.within(place, index, length) if mark.lines and index >= 0 else place

    def removed(self, path: Path) -> Location | None:
        """Return where an overlay takes away what the spec has at `path`; None where none does."""
        if path not in self.marks:
            return None
        value = self.data
        for depth, step in enumerate(path, 1):
            if step not in value:
                return self.locate_key(path[:depth])
            value = value[step]
        return None

    def _value(self, path: Path) -> Any:
        value = self.data
        for step in path:
            value = value[step]
        return value

    def written(self, path: Path) -> Path:
        """Return a path as the file has it: `stages.dev.tags` for tags that an overlay says."""
        known, mark = self._nearest(path)
        return (*mark.path, *path[len(known) :])

    def _nearest(self, path: Path) -> tuple[Path, Mark]:
        while path and path not in self.marks:
            path = path[:-1]
        return path, self.marks.get(path, Mark(1, 1, 1, 1, 1, 1, -1, ()))


def dotted(path: Path) -> str:
    """Return a path as a person writes it: `streams.orders.tables.0`."""
    return ".".join(str(part) for part in path)
