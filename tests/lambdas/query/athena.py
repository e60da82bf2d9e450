"""What a test does with the function: its configuration, its requests, and the Athena behind it."""

from __future__ import annotations

import json
from typing import Any

from lambdas.query import index
from tests.lambdas.endpoint import Context, Endpoint, Fading, Fault

Json = dict[str, Any]

VISITS = """\
SELECT dt AS day, count(*) AS visits FROM visits
WHERE site = ? AND dt BETWEEN ? AND ? AND site <> ?
GROUP BY 1"""
CONFIG: Json = {
    "workgroup": "shop",
    "catalog": "s3tablescatalog/shop",
    "output": None,
    "queries": {
        "visits": {
            "database": "web",
            "sql": VISITS,
            "parameters": [["site", "string"], ["since", "date"], ["until", "date"], ["site", "string"]],
        },
        "totals": {"database": "web", "sql": "SELECT count(*) AS n FROM visits", "parameters": []},
    },
}
SPAN = {"site": "o'hara", "since": "2026-11-01", "until": "2026-11-22"}
EXECUTION = "00000000-aaaa-bbbb-cccc-dddddddddddd"


class Athena:
    """An Athena with one execution, which goes through `states` and has `rows`.

    `faults` has for an operation what its next calls meet; None is no fault.
    """

    def __init__(self) -> None:
        self.endpoint: Endpoint
        self.states = ["QUEUED", "RUNNING", "SUCCEEDED"]
        self.status: Json = {}
        self.faults: dict[str, list[Fault | None]] = {}
        self.columns: list[Json] = [column("day", "date"), column("visits", "bigint")]
        self.rows: list[list[str | None]] = [["2026-11-01", "7"], ["2026-11-02", None]]
        self.started: Json = {"QueryString": VISITS, "WorkGroup": "shop"}

    def requests(self, operation: str) -> list[Json]:
        """List what one operation was asked."""
        return [request for called, request in self.endpoint.calls if called == operation]

    def answer(self, operation: str, request: Json) -> Json | Fault:
        """Serve a call, or meet it with a fault."""
        faults = self.faults.get(operation)
        fault = faults.pop(0) if faults else None
        if fault:
            return fault
        served: Json = getattr(self, operation)(request)
        return served

    def StartQueryExecution(self, request: Json) -> Json:  # noqa: N802 - the API's name
        """Start the execution."""
        self.started = request
        return {"QueryExecutionId": EXECUTION}

    def GetQueryExecution(self, _: Json) -> Json:  # noqa: N802 - the API's name
        """Tell of the execution, which is in its next state."""
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        told = {"Query": self.started["QueryString"], "WorkGroup": self.started["WorkGroup"]}
        statistics = {"DataScannedInBytes": 10_485_760}
        return {
            "QueryExecution": {
                "QueryExecutionId": EXECUTION,
                **told,
                "Status": {"State": state, **self.status},
                "Statistics": statistics,
            }
        }

    def StopQueryExecution(self, _: Json) -> Json:  # noqa: N802 - the API's name
        """Stop the execution."""
        self.states = ["CANCELLED"]
        return {}

    def GetQueryResults(self, request: Json) -> Json:  # noqa: N802 - the API's name
        """Give a page; the first begins with the names of the columns, which count as a row."""
        header = [each["Name"] for each in self.columns]
        begin, size = int(request.get("NextToken", 0)), request["MaxResults"]
        page = [header, *self.rows][begin : begin + size]
        told = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in page]
        more = {"NextToken": str(begin + size)} if begin + size <= len(self.rows) else {}
        return {
            "ResultSet": {"Rows": told, "ResultSetMetadata": {"ColumnInfo": self.columns}},
            "UpdateCount": 0,
            **more,
        }


def column(name: str, kind: str, precision: int = 0, scale: int = 0) -> Json:
    """Describe a column of a result."""
    return {"Name": name, "Label": name, "Type": kind, "Precision": precision, "Scale": scale}


def request(body: Any, /, **more: Any) -> Json:
    """Make the event of a function URL (payload format 2.0)."""
    text = body if isinstance(body, str) else json.dumps(body)
    context = {"http": {"method": more.pop("method", "POST"), "path": "/"}, "requestId": "request"}
    return {"version": "2.0", "requestContext": context, "body": text, "isBase64Encoded": False, **more}


def ask(body: Any, /, context: Context | Fading | None = None, **more: Any) -> tuple[int, Json]:
    """Send a body to the function's URL, and return status and answer."""
    response = index.handler(request(body, **more), context or Context())
    status, answer = response["statusCode"], json.loads(response["body"])
    kind = "application/json" if status == 200 else "application/problem+json"
    assert response["headers"]["content-type"] == kind
    if status != 200:
        assert answer.keys() == {"type", "title", "status", "detail"}
        assert answer["status"] == status
        assert "secret" not in response["body"]
    return status, answer


def visits(**parameters: Any) -> Json:
    """Make a request for the visits, with changes to its parameters."""
    return {"query": "visits", "parameters": {**SPAN, **parameters}}
