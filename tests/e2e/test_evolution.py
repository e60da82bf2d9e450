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


def test_rows_lie_under_the_partitioning_of_their_time(shop: Project) -> None:
    """The one through the stream and the user's own deploy command, both slow."""


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
        assert shop.compile() == 0
        sets.append(shop.change_set(name))
    cloudformation.execute_change_set(ChangeSetName=sets[0])
    with pytest.raises(ClientError, match="ChangeSetNotFound"):
        cloudformation.execute_change_set(ChangeSetName=sets[1])

    shop.wait()
    assert "first" in shop.rows("racing")[0]
    assert "second" not in shop.rows("racing")[0]
    shop.deploy()
    absent = {"first": None, "second": None}
    assert shop.rows("racing") == [{**FULL, **absent}, {**EMPTY, **absent}]
