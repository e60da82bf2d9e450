"""What may change in a table that has rows, what may not, and what is said of it.

The oracle is the Iceberg spec, Schema Evolution and Partition Evolution
(https://iceberg.apache.org/spec/#schema-evolution), not a library: pyiceberg's own check lets a
decimal's scale change.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from compiler.change import Change
from compiler.iceberg import PartitionField, Primitive, spelled
from compiler.lock import TableLock
from compiler.lockfile import sealed
from compiler.semantics.promotion import promotes
from tests.compiling import assert_golden, compiled_text
from tests.evolving import (
    HEAD,
    Finding,
    accept,
    accepted,
    findings,
    plan,
    refuse,
    said,
    table,
    template,
    warnings,
)

EVERY_TYPE = [
    *(Primitive(name) for name in ("boolean", "int", "long", "float", "double", "date", "time", "timestamp")),
    *(Primitive(name) for name in ("timestamptz", "string", "uuid", "binary")),
    *(Primitive("fixed", (length,)) for length in (8, 16)),
    *(Primitive("decimal", numbers) for numbers in ((9, 2), (10, 2), (12, 2), (12, 3), (12, 0), (38, 2))),
]
# Iceberg spec, Schema Evolution: "Valid primitive type promotions", the columns of versions 1 and 2.
PROMOTIONS = {
    ("int", "long"),
    ("float", "double"),
    *itertools.combinations(("decimal(9,2)", "decimal(10,2)", "decimal(12,2)", "decimal(38,2)"), 2),
}


def columns(entry: TableLock) -> list[tuple[int, str]]:
    """Return the ids and names of a table's columns."""
    return [(column.id, column.name) for column in entry.current.columns]


def said_once(found: list[Finding]) -> tuple[str, str, str]:
    """Return the only finding: its code, what it marks and what it says."""
    (one,) = found
    return one.code, one.marks, one.message


# What may change: the table before and after, and the plan in short.
ALLOWED = {
    "an optional column is added": (
        "columns: {a: int}",
        "columns: {b: string, a: int}",
        ["+ columns.b string"],
    ),
    "a column that is nested and partly required is added": (
        "columns: {a: int}",
        "columns: {a: int, b: 'list<struct<c: int!, d: map<string, double!>>!>'}",
        ["+ columns.b list<struct<c: int!, d: map<string, double!>>!>"],
    ),
    "a field is added inside of a struct, a list and a map": (
        "columns: {a: 'struct<b: list<struct<c: map<string, struct<d: int>>>>>'}",
        "columns: {a: 'struct<b: list<struct<c: map<string, struct<d: int, e: date>>, f: int>>, g: int>'}",
        [
            "+ columns.a.b.element.c.value.e date",
            "+ columns.a.b.element.f int",
            "+ columns.a.g int",
        ],
    ),
    "a column is renamed": (
        "columns: {a: int}",
        "columns: {b: {type: int, was: a}}",
        ["» columns.b named a → named b"],
    ),
    "a column is renamed and widened, and moves": (
        "columns: {a: int, c: string}",
        "columns: {c: string, b: {type: long, was: a}}",
        ["» columns.b named a → named b", "» columns.b int → long", "» columns in another order"],
    ),
    "an int becomes a long": ("columns: {a: int}", "columns: {a: long}", ["» columns.a int → long"]),
    "a float becomes a double, deep inside": (
        "columns: {a: 'map<string, list<struct<b: float>>>'}",
        "columns: {a: 'map<string, list<struct<b: double>>>'}",
        ["» columns.a.value.element.b float → double"],
    ),
    "the elements of a list become wider": (
        "columns: {a: 'list<int>'}",
        "columns: {a: 'list<long>'}",
        ["» columns.a.element int → long"],
    ),
    "a decimal gets more digits": (
        "columns: {a: 'decimal(10,2)'}",
        "columns: {a: 'decimal(12,2)'}",
        ["» columns.a decimal(10,2) → decimal(12,2)"],
    ),
    "a required column becomes optional": (
        "columns: {a: {type: int, required: true}}",
        "columns: {a: int}",
        ["» columns.a required → optional"],
    ),
    "what is required inside becomes optional": (
        "columns: {a: 'struct<b: int!, c: list<int!>, d: map<int, int!>>'}",
        "columns: {a: 'struct<b: int, c: list<int>, d: map<int, int>>'}",
        [
            "» columns.a.b required → optional",
            "» columns.a.c.element required → optional",
            "» columns.a.d.value required → optional",
        ],
    ),
    "columns and fields are put in another order": (
        "columns: {a: int, b: int, c: 'struct<d: int, e: int>'}",
        "columns: {c: 'struct<e: int, d: int>', b: int, a: int}",
        ["» columns in another order", "» columns.c in another order"],
    ),
    "a doc is added, changed and taken away": (
        "columns: {a: {type: int, doc: one}, b: {type: int, doc: two}, c: int}",
        "columns: {a: {type: int, doc: 1st}, b: int, c: {type: int, doc: three}}",
        ["» columns.a.doc one → 1st", "» columns.b.doc two → none", "» columns.c.doc none → three"],
    ),
    "a column is dropped with consent": (
        "columns: {a: int, b: int}",
        "columns: {a: int}\nallow: {drop_column: {names: [b], reason: r}}",
        ["- columns.b int"],
    ),
    "a field is dropped with consent to its path": (
        "columns: {a: 'list<struct<b: int, c: int>>'}",
        "columns: {a: 'list<struct<b: int>>'}\nallow: {drop_column: {names: [a.element.c], reason: r}}",
        ["- columns.a.element.c int"],
    ),
    "a struct is dropped with all that is in it by one consent": (
        "columns: {a: 'struct<b: int, c: int>', d: int}",
        "columns: {d: int}\nallow: {drop_column: {names: [a], reason: r}}",
        ["- columns.a struct<b: int, c: int>"],
    ),
    "a partition comes": (
        "columns: {a: date}",
        "columns: {a: date}\npartition: [day(a)]",
        ["» partition none → day(a)"],
    ),
    "a partition is replaced, and another is added on a new column": (
        "columns: {a: timestamp}\npartition: [day(a)]",
        "columns: {a: timestamp, b: string}\npartition: [hour(a), 'bucket(8, b)']",
        ["+ columns.b string", "» partition day(a) → hour(a), bucket(8, b)"],
    ),
    "a partition goes": (
        "columns: {a: string}\npartition: [a]",
        "columns: {a: string}",
        ["» partition a → none"],
    ),
    "the source of a partition is renamed and becomes wider": (
        "columns: {a: int}\npartition: ['bucket(8, a)']",
        "columns: {b: {type: long, was: a}}\npartition: ['bucket(8, b)']",
        ["» columns.b named a → named b", "» columns.b int → long"],
    ),
    "a sort order comes": (
        "columns: {a: int}",
        "columns: {a: int}\nsort: ['truncate(10, a) desc']",
        ["» sort none → truncate(10, a) desc nulls last"],
    ),
    "only the nulls of a sort order move": (
        "columns: {a: int}\nsort: [a]",
        "columns: {a: int}\nsort: [a nulls last]",
        ["» sort a asc nulls first → a asc nulls last"],
    ),
    "the column that files are sorted by becomes wider": (
        "columns: {a: float}\nsort: [a]",
        "columns: {a: double}\nsort: [a]",
        ["» columns.a float → double"],
    ),
    "a column joins the identifier and another leaves it": (
        "columns: {a: {type: int, required: true}, b: {type: int, required: true}}\nidentifier: [a]",
        "columns: {a: int, b: {type: long, required: true}}\nidentifier: [b]",
        ["» columns.a required → optional", "» columns.b int → long", "» identifier a → b"],
    ),
    "properties come, change and go": (
        "columns: {a: int}\nproperties: {one: x, two: x}",
        "columns: {a: int}\nproperties: {one: z, three: x}",
        ["» properties format-version=2, one=x, two=x → format-version=2, one=z, three=x"],
    ),
    "the table gets another name": (
        "columns: {a: int}",
        "name: purchases\ncolumns: {a: int}",
        ["» name sales.orders → sales.purchases"],
    ),
}

SYMBOLS = {"create": "+", "evolve": "»", "delete": "-"}


def short(change: Change) -> str:
    """Return a change on one line."""
    both = change.before and change.after
    values = f"{change.before} → {change.after}" if both else change.after or change.before
    return f"{SYMBOLS[change.action]} {change.path} {values}"


@pytest.mark.parametrize("name", ALLOWED)
def test_a_change_that_loses_nothing_is_accepted(name: str) -> None:
    before, after, expected = ALLOWED[name]
    planned = accept(table(before), table(after))

    shown = [short(each) for each in planned.changes]
    assert shown == expected


@pytest.mark.parametrize("name", ALLOWED)
def test_an_accepted_change_is_accepted_once(name: str) -> None:
    before, after, _ = ALLOWED[name]
    once = accept(table(before), table(after))
    again = accept(table(after), lock=once.next_lock)

    assert again.changes == ()
    assert again.next_lock == once.next_lock


@pytest.mark.parametrize("name", ALLOWED)
def test_what_a_table_was_created_with_never_changes(name: str) -> None:
    before, after, _ = ALLOWED[name]
    first = accept(table(before))
    later = accept(table(after), lock=first.next_lock)

    created = [template(each).split("IcebergMetadata:")[1].split("Compaction:")[0] for each in (first, later)]
    assert created[0] == created[1]


NEW_NAME = 'take a new name, or write allow: {reuse_name: {names: [%s], reason: "…"}}'

# What may not: the table before and after, then the code, what is marked, what is said, and the way out.
REFUSED = {
    "a new column is required": (
        "columns: {a: int}",
        "columns: {a: int, b: {type: int, required: true}}",
        ("AC4001", "b", "column 'b' of table 'orders' is new and required; old rows have no value for it"),
        "leave required out: S3 Tables refuses a new required column",
    ),
    "a new field of an old struct is required": (
        "columns: {a: 'struct<b: int>'}",
        "columns: {a: 'struct<b: int, c: int!>'}",
        ("AC4001", "a", "column 'a.c' of table 'orders' is new and required; old rows have no value for it"),
        "leave the '!' out: S3 Tables refuses a new required column",
    ),
    "a column becomes narrower": (
        "columns: {a: long}",
        "columns: {a: int}",
        ("AC4002", "a", "column 'a' of table 'orders' was long and is now int; old values may not fit"),
        "add a column of the new type, or keep long",
    ),
    "a decimal loses digits": (
        "columns: {a: 'decimal(12,2)'}",
        "columns: {a: 'decimal(10,2)'}",
        (
            "AC4002",
            "a",
            "column 'a' of table 'orders' was decimal(12,2) and is now decimal(10,2); old values may not fit",
        ),
        "add a column of the new type, or keep decimal(12,2)",
    ),
    "a decimal gets another scale, which pyiceberg would accept": (
        "columns: {a: 'decimal(10,2)'}",
        "columns: {a: 'decimal(12,3)'}",
        ("AC4003", "a", "column 'a' of table 'orders' was decimal(10,2) and is now decimal(12,3)"),
        "add a column of the new type under another name, or keep decimal(10,2)",
    ),
    "a column gets another kind of type": (
        "columns: {a: 'struct<b: int>'}",
        "columns: {a: string}",
        ("AC4003", "a", "column 'a' of table 'orders' was struct<b: int> and is now string"),
        "add a column of the new type under another name, or keep struct<b: int>",
    ),
    "the elements of a list get another type": (
        "columns: {a: 'list<int>'}",
        "columns: {a: 'list<struct<b: int>>'}",
        ("AC4003", "a", "column 'a.element' of table 'orders' was int and is now struct<b: int>"),
        "add a column of the new type under another name, or keep int",
    ),
    "a date becomes a timestamp, as only version 3 allows": (
        "columns: {a: date}",
        "columns: {a: timestamp}",
        ("AC4003", "a", "column 'a' of table 'orders' was date and is now timestamp"),
        "add a column of the new type under another name, or keep date",
    ),
    "an optional column becomes required": (
        "columns: {a: int}",
        "columns: {a: {type: int, required: true}}",
        ("AC4004", "a", "column 'a' of table 'orders' was optional and is now required"),
        "leave it optional: old rows may have no value",
    ),
    "the values of a map become required": (
        "columns: {a: 'map<string, int>'}",
        "columns: {a: 'map<string, int!>'}",
        ("AC4004", "a", "'a.value' of table 'orders' was optional and is now required"),
        "leave the '!' out: old rows may have no value",
    ),
    "the key of a map becomes wider": (
        "columns: {a: 'map<int, string>'}",
        "columns: {a: 'map<long, string>'}",
        ("AC4005", "a", "the key of 'a' was int and is now long"),
        "add a column of the new type: Iceberg cannot change a map's key",
    ),
    "a column is gone": (
        "columns: {a: int, b: int}",
        "columns: {a: int}",
        ("AC4006", "columns", "column 'b' of table 'orders' is gone; its values could no longer be read"),
        'put it back, name it in "was" of the column it became, '
        'or write allow: {drop_column: {names: [b], reason: "…"}}',
    ),
    "a field is gone": (
        "columns: {a: 'map<string, struct<b: int, c: int>>'}",
        "columns: {a: 'map<string, struct<b: int>>'}",
        ("AC4006", "a", "column 'a.value.c' of table 'orders' is gone; its values could no longer be read"),
        'put it back, or write allow: {drop_column: {names: [a.value.c], reason: "…"}}',
    ),
    "a column is gone that identifies rows": (
        "columns: {a: {type: int, required: true}, b: int}\nidentifier: [a]",
        "columns: {b: int}\nallow: {drop_column: {names: [a], reason: r}}",
        ("AC4007", "columns", "column 'a' of table 'orders' is gone, and it is part of the identifier"),
        "take it out of identifier first, deploy that, and drop it afterwards",
    ),
    "a column is gone that partitions files": (
        "columns: {a: int, b: int}\npartition: [a]",
        "columns: {b: int}\nallow: {drop_column: {names: [a], reason: r}}",
        (
            "AC4007",
            "columns",
            "column 'a' of table 'orders' is gone, and it is what files are partitioned by, "
            "now or in the past",
        ),
        "keep it, if you like under another name: old files are laid out by it",
    ),
    "a column is gone that sorts files": (
        "columns: {a: int, b: int}\nsort: [a]",
        "columns: {b: int}\nallow: {drop_column: {names: [a], reason: r}}",
        (
            "AC4007",
            "columns",
            "column 'a' of table 'orders' is gone, and it is what files are sorted by, now or in the past",
        ),
        "keep it, if you like under another name: old files are laid out by it",
    ),
    "two columns swap their names": (
        "columns: {a: int, b: int}",
        "columns: {a: {type: int, was: b}, b: {type: int, was: a}}\n"
        "allow: {reuse_name: {names: [b], reason: r}}",
        ("AC4008", "a", "table 'orders' had another column 'a' before"),
        NEW_NAME % "a",
    ),
    "a new column takes the name that another one gives up": (
        "columns: {a: int}",
        "columns: {a: int, b: {type: int, was: a}}",
        ("AC4008", "a", "table 'orders' had another column 'a' before"),
        NEW_NAME % "a",
    ),
    "a column was one that never was": (
        "columns: {amount: int}",
        "columns: {amount: int, total: {type: int, was: amuont}}",
        ("AC4009", "amuont", "column 'total' says it was 'amuont', and table 'orders' has no such column"),
        "did you mean 'amount'?",
    ),
    "the values of a partition would change with the type": (
        "columns: {a: float}\npartition: [a]",
        "columns: {a: double}\npartition: [a]",
        ("AC4010", "a", "column 'a' of table 'orders' was float and is now double"),
        "add a column of the new type: files are partitioned by 'a' of the old one",
    ),
    "two columns were the same one": (
        "columns: {a: int}",
        "columns: {b: {type: int, was: a}, c: {type: int, was: a}}",
        ("AC4011", "a", "columns 'b' and 'c' both say that they were 'a'"),
        "only one of them can go on with its values",
    ),
    "the storage class changes": (
        "columns: {a: int}",
        "columns: {a: int}\nstorage_class: intelligent_tiering",
        (
            "AC4012",
            "intelligent_tiering",
            "the storage class of table 'orders' was standard and is now intelligent_tiering; "
            "it is fixed when the table is made",
        ),
        "write standard again",
    ),
    "a partition on what is not there any more": (
        "columns: {a: int, b: int}\npartition: [a]",
        "columns: {b: int}\npartition: [a]",
        ("AC3029", "a", "the partition uses column 'a', which table 'orders' does not have"),
        "table 'orders' has b",
    ),
    "a column that an identifier needs becomes optional": (
        "columns: {a: {type: int, required: true}}\nidentifier: [a]",
        "columns: {a: int}\nidentifier: [a]",
        ("AC3010", "a", "column 'a' cannot identify a row: it is not required"),
        "write a as {type: …, required: true}",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_change_that_would_lose_something_is_refused_with_a_way_out(name: str) -> None:
    before, after, expected, hint = REFUSED[name]
    found = refuse(table(before), table(after))

    assert said_once(found) == expected
    assert found[0].hint == hint


def test_a_type_widens_only_as_the_iceberg_spec_says() -> None:
    pairs = itertools.product(EVERY_TYPE, repeat=2)
    assert {(spelled(old), spelled(new)) for old, new in pairs if promotes(old, new)} == PROMOTIONS


# Renames


def test_a_renamed_column_keeps_its_id() -> None:
    entry = accepted(table("columns: {a: int, b: int}"), table("columns: {c: {type: int, was: b}, a: int}"))
    assert columns(entry) == [(2, "c"), (1, "a")]


CHAIN = table("""
    columns: {b: {type: int, was: a}, c: {type: int, was: b}}
    allow: {reuse_name: {names: [b], reason: r}}
""")
SWAP = table("""
    columns: {a: {type: int, was: b}, b: {type: int, was: a}}
    allow: {reuse_name: {names: [a, b], reason: r}}
""")


@pytest.mark.parametrize(("spec", "expected"), [(CHAIN, [(1, "b"), (2, "c")]), (SWAP, [(2, "a"), (1, "b")])])
def test_a_chain_of_renames_and_a_swap_are_done_once(spec: str, expected: list[tuple[int, str]]) -> None:
    before = table("columns: {a: int, b: int}")
    assert columns(accepted(before, spec)) == expected
    assert columns(accepted(before, spec, spec, spec)) == expected
    assert [each.code for each in warnings(before, spec, spec)] == ["AC4101", "AC4101", "AC4102"]


def test_a_rename_that_is_done_is_not_done_again_when_the_old_name_comes_back() -> None:
    renamed = "columns: {b: {type: int, was: a}}"
    both = "columns: {b: {type: int, was: a}, a: string}"
    consent = "\nallow: {reuse_name: {names: [a], reason: r}}"
    entry = accepted(table("columns: {a: int}"), table(renamed), table(both + consent), table(both))
    assert columns(entry) == [(1, "b"), (2, "a")]


def test_a_swap_is_understood_where_one_of_the_names_was_the_others_before() -> None:
    consent = "\nallow: {reuse_name: {names: [%s], reason: r}}"
    before = [
        table("columns: {a: int}"),
        table("columns: {b: {type: int, was: a}}"),
        table("columns: {b: int, a: int}" + consent % "a"),
    ]
    swap = "columns: {a: {type: int, was: b}, b: {type: int, was: a}}" + consent % "a, b"
    assert columns(accepted(*before)) == [(1, "b"), (2, "a")]
    assert columns(accepted(*before, table(swap))) == [(1, "a"), (2, "b")]


def test_a_column_takes_its_own_old_name_back_without_consent() -> None:
    entry = accepted(
        table("columns: {a: int}"),
        table("columns: {b: {type: int, was: a}}"),
        table("columns: {a: {type: int, was: b}}"),
    )
    assert columns(entry) == [(1, "a")]
    assert [each.path for each in entry.retired] == ["b"]


def test_the_former_name_of_a_column_is_not_free() -> None:
    specs = ["columns: {a: int}", "columns: {b: {type: int, was: a}}", "columns: {b: int, a: int}"]
    assert said_once(refuse(*map(table, specs))) == (
        "AC4008",
        "a",
        "table 'orders' had another column 'a' before",
    )


def test_a_former_name_in_a_new_table_is_a_mistake() -> None:
    found = refuse(table("columns: {a: {type: int, was: b}}"))
    assert said_once(found) == ("AC4009", "b", "column 'a' says it was 'b', and table 'orders' is new")


def test_a_former_name_that_is_in_the_lock_already_does_nothing() -> None:
    renamed = table("columns: {b: {type: int, was: a}}")
    found = warnings(table("columns: {a: int}"), renamed, renamed)
    message = "column 'b' of table 'orders' has had this name already: 'was' does nothing"
    assert said_once(found) == ("AC4101", "a", message)


# Drops, and names that are used again

REST = "b: 'list<int>', c: int}"


def test_a_dropped_name_needs_consent_to_be_used_again_and_gets_a_new_id() -> None:
    before, dropped = "columns: {a: int, b: int}", "columns: {b: int}"
    consent = "\nallow: {drop_column: {names: [a], reason: r}}"
    again = "columns: {b: int, a: string}"
    assert [each.code for each in refuse(table(before), table(dropped + consent), table(again))] == ["AC4008"]

    reuse = "\nallow: {reuse_name: {names: [a], reason: r}}"
    entry = accepted(table(before), table(dropped + consent), table(again + reuse))
    assert columns(entry) == [(2, "b"), (3, "a")]


def test_every_id_inside_a_dropped_column_is_retired() -> None:
    consent = "\nallow: {drop_column: {names: [a], reason: r}}"
    before = table("columns: {a: 'list<struct<b: map<string, int>>>', c: int}")
    entry = accepted(before, table(f"columns: {{c: int}}{consent}"))
    assert [(each.id, each.parent, each.path) for each in entry.retired] == [
        (1, 0, "a"),
        (3, 1, "a.element"),
        (4, 3, "a.element.b"),
        (5, 4, "a.element.b.key"),
        (6, 4, "a.element.b.value"),
    ]


def test_a_name_inside_a_struct_stays_taken_when_the_struct_is_renamed() -> None:
    consent = "\nallow: {drop_column: {names: [a.x], reason: r}}"
    before = [
        table("columns: {a: 'struct<x: int, y: int>'}"),
        table(f"columns: {{a: 'struct<y: int>'}}{consent}"),
        table("columns: {b: {type: 'struct<y: int>', was: a}}"),
    ]
    found = refuse(*before, table("columns: {b: 'struct<y: int, x: int>'}"))
    assert said_once(found) == ("AC4008", "b", "table 'orders' had another column 'b.x' before")


def test_a_name_inside_a_struct_is_free_in_another_struct() -> None:
    consent = "\nallow: {drop_column: {names: [a.x], reason: r}}"
    accept(
        table("columns: {a: 'struct<x: int, y: int>', b: 'struct<y: int>'}"),
        table(f"columns: {{a: 'struct<y: int>', b: 'struct<y: int>'}}{consent}"),
        table("columns: {a: 'struct<y: int>', b: 'struct<y: int, x: int>', x: int}"),
    )


def test_the_template_names_what_was_dropped_and_not_what_was_renamed() -> None:
    consent = "\nallow: {drop_column: {names: [b], reason: r}}"
    before = table("columns: {a: int, b: 'list<int>', c: int}")
    planned = accept(before, table(f"columns: {{c: int, d: {{type: int, was: a}}}}{consent}"))
    assert '      RetiredColumns: "[2,4]"\n' in template(planned)
    assert "      RetiredColumns:" not in template(
        accept(before, table("columns: {d: {type: int, was: a}, " + REST))
    )


def test_the_template_names_the_properties_that_a_table_made_today_is_to_lose() -> None:
    specs = ["columns: {a: int}\nproperties: {x: b, y: b}", "columns: {a: int}\nproperties: {y: c, z: c}"]
    planned = accept(*map(table, specs))
    assert '      LostProperties: ["x"]\n' in template(planned)
    assert "      LostProperties:" not in template(accept(*map(table, [*specs, specs[0]])))


def test_consent_to_a_column_is_none_to_its_neighbour() -> None:
    consent = "\nallow: {drop_column: {names: [b], reason: r}}"
    found = refuse(table("columns: {a: int, b: int, c: int}"), table(f"columns: {{a: int}}{consent}"))
    assert [each.code for each in found] == ["AC4006"]
    assert "'c'" in found[0].message


def test_consent_to_a_column_is_none_to_a_field_of_the_same_name() -> None:
    consent = "\nallow: {drop_column: {names: [c], reason: r}}"
    found = refuse(
        table("columns: {a: 'struct<b: int, c: int>'}"), table(f"columns: {{a: 'struct<b: int>'}}{consent}")
    )
    assert [each.code for each in found] == ["AC4006", "AC4102"]


def test_a_consent_that_is_no_longer_needed_is_a_warning() -> None:
    after = table("columns: {a: int}\nallow: {drop_column: {names: [b, c], reason: r}}")
    assert said_once(warnings(table("columns: {a: int, b: int}"), after)) == (
        "AC4102",
        "drop_column",
        "'drop_column' of c in table 'orders' is not needed",
    )
    assert said_once(warnings(table("columns: {a: int, b: int}"), after, after)) == (
        "AC4102",
        "drop_column",
        "'drop_column' of b, c in table 'orders' is not needed",
    )


def test_a_consent_in_a_new_table_is_a_warning() -> None:
    found = warnings(table("columns: {a: int}\nallow: {reuse_name: {names: [a], reason: r}}"))
    assert said_once(found) == ("AC4102", "reuse_name", "'reuse_name' of a in table 'orders' is not needed")


# Partitions


def test_a_partition_that_comes_back_has_its_old_id_and_name() -> None:
    entry = accepted(
        table("columns: {a: timestamp, b: string}\npartition: [day(a)]"),
        table("columns: {a: timestamp, b: string}\npartition: [hour(a), b]"),
        table("columns: {c: {type: timestamp, was: a}, b: string}\npartition: [day(c), b]"),
    )
    assert [(each.field_id, each.name, each.source_id) for each in entry.current.partition] == [
        (1000, "a_day", 1),
        (1002, "b", 2),
    ]
    assert entry.last_partition_id == 1002


def test_a_new_partition_field_does_not_take_the_name_of_an_old_one() -> None:
    consent = "\nallow: {reuse_name: {names: [a], reason: r}}"
    entry = accepted(
        table("columns: {a: string}\npartition: [a]"),
        table("columns: {b: {type: string, was: a}}"),
        table(f"columns: {{b: string, a: string}}\npartition: [a]{consent}"),
    )
    assert [(each.field_id, each.name, each.source_id) for each in entry.current.partition] == [
        (1001, "a_1001", 2)
    ]


def test_a_column_cannot_have_the_name_of_a_partition_field() -> None:
    before = [
        table("columns: {a: timestamp}\npartition: [day(a)]"),
        table("columns: {b: {type: timestamp, was: a}}\npartition: [day(b)]"),
    ]
    found = refuse(*before, table("columns: {b: timestamp, a_day: int}\npartition: [day(b)]"))
    message = "column 'a_day' of table 'orders' has the name of a partition field"
    assert said_once(found) == ("AC4014", "a_day", message)
    assert found[0].hint == "take another name: under this one files are partitioned by day of 'b'"


def test_a_source_stays_in_use_after_its_partition_is_gone() -> None:
    consent = "\nallow: {drop_column: {names: [a], reason: r}}"
    specs = [
        "columns: {a: int, b: int}\npartition: [a]",
        "columns: {a: int, b: int}",
        f"columns: {{b: int}}{consent}",
    ]
    assert [each.code for each in refuse(*map(table, specs))] == ["AC4007"]


def test_the_type_of_a_source_stays_in_use_after_its_partition_is_gone() -> None:
    specs = ["columns: {a: float}\npartition: [a]", "columns: {a: float}", "columns: {a: double}"]
    assert [each.code for each in refuse(*map(table, specs))] == ["AC4010"]


def test_a_source_stays_in_use_after_its_sort_order_is_gone() -> None:
    consent = "\nallow: {drop_column: {names: [a], reason: r}}"
    specs = ["columns: {a: int, b: int}\nsort: [a]", "columns: {a: int, b: int}"]
    assert [each.code for each in refuse(*map(table, specs), table(f"columns: {{b: int}}{consent}"))] == [
        "AC4007"
    ]


def test_a_column_goes_only_where_nothing_in_it_is_in_use() -> None:
    """A spec partitions by columns; a lock that was rebuilt may know a partition by a field inside of one."""
    lock = accept(table("columns: {a: 'struct<x: int>', b: int}")).next_lock
    inside = PartitionField(source_id=3, transform="identity", name="a.x", field_id=1000)
    entry = replace(lock.tables["orders"], partition_history=(inside,), last_partition_id=1000, history=())
    rebuilt = replace(lock, tables={"orders": sealed("orders", entry)})
    spec = table("columns: {b: int}\nallow: {drop_column: {names: [a], reason: r}}")
    assert [each.code for each in findings(spec, plan(spec, rebuilt)[1])] == ["AC4007"]


# Tables


def tables(*entries: str, bucket: str = "") -> str:
    """Return a spec with tables, each given as its key and the rest of its entry."""
    lines = [
        f"  {key}: {{namespace: sales, {rest}}}" for key, _, rest in (each.partition(" ") for each in entries)
    ]
    return "\n".join([f"{HEAD}{bucket}tables:", *lines, ""])


COLUMNS = "columns: {a: int}"
ONE = tables(f"orders {COLUMNS}")
TWO = tables(f"orders {COLUMNS}", f"drafts {COLUMNS}")


def test_a_renamed_table_keeps_its_resources() -> None:
    renamed = tables(f"purchases was: orders, {COLUMNS}")
    entry = accepted(ONE, renamed, renamed, tables(f"purchases {COLUMNS}"))
    assert (entry.logical_id, entry.schema_id, entry.name) == ("OrdersTable", "OrdersSchema", "purchases")

    text = template(accept(ONE, renamed))
    assert "  OrdersTable:\n" in text
    assert '      TableName: "purchases"\n' in text


def test_a_table_moves_to_another_namespace() -> None:
    entry = accepted(ONE, ONE.replace("namespace: sales", "namespace: archive"))
    assert (entry.logical_id, entry.namespace, entry.name) == ("OrdersTable", "archive", "orders")


def test_a_table_gets_another_key_and_keeps_its_name() -> None:
    renamed = tables(f"purchases was: orders, name: orders, {COLUMNS}")
    entry = accepted(ONE, renamed, renamed)
    assert (entry.logical_id, entry.name, len(entry.history)) == ("OrdersTable", "orders", 2)


def test_a_table_whose_rename_is_done_says_was_in_vain() -> None:
    renamed = tables(f"purchases was: orders, {COLUMNS}")
    message = "table 'purchases' has had this name already: 'was' does nothing"
    assert said_once(warnings(ONE, renamed, renamed)) == ("AC4101", "orders", message)


def test_a_table_that_is_gone_stays_in_the_lock_and_comes_back_with_its_ids() -> None:
    grown = tables(f"drafts {COLUMNS}", "orders columns: {b: int, a: int}")
    only = tables(f"drafts {COLUMNS}")
    gone = accept(TWO, grown, only, only).next_lock.tables["orders"]
    assert gone.removed
    assert len(gone.history) == 3
    assert columns(gone) == [(2, "b"), (1, "a")]

    back = accept(TWO, grown, only, grown).next_lock.tables["orders"]
    assert not back.removed
    assert columns(back) == [(2, "b"), (1, "a")]
    assert len(back.history) == 4


def test_a_table_that_comes_back_may_still_be_there() -> None:
    only = tables(f"drafts {COLUMNS}")
    message = "table 'orders' is back, and where it was retained it is still in the bucket"
    assert said_once(warnings(TWO, only, TWO)) == ("AC4103", "orders", message)
    assert warnings(TWO, only, TWO, TWO) == []


def test_a_table_that_is_gone_comes_back_only_as_it_was() -> None:
    found = refuse(TWO, tables(f"drafts {COLUMNS}"), tables(f"drafts {COLUMNS}", "orders columns: {b: int}"))
    assert [each.code for each in found] == ["AC4103", "AC4006"]


TABLES_REFUSED = {
    "a name that was never compiled": (
        [ONE, tables(f"orders {COLUMNS}", f"drafts was: ordres, {COLUMNS}")],
        [("AC4009", "ordres", "table 'drafts' says it was 'ordres', which was never compiled")],
    ),
    "a table that is still there": (
        [ONE, tables(f"orders {COLUMNS}", f"drafts was: orders, {COLUMNS}")],
        [("AC4011", "orders", "table 'drafts' says it was 'orders', and 'orders' is still there")],
    ),
    "one table twice": (
        [ONE, tables(f"a was: orders, {COLUMNS}", f"b was: orders, {COLUMNS}")],
        [("AC4011", "orders", "table 'b' says it was 'orders', and so does 'a'")],
    ),
    "two tables that swap": (
        [TWO, tables(f"orders was: drafts, {COLUMNS}", f"drafts was: orders, {COLUMNS}")],
        [
            ("AC4011", "drafts", "table 'orders' says it was 'drafts', and 'drafts' is still there"),
            ("AC4011", "orders", "table 'drafts' says it was 'orders', and 'orders' is still there"),
        ],
    ),
    "the name of a table that goes": (
        [TWO, tables(f"orders was: drafts, {COLUMNS}")],
        [("AC4015", "drafts", "table 'orders' says it was 'drafts', and there was another 'orders' before")],
    ),
    "the name of a table that went": (
        [TWO, tables(f"drafts {COLUMNS}"), tables(f"orders was: drafts, {COLUMNS}")],
        [("AC4015", "drafts", "table 'orders' says it was 'drafts', and there was another 'orders' before")],
    ),
    "the physical name of a table that went": (
        [TWO, tables(f"drafts {COLUMNS}"), tables(f"drafts {COLUMNS}", f"new name: orders, {COLUMNS}")],
        [
            (
                "AC4015",
                "new",
                "table 'new' takes the name sales.orders, which table 'orders' has; "
                "that is out of the spec, and may still be in the bucket",
            )
        ],
    ),
    "physical names that are handed on in one deploy": (
        [ONE, tables(f"orders name: old, {COLUMNS}", f"new name: orders, {COLUMNS}")],
        [("AC4015", "new", "table 'new' takes the name sales.orders, which table 'orders' has")],
    ),
    "the resource of a table that went": (
        [
            tables(f"a_b {COLUMNS}", f"drafts {COLUMNS}"),
            tables(f"drafts {COLUMNS}"),
            tables(f"drafts {COLUMNS}", f"a__b {COLUMNS}"),
        ],
        [("AC3003", "a__b", "'tables.a__b' would become the resource 'ABTable', which was table 'a_b'")],
    ),
}


@pytest.mark.parametrize("name", TABLES_REFUSED)
def test_a_table_cannot_be_mistaken_for_another(name: str) -> None:
    specs, expected = TABLES_REFUSED[name]
    assert [(each.code, each.marks, each.message) for each in refuse(*specs)] == expected


def test_a_table_that_would_be_deleted_with_its_rows_needs_consent() -> None:
    gone = "bucket: {retain: false%s}\n"
    specs = [tables(f"orders {COLUMNS}", f"drafts {COLUMNS}", bucket=gone % "")]
    found = refuse(*specs, tables(f"orders {COLUMNS}", bucket=gone % ""))
    message = "table 'drafts' is gone, and with retain: false its rows would be deleted"
    assert said_once(found) == ("AC4013", "tables", message)
    assert "bucket: {allow: {drop_table: {names: [drafts], reason: " in found[0].hint

    consent = gone % ", allow: {drop_table: {names: [drafts], reason: r}}"
    after = tables(f"orders {COLUMNS}", bucket=consent)
    assert warnings(*specs, after) == []
    assert said_once(warnings(*specs, after, after)) == (
        "AC4102",
        "drop_table",
        "'drop_table' of drafts is not needed",
    )


# Settings that are fixed once a thing is made


KINESIS = "arn:aws:kinesis:us-east-1:111122223333:stream/x"


def stream(rest: str) -> str:
    """Return a spec with a stream."""
    return f"{ONE}streams: {{orders: {{table: orders{rest}}}}}\n"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("", ", append_only: false", "'append_only' of stream 'orders' was true and is now false"),
        ("", ", catalog: direct", "'catalog' of stream 'orders' was link and is now direct"),
        (
            "",
            f", source: {{kinesis_arn: '{KINESIS}'}}",
            f"'source' of stream 'orders' was direct and is now {KINESIS}",
        ),
        (", unique_keys: [a]", "", "'append_only' of stream 'orders' was false and is now true"),
    ],
)
def test_what_firehose_fixes_when_a_stream_is_made_stays(before: str, after: str, message: str) -> None:
    (found,) = refuse(stream(before), stream(after))
    assert (found.code, found.message) == ("AC4012", f"{message}; it is fixed when a stream is made")


def test_a_stream_that_is_gone_may_come_back_otherwise() -> None:
    accept(stream(""), ONE, stream(", catalog: direct"))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("pipeline: shop", "pipeline: store", "'pipeline' was shop and is now store"),
        ("tables:", "bucket: {name: lake}\ntables:", "'bucket.name' was shop and is now lake"),
    ],
)
def test_what_is_fixed_for_the_whole_pipeline_stays(before: str, after: str, message: str) -> None:
    (found,) = refuse(ONE, ONE.replace(before, after))
    assert (found.code, found.message) == ("AC4012", f"{message}; it is fixed once the pipeline is deployed")


# What else uses a column


@pytest.mark.parametrize(
    ("user", "message"),
    [
        (
            "streams: {orders: {table: orders, unique_keys: [a]}}",
            "unique_keys of stream 'orders' names column 'a', which table 'orders' does not have",
        ),
        (
            "roles: {reader: {service: lambda, "
            "grants: [{table: orders, permissions: [select], columns: [a]}]}}",
            "a grant names column 'a', which table 'orders' does not have",
        ),
    ],
)
@pytest.mark.parametrize("after", ["columns: {b: int}", "columns: {b: int, c: {type: int, was: a}}"])
def test_a_column_that_is_used_elsewhere_cannot_go_or_be_renamed_alone(
    user: str, message: str, after: str
) -> None:
    specs = [tables(f"orders {each}") for each in ("columns: {a: int, b: int}", after)]
    (found,) = refuse(specs[0], f"{specs[1]}{user}\n")
    assert (found.code, found.marks, found.message) == ("AC3029", "a", message)


# What only looks like a change


def test_ids_inside_of_tables_are_counted_as_a_catalog_counts_them() -> None:
    entry = accepted(table("columns: {a: 'struct<b: list<int>, c: map<string, struct<d: int>>>', e: int}"))
    assert columns(entry) == [(1, "a"), (2, "e")]
    assert entry.last_column_id == 8


def test_every_finding_is_made_at_once() -> None:
    before = table("columns: {a: int, b: string, c: long, d: int}")
    after = table("columns: {a: {type: int, required: true}, b: int, c: int, e: {type: int, required: true}}")
    assert sorted(each.code for each in refuse(before, after)) == [
        "AC4001",
        "AC4002",
        "AC4003",
        "AC4004",
        "AC4006",
    ]


def test_a_refused_change_does_not_hide_the_plan() -> None:
    first = accept(table("columns: {a: int, b: int}"))
    planned, found = plan(table("columns: {a: int}"), first.next_lock)
    assert found.failed
    assert planned, said(found)
    assert [(each.action, each.path) for each in planned.changes] == [("delete", "columns.b")]


# The locks beside the specs with mistakes (tests/test_diagnostics.py)

CASES = sorted((Path(__file__).parent / "diagnostics").glob("AC4*/before.yaml"))


@pytest.mark.parametrize("before", CASES, ids=lambda path: path.parent.name)
def test_the_lock_of_a_case_is_what_its_earlier_spec_compiles_to(
    before: Path, update_golden: bool, tmp_path: Path
) -> None:
    build, found = compiled_text(tmp_path, before.read_text())
    assert build, said(found)
    assert_golden(before.with_name("spec.lock.json"), build.lock.decode(), update_golden)
