"""The type language: read with a place for every mistake, written back, numbered as Iceberg does."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyiceberg.schema import Schema, assign_fresh_schema_ids

from compiler.iceberg import (
    Field,
    ListType,
    MapType,
    Primitive,
    StructType,
    Type,
    assign_ids,
    field_json,
    primitives,
    spelled,
)
from compiler.problem import Problem
from compiler.semantics.types import MAXIMUM_LEVELS, PRIMITIVES, parse_type

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,4}", fullmatch=True)
DECIMALS = st.integers(1, 38).flatmap(
    lambda precision: st.integers(0, precision).map(lambda scale: Primitive("decimal", (precision, scale)))
)
SIMPLE = st.sampled_from([name for name in PRIMITIVES if name not in ("decimal", "fixed")]).map(Primitive)
ATOMS = SIMPLE | DECIMALS | st.integers(1, 999).map(lambda length: Primitive("fixed", (length,)))


def _fields(types: st.SearchStrategy[Type]) -> st.SearchStrategy[tuple[Field, ...]]:
    field = st.builds(Field, NAMES, types, st.booleans())
    return st.lists(field, min_size=1, max_size=4, unique_by=lambda each: each.name).map(tuple)


TYPES: st.SearchStrategy[Type] = st.recursive(
    ATOMS,
    lambda inner: (
        st.builds(ListType, inner, st.booleans())
        | st.builds(MapType, ATOMS, inner, st.booleans())
        | _fields(inner).map(StructType)
    ),
    max_leaves=8,
)
TOKENS = st.lists(
    st.sampled_from([*"<>(),:! ", *PRIMITIVES, "list", "map", "struct", "a", "B", "12", "2", "é", "\t"]),
    max_size=15,
).map("".join)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("string", Primitive("string")),
        ("  timestamptz  ", Primitive("timestamptz")),
        ("decimal(12,2)", Primitive("decimal", (12, 2))),
        ("decimal ( 38 , 0 )", Primitive("decimal", (38, 0))),
        ("fixed(16)", Primitive("fixed", (16,))),
        ("list<string!>", ListType(Primitive("string"), True)),
        ("map<string,long>", MapType(Primitive("string"), Primitive("long"))),
        ("map<date, list<int>!>", MapType(Primitive("date"), ListType(Primitive("int")), True)),
        (
            "struct<lat: double!, name:string>",
            StructType((Field("lat", Primitive("double"), True), Field("name", Primitive("string")))),
        ),
        ("struct<list: list<map<int, struct<struct: date>>>>", None),
        ("list<\n  string\n>", ListType(Primitive("string"))),
    ],
)
def test_a_type_is_read(text: str, meant: Type | None) -> None:
    assert parse_type(text) == (meant or parse_type(spelled(parse_type(text))))


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("", "", "a type is expected here"),
        ("   ", "", "a type is expected here"),
        ("strng", "strng", "unknown type 'strng'"),
        ("String", "String", "unknown type 'String'"),
        ("list<bigint>", "bigint", "unknown type 'bigint'"),
        ("list<>", ">", "a type is expected here, not '>'"),
        ("list<string", "", "'>' is expected here, but the type ends"),
        ("list string", "string", "'<' is expected here, not 'string'"),
        ("list<int, int>", ",", "'>' is expected here, not ','"),
        ("map<string>", ">", "',' is expected here, not '>'"),
        ("map<struct<a: int>, int>", "struct", "a map's key is a primitive type"),
        ("map<int!, int>", "!", "a map's key is always required"),
        ("struct<>", ">", "'>' cannot be the name of a field"),
        ("struct<a int>", "int", "':' is expected here, not 'int'"),
        ("struct<a: int, B: int>", "B", "'B' cannot be the name of a field"),
        ("struct<a: int, a: int>", "a: int>", "the struct has two fields 'a'"),
        ("struct<a: int,>", ">", "'>' cannot be the name of a field"),
        ("decimal", "decimal", "decimal needs its precision and scale"),
        ("decimal(39,2)", "39", "a precision of 39 is not between 1 and 38"),
        ("decimal(0,0)", "0,", "a precision of 0 is not between 1 and 38"),
        ("decimal(2,12)", "12", "the scale 12 is greater than the precision 2"),
        ("decimal(12)", ")", "',' is expected here, not ')'"),
        ("decimal(-1,0)", "-", "a number is expected, not '-'"),
        ("decimal(9999999999,0)", "9999999999", "a number is expected, not '9999999999'"),
        ("fixed", "fixed", "fixed needs its length in bytes"),
        ("fixed(0)", "0", "a length of 0 holds nothing"),
        ("int(4)", "(", "int takes no numbers"),
        ("string!", "!", "'!' marks what is inside a nested type, not a column"),
        ("string;", ";", "nothing is expected after the type, but here is ';'"),
        ("list<string!!>", "!>", "'>' is expected here, not '!'"),
    ],
)
def test_a_mistake_is_found_where_it_stands(text: str, at: str, message: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_type(text)
    assert caught.value.message == message
    assert text[caught.value.offset :].startswith(at)
    assert caught.value.offset == (text.rindex(at) if at else len(text.rstrip()))


@pytest.mark.parametrize(
    ("written", "near"),
    [
        ("varchar(20)", "string"),
        ("BIGINT", "long"),
        ("array<int>", "list"),
        ("timstamp", "timestamp"),
        ("row", "struct"),
    ],
)
def test_a_type_of_another_system_gets_iceberg_s_own_name(written: str, near: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_type(written)
    assert caught.value.hint == f"did you mean '{near}'?"


def test_sixteen_levels_are_taken_and_one_more_is_not() -> None:
    nested = MAXIMUM_LEVELS - 1
    assert parse_type("list<" * nested + "int" + ">" * nested)
    with pytest.raises(Problem, match="inside one another") as caught:
        parse_type("list<" * (nested + 1) + "int" + ">" * (nested + 1))
    assert caught.value.offset == len("list<" * (nested + 1))


@given(TYPES)
def test_a_type_is_read_as_it_was_written(type_: Type) -> None:
    assert parse_type(spelled(type_)) == type_


@given(TOKENS)
def test_any_text_is_a_type_or_a_problem_inside_of_it(text: str) -> None:
    problem = _problem(text)
    assert problem is None or (0 <= problem.offset <= len(text) and problem.length >= 1 and problem.message)


def _problem(text: str) -> Problem | None:
    try:
        parse_type(text)
    except Problem as problem:
        return problem
    return None


@given(_fields(TYPES))
def test_ids_are_those_that_a_catalog_gives_a_fresh_table(columns: tuple[Field, ...]) -> None:
    ours = assign_ids(columns, itertools.count(1))
    assert _schema(ours) == assign_fresh_schema_ids(_schema(_numbered_depth_first(ours)))


@given(TYPES)
def test_every_primitive_inside_a_type_is_found(type_: Type) -> None:
    words = spelled(type_).replace("!", "")
    for primitive in primitives(type_):
        assert spelled(primitive) in words
    assert list(primitives(type_))


def _schema(columns: tuple[Field, ...]) -> Schema:
    """Let the reference implementation read our JSON."""
    return Schema.model_validate({"type": "struct", "fields": [field_json(column) for column in columns]})


def _numbered_depth_first(columns: tuple[Field, ...]) -> tuple[Field, ...]:
    ids = itertools.count(100)
    return tuple(_renumbered(column, ids) for column in columns)


def _renumbered(field: Field, ids: Iterator[int]) -> Field:
    return Field(field.name, _inside(field.type, ids), field.required, field.doc, next(ids))


def _inside(type_: Type, ids: Iterator[int]) -> Any:
    match type_:
        case ListType():
            return ListType(_inside(type_.element, ids), type_.element_required, next(ids))
        case MapType():
            return MapType(
                _inside(type_.key, ids), _inside(type_.value, ids), type_.value_required, next(ids), next(ids)
            )
        case StructType():
            return StructType(tuple(_renumbered(field, ids) for field in type_.fields))
    return type_
