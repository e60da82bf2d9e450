"""What a test does with the function: its configuration, its requests, and the Firehose behind it."""

from __future__ import annotations

import base64
import json
from typing import Any

from lambdas.ingest import index
from tests.lambdas.endpoint import Context, Endpoint, Fading, Fault

Json = dict[str, Any]

COLUMNS = [
    ["id", "string", False],
    ["amount", "decimal(12,2)", False],
    ["at", "timestamp", False],
    ["day", "string", False],
]
CONFIG: Json = {
    "streams": {"orders": {"name": "shop-orders", "columns": COLUMNS}},
    "choose": None,
    "stamp": {},
    "unknown": "reject",
}


class Streams:
    """A Firehose that keeps what it takes, and meets each call with the next of its `faults`.

    A fault is a number, too: so many of the batch's records fail, the first ones. None is no fault.
    """

    def __init__(self) -> None:
        self.endpoint: Endpoint
        self.faults: list[Fault | int | None] = []
        self.always: Fault | int | None = None
        self.taken: dict[str, list[bytes]] = {}

    def records(self, stream: str = "shop-orders") -> list[Json]:
        """Return what a stream has taken."""
        return [json.loads(data) for data in self.taken.get(stream, [])]

    def batches(self) -> list[int]:
        """Return how many records each call had."""
        return [len(request["Records"]) for _, request in self.endpoint.calls]

    def answer(self, _: str, request: Json) -> Json | Fault:
        """Take the records of a call, or meet it with a fault."""
        fault = self.faults.pop(0) if self.faults else self.always
        if isinstance(fault, Fault):
            return fault
        data = [base64.b64decode(record["Data"]) for record in request["Records"]]
        failed = min(fault or 0, len(data))
        self.taken.setdefault(request["DeliveryStreamName"], []).extend(data[failed:])
        error = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}
        responses = [error] * failed + [{"RecordId": "r"}] * (len(data) - failed)
        return {"FailedPutCount": failed, "Encrypted": False, "RequestResponses": responses}


def request(body: Any, /, **more: Any) -> Json:
    """Make the event of a function URL (payload format 2.0)."""
    text = body if isinstance(body, str) else json.dumps(body)
    context = {"http": {"method": more.pop("method", "POST"), "path": "/"}, "requestId": "request"}
    return {"version": "2.0", "requestContext": context, "body": text, "isBase64Encoded": False, **more}


def send(body: Any, /, context: Context | Fading | None = None, **more: Any) -> tuple[int, Json]:
    """Send a body to the function's URL, and return status and answer."""
    response = index.handler(request(body, **more), context or Context())
    assert response["headers"]["content-type"] == "application/json"
    return response["statusCode"], json.loads(response["body"])


def fates(answer: Json) -> list[str]:
    """Return what became of each event, having checked that the answer says so consistently."""
    results = answer["results"]
    assert [result["index"] for result in results] == list(range(len(results)))
    for fate in ("accepted", "rejected", "failed"):
        assert answer[fate] == sum(result["status"] == fate for result in results)
    for result in results:
        assert ("reason" in result) == (result["status"] != "accepted")
    return [result["status"] for result in results]
