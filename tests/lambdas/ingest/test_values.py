"""What becomes of a value on its way to a column."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lambdas.ingest import index
from tests.lambdas.ingest import types

LATE = 1_763_856_605_123_456  # 2025-11-23T00:10:05.123456Z
LINES = {
    "type": "list",
    "element": {
        "type": "struct",
        "fields": [
            {"id": 7, "name": "sku", "type": "string", "required": True},
            {"id": 8, "name": "price", "type": "decimal(12,2)", "required": False},
        ],
    },
}
COUNTS = {"type": "map", "key": "int", "value": "long", "value-required": True}


@pytest.fixture(autouse=True)
def _configured(configure: Any) -> None:
    """Configure the function: unknown keys are refused."""


@pytest.mark.parametrize(
    ("kind", "value", "made"),
    [
        ("string", "größer", "größer"),
        ("string", "", ""),
        ("string", 7, "7"),
        ("string", Decimal("7.50"), "7.50"),
        ("string", True, "true"),
        ("boolean", True, True),
        ("boolean", "TRUE", True),
        ("boolean", "0", False),
        ("boolean", 1, True),
        ("int", 7, 7),
        ("int", "-7", -7),
        ("int", Decimal("7.00"), 7),
        ("int", 7.0, 7),
        ("int", "7e2", 700),
        ("int", 2**31 - 1, 2**31 - 1),
        ("long", -(2**63), -(2**63)),
        ("long", str(2**63 - 1), 2**63 - 1),
        ("float", "0.1", 0.1),
        ("double", Decimal("9.18477568715142"), 9.18477568715142),
        ("double", 5, 5.0),
        ("double", "1.7976931348623157e308", 1.7976931348623157e308),
        ("float", Decimal("3.4028234663852886e38"), 3.4028234663852886e38),
        ("float", -3.4028234663852886e38, -3.4028234663852886e38),
        ("double", "-1.5e-3", -0.0015),
        ("decimal(12,2)", Decimal("12.3"), "12.30"),
        ("decimal(12,2)", "12.300", "12.30"),
        ("decimal(12,2)", 12, "12.00"),
        ("decimal(12,2)", 0.1, "0.10"),
        ("decimal(12,2)", "9999999999.99", "9999999999.99"),
        ("decimal(38,7)", "9455262425851.1342772", "9455262425851.1342772"),
        ("decimal(5,0)", "1e3", "1000"),
        ("date", "2026-11-22", "2026-11-22"),
        ("binary", "AsYh", "AsYh"),
        ("binary", "_-8", "/+8="),
        ("binary", "AsYh\r\nnHA=", "AsYhnHA="),
        ("binary", "", ""),
    ],
)
def test_a_value_becomes_what_its_column_takes(kind: str, value: Any, made: Any) -> None:
    converted = index.convert(kind, value)
    assert (converted, type(converted)) == (made, type(made))


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("string", ["a"], "is not text"),
        ("string", {}, "is not text"),
        ("boolean", "yes", "is neither true nor false"),
        ("boolean", 2, "is neither true nor false"),
        ("int", 2**31, "does not fit 32 bits"),
        ("int", "7.5", "has more than 20 digits or 0 decimal places"),
        ("int", True, "is not a number"),
        ("int", "٣", "is not a number"),
        ("int", "1_000", "is not a number"),
        ("int", " 7", "is not a number"),
        ("long", 2**63, "does not fit 64 bits"),
        ("long", "1e999999999", "has more than 20 digits or 0 decimal places"),
        ("double", "1e309", "is too large"),
        ("double", 10**400, "is too large"),
        ("double", "-1e999999999", "is too large"),
        ("double", float("nan"), "is too large"),
        ("double", "NaN", "is not a number"),
        ("float", 3.5e38, "is too large"),
        ("decimal(12,2)", "0.001", "has more than 12 digits or 2 decimal places"),
        ("decimal(12,2)", "10000000000", "has more than 12 digits or 2 decimal places"),
        ("decimal(12,2)", Decimal("1e999999"), "has more than 12 digits or 2 decimal places"),
        ("decimal(12,2)", None, "is not a number"),
        ("date", "22.11.2026", "is not a date"),
        ("date", "2026-02-30", "is not a date"),
        ("date", "2026-11-22T10:00:00Z", "is not a date"),
        ("date", 20_000, "is not a date"),
        ("timestamp", "yesterday", "is not a time"),
        ("timestamp", "2026-11-22T25:00", "is not a time"),
        ("timestamp", True, "is not a number"),
        ("timestamp", 10**19, "is not a time"),
        ("timestamp", -62_135_596_801, "is not a time of the years 1 to 9999"),
        ("timestamp", "1e999999999", "is not a time"),
        ("timestamp", float("nan"), "is not a time"),
        ("timestamptz", "0001-01-01T00:00:00+00:01", "is not a time of the years 1 to 9999"),
        ("binary", "A", "is not base64"),
        ("binary", "AsYh!", "is not base64"),
        ("binary", 7, "is not base64"),
        (LINES, {}, "is not a list"),
        (COUNTS, [], "is not an object"),
        (COUNTS, {"1": 2, "1.0": 3}, "has a key twice"),
        (LINES, [{"sku": "a"}, {"price": 1}], "sku is missing"),
        (LINES, [{"sku": "a", "price": "free"}], "price: is not a number"),
        (LINES, [{"sku": "a", "colour": "red"}], "colour is not a known key"),
        (LINES, ["a"], "is not an object"),
        (COUNTS, {"1": None}, "is not a number"),
        (COUNTS, {"one": 1}, "is not a number"),
    ],
    ids=repr,
)
def test_a_value_that_no_column_of_the_type_takes_is_refused(kind: Any, value: Any, reason: str) -> None:
    with pytest.raises(index.Unfit) as refused:
        index.convert(kind, value)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("2025-11-23T00:10:05.123456Z", LATE),
        ("2025-11-23T00:10:05.123456", LATE),
        ("2025-11-23 00:10:05.123456", LATE),
        ("2025-11-23T01:10:05.123456+01:00", LATE),
        ("2025-11-22T16:10:05.123456-08:00", LATE),
        ("2025-11-23T00:10:05.123456789Z", LATE),
        ("2025-11-23", LATE // 86_400_000_000 * 86_400_000_000),
        ("20251123T001005Z", LATE // 10**6 * 10**6),
        (LATE, LATE),
        (LATE // 1000, LATE // 1000 * 1000),
        (LATE // 10**6, LATE // 10**6 * 10**6),
        (Decimal("1763856605.123456"), LATE),
        (1763856605.123456, LATE),
        (Decimal("1763856605123.456"), LATE),
        ("1763856605123", LATE // 1000 * 1000),
        ("1763856605.123456", LATE),
        (0, 0),
        (-1, -1_000_000),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("0001-01-01", -62_135_596_800_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        (99_999_999_999, 99_999_999_999_000_000),
        (100_000_000_000, 100_000_000_000_000),
        (99_999_999_999_999, 99_999_999_999_999_000),
        (100_000_000_000_000, 100_000_000_000_000),
    ],
)
def test_a_time_becomes_microseconds_since_1970(value: Any, made: int) -> None:
    assert index.convert("timestamp", value) == index.convert("timestamptz", value) == made


def test_nested_values_are_converted_inside() -> None:
    value = [{"sku": "a", "price": 1}, {"sku": 7, "price": None}, None]
    assert index.convert(LINES, value) == [{"sku": "a", "price": "1.00"}, {"sku": "7"}, None]
    assert index.convert(COUNTS, {"1": "2", "-3": 4}) == {"1": 2, "-3": 4}


def test_the_keys_of_a_map_are_text_whatever_their_type() -> None:
    flags = {"type": "map", "key": "boolean", "value": "timestamp"}
    assert index.convert(flags, {"TRUE": 0, "0": None}) == {"true": 0, "false": None}


def test_unknown_keys_inside_of_a_struct_are_dropped_where_the_function_drops_them(configure: Any) -> None:
    configure(unknown="drop")
    assert index.convert(LINES, [{"sku": "a", "colour": "red"}]) == [{"sku": "a"}]


@given(kind=types.kinds, value=types.values)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_accepted_is_of_its_column_s_type(kind: Any, value: Any) -> None:
    try:
        made = index.convert(kind, value)
    except index.Unfit:
        return
    assert types.accepted(kind, made)
    assert json.loads(json.dumps(made, allow_nan=False)) == made


@given(data=st.data(), kind=types.kinds)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_spelling_of_a_valid_value_is_accepted(data: st.DataObject, kind: Any) -> None:
    value = data.draw(types.valid(kind))
    try:
        made = index.convert(kind, value)
    except index.Unfit as unfit:
        assume("years 1 to 9999" not in str(unfit))  # an offset may lead out of them
        assume("a key twice" not in str(unfit))  # keys may be two spellings of one value
        raise
    assert types.accepted(kind, made)


@given(data=st.data(), kind=types.kinds)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_converted_once_stays_as_it_is(data: st.DataObject, kind: Any) -> None:
    value = data.draw(types.valid(kind) | types.values)
    try:
        made = index.convert(kind, value)
    except index.Unfit:
        return
    assume(not types.times_near_1970(kind, made))
    read = json.loads(json.dumps(made), parse_float=Decimal)
    assert index.convert(kind, made) == index.convert(kind, read) == made


@given(data=st.binary())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_arrive_as_they_were_sent(data: bytes) -> None:
    for spelled in (
        base64.b64encode(data),
        base64.urlsafe_b64encode(data).rstrip(b"="),
        base64.encodebytes(data),
    ):
        assert base64.b64decode(index.convert("binary", spelled.decode())) == data


@given(number=st.decimals(allow_nan=False, allow_infinity=False), places=st.integers(0, 38))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_decimal_is_exact_or_refused(number: Decimal, places: int) -> None:
    try:
        made = index.convert(f"decimal(38,{places})", json.loads(str(number), parse_float=Decimal))
    except index.Unfit:
        return
    assert Decimal(made) == number
