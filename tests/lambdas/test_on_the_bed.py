"""Events in, rows, and a query's answer: both functions in this process, all else on the bed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyiceberg import types
from pyiceberg.schema import Schema

from lambdas.ingest import index as ingest
from lambdas.query import index as query
from tests.bed import Bed
from tests.bed.front import Front
from tests.lambdas.endpoint import Context
from tests.lambdas.query.athena import request

Json = dict[str, Any]

BUCKET, NAMESPACE = "functions", "web"
LINES = types.ListType(
    21,
    types.StructType(
        types.NestedField(22, "sku", types.StringType(), required=True),
        types.NestedField(23, "at", types.TimestampType(), required=False),
    ),
    element_required=False,
)
VISITS = Schema(
    types.NestedField(1, "site", types.StringType(), required=False),
    types.NestedField(2, "day", types.StringType(), required=False),
    types.NestedField(3, "moment", types.TimestampType(), required=False),
)
EVERYTHING = Schema(
    types.NestedField(1, "flag", types.BooleanType(), required=False),
    types.NestedField(2, "small", types.IntegerType(), required=False),
    types.NestedField(3, "large", types.LongType(), required=False),
    types.NestedField(4, "single", types.FloatType(), required=False),
    types.NestedField(5, "number", types.DoubleType(), required=False),
    types.NestedField(6, "amount", types.DecimalType(38, 9), required=False),
    types.NestedField(7, "born", types.DateType(), required=False),
    types.NestedField(8, "moment", types.TimestampType(), required=False),
    types.NestedField(9, "seen", types.TimestamptzType(), required=False),
    types.NestedField(10, "name", types.StringType(), required=False),
    types.NestedField(11, "raw", types.BinaryType(), required=False),
    types.NestedField(
        12, "labels", types.MapType(24, types.StringType(), 25, types.LongType()), required=False
    ),
    types.NestedField(13, "lines", LINES, required=False),
)
TABLES = {"visits": VISITS, "everything": EVERYTHING}


def columns(schema: Schema) -> list[list[Any]]:
    """Return the columns as the compiler writes them into the function: Iceberg's own JSON."""
    fields = json.loads(schema.model_dump_json())["fields"]
    return [[field["name"], field["type"], field["required"]] for field in fields]


INGEST: Json = {
    "streams": {name: {"name": f"functions-{name}", "columns": columns(TABLES[name])} for name in TABLES},
    "choose": {"field": "kind", "streams": {"everything": "everything"}, "default": "visits"},
    "stamp": {"day": "today"},
    "unknown": "reject",
}
TYPED = """\
SELECT flag, small, large, number, CAST(amount AS VARCHAR) AS amount, born, moment, name
FROM everything
WHERE flag = ? AND small = ? AND large = ? AND single = ? AND number > ? AND amount = ?
  AND born = ? AND moment = ? AND seen = ? AND name = ?"""
VISITS_BY_DAY = """\
SELECT day, count(*) AS visits, max(moment) AS last
FROM visits WHERE site = ? AND moment >= ?
GROUP BY 1"""
QUERIES: Json = {
    "visits_by_day": {
        "database": NAMESPACE,
        "sql": VISITS_BY_DAY,
        "parameters": [["site", "string"], ["since", "timestamp"]],
    },
    "all": {
        "database": NAMESPACE,
        "sql": "SELECT site FROM visits WHERE site <> '?' ORDER BY 1",
        "parameters": [],
    },
    "broken": {"database": NAMESPACE, "sql": "SELECT secret FROM visits", "parameters": []},
    "typed": {
        "database": NAMESPACE,
        "sql": TYPED,
        "parameters": [
            ["flag", "boolean"],
            ["small", "int"],
            ["large", "long"],
            ["single", "float"],
            ["number", "double"],
            ["amount", "decimal(38,9)"],
            ["born", "date"],
            ["moment", "timestamp"],
            ["seen", "timestamptz"],
            ["name", "string"],
        ],
    },
}


@dataclass(frozen=True, slots=True)
class Deployed:
    """The functions, and a look past them at the tables."""

    bed: Bed

    def ingest(self, body: Any) -> tuple[int, Json]:
        """Post events to the one."""
        response = ingest.handler(request(body), Context())
        return response["statusCode"], json.loads(response["body"])

    def query(self, body: Json) -> tuple[int, Json]:
        """Ask the other."""
        response = query.handler(request(body), Context())
        return response["statusCode"], json.loads(response["body"])

    def rows(self, table: str, count: int) -> list[Json]:
        """Wait for so many rows, and read them with pyiceberg."""
        self.bed.wait_for_rows(f"SELECT 1 FROM {table}", BUCKET, NAMESPACE, count=count)
        rows: list[Json] = (
            self.bed.catalog(BUCKET).load_table(f"{NAMESPACE}.{table}").scan().to_arrow().to_pylist()
        )
        return rows


@pytest.fixture(scope="module")
def deployed(bed: Bed) -> Iterator[Deployed]:
    """Make tables and streams to them, and lead the functions' clients to the bed."""
    bed.client("s3tables").create_table_bucket(name=BUCKET)
    catalog = bed.catalog(BUCKET)
    catalog.create_namespace(NAMESPACE)
    bed.client("s3").create_bucket(Bucket="functions-backup")
    for name, schema in TABLES.items():
        catalog.create_table(f"{NAMESPACE}.{name}", schema)
        bed.client("firehose").create_delivery_stream(
            DeliveryStreamName=f"functions-{name}", IcebergDestinationConfiguration=destination(bed, name)
        )
    config = {
        "workgroup": "primary",
        "catalog": f"s3tablescatalog/{BUCKET}",
        "output": None,
        "queries": QUERIES,
    }
    with Front(bed) as front, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", front.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", bed.region)
        patch.setattr(ingest, "CONFIG", INGEST)
        patch.setattr(query, "CONFIG", config)
        ingest.firehose.cache_clear()
        query.athena.cache_clear()
        yield Deployed(bed)
    ingest.firehose.cache_clear()
    query.athena.cache_clear()


def destination(bed: Bed, table: str) -> Json:
    """Describe a stream's destination."""
    role = bed.role_arn("functions-delivery")
    return {
        "RoleARN": role,
        "CatalogConfiguration": {"CatalogARN": bed.bucket_arn(BUCKET)},
        "DestinationTableConfigurationList": [
            {"DestinationDatabaseName": NAMESPACE, "DestinationTableName": table}
        ],
        "S3Configuration": {"RoleARN": role, "BucketARN": "arn:aws:s3:::functions-backup"},
    }


def test_events_become_rows_and_rows_a_query_s_answer(deployed: Deployed) -> None:
    status, answer = deployed.ingest(
        [
            {"site": "o'hara", "moment": "2026-11-22T10:00:00.123456+02:00"},
            {"site": "o'hara", "moment": 1_795_341_600_000},
            {"site": "o'hara", "moment": "2026-11-01"},
            {"site": "o'hara", "moment": "soon"},
            {"site": "other", "moment": "2026-11-22T10:00:00Z", "kind": 7},
        ]
    )
    assert (status, answer["accepted"], answer["rejected"], answer["failed"]) == (207, 4, 1, 0)
    today = datetime.now(UTC).date()
    days = {today.isoformat(), (today - timedelta(days=1)).isoformat()}
    rows = deployed.rows("visits", 4)
    assert sorted((row["site"], row["moment"]) for row in rows) == [
        ("o'hara", datetime(2026, 11, 1)),
        ("o'hara", datetime(2026, 11, 22, 8, 0, 0, 123456)),
        ("o'hara", datetime(2026, 11, 22, 10, 0)),
        ("other", datetime(2026, 11, 22, 10, 0)),
    ]
    assert {row["day"] for row in rows} <= days

    status, answer = deployed.query(
        {"query": "visits_by_day", "parameters": {"site": "o'hara", "since": "2026-11-22T09:00+02:00"}}
    )
    assert status == 200
    assert answer["columns"] == [
        {"name": "day", "type": "string"},
        {"name": "visits", "type": "long"},
        {"name": "last", "type": "timestamp"},
    ]
    assert [row[1:] for row in answer["rows"]] == [[2, "2026-11-22T10:00:00"]]
    assert answer["scanned_bytes"] > 0


def test_a_value_of_every_type_comes_out_as_it_went_in(deployed: Deployed) -> None:
    event = {
        "kind": "everything",
        "flag": "TRUE",
        "small": "-7",
        "large": 9_007_199_254_740_993,
        "single": 0.5,
        "number": "0.1",
        "amount": "12345678901234567890123456789.123456789",
        "born": "1969-07-20",
        "moment": "1969-07-20T20:17:40.000001",
        "seen": "2026-11-22T10:00:00+02:00",
        "name": "größer \U0001f600 'quoted'",
        "labels": {"a": "1", "b c": 2},
        "lines": [{"sku": "x", "at": 1_795_341_600}, {"sku": 7}],
    }
    assert deployed.ingest(event)[0] == 202
    (row,) = deployed.rows("everything", 1)
    assert row | {"labels": dict(row["labels"])} == {
        "flag": True,
        "small": -7,
        "large": 9_007_199_254_740_993,
        "single": 0.5,
        "number": 0.1,
        "amount": Decimal("12345678901234567890123456789.123456789"),
        "born": date(1969, 7, 20),
        "moment": datetime(1969, 7, 20, 20, 17, 40, 1),
        "seen": datetime(2026, 11, 22, 8, 0, tzinfo=UTC),
        "name": "größer \U0001f600 'quoted'",
        "raw": None,
        "labels": {"a": 1, "b c": 2},
        "lines": [{"sku": "x", "at": datetime(2026, 11, 22, 10, 0)}, {"sku": "7", "at": None}],
    }

    parameters = {key: event[key] for key in ("large", "single", "amount", "born", "moment", "seen", "name")}
    parameters |= {"flag": True, "small": -7, "number": 0.05}
    status, answer = deployed.query({"query": "typed", "parameters": parameters})
    assert (status, answer["rows"]) == (
        200,
        [
            [
                True,
                -7,
                9_007_199_254_740_993,
                0.1,
                event["amount"],
                "1969-07-20",
                "1969-07-20T20:17:40.000001",
                event["name"],
            ]
        ],
    )


def test_a_result_comes_in_several_answers(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "PAGE", 3)
    monkeypatch.setattr(query, "ANSWER", 50)
    deployed.rows("visits", 4)
    status, first = deployed.query({"query": "all"})
    assert (status, first["rows"]) == (200, [["o'hara"]] * 3)
    status, second = deployed.query({"query": "all", "next": first["next"]})
    assert (status, second["rows"]) == (200, [["other"]])
    assert "next" not in second
    assert deployed.query({"query": "visits_by_day", "next": first["next"]})[0] == 400


def test_a_query_that_fails_keeps_the_reason_to_itself(deployed: Deployed) -> None:
    status, answer = deployed.query({"query": "broken"})
    assert (status, answer["type"]) == (502, "urn:problem-type:query-failed")
    assert "secret" not in json.dumps(answer)


def test_a_stream_that_is_not_there_is_told_as_failed(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = {"visits": {**INGEST["streams"]["visits"], "name": "gone"}}
    monkeypatch.setattr(ingest, "CONFIG", {**INGEST, "streams": gone, "choose": None})
    status, answer = deployed.ingest({"site": "a"})
    assert (status, answer["failed"]) == (503, 1)
    assert '"errors": {"ResourceNotFoundException": 1}' in capsys.readouterr().out
