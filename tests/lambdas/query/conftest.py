"""Give each test a configured function, an Athena behind it, and short waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lambdas.query import index
from tests.lambdas.endpoint import Endpoint, leading
from tests.lambdas.query.athena import CONFIG, Athena


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """Run an endpoint, and lead the function's one client there."""
    with leading("ATHENA", Athena().answer, index.athena) as endpoint:
        yield endpoint


@pytest.fixture
def athena(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Athena:
    """Stand in for an Athena in which all goes well, unless told otherwise; waits are next to none."""
    monkeypatch.setattr(index, "CONFIG", CONFIG)
    monkeypatch.setattr(index, "PACE", 0.001)
    athena = Athena()
    endpoint.calls.clear()
    endpoint.answer, athena.endpoint = athena.answer, endpoint
    return athena
