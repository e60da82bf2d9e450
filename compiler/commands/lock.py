"""Rebuild the lock from the live tables, whose metadata holds ids and schemas; or let go of a stack."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from compiler import rules, terminal
from compiler.diagnostics import Diagnostics, Location
from compiler.lock import Lock, StackLock
from compiler.model import Model
from compiler.names import nearest

EXAMPLE = """\
example:
  analytics-compile lock spec/analytics.yaml --stage prod --from-aws            every table of the spec
  analytics-compile lock spec/analytics.yaml --stage prod --from-table events   one, the others stay
  analytics-compile lock spec/analytics.yaml --forget web-analytics-test        a stack that is gone for good
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("spec", metavar="SPEC", help="the spec, a YAML file")
    terminal.declare_stages(parser, one=True)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--from-aws", action="store_true", help="read every table that the spec has")
    source.add_argument(
        "--from-table", metavar="TABLE", action="append", help="read this one; may be repeated"
    )
    source.add_argument("--forget", metavar="STACK", help="take a stack out of the lock; tables stay in it")


def run(options: argparse.Namespace) -> int:
    """Read the tables, write the lock; return the exit code."""
    from compiler.report.findings import findings

    found = Diagnostics()
    path = _forget(options, found) if options.forget else _rebuild(options, found)
    if path:
        print(f"wrote {path}; compile again, and read the plan before you deploy")
    sys.stdout.write(findings(found, colour=terminal.colourful(sys.stdout)))
    return terminal.PROBLEMS if found.failed else terminal.FINE


def _forget(options: argparse.Namespace, found: Diagnostics) -> Path | None:
    """Take out of the lock what was accepted of a stack, so that one of its stage starts afresh."""
    from compiler.passes.recall import lock_path, recall
    from compiler.passes.write import write_lock

    accepted, path = recall(options.spec, found), lock_path(options.spec)
    if found.failed:
        return None
    stacks = accepted.stacks if accepted else {}
    if accepted is None or options.forget not in stacks:
        message = f"--forget names the stack '{options.forget}', which the lock does not have"
        near = nearest(options.forget, stacks)
        hint = f"did you mean '{near}'?" if near else f"it has {', '.join(stacks) or 'none'}"
        found.add(rules.UNKNOWN_REFERENCE, message, Location(str(path)), hint)
        return None
    kept = {name: each for name, each in stacks.items() if name != options.forget}
    return path if write_lock(path, Lock(accepted.tables, kept), found) else None


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
    if document is None or found.failed:
        return None
    model = understand(document, accepted, found, stages=options.stage)
    if model is None:
        return None
    names = options.from_table or [table.key for table in model.tables]
    if _unknown(names, model, options.spec, found):
        return None
    entries = rebuilt(model, names, TEMPLATE, found)
    if entries is None:
        return None
    before = accepted or Lock()
    known = before.of_stage(model.stage)
    made = frozenset(each.logical_id for each in model.tables)
    own = StackLock(fixed_settings(model), known.tables | made, known.streams)
    lock = Lock({**before.tables, **entries}, before.stacks).with_stack(model.stack, own)
    return lock_path(options.spec) if write_lock(lock_path(options.spec), lock, found) else None


def _unknown(names: list[str], model: Model, spec: str, found: Diagnostics) -> bool:
    unknown = set(names) - {table.key for table in model.tables}
    for name in sorted(unknown):
        known = ", ".join(table.key for table in model.tables)
        message = f"the spec has no table '{name}'"
        found.add(rules.UNKNOWN_TABLE, message, Location(spec), f"it has {known}")
    return bool(unknown)
