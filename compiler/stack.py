"""What rendering makes: a template, and the files that a compilation writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
    """The bytes of every file under the output folder, by relative path; the manifest is the last one."""

    stack: Stack
    files: Mapping[str, bytes]
