"""What rendering makes: a template, and the files that a compilation writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compiler.change import Plan
from compiler.diagnostics import Location
from compiler.model import Model


@dataclass(frozen=True, slots=True)
class Stack:
    """One template; `origins` says which entry of the spec each logical id comes from."""

    name: str
    text: str
    types: Mapping[str, str]
    """Logical id to resource type, in template order."""
    outputs: int
    origins: Mapping[str, Location]


def template_path(model: Model) -> str:
    """Return where the template of a stack goes in the output folder."""
    name = f"{model.stack}.template.yaml"
    return f"{model.stage}/{name}" if model.stage else name


@dataclass(frozen=True, slots=True)
class Part:
    """What a compilation makes of one stage, or of a spec without stages."""

    plan: Plan
    stack: Stack

    @property
    def path(self) -> str:
        """Where the template goes in the output folder."""
        return template_path(self.plan.model)

    @property
    def queries_path(self) -> str:
        """Where the page about its queries goes, if there are some."""
        return f"{self.path.removesuffix('.template.yaml')}.queries.md"


@dataclass(frozen=True, slots=True)
class Build:
    """What a compilation writes: files of the output folder, the manifest last, and the lock."""

    parts: tuple[Part, ...]
    files: Mapping[str, bytes]
    lock_path: Path
    lock: bytes
    others: tuple[str, ...] = ()
    """The stages of the spec that were not compiled, whose files stay as they are."""

    @property
    def stack(self) -> Stack:
        """The stack, where only one was compiled."""
        (part,) = self.parts
        return part.stack

    @property
    def plan(self) -> Plan:
        """The plan, where only one stack was compiled."""
        (part,) = self.parts
        return part.plan
