from __future__ import annotations
import contextlib
import functools
import json
import os
import random
import re
import time
import urllib.request
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote
Json = dict[str, Any]
Result = TypeVar("Result")
PACE = 1.0
CONNECT, READ = 5.0, 20.0
MARGIN = 10.0
COMMITS = 16
OPTION, IDENTIFIER = "PermissionsWithGrantOption", "identifier-field-ids"
DEMANDS = {
 **{key: key for key in ("current-schema-id", "default-spec-id", "default-sort-order-id")},
 "last-assigned-field-id": "last-column-id",
 "last-assigned-partition-id": "last-partition-id",
}
class Refused(Exception):
 pass
class Fault(Exception):
 def __init__(self, text, status = 0):
  super().__init__(text)
  self.response = {"ResponseMetadata": {"HTTPStatusCode": status}}
class Request(NamedTuple):
 action: str
 new: Json
 old: Json
 account: str
 role: str
class Clock(NamedTuple):
 milliseconds_left: Callable[[], int]
 def pause(self, seconds, last = None):
  if self.milliseconds_left() / 1000 < seconds * PACE + CONNECT + READ + MARGIN:
   raise Refused("no time left" + (f" to try again after: {reason(last)}" if last else ""))
  time.sleep(seconds * PACE)
 def retry(self, call, bound = 0):
  waited: dict[float, float] = {}
  wait = 0.5
  while True:
   try:
    return call()
   except Exception as error:
    last, seconds = error, 0 if isinstance(error, Refused) else bound or patience(error)
    wait = min(15.0, random.uniform(0.5, 3 * wait))
    waited[seconds] = waited.get(seconds, 0) + wait
    if waited[seconds] > seconds:
     raise
   self.pause(wait, last)
def patience(error):
 text = f"{type(error).__name__} {error}"
 status = (getattr(error, "response", None) or {}).get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
 if status in (409, 429) or re.search("Throttl|TooMany|SlowDown|Concurrent|OperationT|Retryable", text):
  return 240
 if "invalid principal" in text.lower():
  return 120
 soon = "AccessDenied|NotFound|AlreadyExists|Internal|Connect|Timeout|HTTPClient|SSL|JSONDecode|register"
 return 60 if status >= 403 or re.search(soon, text) else 0
def reason(error):
 speaks = isinstance(error, Refused) or hasattr(error, "response")
 said = str(error) if speaks else f"{type(error).__name__}: {error}"
 return re.sub("(?s)The Canonical String.*", "", said)
def administrator(request, clock, lakeformation):
 names: list[str] = []
 def changed():
  settings = lakeformation.get_data_lake_settings()["DataLakeSettings"]
  admins = settings.get("DataLakeAdmins") or []
  names[:] = [each["DataLakePrincipalIdentifier"] for each in admins]
  if (request.role in names) == (request.action != "Delete"):
   return False
  own = {"DataLakePrincipalIdentifier": request.role}
  wanted = [each for each in admins if each != own] if own in admins else [*admins, own]
  lakeformation.put_data_lake_settings(DataLakeSettings={**settings, "DataLakeAdmins": wanted})
  return True
 try:
  quiet = 0 if (wrote := clock.retry(changed)) else 2
  while quiet < 2:
   clock.pause(random.uniform(0.5, 1.5))
   quiet = 0 if clock.retry(changed) else quiet + 1
 except Exception as error:
  if "invalid principal" not in str(error).lower():
   raise
  raise Refused(
   f"Lake Formation refuses the administrators {names} (Invalid principal): one may be a deleted "
            "role. Entries of others are not taken out here: have it removed, then deploy again."
  ) from error
 return {"Note": "changed the administrators" if wrote else ""}
def link(request, clock, glue, lakeformation):
 new, old = request.new, request.old or request.new
 steps = [(old, False)] if request.action == "Delete" else [(new, True)]
 if any(new[key] != old[key] for key in ("Name", "Bucket", "Namespace")):
  steps.insert(0 if new["Name"] == old["Name"] else 1, (old, False))
 done = [clock.retry(functools.partial(settle, request, glue, lakeformation, *each)) for each in steps]
 return {"Note": "; ".join(done)}
def settle(request, glue, lakeformation, properties, wanted):
 name, bucket, namespace = (properties[key] for key in ("Name", "Bucket", "Namespace"))
 target = {"CatalogId": f"{request.account}:s3tablescatalog/{bucket}", "DatabaseName": namespace}
 region = glue.meta.region_name
 try:
  found = glue.get_database(Name=name)["Database"]
 except glue.exceptions.EntityNotFoundException:
  if wanted:
   glue.create_database(DatabaseInput={"Name": name, "TargetDatabase": target})
  return f"{name} {'made' if wanted else 'was gone'}"
 there = found.get("TargetDatabase") or {**found, "DatabaseName": found["Name"]}
 ours = {"Region": region, **there}.items() >= {"Region": region, **target}.items()
 if not ours and wanted:
  kind = f"a link to {there}" if found.get("TargetDatabase") else "a database"
  raise Refused(f"the name '{name}' is taken by {kind}; remove that or give the link another name")
 if not ours or wanted:
  return f"{name} {'was there' if ours else 'is not a link of this resource and stays'}"
 try:
  glue.delete_database(Name=name)
 except glue.exceptions.AccessDeniedException:
  who, own = {"DataLakePrincipalIdentifier": request.role}, {"CatalogId": request.account, "Name": name}
  with contextlib.suppress(lakeformation.exceptions.AccessDeniedException):
   lakeformation.grant_permissions(Principal=who, Resource={"Database": own}, Permissions=["DROP"])
  raise
 return f"{name} dropped"
def grants(request, clock, lakeformation):
 administrator(request._replace(action="Update"), clock, lakeformation)
 before, after = (request.new, {}) if request.action == "Delete" else (request.old, request.new)
 old, new = (
  {json.dumps({**each, OPTION: []}): each for each in entries(request.account, properties, single=True)}
  for properties in (before, after)
 )
 given = entries(request.account, after, single=False)
 gone = [each for key, each in old.items() if key not in new or (each[OPTION] and not new[key][OPTION])]
 steps = [("grant", given), ("revoke", gone), ("grant", given)] if gone else [("grant", given)]
 for verb, each in steps:
  for at in range(0, len(each), 20):
   clock.retry(functools.partial(send, lakeformation, verb, each[at : at + 20]))
 note = confirm(clock, lakeformation, given)
 return {"Granted": len(given), "Revoked": len(gone), "Note": note}
def entries(account, properties, single):
 return [
  {
   "Principal": {"DataLakePrincipalIdentifier": properties["Principal"]},
   "Resource": resource_of(grant, account, f"{account}:s3tablescatalog/{properties['Bucket']}"),
   "Permissions": permissions,
   OPTION: [each for each in permissions if each in grant.get("grantable", [])],
  }
  for grant in map(json.loads, properties.get("Grants", []))
  for permissions in ([[each] for each in grant["permissions"]] if single else [grant["permissions"]])
 ]
def resource_of(grant, account, catalog):
 if "link" in grant:
  return {"Database": {"CatalogId": account, "Name": grant["link"]}}
 if "table" not in grant:
  return {"Database": {"CatalogId": catalog, "Name": grant["namespace"]}}
 named = {"TableWildcard": {}} if grant["table"] == "*" else {"Name": grant["table"]}
 table = {"CatalogId": catalog, "DatabaseName": grant["namespace"], **named}
 if "columns" in grant:
  return {"TableWithColumns": {**table, "ColumnNames": grant["columns"]}}
 if "except_columns" in grant:
  others = {"ExcludedColumnNames": grant["except_columns"]}
  return {"TableWithColumns": {**table, "ColumnWildcard": others}}
 return {"Table": table}
def send(lakeformation, verb, pending):
 call = getattr(lakeformation, f"batch_{verb}_permissions")
 try:
  numbered = [{"Id": str(number), **each} for number, each in enumerate(pending)]
  failures = call(Entries=numbered).get("Failures", [])
 except Exception as error:
  if not is_moot(verb, error):
   raise
  for each in pending if len(pending) > 1 else []:
   send(lakeformation, verb, [each])
  failures = []
 said = {int(each["RequestEntry"]["Id"]): Fault(": ".join(each["Error"].values())) for each in failures}
 faults = {number: fault for number, fault in said.items() if not is_moot(verb, fault)}
 pending[:] = [pending[number] for number in faults]
 if faults:
  raise min(faults.values(), key=patience)
def is_moot(verb, error):
 nothing = "entitynotfound|no permissions revoked|has no permissions|existent column|invalid principal"
 return verb == "revoke" and bool(re.search(nothing, str(error).lower()))
def confirm(clock, lakeformation, given):
 unseen, began, state = list(given), time.monotonic(), "visible"
 def look():
  unseen[:] = [each for each in unseen if not is_effective(lakeformation, each)]
  if unseen:
   raise Fault(f"{len(unseen)} of {len(given)} grants are not listed")
 try:
  clock.retry(look, bound=30)
 except Exception as error:
  state = f"not confirmed ({reason(error)})"
 return f"{len(given)} grants {state} after {time.monotonic() - began:.0f} s"
def is_effective(lakeformation, entry):
 missing = set(entry["Permissions"])
 query = {key: entry[key] for key in ("Principal", "Resource")}
 if columns := entry["Resource"].get("TableWithColumns"):
  query["Resource"] = {"Table": {key: columns[key] for key in ("CatalogId", "DatabaseName", "Name")}}
 while True:
  page = lakeformation.list_permissions(**query)
  missing.difference_update(*(each["Permissions"] for each in page["PrincipalResourcePermissions"]))
  if not (missing and page.get("NextToken")):
   return not missing
  query["NextToken"] = page["NextToken"]
def schema(request, clock, s3tables):
 if request.action == "Delete":
  return {"Note": "the table keeps its schema"}
 names = (quote(request.new[key], safe="") for key in ("BucketArn", "Namespace", "Table"))
 path = "{}/namespaces/{}/tables/{}".format(*names)
 steps: list[str] = []
 def advance():
  metadata = iceberg(clock, s3tables, "GET", path)["metadata"]
  evolution = Evolution(request.new, request.old, metadata)
  step, updates = evolution.next_step()
  if not step:
   note = "; ".join([*steps, *sorted(evolution.notes)])
   return {"SchemaId": metadata["current-schema-id"], "Commits": len(steps), "Note": note}
  demands = [{"type": "assert-table-uuid", "uuid": metadata["table-uuid"]}]
  demands += [{"type": f"assert-{name}", name: metadata[key]} for name, key in DEMANDS.items()]
  iceberg(clock, s3tables, "POST", path, {"requirements": demands, "updates": updates})
  steps.append(step)
  return None
 for _ in range(COMMITS):
  if done := clock.retry(advance):
   return done
 raise Refused(f"the table differs from its target even after {COMMITS} commits: {steps[-1]}")
class Evolution:
 def __init__(self, new, old, metadata):
  lists = [new.get(key) or [] for key in ("Columns", "PartitionFields", "SortFields")]
  self.wanted, self.partition, self.order = (list(map(json.loads, each)) for each in lists)
  self.identifier = set(json.loads(new.get("Identifier") or "[]"))
  retired = set(json.loads(new.get("RetiredColumns") or "[]"))
  self.properties = dict(new.get("TableProperties") or {})
  self.properties.pop("format-version", None)
  removable = {*(old.get("TableProperties") or {}), *(new.get("LostProperties") or [])}
  self.removable = removable - set(self.properties)
  ids = ids_of(self.wanted)
  self.known = ids_of(list(map(json.loads, old.get("Columns") or []))) | retired
  self.droppable = ({each for each in self.known if each < max(ids)} | retired) - ids
  self.first, self.metadata = not old, metadata
  self.former: Json = {each["id"]: each for one in metadata["schemas"] for each in one["fields"]}
  self.notes: set[str] = set()
 def next_step(self):
  live = self.metadata.get("properties") or {}
  changed, removed = dict(self.properties.items() - live.items()), sorted(self.removable & set(live))
  steps = [
   ("changed columns", self.schema_updates("change")),
   ("added columns", self.schema_updates("add")),
   ("changed the partition", default_updates(self.metadata, "spec", self.numbered())),
   ("changed the sort order", default_updates(self.metadata, "sort-order", self.order)),
   ("dropped columns", self.schema_updates("drop")),
   ("set properties", [{"action": "set-properties", "updates": changed}] if changed else []),
   ("removed properties", [{"action": "remove-properties", "removals": removed}] if removed else []),
  ]
  return next((each for each in steps if each[1]), ("", []))
 def schema_updates(self, step):
  known = {each["schema-id"]: each["fields"] for each in self.metadata["schemas"]}
  fields = self.fields(known[self.metadata["current-schema-id"]], self.wanted, "", step)
  required = {each["id"] for each in fields if each["required"]}
  return default_updates(self.metadata, "schema", fields, *(required & self.identifier))
 def fields(self, live, wanted, path, step):
  have, want = {each["id"]: each for each in live}, {each["id"]: each for each in wanted}
  merged: Json = {}
  for number, field in have.items():
   if number in want:
    merged[number] = self.field(field, want[number], path, step)
   elif step != "drop" or number not in self.droppable:
    merged[number] = self.left(field, {each["name"] for each in wanted}, path)
  for number, field in want.items():
   if step == "add" and number not in have:
    self.claim(field, self.former.get(number, field), path)
    merged[number] = {**field, "required": field["required"] and not live and not path}
  order = [number for number in want if number in merged]
  if order != [number for number in merged if number in want]:
   merged = {number: merged[number] for number in [*order, *merged]}
  return list(merged.values())
 def left(self, field, names, path):
  number, full = field["id"], path + field["name"]
  if number not in self.known and field["name"] in names:
   raise Refused(f"somebody else added a column '{full}' (id {number}): rename or drop it first")
  if number not in self.droppable:
   why = "dropping would lose values" if number in self.known else "it is not of this pipeline"
   self.notes.add(f"column '{full}' (id {number}) stays: {why}")
  return {**field, "name": f"{field['name']}_{number}"} if field["name"] in names else field
 def field(self, live, wanted, path, step):
  self.claim(wanted, live, path)
  full = path + wanted["name"]
  kind, required = self.kind(live["type"], wanted["type"], full, step), wanted["required"]
  if required and not live["required"]:
   self.notes.add(f"column '{full}' stays optional")
  merged = {**live, **wanted, "type": kind, "required": live["required"] and required}
  return {key: value for key, value in merged.items() if key != "doc" or key in wanted}
 def claim(self, wanted, live, path):
  number, own, name = wanted["id"], wanted["name"], live["name"]
  if not self.first and number not in self.known and name not in (own, f"{own}_{number}"):
   taken = f"column '{path}{own}' needs the id {number}, with which somebody else added '{name}'"
   raise Refused(f"{taken}: run `analytics-compile lock SPEC --from-aws`, which finds a free one")
 def kind(self, live, wanted, path, step):
  if isinstance(live, str) and isinstance(wanted, str):
   if widens(live, wanted):
    return wanted
   if widens(wanted, live):
    self.notes.add(f"column '{path}' stays {live}")
   if widens(wanted, live) or plain(live) == plain(wanted):
    return live
  elif isinstance(live, dict) and isinstance(wanted, dict) and live["type"] == wanted["type"]:
   if live["type"] == "struct":
    return {**live, "fields": self.fields(live["fields"], wanted["fields"], f"{path}.", step)}
   part = "element" if live["type"] == "list" else "value"
   inside, need = f"{path}.{part}", f"{part}-required"
   if all(plain(live.get(key)) == plain(wanted.get(key)) for key in ("key", "key-id", f"{part}-id")):
    kind = self.kind(live[part], wanted[part], inside, step)
    return {**live, part: kind, need: live[need] and wanted[need]}
  raise Refused(f"column '{path}' is {json.dumps(live)} and cannot become {json.dumps(wanted)}")
 def numbered(self):
  before = [each for spec in self.metadata["partition-specs"] for each in spec["fields"]]
  used = {(each["source-id"], each["transform"]): each["field-id"] for each in before}
  for each in self.partition:
   taken, last = each["field-id"] in used.values(), self.metadata["last-partition-id"]
   free = 1 + max([last, *used.values()]) if taken else each["field-id"]
   used.setdefault((each["source-id"], each["transform"]), free)
  return [{**each, "field-id": used[each["source-id"], each["transform"]]} for each in self.partition]
def default_updates(metadata, kind, fields, *identifier):
 known = metadata[{"schema": "schemas", "spec": "partition-specs"}.get(kind, "sort-orders")]
 default = "current-schema" if kind == "schema" else f"default-{kind}"
 number = f"{kind}-id".removeprefix("sort-")
 alike = [each for each in known if each["fields"] == fields]
 equal = [each[number] for each in alike if {*(each.get(IDENTIFIER) or [])} == {*identifier}]
 if metadata[f"{default}-id"] in equal:
  return []
 if equal:
  return [{"action": f"set-{default}", f"{kind}-id": equal[0]}]
 unsorted = kind == "sort-order" and not fields
 shape = {number: 0 if unsorted else 1 + max(each[number] for each in known), "fields": fields}
 update = {"action": f"add-{kind}", kind: shape}
 if kind == "schema":
  shape |= {"type": "struct", IDENTIFIER: sorted(identifier)}
  update["last-column-id"] = max([metadata["last-column-id"], *ids_of(fields)])
 return [update, {"action": f"set-{default}", f"{kind}-id": 0 if unsorted else -1}]
def plain(kind):
 return kind.replace(" ", "") if isinstance(kind, str) else kind
def widens(old, new):
 before, after = (re.fullmatch(r"decimal\((\d+), ?(\d+)\)", each) for each in (old, new))
 if before and after:
  return before[2] == after[2] and int(before[1]) < int(after[1])
 return (old, new) in (("int", "long"), ("float", "double"))
def ids_of(fields):
 return set(map(int, re.findall(r'"(?:element-|key-|value-)?id": (\d+)', json.dumps(fields))))
def client(clock, service):
 import boto3
 from botocore.config import Config
 def must_be_json(response_dict, **_):
  if response_dict["status_code"] < 300:
   json.loads(response_dict["body"])
 once = Config(retries={"total_max_attempts": 1}, connect_timeout=CONNECT, read_timeout=READ)
 made = boto3.client(service, config=once)
 made.meta.events.register("before-call", lambda **_: clock.pause(0))
 made.meta.events.register("before-parse", must_be_json)
 return made
def iceberg(clock, s3tables, method, path, body = None):
 import boto3
 from botocore.auth import SigV4Auth
 from botocore.awsrequest import AWSRequest
 from botocore.httpsession import URLLib3Session
 clock.pause(0)
 data = json.dumps(body).encode() if body else b""
 url, headers = f"{s3tables.meta.endpoint_url}/iceberg/v1/{path}", {"Content-Type": "application/json"}
 request = AWSRequest(method, url, headers, data)
 credentials = boto3.DEFAULT_SESSION.get_credentials().get_frozen_credentials()
 SigV4Auth(credentials, "s3tables", s3tables.meta.region_name).add_auth(request)
 answer = URLLib3Session(timeout=(CONNECT, READ)).send(request.prepare())
 if (status := answer.status_code) >= 300:
  kind = answer.headers.get("x-amzn-errortype", "")
  raise Fault(f"the catalog answered {status} {kind}: {answer.text[:500]}", status)
 return json.loads(answer.content)
KINDS: dict[str, tuple[Callable[..., Json], tuple[str, ...]]] = {
 "Custom::LakeFormationAdministrator": (administrator, ("lakeformation",)),
 "Custom::GlueResourceLink": (link, ("glue", "lakeformation")),
 "Custom::LakeFormationGrants": (grants, ("lakeformation",)),
 "Custom::IcebergTableSchema": (schema, ("s3tables",)),
}
def run(event, context):
 answer = {key: event.get(key) for key in ("StackId", "RequestId", "LogicalResourceId")}
 given, own = event.get("PhysicalResourceId"), ""
 try:
  action, kind, stack = event["RequestType"], event["ResourceType"], event["StackId"].split("/")[1]
  own = f"{kind.removeprefix('Custom::')}:{stack}:{event['LogicalResourceId']}"
  data = {"Note": "nothing was made under this id"}
  if action != "Delete" or given == own:
   (work, services), clock = KINDS[kind], Clock(context.get_remaining_time_in_millis)
   account, old = event["StackId"].split(":")[4], event.get("OldResourceProperties") or {}
   request = Request(action, event["ResourceProperties"], old, account, os.environ["ROLE_ARN"])
   data = work(request, clock, *(client(clock, service) for service in services))
  physical = given if action == "Delete" else own
  return {**answer, "Status": "SUCCESS", "Data": data, "PhysicalResourceId": physical}
 except Exception as error:
  physical = given or (own if own.startswith("LakeFormationAdministrator") else f"{own}:failed")
  return {**answer, "Status": "FAILED", "Reason": reason(error), "PhysicalResourceId": physical}
def pack(answer):
 part, key = (answer, "Reason") if "Reason" in answer else (answer["Data"], "Note")
 text = part.get(key, "").encode("utf-8", "replace")
 while True:
  part[key] = text.decode("utf-8", "ignore")
  body = json.dumps(answer, ensure_ascii=False).encode()
  if len(body) <= 4096 or not text:
   return body
  text = text[: (4096 - len(body)) // 6]
def deliver(url, body, milliseconds_left):
 failed = ""
 for wait in (0, 0.5, 1, 2, 4, 8):
  if wait and milliseconds_left() / 1000 < wait * PACE + CONNECT + 1:
   break
  time.sleep(wait * PACE)
  try:
   request = urllib.request.Request(url, body, {"Content-Type": ""}, method="PUT")
   with urllib.request.urlopen(request, timeout=CONNECT) as answer:
    return str(answer.status)
  except Exception as error:
   failed = f"{type(error).__name__} {getattr(error, 'code', '')}"
 return failed
def handler(event, context):
 began = time.monotonic()
 answer = run(event, context)
 delivered = deliver(event.get("ResponseURL", ""), pack(answer), context.get_remaining_time_in_millis)
 told = {key: event.get(key) for key in ("RequestType", "ResourceType")} | answer
 print(json.dumps({**told, "Answered": delivered, "Seconds": round(time.monotonic() - began, 3)}))
