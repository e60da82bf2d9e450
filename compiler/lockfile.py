"""The lock as text: one entry a line where people add entries, so that git can merge it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from compiler.iceberg import (
    Shape,
    field_from_json,
    field_json,
    partition_from_json,
    partition_json,
    sort_from_json,
    sort_json,
)
from compiler.lock import FORMAT, Lock, Retired, StackLock, StreamLock, TableLock
from compiler.printable import unturned


@dataclass
class LockProblem(Exception):
    """A lock that cannot be used: what is wrong with it, where, and whether a person or time made it so."""

    kind: str
    """`unreadable`, `newer`, `conflict` or `edited`."""
    message: str
    line: int = 1
    column: int = 1


def dump(lock: Lock) -> str:
    """Return the lock as the text of its file."""
    data = {
        "format": FORMAT,
        "tables": {key: _table(entry) for key, entry in sorted(lock.tables.items())},
        "stacks": {name: _stack(name, entry) for name, entry in sorted(lock.stacks.items())},
    }
    return _pretty(data, "") + "\n"


def parse(text: str) -> Lock:
    """Read the text of a lock. Raises LockProblem."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(("<<<<<<< ", ">>>>>>> ")):
            raise LockProblem("conflict", "the lock has merge conflicts", number)
    data = _json(text)
    try:
        _check_format(data["format"])
        tables = {key: _read_table(key, entry) for key, entry in data["tables"].items()}
        return Lock(tables, {name: _read_stack(name, entry) for name, entry in data["stacks"].items()})
    except KeyError as error:
        raise LockProblem("unreadable", f"the lock is not complete: it lacks '{error.args[0]}'") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise LockProblem("unreadable", "the lock is not laid out as the compiler writes it") from error


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        message = "the lock is cut off, or no JSON for another reason, from here on"
        raise LockProblem("unreadable", message, error.lineno, error.colno) from error
    except RecursionError as error:
        raise LockProblem("unreadable", "the lock is nested too deeply") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A merge can leave an entry twice, of which JSON would silently take the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        again = next(key for key in keys if keys.count(key) > 1)
        raise LockProblem("edited", f"the lock has two entries '{again}' in one place")
    return found


def _check_format(found: Any) -> None:
    if found == FORMAT:
        return
    if isinstance(found, int) and found > FORMAT:
        raise LockProblem("newer", f"the lock is in format {found}; this compiler knows {FORMAT}")
    raise LockProblem("unreadable", f"the lock is in a format that never was; this compiler knows {FORMAT}")


def sealed(key: str, entry: TableLock) -> TableLock:
    """Return the entry of a table with the hash of its state behind those of the states before."""
    return replace(entry, history=(*entry.history, _digest_of(key, _table(entry), entry.history)))


def state_changed(before: TableLock, after: TableLock) -> bool:
    """Whether two entries differ in anything but their history."""
    return replace(before, history=after.history) != after


def _digest_of(key: str, data: Mapping[str, Any], history: Sequence[str]) -> str:
    """Return the hash of a table's state, which is its data without the hashes, behind a history."""
    state = {name: value for name, value in data.items() if name != "history"}
    return _digest(f"{key} {' '.join(history)}", state)


def _table(entry: TableLock) -> dict[str, Any]:
    return {
        "logical_id": entry.logical_id,
        "schema_id": entry.schema_id,
        "template": entry.template,
        "namespace": entry.namespace,
        "name": entry.name,
        "storage_class": entry.storage_class,
        "removed": entry.removed,
        "created": _shape(entry.created),
        "current": _shape(entry.current),
        "last_column_id": entry.last_column_id,
        "last_partition_id": entry.last_partition_id,
        "partition_history": [partition_json(each) for each in entry.partition_history],
        "sorted_by": list(entry.sorted_by),
        "retired": [{"id": each.id, "parent": each.parent, "path": each.path} for each in entry.retired],
        "history": list(entry.history),
    }


def _shape(shape: Shape) -> dict[str, Any]:
    return {
        "columns": [field_json(each) for each in shape.columns],
        "identifier": list(shape.identifier),
        "partition": [partition_json(each) for each in shape.partition],
        "sort": [sort_json(each) for each in shape.sort],
        "properties": dict(shape.properties),
    }


def _stack(name: str, entry: StackLock) -> dict[str, Any]:
    streams = {key: _stamped(f"{name} {key}", _stream(each)) for key, each in sorted(entry.streams.items())}
    tables = {logical_id: _stamped(f"{name} {logical_id}", {}) for logical_id in sorted(entry.tables)}
    return {"fixed": _stamped(name, entry.fixed), "tables": tables, "streams": streams}


def _stream(entry: StreamLock) -> dict[str, Any]:
    return {
        "logical_id": entry.logical_id,
        "template": entry.template,
        "append_only": entry.append_only,
        "catalog": entry.catalog,
        "source": entry.source,
    }


def _stamped(key: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Add what shows that the compiler wrote an entry which has no history."""
    return {**data, "stamp": _digest(key, data)[:16]}


def _unstamped(key: str, what: str, data: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in data.items() if name != "stamp"}
    if _stamped(key, plain)["stamp"] != data["stamp"]:
        raise LockProblem("edited", f"the entry {what} was not written by the compiler")
    return plain


def _digest(before: str, state: Mapping[str, Any]) -> str:
    text = json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def _read_table(key: str, data: Mapping[str, Any]) -> TableLock:
    *before, last = data["history"]
    if last != _digest_of(key, data, before):
        raise LockProblem("edited", f"the entry of table '{key}' was not written by the compiler")
    created = _read_shape(data["created"])
    return TableLock(
        logical_id=data["logical_id"],
        schema_id=data["schema_id"],
        template=data["template"],
        namespace=data["namespace"],
        name=data["name"],
        storage_class=data["storage_class"],
        created=created,
        current=created if data["current"] == data["created"] else _read_shape(data["current"]),
        last_column_id=data["last_column_id"],
        last_partition_id=data["last_partition_id"],
        partition_history=tuple(partition_from_json(each) for each in data["partition_history"]),
        sorted_by=tuple(data["sorted_by"]),
        retired=tuple(Retired(each["id"], each["parent"], each["path"]) for each in data["retired"]),
        removed=data["removed"],
        history=tuple(data["history"]),
    )


def _read_stack(name: str, data: Mapping[str, Any]) -> StackLock:
    streams = {
        key: StreamLock(**_unstamped(f"{name} {key}", f"of stream '{key}' in stack '{name}'", entry))
        for key, entry in data["streams"].items()
    }
    for logical_id, entry in data["tables"].items():
        _unstamped(f"{name} {logical_id}", f"'{logical_id}' of stack '{name}'", entry)
    fixed = _unstamped(name, f"'fixed' of stack '{name}'", data["fixed"])
    return StackLock(fixed, frozenset(data["tables"]), streams)


def _read_shape(data: Mapping[str, Any]) -> Shape:
    return Shape(
        columns=tuple(field_from_json(each) for each in data["columns"]),
        identifier=tuple(data["identifier"]),
        partition=tuple(partition_from_json(each) for each in data["partition"]),
        sort=tuple(sort_from_json(each) for each in data["sort"]),
        properties=dict(data["properties"]),
    )


def _pretty(value: Any, indent: str) -> str:
    """Write maps over several lines, and each item of a list on a line of its own."""
    deeper = indent + "  "
    if isinstance(value, dict) and any(isinstance(inner, dict | list) for inner in value.values()):
        lines = [f"{deeper}{_compact(key)}: {_pretty(inner, deeper)}" for key, inner in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and value and not isinstance(value[0], int):
        return "[\n" + ",\n".join(deeper + _compact(each) for each in value) + f"\n{indent}]"
    return _compact(value)


def _compact(value: Any) -> str:
    return unturned(json.dumps(value, ensure_ascii=False))
