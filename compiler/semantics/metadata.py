"""A live table's Iceberg metadata, as the lock's nouns (Iceberg spec, Table Metadata Fields)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.iceberg import (
    FIRST_PARTITION_FIELD_ID,
    Field,
    PartitionField,
    Shape,
    field_from_json,
    named_ids,
    partition_from_json,
    sort_from_json,
)
from compiler.lock import Retired, TableLock
from compiler.model import Table


def shape_of(metadata: Mapping[str, Any], properties: Mapping[str, str]) -> Shape:
    """Return the current shape of a live table; `properties` are those that the spec decides."""
    schema = _current(metadata["schemas"], "schema-id", metadata["current-schema-id"])
    spec = _current(metadata["partition-specs"], "spec-id", metadata["default-spec-id"])
    order = _current(metadata["sort-orders"], "order-id", metadata["default-sort-order-id"])
    return Shape(
        columns=tuple(field_from_json(each) for each in schema.get("fields", ())),
        identifier=tuple(sorted(schema.get("identifier-field-ids", ()))),
        partition=tuple(partition_from_json(each) for each in spec.get("fields", ())),
        sort=tuple(sort_from_json(each) for each in order.get("fields", ())),
        properties=properties,
    )


def lock_of(
    table: Table, metadata: Mapping[str, Any], made: TableLock | None, created: Shape | None, template: str
) -> TableLock:
    """Rebuild a table's entry of the lock from what its metadata remembers.

    `made` is what the deployed template says of the table, and `created` what it made the table
    with; without them the ids are those of a new table, and the oldest schema that the metadata
    still has stands in.
    """
    current = shape_of(metadata, table.properties)
    live = {field_id for field_id, _, _ in named_ids(current.columns)}
    history = {
        each["field-id"]: partition_from_json(each)
        for spec in metadata["partition-specs"]
        for each in spec.get("fields", ())
    }
    sources = {each["source-id"] for order in metadata["sort-orders"] for each in order.get("fields", ())}
    return TableLock(
        logical_id=made.logical_id if made else table.logical_id,
        schema_id=made.schema_id if made else table.schema_id,
        template=template,
        namespace=made.namespace if made else table.namespace.name,
        name=made.name if made else table.name,
        storage_class=table.storage_class,
        created=created or _oldest(metadata, table),
        current=current,
        last_column_id=max(metadata["last-column-id"], *live, 0),
        # Catalogs are known that forget to count it up.
        last_partition_id=max(metadata.get("last-partition-id", 0), FIRST_PARTITION_FIELD_ID - 1, *history),
        partition_history=tuple(history[each] for each in sorted(history)),
        sorted_by=tuple(sorted(sources)),
        retired=_retired(metadata, current),
    )


def created_by(resource: Mapping[str, Any]) -> Shape:
    """Return the `IcebergMetadata` of a table resource of ours, as a shape."""
    metadata = resource["IcebergMetadata"]
    schema = metadata["IcebergSchemaV2"]
    return Shape(
        columns=tuple(field_from_json(_lower(each)) for each in schema["SchemaV2FieldList"]),
        identifier=tuple(schema.get("IdentifierFieldIds", ())),
        partition=tuple(
            PartitionField(each["SourceId"], each["Transform"], each["Name"], each["FieldId"])
            for each in metadata.get("IcebergPartitionSpec", {}).get("Fields", ())
        ),
        sort=tuple(
            sort_from_json(
                {
                    "source-id": each["SourceId"],
                    "transform": each["Transform"],
                    "direction": each["Direction"],
                    "null-order": each["NullOrder"],
                }
            )
            for each in metadata.get("IcebergSortOrder", {}).get("Fields", ())
        ),
        properties=metadata["TableProperties"],
    )


def _lower(column: Mapping[str, Any]) -> dict[str, Any]:
    return {key.lower(): value for key, value in column.items()}


def _current(entries: list[Mapping[str, Any]], key: str, wanted: int) -> Mapping[str, Any]:
    return next((each for each in entries if each.get(key) == wanted), {})


def _oldest(metadata: Mapping[str, Any], table: Table) -> Shape:
    schema = min(metadata["schemas"], key=lambda each: each["schema-id"])
    spec = min(metadata["partition-specs"], key=lambda each: each["spec-id"])
    order = min(metadata["sort-orders"], key=lambda each: each["order-id"])
    return Shape(
        columns=tuple(field_from_json(each) for each in schema.get("fields", ())),
        identifier=tuple(sorted(schema.get("identifier-field-ids", ()))),
        partition=tuple(partition_from_json(each) for each in spec.get("fields", ())),
        sort=tuple(sort_from_json(each) for each in order.get("fields", ())),
        properties=table.properties,
    )


def _retired(metadata: Mapping[str, Any], current: Shape) -> tuple[Retired, ...]:
    """Return every name that a field had in an older schema and has no more."""
    now = {(each.id, each.parent, each.name) for each in _names(current.columns)}
    gone = {
        (each.id, each.parent, each.name): each
        for schema in metadata["schemas"]
        for each in _names(tuple(field_from_json(each) for each in schema.get("fields", ())))
    }
    return tuple(gone[each] for each in sorted(gone.keys() - now))


def _names(columns: tuple[Field, ...]) -> Iterator[Retired]:
    return (Retired(*each) for each in named_ids(columns))
