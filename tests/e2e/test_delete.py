"""What goes with a stack, and what stays."""

from __future__ import annotations

from tests.bed import Bed
from tests.e2e.account import grants, physical, settings
from tests.e2e.conftest import Neighbours
from tests.e2e.pipelines import with_roles_alone

KEPT, DROPPED, AGAIN = "kept-analytics", "dropped-analytics", "repeated-analytics"
EVENT = {"site_id": "shop", "event": "page_view", "timestamp": "2026-11-22T10:00:00"}


def _deploy_and_feed(bed: Bed, stack: str, template: str) -> dict[str, str]:
    outputs = bed.deploy(template, stack)
    bed.point_stream_at(outputs["EventsStreamName"], outputs["TableBucketArn"], "analytics")
    bed.put_records(outputs["EventsStreamName"], [EVENT])
    bed.wait_for_rows("SELECT event FROM events", stack, "analytics")
    return outputs


def test_a_deleted_stack_leaves_its_data_and_takes_everything_else(bed: Bed, neighbours: Neighbours) -> None:
    outputs = _deploy_and_feed(bed, KEPT, with_roles_alone(KEPT))
    s3, backup = bed.client("s3"), outputs["BackupBucketName"]
    s3.put_object(Bucket=backup, Key="events/failed.gz", Body=b"a record that failed")

    bed.delete(KEPT)

    assert bed.sql("SELECT site_id, event FROM events", KEPT, "analytics") == [("shop", "page_view")]
    assert sorted(bed.catalog(KEPT).list_tables("analytics")) == [
        ("analytics", "events"),
        ("analytics", "initial_events"),
    ]
    assert s3.get_object(Bucket=backup, Key="events/failed.gz")["Body"].read() == b"a record that failed"
    assert physical(bed, KEPT) == {"table buckets": [KEPT], "buckets": [backup]}
    assert grants(bed) == neighbours.grants
    assert settings(bed) == neighbours.settings


def test_a_stack_that_retains_nothing_takes_all_with_it(bed: Bed, neighbours: Neighbours) -> None:
    _deploy_and_feed(bed, DROPPED, with_roles_alone(DROPPED, {"bucket": {"retain": False}}))

    bed.delete(DROPPED)

    assert physical(bed, DROPPED) == {}
    assert grants(bed) == neighbours.grants
    assert settings(bed) == neighbours.settings


def test_a_stack_that_retains_nothing_can_be_made_again(bed: Bed, neighbours: Neighbours) -> None:
    template = with_roles_alone(AGAIN, {"bucket": {"retain": False}})
    first, granted = bed.deploy(template, AGAIN), grants(bed)
    bed.delete(AGAIN)
    second = bed.deploy(template, AGAIN)
    assert grants(bed) == granted > neighbours.grants
    assert {**first, "BackupBucketName": ""} == {**second, "BackupBucketName": ""}
    bed.delete(AGAIN)
