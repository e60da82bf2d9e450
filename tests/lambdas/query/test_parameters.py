"""How a parameter becomes a literal of SQL, and that it can be nothing else."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.query import index
from tests.lambdas.query.athena import Athena, ask, visits

KINDS = (
    "boolean",
    "int",
    "long",
    "float",
    "double",
    "decimal(12,2)",
    "date",
    "timestamp",
    "timestamptz",
    "string",
)
# each of these is one expression of SQL, in which nothing else can hide
LITERAL = re.compile(
    r"true|false|-?\d+|BIGINT '-?\d+'|(REAL|DOUBLE) '-?[\d.e+-]+'|CAST\('-?\d+\.\d+' AS DECIMAL\(12, 2\)\)"
    r"|DATE '\d{4}-\d\d-\d\d'|TIMESTAMP '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}( UTC)?'|'([^']|'')*'"
)


@pytest.mark.parametrize(
    ("kind", "value", "literal"),
    [
        ("string", "o'hara", "'o''hara'"),
        ("string", "' OR 1=1 --", "''' OR 1=1 --'"),
        ("string", "", "''"),
        ("string", "größer \\", "'größer \\'"),
        ("boolean", True, "true"),
        ("boolean", False, "false"),
        ("int", -7, "-7"),
        ("int", "7", "7"),
        ("int", Decimal("7.0"), "7"),
        ("int", 2**31 - 1, "2147483647"),
        ("long", -(2**63), "BIGINT '-9223372036854775808'"),
        ("long", "9007199254740993", "BIGINT '9007199254740993'"),
        ("float", 1.5, "REAL '1.5'"),
        ("float", 3.4028234663852886e38, "REAL '3.4028234663852886e+38'"),
        ("double", -1.7976931348623157e308, "DOUBLE '-1.7976931348623157e+308'"),
        ("double", Decimal("0.1"), "DOUBLE '0.1'"),
        ("double", "1e-7", "DOUBLE '1e-07'"),
        ("decimal(12,2)", 5, "CAST('5.00' AS DECIMAL(12, 2))"),
        ("decimal(12,2)", "-12.3", "CAST('-12.30' AS DECIMAL(12, 2))"),
        ("decimal(5,0)", 5, "CAST('5' AS DECIMAL(5, 0))"),
        ("date", "2026-11-22", "DATE '2026-11-22'"),
        ("timestamp", "2026-11-22", "TIMESTAMP '2026-11-22 00:00:00.000000'"),
        ("timestamp", "2026-11-22T10:00:00.123456", "TIMESTAMP '2026-11-22 10:00:00.123456'"),
        ("timestamp", "2026-11-22T10:00:00+02:00", "TIMESTAMP '2026-11-22 08:00:00.000000'"),
        ("timestamptz", "2026-11-22T10:00:00+02:00", "TIMESTAMP '2026-11-22 08:00:00.000000 UTC'"),
        ("timestamptz", "2026-11-22T10:00:00", "TIMESTAMP '2026-11-22 10:00:00.000000 UTC'"),
    ],
)
def test_a_value_becomes_the_literal_of_its_type(kind: str, value: Any, literal: str) -> None:
    assert index.literal(kind, value) == literal


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", 7),
        ("string", None),
        ("string", ["a"]),
        ("string", "\ud800"),
        ("boolean", "true"),
        ("boolean", 1),
        ("boolean", "2026-11-22"),
        ("int", 2**31),
        ("int", "7; DROP TABLE visits"),
        ("int", True),
        ("int", 7.5),
        ("int", None),
        ("long", 2**63),
        ("long", "1e999999999"),
        ("float", "3.5e38"),
        ("double", "Infinity"),
        ("double", float("nan")),
        ("double", Decimal("1e999999999")),
        ("decimal(12,2)", "0.001"),
        ("decimal(12,2)", 10**10),
        ("decimal(12,2)", "1'"),
        ("date", "2026-02-30"),
        ("date", "2026-11-22' OR '1'='1"),
        ("date", 20_000),
        ("timestamp", "now()"),
        ("timestamp", 1_763_856_605),
        ("timestamptz", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_a_value_of_another_type_is_refused(athena: Athena, kind: str, value: Any) -> None:
    with pytest.raises(index.Problem) as refused:
        index.literals([["limit", kind]], {"limit": value})
    assert refused.value.args == (400, "wrong-parameter", f"limit is not a {kind}")


@given(kind=st.sampled_from(KINDS), value=st.text())
def test_no_text_is_anything_but_one_literal(kind: str, value: str) -> None:
    try:
        literal = index.literal(kind, value)
    except (ValueError, TypeError, ArithmeticError):
        return
    assert LITERAL.fullmatch(literal)


@given(value=st.text(st.characters(codec="utf-8")))
def test_text_comes_back_from_its_literal(value: str) -> None:
    literal = index.literal("string", value)
    assert literal[1:-1].replace("''", "'") == value
    assert len(literal) - 2 == len(value) + value.count("'")


@given(value=st.integers(-(2**63), 2**63 - 1))
def test_a_number_comes_back_from_its_literal(value: int) -> None:
    assert index.literal("long", value) == index.literal("long", str(value)) == f"BIGINT '{value}'"


@given(value=st.datetimes(timezones=st.timezones()))
def test_a_time_is_the_same_time_in_its_literal(value: datetime) -> None:
    try:
        literal = index.literal("timestamptz", value.isoformat())
    except (ValueError, ArithmeticError):
        return  # an offset of seconds, or one that leads out of the years 1 to 9999
    found = re.fullmatch(r"TIMESTAMP '(.*) UTC'", literal)
    assert found
    assert datetime.fromisoformat(f"{found[1]}+00:00") == datetime.fromisoformat(value.isoformat())


def test_the_parameters_stand_in_the_order_of_the_question_marks(athena: Athena) -> None:
    assert ask(visits())[0] == 200
    (started,) = athena.requests("StartQueryExecution")
    assert started["ExecutionParameters"] == [
        "'o''hara'",
        "DATE '2026-11-01'",
        "DATE '2026-11-22'",
        "'o''hara'",
    ]


@pytest.mark.parametrize(
    ("parameters", "kind", "detail"),
    [
        ({"site": "a", "since": "2026-11-01"}, "missing-parameter", "the query needs until, a date"),
        ({}, "missing-parameter", "the query needs site, a string"),
        ({**visits()["parameters"], "to": 1}, "unknown-parameter", "the query has no parameter to"),
        ({**visits()["parameters"], "since": None}, "wrong-parameter", "since is not a date"),
        ({**visits()["parameters"], "site": "x" * 1023}, "wrong-parameter", "site is too long"),
        ([], "bad-request", "parameters is not an object"),
        (None, "bad-request", "parameters is not an object"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(
    athena: Athena, parameters: Any, kind: str, detail: str
) -> None:
    status, answer = ask({"query": "visits", "parameters": parameters})
    assert (status, answer["type"], answer["detail"]) == (400, f"urn:problem-type:{kind}", detail)
    assert athena.endpoint.calls == []


def test_text_may_be_as_long_as_athena_takes(athena: Athena) -> None:
    assert ask(visits(site="x" * 1022))[0] == 200
    assert ask(visits(site="'" * 511))[0] == 200
    assert ask(visits(site="'" * 512))[0] == 400
