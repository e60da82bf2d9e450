"""The roles of the shipped spec suffice where policies are evaluated, and with one action less they do not.

ministack judges calls of Firehose, S3, Athena's start of a query and S3 Tables' Iceberg REST catalog by
the resource that AWS would; those calls are made here, as the role. Glue and Lake Formation are moto's,
which judges nothing, and for the rest ministack names other resources than AWS: there IAM's policy
simulator decides (`Bed.allowed`), which evaluates the deployed policies but calls nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.bed import Bed, DeployFailed
from tests.e2e.account import Statement, cut_out, grants, several, statements, without
from tests.e2e.pipelines import ROLES_ALONE, compiled, parsed, shipped

STACK = "guarded-analytics"
LINK = "guarded_analytics_analytics"
ROLES = ("delivery", "ingest", "provider", "query")

# What others run as a role and what a function of ours does with it, both at once.
SHARED = {
    "roles": ROLES_ALONE["roles"],
    "functions": {"ingest": {"role": "ingest"}, "query": {"role": "query"}},
}

Outputs = Mapping[str, str]


@pytest.fixture(scope="module")
def outputs(auth_bed: Bed) -> Iterator[Outputs]:
    """Deploy the shipped spec where the provider has no more rights than its role."""
    yield auth_bed.deploy(shipped(STACK, SHARED), STACK)
    auth_bed.delete(STACK)


# The provider


def test_the_providers_role_suffices_for_the_whole_stack(auth_bed: Bed, outputs: Outputs) -> None:
    tables = [
        auth_bed.catalog(STACK).load_table(f"analytics.{name}") for name in ("events", "initial_events")
    ]
    assert [len(table.schema().fields) for table in tables] == [7, 28]
    assert {each[0] for each in grants(auth_bed)} == {
        auth_bed.role_arn(f"{STACK}-delivery"),
        auth_bed.role_arn(f"{STACK}-query"),
    }


# About the data of a table S3 Tables is as curt as S3; else it names the action.
DENIALS = {
    "GetTableData": "Access Denied",
    "GetTableMetadataLocation": "not authorized to perform: s3tables:GetTableMetadataLocation",
    "PutTableData": "Access Denied",
    "UpdateTableMetadataLocation": "not authorized to perform: s3tables:UpdateTableMetadataLocation",
}


@pytest.mark.parametrize("action", DENIALS)
def test_a_deploy_fails_without_an_action_of_the_provider_and_says_why(auth_bed: Bed, action: str) -> None:
    template = compiled(
        {
            "version": 1,
            "pipeline": "less-than-enough",
            "namespaces": {"web": {}},
            "tables": {"clicks": {"namespace": "web", "columns": {"path": "string"}}},
        }
    )
    template = _replaced(template, rf"^ +- s3tables:{action}\n", "")
    # The provider gives a new policy a minute to take effect; nobody needs to wait for this one.
    template = _replaced(template, r"PACE = 1\.0$", "PACE = 0.01")

    with pytest.raises(DeployFailed) as failed:
        auth_bed.deploy(template, "less-than-enough")

    auth_bed.delete("less-than-enough")
    assert failed.value.outcome == "ROLLBACK_COMPLETE"
    (reason,) = failed.value.reasons
    assert reason.startswith("ClicksSchema CREATE_FAILED")
    assert "403" in reason
    assert DENIALS[action] in reason


def _replaced(template: str, pattern: str, text: str) -> str:
    replaced, count = re.subn(pattern, text, template, flags=re.MULTILINE)
    assert count == 1
    return replaced


# The roles that the spec declares, by the calls they are for


def test_the_ingest_role_puts_records_to_its_streams_and_to_no_other(auth_bed: Bed, outputs: Outputs) -> None:
    role = f"{STACK}-ingest"
    theirs = {"RoleARN": auth_bed.role_arn("Theirs"), "BucketARN": "arn:aws:s3:::theirs"}
    firehose = auth_bed.client("firehose")
    firehose.create_delivery_stream(DeliveryStreamName="theirs", ExtendedS3DestinationConfiguration=theirs)
    for stream in ("EventsStreamName", "InitialEventsStreamName"):
        auth_bed.put_records(outputs[stream], [{"site_id": "shop"}], role=role)
    with pytest.raises(ClientError, match="not authorized to perform: firehose:PutRecordBatch"):
        auth_bed.put_records("theirs", [{"site_id": "shop"}], role=role)
    firehose.delete_delivery_stream(DeliveryStreamName="theirs")


def test_the_query_role_runs_queries_in_its_workgroup_and_in_no_other(
    auth_bed: Bed, outputs: Outputs
) -> None:
    assert _start_query(auth_bed, outputs)["QueryExecutionId"]
    with pytest.raises(ClientError, match="not authorized to perform: athena:StartQueryExecution"):
        _start_query(auth_bed, outputs, workgroup="primary")


def _start_query(bed: Bed, outputs: Outputs, workgroup: str = STACK) -> Any:
    return bed.client("athena", role=f"{STACK}-query").start_query_execution(
        QueryString="SELECT count(*) FROM events",
        QueryExecutionContext={"Catalog": outputs["AthenaCatalog"], "Database": "analytics"},
        WorkGroup=workgroup,
        ResultConfiguration={"OutputLocation": f"s3://{outputs['BackupBucketName']}/"},
    )


def _put_record(bed: Bed, outputs: Outputs) -> Any:
    firehose = bed.client("firehose", role=f"{STACK}-ingest")
    return firehose.put_record(DeliveryStreamName=outputs["EventsStreamName"], Record={"Data": b"{}"})


def _put_records(bed: Bed, outputs: Outputs) -> None:
    bed.put_records(outputs["EventsStreamName"], [{"site_id": "shop"}], role=f"{STACK}-ingest")


def _put_object(bed: Bed, outputs: Outputs) -> Any:
    s3 = bed.client("s3", role=f"{STACK}-delivery")
    return s3.put_object(Bucket=outputs["BackupBucketName"], Key="events/failed.gz", Body=b"")


def _get_object(bed: Bed, outputs: Outputs) -> Any:
    bed.client("s3").put_object(Bucket=outputs["BackupBucketName"], Key="events/failed.gz", Body=b"")
    s3 = bed.client("s3", role=f"{STACK}-delivery")
    return s3.get_object(Bucket=outputs["BackupBucketName"], Key="events/failed.gz")


def _list_objects(bed: Bed, outputs: Outputs) -> Any:
    return bed.client("s3", role=f"{STACK}-delivery").list_objects_v2(Bucket=outputs["BackupBucketName"])


def _get_location(bed: Bed, outputs: Outputs) -> Any:
    return bed.client("s3", role=f"{STACK}-delivery").get_bucket_location(Bucket=outputs["BackupBucketName"])


def _list_uploads(bed: Bed, outputs: Outputs) -> Any:
    s3 = bed.client("s3", role=f"{STACK}-delivery")
    return s3.list_multipart_uploads(Bucket=outputs["BackupBucketName"])


def _abort_upload(bed: Bed, outputs: Outputs) -> Any:
    place = {"Bucket": outputs["BackupBucketName"], "Key": "events/large.gz"}
    upload = bed.client("s3").create_multipart_upload(**place)["UploadId"]
    return bed.client("s3", role=f"{STACK}-delivery").abort_multipart_upload(**place, UploadId=upload)


CALLS: dict[str, tuple[str, Callable[[Bed, Outputs], Any]]] = {
    "athena:StartQueryExecution": ("query", _start_query),
    "firehose:PutRecord": ("ingest", _put_record),
    "firehose:PutRecordBatch": ("ingest", _put_records),
    "s3:AbortMultipartUpload": ("delivery", _abort_upload),
    "s3:GetBucketLocation": ("delivery", _get_location),
    "s3:GetObject": ("delivery", _get_object),
    "s3:ListBucket": ("delivery", _list_objects),
    "s3:ListBucketMultipartUploads": ("delivery", _list_uploads),
    "s3:PutObject": ("delivery", _put_object),
}


@pytest.mark.parametrize("action", CALLS)
def test_a_call_works_with_its_action_and_is_refused_without(
    auth_bed: Bed, outputs: Outputs, action: str
) -> None:
    role, call = CALLS[action]
    call(auth_bed, outputs)
    with (
        without(auth_bed, f"{STACK}-{role}", action),
        pytest.raises(ClientError, match=f"not authorized to perform: {action}"),
    ):
        call(auth_bed, outputs)


# Every statement, by the simulator


@cache
def _rendered(role: str) -> list[Statement]:
    """Return the statements of a role as the template has them, to make a test of each."""
    resources = parsed(shipped(STACK, SHARED))["Resources"]
    (policy,) = resources[f"{role.capitalize()}Role"]["Properties"]["Policies"]
    found: list[Statement] = policy["PolicyDocument"]["Statement"]
    return found


@pytest.mark.parametrize(
    ("role", "sid", "action"),
    [
        (role, each["Sid"], action)
        for role in ROLES
        for each in _rendered(role)
        for action in several(each["Action"])
    ],
)
def test_an_action_is_allowed_by_its_statement_alone(
    auth_bed: Bed, outputs: Outputs, role: str, sid: str, action: str
) -> None:
    """On each resource of its statement the action is allowed, and with it cut nothing else allows it."""
    deployed = statements(auth_bed, f"{STACK}-{role}")
    (statement,) = [each for each in deployed if each["Sid"] == sid]
    cut = cut_out(deployed, action)
    for resource in several(statement["Resource"]):
        one = resource if resource == "*" else resource.replace("*", "one")
        assert auth_bed.allowed(f"{STACK}-{role}", action, one), one
        assert not _simulated(auth_bed, cut, action, one), one


def _simulated(bed: Bed, policy: list[Statement], action: str, resource: str) -> bool:
    document = json.dumps({"Version": "2012-10-17", "Statement": policy})
    (result,) = bed.client("iam").simulate_custom_policy(
        PolicyInputList=[document], ActionNames=[action], ResourceArns=[resource]
    )["EvaluationResults"]
    return bool(result["EvalDecision"] == "allowed")


# The delivery role against what Firehose does, written down from its documentation


def _delivery_needs(bed: Bed, outputs: Outputs) -> list[tuple[str, str]]:
    """Return what Firehose does with the role.

    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-iceberg
    """
    glue = f"arn:aws:glue:{bed.region}:{bed.account}"
    logs = f"arn:aws:logs:{bed.region}:{bed.account}:log-group:/aws/kinesisfirehose/{STACK}"
    backup = f"arn:aws:s3:::{outputs['BackupBucketName']}"
    catalogs = [f"{glue}:catalog{rest}" for rest in ("", "/s3tablescatalog", f"/s3tablescatalog/{STACK}")]
    places = [f"s3tablescatalog/{STACK}/analytics", LINK]
    databases = [f"{glue}:database/{place}" for place in places]
    tables = [f"{glue}:table/{place}/{name}" for place in places for name in ("events", "initial_events")]
    return [
        *(
            (action, arn)
            for action in ("glue:GetTable", "glue:GetDatabase", "glue:UpdateTable")
            for arn in (*catalogs, *databases, *tables)
        ),
        ("lakeformation:GetDataAccess", "*"),
        *(
            (f"s3:{action}", f"{backup}/events/f.gz")
            for action in ("AbortMultipartUpload", "GetObject", "PutObject")
        ),
        *(
            (f"s3:{action}", backup)
            for action in ("GetBucketLocation", "ListBucket", "ListBucketMultipartUploads")
        ),
        *(
            ("logs:PutLogEvents", f"{logs}-{name}:log-stream:DestinationDelivery")
            for name in ("events", "initial_events")
        ),
    ]


def _not_for_delivery(bed: Bed, outputs: Outputs) -> list[tuple[str, str]]:
    """Return what is near to what Firehose does, and not its business."""
    glue = f"arn:aws:glue:{bed.region}:{bed.account}"
    own = f"{glue}:table/s3tablescatalog/{STACK}/analytics/events"
    backup = f"arn:aws:s3:::{outputs['BackupBucketName']}"
    return [
        ("glue:UpdateTable", f"{glue}:table/s3tablescatalog/{STACK}/finance/events"),
        ("glue:UpdateTable", f"{glue}:table/s3tablescatalog/another/analytics/events"),
        ("glue:GetTable", f"{glue}:table/{LINK}_2/events"),
        ("glue:GetTable", f"{glue}:table/default/events"),
        ("glue:CreateTable", own),
        ("glue:DeleteTable", own),
        ("lakeformation:GrantPermissions", "*"),
        ("lakeformation:PutDataLakeSettings", "*"),
        ("s3:DeleteObject", f"{backup}/events/f.gz"),
        ("s3:PutBucketPolicy", backup),
        ("s3:PutObject", "arn:aws:s3:::another/events/f.gz"),
        (
            "logs:PutLogEvents",
            f"arn:aws:logs:{bed.region}:{bed.account}:log-group:/aws/lambda/{STACK}-provider:x",
        ),
        ("firehose:PutRecordBatch", outputs["EventsStreamArn"]),
        ("s3tables:PutTableData", outputs["EventsTableArn"]),
        ("iam:PassRole", bed.role_arn(f"{STACK}-delivery")),
    ]


def test_the_delivery_role_may_do_all_that_firehose_does(auth_bed: Bed, outputs: Outputs) -> None:
    role = f"{STACK}-delivery"
    needs = _delivery_needs(auth_bed, outputs)
    assert [need for need in needs if not auth_bed.allowed(role, *need)] == []
    # and names no action besides: `GetCatalog` is how a catalog of a catalog is looked up
    actions = {action for each in statements(auth_bed, role) for action in several(each["Action"])}
    assert actions == {action for action, _ in needs} | {"glue:GetCatalog"}


def test_the_delivery_role_may_do_nothing_else(auth_bed: Bed, outputs: Outputs) -> None:
    others = _not_for_delivery(auth_bed, outputs)
    assert [each for each in others if auth_bed.allowed(f"{STACK}-delivery", *each)] == []


def test_nobody_reaches_the_backup_bucket_without_tls(auth_bed: Bed, outputs: Outputs) -> None:
    """Not even the role that writes to it."""
    assert _put_object(auth_bed, outputs)
    s3 = auth_bed.client("s3", role=f"{STACK}-delivery")
    s3.meta.events.register("before-send.s3", _deny_tls)
    with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
        s3.put_object(Bucket=outputs["BackupBucketName"], Key="events/failed.gz", Body=b"")


def _deny_tls(request: Any, **_: object) -> None:
    """Take away the header by which the bed's clients say that their plain HTTP counts as TLS."""
    del request.headers["X-Forwarded-Proto"]
