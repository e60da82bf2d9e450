"""What differs between two accepted states, by field id, and what it means for whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from compiler.change import Change
from compiler.iceberg import (
    Field,
    ListType,
    MapType,
    PartitionField,
    Primitive,
    Shape,
    StructType,
    Type,
    spelled,
)
from compiler.lock import Lock, TableLock

_NULL = "null in rows from before"
_BY_ID = "kept as they are, found by their id"


def differences(before: Lock, after: Lock) -> tuple[Change, ...]:
    """Return what changes in tables between two locks, in the order of the later one."""
    changes: list[Change] = []
    was = {entry.logical_id: (key, entry) for key, entry in before.tables.items()}
    for key, entry in after.tables.items():
        earlier = was.get(entry.logical_id)
        address = f"tables.{key}"
        if earlier is None:
            changes.append(Change("create", address, "", "", "", {}))
        elif entry.removed:
            changes += [] if earlier[1].removed else [_removal(address)]
        else:
            changes += _table(address, earlier[0], earlier[1], entry)
    return tuple(changes)


def _removal(address: str) -> Change:
    rows = "stay, in a table that no stack owns, unless the bucket has retain: false"
    means = {"rows": rows, "queries": "that name it must be changed", "access": "grants on it are revoked"}
    return Change("delete", address, "", "", "", means)


def _table(address: str, key: str, before: TableLock, after: TableLock) -> Iterator[Change]:
    if before.removed:
        because = "its rows are still there: import the table instead of creating it"
        yield Change("create", address, "", "", "", {"rows": "are back"}, because)
    if f"tables.{key}" != address and key != after.logical_id:  # a template knows no keys of the spec
        yield _evolve(address, "key", key, address.removeprefix("tables."))
    old, new = (f"{each.namespace}.{each.name}" for each in (before, after))
    if old != new:
        yield _evolve(
            address,
            "name",
            old,
            new,
            rows="stay where they are",
            queries=f"must say {new}",
            access="grants are made anew on the new name",
        )
    yield from _columns(address, before.current, after.current)
    yield from _rest(address, before.current, after.current)


@dataclass(frozen=True, slots=True)
class _Node:
    """A field at any depth: where it is, and what of it can change by itself."""

    parent: int
    path: str
    type: str
    shape: str
    """The type of a primitive, the bare kind of another, whose inside is compared field by field."""
    required: bool
    doc: str


def _nodes(shape: Shape) -> dict[int, _Node]:
    return dict(node for column in shape.columns for node in _of_field(column, "", 0))


def _of_field(field: Field, prefix: str, parent: int) -> Iterator[tuple[int, _Node]]:
    path = f"{prefix}{field.name}"
    yield field.id, _node(parent, path, field.type, field.required, field.doc)
    yield from _inside(field.type, path, field.id)


def _inside(type_: Type, path: str, parent: int) -> Iterator[tuple[int, _Node]]:
    match type_:
        case ListType():
            yield type_.element_id, _node(parent, f"{path}.element", type_.element, type_.element_required)
            yield from _inside(type_.element, f"{path}.element", type_.element_id)
        case MapType():
            yield type_.key_id, _node(parent, f"{path}.key", type_.key, required=True)
            yield type_.value_id, _node(parent, f"{path}.value", type_.value, type_.value_required)
            yield from _inside(type_.value, f"{path}.value", type_.value_id)
        case StructType():
            for field in type_.fields:
                yield from _of_field(field, f"{path}.", parent)


def _node(parent: int, path: str, type_: Type, required: bool, doc: str = "") -> _Node:
    shape = spelled(type_) if isinstance(type_, Primitive) else type(type_).__name__
    return _Node(parent, path, spelled(type_), shape, required, doc)


def _columns(address: str, before: Shape, after: Shape) -> Iterator[Change]:
    old, new = _nodes(before), _nodes(after)
    for field_id, node in new.items():
        if field_id in old:
            yield from _field(address, old[field_id], node)
        elif node.parent not in new or node.parent in old:
            yield _added(address, node)
    for field_id, node in old.items():
        if field_id not in new and (node.parent not in old or node.parent in new):
            yield _dropped(address, node)
    if _order(before, new) != _order(after, old):
        means = "SELECT * gives them in the new order"
        yield _evolve(address, "columns", "", "in another order", queries=means)


def _order(shape: Shape, others: Mapping[int, _Node]) -> list[int]:
    return [column.id for column in shape.columns if column.id in others]


def _added(address: str, node: _Node) -> Change:
    records = {} if "." in node.path else {"records": "send it once this is deployed; before, it is dropped"}
    return Change("create", address, f"columns.{node.path}", "", node.type, {"rows": _NULL, **records})


def _dropped(address: str, node: _Node) -> Change:
    means = {
        "rows": "its values stay in old files, and nobody can read them",
        "queries": "fail that name it",
        "records": "a key of this name is dropped",
    }
    return Change("delete", address, f"columns.{node.path}", node.type, "", means)


def _field(address: str, old: _Node, new: _Node) -> Iterator[Change]:
    where = f"columns.{new.path}"
    name, former = new.path.rsplit(".", 1)[-1], old.path.rsplit(".", 1)[-1]
    if name != former:
        yield _evolve(
            address,
            where,
            f"named {former}",
            f"named {name}",
            rows=_BY_ID,
            queries=f"must say {name}",
            records=f"must say {name} from this deploy on; a key {former} is dropped",
        )
    if old.shape != new.shape:
        yield _evolve(
            address, where, old.type, new.type, rows="read as the wider type", records="may be larger"
        )
    if old.required != new.required:
        words = ["required" if each.required else "optional" for each in (old, new)]
        yield _evolve(address, where, words[0], words[1], records="may leave it out")
    if old.doc != new.doc:
        yield _evolve(address, f"{where}.doc", old.doc, new.doc)


def _rest(address: str, before: Shape, after: Shape) -> Iterator[Change]:
    if before.identifier != after.identifier:
        yield _evolve(address, "identifier", _named(before), _named(after))
    if before.partition != after.partition:
        means = "old files keep their partitioning, new ones get the new one"
        yield _evolve(address, "partition", _fields(before.partition), _fields(after.partition), rows=means)
    if before.sort != after.sort:
        yield _evolve(address, "sort", _sorted_by(before), _sorted_by(after), rows="new files only")
    if dict(before.properties) != dict(after.properties):
        yield _evolve(address, "properties", _pairs(before.properties), _pairs(after.properties))


def _evolve(address: str, path: str, before: str, after: str, **means: str) -> Change:
    return Change("evolve", address, path, before, after, means)


def _named(shape: Shape) -> str:
    names = {column.id: column.name for column in shape.columns}
    return ", ".join(names.get(each, "?") for each in shape.identifier) or "none"


def _fields(fields: tuple[PartitionField, ...]) -> str:
    return ", ".join(each.name for each in fields) or "none"


def _sorted_by(shape: Shape) -> str:
    names = {column.id: column.name for column in shape.columns}
    return ", ".join(f"{names.get(each.source_id, '?')} {each.direction}" for each in shape.sort) or "none"


def _pairs(properties: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(properties.items()))
