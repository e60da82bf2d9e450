"""How large a role's inline policies come out, which IAM limits and CloudFormation finds out last."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from compiler.template import resources

MAXIMUM_CHARACTERS = 10_240
"""IAM's limit for a role's inline policies, without white space (user guide, reference_iam-quotas.html)."""

_ROLE = "AWS::IAM::Role"
# As long as the longest that AWS has; an attribute stands for the ARN of a table, the longest of ours.
_LENGTHS = {"AWS::Partition": 6, "AWS::Region": 14, "AWS::AccountId": 12}
_ATTRIBUTE_LENGTH = 160


def oversized_policies(template: str) -> Iterator[tuple[str, int]]:
    """Yield the logical id of each role whose policies may be too large, and their size in characters."""
    for logical_id, resource in resources(template).items():
        # The text has white space besides, so one that is short enough need not be looked into.
        if resource.type == _ROLE and len(resource.text) > MAXIMUM_CHARACTERS // 2:
            policies = resource.body()["Properties"].get("Policies", ())
            size = sum(len(json.dumps(_resolved(each), separators=(",", ":"))) for each in policies)
            if size > MAXIMUM_CHARACTERS:
                yield logical_id, size


def _resolved(value: Any) -> Any:
    """Put text of the right length in the place of what CloudFormation will fill in."""
    if isinstance(value, list):
        return [_resolved(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "!Sub" in value:
        pattern = value["!Sub"] if isinstance(value["!Sub"], str) else value["!Sub"][0]
        values = {} if isinstance(value["!Sub"], str) else value["!Sub"][1]
        return re.sub(r"\$\{([^}]*)\}", lambda match: _filled(match[1], values), pattern)
    if len(value) == 1 and next(iter(value)) in ("!GetAtt", "!Ref"):
        return "x" * _ATTRIBUTE_LENGTH
    return {key: _resolved(inner) for key, inner in value.items()}


def _filled(name: str, values: dict[str, str]) -> str:
    return values.get(name) or "x" * _LENGTHS.get(name, _ATTRIBUTE_LENGTH)
