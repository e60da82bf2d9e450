"""Plan to Stack: what the templates need of a model, and the text they make of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler import rules
from compiler.change import Plan
from compiler.diagnostics import Diagnostics, Location
from compiler.emit import GetAtt, LogicalId, Ref, Sub
from compiler.environment import environment
from compiler.model import Bucket, Model, Namespace
from compiler.provider import (
    SERVICE_TIMEOUT_SECONDS,
    account_token,
    own_token,
    provider_view,
    stack_function,
)
from compiler.semantics.policysize import MAXIMUM_CHARACTERS as POLICY_MAXIMUM
from compiler.semantics.policysize import oversized_policies
from compiler.stack import Stack
from compiler.template import resource_types
from compiler.views.alarm import WHOLE_BUCKET, alarm_views
from compiler.views.dashboard import dashboard_view
from compiler.views.function import function_view, workgroup_views
from compiler.views.role import role_view
from compiler.views.shared import View, ids, provider_ready
from compiler.views.stream import stream_view
from compiler.views.table import table_view

MAXIMUM_BYTES = 1_000_000
"""CloudFormation's limit for a template in S3 (CloudFormation user guide, cloudformation-limits.html)."""
MAXIMUM_RESOURCES = 500
MAXIMUM_OUTPUTS = 200


def render(plan: Plan, found: Diagnostics) -> Stack:
    """Render one stack through `templates/`.

    Reports AC5001 to AC5003, the limits that a template as a whole may exceed.
    """
    model = plan.model
    view = _view(plan)
    text = environment().get_template("stack.yaml.j2").render(view)
    types = resource_types(text)
    stack = Stack(model.stack, text, types, len(view["outputs"]), _origins(model, types))
    _check_limits(stack, model, found)
    return stack


def _view(plan: Plan) -> View:
    """Return what the templates see: text, numbers, lists and maps, with every decision made."""
    model = plan.model
    alarms = alarm_views(model)
    by_key = {role.key: role for role in model.roles}
    return {
        "stack": model.stack,
        "guards": _guards(model),
        "description": model.description,
        "tags": [{"Key": key, "Value": value} for key, value in model.tags.items()],
        "access": model.access,
        "service_token": own_token() if model.provider == "stack" else account_token(),
        "service_timeout": SERVICE_TIMEOUT_SECONDS,
        "retention": _retention(model.bucket),
        "bucket": _bucket(model.bucket),
        "namespaces": [_namespace(namespace, model) for namespace in model.namespaces],
        "tables": [table_view(table, plan.tables[table.key]) for table in model.tables],
        "provider": _provider(model),
        "workgroups": workgroup_views(model),
        "roles": [role_view(role, model) for role in model.roles],
        "streams": [stream_view(stream, by_key[stream.role], model) for stream in model.streams],
        "alarms": alarms,
        "metrics_id": WHOLE_BUCKET,
        "dashboard": dashboard_view(model, alarms),
        "functions": [function_view(each, by_key[each.role], model) for each in model.functions],
        "outputs": [{"name": LogicalId(name), "value": value} for name, value in _outputs(model).items()],
    }


def _guards(model: Model) -> list[View]:
    """Return what the place of a deploy must be, with what is said where it is not."""
    wanted = {"AccountId": ("account", model.account), "Region": ("Region", model.region)}
    return [
        {
            "is_account": parameter == "AccountId",
            "value": value,
            "message": f"Stage {model.stage} is for the {noun} {value} and no other one.",
        }
        for parameter, (noun, value) in wanted.items()
        if value
    ]


def _retention(bucket: Bucket) -> View:
    if bucket.retain:
        return {"deletion": "RetainExceptOnCreate", "replacement": "Retain"}
    return {"deletion": "Delete", "replacement": "Delete"}


def _bucket(bucket: Bucket) -> View:
    pattern = "arn:${AWS::Partition}:s3tables:${AWS::Region}:${AWS::AccountId}:bucket/${Bucket}"
    arn = (
        Sub(pattern, {"Bucket": bucket.name}) if bucket.existing else GetAtt("TableBucket", "TableBucketARN")
    )
    return {
        "name": bucket.name,
        "arn": arn,
        "existing": bucket.existing,
        "kms_key_arn": bucket.kms_key_arn,
        "unreferenced_days": bucket.unreferenced_days,
        "noncurrent_days": bucket.noncurrent_days,
    }


def _namespace(namespace: Namespace, model: Model) -> View:
    return {
        "name": namespace.name,
        "logical_id": LogicalId(namespace.logical_id),
        "link": namespace.link,
        "link_id": LogicalId(namespace.link_id),
        "link_after": ids([namespace.logical_id, *provider_ready(model)]),
    }


def _provider(model: Model) -> View | None:
    """Return the stack's own function; nothing where the account stack has it."""
    if model.provider == "account":
        return None
    return provider_view(stack_function(model.stack), "provider")


def _outputs(model: Model) -> dict[str, Any]:
    bucket = _bucket(model.bucket)
    outputs: dict[str, Any] = {
        "AthenaCatalog": f"s3tablescatalog/{model.bucket.name}",
        "TableBucketArn": bucket["arn"],
        "TableBucketName": model.bucket.name,
    }
    if model.streams:
        outputs["BackupBucketName"] = Ref("BackupBucket")
    outputs.update((f"{each.link_id}Name", each.link) for each in model.namespaces)
    outputs.update((f"{each.logical_id}Arn", GetAtt(each.logical_id, "TableARN")) for each in model.tables)
    for stream in model.streams:
        outputs[f"{stream.logical_id}Name"] = stream.name
        outputs[f"{stream.logical_id}Arn"] = GetAtt(stream.logical_id, "Arn")
    for function in model.functions:
        outputs[f"{function.logical_id}Name"] = function.name
        if function.url != "none":
            outputs[function.url_id] = GetAtt(function.url_id, "FunctionUrl")
    outputs.update(
        (f"{each.logical_id}Arn", GetAtt(each.logical_id, "Arn")) for each in model.roles if each.service
    )
    return outputs


def _origins(model: Model, types: Mapping[str, str]) -> dict[str, Location]:
    """Return where in the spec each resource comes from; the pipeline itself where no entry asks for it."""
    entries = {"TableBucket": model.bucket.location, **dict(model.logical_ids())}
    watching = model.alarms.location if model.alarms else model.location
    return {
        each: entries.get(each, watching if kind.startswith("AWS::CloudWatch::") else model.location)
        for each, kind in types.items()
    }


def _check_limits(stack: Stack, model: Model, found: Diagnostics) -> None:
    size = len(stack.text.encode())
    hint = "split the pipeline; bucket: {existing: true} lets the second one use the same bucket"
    for rule, what, count, maximum in (
        (rules.TEMPLATE_TOO_LARGE, "bytes", size, MAXIMUM_BYTES),
        (rules.TOO_MANY_RESOURCES, "resources", len(stack.types), MAXIMUM_RESOURCES),
        (rules.TOO_MANY_OUTPUTS, "outputs", stack.outputs, MAXIMUM_OUTPUTS),
    ):
        if count > maximum:
            message = f"the template has {count:,} {what}; CloudFormation takes at most {maximum:,}"
            found.add(rule, message, model.location, hint)
    for logical_id, length in oversized_policies(stack.text):
        message = f"the policy of {logical_id} has about {length:,} characters; IAM takes {POLICY_MAXIMUM:,}"
        place = stack.origins.get(logical_id, model.location)
        found.add(rules.POLICY_TOO_LARGE, message, place, "give some of its streams a role of their own")
