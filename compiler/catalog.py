"""S3 Tables' own Iceberg REST catalog, read for plans and locks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session


@dataclass
class NotLoaded(Exception):
    """A table that the catalog did not give: the HTTP status and what it said."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """The tables of one bucket in the caller's account and Region."""

    session: boto3.Session
    bucket: str

    def load(self, namespace: str, table: str) -> Mapping[str, Any]:
        """Return a table's Iceberg metadata. Raises NotLoaded.

        S3 user guide, s3-tables-integrating-open-source.html: the catalog's prefix is the table
        bucket's ARN; a load takes s3tables:GetTableMetadataLocation and s3tables:GetTableData.
        """
        client = self.session.client("s3tables")
        prefix = quote(self._arn(), safe="")
        path = f"{prefix}/namespaces/{quote(namespace)}/tables/{quote(table)}"
        url = f"{client.meta.endpoint_url}/iceberg/v1/{path}"
        request = AWSRequest(method="GET", url=url, headers={"Accept": "application/json"})
        credentials = self.session.get_credentials()
        if credentials is None:
            raise NotLoaded(0, "there are no AWS credentials")
        SigV4Auth(credentials, "s3tables", client.meta.region_name).add_auth(request)
        answer = URLLib3Session(timeout=20).send(request.prepare())
        if answer.status_code != 200:
            raise NotLoaded(answer.status_code, answer.text[:200])
        metadata: Mapping[str, Any] = json.loads(answer.content)["metadata"]
        return metadata

    def _arn(self) -> str:
        identity = self.session.client("sts").get_caller_identity()
        partition, account = identity["Arn"].split(":")[1], identity["Account"]
        return f"arn:{partition}:s3tables:{self.session.region_name}:{account}:bucket/{self.bucket}"
