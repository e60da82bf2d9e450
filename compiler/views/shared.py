"""What several views share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from compiler.emit import LogicalId
from compiler.model import Model

View = dict[str, Any]


def provider_ready(model: Model) -> list[str]:
    """Return what comes before a link or a grant: the stack's own function, made ready for them."""
    if model.provider == "account":
        return []
    return ["Administrator" if model.access == "lake_formation" else "ProviderEvents"]


def ids(logical_ids: Iterable[str]) -> list[LogicalId]:
    """Return texts as logical ids."""
    return [LogicalId(each) for each in logical_ids]


def compact(value: Any) -> str:
    """Return a value as JSON on one line, as an item that a custom resource gets."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
