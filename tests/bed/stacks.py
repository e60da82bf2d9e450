"""Deploy and delete stacks quickly, and say why one failed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

_POLL_SECONDS = 0.2
_PATIENCE_SECONDS = 300
_TEMPLATES = "templates"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_INLINE_BYTES = 51_200


class DeployFailed(Exception):
    """A stack that did not reach the state it was to reach."""

    def __init__(self, stack: str, outcome: str, reasons: list[str]) -> None:
        super().__init__("\n    ".join([f"stack {stack}: {outcome}", *reasons]))
        self.stack = stack
        self.outcome = outcome
        self.reasons = reasons


def body(s3: Any, url: str, template: str) -> dict[str, str]:
    """Return the arguments that hand a template over: itself, or where it is when it is too long for that."""
    text = template.encode()
    if len(text) <= _INLINE_BYTES:
        return {"TemplateBody": template}
    key = hashlib.sha256(text).hexdigest()
    s3.create_bucket(Bucket=_TEMPLATES)
    s3.put_object(Bucket=_TEMPLATES, Key=key, Body=text)
    return {"TemplateURL": f"{url}/{_TEMPLATES}/{key}"}


def deploy(
    client: Any, template: Mapping[str, str], stack: str, parameters: Mapping[str, str]
) -> dict[str, str]:
    """Create and execute a change set, poll, and return the stack's outputs.

    The AWS CLI does the same but sleeps 30 s between two looks.
    """
    since = latest_event(client, stack)
    change_set = client.create_change_set(
        StackName=stack,
        ChangeSetName=f"tests-{uuid4().hex}",
        ChangeSetType="UPDATE" if since else "CREATE",
        **template,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    planned = _settled(lambda: client.describe_change_set(ChangeSetName=change_set["Id"]), "Status")
    if planned["Status"] == "FAILED":
        if "didn't contain changes" in planned["StatusReason"]:
            return outputs(client, stack)
        raise DeployFailed(stack, planned["StatusReason"], [])
    client.execute_change_set(ChangeSetName=change_set["Id"])
    _finish(client, change_set["StackId"], ("CREATE_COMPLETE", "UPDATE_COMPLETE"), since)
    return outputs(client, stack)


def delete(client: Any, stack: str) -> None:
    """Delete the stack and wait until it is gone."""
    stack_id = _describe(client, stack)["StackId"]
    since = latest_event(client, stack)
    client.delete_stack(StackName=stack)
    # By its id, because a deleted stack has no name any more.
    _finish(client, stack_id, ("DELETE_COMPLETE",), since)


def outputs(client: Any, stack: str) -> dict[str, str]:
    """Return the outputs of the stack by their keys."""
    listed = _describe(client, stack).get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in listed}


def latest_event(client: Any, stack: str) -> str:
    """Return the id of what happened to the stack last; nothing where there is no such stack."""
    try:
        _describe(client, stack)  # the emulator tells events by name even after the stack is gone
        latest: str = client.describe_stack_events(StackName=stack)["StackEvents"][0]["EventId"]
        return latest
    except ClientError as error:
        if "does not exist" in str(error):
            return ""
        raise


def reasons(client: Any, stack: str, since: str) -> list[str]:
    """Say, oldest first, what failed in the stack after the event `since`, and why."""
    failed = [
        event
        for event in takewhile(lambda event: event["EventId"] != since, _events(client, stack))
        if event["ResourceStatus"].endswith("_FAILED")
    ]
    return [
        f"{event['LogicalResourceId']} {event['ResourceStatus']}: {event.get('ResourceStatusReason', '-')}"
        for event in reversed(failed)
    ]


def _events(client: Any, stack: str) -> Iterator[dict[str, Any]]:
    """Yield what happened to the stack, newest first."""
    for page in client.get_paginator("describe_stack_events").paginate(StackName=stack):
        yield from page["StackEvents"]


def _describe(client: Any, stack: str) -> dict[str, Any]:
    described: dict[str, Any] = client.describe_stacks(StackName=stack)["Stacks"][0]
    return described


def _finish(client: Any, stack_id: str, good: tuple[str, ...], since: str) -> None:
    stack = _settled(lambda: _describe(client, stack_id), "StackStatus")
    if stack["StackStatus"] not in good:
        raise DeployFailed(stack["StackName"], stack["StackStatus"], reasons(client, stack_id, since))


def _settled(describe: Callable[[], dict[str, Any]], key: str) -> dict[str, Any]:
    """Describe until the status is not one of work in progress."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (described := describe())[key].endswith(("_IN_PROGRESS", "_PENDING")):
        if time.monotonic() > deadline:
            raise TimeoutError(f"still {described[key]} after {_PATIENCE_SECONDS} s")
        time.sleep(_POLL_SECONDS)
    return described
