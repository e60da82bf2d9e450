"""What a compilation is about to change, compared with what was accepted before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from compiler.lock import Lock, TableLock
from compiler.model import Model

Action = Literal["create", "update", "evolve", "replace", "delete"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between what was accepted and what the spec asks for."""

    action: Action
    address: str
    """The entry, as `tables.events`."""
    path: str
    """What of it, as `columns.amount`; empty for the whole entry."""
    before: str
    after: str
    means: Mapping[str, str]
    """What it means for `rows`, `queries`, `records` and `access`, where it means anything."""
    because: str = ""
    """What forces the action, where that is not plain."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The model, the state of each table that it comes to, and how that differs from before."""

    model: Model
    tables: Mapping[str, TableLock]
    changes: tuple[Change, ...]
    next_lock: Lock


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a plan is compared with: a whole template, or no more than the tables of a lock."""

    name: str
    template: str
    lock: Lock
    drift: tuple[str, ...] = ()
    """How what is deployed differs from what its template says."""

    @classmethod
    def nothing(cls, name: str) -> Earlier:
        """Return what a stack is compared with that was not there before."""
        return cls(name, "Resources:\n", Lock())
