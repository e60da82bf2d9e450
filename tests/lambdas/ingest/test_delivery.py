"""What happens between an event that fits and its answer, on Firehose's good and bad days."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.ingest import index
from tests.lambdas.endpoint import (
    BROKEN,
    HANG_UP,
    HTML,
    NO_JSON,
    THROTTLED,
    Context,
    Fading,
    Fault,
    error,
)
from tests.lambdas.ingest.streams import COLUMNS, Streams, fates, send

EVENTS = [{"id": str(number)} for number in range(5)]
UNAVAILABLE = error("ServiceUnavailableException", 503)
PASSING = [THROTTLED, UNAVAILABLE, BROKEN, HTML, NO_JSON, HANG_UP, error("LimitExceededException")]
LASTING = [
    error("ResourceNotFoundException"),
    error("InvalidArgumentException"),
    error("AccessDeniedException"),
    error("InvalidKMSResourceException"),
]


def test_the_records_that_failed_and_no_others_are_put_again(streams: Streams) -> None:
    streams.faults = [3, 1]
    status, answer = send(EVENTS)
    assert (status, fates(answer)) == (202, ["accepted"] * 5)
    assert streams.batches() == [5, 3, 1]
    assert sorted(record["id"] for record in streams.records()) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("fault", PASSING, ids=str)
def test_a_call_that_fails_is_made_again(streams: Streams, fault: Fault) -> None:
    streams.faults = [fault, fault]
    status, _ = send(EVENTS)
    assert (status, streams.batches()) == (202, [5, 5, 5])
    assert len(streams.records()) == 5


@pytest.mark.parametrize("fault", LASTING, ids=str)
def test_a_refusal_that_will_last_is_answered_at_once(streams: Streams, fault: Fault) -> None:
    streams.always = fault
    status, answer = send(EVENTS)
    assert (status, fates(answer), len(streams.batches())) == (503, ["failed"] * 5, 1)
    assert answer["results"][0]["reason"] == "the stream did not take it; send it again"


@pytest.mark.parametrize("fault", [*PASSING, 5], ids=str)
def test_what_was_not_taken_when_time_is_up_is_reported_as_failed(
    streams: Streams, fault: Fault | int
) -> None:
    streams.always = fault
    status, answer = send(EVENTS, Fading(5))
    assert (status, fates(answer)) == (503, ["failed"] * 5)
    assert streams.batches() == [5, 5, 5]
    assert streams.taken.get("shop-orders", []) == []


def test_a_stream_that_takes_a_part_in_time_gets_a_mixed_answer(streams: Streams) -> None:
    streams.faults = [2]
    streams.always = 9
    status, answer = send(EVENTS, Fading(5))
    assert (status, fates(answer)) == (207, ["failed"] * 2 + ["accepted"] * 3)
    assert [record["id"] for record in streams.records()] == ["2", "3", "4"]


def test_a_stream_that_does_not_answer_is_not_waited_for_longer_than_there_is_time(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "READ", 0.2)
    index.firehose.cache_clear()
    index.firehose()
    streams.always = Fault("slow", seconds=2)
    began = time.monotonic()
    status, answer = send(EVENTS, Context(2.5))
    index.firehose.cache_clear()
    assert (status, fates(answer)) == (503, ["failed"] * 5)
    assert time.monotonic() - began < 2.5


def test_a_function_of_a_few_seconds_makes_one_call(streams: Streams) -> None:
    assert send(EVENTS, Fading(0))[0] == 202
    streams.always = THROTTLED
    assert send(EVENTS, Fading(0))[0] == 503
    assert streams.batches() == [5, 5]


def test_a_call_has_at_most_500_records(streams: Streams) -> None:
    assert send([{"id": "x"}] * 1201)[0] == 202
    assert streams.batches() == [500, 500, 201]


def test_a_call_has_at_most_4_megabytes(streams: Streams) -> None:
    assert send([{"id": "x" * 999_991}] * 5)[0] == 202
    assert streams.batches() == [4, 1]
    assert {len(data) for data in streams.taken["shop-orders"]} == {1_000_000}


def test_each_stream_gets_calls_of_its_own(streams: Streams, configure: Callable[..., None]) -> None:
    two = {name: {"name": name, "columns": COLUMNS} for name in ("a", "b")}
    configure(streams=two, choose={"field": "to", "streams": {"a": "a", "b": "b"}, "default": None})
    status, _ = send([{"to": name, "id": str(at)} for at, name in enumerate("abab")])
    assert (status, streams.batches()) == (202, [2, 2])
    assert [record["id"] for record in streams.records("a")] == ["0", "2"]
    assert [record["id"] for record in streams.records("b")] == ["1", "3"]


def test_one_stream_s_refusal_leaves_the_other_alone(
    streams: Streams, configure: Callable[..., None]
) -> None:
    two = {name: {"name": name, "columns": COLUMNS} for name in ("a", "b")}
    configure(streams=two, choose={"field": "to", "streams": {"a": "a", "b": "b"}, "default": None})
    streams.faults = [error("ResourceNotFoundException")]
    status, answer = send([{"to": name, "id": "x"} for name in "abab"])
    assert (status, fates(answer)) == (207, ["failed", "accepted", "failed", "accepted"])


def test_a_runtime_without_botocore_answers_that_nothing_was_delivered(
    streams: Streams, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    index.firehose.cache_clear()
    status, answer = send(EVENTS)
    assert (status, fates(answer)) == (503, ["failed"] * 5)
    assert '"ModuleNotFoundError": 1' in capsys.readouterr().out


def test_a_runtime_without_credentials_answers_that_nothing_was_delivered(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    index.firehose.cache_clear()
    status, _ = send(EVENTS)
    index.firehose.cache_clear()
    assert status == 503
    assert streams.endpoint.calls == []


@given(faults=st.lists(st.sampled_from([None, 1, 2, 7, *PASSING]), max_size=8), count=st.integers(1, 12))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_answered_accepted_was_taken_and_what_is_answered_failed_was_not(
    streams: Streams, monkeypatch: pytest.MonkeyPatch, faults: list[Any], count: int
) -> None:
    monkeypatch.setattr(index, "RECORDS", 3)
    streams.taken.clear()
    streams.faults = list(faults)
    status, answer = send([{"id": str(number)} for number in range(count)], Fading(12))
    taken = [int(record["id"]) for record in streams.records()]
    said = [number for number, fate in enumerate(fates(answer)) if fate == "accepted"]
    assert sorted(taken) == said
    assert status == (202 if len(said) == count else 207 if said else 503)
