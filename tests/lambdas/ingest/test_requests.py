"""How events come in and answers go out: function URL and invocation, statuses, and what the log tells."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.ingest import index
from tests.lambdas.endpoint import THROTTLED, Context, Fading
from tests.lambdas.ingest.streams import Streams, fates, request, send

EVENT = {"id": "a", "amount": 1}
NOTHING = {"accepted": 0, "rejected": 0, "failed": 0, "results": []}


def packed(data: bytes) -> dict[str, Any]:
    """Make what a function URL makes of a body that is not text."""
    return {"body": base64.b64encode(data).decode(), "isBase64Encoded": True}


def test_one_event_and_a_list_of_one_are_answered_alike(streams: Streams) -> None:
    assert send(EVENT) == send([EVENT])
    assert len(streams.records()) == 2


def test_an_invocation_s_payload_is_the_body_itself(streams: Streams) -> None:
    assert index.handler([EVENT, {"amount": 0.1}, 7], Context()) == {
        "accepted": 2,
        "rejected": 1,
        "failed": 0,
        "results": [
            {"index": 0, "status": "accepted"},
            {"index": 1, "status": "accepted"},
            {"index": 2, "status": "rejected", "reason": "is not an object"},
        ],
    }
    assert streams.records() == [{"id": "a", "amount": "1.00"}, {"amount": "0.10"}]


@pytest.mark.parametrize("payload", [[], None, "text", 7])
def test_an_invocation_that_brings_no_event_is_told_so(streams: Streams, payload: Any) -> None:
    answer = index.handler(payload, Context())
    assert answer["accepted"] == 0
    assert answer.get("reason") == ("there is no event" if payload == [] else None)


@pytest.mark.parametrize(
    "body",
    [
        packed(json.dumps(EVENT).encode()),
        packed(gzip.compress(json.dumps(EVENT).encode())),
        packed(gzip.compress(b"[") + gzip.compress(json.dumps(EVENT).encode() + b"]")),
        packed(json.dumps(EVENT).encode("utf-16")),
        packed(b"\xef\xbb\xbf" + json.dumps(EVENT).encode()),
    ],
    ids=["base64", "gzip", "gzip in two members", "utf-16", "byte order mark"],
)
def test_a_body_comes_in_many_wrappings(streams: Streams, body: dict[str, Any]) -> None:
    assert send("", **body)[0] == 202
    assert streams.records() == [{"id": "a", "amount": "1.00"}]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"body": "{"}, "the body is not JSON"),
        ({"body": ""}, "the body is not JSON"),
        ({"body": None}, "the body is not JSON"),
        ({"body": '{"amount": NaN}'}, "the body is not JSON"),
        ({"body": '{"amount": -Infinity}'}, "the body is not JSON"),
        ({"body": '{"amount": 1e9999999999999999999999}'}, "the body is not JSON"),
        ({"body": f'{{"amount": {"9" * 5000}}}'}, "the body is not JSON"),
        ({"body": "[" * 100_000}, "the body is not JSON"),
        (packed(b"\xff\xfe\xfd"), "the body is not JSON"),
        ({"body": "%%%", "isBase64Encoded": True}, "the body is damaged"),
        (packed(gzip.compress(b"{}")[:-4]), "the body is damaged"),
        (packed(gzip.compress(b"{}" * 99)[:20]), "the body is damaged"),
        (packed(b"\x1f\x8bnothing"), "the body is damaged"),
        ({"body": "[]"}, "there is no event"),
    ],
    ids=[
        "half an object",
        "empty",
        "no body",
        "NaN",
        "Infinity",
        "an exponent of 22 digits",
        "5,000 digits",
        "100,000 brackets",
        "no UTF-8",
        "no base64",
        "gzip without its end",
        "gzip cut in its middle",
        "no gzip",
        "no event",
    ],
)
def test_what_cannot_be_read_is_refused(streams: Streams, body: dict[str, Any], reason: str) -> None:
    assert send("", **body) == (400, {**NOTHING, "reason": reason})
    assert streams.endpoint.calls == []


def test_a_number_of_astonishing_size_is_its_event_s_fault_alone(streams: Streams) -> None:
    status, answer = send('[{"amount": 1e999999999999}, {"amount": 1}]')
    assert (status, fates(answer)) == (207, ["rejected", "accepted"])


@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "gzip"])
def test_a_body_is_too_large_by_its_unpacked_size(streams: Streams, wrapped: bool) -> None:
    for size, status in ((6 * 1024 * 1024, 400), (6 * 1024 * 1024 + 1, 413)):
        body = b'"' + b"x" * (size - 2) + b'"'
        answer = send("", **(packed(gzip.compress(body)) if wrapped else {"body": body.decode()}))
        assert answer[0] == status
    assert answer[1] == {**NOTHING, "reason": "the body is larger than 6291456 bytes"}


def test_a_small_body_that_unpacks_to_gigabytes_is_not_unpacked(streams: Streams) -> None:
    bomb = gzip.compress(b" " * 64 * 1024 * 1024)
    assert len(bomb) < 100_000
    assert send("", **packed(bomb))[0] == 413


def test_more_events_than_an_answer_has_room_for_are_refused(streams: Streams) -> None:
    assert send([{}] * 10_001) == (413, {**NOTHING, "reason": "there are more than 10000 events"})
    worst = index.handler(request([{"\\" * 60: 1}] * 10_000), Context())
    assert len(json.dumps(worst)) < 6_000_000


@pytest.mark.parametrize(
    ("body", "faults", "status"),
    [
        ([EVENT, EVENT], [], 202),
        ([EVENT, {"x": 1}], [], 207),
        ([{"x": 1}, {"x": 1}], [], 400),
        ([EVENT, EVENT], [THROTTLED] * 9, 503),
        ([EVENT, {"x": 1}], [THROTTLED] * 9, 503),
        ([EVENT, EVENT], [1, *[THROTTLED] * 9], 207),
    ],
)
def test_the_status_says_how_many_were_accepted(
    streams: Streams, body: Any, faults: list[Any], status: int
) -> None:
    streams.faults = list(faults)
    answer = send(body, Fading(2))
    fates(answer[1])
    assert answer[0] == status


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_only_post_is_served(streams: Streams, method: str) -> None:
    response = index.handler(request(EVENT, method=method), Context())
    assert (response["statusCode"], response["headers"]["allow"]) == (405, "POST")
    assert json.loads(response["body"])["accepted"] == 0


def test_a_preflight_that_arrives_is_answered_without_a_body(streams: Streams) -> None:
    assert index.handler(request("", method="OPTIONS"), Context()) == {"statusCode": 204}


def test_a_request_that_needs_no_stream_starts_no_client(streams: Streams) -> None:
    index.firehose.cache_clear()
    send([{"x": 1}, 7])
    assert index.firehose.cache_info().misses == 0


def test_the_client_is_made_once_a_container(streams: Streams) -> None:
    index.firehose.cache_clear()
    send(EVENT)
    send(EVENT)
    assert index.firehose.cache_info().misses == 1


def test_the_log_has_counts_and_nothing_of_an_event(
    streams: Streams, capsys: pytest.CaptureFixture[str]
) -> None:
    streams.faults = [1]
    send([{"id": "secret"}, {"id": "secret", "amount": "secret"}, {"secret": 1}])
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert 0 <= told.pop("seconds") < 10
    assert told == {
        "status": 207,
        "accepted": 1,
        "rejected": 2,
        "failed": 0,
        "errors": {"ServiceUnavailableException": 1},
    }
    assert "secret" not in line


def test_a_fault_of_the_function_itself_does_not_quote_an_event(
    streams: Streams, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(event: Any, _: Any) -> Any:
        raise KeyError(event["id"])

    monkeypatch.setattr(index, "fitted", broken)
    with pytest.raises(RuntimeError, match=r"^KeyError in lines \[\d+, \d+, \d+\]$") as failed:
        send({"id": "secret"})
    assert failed.value.__suppress_context__
    assert "secret" not in capsys.readouterr().out


def test_an_event_that_looks_almost_like_a_request_is_an_event(
    streams: Streams, configure: Callable[..., None]
) -> None:
    configure(streams={"s": {"name": "s", "columns": [["version", "string", False]]}})
    assert index.handler({"version": "2.0"}, Context())["accepted"] == 1
