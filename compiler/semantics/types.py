"""The type language: text to Iceberg types, with a place inside the text for every complaint."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from compiler.iceberg import Field, ListType, MapType, Primitive, StructType, Type
from compiler.names import COLUMN_HINT, is_column_name, nearest
from compiler.problem import Problem

MAXIMUM_LEVELS = 16
"""Firehose flattens no deeper (Firehose developer guide, considerations for Iceberg destinations)."""

PRIMITIVES = (
    "boolean",
    "int",
    "long",
    "float",
    "double",
    "decimal",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "string",
    "uuid",
    "fixed",
    "binary",
)
NESTED = ("list", "map", "struct")

# What people write who come from Hive, Athena, Glue, Spark or a database.
_OTHER_NAMES = {
    "array": "list",
    "bigint": "long",
    "bool": "boolean",
    "byte": "int",
    "bytes": "binary",
    "char": "string",
    "datetime": "timestamp",
    "int32": "int",
    "int64": "long",
    "integer": "int",
    "json": "string",
    "number": "decimal(38,9)",
    "numeric": "decimal(38,9)",
    "object": "struct",
    "real": "float",
    "row": "struct",
    "short": "int",
    "smallint": "int",
    "str": "string",
    "text": "string",
    "timestamp_tz": "timestamptz",
    "tinyint": "int",
    "varchar": "string",
}
_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"[A-Za-z0-9_]+|\S")
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    offset: int


@cache
def parse_type(text: str) -> Type:
    """Parse one column type; its fields have no ids yet.

    Raises Problem with an offset (0-based) into `text`. The primitive types are those of
    Iceberg format version 2 (https://iceberg.apache.org/spec/#primitive-types).
    """
    parser = _Parser(text)
    result = parser.type(1)
    parser.end()
    return result


class _Parser:
    def __init__(self, text: str) -> None:
        # One at a time, since a mistake at the start of a long text should not wait for its end.
        self._tokens = (_Token(match[0], match.start()) for match in _TOKEN.finditer(text))
        self._end = _Token("", len(text.rstrip()))
        self._next = next(self._tokens, self._end)

    def type(self, level: int) -> Type:
        token = self._take()
        if level > MAXIMUM_LEVELS:
            raise _problem(f"more than {MAXIMUM_LEVELS} types inside one another", token)
        match token.text:
            case "list":
                return self._list(level)
            case "map":
                return self._map(level)
            case "struct":
                return self._struct(level)
            case "decimal":
                return self._decimal(token)
            case "fixed":
                return self._fixed(token)
            case name if name in PRIMITIVES:
                return self._simple(name)
        raise self._unknown(token)

    def end(self) -> None:
        token = self._peek()
        if token.text == "!":
            hint = "write the column as {type: …, required: true}"
            raise _problem("'!' marks what is inside a nested type, not a column", token, hint)
        if token is not self._end:
            raise _problem(f"nothing is expected after the type, but here is '{token.text}'", token)

    def _simple(self, name: str) -> Primitive:
        if self._peek().text == "(":
            hint = f"write {name}"
            raise _problem(f"{name} takes no numbers", self._peek(), hint)
        return Primitive(name)

    def _decimal(self, name: _Token) -> Primitive:
        hint = "decimal(12,2) has 12 digits in all, 2 of them after the point; at most 38"
        if self._peek().text != "(":
            raise _problem("decimal needs its precision and scale", name, hint)
        self._expect("(", hint)
        precision, precision_token = self._number(hint)
        self._expect(",", hint)
        scale, scale_token = self._number(hint)
        self._expect(")", hint)
        if not 1 <= precision <= 38:
            raise _problem(f"a precision of {precision} is not between 1 and 38", precision_token, hint)
        if scale > precision:
            raise _problem(f"the scale {scale} is greater than the precision {precision}", scale_token, hint)
        return Primitive("decimal", (precision, scale))

    def _fixed(self, name: _Token) -> Primitive:
        hint = "fixed(16) holds exactly 16 bytes"
        if self._peek().text != "(":
            raise _problem("fixed needs its length in bytes", name, hint)
        self._expect("(", hint)
        length, token = self._number(hint)
        self._expect(")", hint)
        if length < 1:
            raise _problem("a length of 0 holds nothing", token, hint)
        return Primitive("fixed", (length,))

    def _list(self, level: int) -> ListType:
        hint = "write list<string>"
        self._expect("<", hint)
        element = self.type(level + 1)
        required = self._bang()
        self._expect(">", hint)
        return ListType(element, required)

    def _map(self, level: int) -> MapType:
        hint = "write map<string, long>"
        self._expect("<", hint)
        start = self._peek()
        key = self.type(level + 1)
        if not isinstance(key, Primitive):
            raise _problem("a map's key is a primitive type", start, "use string")
        if self._peek().text == "!":
            raise _problem("a map's key is always required", self._peek(), "leave the '!' out")
        self._expect(",", hint)
        value = self.type(level + 1)
        required = self._bang()
        self._expect(">", hint)
        return MapType(key, value, required)

    def _struct(self, level: int) -> StructType:
        hint = "write struct<lat: double, lon: double>"
        self._expect("<", hint)
        fields: list[Field] = []
        while True:
            name = self._field_name([field.name for field in fields])
            self._expect(":", hint)
            type_ = self.type(level + 1)
            fields.append(Field(name, type_, self._bang()))
            if self._peek().text != ",":
                break
            self._take()
        self._expect(">", hint)
        return StructType(tuple(fields))

    def _field_name(self, taken: list[str]) -> str:
        token = self._take()
        if not is_column_name(token.text):
            raise _problem(f"'{token.text}' cannot be the name of a field", token, COLUMN_HINT)
        if token.text in taken:
            raise _problem(f"the struct has two fields '{token.text}'", token)
        return token.text

    def _number(self, hint: str) -> tuple[int, _Token]:
        token = self._take()
        if not _NUMBER.fullmatch(token.text):
            raise _problem(f"a number is expected, not '{token.text}'", token, hint)
        return int(token.text), token

    def _bang(self) -> bool:
        if self._peek().text != "!":
            return False
        self._take()
        return True

    def _expect(self, text: str, hint: str) -> None:
        token = self._take()
        if token.text != text:
            seen = f"not '{token.text}'" if token.text else "but the type ends"
            raise _problem(f"'{text}' is expected here, {seen}", token, hint)

    def _unknown(self, token: _Token) -> Problem:
        if not _WORD.fullmatch(token.text):
            seen = f", not '{token.text}'" if token.text else ""
            return _problem(f"a type is expected here{seen}", token, "for example string, long, list<string>")
        near = _OTHER_NAMES.get(token.text.lower()) or nearest(token.text.lower(), (*PRIMITIVES, *NESTED))
        known = "the types are " + " ".join(PRIMITIVES) + " list<T> map<K, V> struct<name: T>"
        return _problem(f"unknown type '{token.text}'", token, f"did you mean '{near}'?" if near else known)

    def _peek(self) -> _Token:
        return self._next

    def _take(self) -> _Token:
        token, self._next = self._next, next(self._tokens, self._end)
        return token


def _problem(message: str, token: _Token, hint: str = "") -> Problem:
    return Problem(message, token.offset, max(len(token.text), 1), hint)
