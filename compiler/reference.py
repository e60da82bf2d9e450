"""The reference page of the spec language, made from its schema."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compiler import assets
from compiler.schema import bundle

Schema = Mapping[str, Any]
Row = tuple[str, str, str, str, str]

_HEAD = """\
# The spec language

<!-- Generated from schemas/ by `python -m compiler.reference > docs/spec.md`: edit the schema. -->

{description}

A name is written once and is a map key; a reference is a name; what can be derived is not asked for.
Only `true` and `false` are booleans, only plain decimal digits are a number; everything else is text.

**On change** says what happens when a key changes after the first deploy. `free`: in place.
`evolve`: in place where no row is lost, by the rules of that kind. `replace`: the resource is made anew,
which needs consent in the spec. `refuse`: not at all. A key marked *planned* is refused until its release.
"""
_COLUMNS: Row = ("key", "value", "default", "on change", "what it does")
_EXAMPLES = {"The smallest spec": "clicks.yaml", "A whole spec": "shop.yaml"}
_IN_ANY_ENTRY = "ignore"
_LARGEST_INTEGER = 2**31 - 1  # of AWS's APIs; as an upper limit it says nothing to a reader


def page() -> str:
    """Return the page of the language that this checkout implements, with its examples."""
    folder = assets.folder("docs") / "examples"
    examples = {title: (folder / name).read_text("utf-8") for title, name in _EXAMPLES.items()}
    return reference(bundle(assets.folder("schemas")), examples)


def reference(schema: Schema, examples: Mapping[str, str]) -> str:
    """Return the Markdown page for a bundled schema, with `examples` (title to YAML) before the tables."""
    parts = [_HEAD.format(description=schema["description"])]
    parts += [f"## {title}\n\n```yaml\n{text}```\n" for title, text in examples.items()]
    parts.append(_table("Top level", "", _top_level(schema)))
    for name, part in schema["properties"].items():
        entries = part.get("additionalProperties")
        if _is_record(part):
            rows = _inside(part, "", part.get("x-on-change", ""))
            parts.append(_table(f"`{name}`", part["description"], rows))
        elif _is_record(entries):
            names = part["propertyNames"]
            rows = _inside(entries, "", entries.get("x-on-change", ""))
            parts.append(_table(f"`{name}.<{names['title']}>`", names["description"], rows))
    ignore = schema["properties"]["bucket"]["properties"][_IN_ANY_ENTRY]
    rows = _inside(ignore["items"], "", ignore["x-on-change"])
    parts.append(_table(f"`{_IN_ANY_ENTRY}`, in any entry", ignore["description"], rows))
    return "\n".join(parts)


def _table(heading: str, text: str, rows: Iterable[Row]) -> str:
    lines = [f"## {heading}", ""]
    lines += [_escaped(text), ""] if text else []
    lines += [_line(_COLUMNS), _line("---" for _ in _COLUMNS), *map(_line, rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _top_level(schema: Schema) -> Iterator[Row]:
    for name, part in schema["properties"].items():
        has_a_table = _is_record(part) or _is_record(part.get("additionalProperties"))
        required = name in schema["required"]
        yield from [_row(name, part, required, "")] if has_a_table else _rows(name, part, required, "")


def _rows(key: str, part: Schema, required: bool, on_change: str, prefix: str = "") -> Iterator[Row]:
    """Yield the row of one key, then those of all keys inside it."""
    yield _row(key, part, required, on_change, prefix)
    if key != _IN_ANY_ENTRY:
        yield from _inside(part, key, part.get("x-on-change", on_change))


def _inside(part: Schema, key: str, on_change: str) -> Iterator[Row]:
    dot = f"{key}." if key else ""
    for branch in (part, *part.get("anyOf", ())):
        for name, inner in branch.get("properties", {}).items():
            yield from _rows(f"{dot}{name}", inner, name in branch.get("required", ()), on_change)
        values = branch.get("additionalProperties")
        if isinstance(values, Mapping):
            names = branch["propertyNames"]
            yield from _rows(f"{dot}<{names['title']}>", values, False, on_change, f"{names['description']} ")
        if _is_record(branch.get("items")):
            yield from _inside(branch["items"], f"{key}[]", on_change)


def _row(key: str, part: Schema, required: bool, on_change: str, prefix: str = "") -> Row:
    default = "required" if required else _default(part)
    what = _escaped(prefix + part["description"]) + _planned(part)
    return f"`{key}`", _value(part), default, part.get("x-on-change", on_change), what


def _value(part: Schema) -> str:
    """Say in few words what may stand here; the description says it in full."""
    if "anyOf" in part:
        return str(part.get("title") or " or ".join(map(_value, part["anyOf"])))
    if "x-references" in part:
        wildcard = f", or `{part['x-wildcard']}`" if "x-wildcard" in part else ""
        return f"name in `{part['x-references']}`{wildcard}"
    if "const" in part:
        return _code(part["const"])
    if "enum" in part:
        return ", ".join(map(_code, part["enum"]))
    if part["type"] == "integer":
        return _span(part["minimum"], part["maximum"])
    if part["type"] == "boolean":
        return "`true`, `false`"
    if part["type"] == "array":
        return f"list: {_value(part['items'])}"
    if isinstance(part.get("additionalProperties"), Mapping):
        return f"map: {part['propertyNames']['title']} → {_value(part['additionalProperties'])}"
    if "title" in part:
        return str(part["title"])
    if "properties" in part:
        return f"`{{{', '.join(part['properties'])}}}`"
    return "text" if "string" in part["type"] else "map"


def _span(least: int, most: int) -> str:
    return f"{least:,} to {most:,}" if most < _LARGEST_INTEGER else f"at least {least:,}"


def _default(part: Schema) -> str:
    if "default" in part:
        return _code(part["default"])
    text = str(part.get("x-default", ""))
    return f"`{text}`" if text in ("{}", "[]") else _escaped(text)


def _planned(part: Schema) -> str:
    return " *Planned.*" if part.get("x-planned") else ""


def _code(value: Any) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _is_record(part: Any) -> bool:
    """Whether `part` is the schema of an object with keys of its own, not of a map."""
    return isinstance(part, Mapping) and part.get("additionalProperties") is False


def _escaped(text: str) -> str:
    for character in "|*<":
        text = text.replace(character, f"\\{character}")
    return text


if __name__ == "__main__":
    print(page(), end="")
