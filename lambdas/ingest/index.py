"""Take events, over HTTP or as an invocation's payload, and put those that fit their table to its stream.

Read it from the bottom: `handler` answers and logs, `run` decides, `fitted` checks and encodes one
event, `deliver` puts records until Firehose has taken them or time is up.

CONFIG is data in the code, as it may be longer than the 4 KB of an environment:

    {"streams": {KEY: {"name": PHYSICAL NAME, "columns": [[COLUMN, TYPE, REQUIRED], ...]}, ...},
     "choose": {"field": FIELD, "streams": {VALUE: KEY, ...}, "default": KEY or None} or None,
     "stamp": {COLUMN: "now" or "today", ...}, "unknown": "reject" or "drop"}

TYPE is Iceberg's JSON form (https://iceberg.apache.org/spec/#appendix-c-json-serialization), without ids
and docs if you like: "decimal(12,2)", {"type": "list", "element": TYPE, "element-required": ...},
{"type": "map", "key": TYPE, "value": TYPE, "value-required": ...} or
{"type": "struct", "fields": [{"name": NAME, "type": TYPE, "required": ...}, ...]}.
Only several streams need `choose`; a stamp goes to every table that has its column.

The answer counts the events `accepted`, `rejected` (the event is at fault) and `failed` (we are: send it
again), with one of `results` for each; a body that is refused as a whole has a `reason` instead. Accepted
is what Firehose has said to have; where its answer got lost the record is sent again, so a row may double.
"""

from __future__ import annotations

import base64
import functools
import gzip
import io
import json
import os
import random
import re
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation
from typing import Any

Json = dict[str, Any]
Records = dict[int, tuple[str, bytes]]  # of an event, by its number: the stream, and what goes there

CONFIG: Json = {}  # the compiler puts the function's own here

PACE = 1.0  # scales every wait; tests make it small
CONNECT, READ, MARGIN = 1.0, 4.0, 0.5  # seconds: a call may take the first two, the answer the last
BODY = 6 * 1024 * 1024  # bytes, unpacked: Lambda's own limit for what comes unpacked
EVENTS, REASON = 10_000, 200  # in number and characters: Lambda answers at most 6 MB
# a record's bytes, a batch's bytes (4 MB, or 4 MiB by another page) and records
# https://docs.aws.amazon.com/firehose/latest/dev/limits.html
RECORD, BATCH, RECORDS = 1000 * 1024, 4_000_000, 500
# errors after which the same call may work, those of botocore itself among them
PASSING = "Throttl|LimitExceeded|TooMany|Unavailable|Internal|Timeout|Connect|HTTPClient|SSL"

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
EARLIEST, LATEST = -62_135_596_800_000_000, 253_402_300_799_999_999  # microseconds: the years 1 to 9999
# no newline ends a record: a table wants exactly one JSON object
# https://docs.aws.amazon.com/firehose/latest/dev/apache-iceberg-considerations.html
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Refused(Exception):
    """Refuse a request as a whole: an HTTP status and a reason."""


class Unfit(Exception):
    """Say what is wrong with a value and where it is; never the value itself."""


def text(value: Any) -> str:
    """Give text; a number or truth value as JSON writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float | Decimal):
        return str(value).lower()
    raise Unfit("is not text")


def boolean(value: Any) -> bool:
    """Give a truth value, also of 1, 0 and text."""
    said = BOOLEANS.get(text(value).lower())
    if said is None:
        raise Unfit("is neither true nor false")
    return said


def number(value: Any) -> Any:
    """Give a number of any kind; text that is one counts."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return Decimal(value)
    raise Unfit("is not a number")


def exact(digits: int, places: int, value: Any) -> str:
    """Give a number as text, as a JSON number is a double to many a reader; nothing is ever rounded."""
    context = Context(prec=digits, traps=[Inexact, InvalidOperation])
    try:  # the text of a double is the shortest that means it, which is what its sender wrote
        return f"{Decimal(str(number(value))).quantize(Decimal(1).scaleb(-places), context=context):f}"
    except DecimalException:
        raise Unfit(f"has more than {digits} digits or {places} decimal places") from None


def whole(bits: int, value: Any) -> int:
    """Give a whole number of so many bits."""
    made = value if type(value) is int else int(exact(20, 0, value))
    if not -1 << (bits - 1) <= made < 1 << (bits - 1):
        raise Unfit(f"does not fit {bits} bits")
    return made


def real(largest: float, value: Any) -> float:
    """Give a floating-point number, which has to be finite: JSON has no other."""
    made = float(str(number(value)))  # of text, because a long integer would raise
    if not -largest <= made <= largest:
        raise Unfit("is too large")
    return made


def moment(value: Any) -> int:
    """Give the microseconds since 1970 that Firehose wants for a timestamp.

    Text is ISO 8601, in UTC where it names no offset. A number, or text that is one, tells its unit by
    its size: seconds below 10^11, milliseconds below 10^14 (both reach to the year 5138), else
    microseconds. So a time between 1966 and 1973 cannot be told in microseconds.
    """
    if isinstance(value, str) and not NUMBER.fullmatch(value):
        try:
            told = datetime.fromisoformat(value)
        except ValueError:
            raise Unfit("is not a time") from None
        made = (told.replace(tzinfo=told.tzinfo or UTC) - EPOCH) // MICROSECOND
    else:
        given = number(value)
        if not -LATEST <= given <= LATEST:  # a huge exponent must not be written out
            raise Unfit("is not a time")
        unit = 1_000_000 if -(10**11) < given < 10**11 else 1000 if -(10**14) < given < 10**14 else 1
        made = round(Decimal(str(given)) * unit)
    if not EARLIEST <= made <= LATEST:
        raise Unfit("is not a time of the years 1 to 9999")
    return made


def day(value: Any) -> str:
    """Give a date as text, YYYY-MM-DD."""
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise Unfit("is not a date") from None


def binary(value: Any) -> str:
    """Give bytes in plain base64; the URL-safe alphabet, line breaks and no padding are understood."""
    try:
        packed = "".join(value.split()).rstrip("=").replace("-", "+").replace("_", "/")
        return base64.b64encode(base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)).decode()
    except (AttributeError, ValueError):
        raise Unfit("is not base64") from None


@functools.cache
def scalar(kind: str) -> Callable[[Any], Any]:
    """Find the function that turns a JSON value into what Firehose takes for a primitive type.

    What it takes: https://docs.aws.amazon.com/firehose/latest/dev/apache-iceberg-destination-supp.html
    What a function gives it would also take and give back, but for the times that `moment` tells of.
    """
    name, *sizes = re.findall(r"\w+", kind)
    known: dict[str, Any] = {"string": (text,), "boolean": (boolean,), "date": (day,), "binary": (binary,)}
    known |= {"int": (whole, 32), "long": (whole, 64), "timestamp": (moment,), "timestamptz": (moment,)}
    known |= {"float": (real, 3.4028234663852886e38), "double": (real, 1.7976931348623157e308)}
    known |= {"decimal": (exact, *map(int, sizes))}
    return functools.partial(*known[name])


def convert(kind: Any, value: Any, required: Any = True) -> Any:
    """Turn a JSON value into what Firehose takes for a type; null is a value of what is not required."""
    if value is None and not required:
        return None
    if isinstance(kind, str):
        return scalar(kind)(value)
    if kind["type"] == "struct":
        return struct([(each["name"], each["type"], each.get("required")) for each in kind["fields"]], value)
    if kind["type"] == "list":
        if not isinstance(value, list):
            raise Unfit("is not a list")
        return [convert(kind["element"], each, kind.get("element-required")) for each in value]
    if not isinstance(value, dict):
        raise Unfit("is not an object")
    keys = [text(convert(kind["key"], key)) for key in value]
    parts = [convert(kind["value"], each, kind.get("value-required")) for each in value.values()]
    made = dict(zip(keys, parts, strict=True))
    if len(made) < len(value):  # as of "1" and "1.0", where keys are numbers
        raise Unfit("has a key twice")
    return made


def struct(fields: list[Any], value: Any) -> Json:
    """Convert an object with known keys; here, null is the same as nothing and is not sent."""
    if not isinstance(value, dict):
        raise Unfit("is not an object")
    made, kinds = {}, {name: kind for name, kind, _ in fields}
    for name, part in value.items():
        if name in kinds and part is not None:
            try:
                made[name] = convert(kinds[name], part)
            except Unfit as unfit:
                raise Unfit(f"{name}: {unfit}") from None
        elif name not in kinds and CONFIG["unknown"] != "drop":
            raise Unfit(f"{name[:60]} is not a known key")
    for name, _, required in fields:
        if required and name not in made:
            raise Unfit(f"{name} is missing")
    return made


def fitted(event: Any, stamps: Json) -> tuple[str, bytes]:
    """Give the stream of an event and its record; raise Unfit for one that no table takes."""
    if not isinstance(event, dict):
        raise Unfit("is not an object")
    choose = CONFIG["choose"] or {"field": None, "streams": {}, "default": next(iter(CONFIG["streams"]))}
    said = event.get(choose["field"])
    told = text(said) if isinstance(said, str | int | float | Decimal) else None
    stream = CONFIG["streams"].get(choose["streams"].get(told, choose["default"]))
    if not stream:
        raise Unfit(f"{choose['field']} names no stream")
    columns = {column[0] for column in stream["columns"]}
    given = {name: value for name, value in event.items() if name in columns or name != choose["field"]}
    given |= {name: stamp for name, stamp in stamps.items() if name in columns}
    try:
        data = encode(struct(stream["columns"], given)).encode()
    except UnicodeEncodeError:
        raise Unfit("has text that is not Unicode") from None
    if len(data) > RECORD:
        raise Unfit("is larger than 1,000 KiB")
    return stream["name"], data


def batched(records: Records) -> list[tuple[str, dict[int, bytes]]]:
    """Cut records into batches of one stream each that one call may have."""
    batches: list[tuple[str, dict[int, bytes]]] = []
    size = 0
    for at, (stream, data) in sorted(records.items(), key=lambda item: item[1][0]):
        full = not batches or len(batches[-1][1]) == RECORDS or size + len(data) > BATCH
        if full or batches[-1][0] != stream:
            batches.append((stream, {}))
            size = 0
        batches[-1][1][at] = data
        size += len(data)
    return batches


def deliver(records: Records, left: Callable[[], float], errors: Counter[str]) -> set[int]:
    """Put records to their streams, and give the numbers of those that Firehose has taken.

    It ends when all are taken or refused for good, or time is up; `errors` counts what went wrong.
    """
    taken: set[int] = set()
    batches, wait = batched(records), 0.0
    while True:
        for batch in batches:
            # the first call is made in any case: in a function of a few seconds it is the only one
            if (taken or errors) and left() < CONNECT + READ + MARGIN:
                return taken
            taken |= take(*batch, errors)
        batches = [batch for batch in batches if batch[1]]
        wait = min(5.0, random.uniform(0.1, 0.3 + 3 * wait))
        if not batches or left() < wait * PACE + CONNECT + READ + MARGIN:
            return taken
        time.sleep(wait * PACE)


def take(stream: str, records: dict[int, bytes], errors: Counter[str]) -> set[int]:
    """Put one batch, and give the numbers of the records taken; those worth another try stay in it.

    A call that works may still have failed for some of its records, each with an error in its place.
    https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
    """
    try:
        put = [{"Data": data} for data in records.values()]
        answer = firehose().put_record_batch(DeliveryStreamName=stream, Records=put)
    except Exception as error:
        told = getattr(error, "response", None) or {"Error": {"Code": type(error).__name__}}
        code, status = told["Error"]["Code"], told.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        errors[code] += 1
        if status < 500 and not re.search(PASSING, code):
            records.clear()
        return set()
    # botocore takes an answer that is not JSON for an empty one: then nothing is known to be taken
    each = answer.get("RequestResponses") or [{}] * len(records)
    taken = {at for at, one in zip(records, each, strict=False) if one.get("RecordId")}
    errors.update(one.get("ErrorCode", "no answer") for one in each if not one.get("RecordId"))
    for at in taken:
        del records[at]
    return taken


@functools.cache
def firehose() -> Any:
    """Make the client, once a container, as it takes most of a start; `deliver` does the retries."""
    from botocore.config import Config
    from botocore.session import get_session

    config = Config(connect_timeout=CONNECT, read_timeout=READ, retries={"total_max_attempts": 1})
    return get_session().create_client("firehose", config=config)


def body_of(request: Json) -> Any:
    """Read the body of a request to the function's URL, which may be packed with gzip.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
    """
    if request["requestContext"]["http"]["method"] != "POST":
        raise Refused(405, "events are sent with POST")
    body = request.get("body") or ""
    try:
        data = base64.b64decode(body, validate=True) if request.get("isBase64Encoded") else body.encode()
        if data.startswith(b"\x1f\x8b"):  # no JSON does; and a proxy may have dropped the header
            data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(BODY + 1)
    except (ValueError, EOFError, OSError, zlib.error):
        raise Refused(400, "the body is damaged") from None
    if len(data) > BODY:
        raise Refused(413, f"the body is larger than {BODY} bytes")
    try:  # Decimal keeps the digits that a double has no room for; int raises for NaN and Infinity
        return json.loads(data, parse_float=Decimal, parse_constant=int)
    except (ValueError, ArithmeticError, RecursionError):
        raise Refused(400, "the body is not JSON") from None


def run(given: Any, left: Callable[[], float], errors: Counter[str]) -> tuple[int, list[Json]]:
    """Give an HTTP status and what became of each event."""
    events = given if isinstance(given, list) else [given]
    if not events:
        raise Refused(400, "there is no event")
    if len(events) > EVENTS:
        raise Refused(413, f"there are more than {EVENTS} events")
    now = datetime.now(UTC)
    times = {"now": now.isoformat(), "today": now.date().isoformat()}
    stamps = {name: times[kind] for name, kind in CONFIG["stamp"].items()}
    records: Records = {}
    failed = {"status": "failed", "reason": "the stream did not take it; send it again"}
    results: list[Json] = [{"index": at, **failed} for at in range(len(events))]
    for at, event in enumerate(events):
        try:
            records[at] = fitted(event, stamps)
        except Unfit as unfit:
            results[at] |= {"status": "rejected", "reason": re.sub(r"[^ -~]", "?", str(unfit)[:REASON])}
    taken = deliver(records, left, errors)
    for at in taken:
        results[at] = {"index": at, "status": "accepted"}
    if taken:
        return 202 if len(taken) == len(events) else 207, results
    return 503 if records else 400, results


def handler(event: Any, context: Any) -> Any:
    """Serve one request, and leave one line in the log that has nothing of its events."""
    began = time.monotonic()
    http = isinstance(event, dict) and event.get("version") == "2.0" and "requestContext" in event
    if http and event["requestContext"]["http"]["method"] == "OPTIONS":  # the URL answers those of CORS
        return {"statusCode": 204}
    errors: Counter[str] = Counter()
    results: list[Json] = []
    more: Json = {}
    try:
        given = body_of(event) if http else event
        status, results = run(given, lambda: context.get_remaining_time_in_millis() / 1000, errors)
    except Refused as refused:
        status, more["reason"] = refused.args
    except Exception as error:  # a fault of ours: its text, which Lambda would log, could quote an event
        lines = [each.lineno for each in traceback.extract_tb(error.__traceback__)]
        raise RuntimeError(f"{type(error).__name__} in lines {lines}") from None
    counted = Counter(each["status"] for each in results)
    counts = {key: counted[key] for key in ("accepted", "rejected", "failed")}
    seconds = round(time.monotonic() - began, 3)
    print(json.dumps({"status": status, **counts, **more, "errors": errors, "seconds": seconds}))
    answer = {**counts, "results": results, **more}
    headers = {"content-type": "application/json", **({"allow": "POST"} if status == 405 else {})}
    return {"statusCode": status, "headers": headers, "body": encode(answer)} if http else answer


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # a container has more CPU while it starts than in a call
    firehose()
