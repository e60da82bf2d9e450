"""The shipped spec, deployed with the command that the compiler prints; then every resource is asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.transforms import BucketTransform, DayTransform
from pyiceberg.types import IcebergType, MapType, NestedField, StringType, TimestampType

from tests.bed import Bed
from tests.e2e.account import (
    admin,
    databases,
    destination,
    grants,
    grants_of,
    resources,
    settings,
    several,
    statements,
    stream,
)
from tests.e2e.conftest import Neighbours
from tests.e2e.pipelines import ROOT, SHIPPED, parsed

STACK = "web-analytics-prod"
LINK = "web_analytics_prod_analytics"
ROLES = ("delivery", "ingest", "provider", "query")
STREAMS = ("events", "initial_events")


@dataclass(frozen=True, slots=True)
class Deployed:
    """What the compiler wrote, and what CloudFormation answered."""

    template: str
    outputs: Mapping[str, str]


@pytest.fixture(scope="module")
def deployed(
    bed: Bed, neighbours: Neighbours, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    """Compile and deploy as a user does: half a minute, because the AWS CLI sleeps between two looks."""
    folder = tmp_path_factory.mktemp("pipeline")
    # a copy, with its lock beside it: a compiler that writes must not write into our tree
    spec = shutil.copytree(SHIPPED.parent, folder / "spec") / SHIPPED.name
    options = ["--locked", "--stage", "prod", "--out", str(folder / "out"), "--format", "json"]
    compiler = [sys.executable, "-m", "compiler", str(spec), *options]
    finished = subprocess.run(compiler, cwd=ROOT, capture_output=True, text=True, check=True)
    (result,) = json.loads(finished.stdout)["result"]["stacks"]
    program, *words = result["deploy"]
    assert program == "aws"
    if "BUCKET" in words:
        bed.client("s3").create_bucket(Bucket="a-bucket-of-mine")
        words[words.index("BUCKET")] = "a-bucket-of-mine"

    deploy = bed.aws(*words)

    assert deploy.returncode == 0, deploy.stderr
    described = bed.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
    yield Deployed(Path(result["template"]["path"]).read_text(), outputs)
    bed.delete(STACK)


def test_the_template_is_deployed_as_it_was_written(bed: Bed, deployed: Deployed) -> None:
    kept = bed.client("cloudformation").get_template(StackName=STACK)["TemplateBody"]
    assert kept == deployed.template


def test_every_resource_of_the_template_is_made(bed: Bed, deployed: Deployed) -> None:
    expected = dict.fromkeys(parsed(deployed.template)["Resources"], "CREATE_COMPLETE")
    assert resources(bed, STACK) == expected
    assert {"TableBucket", "AnalyticsNamespace", "EventsTable", "AnalyticsLink", "QueryGrants"} < set(
        expected
    )


def test_the_outputs_say_where_everything_is(bed: Bed, deployed: Deployed) -> None:
    outputs = dict(deployed.outputs)
    assert bed.client("s3").head_bucket(Bucket=outputs.pop("BackupBucketName"))
    for function in ("Ingest", "Query"):
        assert outputs.pop(f"{function}FunctionUrl").startswith("https://")
    firehose = f"arn:aws:firehose:{bed.region}:{bed.account}:deliverystream/web-analytics-prod"
    # On AWS a table's ARN ends in an id; the emulator ends it in namespace and name.
    assert outputs == {
        "AthenaCatalog": "s3tablescatalog/web-analytics-prod",
        "TableBucketArn": bed.bucket_arn(STACK),
        "TableBucketName": "web-analytics-prod",
        "AnalyticsLinkName": "web_analytics_prod_analytics",
        "EventsTableArn": f"{bed.bucket_arn(STACK)}/table/analytics/events",
        "InitialEventsTableArn": f"{bed.bucket_arn(STACK)}/table/analytics/initial_events",
        "EventsStreamName": "web-analytics-prod-events",
        "EventsStreamArn": f"{firehose}-events",
        "InitialEventsStreamName": "web-analytics-prod-initial_events",
        "InitialEventsStreamArn": f"{firehose}-initial_events",
        "IngestFunctionName": "web-analytics-prod-ingest",
        "QueryFunctionName": "web-analytics-prod-query",
        "IngestRoleArn": bed.role_arn("web-analytics-prod-ingest"),
        "QueryRoleArn": bed.role_arn("web-analytics-prod-query"),
        "DeliveryRoleArn": bed.role_arn("web-analytics-prod-delivery"),
    }


def test_the_events_table_has_its_columns_with_their_ids(bed: Bed, deployed: Deployed) -> None:
    properties = MapType(8, StringType(), 9, StringType(), value_required=False)
    columns: list[tuple[str, IcebergType, str]] = [
        ("site_id", StringType(), "Which site the event is from"),
        ("dt", StringType(), "Date of ingest, YYYY-MM-DD"),
        ("event", StringType(), "What happened, e.g. page_view"),
        ("pathname", StringType(), "Path of the page"),
        ("session_id", StringType(), "Visit the event belongs to"),
        ("timestamp", TimestampType(), "When the server got the event"),
        ("properties", properties, "Whatever else the site sends"),
    ]
    expected = Schema(
        *(
            NestedField(number, name, type_, required=False, doc=doc)
            for number, (name, type_, doc) in enumerate(columns, 1)
        )
    )
    assert bed.catalog(STACK).load_table("analytics.events").schema() == expected


def test_the_initial_events_table_has_all_columns_of_the_spec(bed: Bed, deployed: Deployed) -> None:
    wanted = yaml.safe_load(SHIPPED.read_text())["tables"]["initial_events"]["columns"]
    fields = bed.catalog(STACK).load_table("analytics.initial_events").schema().fields
    assert len(wanted) == 28
    assert [(each.field_id, each.name, each.doc, each.required) for each in fields] == [
        (number, name, column["doc"], False) for number, (name, column) in enumerate(wanted.items(), 1)
    ]
    others = {each.name: each.field_type for each in fields if each.field_type != StringType()}
    properties = MapType(29, StringType(), 30, StringType(), value_required=False)
    assert others == {"timestamp": TimestampType(), "properties": properties}


@pytest.mark.parametrize("name", ["events", "initial_events"])
def test_both_tables_are_partitioned_by_day_and_site(bed: Bed, deployed: Deployed, name: str) -> None:
    table = bed.catalog(STACK).load_table(f"analytics.{name}")
    assert table.spec() == PartitionSpec(
        PartitionField(6, 1000, DayTransform(), "timestamp_day"),
        PartitionField(1, 1001, BucketTransform(16), "site_id_bucket_16"),
        spec_id=table.spec().spec_id,
    )
    assert table.sort_order() == UNSORTED_SORT_ORDER
    assert table.format_version == 2


def test_the_link_leads_to_the_namespace(bed: Bed, deployed: Deployed) -> None:
    target = {"CatalogId": f"{bed.account}:s3tablescatalog/web-analytics-prod", "DatabaseName": "analytics"}
    assert databases(bed)["web_analytics_prod_analytics"] == target


def test_the_roles_are_granted_what_they_need_and_nothing_else(
    bed: Bed, neighbours: Neighbours, deployed: Deployed
) -> None:
    written, read = "ALTER DESCRIBE INSERT SELECT", "DESCRIBE SELECT"
    queries = grants_of(bed, STACK, "query", {"events": read, "initial_events": read})
    assert grants(bed) - neighbours.grants == {
        *grants_of(bed, STACK, "delivery", {"events": written, "initial_events": written}),
        # The function looks tables up in the table bucket's own catalog.
        *(each for each in queries if not each[1].endswith(LINK)),
    }
    assert neighbours.grants < grants(bed)


def test_the_provider_is_one_more_administrator_and_changes_no_other_setting(
    bed: Bed, neighbours: Neighbours, deployed: Deployed
) -> None:
    ours = admin(bed.role_arn("web-analytics-prod-provider"))
    theirs = neighbours.settings
    assert settings(bed) == {**theirs, "DataLakeAdmins": [*theirs["DataLakeAdmins"], ours]}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_delivers_to_its_table_with_the_delivery_role(
    bed: Bed, deployed: Deployed, name: str
) -> None:
    # What the emulator does not tell again (catalog, backup bucket, compression) the goldens hold.
    assert destination(bed, f"{STACK}-{name}") == {
        "RoleARN": bed.role_arn("web-analytics-prod-delivery"),
        "DestinationTableConfigurationList": [
            {"DestinationDatabaseName": "web_analytics_prod_analytics", "DestinationTableName": name}
        ],
        "AppendOnly": True,
        "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 64},
        "RetryOptions": {"DurationInSeconds": 300},
        "CloudWatchLoggingOptions": {
            "Enabled": True,
            "LogGroupName": f"/aws/kinesisfirehose/{STACK}-{name}",
            "LogStreamName": "DestinationDelivery",
        },
        "CatalogConfiguration": {},
    }
    described = stream(bed, f"{STACK}-{name}")
    assert described["DeliveryStreamStatus"] == "ACTIVE"
    assert described["DeliveryStreamType"] == "DirectPut"
    assert described["DeliveryStreamEncryptionConfiguration"]["KeyType"] == "AWS_OWNED_CMK"


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_has_a_log_that_does_not_grow_for_ever(bed: Bed, deployed: Deployed, name: str) -> None:
    logs, group = bed.client("logs"), f"/aws/kinesisfirehose/{STACK}-{name}"
    (found,) = logs.describe_log_groups(logGroupNamePrefix=f"{group}")["logGroups"]
    assert found["retentionInDays"] == 30
    (only,) = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert only["logStreamName"] == "DestinationDelivery"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_names_every_action_that_it_may_do(bed: Bed, deployed: Deployed, role: str) -> None:
    for statement in statements(bed, f"{STACK}-{role}"):
        assert statement["Effect"] == "Allow"
        assert not [action for action in several(statement["Action"]) if "*" in action]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_touch_this_pipeline_alone(bed: Bed, deployed: Deployed, role: str) -> None:
    """Lake Formation's actions take no resource; catalogs and `default` are what every lookup passes."""
    glue = f"arn:aws:glue:{bed.region}:{bed.account}"
    shared = {f"{glue}:catalog", f"{glue}:catalog/s3tablescatalog", f"{glue}:database/default"}
    for statement in statements(bed, f"{STACK}-{role}"):
        named = set(several(statement["Resource"]))
        if all(action.startswith("lakeformation:") for action in several(statement["Action"])):
            assert named == {"*"}
        else:
            strange = [each for each in named - shared if not _is_of(each, STACK)]
            assert strange == []


def _is_of(arn: str, stack: str) -> bool:
    """Tell whether an ARN names something of the stack before any wildcard in it."""
    fixed = arn.split("*")[0]
    return stack in fixed or stack.replace("-", "_") in fixed


def test_a_role_is_trusted_to_its_service_alone(bed: Bed, deployed: Deployed) -> None:
    trust = {role: _trust(bed, f"{STACK}-{role}") for role in ROLES}
    function = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    firehose = {
        "Effect": "Allow",
        "Principal": {"Service": "firehose.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": bed.account}},
    }
    assert trust == {"delivery": firehose, "ingest": function, "provider": function, "query": function}


def _trust(bed: Bed, role: str) -> dict[str, Any]:
    document = bed.client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    (only,) = document["Statement"]
    found: dict[str, Any] = only
    return found


def test_the_backup_bucket_is_encrypted_private_and_takes_tls_alone(bed: Bed, deployed: Deployed) -> None:
    s3, bucket = bed.client("s3"), deployed.outputs["BackupBucketName"]
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert block == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    (owner,) = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert owner == {"ObjectOwnership": "BucketOwnerEnforced"}
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    (policy,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert policy == {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def test_queries_have_a_workgroup_that_keeps_their_results_itself(bed: Bed, deployed: Deployed) -> None:
    found = bed.client("athena").get_work_group(WorkGroup=f"{STACK}-query")["WorkGroup"]["Configuration"]
    assert found["BytesScannedCutoffPerQuery"] == 1_000_000_000
    assert found["EnforceWorkGroupConfiguration"] is True
    assert found["ManagedQueryResultsConfiguration"] == {"Enabled": True}


def test_the_provider_answers_before_cloudformation_gives_up(bed: Bed, deployed: Deployed) -> None:
    function = bed.client("lambda").get_function(FunctionName=f"{STACK}-provider")["Configuration"]
    custom = [
        each["Properties"]["ServiceTimeout"]
        for each in parsed(deployed.template)["Resources"].values()
        if each["Type"].startswith("Custom::")
    ]
    assert len(custom) == 6
    assert {function["Timeout"] < timeout <= 2 * function["Timeout"] for timeout in custom} == {True}
    assert function["Environment"]["Variables"] == {"ROLE_ARN": bed.role_arn("web-analytics-prod-provider")}
