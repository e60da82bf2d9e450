"""Every action that a template of ours gives to a role is needed: without it a call of AWS's is refused.

One role gets all actions of all policies, on everything, and loses one. That an action holds for
the resources of its statement, and that no other statement gives it, test_least_privilege.py shows.
Glue's calls go to ministack's own Glue here, because moto's judges nobody.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from compiler.account import Settings, account_stack
from compiler.template import resources
from lambdas.provider import index
from tests.bed import Bed
from tests.bed.roles import assume
from tests.e2e.account import several
from tests.e2e.pipelines import shipped, with_roles_alone
from tests.lambdas.provider.cloud import Context

ROLE = "every-action"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TEMPLATES = (
    shipped("every-action"),
    shipped("every-action", {"access": "iam"}),
    with_roles_alone("every-action"),
    account_stack(Settings("lake_formation", None, (KEY,))).text,
)


def _actions() -> set[str]:
    """Return every action of every role in the templates."""
    roles = [
        each.body()
        for template in TEMPLATES
        for each in resources(template).values()
        if each.type == "AWS::IAM::Role"
    ]
    policies = [policy for role in roles for policy in role["Properties"].get("Policies", ())]
    statements = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
    return {action for each in statements for action in several(each["Action"])}


@dataclass
class Caller:
    """A role with some of the actions, and what its calls are about."""

    bed: Bed
    credentials: dict[str, str]

    def client(self, service: str) -> Any:
        """Return a client of ministack, as the role."""
        config = Config(retries={"total_max_attempts": 1}, proxies={})
        endpoint = {"endpoint_url": self.bed.url, "region_name": self.bed.region}
        return boto3.client(service, config=config, **endpoint, **self.credentials)

    def may(self, actions: Iterable[str]) -> None:
        """Let the role do the actions, and nothing else."""
        statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.bed.client("iam").put_role_policy(RoleName=ROLE, PolicyName="all", PolicyDocument=document)

    @cached_property
    def bucket(self) -> str:
        """A bucket with an object."""
        s3 = self.bed.client("s3")
        s3.create_bucket(Bucket=ROLE)
        s3.put_object(Bucket=ROLE, Key="failed.gz", Body=b"")
        return ROLE

    @cached_property
    def stream(self) -> str:
        """A delivery stream."""
        target = {"RoleARN": self.bed.role_arn(ROLE), "BucketARN": f"arn:aws:s3:::{self.bucket}"}
        self.bed.client("firehose").create_delivery_stream(
            DeliveryStreamName=ROLE, ExtendedS3DestinationConfiguration=target
        )
        return ROLE

    @cached_property
    def query(self) -> str:
        """A query that was run."""
        started = self.bed.client("athena").start_query_execution(
            QueryString="SELECT 1", ResultConfiguration={"OutputLocation": f"s3://{self.bucket}/"}
        )
        return str(started["QueryExecutionId"])

    @cached_property
    def key(self) -> dict[str, Any]:
        """A key, and something that it encrypted."""
        kms = self.bed.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        return {"KeyId": key, "CiphertextBlob": kms.encrypt(KeyId=key, Plaintext=b"rows")["CiphertextBlob"]}

    @cached_property
    def group(self) -> str:
        """A log group with a log stream."""
        logs = self.bed.client("logs")
        logs.create_log_group(logGroupName=ROLE)
        logs.create_log_stream(logGroupName=ROLE, logStreamName="first")
        return ROLE

    @cached_property
    def tables(self) -> str:
        """A table bucket with a namespace."""
        s3tables = self.bed.client("s3tables")
        arn = str(s3tables.create_table_bucket(name="tables-of-every-action")["arn"])
        s3tables.create_namespace(tableBucketARN=arn, namespace=["web"])
        return arn

    def table(self) -> dict[str, str]:
        """Make a table, which nobody gave columns yet."""
        name = f"t{uuid.uuid4().hex}"
        place = {"tableBucketARN": self.tables, "namespace": "web", "name": name}
        self.bed.client("s3tables").create_table(**place, format="ICEBERG")
        return place


@pytest.fixture(scope="module")
def caller(auth_bed: Bed) -> Iterator[Caller]:
    """Make the role, and lead the provider's clients to the bed with its credentials."""
    iam, us = auth_bed.client("iam"), {"Service": "lambda.amazonaws.com"}
    trust = {"Effect": "Allow", "Principal": us, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=document)
    made = Caller(auth_bed, assume(iam, auth_bed.client("sts"), ROLE))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in made.credentials.items():
            patch.setenv(name.upper(), value)
        patch.setenv("AWS_DEFAULT_REGION", auth_bed.region)
        patch.setenv("AWS_ENDPOINT_URL_S3TABLES", auth_bed.url)
        patch.setenv("ROLE_ARN", auth_bed.role_arn(ROLE))
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        patch.setattr(index, "PACE", 0.001)
        yield made
    iam.delete_role_policy(RoleName=ROLE, PolicyName="all")
    iam.delete_role(RoleName=ROLE)


class Denied(Exception):
    """What the provider answered that it was denied."""


def evolve(caller: Caller) -> None:
    """Have the provider give a table its first column."""
    table = caller.table()
    properties = {
        "BucketArn": table["tableBucketARN"],
        "Namespace": table["namespace"],
        "Table": table["name"],
        "Columns": [json.dumps({"id": 1, "name": "a", "required": False, "type": "int"})],
    }
    event = {
        "RequestType": "Create",
        "ResourceType": "Custom::IcebergTableSchema",
        "StackId": f"arn:aws:cloudformation:{caller.bed.region}:{caller.bed.account}:stack/web/0a1b",
        "LogicalResourceId": "Table",
        "ResourceProperties": properties,
    }
    answer = index.run(event, Context())
    if answer["Status"] == "FAILED":
        raise Denied(answer["Reason"])


Call = Callable[[Caller], Any]


def call(service: str, operation: str, **parameters: Any) -> Call:
    """Make a call; a parameter that is a function is asked for its value."""

    def made(caller: Caller) -> Any:
        values = {key: value(caller) if callable(value) else value for key, value in parameters.items()}
        return getattr(caller.client(service), operation)(**values)

    return made


def s3_call(operation: str, **parameters: Any) -> Call:
    """Make a call about the bucket."""
    return call("s3", operation, Bucket=lambda caller: caller.bucket, **parameters)


def table_call(operation: str, **parameters: Any) -> Call:
    """Make a call about a new table."""
    return lambda caller: getattr(caller.client("s3tables"), operation)(**caller.table(), **parameters)


def bucket_call(operation: str, **parameters: Any) -> Call:
    """Make a call about the table bucket."""
    return call("s3tables", operation, tableBucketARN=lambda caller: caller.tables, **parameters)


def abort_upload(caller: Caller) -> Any:
    """Abort an upload that somebody began."""
    place = {"Bucket": caller.bucket, "Key": "large.gz"}
    upload = caller.bed.client("s3").create_multipart_upload(**place)["UploadId"]
    return caller.client("s3").abort_multipart_upload(**place, UploadId=upload)


QUERY = {"QueryExecutionId": lambda caller: caller.query}
RECORD = {"Data": b"{}"}
STREAM = {"DeliveryStreamName": lambda caller: caller.stream}
LOG = {"logGroupName": lambda caller: caller.group}
CALLS: dict[str, Call] = {
    "athena:GetQueryExecution": call("athena", "get_query_execution", **QUERY),
    "athena:GetQueryResults": call("athena", "get_query_results", **QUERY),
    "athena:GetWorkGroup": call("athena", "get_work_group", WorkGroup="primary"),
    "athena:StartQueryExecution": call(
        "athena",
        "start_query_execution",
        QueryString="SELECT 1",
        ResultConfiguration={"OutputLocation": f"s3://{ROLE}/"},
    ),
    "athena:StopQueryExecution": call("athena", "stop_query_execution", **QUERY),
    "firehose:PutRecord": call("firehose", "put_record", **STREAM, Record=RECORD),
    "firehose:PutRecordBatch": call("firehose", "put_record_batch", **STREAM, Records=[RECORD]),
    "glue:CreateCatalog": call("glue", "create_catalog", Name="s3tablescatalog", CatalogInput={}),
    "glue:CreateDatabase": call("glue", "create_database", DatabaseInput={"Name": "link"}),
    "glue:DeleteDatabase": call("glue", "delete_database", Name="link"),
    "glue:GetCatalog": call("glue", "get_catalog", CatalogId="s3tablescatalog"),
    "glue:GetDatabase": call("glue", "get_database", Name="link"),
    "glue:GetTable": call("glue", "get_table", DatabaseName="link", Name="events"),
    "glue:UpdateTable": call("glue", "update_table", DatabaseName="link", TableInput={"Name": "events"}),
    "iam:GetRole": call("iam", "get_role", RoleName=ROLE),
    "kms:Decrypt": call("kms", "decrypt", CiphertextBlob=lambda caller: caller.key["CiphertextBlob"]),
    "kms:GenerateDataKey": call(
        "kms", "generate_data_key", KeyId=lambda caller: caller.key["KeyId"], KeySpec="AES_256"
    ),
    "logs:CreateLogStream": call(
        "logs", "create_log_stream", **LOG, logStreamName=lambda _: uuid.uuid4().hex
    ),
    "logs:PutLogEvents": call(
        "logs",
        "put_log_events",
        **LOG,
        logStreamName="first",
        logEvents=[{"timestamp": 1_790_000_000_000, "message": "done"}],
    ),
    "s3:AbortMultipartUpload": abort_upload,
    "s3:GetBucketLocation": s3_call("get_bucket_location"),
    "s3:GetObject": s3_call("get_object", Key="failed.gz"),
    "s3:ListBucket": s3_call("list_objects_v2"),
    "s3:ListBucketMultipartUploads": s3_call("list_multipart_uploads"),
    "s3:PutObject": s3_call("put_object", Key="failed.gz", Body=b""),
    "s3tables:CreateNamespace": bucket_call("create_namespace", namespace=["another"]),
    "s3tables:CreateTable": bucket_call(
        "create_table", namespace="web", name=lambda _: f"t{uuid.uuid4().hex}", format="ICEBERG"
    ),
    "s3tables:CreateTableBucket": call(
        "s3tables", "create_table_bucket", name=lambda _: f"b-{uuid.uuid4().hex}"
    ),
    "s3tables:DeleteNamespace": bucket_call("delete_namespace", namespace="gone"),
    "s3tables:DeleteTable": table_call("delete_table"),
    "s3tables:DeleteTableBucket": call(
        "s3tables", "delete_table_bucket", tableBucketARN=lambda caller: f"{caller.tables}-gone"
    ),
    "s3tables:GetNamespace": bucket_call("get_namespace", namespace="web"),
    "s3tables:GetTable": table_call("get_table"),
    "s3tables:GetTableBucket": bucket_call("get_table_bucket"),
    "s3tables:GetTableData": evolve,
    "s3tables:GetTableMetadataLocation": evolve,
    "s3tables:ListTableBuckets": call("s3tables", "list_table_buckets"),
    "s3tables:ListTables": bucket_call("list_tables"),
    "s3tables:PutTableData": evolve,
    "s3tables:RenameTable": table_call("rename_table", newName="renamed"),
    "s3tables:UpdateTableMetadataLocation": evolve,
}

LAKE_FORMATION = "ministack has no Lake Formation, and moto judges nobody"
ADMINISTRATION = "https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html"
INTEGRATION = "https://docs.aws.amazon.com/lake-formation/latest/dg/s3tables-catalog-prerequisites.html"
ENTRY, GRANTEE = {"Id": "1", "Permissions": ["DESCRIBE"]}, {"DataLakePrincipalIdentifier": "1"}
LINKED = {"Database": {"Name": "link"}}
NOT_JUDGED: dict[str, tuple[str, str, Call]] = {
    "athena:GetQueryResultsStream": (
        "an action of the JDBC driver, with no call in an SDK",
        "https://docs.aws.amazon.com/athena/latest/ug/workgroups-iam-policy.html",
        call("athena", "get_query_results", **QUERY),
    ),
    "glue:PassConnection": (
        "a permission of CreateCatalog, which ministack's Glue does not have",
        "https://docs.aws.amazon.com/glue/latest/dg/enable-s3-tables-catalog-integration.html",
        call("glue", "create_catalog", Name="s3tablescatalog", CatalogInput={}),
    ),
    "iam:PassRole": (
        "a permission of RegisterResource: " + LAKE_FORMATION,
        INTEGRATION,
        call("lakeformation", "register_resource", ResourceArn="arn:aws:s3tables:::b", RoleArn=ROLE),
    ),
    "lakeformation:BatchGrantPermissions": (
        LAKE_FORMATION,
        ADMINISTRATION,
        call("lakeformation", "batch_grant_permissions", Entries=[ENTRY]),
    ),
    "lakeformation:BatchRevokePermissions": (
        LAKE_FORMATION,
        ADMINISTRATION,
        call("lakeformation", "batch_revoke_permissions", Entries=[ENTRY]),
    ),
    "lakeformation:DescribeResource": (
        LAKE_FORMATION,
        INTEGRATION,
        call("lakeformation", "describe_resource", ResourceArn="arn:aws:s3tables:::b"),
    ),
    "lakeformation:GetDataAccess": (
        "a permission of Athena and Firehose for the data, with no call in an SDK: " + LAKE_FORMATION,
        "https://docs.aws.amazon.com/lake-formation/latest/dg/access-control-underlying-data.html",
        call("lakeformation", "get_temporary_glue_table_credentials", TableArn="arn:aws:glue:::t"),
    ),
    "lakeformation:GetDataLakeSettings": (
        LAKE_FORMATION,
        ADMINISTRATION,
        call("lakeformation", "get_data_lake_settings"),
    ),
    "lakeformation:GrantPermissions": (
        LAKE_FORMATION,
        ADMINISTRATION,
        call("lakeformation", "grant_permissions", Principal=GRANTEE, Resource=LINKED, Permissions=["DROP"]),
    ),
    "lakeformation:ListPermissions": (
        LAKE_FORMATION,
        ADMINISTRATION,
        call("lakeformation", "list_permissions"),
    ),
    "lakeformation:PutDataLakeSettings": (
        LAKE_FORMATION,
        ADMINISTRATION,
        call("lakeformation", "put_data_lake_settings", DataLakeSettings={}),
    ),
    "lakeformation:RegisterResource": (
        LAKE_FORMATION,
        INTEGRATION,
        call("lakeformation", "register_resource", ResourceArn="arn:aws:s3tables:::b", RoleArn=ROLE),
    ),
    "s3tables:ListNamespaces": (
        "ministack takes the call for GetNamespace",
        INTEGRATION,
        bucket_call("list_namespaces"),
    ),
}
"""Why the bed cannot show that an action is needed, AWS's page that says so, and the call all the same."""


def denial(caller: Caller, made: Call) -> str:
    """Make a call, and return how it was denied; nothing, where it failed otherwise or not at all."""
    try:
        made(caller)
    except (ClientError, Denied) as error:
        said = str(error)
        return said if "not authorized" in said or "Access Denied" in said or "AccessDenied" in said else ""
    return ""


def test_every_action_of_every_role_has_its_call() -> None:
    assert {*CALLS, *NOT_JUDGED} == _actions()
    assert not CALLS.keys() & NOT_JUDGED.keys()


@pytest.mark.parametrize("action", CALLS)
def test_a_call_is_let_through_with_its_action_and_refused_without(caller: Caller, action: str) -> None:
    caller.may(_actions() - {action})
    refused = denial(caller, CALLS[action])
    assert f"not authorized to perform: {action}" in refused or "Access Denied" in refused
    caller.may(_actions())
    assert not denial(caller, CALLS[action])


@pytest.mark.parametrize("action", NOT_JUDGED)
def test_the_bed_cannot_tell_whether_these_are_needed(caller: Caller, action: str) -> None:
    """As soon as it can, the action belongs among the calls."""
    why, page, made = NOT_JUDGED[action]
    assert why
    assert page.startswith("https://docs.aws.amazon.com/")
    caller.may(_actions() - {action})
    assert not denial(caller, made)
