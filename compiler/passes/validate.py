"""Document against the schema: one message for each mistake in its shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sized
from functools import cache
from typing import Any

import jsonschema_rs

from compiler import rules
from compiler.assets import folder
from compiler.diagnostics import Diagnostics, Location, Rule
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
_MOST_OPTIONS = 4


def validate(document: Document, found: Diagnostics) -> bool:
    """Check the document's shape against `schemas/`; return whether it is right.

    Reports AC2001 to AC2010, for all mistakes at once.
    """
    return _holds(*_validator(), document, found)


def validate_stages(document: Document, found: Diagnostics) -> bool:
    """Check what the document says of its stages, and not what their overlays come to."""
    return _holds(*_stages_validator(), document, found)


Validator = jsonschema_rs.Draft202012Validator


@cache
def _validator() -> tuple[dict[str, Any], Validator]:
    schema = _without_planned(bundle(folder("schemas")))
    return schema, Validator(schema)


@cache
def _stages_validator() -> tuple[dict[str, Any], Validator]:
    whole, _ = _validator()
    schema = {"properties": {"stages": whole["properties"]["stages"]}}
    return schema, Validator(schema)


def _holds(schema: dict[str, Any], validator: Validator, document: Document, found: Diagnostics) -> bool:
    errors = list(validator.iter_errors(document.data))
    for error in _one_for_each_value(errors):
        _report(error, schema, document, found)
    return not errors


def _without_planned(part: Any) -> Any:
    """Return the schema with what a later release will build refused."""
    if isinstance(part, list):
        return [_without_planned(each) for each in part]
    if not isinstance(part, dict):
        return part
    if part.get("x-planned") is True:
        return False
    return {key: _without_planned(value) for key, value in part.items()}


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
        missing = error.kind.property
        message = f"{_subject(document.written(path))} lacks the key '{missing}'"
        hint = _description(where["properties"][missing])
        # An overlay may have removed it, and then the place is there.
        found.add(rules.MISSING_KEY, message, document.locate_key((*path, missing)), hint)
    elif kind == "propertyNames":
        _report_name(error, path, where, document, found)
    else:
        rule, message, hint = _value_problem(kind, error, document.written(path), where)
        found.add(rule, message, _place(kind, error.instance, path, document), hint)


def _place(kind: str, value: Any, path: Path, document: Document) -> Location:
    if kind == "falseSchema":
        return document.locate_key(path)
    return document.locate((*path, _repeated(value)) if kind == "uniqueItems" else path)


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
    rule, message, hint = _wrong_type(types, error.instance, document.written(path), where)
    found.add(rule, message, document.locate(path), hint)


def _report_unknown_key(
    key: str, path: Path, where: Mapping[str, Any], document: Document, found: Diagnostics
) -> None:
    known = [name for name, part in where.get("properties", {}).items() if part is not False]
    near = nearest(key.lower(), known)
    hint = f"did you mean '{near}'?" if near else f"{_subject(document.written(path))} has {', '.join(known)}"
    if where.get("title") == "stage" and key in ("version", "pipeline", "stages"):
        hint = f"'{key}' is the same for every stage: remove it here"
    found.add(rules.UNKNOWN_KEY, f"unknown key '{key}'", document.locate_key((*path, key)), hint)


def _report_name(
    error: Any, path: Path, where: Mapping[str, Any], document: Document, found: Diagnostics
) -> None:
    name = str(error.kind.error.instance)
    names = where.get("propertyNames", where)
    title = names.get("title", "name")
    message = f"{_shown(name)} cannot be {_a(title)}" + f" in {_last(path)}" * (title == "name")
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
        again = _shown(value[_repeated(value)])
        return rules.REPEATED_ITEM, f"{_subject(path)} names {again} twice", "name it once"
    return rules.OUT_OF_RANGE, f"{_subject(path)} {_OUT_OF_RANGE[kind](value, error.kind)}", hint


_OUT_OF_RANGE: dict[str, Callable[[Any, Any], str]] = {
    "minimum": lambda value, kind: f"is {value}, and must be at least {kind.limit}",
    "maximum": lambda value, kind: f"is {value}, and must be at most {kind.limit}",
    "minLength": lambda value, kind: f"has {_many(value, 'character')}, and needs at least {kind.limit}",
    "maxLength": lambda value, kind: f"has {_many(value, 'character')}, and may have at most {kind.limit:,}",
    "minItems": lambda value, kind: f"has {_many(value, 'item')}, and needs at least {kind.limit}",
    "maxItems": lambda value, kind: f"has {_many(value, 'item')}, and may have at most {kind.limit}",
    "minProperties": lambda value, kind: f"has {_many(value, 'key')}, and needs at least {kind.limit}",
    "maxProperties": lambda value, kind: f"has {_many(value, 'key')}, and may have at most {kind.limit}",
}


def _many(value: Sized, noun: str) -> str:
    count = len(value)
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s" if count else f"no {noun}s"


def _repeated(items: list[Any]) -> int:
    return next(index for index, item in enumerate(items) if item in items[:index])


def _wrong_type(types: list[str], value: Any, path: Path, where: Mapping[str, Any]) -> tuple[Rule, str, str]:
    takes = " or ".join(dict.fromkeys(_KINDS[each] for each in types))
    message = f"{_subject(path)} is {_kind(value)}, and takes {takes}"
    if value is None and where.get("title") == "stage":
        return rules.WRONG_TYPE, message, "write {} for a stage in which nothing differs"
    return rules.WRONG_TYPE, message, _converted(types, value) or _description(where)


# What other readers of YAML take for a boolean.
_BOOLEANS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
# What looks like a number to other readers of YAML: 1.0, 1e3, 010, 0x10, +60, 1_000, and one of 19 digits.
_NUMBER = re.compile(r"[+-]?[0-9.][0-9A-Za-z_.+-]*")
_ITEMS = re.compile(r"[A-Za-z0-9_() -]+(, *[A-Za-z0-9_-]+)*")
_ITEM_WITH_COMMA = re.compile(r"[A-Za-z0-9_]+\([A-Za-z0-9_, ]+\)[a-z ]*")


def _converted(types: list[str], value: Any) -> str:
    """Return how to write a value so that it has the right type; empty where that is not plain."""
    if types == ["string"] and isinstance(value, int):
        return f'put it in quotes: "{str(value).lower()}"'
    if not isinstance(value, str):
        return ""
    if "boolean" in types and value.lower() in _BOOLEANS:
        return f"write {_BOOLEANS[value.lower()]}"
    if "integer" in types and _INTEGER.fullmatch(value):
        return f"write {value}, without quotes"
    if "integer" in types and _NUMBER.fullmatch(value):
        return "a whole number is at most 18 digits, and does not start with 0: all else is read as text"
    if "array" in types and _ITEMS.fullmatch(value):
        return f"write [{value}]"
    if "array" in types and _ITEM_WITH_COMMA.fullmatch(value):
        return f'write ["{value}"]'
    return 'write ["*"]' if "array" in types and value == "*" else ""


def _not_allowed(value: Any, path: Path, where: Mapping[str, Any]) -> tuple[Rule, str, str]:
    options = where.get("enum", [where.get("const")])
    others = [_KINDS[branch["type"]] for branch in where.get("anyOf", ()) if branch["type"] != where["type"]]
    near = nearest(value.lower(), options) if isinstance(value, str) else ""
    hint = f"did you mean '{near}'?" if near else _description(where)
    # The hint lists many options better than a message does.
    takes = (
        f"and takes {' or '.join([*map(_shown, options), *others])}"
        if len(options) <= _MOST_OPTIONS
        else "which is not one of its values"
    )
    return rules.NOT_ALLOWED, f"{_subject(path)} is {_shown(value)}, {takes}", hint


def _walk(schema: Any, path: list[Any]) -> Any:
    """Return the part of the schema at `path`; a branch of anyOf speaks with its parent's words."""
    described: Mapping[str, Any] = {}
    for step in path:
        if isinstance(schema, Mapping) and "description" in schema:
            described = {key: schema[key] for key in ("anyOf", "description", "title") if key in schema}
        schema = schema[step]
    return (
        {**described, **schema}
        if isinstance(schema, Mapping) and path and path[-2:-1] == ["anyOf"]
        else schema
    )


def _description(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return ""
    # Any part of a form may be the one that a text lacks, so none is left out.
    longest = _LONGEST_HINT_OF_FORM if "pattern" in schema else _LONGEST_HINT
    return _brief(str(schema.get("description", "")), longest)


_LONGEST_HINT, _LONGEST_HINT_OF_FORM = 190, 250
_SENTENCE_END = re.compile(r"(?<=\.) (?=[A-Z0-9])")


def _brief(description: str, longest: int) -> str:
    """Return the first sentence, and as many more as stay readable beside a message."""
    hint, *others = _SENTENCE_END.split(description)
    for sentence in others:
        if len(hint) + len(sentence) >= longest:
            break
        hint = f"{hint} {sentence}"
    return hint


def _subject(path: Path) -> str:
    return f"'{dotted(path)}'" if path else "the spec"


def _last(path: Path) -> str:
    return next((str(part) for part in reversed(path) if isinstance(part, str)), "the spec")


def _kind(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else _KINDS[_TYPES[type(value)]]


def _shown(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "nothing"}[value]
    shown = str(value) if len(str(value)) <= _LONGEST_VALUE else f"{str(value)[:_LONGEST_VALUE]}…"
    return f"'{shown}'" if isinstance(value, str) else shown


def _a(noun: str) -> str:
    return f"an {noun}" if noun[:1].lower() in "aeiou" else f"a {noun}"
