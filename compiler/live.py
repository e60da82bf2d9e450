"""What is deployed: a stack's template, its streams and its tables; read, and never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from compiler import rules
from compiler.catalog import Catalog, NotLoaded
from compiler.change import Earlier
from compiler.diagnostics import Diagnostics, Location
from compiler.iceberg import spelled
from compiler.lock import Lock, TableLock
from compiler.model import Model
from compiler.semantics.metadata import created_by, lock_of, shape_of
from compiler.template import ResourceText, accepted_by, resources

_Result = TypeVar("_Result")


def deployed(stack: str, model: Model, found: Diagnostics) -> Earlier | None:
    """Return a stack's template, what it asks of its tables, and how the live things differ from it.

    Reports AC8001 where AWS does not answer, AC8002 where the stack is not one of ours.
    """
    session = boto3.Session()

    def read() -> Earlier:
        text = _template(session, stack)
        lock = accepted_by(text)
        drift = [*_stream_drift(session, resources(text)), *_table_drift(session, model.bucket.name, lock)]
        return Earlier(f"stack {stack}", text, lock, tuple(drift))

    return _guarded(stack, read, found)


def rebuilt(model: Model, names: list[str], template: str, found: Diagnostics) -> dict[str, TableLock] | None:
    """Return the lock's entries of live tables, from their Iceberg metadata.

    What the tables were created with comes from the deployed stack's template, where there is one:
    only its words keep CloudFormation from replacing them. Reports AC8001 and AC8003.
    """
    session = boto3.Session()

    def read() -> dict[str, TableLock]:
        try:
            made = resources(_template(session, model.stack))
        except ClientError:
            made = {}
        catalog = Catalog(session, model.bucket.name)
        entries = {}
        for table in model.tables:
            if table.key in names:
                resource = made.get(table.logical_id)
                created = created_by(resource.body()["Properties"]) if resource else None
                metadata = catalog.load(table.namespace.name, table.name)
                entries[table.key] = lock_of(table, metadata, created, template)
        return entries

    return _guarded(model.stack, read, found)


def _guarded(what: str, read: Callable[[], _Result], found: Diagnostics) -> _Result | None:
    try:
        return read()
    except NotLoaded as error:
        message = f"a table could not be loaded ({error.status}): {error.reason}"
        found.add(
            rules.TABLE_NOT_LOADED, message, Location(what), "check that it exists, and your s3tables rights"
        )
    except (BotoCoreError, ClientError) as error:
        hint = "check the stack's name, the Region and your credentials"
        found.add(rules.AWS_REFUSED, f"AWS does not answer: {error}", Location(what), hint)
    return None


def _template(session: boto3.Session, stack: str) -> str:
    body = session.client("cloudformation").get_template(StackName=stack, TemplateStage="Original")[
        "TemplateBody"
    ]
    return body if isinstance(body, str) else ""


def _stream_drift(session: boto3.Session, made: dict[str, ResourceText]) -> Iterator[str]:
    client = session.client("firehose")
    for resource in made.values():
        if resource.type == "AWS::KinesisFirehose::DeliveryStream":
            properties = resource.body()["Properties"]
            name = properties["DeliveryStreamName"]
            described = client.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
            live = described["Destinations"][0].get("IcebergDestinationDescription", {})
            yield from _differing(f"stream {name}", properties["IcebergDestinationConfiguration"], live)


def _differing(what: str, wanted: dict[str, Any], live: dict[str, Any]) -> Iterator[str]:
    """CloudFormation cannot see these drift: the whole destination is write-only to it."""
    for key in ("BufferingHints", "RetryOptions", "AppendOnly", "DestinationTableConfigurationList"):
        if key in wanted and key in live and wanted[key] != live[key]:
            yield f"{what}: {key} is {live[key]}, and the template says {wanted[key]}"


def _table_drift(session: boto3.Session, bucket: str, lock: Lock) -> Iterator[str]:
    catalog = Catalog(session, bucket)
    for entry in lock.tables.values():
        name = f"table {entry.namespace}.{entry.name}"
        try:
            live = shape_of(catalog.load(entry.namespace, entry.name), entry.current.properties)
        except NotLoaded as error:
            yield f"{name} cannot be loaded ({error.status})"
            continue
        wanted = {column.id: column for column in entry.current.columns}
        for column in live.columns:
            known = wanted.pop(column.id, None)
            if known is None:
                yield f"{name} has the column '{column.name}', which the template does not know"
            elif (known.name, known.type) != (column.name, column.type):
                is_, says = (f"'{each.name}' {spelled(each.type)}" for each in (column, known))
                yield f"{name} has {is_}, and the template says {says}"
        yield from (f"{name} lacks the column '{column.name}'" for column in wanted.values())
