"""A table's schema, on ministack's Iceberg REST catalog; pyiceberg judges every commit as well."""

from __future__ import annotations

import copy
import json
import threading
from typing import Any

import pytest
from pydantic import TypeAdapter
from pyiceberg.table.metadata import TableMetadataUtil
from pyiceberg.table.update import TableRequirement, TableUpdate, update_table_metadata

from lambdas.provider import index
from tests.lambdas.provider.cloud import ACCOUNT, Cloud, Context, Table
from tests.lambdas.provider.faults import CONFLICT, NO_TABLE
from tests.lambdas.provider.faults import answer as scripted

KIND = "IcebergTableSchema"
Json = dict[str, Any]


def column(number: int, name: str, kind: Any = "string", required: bool = False, **more: Any) -> Json:
    """Make a column."""
    return {"id": number, "name": name, "required": required, "type": kind, **more}


SITE = column(1, "site_id", required=True, doc="Which site it is.")
EVENT = column(2, "event")
AT = column(3, "timestamp", "timestamp")
PROPERTIES = column(
    4,
    "properties",
    {"type": "map", "key-id": 5, "key": "string", "value-id": 6, "value": "string", "value-required": False},
)
TAGS = column(7, "tags", {"type": "list", "element-id": 8, "element": "string", "element-required": False})
DEVICE = column(9, "device", {"type": "struct", "fields": [column(10, "os"), column(11, "width", "int")]})
AMOUNT = column(12, "amount", "decimal(9,2)")
FIRST = [SITE, EVENT, AT]
BY_DAY = {"source-id": 3, "field-id": 1000, "name": "timestamp_day", "transform": "day"}
BY_SITE = {"source-id": 1, "field-id": 1001, "name": "site_id_bucket", "transform": "bucket[16]"}
SORTED = {"source-id": 3, "transform": "identity", "direction": "asc", "null-order": "nulls-first"}


def evolve(cloud: Cloud, table: Table, *targets: Json, **more: Any) -> Json:
    """Bring a table to one target after the other, and return the last answer."""
    old: Json = {}
    for target in targets:
        answer = cloud.update(KIND, old, target) if old else cloud.create(KIND, target)
        assert answer["Status"] == "SUCCESS", answer["Reason"]
        old = target
    assert_pyiceberg_accepts(cloud)
    return answer


def update(cloud: Cloud, old: Json, new: Json) -> Json:
    """Bring a table from one target to the next, and return the answer."""
    cloud.script.clear()
    answer = cloud.update(KIND, old, new)
    assert answer["Status"] == "SUCCESS", answer["Reason"]
    assert_pyiceberg_accepts(cloud)
    return answer


def assert_pyiceberg_accepts(cloud: Cloud) -> None:
    """Apply every commit to the metadata it was made for, by pyiceberg's rules.

    The emulator takes any schema; pyiceberg builds it, and refuses ids and names that clash, an
    identifier that is not required, a partition or sort order on a column that is not there.
    """
    loaded: Json = {}
    for call in cloud.script.calls:
        if call.operation == "LoadTable":
            loaded = call.response.get("metadata", {})
        elif call.operation == "CommitTable" and call.response.get("metadata"):
            base = TableMetadataUtil.parse_obj(loaded)
            for requirement in TypeAdapter(list[TableRequirement]).validate_python(
                call.request["requirements"]
            ):
                requirement.validate(base)
            updates = TypeAdapter(list[TableUpdate]).validate_python(call.request["updates"])
            update_table_metadata(base, tuple(updates))


def commits(cloud: Cloud) -> list[list[str]]:
    """List the actions of every commit."""
    return [
        [update["action"] for update in request["updates"]]
        for request in cloud.script.requests("CommitTable")
    ]


def partition(table: Table) -> list[Json]:
    """Return the fields of the default partition spec."""
    metadata = table.metadata()
    (spec,) = (each for each in metadata["partition-specs"] if each["spec-id"] == metadata["default-spec-id"])
    fields: list[Json] = spec["fields"]
    return fields


def sort_order(table: Table) -> Json:
    """Return the default sort order."""
    metadata = table.metadata()
    (order,) = (
        each for each in metadata["sort-orders"] if each["order-id"] == metadata["default-sort-order-id"]
    )
    found: Json = order
    return found


# the straight path


def test_a_table_without_columns_gets_all_of_them_as_they_are_wanted(cloud: Cloud) -> None:
    table = cloud.table()
    columns = [*FIRST, PROPERTIES, TAGS, DEVICE, AMOUNT]
    answer = evolve(cloud, table, table.target(columns, Identifier="[1]"))
    assert table.columns() == columns
    assert table.schema()["identifier-field-ids"] == [1]
    assert table.metadata()["last-column-id"] == 12
    assert answer["PhysicalResourceId"] == "IcebergTableSchema:web-analytics:Resource"
    assert answer["Data"] == {"SchemaId": 1, "Commits": 1, "Note": "added columns"}


def test_a_table_that_is_as_wanted_gets_no_commit(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    answer = evolve(cloud, table, table.target(FIRST), table.target(FIRST, ServiceTimeout="400"))
    assert cloud.script.operations() == ["LoadTable", "LoadTable"]
    assert answer["Data"]["Commits"] == 0


def test_a_commit_demands_that_nobody_changed_the_shape_of_the_table(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    before = table.metadata()
    evolve(cloud, table, table.target([*FIRST, TAGS]))
    (request,) = cloud.script.requests("CommitTable")
    assert sorted(request["requirements"], key=str) == sorted(
        [
            {"type": "assert-table-uuid", "uuid": before["table-uuid"]},
            {"type": "assert-current-schema-id", "current-schema-id": 1},
            {"type": "assert-last-assigned-field-id", "last-assigned-field-id": 3},
            {"type": "assert-last-assigned-partition-id", "last-assigned-partition-id": 999},
            {"type": "assert-default-spec-id", "default-spec-id": 0},
            {"type": "assert-default-sort-order-id", "default-sort-order-id": 0},
        ],
        key=str,
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SITE, {**SITE, "required": False}),
        (SITE, {**SITE, "name": "site"}),
        (SITE, {**SITE, "doc": "The site."}),
        (SITE, {key: value for key, value in SITE.items() if key != "doc"}),
        (column(1, "n", "int"), column(1, "n", "long")),
        (column(1, "n", "float"), column(1, "n", "double")),
        (column(1, "n", "decimal(9, 2)"), column(1, "n", "decimal(12,2)")),
        (
            DEVICE,
            column(
                9, "device", {"type": "struct", "fields": [column(10, "system"), column(11, "width", "long")]}
            ),
        ),
        (
            column(7, "t", {"type": "list", "element-id": 8, "element": "int", "element-required": True}),
            column(7, "t", {"type": "list", "element-id": 8, "element": "long", "element-required": False}),
        ),
        (
            column(4, "p", {**PROPERTIES["type"], "value": "float", "value-required": True}),
            column(4, "p", {**PROPERTIES["type"], "value": "double", "value-required": False}),
        ),
    ],
    ids=[
        "relaxed",
        "renamed",
        "doc",
        "no-doc",
        "long",
        "double",
        "decimal",
        "in-a-struct",
        "in-a-list",
        "in-a-map",
    ],
)
def test_a_column_changes_in_place(cloud: Cloud, before: Json, after: Json) -> None:
    table = cloud.table([before, AT])
    evolve(cloud, table, table.target([after, AT]))
    assert table.columns() == [after, AT]
    assert commits(cloud) == [["add-schema", "set-current-schema"]]


def test_columns_are_put_in_the_order_of_the_target(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    evolve(cloud, table, table.target([AT, SITE, EVENT]))
    assert table.names() == ["timestamp", "site_id", "event"]


def test_names_can_be_swapped(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    evolve(
        cloud,
        table,
        table.target(FIRST),
        table.target([SITE, {**EVENT, "name": "timestamp"}, {**AT, "name": "event"}]),
    )
    assert table.names() == ["site_id", "timestamp", "event"]
    assert len(commits(cloud)) == 1


def test_a_space_in_a_decimal_is_no_difference(cloud: Cloud) -> None:
    table = cloud.table([{**AMOUNT, "type": "decimal(9, 2)"}])
    evolve(cloud, table, table.target([AMOUNT]))
    assert commits(cloud) == []


def test_a_space_in_a_decimal_that_is_the_key_of_a_map_is_no_difference(cloud: Cloud) -> None:
    spaced, plain = ({**PROPERTIES["type"], "key": key} for key in ("decimal(9, 2)", "decimal(9,2)"))
    table = cloud.table([SITE, {**PROPERTIES, "type": spaced}])
    evolve(cloud, table, table.target([SITE, {**PROPERTIES, "type": plain}]))
    assert commits(cloud) == []


def test_an_earlier_schema_is_used_again(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    old, new = table.target(FIRST), table.target([{**SITE, "name": "site"}, EVENT, AT])
    evolve(cloud, table, old, new, old)
    assert commits(cloud) == [["add-schema", "set-current-schema"], ["set-current-schema"]]
    assert table.columns() == FIRST


def test_relaxing_and_adding_are_two_commits(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    answer = evolve(cloud, table, table.target([{**SITE, "required": False}, TAGS, EVENT, AT]))
    assert answer["Data"]["Note"] == "changed columns; added columns"
    assert table.columns() == [{**SITE, "required": False}, TAGS, EVENT, AT]


def test_columns_are_added_inside_of_a_struct(cloud: Cloud) -> None:
    table = cloud.table([SITE, DEVICE])
    more = {"type": "struct", "fields": [column(13, "browser"), *DEVICE["type"]["fields"]]}
    evolve(cloud, table, table.target([SITE, {**DEVICE, "type": more}]))
    assert table.columns() == [SITE, {**DEVICE, "type": more}]


def test_columns_are_dropped_that_the_target_before_had(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    evolve(cloud, table, table.target(FIRST), table.target([SITE, AT]))
    assert table.columns() == [SITE, AT]


def test_the_last_column_id_never_goes_back(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    evolve(cloud, table, table.target(FIRST), table.target([SITE, EVENT], RetiredColumns="[3]"))
    (request,) = cloud.script.requests("CommitTable")
    assert request["updates"][0]["last-column-id"] == 3
    assert table.names() == ["site_id", "event"]


def test_columns_are_dropped_inside_of_a_struct(cloud: Cloud) -> None:
    table = cloud.table([DEVICE, AMOUNT])
    less = {**DEVICE, "type": {"type": "struct", "fields": [column(11, "width", "int")]}}
    evolve(cloud, table, table.target([DEVICE, AMOUNT]), table.target([less, AMOUNT]))
    assert table.columns() == [less, AMOUNT]


def test_adding_and_dropping_are_two_commits(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    answer = evolve(cloud, table, table.target(FIRST), table.target([SITE, AT, TAGS]))
    assert answer["Data"]["Note"] == "added columns; dropped columns"
    assert table.columns() == [SITE, AT, TAGS]


def test_a_dropped_name_can_be_used_again_for_another_type(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    again = column(13, "event", "long")
    evolve(cloud, table, table.target(FIRST), table.target([SITE, again, AT]))
    assert table.columns() == [SITE, again, AT]


def test_a_dropped_name_can_go_to_another_column(cloud: Cloud) -> None:
    table = cloud.table([SITE, EVENT, TAGS])
    target = table.target([SITE, {**TAGS, "name": "event"}])
    evolve(cloud, table, table.target([SITE, EVENT, TAGS]), target)
    assert table.columns() == [SITE, {**TAGS, "name": "event"}]


def test_a_partition_on_a_dropped_column_changes_first(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    old = table.target(FIRST, PartitionFields=[BY_DAY], SortFields=[SORTED])
    new_at = column(13, "timestamp", "timestamptz")
    by_day = {**BY_DAY, "source-id": 13, "field-id": 1002}
    new = table.target(
        [SITE, EVENT, new_at], PartitionFields=[by_day], SortFields=[{**SORTED, "source-id": 13}]
    )
    evolve(cloud, table, old)
    answer = update(cloud, old, new)
    assert answer["Data"]["Note"].split("; ") == [
        "changed columns",
        "added columns",
        "changed the partition",
        "changed the sort order",
        "dropped columns",
    ]
    assert table.columns() == [SITE, EVENT, new_at]
    assert partition(table) == [by_day]


def test_a_stage_that_is_versions_behind_drops_what_was_retired_since(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    evolve(cloud, table, table.target([SITE, AT, TAGS], RetiredColumns="[2, 12]"))
    assert table.columns() == [SITE, AT, TAGS]


def test_every_way_through_a_history_ends_in_the_same_columns(cloud: Cloud) -> None:
    history: list[Json] = [
        {"columns": FIRST},
        {"columns": [*FIRST, DEVICE, PROPERTIES], "more": {"PartitionFields": [BY_DAY]}},
        {"columns": [{**SITE, "name": "site", "required": False}, AT, DEVICE, PROPERTIES]},
        {
            "columns": [
                AT,
                {**SITE, "name": "site", "required": False},
                DEVICE,
                AMOUNT,
                column(13, "event", "long"),
            ]
        },
    ]
    retired = "[2, 4, 5, 6]"
    step_by_step, at_once, fresh = cloud.table(FIRST), cloud.table(FIRST), cloud.table()

    def target(table: Table, version: Json) -> Json:
        return table.target(version["columns"], RetiredColumns=retired, **version.get("more", {}))

    evolve(cloud, step_by_step, *(target(step_by_step, version) for version in history))
    evolve(cloud, at_once, target(at_once, history[-1]))
    evolve(cloud, fresh, target(fresh, history[-1]))
    assert step_by_step.columns() == at_once.columns() == fresh.columns() == history[-1]["columns"]


# partition, sort order, properties


def test_a_partition_spec_is_added_and_made_the_default(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    evolve(cloud, table, table.target(FIRST, PartitionFields=[BY_DAY, BY_SITE]))
    assert partition(table) == [BY_DAY, BY_SITE]
    assert table.metadata()["default-spec-id"] == 1


def test_an_earlier_spec_is_used_again(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    by_day, plain = table.target(FIRST, PartitionFields=[BY_DAY]), table.target(FIRST)
    evolve(cloud, table, by_day, plain, by_day)
    assert commits(cloud) == [["add-spec", "set-default-spec"], ["set-default-spec"], ["set-default-spec"]]
    assert partition(table) == [BY_DAY]


def test_a_partition_field_keeps_the_id_it_has_in_the_table(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    spec = {"spec-id": 1, "fields": [{**BY_DAY, "field-id": 1007}]}
    table.commit({"action": "add-spec", "spec": spec}, {"action": "set-default-spec", "spec-id": 1})
    evolve(cloud, table, table.target(FIRST, PartitionFields=[BY_DAY]))
    assert commits(cloud) == []
    hourly = {**BY_DAY, "transform": "hour", "name": "timestamp_hour", "field-id": 1007}
    evolve(cloud, table, table.target(FIRST, PartitionFields=[BY_DAY, hourly]))
    assert [field["field-id"] for field in partition(table)] == [1007, 1008]


def test_a_partition_on_a_new_column_comes_after_it(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    field = {"source-id": 13, "field-id": 1000, "name": "country", "transform": "identity"}
    evolve(cloud, table, table.target([*FIRST, column(13, "country")], PartitionFields=[field]))
    assert [each[0] for each in commits(cloud)] == ["add-schema", "add-spec"]


def test_a_sort_order_is_added_and_taken_back(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    by_time, plain = table.target(FIRST, SortFields=[SORTED]), table.target(FIRST)
    evolve(cloud, table, by_time)
    assert sort_order(table) == {"order-id": 1, "fields": [SORTED]}
    update(cloud, by_time, plain)
    assert sort_order(table) == {"order-id": 0, "fields": []}
    update(cloud, plain, by_time)
    assert commits(cloud) == [["set-default-sort-order"]]


def test_unsorted_has_the_order_id_zero_where_the_table_never_was(cloud: Cloud) -> None:
    """A table that is created with a sort order has no other one: iceberg's own `newTableMetadata`."""
    table = cloud.table(FIRST)
    by_time = table.target(FIRST, SortFields=[SORTED])
    evolve(cloud, table, by_time)
    cloud.script.clear()
    metadata = {**table.metadata()}
    metadata["sort-orders"] = metadata["sort-orders"][1:]
    assert index.default_updates(metadata, "sort-order", []) == [
        {"action": "add-sort-order", "sort-order": {"order-id": 0, "fields": []}},
        {"action": "set-default-sort-order", "sort-order-id": 0},
    ]


def test_properties_are_set_and_only_our_own_removed(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    table.commit({"action": "set-properties", "updates": {"theirs": "1", "write.format.default": "orc"}})
    old = table.target(
        FIRST, TableProperties={"format-version": "2", "write.format.default": "parquet", "x": "1"}
    )
    new = table.target(FIRST, TableProperties={"format-version": "2", "y": "2"})
    evolve(cloud, table, old)
    assert table.metadata()["properties"] == {"theirs": "1", "write.format.default": "parquet", "x": "1"}
    answer = update(cloud, old, new)
    assert table.metadata()["properties"] == {"theirs": "1", "y": "2"}
    assert answer["Data"]["Note"] == "set properties; removed properties"


def test_a_table_made_today_loses_a_property_that_it_was_to_have_only_once(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    table.commit({"action": "set-properties", "updates": {"theirs": "1", "x": "1", "y": "1"}})
    evolve(cloud, table, table.target(FIRST, TableProperties={"y": "2"}, LostProperties=["x", "z"]))
    assert table.metadata()["properties"] == {"theirs": "1", "y": "2"}


# columns of others


def test_a_column_of_somebody_else_stays_and_is_told(cloud: Cloud) -> None:
    table = cloud.table([*FIRST, column(13, "theirs")])
    answer = evolve(cloud, table, table.target(FIRST), table.target([SITE, AT, column(14, "ours")]))
    assert answer["Data"]["Note"] == (
        "added columns; dropped columns; column 'theirs' (id 13) stays: it is not of this pipeline"
    )
    assert table.names() == ["site_id", "timestamp", "theirs", "ours"]


def test_a_column_of_somebody_else_inside_of_a_struct_stays(cloud: Cloud) -> None:
    theirs = {**DEVICE, "type": {"type": "struct", "fields": [*DEVICE["type"]["fields"], column(13, "x")]}}
    table = cloud.table([SITE, theirs])
    answer = evolve(cloud, table, table.target([SITE, DEVICE]))
    assert "column 'device.x' (id 13) stays" in answer["Data"]["Note"]
    assert commits(cloud) == []


def test_a_name_that_somebody_else_used_is_refused(cloud: Cloud) -> None:
    table = cloud.table([*FIRST, column(13, "country", "int")])
    answer = cloud.update(KIND, table.target(FIRST), table.target([*FIRST, column(14, "country")]))
    assert answer["Status"] == "FAILED"
    assert "somebody else added a column 'country' (id 13)" in answer["Reason"]
    assert commits(cloud) == []
    assert (
        cloud.update(KIND, table.target([*FIRST, column(14, "country")]), table.target(FIRST))["Status"]
        == "SUCCESS"
    )


def test_an_id_that_somebody_else_used_is_refused(cloud: Cloud) -> None:
    table = cloud.table([*FIRST, column(13, "theirs")])
    old, new = table.target(FIRST), table.target([*FIRST, column(13, "ours")])
    answer = cloud.update(KIND, old, new)
    assert answer["Status"] == "FAILED"
    assert "column 'ours' needs the id 13, with which somebody else added 'theirs'" in answer["Reason"]
    assert "`analytics-compile lock SPEC --from-aws`" in answer["Reason"]
    assert cloud.update(KIND, new, old)["Status"] == "SUCCESS"
    assert table.names() == ["site_id", "event", "timestamp", "theirs"]


def test_an_id_that_a_dropped_column_of_somebody_else_had_is_refused(cloud: Cloud) -> None:
    """Rows written while it was there would show in the new column."""
    table = cloud.table([*FIRST, column(13, "theirs")])
    table.alter(FIRST)
    old, new = table.target(FIRST), table.target([*FIRST, column(13, "ours")])
    answer = cloud.update(KIND, old, new)
    assert answer["Status"] == "FAILED"
    assert "column 'ours' needs the id 13, with which somebody else added 'theirs'" in answer["Reason"]
    assert commits(cloud) == []
    assert cloud.update(KIND, new, old)["Status"] == "SUCCESS"
    assert update(cloud, old, table.target([*FIRST, column(14, "ours")]))["Data"]["Commits"] == 1


def test_a_column_of_ours_comes_back_after_two_versions_were_taken_back(cloud: Cloud) -> None:
    """The target between them is unknown by then; the name tells that the id was ours."""
    table = cloud.table(FIRST)
    versions = [
        table.target(FIRST),
        table.target([*FIRST, TAGS]),
        table.target(FIRST, RetiredColumns="[7, 8]"),
    ]
    evolve(cloud, table, *versions, versions[0], versions[1])
    assert table.columns() == [*FIRST, TAGS]


def test_the_first_deploy_over_a_table_takes_its_ids_as_they_are(cloud: Cloud) -> None:
    table = cloud.table([*FIRST, column(13, "theirs")])
    table.alter(FIRST)
    evolve(cloud, table, table.target([*FIRST, column(13, "ours")]))
    assert table.names() == ["site_id", "event", "timestamp", "ours"]


@pytest.mark.parametrize(
    ("live", "wanted"),
    [
        ("string", "long"),
        ("string", DEVICE["type"]),
        (DEVICE["type"], "string"),
        (DEVICE["type"], TAGS["type"]),
        (TAGS["type"], {**TAGS["type"], "element-id": 20}),
        (PROPERTIES["type"], {**PROPERTIES["type"], "key": "long"}),
        ("decimal(9,2)", "decimal(12,3)"),
        ("timestamp", "timestamptz"),
    ],
    ids=["primitive", "to-struct", "from-struct", "nested", "element-id", "map-key", "scale", "zone"],
)
def test_another_kind_of_type_is_refused(cloud: Cloud, live: Any, wanted: Any) -> None:
    table = cloud.table([SITE, column(9, "x", live)])
    answer = cloud.create(KIND, table.target([SITE, column(9, "x", wanted)]))
    assert answer["Status"] == "FAILED"
    assert "column 'x' is" in answer["Reason"]
    assert "cannot become" in answer["Reason"]
    assert commits(cloud) == []


# rollback: the target is an older one


def test_a_rollback_keeps_what_it_could_only_lose(cloud: Cloud) -> None:
    table = cloud.table([SITE, column(2, "n", "int"), AT])
    old = table.target([SITE, column(2, "n", "int"), AT], PartitionFields=[BY_DAY])
    new = table.target(
        [{**SITE, "required": False, "name": "site"}, column(2, "n", "long"), AT, column(13, "country")],
        PartitionFields=[BY_SITE],
        TableProperties={"x": "1"},
    )
    evolve(cloud, table, old, new)
    answer = update(cloud, new, old)
    assert table.columns() == [
        {**SITE, "required": False},
        column(2, "n", "long"),
        AT,
        column(13, "country"),
    ]
    assert partition(table) == [BY_DAY]
    assert table.metadata()["properties"] == {}
    for words in ("'site_id' stays optional", "'n' stays long", "'country' (id 13) stays: dropping would"):
        assert words in answer["Data"]["Note"]
    evolve_again = cloud.update(KIND, old, new)
    assert evolve_again["Status"] == "SUCCESS"
    assert table.columns() == [json.loads(text) for text in new["Columns"]]


def test_a_rollback_brings_a_dropped_column_back_under_its_id(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    old, new = table.target(FIRST), table.target([SITE, AT, TAGS], RetiredColumns="[2]")
    evolve(cloud, table, old, new)
    update(cloud, new, old)
    assert table.columns() == [SITE, EVENT, AT, TAGS]


def test_a_required_column_comes_back_as_an_optional_one(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    old, new = table.target(FIRST), table.target([EVENT, AT], RetiredColumns="[1]")
    evolve(cloud, table, old, new)
    answer = update(cloud, new, old)
    assert table.columns() == [{**SITE, "required": False}, EVENT, AT]
    assert "column 'site_id' stays optional" in answer["Data"]["Note"]


def test_a_rollback_gives_a_name_back_that_a_new_column_took(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    old = table.target(FIRST)
    new = table.target([SITE, {**EVENT, "name": "action"}, AT, column(13, "event", "long")])
    evolve(cloud, table, old, new)
    update(cloud, new, old)
    assert table.columns() == [*FIRST, column(13, "event_13", "long")]
    update(cloud, old, new)
    assert table.columns() == [json.loads(text) for text in new["Columns"]]


def test_a_rollback_of_half_an_update_is_complete(cloud: Cloud) -> None:
    """The forward update failed after its first commit."""
    table = cloud.table(FIRST)
    old = table.target(FIRST)
    new = table.target([SITE, {**AT, "name": "at"}, TAGS])
    evolve(cloud, table, old)
    table.alter([SITE, EVENT, {**AT, "name": "at"}])
    update(cloud, new, old)
    assert table.columns() == FIRST


# the catalog


def test_a_lost_race_starts_from_a_fresh_load(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    cloud.script.positions[2] = CONFLICT
    cloud.create(KIND, table.target([*FIRST, TAGS]))
    assert cloud.script.operations() == ["LoadTable", "CommitTable", "LoadTable", "CommitTable", "LoadTable"]
    assert table.columns() == [*FIRST, TAGS]


def test_a_table_that_is_seconds_old_is_waited_for(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    cloud.script.positions.update({1: NO_TABLE, 2: NO_TABLE})
    assert cloud.create(KIND, table.target([*FIRST, TAGS]))["Status"] == "SUCCESS"


def test_a_table_that_is_not_there_fails_with_the_catalogs_words(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    answer = cloud.create(KIND, {**table.target(FIRST), "Table": "gone"})
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith("the catalog answered 404")
    assert "NoSuchTableException" in answer["Reason"]


def test_a_catalog_that_takes_commits_and_forgets_them_ends_in_a_failure(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    cloud.script.always["CommitTable"] = scripted({})
    answer = cloud.create(KIND, table.target([*FIRST, TAGS]))
    assert answer["Status"] == "FAILED"
    assert "differs from its target even after 16 commits" in answer["Reason"]


def test_delete_leaves_the_table_alone(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    answer = cloud.delete(KIND, table.target([]))
    assert (answer["Status"], cloud.script.operations()) == ("SUCCESS", [])


def test_two_deploys_at_once_end_in_one_of_the_targets(cloud: Cloud) -> None:
    table = cloud.table(FIRST)
    targets = [
        table.target([*FIRST, column(13, "a")]),
        table.target([*FIRST, column(13, "a"), column(14, "b")]),
    ]

    def deploy(target: Json) -> None:
        clock = index.Clock(Context().get_remaining_time_in_millis)
        request = index.Request("Create", copy.deepcopy(target), {}, ACCOUNT, "role")
        index.schema(request, clock, index.client(clock, "s3tables"))

    threads = [threading.Thread(target=deploy, args=(target,)) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert table.columns() == [*FIRST, column(13, "a"), column(14, "b")]
    numbers = [schema["schema-id"] for schema in table.metadata()["schemas"]]
    assert len(numbers) == len(set(numbers))
