"""`ignore` of an entry: the warnings that somebody decided do not apply to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from compiler import rules
from compiler.diagnostics import Diagnostics, Rule, Suppression
from compiler.document import Document, Path, dotted
from compiler.names import nearest

_LIST_HINT = "analytics-compile explain lists the rules"


def read_suppressions(document: Document, today: date, found: Diagnostics) -> None:
    """Suppress what each `ignore` of the spec names; `until` is the last day on which it does.

    Reports AC3201 to AC3204; an item that is reported suppresses nothing.
    """
    for path, item in _items(document.data):
        rule = _rule(item["rule"], (*path, "rule"), document, found)
        holds = _holds(item, path, today, document, found)
        if rule and holds:
            entry = dotted(path[:-2])
            location = document.locate((*path, "rule"))
            found.suppress(Suppression(rule.code, entry, item["reason"], location))


def report_unused(found: Diagnostics, *, linted: bool) -> None:
    """Report AC3205 for every suppression that suppressed nothing, once all passes have run.

    Without the lint pass nobody knows whether a suppression of one of its rules is used.
    """
    places = {each.rule.code: each.location.path for each in found}
    for each in found.unused():
        if linted or not each.code.startswith("AC6"):
            message = f"nothing in '{each.entry}' is reported as {each.code}, so there is nothing to ignore"
            place = places.get(each.code)
            hint = f"{each.code} is reported at '{place}': move it there" if place else "remove it"
            found.add(rules.UNUSED_IGNORE, message, each.location, hint)


def _items(spec: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield every item of an `ignore`, in a section that is one entry and in the entries of the others."""
    for section, content in spec.items():
        if isinstance(content, Mapping):
            yield from _of_entry((section,), content)
            for name, entry in content.items():
                if isinstance(entry, Mapping):
                    yield from _of_entry((section, name), entry)


def _of_entry(path: Path, entry: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    ignore = entry.get("ignore")
    if isinstance(ignore, list):  # a map is an entry that is called `ignore`
        for index, item in enumerate(ignore):
            yield (*path, "ignore", index), item


def _rule(code: str, path: Path, document: Document, found: Diagnostics) -> Rule | None:
    rule = rules.BY_CODE.get(code)
    if rule is None:
        near = nearest(code, [each.code for each in rules.RULES if each.severity != "error"])
        hint = f"did you mean {near} ({rules.BY_CODE[near].name})?" if near else _LIST_HINT
        found.add(rules.UNKNOWN_RULE, f"there is no rule '{code}'", document.locate(path), hint)
        return None
    if rule.severity == "error":
        message = f"{code} ({rule.name}) is an error, and only a warning can be ignored"
        found.add(rules.IGNORED_ERROR, message, document.locate(path), "remove it, and mend what is reported")
        return None
    return rule


def _holds(item: Mapping[str, Any], path: Path, today: date, document: Document, found: Diagnostics) -> bool:
    """Whether an item holds today."""
    text = item.get("until")
    if text is None:
        return True
    place = document.locate((*path, "until"))
    try:
        until = date.fromisoformat(text)
    except ValueError:
        found.add(rules.NO_SUCH_DAY, f"there is no day '{text}'", place, "write it as YYYY-MM-DD")
        return False
    if until < today:
        message = f"{item['rule']} was to be ignored until {text}, which is past"
        hint = "mend what is reported and remove this, or say why it still holds and set a later day"
        found.add(rules.EXPIRED_IGNORE, message, place, hint)
        return False
    return True
