"""Samples: plausible, always right, and the same everywhere."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.iceberg import Field, Primitive
from compiler.records.check import Checker
from compiler.records.sample import sample
from compiler.records.vocabulary import PLACES
from tests.records.tables import Columns, columns, tables

VISITS = columns(
    visit_id="string!",
    at="timestamp!",
    dt="string",
    city="string",
    country="string",
    latitude="double",
    amount="decimal(12,2)",
    pages="list<string>",
)


def records(table: Columns, count: int = 20, seed: int = 1) -> list[dict[str, Any]]:
    return [json.loads(each) for each in sample(table, count, seed)]


@given(tables(), st.integers(0, 2**64))
def test_every_sample_of_every_table_passes_the_check(table: Columns, seed: int) -> None:
    checker = Checker(table)
    for record in sample(table, 5, seed):
        assert list(checker.faults(record.encode())) == []


@given(tables(), st.integers(0, 1000), st.data())
def test_a_sample_without_a_required_value_is_refused(table: Columns, seed: int, data: Any) -> None:
    column = data.draw(st.sampled_from(table))
    required = tuple(replace(each, required=each == column) for each in table)
    record = json.loads(next(sample(required, 1, seed)))
    without = {key: value for key, value in record.items() if key != column.name}
    for broken in (without, {**record, column.name: None}):
        faults = Checker(required).faults(json.dumps(broken).encode())
        assert column.name in [fault.key for fault in faults if fault.reason.outcome.fails]


def test_a_sample_is_the_same_for_ever() -> None:
    """These bytes are the promise: the same on any machine, system and version of Python."""
    assert list(sample(VISITS, 2, 1)) == EXPECTED


def test_another_seed_makes_other_records() -> None:
    assert records(VISITS, seed=1) != records(VISITS, seed=2)


def test_a_longer_sample_starts_with_the_shorter_one() -> None:
    assert records(VISITS, 50)[:10] == records(VISITS, 10)


def test_a_new_column_leaves_the_values_of_the_others_alone() -> None:
    wider = (Field("campaign", Primitive("string")), *VISITS)
    without = [{key: value for key, value in each.items() if key != "campaign"} for each in records(wider)]
    assert without == records(VISITS)


def test_making_a_column_required_only_fills_its_gaps() -> None:
    optional, required = columns(a="long", b="long!"), columns(a="long!", b="long!")
    gappy, full = records(optional, 200), records(required, 200)
    assert any("a" not in each for each in gappy)
    assert all(each.items() <= whole.items() for each, whole in zip(gappy, full, strict=True))


def test_the_parts_of_a_place_go_together() -> None:
    cities = {place.city: place.country for place in PLACES}
    complete = [each for each in records(VISITS, 100) if {"city", "country"} <= each.keys()]
    assert len(complete) > 50
    assert all(cities[each["city"]] == each["country"] for each in complete)


def test_records_happen_one_after_the_other_from_the_given_time() -> None:
    start = datetime(2026, 1, 31, tzinfo=UTC)
    made = [json.loads(each) for each in sample(VISITS, 50, 1, start)]
    times = [each["at"] for each in made]
    assert abs(times[0] - int(start.timestamp()) * 1_000_000) < 1_000_000
    assert times[-1] > times[0]
    assert made[0]["dt"] == "2026-01-31"


def test_optional_values_are_left_out_now_and_then() -> None:
    kept = [len(each) for each in records(columns(a="string", b="string!"), 500)]
    assert min(kept) == 1
    assert sum(kept) > 900


@pytest.mark.parametrize("name", ["id", "visit_id", "session_uuid", "token"])
def test_identifiers_do_not_repeat(name: str) -> None:
    made = [each[name] for each in records(columns(**{name: "string!"}), 1_000)]
    assert len(set(made)) == 1_000


EXPECTED = [
    '{"visit_id":"c0f0e2fca5995e504702b21468f8d01e","at":1735776000204048,"dt":"2025-01-02","city":"Dublin","country":"IE","latitude":53.3383,"amount":1983.61,"pages":["/pricing"]}',
    '{"visit_id":"94e97983f4d384ae082e0998e4dbf2b2","at":1735776040378059,"dt":"2025-01-02","city":"Osaka","country":"JP","latitude":34.7213,"amount":9015.15,"pages":["/blog/hello","/cart"]}',
]
