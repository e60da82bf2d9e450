"""Who and what the spec names that is there already: principals and KMS keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from compiler.doctor.account import look_up
from compiler.doctor.finding import Check, Verdict, doubtful, fine, wrong
from compiler.doctor.subject import Subject
from compiler.model import Role

_PRINCIPAL = re.compile(
    r"arn:[^:]+:iam::(?P<account>\d{12}):(?P<kind>role|user|group)/(?:.*/)?(?P<name>[^/]+)"
)
# S3 user guide, s3-tables-kms-permissions.html: without it maintenance stops, and nobody is told.
_MAINTENANCE = "maintenance.s3tables.amazonaws.com"


def principals(subject: Subject) -> Iterator[Check]:
    """Yield a check for each principal that is only granted something."""
    for role in subject.model.roles:
        if role.arn:
            yield Check("principals", partial(_principal, subject, role))


def keys(subject: Subject) -> Iterator[Check]:
    """Yield a check for each KMS key."""
    for arn in sorted({stream.kms_key_arn for stream in subject.model.streams if stream.kms_key_arn}):
        yield Check("keys", partial(_key, subject, arn, tables=False))
    if subject.model.bucket.kms_key_arn:
        yield Check("keys", partial(_key, subject, subject.model.bucket.kms_key_arn, tables=True))


def _principal(subject: Subject, role: Role) -> Verdict:
    arn = role.arn or ""
    match = _PRINCIPAL.fullmatch(arn)
    if not match or match["kind"] == "group":
        return doubtful(f"{arn} of roles.{role.key} is nothing that could be looked up here")
    if match["account"] != subject.account.where.account:
        return doubtful(f"{arn} of roles.{role.key} is in another account and was not looked up")
    iam, name = subject.account.client("iam"), match["name"]
    if match["kind"] == "role":
        found = (look_up(iam.get_role, RoleName=name) or {}).get("Role")
    else:
        found = (look_up(iam.get_user, UserName=name) or {}).get("User")
    if not found:
        return wrong(f"{arn} of roles.{role.key} does not exist", f"make it, or correct roles.{role.key}.arn")
    if found["Arn"] != arn:
        return wrong(f"{arn} of roles.{role.key} is {found['Arn']}", f"write that in roles.{role.key}.arn")
    return fine(f"{arn} exists")


def _key(subject: Subject, arn: str, *, tables: bool) -> Verdict:
    region = arn.split(":")[3]
    if region != subject.account.where.region:
        return wrong(f"{arn} is a key of {region}", f"name one of {subject.account.where.region} in the spec")
    kms = subject.account.client("kms")
    answer = look_up(kms.describe_key, KeyId=arn)
    if answer is None:
        return wrong(f"{arn} does not exist", "name another key in the spec")
    state = answer["KeyMetadata"]["KeyState"]
    if state != "Enabled":
        return wrong(f"{arn} is {state}", f"aws kms enable-key --key-id {arn}")
    if tables:
        policy = kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
        if _MAINTENANCE not in policy:
            message = f"{arn} does not name {_MAINTENANCE} in its policy: files would not be compacted"
            return doubtful(
                message, f"let it kms:Decrypt and kms:GenerateDataKey: aws kms put-key-policy --key-id {arn}"
            )
    return fine(f"{arn} is enabled")
