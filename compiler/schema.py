"""The schema of the spec language, as one document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ID = "https://analytics-compile.dev/schemas/1/spec.schema.json"
"""The identity of the whole schema. The parts have none, or an editor would look for them on the web."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_OF_THE_FILE = frozenset(("$schema", "$comment", "$defs", "$ref"))


def bundle(folder: Path) -> dict[str, Any]:
    """Return the schema that `folder` holds in parts, as one document without references.

    What a `$ref` names stands in its place; the keys beside a `$ref` win, so they may override
    annotations but never a constraint. A path into the result is therefore a path through the
    language: the schema of a value, its description and its `x-` annotations are found by walking.
    """
    root = folder / "spec.schema.json"
    files: dict[Path, Any] = {}
    whole: dict[str, Any] = _inlined(_read(root, files), root, files)
    return {"$schema": _DIALECT, "$id": ID} | whole


def _inlined(part: Any, home: Path, files: dict[Path, Any]) -> Any:
    if isinstance(part, list):
        return [_inlined(each, home, files) for each in part]
    if not isinstance(part, dict):
        return part
    own = {key: _inlined(value, home, files) for key, value in part.items() if key not in _OF_THE_FILE}
    whole = _referenced(part["$ref"], home, files) | own if "$ref" in part else own
    if "pattern" in whole and "description" in whole:
        # What yaml-language-server says about a mismatch, instead of the regular expression.
        whole["patternErrorMessage"] = whole["description"]
    return whole


def _referenced(reference: str, home: Path, files: dict[Path, Any]) -> Any:
    name, _, pointer = reference.partition("#")
    file = home.parent / name if name else home
    target = _read(file, files)
    for key in pointer.split("/")[1:]:
        target = target[key]
    return _inlined(target, file, files)


def _read(file: Path, files: dict[Path, Any]) -> Any:
    if file not in files:
        files[file] = json.loads(file.read_text("utf-8"))
    return files[file]
