"""Partition and sort terms: `day(ts)`, `bucket(16, id)`, `amount desc nulls last`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.iceberg import Primitive, SortTerm, Term, Type, spelled
from compiler.names import nearest
from compiler.problem import Problem

# Which source types a transform takes: Iceberg spec, Partition transforms.
_TIMES = ("timestamp", "timestamptz")
_SOURCES = {
    "bucket": ("int", "long", "decimal", "date", "time", *_TIMES, "string", "uuid", "fixed", "binary"),
    "truncate": ("int", "long", "decimal", "string", "binary"),
    "year": ("date", *_TIMES),
    "month": ("date", *_TIMES),
    "day": ("date", *_TIMES),
    "hour": _TIMES,
}
TIME_TRANSFORMS = ("year", "month", "day", "hour")
_WITH_NUMBER = ("bucket", "truncate")
_HINT = "write column, year(c), month(c), day(c), hour(c), bucket(16, c) or truncate(4, c)"
_SORT_HINT = f"{_HINT}; then asc or desc, then nulls first or nulls last, if you like"
# Possessive quantifiers: a megabyte of spaces must not be tried in every division.
_TERM = re.compile(
    r"\s*+(?:(?P<column>\w++)|(?P<name>\w++)\s*+\((?P<arguments>[^()]*+)\))\s*+",
)
_SORT = re.compile(
    r"(?P<term>\s*+\w++(?:\s*+\([^()]*+\))?+)"
    r"(?:\s++(?P<direction>asc|desc))?+(?:\s++nulls\s++(?P<nulls>first|last))?+\s*+",
    re.IGNORECASE,
)
_LARGEST = 2**31 - 1


def parse_term(text: str) -> Term:
    """Parse one partition term. Raises Problem."""
    match = _TERM.fullmatch(text)
    if not match:
        raise Problem(f"'{text}' is not a partition term", 0, len(text), _HINT)
    if match["column"]:
        return Term(match["column"], "identity", None, match.start("column"))
    name, arguments = match["name"].lower(), match["arguments"]
    if name == "identity":
        message = "a column that is taken as it is needs no transform"
        raise Problem(message, 0, len(text), f"write {arguments.strip()}")
    if name not in _SOURCES:
        near = nearest(name, _SOURCES)
        hint = f"did you mean '{near}'?" if near else _HINT
        raise Problem(f"unknown transform '{match['name']}'", match.start("name"), len(name), hint)
    return _transform(name, arguments, match.start("arguments"), text)


def parse_sort(text: str) -> SortTerm:
    """Parse one sort term. Raises Problem.

    Nulls go first when ascending and last when descending, unless said otherwise
    (Iceberg's own default, org.apache.iceberg.SortOrder).
    """
    match = _SORT.fullmatch(text)
    if not match:
        raise Problem(f"'{text}' is not a sort term", 0, len(text), _SORT_HINT)
    direction = (match["direction"] or "asc").lower()
    nulls = (match["nulls"] or ("first" if direction == "asc" else "last")).lower()
    return SortTerm(parse_term(match["term"]), direction, f"nulls-{nulls}")


def check_source(term: Term, source: Type) -> None:
    """Check a transform against its column's type. Raises Problem.

    Source: https://iceberg.apache.org/spec/#partition-transforms.
    """
    length = len(term.column)
    if not isinstance(source, Primitive):
        kind = spelled(source).split("<")[0]
        message = f"'{term.column}' is a {kind}, and only primitive columns can be used here"
        raise Problem(message, term.offset, length)
    if term.transform == "identity" or source.name in _SOURCES[term.transform]:
        return
    takes = ", ".join(_SOURCES[term.transform])
    hint = f"{term.transform} takes {takes}"
    if term.transform == "hour" and source.name == "date":
        hint = "a date has no hours: use day, or make the column a timestamp"
    elif term.transform == "bucket" and source.name in ("float", "double"):
        hint = "two floats that look alike may hash apart; use a decimal, or bucket another column"
    message = f"{term.transform} cannot be taken of '{term.column}', which is {spelled(source)}"
    raise Problem(message, term.offset, length, hint)


def _transform(name: str, arguments: str, start: int, text: str) -> Term:
    parts = list(_split(arguments, start))
    wanted = 2 if name in _WITH_NUMBER else 1
    if len(parts) != wanted or not all(part for part, _ in parts):
        example = f"{name}(16, column)" if wanted == 2 else f"{name}(column)"
        raise Problem(
            f"{name} takes {wanted} argument{'s' * (wanted == 2)}", 0, len(text), f"write {example}"
        )
    column, offset = parts[-1]
    if not re.fullmatch(r"\w+", column):
        raise Problem(f"'{column}' is not a column", offset, len(column), _HINT)
    return Term(column, name, _number(name, *parts[0], column) if wanted == 2 else None, offset)


def _split(arguments: str, start: int) -> Iterator[tuple[str, int]]:
    """Yield each argument and where it starts in the whole text."""
    for part in arguments.split(","):
        yield part.strip(), start + len(part) - len(part.lstrip())
        start += len(part) + 1


def _number(name: str, text: str, offset: int, column: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text) or not 1 <= int(text) <= _LARGEST:
        what = "how many buckets" if name == "bucket" else "the width"
        # Spark's order of arguments is another one.
        swapped = f"{column}, {text}" if column.isdecimal() and text else f"16, {column}"
        hint = f"write {name}({swapped})"
        raise Problem(f"{name} needs {what} first, a whole number from 1", offset, max(len(text), 1), hint)
    return int(text)
