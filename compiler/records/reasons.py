"""Every reason why Firehose refuses or mangles a value, in words.

The rules are those of three pages of the Firehose developer guide:
apache-iceberg-considerations.html (names and types of the first level must match the table's, an
additional key is skipped, one JSON object a record, 16 levels), apache-iceberg-destination-supp.html
(the forms of each type, by example) and limits.html (1,000 KiB a record). A form that none of
them shows counts as a type that does not match, which goes to the error bucket.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from compiler.records.findings import DOUBTFUL, ERROR_BUCKET, LOST, STORED_WRONG, Reason

MAXIMUM_RECORD_BYTES: Final = 1_000 * 1_024
"""Before Base64 (Firehose developer guide, limits.html; API reference, PutRecord)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _nothing(_: Any) -> str:
    return ""


# The record as a whole: its value is the text of the line, or whatever else helps to see it.

TOO_LARGE: Final = Reason(
    ERROR_BUCKET,
    f"a record has at most {MAXIMUM_RECORD_BYTES:,} bytes (1,000 KiB); Firehose refuses to take this one",
    _nothing,
)
NOT_UTF8: Final = Reason(ERROR_BUCKET, "the record is not UTF-8")
BYTE_ORDER_MARK: Final = Reason(ERROR_BUCKET, "the record starts with a byte order mark: save it without")
NOT_JSON: Final = Reason(ERROR_BUCKET, "the record is not JSON")
NOT_A_JSON_NUMBER: Final = Reason(
    ERROR_BUCKET, "NaN and Infinity are not JSON: leave the key out, or send null"
)
ENDLESS_NUMBER: Final = Reason(ERROR_BUCKET, "a number has more than 4,300 digits", _nothing)
SINGLE_QUOTES: Final = Reason(
    ERROR_BUCKET, "single quotes are not JSON: this looks like Python's own text form"
)
TRAILING_COMMA: Final = Reason(ERROR_BUCKET, "a comma stands before the closing bracket")
COMMA_AFTER: Final = Reason(ERROR_BUCKET, "a comma stands behind the object: a record is the object alone")
CUT_OFF: Final = Reason(
    ERROR_BUCKET, "the JSON ends too early: the record was cut off, or goes on in the next line"
)
SEVERAL_LINES: Final = Reason(
    ERROR_BUCKET, "one JSON text over several lines: write each object on one line, as `jq -c .` does"
)
SEVERAL_OBJECTS: Final = Reason(
    ERROR_BUCKET, "several objects in one record: send each as a record of its own"
)
TEXT_AFTER: Final = Reason(ERROR_BUCKET, "more text stands behind the object")
ARRAY: Final = Reason(
    ERROR_BUCKET,
    "an array is not a record: send each of its objects as a record of its own, as `jq -c '.[]'` writes them",
    lambda value: f"{len(value)} element{'s' * (len(value) != 1)}",
)
ENCODED_TWICE: Final = Reason(ERROR_BUCKET, "the object was encoded twice: it is text with JSON in it")
NOT_AN_OBJECT: Final = Reason(ERROR_BUCKET, "a record is a JSON object")
TOO_DEEP: Final = Reason(ERROR_BUCKET, "more than 16 levels inside one another", _nothing)
BLANK: Final = Reason(DOUBTFUL, "a blank line is no record; a producer must not send it as one", _nothing)
NO_COLUMN: Final = Reason(ERROR_BUCKET, "no key of the record is a column of the table", _nothing)
REPEATED_KEY: Final = Reason(
    LOST, "the key stands in one object more than once; only the last value counts", _nothing
)

# Missing values and unknown keys.

MISSING: Final = Reason(ERROR_BUCKET, "a value is required, and the key is missing", _nothing)
NULL: Final = Reason(ERROR_BUCKET, "a value is required, and this is null", _nothing)


def missing_but(key: str) -> Reason:
    """Return the reason for a required column whose value stands under a key that is nearly its name."""
    text = f"a value is required, and the key '{key}' is written another way: names match exactly"
    return Reason(ERROR_BUCKET, text, _nothing)


def respelled_key(column: str) -> Reason:
    """Return the reason for a key that is a column but for case and punctuation."""
    return Reason(LOST, f"this is column '{column}' written another way: names match exactly")


def unknown_key(near: str) -> Reason:
    """Return the reason for a key that is no column; `near` may be empty."""
    return Reason(
        LOST, f"no column has this name: did you mean '{near}'?" if near else "no column has this name"
    )


# Values of one type.

NOT_BOOLEAN: Final = Reason(ERROR_BUCKET, 'a boolean is true or false (or 1, 0, "true", "false")')
NOT_TEXT: Final = Reason(ERROR_BUCKET, "text is wanted: put the value in quotes")
NESTED_FOR_TEXT: Final = Reason(
    ERROR_BUCKET, "text is wanted: encode the value as JSON text, or give the column a nested type"
)
NOT_A_NUMBER: Final = Reason(ERROR_BUCKET, "a number is wanted")
TEXT_NOT_A_NUMBER: Final = Reason(ERROR_BUCKET, "the text is not a number")
NOT_WHOLE: Final = Reason(ERROR_BUCKET, "a whole number is wanted, without point or exponent")
TOO_GREAT_FOR_INT: Final = Reason(
    ERROR_BUCKET, "an int lies between -2,147,483,648 and 2,147,483,647: use long"
)
TOO_GREAT_FOR_LONG: Final = Reason(
    ERROR_BUCKET, "a long lies between -2^63 and 2^63 - 1: use decimal(38,0) or string"
)
TOO_GREAT_FOR_FLOAT: Final = Reason(ERROR_BUCKET, "a float goes up to about 3.4e38: use double")
TOO_GREAT_FOR_DOUBLE: Final = Reason(ERROR_BUCKET, "a double goes up to about 1.8e308")


def too_many_digits(precision: int, scale: int) -> Reason:
    """Return the reason for a decimal that is too great."""
    return Reason(
        ERROR_BUCKET, f"decimal({precision},{scale}) has {precision - scale} digits before the point"
    )


def too_exact(precision: int, scale: int) -> Reason:
    """Return the reason for a decimal with too many digits after the point."""
    text = f"decimal({precision},{scale}) has {scale} digits after the point: round the value first"
    return Reason(ERROR_BUCKET, text)


NOT_BINARY: Final = Reason(ERROR_BUCKET, "bytes are sent as text, in Base64 or hex")
NOT_UUID: Final = Reason(ERROR_BUCKET, "a uuid is text like 21c5521c-a6d4-48d4-b2c8-7f6d842f72c3")


def wrong_length(length: int) -> Reason:
    """Return the reason for a fixed value of another length."""
    return Reason(ERROR_BUCKET, f"fixed({length}) is exactly {length} bytes, in Base64 or hex")


NOT_LIST: Final = Reason(ERROR_BUCKET, "a list is wanted: [ … ]")
NOT_MAP: Final = Reason(ERROR_BUCKET, "a map is wanted: { … }")
NOT_STRUCT: Final = Reason(ERROR_BUCKET, "a struct is wanted: { … }")
TEXT_NOT_A_LIST: Final = Reason(ERROR_BUCKET, "the text is not a list in JSON")
TEXT_NOT_A_MAP: Final = Reason(ERROR_BUCKET, "the text is not a map in JSON")

# Dates and times.

NOT_DATE: Final = Reason(ERROR_BUCKET, 'a date is "2024-09-04", or the days since 1970 as a whole number')
NO_SUCH_DATE: Final = Reason(ERROR_BUCKET, "the calendar has no such day")
TIME_IN_DATE: Final = Reason(ERROR_BUCKET, 'a date has no time of day: "2024-09-04"')
DATE_AS_DIGITS: Final = Reason(
    STORED_WRONG,
    'the digits of a date are taken for days since 1970: send "2024-09-04"',
    lambda value: f"{value} is meant as {str(value)[:4]}-{str(value)[4:6]}-{str(value)[6:]}",
)
DATE_OUT_OF_RANGE: Final = Reason(
    STORED_WRONG, "the number is taken for days since 1970, and is past the year 9999"
)
DATE_TOO_GREAT: Final = Reason(ERROR_BUCKET, "a date counts days since 1970, and this is no int any more")
NOT_TIME: Final = Reason(ERROR_BUCKET, 'a time is "18:56:15.096", or the microseconds since midnight')
TIME_OUT_OF_RANGE: Final = Reason(ERROR_BUCKET, "a day has 86,400,000,000 microseconds")
NOT_TIMESTAMP: Final = Reason(ERROR_BUCKET, "a timestamp is the microseconds since 1970, as a whole number")
QUOTED_TIMESTAMP: Final = Reason(ERROR_BUCKET, "a timestamp is a number: leave the quotes out")
FRACTIONAL_TIMESTAMP: Final = Reason(
    ERROR_BUCKET, "a timestamp is the microseconds since 1970, as a whole number without point or exponent"
)
NOT_ISO: Final = Reason(
    ERROR_BUCKET,
    "the text is no date and time that Firehose knows: send the microseconds since 1970, as a whole number",
)
TIMESTAMP_OUT_OF_RANGE: Final = Reason(STORED_WRONG, "as microseconds since 1970 this is past the year 9999")
ISO_TIMESTAMP: Final = Reason(
    DOUBTFUL,
    "AWS's page shows such text in an example, and says that only microseconds since 1970 will do",
    lambda value: _as_microseconds(value),
)
OFFSET_IN_LOCAL: Final = Reason(
    DOUBTFUL,
    "what becomes of the offset in a timestamp without zone is not documented: send microseconds since 1970",
    lambda value: _as_microseconds(value),
)


def other_unit(unit: str, per_second: int) -> Reason:
    """Return the reason for a timestamp that counts another unit than microseconds."""

    def example(value: int) -> str:
        micros = value * 1_000_000 // per_second
        return f"{value} in {unit} is {_iso(micros)}: send {micros}"

    text = f"{unit} since 1970 are taken for microseconds"
    return Reason(STORED_WRONG, text, example)


def _as_microseconds(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        return f"{text} in UTC is {_microseconds(moment.replace(tzinfo=UTC))}"
    return f"{text} is {_microseconds(moment)}"


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _iso(micros: int) -> str:
    moment = _EPOCH + timedelta(microseconds=micros)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
