"""A plan as data, text and Markdown; the latter two are made from the data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from compiler.change import Change

SYMBOLS = {"create": "+", "update": "~", "evolve": "»", "replace": "-/+", "delete": "-"}
_COLOURS = {"create": "32", "update": "33", "evolve": "36", "replace": "35", "delete": "31"}
_WORDS = {
    "create": "to create",
    "update": "to update",
    "evolve": "to evolve in place",
    "replace": "to replace",
    "delete": "to delete",
}


def view(stack: str, against: str, changes: Iterable[Change], drift: Iterable[str] = ()) -> dict[str, Any]:
    """Return a plan as plain data: entries in order, each with what changes of it, and the counts."""
    entries: dict[str, dict[str, Any]] = {}
    for change in changes:
        entry = entries.setdefault(change.address, {"address": change.address, "action": "", "changes": []})
        entry["changes"].append(_change(change))
    for entry in entries.values():
        entry["action"] = _overall(entry["changes"])
    return {
        "stack": stack,
        "against": against,
        "entries": list(entries.values()),
        "drift": list(drift),
        "counts": {action: sum(each["action"] == action for each in entries.values()) for action in SYMBOLS},
    }


Plan = Mapping[str, Any]


def text(plans: Sequence[Plan], *, colour: bool) -> str:
    """Return plans as trees for a terminal, each ending in one line of counts.

    What happens to an entry in several stacks alike is told for the first of them.
    """
    told = _told(plans)
    return "\n".join(_tree(plan, told, colour) for plan in plans)


def _tree(plan: Plan, told: Mapping[tuple[str, str], str], colour: bool) -> str:
    lines = [f"{plan['stack']}, compared with {plan['against']}"]
    for entry in plan["entries"]:
        other = told.get((plan["stack"], entry["address"]))
        alike = f"{_symbol(entry['action'], colour)} {entry['address']}  as in {other}"
        lines += ["", *([alike] if other else _entry(entry, colour))]
    lines += ["", *(f"drift: {each}" for each in plan["drift"]), *([""] if plan["drift"] else [])]
    return "\n".join([*lines, closing(plan)]) + "\n"


def _told(plans: Sequence[Plan]) -> dict[tuple[str, str], str]:
    """Return, for each stack and entry, the earlier stack for which just the same is told."""
    told: dict[tuple[str, str], str] = {}
    first: list[tuple[str, Any]] = []
    for plan in plans:
        for entry in plan["entries"]:
            other = next((stack for stack, each in first if each == entry), None)
            if other:
                told[plan["stack"], entry["address"]] = other
            else:
                first.append((plan["stack"], entry))
    return told


def markdown(plans: Sequence[Plan]) -> str:
    """Return plans as a comment on a pull request."""
    told = _told(plans)
    return "\n".join(_table(plan, told) for plan in plans)


def _table(plan: Plan, told: Mapping[tuple[str, str], str]) -> str:
    lines = [f"### {plan['stack']}: {closing(plan)}", "", f"Compared with {plan['against']}."]
    if plan["entries"]:
        lines += ["", "| | entry | what | before | after | means |", "|---|---|---|---|---|---|"]
    for entry in plan["entries"]:
        other = told.get((plan["stack"], entry["address"]))
        if other:
            lines.append(f"| {SYMBOLS[entry['action']]} | {_cell(entry['address'])} | as in {other} | | | |")
            continue
        for change in entry["changes"]:
            means = "; ".join(f"{who}: {what}" for who, what in change["means"].items())
            cells = (
                SYMBOLS[change["action"]],
                entry["address"],
                change["path"],
                change["before"],
                change["after"],
                "; ".join(part for part in (change["because"], means) if part),
            )
            lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    lines += [f"- drift: {_cell(each)}" for each in plan["drift"]]
    return "\n".join(lines) + "\n"


def closing(plan: Mapping[str, Any]) -> str:
    """Return the one line that sums a plan up."""
    counts = plan["counts"]
    if not any(counts.values()):
        return "Nothing changes."
    return "Plan: " + ", ".join(f"{counts[action]} {word}" for action, word in _WORDS.items()) + "."


def _change(change: Change) -> dict[str, Any]:
    return {
        "action": change.action,
        "path": change.path,
        "before": change.before,
        "after": change.after,
        "because": change.because,
        "means": dict(change.means),
    }


def _overall(changes: Iterable[Mapping[str, Any]]) -> str:
    """Return what happens to an entry: what happens to all of it, or else follows from its parts."""
    found = list(changes)
    whole = [each["action"] for each in found if not each["path"]]
    parts = {each["action"] for each in found}
    if whole:
        return str(whole[0])
    if "replace" in parts:
        return "replace"
    return "update" if parts == {"update"} else "evolve"


def _entry(entry: Mapping[str, Any], colour: bool) -> Iterator[str]:
    yield f"{_symbol(entry['action'], colour)} {entry['address']}{_whole(entry)}"
    for change in entry["changes"]:
        if change["path"]:
            yield f"    {_part(change, colour)} {change['path']}  {_values(change)}"
        if change["because"]:
            yield f"        because: {change['because']}"
        yield from (f"        {who}: {what}" for who, what in change["means"].items())


def _whole(entry: Mapping[str, Any]) -> str:
    first = entry["changes"][0]
    whole = first["before"] or first["after"] if not first["path"] else ""
    return f"  {whole}" if whole else ""


def _values(change: Mapping[str, Any]) -> str:
    before, after = change["before"], change["after"]
    return f"{before} → {after}" if before and after else (after or before)


def _symbol(action: str, colour: bool) -> str:
    symbol = SYMBOLS[action]
    return f"\x1b[{_COLOURS[action]}m{symbol}\x1b[0m" if colour else symbol


def _part(change: Mapping[str, Any], colour: bool) -> str:
    """Return the symbol of one part: a value that only comes or goes says so by + or -."""
    action = change["action"]
    if action == "update" and not (change["before"] and change["after"]):
        action = "create" if change["after"] else "delete"
    return _symbol(action, colour)


def _cell(text_: str) -> str:
    return text_.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
