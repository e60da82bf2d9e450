"""Specs as the end-to-end tests deploy them: the one we ship, and variations of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from compiler.diagnostics import Diagnostics
from compiler.pipeline import compile_spec

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "spec" / "analytics.yaml"

Spec = Mapping[str, Any]


# Roles that producers and readers of their own would use, in the place of the functions.
ROLES_ALONE: Spec = {
    "functions": None,
    "queries": None,
    "alarms": None,
    "roles": {
        "ingest": {"service": "lambda", "write": ["events", "initial_events"]},
        "query": {"service": "lambda", "read": ["events", "initial_events"]},
    },
}


def shipped_spec(changes: Spec | None = None) -> dict[str, Any]:
    """Return the shipped spec as one stack, which has no stage, with a JSON Merge Patch (RFC 7396)."""
    spec = _patched(yaml.safe_load(SHIPPED.read_text("utf-8")), {"stages": None})
    merged: dict[str, Any] = _patched(spec, changes or {})
    return merged


def shipped(pipeline: str, changes: Spec | None = None) -> str:
    """Return the template of the shipped spec under another name.

    Each test module has a name of its own: what a deleted stack retains would be in the way of the next.
    """
    return compiled(shipped_spec({"pipeline": pipeline, **(changes or {})}))


def with_roles_alone(pipeline: str, changes: Spec | None = None) -> str:
    """Return the template of the shipped tables and streams, with roles but without functions."""
    spec = shipped_spec({"pipeline": pipeline, **ROLES_ALONE})
    return compiled(_patched(spec, changes or {}))


def compiled(spec: Spec) -> str:
    """Return the template that the compiler makes of the spec."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "spec.yaml"
        path.write_text(yaml.safe_dump(spec, sort_keys=False))
        found = Diagnostics()
        build = compile_spec(str(path), found, linting=False)
    assert build, [each.message for each in found]
    return build.stack.text


def parsed(template: str) -> dict[str, Any]:
    """Return a template as data; a function such as `!GetAtt A.Arn` becomes `{"!GetAtt": "A.Arn"}`."""
    data: dict[str, Any] = yaml.load(template, _TemplateLoader)
    return data


def _patched(target: Any, patch: Any) -> Any:
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _patched(merged.get(key), value)
    return merged


class _TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's short forms of its functions."""


def _function(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {f"!{name}": loader.construct_scalar(node)}
    assert isinstance(node, yaml.SequenceNode)
    return {f"!{name}": loader.construct_sequence(node, deep=True)}


_TemplateLoader.add_multi_constructor("!", _function)
