"""Say what the next deploy will do, before anything is done."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from compiler import terminal
from compiler.change import Change, Earlier, Plan
from compiler.diagnostics import Diagnostics
from compiler.lock import Lock

EXAMPLE = """\
example:
  analytics-compile plan spec/analytics.yaml                      against out/, which was compiled last
  analytics-compile plan spec/analytics.yaml --against main       against a branch, tag or commit of git
  analytics-compile plan spec/analytics.yaml --against old.lock.json
  analytics-compile plan spec/analytics.yaml --stack web-analytics   against what is deployed
  analytics-compile plan spec/analytics.yaml --exit-code          10: changes, 11: consent is missing

+ create, ~ update in place, » evolve in place, -/+ replace, - delete
"""

CHANGES, NEEDS_CONSENT = 10, 11


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("spec", metavar="SPEC", help="the spec, a YAML file")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--against", metavar="LOCK|REF", help="a lock file, or a commit of git with the spec")
    other.add_argument("--stack", metavar="NAME", help="a deployed stack; also reports drift")
    parser.add_argument("--out", metavar="DIR", default="out", help="what was compiled last (default: out)")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="how to print")
    parser.add_argument("--exit-code", action="store_true", help="exit 10 or 11 where something changes")


def run(options: argparse.Namespace) -> int:
    """Compare and print; return the exit code."""
    from compiler.passes.load import load
    from compiler.passes.recall import recall
    from compiler.pipeline import plan_document

    found = Diagnostics()
    document = load(options.spec, found)
    accepted = recall(options.spec, found)
    planned = None
    if document is not None and not found.failed:
        planned = plan_document(document, accepted, found)
    earlier = _earlier(options, planned, found) if planned else None
    if planned is None or earlier is None:
        return _report(found, options)
    changes = _changes(planned, earlier)
    _print(planned, earlier, changes, options)
    code = _report(found, options)
    if not options.exit_code:
        return code
    if found.failed:
        return NEEDS_CONSENT if _only_consent_is_missing(found) else code
    return CHANGES if changes else terminal.FINE


def _earlier(options: argparse.Namespace, planned: Plan, found: Diagnostics) -> Earlier | None:
    if options.stack:
        from compiler.live import deployed

        return deployed(options.stack, planned.model, found)
    if options.against and options.against.endswith(".lock.json"):
        return _from_lock(options.against, found)
    if options.against:
        return _from_git(options.spec, options.against, found)
    return _from_out(Path(options.out) / f"{planned.model.stack}.template.yaml")


def _from_out(path: Path) -> Earlier:
    from compiler.template import accepted_by

    if not path.is_file():
        return Earlier("nothing, as it was never compiled", "Resources:\n", Lock({}))
    text = path.read_text(encoding="utf-8")
    return Earlier(path.as_posix(), text, accepted_by(text))


def _from_lock(name: str, found: Diagnostics) -> Earlier | None:
    from compiler.passes.recall import read_lock

    lock = read_lock(Path(name), found)
    return Earlier(name, "", lock) if lock else None


def _from_git(spec: str, reference: str, found: Diagnostics) -> Earlier | None:
    """Compile the spec and the lock as a commit has them, with this compiler."""
    from compiler.history import at_commit

    return at_commit(spec, reference, found)


def _changes(planned: Plan, earlier: Earlier) -> tuple[Change, ...]:
    from compiler.passes.render import render
    from compiler.semantics.difference import differences
    from compiler.semantics.replacement import resource_changes

    tables = differences(earlier.lock, planned.next_lock)
    if not earlier.template:
        return tables
    stack = render(planned, Diagnostics())  # a plan is also for what is still too large to deploy
    origins = {logical_id: location.path for logical_id, location in stack.origins.items()}
    return (*tables, *resource_changes(earlier.template, stack.text, origins))


def _print(planned: Plan, earlier: Earlier, changes: tuple[Change, ...], options: argparse.Namespace) -> None:
    from compiler import planview

    view = planview.view(planned.model.stack, earlier.name, changes, earlier.drift)
    if options.format == "json":
        terminal.print_json(view)
    elif options.format == "markdown":
        sys.stdout.write(planview.markdown(view))
    else:
        sys.stdout.write(planview.text(view, colour=terminal.colourful(sys.stdout)))


def _report(found: Diagnostics, options: argparse.Namespace) -> int:
    """Print the findings behind the plan; to standard error where a program reads the plan."""
    from compiler.report import text, view

    stream = sys.stdout if options.format == "text" else sys.stderr
    stream.write(text(view(found, None, Path(options.out), ()), colour=terminal.colourful(stream)))
    return terminal.PROBLEMS if found.failed else terminal.FINE


def _only_consent_is_missing(found: Diagnostics) -> bool:
    from compiler import rules

    consentable = (rules.DROPPED_COLUMN, rules.REUSED_NAME, rules.DROPPED_TABLE)
    return all(each.rule in consentable for each in found if each.rule.severity == "error")
