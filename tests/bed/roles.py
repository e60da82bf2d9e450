"""Act as a role of a stack, and ask what its policies allow."""

from __future__ import annotations

import json
from typing import Any

_SESSION = "tests"


def assume(iam: Any, sts: Any, role: str) -> dict[str, str]:
    """Return boto3's credentials of a session of the role.

    A role of ours trusts a service, which only that service can use: the account is trusted as well
    while the session is made, and the trust policy is put back, so a test finds it as it was deployed.
    """
    found = iam.get_role(RoleName=role)["Role"]
    trust = found["AssumeRolePolicyDocument"]
    account = found["Arn"].split(":")[4]
    us = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    wider = {**trust, "Statement": [*trust["Statement"], us]}
    try:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(wider))
        session = sts.assume_role(RoleArn=found["Arn"], RoleSessionName=_SESSION)["Credentials"]
    finally:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
    return {
        "aws_access_key_id": session["AccessKeyId"],
        "aws_secret_access_key": session["SecretAccessKey"],
        "aws_session_token": session["SessionToken"],
    }


def allowed(iam: Any, role_arn: str, action: str, resource: str) -> bool:
    """Say whether IAM's policy simulator allows the role the action on the resource.

    This is how to prove a tight ARN where ministack 1.5.33 judges a request by a resource that AWS
    would not: the control API of S3 Tables (`*`), Glue (a database counts as a table), CloudWatch
    Logs (the group without its streams); and what goes to moto, which judges nothing. The simulator
    knows no context, so a statement with a condition counts as not there.
    """
    (result,) = iam.simulate_principal_policy(
        PolicySourceArn=role_arn, ActionNames=[action], ResourceArns=[resource]
    )["EvaluationResults"]
    decision: str = result["EvalDecision"]
    return decision == "allowed"
