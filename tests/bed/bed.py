"""The test bed as tests see it: clients, deploys, records in, rows out."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config
from pyiceberg.catalog.rest import RestCatalog

from tests.bed import roles, rows, servers, stacks, streams

# What the emulator does not keep: it has no Lake Formation, and its Glue forgets a link's target.
_SERVED_BY_MOTO = frozenset({"glue", "lakeformation"})


class Bed:
    """An AWS account of its own on two loopback ports: ministack, and moto for Lake Formation and Glue.

    Use it as a context manager; nothing of it outlives the block, neither process nor file.
    `auth` makes ministack evaluate IAM policies. The default caller is the account's root, whom
    nothing is denied; `role=` in the methods below calls as a role instead. Under `auth`, Firehose
    delivers nothing, because the emulator's delivery does not sign its calls: look for rows without it.
    """

    account = servers.ACCOUNT
    region = servers.REGION

    def __init__(self, *, auth: bool = False) -> None:
        self.auth = auth
        self._folder = tempfile.TemporaryDirectory(prefix="bed-", ignore_cleanup_errors=True)
        self._servers: list[servers.Server] = []
        self._clients: dict[str, Any] = {}
        self._results: str | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def url(self) -> str:
        """Return the endpoint of every service but Glue and Lake Formation."""
        return self._ministack.url

    @property
    def moto_url(self) -> str:
        """Return the endpoint of Glue and Lake Formation."""
        return self._moto.url

    def client(self, service: str, *, role: str | None = None) -> Any:
        """Return a boto3 client of the service, with the rights of the role called `role` or of root."""
        if role:
            return self._connect(service, self._credentials(role))
        if service not in self._clients:
            self._clients[service] = self._connect(service, self._credentials(None))
        return self._clients[service]

    def deploy(
        self, template: str, stack: str, parameters: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Create or update the stack through a change set and return its outputs.

        A template that changes nothing is fine. Raises `DeployFailed` with the reasons of the stack's events.
        """
        body = stacks.body(self.client("s3"), self.url, template)
        return stacks.deploy(self.client("cloudformation"), body, stack, parameters or {})

    def deploy_with_cli(self, template: Path, stack: str, *arguments: str) -> dict[str, str]:
        """Deploy as a user does, with `aws cloudformation deploy`, and return the stack's outputs.

        Half a minute at least: the command sleeps 30 s before it looks at the stack a second time.
        """
        client = self.client("cloudformation")
        since = stacks.latest_event(client, stack)
        command = ("cloudformation", "deploy", "--template-file", str(template), "--stack-name", stack)
        finished = self.aws(*command, "--capabilities", "CAPABILITY_NAMED_IAM", *arguments)
        if finished.returncode:
            raise stacks.DeployFailed(stack, finished.stderr.strip(), stacks.reasons(client, stack, since))
        return stacks.outputs(client, stack)

    def aws(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the AWS CLI of this Python environment against the bed."""
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": servers.ROOT_KEY,
            "AWS_SECRET_ACCESS_KEY": servers.ROOT_KEY,
        }
        command = [str(Path(sys.executable).with_name("aws")), *arguments]
        return subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    def delete(self, stack: str) -> None:
        """Delete the stack and wait until it is gone; raise `DeployFailed` where it stays."""
        stacks.delete(self.client("cloudformation"), stack)

    def put_records(
        self, stream: str, records: Iterable[Mapping[str, object]], *, role: str | None = None
    ) -> None:
        """Put the records, as JSON, to the delivery stream."""
        streams.put(self.client("firehose", role=role), stream, records)

    def point_stream_at(self, stream: str, bucket_arn: str, namespace: str) -> None:
        """Let a deployed stream deliver to the tables of a namespace: see `streams.point_at` for why."""
        streams.point_at(self.client("firehose"), stream, bucket_arn, namespace)

    def sql(
        self, query: str, bucket: str, namespace: str, *, role: str | None = None, workgroup: str = "primary"
    ) -> list[rows.Row]:
        """Run one statement in Athena and return its rows, every value as text or None."""
        context = {"Catalog": f"s3tablescatalog/{bucket}", "Database": namespace}
        return rows.query(self.client("athena", role=role), query, context, workgroup, self._results_bucket())

    def wait_for_rows(
        self, query: str, bucket: str, namespace: str, *, count: int = 1, timeout: float = 30
    ) -> list[rows.Row]:
        """Query until there are at least `count` rows; after `timeout` s, fail with what it last saw."""
        return rows.wait(lambda: self.sql(query, bucket, namespace), count, timeout)

    def catalog(self, bucket: str, *, role: str | None = None) -> RestCatalog:
        """Return pyiceberg's catalog of the table bucket, over S3 Tables' own Iceberg REST endpoint."""
        credentials = self._credentials(role)
        properties = {
            "uri": f"{self.url}/iceberg",
            "warehouse": self.bucket_arn(bucket),
            "rest.sigv4-enabled": "true",
            "rest.signing-name": "s3tables",
            "rest.signing-region": self.region,
            "client.region": self.region,
            "client.access-key-id": credentials["aws_access_key_id"],
            "client.secret-access-key": credentials["aws_secret_access_key"],
        }
        if role:
            properties["client.session-token"] = credentials["aws_session_token"]
        return RestCatalog(bucket, **properties)

    def bucket_arn(self, bucket: str) -> str:
        """Return the ARN of the table bucket with this name."""
        return f"arn:aws:s3tables:{self.region}:{self.account}:bucket/{bucket}"

    def role_arn(self, role: str) -> str:
        """Return the ARN of the role with this name."""
        return f"arn:aws:iam::{self.account}:role/{role}"

    def allowed(self, role: str, action: str, resource: str = "*") -> bool:
        """Say whether the role's policies let it do the action on the resource: see `roles.allowed`."""
        return roles.allowed(self.client("iam"), self.role_arn(role), action, resource)

    def log(self, lines: int = 60) -> str:
        """Return the last lines that the servers wrote."""
        return "\n".join(f"== {server.name}\n{server.tail(lines)}" for server in self._servers)

    def _connect(self, service: str, credentials: dict[str, str]) -> Any:
        client = boto3.client(
            service,
            endpoint_url=self.moto_url if service in _SERVED_BY_MOTO else self.url,
            region_name=self.region,
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
            **credentials,
        )
        if service == "s3":
            # The bed speaks plain HTTP; a bucket policy that demands TLS takes this header for it.
            client.meta.events.register("before-send.s3", _claim_tls)
        return client

    @property
    def _moto(self) -> servers.Server:
        return self._servers[0]

    @property
    def _ministack(self) -> servers.Server:
        return self._servers[1]

    def _start(self) -> None:
        folder, python = Path(self._folder.name), servers.bed_python()
        self._servers.append(servers.start_moto(folder))
        self._servers.append(servers.start_ministack(folder, python, self._moto.url, auth=self.auth))

    def _stop(self) -> None:
        for server in reversed(self._servers):
            server.stop()
        self._folder.cleanup()

    def _credentials(self, role: str | None) -> dict[str, str]:
        if role is None:
            return {"aws_access_key_id": servers.ROOT_KEY, "aws_secret_access_key": servers.ROOT_KEY}
        return roles.assume(self.client("iam"), self.client("sts"), role)

    def _results_bucket(self) -> str:
        if self._results is None:
            self._results = "athena-results"
            self.client("s3").create_bucket(Bucket=self._results)
        return self._results


def _claim_tls(request: Any, **_: object) -> None:
    request.headers["X-Forwarded-Proto"] = "https"
