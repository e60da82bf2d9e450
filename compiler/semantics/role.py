"""One principal: what it may do, and the Lake Formation grants that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from compiler import rules
from compiler.document import Path
from compiler.model import Access, Function, Grant, Namespace, Role, Stream, Table
from compiler.names import nearest, pascal
from compiler.semantics.function import check_function_roles
from compiler.semantics.scope import Scope
from compiler.semantics.stream import DEFAULT_ROLE

# Lake Formation developer guide, lf-permissions-reference.html; order as grants list them.
NAMESPACE_PERMISSIONS = ("alter", "create_table", "describe", "drop")
TABLE_PERMISSIONS = ("alter", "delete", "describe", "drop", "insert", "select")
FIREHOSE = "firehose.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a role may be about."""

    stack: str
    access: Access
    namespaces: Mapping[str, Namespace]
    tables: Mapping[str, Table]
    streams: Mapping[str, Stream]
    functions: Mapping[str, Function]


def resolve_roles(entries: Mapping[str, Any], declared: Declared, scope: Scope) -> tuple[Role, ...]:
    """Resolve the section `roles`, with the roles that streams and functions use undeclared."""
    roles = dict(entries)
    if any(stream.role == DEFAULT_ROLE for stream in declared.streams.values()):
        roles.setdefault(DEFAULT_ROLE, {"service": "firehose"})
    check_function_roles(declared.functions.values(), roles, scope)
    for function in declared.functions.values():
        if function.has_own_role:
            roles.setdefault(function.key, {"service": "lambda"})
    _check_stream_roles(roles, declared.streams.values(), scope)
    return tuple(_role(key, entry, declared, scope) for key, entry in roles.items())


def _role(key: str, entry: Mapping[str, Any], declared: Declared, scope: Scope) -> Role:
    here: Path = ("roles", key)
    _check_principal(key, entry, declared.access, scope)
    delivers = tuple(stream for stream in declared.streams.values() if stream.role == key)
    runs = tuple(function for function in declared.functions.values() if function.role == key)
    reads = _reads(key, entry.get("read", []), declared.tables, scope)
    queried = tuple(
        {table.key: table for each in runs for query in each.queries for table in query.tables}.values()
    )
    writes = _writes(key, entry.get("write", []), declared.streams, scope)
    wanted = [
        *(grant for stream in delivers for grant in _delivery_grants(stream)),
        *(grant for table in reads for grant in _read_grants(table, through_link=True)),
        # The functions name the table bucket's own catalog.
        *(grant for table in queried for grant in _read_grants(table, through_link=False)),
        *_explicit_grants(key, entry.get("grants", []), declared.namespaces, declared.tables, scope),
    ]
    busy = delivers or runs or any(entry.get(word) for word in ("read", "write", "grants"))
    if not busy and not scope.found.failed:  # a stream that was left out may be what the role is for
        hint = "give it read, write or grants, or remove it"
        scope.report(rules.IDLE_ROLE, f"role '{key}' is allowed nothing", here, hint, key=True)
    seen = {grant.namespace for grant in wanted if grant.namespace}
    own = next((function for function in runs if function.has_own_role), None)
    return Role(
        key=key,
        name=f"{declared.stack}-{key}",
        logical_id=f"{pascal(key)}Role",
        grants_id=f"{pascal(key)}Grants",
        service=_service(entry),
        arn=entry.get("arn"),
        delivers=delivers,
        runs=runs,
        writes=writes,
        reads=reads,
        queried=queried,
        grants=_merged(wanted) if declared.access == "lake_formation" else (),
        namespaces=tuple(each for each in declared.namespaces.values() if each.name in seen),
        location=own.location if own else scope.document.locate_key(here),
    )


def _service(entry: Mapping[str, Any]) -> str | None:
    service = entry.get("service")
    return service if service is None or "." in service else f"{service}.amazonaws.com"


def _check_principal(key: str, entry: Mapping[str, Any], access: Access, scope: Scope) -> None:
    here: Path = ("roles", key)
    if ("service" in entry) == ("arn" in entry):
        both = "service" in entry
        message = (
            f"role '{key}' has {'both' if both else 'neither'} 'service' {'and' if both else 'nor'} 'arn'"
        )
        hint = "service: the compiler makes the role; arn: it exists and is only granted"
        scope.report(rules.ROLE_PRINCIPAL, message, here, hint, key=True)
    if "arn" in entry and entry.get("write"):
        message = f"role '{key}' exists already, and only its owner can let it write to a stream"
        hint = "allow firehose:PutRecord and firehose:PutRecordBatch in its own policy, and remove write"
        scope.report(rules.FOREIGN_ROLE, message, (*here, "write"), hint, key=True)
    if "arn" in entry and access == "iam" and entry.get("read"):
        message = f"role '{key}' exists already, and with access: iam only its owner can let it read"
        hint = "allow the s3tables: and glue: read actions in its own policy, and remove read"
        scope.report(rules.FOREIGN_ROLE, message, (*here, "read"), hint, key=True)
    if access == "iam" and entry.get("grants"):
        message = f"role '{key}' has Lake Formation grants, and the spec has access: iam"
        hint = "use read and write, or access: lake_formation"
        scope.report(rules.GRANTS_IN_IAM, message, (*here, "grants"), hint, key=True)


def _check_stream_roles(declared: Mapping[str, Any], streams: Iterable[Stream], scope: Scope) -> None:
    for stream in streams:
        path: Path = ("streams", stream.key, "role")
        entry = declared.get(stream.role)
        if entry is None:
            scope.report_unknown(f"stream '{stream.key}' uses role", stream.role, "roles", declared, path)
        elif _service(entry) != FIREHOSE:
            message = f"stream '{stream.key}' uses role '{stream.role}', which Firehose cannot assume"
            if "role" in scope.document.data["streams"][stream.key]:
                hint = "name a role that has service: firehose, or leave role out"
                scope.report(rules.STREAM_ROLE, message, path, hint)
            else:
                hint = f"write {DEFAULT_ROLE}: {{service: firehose}}"
                scope.report(rules.STREAM_ROLE, message, ("roles", DEFAULT_ROLE), hint, key=True)


def _reads(key: str, names: list[str], tables: Mapping[str, Table], scope: Scope) -> tuple[Table, ...]:
    if "*" in names:
        return tuple(tables.values())
    for index, name in enumerate(names):
        if name not in tables and not scope.left_out("tables", name):
            path: Path = ("roles", key, "read", index)
            scope.report_unknown(f"role '{key}' reads table", name, "tables", tables, path)
    return tuple(tables[name] for name in names if name in tables)


def _writes(key: str, names: list[str], streams: Mapping[str, Stream], scope: Scope) -> tuple[Stream, ...]:
    for index, name in enumerate(names):
        path: Path = ("roles", key, "write", index)
        if name not in streams:
            if not scope.left_out("streams", name):
                scope.report_unknown(f"role '{key}' writes to stream", name, "streams", streams, path)
        elif streams[name].kinesis_arn:
            message = (
                f"role '{key}' writes to stream '{name}', which takes records only from its Kinesis stream"
            )
            scope.report(rules.WRITES_TO_KINESIS, message, path, "let it put records to the Kinesis stream")
    return tuple(streams[name] for name in names if name in streams)


def _delivery_grants(stream: Stream) -> list[Grant]:
    """What Firehose needs: ALTER lets it commit a snapshot, DELETE is for updates and deletes."""
    append, update = ("ALTER", "DESCRIBE", "INSERT", "SELECT"), ("DELETE",)
    permissions = append if stream.append_only else tuple(sorted(append + update))
    tables = [_on_table(destination.table, permissions) for destination in stream.destinations]
    return [*_on_namespace(stream.namespace, through_link=stream.through_link), *tables]


def _read_grants(table: Table, *, through_link: bool) -> list[Grant]:
    namespace = _on_namespace(table.namespace, through_link=through_link)
    return [*namespace, _on_table(table, ("DESCRIBE", "SELECT"))]


def _on_namespace(namespace: Namespace, *, through_link: bool) -> list[Grant]:
    link = Grant(namespace.link, None, None, ("DESCRIBE",))
    target = Grant(None, namespace.name, None, ("DESCRIBE",))
    return [link, target] if through_link else [target]


def _on_table(table: Table, permissions: tuple[str, ...]) -> Grant:
    return Grant(None, table.namespace.name, table.name, permissions)


def _explicit_grants(
    key: str,
    entries: list[Mapping[str, Any]],
    namespaces: Mapping[str, Namespace],
    tables: Mapping[str, Table],
    scope: Scope,
) -> list[Grant]:
    grants = [
        _explicit_grant(entry, ("roles", key, "grants", index), namespaces, tables, scope)
        for index, entry in enumerate(entries)
    ]
    return [grant for grant in grants if grant]


def _explicit_grant(
    entry: Mapping[str, Any],
    path: Path,
    namespaces: Mapping[str, Namespace],
    tables: Mapping[str, Table],
    scope: Scope,
) -> Grant | None:
    if ("table" in entry) == ("namespace" in entry):
        both = "table" in entry
        message = f"a grant on {'both a table and a namespace' if both else 'nothing'}"
        scope.report(rules.GRANT_TARGET, message, path, "name a table or a namespace, and only one")
        return None
    kind = "table" if "table" in entry else "namespace"
    known: Mapping[str, Table | Namespace] = tables if kind == "table" else namespaces
    target = known.get(entry[kind])
    if target is None:
        if not scope.left_out(f"{kind}s", entry[kind]):
            scope.report_unknown(f"a grant names {kind}", entry[kind], f"{kind}s", known, (*path, kind))
        return None
    _check_permissions(entry, kind, path, scope)
    grant = Grant(
        link=None,
        namespace=target.name if isinstance(target, Namespace) else target.namespace.name,
        table=target.name if isinstance(target, Table) else None,
        permissions=tuple(sorted(permission.upper() for permission in entry["permissions"])),
        columns=tuple(entry.get("columns", ())),
        except_columns=tuple(entry.get("except_columns", ())),
        grantable=entry.get("grantable", False),
    )
    _check_columns(entry, target, path, scope)
    return grant


def _check_permissions(entry: Mapping[str, Any], kind: str, path: Path, scope: Scope) -> None:
    valid = TABLE_PERMISSIONS if kind == "table" else NAMESPACE_PERMISSIONS
    for index, permission in enumerate(entry["permissions"]):
        if permission not in valid:
            near = nearest(permission, valid)
            hint = f"did you mean '{near}'?" if near else f"a {kind} has {', '.join(valid)}"
            message = f"'{permission}' is not a permission of a {kind}"
            scope.report(rules.BAD_PERMISSION, message, (*path, "permissions", index), hint)


def _check_columns(entry: Mapping[str, Any], target: Table | Namespace, path: Path, scope: Scope) -> None:
    given = [word for word in ("columns", "except_columns") if entry.get(word)]
    if not given:
        return
    here: Path = (*path, given[0])
    if isinstance(target, Namespace):
        message = f"'{given[0]}' of a namespace"
        scope.report(rules.GRANT_COLUMNS, message, here, "name a table instead of the namespace", key=True)
        return
    if len(given) == 2:
        message = "a grant with both 'columns' and 'except_columns'"
        scope.report(rules.GRANT_COLUMNS, message, here, "keep one of the two", key=True)
    if entry["permissions"] != ["select"]:
        message = f"'{given[0]}' with a permission other than select"
        hint = "Lake Formation can limit only select to columns; make a second grant for the others"
        scope.report(rules.GRANT_COLUMNS, message, here, hint, key=True)
    known = [column.name for column in target.columns]
    for index, name in enumerate(entry[given[0]]):
        if name not in known:
            scope.report_unknown_column("a grant names column", name, target.key, known, (*here, index))


def _merged(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """Join grants on the same thing into one, in a fixed order."""
    merged: dict[tuple[Any, ...], Grant] = {}
    for grant in grants:
        identity = (
            grant.link or "",
            grant.namespace or "",
            grant.table or "",
            grant.columns,
            grant.except_columns,
            grant.grantable,
        )
        earlier = merged.get(identity)
        permissions = {*grant.permissions, *(earlier.permissions if earlier else ())}
        merged[identity] = replace(grant, permissions=tuple(sorted(permissions)))
    # Links first: they are what a reader of the template looks for.
    return tuple(grant for _, grant in sorted(merged.items(), key=lambda each: (not each[0][0], each[0])))
