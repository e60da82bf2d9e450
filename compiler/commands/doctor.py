"""Look, before a deploy, at what stands in its way in the account; nothing there is changed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from compiler import terminal
from compiler.diagnostics import Diagnostics
from compiler.doctor.finding import Finding
from compiler.doctor.subject import Subject

EXAMPLE = """\
example:
  analytics-compile doctor spec/analytics.yaml --stage prod     ✓ fine, ! look at it, ✗ in the way
  analytics-compile doctor spec/analytics.yaml --stage prod --format json        for a program
  analytics-compile doctor spec/analytics.yaml --stage prod --import-to import   for an import of kept data
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("spec", metavar="SPEC", help="the spec, a YAML file")
    terminal.declare_stages(parser, one=True)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print")
    parser.add_argument(
        "--import-to", metavar="DIR", help="where data is that no stack has: write the files of its import"
    )


def run(options: argparse.Namespace) -> int:
    """Compile in memory, ask AWS, print; return the exit code."""
    from compiler.doctor import view
    from compiler.doctor.examine import examine, prepare
    from compiler.pipeline import compile_spec
    from compiler.report.findings import findings as spec_findings

    found = Diagnostics()
    build = compile_spec(options.spec, found, stages=options.stage, one=True, linting=False)
    sys.stderr.write(spec_findings(found, colour=terminal.colourful(sys.stderr)))
    if build is None:
        return terminal.PROBLEMS
    prepared = prepare(options.spec, build)
    subject = prepared if isinstance(prepared, Subject) else None
    findings = (
        [prepared] if isinstance(prepared, Finding) else examine(prepared, terminal.progress(quiet=False))
    )
    if subject and options.import_to:
        _write_import(subject, Path(options.import_to), found)
    told = view.view(build.stack.name, subject, findings)
    if options.format == "json":
        terminal.print_json(told)
    else:
        sys.stdout.write(view.text(told, colour=terminal.colourful(sys.stdout)))
    wrong = any(each.verdict.status == "wrong" for each in findings)
    return terminal.PROBLEMS if wrong or found.failed else terminal.FINE


def _write_import(subject: Subject, folder: Path, found: Diagnostics) -> None:
    from compiler.doctor.data import import_files, kept
    from compiler.passes.write import write_file

    data = kept(subject)
    for name, content in (import_files(subject, data) if data else {}).items():
        if write_file(folder / name, content, found):
            print(f"wrote {(folder / name).as_posix()}", file=sys.stderr)
