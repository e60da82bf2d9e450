"""Print the least-privilege IAM policy for who deploys a spec's template."""

from __future__ import annotations

import argparse
import sys

from compiler import terminal
from compiler.diagnostics import Diagnostics

EXAMPLE = """\
example:
  analytics-compile policy spec/analytics.yaml --stage prod --region eu-west-1 > deployer.json
  aws iam put-role-policy --role-name deployer --policy-name web-analytics --policy-document file://deployer.json

It is longer than a managed policy may be (6,144 characters), so it goes into a role, which may have 10,240.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("spec", metavar="SPEC", help="the spec, a YAML file")
    terminal.declare_stages(parser, one=True)
    parser.add_argument(
        "--account", default="", help="the account's 12 digits (default: the stage's, or any)"
    )
    parser.add_argument("--region", default="", help="the Region (default: the stage's, or any)")
    parser.add_argument("--partition", default="aws", help="the partition (default: aws)")


def run(options: argparse.Namespace) -> int:
    """Compile in memory and print the policy; return the exit code."""
    from compiler.deployer import Where, deployer_policy
    from compiler.pipeline import compile_spec
    from compiler.report.findings import findings

    found = Diagnostics()
    build = compile_spec(options.spec, found, stages=options.stage, one=True, linting=False)
    if build:
        model = build.plan.model
        region, account = options.region or model.region, options.account or model.account
        where = Where(options.partition, region or "*", account or "*")
        terminal.print_json(deployer_policy(model, build.stack, where))
    sys.stderr.write(findings(found, colour=terminal.colourful(sys.stderr)))
    return terminal.PROBLEMS if found.failed else terminal.FINE
