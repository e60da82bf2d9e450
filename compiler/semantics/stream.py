"""One Firehose stream: where its records go, and what it takes for that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from compiler import rules
from compiler.document import Path
from compiler.iceberg import Field, Primitive, inner_fields, primitives
from compiler.model import Destination, Stream, Table
from compiler.names import nearest, pascal
from compiler.semantics.scope import Scope

DEFAULT_ROLE = "delivery"
# JQ texts in double quotes, and anything else but a comment or a line break.
_ONE_LINE = re.compile(r'(?:"(?:[^"\\\n]|\\[^\n])*+"|[^"#\n\r])*+')
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"')
_CLOSING = {"(": ")", "[": "]", "{": "}"}
# A processor's parameter has at most 5,120 characters (Firehose API, ProcessorParameter); the longest names
# of a database and a table, and the words around them, are ours.
_MAXIMUM_ROUTE = 5120 - 600
_NOT_DELIVERED = {"time": "a string", "uuid": "a string", "fixed": "binary"}


def resolve_stream(
    key: str, entry: Mapping[str, Any], stack: str, tables: Mapping[str, Table], scope: Scope
) -> Stream | None:
    """Resolve one entry of `streams`; None where a table is missing or unknown."""
    here: Path = ("streams", key)
    targets = _tables(key, entry, tables, scope)
    if not targets:
        return None
    route = entry.get("route") or {}
    keys = _unique_keys(key, entry, targets, scope)
    _check_routing(key, entry, targets, keys, scope)
    _check_types(key, targets, keys, scope)
    name = f"{stack}-{key}"
    return Stream(
        key=key,
        name=name,
        logical_id=f"{pascal(key)}Stream",
        namespace=targets[0].namespace,
        destinations=tuple(Destination(table, keys.get(table.key, ())) for table in targets),
        route_table=route.get("table"),
        route_operation=route.get("operation"),
        transform_arn=(entry.get("transform") or {}).get("function_arn"),
        kinesis_arn=_kinesis(entry),
        through_link=entry.get("catalog", "link") == "link",
        buffer_seconds=entry.get("buffer_seconds", 60),
        buffer_megabytes=entry.get("buffer_megabytes", 64),
        retry_seconds=entry.get("retry_seconds", 300),
        append_only=_append_only(key, entry, keys, scope),
        kms_key_arn=_kms_key(key, entry, scope),
        log_group=f"/aws/kinesisfirehose/{name}",
        log_group_id=f"{pascal(key)}StreamLogGroup",
        log_stream_id=f"{pascal(key)}StreamLogStream",
        log_days=entry.get("log_days", 30),
        role=entry.get("role", DEFAULT_ROLE),
        location=scope.document.locate_key(here),
    )


def _tables(key: str, entry: Mapping[str, Any], tables: Mapping[str, Table], scope: Scope) -> list[Table]:
    here: Path = ("streams", key)
    if ("table" in entry) == ("tables" in entry):
        problem = "both 'table' and 'tables'" if "table" in entry else "neither 'table' nor 'tables'"
        hint = "write table: NAME, or tables: [A, B] with a route"
        scope.report(rules.STREAM_TABLES, f"stream '{key}' has {problem}", here, hint, key=True)
        return []
    named: list[tuple[str, Path]] = (
        [(entry["table"], (*here, "table"))]
        if "table" in entry
        else [(name, (*here, "tables", index)) for index, name in enumerate(entry["tables"])]
    )
    for name, path in named:
        if name not in tables:
            scope.report_unknown(f"stream '{key}' writes to table", name, "tables", tables, path)
    known = [(tables[name], path) for name, path in named if name in tables]
    for table, path in known[1:]:
        first = known[0][0]
        if table.namespace != first.namespace:
            message = (
                f"stream '{key}' writes to '{first.key}' in namespace '{first.namespace.name}' "
                f"and to '{table.key}' in '{table.namespace.name}'"
            )
            scope.report(rules.STREAM_NAMESPACES, message, path, "make a stream for each namespace")
    return [table for table, _ in known] if len(known) == len(named) else []


def _check_routing(
    key: str, entry: Mapping[str, Any], targets: list[Table], keys: Mapping[str, Any], scope: Scope
) -> None:
    here: Path = ("streams", key)
    route, transform = entry.get("route") or {}, entry.get("transform")
    if len(targets) > 1 and "table" not in route and not transform:
        hint = "add route: {table: JQ}, or a transform that names the table of each record"
        message = f"stream '{key}' has {len(targets)} tables and nothing that says which record goes where"
        scope.report(rules.STREAM_ROUTE, message, (*here, "tables"), hint, key=True)
    for word, expression in route.items():
        if not _ONE_LINE.fullmatch(expression):
            message = f"the route's {word} of stream '{key}' is not one line of JQ without comments"
            hint = "close every quote, and leave out '#' and line breaks"
            scope.report(rules.ROUTE_NOT_ONE_LINE, message, (*here, "route", word), hint)
        elif not expression.strip():
            message = f"the route's {word} of stream '{key}' is blank"
            hint = "write a JQ expression, or leave it out"
            scope.report(rules.ROUTE_NOT_ONE_LINE, message, (*here, "route", word), hint)
        elif not _brackets_fit(expression):
            message = f"the brackets in the route's {word} of stream '{key}' do not fit together"
            hint = "close every bracket that the expression opens, and no other"
            scope.report(rules.ROUTE_NOT_ONE_LINE, message, (*here, "route", word), hint)
    length = sum(len(each) for each in route.values())
    if length > _MAXIMUM_ROUTE:
        message = f"the route of stream '{key}' has {length:,} characters; it may have {_MAXIMUM_ROUTE:,}"
        scope.report(
            rules.ROUTE_TOO_LONG, message, (*here, "route"), "shorten it, or use a transform", key=True
        )
    keyless = [table.key for table in targets if not (table.identifier or table.key in keys)]
    if "operation" in route and keyless and (keys or not entry.get("unique_keys")):
        hint = "add unique_keys, or an identifier to the table"
        message = (
            f"stream '{key}' updates and deletes, "
            f"and nothing says which columns of table '{keyless[0]}' identify a row"
        )
        scope.report(rules.STREAM_UPDATES, message, (*here, "route", "operation"), hint, key=True)


def _brackets_fit(expression: str) -> bool:
    if "\\(" in expression:  # brackets inside of a text may be JQ as well, which takes a parser to tell
        return True
    waiting: list[str] = []
    for bracket in re.sub(r"[^()\[\]{}]", "", _TEXT.sub("", expression)):
        if bracket in _CLOSING:
            waiting.append(_CLOSING[bracket])
        elif not waiting or waiting.pop() != bracket:
            return False
    return not waiting


def _unique_keys(
    key: str, entry: Mapping[str, Any], targets: list[Table], scope: Scope
) -> dict[str, tuple[str, ...]]:
    here: Path = ("streams", key, "unique_keys")
    given = entry.get("unique_keys") or []
    if isinstance(given, list) and len(targets) > 1 and given:
        hint = "write unique_keys: {TABLE: [COLUMN]}"
        message = (
            f"stream '{key}' has {len(targets)} tables, and unique_keys does not say whose columns these are"
        )
        scope.report(rules.UNIQUE_KEYS, message, here, hint, key=True)
        return {}
    by_table = {targets[0].key: given} if isinstance(given, list) else given
    known = {table.key: table for table in targets}
    for name, columns in by_table.items():
        base: Path = here if isinstance(given, list) else (*here, name)
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean '{near}'?" if near else f"stream '{key}' feeds {', '.join(known)}"
            message = f"unique_keys of stream '{key}' names table '{name}', which the stream does not feed"
            scope.report(rules.UNKNOWN_REFERENCE, message, base, hint, key=True)
            continue
        _check_unique(key, columns, known[name], base, scope)
    return {name: tuple(columns) for name, columns in by_table.items() if columns}


def _check_unique(key: str, columns: list[str], table: Table, base: Path, scope: Scope) -> None:
    by_name = {column.name: column for column in table.columns}
    nested = {field.name: column.name for column in table.columns for field in inner_fields(column.type)}
    for index, name in enumerate(columns):
        column = by_name.get(name)
        if name in nested:
            # Firehose looks a unique key up by its name, in the whole schema (its developer guide,
            # apache-iceberg-format-input-record-different.html).
            also = " also" if column else ""
            message = f"'{name}' is{also} a field inside of column '{nested[name]}' of table '{table.key}'"
            hint = "give that field another name" if column else f"give '{name}' a column of its own"
            scope.report(rules.UNIQUE_KEYS, message, (*base, index), hint)
        elif column is None:
            subject = f"unique_keys of stream '{key}' names column"
            scope.report_unknown_column(subject, name, table.key, by_name, (*base, index))
        elif not isinstance(column.type, Primitive) or column.type.name in ("float", "double"):
            exact = "its values do not compare exactly"
            reason = exact if isinstance(column.type, Primitive) else "it is not primitive"
            hint = "use columns with a single, exact value"
            message = f"column '{name}' of table '{table.key}' cannot identify a row: {reason}"
            scope.report(rules.UNIQUE_KEYS, message, (*base, index), hint)


def _append_only(key: str, entry: Mapping[str, Any], keys: Mapping[str, Any], scope: Scope) -> bool:
    updates = bool(keys) or "operation" in (entry.get("route") or {})
    given = entry.get("append_only")
    if given and updates:
        because = "unique_keys" if keys else "route.operation"
        message = f"stream '{key}' is append_only, and its {because} asks for updates"
        hint = "leave append_only out: it is true unless there are unique_keys or a route.operation"
        scope.report(rules.APPEND_ONLY, message, ("streams", key, "append_only"), hint)
    return not updates if given is None else bool(given)


def _kinesis(entry: Mapping[str, Any]) -> str | None:
    source = entry.get("source", "direct")
    return None if source == "direct" else str(source["kinesis_arn"])


def _kms_key(key: str, entry: Mapping[str, Any], scope: Scope) -> str | None:
    encryption = entry.get("encryption", "aws")
    if _kinesis(entry) and "encryption" in entry:
        message = f"stream '{key}' reads a Kinesis stream, which has its own encryption"
        hint = "remove encryption here and set it on the Kinesis stream"
        scope.report(rules.STREAM_ENCRYPTION, message, ("streams", key, "encryption"), hint, key=True)
    return None if encryption == "aws" else str(encryption["kms_key_arn"])


def _check_types(key: str, targets: list[Table], keys: Mapping[str, tuple[str, ...]], scope: Scope) -> None:
    for table in targets:
        for column in table.columns:
            path: Path = ("tables", table.key, "columns", column.name)
            _check_deliverable(key, table, column, path, scope)
            sure = column.name in table.identifier or column.name in keys.get(table.key, ())
            if column.required and not sure:
                message = (
                    f"column '{column.name}' of table '{table.key}' is required, and stream '{key}' feeds it"
                )
                hint = "records without it go to the backup bucket; make it optional unless all have it"
                scope.report(rules.REQUIRED_UNDER_STREAM, message, path, hint, key=True)


def _check_deliverable(key: str, table: Table, column: Field, path: Path, scope: Scope) -> None:
    for primitive in primitives(column.type):
        if primitive.name in _NOT_DELIVERED:
            message = (
                f"column '{column.name}' of table '{table.key}' has the type {primitive.name}, "
                f"which stream '{key}' cannot deliver"
            )
            hint = f"use {_NOT_DELIVERED[primitive.name]}"
            scope.report(rules.NOT_DELIVERED, message, (*path, "type"), hint)
