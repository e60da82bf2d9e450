"""Say what the next deploy will do, before anything is done."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from compiler import terminal
from compiler.change import Change, Earlier, Plan
from compiler.diagnostics import Diagnostics, Location

EXAMPLE = """\
example:
  analytics-compile plan spec/analytics.yaml                      against out/, which was compiled last
  analytics-compile plan spec/analytics.yaml --against main       against a branch, tag or commit of git
  analytics-compile plan spec/analytics.yaml --against old.lock.json
  analytics-compile plan spec/analytics.yaml --stage prod --stack web-analytics-prod   what is deployed
  analytics-compile plan spec/analytics.yaml --exit-code          10: changes, 11: consent is missing

+ create, ~ update in place, » evolve in place, -/+ replace, - delete
"""

CHANGES, NEEDS_CONSENT = 10, 11


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("spec", metavar="SPEC", help="the spec, a YAML file")
    terminal.declare_stages(parser)
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--against", metavar="LOCK|REF", help="a lock file, or a commit of git with the spec")
    other.add_argument("--stack", metavar="NAME", help="a deployed stack; also reports drift")
    parser.add_argument("--out", metavar="DIR", default="out", help="what was compiled last (default: out)")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="how to print")
    parser.add_argument("--exit-code", action="store_true", help="exit 10 or 11 where something changes")


def run(options: argparse.Namespace) -> int:
    """Compare and print; return the exit code."""
    from compiler import planview
    from compiler.passes.load import load
    from compiler.passes.recall import recall
    from compiler.pipeline import plan_document

    found = Diagnostics()
    document = load(options.spec, found)
    accepted = recall(options.spec, found)
    plans: tuple[Plan, ...] = ()
    if document is not None and not found.failed:
        one = options.stack is not None
        plans = plan_document(document, accepted, found, stages=options.stage, one=one)
    compared = [
        planview.view(each.model.stack, earlier.name, changes, earlier.drift)
        for each, earlier, changes in _compared(options, plans, found)
    ]
    _print(compared, found, options)
    if found.failed:
        missing = options.exit_code and compared and _only_consent_is_missing(found)
        return NEEDS_CONSENT if missing else terminal.PROBLEMS
    return CHANGES if options.exit_code and any(each["entries"] for each in compared) else terminal.FINE


def _compared(
    options: argparse.Namespace, plans: tuple[Plan, ...], found: Diagnostics
) -> list[tuple[Plan, Earlier, tuple[Change, ...]]]:
    """Return each plan with what it is compared with; nothing where that cannot be had."""
    from compiler import rules
    from compiler.template import Unreadable

    try:
        earlier = _earlier(options, plans, found) if plans else []
        return [(each, was, _changes(each, was)) for each, was in zip(plans, earlier, strict=False)]
    except Unreadable as error:
        message = (
            f"the resource '{error.logical_id}' of the earlier template is not as the compiler writes it"
        )
        hint = "compile again, or compare with a commit: --against main"
        found.add(rules.NOT_COMPARABLE, message, Location(options.spec), hint)
        return []


def _earlier(options: argparse.Namespace, plans: tuple[Plan, ...], found: Diagnostics) -> list[Earlier]:
    """Return what each plan is compared with, or nothing where one of them has nothing."""
    if options.stack is not None:
        from compiler.live import deployed

        whole = [deployed(options.stack, plans[0].model, found)]
    elif options.against is None:
        from compiler.stack import template_path

        whole = [_from_out(Path(options.out) / template_path(each.model), found) for each in plans]
    elif options.against.endswith(".lock.json"):
        whole = [_from_lock(options.against, found)] * len(plans)
    else:
        return _from_git(options.spec, options.against, plans, found)
    return [] if None in whole else [each for each in whole if each]


def _from_out(path: Path, found: Diagnostics) -> Earlier | None:
    from compiler import rules
    from compiler.template import accepted_by

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Earlier.nothing("nothing, as it was never compiled")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        hint = "compile again, or compare with a commit: --against main"
        message = f"the earlier template cannot be read: {reason}"
        found.add(rules.NOT_COMPARABLE, message, Location(path.as_posix()), hint)
        return None
    return Earlier(path.as_posix(), text, accepted_by(text))


def _from_lock(name: str, found: Diagnostics) -> Earlier | None:
    from compiler import rules
    from compiler.passes.recall import read_lock

    lock = read_lock(Path(name), found)
    if lock is None and not found.failed:
        hint = "name a lock file, or a branch, tag or commit"
        found.add(rules.NOT_COMPARABLE, f"there is no lock '{name}'", Location(name), hint)
    return Earlier(name, "", lock) if lock else None


def _from_git(spec: str, reference: str, plans: tuple[Plan, ...], found: Diagnostics) -> list[Earlier]:
    """Compile the spec and the lock as a commit has them, with this compiler."""
    from compiler.history import at_commit

    stages = at_commit(spec, reference, found)
    if stages is None:
        return []
    missing = Earlier.nothing(f"{reference} of git, which does not make it")
    return [stages.get(each.model.stage, missing) for each in plans]


def _changes(planned: Plan, earlier: Earlier) -> tuple[Change, ...]:
    from compiler.passes.render import render
    from compiler.semantics.difference import differences
    from compiler.semantics.replacement import resource_changes

    changes = differences(earlier.lock, planned.next_lock)
    if not earlier.template:
        return changes
    stack = render(planned, Diagnostics())  # a plan is also for what is still too large to deploy
    origins = {logical_id: location.path for logical_id, location in stack.origins.items()}
    tables = {entry.logical_id: f"tables.{key}" for key, entry in planned.next_lock.tables.items()}
    return (*changes, *resource_changes(earlier.template, stack.text, origins, tables))


def _print(plans: list[dict[str, Any]], found: Diagnostics, options: argparse.Namespace) -> None:
    """Print the plans, where there are any, and the findings: on standard error where Markdown is read."""
    from compiler import planview
    from compiler.report.text import text
    from compiler.report.view import view

    report = view(found, None, Path(options.out), ())
    findings = {
        key: report[key] for key in ("format_version", "tool", "diagnostics", "suppressed", "summary")
    }
    if options.format == "json":
        terminal.print_json({**findings, "plans": plans})
        return
    if options.format == "markdown":
        sys.stdout.write(planview.markdown(plans))
    else:
        sys.stdout.write(planview.text(plans, colour=terminal.colourful(sys.stdout)))
    stream = sys.stderr if options.format == "markdown" else sys.stdout
    said = text(report, colour=terminal.colourful(stream), source=True)
    stream.write(f"\n{said}" if said and plans and stream is sys.stdout else said)


def _only_consent_is_missing(found: Diagnostics) -> bool:
    from compiler import rules

    consentable = (rules.DROPPED_COLUMN, rules.REUSED_NAME, rules.DROPPED_TABLE)
    return all(each.rule in consentable for each in found if each.rule.severity == "error")
