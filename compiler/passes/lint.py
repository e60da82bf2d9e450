"""Stack through cfn-lint, its findings placed in the spec."""

from __future__ import annotations

import os
from typing import Any

from compiler import rules
from compiler.diagnostics import Diagnostics, Location
from compiler.stack import Stack

# One Region is enough: the resource types are the same wherever Firehose delivers to Iceberg.
_REGION = "us-east-1"


def lint(stack: Stack, found: Diagnostics) -> None:
    """Check the template against AWS's registry schemas, and cfn-lint's rules down to information.

    Reports AC6001 for what AWS would refuse and AC6002 for the rest, at the entry of the spec
    that the resource comes from.
    """
    # A second of imports that nobody pays who does not lint.
    from cfnlint.config import ConfigMixIn
    from cfnlint.decode.decode import decode_str
    from cfnlint.runner import Runner

    # Without a file named, cfn-lint would take the .cfnlintrc of whatever folder this runs in.
    config = ConfigMixIn(["--config-file", os.devnull], regions=[_REGION], include_checks=["I"])
    template, problems = decode_str(stack.text)
    matches = Runner(config).validate_template(template) if template is not None else ()
    for match in (*problems, *matches):
        _report(match, stack, found)


def _report(match: Any, stack: Stack, found: Diagnostics) -> None:
    path = [str(part) for part in (getattr(match, "path", None) or ())]
    logical_id = path[1] if len(path) > 1 and path[0] == "Resources" else ""
    origin = stack.origins.get(logical_id) or next(iter(stack.origins.values()), Location("spec"))
    rule = rules.TEMPLATE_REJECTED if match.rule.id.startswith("E") else rules.TEMPLATE_DOUBTED
    where = logical_id or "the template"
    found.add(
        rule,
        f"cfn-lint {match.rule.id} on {where}: {match.message}",
        origin,
        "a fault of the compiler's templates rather than of the spec; please report it",
    )
