"""Other specs than the shipped one: the documented example, nested columns, and a stream with everything."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from decimal import Decimal

import pytest
import yaml
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import NullOrder, SortDirection, SortField, SortOrder
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform
from pyiceberg.types import (
    DecimalType,
    IntegerType,
    ListType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestamptzType,
)

from tests.bed import Bed
from tests.e2e.account import destination, grants, stream
from tests.e2e.pipelines import ROOT, compiled

ORDERS = """
version: 1
pipeline: nested-orders
namespaces: {sales: {}}
tables:
  orders:
    namespace: sales
    columns:
      order_id: {type: string, required: true, doc: ULID}
      placed_at: {type: timestamptz, required: true}
      amount: decimal(12,2)
      lines: "list<struct<sku: string!, quantity: int!, price: decimal(12,2)>>"
      labels: map<string, string>
    identifier: [order_id]
    partition: [day(placed_at), "bucket(16, order_id)"]
    sort: [placed_at desc nulls last, order_id]
  baskets:
    namespace: sales
    columns:
      lines: "list<struct<sku: string!, quantity: int!, price: decimal(12,2)>>"
      labels: map<string, string>
streams:
  baskets: {table: baskets}
"""

ROUTED = """
version: 1
pipeline: routed-orders
namespaces: {sales: {}}
tables:
  orders:
    namespace: sales
    columns: {order_id: string, amount: long}
  refunds:
    namespace: sales
    columns: {order_id: string, reason: string}
  imports:
    namespace: sales
    columns: {order_id: string}
streams:
  changes:
    tables: [orders, refunds]
    catalog: direct
    transform: {function_arn: "arn:aws:lambda:us-east-1:111122223333:function:reshape"}
    route: {table: .kind, operation: .change}
    unique_keys: {orders: [order_id], refunds: [order_id]}
  imports:
    table: imports
    source: {kinesis_arn: "arn:aws:kinesis:us-east-1:111122223333:stream/sales"}
"""

# Says what the JQ of `route` says, which the emulator does not evaluate; a transform's word counts first.
RESHAPE = """
import base64, json

def handler(event, context):
    return {"records": [reshaped(record) for record in event["records"]]}

def reshaped(record):
    row = json.loads(base64.b64decode(record["data"]))
    way = {
        "destinationDatabaseName": "sales",
        "destinationTableName": row.pop("kind"),
        "operation": row.pop("change"),
    }
    data = base64.b64encode(json.dumps(row).encode()).decode()
    return {"recordId": record["recordId"], "result": "Ok", "data": data, "metadata": {"otfMetadata": way}}
"""


def test_the_documented_example_takes_a_record_and_gives_a_row(bed: Bed) -> None:
    spec = yaml.safe_load((ROOT / "docs" / "examples" / "clicks.yaml").read_text())
    outputs = bed.deploy(compiled(spec), "clicks")
    assert bed.catalog("clicks").load_table("web.clicks").schema() == Schema(
        NestedField(1, "id", StringType(), required=True),
        NestedField(2, "at", TimestamptzType(), required=False),
    )
    bed.point_stream_at(outputs["ClicksStreamName"], outputs["TableBucketArn"], "web")
    bed.put_records(outputs["ClicksStreamName"], [{"id": "1", "at": "2026-11-22T10:00:00+01:00"}])
    bed.wait_for_rows("SELECT id FROM clicks", "clicks", "web")
    (row,) = bed.catalog("clicks").load_table("web.clicks").scan().to_arrow().to_pylist()
    assert (row["id"], row["at"].isoformat()) == ("1", "2026-11-22T09:00:00+00:00")
    bed.delete("clicks")


@pytest.fixture(scope="module")
def orders(bed: Bed) -> Iterator[Bed]:
    """Deploy a table of nested columns with identifier, partition and sort order."""
    bed.deploy(compiled(yaml.safe_load(ORDERS)), "nested-orders")
    yield bed
    bed.delete("nested-orders")


def test_nested_columns_have_the_ids_that_were_compiled(orders: Bed) -> None:
    line = StructType(
        NestedField(7, "sku", StringType(), required=True),
        NestedField(8, "quantity", IntegerType(), required=True),
        NestedField(9, "price", DecimalType(12, 2), required=False),
    )
    table = orders.catalog("nested-orders").load_table("sales.orders")
    assert table.schema() == Schema(
        NestedField(1, "order_id", StringType(), required=True, doc="ULID"),
        NestedField(2, "placed_at", TimestamptzType(), required=True),
        NestedField(3, "amount", DecimalType(12, 2), required=False),
        NestedField(4, "lines", ListType(6, line, element_required=False), required=False),
        NestedField(5, "labels", MapType(10, StringType(), 11, StringType(), False), required=False),
        identifier_field_ids=[1],
    )


def test_partition_and_sort_order_are_those_of_the_spec(orders: Bed) -> None:
    table = orders.catalog("nested-orders").load_table("sales.orders")
    assert table.spec() == PartitionSpec(
        PartitionField(2, 1000, DayTransform(), "placed_at_day"),
        PartitionField(1, 1001, BucketTransform(16), "order_id_bucket_16"),
        spec_id=table.spec().spec_id,
    )
    assert table.sort_order() == SortOrder(
        SortField(2, IdentityTransform(), SortDirection.DESC, NullOrder.NULLS_LAST),
        SortField(1, IdentityTransform(), SortDirection.ASC, NullOrder.NULLS_FIRST),
        order_id=table.sort_order().order_id,
    )


def test_nested_records_become_nested_rows(orders: Bed) -> None:
    # Another table, because the emulator's delivery refuses one with a sort order.
    orders.point_stream_at("nested-orders-baskets", orders.bucket_arn("nested-orders"), "sales")
    cup, bag = {"sku": "cup", "quantity": 2, "price": 9.95}, {"sku": "bag", "quantity": 1}
    orders.put_records("nested-orders-baskets", [{"lines": [cup, bag], "labels": {"gift": "yes"}}])

    query = "SELECT lines[1].sku, lines[1].price, lines[2].price, labels['gift'] FROM baskets"
    assert orders.wait_for_rows(query, "nested-orders", "sales") == [("cup", "9.95", None, "yes")]
    table = orders.catalog("nested-orders").load_table("sales.baskets")
    assert table.scan().to_arrow().to_pylist() == [
        {
            "lines": [{**cup, "price": Decimal("9.95")}, {**bag, "price": None}],
            "labels": [("gift", "yes")],
        }
    ]


@pytest.fixture(scope="module")
def routed(bed: Bed) -> Iterator[Bed]:
    """Deploy a stream that reshapes and routes its records, and one that reads from Kinesis."""
    source = io.BytesIO()
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("reshape.py", RESHAPE)
    functions = bed.client("lambda")
    functions.create_function(
        FunctionName="reshape",
        Runtime="python3.13",
        Role=bed.role_arn("Theirs"),
        Handler="reshape.handler",
        Code={"ZipFile": source.getvalue()},
    )
    outputs = bed.deploy(compiled(yaml.safe_load(ROUTED)), "routed-orders")
    bed.point_stream_at(outputs["ChangesStreamName"], outputs["TableBucketArn"], "sales")
    yield bed
    bed.delete("routed-orders")
    functions.delete_function(FunctionName="reshape")


def test_a_stream_transforms_and_routes_as_the_spec_says(routed: Bed) -> None:
    found = destination(routed, "routed-orders-changes")
    assert found["DestinationTableConfigurationList"] == [
        {"DestinationDatabaseName": "sales", "DestinationTableName": name, "UniqueKeys": ["order_id"]}
        for name in ("orders", "refunds")
    ]
    assert found["AppendOnly"] is False
    query = '{destinationDatabaseName: "sales", destinationTableName: (.kind), operation: (.change)}'
    assert [
        (each["Type"], {one["ParameterName"]: one["ParameterValue"] for one in each["Parameters"]})
        for each in found["ProcessingConfiguration"]["Processors"]
    ] == [
        ("Lambda", {"LambdaArn": f"arn:aws:lambda:{routed.region}:{routed.account}:function:reshape"}),
        ("MetadataExtraction", {"MetadataExtractionQuery": query, "JsonParsingEngine": "JQ-1.6"}),
    ]


def test_a_stream_reads_from_kinesis(routed: Bed) -> None:
    # That it is asked to; the emulator hands records of Kinesis on to S3 alone, so no row comes of it.
    described = stream(routed, "routed-orders-imports")
    assert described["DeliveryStreamType"] == "KinesisStreamAsSource"
    source = described["Source"]["KinesisStreamSourceDescription"]
    assert source["KinesisStreamARN"] == f"arn:aws:kinesis:{routed.region}:{routed.account}:stream/sales"
    assert source["RoleARN"] == routed.role_arn("routed-orders-delivery")
    assert "DeliveryStreamEncryptionConfiguration" not in described


def test_the_delivery_role_may_read_the_source_call_the_transform_and_delete_rows(routed: Bed) -> None:
    kinesis = f"arn:aws:kinesis:{routed.region}:{routed.account}:stream"
    function = f"arn:aws:lambda:{routed.region}:{routed.account}:function"
    role = "routed-orders-delivery"
    for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListShards"):
        assert routed.allowed(role, f"kinesis:{action}", f"{kinesis}/sales")
        assert not routed.allowed(role, f"kinesis:{action}", f"{kinesis}/finance")
    for action in ("GetFunctionConfiguration", "InvokeFunction"):
        assert routed.allowed(role, f"lambda:{action}", f"{function}:reshape")
        assert not routed.allowed(role, f"lambda:{action}", f"{function}:other")
    deleted = {table.rsplit("/")[-1] for _, table, permission in grants(routed) if permission == "DELETE"}
    assert deleted == {"orders", "refunds"}


def test_a_record_is_reshaped_routed_and_changed_by_its_key(routed: Bed) -> None:
    def put(kind: str, change: str, **row: object) -> None:
        routed.put_records("routed-orders-changes", [{"kind": kind, "change": change, **row}])

    def wait(query: str, count: int) -> None:
        routed.wait_for_rows(query, "routed-orders", "sales", count=count)

    put("orders", "insert", order_id="a", amount=1)
    put("orders", "insert", order_id="b", amount=2)
    put("refunds", "insert", order_id="a", reason="broken")
    wait("SELECT * FROM orders", 2)
    wait("SELECT * FROM refunds", 1)
    put("orders", "update", order_id="b", amount=3)
    wait("SELECT * FROM orders WHERE amount = 3", 1)
    put("orders", "delete", order_id="a")
    wait("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM orders WHERE order_id = 'a')", 1)
    assert routed.sql("SELECT * FROM orders", "routed-orders", "sales") == [("b", "3")]
    assert routed.sql("SELECT * FROM refunds", "routed-orders", "sales") == [("a", "broken")]
