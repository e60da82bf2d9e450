"""Records as a whole: their JSON, their keys, their size, and the tally of many."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.records import reasons
from compiler.records.check import Checker, check_lines
from compiler.records.findings import (
    DOUBTFUL,
    ERROR_BUCKET,
    GROUPS_KEPT,
    LINES_KEPT,
    LOST,
    STORED_WRONG,
    Tally,
)
from compiler.records.reasons import MAXIMUM_RECORD_BYTES
from tests.records.tables import Columns, columns, tables

TABLE = columns(user_id="string!", at="timestamp", tags="list<string>", amount="decimal(12,2)")


def reasons_of(record: bytes, table: Columns = TABLE) -> list[str]:
    return [fault.reason.text for fault in Checker(table).faults(record)]


def tally_of(*records: bytes, table: Columns = TABLE) -> Tally:
    tally = Tally()
    check_lines(Checker(table), enumerate(records, 1), "events.jsonl", tally)
    return tally


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"", reasons.BLANK),
        (b"  ", reasons.BLANK),
        (b"[]", reasons.ARRAY),
        (b'[{"user_id": "1"}, {"user_id": "2"}]', reasons.ARRAY),
        (b'"user_id"', reasons.NOT_AN_OBJECT),
        (b"5", reasons.NOT_AN_OBJECT),
        (b'"{\\"user_id\\": \\"1\\"}"', reasons.ENCODED_TWICE),
        (b'{"user_id": "1"}{"user_id": "2"}', reasons.SEVERAL_OBJECTS),
        (b'{"user_id": "1"} {"user_id": "2"}', reasons.SEVERAL_OBJECTS),
        (b'{"user_id": "1"},', reasons.COMMA_AFTER),
        (b'{"user_id": "1"} # one', reasons.TEXT_AFTER),
        (b'{"user_id": "1",}', reasons.TRAILING_COMMA),
        (b'{"user_id": "1", "tags": ["a", ]}', reasons.TRAILING_COMMA),
        (b"{'user_id': '1'}", reasons.SINGLE_QUOTES),
        (b"{", reasons.SEVERAL_LINES),
        (b'  "user_id": "1"', reasons.SEVERAL_LINES),
        (b'  "user_id": "1",', reasons.SEVERAL_LINES),
        (b'{"user_id": "1"', reasons.CUT_OFF),
        (b'{"user_id": "1', reasons.CUT_OFF),
        (b'{"user_id": NaN}', reasons.NOT_A_JSON_NUMBER),
        (b'{"user_id": "1", "amount": -Infinity}', reasons.NOT_A_JSON_NUMBER),
        (b'{"user_id": "1", "n": ' + b"9" * 5000 + b"}", reasons.ENDLESS_NUMBER),
        (b"user_id=1", reasons.NOT_JSON),
        (b'{"user_id": "a\tb"}', reasons.NOT_JSON),
        (b'{"user_id": "\xff"}', reasons.NOT_UTF8),
        (b'\xef\xbb\xbf{"user_id": "1"}', reasons.BYTE_ORDER_MARK),
        (b'{"user_id": "1", "deep": ' + b"[" * 5000 + b"]" * 5000 + b"}", reasons.TOO_DEEP),
        (b'{"user_id": "1", "deep": ' + b"[" * 16 + b"]" * 16 + b"}", reasons.unknown_key("")),
        (b'{"user_id": "1", "deep": ' + b"[" * 17 + b"]" * 17 + b"}", reasons.TOO_DEEP),
        (b'{"user_id": "1", "pad": "' + b"x" * MAXIMUM_RECORD_BYTES + b'"}', reasons.TOO_LARGE),
    ],
    ids=lambda each: each.decode("latin-1")[:40] if isinstance(each, bytes) else "",
)
def test_what_is_no_record_is_explained(record: bytes, reason: reasons.Reason) -> None:
    assert reasons_of(record) == [reason.text]


def test_a_comma_in_a_text_is_not_taken_for_a_trailing_one() -> None:
    assert reasons_of(b'{"user_id": ",}" x}') == [reasons.NOT_JSON.text]


def test_a_record_of_exactly_the_limit_is_taken() -> None:
    frame = b'{"user_id": ""}'
    assert reasons_of(frame[:-2] + b"x" * (MAXIMUM_RECORD_BYTES - len(frame)) + frame[-2:]) == []


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("User_ID", reasons.respelled_key("user_id")),
        ("userId", reasons.respelled_key("user_id")),
        ("user-id", reasons.respelled_key("user_id")),
        ("user.id", reasons.respelled_key("user_id")),
        ("user_idd", reasons.unknown_key("user_id")),
        ("something", reasons.unknown_key("")),
    ],
)
def test_a_key_that_is_no_column_names_the_one_that_was_meant(key: str, reason: reasons.Reason) -> None:
    record = json.dumps({"user_id": "1", key: "x"}).encode()
    (fault,) = Checker(TABLE).faults(record)
    assert (fault.key, fault.reason, fault.reason.outcome) == (key, reason, LOST)


def test_a_key_in_another_script_is_not_taken_for_a_column_without_letters() -> None:
    (fault,) = Checker(columns(__="string", a="long")).faults('{"a": 1, "名前": "x"}'.encode())
    assert fault.reason == reasons.unknown_key("")


def test_a_missing_required_column_is_refused() -> None:
    (fault,) = Checker(TABLE).faults(b'{"at": 1725476175099000}')
    assert (fault.key, fault.value_type, fault.column_type, fault.reason) == (
        "user_id",
        "missing",
        "string",
        reasons.MISSING,
    )


def test_a_required_column_under_another_spelling_says_so() -> None:
    faults = Checker(TABLE).faults(b'{"userId": "1", "at": 1725476175099000}')
    assert [fault.reason for fault in faults] == [
        reasons.respelled_key("user_id"),
        reasons.missing_but("userId"),
    ]


def test_null_is_refused_in_a_required_column_only() -> None:
    assert reasons_of(b'{"user_id": null, "at": null}') == [reasons.NULL.text]


def test_a_record_without_any_column_is_refused() -> None:
    optional = columns(a="string", b="long")
    assert reasons.NO_COLUMN.text in reasons_of(b'{"x": 1}', optional)
    assert reasons.NO_COLUMN.text in reasons_of(b"{}", optional)
    assert reasons_of(b'{"a": null}', optional) == []


def test_a_key_that_stands_twice_loses_its_first_value() -> None:
    (fault,) = Checker(TABLE).faults(b'{"user_id": "1", "user_id": "2"}')
    assert (fault.key, fault.reason, fault.reason.outcome) == ("user_id", reasons.REPEATED_KEY, LOST)
    assert reasons_of(b'{"user_id": "1"}') == []


@pytest.mark.parametrize(
    ("record", "key", "example"),
    [
        (b'{"user_id": "1", "user_id": "2"}', "user_id", ""),
        (b'{"user_id": "1", "": 7}', '""', "7"),
        (b'[{"user_id": "1"}]', "", "1 element"),
        (b"[1, 2]", "", "2 elements"),
        (b'{"a": "\x01"}', "", 'Invalid control character at character 8: … {"a": "\x01"} …'),
    ],
)
def test_a_fault_is_shown_so_that_it_can_be_found(record: bytes, key: str, example: str) -> None:
    (group,) = tally_of(record).groups()
    assert (group.fault.key, group.example) == (key, example)


def test_records_are_counted_by_their_worst_outcome() -> None:
    tally = tally_of(
        b'{"user_id": "1"}',
        b'{"user_id": "2", "x": 1}',
        b'{"user_id": "3", "x": 1, "at": "2024-09-04T18:56:15Z"}',
        b'{"user_id": "4", "x": 1, "at": 1725476175099}',
        b'{"x": 1, "at": 1725476175099}',
        b"",
    )
    assert tally.records == 5, "a blank line is no record"
    assert tally.by_outcome == {ERROR_BUCKET: 1, STORED_WRONG: 1, DOUBTFUL: 1, LOST: 1}
    assert tally.failed


def test_lost_values_alone_do_not_fail() -> None:
    assert not tally_of(b'{"user_id": "1", "x": 1}', b"").failed


def test_like_faults_fall_into_one_group_with_the_first_lines() -> None:
    (group,) = tally_of(*(b'{"user_id": "1", "at": %d}' % (1725476175099 + n) for n in range(40))).groups()
    assert group.count == 40
    assert group.places == [("events.jsonl", line) for line in range(1, LINES_KEPT + 1)]
    assert "1725476175099" in group.example


def test_groups_come_with_the_worst_outcome_first() -> None:
    groups = tally_of(b'{"user_id": "1", "x": 1, "at": "2024-09-04T18:56:15Z", "tags": 5}').groups()
    assert [group.fault.reason.outcome for group in groups] == [ERROR_BUCKET, DOUBTFUL, LOST]


def test_records_with_keys_that_never_repeat_do_not_fill_the_memory() -> None:
    def endless() -> Iterator[tuple[int, bytes]]:
        for number in range(3 * GROUPS_KEPT):
            yield number, b'{"user_id": "1", "k%d": 1}' % number

    tally = Tally()
    check_lines(Checker(TABLE), endless(), "events.jsonl", tally)
    assert len(tally.groups()) == GROUPS_KEPT
    assert tally.ungrouped == 2 * GROUPS_KEPT
    assert tally.by_outcome[LOST] == 3 * GROUPS_KEPT


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(tables(), st.data())
def test_any_value_in_any_column_is_checked_without_a_crash(table: Columns, data: Any) -> None:
    keys = st.sampled_from([column.name for column in table]) | st.text(max_size=5)
    record = data.draw(st.dictionaries(keys, JSON, max_size=6))
    tally_of(json.dumps(record).encode(), table=table).groups()


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:0123eE+-. tfn\\u', max_size=40).map(str.encode))
def test_any_bytes_are_checked_without_a_crash(record: bytes) -> None:
    tally_of(record).groups()
