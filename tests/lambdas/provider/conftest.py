"""Start the emulators once, and hand each test an empty account with the provider in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import boto3
import pytest

from lambdas.provider import index
from tests.bed.servers import Server, bed_python, start_ministack, start_moto
from tests.lambdas.provider.cloud import REGION, ROLE, Cloud, answer_server
from tests.lambdas.provider.faults import FaultProxy, Script


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """Run moto for Lake Formation and Glue, ministack for S3 Tables."""
    folder = tmp_path_factory.mktemp("servers")
    with ExitStack() as stack:
        moto = start_moto(folder)
        stack.callback(moto.stop)
        ministack = start_ministack(folder, bed_python(), moto.url, auth=False)
        stack.callback(ministack.stop)
        yield moto, ministack


@pytest.fixture(scope="module")
def emulated(servers: tuple[Server, Server]) -> Iterator[Cloud]:
    """Put proxies that can make faults before the servers, and lead the provider's clients to them."""
    script = Script()
    moto, ministack = (server.url for server in servers)
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        proxies = [FaultProxy(moto, script), FaultProxy(ministack, script)]
        for proxy in proxies:
            stack.callback(proxy.server_close)
            stack.callback(proxy.shutdown)
        patch.setenv("AWS_ENDPOINT_URL_LAKEFORMATION", proxies[0].url)
        patch.setenv("AWS_ENDPOINT_URL_GLUE", proxies[0].url)
        patch.setenv("AWS_ENDPOINT_URL_S3TABLES", proxies[1].url)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        yield Cloud(moto, ministack, script, stack.enter_context(answer_server()))


@pytest.fixture
def cloud(emulated: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Empty the account; a wait of a minute takes a tenth of a second."""
    emulated.reset()
    monkeypatch.setenv("ROLE_ARN", ROLE)
    monkeypatch.setattr(index, "PACE", 0.002)
    return emulated
