"""A proxy in front of an emulator that does to chosen calls what AWS does on its bad days.

Every call has a position: the first that the provider makes is 1. A script says which position,
or which operation, meets which fault; all other calls go through untouched.
"""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]

RESET = 0
"""The status of a fault that ends the connection instead of answering."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What the caller gets in place of the service's answer.

    `effect` tells whether the service does before what it was asked; `entries` makes a batch fail
    for the entries of these numbers alone, with HTTP 200; and one that `stays` meets from then on every
    call of that operation.
    """

    name: str
    status: int = 400
    code: str = ""
    message: str = ""
    effect: bool = False
    body: bytes = b""
    seconds: float = 0
    entries: tuple[int, ...] = ()
    stays: bool = False

    def __str__(self) -> str:
        return self.name

    def after(self) -> Fault:
        """Return the same fault, met after the service did what it was asked."""
        return replace(self, name=f"{self.name} after the effect", effect=True)

    def staying(self) -> Fault:
        """Return the same fault, which does not pass."""
        return replace(self, name=f"{self.name} that stays", stays=True)


def error(code: str, message: str = "told by the fault server", status: int = 400) -> Fault:
    """Make an error as the service models of botocore describe it."""
    return Fault(code, status, code, message)


def failures(*entries: int, code: str, message: str = "told by the fault server") -> Fault:
    """Make a batch answer 200 and fail these of its entries."""
    return Fault(f"{code} in a batch", 200, code, message, True, entries=entries)


def answer(content: Json) -> Fault:
    """Make an answer of our own, where AWS gives one that the emulators do not know."""
    return Fault("scripted answer", 200, body=json.dumps(content).encode())


THROTTLED = error("ThrottlingException", "Rate exceeded")
CONCURRENT = error("ConcurrentModificationException")
TIMED_OUT = error("OperationTimeoutException")
FEDERATION = error("FederationSourceRetryableException")
DENIED = error("AccessDeniedException", "Insufficient Lake Formation permission(s)")
NOT_FOUND = error("EntityNotFoundException", "Table not found")
INVALID_PRINCIPAL = error("InvalidInputException", "Invalid principal")
INTERNAL = error("InternalServiceException", status=500)
UNAVAILABLE = Fault("503 that is not JSON", 503, body=b"<html>Service Unavailable</html>")
CONFLICT = error("CommitFailedException", "Requirement failed: current schema changed", 409)
NO_TABLE = error("NoSuchTableException", status=404)
BAD_REQUEST = error("BadRequestException", "The specified metadata is not valid")
HTML = Fault("200 that is not JSON", 200, body=b"<html>Welcome</html>")
CUT = Fault("reset", RESET)
SLOW = Fault("no answer in time", 503, seconds=0.5)


@dataclass(slots=True)
class Call:
    """One call that came through: its operation, what it asked and what the service answered."""

    operation: str
    request: Json
    response: Json = field(default_factory=dict)


@dataclass(slots=True)
class Script:
    """Which call meets which fault, and the calls so far; shared by all proxies of a test."""

    positions: dict[int, Fault] = field(default_factory=dict)
    always: dict[str, Fault] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def clear(self) -> None:
        """Forget faults and calls."""
        with self.lock:
            self.positions.clear()
            self.always.clear()
            self.calls.clear()

    def operations(self) -> list[str]:
        """List the operations called, in order."""
        return [call.operation for call in self.calls]

    def requests(self, operation: str) -> list[Json]:
        """List what one operation was asked."""
        return [call.request for call in self.calls if call.operation == operation]

    def enter(self, call: Call) -> Fault | None:
        """Write a call down, and tell the fault that it meets."""
        with self.lock:
            self.calls.append(call)
            fault = self.positions.get(len(self.calls)) or self.always.get(call.operation)
            if fault and fault.stays:
                self.always[call.operation] = fault
            return fault


class FaultProxy(ThreadingHTTPServer):
    """Forward calls to one emulator, as a script says."""

    daemon_threads = True

    def __init__(self, upstream: str, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.script = script
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about callers that were cut off or gave up waiting: here that is the point."""


_HOP = ("connection", "content-length", "host")


class _Handler(BaseHTTPRequestHandler):
    server: FaultProxy
    wbufsize = -1  # an answer in one piece: two would wait for the acknowledgement of the first

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = Call(_operation(self), json.loads(body or b"{}"))
        fault = self.server.script.enter(call)
        if fault is None:
            self._answer(*self._forward(call, body))
            return
        if fault.entries:
            self._answer(*self._fail_entries(call, fault))
            return
        forwarded = self._forward(call, body) if fault.effect else None
        time.sleep(fault.seconds)
        if fault.status == RESET:
            self._reset()
        elif fault.seconds and forwarded:
            self._answer(*forwarded)
        else:
            self._answer(
                fault.status, {"x-amzn-ErrorType": fault.code}, fault.body or _told(fault, call.operation)
            )

    def do_GET(self) -> None:
        """Serve a load of the Iceberg catalog."""
        self._serve()

    def do_POST(self) -> None:
        """Serve everything else."""
        self._serve()

    def _forward(self, call: Call, body: bytes) -> tuple[int, Json, bytes]:
        connection = http.client.HTTPConnection(self.server.upstream, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        call.response = json.loads(content) if content.startswith(b"{") else {}
        return answer.status, {"Content-Type": answer.headers.get("Content-Type", "")}, content

    def _fail_entries(self, call: Call, fault: Fault) -> tuple[int, Json, bytes]:
        """Let the service see only the entries that work, and report the others as it would."""
        entries = call.request["Entries"]
        failed = [entry for number, entry in enumerate(entries) if number in fault.entries]
        kept = [entry for entry in entries if entry not in failed]
        if kept:
            self._forward(call, json.dumps({**call.request, "Entries": kept}).encode())
        told = {"ErrorCode": fault.code, "ErrorMessage": fault.message}
        answer = {"Failures": [{"RequestEntry": entry, "Error": told} for entry in failed]}
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()

    def _answer(self, status: int, headers: Json, content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _reset(self) -> None:
        """Close with RST, as a dropped connection does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, *_: Any, **__: Any) -> None:
        """Keep the test's output clean."""


def _operation(handler: BaseHTTPRequestHandler) -> str:
    """Name the operation: Glue does in a header, Lake Formation in the path, Iceberg REST by its method."""
    target = handler.headers.get("X-Amz-Target")
    if target:
        return target.rsplit(".", 1)[-1]
    if "/iceberg/" in handler.path:
        return {"GET": "LoadTable", "POST": "CommitTable"}[handler.command]
    return handler.path.rsplit("/", 1)[-1]


def _told(fault: Fault, operation: str) -> bytes:
    if operation.endswith("Table"):
        return json.dumps(
            {"error": {"message": fault.message, "type": fault.code, "code": fault.status}}
        ).encode()
    return json.dumps({"__type": fault.code, "message": fault.message}).encode()
