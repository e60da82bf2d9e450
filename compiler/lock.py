"""The lock: what was accepted of a spec and must not move any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from compiler.iceberg import PartitionField, Shape

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Retired:
    """A name that a field had until it was renamed or dropped; without consent no other field gets it."""

    id: int
    parent: int
    """The field that it is in; 0 is the table. Names are taken within one parent, however that is named."""
    path: str
    """The names that led to the field then, as `address.zip`."""

    @property
    def name(self) -> str:
        """The last of the names."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class TableLock:
    """One table: how it was created, what it is now, and every id that it ever used."""

    logical_id: str
    schema_id: str
    template: str
    """Which template the table lives in: moving it would delete and re-create it."""
    namespace: str
    name: str
    storage_class: str
    created: Shape
    """Emitted as `IcebergMetadata` for ever: CloudFormation replaces the table where it changes."""
    current: Shape
    last_column_id: int
    last_partition_id: int
    partition_history: tuple[PartitionField, ...]
    """Every partition field there ever was: Iceberg gives one that comes back its old id."""
    sorted_by: tuple[int, ...] = ()
    """Every column that files were ever sorted by: old sort orders go on naming it."""
    retired: tuple[Retired, ...] = ()
    removed: bool = False
    """Whether the spec has dropped the table; its rows may still be there."""
    history: tuple[str, ...] = ()
    """A hash for each accepted state, each made of the one before, so that two branches conflict in git."""


@dataclass(frozen=True, slots=True)
class StreamLock:
    """What CloudFormation could change of a stream only by replacing it, under the same name."""

    logical_id: str
    template: str
    append_only: bool
    catalog: str
    source: str


@dataclass(frozen=True, slots=True)
class StackLock:
    """What was accepted of one stack: of one stage, or of a spec without stages."""

    fixed: Mapping[str, str] = field(default_factory=dict)
    """Settings of the whole stack that cannot change once it is deployed, by their path in the spec."""
    tables: frozenset[str] = frozenset()
    """The logical ids of the tables that it has, which a stage is the later to let go of, or to rename."""
    streams: Mapping[str, StreamLock] = field(default_factory=dict)

    @property
    def stage(self) -> str:
        """The stage that the stack is; empty for the stack of a spec without stages."""
        return self.fixed.get("stage", "")


@dataclass(frozen=True, slots=True)
class Lock:
    """Everything accepted: tables by their key in the spec, for all stages; and stacks by their name."""

    tables: Mapping[str, TableLock] = field(default_factory=dict)
    stacks: Mapping[str, StackLock] = field(default_factory=dict)

    def of_stage(self, stage: str) -> StackLock:
        """Return what was accepted of a stage's stack; nothing, where it is new."""
        return next((each for each in self.stacks.values() if each.stage == stage), StackLock())

    def with_stack(self, name: str, stack: StackLock) -> Lock:
        """Return the lock with another state of one stage's stack."""
        others = {key: each for key, each in self.stacks.items() if each.stage != stack.stage}
        return Lock(self.tables, {**others, name: stack})
