"""What is deployed: a stack's template, its streams and its tables; read, and never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from compiler import rules
from compiler.catalog import Catalog, NotLoaded
from compiler.change import Earlier
from compiler.diagnostics import Diagnostics, Location
from compiler.lock import Lock, TableLock
from compiler.lockfile import sealed
from compiler.model import Model, Table
from compiler.semantics.difference import differences
from compiler.semantics.metadata import created_by, lock_of, shape_of
from compiler.template import ResourceText, Unreadable, accepted_by, resources

_Result = TypeVar("_Result")


def deployed(stack: str, model: Model, found: Diagnostics) -> Earlier | None:
    """Return a stack's template, what it asks of its tables, and how the live things differ from it.

    Reports AC4206 where the stack is not one of ours, and AC8001 where AWS does not answer.
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

    Logical ids, and what the tables were created with, come from the deployed stack's template,
    where there is one: only its words keep CloudFormation from replacing them. A table that the
    stack still has under its former name comes out under its former key.
    Reports AC4206, AC8001 and AC8002.
    """
    session = boto3.Session()

    def read() -> dict[str, TableLock]:
        text = _template_if_any(session, model.stack)
        texts, made = resources(text), accepted_by(text).tables.values()
        catalog = Catalog.of(session, model.bucket.name)
        entries = {}
        for table in model.tables:
            if table.key in names:
                key, entry = _made(table, made)
                body = texts[entry.logical_id].body() if entry else None
                entries[key] = sealed(key, _rebuilt(catalog, table, entry, body, template))
        return entries

    return _guarded(model.stack, read, found)


def _made(table: Table, made: Iterable[TableLock]) -> tuple[str, TableLock | None]:
    """Return what the deployed template says of a table, and the key that the table had then."""
    by_name = {(entry.namespace, entry.name): entry for entry in made}
    namespace = table.namespace.name
    known, former = by_name.get((namespace, table.name)), by_name.get((namespace, table.former_key or ""))
    if former and not known:
        return str(table.former_key), former
    return table.key, known


def _rebuilt(
    catalog: Catalog, table: Table, made: TableLock | None, body: dict[str, Any] | None, template: str
) -> TableLock:
    namespace, name = (made.namespace, made.name) if made else (table.namespace.name, table.name)
    metadata = catalog.load(namespace, name)
    with _understanding(namespace, name):
        created = created_by(body["Properties"]) if body else None
        return lock_of(table, metadata, made, created, template)


@contextmanager
def _understanding(namespace: str, name: str) -> Iterator[None]:
    """Turn what is strange in a live table's metadata, such as a type of format version 3, into words."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotLoaded(
            200, f"{namespace}.{name} has metadata that is not understood here: {error}"
        ) from error


def _guarded(what: str, read: Callable[[], _Result], found: Diagnostics) -> _Result | None:
    try:
        return read()
    except NotLoaded as error:
        message = f"a table could not be loaded ({error.status}): {error.reason}"
        hint = "check that it exists, and your s3tables rights"
        found.add(rules.TABLE_NOT_LOADED, message, Location(what), hint)
    except (BotoCoreError, ClientError) as error:
        hint = "check the stack's name, the Region and your credentials"
        found.add(rules.AWS_REFUSED, f"AWS does not answer: {error}", Location(what), hint)
    except Unreadable as error:
        message = f"the resource '{error.logical_id}' of stack '{what}' is not as the compiler writes it"
        found.add(rules.NOT_COMPARABLE, message, Location(what), "name a stack that the compiler made")
    return None


def _template_if_any(session: boto3.Session, stack: str) -> str:
    try:
        return _template(session, stack)
    except ClientError as error:
        # CloudFormation has no code of its own for it; any other error must not look like a new stack.
        if "does not exist" not in str(error):
            raise
        return ""


def _template(session: boto3.Session, stack: str) -> str:
    client = session.client("cloudformation")
    body = client.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
    return body if isinstance(body, str) else ""


def _stream_drift(session: boto3.Session, made: Mapping[str, ResourceText]) -> Iterator[str]:
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
    catalog = Catalog.of(session, bucket)
    for key, entry in lock.tables.items():
        name = f"table {entry.namespace}.{entry.name}"
        try:
            metadata = catalog.load(entry.namespace, entry.name)
            with _understanding(entry.namespace, entry.name):
                live = replace(entry, current=shape_of(metadata, entry.current.properties))
        except NotLoaded as error:
            yield f"{name} cannot be loaded ({error.status}): {error.reason}"
            continue
        for change in differences(Lock({key: live}), Lock({key: entry})):
            is_, says = change.before or "not there", change.after or "nothing of it"
            if is_ != says:  # the catalog may number partition fields in its own way
                yield f"{name}: {change.path} is {is_}, and the template says {says}"
