"""What a test does with the provider: CloudFormation's side of it, and a look at the emulated account."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import boto3

from lambdas.provider import index
from tests.bed.servers import ACCOUNT, REGION
from tests.lambdas.provider.faults import Script

Json = dict[str, Any]

ROLE = f"arn:aws:iam::{ACCOUNT}:role/web-analytics-provider"
STACK = "web-analytics"


class Context:
    """What Lambda tells a function about its time."""

    def __init__(self, seconds: float = 300) -> None:
        self.end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Tell the time that is left."""
        return max(0, round((self.end - time.monotonic()) * 1000))


@dataclass(frozen=True, slots=True)
class Received:
    """One PUT to the ResponseURL."""

    headers: dict[str, str]
    body: bytes
    status: int


class AnswerServer(ThreadingHTTPServer):
    """Stand in for the bucket that CloudFormation reads answers from."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _AnswerHandler)
        self.received: list[Received] = []
        self.statuses: list[int] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/answer?X-Amz-Signature=secret"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def clear(self) -> None:
        """Forget what was received, and answer 200 again."""
        self.received.clear()
        self.statuses.clear()

    def accepted(self) -> Json:
        """Return the answer, of which there must be exactly one that was accepted."""
        (one,) = (received for received in self.received if received.status == 200)
        answer: Json = json.loads(one.body)
        return answer


class _AnswerHandler(BaseHTTPRequestHandler):
    server: AnswerServer
    wbufsize = -1

    def do_PUT(self) -> None:
        """Accept an answer, or refuse it with the next of the scripted statuses."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.server.received.append(Received(dict(self.headers.items()), body, status))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any, **__: Any) -> None:
        """Keep the test's output clean."""


@dataclass(slots=True)
class Table:
    """A table on the emulator, seen past the proxy."""

    client: Any
    url: str
    bucket: str
    bucket_arn: str
    arn: str
    namespace: str = "analytics"
    name: str = "events"

    def target(self, columns: list[Json], **more: Any) -> Json:
        """Return the properties of a schema resource."""
        texts = {
            key: [json.dumps(each) for each in value] for key, value in more.items() if key.endswith("Fields")
        }
        return {
            "ServiceToken": "arn:aws:lambda:::function",
            "ServiceTimeout": "390",
            "Bucket": self.bucket,
            "BucketArn": self.bucket_arn,
            "Namespace": self.namespace,
            "Table": self.name,
            "TableArn": self.arn,
            "Columns": [json.dumps(column) for column in columns],
            "Identifier": "[]",
            "PartitionFields": [],
            "SortFields": [],
            "TableProperties": {},
            **more,
            **texts,
        }

    def metadata(self) -> Json:
        """Load the table's Iceberg metadata."""
        return self._call("GET")

    def schema(self) -> Json:
        """Return the current schema."""
        metadata = self.metadata()
        (schema,) = (
            each for each in metadata["schemas"] if each["schema-id"] == metadata["current-schema-id"]
        )
        found: Json = schema
        return found

    def columns(self) -> list[Json]:
        """Return the columns of the current schema."""
        fields: list[Json] = self.schema()["fields"]
        return fields

    def names(self) -> list[str]:
        """Return the names of the columns."""
        return [column["name"] for column in self.columns()]

    def alter(self, columns: list[Json]) -> None:
        """Change the schema as somebody else would."""
        number = 1 + max(schema["schema-id"] for schema in self.metadata()["schemas"])
        schema = {"type": "struct", "schema-id": number, "fields": columns}
        self.commit(
            {"action": "add-schema", "schema": schema}, {"action": "set-current-schema", "schema-id": number}
        )

    def commit(self, *updates: Json) -> None:
        """Commit updates without any requirement."""
        self._call("POST", {"requirements": [], "updates": list(updates)})

    def _call(self, method: str, body: Json | None = None) -> Json:
        path = f"/namespaces/{self.namespace}/tables/{self.name}"
        url = f"{self.url}/iceberg/v1/{quote(self.bucket_arn, safe='')}{path}"
        data = json.dumps(body).encode() if body else None
        with urlopen(Request(url, data, {"Content-Type": "application/json"}, method=method)) as answer:
            metadata: Json = json.loads(answer.read())["metadata"]
            return metadata


@dataclass(slots=True)
class Cloud:
    """The emulated account, the provider in front of it and CloudFormation behind it."""

    moto_url: str
    ministack_url: str
    script: Script
    answers: AnswerServer
    lakeformation: Any = field(init=False)
    glue: Any = field(init=False)
    s3tables: Any = field(init=False)

    def __post_init__(self) -> None:
        self.lakeformation = boto3.client("lakeformation", endpoint_url=self.moto_url)
        self.glue = boto3.client("glue", endpoint_url=self.moto_url)
        self.s3tables = boto3.client("s3tables", endpoint_url=self.ministack_url)

    def reset(self) -> None:
        """Empty the account; tables have names of their own and need none of it."""
        urlopen(Request(f"{self.moto_url}/moto-api/reset", method="POST")).close()
        self.script.clear()
        self.answers.clear()

    # CloudFormation's side

    def event(self, action: str, kind: str, properties: Json, **more: Any) -> Json:
        """Make the event that CloudFormation sends for a custom resource."""
        logical = more.pop("logical", "Resource")
        return {
            "RequestType": action,
            "ResponseURL": self.answers.url,
            "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/0a1b2c3d",
            "RequestId": str(uuid.uuid4()),
            "ResourceType": f"Custom::{kind}",
            "LogicalResourceId": logical,
            "ResourceProperties": {"ServiceToken": "arn:aws:lambda:::function", **properties},
            **({} if action == "Create" else {"PhysicalResourceId": physical_id(kind, logical)}),
            **more,
        }

    def send(self, event: Json, context: Context | None = None) -> Json:
        """Have the provider handle an event, and return its one answer."""
        self.answers.received.clear()
        index.handler(event, context or Context())
        return self.answers.accepted()

    def create(self, kind: str, properties: Json, **more: Any) -> Json:
        """Create a resource."""
        return self.send(self.event("Create", kind, properties, **more))

    def update(self, kind: str, old: Json, new: Json, **more: Any) -> Json:
        """Update a resource; a rollback is the same with old and new swapped."""
        return self.send(self.event("Update", kind, new, OldResourceProperties=old, **more))

    def delete(self, kind: str, properties: Json, **more: Any) -> Json:
        """Delete a resource."""
        return self.send(self.event("Delete", kind, properties, **more))

    # the account

    def admins(self) -> list[str]:
        """List the data lake administrators."""
        settings = self.lakeformation.get_data_lake_settings()["DataLakeSettings"]
        return [admin["DataLakePrincipalIdentifier"] for admin in settings["DataLakeAdmins"]]

    def permissions(self) -> set[tuple[str, str, str, bool]]:
        """Collect what is granted: principal, resource as JSON, permission, whether it may be granted on."""
        listed = self.lakeformation.list_permissions()["PrincipalResourcePermissions"]
        return {
            (
                each["Principal"]["DataLakePrincipalIdentifier"],
                json.dumps(each["Resource"], sort_keys=True),
                permission,
                permission in each.get("PermissionsWithGrantOption", []),
            )
            for each in listed
            for permission in each["Permissions"]
        }

    def link(self, name: str) -> Json | None:
        """Return the target of a link, {} for a real database, None for nothing."""
        try:
            found: Json = self.glue.get_database(Name=name)["Database"]
        except self.glue.exceptions.EntityNotFoundException:
            return None
        return found.get("TargetDatabase") or {}

    def table(self, fields: list[Json] | None = None) -> Table:
        """Create a table with flat columns, or without any, as the emulator does for a nested schema."""
        bucket = f"b-{uuid.uuid4().hex[:20]}"
        arn = self.s3tables.create_table_bucket(name=bucket)["arn"]
        self.s3tables.create_namespace(tableBucketARN=arn, namespace=["analytics"])
        created = self.s3tables.create_table(
            tableBucketARN=arn, namespace="analytics", name="events", format="ICEBERG"
        )
        table = Table(self.s3tables, self.ministack_url, bucket, arn, created["tableARN"])
        if fields:
            table.alter(fields)
        return table


def physical_id(kind: str, logical: str = "Resource") -> str:
    """Return the id that a resource of the test's stack always has."""
    return f"{kind}:{STACK}:{logical}"


@contextmanager
def answer_server() -> Iterator[AnswerServer]:
    """Run an answer server."""
    server = AnswerServer()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
