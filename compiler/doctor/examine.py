"""Make all checks at a time; whatever AWS says becomes a finding."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from botocore.exceptions import BotoCoreError, ClientError

from compiler.doctor.account import Account, connect
from compiler.doctor.checks import checks
from compiler.doctor.finding import Check, Finding, Verdict, doubtful, wrong
from compiler.doctor.subject import Subject, deployed
from compiler.stack import Build

# Most of a check is waiting for AWS, which lets a caller make some calls a second.
_AT_A_TIME = 8


def prepare(spec: str, build: Build) -> Subject | Finding:
    """Find out where and by whom the spec would be deployed; a finding comes back where that fails."""
    account = connect()
    if isinstance(account, Verdict):
        return Finding("caller", account)
    try:
        return Subject(spec, build, account, deployed(account, build.stack.name))
    except (BotoCoreError, ClientError) as error:
        message = f"the stack '{build.stack.name}' cannot be looked at: {error}"
        return Finding("stack", wrong(message, _allow(account)))


def examine(subject: Subject, progress: Callable[[str], None]) -> list[Finding]:
    """Return what every check finds, in the order of the checks."""
    wanted = checks(subject)
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        under_way = [pool.submit(_guarded, check) for check in wanted]
        while left := wait(under_way, timeout=1).not_done:
            progress(f"asked AWS about {len(wanted) - len(left)} of {len(wanted)} things")
        return [each.result() for each in under_way]


def _guarded(check: Check) -> Finding:
    try:
        return Finding(check.name, check.look())
    except (BotoCoreError, ClientError) as error:
        return Finding(check.name, doubtful(f"could not be looked at: {error}", _way_out(error)))


def _way_out(error: Exception) -> str:
    code = error.response["Error"].get("Code", "") if isinstance(error, ClientError) else ""
    if "AccessDenied" in code or "Unauthorized" in code:
        return "docs/operations.md lists what the doctor has to be allowed to read"
    return "ask again; if that does not help, check the Region and the network"


def _allow(account: Account) -> str:
    return f"allow {account.caller} cloudformation:DescribeStacks and cloudformation:ListStackResources"
