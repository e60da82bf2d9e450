"""Iceberg's nouns: types, fields, partition and sort fields, and their JSON.

The JSON forms are those of the Iceberg table spec, appendix C (https://iceberg.apache.org/spec/#appendix-c-json-serialization).
CloudFormation's `IcebergSchemaV2` takes the same form for a nested type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

FIRST_PARTITION_FIELD_ID = 1000
"""Iceberg spec, Partition specs: field ids of a v2 table's partitions start here."""


@dataclass(frozen=True, slots=True)
class Primitive:
    """A primitive type: its name and its numbers, as in `decimal(12,2)` or `fixed(16)`."""

    name: str
    arguments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ListType:
    """A list; the element is a field of its own, with an id."""

    element: Type
    element_required: bool = False
    element_id: int = 0


@dataclass(frozen=True, slots=True)
class MapType:
    """A map; key and value are fields with ids, a key is always required."""

    key: Type
    value: Type
    value_required: bool = False
    key_id: int = 0
    value_id: int = 0


@dataclass(frozen=True, slots=True)
class StructType:
    """A struct of named fields."""

    fields: tuple[Field, ...]


Type = Primitive | ListType | MapType | StructType


@dataclass(frozen=True, slots=True)
class Field:
    """A named field of a table or struct; id 0 means that none is assigned yet."""

    name: str
    type: Type
    required: bool = False
    doc: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Term:
    """A column under a transform, as a spec says it: by the column's name."""

    column: str
    transform: str
    argument: int | None = None
    offset: int = 0
    """Where the column's name stands in the text of the term."""

    @property
    def iceberg(self) -> str:
        """The transform as Iceberg writes it, as in `bucket[16]`."""
        return self.transform if self.argument is None else f"{self.transform}[{self.argument}]"

    @property
    def field_name(self) -> str:
        """The partition field's name, as Iceberg itself names one that is added later.

        The number is part of it, so that `bucket(16, id)` may become `bucket(32, id)`
        (Iceberg, BaseUpdatePartitionSpec).
        """
        if self.transform == "identity":
            return self.column
        suffix = "trunc" if self.transform == "truncate" else self.transform
        stem = f"{self.column}_{suffix}"
        return stem if self.argument is None else f"{stem}_{self.argument}"


@dataclass(frozen=True, slots=True)
class SortTerm:
    """A term with its direction, and where nulls go."""

    term: Term
    direction: str
    null_order: str


@dataclass(frozen=True, slots=True)
class PartitionField:
    """One field of a partition spec."""

    source_id: int
    transform: str
    name: str
    field_id: int


@dataclass(frozen=True, slots=True)
class SortField:
    """One field of a sort order."""

    source_id: int
    transform: str
    direction: str
    null_order: str


def assign_ids(fields: tuple[Field, ...], ids: Iterator[int]) -> tuple[Field, ...]:
    """Give every field, nested ones too, its id, in the order in which a catalog numbers a fresh table.

    Iceberg's own order (`TypeUtil.assignFreshIds`): all fields of a struct first, then what is
    inside each of them. A catalog that assigns ids anew at creation so comes to the same ones.
    """
    numbered = [replace(field, id=next(ids)) for field in fields]
    return tuple(replace(field, type=assign_type_ids(field.type, ids)) for field in numbered)


def assign_type_ids(type_: Type, ids: Iterator[int]) -> Type:
    """Give what is inside a type its ids, as `assign_ids` does."""
    match type_:
        case Primitive():
            return type_
        case ListType():
            element_id = next(ids)
            return replace(type_, element_id=element_id, element=assign_type_ids(type_.element, ids))
        case MapType():
            key_id, value_id = next(ids), next(ids)
            key, value = assign_type_ids(type_.key, ids), assign_type_ids(type_.value, ids)
            return replace(type_, key_id=key_id, value_id=value_id, key=key, value=value)
        case StructType():
            return StructType(assign_ids(type_.fields, ids))


def named_ids(fields: tuple[Field, ...], parent: int = 0, prefix: str = "") -> Iterator[tuple[int, int, str]]:
    """Yield of every field, nested ones too, its id, that of the field it is in, and its path of names."""
    for field in fields:
        path = f"{prefix}{field.name}"
        yield field.id, parent, path
        yield from _named_type_ids(field.type, field.id, path)


def _named_type_ids(type_: Type, parent: int, path: str) -> Iterator[tuple[int, int, str]]:
    match type_:
        case ListType():
            yield type_.element_id, parent, f"{path}.element"
            yield from _named_type_ids(type_.element, type_.element_id, f"{path}.element")
        case MapType():
            yield type_.key_id, parent, f"{path}.key"
            yield from _named_type_ids(type_.key, type_.key_id, f"{path}.key")
            yield type_.value_id, parent, f"{path}.value"
            yield from _named_type_ids(type_.value, type_.value_id, f"{path}.value")
        case StructType():
            yield from named_ids(type_.fields, parent, f"{path}.")


@dataclass(frozen=True, slots=True)
class Shape:
    """Everything about a table that Iceberg keeps in its metadata and a spec decides."""

    columns: tuple[Field, ...]
    identifier: tuple[int, ...]
    partition: tuple[PartitionField, ...]
    sort: tuple[SortField, ...]
    properties: Mapping[str, str]


def type_json(type_: Type) -> Any:
    """Return a type in Iceberg's JSON form: a string for a primitive, else an object."""
    match type_:
        case Primitive("fixed", (length,)):
            return f"fixed[{length}]"
        case Primitive(name, ()):
            return name
        case Primitive(name, arguments):
            return f"{name}({','.join(map(str, arguments))})"
        case ListType():
            return {
                "type": "list",
                "element-id": type_.element_id,
                "element": type_json(type_.element),
                "element-required": type_.element_required,
            }
        case MapType():
            return {
                "type": "map",
                "key-id": type_.key_id,
                "key": type_json(type_.key),
                "value-id": type_.value_id,
                "value": type_json(type_.value),
                "value-required": type_.value_required,
            }
        case StructType():
            return {"type": "struct", "fields": [field_json(field) for field in type_.fields]}


def field_json(field: Field) -> dict[str, Any]:
    """Return a struct field in Iceberg's JSON form."""
    result: dict[str, Any] = {
        "id": field.id,
        "name": field.name,
        "required": field.required,
        "type": type_json(field.type),
    }
    return {**result, "doc": field.doc} if field.doc else result


def partition_json(field: PartitionField) -> dict[str, Any]:
    """Return a partition field in Iceberg's JSON form."""
    return {
        "source-id": field.source_id,
        "field-id": field.field_id,
        "name": field.name,
        "transform": field.transform,
    }


def sort_json(field: SortField) -> dict[str, Any]:
    """Return a sort field in Iceberg's JSON form."""
    return {
        "source-id": field.source_id,
        "transform": field.transform,
        "direction": field.direction,
        "null-order": field.null_order,
    }


def primitives(type_: Type) -> Iterator[Primitive]:
    """Yield every primitive type inside a type."""
    match type_:
        case Primitive():
            yield type_
        case ListType():
            yield from primitives(type_.element)
        case MapType():
            yield from primitives(type_.key)
            yield from primitives(type_.value)
        case StructType():
            for field in type_.fields:
                yield from primitives(field.type)


def inner_fields(type_: Type) -> Iterator[Field]:
    """Yield every field of the structs inside a type."""
    match type_:
        case ListType():
            yield from inner_fields(type_.element)
        case MapType():
            yield from inner_fields(type_.key)
            yield from inner_fields(type_.value)
        case StructType():
            for field in type_.fields:
                yield field
                yield from inner_fields(field.type)


def type_from_json(value: Any) -> Type:
    """Read a type in Iceberg's JSON form. Raises ValueError or KeyError where it is none."""
    if isinstance(value, str):
        return _primitive_from_text(value)
    match value["type"]:
        case "list":
            return ListType(type_from_json(value["element"]), value["element-required"], value["element-id"])
        case "map":
            key, inner = type_from_json(value["key"]), type_from_json(value["value"])
            return MapType(key, inner, value["value-required"], value["key-id"], value["value-id"])
        case "struct":
            return StructType(tuple(field_from_json(each) for each in value["fields"]))
    raise ValueError(f"'{value['type']}' is no type")


def field_from_json(value: Mapping[str, Any]) -> Field:
    """Read a struct field in Iceberg's JSON form."""
    return Field(
        value["name"], type_from_json(value["type"]), value["required"], value.get("doc", ""), value["id"]
    )


def partition_from_json(value: Mapping[str, Any]) -> PartitionField:
    """Read a partition field in Iceberg's JSON form."""
    return PartitionField(value["source-id"], value["transform"], value["name"], value["field-id"])


def sort_from_json(value: Mapping[str, Any]) -> SortField:
    """Read a sort field in Iceberg's JSON form."""
    return SortField(value["source-id"], value["transform"], value["direction"], value["null-order"])


@cache
def _primitive_from_text(text: str) -> Primitive:
    name, *numbers = re.split(r"[(),\[\]\s]+", text)
    return Primitive(name, tuple(int(each) for each in numbers if each))


def spelled(type_: Type) -> str:
    """Return a type as the spec language writes it."""
    match type_:
        case Primitive(name, ()):
            return name
        case Primitive(name, arguments):
            return f"{name}({','.join(map(str, arguments))})"
        case ListType():
            return f"list<{_marked(type_.element, type_.element_required)}>"
        case MapType():
            return f"map<{spelled(type_.key)}, {_marked(type_.value, type_.value_required)}>"
        case StructType():
            fields = (f"{field.name}: {_marked(field.type, field.required)}" for field in type_.fields)
            return f"struct<{', '.join(fields)}>"


def _marked(type_: Type, required: bool) -> str:
    return spelled(type_) + "!" * required
