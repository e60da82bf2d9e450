"""The command line: which command runs, and that nobody ever sees a traceback."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any

from compiler import __version__
from compiler.terminal import CUT_OFF, EXIT_CODES, FAULT, INTERRUPTED

# Name to one line of help. The first argument is one of these, or else the spec to compile.
COMMANDS = {
    "plan": "Say what the next deploy will do, before anything is done.",
    "doctor": "Look, before a deploy, at what stands in its way in the account.",
    "policy": "Print the least-privilege IAM policy for who deploys.",
    "account": "Write the stack that pipelines of an account and Region share.",
    "lock": "Rebuild the lock from the live tables.",
    "records": "Check, make up and decode the records of a table.",
    "explain": "Explain a rule: what it reports, why, and the way out.",
    "schema": "Print the schema of the spec language, for editors and for readers.",
    "completion": "Print the script that lets a shell complete commands and options.",
}
_DEFAULT = "build"


def entry() -> None:
    """Run the command and end the process with its exit code."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run one command; return its exit code."""
    _speak_plainly()
    try:
        name, rest = _split(arguments)
        code: int = _command(name).run(_parser(name).parse_args(rest))
        sys.stdout.flush()
        return code
    except SystemExit as ended:  # argparse has printed usage or help
        return int(ended.code or 0)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CUT_OFF
    except Exception as error:
        return _fault(error)


def _speak_plainly() -> None:
    """Let a terminal that knows only ASCII show the rest as escapes instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _split(arguments: Sequence[str]) -> tuple[str, Sequence[str]]:
    if arguments and arguments[0] in COMMANDS:
        return arguments[0], arguments[1:]
    return _DEFAULT, arguments


def _command(name: str) -> Any:
    # Each command is imported alone, so that none pays for what another needs.
    return importlib.import_module(f"compiler.commands.{name}")


def _parser(name: str) -> argparse.ArgumentParser:
    command = _command(name)
    commands = "".join(f"\n  {each:<12} {COMMANDS[each]}" for each in COMMANDS)
    others = (
        f"\ncommands (analytics-compile COMMAND --help):{commands}\n" if name == _DEFAULT and commands else ""
    )
    parser = argparse.ArgumentParser(
        prog="analytics-compile" if name == _DEFAULT else f"analytics-compile {name}",
        description=COMMANDS.get(
            name, "Compile one YAML spec of tables, streams and roles to CloudFormation."
        ),
        epilog=f"{command.EXAMPLE}{others}\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"analytics-compile {__version__}")
    command.configure(parser)
    # `completion` is about all commands, and cannot import this module, which stands above it.
    parser.set_defaults(commands=COMMANDS, parser_of=_parser)
    return parser


def _fault(error: Exception) -> int:
    """Save the traceback and say where: it is our fault, and nothing that a user can read."""
    import tempfile
    import traceback

    report = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", suffix=".txt", prefix="analytics-compile-", delete=False
        ) as file:
            file.write(f"analytics-compile {__version__}, Python {sys.version}\n{report}")
        where = f"the details are in {file.name}"
    except OSError:
        where = "the details could not be saved"
    kind = type(error).__name__
    print(f"analytics-compile: a fault of the compiler ({kind}); {where}", file=sys.stderr)
    return FAULT
