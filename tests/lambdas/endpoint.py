"""Answer AWS's JSON protocol on loopback as a test says: what a function meets in place of the service."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What a caller gets in place of an answer: an error, other bytes, nothing for a while, or a hang-up."""

    name: str
    status: int = 400
    code: str = ""
    body: bytes | None = None
    seconds: float = 0
    hangs_up: bool = False

    def __str__(self) -> str:
        return self.name


def error(code: str, status: int = 400) -> Fault:
    """Make an error of a service."""
    return Fault(code, status, code)


THROTTLED = error("ThrottlingException")
BROKEN = error("InternalFailure", 500)
HTML = Fault("503 that is not JSON", 503, body=b"<html>Service Unavailable</html>")
NO_JSON = Fault("200 that is not JSON", 200, body=b"<html>Welcome</html>")
HANG_UP = Fault("hang-up", hangs_up=True)

Answer = Callable[[str, Json], Json | Fault]


class Endpoint(ThreadingHTTPServer):
    """Serve calls with `answer`, which gets the operation and the request, and write them down."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.calls: list[tuple[str, Json]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def operations(self) -> list[str]:
        """List the operations called, in order."""
        return [operation for operation, _ in self.calls]

    def handle_error(self, *_: Any) -> None:
        """Keep quiet about callers that gave up waiting: here that is the point."""


@contextmanager
def serving(answer: Answer) -> Iterator[Endpoint]:
    """Run an endpoint."""
    endpoint = Endpoint(answer)
    threading.Thread(target=endpoint.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield endpoint
    finally:
        endpoint.shutdown()
        endpoint.server_close()


@contextmanager
def leading(service: str, answer: Answer, client: Any) -> Iterator[Endpoint]:
    """Run an endpoint, and lead a function's one cached client of a service there."""
    with serving(answer) as endpoint, pytest.MonkeyPatch.context() as patch:
        patch.setenv(f"AWS_ENDPOINT_URL_{service}", endpoint.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        client.cache_clear()
        yield endpoint
    client.cache_clear()


class Context:
    """What Lambda tells a function about its time."""

    def __init__(self, seconds: float = 30) -> None:
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Tell the time that is left."""
        return max(0, round((self._end - time.monotonic()) * 1000))


class Fading:
    """A function whose time is up after so many looks at it, however quick the machine is."""

    def __init__(self, looks: int) -> None:
        self._looks = looks

    def get_remaining_time_in_millis(self) -> int:
        """Tell half a minute, and in the end a second."""
        self._looks -= 1
        return 30_000 if self._looks >= 0 else 1_000


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint
    wbufsize = -1  # an answer in one piece: two would wait for the acknowledgement of the first

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].rsplit(".", 1)[-1]
        self.server.calls.append((operation, request))
        told = self.server.answer(operation, request)
        if not isinstance(told, Fault):
            self._send(200, json.dumps(told).encode())
            return
        time.sleep(told.seconds)
        if told.hangs_up:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        said = json.dumps({"__type": told.code, "message": "told by a test, secret"}).encode()
        self._send(told.status, said if told.body is None else told.body)

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""
