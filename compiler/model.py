"""What a spec means: every name resolved, every default filled in, every logical id given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from compiler.diagnostics import Location
from compiler.iceberg import Field, SortTerm, Term

Access = Literal["lake_formation", "iam"]
Provider = Literal["stack", "account"]


@dataclass(frozen=True, slots=True)
class Consent:
    """What the spec allows to be lost: the kind of change, the names it is about, and why."""

    kind: str
    names: tuple[str, ...]
    reason: str
    location: Location


@dataclass(frozen=True, slots=True)
class Bucket:
    """The table bucket; `existing` when another stack owns it."""

    name: str
    existing: bool
    kms_key_arn: str | None
    unreferenced_days: int
    noncurrent_days: int
    retain: bool
    consents: tuple[Consent, ...]
    location: Location


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace of the table bucket and the resource link to it."""

    name: str
    logical_id: str
    link: str
    link_id: str
    location: Location


@dataclass(frozen=True, slots=True)
class Snapshots:
    """When a snapshot may expire: only past both, the count and the age in hours."""

    keep: int
    max_age_hours: int


@dataclass(frozen=True, slots=True)
class Table:
    """An Iceberg table."""

    key: str
    name: str
    namespace: Namespace
    logical_id: str
    schema_id: str
    columns: tuple[Field, ...]
    """The columns as the spec has them: no ids yet, which only an accepted state can give."""
    former_key: str | None
    former_names: Mapping[str, str]
    """Of each renamed column, the name that it had."""
    consents: tuple[Consent, ...]
    identifier: tuple[str, ...]
    partition: tuple[Term, ...]
    sort: tuple[SortTerm, ...]
    properties: Mapping[str, str]
    compaction_megabytes: int | None
    snapshots: Snapshots | None
    storage_class: str
    location: Location


@dataclass(frozen=True, slots=True)
class Destination:
    """A table that a stream delivers to, with the columns that identify a row for updates."""

    table: Table
    unique_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """A Firehose delivery stream into tables of one namespace."""

    key: str
    name: str
    logical_id: str
    namespace: Namespace
    destinations: tuple[Destination, ...]
    route_table: str | None
    route_operation: str | None
    transform_arn: str | None
    kinesis_arn: str | None
    through_link: bool
    buffer_seconds: int
    buffer_megabytes: int
    retry_seconds: int
    append_only: bool
    kms_key_arn: str | None
    log_group: str
    log_group_id: str
    log_stream_id: str
    log_days: int
    role: str
    location: Location


@dataclass(frozen=True, slots=True)
class Grant:
    """Lake Formation permissions on one thing: a resource link, a namespace or a table."""

    link: str | None
    namespace: str | None
    table: str | None
    permissions: tuple[str, ...]
    columns: tuple[str, ...] = ()
    except_columns: tuple[str, ...] = ()
    grantable: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """A principal: a role that the stack makes for a service, or an existing ARN that is only granted."""

    key: str
    name: str
    logical_id: str
    grants_id: str
    service: str | None
    arn: str | None
    delivers: tuple[Stream, ...]
    writes: tuple[Stream, ...]
    reads: tuple[Table, ...]
    grants: tuple[Grant, ...]
    namespaces: tuple[Namespace, ...]
    """The namespaces that the role sees in the catalog."""
    location: Location


@dataclass(frozen=True, slots=True)
class Model:
    """One pipeline, ready to plan."""

    pipeline: str
    stage: str
    """Empty where the spec has no stages."""
    account: str
    """The only account that the stage may be deployed to; any, where empty."""
    region: str
    stack: str
    description: str
    tags: Mapping[str, str]
    access: Access
    provider: Provider
    """Who runs the custom resources: a function of the stack, or the one of the account stack."""
    bucket: Bucket
    namespaces: tuple[Namespace, ...]
    tables: tuple[Table, ...]
    streams: tuple[Stream, ...]
    roles: tuple[Role, ...]
    location: Location

    def logical_ids(self) -> Iterator[tuple[str, Location]]:
        """Yield every logical id that an entry of the spec gives rise to, and where the entry stands."""
        for namespace in self.namespaces:
            yield namespace.logical_id, namespace.location
            yield namespace.link_id, namespace.location
        for table in self.tables:
            yield table.logical_id, table.location
            yield table.schema_id, table.location
        for stream in self.streams:
            yield stream.logical_id, stream.location
            yield stream.log_group_id, stream.location
            yield stream.log_stream_id, stream.location
        for role in self.roles:
            yield role.grants_id, role.location
            if role.service:
                yield role.logical_id, role.location
