"""Stand in front of ministack and do for a caller what its Firehose and its Athena leave out."""

from __future__ import annotations

import base64
import http.client
import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

import pyarrow as pa
from botocore.exceptions import ClientError
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.types import (
    BinaryType,
    DateType,
    DecimalType,
    IcebergType,
    ListType,
    MapType,
    StructType,
    TimestampType,
    TimestamptzType,
)

from tests.bed.bed import Bed

Json = dict[str, Any]

_RESULTS = "front-results"
_HOP = ("connection", "content-length", "host")
# what may have a question mark in it that marks no parameter, or the mark itself
_MARK = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|\?")


class Front(ThreadingHTTPServer):
    """Forward every call to the bed's ministack, mending three gaps of version 1.5.33 on the way.

    - Its Firehose commits each record by itself, and gives it to DuckDB as it is, which takes no number for
      a timestamp. The real one commits what it has buffered, and demands epoch microseconds; so does this
      one, with pyiceberg and without a buffer.
    - Its Athena ignores `ExecutionParameters`: they are put in place of the question marks here.
    - It knows no workgroup that keeps results itself: a place for them is named here.

    It changes what was signed, so it is of no use with a bed that evaluates policies.
    """

    daemon_threads = True

    def __init__(self, bed: Bed) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bed = bed
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.asked: dict[str, Json] = {}
        self.commits = threading.Lock()

    def __enter__(self) -> Self:
        self.bed.client("s3").create_bucket(Bucket=_RESULTS)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()

    def forward(self, path: str, headers: Json, body: bytes) -> tuple[int, Json, bytes]:
        """Send a call on, and give status, headers and body of the answer."""
        connection = http.client.HTTPConnection(urlsplit(self.bed.url).netloc, timeout=60)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.headers.items()), answer.read()
        finally:
            connection.close()

    def put_record_batch(self, request: Json, send: Callable[[Json], Json]) -> Json:
        """Append the records to the stream's table, in one commit."""
        try:
            catalog, name = self._destination(request["DeliveryStreamName"])
        except ClientError:
            return send(request)  # which meets the same error
        events = [json.loads(base64.b64decode(record["Data"])) for record in request["Records"]]
        with self.commits:
            table = catalog.load_table(name)
            rows = [_read(table.schema().as_struct(), event) for event in events]
            table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))
        answers = [{"RecordId": uuid4().hex} for _ in events]
        return {"FailedPutCount": 0, "Encrypted": True, "RequestResponses": answers}

    def start_query_execution(self, request: Json, send: Callable[[Json], Json]) -> Json:
        """Put the parameters into the query, and name a place for the results."""
        asked = {
            "Query": request["QueryString"],
            "ExecutionParameters": request.get("ExecutionParameters", []),
        }
        request["QueryString"] = _filled(request["QueryString"], request.pop("ExecutionParameters", []))
        request.setdefault("ResultConfiguration", {"OutputLocation": f"s3://{_RESULTS}/"})
        answer = send(request)
        self.asked[answer.get("QueryExecutionId", "")] = asked
        return answer

    def get_query_execution(self, request: Json, send: Callable[[Json], Json]) -> Json:
        """Tell of the query as it was asked."""
        answer = send(request)
        asked = self.asked.get(request["QueryExecutionId"])
        if asked and "QueryExecution" in answer:
            answer["QueryExecution"] |= asked
        return answer

    def _destination(self, stream: str) -> tuple[RestCatalog, str]:
        described = self.bed.client("firehose").describe_delivery_stream(DeliveryStreamName=stream)
        (destination,) = described["DeliveryStreamDescription"]["Destinations"]
        iceberg = destination["IcebergDestinationDescription"]
        (table,) = iceberg["DestinationTableConfigurationList"]
        bucket = iceberg["CatalogConfiguration"]["CatalogARN"].rsplit("/", 1)[-1]
        name = f"{table['DestinationDatabaseName']}.{table['DestinationTableName']}"
        return self.bed.catalog(bucket), name


_MENDED = {
    "Firehose_20150804.PutRecordBatch": Front.put_record_batch,
    "AmazonAthena.StartQueryExecution": Front.start_query_execution,
    "AmazonAthena.GetQueryExecution": Front.get_query_execution,
}


class _Handler(BaseHTTPRequestHandler):
    server: Front
    wbufsize = -1  # an answer in one piece: two would wait for the acknowledgement of the first

    def do_POST(self) -> None:
        """Serve a call; those of Firehose and Athena are all made with POST."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        mend = _MENDED.get(self.headers.get("X-Amz-Target", ""))
        if mend is None:
            self._answer(*self.server.forward(self.path, headers, body))
            return
        answered: list[tuple[int, Json]] = []

        def send(request: Json) -> Json:
            content = json.dumps(request).encode()
            status, told, got = self.server.forward(self.path, headers, content)
            answered.append((status, told))
            answer: Json = json.loads(got)
            return answer

        answer = mend(self.server, json.loads(body), send)
        status, told = answered[0] if answered else (200, {"Content-Type": "application/x-amz-json-1.1"})
        self._answer(status, told, json.dumps(answer).encode())

    def _answer(self, status: int, headers: Json, content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in (*_HOP, "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What Firehose's developer guide says a value of the type is in JSON, where that is not the value itself.
_READERS: dict[type[IcebergType], Callable[[Any], Any]] = {
    BinaryType: base64.b64decode,
    DateType: date.fromisoformat,
    DecimalType: Decimal,
    TimestampType: lambda value: (_EPOCH + timedelta(microseconds=value)).replace(tzinfo=None),
    TimestamptzType: lambda value: _EPOCH + timedelta(microseconds=value),
}


def _read(kind: IcebergType, value: Any) -> Any:
    """Read a JSON value as Firehose does; a key that is no column is left out."""
    if value is None:
        return None
    if isinstance(kind, StructType):
        kinds = {field.name: field.field_type for field in kind.fields}
        return {name: _read(kinds[name], part) for name, part in value.items() if name in kinds}
    if isinstance(kind, ListType):
        return [_read(kind.element_type, part) for part in value]
    if isinstance(kind, MapType):
        return {_read(kind.key_type, key): _read(kind.value_type, part) for key, part in value.items()}
    reader = _READERS.get(type(kind))
    return reader(value) if reader else value


def _filled(query: str, parameters: list[str]) -> str:
    """Put parameters in place of the question marks, as Athena does; as many as there are marks."""
    left = list(parameters)
    filled = _MARK.sub(lambda found: left.pop(0) if found[0] == "?" else found[0], query)
    assert not left, f"the query has fewer question marks than {len(parameters)}"
    return filled
