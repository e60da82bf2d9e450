"""A table with rows in it evolves: edit the spec, compile, deploy; every row is still there and right.

Each scenario has a table of its own in one stack. Its rows are written before and after, and read by
pyiceberg and by SQL; every deploy is checked as `Project.assert_evolved` says. Not to be shown here:
the emulator makes a table without its columns, so that a table made on AWS starts nearer to its target.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import boto3
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from pyiceberg.types import StringType

from compiler.cli import main
from lambdas.provider import index
from tests.bed import Bed, DeployFailed
from tests.compiling import read_template
from tests.e2e.account import databases
from tests.e2e.projects import Project, Row
from tests.lambdas.provider.cloud import Context

COLUMNS: dict[str, Any] = {
    "id": {"type": "string", "required": True},
    "flag": "boolean",
    "amount": "int",
    "total": "long",
    "ratio": "float",
    "score": "double",
    "price": "decimal(10,2)",
    "day": "date",
    "clock": "time",
    "happened": "timestamp",
    "seen": "timestamptz",
    "note": "string",
    "key": "uuid",
    "digest": "fixed(4)",
    "blob": "binary",
    "tags": "list<string>",
    "labels": "map<string, string>",
    "address": "struct<zip: string, city: string>",
    "lines": "list<struct<sku: string, n: int>>",
}
# What Firehose cannot deliver.
UNDELIVERABLE = ("clock", "key", "digest")
FULL: Row = {
    "id": "a",
    "flag": True,
    "amount": 2**31 - 1,
    "total": 2**63 - 1,
    "ratio": 1.5,
    "score": 0.1,
    "price": Decimal("12345678.90"),
    "day": date(2026, 2, 28),
    "clock": time(23, 59, 59, 999999),
    "happened": datetime(2026, 2, 28, 23, 59, 59, 999999),
    "seen": datetime(2026, 2, 28, 23, 0, tzinfo=UTC),
    "note": "grün",
    "key": UUID(int=7),
    "digest": b"\0\1\xfe\xff",
    "blob": b"blob",
    "tags": ["x", "y"],
    "labels": [("k", "v")],
    "address": {"zip": "10115", "city": "Berlin"},
    "lines": [{"sku": "s", "n": 2**31 - 1}],
}
# An absent list of structs reads as an empty one by pyiceberg 0.12.
EMPTY: Row = {**dict.fromkeys(FULL), "id": "b", "lines": []}
TEXTS = (
    *("a", "true", "2147483647", "9223372036854775807", "1.5", "0.1", "12345678.90", "2026-02-28"),
    *("23:59:59.999999", "2026-02-28 23:59:59.999999", "2026-02-28 23:00:00+00:00", "grün"),
    *(str(UUID(int=7)), r"b'\x00\x01\xfe\xff'", "b'blob'", "['x', 'y']", "{'k': 'v'}"),
    *("{'zip': '10115', 'city': 'Berlin'}", "[{'sku': 's', 'n': 2147483647}]"),
)
SCENARIOS = (
    *("added", "nested", "renamed", "widened", "relaxed", "reordered", "sorted", "dropped", "described"),
    *("failing", "racing", "contended"),
)


@pytest.fixture(scope="module")
def shop(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Deploy a table for each scenario, and one that a stream feeds."""
    fed = {name: kind for name, kind in COLUMNS.items() if name not in UNDELIVERABLE}
    spec = {
        "version": 1,
        "pipeline": "evolving-shop",
        "bucket": {"retain": False},
        "namespaces": {"shop": {}},
        "tables": {
            **{name: {"namespace": "shop", "columns": deepcopy(COLUMNS)} for name in SCENARIOS},
            "clicks": {"namespace": "shop", "columns": fed, "partition": ["day(happened)"]},
        },
        "streams": {"clicks": {"table": "clicks"}},
    }
    project = Project(bed, tmp_path_factory.mktemp("shop"), spec)
    project.deploy()
    yield project
    bed.delete(project.stack)


def append(project: Project, table: str, *rows: Row) -> None:
    """Append rows by pyiceberg."""
    live = project.table(table)
    bare = [{**row, **({"key": row["key"].bytes} if row.get("key") else {})} for row in rows]
    live.append(pa.Table.from_pylist(bare, schema=live.schema().as_arrow()))


def seed(project: Project, table: str) -> None:
    """Append a full row and an empty one, and see that both ways of reading tell them right."""
    append(project, table, FULL, EMPTY)
    assert project.rows(table) == [FULL, EMPTY]
    assert project.texts(table, COLUMNS) == [TEXTS, ("b", *[None] * (len(TEXTS) - 2), "[]")]


def texts(**changed: str) -> tuple[str, ...]:
    """Return the full row as SQL tells it, with other texts in some columns."""
    return tuple({**dict(zip(COLUMNS, TEXTS, strict=True)), **changed}.values())


def test_added_columns_are_null_in_old_rows_and_hold_values_in_new_ones(shop: Project) -> None:
    seed(shop, "added")
    shop.columns("added").update({"channel": "string", "visits": "map<string, long>"})
    shop.deploy()

    new = {**FULL, "id": "c", "channel": "mail", "visits": [("mon", 3)]}
    append(shop, "added", new)
    absent = {"channel": None, "visits": None}
    assert shop.rows("added") == [{**FULL, **absent}, {**EMPTY, **absent}, new]
    assert shop.texts("added", ["id", "channel", "visits", "note"]) == [
        ("a", None, None, "grün"),
        ("b", None, None, None),
        ("c", "mail", "{'mon': 3}", "grün"),
    ]


def test_fields_are_added_inside_a_struct_and_a_list_of_structs(shop: Project) -> None:
    seed(shop, "nested")
    shop.columns("nested").update(
        address="struct<zip: string, country: string, city: string>",
        lines="list<struct<sku: string, n: int, gift: struct<note: string>>>",
    )
    shop.deploy()

    address = {"zip": "75001", "country": "FR", "city": "Paris"}
    new = {**FULL, "id": "c", "address": address, "lines": [{"sku": "t", "n": 1, "gift": {"note": "hi"}}]}
    append(shop, "nested", new)
    old = {
        **FULL,
        "address": {"zip": "10115", "country": None, "city": "Berlin"},
        "lines": [{"sku": "s", "n": 2**31 - 1, "gift": None}],
    }
    assert shop.rows("nested") == [old, EMPTY, new]
    query = ["id", "address.country", "address.city", "lines[1].n", "lines[1].gift.note"]
    assert shop.texts("nested", query) == [
        ("a", None, "Berlin", "2147483647", None),
        ("b", None, None, None, None),
        ("c", "FR", "Paris", "1", "hi"),
    ]


def test_a_renamed_column_shows_its_values_under_the_new_name(shop: Project) -> None:
    seed(shop, "renamed")
    columns = {name: kind for name, kind in COLUMNS.items() if name not in ("note", "address")}
    columns["remark"] = {"type": "string", "was": "note"}
    columns["home"] = {"type": COLUMNS["address"], "was": "address"}
    shop.spec["tables"]["renamed"]["columns"] = columns
    shop.deploy()

    # Whoever writes the old rows again writes them under the new names.
    former = {"remark": "note", "home": "address"}
    old, empty = ({name: row[former.get(name, name)] for name in columns} for row in (FULL, EMPTY))
    append(shop, "renamed", {**old, "id": "c"})
    assert shop.rows("renamed") == [old, empty, {**old, "id": "c"}]
    assert shop.texts("renamed", ["id", "remark", "home.city"]) == [
        ("a", "grün", "Berlin"),
        ("b", None, None),
        ("c", "grün", "Berlin"),
    ]


def test_wider_types_hold_old_values_and_larger_ones(shop: Project) -> None:
    seed(shop, "widened")
    shop.columns("widened").update(
        amount="long", ratio="double", price="decimal(14,2)", lines="list<struct<sku: string, n: long>>"
    )
    shop.deploy()

    larger = {"amount": 2**40, "ratio": 1e300, "price": Decimal("123456789012.34")}
    new = {**FULL, **larger, "id": "c", "lines": [{"sku": "s", "n": 2**40}]}
    append(shop, "widened", new)
    assert shop.rows("widened") == [FULL, EMPTY, new]
    assert shop.texts("widened", ["id", "amount", "ratio", "price", "lines[1].n"]) == [
        ("a", "2147483647", "1.5", "12345678.90", "2147483647"),
        ("b", None, None, None, None),
        ("c", "1099511627776", "1e+300", "123456789012.34", "1099511627776"),
    ]


def test_a_required_column_becomes_optional(shop: Project) -> None:
    seed(shop, "relaxed")
    shop.columns("relaxed")["id"] = "string"
    shop.deploy()

    append(shop, "relaxed", {**FULL, "id": None})
    assert shop.rows("relaxed") == [{**FULL, "id": None}, FULL, EMPTY]
    assert shop.texts("relaxed", ["coalesce(id, 'none')", "note"]) == [
        ("a", "grün"),
        ("b", None),
        ("none", "grün"),
    ]


def test_another_order_and_other_docs_leave_every_value_in_its_column(shop: Project) -> None:
    seed(shop, "reordered")
    columns = {name: COLUMNS[name] for name in reversed(COLUMNS)}
    columns["note"] = {"type": "string", "doc": "What the customer said."}
    columns["address"] = "struct<city: string, zip: string>"
    shop.spec["tables"]["reordered"]["columns"] = columns
    shop.deploy()

    assert shop.table("reordered").schema().find_field("note").doc == "What the customer said."
    found = shop.rows("reordered")
    assert list(found[0]) == list(columns)
    assert sorted(found, key=lambda row: str(row["id"])) == [FULL, EMPTY]
    assert shop.texts("reordered", COLUMNS)[0] == texts(address="{'city': 'Berlin', 'zip': '10115'}")


def deliver(project: Project, row: Row) -> None:
    """Put a row to the stream of the clicks as the record that makes it, and wait for it."""
    before = len(project.rows("clicks"))
    known = {name: value for name, value in row.items() if name in project.columns("clicks")}
    record = json.dumps({**known, "labels": dict(known["labels"]), "blob": "blob"}, default=str)
    project.bed.put_records(f"{project.stack}-clicks", [json.loads(record)])
    project.bed.wait_for_rows(
        "SELECT id FROM clicks", project.stack, project.namespace, count=before + 1, timeout=60
    )


def test_rows_of_a_stream_lie_under_the_partitioning_of_their_time(shop: Project) -> None:
    """Here Firehose writes, as pyiceberg does elsewhere, and one deploy is by the AWS CLI, as users do it."""
    table = shop.spec["tables"]["clicks"]
    shop.bed.point_stream_at(f"{shop.stack}-clicks", shop.bed.bucket_arn(shop.stack), shop.namespace)
    deliver(shop, FULL)

    table["partition"] = ["day(happened)", "bucket(4, id)"]
    table["columns"]["channel"] = "string"
    shop.deploy(cli=True)
    deliver(shop, {**FULL, "id": "c", "channel": "mail"})

    table["partition"] = ["hour(happened)", "bucket(4, id)"]
    shop.deploy()
    deliver(shop, {**FULL, "id": "d", "channel": "post"})

    known = {name: FULL[name] for name in COLUMNS if name not in UNDELIVERABLE}
    assert shop.rows("clicks") == [
        {**known, "id": name, "channel": channel}
        for name, channel in (("a", None), ("c", "mail"), ("d", "post"))
    ]
    query = ["id", "channel", "happened", "price"]
    assert shop.texts("clicks", query) == [
        (name, channel, "2026-02-28 23:59:59.999999", "12345678.90")
        for name, channel in (("a", None), ("c", "mail"), ("d", "post"))
    ]
    files = [task.file for task in shop.table("clicks").scan().plan_files()]
    specs = shop.table("clicks").specs()
    assert sorted(str([field.name for field in specs[file.spec_id].fields]) for file in files) == [
        "['happened_day', 'id_bucket_4']",
        "['happened_day']",
        "['happened_hour', 'id_bucket_4']",
    ], "each row stays in the file that it came in, by the partitioning of then"
    found = shop.table("clicks").scan(row_filter="happened >= '2026-02-28T23:00:00'").to_arrow()
    assert sorted(found["id"].to_pylist()) == ["a", "c", "d"]


def test_rows_lie_in_the_sort_order_of_their_time(shop: Project) -> None:
    """Appended by pyiceberg: the emulator's Firehose cannot write to a sorted table."""
    seed(shop, "sorted")
    shop.spec["tables"]["sorted"]["sort"] = ["happened desc nulls last", "bucket(8, id)"]
    shop.deploy()
    append(shop, "sorted", {**FULL, "id": "c"})

    shop.spec["tables"]["sorted"]["sort"] = ["id"]
    shop.deploy()
    append(shop, "sorted", {**FULL, "id": "d"})

    assert shop.rows("sorted") == [FULL, EMPTY, {**FULL, "id": "c"}, {**FULL, "id": "d"}]
    assert shop.texts("sorted", ["id", "note"]) == [
        ("a", "grün"),
        ("b", None),
        ("c", "grün"),
        ("d", "grün"),
    ]
    shop.spec["tables"]["sorted"].pop("sort")
    shop.deploy()
    assert shop.table("sorted").sort_order().is_unsorted


def test_the_values_of_a_dropped_column_do_not_come_back_under_its_name(shop: Project) -> None:
    seed(shop, "dropped")
    table = shop.spec["tables"]["dropped"]
    del table["columns"]["amount"]
    assert shop.compile() == 1, "nobody has consented"
    table["allow"] = {"drop_column": {"names": ["amount"], "reason": "counted wrongly"}}
    shop.deploy()
    kept = [name for name in COLUMNS if name != "amount"]
    assert shop.rows("dropped") == [{name: row[name] for name in kept} for row in (FULL, EMPTY)]

    table["columns"]["amount"] = "string"
    table["allow"] = {}
    assert shop.compile() == 1, "nobody has consented"
    table["allow"] = {"reuse_name": {"names": ["amount"], "reason": "now with a unit"}}
    shop.deploy()
    append(shop, "dropped", {**FULL, "id": "c", "amount": "3 kg"})

    assert [row["amount"] for row in shop.rows("dropped")] == [None, None, "3 kg"]
    assert [row["total"] for row in shop.rows("dropped")] == [2**63 - 1, None, 2**63 - 1]
    assert shop.texts("dropped", ["id", "amount"]) == [("a", None), ("b", None), ("c", "3 kg")]
    first, again = (shop.locked()["dropped"][state]["columns"] for state in ("created", "current"))
    ids = [next(each["id"] for each in columns if each["name"] == "amount") for columns in (first, again)]
    assert ids[1] > shop.locked()["added"]["created"]["columns"][-1]["id"] > ids[0]


def test_table_properties_are_set_changed_and_removed(shop: Project) -> None:
    seed(shop, "described")
    table = shop.spec["tables"]["described"]
    before = shop.table("described").properties
    for properties in (
        {"write.parquet.compression-codec": "zstd", "owner": "team a"},
        {"owner": "team b"},
        {},
    ):
        table["properties"] = properties
        shop.deploy()
        assert shop.table("described").properties == {**before, **properties}
    assert shop.rows("described") == [FULL, EMPTY]


def test_a_deploy_that_fails_after_the_evolution_rolls_back_without_a_loss(shop: Project) -> None:
    """The lock is ahead of the stack then, and the next deploy catches up."""
    seed(shop, "failing")
    glue = shop.bed.client("glue")
    glue.create_database(DatabaseInput={"Name": "taken_evolving", "Description": "of somebody else"})
    shop.columns("failing").update(amount="long", channel="string")
    shop.spec["namespaces"]["shop"]["link"] = "taken_evolving"

    with pytest.raises(DeployFailed, match="the name 'taken_evolving' is taken") as failed:
        shop.deploy()

    assert failed.value.outcome == "UPDATE_ROLLBACK_COMPLETE"
    found = shop.rows("failing")
    assert [{name: row[name] for name in COLUMNS} for row in found] == [FULL, EMPTY]
    append(shop, "failing", {**FULL, "id": "c"})

    glue.delete_database(Name="taken_evolving")
    shop.deploy()
    assert databases(shop.bed)["taken_evolving"]
    absent = {"channel": None}
    assert shop.rows("failing") == [{**FULL, **absent}, {**EMPTY, **absent}, {**FULL, "id": "c", **absent}]


def test_of_two_deploys_that_race_one_is_refused_and_converges_later(shop: Project) -> None:
    seed(shop, "racing")
    cloudformation = shop.bed.client("cloudformation")
    sets = []
    for name in ("first", "second"):
        shop.columns("racing")[name] = "string"
        sets.append(shop.change_set(name))

    cloudformation.execute_change_set(ChangeSetName=sets[0])
    with pytest.raises(ClientError, match="ChangeSetNotFound"):
        cloudformation.execute_change_set(ChangeSetName=sets[1])

    cloudformation.get_waiter("stack_update_complete").wait(StackName=shop.stack, WaiterConfig={"Delay": 1})
    assert shop.rows("racing") == [{**FULL, "first": None}, {**EMPTY, "first": None}]
    shop.deploy()
    absent = {"first": None, "second": None}
    assert shop.rows("racing") == [{**FULL, **absent}, {**EMPTY, **absent}]


@pytest.fixture
def caller(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what asks boto3 for a session, as the compiler and the provider do, be the bed's root."""
    settings = {
        "AWS_ENDPOINT_URL": bed.url,
        "AWS_DEFAULT_REGION": bed.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "ROLE_ARN": bed.role_arn("provider"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto3.Session())


@pytest.mark.usefixtures("caller")
def test_two_providers_at_one_table_share_the_work(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when CloudFormation, not having heard of the first, calls the function again."""
    monkeypatch.setattr(index, "PACE", 0.05)
    seed(shop, "contended")
    old = provider_properties(shop, "contended")
    table = shop.spec["tables"]["contended"]
    table["columns"].update(amount="long", channel="string", address="struct<city: string>")
    table["allow"] = {"drop_column": {"names": ["address.zip"], "reason": "private"}}
    table.update(sort=["id"], partition=["bucket(4, channel)"], properties={"owner": "us"})
    assert shop.compile() == 0
    event = {
        "RequestType": "Update",
        "ResourceType": "Custom::IcebergTableSchema",
        "StackId": f"arn:aws:cloudformation:{shop.bed.region}:{shop.bed.account}:stack/{shop.stack}/1",
        "LogicalResourceId": "ContendedSchema",
        "PhysicalResourceId": "IcebergTableSchema",
        "ResourceProperties": provider_properties(shop, "contended"),
        "OldResourceProperties": old,
    }
    with ThreadPoolExecutor() as threads:
        answers = list(threads.map(index.run, [deepcopy(event) for _ in range(4)], [Context()] * 4))

    assert [answer["Status"] for answer in answers] == ["SUCCESS"] * 4, answers
    # Nobody can demand that properties be as they were; to set them twice does no harm.
    steps = [step for answer in answers for step in answer["Data"]["Note"].split("; ")]
    assert sorted(each for each in steps if each and each != "set properties") == [
        "added columns",
        "changed columns",
        "changed the partition",
        "changed the sort order",
        "dropped columns",
    ]
    assert len({answer["Data"]["SchemaId"] for answer in answers}) == 1
    before = states(shop, "contended")
    shop.deploy()
    assert states(shop, "contended") == before, "the deploy found nothing left to do"
    moved = {"channel": None, "address": {"city": "Berlin"}}
    assert shop.rows("contended") == [{**FULL, **moved}, {**EMPTY, **moved, "address": None}]


def states(project: Project, table: str) -> tuple[Any, ...]:
    """Return the schema of a table, how often it had another, and all else that the provider could change."""
    live = project.table(table)
    return live.schema(), len(live.schemas()), live.specs(), live.sort_orders(), live.properties


def provider_properties(project: Project, table: str) -> dict[str, Any]:
    """Return what the template tells the provider of a table, with its references resolved."""
    resources = read_template(project.template.read_text(encoding="utf-8"))["Resources"]
    properties = resources[project.locked()[table]["schema_id"]]["Properties"]
    known = {"BucketArn": project.bed.bucket_arn(project.stack), "Table": table}
    known |= {"Bucket": project.stack, "Namespace": project.namespace}
    plain = {key: value for key, value in properties.items() if "Arn" not in key and key != "ServiceToken"}
    return {**plain, **known}


@pytest.fixture(scope="module")
def stage(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Deploy a small pipeline twice: as it was first, with rows, and evolved."""
    columns = {"id": {"type": "string", "required": True}, "amount": "int", "note": "string"}
    spec: dict[str, Any] = {
        "version": 1,
        "pipeline": "evolving-stage",
        "bucket": {"retain": False},
        "namespaces": {"shop": {}},
        "tables": {"orders": {"namespace": "shop", "columns": columns}},
    }
    project = Project(bed, tmp_path_factory.mktemp("stage"), spec)
    project.deploy()
    append(project, "orders", {"id": "a", "amount": 1, "note": "one"})
    columns = {"id": {"type": "string", "required": True}, "remark": {"type": "string", "was": "note"}}
    changes = {"sort": ["id"], "partition": ["amount"], "properties": {"owner": "us"}}
    spec["tables"]["orders"] |= {"columns": {**columns, "amount": "long", "channel": "string"}, **changes}
    project.deploy()
    yield project
    bed.delete(project.stack)


def plan(project: Project, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    """Compare the spec with the stack; return the exit code and the plan."""
    capsys.readouterr()
    options = ("--stack", project.stack, "--format", "json", "--exit-code")
    code = main(["plan", project.write(), "--out", str(project.out), *options])
    said = json.loads(capsys.readouterr().out)
    return code, said["plans"][0]


@pytest.mark.usefixtures("caller")
def test_a_lost_lock_is_rebuilt_from_the_live_table(
    stage: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stage.locked()
    stage.lock.unlink()
    assert main(["lock", stage.write(), "--from-aws"]) == 0

    assert stage.compile("--check") == 0, capsys.readouterr().out
    after = stage.locked()
    for entry in (before["orders"], after["orders"]):
        entry.pop("history")
    assert after == before


@pytest.mark.usefixtures("caller")
def test_a_plan_against_the_stack_is_empty_after_a_deploy_and_tells_a_foreign_column(
    stage: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = plan(stage, capsys)
    assert (code, found["entries"], found["drift"]) == (0, [], [])

    with stage.table("orders").update_schema() as update:
        update.add_column("foreign", StringType())
    code, found = plan(stage, capsys)
    assert (code, found["entries"]) == (0, [])
    assert found["drift"] == [
        "table shop.orders: columns.foreign is string, and the template says nothing of it"
    ]
    with stage.table("orders").update_schema() as update:
        update.delete_column("foreign")


@pytest.mark.usefixtures("caller")
def test_the_id_of_a_column_that_somebody_dropped_is_free_no_more(stage: Project) -> None:
    """The provider refuses the next column, until the lock has learned it from the table."""
    column = stage.spec["tables"]["orders"]["columns"]
    column["city"] = "string"
    with pytest.raises(DeployFailed, match="needs the id 5, with which somebody else added 'foreign'"):
        stage.deploy()
    assert main(["lock", stage.write(), "--from-aws"]) == 0
    stage.deploy()
    assert [field.field_id for field in stage.table("orders").schema().fields][-1] == 6


def test_a_rename_of_a_table_keeps_its_resource_and_the_call_behind_it_keeps_the_rows(
    stage: Project, tmp_path: Path
) -> None:
    """The emulator would make a second table; shown are the template, and RenameTable, which AWS calls."""
    spec = deepcopy(stage.spec)
    spec["tables"] = {"purchases": {**spec["tables"]["orders"], "was": "orders"}}
    renamed = Project(stage.bed, tmp_path, spec)
    renamed.lock.write_bytes(stage.lock.read_bytes())
    assert renamed.compile() == 0

    before, after = (
        read_template(project.template.read_text(encoding="utf-8"))["Resources"]
        for project in (stage, renamed)
    )
    assert set(after) == set(before)
    assert before["OrdersTable"]["Properties"].pop("TableName") == "orders"
    assert after["OrdersTable"]["Properties"].pop("TableName") == "purchases"
    assert after["OrdersTable"] == before["OrdersTable"]
    assert after["OrdersSchema"]["Properties"]["Table"] == "purchases"

    rows, s3tables = stage.rows("orders"), stage.bed.client("s3tables")
    arn = stage.bed.bucket_arn(stage.stack)
    s3tables.rename_table(tableBucketARN=arn, namespace="shop", name="orders", newName="purchases")
    assert stage.rows("purchases") == rows != []
    s3tables.rename_table(tableBucketARN=arn, namespace="shop", name="purchases", newName="orders")
    stage.assert_evolved()


def test_a_stage_three_versions_behind_and_a_fresh_one_come_to_the_same_table(stage: Project) -> None:
    table = stage.spec["tables"]["orders"]
    kept = {"id": {"type": "string", "required": True}, "amount": "long"}
    versions: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"city": "string", "remark": "string", "channel": "string"}, {}),
        (
            {"city": "string", "comment": {"type": "string", "was": "remark"}, "channel": "string"},
            {"partition": ["city"]},
        ),
        (
            {"place": {"type": "string", "was": "city"}, "comment": "string"},
            {
                "partition": ["place"],
                "allow": {"drop_column": {"names": ["channel"], "reason": "all are online"}},
            },
        ),
    ]
    for columns, changes in versions:
        table |= {"columns": {**kept, **columns}, **changes}
        assert stage.compile() == 0
    stage.deploy()
    assert stage.rows("orders") == [{"id": "a", "amount": 1, "place": None, "comment": "one"}]

    jumped = stage.table("orders")
    stage.bed.delete(stage.stack)
    fresh = Project(stage.bed, stage.path.parent, stage.spec)
    fresh.deploy()
    live = fresh.table("orders")
    assert live.metadata.table_uuid != jumped.metadata.table_uuid
    assert live.schema().as_struct() == jumped.schema().as_struct()
    assert live.spec().fields == jumped.spec().fields
    assert live.sort_order().fields == jumped.sort_order().fields
    assert live.properties == jumped.properties
    append(fresh, "orders", {"id": "b", "amount": 2, "place": "Rome", "comment": "two"})
    assert fresh.texts("orders", ["id", "amount", "place", "comment"]) == [("b", "2", "Rome", "two")]
