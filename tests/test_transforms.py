"""Partition and sort terms: read with a place for every mistake, judged as Iceberg judges them."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyiceberg.transforms import parse_transform
from pyiceberg.types import DecimalType, FixedType, IcebergType, PrimitiveType

from compiler.iceberg import ListType, Primitive, StructType, Type
from compiler.problem import Problem
from compiler.semantics.transforms import SortTerm, Term, check_source, parse_sort, parse_term
from compiler.semantics.types import PRIMITIVES, parse_type

TERMS = [
    ("id", Term("id", "identity", None, 0)),
    ("  id  ", Term("id", "identity", None, 2)),
    ("day(at)", Term("at", "day", None, 4)),
    ("DAY( at )", Term("at", "day", None, 5)),
    ("bucket(16, id)", Term("id", "bucket", 16, 11)),
    (" bucket ( 16 ,  id ) ", Term("id", "bucket", 16, 16)),
    ("truncate(4,id)", Term("id", "truncate", 4, 11)),
    ("day", Term("day", "identity", None, 0)),
    ("bucket(2147483647, id)", Term("id", "bucket", 2147483647, 19)),
]
SORTS = [
    ("id", "id", "asc", "nulls-first"),
    ("id asc", "id", "asc", "nulls-first"),
    ("id desc", "id", "desc", "nulls-last"),
    ("id nulls last", "id", "asc", "nulls-last"),
    ("id DESC Nulls FIRST", "id", "desc", "nulls-first"),
    ("  day(at)   desc  nulls\tlast ", "at", "desc", "nulls-last"),
    ("desc", "desc", "asc", "nulls-first"),
    ("asc desc", "asc", "desc", "nulls-last"),
    ("nulls nulls first", "nulls", "asc", "nulls-first"),
    ("bucket(16, id) desc", "id", "desc", "nulls-last"),
]
WORDS = st.lists(
    st.sampled_from([*"(), ", "day", "bucket", "16", "id", "asc", "desc", "nulls", "first", "é", "\n"]),
    max_size=12,
).map("".join)


@pytest.mark.parametrize(("text", "meant"), TERMS)
def test_a_term_is_read(text: str, meant: Term) -> None:
    assert parse_term(text) == meant
    assert text[meant.offset :].startswith(meant.column)


@pytest.mark.parametrize(("text", "column", "direction", "null_order"), SORTS)
def test_a_sort_term_is_read(text: str, column: str, direction: str, null_order: str) -> None:
    sort = parse_sort(text)
    assert (sort.term.column, sort.direction, sort.null_order) == (column, direction, null_order)
    assert text[sort.term.offset :].startswith(column)


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("", 0, "'' is not a partition term"),
        ("   ", 0, "'   ' is not a partition term"),
        ("id desc", 0, "'id desc' is not a partition term"),
        ("day(at", 0, "'day(at' is not a partition term"),
        ("days(at)", 0, "unknown transform 'days'"),
        ("  Week(at)", 2, "unknown transform 'Week'"),
        ("day()", 0, "day takes 1 argument"),
        ("day(at, id)", 0, "day takes 1 argument"),
        ("bucket(id)", 0, "bucket takes 2 arguments"),
        ("bucket(16,)", 0, "bucket takes 2 arguments"),
        ("bucket(0, id)", 7, "bucket needs how many buckets first, a whole number from 1"),
        ("bucket( x , id)", 8, "bucket needs how many buckets first, a whole number from 1"),
        ("bucket(id, 16)", 7, "bucket needs how many buckets first, a whole number from 1"),
        ("identity(id)", 0, "a column that is taken as it is needs no transform"),
        ("bucket(2147483648, id)", 7, "bucket needs how many buckets first, a whole number from 1"),
        ("truncate(-1, id)", 9, "truncate needs the width first, a whole number from 1"),
        ("day(a b)", 4, "'a b' is not a column"),
    ],
)
def test_a_mistake_is_found_where_it_stands(text: str, at: int, message: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_term(text)
    assert (caught.value.offset, caught.value.message) == (at, message)


@pytest.mark.parametrize(
    "text", ["", " ", "id ascending", "id nulls", "id nulls last desc", "id desc asc", "day(at"]
)
def test_what_is_no_sort_term_is_called_that(text: str) -> None:
    with pytest.raises(Problem, match="is not a sort term"):
        parse_sort(text)


@pytest.mark.parametrize("parse", [parse_term, parse_sort])
@given(text=WORDS)
def test_any_text_is_a_term_or_a_problem_inside_of_it(
    parse: Callable[[str], Term | SortTerm], text: str
) -> None:
    problem = _problem(lambda: parse(text))
    assert problem is None or (0 <= problem.offset <= len(text) and problem.message)


@pytest.mark.parametrize("parse", [parse_term, parse_sort, parse_type])
@pytest.mark.parametrize(
    "text",
    [
        "day(" + " " * 10**6,
        " " * 10**6 + "!",
        "a " * 10**5,
        "a" + " " * 10**6 + "x",
        "(" * 10**6,
        "a" * 10**6 + "!",
    ],
)
def test_a_megabyte_of_anything_is_judged_at_once(parse: Callable[[str], object], text: str) -> None:
    start = time.process_time()
    assert _problem(lambda: parse(text))
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "transform", ["identity", "bucket[16]", "truncate[4]", "year", "month", "day", "hour"]
)
@pytest.mark.parametrize("name", PRIMITIVES)
def test_a_transform_takes_what_the_reference_implementation_lets_it_take(transform: str, name: str) -> None:
    arguments = {"decimal": (12, 2), "fixed": (16,)}.get(name, ())
    kind = transform.partition("[")[0]
    problem = _problem(lambda: check_source(Term("c", kind, 1, 0), Primitive(name, arguments)))
    assert (problem is None) == parse_transform(transform).can_transform(_reference(name))


@pytest.mark.parametrize("type_", [ListType(Primitive("int")), StructType(())])
def test_only_a_primitive_column_has_a_transform(type_: Type) -> None:
    with pytest.raises(Problem, match="only primitive columns can be used here"):
        check_source(Term("c", "identity", None, 0), type_)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("id", "id"),
        ("day(at)", "at_day"),
        ("bucket(16, id)", "id_bucket_16"),
        ("truncate(4, id)", "id_trunc_4"),
    ],
)
def test_a_partition_field_is_named_as_iceberg_names_one_that_is_added(text: str, name: str) -> None:
    assert parse_term(text).field_name == name


def _problem(work: Callable[[], object]) -> Problem | None:
    try:
        work()
    except Problem as problem:
        return problem
    return None


def _reference(name: str) -> IcebergType:
    if name == "decimal":
        return DecimalType(12, 2)
    return FixedType(16) if name == "fixed" else PrimitiveType.handle_primitive_type(name, None)
