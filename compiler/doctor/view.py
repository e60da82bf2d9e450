"""What was found, as data and as text; the text is made from the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from compiler.doctor.finding import Finding
from compiler.doctor.subject import Subject

_SIGNS = {"fine": "✓", "doubtful": "!", "wrong": "✗"}
_COLOURS = {"fine": "\x1b[32m", "doubtful": "\x1b[33m", "wrong": "\x1b[1;31m"}
_RESET = "\x1b[0m"
_WIDTH = 16


def view(stack: str, subject: Subject | None, findings: list[Finding]) -> dict[str, Any]:
    """Return everything there is to say, as plain data."""
    where = subject.account.where if subject else None
    statuses = [each.verdict.status for each in findings]
    return {
        "format_version": "1.0",
        "stack": stack,
        "account": where.account if where else None,
        "region": where.region if where else None,
        "caller": subject.account.caller if subject else None,
        "checks": [
            {
                "name": each.name,
                "status": each.verdict.status,
                "message": each.verdict.message,
                "remedy": list(each.verdict.remedy),
            }
            for each in findings
        ],
        "summary": {status: sum(each == status for each in statuses) for status in _SIGNS},
    }


def text(report: Mapping[str, Any], *, colour: bool) -> str:
    """Return a report as a person reads it; a remedy for several things is told once."""
    lines = []
    if report["account"]:
        lines += [f"{report['stack']} in {report['account']}, {report['region']}, by {report['caller']}", ""]
    told: set[str] = set()
    for name, checks in groupby(report["checks"], key=lambda each: each["name"]):
        lines += _of_one_name(name, list(checks), told, colour)
    wrong, doubtful = (report["summary"][status] for status in ("wrong", "doubtful"))
    last = f"{wrong} in the way, {doubtful} to look at." if wrong or doubtful else "Nothing is in the way."
    return "\n".join([*lines, "", last, ""])


def _of_one_name(name: str, checks: list[Mapping[str, Any]], told: set[str], colour: bool) -> Iterator[str]:
    """Yield the lines of checks of one kind; several that are fine share a line."""
    fine = [each for each in checks if each["status"] == "fine"]
    if len(fine) > 1:
        yield _line("fine", name, f"{len(fine)} of {len(checks)} are as they should be", colour)
    for each in checks:
        if each["status"] != "fine" or len(fine) == 1:
            yield _line(each["status"], name, each["message"], colour)
            again = bool(each["remedy"]) and told.issuperset(each["remedy"])
            told.update(each["remedy"])
            for remedy in ["as above"] if again else each["remedy"]:
                yield f"{'':{_WIDTH + 2}}{remedy}"


def _line(status: str, name: str, message: str, colour: bool) -> str:
    sign = f"{_COLOURS[status]}{_SIGNS[status]}{_RESET}" if colour else _SIGNS[status]
    return f"{sign} {name:<{_WIDTH}}{message}"
