"""What was found in records, as JSON and as text; the text is made from the JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from compiler.printable import printable
from compiler.records.causes import cause_of
from compiler.records.decode import Decoded, Refusals
from compiler.records.findings import OUTCOMES, Group, Tally

_COLUMNS = ("line", "key", "value's type", "column's type", "reason")
_WHOLE_RECORD = "(record)"
_NO_CODE = "(no error code)"
_SAMPLE_LENGTH = 200
_MESSAGES_SHOWN = 3


# --- records check ---


def check_view(tally: Tally, table: str, unreadable: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return what `records check` has to say, as plain data."""
    return {
        "format_version": "1.0",
        "table": table,
        **_tally(tally),
        "unreadable": [{"file": file, "reason": reason} for file, reason in unreadable],
    }


def check_text(view: Mapping[str, Any]) -> str:
    """Return a check as a person reads it."""
    several = len({each["file"] for finding in view["findings"] for each in finding["lines"]}) > 1
    lines = list(_findings(view, several))
    lines += [f"{each['file']}: {each['reason']}" for each in view["unreadable"]]
    summary = f"{_count(view['records'], 'record')} for table '{view['table']}': {_outcomes(view)}."
    return "".join(f"{line}\n" for line in ([*lines, "", summary] if lines else [summary]))


def _tally(tally: Tally) -> dict[str, Any]:
    outcomes = {outcome.name: count for outcome, count in tally.by_outcome.items()}
    return {
        "records": tally.records,
        "outcomes": {"fine": tally.records - sum(outcomes.values()), **outcomes},
        "findings": [_finding(group) for group in tally.groups()],
        "ungrouped": tally.ungrouped,
    }


def _finding(group: Group) -> dict[str, Any]:
    fault = group.fault
    return {
        "outcome": fault.reason.outcome.name,
        "lines": [{"file": file, "line": line} for file, line in group.places],
        "count": group.count,
        "key": fault.key,
        "value_type": fault.value_type,
        "column_type": fault.column_type,
        "reason": fault.reason.text,
        "example": group.example,
    }


def _findings(view: Mapping[str, Any], several: bool) -> Iterator[str]:
    for outcome in OUTCOMES:
        found = [each for each in view["findings"] if each["outcome"] == outcome.name]
        if found:
            yield f"{outcome.consequence}:"
            yield from _aligned([_COLUMNS, *(_row(each, several) for each in found)])
    if view["ungrouped"]:
        yield f"and {_count(view['ungrouped'], 'finding')} more, of too many kinds to list"


def _row(finding: Mapping[str, Any], several: bool) -> tuple[str, ...]:
    places = [f"{each['file']}:{each['line']}" if several else str(each["line"]) for each in finding["lines"]]
    more = finding["count"] - len(places)
    where = ", ".join(places) + (f" and {more:,} more" if more else "")
    reason = f"{finding['reason']}; e.g. {finding['example']}" if finding["example"] else finding["reason"]
    key = finding["key"] or _WHOLE_RECORD
    return tuple(map(printable, (where, key, finding["value_type"], finding["column_type"], reason)))


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {' | '.join(cells)}".rstrip()


def _outcomes(view: Mapping[str, Any]) -> str:
    counts = view["outcomes"]
    words = {
        "fine": ("arrives as it is", "arrive as they are"),
        "error_bucket": ("goes to the error bucket", "go to the error bucket"),
        "stored_wrong": ("is stored with another value", "are stored with another value"),
        "doubtful": ("may go to the error bucket", "may go to the error bucket"),
        "lost": ("loses a value", "lose a value"),
    }
    said = [f"{counts[name]:,} {words[name][counts[name] != 1]}" for name in words if counts[name]]
    return ", ".join(said) or "nothing to check"


# --- records decode ---


def decode_view(decoded: Decoded, table: str | None) -> dict[str, Any]:
    """Return what `records decode` has to say, as plain data."""
    return {
        "format_version": "1.0",
        "table": table,
        "files": decoded.files,
        "records": decoded.records,
        "causes": [_cause(each, table) for each in decoded.causes()],
        "problems": [
            {"file": each.file, "line": each.line, "reason": each.reason} for each in decoded.problems
        ],
        "problem_count": decoded.problem_count,
    }


def decode_text(view: Mapping[str, Any]) -> str:
    """Return the content of an error bucket as a person reads it."""
    lines = [line for cause in view["causes"] for line in _cause_lines(cause, view)]
    for problem in view["problems"]:
        place = f"{problem['file']}:{problem['line']}" if problem["line"] else problem["file"]
        lines.append(f"{place}: {problem['reason']}")
    unlisted = view["problem_count"] - len(view["problems"])
    if unlisted:
        lines.append(f"and {_count(unlisted, 'problem')} more")
    summary = f"{_count(view['records'], 'record')} in {_count(view['files'], 'file')}"
    problems = f", {_count(view['problem_count'], 'problem')}" if view["problem_count"] else ""
    return "".join(f"{line}\n" for line in [*lines, f"{summary}{problems}."])


def _cause(refusals: Refusals, table: str | None) -> dict[str, Any]:
    cause = cause_of(refusals.code)
    sample = None if refusals.sample is None else refusals.sample.decode("utf-8", "replace").strip()
    return {
        "code": refusals.code,
        "count": refusals.count,
        "first": _moment(refusals.first),
        "last": _moment(refusals.last),
        "attempts": refusals.attempts,
        "messages": [{"text": text, "count": count} for text, count in refusals.messages.most_common()],
        "why": cause.why,
        "remedy": cause.remedy,
        "source": cause.source,
        "record_at_fault": cause.at_fault,
        "sample": sample,
        "check": _tally(refusals.tally) if table and refusals.tally.records else None,
    }


def _cause_lines(cause: Mapping[str, Any], view: Mapping[str, Any]) -> Iterator[str]:
    code = printable(cause["code"]) or _NO_CODE
    yield f"{code}: {_count(cause['count'], 'record')}{_period(cause)}"
    for message in cause["messages"][:_MESSAGES_SHOWN]:
        if message["text"]:
            yield f"  Firehose: {printable(message['text'])}"
    yield f"  cause:    {cause['why']}"
    yield f"  do:       {cause['remedy']}"
    yield f"  source:   {cause['source']}"
    if cause["sample"] is not None:
        text = cause["sample"]
        cut = text if len(text) <= _SAMPLE_LENGTH else f"{text[:_SAMPLE_LENGTH]}…"
        yield f"  sample:   {printable(cut)}"
    if cause["check"]:
        yield f"  against table '{view['table']}': {_outcomes(cause['check'])}"
        yield from (f"  {line}" for line in _findings(cause["check"], view["files"] > 1))
    yield ""


def _period(cause: Mapping[str, Any]) -> str:
    attempts = f", up to {_count(cause['attempts'], 'attempt')}" if cause["attempts"] else ""
    if cause["first"] is None:
        return attempts
    if cause["first"] == cause["last"]:
        return f" at {cause['first']}{attempts}"
    return f" from {cause['first']} to {cause['last']}{attempts}"


def _moment(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    try:
        moment = datetime.fromtimestamp(milliseconds / 1_000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


# --- Both ---


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
