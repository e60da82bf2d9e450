"""Check, make up and decode the records of a table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from compiler import terminal

if TYPE_CHECKING:
    from datetime import datetime

    from compiler.diagnostics import Diagnostics
    from compiler.model import Model, Table

EXAMPLE = """\
example:
  analytics-compile records check spec/analytics.yaml --table events events.jsonl
  analytics-compile records sample spec/analytics.yaml --table events -n 1000 --seed 7 > events.jsonl
  analytics-compile records decode errors/ --spec spec/analytics.yaml --table events
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and their arguments."""
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for name, (summary, declare, act) in _VERBS.items():
        verb = verbs.add_parser(name, help=summary, description=f"{summary}.", allow_abbrev=False)
        declare(verb)
        verb.set_defaults(act=act)


def run(options: argparse.Namespace) -> int:
    """Do what the verb says; return the exit code."""
    act: Callable[[argparse.Namespace], int] = options.act
    return act(options)


def _declare_check(parser: argparse.ArgumentParser) -> None:
    _declare_table(parser)
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="JSON lines, plain or gzip; - is standard input"
    )
    parser.add_argument(
        "--fail-on",
        choices=("error", "warning"),
        default="error",
        help="warning: also fail where a value is lost or a form is doubtful (default: error)",
    )
    _declare_format(parser)


def _check(options: argparse.Namespace) -> int:
    from compiler.records.check import Checker, check_lines
    from compiler.records.findings import Tally
    from compiler.records.lines import Unreadable, lines_of
    from compiler.records.reasons import MAXIMUM_RECORD_BYTES
    from compiler.records.report import check_text, check_view

    table = _table(options.spec, options.table, sys.stdout, options.format)
    if table is None:
        return terminal.PROBLEMS
    checker, tally = Checker(table.columns), Tally()
    unreadable: list[tuple[str, str]] = []
    for file in options.files:
        try:
            check_lines(checker, lines_of(file, MAXIMUM_RECORD_BYTES), file, tally)
        except Unreadable as error:
            unreadable.append((file, str(error)))
    view = check_view(tally, table.key, unreadable)
    if options.format == "json":
        terminal.print_json(view)
    else:
        sys.stdout.write(check_text(view))
    failed = tally.failed or (options.fail_on == "warning" and bool(tally.groups()))
    return terminal.PROBLEMS if failed or unreadable else terminal.FINE


def _declare_sample(parser: argparse.ArgumentParser) -> None:
    _declare_table(parser)
    parser.add_argument(
        "-n", "--count", metavar="N", type=_natural, default=100, help="how many (default: 100)"
    )
    parser.add_argument(
        "--seed", metavar="N", type=_natural, default=1, help="another seed, other records (default: 1)"
    )
    parser.add_argument(
        "--at",
        metavar="TIME",
        type=_moment,
        help="when the first record happens, as 2026-01-31 or 2026-01-31T12:00:00Z (default: from the seed)",
    )


def _sample(options: argparse.Namespace) -> int:
    from compiler.records.sample import sample

    table = _table(options.spec, options.table, sys.stderr)
    if table is None:
        return terminal.PROBLEMS
    # Bytes, so that the same records come out whatever the terminal's encoding and line ends.
    for record in sample(table.columns, options.count, options.seed, options.at):
        sys.stdout.buffer.write(f"{record}\n".encode())
    return terminal.FINE


def _declare_decode(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="objects of the error bucket, plain or gzip; a directory is walked; - is standard input",
    )
    parser.add_argument("--spec", metavar="SPEC", help="check the records against this spec's --table")
    parser.add_argument("--table", metavar="TABLE", help="the table they were meant for")
    parser.add_argument(
        "--records",
        action="store_true",
        help="write the records themselves to standard output, one a line, and the report to standard error",
    )
    parser.add_argument(
        "--code",
        metavar="CODE",
        action="append",
        help="with --records: only those with this error code (may be repeated)",
    )
    _declare_format(parser)


def _decode(options: argparse.Namespace) -> int:
    from compiler.records.check import Checker
    from compiler.records.decode import Decoded, Refused, objects_in
    from compiler.records.lines import files_in
    from compiler.records.report import decode_text, decode_view

    for needed, given in (("--spec", "table"), ("--records", "code")):
        if getattr(options, given) and not getattr(options, needed[2:]):
            print(f"analytics-compile records decode: --{given} needs {needed}", file=sys.stderr)
            return terminal.USAGE
    report = sys.stderr if options.records else sys.stdout
    table = None
    if options.spec:
        table = _table(options.spec, options.table, report, options.format)
        if table is None:
            return terminal.PROBLEMS
    decoded = Decoded(Checker(table.columns) if table else None)

    def emit(refused: Refused) -> None:
        if (
            not options.records
            or refused.record is None
            or refused.code not in (options.code or [refused.code])
        ):
            return
        try:
            lines = objects_in(refused.record)
        except (ValueError, RecursionError):
            decoded.report(refused.file, refused.line, "the record is not JSON, and is left out of --records")
            return
        sys.stdout.buffer.writelines(line + b"\n" for line in lines)

    decoded.read(files_in(options.files), emit)
    view = decode_view(decoded, table.key if table else None)
    if options.format == "json":
        terminal.print_json(view, report)
    else:
        report.write(decode_text(view))
    return terminal.PROBLEMS if decoded.problem_count else terminal.FINE


def _declare_table(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("spec", metavar="SPEC", help="the spec, a YAML file")
    parser.add_argument(
        "--table", metavar="TABLE", help="an entry of tables (needless where the spec has only one)"
    )


def _declare_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to print (default: text)"
    )


def _table(spec: str, name: str | None, output: TextIO, form: str = "text") -> Table | None:
    """Return the table; None where the spec has errors or no such table, which are then printed."""
    from compiler.diagnostics import Diagnostics
    from compiler.passes.load import load
    from compiler.pipeline import understand
    from compiler.report.text import text
    from compiler.report.view import view

    found = Diagnostics()
    document = load(spec, found)
    # The columns are those of the spec: what was accepted before says nothing about new records.
    # All stages have the same tables, so any of them will do.
    model = understand(document, None, found, stages=document.stages[:1]) if document else None
    table = _named(model, spec, name, found) if model else None
    if table is None:
        report = view(found, None, Path(), ())
        if form == "json":
            terminal.print_json(report, output)
        else:
            output.write(text(report, colour=terminal.colourful(output), source=True))
    return table


def _named(model: Model, spec: str, name: str | None, found: Diagnostics) -> Table | None:
    from compiler import rules
    from compiler.diagnostics import Location
    from compiler.names import did_you_mean

    tables = {table.key: table for table in model.tables}
    if name is None and len(tables) == 1:
        return next(iter(tables.values()))
    if name is None:
        message, hint = (
            "--table is left out, and there are several tables",
            f"name one of {', '.join(tables)}",
        )
        found.add(rules.UNKNOWN_REFERENCE, message, Location(spec), hint)
    elif name not in tables:
        message = f"--table names '{name}', which is not declared in tables"
        found.add(rules.UNKNOWN_REFERENCE, message, Location(spec), did_you_mean(name, tables, "tables"))
    return tables.get(name or "")


def _natural(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 0")
    return int(text)


def _moment(text: str) -> datetime:
    """Read a date or a date and time, in UTC where it names no zone."""
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is not a time like 2026-01-31T12:00:00Z") from error
    if not 1990 <= moment.year <= 2100:
        raise argparse.ArgumentTypeError(f"'{text}' is not between 1990 and 2100")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


_VERBS: dict[
    str,
    tuple[str, Callable[[argparse.ArgumentParser], None], Callable[[argparse.Namespace], int]],
] = {
    "check": ("Say which records Firehose would refuse or mangle, and why", _declare_check, _check),
    "sample": ("Make up plausible records that pass the check", _declare_sample, _sample),
    "decode": ("Read what Firehose left in the error bucket", _declare_decode, _decode),
}
