"""What becomes of an event: which stream it goes to, what is added to it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdas.ingest import index
from tests.lambdas.ingest.streams import COLUMNS, Json, Streams, fates, send

Configure = Callable[..., None]

TWO = {
    "orders": {"name": "shop-orders", "columns": COLUMNS},
    "views": {"name": "shop-views", "columns": [["type", "string", False], ["path", "string", True]]},
}


def choose(field: str, streams: dict[str, str], default: str | None = None) -> Json:
    """Configure two streams, one of which an event's field chooses."""
    return {"streams": TWO, "choose": {"field": field, "streams": streams, "default": default}}


def test_an_event_becomes_a_record_of_its_table_s_types(streams: Streams) -> None:
    status, answer = send({"id": 7, "amount": "12.5", "at": "2025-11-23T00:10:05.123456Z"})
    assert (status, answer) == (
        202,
        {"accepted": 1, "rejected": 0, "failed": 0, "results": [{"index": 0, "status": "accepted"}]},
    )
    assert streams.records() == [{"id": "7", "amount": "12.50", "at": 1_763_856_605_123_456}]


def test_a_record_is_one_object_without_a_newline_or_a_space(streams: Streams) -> None:
    send({"id": "größer", "amount": 1})
    assert streams.taken["shop-orders"] == ['{"id":"größer","amount":"1.00"}'.encode()]


def test_digits_that_no_double_has_room_for_arrive(streams: Streams, configure: Configure) -> None:
    configure(streams={"sums": {"name": "sums", "columns": [["sum", "decimal(38,9)", False]]}})
    send('{"sum": 12345678901234567890123456789.123456789}')
    assert streams.records("sums") == [{"sum": "12345678901234567890123456789.123456789"}]


def test_null_is_the_same_as_nothing(streams: Streams) -> None:
    assert send([{"id": None, "amount": 1}, {}])[0] == 202
    assert streams.records() == [{"amount": "1.00"}, {}]


@pytest.mark.parametrize("event", [{"type": "view"}, {"type": "view", "path": None}])
def test_an_event_without_a_required_column_is_rejected(
    streams: Streams, configure: Configure, event: Json
) -> None:
    configure(streams={"views": TWO["views"]})
    assert send(event)[1]["results"] == [{"index": 0, "status": "rejected", "reason": "path is missing"}]
    assert streams.taken == {}


def test_an_unknown_key_rejects_its_event(streams: Streams) -> None:
    status, answer = send([{"id": "a", "colour": "red"}, {"id": "b"}])
    assert (status, fates(answer)) == (207, ["rejected", "accepted"])
    assert answer["results"][0]["reason"] == "colour is not a known key"


def test_an_unknown_key_is_dropped_where_the_function_drops_them(
    streams: Streams, configure: Configure
) -> None:
    configure(unknown="drop")
    assert send({"id": "a", "colour": {"deep": ["red"]}})[0] == 202
    assert streams.records() == [{"id": "a"}]


@pytest.mark.parametrize("event", [None, 7, "text", [], [1], True])
def test_what_is_no_object_is_rejected(streams: Streams, event: Any) -> None:
    status, answer = send([event, {"id": "a"}])
    assert (status, fates(answer)) == (207, ["rejected", "accepted"])
    assert answer["results"][0]["reason"] == "is not an object"


def test_a_reason_names_the_column_and_not_the_value(streams: Streams) -> None:
    answer = send({"id": "a", "amount": "secret"})[1]
    assert answer["results"][0]["reason"] == "amount: is not a number"


def test_a_reason_is_short_and_plain_whatever_the_key(streams: Streams) -> None:
    answer = send([{"\u20ac\n" * 400: 1}, {"a" * 400: 1}])[1]
    assert [result["reason"] for result in answer["results"]] == [
        f"{'?' * 60} is not a known key",
        f"{'a' * 60} is not a known key",
    ]


def test_text_that_is_not_unicode_is_rejected(streams: Streams) -> None:
    answer = send('[{"id": "\\ud800"}, {"id": "\\ud83d\\ude00"}]')[1]
    assert fates(answer) == ["rejected", "accepted"]
    assert answer["results"][0]["reason"] == "has text that is not Unicode"
    assert streams.records() == [{"id": "\U0001f600"}]


def test_a_record_may_have_exactly_as_many_bytes_as_firehose_takes(streams: Streams) -> None:
    room = 1000 * 1024 - len('{"id":""}')
    answer = send([{"id": "x" * room}, {"id": "x" * (room + 1)}, {"id": "ü" * (room // 2 + 1)}])[1]
    assert fates(answer) == ["accepted", "rejected", "rejected"]
    assert answer["results"][1]["reason"] == "is larger than 1,000 KiB"
    assert len(streams.taken["shop-orders"][0]) == 1000 * 1024


def test_the_field_that_chooses_is_not_sent_where_it_is_no_column(
    streams: Streams, configure: Configure
) -> None:
    configure(**choose("type", {"order": "orders", "view": "views"}))
    answer = send([{"type": "order", "id": "a"}, {"type": "view", "path": "/"}, {"type": "other"}, {}])[1]
    assert fates(answer) == ["accepted", "accepted", "rejected", "rejected"]
    assert answer["results"][2]["reason"] == "type names no stream"
    assert streams.records("shop-orders") == [{"id": "a"}]
    assert streams.records("shop-views") == [{"type": "view", "path": "/"}]


def test_all_other_events_go_to_the_default(streams: Streams, configure: Configure) -> None:
    configure(**choose("kind", {"view": "views"}, "orders"))
    events = [
        {"kind": "view", "path": "/"},
        {"kind": "x", "id": "a"},
        {"id": "b"},
        {"kind": ["view"], "id": "c"},
    ]
    assert send(events)[0] == 202
    assert streams.records("shop-views") == [{"path": "/"}]
    assert streams.records("shop-orders") == [{"id": "a"}, {"id": "b"}, {"id": "c"}]


@pytest.mark.parametrize("value", [True, "true"])
def test_a_truth_value_chooses_by_its_text(streams: Streams, configure: Configure, value: Any) -> None:
    configure(**choose("is_view", {"true": "views"}, "orders"))
    assert send([{"is_view": value, "path": "/"}, {"is_view": False, "id": "a"}])[0] == 202
    assert streams.records("shop-views") == [{"path": "/"}]
    assert streams.records("shop-orders") == [{"id": "a"}]


def test_stamps_are_put_over_what_the_event_says(streams: Streams, configure: Configure) -> None:
    configure(stamp={"at": "now", "day": "today"})
    before = datetime.now(UTC)
    assert send([{"id": "a", "at": "not even a time", "day": 7}, {"id": "b"}])[0] == 202
    for record in streams.records():
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=record["at"])
        assert before <= at <= datetime.now(UTC)
        assert record["day"] == at.date().isoformat()


def test_a_stamp_is_written_as_its_column_has_it(streams: Streams, configure: Configure) -> None:
    columns = [["said", "string", False], ["at", "timestamptz", True], ["on", "date", True]]
    configure(
        streams={"s": {"name": "s", "columns": columns}}, stamp={"said": "now", "at": "now", "on": "today"}
    )
    assert send({})[0] == 202
    (record,) = streams.records("s")
    assert index.moment(record["said"]) == record["at"]
    assert record["said"][:10] == record["on"]


def test_a_stamp_goes_only_to_tables_that_have_its_column(streams: Streams, configure: Configure) -> None:
    configure(**choose("type", {"order": "orders"}, "views"), stamp={"day": "today"})
    status, answer = send([{"type": "view", "path": "/"}, {"type": "view", "path": "/", "day": "x"}])
    assert (status, fates(answer)) == (207, ["accepted", "rejected"])
    assert streams.records("shop-views") == [{"type": "view", "path": "/"}]
