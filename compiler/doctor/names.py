"""Whether somebody else has a name that the deploy needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from compiler.doctor.account import look_up
from compiler.doctor.finding import Check, Verdict, doubtful, fine, wrong
from compiler.doctor.subject import Subject
from compiler.model import Namespace
from compiler.provider import log_group, stack_function
from compiler.views.function import workgroup_views


@dataclass(frozen=True, slots=True)
class _Name:
    """A physical name, the resource that is to have it, how to look for it and how to get rid of it."""

    what: str
    logical_id: str
    look: Callable[[], Any]
    remedy: str


def names(subject: Subject) -> Iterator[Check]:
    """Yield a check for each physical name of the template; tables have their own (see `data`)."""
    for namespace in subject.model.namespaces:
        yield Check("names", partial(_link, subject, namespace))
    for name in (*_functions(subject), *_roles(subject), *_streams(subject), *_workgroups(subject)):
        yield Check("names", partial(_free, subject, name))


def _free(subject: Subject, name: _Name) -> Verdict:
    if name.logical_id in subject.deployed.resources:
        return fine(f"{name.what} is this stack's")
    if not name.look():
        return fine(f"{name.what} is free")
    return wrong(f"{name.what} exists and is not this stack's", name.remedy)


def _link(subject: Subject, namespace: Namespace) -> Verdict:
    """Look at the database that has the link's name: one with the right target is adopted."""
    what = f"database '{namespace.link}'"
    if namespace.link_id in subject.deployed.resources:
        return fine(f"{what} is this stack's")
    answer = look_up(subject.account.client("glue").get_database, Name=namespace.link)
    if answer is None:
        return fine(f"{what} is free")
    target = answer["Database"].get("TargetDatabase") or {}
    catalog = f"{subject.account.where.account}:s3tablescatalog/{subject.model.bucket.name}"
    if (target.get("CatalogId"), target.get("DatabaseName")) == (catalog, namespace.name):
        message = (
            f"{what} is already a link to this namespace: the stack adopts it, and drops it when it goes"
        )
        return doubtful(message, "nothing to do, unless somebody else made it and keeps it")
    kind = f"a link to {target.get('CatalogId')}, {target.get('DatabaseName')}" if target else "a database"
    own = f"give the link another name: namespaces: {{{namespace.name}: {{link: NAME}}}} in the spec"
    return wrong(f"{what} is taken by {kind}", own)


def _functions(subject: Subject) -> Iterator[_Name]:
    if subject.model.provider == "stack":
        name = stack_function(subject.model.stack)
        yield _function(subject, name, "ProviderFunction")
        yield _role(subject, name, "ProviderRole")
        yield _log_group(subject, log_group(name), "ProviderLogGroup")
    for function in subject.model.functions:
        yield _function(subject, function.name, function.logical_id)
        yield _log_group(subject, function.log_group, function.log_group_id)


def _roles(subject: Subject) -> Iterator[_Name]:
    for role in subject.model.roles:
        if role.service:
            yield _role(subject, role.name, role.logical_id)


def _streams(subject: Subject) -> Iterator[_Name]:
    describe = subject.account.client("firehose").describe_delivery_stream
    for stream in subject.model.streams:
        yield _Name(
            f"stream '{stream.name}'",
            stream.logical_id,
            partial(look_up, describe, DeliveryStreamName=stream.name),
            _unneeded("firehose delete-delivery-stream", "delivery-stream-name", stream.name),
        )
        yield _log_group(subject, stream.log_group, stream.log_group_id)


def _workgroups(subject: Subject) -> Iterator[_Name]:
    for workgroup in workgroup_views(subject.model):
        name = workgroup["name"]
        look = partial(look_up, subject.account.client("athena").get_work_group, WorkGroup=name)
        remedy = _unneeded("athena delete-work-group", "work-group", name)
        yield _Name(f"workgroup '{name}'", str(workgroup["logical_id"]), look, remedy)


def _function(subject: Subject, name: str, logical_id: str) -> _Name:
    look = partial(look_up, subject.account.client("lambda").get_function_configuration, FunctionName=name)
    remedy = _unneeded("lambda delete-function", "function-name", name)
    return _Name(f"function '{name}'", logical_id, look, remedy)


def _role(subject: Subject, name: str, logical_id: str) -> _Name:
    look = partial(look_up, subject.account.client("iam").get_role, RoleName=name)
    # IAM has each name once in an account, so it may be of the same pipeline in another Region.
    remedy = "give the pipeline another name, or delete the role if nobody needs it"
    return _Name(f"role '{name}'", logical_id, look, remedy)


def _log_group(subject: Subject, name: str, logical_id: str) -> _Name:
    def look() -> bool:
        listed = subject.account.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return any(each["logGroupName"] == name for each in listed)

    # A function or stream that still writes after its stack has gone makes its group again.
    remedy = _unneeded("logs delete-log-group", "log-group-name", name)
    return _Name(f"log group '{name}'", logical_id, look, remedy)


def _unneeded(command: str, option: str, name: str) -> str:
    return f"if nobody needs it: aws {command} --{option} {name}"
