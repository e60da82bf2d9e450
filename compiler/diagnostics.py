"""What the compiler has to say, as data: places, rules and findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a source file; line and column count from 1, in characters."""

    file: str
    line: int = 1
    column: int = 1
    path: str = ""
    """The place in the document, as `tables.events.columns.dt`; empty for the whole file."""
    length: int = 1
    """How many characters the marked text has on its line, for the caret; at least 1."""

    def within(self, offset: int, length: int) -> Location:
        """Return the place `offset` characters into a text that starts here on one line."""
        return Location(self.file, self.line, self.column + offset, self.path, max(length, 1))


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that can be wrong; its code is never used for another."""

    code: str
    name: str
    severity: Severity
    summary: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that a finding is about, and what stands there."""

    message: str
    location: Location


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding at one place, with the way out."""

    rule: Rule
    message: str
    location: Location
    hint: str = ""
    related: tuple[Related, ...] = ()


@dataclass(slots=True)
class Diagnostics:
    """Collect findings over all passes; nothing is raised, nothing is printed."""

    _found: list[Diagnostic] = field(default_factory=list)

    def add(
        self,
        rule: Rule,
        message: str,
        location: Location,
        hint: str = "",
        related: tuple[Related, ...] = (),
    ) -> None:
        """Record one finding."""
        self._found.append(Diagnostic(rule, message, location, hint, related))

    @property
    def failed(self) -> bool:
        """Whether any finding is an error, so that the next pass must not run."""
        return any(each.rule.severity == "error" for each in self._found)

    def count(self, severity: Severity) -> int:
        """Return how many findings have this severity."""
        return sum(each.rule.severity == severity for each in self._found)

    def __iter__(self) -> Iterator[Diagnostic]:
        """Yield the findings in reading order; the same finding at the same place only once."""
        unique = {(each.location, each.rule.code, each.message): each for each in self._found}
        return iter(sorted(unique.values(), key=lambda each: (each.location, each.rule.code, each.message)))
