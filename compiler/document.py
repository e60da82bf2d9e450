"""A parsed spec that knows where each of its keys and values stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compiler.diagnostics import Location

Path = tuple[str | int, ...]


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
        if mark is None or mark.text_offset < 0:
            return place
        return place.within(mark.text_offset + offset, length)

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
