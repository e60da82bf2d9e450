"""What several views share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from compiler.emit import LogicalId
from compiler.model import Model

View = dict[str, Any]


def administrator(model: Model) -> list[str]:
    """Return what makes the provider a data lake administrator, where this template does that."""
    own = model.access == "lake_formation" and model.provider == "stack"
    return ["Administrator"] if own else []


def ids(logical_ids: Iterable[str]) -> list[LogicalId]:
    return [LogicalId(each) for each in logical_ids]


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
