"""From the accepted state of a table to the one that its spec asks for, without losing a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from compiler import rules
from compiler.diagnostics import Diagnostics, Location, Rule
from compiler.document import Document, Path
from compiler.iceberg import (
    FIRST_PARTITION_FIELD_ID,
    Field,
    ListType,
    MapType,
    PartitionField,
    Primitive,
    Shape,
    SortField,
    StructType,
    Type,
    assign_ids,
    assign_type_ids,
    named_ids,
    spelled,
)
from compiler.lock import Retired, TableLock
from compiler.model import Table
from compiler.names import nearest
from compiler.semantics.promotion import keeps_partitions, promotes

_TABLE = 0
"""The parent of a column, where a nested field has the id of the field it is in."""


@dataclass(slots=True)
class Evolution:
    """One table on its way; what it comes to, what changes, and what of the consents was needed."""

    table: Table
    accepted: TableLock
    document: Document
    found: Diagnostics
    last_column_id: int
    retired: list[Retired]
    used: set[tuple[str, str]] = field(default_factory=set)

    @property
    def address(self) -> str:
        """The table's place in the spec."""
        return f"tables.{self.table.key}"

    def ids(self) -> Iterator[int]:
        """Yield new field ids, each higher than any that was ever used."""
        while True:
            self.last_column_id += 1
            yield self.last_column_id

    def consents(self, kind: str, name: str) -> bool:
        """Whether the spec allows this to be lost; a consent that was asked for counts as needed."""
        allowed = any(each.kind == kind and name in each.names for each in self.table.consents)
        if allowed:
            self.used.add((kind, name))
        return allowed

    def at(self, path: str, *more: str) -> Location:
        """Return where the column at a dotted path stands; of a nested field, its column."""
        top = path.split(".")[0]
        where: Path = (
            ("tables", self.table.key, "columns", top) if top else ("tables", self.table.key, "columns")
        )
        return self.document.locate((*where, *more)) if more else self.document.locate_key(where)

    def refuse(self, rule: Rule, message: str, place: Location, hint: str) -> None:
        """Report a change that cannot be made, or not without consent."""
        self.found.add(rule, message, place, hint)


def evolve(table: Table, accepted: TableLock, document: Document, found: Diagnostics) -> TableLock:
    """Return what the table comes to; refused changes are in `found`.

    The rules are those of the Iceberg spec for format version 2 (Schema Evolution, Partition
    Evolution) and what S3 Tables accepts of them. Reports AC4001 to AC4011, AC4014, AC4101 and AC4102.
    """
    way = Evolution(table, accepted, document, found, accepted.last_column_id, list(accepted.retired))
    columns = _fields(way, accepted.current.columns, table.columns, "", _TABLE)
    by_name = {column.name: column for column in columns}
    history = list(accepted.partition_history)
    partition, last_partition_id = _partition(table, by_name, history, accepted.last_partition_id)
    _check_partition_names(way, partition, by_name)
    shape = Shape(
        columns=columns,
        identifier=_identifier(table, by_name),
        partition=partition,
        sort=_sort(table, by_name),
        properties=table.properties,
    )
    _report_unused(table, way.used, found)
    return replace(
        accepted,
        namespace=table.namespace.name,
        name=table.name,
        removed=False,
        current=shape,
        last_column_id=way.last_column_id,
        last_partition_id=last_partition_id,
        partition_history=tuple(history),
        sorted_by=tuple(sorted({*accepted.sorted_by, *(each.source_id for each in shape.sort)})),
        retired=tuple(way.retired),
    )


def fresh(table: Table, template: str, document: Document, found: Diagnostics) -> TableLock:
    """Return the state of a table that was never accepted before. Reports AC4009 and AC4102."""
    ids = count(1)
    columns = assign_ids(table.columns, ids)
    by_name = {column.name: column for column in columns}
    history: list[PartitionField] = []
    partition, last_partition_id = _partition(table, by_name, history, FIRST_PARTITION_FIELD_ID - 1)
    shape = Shape(columns, _identifier(table, by_name), partition, _sort(table, by_name), table.properties)
    for name, former in table.former_names.items():
        place = document.locate(("tables", table.key, "columns", name, "was"))
        message = f"column '{name}' says it was '{former}', and table '{table.key}' is new"
        hint = "remove was; or, if the table is there already, bring back its entry in the lock"
        found.add(rules.UNKNOWN_FORMER_NAME, message, place, hint)
    _report_unused(table, set(), found)
    return TableLock(
        logical_id=table.logical_id,
        schema_id=table.schema_id,
        template=template,
        namespace=table.namespace.name,
        name=table.name,
        storage_class=table.storage_class,
        created=shape,
        current=shape,
        last_column_id=next(ids) - 1,
        last_partition_id=last_partition_id,
        partition_history=tuple(history),
        sorted_by=tuple(sorted({each.source_id for each in shape.sort})),
    )


def _fields(
    way: Evolution, old: tuple[Field, ...], new: tuple[Field, ...], prefix: str, parent: int
) -> tuple[Field, ...]:
    """Bring the fields of one struct, or of the table, from old to new."""
    earlier = _matches(way, old, new) if parent == _TABLE else _same_names(old, new)
    result: list[Field] = []
    for each in new:
        before = earlier.get(each.name)
        _check_reuse(way, each, before, old, prefix, parent)
        if before is None:
            result.append(_added(way, each, prefix + each.name))
        else:
            result.append(_changed(way, before, each, prefix, parent))
    kept = {each.id for each in earlier.values()}
    for each in old:
        if each.id not in kept:
            _dropped(way, each, prefix, parent)
    return tuple(result)


def _same_names(old: tuple[Field, ...], new: tuple[Field, ...]) -> dict[str, Field]:
    names = {each.name for each in new}
    return {each.name: each for each in old if each.name in names}


def _matches(way: Evolution, old: tuple[Field, ...], new: tuple[Field, ...]) -> dict[str, Field]:
    """Return the old column of each new one that had one: by `was` first, then by name."""
    by_name = {each.name: each for each in old}
    matches: dict[str, Field] = {}
    claimed: dict[str, str] = {}
    done = _done_renames(way, by_name)
    for name, former in way.table.former_names.items():
        if name in done:
            message = f"column '{name}' of table '{way.table.key}' has had this name already"
            place = way.at(name, "was")
            way.found.add(rules.STALE_FORMER_NAME, f"{message}: 'was' does nothing", place, "remove was")
        elif former in by_name and former not in claimed:
            matches[name] = by_name[former]
            claimed[former] = name
        else:
            _report_former(way, name, former, by_name, claimed)
    unclaimed = tuple(column for column in old if column.name not in claimed)
    return {**_same_names(unclaimed, new), **matches}


def _done_renames(way: Evolution, by_name: Mapping[str, Field]) -> set[str]:
    """Return the columns whose rename is in the lock already, so that it is not done once more.

    The lock knows which names a column had. A column that goes on under yet another name is not
    the one that keeps this name, though: then its `was` is about the next to have it.
    """
    renames = way.table.former_names
    had = {(each.id, each.name) for each in way.accepted.retired if each.parent == _TABLE}
    done = {
        name
        for name, former in renames.items()
        if name in by_name and (former == name or former not in by_name or (by_name[name].id, former) in had)
    }
    while moving := done & {former for name, former in renames.items() if name not in done}:
        done -= moving
    return done


def _report_former(
    way: Evolution, name: str, former: str, by_name: Mapping[str, Field], claimed: Mapping[str, str]
) -> None:
    if former in claimed:
        message = f"columns '{claimed[former]}' and '{name}' both say that they were '{former}'"
        hint = "only one of them can go on with its values"
        way.refuse(rules.SAME_FORMER_NAME, message, way.at(name, "was"), hint)
        return
    message = f"column '{name}' says it was '{former}', and table '{way.table.key}' has no such column"
    near = nearest(former, by_name)
    hint = f"did you mean '{near}'?" if near else "remove was: then this is a new column"
    way.refuse(rules.UNKNOWN_FORMER_NAME, message, way.at(name, "was"), hint)


def _check_reuse(
    way: Evolution, new: Field, before: Field | None, old: tuple[Field, ...], prefix: str, parent: int
) -> None:
    """Ask for consent where another field of the same struct, or column, ever had the name."""
    if before and before.name == new.name:
        return
    own = before.id if before else None
    users = {each.id for each in old if each.name == new.name}
    users |= {each.id for each in way.accepted.retired if (each.parent, each.name) == (parent, new.name)}
    if not users - {own}:
        return
    path = prefix + new.name
    if not way.consents("reuse_name", path):
        message = f"table '{way.table.key}' had another column '{path}' before"
        hint = f'take a new name, or write allow: {{reuse_name: {{names: [{path}], reason: "…"}}}}'
        way.refuse(rules.REUSED_NAME, message, way.at(path), hint)


def _added(way: Evolution, new: Field, path: str) -> Field:
    if new.required:
        message = (
            f"column '{path}' of table '{way.table.key}' is new and required; old rows have no value for it"
        )
        without = "the '!'" if "." in path else "required"
        hint = f"leave {without} out: S3 Tables refuses a new required column"
        way.refuse(rules.NEW_REQUIRED_COLUMN, message, way.at(path), hint)
    return assign_ids((new,), way.ids())[0]


def _changed(way: Evolution, old: Field, new: Field, prefix: str, parent: int) -> Field:
    path = prefix + new.name
    if old.name != new.name:
        way.retired = [each for each in way.retired if (each.id, each.path) != (old.id, path)]
        way.retired.append(Retired(old.id, parent, prefix + old.name))
    if new.required and not old.required:
        message = f"column '{path}' of table '{way.table.key}' was optional and is now required"
        hint = "leave it optional: old rows may have no value"
        way.refuse(rules.NOW_REQUIRED, message, way.at(path), hint)
    type_ = _type(way, old.type, new.type, path, old.id)
    return Field(new.name, type_, new.required, new.doc, old.id)


def _type(way: Evolution, old: Type, new: Type, path: str, field_id: int) -> Type:
    match old, new:
        case Primitive(), Primitive():
            return _primitive(way, old, new, path, field_id)
        case ListType(), ListType():
            element = _type(way, old.element, new.element, f"{path}.element", old.element_id)
            _inner_required(way, old.element_required, new.element_required, f"{path}.element")
            return replace(new, element=element, element_id=old.element_id)
        case MapType(), MapType():
            if spelled(old.key) != spelled(new.key):
                message = f"the key of '{path}' was {spelled(old.key)} and is now {spelled(new.key)}"
                hint = "add a column of the new type: Iceberg cannot change a map's key"
                way.refuse(rules.MAP_KEY_CHANGED, message, way.at(path), hint)
            value = _type(way, old.value, new.value, f"{path}.value", old.value_id)
            _inner_required(way, old.value_required, new.value_required, f"{path}.value")
            return replace(new, key=old.key, value=value, key_id=old.key_id, value_id=old.value_id)
        case StructType(), StructType():
            return StructType(_fields(way, old.fields, new.fields, f"{path}.", field_id))
    _report_changed_type(way, old, new, path)
    return assign_type_ids(new, way.ids())


def _primitive(way: Evolution, old: Primitive, new: Primitive, path: str, field_id: int) -> Primitive:
    if old == new:
        return new
    if not promotes(old, new):
        _report_changed_type(way, old, new, path)
        return new
    for each in way.accepted.partition_history:
        if each.source_id == field_id and not keeps_partitions(old, each.transform):
            message = (
                f"column '{path}' of table '{way.table.key}' was {spelled(old)} and is now {spelled(new)}"
            )
            hint = f"add a column of the new type: files are partitioned by '{each.name}' of the old one"
            way.refuse(rules.PARTITION_SOURCE_CHANGED, message, way.at(path), hint)
            break
    return new


def _report_changed_type(way: Evolution, old: Type, new: Type, path: str) -> None:
    message = f"column '{path}' of table '{way.table.key}' was {spelled(old)} and is now {spelled(new)}"
    narrowed = isinstance(old, Primitive) and isinstance(new, Primitive) and promotes(new, old)
    if narrowed:
        hint = f"add a column of the new type, or keep {spelled(old)}"
        way.refuse(rules.NARROWED_COLUMN, f"{message}; old values may not fit", way.at(path), hint)
    else:
        hint = f"add a column of the new type under another name, or keep {spelled(old)}"
        way.refuse(rules.CHANGED_TYPE, message, way.at(path), hint)


def _inner_required(way: Evolution, old: bool, new: bool, path: str) -> None:
    if new and not old:
        message = f"'{path}' of table '{way.table.key}' was optional and is now required"
        way.refuse(rules.NOW_REQUIRED, message, way.at(path), "leave the '!' out: old rows may have no value")


def _dropped(way: Evolution, old: Field, prefix: str, parent: int) -> None:
    path = prefix + old.name
    consented = way.consents("drop_column", path)
    used, hint = _used_as(way, old)
    if used:
        message = f"column '{path}' of table '{way.table.key}' is gone, and it is {used}"
        way.refuse(rules.DROPPED_COLUMN_IN_USE, message, way.at(prefix), hint)
    elif not consented:
        message = f"column '{path}' of table '{way.table.key}' is gone; its values could no longer be read"
        became = "" if prefix else 'name it in "was" of the column it became, '
        hint = f'put it back, {became}or write allow: {{drop_column: {{names: [{path}], reason: "…"}}}}'
        way.refuse(rules.DROPPED_COLUMN, message, way.at(prefix), hint)
    way.retired += [Retired(*each) for each in named_ids((old,), parent, prefix)]


def _used_as(way: Evolution, column: Field) -> tuple[str, str]:
    """Return what a field is used for that forbids to drop it, and the way out.

    Iceberg spec, Partition Evolution: an old spec goes on naming its source column by id.
    """
    ids = {field_id for field_id, _, _ in named_ids((column,))}
    accepted = way.accepted
    if ids & set(accepted.current.identifier):
        return (
            "part of the identifier",
            "take it out of identifier first, deploy that, and drop it afterwards",
        )
    keep = "keep it, if you like under another name: old files are laid out by it"
    if ids & {each.source_id for each in accepted.partition_history}:
        return "what files are partitioned by, now or in the past", keep
    if ids & set(accepted.sorted_by):
        return "what files are sorted by, now or in the past", keep
    return "", ""


def _check_partition_names(
    way: Evolution, partition: tuple[PartitionField, ...], by_name: Mapping[str, Field]
) -> None:
    """Refuse a column under the name of a partition field, which keeps its own when its source is renamed.

    Iceberg, PartitionSpec.Builder.checkAndAddPartitionName: only an identity field may have the
    name of a column, and only of its source.
    """
    for each in partition:
        column = by_name.get(each.name)
        if column and not (each.transform == "identity" and column.id == each.source_id):
            message = f"column '{each.name}' of table '{way.table.key}' has the name of a partition field"
            source = next(name for name, column in by_name.items() if column.id == each.source_id)
            by = f"'{source}'" if each.transform == "identity" else f"{each.transform} of '{source}'"
            hint = f"take another name: under this one files are partitioned by {by}"
            way.refuse(rules.COLUMN_NAMED_AS_PARTITION, message, way.at(each.name), hint)


def _identifier(table: Table, by_name: Mapping[str, Field]) -> tuple[int, ...]:
    return tuple(sorted(by_name[name].id for name in table.identifier if name in by_name))


def _partition(
    table: Table, by_name: Mapping[str, Field], history: list[PartitionField], last_id: int
) -> tuple[tuple[PartitionField, ...], int]:
    """Return the partition fields; one that comes back gets its old id and name.

    Iceberg spec, Partition Evolution: ids are unique over all specs of a table, and an equal field
    keeps its id. `history` grows by the new ones.
    """
    known = {(each.source_id, each.transform): each for each in history}
    names = {each.name for each in history}
    result: list[PartitionField] = []
    for term in table.partition:
        source = by_name[term.column].id
        earlier = known.get((source, term.iceberg))
        if earlier is None:
            last_id += 1
            name = term.field_name if term.field_name not in names else f"{term.field_name}_{last_id}"
            earlier = PartitionField(source, term.iceberg, name, last_id)
            history.append(earlier)
            names.add(name)
        result.append(earlier)
    return tuple(result), last_id


def _sort(table: Table, by_name: Mapping[str, Field]) -> tuple[SortField, ...]:
    return tuple(
        SortField(by_name[each.term.column].id, each.term.iceberg, each.direction, each.null_order)
        for each in table.sort
    )


def _report_unused(table: Table, used: set[tuple[str, str]], found: Diagnostics) -> None:
    for consent in table.consents:
        unused = [name for name in consent.names if (consent.kind, name) not in used]
        if unused:
            message = f"'{consent.kind}' of {', '.join(unused)} in table '{table.key}' is not needed"
            hint = "remove it once every stage is deployed"
            found.add(rules.UNUSED_CONSENT, message, consent.location, hint)
