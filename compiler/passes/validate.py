"""Document against the schema: one message for each mistake in its shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from compiler import rules
from compiler.assets import folder
from compiler.diagnostics import Diagnostics, Rule
from compiler.document import Document, Path, dotted
from compiler.names import nearest
from compiler.schema import bundle

_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map",
    "null": "nothing",
}
_TYPES = {str: "string", bool: "boolean", int: "integer", list: "array", dict: "object", type(None): "null"}
_LONGEST_VALUE = 60


def validate(document: Document, found: Diagnostics) -> bool:
    """Check the document's shape against `schemas/`; return whether it is right.

    Reports AC2001 to AC2010, for all mistakes at once.
    """
    schema, validator = _validator()
    errors = list(validator.iter_errors(document.data))
    for error in _one_for_each_value(errors):
        _report(error, schema, document, found)
    return not errors


@cache
def _validator() -> tuple[dict[str, Any], jsonschema_rs.Draft202012Validator]:
    schema = _without_planned(bundle(folder("schemas")))
    return schema, jsonschema_rs.Draft202012Validator(schema)


def _without_planned(part: Any) -> Any:
    """Return the schema with what a later release will build refused."""
    if isinstance(part, list):
        return [_without_planned(each) for each in part]
    if not isinstance(part, dict):
        return part
    if part.get("x-planned") is True:
        return False
    planned = part.get("x-planned-values", [])
    enum = {"enum": [value for value in part["enum"] if value not in planned]} if planned else {}
    return {key: _without_planned(value) for key, value in part.items()} | enum


def _one_for_each_value(errors: list[Any]) -> Iterator[Any]:
    """Leave out what follows from a mistake in the same value: a number is no known text either."""
    said: set[Path] = set()
    for error in sorted(errors, key=lambda error: _RANKS.get(error.kind.name, 1)):
        path: Path = tuple(error.instance_path)
        if error.kind.name in _ABOUT_ENTRIES:
            yield error
        elif path not in said:
            said.add(path)
            yield error


_ABOUT_ENTRIES = ("additionalProperties", "propertyNames", "required")
_RANKS = {"type": 0, "pattern": 2}


def _report(error: Any, schema: dict[str, Any], document: Document, found: Diagnostics) -> None:
    kind = error.kind.name
    if kind == "anyOf":
        _report_branch(error, schema, document, found)
        return
    path: Path = tuple(error.instance_path)
    where = _walk(schema, error.schema_path[:-1])
    if kind == "additionalProperties":
        for key in error.kind.unexpected:
            _report_unknown_key(key, path, where, document, found)
    elif kind == "required":
        message = f"{_subject(path)} lacks the key '{error.kind.property}'"
        hint = _description(where["properties"][error.kind.property])
        found.add(rules.MISSING_KEY, message, document.locate_key(path), hint)
    elif kind == "propertyNames":
        _report_name(error, path, where, document, found)
    else:
        rule, message, hint = _value_problem(kind, error, path, where)
        found.add(rule, message, document.locate(path), hint)


def _report_branch(error: Any, schema: dict[str, Any], document: Document, found: Diagnostics) -> None:
    """Report the mistakes of the branch that was meant: the one that takes a value of this type."""
    path: Path = tuple(error.instance_path)
    fitting = [
        branch
        for branch in error.kind.context
        if not any(each.kind.name == "type" and tuple(each.instance_path) == path for each in branch)
    ]
    if fitting:
        for each in _one_for_each_value(fitting[0]):
            _report(each, schema, document, found)
        return
    where = _walk(schema, error.schema_path[:-1])
    types = [branch["type"] for branch in where["anyOf"]]
    rule, message, hint = _wrong_type(types, error.instance, path, where)
    found.add(rule, message, document.locate(path), hint)


def _report_unknown_key(
    key: str, path: Path, where: Mapping[str, Any], document: Document, found: Diagnostics
) -> None:
    known = list(where.get("properties", ()))
    near = nearest(key, known)
    hint = f"did you mean '{near}'?" if near else f"{_subject(path)} has {', '.join(known)}"
    found.add(rules.UNKNOWN_KEY, f"unknown key '{key}'", document.locate_key((*path, key)), hint)


def _report_name(
    error: Any, path: Path, where: Mapping[str, Any], document: Document, found: Diagnostics
) -> None:
    name = str(error.kind.error.instance)
    names = where.get("propertyNames", where)
    message = f"{_shown(name)} cannot be {_a(names.get('title', 'name'))}"
    found.add(rules.BAD_NAME, message, document.locate_key((*path, name)), _description(names))


def _value_problem(kind: str, error: Any, path: Path, where: Mapping[str, Any]) -> tuple[Rule, str, str]:
    value, hint = error.instance, _description(where)
    if kind == "type":
        return _wrong_type(error.kind.types, value, path, where)
    if kind == "falseSchema":
        return rules.PLANNED, f"'{path[-1]}' is not built by this release yet", "remove it for now"
    if kind == "const" and path == ("version",):
        return (
            rules.UNSUPPORTED_VERSION,
            f"version {_shown(value)} of the language is not known",
            "write version: 1",
        )
    if kind in ("enum", "const"):
        return _not_allowed(value, path, where)
    if kind == "pattern":
        return (
            rules.BAD_TEXT,
            f"{_shown(value)} is not {_a(where.get('title', f'value of {_last(path)}'))}",
            hint,
        )
    if kind == "uniqueItems":
        again = next(item for index, item in enumerate(value) if item in value[:index])
        return rules.REPEATED_ITEM, f"{_subject(path)} names {_shown(again)} twice", "name it once"
    return rules.OUT_OF_RANGE, f"{_subject(path)} {_OUT_OF_RANGE[kind](value, error.kind)}", hint


_OUT_OF_RANGE: dict[str, Callable[[Any, Any], str]] = {
    "minimum": lambda value, kind: f"is {value}, and must be at least {kind.limit}",
    "maximum": lambda value, kind: f"is {value}, and must be at most {kind.limit}",
    "minLength": lambda value, kind: f"has {len(value)} characters, and needs at least {kind.limit}",
    "maxLength": lambda value, kind: f"has {len(value):,} characters, and may have at most {kind.limit:,}",
    "minItems": lambda value, kind: f"has {len(value)} items, and needs at least {kind.limit}",
    "maxItems": lambda value, kind: f"has {len(value)} items, and may have at most {kind.limit}",
    "minProperties": lambda value, kind: f"has {len(value)} entries, and needs at least {kind.limit}",
    "maxProperties": lambda value, kind: f"has {len(value)} entries, and may have at most {kind.limit}",
}


def _wrong_type(types: list[str], value: Any, path: Path, where: Mapping[str, Any]) -> tuple[Rule, str, str]:
    takes = " or ".join(dict.fromkeys(_KINDS[each] for each in types))
    message = f"{_subject(path)} is {_kind(value)}, and takes {takes}"
    hint = _description(where)
    if "string" in types and isinstance(value, int):
        hint = f'put it in quotes: "{str(value).lower()}"'
    return rules.WRONG_TYPE, message, hint


def _not_allowed(value: Any, path: Path, where: Mapping[str, Any]) -> tuple[Rule, str, str]:
    if value in where.get("x-planned-values", ()):
        return rules.PLANNED, f"'{path[-1]}: {value}' is not built by this release yet", "remove it for now"
    options = [_shown(option) for option in where.get("enum", [where.get("const")])]
    near = nearest(value, where.get("enum", ())) if isinstance(value, str) else ""
    hint = f"did you mean '{near}'?" if near else _description(where)
    return rules.NOT_ALLOWED, f"{_subject(path)} is {_shown(value)}, and takes {' or '.join(options)}", hint


def _walk(schema: Any, path: list[Any]) -> Any:
    """Return the part of the schema at `path`; a branch of anyOf speaks with its parent's words."""
    described: Mapping[str, Any] = {}
    for step in path:
        if isinstance(schema, Mapping) and "description" in schema:
            described = {key: schema[key] for key in ("description", "title") if key in schema}
        schema = schema[step]
    return (
        {**described, **schema}
        if isinstance(schema, Mapping) and path and path[-2:-1] == ["anyOf"]
        else schema
    )


def _description(schema: Any) -> str:
    return _brief(str(schema.get("description", ""))) if isinstance(schema, Mapping) else ""


_LONGEST_HINT = 190
_SENTENCE_END = re.compile(r"(?<=\.) (?=[A-Z0-9])")


def _brief(description: str) -> str:
    """Return what fits a hint: the first sentence, and as many more as stay readable beside a message."""
    hint, *others = _SENTENCE_END.split(description)
    for sentence in others:
        if len(hint) + len(sentence) >= _LONGEST_HINT:
            break
        hint = f"{hint} {sentence}"
    return hint


def _subject(path: Path) -> str:
    return f"'{dotted(path)}'" if path else "the spec"


def _last(path: Path) -> str:
    return next((str(part) for part in reversed(path) if isinstance(part, str)), "the spec")


def _kind(value: Any) -> str:
    return _KINDS[_TYPES[type(value)]] if not isinstance(value, bool) else f"'{str(value).lower()}'"


def _shown(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "nothing"}[value]
    shown = str(value) if len(str(value)) <= _LONGEST_VALUE else f"{str(value)[:_LONGEST_VALUE]}…"
    return f"'{shown}'" if isinstance(value, str) else shown


def _a(noun: str) -> str:
    return f"an {noun}" if noun[:1].lower() in "aeiou" else f"a {noun}"
