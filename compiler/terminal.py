"""What commands share: exit codes, colour, progress, JSON on standard output, `--stage`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

FINE, PROBLEMS, USAGE, FAULT = 0, 1, 2, 3
# As a shell reports a command that a signal ended: SIGINT, SIGPIPE.
INTERRUPTED, CUT_OFF = 130, 141

EXIT_CODES = "exit codes: 0 fine, 1 problems were found, 2 wrong usage, 3 a fault of the compiler"


def declare_stages(parser: argparse.ArgumentParser, *, one: bool = False) -> None:
    """Declare the option that picks stages of a spec, of which a command may take only `one`."""
    only = "which stage of the spec, where it has several"
    every = "only this stage of the spec; may be repeated (default: all)"
    parser.add_argument("--stage", metavar="STAGE", action="append", default=[], help=only if one else every)


def print_json(value: Any, output: TextIO | None = None) -> None:
    """Print a report for a program, on standard output if nothing else is said."""
    print(json.dumps(value, indent=2), file=output)


def colourful(stream: TextIO) -> bool:
    """Whether to paint: only on a terminal, and not where NO_COLOR is set (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def progress(*, quiet: bool) -> Callable[[str], None]:
    """Return what tells a person on a terminal about work that takes longer than a moment."""
    if quiet or not sys.stderr.isatty():
        return lambda _: None
    return lambda what: print(f"{what} …", file=sys.stderr, flush=True)
