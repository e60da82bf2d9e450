"""The bytes of one record to a JSON object, or to the reason why they are none."""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from compiler.iceberg import Field, primitives
from compiler.records import reasons
from compiler.records.findings import Reason, type_name
from compiler.records.values import exact


class Parser:
    """Parse the records of one table."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self.repeated: list[str] = []
        """Keys that stood more than once in an object of the last record."""
        # Exact numbers take longer, so only a table that needs them pays.
        decimals = any(each.name == "decimal" for field in fields for each in primitives(field.type))
        self._decode = json.JSONDecoder(
            parse_float=exact if decimals else None,
            parse_constant=_refuse_constant,
            object_pairs_hook=self._object,
        ).decode

    def parse(self, record: bytes) -> dict[str, Any] | NotARecord:
        """Return the object, or why there is none."""
        if self.repeated:
            self.repeated = []
        try:
            value = self._decode(record.decode("utf-8"))
        except UnicodeDecodeError:
            return NotARecord(reasons.NOT_UTF8, ascii(record[:60])[2:-1])
        except _Constant as constant:
            return NotARecord(reasons.NOT_A_JSON_NUMBER, str(constant))
        except json.JSONDecodeError as error:
            return _explain_syntax(record.decode("utf-8"), error)
        except ValueError:  # Python's own limit on the digits of a number
            return NotARecord(reasons.ENDLESS_NUMBER)
        except RecursionError:
            return NotARecord(reasons.TOO_DEEP)
        return value if type(value) is dict else _explain_value(value)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            counts = Counter(key for key, _ in pairs)
            self.repeated += [key for key, count in counts.items() if count > 1]
        return result


@dataclass(frozen=True, slots=True)
class NotARecord:
    """Why bytes are no record, with what helps to see it, and what they are instead."""

    reason: Reason
    example: Any = ""
    kind: str = ""


class _Constant(Exception):
    """NaN or Infinity stands where a value is wanted."""


def _refuse_constant(name: str) -> Any:
    raise _Constant(name)


def _explain_value(value: Any) -> NotARecord:
    if isinstance(value, list):
        reason = reasons.ARRAY
    elif isinstance(value, str) and value.lstrip().startswith("{"):
        reason = reasons.ENCODED_TWICE
    else:
        reason = reasons.NOT_AN_OBJECT
    return NotARecord(reason, value, type_name(value))


def _explain_syntax(text: str, error: json.JSONDecodeError) -> NotARecord:
    """Name the mistake behind a syntax error, where it is one of those that people make."""
    stripped = text.strip()
    if not stripped:
        return NotARecord(reasons.BLANK)
    if text.startswith(codecs.BOM_UTF8.decode("utf-8")):
        return NotARecord(reasons.BYTE_ORDER_MARK, stripped[1:])
    if stripped in ("{", "[", "}", "]", "},"):
        return NotARecord(reasons.SEVERAL_LINES, stripped)
    if stripped.startswith(("{'", "[{'")):
        return NotARecord(reasons.SINGLE_QUOTES, stripped)
    if error.msg == "Extra data":
        return NotARecord(_explain_rest(text[error.pos :].strip()), stripped)
    # Python 3.13 points at the comma, older ones at the bracket.
    comma = _TRAILING_COMMA.match(text, text.rfind(",", 0, error.pos + 1))
    if comma and comma.end() > error.pos:
        return NotARecord(reasons.TRAILING_COMMA, _around(text, error.pos))
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return NotARecord(reasons.CUT_OFF, f"… {stripped[-40:]}")
    return NotARecord(
        reasons.NOT_JSON,
        # Some of Python's messages end with "at", in front of the place.
        f"{error.msg.removesuffix(' at')} at character {error.pos + 1}: {_around(text, error.pos)}",
    )


_TRAILING_COMMA = re.compile(r",\s*[}\]]")


def _explain_rest(rest: str) -> Reason:
    if rest == ",":
        return reasons.COMMA_AFTER
    if rest.startswith(":"):  # `"key": value` alone
        return reasons.SEVERAL_LINES
    return reasons.SEVERAL_OBJECTS if rest.startswith("{") else reasons.TEXT_AFTER


def _around(text: str, position: int) -> str:
    start = max(position - 20, 0)
    return f"… {text[start : position + 20].strip()} …"
