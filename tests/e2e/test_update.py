"""What a changed spec does to a deployed stack, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.bed import Bed, DeployFailed
from tests.e2e.account import (
    Grant,
    admin,
    databases,
    destination,
    grants,
    grants_of,
    provider_runs,
    resources,
    settings,
    stream,
)
from tests.e2e.conftest import Neighbours
from tests.e2e.pipelines import with_roles_alone

STACK = "changing-analytics"
LINK = "changing_analytics_analytics"
WRITTEN, READ = "ALTER DESCRIBE INSERT SELECT", "DESCRIBE SELECT"


@pytest.fixture(scope="module")
def created(bed: Bed, neighbours: Neighbours) -> Iterator[None]:
    """Create the stack that the tests of this module change."""
    bed.deploy(with_roles_alone(STACK), STACK)
    yield
    bed.delete(STACK)


@pytest.fixture
def stack(bed: Bed, created: None) -> Bed:
    """Bring the stack to the shipped spec, from wherever a test has left it."""
    bed.deploy(with_roles_alone(STACK), STACK)
    return bed


def _target(bed: Bed) -> dict[str, str]:
    return {"CatalogId": f"{bed.account}:s3tablescatalog/{STACK}", "DatabaseName": "analytics"}


def _shape(bed: Bed) -> dict[str, Any]:
    """Return everything that the provider and the streams' settings make of the account."""
    catalog = bed.catalog(STACK)
    tables = {name: catalog.load_table(f"analytics.{name}") for name in ("events", "initial_events")}
    return {
        "grants": grants(bed),
        "settings": settings(bed),
        "databases": databases(bed),
        "schemas": {name: (table.schema(), table.spec()) for name, table in tables.items()},
        "streams": {name: destination(bed, f"{STACK}-{name}") for name in tables},
        "resources": set(resources(bed, STACK)),
    }


@pytest.fixture
def foreign(stack: Bed) -> Iterator[set[Grant]]:
    """Have somebody else let our role do more with a table, and another role read it."""
    before, lakeformation = grants(stack), stack.client("lakeformation")
    table = {
        "CatalogId": f"{stack.account}:s3tablescatalog/{STACK}",
        "DatabaseName": "analytics",
        "Name": "initial_events",
    }
    given = [
        {
            "Principal": admin(stack.role_arn(role)),
            "Resource": {"Table": table},
            "Permissions": [permission],
        }
        for role, permission in ((f"{STACK}-query", "DELETE"), ("Analyst", "SELECT"))
    ]
    for each in given:
        lakeformation.grant_permissions(**each)
    yield grants(stack) - before
    for each in given:
        lakeformation.revoke_permissions(**each)


def test_a_table_that_a_role_reads_no_more_is_revoked_and_nothing_else(
    stack: Bed, foreign: set[Grant]
) -> None:
    before = grants(stack)

    stack.deploy(with_roles_alone(STACK, {"roles": {"query": {"read": ["events"]}}}), STACK)

    lost = grants_of(stack, STACK, "query", {"initial_events": READ}) - grants_of(stack, STACK, "query", {})
    assert len(foreign) == len(lost) == 2
    assert grants(stack) == before - lost


def test_a_table_that_a_role_reads_again_is_granted_again(stack: Bed) -> None:
    stack.deploy(with_roles_alone(STACK, {"roles": {"query": {"read": ["events"]}}}), STACK)
    stack.deploy(with_roles_alone(STACK), STACK)
    assert grants_of(stack, STACK, "query", {"events": READ, "initial_events": READ}) < grants(stack)


def test_a_role_that_the_spec_drops_loses_all_of_its_grants(stack: Bed) -> None:
    before = grants(stack)
    stack.deploy(with_roles_alone(STACK, {"roles": {"query": None}}), STACK)
    lost = grants_of(stack, STACK, "query", {"events": READ, "initial_events": READ})
    assert len(lost) == 6
    assert grants(stack) == before - lost


def test_another_buffer_changes_a_stream_where_it_is(stack: Bed) -> None:
    name = f"{STACK}-events"
    before, runs, shape = stream(stack, name), provider_runs(stack, STACK), _shape(stack)

    stack.deploy(with_roles_alone(STACK, {"streams": {"events": {"buffer_seconds": 900}}}), STACK)

    after = stream(stack, name)
    assert destination(stack, name)["BufferingHints"] == {"IntervalInSeconds": 900, "SizeInMBs": 64}
    assert after["CreateTimestamp"] == before["CreateTimestamp"]
    assert int(after["VersionId"]) == int(before["VersionId"]) + 1
    # Nothing else moves: not the other stream, and the provider is not even asked.
    shape["streams"]["events"]["BufferingHints"]["IntervalInSeconds"] = 900
    assert _shape(stack) == shape
    assert provider_runs(stack, STACK) == runs


def test_a_template_without_a_change_asks_nobody_to_work(stack: Bed) -> None:
    cloudformation = stack.client("cloudformation")
    before = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"], _shape(stack)
    runs = provider_runs(stack, STACK)

    stack.deploy(with_roles_alone(STACK), STACK)

    assert (cloudformation.describe_stack_events(StackName=STACK)["StackEvents"], _shape(stack)) == before
    assert provider_runs(stack, STACK) == runs


def test_another_link_takes_the_place_of_the_old_one_with_its_grants(stack: Bed) -> None:
    outputs = stack.deploy(
        with_roles_alone(STACK, {"namespaces": {"analytics": {"link": "elsewhere"}}}), STACK
    )
    assert outputs["AnalyticsLinkName"] == "elsewhere"
    found = databases(stack)
    assert found["elsewhere"] == _target(stack)
    assert LINK not in found
    assert {
        each
        for each in grants(stack)
        if each[1].startswith(f"database {stack.account}/") and STACK in each[0]
    } == {
        *grants_of(stack, STACK, "delivery", {}, "elsewhere") - grants_of(stack, STACK, "delivery", {}),
        *grants_of(stack, STACK, "query", {}, "elsewhere") - grants_of(stack, STACK, "query", {}),
    }
    table = destination(stack, f"{STACK}-events")["DestinationTableConfigurationList"][0]
    assert table["DestinationDatabaseName"] == "elsewhere"


def test_a_failed_update_leaves_everything_as_it_was_and_the_next_one_works(stack: Bed) -> None:
    glue = stack.client("glue")
    glue.create_database(DatabaseInput={"Name": "taken", "Description": "of somebody else"})
    before = _shape(stack)
    changes = {
        "namespaces": {"analytics": {"link": "taken"}},
        "roles": {"query": {"read": ["events"]}},
        "streams": {"events": {"buffer_seconds": 900}},
    }

    with pytest.raises(DeployFailed) as failed:
        stack.deploy(with_roles_alone(STACK, changes), STACK)

    assert failed.value.outcome == "UPDATE_ROLLBACK_COMPLETE"
    assert "AnalyticsLink UPDATE_FAILED" in failed.value.reasons[0]
    assert "the name 'taken' is taken by a database" in failed.value.reasons[0]
    assert _shape(stack) == before

    glue.delete_database(Name="taken")
    stack.deploy(with_roles_alone(STACK, changes), STACK)
    assert databases(stack)["taken"] == _target(stack)
    assert grants_of(stack, STACK, "query", {"events": READ}, "taken") < grants(stack)
    assert destination(stack, f"{STACK}-events")["BufferingHints"]["IntervalInSeconds"] == 900


def test_a_failed_update_takes_back_what_it_had_made_before_it_failed(stack: Bed) -> None:
    """A stream comes last: by then its table, its schema and the delivery role's grants are there."""
    firehose = stack.client("firehose")
    firehose.create_delivery_stream(DeliveryStreamName=f"{STACK}-errors", **_to_a_bucket(stack))
    before = _shape(stack)
    columns = {"timestamp": "timestamp", "message": "string"}
    changes = {
        "tables": {"errors": {"namespace": "analytics", "columns": columns}},
        "streams": {"errors": {"table": "errors"}},
    }

    with pytest.raises(DeployFailed, match=r"ErrorsStream .* already exists") as failed:
        stack.deploy(with_roles_alone(STACK, changes), STACK)

    assert failed.value.outcome == "UPDATE_ROLLBACK_COMPLETE"
    assert _shape(stack) == before
    assert ("analytics", "errors") not in stack.catalog(STACK).list_tables("analytics")

    firehose.delete_delivery_stream(DeliveryStreamName=f"{STACK}-errors")
    stack.deploy(with_roles_alone(STACK, changes), STACK)
    assert grants(stack) - before["grants"] == {
        each
        for each in grants_of(stack, STACK, "delivery", {"errors": WRITTEN})
        if each[1].endswith("/errors")
    }


def _to_a_bucket(bed: Bed) -> dict[str, Any]:
    destination = {"RoleARN": bed.role_arn("Theirs"), "BucketARN": "arn:aws:s3:::theirs"}
    return {"ExtendedS3DestinationConfiguration": destination}
