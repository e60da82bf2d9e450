"""Document to Model: references, defaults, types and logical ids."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from compiler import rules
from compiler.diagnostics import Diagnostics, Location, Related
from compiler.document import Document, Path
from compiler.lock import Lock, TableLock
from compiler.model import Bucket, Model, Namespace, Table
from compiler.names import pascal
from compiler.semantics.alarms import resolve_alarms
from compiler.semantics.function import resolve_function
from compiler.semantics.limits import check_limits
from compiler.semantics.query import resolve_query
from compiler.semantics.region import check_region
from compiler.semantics.role import Declared, resolve_roles
from compiler.semantics.scope import Scope
from compiler.semantics.stream import resolve_stream
from compiler.semantics.table import resolve_consents, resolve_table

# What CloudFormation reads as its own: `${…}` in Fn::Sub, `{{resolve:…}}` anywhere.
_CLOUDFORMATION = re.compile(r"\$\{|\{\{\s*resolve:")

# Logical ids that every template may have, whatever the spec declares.
_FIXED_IDS = (
    "TableBucket",
    "BackupBucket",
    "BackupBucketPolicy",
    "BackupBucketAlarm",
    "Dashboard",
    "Administrator",
    "ProviderEvents",
    "ProviderFunction",
    "ProviderLogGroup",
    "ProviderRole",
    "WorkGroup",
)


def resolve(document: Document, found: Diagnostics, accepted: Lock | None = None) -> Model:
    """Turn a document of the right shape into a model whose references all exist.

    An entry with an unknown reference or an unreadable type is left out of the model, so that
    what depends on it is not complained about a second time.
    Reports AC3001 to AC3199, and AC3501 to AC3599 of queries.
    """
    data = document.data
    scope = Scope(document, found, _refuse_cloudformation_syntax(document, found))
    stack = f"{data['pipeline']}-{document.stage}" if document.stage else str(data["pipeline"])
    access = data.get("access", "lake_formation")
    namespaces = {key: _namespace(key, entry, stack, scope) for key, entry in data["namespaces"].items()}
    pinned = _pinned(data["tables"], accepted.tables if accepted else {})
    tables = _known(
        resolve_table(key, entry, namespaces, pinned.get(key), scope) for key, entry in data["tables"].items()
    )
    streams = _known(
        resolve_stream(key, entry, stack, tables, scope)
        for key, entry in data.get("streams", {}).items()
        if not _names_left_out(entry, tables, data["tables"])
    )
    queries = _known(
        resolve_query(key, entry, namespaces, tables, scope) for key, entry in data.get("queries", {}).items()
    )
    functions = _known(
        resolve_function(key, entry, stack, streams, queries, scope)
        for key, entry in data.get("functions", {}).items()
    )
    declared = Declared(stack, access, namespaces, tables, streams, functions)
    roles = resolve_roles(data.get("roles", {}), declared, scope)
    model = Model(
        pipeline=data["pipeline"],
        stage=document.stage,
        account=document.account,
        region=document.region,
        stack=stack,
        description=data.get("description", ""),
        tags=dict(sorted(data.get("tags", {}).items())),
        access=access,
        provider=data.get("provider", "stack"),
        bucket=_bucket(data.get("bucket", {}), stack, scope),
        namespaces=tuple(namespaces.values()),
        tables=tuple(tables.values()),
        streams=tuple(streams.values()),
        queries=tuple(queries.values()),
        functions=tuple(functions.values()),
        roles=roles,
        alarms=resolve_alarms(data.get("alarms"), streams.values(), functions.values(), scope),
        location=document.locate_key(("pipeline",)),
    )
    _check_logical_ids(model, found)
    _check_former_ids(model, accepted.tables if accepted else {}, pinned, found)
    check_limits(model, scope)
    check_region(model, scope)
    return model


def _pinned(
    entries: Mapping[str, Mapping[str, Any]], accepted: Mapping[str, TableLock]
) -> dict[str, TableLock]:
    """Return what was accepted of each table, under its former key where it was renamed."""
    pinned = {key: accepted[key] for key in entries if key in accepted}
    free = {key: entry for key, entry in accepted.items() if key not in entries}
    for key, entry in entries.items():
        if key not in pinned and entry.get("was") in free:
            pinned[key] = free.pop(entry["was"])
    return pinned


def _known(entries: Iterator[Any]) -> dict[str, Any]:
    return {entry.key: entry for entry in entries if entry is not None}


def _names_left_out(
    entry: Mapping[str, Any], tables: Mapping[str, Table], declared: Mapping[str, Any]
) -> bool:
    """Whether a stream writes to a table that is declared but has errors of its own."""
    names = [*entry.get("tables", ()), *([entry["table"]] if "table" in entry else [])]
    return any(name in declared and name not in tables for name in names)


def _bucket(entry: Mapping[str, Any], stack: str, scope: Scope) -> Bucket:
    existing = entry.get("existing", False)
    if existing and "name" not in entry:
        message = "an existing bucket has no 'name'"
        scope.report(rules.EXISTING_BUCKET, message, ("bucket", "existing"), "write its name", key=True)
    for key in ("unreferenced_days", "noncurrent_days"):
        if existing and key in entry:
            message = f"'{key}' of a bucket that another stack owns"
            hint = "set it where the bucket is made, and remove it here"
            scope.report(rules.EXISTING_BUCKET, message, ("bucket", key), hint, key=True)
    encryption = entry.get("encryption", "aes256")
    return Bucket(
        name=entry.get("name", stack),
        existing=existing,
        kms_key_arn=None if encryption == "aes256" else encryption["kms_key_arn"],
        unreferenced_days=entry.get("unreferenced_days", 3),
        noncurrent_days=entry.get("noncurrent_days", 10),
        retain=entry.get("retain", True),
        consents=resolve_consents(("bucket",), entry, scope),
        location=scope.document.locate_key(("bucket",)),
    )


def _namespace(key: str, entry: Mapping[str, Any] | None, stack: str, scope: Scope) -> Namespace:
    return Namespace(
        name=key,
        logical_id=f"{pascal(key)}Namespace",
        link=(entry or {}).get("link", f"{stack}_{key}".replace("-", "_")),
        link_id=f"{pascal(key)}Link",
        location=scope.document.locate_key(("namespaces", key)),
    )


def _check_logical_ids(model: Model, found: Diagnostics) -> None:
    taken: dict[str, Location] = {}
    said: set[tuple[str, str]] = set()
    for logical_id, location in model.logical_ids():
        if logical_id in _FIXED_IDS:
            message = f"'{location.path}' would become the resource '{logical_id}', which every stack has"
            found.add(rules.COLLIDING_IDS, message, location, "choose another name")
        elif logical_id in taken and (location.path, taken[logical_id].path) not in said:
            first = taken[logical_id]
            said.add((location.path, first.path))  # two tables have two resources each in common
            message = f"'{location.path}' and '{first.path}' would both become the resource '{logical_id}'"
            found.add(
                rules.COLLIDING_IDS, message, location, "rename one", (Related("the first one", first),)
            )
        taken.setdefault(logical_id, location)


def _check_former_ids(
    model: Model, accepted: Mapping[str, TableLock], pinned: Mapping[str, TableLock], found: Diagnostics
) -> None:
    """Refuse a new table that would get the resource of one that is gone: its rows may still be there."""
    living = {entry.logical_id for entry in pinned.values()}
    gone = {entry.logical_id: key for key, entry in accepted.items() if entry.logical_id not in living}
    for table in model.tables:
        if table.key not in pinned and table.logical_id in gone:
            message = (
                f"'{table.location.path}' would become the resource '{table.logical_id}', "
                f"which was table '{gone[table.logical_id]}'"
            )
            found.add(rules.COLLIDING_IDS, message, table.location, "choose another name")


def _refuse_cloudformation_syntax(document: Document, found: Diagnostics) -> frozenset[Path]:
    """Report text that CloudFormation would interpret; return the paths of the values that hold some."""
    refused: set[Path] = set()
    for path, text, is_key in _texts(document.data):
        match = _CLOUDFORMATION.search(text)
        if match:
            message = f"'{match.group()}' is CloudFormation's own syntax, and a spec is plain data"
            hint = "write the value itself; one that differs between stages belongs into an overlay"
            within = document.locate_within(path, match.start(), len(match.group()))
            place = document.locate_key(path) if is_key else within
            found.add(rules.CLOUDFORMATION_SYNTAX, message, place, hint)
            if not is_key:
                refused.add(path)
    return frozenset(refused)


def _texts(data: Any) -> Iterator[tuple[Path, str, bool]]:
    """Yield every text with its path, and whether it is the key there."""
    waiting: list[tuple[Path, Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield path, value, False
        elif isinstance(value, dict):
            for key, inner in value.items():
                yield (*path, key), key, True
                waiting.append(((*path, key), inner))
        elif isinstance(value, list):
            waiting += [((*path, index), inner) for index, inner in enumerate(value)]
