"""Compile a spec: the command that has no name, because it is what the tool is for."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compiler import terminal
from compiler.diagnostics import SEVERITIES, Diagnostics

if TYPE_CHECKING:
    from compiler.stack import Build

EXAMPLE = """\
example:
  analytics-compile spec/analytics.yaml                 write the templates and out/manifest.json
  analytics-compile spec/analytics.yaml --stage dev     one stage of several, into out/dev/
  analytics-compile spec/analytics.yaml --check         in CI: exit 1, with a diff, where out/ is stale
  analytics-compile spec/analytics.yaml --fail-on warning --format github   on a pull request
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("spec", metavar="SPEC", help="the spec, a YAML file")
    terminal.declare_stages(parser)
    parser.add_argument("--out", metavar="DIR", default="out", help="where to write (default: out)")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 with a diff where DIR is stale"
    )
    parser.add_argument(
        "--format",
        choices=("text", "json", "sarif", "github"),
        default="text",
        help="print for a person, a program, a code scanner or GitHub's annotations (default: text)",
    )
    parser.add_argument(
        "--fail-on",
        choices=SEVERITIES,
        default="error",
        help="the mildest finding that fails: nothing is written and the exit code is 1 (default: error)",
    )
    parser.add_argument("--no-lint", action="store_true", help="skip cfn-lint, which takes most of the time")
    parser.add_argument("--locked", action="store_true", help="refuse to compile where the lock would change")
    parser.add_argument("--quiet", action="store_true", help="print findings only")


def run(options: argparse.Namespace) -> int:
    """Compile, then write or compare; return the exit code."""
    # Only a compilation pays for these imports: --help and --version answer at once.
    from compiler.pipeline import compile_spec
    from compiler.report.view import view

    found = Diagnostics()
    progress = terminal.progress(quiet=options.quiet)
    build = compile_spec(
        options.spec, found, stages=options.stage, linting=not options.no_lint, progress=progress
    )
    out = Path(options.out)
    difference, written = _finish(build, out, options, found) if build else ("", ())
    fails = found.reaches(options.fail_on)
    _print(view(found, None if fails else build, out, written, difference), options)
    return terminal.PROBLEMS if fails else terminal.FINE


def _finish(
    build: Build, out: Path, options: argparse.Namespace, found: Diagnostics
) -> tuple[str, tuple[str, ...]]:
    """Write a build, or compare it; return the difference, and what was written."""
    from compiler.passes.write import check, check_locked, write

    if options.locked:
        check_locked(build, found)
    if options.check:
        return check(build, out, found), ()
    return "", () if found.reaches(options.fail_on) else write(build, out, found)


def _print(report: dict[str, Any], options: argparse.Namespace) -> None:
    if options.format == "json":
        terminal.print_json(report)
    elif options.format == "sarif":
        from compiler.report.sarif import sarif

        terminal.print_json(sarif(report))
    elif options.format == "github":
        from compiler.report.github import github

        sys.stdout.write(github(report))
    else:
        from compiler.report.text import text

        sys.stdout.write(report["difference"])
        quiet = options.quiet or options.check
        colour = terminal.colourful(sys.stdout)
        sys.stdout.write(text(report, colour=colour, quiet=quiet, source=True))
