"""What CloudFormation will do to each resource between two templates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from compiler.change import Change
from compiler.registry import Pointer, create_only
from compiler.template import SCHEMA_TYPE, ResourceText, resources

_LONGEST_VALUE = 100


def resource_changes(before: str, after: str, origins: Mapping[str, str]) -> tuple[Change, ...]:
    """Return what is created, updated, replaced and deleted between two templates.

    Whether a change replaces a resource is what AWS's registry says of the property, not a list
    of ours. `origins` gives the spec's entry for a logical id. A table's schema is left out: its
    changes are those of its columns.
    """
    old, new = resources(before), resources(after)
    changes: list[Change] = []
    for logical_id, resource in new.items():
        if resource.type == SCHEMA_TYPE:
            continue
        address = _address(logical_id, origins)
        if logical_id not in old:
            changes.append(Change("create", address, "", "", resource.type, {}))
        elif old[logical_id].text != resource.text:
            changes += _changed(address, old[logical_id], resource)
    for logical_id, resource in old.items():
        if logical_id not in new and resource.type != SCHEMA_TYPE:
            changes.append(_deleted(_address(logical_id, origins), resource))
    return tuple(changes)


def _address(logical_id: str, origins: Mapping[str, str]) -> str:
    return f"{origins.get(logical_id) or 'stack'}/{logical_id}"


def _deleted(address: str, resource: ResourceText) -> Change:
    kept = str(resource.body().get("DeletionPolicy", "")).startswith("Retain")
    because = "taken out of the stack; what it holds stays" if kept else ""
    return Change("delete", address, "", resource.type, "", {}, because)


def _changed(address: str, old: ResourceText, new: ResourceText) -> Iterator[Change]:
    if old.type != new.type:
        yield Change("replace", address, "Type", old.type, new.type, {}, "another type of resource")
        return
    fixed = create_only(new.type)
    before, after = (each.body().get("Properties") or {} for each in (old, new))
    for path, was, becomes in _properties(before, after, ()):
        name = ".".join(path)
        forcing = _forcing(path, fixed)
        if forcing:
            because = f"{'.'.join(forcing)} is fixed when a resource is made"
            yield Change("replace", address, name, _shown(was), _shown(becomes), {}, because)
        else:
            yield Change("update", address, name, _shown(was), _shown(becomes), {})


def _forcing(path: Pointer, fixed: frozenset[Pointer]) -> Pointer:
    """Return the create-only property that a changed one is, is part of, or has as a part."""
    for each in sorted(fixed):
        length = min(len(each), len(path))
        if each[:length] == path[:length]:
            return each
    return ()


def _properties(before: Any, after: Any, path: Pointer) -> Iterator[tuple[Pointer, Any, Any]]:
    if before == after:
        return
    if isinstance(before, list) and isinstance(after, list):
        yield from ((path, item, None) for item in before if item not in after)
        yield from ((path, None, item) for item in after if item not in before)
        return
    if not (isinstance(before, dict) and isinstance(after, dict)):
        yield path, before, after
        return
    for key in dict.fromkeys([*before, *after]):
        yield from _properties(before.get(key), after.get(key), (*path, str(key)))


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith("!"):
        value = f"{next(iter(value))} {next(iter(value.values()))}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
