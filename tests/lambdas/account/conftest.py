"""An empty account with the function of the account stack in front of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from lambdas.account import index as account
from lambdas.provider import index as provider
from tests.catalog_server import CatalogServer
from tests.lambdas.provider.cloud import AnswerServer, Context, answer_server

Json = dict[str, Any]

ACCOUNT = "123456789012"
REGION = "eu-central-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/analytics-compile-provider-{REGION}"


@dataclass(frozen=True, slots=True)
class Cloud:
    """CloudFormation's side of the function, and the account behind it."""

    server: CatalogServer
    answers: AnswerServer

    def send(self, action: str, properties: Json, seconds: float = 300, **more: Any) -> Json:
        """Have the function handle an event, and return its one answer."""
        self.answers.clear()
        own = "S3TablesIntegration:analytics-compile-account:Integration"
        event = {
            "RequestType": action,
            "ResponseURL": self.answers.url,
            "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/analytics-compile-account/0a1b",
            "RequestId": str(uuid.uuid4()),
            "ResourceType": "Custom::S3TablesIntegration",
            "LogicalResourceId": "Integration",
            "ResourceProperties": {"ServiceToken": "arn:aws:lambda:::function", **properties},
            **({} if action == "Create" else {"PhysicalResourceId": own}),
            **more,
        }
        provider.handler(event, Context(seconds))
        return self.answers.accepted()


@pytest.fixture(scope="module")
def emulated() -> Iterator[Cloud]:
    """Run the server of catalogs and registrations, and lead the function's clients to it."""
    assert account.KINDS is provider.KINDS
    server = CatalogServer()
    with pytest.MonkeyPatch.context() as patch, answer_server() as answers:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL_GLUE": server.url,
            "AWS_ENDPOINT_URL_LAKEFORMATION": server.url,
            "ROLE_ARN": ROLE,
        }.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        yield Cloud(server, answers)
    server.close()


@pytest.fixture
def cloud(emulated: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Empty the account; a wait of a minute takes a tenth of a second."""
    emulated.server.clear()
    monkeypatch.setattr(provider, "PACE", 0.002)
    return emulated
