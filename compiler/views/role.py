"""What the templates need of a role: its policy, statement by statement, and its grants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.emit import GetAtt, LogicalId
from compiler.model import Grant, Model, Role, Stream, Table
from compiler.views.shared import View, compact, ids, provider_ready

# What lambdas/query/index.py calls, and what people and drivers call besides.
_QUERY = ("GetQueryExecution", "GetQueryResults", "StartQueryExecution", "StopQueryExecution")
_READ = ("GetQueryResultsStream", "GetWorkGroup")


def role_view(role: Role, model: Model) -> View:
    """Return what `templates/role.yaml.j2` needs."""
    return {
        "key": role.key,
        "name": role.name,
        "logical_id": LogicalId(role.logical_id),
        "grants_id": LogicalId(role.grants_id),
        "service": role.service,
        "principal": role.arn or GetAtt(role.logical_id, "Arn"),
        "is_firehose": role.service == "firehose.amazonaws.com",
        "is_lambda": role.service == "lambda.amazonaws.com",
        "has_policy": bool(role.namespaces or role.writes or role.service == "lambda.amazonaws.com"),
        "namespaces": [{"name": each.name, "link": each.link} for each in role.namespaces],
        "through_links": _uses_links(role),
        "delivers": [{"log_group": stream.log_group} for stream in role.delivers],
        "functions": _function_arns(role.delivers),
        "kinesis_streams": sorted({stream.kinesis_arn for stream in role.delivers if stream.kinesis_arn}),
        "asks": [*_asks(role, model)],
        "puts": [*_puts(role)],
        "log_groups": _log_groups(role, model),
        "table_access": [*_table_access(role, writes=True), *_table_access(role, writes=False)],
        "grants": [compact(_grant(grant)) for grant in role.grants],
        "grants_after": ids(_grants_after(role, model)),
        "granted_tables": [GetAtt(table.logical_id, "TableARN") for table in _granted(role, model)],
    }


def _asks(role: Role, model: Model) -> Iterator[View]:
    """Yield a statement for the pipeline's workgroup, and one for those of the role's functions."""
    for sid, actions, workgroups in (
        ("Query", (*_QUERY, *_READ), [model.stack] if role.reads else []),
        ("RunQueries", _QUERY, [each.name for each in role.runs if each.kind == "query"]),
    ):
        if workgroups:
            names = sorted(f"athena:{action}" for action in actions)
            yield {"sid": sid, "actions": names, "workgroups": workgroups}


def _puts(role: Role) -> Iterator[View]:
    """Yield a statement for the streams that the role writes to, and one for those of its functions."""
    fed = {stream.logical_id: stream for function in role.runs for stream in function.streams}
    only_fed = [stream for stream in fed.values() if stream not in role.writes]
    # A function of ours puts batches only; what others run as the role may also put single records.
    for sid, actions, streams in (
        ("Put", ["firehose:PutRecord", "firehose:PutRecordBatch"], role.writes),
        ("PutBatches", ["firehose:PutRecordBatch"], only_fed),
    ):
        if streams:
            arns = [GetAtt(stream.logical_id, "Arn") for stream in streams]
            yield {"sid": sid, "actions": actions, "streams": arns}


def _log_groups(role: Role, model: Model) -> list[str]:
    """Return the log groups of our functions that run as the role, or of all that the stack may have."""
    if any(function.has_own_role for function in role.runs):
        return [function.log_group for function in role.runs]
    return [f"/aws/lambda/{model.stack}-*"]


def _uses_links(role: Role) -> bool:
    """Say whether the role looks tables up by a link: queries of ours, and some streams, do without one."""
    delivers = any(stream.through_link for stream in role.delivers)
    return delivers or bool(role.reads) or not (role.delivers or role.queried)


def _function_arns(streams: Iterable[Stream]) -> list[str]:
    """Return the transforms' ARNs, each with its versions: Firehose asks for `$LATEST` by name."""
    arns = {stream.transform_arn for stream in streams if stream.transform_arn}
    return sorted(arns | {f"{arn}:*" for arn in arns if arn.count(":") == 6})


def _table_access(role: Role, *, writes: bool) -> list[View]:
    """Return the statement for the tables that the role writes to, or only reads; none without tables."""
    delivered = [destination.table for stream in role.delivers for destination in stream.destinations]
    read = (*role.reads, *role.queried)
    tables = delivered if writes else [table for table in read if table not in delivered]
    arns = [GetAtt(each, "TableARN") for each in dict.fromkeys(table.logical_id for table in tables)]
    sid = "WriteTables" if writes else "ReadTables"
    return [{"sid": sid, "writes": writes, "tables": arns}] if arns else []


def _grant(grant: Grant) -> View:
    parts = {
        "link": grant.link,
        "namespace": grant.namespace,
        "table": grant.table,
        "permissions": grant.permissions,
        "columns": grant.columns,
        "except_columns": grant.except_columns,
        "grantable": grant.permissions if grant.grantable else (),
    }
    return {key: value for key, value in parts.items() if value}


def _granted(role: Role, model: Model) -> list[Table]:
    names = {(grant.namespace, grant.table) for grant in role.grants}
    return [table for table in model.tables if (table.namespace.name, table.name) in names]


def _grants_after(role: Role, model: Model) -> list[str]:
    """Grants name links, namespaces and columns, so these must be there."""
    links = {grant.link for grant in role.grants}
    tables = _granted(role, model)
    return [
        *provider_ready(model),
        *(each.link_id for each in model.namespaces if each.link in links),
        *(
            each.logical_id
            for each in role.namespaces
            if not any(table.namespace == each for table in tables)
        ),
        *(table.schema_id for table in tables),
    ]
