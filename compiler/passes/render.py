"""Plan to Stack: what the templates need of a model, and the text they make of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compiler import rules
from compiler.alarmview import WHOLE_BUCKET, alarm_views
from compiler.change import Plan
from compiler.dashboard import dashboard_body
from compiler.diagnostics import Diagnostics, Location
from compiler.emit import Block, GetAtt, LogicalId, Ref, Sub
from compiler.environment import environment
from compiler.functionview import function_view, workgroup_views
from compiler.iceberg import Field, Shape, field_json, named_ids, partition_json, sort_json, type_json
from compiler.lock import TableLock
from compiler.model import Bucket, Grant, Model, Namespace, Role, Stream, Table
from compiler.provider import (
    SERVICE_TIMEOUT_SECONDS,
    account_token,
    own_token,
    provider_view,
    stack_function,
)
from compiler.semantics.policysize import MAXIMUM_CHARACTERS as POLICY_MAXIMUM
from compiler.semantics.policysize import oversized_policies
from compiler.stack import Stack
from compiler.template import resource_types

MAXIMUM_BYTES = 1_000_000
"""CloudFormation's limit for a template in S3 (CloudFormation user guide, cloudformation-limits.html)."""
MAXIMUM_RESOURCES = 500
MAXIMUM_OUTPUTS = 200

View = dict[str, Any]

_DASHBOARD_INDENT = 8


def render(plan: Plan, found: Diagnostics) -> Stack:
    """Render one stack through `templates/`.

    Reports AC5001 to AC5003, the limits that a template as a whole may exceed.
    """
    model = plan.model
    view = _view(plan)
    text = environment().get_template("stack.yaml.j2").render(view)
    types = resource_types(text)
    stack = Stack(model.stack, text, types, len(view["outputs"]), _origins(model, types))
    _check_limits(stack, model, found)
    return stack


def _view(plan: Plan) -> View:
    """Return what the templates see: text, numbers, lists and maps, with every decision made."""
    model = plan.model
    alarms = alarm_views(model)
    by_key = {role.key: role for role in model.roles}
    return {
        "stack": model.stack,
        "guards": _guards(model),
        "description": model.description,
        "tags": [{"Key": key, "Value": value} for key, value in model.tags.items()],
        "access": model.access,
        "service_token": own_token() if model.provider == "stack" else account_token(),
        "service_timeout": SERVICE_TIMEOUT_SECONDS,
        "retention": _retention(model.bucket),
        "bucket": _bucket(model.bucket),
        "namespaces": [_namespace(namespace, model) for namespace in model.namespaces],
        "tables": [_table(table, plan.tables[table.key]) for table in model.tables],
        "provider": _provider(model),
        "workgroups": workgroup_views(model),
        "roles": [_role(role, model) for role in model.roles],
        "streams": [_stream(stream, by_key[stream.role], model) for stream in model.streams],
        "alarms": alarms,
        "metrics_id": WHOLE_BUCKET,
        "dashboard": _dashboard(model, alarms),
        "functions": [function_view(each, by_key[each.role], model) for each in model.functions],
        "outputs": [{"name": LogicalId(name), "value": value} for name, value in _outputs(model).items()],
    }


def _guards(model: Model) -> list[View]:
    """Return what the place of a deploy must be, with what is said where it is not."""
    wanted = {"AccountId": ("account", model.account), "Region": ("Region", model.region)}
    return [
        {
            "is_account": parameter == "AccountId",
            "value": value,
            "message": f"Stage {model.stage} is for the {noun} {value} and no other one.",
        }
        for parameter, (noun, value) in wanted.items()
        if value
    ]


def _retention(bucket: Bucket) -> View:
    if bucket.retain:
        return {"deletion": "RetainExceptOnCreate", "replacement": "Retain"}
    return {"deletion": "Delete", "replacement": "Delete"}


def _bucket(bucket: Bucket) -> View:
    pattern = "arn:${AWS::Partition}:s3tables:${AWS::Region}:${AWS::AccountId}:bucket/${Bucket}"
    arn = (
        Sub(pattern, {"Bucket": bucket.name}) if bucket.existing else GetAtt("TableBucket", "TableBucketARN")
    )
    return {
        "name": bucket.name,
        "arn": arn,
        "existing": bucket.existing,
        "kms_key_arn": bucket.kms_key_arn,
        "unreferenced_days": bucket.unreferenced_days,
        "noncurrent_days": bucket.noncurrent_days,
    }


def _namespace(namespace: Namespace, model: Model) -> View:
    return {
        "name": namespace.name,
        "logical_id": LogicalId(namespace.logical_id),
        "link": namespace.link,
        "link_id": LogicalId(namespace.link_id),
        "link_after": _ids([namespace.logical_id, *_administrator(model)]),
    }


def _table(table: Table, state: TableLock) -> View:
    return {
        "logical_id": LogicalId(table.logical_id),
        "schema_id": LogicalId(table.schema_id),
        "arn": GetAtt(table.logical_id, "TableARN"),
        "name": table.name,
        "namespace": table.namespace.name,
        "namespace_id": LogicalId(table.namespace.logical_id),
        "created": _created(state.created),
        "target": _target(state),
        "compaction": _compaction(table),
        "snapshots": _snapshots(table),
        "storage_class": table.storage_class.upper(),
    }


def _created(shape: Shape) -> View:
    """Return `IcebergMetadata` of the table, a line for each column."""
    return {
        "columns": [_created_column(column) for column in shape.columns],
        "identifier": list(shape.identifier),
        "partition": [
            {
                "SourceId": field.source_id,
                "FieldId": field.field_id,
                "Name": field.name,
                "Transform": field.transform,
            }
            for field in shape.partition
        ],
        "sort": [
            {
                "SourceId": field.source_id,
                "Transform": field.transform,
                "Direction": field.direction,
                "NullOrder": field.null_order,
            }
            for field in shape.sort
        ],
        "table_properties": dict(shape.properties),
    }


def _created_column(column: Field) -> View:
    line = {
        "Id": column.id,
        "Name": column.name,
        "Type": type_json(column.type),
        "Required": column.required,
    }
    return {**line, "Doc": column.doc} if column.doc else line


def _target(state: TableLock) -> View:
    """Return what the schema resource brings the table to.

    Each item is JSON text, since CloudFormation hands a custom resource every number and boolean
    as text.
    """
    table = state.current
    lost = sorted(set(state.created.properties) - set(table.properties))
    live = {field_id for field_id, _, _ in named_ids(table.columns)}
    retired = sorted({each.id for each in state.retired} - live)
    return {
        "retired": _compact(retired) if retired else "",
        "lost_properties": lost,
        "columns": [_compact(field_json(column)) for column in table.columns],
        "identifier": _compact(list(table.identifier)),
        "partition": [_compact(partition_json(field)) for field in table.partition],
        "sort": [_compact(sort_json(field)) for field in table.sort],
        "table_properties": dict(table.properties),
    }


def _compaction(table: Table) -> View:
    if table.compaction_megabytes is None:
        return {"Status": "disabled"}
    return {"Status": "enabled", "TargetFileSizeMB": table.compaction_megabytes}


def _snapshots(table: Table) -> View:
    if table.snapshots is None:
        return {"Status": "disabled"}
    return {
        "Status": "enabled",
        "MinSnapshotsToKeep": table.snapshots.keep,
        "MaxSnapshotAgeHours": table.snapshots.max_age_hours,
    }


def _provider(model: Model) -> View | None:
    """Return the stack's own function; nothing where the account stack has it."""
    if model.provider == "account":
        return None
    return provider_view(stack_function(model.stack), "provider")


def _role(role: Role, model: Model) -> View:
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
        "grants": [_compact(_grant(grant)) for grant in role.grants],
        "grants_after": _ids(_grants_after(role, model)),
        "granted_tables": [GetAtt(table.logical_id, "TableARN") for table in _granted(role, model)],
    }


# What lambdas/query/index.py calls, and what people and drivers call besides.
_QUERY = ("GetQueryExecution", "GetQueryResults", "StartQueryExecution", "StopQueryExecution")
_READ = ("GetQueryResultsStream", "GetWorkGroup")


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


def _dashboard(model: Model, alarms: list[View]) -> View | None:
    if model.alarms is None or not model.alarms.dashboard:
        return None
    body = dashboard_body(model, [alarm["logical_id"] for alarm in alarms])
    return {"name": model.stack, "body": Block(body, _DASHBOARD_INDENT, substituted=True)}


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
        *_administrator(model),
        *(each.link_id for each in model.namespaces if each.link in links),
        *(
            each.logical_id
            for each in role.namespaces
            if not any(table.namespace == each for table in tables)
        ),
        *(table.schema_id for table in tables),
    ]


def _stream(stream: Stream, role: Role, model: Model) -> View:
    return {
        "name": stream.name,
        "logical_id": LogicalId(stream.logical_id),
        "log_group_id": LogicalId(stream.log_group_id),
        "log_stream_id": LogicalId(stream.log_stream_id),
        "log_group": stream.log_group,
        "log_days": stream.log_days,
        "after": _ids(_stream_after(stream, role)),
        "role_arn": GetAtt(role.logical_id, "Arn"),
        "kinesis_arn": stream.kinesis_arn,
        "kms_key_arn": stream.kms_key_arn,
        "through_link": stream.through_link,
        "database": stream.namespace.link if stream.through_link else stream.namespace.name,
        "destinations": [
            {"table": each.table.name, "unique_keys": list(each.unique_keys)} for each in stream.destinations
        ],
        "append_only": stream.append_only,
        "buffer_seconds": stream.buffer_seconds,
        "buffer_megabytes": stream.buffer_megabytes,
        "retry_seconds": stream.retry_seconds,
        "processors": _processors(stream),
        "error_prefix": f"{stream.key}/!{{firehose:error-output-type}}/!{{timestamp:yyyy/MM/dd}}/",
    }


def _stream_after(stream: Stream, role: Role) -> list[str]:
    """Firehose asks for the table with its role at once, and finds it only with grants or a link."""
    if role.grants:
        return [role.grants_id, stream.log_stream_id]
    link = [stream.namespace.link_id] if stream.through_link else []
    schemas = [destination.table.schema_id for destination in stream.destinations]
    return [*link, *schemas, stream.log_stream_id]


def _processors(stream: Stream) -> list[View]:
    processors = []
    if stream.transform_arn:
        processors.append({"type": "Lambda", "parameters": [_parameter("LambdaArn", stream.transform_arn)]})
    if stream.route_table or stream.route_operation:
        parameters = [
            _parameter("MetadataExtractionQuery", _metadata_query(stream)),
            _parameter("JsonParsingEngine", "JQ-1.6"),
        ]
        processors.append({"type": "MetadataExtraction", "parameters": parameters})
    return processors


def _parameter(name: str, value: str) -> View:
    return {"ParameterName": name, "ParameterValue": value}


def _metadata_query(stream: Stream) -> str:
    """Return the JQ that gives Firehose a record's database, table and operation.

    Firehose developer guide, apache-iceberg-format-input-record-different.html. The spec's JQ is
    one line without comments, so that none swallows our bracket.
    """
    database = stream.namespace.link if stream.through_link else stream.namespace.name
    table = f"({stream.route_table})" if stream.route_table else json.dumps(stream.destinations[0].table.name)
    operation = f"({stream.route_operation})" if stream.route_operation else '"insert"'
    names = f"destinationDatabaseName: {json.dumps(database)}, destinationTableName: {table}"
    return f"{{{names}, operation: {operation}}}"


def _outputs(model: Model) -> dict[str, Any]:
    bucket = _bucket(model.bucket)
    outputs: dict[str, Any] = {
        "AthenaCatalog": f"s3tablescatalog/{model.bucket.name}",
        "TableBucketArn": bucket["arn"],
        "TableBucketName": model.bucket.name,
    }
    if model.streams:
        outputs["BackupBucketName"] = Ref("BackupBucket")
    outputs.update((f"{each.link_id}Name", each.link) for each in model.namespaces)
    outputs.update((f"{each.logical_id}Arn", GetAtt(each.logical_id, "TableARN")) for each in model.tables)
    for stream in model.streams:
        outputs[f"{stream.logical_id}Name"] = stream.name
        outputs[f"{stream.logical_id}Arn"] = GetAtt(stream.logical_id, "Arn")
    for function in model.functions:
        outputs[f"{function.logical_id}Name"] = function.name
        if function.url != "none":
            outputs[function.url_id] = GetAtt(function.url_id, "FunctionUrl")
    outputs.update(
        (f"{each.logical_id}Arn", GetAtt(each.logical_id, "Arn")) for each in model.roles if each.service
    )
    return outputs


def _administrator(model: Model) -> list[str]:
    """Return what makes the provider a data lake administrator, where this template does that."""
    own = model.access == "lake_formation" and model.provider == "stack"
    return ["Administrator"] if own else []


def _ids(logical_ids: Iterable[str]) -> list[LogicalId]:
    return [LogicalId(each) for each in logical_ids]


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _origins(model: Model, types: Mapping[str, str]) -> dict[str, Location]:
    """Return where in the spec each resource comes from; the pipeline itself where no entry asks for it."""
    entries = {"TableBucket": model.bucket.location, **dict(model.logical_ids())}
    watching = model.alarms.location if model.alarms else model.location
    return {
        each: entries.get(each, watching if kind.startswith("AWS::CloudWatch::") else model.location)
        for each, kind in types.items()
    }


def _check_limits(stack: Stack, model: Model, found: Diagnostics) -> None:
    size = len(stack.text.encode())
    hint = "split the pipeline; bucket: {existing: true} lets the second one use the same bucket"
    for rule, what, count, maximum in (
        (rules.TEMPLATE_TOO_LARGE, "bytes", size, MAXIMUM_BYTES),
        (rules.TOO_MANY_RESOURCES, "resources", len(stack.types), MAXIMUM_RESOURCES),
        (rules.TOO_MANY_OUTPUTS, "outputs", stack.outputs, MAXIMUM_OUTPUTS),
    ):
        if count > maximum:
            message = f"the template has {count:,} {what}; CloudFormation takes at most {maximum:,}"
            found.add(rule, message, model.location, hint)
    for logical_id, length in oversized_policies(stack.text):
        message = f"the policy of {logical_id} has about {length:,} characters; IAM takes {POLICY_MAXIMUM:,}"
        place = stack.origins.get(logical_id, model.location)
        found.add(rules.POLICY_TOO_LARGE, message, place, "give some of its streams a role of their own")
