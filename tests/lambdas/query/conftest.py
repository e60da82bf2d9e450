"""Give each test a configured function, an Athena behind it, and short waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lambdas.query import index
from tests.lambdas.endpoint import Endpoint, serving
from tests.lambdas.query.athena import CONFIG, Athena


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """Run an endpoint, and lead the function's one client there."""
    with serving(Athena().answer) as endpoint, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_ATHENA", endpoint.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        index.athena.cache_clear()
        yield endpoint
    index.athena.cache_clear()


@pytest.fixture
def athena(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Athena:
    """Stand in for an Athena in which all goes well, unless told otherwise; waits are next to none."""
    monkeypatch.setattr(index, "CONFIG", CONFIG)
    monkeypatch.setattr(index, "PACE", 0.001)
    athena = Athena()
    endpoint.calls.clear()
    endpoint.answer, athena.endpoint = athena.answer, endpoint
    return athena
