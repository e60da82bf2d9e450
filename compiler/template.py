"""Templates that were made earlier, read back a resource at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from typing import Any

import yaml

from compiler.iceberg import Shape, field_from_json, partition_from_json, sort_from_json
from compiler.lock import Lock, TableLock

SCHEMA_TYPE = "Custom::IcebergTableSchema"

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SECTION = re.compile(r"^(?P<name>[A-Za-z]+):", re.MULTILINE)
_RESOURCE = re.compile(r"^  (?P<id>[A-Za-z0-9]+):\n", re.MULTILINE)
_TYPE = re.compile(r"^    Type: (\S+)$", re.MULTILINE)
# Empty lines, and comments between resources.
_NOISE = re.compile(r"^(?: {2}#.*| *)\n", re.MULTILINE)


@dataclass
class Unreadable(Exception):
    """A resource that is not as one of our templates has it."""

    logical_id: str


@dataclass(frozen=True, slots=True)
class ResourceText:
    """One resource as it stands in a template; parsed only where it has to be looked into."""

    logical_id: str
    type: str
    text: str

    def body(self) -> dict[str, Any]:
        """Return the resource as data; a `!GetAtt` is a map with its name as the key. Raises Unreadable."""
        try:
            body = yaml.load(self.text, Loader=_Loader)
        except yaml.YAMLError as error:
            raise Unreadable(self.logical_id) from error
        if not isinstance(body, dict):
            raise Unreadable(self.logical_id)
        return body


class _Loader(_BASE):  # type: ignore[misc]  # the base is chosen at run time
    """The safe loader, which also knows CloudFormation's short forms."""


def _short_form(loader: Any, suffix: str, node: Any) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return {f"!{suffix}": loader.construct_scalar(node)}
    return {f"!{suffix}": loader.construct_sequence(node, deep=True)}


_Loader.add_multi_constructor("!", _short_form)


@lru_cache(maxsize=2)
def resources(text: str) -> Mapping[str, ResourceText]:
    """Return the resources of a template of ours by logical id, in its order.

    It relies on the layout that our own templates have; a resource of a template that somebody
    reformatted is not found.
    """
    return {logical_id: ResourceText(logical_id, _type(body), body) for logical_id, body in _bodies(text)}


def resource_types(text: str) -> dict[str, str]:
    """Return the type of every resource by logical id, in the template's order."""
    return {logical_id: resource.type for logical_id, resource in resources(text).items()}


def accepted_by(text: str) -> Lock:
    """Return what a template asks of its tables, as far as a comparison needs it. Raises Unreadable."""
    tables = {}
    for logical_id, resource in resources(text).items():
        if resource.type == SCHEMA_TYPE:
            try:
                entry = _table(logical_id, resource.body()["Properties"])
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise Unreadable(logical_id) from error
            tables[entry.logical_id] = entry
    return Lock(tables)


def _bodies(text: str) -> Iterator[tuple[str, str]]:
    section = _NOISE.sub("", _section(text, "Resources"))
    starts = list(_RESOURCE.finditer(section))
    for start, following in zip_longest(starts, starts[1:]):
        yield start["id"], section[start.end() : following.start() if following else len(section)]


def _section(text: str, name: str) -> str:
    starts = list(_SECTION.finditer(text))
    for start, following in zip_longest(starts, starts[1:]):
        if start["name"] == name:
            return text[start.end() : following.start() if following else len(text)]
    return ""


def _type(body: str) -> str:
    match = _TYPE.search(body)
    return match[1] if match else ""


def _table(schema_id: str, properties: Mapping[str, Any]) -> TableLock:
    shape = Shape(
        columns=tuple(field_from_json(json.loads(each)) for each in properties["Columns"]),
        identifier=tuple(json.loads(properties["Identifier"])),
        partition=tuple(
            partition_from_json(json.loads(each)) for each in properties.get("PartitionFields", ())
        ),
        sort=tuple(sort_from_json(json.loads(each)) for each in properties.get("SortFields", ())),
        properties=properties["TableProperties"],
    )
    table_id = properties["TableArn"]["!GetAtt"].split(".")[0]
    return TableLock(
        logical_id=table_id,
        schema_id=schema_id,
        template="",
        namespace=properties["Namespace"],
        name=properties["Table"],
        storage_class="",
        created=shape,
        current=shape,
        last_column_id=0,
        last_partition_id=0,
        partition_history=shape.partition,
    )
