"""What rendering makes: a template, and the files that a compilation writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compiler.change import Plan
from compiler.diagnostics import Location


@dataclass(frozen=True, slots=True)
class Stack:
    """One template; `origins` says which entry of the spec each logical id comes from."""

    name: str
    text: str
    types: Mapping[str, str]
    """Logical id to resource type, in template order."""
    outputs: int
    origins: Mapping[str, Location]


@dataclass(frozen=True, slots=True)
class Build:
    """What a compilation writes: files of the output folder, the manifest last, and the lock."""

    stack: Stack
    plan: Plan
    files: Mapping[str, bytes]
    lock_path: Path
    lock: bytes
