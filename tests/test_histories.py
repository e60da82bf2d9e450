"""Random histories of a table: whatever was accepted, every way through it ends in the same table.

The commits are those of the provider itself, against pyiceberg's implementation of what a REST
catalog does with them. A longer look: HISTORIES=2000 pytest tests/test_histories.py
"""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pyiceberg.schema import Schema, _check_schema_compatible, assign_fresh_schema_ids
from pyiceberg.table.metadata import TableMetadataV2
from pyiceberg.table.update import TableUpdate, update_table_metadata

from compiler.change import Plan
from compiler.iceberg import (
    Shape,
    field_json,
    named_ids,
    partition_json,
    sort_json,
)
from compiler.lockfile import dump, parse
from compiler.registry import create_only
from compiler.semantics.metadata import created_by, shape_of
from compiler.semantics.replacement import resource_changes
from compiler.template import resources
from lambdas.provider import index
from tests.evolving import accept, plan, said, template
from tests.histories import WITHOUT, RandomTable

Json = dict[str, Any]

UPDATES: TypeAdapter[tuple[TableUpdate, ...]] = TypeAdapter(tuple[TableUpdate, ...])

histories = settings(
    max_examples=int(os.environ.get("HISTORIES", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Catalog:
    """One table in a REST catalog that is pyiceberg's."""

    def __init__(self, created: Shape) -> None:
        columns = [field_json(each) for each in created.columns]
        order = {"order-id": 1 if created.sort else 0, "fields": [sort_json(each) for each in created.sort]}
        self.metadata = TableMetadataV2.model_validate(
            {
                "format-version": 2,
                "table-uuid": str(uuid.uuid4()),
                "location": "s3://bucket",
                "last-updated-ms": 0,
                "last-column-id": max(field_id for field_id, _, _ in named_ids(created.columns)),
                "schemas": [schema_json(columns, created.identifier)],
                "current-schema-id": 0,
                "partition-specs": [
                    {"spec-id": 0, "fields": [partition_json(each) for each in created.partition]}
                ],
                "default-spec-id": 0,
                "last-partition-id": max([999, *(each.field_id for each in created.partition)]),
                "sort-orders": [order],
                "default-sort-order-id": order["order-id"],
                "properties": dict(created.properties),
            }
        )

    def bring(self, target: Json, last: Json | None = None) -> None:
        """Commit what the provider finds to do, one step after the other, until it finds nothing."""
        while (found := index.Evolution(target, last or {}, self.load()).next_step())[0]:
            metadata = update_table_metadata(
                self.metadata, UPDATES.validate_python(found[1]), enforce_validation=True
            )
            assert isinstance(metadata, TableMetadataV2)
            assert metadata != self.metadata, found[0]
            self.metadata = metadata

    def load(self) -> Json:
        """Return the metadata as a REST catalog sends it."""
        loaded: Json = json.loads(self.metadata.model_dump_json(by_alias=True))
        return loaded

    def shape(self) -> Shape:
        """Return what the table is now."""
        return shape_of(self.load(), {})


@dataclass(frozen=True)
class Version:
    """A state that was accepted: the plan, the template, what its schema resource says and its table."""

    plan: Plan
    template: str
    target: Json
    created: Shape
    fixed: Json
    shape: Shape


def version(planned: Plan, key: str) -> Version:
    """Read the template of a plan."""
    entry = planned.next_lock.tables[key]
    text = template(planned)
    made = resources(text)
    table = made[entry.logical_id].body()["Properties"]
    fixed = {each[0]: table.get(each[0]) for each in create_only("AWS::S3Tables::Table")}
    target = {**made[entry.schema_id].body()["Properties"], "BucketArn": "arn"}
    bare = Shape(
        **{name: getattr(entry.current, name) for name in ("columns", "identifier", "partition", "sort")},
        properties={},
    )
    return Version(planned, text, target, created_by(table), fixed, bare)


@histories
@given(st.data())
def test_every_way_through_a_history_ends_in_the_same_table(data: st.DataObject) -> None:
    table = RandomTable(data)
    ids: dict[int, int] = {}
    versions: list[Version] = []
    lock = None
    for _ in range(data.draw(st.integers(2, 7), label="steps")):
        step = table.step()
        note(step.spec)
        planned = accept(step.spec, lock=lock)
        if lock and data.draw(st.booleans(), label="gone in between"):
            planned = accept(WITHOUT, step.spec, lock=lock)
        if step.consents:
            _, found = plan(step.without_consent, lock)
            refused = {each.rule.code for each in found if each.rule.severity == "error"}
            assert refused == {
                {"drop_column": "AC4006", "reuse_name": "AC4008"}[each] for each in step.consents
            }
        versions.append(version(planned, table.key))
        check_ids(table, versions[-1], ids)
        check_again(step.without_consent, planned)
        lock = planned.next_lock
        table.accept()
        for _ in range(data.draw(st.integers(1, 4), label="changes")):
            table.change()
    check_created(versions)
    check_ways(versions)


@histories
@given(st.data())
def test_a_step_that_would_lose_something_is_refused_wherever_it_is(data: st.DataObject) -> None:
    table = RandomTable(data)
    lock = None
    for _ in range(data.draw(st.integers(1, 3), label="steps")):
        lock = accept(table.step().spec, lock=lock).next_lock
        table.accept()
        table.change()
    lock = accept(table.step().spec, lock=lock).next_lock
    table.accept()
    code = table.spoil()
    note(table.step().spec)
    _, found = plan(table.step().spec, lock)
    assert {each.rule.code for each in found if each.rule.severity == "error"} == ({code} if code else set())


def check_ids(table: RandomTable, now: Version, ids: dict[int, int]) -> None:
    """Every field keeps the id that it got, and no id is ever given to two."""
    found = [field_id for field_id, _, _ in named_ids(now.shape.columns)]
    for uid, field_id in zip(table.uids(), found, strict=True):
        assert ids.setdefault(uid, field_id) == field_id
    assert len(set(ids.values())) == len(ids)


def check_again(spec: str, planned: Plan) -> None:
    """What was accepted is accepted again, without the consent, and changes nothing at all."""
    again, found = plan(spec, planned.next_lock)
    assert again, said(found)
    assert not found.failed, said(found)
    assert again.changes == ()
    assert again.next_lock == planned.next_lock == parse(dump(planned.next_lock))
    assert resource_changes(template(planned), template(again), {}, {}) == ()


def check_created(versions: list[Version]) -> None:
    """What CloudFormation could only change by another table never changes."""
    first = versions[0]
    assert all(each.fixed == first.fixed for each in versions)
    text = first.template.partition("IcebergMetadata:")[2].partition("Compaction:")[0]
    assert all(text in each.template for each in versions)
    schema = Schema.model_validate(schema_json([field_json(each) for each in first.created.columns], ()))
    assert assign_fresh_schema_ids(schema) == schema, "a catalog that numbers anew comes to other ids"


def check_ways(versions: list[Version]) -> None:
    """Step by step, in one jump from any version, created today, and after a rollback: one table."""
    last = versions[-1]
    stepping = Catalog(versions[0].created)
    before = None
    for each in versions:
        stepping.bring(each.target, before)
        assert stepping.shape() == each.shape
        before = each.target
        if each is not last:
            jumping = Catalog(versions[0].created)
            jumping.metadata = stepping.metadata
            check_readable(jumping, last)
            jumping.bring(last.target, each.target)
            assert jumping.shape() == last.shape
            jumping.bring(each.target, last.target)
            jumping.bring(last.target, each.target)
            assert jumping.shape() == last.shape, "after a rollback"
    today = Catalog(last.created)
    today.bring(last.target)
    assert today.shape() == last.shape


def check_readable(earlier: Catalog, last: Version) -> None:
    """Old files can be read by the new schema, as far as pyiceberg sees it."""
    schema = Schema.model_validate(schema_json([field_json(each) for each in last.shape.columns], ()))
    _check_schema_compatible(schema, earlier.metadata.schema())


def schema_json(columns: list[Json], identifier: tuple[int, ...]) -> Json:
    """Return a schema as metadata has it."""
    return {"type": "struct", "schema-id": 0, "fields": columns, "identifier-field-ids": list(identifier)}
