"""What CloudFormation will do to each resource between two templates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from compiler.change import Change
from compiler.registry import Pointer, create_only
from compiler.template import SCHEMA_TYPE, ResourceText, resources

_LONGEST_VALUE = 100
# Where a table is compared by its columns as well, these are told in the words of the spec.
_TOLD_OTHERWISE = ("TableName", "Namespace")
_FATES = {
    "Delete": "its DeletionPolicy deletes it with all that is in it",
    "Retain": "its DeletionPolicy takes it out of the stack and leaves it as it is",
    "RetainExceptOnCreate": "its DeletionPolicy takes it out of the stack and leaves it as it is",
}


def resource_changes(
    before: str, after: str, origins: Mapping[str, str], tables: Mapping[str, str]
) -> tuple[Change, ...]:
    """Return what is created, updated, replaced and deleted between two templates.

    Whether a change replaces a resource is what AWS's registry says of the property, not a list
    of ours. `origins` gives the spec's entry for a logical id, `tables` that of a table's own
    resource: what `differences` tells of a table is not repeated, nor what changes of its schema.
    """
    old, new = resources(before), resources(after)
    changes: list[Change] = []
    for logical_id, resource in new.items():
        address = tables.get(logical_id) or _address(logical_id, origins)
        if logical_id not in old:
            changes.append(Change("create", address, "", "", resource.type, {}))
        elif old[logical_id].text != resource.text and resource.type != SCHEMA_TYPE:
            changes += _changed(address, old[logical_id], resource)
    for logical_id, resource in old.items():
        if logical_id not in new:
            address = tables.get(logical_id) or _address(logical_id, origins)
            changes.append(_deleted(address, resource))
    return tuple(each for each in changes if not _is_told(each, set(tables.values())))


def _address(logical_id: str, origins: Mapping[str, str]) -> str:
    return f"{origins.get(logical_id) or 'stack'}/{logical_id}"


def _is_told(change: Change, tables: set[str]) -> bool:
    if SCHEMA_TYPE in (change.before, change.after):
        return True
    if change.address not in tables:
        return False
    return change.action == "create" or (change.action == "update" and change.path in _TOLD_OTHERWISE)


def _deleted(address: str, resource: ResourceText) -> Change:
    because = _FATES.get(str(resource.body().get("DeletionPolicy")), "")
    return Change("delete", address, "", resource.type, "", {}, because)


def _changed(address: str, old: ResourceText, new: ResourceText) -> Iterator[Change]:
    if old.type != new.type:
        yield Change("replace", address, "Type", old.type, new.type, {}, "another type of resource")
        return
    fixed = create_only(new.type)
    before, after = old.body(), new.body()
    for path, was, becomes in _differing(before.get("Properties", {}), after.get("Properties", {}), ()):
        name = ".".join(path)
        forcing = _forcing(path, (was, becomes), fixed)
        if forcing:
            because = f"{'.'.join(forcing)} is fixed when a resource is made"
            yield Change("replace", address, name, _shown(was), _shown(becomes), {}, because)
        else:
            yield Change("update", address, name, _shown(was), _shown(becomes), {})
    policies = [each.get("DeletionPolicy", "Delete") for each in (before, after)]
    if policies[0] != policies[1]:
        goes = {"rows": "are deleted with it from now on"} if policies[1] == "Delete" else {}
        yield Change("update", address, "DeletionPolicy", policies[0], policies[1], goes)


def _forcing(path: Pointer, values: tuple[Any, Any], fixed: frozenset[Pointer]) -> Pointer:
    """Return the create-only property that a changed one is, is part of, or has as a part."""
    for each in sorted(fixed):
        length = min(len(each), len(path))
        if each[:length] == path[:length] and any(_has(value, each[length:]) for value in values):
            return each
    return ()


def _has(value: Any, rest: Pointer) -> bool:
    """Whether a value that came or went has the property at the rest of a pointer."""
    for step in rest:
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True


def _differing(before: Any, after: Any, path: Pointer) -> Iterator[tuple[Pointer, Any, Any]]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict) and not (_intrinsic(before) or _intrinsic(after)):
        for key in dict.fromkeys([*before, *after]):
            yield from _differing(before.get(key), after.get(key), (*path, str(key)))
        return
    if isinstance(before, list) and isinstance(after, list):
        gone = [item for item in before if item not in after]
        new = [item for item in after if item not in before]
        if len(gone) == len(new) == 1:
            yield from _differing(gone[0], new[0], path)
            return
        if gone or new:
            yield from ((path, item, None) for item in gone)
            yield from ((path, None, item) for item in new)
            return
    yield path, before, after


def _intrinsic(value: Mapping[str, Any]) -> str:
    """Return the name of the intrinsic function that a map stands for, as `!Sub`."""
    name = next(iter(value), "")
    return name if len(value) == 1 and name.startswith("!") else ""


def _shown(value: Any) -> str:
    """Return a value on one line."""
    if value is None:
        return ""
    name = _intrinsic(value) if isinstance(value, dict) else ""
    inner = value[name] if name else value
    text = inner if isinstance(inner, str) else json.dumps(inner, ensure_ascii=False)
    text = " ".join(f"{name} {text}".split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
