"""Give each test a configured function, a stream that it feeds, and short waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from lambdas.ingest import index
from tests.lambdas.endpoint import Endpoint, serving
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
    with serving(Streams().answer) as endpoint, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_FIREHOSE", endpoint.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        index.firehose.cache_clear()
        yield endpoint
    index.firehose.cache_clear()


@pytest.fixture
def streams(endpoint: Endpoint, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Streams:
    """Stand in for a Firehose that takes everything, unless told otherwise; waits are next to none."""
    monkeypatch.setattr(index, "PACE", 0.001)
    streams = Streams()
    endpoint.calls.clear()
    endpoint.answer, streams.endpoint = streams.answer, endpoint
    return streams
