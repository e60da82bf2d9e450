"""Give each test a configured function, a stream that it feeds, and short waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from lambdas.ingest import index
from tests.lambdas.endpoint import Endpoint, leading
from tests.lambdas.ingest.streams import CONFIG, Json, Streams


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give the function the shop's configuration, with changes."""

    def configured(**changes: Json | str | None) -> None:
        monkeypatch.setattr(index, "CONFIG", {**CONFIG, **changes})

    configured()
    return configured


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """Run an endpoint, and lead the function's one client there."""
    with leading("FIREHOSE", Streams().answer, index.firehose) as endpoint:
        yield endpoint


@pytest.fixture
def streams(endpoint: Endpoint, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Streams:
    """Stand in for a Firehose that takes everything, unless told otherwise; waits are next to none."""
    monkeypatch.setattr(index, "PACE", 0.001)
    streams = Streams()
    endpoint.calls.clear()
    endpoint.answer, streams.endpoint = streams.answer, endpoint
    return streams
