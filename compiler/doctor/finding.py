"""What a check is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Status = Literal["fine", "doubtful", "wrong"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one thing stands; the remedy is commands, or what to do where no command does it."""

    status: Status
    message: str
    remedy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One look at the account; checks of one name are about things of one kind."""

    name: str
    look: Callable[[], Verdict]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found."""

    name: str
    verdict: Verdict


def fine(message: str) -> Verdict:
    """Say that nothing is in the way."""
    return Verdict("fine", message)


def doubtful(message: str, *remedy: str) -> Verdict:
    """Say what may be in the way, or could not be looked at."""
    return Verdict("doubtful", message, remedy)


def wrong(message: str, *remedy: str) -> Verdict:
    """Say what is in the way: a deploy would fail, or not do what the spec says."""
    return Verdict("wrong", message, remedy)
