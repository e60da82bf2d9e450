"""The account stack: what an account needs once in a Region before pipelines come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from compiler.diagnostics import Location
from compiler.emit import GetAtt, LogicalId, Ref
from compiler.environment import environment
from compiler.model import Access
from compiler.provider import (
    ACCOUNT_FUNCTION,
    SERVICE_TIMEOUT_SECONDS,
    TIMEOUT_SECONDS,
    own_token,
    provider_view,
)
from compiler.stack import Stack
from compiler.template import resource_types
from compiler.views.alarm import Metric, alarm_view

ACCOUNT_STACK = "analytics-compile-account"
"""The name under which the stack is deployed, in every account and Region."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How an account wants it: who governs, whom an alarm tells, which KMS keys tables are under."""

    access: Access
    notify: str | None = None
    kms_key_arns: tuple[str, ...] = ()


def account_stack(settings: Settings) -> Stack:
    """Render the template of the account stack."""
    view = _view(settings)
    text = environment().get_template("account.yaml.j2").render(view)
    types = resource_types(text)
    origins = dict.fromkeys(types, Location(ACCOUNT_STACK))
    return Stack(ACCOUNT_STACK, text, types, len(view["outputs"]), origins)


def _view(settings: Settings) -> dict[str, Any]:
    return {
        "description": "What pipelines of analytics-compile share in this account and Region.",
        "tags": [],
        "access": settings.access,
        "kms_key_arns": list(settings.kms_key_arns),
        "service_token": own_token(),
        "service_timeout": SERVICE_TIMEOUT_SECONDS,
        "provider": provider_view(ACCOUNT_FUNCTION, "provider", "account"),
        "alarms": _alarms(settings.notify),
        "outputs": [{"name": LogicalId(name), "value": value} for name, value in _outputs(settings).items()],
    }


def _alarms(notify: str | None) -> list[dict[str, Any]]:
    # Lambda counts in milliseconds, and a function that is cut off cannot answer any more.
    late = TIMEOUT_SECONDS * 900
    return [
        alarm_view(
            f"Provider{what}Alarm",
            f"{ACCOUNT_FUNCTION}-{what.lower()}",
            f"The provider of custom resources {happened}.",
            Metric("AWS/Lambda", what, {"FunctionName": Ref("ProviderFunction")}, statistic),
            threshold,
            notify,
        )
        for what, statistic, threshold, happened in (
            ("Errors", "Sum", 0, "crashed or ran out of time; the stack that called it waits"),
            ("Throttles", "Sum", 0, "was not run: the account has no concurrency left for it"),
            ("Duration", "Maximum", late, f"took more than nine tenths of its {TIMEOUT_SECONDS} seconds"),
        )
    ]


def _outputs(settings: Settings) -> dict[str, Any]:
    outputs: dict[str, Any] = {
        "Access": settings.access,
        "ProviderArn": GetAtt("ProviderFunction", "Arn"),
        "ProviderRoleArn": GetAtt("ProviderRole", "Arn"),
    }
    if settings.access == "lake_formation":
        outputs["DataAccessRoleArn"] = GetAtt("DataAccessRole", "Arn")
    return outputs
