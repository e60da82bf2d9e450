"""Loading: strict YAML, with a place for every key and value."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from compiler.diagnostics import Diagnostics
from compiler.document import Document
from compiler.passes.load import MAXIMUM_BYTES, MAXIMUM_DEPTH, load
from tests.compiling import SMALLEST, codes, parsed, said

# PyYAML writes some line breaks of Unicode as they are; a spec must escape them.
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029\ufeff"), max_size=20
)
SCALARS = st.booleans() | st.integers(-(10**17), 10**17) | TEXTS
DATA = st.dictionaries(
    TEXTS,
    st.recursive(
        SCALARS | st.none(),
        lambda inner: (
            st.lists(inner.filter(lambda each: each is not None), max_size=3)
            | st.dictionaries(TEXTS, inner, max_size=3)
        ),
        max_leaves=8,
    ),
    min_size=1,
    max_size=4,
)
# Text that is likely to mean something to a reader of YAML.
YAML = st.lists(
    st.sampled_from(
        [*"{}[]:,-?#&*!|>'\"%@`\\<~ab1é😀\t\r", ": ", "- ", "\n", "\n  ", "---", "...", "<<", "null"]
    ),
    max_size=40,
).map("".join)


def data(text: str) -> Any:
    """Return what a right text holds."""
    document, found = parsed(text)
    assert document, said(found)
    return document.data


def document(text: str) -> Document:
    """Return the document of a right text."""
    loaded, found = parsed(text)
    assert loaded, said(found)
    return loaded


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("7", 7),
        ("-7", -7),
        ("123456789012345678", 123456789012345678),
        *(
            (text, text)
            for text in (
                *("True", "TRUE", "yes", "Yes", "no", "on", "off", "y", "n", "Null", "NULL"),
                *("1e3", "1.0", "010", "0o17", "0x1F", "+7", "-0.0", "1_000", ".inf", ".nan", "00"),
                *("12:30", "190:20:30", "2026-11-22", "2026-11-22T10:00:00Z", "=", "1,000"),
                *("1234567890123456789", "two words", "a#b", "a:b"),
            )
        ),
        ("'true'", "true"),
        ('"7"', "7"),
        ('""', ""),
        ("'null'", "null"),
        ('"\\u2028\\n"', "\u2028\n"),
        ("|\n  a\n  b\n", "a\nb\n"),
        (">\n  a\n  b\n", "a b\n"),
    ],
)
def test_only_true_false_and_plain_digits_are_more_than_text(written: str, value: object) -> None:
    loaded = data(f"key: {written}")["key"]
    assert loaded == value
    assert type(loaded) is type(value)


@pytest.mark.parametrize("name", ["null", "~", "on", "no", "1e3", "12:30", "2026-11-22"])
def test_an_item_of_a_list_may_be_called_like_a_value(name: str) -> None:
    assert data(f"flow: [{name}]\nblock:\n  - {name}\n") == {"flow": [name], "block": [name]}


@pytest.mark.parametrize(
    "name", ["true", "null", "~", "7", "1e3", "on", "12:30", "2026-11-22", "''", "'a b'"]
)
def test_a_key_is_always_text(name: str) -> None:
    assert list(data(f"{name}: 1")) == [name.strip("'")]


def test_the_order_of_keys_is_kept() -> None:
    assert list(data("b: 1\na: 2\nc: 3\n")) == ["b", "a", "c"]


@given(DATA, st.booleans(), st.booleans())
def test_what_another_program_has_dumped_is_loaded_as_it_was(value: Any, flow: bool, unicode: bool) -> None:
    text = yaml.dump(
        value, Dumper=_WithoutAliases, default_flow_style=flow, allow_unicode=unicode, sort_keys=False
    )
    assert data(text) == value


class _WithoutAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


@given(DATA, st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_every_mark_points_at_its_text(value: Any, flow: bool, line_end: str) -> None:
    text = yaml.dump(value, Dumper=_WithoutAliases, default_flow_style=flow, allow_unicode=True, width=10**6)
    text = text.replace("\n", line_end)
    loaded = document(text)
    lines = text.split("\n")
    for path, mark in loaded.marks.items():
        assert 1 <= mark.key_column <= len(lines[mark.key_line - 1])
        if mark.text_offset >= 0:
            start = mark.column - 1 + mark.text_offset
            here: Any = loaded.data
            for step in path:
                here = here[step]
            written = lines[mark.line - 1][start:]
            assert here is None or written.lower().startswith(str(here).lower())


def test_keys_and_values_are_located_in_block_and_flow_style() -> None:
    text = "tables:\n  clicks: {namespace: web, list: [a,  b]}\n  views:\n    - x\n    -   'y'\n"
    loaded = document(text)
    key, value = loaded.locate_key, loaded.locate
    assert _place(key(("tables",))) == (1, 1, "tables")
    assert _place(value(("tables",))) == (2, 3, "tables")
    assert _place(key(("tables", "clicks"))) == (2, 3, "tables.clicks")
    assert _place(value(("tables", "clicks"))) == (2, 11, "tables.clicks")
    assert _place(key(("tables", "clicks", "namespace"))) == (2, 12, "tables.clicks.namespace")
    assert _place(value(("tables", "clicks", "namespace"))) == (2, 23, "tables.clicks.namespace")
    assert value(("tables", "clicks", "namespace")).length == len("web")
    assert _place(value(("tables", "clicks", "list", 1))) == (2, 39, "tables.clicks.list.1")
    assert _place(value(("tables", "views", 1))) == (5, 9, "tables.views.1")


def test_an_unknown_place_is_its_nearest_known_parent() -> None:
    loaded = document("tables:\n  clicks: {a: b}\n")
    assert _place(loaded.locate(("tables", "clicks", "x", 3))) == (2, 11, "tables.clicks")
    assert _place(loaded.locate(())) == (1, 1, "")


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("type: list<strng>", 12),
        ("type: 'list<strng>'", 13),
        ('type: "list<strng>"', 13),
        ("type:    list<strng>", 15),
        ("{type: list<strng>}", 13),
        ("é😀: 'list<strng>'", 11),
    ],
)
def test_a_place_inside_a_text_is_counted_in_characters(text: str, column: int) -> None:
    loaded = document(text)
    name = next(iter(loaded.data))
    place = loaded.locate_within((name,), 5, 5)
    assert (place.line, place.column, place.length) == (1, column, 5)


@pytest.mark.parametrize(
    "text",
    ['type: "\\x6cist<strng>"', "type: 'it''s'", "t: 'it''s\n  it'", 't: "a\\\n  b"', "t: |\r  abcdef"],
)
def test_a_text_that_is_not_written_letter_by_letter_is_located_as_a_whole(text: str) -> None:
    loaded = document(text)
    name = next(iter(loaded.data))
    assert loaded.locate_within((name,), 5, 5) == loaded.locate((name,))


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("t: |\n  SELECT a\n  FROM bad\n", 3, 8),
        ("t: |  # SQL\n\n    SELECT a\n\n\n    FROM bad -- x\n# bad\nu: bad", 6, 10),
        ("t: |2-\n    SELECT a\n  FROM bad\n\n", 3, 8),
        ("t:\n- a: >+\n   SELECT a\n\n   FROM bad\n", 5, 9),
        ("t: SELECT a\n    FROM\n   bad", 3, 4),
        ("t: 'SELECT a\n\n FROM bad'", 3, 7),
        ('{t: "SELECT a\n FROM bad"}', 2, 7),
        ("é: |\r\n  SELECT é\r\n  FROM bad\r\n", 3, 8),
    ],
)
def test_a_place_inside_a_text_over_several_lines_is_exact(text: str, line: int, column: int) -> None:
    loaded = document(text)
    (path,) = (path for path, value in _leaves(loaded.data, ()) if "SELECT" in str(value))
    value = dict(_leaves(loaded.data, ()))[path]
    place = loaded.locate_within(path, value.index("bad"), len("bad"))
    assert (place.line, place.column, place.length) == (line, column, 3)


@given(st.text(st.sampled_from("ab '\n"), min_size=1), st.sampled_from(["|", ">", "'", '"', None]))
def test_every_character_of_a_text_is_found_in_its_source(value: str, style: str | None) -> None:
    text = yaml.dump({"k": {"t": value}}, default_style=style, width=20, Dumper=_WithoutAliases)
    loaded = document(text)
    lines = text.split("\n")
    path = ("k", "t")
    mark = loaded.marks[path]
    exact = mark.text_offset >= 0 or (mark.lines and mark.lines.index(value, 0) >= 0)
    for offset, letter in enumerate(value) if exact else ():
        place = loaded.locate_within(path, offset, 1)
        if not letter.isspace():
            assert lines[place.line - 1][place.column - 1] == letter


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index))
    else:
        yield path, value


def test_carriage_returns_move_no_column_and_no_line() -> None:
    unix, dos = "a: 1\nb:\n  - x\n  - 'y'\n", "a: 1\r\nb:\r\n  - x\r\n  - 'y'\r\n"
    assert document(unix).marks == document(dos).marks
    assert data(unix) == data(dos)


@given(YAML)
def test_any_text_is_loaded_or_explained(text: str) -> None:
    loaded, found = parsed(text)
    assert (loaded is None) == found.failed
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for each in found:
        assert each.rule.code.startswith("AC1")
        assert 1 <= each.location.line <= len(lines) + 1


@given(st.text(max_size=30))
def test_any_characters_are_loaded_or_explained(text: str) -> None:
    loaded, found = parsed(text)
    assert (loaded is None) == found.failed


@pytest.mark.parametrize(
    "code", [0x00, 0x07, 0x0B, 0x0C, 0x1B, 0x7F, 0x85, 0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE]
)
def test_a_character_that_no_editor_shows_is_refused_as_it_is_and_taken_as_an_escape(code: int) -> None:
    _, found = parsed(f"key: 'a{chr(code)}b'")
    assert codes(found) == ["AC1007"]
    assert next(iter(found)).location.column == 8
    escape = f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    assert escape in next(iter(found)).hint
    assert data(f'key: "a{escape}b"') == {"key": f"a{chr(code)}b"}


def test_every_flow_comma_is_reported_once() -> None:
    _, found = parsed(
        "a: {x: decimal(12,2), y: decimal(12,2)}\nb: [bucket(16, id)]\nc: {z: map<int, long>, y: 1}\n"
    )
    assert [(each.rule.code, each.location.line, each.location.column) for each in found] == [
        ("AC1018", 1, 8),
        ("AC1018", 2, 5),
        ("AC1018", 3, 8),
    ]


def test_a_flow_comma_between_quotes_is_no_mistake() -> None:
    assert data("{a: 'decimal(12,2)', b: \"map<int, long>\"}")["a"] == "decimal(12,2)"


@pytest.mark.parametrize("text", ["(x)", "<", "a < b", "(a", "f(", "x) (y", "list<string>", "a(b) c"])
def test_a_bracket_that_belongs_to_a_text_is_no_mistake(text: str) -> None:
    assert data(f"{{a: {text}, b: c > d}}") == {"a": text, "b": "c > d"}
    assert data(f"[{text}, c > d]\n".join(["a: ", ""])) == {"a": [text, "c > d"]}


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_levels_are_counted_before_they_exhaust_anything(opening: str) -> None:
    _, found = parsed(opening * 100_000)
    assert codes(found) == ["AC1016"] or codes(found) == ["AC1019"]


def test_sixty_four_levels_are_taken_and_one_more_is_not() -> None:
    inner = MAXIMUM_DEPTH - 1
    assert data("key: " + "[" * inner + "]" * inner)
    _, found = parsed("key: " + "[" * (inner + 1) + "]" * (inner + 1))
    assert codes(found) == ["AC1016"]


def test_what_stands_twice_is_reported_with_its_first_place() -> None:
    _, found = parsed("a: 1\nb: {c: 1, c: 2, c: 3}\na: {x: [1, 2]}\n")
    places = [(each.location.line, each.location.column) for each in found]
    assert places == [(2, 11), (2, 17), (3, 1)]
    assert [(r.location.line, r.location.column) for each in found for r in each.related] == [
        (2, 5),
        (2, 5),
        (1, 1),
    ]


def loaded(path: Path) -> tuple[Document | None, Diagnostics]:
    """Load a file."""
    found = Diagnostics()
    return load(str(path), found), found


def test_a_file_is_read_as_utf8(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_bytes("key: é\r\nother: 😀\r\n".encode())
    result, _ = loaded(spec)
    assert result
    assert result.data == {"key": "é", "other": "😀"}
    assert result.file == str(spec)


@pytest.mark.parametrize("name", ["missing.yaml", "file/spec.yaml", "x" * 5000, "nul\0.yaml"])
def test_ac1001_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    result, found = loaded(tmp_path / name)
    assert result is None
    assert codes(found) == ["AC1001"]
    assert "cannot read" in said(found)


def test_ac1002_a_directory_is_no_spec(tmp_path: Path) -> None:
    result, found = loaded(tmp_path)
    assert result is None
    assert codes(found) == ["AC1002"]


@pytest.mark.parametrize("kind", ["device", "pipe"])
def test_ac1003_what_may_never_end_is_not_opened(tmp_path: Path, kind: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    result, found = loaded(pipe if kind == "pipe" else Path("/dev/zero"))
    assert result is None
    assert codes(found) == ["AC1003"]


def test_ac1004_a_file_over_sixteen_megabytes_is_not_read(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.touch()
    os.truncate(spec, MAXIMUM_BYTES + 1)
    result, found = loaded(spec)
    assert result is None
    assert codes(found) == ["AC1004"]
    assert "16,777,217 bytes" in said(found)


def test_a_file_that_is_not_utf8_is_located_at_the_byte(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_bytes(SMALLEST.encode() + "é: caf".encode() + b"\xe9\n")
    _, found = loaded(spec)
    assert codes(found) == ["AC1006"]
    place = next(iter(found)).location
    assert (place.line, place.column) == (SMALLEST.count("\n") + 1, 7)


def _place(location: Any) -> tuple[int, int, str]:
    return location.line, location.column, location.path
