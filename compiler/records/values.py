"""Check values against column types: one closure a column, compiled once.

What Firehose takes for each type is in its developer guide, apache-iceberg-destination-supp.html,
by example: numbers also as text, booleans also as 1 and 0, a date as days since 1970 or as
`2024-09-04`, bytes as Base64 (basic, MIME, URL-safe) or hex, a list or map also as JSON text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from compiler.iceberg import Field, ListType, MapType, Primitive, StructType, Type, spelled
from compiler.names import nearest
from compiler.records import reasons
from compiler.records.findings import Fault, Reason, type_name
from compiler.semantics.types import MAXIMUM_LEVELS

Faults = Sequence[Fault]
Check = Callable[[Any], Faults]
"""Takes a value that is not null; returns what is wrong with it, mostly nothing."""

FINE: Faults = ()
_KEYS_KEPT = 1_000


def compile_fields(fields: Sequence[Field], prefix: str = "") -> Callable[[Mapping[str, Any]], Faults]:
    """Return the check of an object against the fields of a table or struct.

    A key must be a field's name to the letter; what is no field is skipped
    (apache-iceberg-considerations.html, which says so of the first level only).
    """
    checks = {field.name: compile_check(field.type, prefix + field.name) for field in fields}
    required = {field.name: spelled(field.type) for field in fields if field.required}
    required_names = frozenset(required)
    # Most values are of a type that is all there is to check: it is told without a call.
    sufficient = {field.name: _SUFFICIENT[field.type] for field in fields if field.type in _SUFFICIENT}
    keys = _Keys(fields, prefix)

    def check(record: Mapping[str, Any]) -> Faults:
        found: list[Fault] = []
        for key, value in record.items():
            if type(value) is sufficient.get(key):
                continue
            column = checks.get(key)
            if column is None:
                found.append(keys.unknown(key, value))
            elif value is not None:
                faults = column(value)
                if faults:
                    found += faults
            elif key in required_names:
                found.append(Fault(prefix + key, "null", required[key], reasons.NULL))
        if not required_names.issubset(record):
            found += [keys.missing(name, record) for name in required if name not in record]
        return found

    return check


def compile_check(type_: Type, path: str) -> Check:
    """Return the check of one value; `path` is what a fault names as its key."""
    at = _At(path, spelled(type_))
    match type_:
        case Primitive(name, arguments):
            return _PRIMITIVES[name](at, *arguments)
        case ListType():
            return _list(at, type_)
        case MapType():
            return _map(at, type_)
        case StructType():
            return _struct(at, type_)


def exact(text: str) -> Decimal:
    """Return a JSON number without loss; infinity where its exponent is past all bounds."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("Infinity")


class _Keys:
    """Say what a key was meant to be; each key is thought about only once."""

    def __init__(self, fields: Sequence[Field], prefix: str) -> None:
        self._types = {field.name: spelled(field.type) for field in fields}
        self._alike = {_letters(field.name): field.name for field in fields if _letters(field.name)}
        self._prefix = prefix
        self._reasons: dict[str, Reason] = {}

    def unknown(self, key: str, value: Any) -> Fault:
        reason = self._reasons.get(key)
        if reason is None:
            reason = self._explain(key)
            if len(self._reasons) < _KEYS_KEPT:
                self._reasons[key] = reason
        if _deeper_than(value, MAXIMUM_LEVELS):
            reason = reasons.TOO_DEEP
        return Fault(self._prefix + (key or '""'), type_name(value), "", reason, value)

    def missing(self, name: str, record: Mapping[str, Any]) -> Fault:
        strangers = (key for key in record if key not in self._types)
        meant = next((key for key in strangers if self._alike.get(_letters(key)) == name), None)
        reason = reasons.MISSING if meant is None else reasons.missing_but(meant)
        return Fault(self._prefix + name, "missing", self._types[name], reason)

    def _explain(self, key: str) -> Reason:
        alike = self._alike.get(_letters(key))
        return reasons.respelled_key(alike) if alike else reasons.unknown_key(nearest(key, self._types))


def _deeper_than(value: Any, levels: int) -> bool:
    """Whether lists and objects, and the values in them, make more levels than these."""
    if type(value) is dict:
        return levels < 1 or any(_deeper_than(each, levels - 1) for each in value.values())
    if type(value) is list:
        return levels < 1 or any(_deeper_than(each, levels - 1) for each in value)
    return levels < 1


def _letters(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.lower())


@dataclass(frozen=True, slots=True)
class _At:
    """Where a check stands: the key and the column's type that its faults name."""

    path: str
    column_type: str

    def fault(self, reason: Reason, value: Any) -> Faults:
        return (Fault(self.path, type_name(value), self.column_type, reason, value),)


# --- Primitive types ---

# The grammar of JSON's numbers.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"-?[0-9]+")
_MOST_INTEGER_DIGITS = 20
_LARGEST_FLOAT = 3.4028234663852886e38
_LARGEST_DOUBLE = 1.7976931348623157e308


def _string(at: _At) -> Check:
    def check(value: Any) -> Faults:
        if type(value) is str:
            return FINE
        return at.fault(reasons.NESTED_FOR_TEXT if type(value) in (dict, list) else reasons.NOT_TEXT, value)

    return check


def _boolean(at: _At) -> Check:
    def check(value: Any) -> Faults:
        kind = type(value)
        if kind is bool or (kind is int and value in (0, 1)) or (kind is str and value in ("true", "false")):
            return FINE
        return at.fault(reasons.NOT_BOOLEAN, value)

    return check


def _whole(at: _At, *, bits: int, too_great: Reason) -> Check:
    limit = 1 << (bits - 1)

    def check(value: Any) -> Faults:
        if type(value) is int:
            return FINE if -limit <= value < limit else at.fault(too_great, value)
        if type(value) is not str:
            wrong = reasons.NOT_WHOLE if type(value) in (float, Decimal) else reasons.NOT_A_NUMBER
            return at.fault(wrong, value)
        if not _INTEGER.fullmatch(value):
            fraction = _NUMBER.fullmatch(value)
            return at.fault(reasons.NOT_WHOLE if fraction else reasons.TEXT_NOT_A_NUMBER, value)
        fits = len(value) <= _MOST_INTEGER_DIGITS and -limit <= int(value) < limit
        return FINE if fits else at.fault(too_great, value)

    return check


def _real(at: _At, *, largest: float, too_great: Reason) -> Check:
    def check(value: Any) -> Faults:
        kind = type(value)
        if kind is str:
            if not _NUMBER.fullmatch(value):
                return at.fault(reasons.TEXT_NOT_A_NUMBER, value)
            return FINE if abs(float(value)) <= largest else at.fault(too_great, value)
        if kind is float or kind is int or kind is Decimal:
            return FINE if -largest <= value <= largest else at.fault(too_great, value)
        return at.fault(reasons.NOT_A_NUMBER, value)

    return check


def _decimal(at: _At, precision: int, scale: int) -> Check:
    limit = 10 ** (precision - scale)
    too_great, too_exact = reasons.too_many_digits(precision, scale), reasons.too_exact(precision, scale)

    def check(value: Any) -> Faults:
        kind = type(value)
        number = value
        if kind is str:
            if not _NUMBER.fullmatch(value):
                return at.fault(reasons.TEXT_NOT_A_NUMBER, value)
            number = exact(value)
        elif kind is not int and kind is not Decimal:
            return at.fault(reasons.NOT_A_NUMBER, value)
        if not -limit < number < limit:
            return at.fault(too_great, value)
        return FINE if kind is int or _decimal_places(number) <= scale else at.fault(too_exact, value)

    return check


def _decimal_places(number: Decimal) -> int:
    """Return the digits after the point, zeros at the end not counted."""
    _, digits, exponent = number.as_tuple()
    places = -exponent if isinstance(exponent, int) else 0
    for digit in reversed(digits):
        if places <= 0 or digit:
            return places
        places -= 1
    return 0


_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]*|[A-Za-z0-9_-]*)={0,2}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def _binary(at: _At) -> Check:
    def check(value: Any) -> Faults:
        return FINE if _lengths(value) else at.fault(reasons.NOT_BINARY, value)

    return check


def _fixed(at: _At, length: int) -> Check:
    wrong_length = reasons.wrong_length(length)

    def check(value: Any) -> Faults:
        lengths = _lengths(value)
        if not lengths:
            return at.fault(reasons.NOT_BINARY, value)
        return FINE if length in lengths else at.fault(wrong_length, value)

    return check


def _lengths(value: Any) -> list[int]:
    """Return how many bytes a text stands for: in Base64, and in hex if it is that too."""
    if type(value) is not str:
        return []
    text = value.replace("\r", "").replace("\n", "")  # MIME's line breaks
    digits = text.rstrip("=")
    padded = len(text) % 4 == 0 if len(digits) < len(text) else len(digits) % 4 != 1
    found = [len(digits) * 3 // 4] if padded and _BASE64.fullmatch(text) else []
    return [*found, len(text) // 2] if _HEX.fullmatch(text) else found


def _uuid(at: _At) -> Check:
    def check(value: Any) -> Faults:
        fits = type(value) is str and _UUID.fullmatch(value)
        return FINE if fits else at.fault(reasons.NOT_UUID, value)

    return check


# --- Dates and times ---

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
_TIME = re.compile(_CLOCK)
_ISO = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{_CLOCK}(Z|[+-][0-9]{{2}}:[0-9]{{2}})?")
_DAY_DIGITS = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")

_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_DAY, _LAST_DAY = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH
_MICROSECONDS_A_DAY = 86_400_000_000
_FIRST_MICROSECOND = _FIRST_DAY * _MICROSECONDS_A_DAY
_LAST_MICROSECOND = (_LAST_DAY + 1) * _MICROSECONDS_A_DAY - 1

# Seconds since 1970 of a moment that someone may mean: 1990 to 2100. As microseconds, even the
# milliseconds of that time lie in the first seven weeks of 1970, so little is mistaken for them.
_FIRST_SECOND, _LAST_SECOND = 631_152_000, 4_133_980_800
_UNITS = [
    (_FIRST_SECOND * each, _LAST_SECOND * each, reasons.other_unit(unit, each))
    for unit, each in (("seconds", 1), ("milliseconds", 1_000), ("nanoseconds", 1_000_000_000))
]
_PAST_MILLISECONDS = _LAST_SECOND * 1_000


def _date(at: _At) -> Check:
    def check(value: Any) -> Faults:
        if type(value) is int:
            return FINE if _FIRST_DAY <= value <= _LAST_DAY else at.fault(_strange_days(value), value)
        if type(value) is str and _DATE.fullmatch(value):
            return FINE if _exists(date.fromisoformat, value) else at.fault(reasons.NO_SUCH_DATE, value)
        iso = type(value) is str and _ISO.fullmatch(value)
        return at.fault(reasons.TIME_IN_DATE if iso else reasons.NOT_DATE, value)

    return check


def _strange_days(value: int) -> Reason:
    if _DAY_DIGITS.fullmatch(str(value)):
        return reasons.DATE_AS_DIGITS
    return reasons.DATE_OUT_OF_RANGE if -(1 << 31) <= value < 1 << 31 else reasons.DATE_TOO_GREAT


def _time(at: _At) -> Check:
    def check(value: Any) -> Faults:
        if type(value) is int:
            fits = 0 <= value < _MICROSECONDS_A_DAY
            return FINE if fits else at.fault(reasons.TIME_OUT_OF_RANGE, value)
        fits = type(value) is str and _TIME.fullmatch(value) is not None
        return FINE if fits else at.fault(reasons.NOT_TIME, value)

    return check


def _timestamp(at: _At, *, zoned: bool) -> Check:
    def check(value: Any) -> Faults:
        if type(value) is int:
            if _PAST_MILLISECONDS < value <= _LAST_MICROSECOND:
                return FINE
            reason = _strange_microseconds(value)
            return FINE if reason is None else at.fault(reason, value)
        if type(value) is str:
            return at.fault(_text_for_timestamp(value, zoned), value)
        fraction = type(value) in (float, Decimal)
        return at.fault(reasons.FRACTIONAL_TIMESTAMP if fraction else reasons.NOT_TIMESTAMP, value)

    return check


def _strange_microseconds(value: int) -> Reason | None:
    for first, last, reason in _UNITS:
        if first <= value <= last:
            return reason
    if _FIRST_MICROSECOND <= value <= _LAST_MICROSECOND:
        return None
    fits = -(1 << 63) <= value < 1 << 63
    return reasons.TIMESTAMP_OUT_OF_RANGE if fits else reasons.TOO_GREAT_FOR_LONG


def _text_for_timestamp(text: str, zoned: bool) -> Reason:
    match = _ISO.fullmatch(text)
    if not match or not _exists(datetime.fromisoformat, text):
        return reasons.QUOTED_TIMESTAMP if _INTEGER.fullmatch(text) else reasons.NOT_ISO
    # The example page shows an offset other than Z only for a timestamp without zone.
    return reasons.OFFSET_IN_LOCAL if not zoned and match[1] not in (None, "Z") else reasons.ISO_TIMESTAMP


def _exists(parse: Callable[[str], Any], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


# --- Nested types ---


def _list(at: _At, type_: ListType) -> Check:
    path = f"{at.path}[]"
    element = compile_check(type_.element, path)
    null = Fault(path, "null", spelled(type_.element), reasons.NULL) if type_.element_required else None

    def check(value: Any) -> Faults:
        if type(value) is not list:
            inner = _embedded(value, list)
            if inner is None:
                text = type(value) is str
                return at.fault(reasons.TEXT_NOT_A_LIST if text else reasons.NOT_LIST, value)
            value = inner
        found: list[Fault] = []
        for each in value:
            if each is not None:
                found += element(each)
            elif null:
                found.append(null)
        return found

    return check


def _map(at: _At, type_: MapType) -> Check:
    path = f"{at.path}{{}}"
    check_key = _key(type_.key, f"{path} key")
    check_value = compile_check(type_.value, path)
    null = Fault(path, "null", spelled(type_.value), reasons.NULL) if type_.value_required else None

    def check(value: Any) -> Faults:
        if type(value) is not dict:
            inner = _embedded(value, dict)
            if inner is None:
                text = type(value) is str
                return at.fault(reasons.TEXT_NOT_A_MAP if text else reasons.NOT_MAP, value)
            value = inner
        found: list[Fault] = []
        for key, each in value.items():
            if check_key:
                found += check_key(key)
            if each is not None:
                found += check_value(each)
            elif null:
                found.append(null)
        return found

    return check


def _key(type_: Type, path: str) -> Check | None:
    """Return the check of a map's keys, which in JSON are always text; none for string keys."""
    if type_ == Primitive("string"):
        return None
    check = compile_check(type_, path)
    if not isinstance(type_, Primitive) or type_.name not in ("date", "time", "timestamp", "timestamptz"):
        return check
    return lambda key: check(
        int(key) if _INTEGER.fullmatch(key) and len(key) <= _MOST_INTEGER_DIGITS else key
    )


def _struct(at: _At, type_: StructType) -> Check:
    check_fields = compile_fields(type_.fields, f"{at.path}.")

    def check(value: Any) -> Faults:
        return check_fields(value) if type(value) is dict else at.fault(reasons.NOT_STRUCT, value)

    return check


def _embedded(value: Any, kind: type) -> Any:
    """Return the list or map that a text holds as JSON, or nothing."""
    if type(value) is not str:
        return None
    try:
        inner = json.loads(value, parse_float=exact)
    except (ValueError, RecursionError):
        return None
    return inner if type(inner) is kind else None


_PRIMITIVES: Mapping[str, Callable[..., Check]] = {
    "boolean": _boolean,
    "int": partial(_whole, bits=32, too_great=reasons.TOO_GREAT_FOR_INT),
    "long": partial(_whole, bits=64, too_great=reasons.TOO_GREAT_FOR_LONG),
    "float": partial(_real, largest=_LARGEST_FLOAT, too_great=reasons.TOO_GREAT_FOR_FLOAT),
    "double": partial(_real, largest=_LARGEST_DOUBLE, too_great=reasons.TOO_GREAT_FOR_DOUBLE),
    "decimal": _decimal,
    "date": _date,
    "time": _time,
    "timestamp": partial(_timestamp, zoned=False),
    "timestamptz": partial(_timestamp, zoned=True),
    "string": _string,
    "uuid": _uuid,
    "fixed": _fixed,
    "binary": _binary,
}

_SUFFICIENT: Mapping[Type, type] = {Primitive("string"): str, Primitive("boolean"): bool}
