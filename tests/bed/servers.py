"""Start the servers of the bed on free loopback ports, and end them by their process ids."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "111122223333"
REGION = "us-east-1"
# ministack takes this key, and no other one it does not know, for the account's root.
ROOT_KEY = "test"

_ROOT = Path(__file__).resolve().parents[2]
_MOTO = str(Path(__file__).with_name("moto_server.py"))
_ATTEMPTS = 3
_READY_SECONDS = 60
_STOP_SECONDS = 10

# Runs in the bed's own Python. DuckDB looks for extensions under $HOME and would otherwise download them.
_LAY_EXTENSIONS = """
import importlib, pathlib, duckdb
for name in ("avro", "httpfs", "iceberg"):
    package = importlib.import_module(f"duckdb_extension_{name}")
    (extension,) = pathlib.Path(package.__file__).parent.rglob("*.duckdb_extension")
    duckdb.execute(f"INSTALL '{extension}'")
"""


class ServerDown(Exception):
    """A server of the bed that cannot be started."""


@dataclass(frozen=True, slots=True)
class Server:
    """One running server, the process we started for it and the file its output goes to."""

    name: str
    url: str
    process: subprocess.Popen[bytes]
    output: Path

    def tail(self, lines: int = 60) -> str:
        """Return the last lines of its output."""
        return "\n".join(self.output.read_text(errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        """End the process; ministack ends the workers of its functions itself when it is asked politely."""
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def bed_python() -> str:
    """Return the Python that has ministack: not ours, because ministack pins another botocore."""
    python = os.environ.get("ANALYTICS_TESTBED_PYTHON", str(_ROOT / ".testbed/bin/python"))
    if not Path(python).exists():
        raise ServerDown(
            f"no test bed at {python}: run `make .testbed/installed`, or set ANALYTICS_TESTBED_PYTHON"
        )
    return python


def start_moto(folder: Path) -> Server:
    """Start moto, from the Python environment the tests run in."""

    def command(port: int) -> list[str]:
        return [sys.executable, "-P", _MOTO, "-H", "127.0.0.1", "-p", str(port)]

    return _start("moto", "/moto-api/", folder, command, lambda port: {"MOTO_ACCOUNT_ID": ACCOUNT})


def start_ministack(folder: Path, python: str, moto_url: str, *, auth: bool) -> Server:
    """Start ministack, from the Python environment that `bed_python` names.

    Functions it runs inherit its environment: what they send to Lake Formation and Glue goes to `moto_url`.
    """
    home = folder / "home"
    home.mkdir()
    subprocess.run([python, "-c", _LAY_EXTENSIONS], env=_environment(folder, {"HOME": str(home)}), check=True)

    def settings(port: int) -> dict[str, str]:
        return {
            "HOME": str(home),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "STATE_DIR": str(folder / "state"),
            "AUTH": str(auth).lower(),
            "AWS_ENDPOINT_URL_GLUE": moto_url,
            "AWS_ENDPOINT_URL_LAKEFORMATION": moto_url,
            # They listen on fixed ports, which two beds at a time would quarrel over.
            "IOT_MTLS_ENABLED": "false",
            "SFTP_ENABLED": "false",
        }

    return _start(
        "ministack", "/_ministack/health", folder, lambda port: [python, "-m", "ministack"], settings
    )


def _start(
    name: str,
    probe: str,
    folder: Path,
    command: Callable[[int], list[str]],
    settings: Callable[[int], dict[str, str]],
) -> Server:
    for _ in range(_ATTEMPTS):
        port = _free_port()
        output = folder / f"{name}.log"
        with output.open("wb") as sink:
            process = subprocess.Popen(
                command(port),
                env=_environment(folder, settings(port)),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        server = Server(name, f"http://127.0.0.1:{port}", process, output)
        try:
            if _becomes_ready(server, probe):
                return server
        except BaseException:
            server.stop()
            raise
    raise ServerDown(f"{name} ended {_ATTEMPTS} times before it was ready:\n{server.tail()}")


def _becomes_ready(server: Server, probe: str) -> bool:
    """Wait for an answer; False when the process ends first, as it does when another one took the port."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            return False
        try:
            opener.open(server.url + probe, timeout=1).close()
            return True
        except OSError:
            time.sleep(0.05)
    raise ServerDown(f"{server.name} is not ready after {_READY_SECONDS} s:\n{server.tail()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environment(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    """Return our environment without what could lead a server, or a function it runs, to a real account."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "MINISTACK_")) and not name.lower().endswith("_proxy")
    }
    return {**kept, "TMPDIR": str(folder), **settings}
