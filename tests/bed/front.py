"""Stand in front of ministack and do for a caller what its Firehose and its Athena leave out."""

from __future__ import annotations

import base64
import http.client
import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from pyiceberg.types import IcebergType, ListType, MapType, StructType, TimestampType, TimestamptzType

from tests.bed.bed import Bed

Json = dict[str, Any]

_RESULTS = "front-results"
_HOP = ("connection", "content-length", "host")
# what may have a question mark in it that marks no parameter, or the mark itself
_MARK = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|\?")


class Front(ThreadingHTTPServer):
    """Forward every call to the bed's ministack, mending three gaps of version 1.5.33 on the way.

    - Its Firehose gives records to DuckDB as they are, which takes no number for a timestamp; the real
      one demands epoch microseconds. So these become text here, in the columns that are timestamps.
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
        """Write the timestamps of records as text."""
        try:
            kind = self._schema(request["DeliveryStreamName"])
        except ClientError:
            return send(request)  # which meets the same error
        for record in request["Records"]:
            event = _told(kind, json.loads(base64.b64decode(record["Data"])))
            record["Data"] = base64.b64encode(json.dumps(event).encode()).decode()
        return send(request)

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

    def _schema(self, stream: str) -> StructType:
        described = self.bed.client("firehose").describe_delivery_stream(DeliveryStreamName=stream)
        (destination,) = described["DeliveryStreamDescription"]["Destinations"]
        iceberg = destination["IcebergDestinationDescription"]
        (table,) = iceberg["DestinationTableConfigurationList"]
        bucket = iceberg["CatalogConfiguration"]["CatalogARN"].rsplit("/", 1)[-1]
        name = f"{table['DestinationDatabaseName']}.{table['DestinationTableName']}"
        schema: StructType = self.bed.catalog(bucket).load_table(name).schema().as_struct()
        return schema


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
        self._answer(*answered[0], json.dumps(answer).encode())

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


def _told(kind: IcebergType, value: Any) -> Any:
    """Write the timestamps inside of a value as text."""
    if isinstance(kind, TimestampType | TimestamptzType) and value is not None:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(value))
        return (moment if isinstance(kind, TimestamptzType) else moment.replace(tzinfo=None)).isoformat()
    if isinstance(kind, StructType) and value is not None:
        kinds = {field.name: field.field_type for field in kind.fields}
        return {name: _told(kinds[name], part) if name in kinds else part for name, part in value.items()}
    if isinstance(kind, ListType) and value is not None:
        return [_told(kind.element_type, part) for part in value]
    if isinstance(kind, MapType) and value is not None:
        return {_told(kind.key_type, key): _told(kind.value_type, part) for key, part in value.items()}
    return value


def _filled(query: str, parameters: list[str]) -> str:
    """Put parameters in place of the question marks, as Athena does; as many as there are marks."""
    left = list(parameters)
    filled = _MARK.sub(lambda found: left.pop(0) if found[0] == "?" else found[0], query)
    assert not left, f"the query has fewer question marks than {len(parameters)}"
    return filled
