"""A report in the format that code scanning reads: SARIF 2.1.0 of OASIS, errata 01."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from compiler import rulebook, rules
from compiler.diagnostics import Rule
from compiler.printable import printable

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}

Part = Mapping[str, Any]
Object = dict[str, Any]


def sarif(report: Part) -> Object:
    """Return the findings as one run of the tool, with the page of every rule that they name.

    Suppressed findings are in it too, marked as such and with the reason that the spec gives.
    """
    found = [*report["diagnostics"], *report["suppressed"]]
    codes = sorted({each["code"] for each in found})
    driver = {
        "name": report["tool"]["name"],
        "version": report["tool"]["version"],
        "rules": [_rule(rules.BY_CODE[code]) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True}],
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, codes) for each in found],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> Object:
    page = rulebook.page(rule)
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": f"{rule.summary} {rule.why}"},
        "help": {"text": rulebook.text(page), "markdown": rulebook.markdown(page)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(found: Part, codes: list[str]) -> Object:
    result: Object = {
        "ruleId": found["code"],
        "ruleIndex": codes.index(found["code"]),
        "level": _LEVELS[found["severity"]],
        "message": _message(found["message"], found["hint"]),
        "locations": [_location(found)],
    }
    if found["related"]:
        result["relatedLocations"] = list(_related(found["related"]))
    if "reason" in found:
        result["suppressions"] = [{"kind": "inSource", "justification": found["reason"]}]
    return result


def _message(*parts: str) -> Object:
    """Return the parts as lines; section 3.11.5 wants braces doubled, or they would be placeholders."""
    text = "\n".join(printable(part) for part in parts if part)
    return {"text": text.replace("{", "{{").replace("}", "}}")}


def _related(places: Iterable[Part]) -> Iterable[Object]:
    for number, each in enumerate(places, start=1):
        yield {"id": number, **_location(each), "message": _message(each["message"])}


def _location(place: Part) -> Object:
    region = {
        "startLine": place["line"],
        "startColumn": place["column"],
        "endColumn": place["column"] + place["length"],
    }
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(place["file"])}, "region": region}}


def _uri(file: str) -> str:
    """Return a relative reference for a relative path, so that a report tells nothing of the machine."""
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))
