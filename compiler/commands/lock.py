"""Rebuild the lock from the live tables, whose metadata holds ids and schemas."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from compiler import rules, terminal
from compiler.diagnostics import Diagnostics, Location
from compiler.lock import Lock, TableLock
from compiler.model import Model

EXAMPLE = """\
example:
  analytics-compile lock spec/analytics.yaml --from-aws              every table of the spec
  analytics-compile lock spec/analytics.yaml --from-table events     one, the others as the lock has them
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("spec", metavar="SPEC", help="the spec, a YAML file")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--from-aws", action="store_true", help="read every table that the spec has")
    source.add_argument(
        "--from-table", metavar="TABLE", action="append", help="read this one; may be repeated"
    )


def run(options: argparse.Namespace) -> int:
    """Read the tables, write the lock; return the exit code."""
    from compiler.report.findings import findings

    found = Diagnostics()
    path = _rebuild(options, found)
    if path:
        print(f"wrote {path}; compile again, and read the plan before you deploy")
    sys.stdout.write(findings(found, colour=terminal.colourful(sys.stdout)))
    return terminal.PROBLEMS if found.failed else terminal.FINE


def _rebuild(options: argparse.Namespace, found: Diagnostics) -> Path | None:
    from compiler.live import rebuilt
    from compiler.passes.load import load
    from compiler.passes.plan import TEMPLATE, fixed_settings
    from compiler.passes.recall import lock_path, recall
    from compiler.passes.write import write_lock
    from compiler.pipeline import understand

    # A lock that cannot be read is the reason to be here; only a part of it must be readable.
    accepted = recall(options.spec, found if options.from_table else Diagnostics())
    document = load(options.spec, found)
    model = understand(document, accepted, found) if document and not found.failed else None
    if model is None:
        return None
    names = options.from_table or [table.key for table in model.tables]
    if _unknown(names, model, options.spec, found):
        return None
    entries = rebuilt(model, names, TEMPLATE, found)
    if entries is None:
        return None
    lock = Lock(fixed_settings(model), _merged(accepted, entries), accepted.streams if accepted else {})
    return lock_path(options.spec) if write_lock(lock_path(options.spec), lock, found) else None


def _unknown(names: list[str], model: Model, spec: str, found: Diagnostics) -> bool:
    unknown = set(names) - {table.key for table in model.tables}
    for name in sorted(unknown):
        known = ", ".join(table.key for table in model.tables)
        message = f"the spec has no table '{name}'"
        found.add(rules.UNKNOWN_TABLE, message, Location(spec), f"it has {known}")
    return bool(unknown)


def _merged(accepted: Lock | None, entries: Mapping[str, TableLock]) -> dict[str, TableLock]:
    before = accepted.tables if accepted else {}
    return {**before, **entries}
