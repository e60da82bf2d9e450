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
    region: str
    base: str
    """URL of the bucket's catalog: its prefix is the table bucket's ARN."""

    @classmethod
    def of(cls, session: boto3.Session, bucket: str) -> Catalog:
        """Return the catalog of a bucket."""
        client = session.client("s3tables")
        identity = session.client("sts").get_caller_identity()
        partition, account = identity["Arn"].split(":")[1], identity["Account"]
        region = client.meta.region_name
        prefix = quote(f"arn:{partition}:s3tables:{region}:{account}:bucket/{bucket}", safe="")
        return cls(session, region, f"{client.meta.endpoint_url}/iceberg/v1/{prefix}")

    def load(self, namespace: str, table: str) -> Mapping[str, Any]:
        """Return a table's Iceberg metadata. Raises NotLoaded.

        S3 user guide, s3-tables-integrating-open-source.html: a load takes
        s3tables:GetTableMetadataLocation and s3tables:GetTableData.
        """
        url = f"{self.base}/namespaces/{quote(namespace)}/tables/{quote(table)}"
        request = AWSRequest(method="GET", url=url, headers={"Accept": "application/json"})
        credentials = self.session.get_credentials()
        if credentials is None:
            raise NotLoaded(0, "there are no AWS credentials")
        SigV4Auth(credentials, "s3tables", self.region).add_auth(request)
        answer = URLLib3Session(timeout=20).send(request.prepare())
        if answer.status_code != 200:
            raise NotLoaded(answer.status_code, answer.text[:200])
        try:
            metadata: Mapping[str, Any] = json.loads(answer.content)["metadata"]
        except (ValueError, KeyError, TypeError) as error:
            raise NotLoaded(200, "the answer is no table's metadata") from error
        return metadata
