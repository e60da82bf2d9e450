"""Whether the caller may do what the deploy does in the caller's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.deployer import deployer_policy
from compiler.doctor.account import Account, look_up
from compiler.doctor.finding import Verdict, doubtful, fine, wrong
from compiler.doctor.subject import Subject

Statement = Mapping[str, Any]


def rights(subject: Subject) -> Verdict:
    """Have IAM simulate the deployer's policy, a statement a call.

    It counts permission boundaries and the organization's policies, but no policy of a session and
    none of a resource. An action that is allowed on some of its resources is not complained about:
    not every action of a statement is about each of them.
    """
    account = subject.account
    if account.caller.endswith(":root"):
        return fine("the caller is the account's root, who may do everything")
    principal = _principal(account)
    policy = deployer_policy(subject.model, subject.build.stack, account.where)
    where = f"--account {account.where.account} --region {account.where.region}"
    command = f"analytics-compile policy {subject.arguments} {where}"
    if principal is None:
        return doubtful(f"nobody can simulate the rights of {account.caller}", command)
    statements = policy["Statement"]
    denied = {each["Sid"]: actions for each in statements if (actions := _denied(account, principal, each))}
    if denied:
        count = sum(map(len, denied.values()))
        lines = [f"{sid}: {', '.join(actions)}" for sid, actions in denied.items()]
        return wrong(
            f"{principal} lacks {count} of the actions of a deploy",
            *lines,
            f"{command} prints what is needed",
        )
    count = sum(len(each["Action"]) for each in statements)
    return fine(f"{principal} may do all {count} actions of a deploy")


def _principal(account: Account) -> str | None:
    """Return who can be simulated: a session counts as its role, whose path only IAM knows."""
    kind, _, name = account.caller.split(":")[5].partition("/")
    if kind == "user":
        return account.caller
    if kind != "assumed-role":
        return None
    answer = look_up(account.client("iam").get_role, RoleName=name.partition("/")[0])
    return answer["Role"]["Arn"] if answer else None


def _denied(account: Account, principal: str, statement: Statement) -> list[str]:
    allowed = set()
    for context in _contexts(statement):
        pages = (
            account.client("iam")
            .get_paginator("simulate_principal_policy")
            .paginate(
                PolicySourceArn=principal,
                ActionNames=statement["Action"],
                ResourceArns=statement["Resource"],
                ContextEntries=context,
            )
        )
        results = [each for page in pages for each in page["EvaluationResults"]]
        allowed |= {each["EvalActionName"] for each in results if _is_allowed(each)}
    return [action for action in statement["Action"] if action not in allowed]


def _is_allowed(result: Mapping[str, Any]) -> bool:
    decisions = [each["EvalResourceDecision"] for each in result.get("ResourceSpecificResults", ())]
    return "allowed" in (result["EvalDecision"], *decisions)


def _contexts(statement: Statement) -> Iterator[list[dict[str, Any]]]:
    """Yield what a request says of itself: once for each value that the statement asks for."""
    wanted = statement.get("Condition", {}).get("StringEquals", {})
    if not wanted:
        yield []
    for key, values in wanted.items():
        for value in values:
            yield [{"ContextKeyName": key, "ContextKeyType": "string", "ContextKeyValues": [value]}]
