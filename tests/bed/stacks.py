"""Deploy and delete stacks quickly, and say why one failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Set
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

_POLL_SECONDS = 0.2
_PATIENCE_SECONDS = 300


class DeployFailed(Exception):
    """A stack that did not reach the state it was to reach."""

    def __init__(self, stack: str, outcome: str, reasons: list[str]) -> None:
        super().__init__("\n    ".join([f"stack {stack}: {outcome}", *reasons]))
        self.stack = stack
        self.outcome = outcome
        self.reasons = reasons


def deploy(client: Any, template: str, stack: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """Create and execute a change set, poll, and return the stack's outputs.

    The AWS CLI does the same but sleeps 30 s between two looks.
    """
    known = event_ids(client, stack)
    change_set = client.create_change_set(
        StackName=stack,
        ChangeSetName=f"tests-{uuid4().hex}",
        ChangeSetType="UPDATE" if known else "CREATE",
        TemplateBody=template,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    planned = _settled(lambda: client.describe_change_set(ChangeSetName=change_set["Id"]), "Status")
    if planned["Status"] == "FAILED":
        if "didn't contain changes" in planned["StatusReason"]:
            return outputs(client, stack)
        raise DeployFailed(stack, planned["StatusReason"], [])
    client.execute_change_set(ChangeSetName=change_set["Id"])
    _finish(client, change_set["StackId"], ("CREATE_COMPLETE", "UPDATE_COMPLETE"), known)
    return outputs(client, stack)


def delete(client: Any, stack: str) -> None:
    """Delete the stack and wait until it is gone."""
    stack_id = _describe(client, stack)["StackId"]
    known = event_ids(client, stack)
    client.delete_stack(StackName=stack)
    # By its id, because a deleted stack has no name any more.
    _finish(client, stack_id, ("DELETE_COMPLETE",), known)


def outputs(client: Any, stack: str) -> dict[str, str]:
    """Return the outputs of the stack by their keys."""
    listed = _describe(client, stack).get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in listed}


def event_ids(client: Any, stack: str) -> Set[str]:
    """Return the ids of what has happened to the stack so far: nothing where there is no such stack."""
    try:
        return {event["EventId"] for event in _events(client, stack)}
    except ClientError as error:
        if "does not exist" in str(error):
            return frozenset()
        raise


def reasons(client: Any, stack: str, known: Set[str]) -> list[str]:
    """Say, oldest first, what failed in the stack and why, leaving out the events in `known`."""
    failed = [
        event
        for event in reversed(_events(client, stack))
        if event["EventId"] not in known and event["ResourceStatus"].endswith("_FAILED")
    ]
    return [
        f"{event['LogicalResourceId']} {event['ResourceStatus']}: {event.get('ResourceStatusReason', '-')}"
        for event in failed
    ]


def _events(client: Any, stack: str) -> list[dict[str, Any]]:
    """Return what happened to the stack, newest first."""
    pages = client.get_paginator("describe_stack_events").paginate(StackName=stack)
    return [event for page in pages for event in page["StackEvents"]]


def _describe(client: Any, stack: str) -> dict[str, Any]:
    described: dict[str, Any] = client.describe_stacks(StackName=stack)["Stacks"][0]
    return described


def _finish(client: Any, stack_id: str, good: tuple[str, ...], known: Set[str]) -> None:
    stack = _settled(lambda: _describe(client, stack_id), "StackStatus")
    if stack["StackStatus"] not in good:
        raise DeployFailed(stack["StackName"], stack["StackStatus"], reasons(client, stack_id, known))


def _settled(describe: Callable[[], dict[str, Any]], key: str) -> dict[str, Any]:
    """Describe until the status is not one of work in progress."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (described := describe())[key].endswith(("_IN_PROGRESS", "_PENDING")):
        if time.monotonic() > deadline:
            raise TimeoutError(f"still {described[key]} after {_PATIENCE_SECONDS} s")
        time.sleep(_POLL_SECONDS)
    return described
