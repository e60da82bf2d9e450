"""Events in by HTTP, answers out: the deployed code of both functions of the shipped spec."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.bed import Bed
from tests.bed.front import Front
from tests.bed.servers import ROOT_KEY
from tests.bed.urls import call
from tests.e2e.pipelines import shipped

Json = dict[str, Any]

STACK = "functions-e2e"
ORIGIN = "https://www.example.com"
BATCHES, BATCH = 20, 50  # a thousand events
PATHS, DOMAINS, COUNTRIES = ("/", "/prices", "/docs"), ("news.example", "search.example"), ("DE", "FR", "NL")


@dataclass(frozen=True, slots=True)
class Deployed:
    """The stack's outputs, and calls of its functions."""

    bed: Bed
    outputs: dict[str, str]

    def ingest(self, body: Any, **options: Any) -> tuple[int, dict[str, str], Any]:
        """Post events."""
        return call(self.bed.url, self.outputs["IngestFunctionUrl"], body, **options)

    def query(self, name: str, **parameters: str) -> Json:
        """Ask a query of one site."""
        body = {"query": name, "parameters": {"site_id": "shop", **parameters}}
        signed = (ROOT_KEY, self.bed.region)
        status, _, answer = call(self.bed.url, self.outputs["QueryFunctionUrl"], body, signed=signed)
        assert status == 200, answer
        told: Json = answer
        return told

    def rows(self, table: str) -> list[Json]:
        """Read a table past the functions, with pyiceberg."""
        read: list[Json] = (
            self.bed.catalog(STACK).load_table(f"analytics.{table}").scan().to_arrow().to_pylist()
        )
        return read


def event(number: int) -> Json:
    """Make one of a thousand events; every fifth begins a visit, every tenth is one that no table takes."""
    made: Json = {
        "site_id": "shop" if number % 4 else "blog",
        "event": "page_view",
        "pathname": PATHS[number % 3],
        "session_id": f"s{number}",
    }
    if number % 5 == 0:
        domain = DOMAINS[number % 2]
        made |= {"is_initial_event": True, "country": COUNTRIES[number % 3], "referer_domain": domain}
    if number % 10 == 3:
        made |= {"colour": "red"}
    return made


EVENTS = [event(number) for number in range(BATCHES * BATCH)]
GOOD = [each for each in EVENTS if "colour" not in each]
VISITS = [each for each in GOOD if "is_initial_event" in each]


@pytest.fixture(scope="module")
def deployed(bed: Bed) -> Iterator[Deployed]:
    """Deploy the shipped spec, and lead the functions to what stands in for Firehose and Athena."""
    outputs = bed.deploy(shipped(STACK), STACK)
    for name in ("events", "initial_events"):
        bed.point_stream_at(f"{STACK}-{name}", outputs["TableBucketArn"], "analytics")
    with Front(bed) as front:
        services = {f"AWS_ENDPOINT_URL_{name}": front.url for name in ("ATHENA", "FIREHOSE")}
        for output in ("IngestFunctionName", "QueryFunctionName"):
            bed.client("lambda").update_function_configuration(
                FunctionName=outputs[output], Environment={"Variables": services}
            )
        yield Deployed(bed, outputs)
    bed.delete(STACK)


@pytest.fixture(scope="module")
def answers(deployed: Deployed) -> list[tuple[Json, Json]]:
    """Post a thousand events over several connections at once; pair each with its answer."""
    batches = [EVENTS[start : start + BATCH] for start in range(0, len(EVENTS), BATCH)]
    # Commits to a table wait for each other; a call that takes longer than the function waits is repeated.
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(deployed.ingest, batches))
    assert {status for status, _, _ in told} == {207}
    pairs = []
    for batch, (_, _, answer) in zip(batches, told, strict=True):
        assert [each["index"] for each in answer["results"]] == list(range(BATCH))
        pairs += list(zip(batch, answer["results"], strict=True))
    deployed.bed.wait_for_rows(
        "SELECT 1 FROM events", STACK, "analytics", count=len(GOOD) - len(VISITS), timeout=90
    )
    deployed.bed.wait_for_rows(
        "SELECT 1 FROM initial_events", STACK, "analytics", count=len(VISITS), timeout=90
    )
    return pairs


def test_each_of_a_thousand_events_is_answered(answers: list[tuple[Json, Json]]) -> None:
    assert len(answers) == 1000
    for sent, result in answers:
        if "colour" in sent:
            assert result["status"] == "rejected"
            assert result["reason"] == "colour is not a known key"
        else:
            assert result["status"] == "accepted"


def test_every_accepted_event_is_in_its_table_exactly_once(
    deployed: Deployed, answers: list[tuple[Json, Json]]
) -> None:
    accepted = [sent for sent, result in answers if result["status"] == "accepted"]
    first = [sent["session_id"] for sent in accepted if "is_initial_event" in sent]
    later = [sent["session_id"] for sent in accepted if "is_initial_event" not in sent]
    assert Counter(row["session_id"] for row in deployed.rows("initial_events")) == Counter(first)
    assert Counter(row["session_id"] for row in deployed.rows("events")) == Counter(later)


def test_an_event_is_stamped_with_its_arrival(deployed: Deployed, answers: list[Any]) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    for row in deployed.rows("events"):
        assert now - timedelta(hours=1) < row["timestamp"] <= now
        assert row["dt"] == row["timestamp"].date().isoformat()


def span() -> dict[str, str]:
    """Name the days that the events may have arrived on."""
    today = datetime.now(UTC).date()
    return {"first": (today - timedelta(days=1)).isoformat(), "last": today.isoformat()}


def test_the_queries_count_what_was_sent(deployed: Deployed, answers: list[Any]) -> None:
    shop = [each for each in VISITS if each["site_id"] == "shop"]
    days = deployed.query("visits_by_day", **span())
    assert days["columns"][0]["name"] == "day"
    assert sum(row[1] for row in days["rows"]) == len(shop)
    for name, key in (("top_referers", "referer_domain"), ("countries", "country")):
        counted = {row[0]: row[1] for row in deployed.query(name, **span())["rows"]}
        assert counted == Counter(each[key] for each in shop)
    everything = [each for each in GOOD if each["site_id"] == "shop"]
    pages = {row[0]: row[1] for row in deployed.query("top_pages", **span())["rows"]}
    assert pages == Counter(each["pathname"] for each in everything)


def test_a_query_of_other_days_finds_nothing(deployed: Deployed, answers: list[Any]) -> None:
    assert deployed.query("visits_by_day", first="2020-01-01", last="2020-01-31")["rows"] == []


def test_a_page_may_call_from_the_named_origin_only(deployed: Deployed) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    status, headers, _ = deployed.ingest(None, method="OPTIONS", headers={"Origin": ORIGIN, **asked})
    assert (status, headers["access-control-allow-origin"]) == (200, ORIGIN)
    foreign = {"Origin": "https://other.example", **asked}
    _, headers, _ = deployed.ingest(None, method="OPTIONS", headers=foreign)
    assert "access-control-allow-origin" not in headers


def test_a_packed_body_is_understood(deployed: Deployed) -> None:
    body = gzip.compress(json.dumps({"site_id": "packed", "event": "page_view"}).encode())
    status, _, answer = deployed.ingest(body, headers={"Content-Type": "application/gzip"})
    assert (status, answer["accepted"]) == (202, 1)


def test_a_call_that_is_not_signed_gets_no_answer_of_a_signed_url(deployed: Deployed) -> None:
    status, _, _ = call(deployed.bed.url, deployed.outputs["QueryFunctionUrl"], {"query": "visits_by_day"})
    assert status == 403


def statements(deployed: Deployed, function: str) -> list[Json]:
    """Return what a deployed function's own policy allows, without its names for it."""
    name = deployed.outputs[function]
    policy = json.loads(deployed.bed.client("lambda").get_policy(FunctionName=name)["Policy"])
    return [
        {key: each[key] for key in each if key not in ("Sid", "Resource")} for each in policy["Statement"]
    ]


def test_a_signed_url_s_function_lets_nobody_in_by_its_own_policy(deployed: Deployed) -> None:
    assert statements(deployed, "QueryFunctionName") == []


def test_a_public_url_s_function_lets_everybody_in_by_the_url_alone(deployed: Deployed) -> None:
    everybody = {"Effect": "Allow", "Principal": "*"}
    assert statements(deployed, "IngestFunctionName") == [
        {
            **everybody,
            "Action": "lambda:InvokeFunctionUrl",
            "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        },
        {
            **everybody,
            "Action": "lambda:InvokeFunction",
            "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
        },
    ]


def test_an_invocation_is_answered_like_a_request(deployed: Deployed) -> None:
    invoked = deployed.bed.client("lambda").invoke(
        FunctionName=deployed.outputs["QueryFunctionName"],
        Payload=json.dumps({"query": "countries", "parameters": {"site_id": "nobody", **span()}}),
    )
    answer = json.loads(invoked["Payload"].read())
    assert answer["rows"] == []


def test_nothing_of_an_event_is_in_the_log(deployed: Deployed, answers: list[Any]) -> None:
    logs = deployed.bed.client("logs")
    events = logs.filter_log_events(logGroupName=f"/aws/lambda/{STACK}-ingest")["events"]
    lines = [each["message"] for each in events]
    assert any('"accepted"' in line for line in lines)
    for word in ("page_view", "/prices", "s17", "news.example", "shop"):
        assert not any(word in line for line in lines)
