"""Read what Firehose left in the error bucket, group it by cause, and get the records back."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from compiler.records.causes import NO_CODE
from compiler.records.check import Checker
from compiler.records.findings import Tally
from compiler.records.lines import Unreadable, lines_of

MAXIMUM_LINE_BYTES = 16 * 1024 * 1024
"""Above the largest record of any source (10 MB, from MSK) in Base64, with what is around it."""
_CAUSES_KEPT = 200
_MESSAGES_KEPT = 20
_PROBLEMS_KEPT = 100
_OTHERS = "(further codes)"

# Firehose spells the members in more than one way: the first is that of Iceberg tables and
# transforms, the others those of format conversion (record-format-conversion-error-handling.html).
_CODE = ("errorCode", "ErrorCode", "lastErrorCode")
_MESSAGE = ("errorMessage", "ErrorMessage", "lastErrorMessage")

_BEFORE_TRANSFORM = "Lambda."
"""The raw data of these codes is what the function got, which need not look like the table."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One record that Firehose could not deliver."""

    code: str
    message: str
    attempts: int
    arrived: int | None
    """Milliseconds since 1970."""
    record: bytes | None
    file: str
    line: int


@dataclass(slots=True)
class Refusals:
    """The records of one error code."""

    code: str
    tally: Tally = field(default_factory=Tally)
    count: int = 0
    attempts: int = 0
    first: int | None = None
    last: int | None = None
    messages: Counter[str] = field(default_factory=Counter)
    sample: bytes | None = None

    def add(self, refused: Refused) -> None:
        """Take in one record."""
        self.count += 1
        self.attempts = max(self.attempts, refused.attempts)
        if refused.arrived is not None:
            self.first = min(self.first or refused.arrived, refused.arrived)
            self.last = max(self.last or refused.arrived, refused.arrived)
        if refused.message in self.messages or len(self.messages) < _MESSAGES_KEPT:
            self.messages[refused.message] += 1
        if self.sample is None:
            self.sample = refused.record


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that could not be read; line 0 is the file as a whole."""

    file: str
    line: int
    reason: str


class Decoded:
    """Collect refused records by code, and what could not be read, in flat memory."""

    def __init__(self, checker: Checker | None = None) -> None:
        self.files = 0
        self.records = 0
        self.problems: list[Problem] = []
        self.problem_count = 0
        self._checker = checker
        self._by_code: dict[str, Refusals] = {}

    def read(self, files: Iterable[str], emit: Callable[[Refused], None]) -> None:
        """Read the objects; hand every record to `emit` once it is counted."""
        for file in files:
            self.files += 1
            try:
                for number, line in lines_of(file, MAXIMUM_LINE_BYTES):
                    refused = self._refused(file, number, line)
                    if refused:
                        self._add(refused)
                        emit(refused)
            except Unreadable as unreadable:
                self.report(file, 0, str(unreadable))

    def report(self, file: str, line: int, reason: str) -> None:
        """Note what could not be read."""
        self.problem_count += 1
        if len(self.problems) < _PROBLEMS_KEPT:
            self.problems.append(Problem(file, line, reason))

    def causes(self) -> list[Refusals]:
        """Return the records by code, the commonest first."""
        return sorted(self._by_code.values(), key=lambda each: (-each.count, each.code))

    def _refused(self, file: str, number: int, line: bytes) -> Refused | None:
        if not line.strip():
            return None
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            self.report(file, number, "the line is not JSON")
            return None
        if not isinstance(entry, dict):
            self.report(file, number, "the line is not a JSON object")
            return None
        record = None
        try:
            record = _raw(entry)
        except ValueError as error:
            self.report(file, number, str(error))
        code, message = _text(entry, _CODE), _text(entry, _MESSAGE)
        attempts, arrived = _number(entry.get("attemptsMade")), _number(entry.get("arrivalTimestamp"))
        return Refused(code or NO_CODE, message, attempts or 0, arrived, record, file, number)

    def _add(self, refused: Refused) -> None:
        self.records += 1
        code = refused.code
        if code not in self._by_code and len(self._by_code) >= _CAUSES_KEPT:
            code = _OTHERS
        refusals = self._by_code.setdefault(code, Refusals(code))
        refusals.add(refused)
        if self._checker and refused.record is not None and not code.startswith(_BEFORE_TRANSFORM):
            faults = self._checker.faults(refused.record.strip(b"\r\n"))
            refusals.tally.add(faults, (refused.file, refused.line))


def objects_in(record: bytes) -> list[bytes]:
    """Return each JSON object of a record on one line of its own, otherwise byte for byte as it was sent.

    A record that was refused because it holds several objects so becomes several records. Raises
    ValueError at what is not a JSON object.
    """
    found: list[bytes] = []
    text = record.decode("utf-8")
    decoder, position = json.JSONDecoder(), _past_spaces(text, 0)
    while position < len(text):
        value, end = decoder.raw_decode(text, position)
        if not isinstance(value, dict):
            raise ValueError("not a JSON object")
        # In JSON, a line break can only stand between tokens.
        found.append(text[position:end].replace("\r", " ").replace("\n", " ").encode("utf-8"))
        position = _past_spaces(text, end)
    return found


def _past_spaces(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _raw(entry: dict[str, Any]) -> bytes:
    data = entry.get("rawData")
    if not isinstance(data, str):
        raise ValueError("the line has no rawData" if data is None else "rawData is not text")
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ValueError("rawData is not Base64") from error


def _text(entry: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((str(entry[name]) for name in names if entry.get(name) is not None), "")


_DIGITS = re.compile(r"[0-9]{1,18}")


def _number(value: Any) -> int | None:
    """Return a whole number, which Firehose's documentation also shows in quotes."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    return value if type(value) is int else None
