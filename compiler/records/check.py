"""Check records against a table, as Firehose would find them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from compiler.iceberg import Field
from compiler.records import reasons
from compiler.records.findings import Fault, Tally
from compiler.records.lines import Line
from compiler.records.parse import NotARecord, Parser
from compiler.records.values import Faults, compile_fields


class Checker:
    """Check the records of one table; what there is to know about its columns is worked out once."""

    def __init__(self, columns: Sequence[Field]) -> None:
        self._names = frozenset(column.name for column in columns)
        self._all_optional = not any(column.required for column in columns)
        self._parser = Parser(columns)
        self._check = compile_fields(columns)

    def faults(self, record: bytes) -> Faults:
        """Return what is wrong with the bytes of one record."""
        if len(record) > reasons.MAXIMUM_RECORD_BYTES:
            return (Fault("", "", "", reasons.TOO_LARGE),)
        parsed = self._parser.parse(record)
        if isinstance(parsed, NotARecord):
            return (Fault("", parsed.kind, "", parsed.reason, parsed.example),)
        found = self._check(parsed)
        if self._all_optional and self._names.isdisjoint(parsed):
            found = [*found, Fault("", "object", "", reasons.NO_COLUMN)]
        if self._parser.repeated:
            found = [*found, *(Fault(key, "", "", reasons.REPEATED_KEY) for key in self._parser.repeated)]
        return found


def check_lines(checker: Checker, lines: Iterable[Line], file: str, tally: Tally) -> None:
    """Check the lines of one file, each of which is a record."""
    for number, record in lines:
        faults = checker.faults(record)
        if faults and faults[0].reason is reasons.BLANK:
            tally.note(faults[0], (file, number))
        else:
            tally.add(faults, (file, number))
