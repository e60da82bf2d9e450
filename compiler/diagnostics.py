"""What the compiler has to say, as data: places, rules and findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""From the gravest to the mildest."""


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


@dataclass(frozen=True, slots=True)
class Suppression:
    """A warning that does not apply to one entry of the spec, as its `ignore` says."""

    code: str
    entry: str
    """The entry, as `tables.events`."""
    reason: str
    location: Location


@dataclass(slots=True)
class Diagnostics:
    """Collect findings over all passes; nothing is raised, nothing is printed."""

    _found: list[Diagnostic] = field(default_factory=list)
    _suppressions: list[Suppression] = field(default_factory=list)
    _stages: dict[str, Diagnostics] = field(default_factory=dict)

    def of_stage(self, name: str) -> Diagnostics:
        """Return the collector of one stage: its findings are among these, what it suppresses is its own."""
        return self._stages.setdefault(name, Diagnostics())

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

    def include(self, other: Diagnostics) -> None:
        """Record what another collector found; what it suppresses stays its own."""
        self._found += other._found

    def suppress(self, suppression: Suppression) -> None:
        """Leave out what this covers, whether it was found before or is found later."""
        self._suppressions.append(suppression)

    @property
    def failed(self) -> bool:
        """Whether any finding is an error, so that the next pass must not run."""
        parts = self._stages.values()
        return any(each.rule.severity == "error" for each in self._found) or any(
            each.failed for each in parts
        )

    def reaches(self, severity: Severity) -> bool:
        """Whether any finding is left that is of this severity or graver."""
        graver = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return any(each.rule.severity in graver for each in self)

    def count(self, severity: Severity) -> int:
        """Return how many findings of this severity are left."""
        return sum(each.rule.severity == severity for each in self)

    def __iter__(self) -> Iterator[Diagnostic]:
        """Yield the findings in reading order, without the suppressed ones."""
        return (found for found, suppression in self._decided() if suppression is None)

    def suppressed(self) -> list[tuple[Diagnostic, Suppression]]:
        """Return the findings that are left out, each with the suppression that does so."""
        return [(found, suppression) for found, suppression in self._decided() if suppression]

    def unused(self) -> list[Suppression]:
        """Return the suppressions that leave nothing out."""
        parts = [self, *self._stages.values()]
        used = {suppression for part in parts for _, suppression in part._own() if suppression}
        every = dict.fromkeys(each for part in parts for each in part._suppressions)
        return [each for each in every if each not in used]

    def _decided(self) -> Iterator[tuple[Diagnostic, Suppression | None]]:
        """Yield every finding, of the stages too, with what suppresses it, in reading order."""
        decided = [*self._own(), *self._of_stages()]
        return iter(sorted(decided, key=lambda each: _order(each[0])))

    def _own(self) -> Iterator[tuple[Diagnostic, Suppression | None]]:
        """Yield the findings that are of no stage; the same one at the same place only once."""
        by_entry = {(each.entry, each.code): each for each in reversed(self._suppressions)}
        for found in {_order(each): each for each in self._found}.values():
            suppressible = found.rule.severity != "error"
            entries = _entries(found.location.path) if suppressible else ()
            keys = ((entry, found.rule.code) for entry in entries)
            yield found, next((by_entry[key] for key in keys if key in by_entry), None)

    def _of_stages(self) -> Iterator[tuple[Diagnostic, Suppression | None]]:
        """Yield what the stages found, the same thing once; what only some of them found says which."""
        alike: dict[Any, dict[str, tuple[Diagnostic, Suppression | None]]] = {}
        for name, part in self._stages.items():
            for found, suppression in part._own():
                alike.setdefault(_order(found), {})[name] = found, suppression
        for by_stage in alike.values():
            left = {name: each for name, each in by_stage.items() if each[1] is None} or by_stage
            found, suppression = next(iter(left.values()))
            if len(left) < len(self._stages) and not found.location.path.startswith(_OVERLAY):
                found = replace(found, message=f"in {_named(list(left))}, {found.message}")
            yield found, suppression


def _order(found: Diagnostic) -> tuple[str, int, int, str, int, str, str]:
    place = found.location
    return (
        place.file,
        place.line,
        place.column,
        place.path,
        place.length,
        found.rule.code,
        found.message,
    )


_OVERLAY = "stages."


def _named(stages: list[str]) -> str:
    *others, last = (f"'{each}'" for each in stages)
    return f"stages {', '.join(others)} and {last}" if others else f"stage {last}"


def _entries(path: str) -> tuple[str, str]:
    """Return what a path may be inside of: a section that is one entry, or an entry of a section."""
    if path.startswith(_OVERLAY):
        path = path.removeprefix(_OVERLAY).partition(".")[2]
    section, _, rest = path.partition(".")
    return section, f"{section}.{rest.partition('.')[0]}"
