"""Write the stack that the pipelines of an account share: an administrator deploys it once a Region."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from pathlib import Path

from compiler import terminal
from compiler.diagnostics import Diagnostics

EXAMPLE = """\
example:
  analytics-compile account                                  for Lake Formation, into out/
  analytics-compile account --access iam --out out/account
  analytics-compile account --notify arn:aws:sns:eu-west-1:111122223333:oncall

docs/account.md says what is in it, and who may use it.
"""

_TOPIC = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?")
_KEY = re.compile(r"arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    modes = ("lake_formation", "iam")
    parser.add_argument("--access", choices=modes, default=modes[0], help="who governs the tables")
    parser.add_argument("--notify", metavar="ARN", type=_topic, help="an SNS topic that alarms tell")
    parser.add_argument(
        "--kms-key",
        metavar="ARN",
        type=_key,
        action="append",
        default=[],
        help="a KMS key that tables of pipelines are encrypted with; may be repeated",
    )
    parser.add_argument("--out", metavar="DIR", default="out", help="where to write (default: out)")
    parser.add_argument("--no-lint", action="store_true", help="skip cfn-lint, which takes most of the time")
    parser.add_argument("--quiet", action="store_true", help="print findings only")


def run(options: argparse.Namespace) -> int:
    """Render, check and write the template; return the exit code."""
    from compiler.account import Settings, account_stack
    from compiler.passes.lint import lint
    from compiler.passes.write import write_file
    from compiler.report.findings import findings

    found = Diagnostics()
    stack = account_stack(Settings(options.access, options.notify, tuple(options.kms_key)))
    if not options.no_lint:
        terminal.progress(quiet=options.quiet)("checking the template with cfn-lint")
        lint(stack, found)
    path = Path(options.out) / f"{stack.name}.template.yaml"
    content = stack.text.encode()
    written = not found.failed and write_file(path, content, found)
    sys.stdout.write(findings(found, colour=terminal.colourful(sys.stdout)))
    if written and not options.quiet:
        _say(path, stack.name, len(content))
    return terminal.PROBLEMS if found.failed else terminal.FINE


def _say(path: Path, stack: str, size: int) -> None:
    from compiler.report.view import deploy_command

    print(f"wrote {path.as_posix()}, {size:,} bytes")
    print("\nAn administrator deploys it, once in each Region:")
    print(f"  {shlex.join(deploy_command(path, stack, size))}")


def _topic(text: str) -> str:
    return _arn(text, _TOPIC, "an SNS topic", "arn:aws:sns:eu-west-1:111122223333:oncall")


def _key(text: str) -> str:
    return _arn(text, _KEY, "a KMS key", "arn:aws:kms:eu-west-1:111122223333:key/ID")


def _arn(text: str, pattern: re.Pattern[str], what: str, example: str) -> str:
    if not pattern.fullmatch(text):
        raise argparse.ArgumentTypeError(f"'{text}' is not the ARN of {what}, as {example}")
    return text
