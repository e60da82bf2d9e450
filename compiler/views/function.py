"""What the templates need of the functions that take events and answer queries."""

from __future__ import annotations

from typing import Any

from compiler.emit import Block, GetAtt, LogicalId
from compiler.iceberg import ListType, MapType, Primitive, StructType, Type, type_json
from compiler.inline import configured
from compiler.model import Function, Model, Query, Role, Stream
from compiler.views.shared import View, ids

_SOURCE_INDENT = 10
_BYTES_IN_A_MEGABYTE = 1_000_000
_DESCRIPTIONS = {
    "ingest": "Takes events, and puts those that fit their table to its stream",
    "query": "Answers named queries with typed rows",
}
# What a page on another site may send: a packed body says so in a header, and SigV4 is four of them.
_HEADERS = ["content-encoding", "content-type"]
_SIGNATURE = ["authorization", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"]


def function_view(function: Function, role: Role, model: Model) -> View:
    """Return what `templates/function.yaml.j2` needs."""
    signed = function.url == "iam"
    return {
        "logical_id": LogicalId(function.logical_id),
        "log_group_id": LogicalId(function.log_group_id),
        "log_group": function.log_group,
        "name": function.name,
        "description": _DESCRIPTIONS[function.kind],
        "after": ids([role.grants_id] if role.grants else []),
        "role_arn": GetAtt(role.logical_id, "Arn"),
        "timeout": function.timeout_seconds,
        "memory": function.memory_megabytes,
        "concurrency": function.concurrency,
        "is_limited": function.concurrency is not None,
        "url": function.url,
        "url_id": LogicalId(function.url_id),
        "access_id": LogicalId(function.access_id),
        "invocation_id": LogicalId(function.invocation_id),
        "arn": GetAtt(function.logical_id, "Arn"),
        "auth_type": "AWS_IAM" if signed else "NONE",
        "origins": list(function.allowed_origins),
        "headers": sorted(_HEADERS + _SIGNATURE) if signed else _HEADERS,
        "source": Block(configured(function.kind, _configuration(function, model)), _SOURCE_INDENT),
    }


def workgroup_views(model: Model) -> list[View]:
    """Return the workgroups: the one of the roles that read, and one for each function that queries."""
    shared = [_workgroup("WorkGroup", model.stack, None)] if any(each.reads for each in model.roles) else []
    return [
        *shared,
        *(
            _workgroup(each.workgroup_id, each.name, each.scan_limit_megabytes * _BYTES_IN_A_MEGABYTE)
            for each in model.functions
            if each.kind == "query"
        ),
    ]


def _workgroup(logical_id: str, name: str, scan_limit_bytes: int | None) -> View:
    return {"logical_id": LogicalId(logical_id), "name": name, "scan_limit_bytes": scan_limit_bytes}


def _configuration(function: Function, model: Model) -> View:
    """Return what the function's source calls CONFIG; lambdas/<kind>/index.py says what is in it."""
    if function.kind == "query":
        return {
            "workgroup": function.name,
            "catalog": f"s3tablescatalog/{model.bucket.name}",
            "output": None,
            "queries": {query.key: _asked(query) for query in function.queries},
        }
    choose = function.choose
    return {
        "streams": {stream.key: _fed(stream) for stream in function.streams},
        "choose": choose and {"field": choose.field, "streams": choose.streams, "default": choose.default},
        "stamp": dict(function.stamp),
        "unknown": function.unknown,
    }


def _fed(stream: Stream) -> View:
    """Return a stream's name, and the columns of its only table."""
    (destination,) = stream.destinations
    columns = [[column.name, _kind(column.type), column.required] for column in destination.table.columns]
    return {"name": stream.name, "columns": columns}


def _asked(query: Query) -> View:
    """Return a query as Athena gets it, with the name and type of the value for each of its marks."""
    parameters = [[name, type_json(kind)] for name, kind in query.arguments]
    return {"database": query.namespace.name, "sql": query.sql, "parameters": parameters}


def _kind(type_: Type) -> Any:
    """Return a type in Iceberg's JSON form, without ids and docs: the function needs neither."""
    match type_:
        case Primitive():
            return type_json(type_)
        case ListType(element, required):
            return {"type": "list", "element": _kind(element), "element-required": required}
        case MapType(key, value, required):
            return {"type": "map", "key": _kind(key), "value": _kind(value), "value-required": required}
        case StructType(fields):
            return {
                "type": "struct",
                "fields": [
                    {"name": field.name, "type": _kind(field.type), "required": field.required}
                    for field in fields
                ],
            }
