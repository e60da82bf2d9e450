"""What the account on the bed holds, in a form that tests compare."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.bed import Bed

Grant = tuple[str, str, str]
"""Whom, on what, and one permission."""

Statement = dict[str, Any]


def grants(bed: Bed) -> set[Grant]:
    """Return every Lake Formation permission of the account, one by one."""
    listed = bed.client("lakeformation").list_permissions()["PrincipalResourcePermissions"]
    return {
        (each["Principal"]["DataLakePrincipalIdentifier"], _named(each["Resource"]), permission)
        for each in listed
        for permission in each["Permissions"]
    }


def grants_of(bed: Bed, stack: str, role: str, tables: Mapping[str, str], link: str = "") -> set[Grant]:
    """Return what a role of the shipped spec should be granted: it sees link and namespace, and `tables`."""
    who, namespace = bed.role_arn(f"{stack}-{role}"), "analytics"
    link = link or f"{stack}_{namespace}".replace("-", "_")
    catalog = f"{bed.account}:s3tablescatalog/{stack}"
    return {
        (who, f"database {bed.account}/{link}", "DESCRIBE"),
        (who, f"database {catalog}/{namespace}", "DESCRIBE"),
        *(
            (who, f"table {catalog}/{namespace}/{table}", permission)
            for table, permissions in tables.items()
            for permission in permissions.split()
        ),
    }


def _named(resource: Mapping[str, Any]) -> str:
    ((kind, parts),) = resource.items()
    names = [parts[key] for key in ("CatalogId", "DatabaseName", "Name") if key in parts]
    return f"{kind.lower()} {'/'.join(names)}"


def settings(bed: Bed) -> dict[str, Any]:
    """Return the account's data lake settings."""
    found: dict[str, Any] = bed.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    return found


def admin(arn: str) -> dict[str, str]:
    """Return an entry of the list of data lake administrators."""
    return {"DataLakePrincipalIdentifier": arn}


def databases(bed: Bed) -> dict[str, Any]:
    """Return every database of the default catalog with its target; None for a real one."""
    listed = bed.client("glue").get_databases()["DatabaseList"]
    return {each["Name"]: each.get("TargetDatabase") for each in listed}


def statements(bed: Bed, role: str) -> list[Statement]:
    """Return what the role may do: the statements of its one inline policy."""
    iam = bed.client("iam")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    found: list[Statement] = document["Statement"]
    return found


def several(value: str | list[str]) -> list[str]:
    """Return an action or a resource of a statement as the list that it may be."""
    return [value] if isinstance(value, str) else value


@contextmanager
def without(bed: Bed, role: str, action: str) -> Iterator[None]:
    """Cut one action out of the role's policy for a while."""
    iam = bed.client("iam")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    before = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    cut = {**before, "Statement": cut_out(before["Statement"], action)}
    try:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(cut))
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(before))


def cut_out(policy: list[Statement], action: str) -> list[Statement]:
    """Return the statements without one action."""
    return [
        {**each, "Action": left}
        for each in policy
        if (left := [other for other in several(each["Action"]) if other != action])
    ]


def stream(bed: Bed, name: str) -> dict[str, Any]:
    """Return the description of a delivery stream."""
    described: dict[str, Any] = bed.client("firehose").describe_delivery_stream(DeliveryStreamName=name)
    found: dict[str, Any] = described["DeliveryStreamDescription"]
    return found


def destination(bed: Bed, name: str) -> dict[str, Any]:
    """Return the Iceberg destination of a delivery stream."""
    (only,) = stream(bed, name)["Destinations"]
    found: dict[str, Any] = only["IcebergDestinationDescription"]
    return found


def resources(bed: Bed, stack: str) -> dict[str, str]:
    """Return the status of every resource of the stack by logical id."""
    listed = bed.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    return {each["LogicalResourceId"]: each["ResourceStatus"] for each in listed}


def provider_runs(bed: Bed, stack: str) -> int:
    """Return how often the stack's provider has run, as its log group tells."""
    pages = bed.client("logs").get_paginator("filter_log_events")
    group = f"/aws/lambda/{stack}-provider"
    return sum(
        event["message"].startswith("START ")
        for page in pages.paginate(logGroupName=group)
        for event in page["events"]
    )


def physical(bed: Bed, stack: str) -> dict[str, list[str]]:
    """Return what the account has under the stack's name, by kind; kinds with nothing are left out."""
    found = {
        "table buckets": [
            each["name"] for each in bed.client("s3tables").list_table_buckets()["tableBuckets"]
        ],
        # The emulator keeps the files of a table bucket in a bucket of the same name.
        "buckets": [
            each["Name"] for each in bed.client("s3").list_buckets()["Buckets"] if each["Name"] != stack
        ],
        "roles": [each["RoleName"] for each in bed.client("iam").list_roles()["Roles"]],
        "functions": [each["FunctionName"] for each in bed.client("lambda").list_functions()["Functions"]],
        "streams": bed.client("firehose").list_delivery_streams()["DeliveryStreamNames"],
        "log groups": [
            each["logGroupName"] for each in bed.client("logs").describe_log_groups()["logGroups"]
        ],
        "workgroups": [each["Name"] for each in bed.client("athena").list_work_groups()["WorkGroups"]],
        "databases": list(databases(bed)),
    }
    ours = (stack, stack.replace("-", "_"))
    mine = {
        kind: [each for each in names if any(own in each for own in ours)] for kind, names in found.items()
    }
    return {kind: sorted(names) for kind, names in mine.items() if names}
