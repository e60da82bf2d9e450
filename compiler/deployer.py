"""The IAM policy of who deploys a template: what CloudFormation does in the caller's name.

The actions are those that AWS's registry lists for the handlers of each resource type in the
template; the resources are the physical names that the spec gives.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from compiler.model import Model
from compiler.provider import ACCOUNT_FUNCTION, log_group, stack_function
from compiler.registry import handler_permissions
from compiler.stack import Stack
from compiler.views.function import workgroup_views

# What the registry lists for features that no template of ours uses.
_UNUSED = (
    "lambda:AssociateRuntimeAlias",
    "lambda:GetLayerVersion",
    "lambda:PassCapacityProvider",
    "logs:CreateLogDelivery",
    "logs:DeleteResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:PutBearerTokenAuthentication",
    "logs:PutResourcePolicy",
    "s3:CreateBucketMetadataTableConfiguration",
    "s3:DeleteBucketMetadataTableConfiguration",
    "s3:DeleteObject",
    "s3:PutObjectAcl",
    "s3:REST.PUT.OBJECT",
    "s3:UpdateBucketMetadata",
)
# Names of S3 calls, which are none of IAM: what they need there is listed as well.
_NO_ACTIONS = (
    "s3:DeleteBucketAnalyticsConfiguration",
    "s3:DeleteBucketCors",
    "s3:DeleteBucketEncryption",
    "s3:DeleteBucketLifecycle",
    "s3:DeleteBucketMetricsConfiguration",
    "s3:DeleteBucketReplication",
    "s3:PutBucketReplication",
    "s3:PutObjectLockConfiguration",
)
# IAM knows no resource for these (service authorization reference, Actions, resources, and condition keys).
_WITHOUT_RESOURCE = ("logs:DescribeLogGroups", "s3:ListAllMyBuckets")


@dataclass(frozen=True, slots=True)
class Where:
    """The partition, Region and account of the deployment; `*` for any."""

    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """Return an ARN; IAM and S3 buckets have no Region, a bucket has no account either."""
        anywhere = service in ("iam", "s3") or resource.startswith("dashboard/")
        region = "" if anywhere else self.region
        account = "" if service == "s3" else self.account
        return f"arn:{self.partition}:{service}:{region}:{account}:{resource}"


def deployer_policy(model: Model, stack: Stack, where: Where) -> dict[str, Any]:
    """Return the policy document for creating, updating and deleting the stack."""
    resources = _resources(model, where)
    statements = [_own_stack(model, where)]
    for resource_type in dict.fromkeys(stack.types.values()):
        if not resource_type.startswith("Custom::"):  # those are the function's own doing: see `_besides`
            statements += _of_type(resource_type, resources[resource_type])
    statements += _besides(model, where)
    return {"Version": "2012-10-17", "Statement": _joined(statements)}


def _joined(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Make one statement of those about the same resources: a policy has room for so many characters."""
    joined: dict[Any, dict[str, Any]] = {}
    for each in statements:
        about = (*each["Resource"], json.dumps(each.get("Condition")))
        first = joined.setdefault(about, {**each, "Sid": "", "Action": []})
        first["Sid"] += each["Sid"]
        first["Action"] = sorted({*first["Action"], *each["Action"]})
    return list(joined.values())


def _resources(model: Model, where: Where) -> dict[str, list[str]]:
    """Return the ARNs of everything of a type that the template makes."""
    stack, bucket = model.stack, f"bucket/{model.bucket.name}"
    # CloudFormation names the bucket: the stack, the logical id in lower case, and a random part.
    backup = [where.arn("s3", f"{stack}-backupbucket-*")]
    names = [log_group(each) for each in _functions(model)] + [stream.log_group for stream in model.streams]
    groups = [where.arn("logs", f"log-group:{name}{end}") for name in names for end in ("", ":*")]
    functions = [where.arn("lambda", f"function:{name}") for name in _functions(model)]
    urls = [where.arn("lambda", f"function:{each.name}") for each in model.functions if each.url != "none"]
    return {
        "AWS::S3Tables::TableBucket": [where.arn("s3tables", bucket)],
        "AWS::S3Tables::Namespace": [where.arn("s3tables", bucket)],
        "AWS::S3Tables::Table": [where.arn("s3tables", bucket), where.arn("s3tables", f"{bucket}/table/*")],
        "AWS::KinesisFirehose::DeliveryStream": [
            where.arn("firehose", f"deliverystream/{stream.name}") for stream in model.streams
        ],
        "AWS::S3::Bucket": backup,
        "AWS::S3::BucketPolicy": backup,
        "AWS::IAM::Role": _roles(model, where),
        "AWS::Lambda::Function": functions,
        "AWS::Lambda::EventInvokeConfig": [where.arn("lambda", f"function:{stack_function(stack)}")],
        "AWS::Lambda::Url": urls,
        "AWS::Lambda::Permission": urls,
        "AWS::Logs::LogGroup": groups,
        "AWS::Logs::LogStream": groups,
        "AWS::Athena::WorkGroup": [
            where.arn("athena", f"workgroup/{workgroup['name']}") for workgroup in workgroup_views(model)
        ],
        "AWS::CloudWatch::Alarm": [where.arn("cloudwatch", f"alarm:{stack}-*")],
        "AWS::CloudWatch::Dashboard": [where.arn("cloudwatch", f"dashboard/{stack}")],
    }


def _own_provider(model: Model) -> list[str]:
    """Return the name of the stack's own function, which is its role's, too; none of the account's."""
    return [stack_function(model.stack)] if model.provider == "stack" else []


def _functions(model: Model) -> list[str]:
    return [*_own_provider(model), *(function.name for function in model.functions)]


def _roles(model: Model, where: Where) -> list[str]:
    names = [*_own_provider(model), *(role.name for role in model.roles if role.service)]
    return [where.arn("iam", f"role/{name}") for name in names]


def _own_stack(model: Model, where: Where) -> dict[str, Any]:
    """What `aws cloudformation deploy` itself calls."""
    actions = (
        "CreateChangeSet",
        "DeleteChangeSet",
        "DeleteStack",
        "DescribeChangeSet",
        "DescribeStackEvents",
        "DescribeStacks",
        "ExecuteChangeSet",
        "GetTemplate",
        "GetTemplateSummary",
    )
    stack = where.arn("cloudformation", f"stack/{model.stack}/*")
    return _statement("Stack", [f"cloudformation:{action}" for action in actions], [stack])


def _of_type(resource_type: str, arns: list[str]) -> Iterator[dict[str, Any]]:
    """Allow a type's own service on its own names; what handlers want of other services is in `_besides`."""
    service = arns[0].split(":")[2]
    sid = resource_type.removeprefix("AWS::").replace("::", "")
    own = [each for each in handler_permissions(resource_type) if each.startswith(f"{service}:")]
    used = [each for each in own if not each.startswith(_UNUSED) and each not in _NO_ACTIONS]
    yield _statement(sid, [each for each in used if each not in _WITHOUT_RESOURCE], arns)
    unbound = [each for each in used if each in _WITHOUT_RESOURCE]
    if unbound:
        yield _statement(f"{sid}Lookup", unbound, ["*"])


def _besides(model: Model, where: Where) -> Iterator[dict[str, Any]]:
    own = {"lambda.amazonaws.com"} if _functions(model) else set()
    services = own | {role.service for role in model.roles if role.delivers and role.service}
    if services:
        handing_on = _statement("HandRolesOn", ["iam:PassRole"], _roles(model, where))
        yield {**handing_on, "Condition": {"StringEquals": {"iam:PassedToService": sorted(services)}}}
    # CloudFormation calls the function of a custom resource with the caller's rights.
    function = stack_function(model.stack) if model.provider == "stack" else ACCOUNT_FUNCTION
    provider = where.arn("lambda", f"function:{function}")
    yield _statement("CustomResources", ["lambda:InvokeFunction"], [provider])
    keys = {model.bucket.kms_key_arn, *(stream.kms_key_arn for stream in model.streams)}
    if keys != {None}:
        actions = ["kms:CreateGrant", "kms:DescribeKey", "kms:RevokeGrant"]
        yield _statement("Keys", actions, sorted(key for key in keys if key))


def _statement(sid: str, actions: list[str], resources: list[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(set(actions)), "Resource": resources}
