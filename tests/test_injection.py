"""A text of the spec is data: it comes out as exactly itself in its own place, or is refused."""

from __future__ import annotations

import ast
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path as Folder
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.names import pascal
from compiler.stack import Build
from tests.compiling import TESTS, compiled_text, read_template, said

# What starts with zq in it stands for itself wherever it gets.
SPEC: dict[str, Any] = yaml.safe_load(
    (TESTS / "cases" / "hostile" / "every_text" / "spec.yaml").read_text("utf-8")
)

Path = tuple[str | int, ...]


class Place(NamedTuple):
    """Where a text stands in the spec: at a path, as the value or as the name of an entry."""

    path: Path
    is_name: bool


HOSTILE = [
    *("", " ", "null", "~", "true", "7", "1e3", "0x1F", "12:30", "2026-11-22", "---", "...", "<<", "="),
    *(
        "a: b",
        "a:",
        "- a",
        "? a",
        "a #b",
        "#a",
        "[a]",
        "{a: b}",
        "{a",
        "a, b",
        "!Ref TableBucket",
        "!!str a",
        "&a",
    ),
    *("*a", "*", "?", "|", ">", "%", "@", "`", "'", '"', "\\", "''", '\\"', "it's", "\\u0041", "\\n"),
    *(
        "\n",
        "a\nb",
        "a\r\nb",
        "\t",
        "\n  Evil:\n    Type: AWS::IAM::Role",
        '"\n  Evil: "',
        "\x00",
        "\x07",
        "\x1b[31m",
    ),
    *(
        "\x7f",
        "\x85",
        "\xa0",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\u202e",
        "\ufffe",
        "é",
        "e\u0301",
        "漢字",
        "😀",
        "👩‍💻",
    ),
    *("{{ 7 * 7 }}", "{{ stack }}", "{% raw %}", "{% include 'x' %}", "{# a #}", "{{", "}}", "{%"),
    *(
        "${AWS::AccountId}",
        "${a}",
        "$",
        "$$",
        "${!a}",
        "{{resolve:ssm:a}}",
        "{{ resolve:secretsmanager:a }}",
        "Fn::Sub",
    ),
    *(
        '"},{"id":9',
        '","name":"x',
        "[]",
        "{}",
        '{"Ref":"TableBucket"}',
        "]}",
        ")",
        "(",
        "/*",
        "arn:aws:iam::*:role/*",
    ),
    *(
        "a-b",
        "a_b",
        "zz9",
        "a.b",
        "a/b",
        "../a",
        "-a",
        "a-",
        "_a",
        "9a",
        "A",
        "x" * 64,
        "x" * 300,
        "AWS::NoValue",
    ),
]
TEXTS = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
MORE = settings(max_examples=2 * settings().max_examples)


def places(value: Any = SPEC, path: Path = ()) -> Iterator[Place]:
    """Yield every text of the spec, and every name that its author chose."""
    if isinstance(value, str):
        yield Place(path, False)
    for key, inner in _entries(value):
        if isinstance(key, str) and key.startswith("zq"):
            yield Place((*path, key), True)
        yield from places(inner, (*path, key))


def _entries(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


PLACES = list(places())


@MORE
@given(
    place=st.sampled_from(PLACES),
    text=TEXTS,
    joined=st.sampled_from([lambda old, new: new, lambda old, new: old + new, lambda old, new: new + old]),
)
def test_any_text_anywhere_comes_out_as_itself_or_is_refused(
    place: Place, text: str, joined: Callable[[str, str], str]
) -> None:
    old = str(place.path[-1] if place.is_name else _at(SPEC, place.path))
    _assert_harmless(place, joined(old, text))


@pytest.mark.parametrize(
    "place", [each for each in PLACES if not each.is_name], ids=lambda place: ".".join(map(str, place.path))
)
def test_what_cloudformation_would_interpret_is_refused_everywhere(place: Place) -> None:
    for text in ("${AWS::AccountId}", "{{resolve:ssm:a}}"):
        build, found = _compiled(_with(place, text))
        assert build is None, said(found)


@pytest.mark.parametrize(
    "place",
    [
        Place(("description",), False),
        Place(("tags", "zqtag"), False),
        Place(("tables", "zqtable", "columns", "zqid", "doc"), False),
        Place(("tables", "zqtable", "columns", "zqid", "type"), False),
        Place(("tables", "zqtable", "columns", "zqfree"), True),
        Place(("tables", "zqtable", "partition", 0), False),
        Place(("tables", "zqtable", "sort", 0), False),
        Place(("streams", "zqstream", "table"), False),
        Place(("streams", "zqstream", "transform", "function_arn"), False),
        Place(("queries", "zqquery", "sql"), False),
    ],
    ids=lambda place: ".".join(map(str, place.path)),
)
def test_a_megabyte_of_text_is_refused_in_a_moment(place: Place) -> None:
    document = yaml.dump(_with(place, "x( é\n" * 200_000), Dumper=yaml.CSafeDumper, width=10**7)
    start = time.process_time()
    build, found = _compiled(document)
    assert time.process_time() - start < 2
    assert build is None
    assert found.failed


def _assert_harmless(place: Place, new: str) -> None:
    build, found = _compiled(_with(place, new))
    assert said(found) is not None
    if build is None:
        assert found.failed
        return
    old = str(place.path[-1] if place.is_name else _at(SPEC, place.path))
    pairs = _forms(place, old, new)
    actual = _read_json(read_template(build.stack.text))
    assert _meant(actual) == _meant(_replaced(_baseline(), pairs)), said(found)


def _forms(place: Place, old: str, new: str) -> list[tuple[str, str]]:
    """Return what a text becomes in the template: itself, and what is derived from a name."""
    if _is_read(place):
        # A type or a term is no text: what is not the same one with other spaces is refused.
        return [] if new.split() == old.split() else [(old, new)]
    if place.path == ("pipeline",):
        return [("zqpipe_", f"{new}_".replace("-", "_")), (old, new)]
    if place.is_name:
        link = (f"zqpipe_{old}", f"zqpipe_{new}".replace("-", "_"))
        return [(pascal(old), pascal(new)), link, (old, new)]
    return [(old, new)]


def _is_read(place: Place) -> bool:
    *_, section, last = ("", *place.path)
    return not place.is_name and (section in ("columns", "partition", "sort") or last == "type")


def _with(place: Place, new: str) -> dict[str, Any]:
    spec = deepcopy(SPEC)
    parent = _at(spec, place.path[:-1])
    last = place.path[-1]
    if place.is_name:
        entries = [(new if key == last else key, value) for key, value in parent.items()]
        parent.clear()
        parent.update(entries)
    else:
        parent[last] = new
    return spec


def _compiled(spec: dict[str, Any] | str) -> tuple[Build | None, Any]:
    text = spec if isinstance(spec, str) else yaml.dump(spec, Dumper=yaml.CSafeDumper, sort_keys=False)
    with tempfile.TemporaryDirectory() as folder:
        return compiled_text(Folder(folder), text)


@cache
def _baseline() -> Any:
    build, found = _compiled(SPEC)
    assert build, said(found)
    return _read_json(read_template(build.stack.text))


_JSON_KEYS = ("Columns", "Grants", "Identifier", "PartitionFields", "SortFields")


def _read_json(value: Any, key: str = "") -> Any:
    """Replace JSON for custom resources, and a function's configuration, with what is in it."""
    if key == "ZipFile":
        return _read_configuration(value)
    if isinstance(value, dict):
        return {name: _read_json(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_read_json(each, key) for each in value]
    return json.loads(value) if key in _JSON_KEYS and isinstance(value, str) else value


def _read_configuration(source: str) -> Any:
    """Return what a function has as CONFIG, and all its other lines."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "CONFIG":
            lines = source.split("\n")
            others = lines[: statement.lineno - 1] + lines[statement.end_lineno :]
            return {"configuration": ast.literal_eval(statement.value), "code": len(others)}
    return source


def _replaced(value: Any, pairs: list[tuple[str, str]]) -> Any:
    if isinstance(value, dict):
        return {_replaced(key, pairs): _replaced(inner, pairs) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(each, pairs) for each in value]
    if isinstance(value, str):
        for old, new in pairs:
            if old in value:
                # What has been put in is not looked at again.
                return new.join(_replaced(part, pairs) for part in value.split(old))
    return value


def _meant(value: Any) -> Any:
    """Return a template without the order of its lists, and without texts that are empty and left out."""
    if isinstance(value, dict):
        return {
            key: _meant(inner)
            for key, inner in value.items()
            if not (key in ("Description", "Doc", "doc") and inner == "")
        }
    return sorted(map(_meant, value), key=repr) if isinstance(value, list) else value
