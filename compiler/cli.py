"""The command line: arguments, printing, exit codes, and nothing else."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from compiler import __version__
from compiler.diagnostics import Diagnostics

FINE, PROBLEMS, USAGE, FAULT, INTERRUPTED = 0, 1, 2, 3, 130

_EXAMPLE = """\
example:
  analytics-compile spec/analytics.yaml                 write out/<stack>.template.yaml and out/manifest.json
  analytics-compile spec/analytics.yaml --check         in CI: exit 1, with a diff, where out/ is stale
  analytics-compile spec/analytics.yaml --format json   for a program

exit codes: 0 fine, 1 the spec has problems or out/ is stale, 2 wrong usage, 3 a fault of the compiler
"""


def entry() -> None:
    """Run the command and end the process with its exit code."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run one command; return its exit code. A user never sees a traceback."""
    try:
        options = _parser().parse_args(arguments)
        return _compile(options)
    except SystemExit as ended:  # argparse has printed usage or help
        return int(ended.code or 0)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  Python would complain once more at exit
        return FINE
    except Exception as error:
        return _fault(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="analytics-compile",
        description="Compile one YAML spec of tables, streams and roles to CloudFormation.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("spec", metavar="SPEC", help="the spec, a YAML file")
    parser.add_argument("--out", metavar="DIR", default="out", help="where to write (default: out)")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 with a diff where DIR is stale"
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to print (default: text)"
    )
    parser.add_argument("--no-lint", action="store_true", help="skip cfn-lint, which takes most of the time")
    parser.add_argument("--quiet", action="store_true", help="print findings only")
    parser.add_argument("--version", action="version", version=f"analytics-compile {__version__}")
    return parser


def _compile(options: argparse.Namespace) -> int:
    # Only a compilation pays for these imports: --help and --version answer at once.
    from compiler.passes.write import check, write
    from compiler.pipeline import compile_spec
    from compiler.report import view

    found = Diagnostics()
    progress = _progress(sys.stderr, quiet=options.quiet)
    build = compile_spec(options.spec, found, linting=not options.no_lint, progress=progress)
    out = Path(options.out)
    difference = ""
    written: tuple[str, ...] = ()
    if build and options.check:
        difference = check(build, out, found)
    elif build:
        written = write(build, out, found)
    _print(view(found, build, out, written), difference, options)
    return PROBLEMS if found.failed else FINE


def _print(report: dict[str, object], difference: str, options: argparse.Namespace) -> None:
    from compiler.report import text

    if options.format == "json":
        print(json.dumps({**report, "difference": difference}, indent=2))
        return
    sys.stdout.write(difference)
    print(text(report, colour=_colourful(sys.stdout), quiet=options.quiet or options.check), end="")
    sys.stdout.flush()


def _progress(stream: TextIO, *, quiet: bool) -> Callable[[str], None]:
    """Return what says on a terminal what takes longer than a moment."""
    if quiet or not stream.isatty():
        return lambda _: None
    return lambda what: print(f"{what} …", file=stream, flush=True)


def _colourful(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _fault(error: Exception) -> int:
    """Save the traceback and say where: it is our fault, and nothing that a user can read."""
    import tempfile
    import traceback

    report = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w", suffix=".txt", prefix="analytics-compile-", delete=False
        ) as file:
            file.write(f"analytics-compile {__version__}, Python {sys.version}\n{report}")
        where = f"the details are in {file.name}"
    except OSError:
        where = "the details could not be saved"
    print(f"analytics-compile: a fault of the compiler ({type(error).__name__}); {where}", file=sys.stderr)
    return FAULT
