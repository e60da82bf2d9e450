"""An empty account with the function of the account stack in front of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lambdas.account import index as account
from lambdas.provider import index as provider
from tests.catalog_server import CatalogServer

Json = dict[str, Any]

ACCOUNT = "123456789012"
REGION = "eu-central-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/analytics-compile-provider-{REGION}"


class Context:
    """What Lambda tells a function about its time."""

    def __init__(self, seconds: float = 300) -> None:
        self.end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Tell the time that is left."""
        return max(0, round((self.end - time.monotonic()) * 1000))


@dataclass(frozen=True, slots=True)
class Cloud:
    """CloudFormation's side of the function, and the account behind it."""

    server: CatalogServer

    def send(self, action: str, properties: Json, seconds: float = 300, **more: Any) -> Json:
        """Have the function handle an event, and return its one answer."""
        self.server.answers.clear()
        own = "integration:analytics-compile-account:Integration"
        event = {
            "RequestType": action,
            "ResponseURL": self.server.answer_url,
            "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/analytics-compile-account/0a1b",
            "RequestId": str(uuid.uuid4()),
            "ResourceType": "Custom::S3TablesIntegration",
            "LogicalResourceId": "Integration",
            "ResourceProperties": {"ServiceToken": "arn:aws:lambda:::function", **properties},
            **({} if action == "Create" else {"PhysicalResourceId": own}),
            **more,
        }
        provider.handler(event, Context(seconds))
        (answer,) = self.server.answers
        return answer


@pytest.fixture(scope="module")
def emulated() -> Iterator[CatalogServer]:
    """Run the server of catalogs and registrations, and lead the function's clients to it."""
    server = CatalogServer()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL_GLUE": server.url,
            "AWS_ENDPOINT_URL_LAKEFORMATION": server.url,
            "ROLE_ARN": ROLE,
        }.items():
            patch.setenv(name, value)
        assert account.KINDS is provider.KINDS
        provider.session.cache_clear()
        yield server
        provider.session.cache_clear()
    server.close()


@pytest.fixture
def cloud(emulated: CatalogServer, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Empty the account; waits are a hundredth of what they are on AWS."""
    emulated.clear()
    monkeypatch.setattr(provider, "PACE", 0.01)
    return Cloud(emulated)
