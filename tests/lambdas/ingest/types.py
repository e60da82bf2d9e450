"""What Firehose accepts for a type, said a second time and apart from the function, and values to try."""

from __future__ import annotations

import base64
import math
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

PRIMITIVES = (
    "boolean",
    "int",
    "long",
    "float",
    "double",
    "decimal(12,2)",
    "decimal(38, 10)",
    "date",
    "timestamp",
    "timestamptz",
    "string",
    "binary",
)
_NAMES = st.sampled_from(["a", "b", "c"])
_MICROSECONDS = {
    "year 1": -62_135_596_800_000_000,
    "year 10000": 253_402_300_800_000_000,
}


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    required = st.booleans()
    fields = st.dictionaries(_NAMES, st.tuples(inner, required), min_size=1)
    return st.one_of(
        st.builds(
            lambda kind, needed: {"type": "list", "element": kind, "element-required": needed},
            inner,
            required,
        ),
        st.builds(
            lambda key, kind, needed: {"type": "map", "key": key, "value": kind, "value-required": needed},
            st.sampled_from(["string", "int", "date", "boolean"]),
            inner,
            required,
        ),
        st.builds(
            lambda made: {
                "type": "struct",
                "fields": [
                    {"name": name, "type": kind, "required": needed} for name, (kind, needed) in made.items()
                ],
            },
            fields,
        ),
    )


kinds = st.recursive(st.sampled_from(PRIMITIVES), _nested, max_leaves=6)

_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.text(),
    st.sampled_from(["true", "FALSE", "0", "-7", "12.50", "1e3", "1e999999999", "2026-11-22", "AAA=", "_-8"]),
    st.datetimes().map(datetime.isoformat),
    st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
    st.dates().map(date.isoformat),
)
values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_NAMES | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def valid(kind: Any) -> st.SearchStrategy[Any]:
    """Make values that a sender may mean for a type, in all of their spellings."""
    if isinstance(kind, str):
        return _valid_scalar(kind)
    if kind["type"] == "list":
        return st.lists(_maybe(kind["element"], kind["element-required"]), max_size=3)
    if kind["type"] == "map":
        keys = valid(kind["key"]).map(_as_key)
        return st.dictionaries(keys, _maybe(kind["value"], kind["value-required"]), max_size=3)
    fields = {field["name"]: _maybe(field["type"], field["required"]) for field in kind["fields"]}
    return st.fixed_dictionaries(fields)


def _maybe(kind: Any, required: bool) -> st.SearchStrategy[Any]:
    return valid(kind) if required else st.none() | valid(kind)


def _as_key(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower()


def _valid_scalar(kind: str) -> st.SearchStrategy[Any]:
    if kind.startswith("decimal"):
        digits, places = map(int, re.findall(r"\d+", kind))
        limit = Decimal(10) ** (digits - places) - 1
        made = st.decimals(-limit, limit, places=places)
        return made | made.map(str)
    whole = {"int": 31, "long": 63}
    if kind in whole:
        limit_of = 1 << whole[kind]
        numbers = st.integers(-limit_of, limit_of - 1)
        return numbers | numbers.map(str) | numbers.map(Decimal)
    some = {
        "boolean": st.sampled_from([True, False, "true", "False", 1, 0, "1", "0"]),
        "float": st.floats(width=32, allow_nan=False, allow_infinity=False),
        "double": st.floats(allow_nan=False, allow_infinity=False).flatmap(
            lambda number: st.sampled_from([number, str(number), Decimal(str(number))])
        ),
        "date": st.dates().map(date.isoformat),
        "string": st.text(),
        "binary": st.binary().flatmap(
            lambda data: st.sampled_from(
                [base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()]
            )
        ),
    }
    moments = st.datetimes() | st.datetimes(timezones=st.timezones())
    return some.get(kind, moments.map(datetime.isoformat))


def accepted(kind: Any, value: Any) -> bool:
    """Say whether a JSON value is one that Firehose takes for a type.

    https://docs.aws.amazon.com/firehose/latest/dev/apache-iceberg-destination-supp.html
    """
    if isinstance(kind, str):
        return _accepted_scalar(kind, value)
    if kind["type"] == "list":
        return isinstance(value, list) and all(
            _is_null_or(kind["element"], kind["element-required"], part) for part in value
        )
    if kind["type"] == "map":
        return isinstance(value, dict) and all(
            isinstance(key, str) and _is_null_or(kind["value"], kind["value-required"], part)
            for key, part in value.items()
        )
    fields = {field["name"]: field for field in kind["fields"]}
    return (
        isinstance(value, dict)
        and value.keys() <= fields.keys()
        and all(name in value for name, field in fields.items() if field["required"])
        and all(accepted(fields[name]["type"], part) for name, part in value.items())
    )


def _is_null_or(kind: Any, required: bool, value: Any) -> bool:
    return (value is None and not required) or accepted(kind, value)


def _accepted_scalar(kind: str, value: Any) -> bool:
    if kind.startswith("decimal"):
        digits, places = map(int, re.findall(r"\d+", kind))
        found = re.fullmatch(r"-?(\d+)\.(\d+)", value)
        return found is not None and len(found[2]) == places and len(found[1].lstrip("0")) <= digits - places
    if kind in ("int", "long"):
        limit = 1 << (31 if kind == "int" else 63)
        return type(value) is int and -limit <= value < limit
    if kind in ("timestamp", "timestamptz"):
        return type(value) is int and _MICROSECONDS["year 1"] <= value < _MICROSECONDS["year 10000"]
    if kind in ("float", "double"):
        largest = 3.4028234663852886e38 if kind == "float" else math.inf
        return type(value) is float and math.isfinite(value) and abs(value) <= largest
    if kind == "boolean":
        return type(value) is bool
    if kind == "date":
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    if kind == "binary":
        return (
            isinstance(value, str)
            and base64.b64encode(base64.b64decode(value, validate=True)).decode() == value
        )
    return isinstance(value, str)


def times_near_1970(kind: Any, value: Any) -> bool:
    """Say whether a value holds a time whose microseconds would be taken for another unit."""
    if isinstance(kind, str):
        return kind.startswith("timestamp") and abs(value) < 10**14
    if value is None:
        return False
    if kind["type"] == "list":
        return any(part is not None and times_near_1970(kind["element"], part) for part in value)
    if kind["type"] == "map":
        return any(part is not None and times_near_1970(kind["value"], part) for part in value.values())
    types = {field["name"]: field["type"] for field in kind["fields"]}
    return any(times_near_1970(types[name], part) for name, part in value.items())
