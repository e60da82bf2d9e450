"""How a query is asked for, run and answered; and what is answered instead."""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

import pytest

from lambdas.query import index
from tests.lambdas.endpoint import BROKEN, HANG_UP, HTML, THROTTLED, Context, Fading, Fault, error
from tests.lambdas.query.athena import CONFIG, EXECUTION, VISITS, Athena, ask, request, visits

TOO_MANY = error("TooManyRequestsException")
DENIED = error("AccessDeniedException")
INVALID = error("InvalidRequestException")
ANSWER = {
    "columns": [{"name": "day", "type": "date"}, {"name": "visits", "type": "long"}],
    "rows": [["2026-11-01", 7], ["2026-11-02", None]],
    "scanned_bytes": 10_485_760,
}


def problem(answer: dict[str, Any]) -> str:
    """Name the kind of a problem."""
    name: str = answer["type"].removeprefix("urn:problem-type:")
    return name


def test_a_query_is_run_and_answered_with_typed_rows(athena: Athena) -> None:
    assert ask(visits()) == (200, ANSWER)
    assert athena.endpoint.operations() == [
        "StartQueryExecution",
        "GetQueryExecution",
        "GetQueryExecution",
        "GetQueryExecution",
        "GetQueryResults",
    ]


def test_an_invocation_s_payload_is_the_request_itself(athena: Athena) -> None:
    assert index.handler(visits(), Context()) == ANSWER
    assert index.handler({"query": "other"}, Context()) == {
        "type": "urn:problem-type:unknown-query",
        "title": "Unknown query",
        "status": 400,
        "detail": "there is no query of this name",
    }


def test_the_query_runs_in_its_workgroup_catalog_and_namespace(athena: Athena) -> None:
    ask(visits())
    (started,) = athena.requests("StartQueryExecution")
    assert (started["QueryString"], started["WorkGroup"]) == (VISITS, "shop")
    assert started["QueryExecutionContext"] == {"Catalog": "s3tablescatalog/shop", "Database": "web"}
    assert "ResultConfiguration" not in started


def test_a_query_without_parameters_sends_none(athena: Athena) -> None:
    assert ask({"query": "totals"})[0] == 200
    assert ask({"query": "totals", "parameters": {}})[0] == 200
    assert all("ExecutionParameters" not in each for each in athena.requests("StartQueryExecution"))


def test_a_place_for_results_is_named_where_one_is_configured(
    athena: Athena, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "CONFIG", {**CONFIG, "output": "s3://results/"})
    ask(visits())
    (started,) = athena.requests("StartQueryExecution")
    assert started["ResultConfiguration"] == {"OutputLocation": "s3://results/"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("{", "bad-request"),
        ("", "bad-request"),
        ('{"query": NaN}', "bad-request"),
        ("[" * 100_000, "bad-request"),
        ([], "bad-request"),
        (None, "bad-request"),
        ({"query": "visits", "sql": "SELECT 1"}, "bad-request"),
        ({}, "unknown-query"),
        ({"query": "VISITS"}, "unknown-query"),
        ({"query": ["visits"]}, "unknown-query"),
        ({"query": None}, "unknown-query"),
    ],
    ids=range(11),
)
def test_what_is_no_request_is_refused(athena: Athena, body: Any, kind: str) -> None:
    status, answer = ask(body)
    assert (status, problem(answer)) == (400, kind)
    assert athena.endpoint.calls == []


@pytest.mark.parametrize("body", [b"\xff\xfe\xfd", b"{"], ids=["no UTF-8", "half an object"])
def test_a_body_in_base64_is_read(athena: Athena, body: bytes) -> None:
    packed: dict[str, Any] = {
        "body": base64.b64encode(json.dumps(visits()).encode()).decode(),
        "isBase64Encoded": True,
    }
    assert ask("", **packed) == (200, ANSWER)
    assert ask("", **{**packed, "body": base64.b64encode(body).decode()})[0] == 400
    assert ask("", **{**packed, "body": "%%%"})[0] == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_only_post_is_served(athena: Athena, method: str) -> None:
    response = index.handler(request(visits(), method=method), Context())
    assert (response["statusCode"], response["headers"]["allow"]) == (405, "POST")
    assert json.loads(response["body"])["title"] == "Method not allowed"


def test_a_preflight_that_arrives_is_answered_without_a_body(athena: Athena) -> None:
    assert index.handler(request("", method="OPTIONS"), Context()) == {"statusCode": 204}


@pytest.mark.parametrize("operation", ["StartQueryExecution", "GetQueryExecution", "GetQueryResults"])
@pytest.mark.parametrize("fault", [THROTTLED, TOO_MANY, BROKEN, HTML, HANG_UP], ids=str)
def test_a_call_that_fails_is_made_again(athena: Athena, operation: str, fault: Fault) -> None:
    athena.faults[operation] = [fault, fault]
    assert ask(visits()) == (200, ANSWER)


def test_a_start_that_is_made_again_starts_one_query(athena: Athena) -> None:
    athena.faults["StartQueryExecution"] = [HANG_UP, BROKEN]
    ask(visits())
    tokens = [each["ClientRequestToken"] for each in athena.requests("StartQueryExecution")]
    assert len(tokens) == 3
    assert len(set(tokens)) == 1
    ask(visits())
    assert len({each["ClientRequestToken"] for each in athena.requests("StartQueryExecution")}) == 2


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (THROTTLED, 429, "too-many-requests"),
        (TOO_MANY, 429, "too-many-requests"),
        (BROKEN, 502, "athena"),
        (HTML, 502, "athena"),
        (HANG_UP, 502, "athena"),
        (DENIED, 502, "athena"),
        (INVALID, 502, "athena"),
    ],
    ids=str,
)
def test_a_query_that_cannot_be_started_is_a_problem(
    athena: Athena, fault: Fault, status: int, kind: str
) -> None:
    athena.faults["StartQueryExecution"] = [fault] * 99
    response = index.handler(request(visits()), Fading(3))
    assert (response["statusCode"], problem(json.loads(response["body"]))) == (status, kind)
    assert ("retry-after" in response["headers"]) == (status == 429)
    assert "secret" not in response["body"]
    assert len(athena.endpoint.calls) == (1 if fault in (DENIED, INVALID) else 4)


def test_a_query_that_takes_too_long_is_stopped(athena: Athena) -> None:
    athena.states = ["RUNNING"]
    status, answer = ask(visits(), Fading(3))
    assert (status, problem(answer)) == (504, "timeout")
    assert athena.endpoint.operations()[-1] == "StopQueryExecution"
    assert athena.requests("StopQueryExecution") == [{"QueryExecutionId": EXECUTION}]


def test_a_query_that_cannot_be_stopped_is_still_answered(athena: Athena) -> None:
    athena.states = ["RUNNING"]
    athena.faults["StopQueryExecution"] = [DENIED]
    assert ask(visits(), Fading(0))[0] == 504


def test_a_query_that_cannot_be_watched_is_stopped(athena: Athena) -> None:
    athena.faults["GetQueryExecution"] = [None, DENIED]
    assert ask(visits())[0] == 502
    assert athena.endpoint.operations()[-1] == "StopQueryExecution"


@pytest.mark.parametrize(
    ("state", "reason", "status", "kind", "cause"),
    [
        (
            "FAILED",
            "INVALID_CAST_ARGUMENT: Cannot cast 'secret' to INT",
            502,
            "query-failed",
            "INVALID_CAST_ARGUMENT",
        ),
        ("FAILED", "secret", 502, "query-failed", ""),
        ("FAILED", None, 502, "query-failed", ""),
        ("CANCELLED", "Query was cancelled by user secret", 502, "query-failed", ""),
        ("CANCELLED", "Bytes scanned limit was exceeded", 422, "scan-limit", "scan limit"),
    ],
)
def test_a_query_that_does_not_succeed_is_a_problem(
    athena: Athena,
    capsys: pytest.CaptureFixture[str],
    state: str,
    reason: str | None,
    status: int,
    kind: str,
    cause: str,
) -> None:
    athena.states = ["RUNNING", state]
    athena.status = {"StateChangeReason": reason} if reason else {}
    answered, answer = ask(visits())
    assert (answered, problem(answer)) == (status, kind)
    (line,) = capsys.readouterr().out.splitlines()
    assert (json.loads(line)["cause"], json.loads(line)["execution"]) == (cause, EXECUTION)
    assert "secret" not in line


def test_a_runtime_without_botocore_answers_with_a_problem(
    athena: Athena, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    index.athena.cache_clear()
    assert ask(visits())[0] == 502
    assert '"cause": "ModuleNotFoundError"' in capsys.readouterr().out


def test_a_request_that_needs_no_athena_starts_no_client(athena: Athena) -> None:
    index.athena.cache_clear()
    ask({"query": "other"})
    assert index.athena.cache_info().misses == 0


def test_the_log_has_no_value_of_a_request(athena: Athena, capsys: pytest.CaptureFixture[str]) -> None:
    ask(visits(site="secret"))
    ask({"query": "secret"})
    ask(visits(since="secret"))
    lines = capsys.readouterr().out.splitlines()
    told = [json.loads(line) for line in lines]
    assert all(0 <= line.pop("seconds") < 10 for line in told)
    assert told == [
        {"status": 200, "query": "visits", "execution": EXECUTION, "rows": 2, "scanned_bytes": 10_485_760},
        {"status": 400, "problem": "unknown-query", "cause": ""},
        {"status": 400, "query": "visits", "problem": "wrong-parameter", "cause": ""},
    ]


def test_a_fault_of_the_function_itself_does_not_quote_a_request(
    athena: Athena, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: Any, given: Any) -> Any:
        raise KeyError(given["site"])

    monkeypatch.setattr(index, "literals", broken)
    with pytest.raises(RuntimeError, match=r"^KeyError in lines \[\d+, \d+, \d+\]$") as failed:
        ask(visits(site="secret"))
    assert failed.value.__suppress_context__
    assert "secret" not in capsys.readouterr().out
