from __future__ import annotations
import base64
import contextlib
import functools
import json
import os
import random
import re
import time
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any
Json = dict[str, Any]
Left = Callable[[], float]
CONFIG: Json = {}
PACE = 1.0
CONNECT, READ = 1.0, 4.0
MARGIN = 6.0
ANSWER = 5_000_000
PAGE = 1000
LITERAL = 1024
THROTTLED = "Throttl|TooManyRequests|LimitExceeded"
PASSING = f"{THROTTLED}|Unavailable|Internal|Timeout|Connect|HTTPClient|SSL"
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) ?(UTC|[+-]\d\d:\d\d)?", re.ASCII)
TYPES = {"varchar": "string", "bigint": "long", "integer": "int", "smallint": "int", "tinyint": "int"}
TYPES |= {"real": "float", "varbinary": "binary", "timestamp with time zone": "timestamptz"}
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
class Problem(Exception):
 def __init__(self, status, kind, detail, cause = ""):
  super().__init__(status, kind, detail)
  self.cause = cause
def literal(kind, value):
 name, *sizes = re.findall(r"\w+", kind)
 if name in ("int", "long", "float", "double", "decimal"):
  return numeral(name, sizes, value)
 if name == "boolean" and isinstance(value, bool):
  return str(value).lower()
 if name == "boolean" or not isinstance(value, str):
  raise TypeError
 if name == "string":
  value.encode()
  return "'" + value.replace("'", "''") + "'"
 if name == "date":
  return f"DATE '{date.fromisoformat(value)}'"
 told = datetime.fromisoformat(value)
 utc = (told.astimezone(UTC) if told.tzinfo else told).replace(tzinfo=None)
 zone = {"timestamp": "", "timestamptz": " UTC"}[name]
 return f"TIMESTAMP '{utc.isoformat(' ', 'microseconds')}{zone}'"
def numeral(name, sizes, value):
 if isinstance(value, bool) or not NUMBER.fullmatch(str(value)):
  raise ValueError
 given = Decimal(str(value))
 if name in ("float", "double"):
  largest = 3.4028234663852886e38 if name == "float" else 1.7976931348623157e308
  if not -largest <= float(given) <= largest:
   raise ValueError
  return f"{'REAL' if name == 'float' else 'DOUBLE'} '{float(given)!r}'"
 digits, places = map(int, sizes or (20, 0))
 context = Context(prec=digits, traps=[Inexact, InvalidOperation])
 text = f"{given.quantize(Decimal(1).scaleb(-places), context=context):f}"
 if name == "decimal":
  return f"CAST('{text}' AS DECIMAL({digits}, {places}))"
 bits = 31 if name == "int" else 63
 if not -1 << bits <= int(text) < 1 << bits:
  raise ValueError
 return text if name == "int" else f"BIGINT '{text}'"
def literals(parameters, given):
 kinds = dict(parameters)
 if not isinstance(given, dict):
  raise Problem(400, "bad-request", "parameters is not an object")
 if strange := sorted(given.keys() - kinds.keys()):
  raise Problem(400, "unknown-parameter", f"the query has no parameter {strange[0][:60]}")
 made = {}
 for name, kind in kinds.items():
  if name not in given:
   raise Problem(400, "missing-parameter", f"the query needs {name}, a {kind}")
  try:
   made[name] = literal(kind, given[name])
  except (ValueError, TypeError, ArithmeticError):
   raise Problem(400, "wrong-parameter", f"{name} is not a {kind}") from None
  if len(made[name]) > LITERAL:
   raise Problem(400, "wrong-parameter", f"{name} is too long")
 return [made[name] for name, _ in parameters]
def call(left, operation, **arguments):
 wait = 0.1
 while True:
  try:
   return getattr(athena(), operation)(**arguments)
  except Exception as error:
   told = getattr(error, "response", None) or {"Error": {"Code": type(error).__name__}}
  code, status = told["Error"]["Code"], told.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
  wait = min(2.0, random.uniform(0.1, 3 * wait))
  if (status < 500 and not re.search(PASSING, code)) or left() < wait * PACE + MARGIN:
   break
  time.sleep(wait * PACE)
 if re.search(THROTTLED, code):
  raise Problem(429, "too-many-requests", "there is too much to do; try again later", code)
 if code == "InvalidRequestException" and operation != "start_query_execution":
  raise Problem(404, "gone", "this result is gone; run the query again", code)
 raise Problem(502, "athena", "Athena cannot be used now", code)
@functools.cache
def athena():
 from botocore.config import Config
 from botocore.session import get_session
 config = Config(connect_timeout=CONNECT, read_timeout=READ, retries={"total_max_attempts": 1})
 return get_session().create_client("athena", config=config)
def started(left, query, parameters):
 more: Json = {"ExecutionParameters": parameters} if parameters else {}
 if CONFIG["output"]:
  more["ResultConfiguration"] = {"OutputLocation": CONFIG["output"]}
 context = {"Catalog": CONFIG["catalog"], "Database": query["database"]}
 more |= {"WorkGroup": CONFIG["workgroup"], "ClientRequestToken": os.urandom(16).hex()}
 sql = {"QueryString": query["sql"], "QueryExecutionContext": context}
 execution: str = call(left, "start_query_execution", **sql, **more)["QueryExecutionId"]
 return execution
def finished(left, execution):
 wait = 0.1
 try:
  while True:
   found: Json = call(left, "get_query_execution", QueryExecutionId=execution)["QueryExecution"]
   status = found["Status"]
   if status["State"] == "SUCCEEDED":
    return found
   if status["State"] in ("FAILED", "CANCELLED"):
    break
   wait = min(2.0, wait * random.uniform(1.2, 1.8))
   if left() < wait * PACE + MARGIN:
    raise Problem(504, "timeout", "the query took too long and was stopped")
   time.sleep(wait * PACE)
 except Problem:
  with contextlib.suppress(Exception):
   athena().stop_query_execution(QueryExecutionId=execution)
  raise
 reason = status.get("StateChangeReason", "")
 if "bytes scanned limit" in reason.lower():
  raise Problem(422, "scan-limit", "the query would read too much; ask for less", "scan limit")
 cause = re.match("[A-Z_]{2,}", reason)
 raise Problem(502, "query-failed", "the query failed", cause[0] if cause else "")
def resumed(left, name, query, token):
 try:
  said, execution, mark = json.loads(base64.b64decode(token, "-_", validate=True))
  good = said == name and re.fullmatch(r"[\w-]{1,128}", execution) and re.fullmatch(".{1,1024}", mark)
 except (ValueError, TypeError):
  good = False
 if good:
  found: Json = call(left, "get_query_execution", QueryExecutionId=execution)["QueryExecution"]
  same = found["Query"].split() == query["sql"].split() and found["WorkGroup"] == CONFIG["workgroup"]
  if same and found["Status"]["State"] == "SUCCEEDED":
   return found, mark
 raise Problem(400, "bad-next", "next is not from an answer to this query")
def rows_of(left, execution, mark):
 rows: list[Any] = []
 used, size = 0, PAGE
 while True:
  more = {"NextToken": mark} if mark else {}
  page = call(left, "get_query_results", QueryExecutionId=execution, MaxResults=size, **more)
  columns = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
  listed = page["ResultSet"]["Rows"][0 if mark else 1 :]
  kinds = [column["Type"] for column in columns]
  fresh = [[typed(*each) for each in zip(row["Data"], kinds, strict=True)] for row in listed]
  weight = len(json.dumps(encode(fresh)))
  if used + weight > ANSWER:
   if rows:
    break
   if size == 1:
    raise Problem(502, "large-row", "a row is too large for an answer")
   size //= 10
   continue
  rows += fresh
  used += weight
  mark = page.get("NextToken")
  if not mark or left() < MARGIN:
   break
 return [{"name": each["Label"], "type": type_of(each)} for each in columns], rows, mark
def type_of(column):
 kind: str = column["Type"]
 return f"decimal({column['Precision']},{column['Scale']})" if kind == "decimal" else TYPES.get(kind, kind)
def typed(cell, kind):
 text: str | None = cell.get("VarCharValue")
 if text is None:
  return None
 spec = TYPES.get(kind, kind)
 if spec == "boolean":
  return text == "true"
 if spec in ("int", "long"):
  return int(text)
 if spec in ("float", "double"):
  return float(text) if NUMBER.fullmatch(text) else text
 if spec in ("timestamp", "timestamptz") and (told := TIME.fullmatch(text)):
  return f"{told[1]}T{told[2]}{'Z' if told[3] == 'UTC' else told[3] or ''}"
 return text
def request_of(event):
 if event["requestContext"]["http"]["method"] != "POST":
  raise Problem(405, "method-not-allowed", "a query is sent with POST")
 body = event.get("body") or ""
 try:
  data = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body
  return json.loads(data, parse_float=Decimal, parse_constant=int)
 except (ValueError, ArithmeticError, RecursionError):
  raise Problem(400, "bad-request", "the body is not JSON") from None
def run(request, left, told):
 if not isinstance(request, dict) or request.keys() - {"query", "parameters", "next"}:
  raise Problem(400, "bad-request", "this is no object of query, parameters and next")
 name = request.get("query")
 query = CONFIG["queries"].get(name) if isinstance(name, str) else None
 if not query:
  raise Problem(400, "unknown-query", "there is no query of this name")
 told["query"] = name
 if "next" in request:
  found, begin = resumed(left, name, query, request["next"])
 else:
  told["execution"] = started(left, query, literals(query["parameters"], request.get("parameters", {})))
  found, begin = finished(left, told["execution"]), None
 told["execution"] = execution = found["QueryExecutionId"]
 columns, rows, mark = rows_of(left, execution, begin)
 scanned = found.get("Statistics", {}).get("DataScannedInBytes", 0)
 told |= {"rows": len(rows), "scanned_bytes": scanned}
 more = (
  {"next": base64.urlsafe_b64encode(encode([name, execution, mark]).encode()).decode()} if mark else {}
 )
 return {"columns": columns, "rows": rows, **more, "scanned_bytes": scanned}
def handler(event, context):
 began = time.monotonic()
 http = isinstance(event, dict) and event.get("version") == "2.0" and "requestContext" in event
 if http and event["requestContext"]["http"]["method"] == "OPTIONS":
  return {"statusCode": 204}
 told: Json = {}
 status, headers = 200, {"content-type": "application/json"}
 try:
  request = request_of(event) if http else event
  answer = run(request, lambda: context.get_remaining_time_in_millis() / 1000, told)
 except Problem as problem:
  status, kind, detail = problem.args
  told |= {"problem": kind, "cause": problem.cause}
  headers = {"content-type": "application/problem+json"}
  headers |= {405: {"allow": "POST"}, 429: {"retry-after": "1"}}.get(status, {})
  title = kind.replace("-", " ").capitalize()
  answer = {"type": f"urn:problem-type:{kind}", "title": title, "status": status, "detail": detail}
 except Exception as error:
  lines = [each.lineno for each in traceback.extract_tb(error.__traceback__)]
  raise RuntimeError(f"{type(error).__name__} in lines {lines}") from None
 print(json.dumps({"status": status, **told, "seconds": round(time.monotonic() - began, 3)}))
 return {"statusCode": status, "headers": headers, "body": encode(answer)} if http else answer
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
 athena()
