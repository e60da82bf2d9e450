"""What Firehose takes for each type, and what is said about everything else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compiler.records import reasons
from compiler.records.check import Checker
from compiler.records.findings import Fault, Reason
from tests.records.tables import columns

LIST = "list<struct<sku: string!, quantity: int>>"

# Each form stands, by example, in the Firehose developer guide, apache-iceberg-destination-supp.html,
# or in considerations, or is the plain JSON value of the type.
TAKEN: list[tuple[str, Any]] = [
    ("boolean", True),
    ("boolean", "false"),
    ("boolean", 1),
    ("boolean", 0),
    ("int", 7),
    ("int", "7"),
    ("int", -(2**31)),
    ("int", 2**31 - 1),
    ("long", 8),
    ("long", "8"),
    ("long", 2**63 - 1),
    ("float", 0.6242226),
    ("float", "0.6242226"),
    ("float", 3),
    ("double", 9.18477568715142),
    ("double", "9.18477568715142"),
    ("double", "-1.5e-7"),
    ("decimal(20,7)", "9455262425851.1342772"),
    ("decimal(20,7)", 9455262425852),
    ("decimal(12,2)", 12.5),
    ("decimal(12,2)", "12.50000"),
    ("decimal(3,0)", "1e2"),
    ("decimal(38,38)", "0.00000000000000000000000000000000000001"),
    ("date", 19970),
    ("date", "2024-09-04"),
    ("date", "2024-02-29"),
    ("date", -719162),
    ("time", 68175096000),
    ("time", "18:56:15.096"),
    ("time", "18:56"),
    ("timestamp", 1725476175114000),
    ("timestamp", 0),
    ("timestamp", -86_400_000_000),
    ("timestamptz", 1725476175099000),
    ("string", ""),
    ("string", "text"),
    ("uuid", "21c5521c-a6d4-48d4-b2c8-7f6d842f72c3"),
    ("binary", "AsYhnHD/Ra54hITl1daNVw=="),
    ("binary", "AsYhnHD_Ra54hITl1daNVw"),
    ("binary", "AsYhnHD/Ra54\r\nhITl1daNVw==\r\n"),
    ("binary", "02c6219c70ff45ae"),
    ("binary", ""),
    ("fixed(3)", "YWJj"),
    ("fixed(3)", "616263"),
    ("list<string>", []),
    ("list<string>", ["a", None]),
    (LIST, [{"sku": "a", "quantity": 1}, {"sku": "b"}]),
    (LIST, '[{"sku": "a", "quantity": 1}]'),
    ("map<string, long>", {"a": 1, "b": None}),
    ("map<string, long>", '{"a": 1}'),
    ("map<int, string>", {"7": "a"}),
    ("map<timestamp, string>", {"1725476175099000": "a"}),
    ("map<date, string>", {"2024-09-04": "a"}),
    ("struct<x: double!, y: double>", {"x": 143.595901}),
]

NOT_TAKEN: list[tuple[str, Any, Reason]] = [
    ("boolean", "True", reasons.NOT_BOOLEAN),
    ("boolean", "yes", reasons.NOT_BOOLEAN),
    ("boolean", 2, reasons.NOT_BOOLEAN),
    ("boolean", 1.0, reasons.NOT_BOOLEAN),
    ("int", 2**31, reasons.TOO_GREAT_FOR_INT),
    ("int", "2147483648", reasons.TOO_GREAT_FOR_INT),
    ("int", 7.0, reasons.NOT_WHOLE),
    ("int", "7.5", reasons.NOT_WHOLE),
    ("int", "seven", reasons.TEXT_NOT_A_NUMBER),
    ("int", "", reasons.TEXT_NOT_A_NUMBER),
    ("int", " 7", reasons.TEXT_NOT_A_NUMBER),
    ("int", True, reasons.NOT_A_NUMBER),
    ("int", [7], reasons.NOT_A_NUMBER),
    ("long", 2**63, reasons.TOO_GREAT_FOR_LONG),
    ("long", "9" * 5000, reasons.TOO_GREAT_FOR_LONG),
    ("float", 1e39, reasons.TOO_GREAT_FOR_FLOAT),
    ("float", "1e39", reasons.TOO_GREAT_FOR_FLOAT),
    ("double", "1e400", reasons.TOO_GREAT_FOR_DOUBLE),
    ("double", 10**400, reasons.TOO_GREAT_FOR_DOUBLE),
    ("double", "NaN", reasons.TEXT_NOT_A_NUMBER),
    ("double", "1,5", reasons.TEXT_NOT_A_NUMBER),
    ("double", False, reasons.NOT_A_NUMBER),
    ("decimal(12,2)", 10_000_000_000, reasons.too_many_digits(12, 2)),
    ("decimal(12,2)", "10000000000.00", reasons.too_many_digits(12, 2)),
    ("decimal(12,2)", "1e99999999999999999999", reasons.too_many_digits(12, 2)),
    ("decimal(12,2)", 12.505, reasons.too_exact(12, 2)),
    ("decimal(12,2)", "12.505", reasons.too_exact(12, 2)),
    ("decimal(12,2)", "twelve", reasons.TEXT_NOT_A_NUMBER),
    ("decimal(12,2)", {}, reasons.NOT_A_NUMBER),
    ("date", "2024-9-4", reasons.NOT_DATE),
    ("date", "04.09.2024", reasons.NOT_DATE),
    ("date", "2024-W36-3", reasons.NOT_DATE),
    ("date", "2023-02-29", reasons.NO_SUCH_DATE),
    ("date", "0000-01-01", reasons.NO_SUCH_DATE),
    ("date", "2024-09-04T18:56:15Z", reasons.TIME_IN_DATE),
    ("date", 20240904, reasons.DATE_AS_DIGITS),
    ("date", 1725476175, reasons.DATE_OUT_OF_RANGE),
    ("date", 1725476175099, reasons.DATE_TOO_GREAT),
    ("date", 19970.5, reasons.NOT_DATE),
    ("time", 86_400_000_000, reasons.TIME_OUT_OF_RANGE),
    ("time", "24:00", reasons.NOT_TIME),
    ("time", "6:56 pm", reasons.NOT_TIME),
    ("timestamp", 1725476175, reasons.other_unit("seconds", 1)),
    ("timestamp", 1725476175099, reasons.other_unit("milliseconds", 1_000)),
    ("timestamp", 1725476175099000000, reasons.other_unit("nanoseconds", 1_000_000_000)),
    ("timestamp", 1725476175.099, reasons.FRACTIONAL_TIMESTAMP),
    ("timestamp", 2**62, reasons.TIMESTAMP_OUT_OF_RANGE),
    ("timestamp", 2**63, reasons.TOO_GREAT_FOR_LONG),
    ("timestamp", "1725476175099000", reasons.QUOTED_TIMESTAMP),
    ("timestamp", "2024-09-04 18:56:15", reasons.NOT_ISO),
    ("timestamp", "2024-09-04", reasons.NOT_ISO),
    ("timestamp", "2024-09-31T18:56:15Z", reasons.NOT_ISO),
    ("timestamp", "yesterday", reasons.NOT_ISO),
    ("timestamp", True, reasons.NOT_TIMESTAMP),
    ("timestamp", "2024-09-04T18:56:15.114", reasons.ISO_TIMESTAMP),
    ("timestamp", "2024-09-04T18:56:15.114Z", reasons.ISO_TIMESTAMP),
    ("timestamp", "2024-09-04T18:56:15.114-07:00", reasons.OFFSET_IN_LOCAL),
    ("timestamptz", "2024-09-04T18:56:15.099Z", reasons.ISO_TIMESTAMP),
    ("timestamptz", "2024-09-04T18:56:15.123456789+02:00", reasons.ISO_TIMESTAMP),
    ("string", 5, reasons.NOT_TEXT),
    ("string", True, reasons.NOT_TEXT),
    ("string", {"a": 1}, reasons.NESTED_FOR_TEXT),
    ("uuid", "21c5521ca6d448d4b2c87f6d842f72c3", reasons.NOT_UUID),
    ("uuid", 5, reasons.NOT_UUID),
    ("binary", "Zür", reasons.NOT_BINARY),
    ("binary", "YWJ=jj", reasons.NOT_BINARY),
    ("binary", "YW=", reasons.NOT_BINARY),
    ("binary", "YWJjY", reasons.NOT_BINARY),
    ("binary", [1, 2], reasons.NOT_BINARY),
    ("fixed(3)", "YWJjZA==", reasons.wrong_length(3)),
    ("fixed(3)", 5, reasons.NOT_BINARY),
    ("list<string>", {"a": "b"}, reasons.NOT_LIST),
    ("list<string>", "a, b", reasons.TEXT_NOT_A_LIST),
    ("list<string!>", [None], reasons.NULL),
    ("list<int>", ["x"], reasons.TEXT_NOT_A_NUMBER),
    ("map<string, long>", [1], reasons.NOT_MAP),
    ("map<string, long>", "[1]", reasons.TEXT_NOT_A_MAP),
    ("map<string, long!>", {"a": None}, reasons.NULL),
    ("map<int, string>", {"x": "a"}, reasons.TEXT_NOT_A_NUMBER),
    ("struct<x: double!>", "{}", reasons.NOT_STRUCT),
    ("struct<x: double!>", {}, reasons.MISSING),
    ("struct<x: double!>", {"x": None}, reasons.NULL),
    ("struct<x: double>", {"x": 1, "y": 2}, reasons.unknown_key("")),
]


def faults_of(type_: str, value: Any) -> list[Fault]:
    """Check one value of a column 'c'."""
    return list(Checker(columns(c=type_)).faults(json.dumps({"c": value}).encode()))


@pytest.mark.parametrize(("type_", "value"), TAKEN, ids=lambda each: str(each)[:40])
def test_a_documented_form_is_taken(type_: str, value: Any) -> None:
    assert faults_of(type_, value) == []


@pytest.mark.parametrize(("type_", "value", "reason"), NOT_TAKEN, ids=lambda each: str(each)[:40])
def test_another_form_is_explained(type_: str, value: Any, reason: Reason) -> None:
    assert [fault.reason for fault in faults_of(type_, value)] == [reason]


def test_a_number_with_more_digits_than_a_float_holds_is_exact_in_a_decimal() -> None:
    checker = Checker(columns(c="decimal(20,7)"))
    assert not checker.faults(b'{"c": 9455262425851.1342772}')
    assert [each.reason for each in checker.faults(b'{"c": 9455262425851.13427721}')] == [
        reasons.too_exact(20, 7)
    ]


def test_every_reason_has_an_example_that_can_be_made() -> None:
    for type_, value, _ in NOT_TAKEN:
        for fault in faults_of(type_, value):
            assert isinstance(fault.reason.example(fault.value), str)


@pytest.mark.parametrize(
    ("value", "example"),
    [
        (1725476175, "1725476175 in seconds is 2024-09-04T18:56:15.000Z: send 1725476175000000"),
        (1725476175099, "1725476175099 in milliseconds is 2024-09-04T18:56:15.099Z: send 1725476175099000"),
        (
            1725476175099000000,
            "1725476175099000000 in nanoseconds is 2024-09-04T18:56:15.099Z: send 1725476175099000",
        ),
        ("2024-09-04T18:56:15.099+02:00", "2024-09-04T18:56:15.099+02:00 is 1725468975099000"),
        ("2024-09-04T18:56:15", "2024-09-04T18:56:15 in UTC is 1725476175000000"),
    ],
)
def test_a_timestamp_in_another_form_is_converted_in_the_message(value: Any, example: str) -> None:
    (fault,) = faults_of("timestamptz", value)
    assert fault.reason.example(value) == example


def test_a_fault_inside_a_nested_value_names_the_way_to_it() -> None:
    value = [{"sku": "a", "quantity": "x"}]
    (fault,) = faults_of(LIST, value)
    assert (fault.key, fault.value_type, fault.column_type) == ("c[].quantity", "text", "int")
