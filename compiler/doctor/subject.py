"""What is examined: a compiled spec, the account, and the stack as it is deployed."""

from __future__ import annotations

from dataclasses import dataclass

from compiler.doctor.account import Account, look_up
from compiler.model import Model
from compiler.stack import Build


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack's status, empty where there is no stack, and the logical ids of what it has."""

    status: str
    resources: frozenset[str]


@dataclass(frozen=True, slots=True)
class Subject:
    """A spec before its deploy."""

    spec: str
    build: Build
    account: Account
    deployed: Deployed

    @property
    def model(self) -> Model:
        """Return what the spec means."""
        return self.build.plan.model

    @property
    def arguments(self) -> str:
        """Return what a command takes to be about this spec, and this stage of it."""
        return f"{self.spec} --stage {self.model.stage}" if self.model.stage else self.spec

    @property
    def bucket_arn(self) -> str:
        """Return the ARN of the table bucket."""
        return self.account.where.arn("s3tables", f"bucket/{self.model.bucket.name}")


def deployed(account: Account, stack: str) -> Deployed:
    """Look at the stack of a spec."""
    client = account.client("cloudformation")
    described = look_up(client.describe_stacks, StackName=stack)
    if described is None:
        return Deployed("", frozenset())
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack)
    listed = [each for page in pages for each in page["StackResourceSummaries"]]
    gone = ("DELETE_COMPLETE", "DELETE_SKIPPED", "CREATE_FAILED")
    there = frozenset(each["LogicalResourceId"] for each in listed if each["ResourceStatus"] not in gone)
    return Deployed(described["Stacks"][0]["StackStatus"], there)
