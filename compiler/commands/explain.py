"""Explain a rule: what it reports, why, and the way out."""

from __future__ import annotations

import argparse
import sys

from compiler import terminal

EXAMPLE = """\
example:
  analytics-compile explain AC3001              what the rule is about, with an example
  analytics-compile explain unknown-reference   the same, by its name
  analytics-compile explain                     all rules
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "rule", metavar="RULE", nargs="?", help="a code or a name; left out, all rules are listed"
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to print (default: text)"
    )


def run(options: argparse.Namespace) -> int:
    """Print one page, or a line for each; return the exit code."""
    from compiler import rulebook
    from compiler.rules import RULES

    if options.rule is None:
        pages = [rulebook.page(rule) for rule in RULES]
        _print(rulebook.table(pages), {"rules": pages}, options.format)
        return terminal.FINE
    wanted = options.rule.lower()
    rule = next((each for each in RULES if wanted in (each.code.lower(), each.name)), None)
    if rule is None:
        print(f"analytics-compile explain: {_unknown(options.rule)}", file=sys.stderr)
        return terminal.PROBLEMS
    page = rulebook.page(rule)
    _print(rulebook.text(page), page, options.format)
    return terminal.FINE


def _print(text: str, value: object, form: str) -> None:
    if form == "json":
        terminal.print_json(value)
    else:
        sys.stdout.write(text)


def _unknown(wanted: str) -> str:
    from compiler.names import nearest
    from compiler.rules import BY_CODE, RULES

    near = nearest(wanted.upper(), BY_CODE) or nearest(wanted.lower(), [each.name for each in RULES])
    hint = f"did you mean {near}?" if near else "without a rule, it lists them all"
    return f"there is no rule '{wanted}'; {hint}"
