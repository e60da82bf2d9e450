"""Start the emulators once, and hand each test an empty account with the provider in front of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import urlopen

import boto3
import pytest

from lambdas.provider import index
from tests.lambdas.provider.cloud import REGION, ROLE, Cloud, answer_server
from tests.lambdas.provider.faults import FaultProxy, Script

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Run moto for Lake Formation and Glue, ministack for S3 Tables, and proxies that can make faults."""
    script = Script()
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        moto = stack.enter_context(_moto(tmp_path_factory.mktemp("moto")))
        ministack = stack.enter_context(_ministack(tmp_path_factory.mktemp("ministack")))
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


@contextmanager
def _moto(folder: Path) -> Iterator[str]:
    def command(port: int) -> list[str]:
        module = "tests.lambdas.provider.emulated_moto"
        return [sys.executable, "-m", module, "-H", "127.0.0.1", "-p", str(port)]

    with _server(command, folder, {}, "/moto-api/") as url:
        yield url


@contextmanager
def _ministack(folder: Path) -> Iterator[str]:
    python = os.environ.get("ANALYTICS_TESTBED_PYTHON", str(ROOT / ".testbed/bin/python"))
    settings = {"BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "false", "SFTP_ENABLED": "false"}
    settings |= {"HOME": str(folder), "STATE_DIR": str(folder / "state")}
    with _server(lambda _: [python, "-m", "ministack"], folder, settings, "/_ministack/health") as url:
        yield url


@contextmanager
def _server(
    command: Callable[[int], list[str]], folder: Path, settings: dict[str, str], probe: str
) -> Iterator[str]:
    """Run a server on a free port until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command(port),
            cwd=ROOT,
            env={**kept, "GATEWAY_PORT": str(port), **settings},
            stdout=log,
            stderr=log,
        )
    try:
        _await(url + probe, process, folder / "log")
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"no server at {url}:\n{log.read_text(errors='replace')[-4000:]}")
