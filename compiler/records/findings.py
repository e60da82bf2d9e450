"""What is wrong with records, as data: outcomes, reasons, faults, and their tally in flat memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

LINES_KEPT = 5
"""How many places a group of like faults remembers; the rest is only counted."""
GROUPS_KEPT = 1_000
"""How many groups a tally holds, so that records with random keys cannot fill the memory."""
_LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What becomes of a value or its record; the rank is 0 for the worst."""

    rank: int
    name: str
    consequence: str
    fails: bool
    """Whether `records check` ends with exit code 1."""


ERROR_BUCKET: Final = Outcome(0, "error_bucket", "goes to the error bucket", True)
STORED_WRONG: Final = Outcome(1, "stored_wrong", "is stored as another value", True)
DOUBTFUL: Final = Outcome(2, "doubtful", "may go to the error bucket", False)
LOST: Final = Outcome(3, "lost", "value is lost", False)
OUTCOMES: Final = (ERROR_BUCKET, STORED_WRONG, DOUBTFUL, LOST)
"""In the order of their ranks."""


def shown(value: Any) -> str:
    """Return a value as it stands in the record, cut to a readable length."""
    text = value if isinstance(value, str) else _json(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a value does not do. The text names no value, so that equal faults fall into one group."""

    outcome: Outcome
    text: str
    example: Callable[[Any], str] = field(default=shown, compare=False)
    """Says what the reason means for one value; empty where there is nothing to add."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One value that does not do; an empty key is the whole record."""

    key: str
    value_type: str
    column_type: str
    reason: Reason
    value: Any = field(default=None, compare=False)


@dataclass(slots=True)
class Group:
    """Like faults: the first few places, how many there are, and the first value as an example."""

    fault: Fault
    example: str
    places: list[tuple[str, int]] = field(default_factory=list)
    count: int = 0

    def add(self, place: tuple[str, int]) -> None:
        """Count one more fault of this group."""
        self.count += 1
        if len(self.places) < LINES_KEPT:
            self.places.append(place)


class Tally:
    """Count records by their worst outcome, and group their faults."""

    def __init__(self) -> None:
        self.records = 0
        self.by_outcome: dict[Outcome, int] = dict.fromkeys(OUTCOMES, 0)
        self.ungrouped = 0
        self._groups: dict[tuple[str, str, str, Reason], Group] = {}

    def add(self, faults: Sequence[Fault], place: tuple[str, int]) -> None:
        """Take in what was found in one record (nothing, if all is well) at a file and line."""
        self.records += 1
        if not faults:
            return
        worst = faults[0].reason.outcome
        for fault in faults:
            outcome = fault.reason.outcome
            if outcome.rank < worst.rank:
                worst = outcome
            self._group(fault, place)
        self.by_outcome[worst] += 1

    def note(self, fault: Fault, place: tuple[str, int]) -> None:
        """Take in a fault that is no record's."""
        self._group(fault, place)

    @property
    def failed(self) -> bool:
        """Whether any record does not arrive as it was sent."""
        return any(count for outcome, count in self.by_outcome.items() if outcome.fails)

    def groups(self) -> list[Group]:
        """Return the groups: the worst outcome first, then in the order in which they were met."""
        return sorted(self._groups.values(), key=lambda group: group.fault.reason.outcome.rank)

    def _group(self, fault: Fault, place: tuple[str, int]) -> None:
        identity = (fault.key, fault.value_type, fault.column_type, fault.reason)
        group = self._groups.get(identity)
        if group is None:
            if len(self._groups) >= GROUPS_KEPT:
                self.ungrouped += 1
                return
            group = self._groups[identity] = Group(fault, fault.reason.example(fault.value))
        group.add(place)


_NAMES: Mapping[type, str] = {
    str: "text",
    bool: "boolean",
    int: "integer",
    list: "list",
    dict: "object",
    type(None): "null",
}


def type_name(value: Any) -> str:
    """Return what JSON calls the type of a value, with whole numbers apart."""
    return _NAMES.get(type(value), "number")


def _json(value: Any) -> str:
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False, default=str)
