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
Records = dict[int, tuple[str, bytes]]
CONFIG: Json = {}
PACE = 1.0
CONNECT, READ, MARGIN = 1.0, 4.0, 0.5
BODY = 6 * 1024 * 1024
EVENTS, REASON = 10_000, 200
RECORD, BATCH, RECORDS = 1000 * 1024, 4_000_000, 500
PASSING = "Throttl|LimitExceeded|TooMany|Unavailable|Internal|Timeout|Connect|HTTPClient|SSL"
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
EARLIEST, LATEST = -62_135_596_800_000_000, 253_402_300_799_999_999
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
class Refused(Exception):
 pass
class Unfit(Exception):
 pass
def text(value):
 if isinstance(value, str):
  return value
 if isinstance(value, bool | int | float | Decimal):
  return str(value).lower()
 raise Unfit("is not text")
def boolean(value):
 said = BOOLEANS.get(text(value).lower())
 if said is None:
  raise Unfit("is neither true nor false")
 return said
def number(value):
 if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
  return value
 if isinstance(value, str) and NUMBER.fullmatch(value):
  return Decimal(value)
 raise Unfit("is not a number")
def exact(digits, places, value):
 context = Context(prec=digits, traps=[Inexact, InvalidOperation])
 try:
  return f"{Decimal(str(number(value))).quantize(Decimal(1).scaleb(-places), context=context):f}"
 except DecimalException:
  raise Unfit(f"has more than {digits} digits or {places} decimal places") from None
def whole(bits, value):
 made = value if type(value) is int else int(exact(20, 0, value))
 if not -1 << (bits - 1) <= made < 1 << (bits - 1):
  raise Unfit(f"does not fit {bits} bits")
 return made
def real(largest, value):
 made = float(str(number(value)))
 if not -largest <= made <= largest:
  raise Unfit("is too large")
 return made
def moment(value):
 if isinstance(value, str) and not NUMBER.fullmatch(value):
  try:
   told = datetime.fromisoformat(value)
  except ValueError:
   raise Unfit("is not a time") from None
  made = (told.replace(tzinfo=told.tzinfo or UTC) - EPOCH) // MICROSECOND
 else:
  given = number(value)
  if not -LATEST <= given <= LATEST:
   raise Unfit("is not a time")
  unit = 1_000_000 if -(10**11) < given < 10**11 else 1000 if -(10**14) < given < 10**14 else 1
  made = round(Decimal(str(given)) * unit)
 if not EARLIEST <= made <= LATEST:
  raise Unfit("is not a time of the years 1 to 9999")
 return made
def day(value):
 try:
  return date.fromisoformat(value).isoformat()
 except (TypeError, ValueError):
  raise Unfit("is not a date") from None
def binary(value):
 try:
  packed = "".join(value.split()).rstrip("=").replace("-", "+").replace("_", "/")
  return base64.b64encode(base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)).decode()
 except (AttributeError, ValueError):
  raise Unfit("is not base64") from None
@functools.cache
def scalar(kind):
 name, *sizes = re.findall(r"\w+", kind)
 known: dict[str, Any] = {"string": (text,), "boolean": (boolean,), "date": (day,), "binary": (binary,)}
 known |= {"int": (whole, 32), "long": (whole, 64), "timestamp": (moment,), "timestamptz": (moment,)}
 known |= {"float": (real, 3.4028234663852886e38), "double": (real, 1.7976931348623157e308)}
 known |= {"decimal": (exact, *map(int, sizes))}
 return functools.partial(*known[name])
def convert(kind, value, required = True):
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
 if len(made) < len(value):
  raise Unfit("has a key twice")
 return made
def struct(fields, value):
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
def fitted(event, stamps):
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
def batched(records):
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
def deliver(records, left, errors):
 taken: set[int] = set()
 batches, wait = batched(records), 0.0
 while True:
  for batch in batches:
   if (taken or errors) and left() < CONNECT + READ + MARGIN:
    return taken
   taken |= take(*batch, errors)
  batches = [batch for batch in batches if batch[1]]
  wait = min(5.0, random.uniform(0.1, 0.3 + 3 * wait))
  if not batches or left() < wait * PACE + CONNECT + READ + MARGIN:
   return taken
  time.sleep(wait * PACE)
def take(stream, records, errors):
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
 each = answer.get("RequestResponses") or [{}] * len(records)
 taken = {at for at, one in zip(records, each, strict=False) if one.get("RecordId")}
 errors.update(one.get("ErrorCode", "no answer") for one in each if not one.get("RecordId"))
 for at in taken:
  del records[at]
 return taken
@functools.cache
def firehose():
 from botocore.config import Config
 from botocore.session import get_session
 config = Config(connect_timeout=CONNECT, read_timeout=READ, retries={"total_max_attempts": 1})
 return get_session().create_client("firehose", config=config)
def body_of(request):
 if request["requestContext"]["http"]["method"] != "POST":
  raise Refused(405, "events are sent with POST")
 body = request.get("body") or ""
 try:
  data = base64.b64decode(body, validate=True) if request.get("isBase64Encoded") else body.encode()
  if data.startswith(b"\x1f\x8b"):
   data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(BODY + 1)
 except (ValueError, EOFError, OSError, zlib.error):
  raise Refused(400, "the body is damaged") from None
 if len(data) > BODY:
  raise Refused(413, f"the body is larger than {BODY} bytes")
 try:
  return json.loads(data, parse_float=Decimal, parse_constant=int)
 except (ValueError, ArithmeticError, RecursionError):
  raise Refused(400, "the body is not JSON") from None
def run(given, left, errors):
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
def handler(event, context):
 began = time.monotonic()
 http = isinstance(event, dict) and event.get("version") == "2.0" and "requestContext" in event
 if http and event["requestContext"]["http"]["method"] == "OPTIONS":
  return {"statusCode": 204}
 errors: Counter[str] = Counter()
 results: list[Json] = []
 more: Json = {}
 try:
  given = body_of(event) if http else event
  status, results = run(given, lambda: context.get_remaining_time_in_millis() / 1000, errors)
 except Refused as refused:
  status, more["reason"] = refused.args
 except Exception as error:
  lines = [each.lineno for each in traceback.extract_tb(error.__traceback__)]
  raise RuntimeError(f"{type(error).__name__} in lines {lines}") from None
 counted = Counter(each["status"] for each in results)
 counts = {key: counted[key] for key in ("accepted", "rejected", "failed")}
 seconds = round(time.monotonic() - began, 3)
 print(json.dumps({"status": status, **counts, **more, "errors": errors, "seconds": seconds}))
 answer = {**counts, "results": results, **more}
 headers = {"content-type": "application/json", **({"allow": "POST"} if status == 405 else {})}
 return {"statusCode": status, "headers": headers, "body": encode(answer)} if http else answer
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
 firehose()
