"""Named queries over deployed tables: the SQL that the compiler renders, run by the function's own code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from compiler.diagnostics import Diagnostics
from compiler.iceberg import spelled
from compiler.passes.load import parse
from compiler.pipeline import understand
from lambdas.query import index
from tests.bed import Bed
from tests.bed.front import Front
from tests.e2e.conftest import Neighbours
from tests.e2e.pipelines import shipped, shipped_spec
from tests.lambdas.endpoint import Context
from tests.lambdas.query.athena import request

Json = dict[str, Any]
Ask = Callable[..., list[list[Any]]]

STACK = "queried-analytics"
QUERIES = yaml.safe_load(
    """
views_of:
  namespace: analytics
  parameters: {site: string, path: string, since: timestamp}
  sql: |
    -- ':site' in a text, and :path in a comment, are none
    WITH viewed AS (SELECT * FROM events WHERE "timestamp" > :since /* :since */)
    SELECT viewed.session_id AS visit, first_seen.country, ':site' AS text,
      row_number() OVER (PARTITION BY first_seen.country ORDER BY viewed.session_id) AS place
    FROM viewed
    JOIN initial_events AS first_seen
      ON first_seen.session_id = viewed.session_id
      AND first_seen."timestamp" > TIMESTAMP '2026-01-01 00:00:00'
    WHERE viewed.site_id = :site AND (viewed.pathname = :path OR :path = '*')
      AND EXISTS (SELECT 1 FROM initial_events i WHERE i.site_id = :site)
    ORDER BY 1;
"""
)


def visit(session: str, day: str, pathname: str, **more: str) -> Json:
    """Make the first event of a visit."""
    at = f"{day} 12:00:00"
    event = {"site_id": "shop", "dt": day, "event": "page_view", "pathname": pathname, "timestamp": at}
    return {**event, "session_id": session, "distinct_id": f"visitor of {session[0]}", **more}


INITIAL = [
    visit("a1", "2026-11-20", "/", country="DE", referer_domain="search.example"),
    visit("a2", "2026-11-20", "/prices", country="DE", referer_domain=""),
    visit("b1", "2026-11-21", "/", country="FR", referer_domain="search.example"),
    visit("c1", "2026-11-22", "/it's", referer_domain="news.example"),
    visit("d1", "2026-11-23", "/", country="DE", referer_domain="news.example"),
    visit("e1", "2026-11-21", "/", country="US", site_id="o'hara"),
]
LATER = [
    {key: value for key, value in visit(session, day, path, **more).items() if key != "distinct_id"}
    for session, day, path, more in [
        ("a1", "2026-11-20", "/prices", {}),
        ("b1", "2026-11-21", "/prices", {}),
        ("b1", "2026-11-21", "/", {"event": "click"}),
        ("e1", "2026-11-21", "/more", {"site_id": "o'hara"}),
    ]
]
SPAN = {"site_id": "shop", "first": "2026-11-20", "last": "2026-11-22"}


@pytest.fixture(scope="module")
def ask(bed: Bed, neighbours: Neighbours) -> Iterator[Ask]:
    """Deploy the shipped pipeline with queries, give it rows, and let the function's code ask for them."""
    bed.deploy(shipped(STACK), STACK)
    for table, rows in (("initial_events", INITIAL), ("events", LATER)):
        bed.point_stream_at(f"{STACK}-{table}", bed.bucket_arn(STACK), "analytics")
        bed.put_records(f"{STACK}-{table}", rows)
        bed.wait_for_rows(f"SELECT 1 FROM {table}", STACK, "analytics", count=len(rows))
    spec = shipped_spec({"pipeline": STACK, "queries": QUERIES})
    with Front(bed) as front, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", front.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", bed.region)
        patch.setattr(index, "CONFIG", configuration(spec))
        index.athena.cache_clear()

        def asked(query: str, **parameters: str) -> list[list[Any]]:
            response = index.handler(request({"query": query, "parameters": parameters}), Context())
            assert response["statusCode"] == 200, response["body"]
            rows: list[list[Any]] = json.loads(response["body"])["rows"]
            return rows

        yield asked
    index.athena.cache_clear()
    bed.delete(STACK)


def configuration(spec: Json) -> Json:
    """Return what the function is to know of the queries, from the compiler's model."""
    found = Diagnostics()
    document = parse(yaml.safe_dump(spec, sort_keys=False), "spec.yaml", found)
    model = understand(document, None, found) if document else None
    assert model, [each.message for each in found]
    assert [each.rule.code for each in found if each.rule.code.startswith("AC35")] == []
    queries = {
        query.key: {
            "database": query.namespace.name,
            "sql": query.sql,
            "parameters": [[name, spelled(type_)] for name, type_ in query.arguments],
        }
        for query in model.queries
    }
    return {"workgroup": "primary", "catalog": f"s3tablescatalog/{STACK}", "output": None, "queries": queries}


def test_visits_are_counted_by_day(ask: Ask) -> None:
    assert ask("visits_by_day", **SPAN) == [["2026-11-20", 2, 1], ["2026-11-21", 1, 1], ["2026-11-22", 1, 1]]


def test_the_last_day_of_a_span_is_part_of_it(ask: Ask) -> None:
    day = {"first": "2026-11-23", "last": "2026-11-23"}
    assert ask("visits_by_day", **(SPAN | day)) == [["2026-11-23", 1, 1]]


def test_pages_are_counted_over_both_tables(ask: Ask) -> None:
    assert ask("top_pages", **SPAN) == [["/prices", 3, 3], ["/", 2, 2], ["/it's", 1, 1]]


def test_referers_come_without_those_that_have_none(ask: Ask) -> None:
    assert ask("top_referers", **SPAN) == [["search.example", 2], ["news.example", 1]]


def test_visits_from_nowhere_are_counted_as_such(ask: Ask) -> None:
    assert ask("countries", **SPAN) == [["DE", 2], ["FR", 1], [None, 1]]


def test_a_quote_in_a_value_ends_nothing(ask: Ask) -> None:
    assert ask("countries", **(SPAN | {"site_id": "o'hara"})) == [["US", 1]]
    assert ask("countries", **(SPAN | {"site_id": "' OR '1' = '1"})) == []


def test_a_parameter_that_stands_in_several_places_has_its_value_in_all_of_them(ask: Ask) -> None:
    since = "2026-11-01T00:00:00"
    assert ask("views_of", site="shop", path="/prices", since=since) == [
        ["a1", "DE", ":site", 1],
        ["b1", "FR", ":site", 1],
    ]
    assert len(ask("views_of", site="shop", path="*", since=since)) == 3
    assert ask("views_of", site="nobody", path="*", since=since) == []
