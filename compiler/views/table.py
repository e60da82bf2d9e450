"""What the templates need of a table: how it was created, for ever, and what it is to be."""

from __future__ import annotations

from compiler.emit import GetAtt, LogicalId
from compiler.iceberg import Field, Shape, field_json, named_ids, partition_json, sort_json, type_json
from compiler.lock import TableLock
from compiler.model import Table
from compiler.views.shared import View, compact


def table_view(table: Table, state: TableLock) -> View:
    """Return what `templates/table.yaml.j2` needs: how the table was created, and what it is to be."""
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
        "retired": compact(retired) if retired else "",
        "lost_properties": lost,
        "columns": [compact(field_json(column)) for column in table.columns],
        "identifier": compact(list(table.identifier)),
        "partition": [compact(partition_json(field)) for field in table.partition],
        "sort": [compact(sort_json(field)) for field in table.sort],
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
