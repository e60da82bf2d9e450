"""Records in, rows out: through both streams of the shipped spec, and back by SQL and by pyiceberg."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.bed import Bed
from tests.e2e.pipelines import with_roles_alone

STACK = "rows-in-rows-out"

# Firehose takes epoch microseconds for a timestamp; the emulator's delivery wants the text that SQL takes.
EVENTS: list[dict[str, Any]] = [
    {
        "site_id": "shop",
        "dt": "2026-11-22",
        "event": "page_view",
        "pathname": "/prices",
        "session_id": "s1",
        "timestamp": "2026-11-22T23:59:59.999999",
        "properties": {"plan": "pro", "utm campaign": "größer"},
    },
    {
        "site_id": "shop",
        "dt": "2026-11-23",
        "event": "page_view",
        "pathname": "/",
        "session_id": "s1",
        "timestamp": "2026-11-23T00:00:00.000001",
        "properties": {"plan": "free"},
    },
    {"site_id": "blog", "dt": "2026-11-23", "event": "click", "timestamp": "2026-11-23T08:15:30"},
]
VISITS: list[dict[str, Any]] = [
    {
        "site_id": "blog",
        "dt": "2026-11-23",
        "event": "page_view",
        "timestamp": "2026-11-23T08:15:29.5",
        "properties": {},
        "country": "DE",
        "utm_term": "iceberg",
    }
]


@pytest.fixture(scope="module")
def fed(bed: Bed) -> Iterator[Bed]:
    """Deploy the shipped spec, put the records to its streams and wait for all of their rows."""
    outputs = bed.deploy(with_roles_alone(STACK), STACK)
    for name, records in (("events", EVENTS), ("initial_events", VISITS)):
        bed.point_stream_at(f"{STACK}-{name}", outputs["TableBucketArn"], "analytics")
        bed.put_records(f"{STACK}-{name}", records)
    for name, records in (("events", EVENTS), ("initial_events", VISITS)):
        bed.wait_for_rows(f"SELECT event FROM {name}", STACK, "analytics", count=len(records))
    yield bed
    bed.delete(STACK)


@pytest.mark.parametrize(("table", "records"), [("events", EVENTS), ("initial_events", VISITS)])
def test_every_record_becomes_a_row_with_exactly_its_values(
    fed: Bed, table: str, records: list[dict[str, Any]]
) -> None:
    rows = fed.catalog(STACK).load_table(f"analytics.{table}").scan().to_arrow().to_pylist()
    assert sorted((_told(row) for row in rows), key=lambda row: row["timestamp"]) == [
        {**record, "timestamp": datetime.fromisoformat(record["timestamp"])} for record in records
    ]


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as its record told it: without what was left out."""
    told = {name: value for name, value in row.items() if value is not None}
    return {**told, "properties": dict(told["properties"])} if "properties" in told else told


def _sql(bed: Bed, query: str) -> list[tuple[str | None, ...]]:
    return bed.sql(query, STACK, "analytics", workgroup=STACK)


def test_sql_counts_and_groups_the_rows(fed: Bed) -> None:
    query = """
        SELECT site_id, date(timestamp) AS day, count(*) AS events, count(DISTINCT session_id) AS visits
        FROM events GROUP BY 1, 2 ORDER BY 1 DESC, 2
    """
    assert _sql(fed, query) == [
        ("shop", "2026-11-22", "1", "1"),
        ("shop", "2026-11-23", "1", "1"),
        ("blog", "2026-11-23", "1", "0"),
    ]


def test_sql_reads_single_keys_of_a_map(fed: Bed) -> None:
    query = "SELECT pathname FROM events WHERE properties['plan'] = 'pro'"
    assert _sql(fed, query) == [("/prices",)]
    query = "SELECT properties['utm campaign'] FROM events WHERE cardinality(properties) = 2"
    assert _sql(fed, query) == [("größer",)]


def test_sql_tells_the_microseconds_of_a_timestamp(fed: Bed) -> None:
    query = "SELECT min(timestamp), max(timestamp) FROM events WHERE site_id = 'shop'"
    assert _sql(fed, query) == [("2026-11-22 23:59:59.999999", "2026-11-23 00:00:00.000001")]


def test_a_query_of_one_day_reads_the_files_of_that_day_alone(fed: Bed) -> None:
    table = fed.catalog(STACK).load_table("analytics.events")
    days = {
        filter_: len(list(table.scan(row_filter=filter_).plan_files()))
        for filter_ in ("timestamp < '2026-11-23T00:00:00'", "timestamp >= '2026-11-23T00:00:00'")
    }
    assert list(days.values()) == [1, 2]


def test_sql_joins_the_tables_of_two_streams(fed: Bed) -> None:
    query = """
        SELECT e.event, v.country, v.utm_term FROM events e JOIN initial_events v ON e.site_id = v.site_id
    """
    assert _sql(fed, query) == [("click", "DE", "iceberg")]
