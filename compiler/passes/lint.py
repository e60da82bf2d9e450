"""Stack through cfn-lint, its findings placed in the spec."""

from __future__ import annotations

import os
from typing import Any

from compiler import rules
from compiler.diagnostics import Diagnostics, Location
from compiler.stack import Stack

# One Region is enough: the resource types are the same wherever Firehose delivers to Iceberg.
_REGION = "us-east-1"
# Remarks that a limit of CloudFormation's comes near: rules of ours refuse what is past one, and until then a
# large pipeline is no fault of the templates (the sizes of template and description, then the numbers and
# names of resources and outputs).
_NEAR_A_LIMIT = ["I1002", "I1003", "I3010", "I3012", "I6010", "I6011"]
_HINT = "a fault of the compiler's templates, not of the spec: report it; --no-lint compiles all the same"


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
    config = ConfigMixIn(
        ["--config-file", os.devnull],
        regions=[_REGION],
        include_checks=["I"],
        ignore_checks=_NEAR_A_LIMIT,
    )
    template, problems = decode_str(stack.text)
    matches = Runner(config).validate_template(template) if template is not None else ()
    for match in (*problems, *matches):
        _report(match, stack, found)


def _report(match: Any, stack: Stack, found: Diagnostics) -> None:
    path = [str(part) for part in (getattr(match, "path", None) or ())]
    subject, place = _origin(path, stack)
    rule = rules.TEMPLATE_REJECTED if match.rule.id.startswith("E") else rules.TEMPLATE_DOUBTED
    found.add(rule, f"cfn-lint {match.rule.id} on {subject}: {match.message}", place, _HINT)


def _origin(path: list[str], stack: Stack) -> tuple[str, Location]:
    """Return what a path into the template is about, and where the spec asks for that."""
    section, name = [*path, "", ""][:2]
    if section == "Resources" and name in stack.origins:
        return name, stack.origins[name]
    if section == "Outputs":  # named after the resource that it tells about
        owners = [logical_id for logical_id in stack.origins if name.startswith(logical_id)]
        if owners:
            return f"the output {name}", stack.origins[max(owners, key=len)]
    return "the template", next(iter(stack.origins.values()))
