"""What the tests of evolution share: one spec after another, each compiled against the lock of the last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import dedent, indent

from compiler.change import Plan
from compiler.diagnostics import Diagnostics
from compiler.lock import Lock, TableLock
from compiler.lockfile import dump
from compiler.lockfile import parse as parse_lock
from compiler.passes.load import parse
from compiler.passes.render import render
from compiler.pipeline import plan_document

HEAD = "version: 1\npipeline: shop\nnamespaces: {sales: {}, archive: {}}\n"


def table(body: str) -> str:
    """Return a spec with one table `orders`, whose keys but the namespace are given."""
    return f"{HEAD}tables:\n  orders:\n    namespace: sales\n{indent(dedent(body).strip(), '    ')}\n"


def plan(spec: str, lock: Lock | None = None) -> tuple[Plan | None, Diagnostics]:
    """Hold a spec without stages against a lock, as it comes out of its file."""
    found = Diagnostics()
    document = parse(spec, "spec.yaml", found)
    assert document, list(found)
    plans = plan_document(document, parse_lock(dump(lock)) if lock else None, found)
    return next(iter(plans), None), found


def accept(*specs: str, lock: Lock | None = None) -> Plan:
    """Compile specs one after the other, each of which must be accepted; return the last plan."""
    planned = None
    for spec in specs:
        planned, found = plan(spec, lock)
        assert planned, said(found)
        assert not found.failed, said(found)
        lock = planned.next_lock
    assert planned
    return planned


def accepted(*specs: str, lock: Lock | None = None) -> TableLock:
    """Return what became of the only table after the last spec."""
    (entry,) = accept(*specs, lock=lock).next_lock.tables.values()
    return entry


def template(planned: Plan) -> str:
    """Return the template of a plan."""
    return render(planned, Diagnostics()).text


@dataclass(frozen=True)
class Finding:
    """An error or a warning, with the text that its place marks."""

    code: str
    marks: str
    message: str
    hint: str


def refuse(*specs: str) -> list[Finding]:
    """Compile specs one after the other, the last of which must be refused; return what is said of it."""
    _, found = plan(specs[-1], accept(*specs[:-1]).next_lock if specs[1:] else None)
    assert found.failed, "it was accepted"
    return findings(specs[-1], found)


def warnings(*specs: str) -> list[Finding]:
    """Compile specs one after the other, all of which must be accepted; return what is said of the last."""
    lock = accept(*specs[:-1]).next_lock if specs[1:] else None
    accept(specs[-1], lock=lock)
    return findings(specs[-1], plan(specs[-1], lock)[1])


def findings(spec: str, found: Diagnostics) -> list[Finding]:
    """Return errors and warnings in reading order."""
    lines = spec.split("\n")
    return [
        Finding(
            each.rule.code,
            lines[each.location.line - 1][each.location.column - 1 :][: each.location.length],
            each.message,
            each.hint,
        )
        for each in found
        if each.rule.severity != "info"
    ]


def said(found: Iterable[object]) -> str:
    """Return findings one a line, for a failed assertion."""
    return "\n".join(map(str, found))
