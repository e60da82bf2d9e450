"""Put records to delivery streams, and lead their delivery to the tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

# https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
_RECORDS_A_BATCH = 500


def put(client: Any, stream: str, records: Iterable[Mapping[str, object]]) -> None:
    """Put every record as one JSON document; fail where the stream takes one and not another."""
    documents = [{"Data": json.dumps(record).encode()} for record in records]
    for start in range(0, len(documents), _RECORDS_A_BATCH):
        batch = documents[start : start + _RECORDS_A_BATCH]
        answer = client.put_record_batch(DeliveryStreamName=stream, Records=batch)
        assert answer["FailedPutCount"] == 0, answer["RequestResponses"]


def point_at(client: Any, stream: str, bucket_arn: str, namespace: str) -> None:
    """Give the stream's destination the catalog that the emulator lost, keeping its tables.

    Two gaps of ministack 1.5.33: a template's `CatalogArn` is dropped, because the API spells it
    `CatalogARN`; and a resource link in the default catalog is not followed. Its delivery wants the
    table bucket itself as catalog and the namespace as database. An update of the stack that touches
    the stream makes the destination anew, so call this again after one.
    """
    described = client.describe_delivery_stream(DeliveryStreamName=stream)["DeliveryStreamDescription"]
    (destination,) = described["Destinations"]
    tables = destination["IcebergDestinationDescription"].get("DestinationTableConfigurationList", [])
    client.update_destination(
        DeliveryStreamName=stream,
        CurrentDeliveryStreamVersionId=described["VersionId"],
        DestinationId=destination["DestinationId"],
        IcebergDestinationUpdate={
            "CatalogConfiguration": {"CatalogARN": bucket_arn},
            "DestinationTableConfigurationList": [
                {**table, "DestinationDatabaseName": namespace} for table in tables
            ],
        },
    )
