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
    SortField,
    StructType,
    Type,
    named_ids,
    spelled,
)
from compiler.lock import Lock, TableLock
from compiler.semantics.promotion import promotes

_NULL = "null in rows from before"
_BY_ID = "kept as they are, found by their id"


def differences(before: Lock, after: Lock) -> tuple[Change, ...]:
    """Return what changes in tables between two locks: first what goes, then the later one's order."""
    was = {entry.logical_id: (key, entry) for key, entry in before.tables.items()}
    now = {entry.logical_id: (key, entry) for key, entry in after.tables.items()}
    changes: list[Change] = []
    for logical_id, (key, entry) in was.items():
        later_key, later = now.get(logical_id, (key, None))  # a template knows no keys of the spec
        if not entry.removed and (later is None or later.removed):
            changes.append(_removal(f"tables.{later_key}", entry))
    for logical_id, (key, entry) in now.items():
        if logical_id in was and not entry.removed:
            changes += _table(f"tables.{key}", *was[logical_id], entry)
        elif not entry.removed:
            changes.append(Change("create", f"tables.{key}", "", "", _shown(entry.current), {}))
    return tuple(changes)


def _shown(shape: Shape) -> str:
    return f"{len(shape.columns)} column{'s' * (len(shape.columns) != 1)}"


def _removal(address: str, entry: TableLock) -> Change:
    means = {"queries": "that name it must be changed", "access": "grants on it are revoked"}
    if entry.template:  # from a lock, where a template says by its DeletionPolicy what becomes of the rows
        means["rows"] = "stay in a table that no stack owns, unless it was deployed with retain: false"
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
    if before.current != after.current:
        yield from _columns(address, before.current, after.current)
        yield from _rest(address, before.current, after.current)


@dataclass(frozen=True, slots=True)
class _Node:
    """A field at any depth: where it is, and what of it can change by itself."""

    parent: int
    path: str
    type: Type
    required: bool
    doc: str = ""


def _nodes(shape: Shape) -> dict[int, _Node]:
    return dict(node for column in shape.columns for node in _of_field(column, "", 0))


def _of_field(field: Field, prefix: str, parent: int) -> Iterator[tuple[int, _Node]]:
    path = f"{prefix}{field.name}"
    yield field.id, _Node(parent, path, field.type, field.required, field.doc)
    yield from _inside(field.type, path, field.id)


def _inside(type_: Type, path: str, parent: int) -> Iterator[tuple[int, _Node]]:
    match type_:
        case ListType():
            yield type_.element_id, _Node(parent, f"{path}.element", type_.element, type_.element_required)
            yield from _inside(type_.element, f"{path}.element", type_.element_id)
        case MapType():
            yield type_.key_id, _Node(parent, f"{path}.key", type_.key, required=True)
            yield type_.value_id, _Node(parent, f"{path}.value", type_.value, type_.value_required)
            yield from _inside(type_.value, f"{path}.value", type_.value_id)
        case StructType():
            for field in type_.fields:
                yield from _of_field(field, f"{path}.", parent)


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
    yield from _orders(address, old, new)


def _orders(address: str, old: Mapping[int, _Node], new: Mapping[int, _Node]) -> Iterator[Change]:
    """Report each struct, and the table itself, whose fields stand in another order."""
    orders = _order(old, new), _order(new, old)
    for parent, order in orders[1].items():
        if order != orders[0].get(parent):
            where = f"columns.{new[parent].path}" if parent else "columns"
            means = {} if parent else {"queries": "SELECT * gives them in the new order"}
            yield _evolve(address, where, "", "in another order", **means)


def _order(nodes: Mapping[int, _Node], others: Mapping[int, _Node]) -> dict[int, list[int]]:
    """Return the ids of the fields in each parent, without those that only one side has."""
    order: dict[int, list[int]] = {}
    for field_id, node in nodes.items():
        if field_id in others:
            order.setdefault(node.parent, []).append(field_id)
    return order


def _added(address: str, node: _Node) -> Change:
    records = {} if "." in node.path else {"records": "send it once this is deployed; before, it is dropped"}
    return Change(
        "create", address, f"columns.{node.path}", "", spelled(node.type), {"rows": _NULL, **records}
    )


def _dropped(address: str, node: _Node) -> Change:
    means = {
        "rows": "its values stay in old files, and nobody can read them",
        "queries": "fail that name it",
        "records": "a key of this name is dropped",
    }
    return Change("delete", address, f"columns.{node.path}", spelled(node.type), "", means)


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
    if _differs(old.type, new.type):
        yield _retyped(address, where, old.type, new.type)
    if old.required != new.required:
        words = ["required" if each.required else "optional" for each in (old, new)]
        records = "must have it" if new.required else "may leave it out"
        yield _evolve(address, where, words[0], words[1], records=records)
    if old.doc != new.doc:
        yield _evolve(address, f"{where}.doc", old.doc or "none", new.doc or "none")


def _differs(old: Type, new: Type) -> bool:
    """Whether the types differ in themselves; what is inside of them is compared field by field."""
    if isinstance(old, Primitive) or isinstance(new, Primitive):
        return old != new
    return type(old) is not type(new)


def _retyped(address: str, where: str, old: Type, new: Type) -> Change:
    means = {"rows": "cannot be read as the new type"}
    if isinstance(old, Primitive) and isinstance(new, Primitive):
        if promotes(old, new):
            means = {"rows": "read as the wider type", "records": "may be larger"}
        elif promotes(new, old):
            means = {"rows": "may not fit"}
    return _evolve(address, where, spelled(old), spelled(new), **means)


def _rest(address: str, before: Shape, after: Shape) -> Iterator[Change]:
    if before.identifier != after.identifier:
        yield _evolve(address, "identifier", _named(before), _named(after))
    if before.partition != after.partition:
        yield _repartitioned(address, before, after)
    if before.sort != after.sort:
        yield _evolve(address, "sort", _sorted(before), _sorted(after), rows="new files only")
    if dict(before.properties) != dict(after.properties):
        yield _evolve(address, "properties", _pairs(before.properties), _pairs(after.properties))


def _repartitioned(address: str, before: Shape, after: Shape) -> Change:
    old, new = _partitioned(before), _partitioned(after)
    if old == new:
        ids = [
            ", ".join(f"{each.name} {each.field_id}" for each in shape.partition) for shape in (before, after)
        ]
        return _evolve(address, "partition", ids[0], ids[1], rows="numbered as the table itself has it")
    means = "old files keep their partitioning, new ones get the new one"
    return _evolve(address, "partition", old, new, rows=means)


def _evolve(address: str, path: str, before: str, after: str, **means: str) -> Change:
    return Change("evolve", address, path, before, after, means)


def _named(shape: Shape) -> str:
    names = _names(shape)
    return ", ".join(names.get(each, "?") for each in shape.identifier) or "none"


def _partitioned(shape: Shape) -> str:
    names = _names(shape)
    return ", ".join(_term(each, names) for each in shape.partition) or "none"


def _sorted(shape: Shape) -> str:
    names = _names(shape)
    terms = (
        f"{_term(each, names)} {each.direction} {each.null_order.replace('-', ' ')}" for each in shape.sort
    )
    return ", ".join(terms) or "none"


def _names(shape: Shape) -> dict[int, str]:
    return {field_id: path for field_id, _, path in named_ids(shape.columns)}


def _term(field: PartitionField | SortField, names: Mapping[int, str]) -> str:
    """Return a field's term as the spec language writes it, as in `bucket(16, id)`."""
    source = names.get(field.source_id, "?")
    name, _, number = field.transform.rstrip("]").partition("[")
    if name == "identity":
        return source
    return f"{name}({number}, {source})" if number else f"{name}({source})"


def _pairs(properties: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(properties.items()))
