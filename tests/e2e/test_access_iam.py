"""`access: iam`: policies alone decide, and Lake Formation is not even asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyiceberg.exceptions import ForbiddenError
from pyiceberg.table import Table

from tests.bed import Bed
from tests.e2e.account import databases, grants, resources, settings, several, statements, without
from tests.e2e.conftest import Neighbours
from tests.e2e.pipelines import with_roles_alone

STACK = "iam-analytics"
GUARDED = "iam-guarded"
READ = {"s3tables:GetTable", "s3tables:GetTableData", "s3tables:GetTableMetadataLocation"}
WRITE = {*READ, "s3tables:PutTableData", "s3tables:UpdateTableMetadataLocation"}


@pytest.fixture(scope="module")
def calls(bed: Bed, neighbours: Neighbours) -> Iterator[list[str]]:
    """Deploy the stack, and return the calls that Lake Formation got meanwhile."""
    before = _lake_formation_calls(bed)
    bed.deploy(with_roles_alone(STACK, {"access": "iam"}), STACK)
    yield _lake_formation_calls(bed)[len(before) :]
    bed.delete(STACK)


def _lake_formation_calls(bed: Bed) -> list[str]:
    """Return them from moto's access log: of what it serves, only Lake Formation has paths."""
    lines = bed.log(lines=100_000).splitlines()
    return [line for line in lines if '"POST /' in line and '"POST / ' not in line]


def test_a_stack_without_lake_formation_never_calls_it(
    bed: Bed, neighbours: Neighbours, calls: list[str]
) -> None:
    assert calls == []
    assert grants(bed) == neighbours.grants
    assert settings(bed) == neighbours.settings
    assert not [each for each in resources(bed, STACK) if each == "Administrator" or each.endswith("Grants")]


def test_a_stack_without_lake_formation_still_has_its_link_and_its_schemas(
    bed: Bed, calls: list[str]
) -> None:
    assert databases(bed)["iam_analytics_analytics"] == {
        "CatalogId": f"{bed.account}:s3tablescatalog/{STACK}",
        "DatabaseName": "analytics",
    }
    schema = bed.catalog(STACK).load_table("analytics.events").schema()
    assert [field.field_id for field in schema.fields] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(("role", "actions"), [("delivery", WRITE), ("query", READ)])
def test_a_role_gets_the_actions_on_its_tables_instead_of_grants(
    bed: Bed, calls: list[str], role: str, actions: set[str]
) -> None:
    (found,) = [
        each for each in statements(bed, f"{STACK}-{role}") if set(several(each["Action"])) == actions
    ]
    tables = f"{bed.bucket_arn(STACK)}/table/analytics"
    assert found["Resource"] == [f"{tables}/events", f"{tables}/initial_events"]


@pytest.mark.parametrize("role", ["delivery", "ingest", "provider", "query"])
def test_no_role_may_do_anything_in_lake_formation(bed: Bed, calls: list[str], role: str) -> None:
    actions = {action for each in statements(bed, f"{STACK}-{role}") for action in several(each["Action"])}
    assert not {action for action in actions if action.startswith("lakeformation:")}


def test_a_record_becomes_a_row_without_lake_formation(bed: Bed, calls: list[str]) -> None:
    bed.point_stream_at(f"{STACK}-events", bed.bucket_arn(STACK), "analytics")
    bed.put_records(f"{STACK}-events", [{"site_id": "shop", "event": "page_view"}])
    assert bed.wait_for_rows("SELECT site_id FROM events", STACK, "analytics") == [("shop",)]


# The same where policies are evaluated: no Lake Formation stands between a role and its tables


@pytest.fixture(scope="module")
def guarded(auth_bed: Bed) -> Iterator[Bed]:
    """Deploy the spec with a query role that reads one table of the two."""
    changes = {"access": "iam", "roles": {"query": {"read": ["events"]}}}
    auth_bed.deploy(with_roles_alone(GUARDED, changes), GUARDED)
    yield auth_bed
    auth_bed.delete(GUARDED)


def _load(bed: Bed, role: str, name: str = "events") -> Table:
    table: Table = bed.catalog(GUARDED, role=f"{GUARDED}-{role}").load_table(f"analytics.{name}")
    return table


def _commit(table: Table) -> None:
    table.transaction().set_properties(owner="us").commit_transaction()


def test_the_delivery_role_reads_and_writes_its_tables(guarded: Bed) -> None:
    for name in ("events", "initial_events"):
        _commit(_load(guarded, "delivery", name))
        assert _load(guarded, "delivery", name).properties["owner"] == "us"


def test_the_query_role_reads_its_table_and_nothing_else(guarded: Bed) -> None:
    table = _load(guarded, "query")
    assert len(table.schema().fields) == 7
    with pytest.raises(ForbiddenError, match="s3tables:UpdateTableMetadataLocation"):
        _commit(table)
    with pytest.raises(ForbiddenError, match="s3tables:GetTableMetadataLocation"):
        _load(guarded, "query", "initial_events")


def test_the_ingest_role_reaches_no_table(guarded: Bed) -> None:
    with pytest.raises(ForbiddenError, match="s3tables:GetTableBucket"):
        _load(guarded, "ingest")


@pytest.mark.parametrize(
    "action",
    [
        "s3tables:GetTableBucket",
        "s3tables:GetTableData",
        "s3tables:GetTableMetadataLocation",
        "s3tables:PutTableData",
        "s3tables:UpdateTableMetadataLocation",
    ],
)
def test_the_delivery_role_needs_each_of_its_actions(guarded: Bed, action: str) -> None:
    _commit(_load(guarded, "delivery"))
    with without(guarded, f"{GUARDED}-delivery", action), pytest.raises(ForbiddenError):
        _commit(_load(guarded, "delivery"))
