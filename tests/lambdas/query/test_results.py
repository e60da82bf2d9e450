"""How Athena's text becomes typed rows, and a large result several answers."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from lambdas.query import index
from tests.lambdas.endpoint import Context, error
from tests.lambdas.query.athena import EXECUTION, Athena, ask, column, request, visits


@pytest.mark.parametrize(
    ("kind", "text", "value", "spec"),
    [
        ("varchar", "text", "text", "string"),
        ("varchar", "", "", "string"),
        ("boolean", "true", True, "boolean"),
        ("boolean", "false", False, "boolean"),
        ("integer", "-7", -7, "int"),
        ("tinyint", "7", 7, "int"),
        ("smallint", "7", 7, "int"),
        ("bigint", "9223372036854775807", 9223372036854775807, "long"),
        ("double", "0.1", 0.1, "double"),
        ("double", "1.0E-7", 1e-7, "double"),
        ("double", "NaN", "NaN", "double"),
        ("double", "-Infinity", "-Infinity", "double"),
        ("float", "1.5", 1.5, "float"),
        ("real", "1.5", 1.5, "float"),
        ("decimal", "12345678901234567890.10", "12345678901234567890.10", "decimal(38,2)"),
        ("date", "2026-11-22", "2026-11-22", "date"),
        ("timestamp", "2026-11-22 23:10:05.123", "2026-11-22T23:10:05.123", "timestamp"),
        ("timestamp", "2026-11-22 23:10:05", "2026-11-22T23:10:05", "timestamp"),
        (
            "timestamp with time zone",
            "2026-11-22 23:10:05.123 UTC",
            "2026-11-22T23:10:05.123Z",
            "timestamptz",
        ),
        (
            "timestamp with time zone",
            "2026-11-22 23:10:05 +02:00",
            "2026-11-22T23:10:05+02:00",
            "timestamptz",
        ),
        (
            "timestamp with time zone",
            "2026-11-22 23:10:05 Europe/Berlin",
            "2026-11-22 23:10:05 Europe/Berlin",
            "timestamptz",
        ),
        ("time", "23:10:05.123", "23:10:05.123", "time"),
        ("varbinary", "02 c6", "02 c6", "binary"),
        ("array", "[1, 2]", "[1, 2]", "array"),
        ("map", "{a=1}", "{a=1}", "map"),
        ("row", "{a=1}", "{a=1}", "row"),
        ("json", '{"a":1}', '{"a":1}', "json"),
        ("varchar", None, None, "string"),
        ("bigint", None, None, "long"),
        ("timestamp", None, None, "timestamp"),
    ],
)
def test_a_value_gets_its_type(athena: Athena, kind: str, text: str | None, value: Any, spec: str) -> None:
    athena.columns, athena.rows = [column("x", kind, 38, 2)], [[text]]
    status, answer = ask(visits())
    assert status == 200
    assert answer["columns"] == [{"name": "x", "type": spec}]
    ((made,),) = answer["rows"]
    assert (made, type(made)) == (value, type(value))


def test_a_result_without_rows_has_columns(athena: Athena) -> None:
    athena.rows = []
    assert ask(visits())[1] == {
        "columns": [{"name": "day", "type": "date"}, {"name": "visits", "type": "long"}],
        "rows": [],
        "scanned_bytes": 10_485_760,
    }


def test_a_row_that_looks_like_the_header_is_a_row(athena: Athena) -> None:
    athena.columns, athena.rows = [column("day", "varchar")], [["day"], ["day"]]
    assert ask(visits())[1]["rows"] == [["day"], ["day"]]


def test_all_pages_that_fit_are_one_answer(athena: Athena) -> None:
    athena.columns, athena.rows = [column("n", "bigint")], [[str(n)] for n in range(3500)]
    status, answer = ask(visits())
    assert (status, answer["rows"]) == (200, [[n] for n in range(3500)])
    assert "next" not in answer
    assert len(athena.requests("GetQueryResults")) == 4


def pages(athena: Athena) -> list[list[Any]]:
    """Ask until there is no more, and return the rows of each answer."""
    status, answer = ask(visits())
    found = [answer["rows"]]
    while "next" in answer:
        started = len(athena.requests("StartQueryExecution"))
        status, answer = ask({"query": "visits", "next": answer["next"]})
        assert status == 200
        assert len(athena.requests("StartQueryExecution")) == started
        assert answer["scanned_bytes"] == 10_485_760
        assert answer["columns"][0]["name"] == "n"
        found.append(answer["rows"])
    return found


@pytest.mark.parametrize(
    ("text", "count"), [("x" * 2000, 6000), ("ü" * 1000, 6000), ('"\\' * 300, 9000), ("x" * 90_000, 150)]
)
def test_a_large_result_is_paged_and_no_row_is_lost(athena: Athena, text: str, count: int) -> None:
    athena.columns = [column("n", "bigint"), column("text", "varchar")]
    athena.rows = [[str(n), text] for n in range(count)]
    found = pages(athena)
    assert len(found) > 1
    assert [row for rows in found for row in rows] == [[n, text] for n in range(count)]


@pytest.mark.parametrize("text", ['"\\' * 100, "ü" * 60, "\n" * 90], ids=["escaped", "wide", "lines"])
def test_a_whole_response_stays_below_what_lambda_answers(athena: Athena, text: str) -> None:
    athena.columns, athena.rows = [column("text", "varchar")], [[text] for _ in range(20_000)]
    response = index.handler(request(visits()), Context())
    assert 4_000_000 < len(json.dumps(response)) < 6 * 1024 * 1024


def test_a_row_that_is_too_large_alone_is_a_problem(athena: Athena) -> None:
    athena.columns, athena.rows = [column("n", "varchar")], [["a"], ["x" * 5_000_001]]
    status, answer = ask(visits())
    assert (status, answer["rows"]) == (200, [["a"]])
    status, answer = ask({"query": "visits", "next": answer["next"]})
    assert (status, answer["type"]) == (502, "urn:problem-type:large-row")


def test_when_time_is_up_the_rest_is_for_the_next_answer(
    athena: Athena, monkeypatch: pytest.MonkeyPatch
) -> None:
    athena.columns, athena.rows = [column("n", "bigint")], [[str(n)] for n in range(2500)]
    athena.states = ["SUCCEEDED"]
    monkeypatch.setattr(index, "MARGIN", 99)
    assert [len(rows) for rows in pages(athena)] == [999, 1000, 501]


def token(*parts: Any) -> str:
    """Make a token as somebody else might."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "%%%",
        "bm90aGluZw==",
        7,
        None,
        ["visits", EXECUTION, "1"],
        token(),
        token("visits", EXECUTION),
        token("totals", EXECUTION, "1"),
        token("visits", "", "1"),
        token("visits", "a b", "1"),
        token("visits", 7, "1"),
        token("visits", EXECUTION, ""),
        token("visits", EXECUTION, ["1"]),
        token("visits", EXECUTION, None),
        token("visits", EXECUTION, "1" * 1025),
    ],
    ids=range(16),
)
def test_a_token_that_is_none_is_refused_unseen(athena: Athena, forged: Any) -> None:
    status, answer = ask({"query": "visits", "next": forged})
    assert (status, answer["type"]) == (400, "urn:problem-type:bad-next")
    assert athena.endpoint.calls == []


@pytest.mark.parametrize(
    "other",
    [
        {"QueryString": "SELECT secret FROM payroll"},
        {"WorkGroup": "primary"},
        {"state": "RUNNING"},
        {"state": "FAILED"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_token_is_good_for_results_of_its_query_alone(athena: Athena, other: dict[str, str]) -> None:
    athena.states = [other.pop("state", "SUCCEEDED")]
    athena.started |= other
    status, answer = ask({"query": "visits", "next": token("visits", EXECUTION, "1")})
    assert (status, answer["type"]) == (400, "urn:problem-type:bad-next")
    assert athena.endpoint.operations() == ["GetQueryExecution"]


def test_a_query_that_athena_prints_with_other_spaces_is_the_same(athena: Athena) -> None:
    athena.states = ["SUCCEEDED"]
    athena.started["QueryString"] = f"\n{athena.started['QueryString']} "
    assert ask({"query": "visits", "next": token("visits", EXECUTION, "1")})[0] == 200


@pytest.mark.parametrize("operation", ["GetQueryExecution", "GetQueryResults"])
def test_results_that_are_gone_are_not_found(athena: Athena, operation: str) -> None:
    athena.states = ["SUCCEEDED"]
    athena.faults[operation] = [error("InvalidRequestException")]
    status, answer = ask({"query": "visits", "next": token("visits", EXECUTION, "1")})
    assert (status, answer["type"]) == (404, "urn:problem-type:gone")
