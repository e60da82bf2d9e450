"""The function behind the custom resources: one of each stack, or one for the whole account."""

from __future__ import annotations

from typing import Any

from compiler.emit import Block, GetAtt, Sub
from compiler.inline import inlined

ACCOUNT_FUNCTION = "analytics-compile-provider"
"""The account stack's function: every pipeline finds it by this name."""

TIMEOUT_SECONDS = 300
MAXIMUM_EVENT_AGE_SECONDS = 60
"""How long an event may wait for the function before Lambda drops it; the least that it takes."""
# Little more than wait and run: without it a crash would hang the stack for an hour.
SERVICE_TIMEOUT_SECONDS = MAXIMUM_EVENT_AGE_SECONDS + TIMEOUT_SECONDS + 30

_SOURCE_INDENT = 10


def stack_function(stack: str) -> str:
    """Return the name of a stack's own function, and of its role."""
    return f"{stack}-provider"


def own_token() -> GetAtt:
    """Return what a custom resource calls where the template has the function itself."""
    return GetAtt("ProviderFunction", "Arn")


def account_token() -> Sub:
    """Return what a custom resource calls where the account stack has the function."""
    pattern = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Function}"
    return Sub(pattern, {"Function": ACCOUNT_FUNCTION})


def log_group(function: str) -> str:
    """Return the function's log group."""
    return f"/aws/lambda/{function}"


def provider_view(function: str, *sources: str) -> dict[str, Any]:
    """Return what `templates/provider.yaml.j2` needs of a function with the code of `lambdas/<source>`."""
    return {
        "name": function,
        "role_name": _role_name(function),
        "log_group": log_group(function),
        "for_account": function == ACCOUNT_FUNCTION,
        "timeout": TIMEOUT_SECONDS,
        "maximum_event_age": MAXIMUM_EVENT_AGE_SECONDS,
        "source": Block(inlined(*sources), _SOURCE_INDENT),
    }


def _role_name(function: str) -> str | Sub:
    """Return the role's name; the account stack is there once a Region, and IAM has only one of each name."""
    if function == ACCOUNT_FUNCTION:
        return Sub("${Function}-${AWS::Region}", {"Function": function})
    return function
