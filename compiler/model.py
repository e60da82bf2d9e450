"""What a spec means: every name resolved, every default filled in, every logical id given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from compiler.diagnostics import Location
from compiler.iceberg import Field, Primitive, SortTerm, Term, Type

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
class ResultColumn:
    """A column of a query's answer; its type where that is certain."""

    name: str
    type: Type | None


@dataclass(frozen=True, slots=True)
class Query:
    """A named query over the tables of one namespace."""

    key: str
    namespace: Namespace
    description: str
    sql: str
    """As Athena gets it: with a `?` for each use of a parameter."""
    parameters: Mapping[str, Primitive]
    """The declared parameters."""
    marks: tuple[str, ...]
    """The parameter of each `?`, in order."""
    tables: tuple[Table, ...]
    result: tuple[ResultColumn, ...] | None
    """None where the columns cannot be told without Athena."""
    location: Location

    @property
    def arguments(self) -> tuple[tuple[str, Primitive], ...]:
        """The name and type of the value for each `?`, in order."""
        return tuple((name, self.parameters[name]) for name in self.marks)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of its streams an ingest function sends an event to, by the value of one of its keys."""

    field: str
    streams: Mapping[str, str]
    """Of each value, the stream's key."""
    default: str | None


@dataclass(frozen=True, slots=True)
class Function:
    """A Lambda function that takes events or answers queries."""

    key: str
    name: str
    logical_id: str
    log_group: str
    log_group_id: str
    kind: Literal["ingest", "query"]
    streams: tuple[Stream, ...]
    choose: Choice | None
    stamp: Mapping[str, str]
    unknown: str
    queries: tuple[Query, ...]
    scan_limit_megabytes: int
    workgroup_id: str
    url: Literal["none", "iam", "public"]
    url_id: str
    access_id: str
    """The permission to call a public URL; since October 2025 it takes the invocation's, too."""
    invocation_id: str
    allowed_origins: tuple[str, ...]
    memory_megabytes: int
    timeout_seconds: int
    concurrency: int | None
    role: str
    """The key of the role it runs as."""
    has_own_role: bool
    location: Location


@dataclass(frozen=True, slots=True)
class Alarms:
    """Whom to tell, and of what."""

    notify: str
    failed_rows: int
    freshness_minutes: int
    dashboard: bool
    location: Location


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
    runs: tuple[Function, ...]
    """The pipeline's functions that run as this role."""
    writes: tuple[Stream, ...]
    """The streams that it may put any records to; functions put batches to their own."""
    reads: tuple[Table, ...]
    """The tables that it may query through the pipeline's workgroup."""
    queried: tuple[Table, ...]
    """The tables that the queries of its functions read."""
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
    queries: tuple[Query, ...]
    functions: tuple[Function, ...]
    roles: tuple[Role, ...]
    alarms: Alarms | None
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
        for function in self.functions:
            yield function.logical_id, function.location
            yield function.log_group_id, function.location
            if function.url != "none":
                yield function.url_id, function.location
            if function.url == "public":
                yield function.access_id, function.location
                yield function.invocation_id, function.location
            if function.kind == "query":
                yield function.workgroup_id, function.location
        for role in self.roles:
            yield role.grants_id, role.location
            if role.service:
                yield role.logical_id, role.location
