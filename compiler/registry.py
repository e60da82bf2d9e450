"""AWS's resource schemas, as cfn-lint ships them."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Pointer = tuple[str, ...]
"""A path of property names, as `("IcebergDestinationConfiguration", "CatalogConfiguration")`."""

# The schemas of one Region: the types that we use are the same in every one.
_REGION = "us-east-1"


@cache
def create_only(resource_type: str) -> frozenset[Pointer]:
    """Return the properties that CloudFormation can change only by replacing the resource.

    The registry's `createOnlyProperties`
    (https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html).
    """
    schema = _schema(resource_type)
    pointers = (pointer.split("/")[2:] for pointer in schema.get("createOnlyProperties", ()))
    return frozenset(tuple(each) for each in pointers)


def handler_permissions(resource_type: str) -> tuple[str, ...]:
    """Return the IAM actions that CloudFormation needs to create, read, update and delete a resource.

    The registry's `handlers`; its list handler is for a scan of an account, which no deploy makes.
    """
    handlers = _schema(resource_type).get("handlers", {})
    wanted = (
        handlers[each]["permissions"] for each in ("create", "read", "update", "delete") if each in handlers
    )
    return tuple(sorted({action for permissions in wanted for action in permissions}))


def _schema(resource_type: str) -> dict[str, Any]:
    name = _index().get(resource_type)
    if name is None:
        return {}
    schema: dict[str, Any] = json.loads((_folder() / "resources" / f"{name}.json").read_text("utf-8"))
    return schema


@cache
def _index() -> dict[str, str]:
    index: dict[str, str] = json.loads((_folder() / "providers" / f"{_REGION}.json").read_text("utf-8"))
    return index


def _folder() -> Path:
    # Its files are enough: importing cfn-lint would take half a second.
    spec = find_spec("cfnlint")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("cfn-lint is not installed")
    return Path(spec.submodule_search_locations[0]) / "data" / "schemas"
