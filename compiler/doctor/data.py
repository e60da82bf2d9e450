"""Data that is there before its stack, as a deleted stack leaves it, and how it comes into one again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from compiler.doctor.account import look_up
from compiler.doctor.finding import Verdict, doubtful, fine, wrong
from compiler.doctor.subject import Subject
from compiler.template import resources

TEMPLATE, RESOURCES = "import.template.yaml", "import.json"

# A table bucket that was deleted blocks its name for a while
# (https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2423); AWS says not how long.
_COOL_DOWN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """Something of the template that is there already, and by what CloudFormation finds it."""

    what: str
    logical_id: str
    type: str
    identifier: Mapping[str, str]


def kept(subject: Subject) -> list[Kept]:
    """Return what is there of the spec's bucket, namespaces and tables without being this stack's."""
    client, bucket = subject.account.client("s3tables"), subject.bucket_arn
    if look_up(client.get_table_bucket, tableBucketARN=bucket) is None:
        return []
    found = [*_bucket(subject), *_namespaces(subject), *_tables(subject)]
    return [each for each in found if each.logical_id not in subject.deployed.resources]


def data(subject: Subject) -> Verdict:
    """Look for data that would be in the deploy's way."""
    name, existing = subject.model.bucket.name, subject.model.bucket.existing
    client = subject.account.client("s3tables")
    there = look_up(client.get_table_bucket, tableBucketARN=subject.bucket_arn) is not None
    if existing and not there:
        message = f"there is no table bucket '{name}', and the spec says that another stack owns it"
        return wrong(message, "deploy that stack first, or remove existing: true")
    found = kept(subject)
    if found:
        message = f"there already, and not this stack's: {_listed(found)}; a deploy fails on such a name"
        return wrong(message, *_import_commands(subject))
    if not there and _just_deleted(subject):
        message = (
            f"the stack was deleted within the hour: the name of the table bucket '{name}' may be blocked"
        )
        return doubtful(message, "where the deploy says 'transitional state', deploy again after a while")
    return fine(f"the table bucket '{name}' is {'there' if there else 'free'}, and so is what goes into it")


def import_files(subject: Subject, found: list[Kept]) -> dict[str, bytes]:
    """Return the two files of an import: a template with what is imported, and what each thing is.

    An import may neither make nor change anything else, outputs included: so the template is the
    deployed one, if any, with nothing but the kept resources added. It has to name each: those that
    CloudFormation finds by itself (`--import-existing-resources`) have their identifier in the
    template, and S3 Tables' identifiers are ARNs that only AWS knows.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
    """
    made = resources(subject.build.stack.text)
    added = "".join(f"\n  {each.logical_id}:\n{made[each.logical_id].text}" for each in found)
    before, _, after = _present_template(subject).partition("\nResources:\n")
    listed = [
        {
            "ResourceType": each.type,
            "LogicalResourceId": each.logical_id,
            "ResourceIdentifier": dict(each.identifier),
        }
        for each in found
    ]
    template = f"{before}\nResources:{added}{after}"
    return {TEMPLATE: template.encode(), RESOURCES: (json.dumps(listed, indent=2) + "\n").encode()}


def _present_template(subject: Subject) -> str:
    if not subject.deployed.resources:
        return 'AWSTemplateFormatVersion: "2010-09-09"\n\nResources:\n'
    client = subject.account.client("cloudformation")
    body: str = client.get_template(StackName=subject.model.stack, TemplateStage="Original")["TemplateBody"]
    return body


def _bucket(subject: Subject) -> Iterator[Kept]:
    if not subject.model.bucket.existing:
        name = subject.model.bucket.name
        identifier = {"TableBucketARN": subject.bucket_arn}
        yield Kept(f"table bucket '{name}'", "TableBucket", "AWS::S3Tables::TableBucket", identifier)


def _namespaces(subject: Subject) -> Iterator[Kept]:
    client = subject.account.client("s3tables")
    for each in subject.model.namespaces:
        if look_up(client.get_namespace, tableBucketARN=subject.bucket_arn, namespace=each.name):
            identifier = {"TableBucketARN": subject.bucket_arn, "Namespace": each.name}
            yield Kept(f"namespace '{each.name}'", each.logical_id, "AWS::S3Tables::Namespace", identifier)


def _tables(subject: Subject) -> Iterator[Kept]:
    client = subject.account.client("s3tables")
    for each in subject.model.tables:
        of = {"tableBucketARN": subject.bucket_arn, "namespace": each.namespace.name, "name": each.name}
        answer = look_up(client.get_table, **of)
        if answer:
            what = f"table '{each.namespace.name}.{each.name}'"
            yield Kept(what, each.logical_id, "AWS::S3Tables::Table", {"TableARN": answer["tableARN"]})


def _listed(found: list[Kept]) -> str:
    first = ", ".join(each.what for each in found[:4])
    return first if len(found) <= 4 else f"{first} and {len(found) - 4} more"


def _import_commands(subject: Subject) -> tuple[str, ...]:
    of = f"--stack-name {subject.model.stack} --change-set-name import"
    files = f"--template-body file://import/{TEMPLATE} --resources-to-import file://import/{RESOURCES}"
    return (
        f"analytics-compile doctor {subject.arguments} --import-to import",
        f"aws cloudformation create-change-set --change-set-type IMPORT {of} {files}",
        f"aws cloudformation wait change-set-create-complete {of}",
        f"aws cloudformation execute-change-set {of}",
        f"aws cloudformation wait stack-import-complete --stack-name {subject.model.stack}",
        "then deploy; docs/operations.md has the whole way",
    )


def _just_deleted(subject: Subject) -> bool:
    pages = subject.account.client("cloudformation").get_paginator("list_stacks")
    deleted = [
        each["DeletionTime"]
        for page in pages.paginate(StackStatusFilter=["DELETE_COMPLETE"])
        for each in page["StackSummaries"]
        if each["StackName"] == subject.model.stack and "DeletionTime" in each
    ]
    return any(datetime.now(UTC) - each < _COOL_DOWN for each in deleted)
