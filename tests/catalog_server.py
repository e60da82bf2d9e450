"""Glue's catalogs, Lake Formation's registrations and quotas, in front of an emulator that has the rest.

What comes in is held against botocore's service model, as the service itself would; what is about
none of the three goes on to the emulator.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.validate import ParamValidator

Json = dict[str, Any]

_HOP = ("connection", "content-length", "host")


class ServiceError(Exception):
    """An error as a service answers it."""

    def __init__(self, code: str, message: str = "told by the catalog server", status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Fault:
    """An error that one call meets; with `effect` after the service did what it was asked."""

    code: str
    effect: bool = False
    message: str = "told by the catalog server"


class CatalogServer(ThreadingHTTPServer):
    """The server, and the account's state as a test sets and reads it."""

    daemon_threads = True

    def __init__(self, upstream: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.clear()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def clear(self) -> None:
        """Make the account empty, and forget calls and faults."""
        self.catalogs: dict[str, Json] = {}
        self.registrations: dict[str, Json] = {}
        self.quotas: list[Json] = []
        self.calls: list[str] = []
        self.faults: dict[str, list[Fault]] = {}

    def close(self) -> None:
        """End the server."""
        self.shutdown()
        self.server_close()

    def serve(self, operation: str, request: Json) -> Json:
        """Do one of the operations that are served here."""
        self.calls.append(operation)
        fault = next(iter(self.faults.get(operation, [])), None)
        if fault:
            self.faults[operation].pop(0)
        if fault is None or fault.effect:
            answer = _OPERATIONS[operation][1](self, _checked(operation, request))
        if fault:
            raise ServiceError(fault.code, fault.message)
        return answer

    def get_catalog(self, request: Json) -> Json:
        """Answer with a catalog."""
        name = request["CatalogId"].rpartition(":")[2]
        if name not in self.catalogs:
            raise ServiceError("EntityNotFoundException", f"Catalog {name} not found.")
        return {"Catalog": {"CatalogId": name, **self.catalogs[name]}}

    def create_catalog(self, request: Json) -> Json:
        """Make a catalog."""
        if request["Name"] in self.catalogs:
            raise ServiceError("AlreadyExistsException", "Catalog already exists.")
        self.catalogs[request["Name"]] = {"Name": request["Name"], **request["CatalogInput"]}
        return {}

    def describe_resource(self, request: Json) -> Json:
        """Answer with a registration."""
        if request["ResourceArn"] not in self.registrations:
            raise ServiceError("EntityNotFoundException", "Entity not found")
        return {"ResourceInfo": self.registrations[request["ResourceArn"]]}

    def register_resource(self, request: Json) -> Json:
        """Register a location."""
        if request["ResourceArn"] in self.registrations:
            raise ServiceError("AlreadyExistsException", "Resource is already registered")
        self.registrations[request["ResourceArn"]] = request
        return {}

    def list_service_quotas(self, request: Json) -> Json:
        """Answer with what there is of each thing."""
        return {"Quotas": self.quotas}


_SESSION = botocore.session.get_session()
_OPERATIONS: dict[str, tuple[str, Callable[[CatalogServer, Json], Json]]] = {
    "GetCatalog": ("glue", CatalogServer.get_catalog),
    "CreateCatalog": ("glue", CatalogServer.create_catalog),
    "DescribeResource": ("lakeformation", CatalogServer.describe_resource),
    "RegisterResource": ("lakeformation", CatalogServer.register_resource),
    "ListServiceQuotas": ("service-quotas", CatalogServer.list_service_quotas),
}


def _checked(operation: str, request: Json) -> Json:
    shape = _model(_OPERATIONS[operation][0]).operation_model(operation).input_shape
    problems = ParamValidator().validate(request, shape)
    unknown = set(request) - set(shape.members)
    if problems.has_errors() or unknown:
        raise ServiceError("InvalidInputException", f"{problems.generate_report()} {sorted(unknown)}")
    return request


@cache
def _model(service: str) -> Any:
    return _SESSION.get_service_model(service)


class _Handler(BaseHTTPRequestHandler):
    server: CatalogServer
    wbufsize = -1

    def do_POST(self) -> None:
        """Serve an operation, or hand it on."""
        body = self._body()
        # Glue and the quotas name the operation in a header, Lake Formation in the path.
        operation = re.split("[./]", self.headers.get("X-Amz-Target") or self.path)[-1]
        if operation not in _OPERATIONS:
            self._answer(*self._forward(body))
            return
        try:
            answer = self.server.serve(operation, json.loads(body))
            self._answer(200, {}, json.dumps(answer).encode())
        except ServiceError as error:
            told = json.dumps({"__type": error.code, "message": str(error)}).encode()
            self._answer(error.status, {"x-amzn-ErrorType": error.code}, told)

    def do_GET(self) -> None:
        """Hand on what is no operation."""
        self._answer(*self._forward(b""))

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _forward(self, body: bytes) -> tuple[int, Json, bytes]:
        connection = http.client.HTTPConnection(self.server.upstream, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP}
        return answer.status, kept, content

    def _answer(self, status: int, headers: Json, content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""
