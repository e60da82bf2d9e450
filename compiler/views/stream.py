"""What the templates need of a Firehose stream."""

from __future__ import annotations

import json

from compiler.emit import GetAtt, LogicalId
from compiler.model import Model, Role, Stream
from compiler.views.shared import View, ids


def stream_view(stream: Stream, role: Role, model: Model) -> View:
    """Return what `templates/stream.yaml.j2` needs."""
    return {
        "name": stream.name,
        "logical_id": LogicalId(stream.logical_id),
        "log_group_id": LogicalId(stream.log_group_id),
        "log_stream_id": LogicalId(stream.log_stream_id),
        "log_group": stream.log_group,
        "log_days": stream.log_days,
        "after": ids(_stream_after(stream, role)),
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
