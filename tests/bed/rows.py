"""Ask Athena for rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

Row = tuple[str | None, ...]

_POLL_SECONDS = 0.1
_PATIENCE_SECONDS = 60


class QueryFailed(Exception):
    """A statement that Athena did not carry out."""


def query(
    client: Any, statement: str, context: Mapping[str, str], workgroup: str, results_bucket: str
) -> list[Row]:
    """Run the statement and return its rows without the header.

    The result bucket is for the emulator: it does not know of results that Athena keeps itself.
    """
    execution = client.start_query_execution(
        QueryString=statement,
        QueryExecutionContext=dict(context),
        WorkGroup=workgroup,
        ResultConfiguration={"OutputLocation": f"s3://{results_bucket}/"},
    )["QueryExecutionId"]
    _finish(client, execution)
    pages = client.get_paginator("get_query_results").paginate(QueryExecutionId=execution)
    listed = [row for page in pages for row in page["ResultSet"]["Rows"]]
    return [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in listed[1:]]


def wait(ask: Callable[[], list[Row]], count: int, timeout: float) -> list[Row]:
    """Ask until at least `count` rows come back."""
    deadline = time.monotonic() + timeout
    while len(found := ask()) < count:
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout} s there are {len(found)} of {count} rows: {found}")
        time.sleep(_POLL_SECONDS)
    return found


def _finish(client: Any, execution: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        status = client.get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Status"]
        if status["State"] == "SUCCEEDED":
            return
        if status["State"] in ("FAILED", "CANCELLED"):
            raise QueryFailed(status.get("StateChangeReason", status["State"]))
        time.sleep(_POLL_SECONDS)
    raise TimeoutError(f"the query still runs after {_PATIENCE_SECONDS} s")
