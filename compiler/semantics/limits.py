"""Limits of the derived names: what AWS would refuse only at deployment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from compiler import rules
from compiler.diagnostics import Location, Related
from compiler.document import Document
from compiler.iceberg import primitives
from compiler.model import Model, Namespace, Table
from compiler.semantics.scope import Scope


@dataclass(frozen=True, slots=True)
class Name:
    """A physical name, what it is the name of, its limit, and where it comes from."""

    what: str
    text: str
    maximum: int
    location: Location


def check_limits(model: Model, scope: Scope) -> None:
    """Check physical names against AWS's lengths, and that no two things have the same.

    Lengths: IAM roles and Firehose streams 64, Lambda functions 64, table buckets 3 to 63,
    Athena workgroups 128, Glue databases and S3 Tables names 255 (their API references); logical ids
    and outputs 255 (CloudFormation user guide, cloudformation-limits.html).
    """
    for name in _names(model):
        if len(name.text) > name.maximum:
            length = f"has {len(name.text)} characters; AWS takes at most {name.maximum}"
            message = f"the {name.what} '{name.text}' {length}"
            stage = ", of the stage" if model.stage else ""
            hint = f"shorten the name of the pipeline{stage} or of the entry"
            scope.found.add(rules.NAME_TOO_LONG, message, name.location, hint)
    _check_bucket(model, scope)
    _check_links(model, scope)
    _check_description(model, scope)
    _check_distinct(model, scope)
    if not scope.found.failed:  # a stream that was left out would make its tables look unfed
        _check_feeds(model, scope)


def _names(model: Model) -> Iterator[Name]:
    yield Name("table bucket", model.bucket.name, 63, model.bucket.location)
    for namespace in model.namespaces:
        yield Name("resource link", namespace.link, 255, namespace.location)
        yield Name("logical id", namespace.logical_id, 255, namespace.location)
    for table in model.tables:
        # The longest of what is made of a table's key: the output of its ARN.
        yield Name("output", f"{table.logical_id}Arn", 255, table.location)
    yield from names_of_stack(model)


def names_of_stack(model: Model) -> Iterator[Name]:
    """Yield the physical names that are the stack's with a word behind it, whatever the spec says."""
    yield Name("function", f"{model.stack}-provider", 64, model.location)
    for stream in model.streams:
        yield Name("Firehose stream", stream.name, 64, stream.location)
    for function in model.functions:
        yield Name("function", function.name, 64, function.location)
    for role in model.roles:
        # a function's own role has the function's name, of which enough is said
        if role.service and not any(function.has_own_role for function in role.runs):
            yield Name("IAM role", role.name, 64, role.location)


# S3 user guide, s3-tables-buckets-naming.html.
_BUCKET_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-", "aws")
_BUCKET_SUFFIXES = ("-s3alias", "--ol-s3", "--x-s3", "--table-s3")


def _check_bucket(model: Model, scope: Scope) -> None:
    name = model.bucket.name
    reserved = [each for each in _BUCKET_PREFIXES if name.startswith(each)]
    reserved += [each for each in _BUCKET_SUFFIXES if name.endswith(each)]
    if reserved:
        message = f"the table bucket '{name}' has '{reserved[0]}' in a place that AWS keeps for itself"
        hint = "rename the pipeline, or set bucket: {name: …}"
        # The schema has refused a reserved name that is given, so this one is made from the pipeline's.
        scope.found.add(rules.RESERVED_NAME, message, model.location, hint)


# The database that Athena and Glue keep in an account (Athena user guide, databases), and the schema that
# Athena's engine adds to every catalog (Athena user guide, querying-glue-catalog.html).
_RESERVED_LINKS = ("default", "information_schema")


def _check_links(model: Model, scope: Scope) -> None:
    for namespace in model.namespaces:
        if namespace.link in _RESERVED_LINKS:
            message = f"the resource link '{namespace.link}' has the name of a database of Athena's own"
            hint = "give the link another name, or leave it out"
            scope.found.add(rules.RESERVED_NAME, message, link_place(namespace, scope.document), hint)


def link_place(namespace: Namespace, document: Document) -> Location:
    """Return where a link's name is written, or else the namespace that it is made from."""
    given = document.locate(("namespaces", namespace.name, "link"))
    return given if given.path.endswith(".link") else namespace.location


# CloudFormation user guide, cloudformation-limits.html: bytes, where the schema can only count characters.
_MAXIMUM_DESCRIPTION_BYTES = 1024


def _check_description(model: Model, scope: Scope) -> None:
    size = len(model.description.encode())
    if size > _MAXIMUM_DESCRIPTION_BYTES:
        message = f"'description' has {size:,} bytes, and may have at most {_MAXIMUM_DESCRIPTION_BYTES:,}"
        hint = "shorten it; a letter with an accent counts twice, an emoji four times"
        scope.report(rules.OUT_OF_RANGE, message, ("description",), hint)


def _check_distinct(model: Model, scope: Scope) -> None:
    named = [
        (f"the resource link '{each.link}'", link_place(each, scope.document)) for each in model.namespaces
    ]
    named += [
        (f"the table '{each.name}' of namespace '{each.namespace.name}'", each.location)
        for each in model.tables
    ]
    taken: dict[str, Location] = {}
    for what, location in named:
        first = taken.setdefault(what, location)
        if first is not location:
            message = f"'{location.path}' and '{first.path}' would both be {what}"
            related = (Related("the first one", first),)
            scope.found.add(rules.SAME_NAME, message, location, "give one of them another name", related)


def _check_feeds(model: Model, scope: Scope) -> None:
    feeding: dict[str, str] = {}
    for stream in model.streams:
        for destination in stream.destinations:
            table = destination.table.key
            other = feeding.setdefault(table, stream.key)
            if other != stream.key:
                message = f"streams '{other}' and '{stream.key}' both write to table '{table}'"
                hint = "let several producers put to one stream: two writers make each other's commits fail"
                scope.found.add(rules.SEVERAL_WRITERS, message, stream.location, hint)
    for entry in model.tables:
        if entry.key not in feeding:
            message = f"no stream writes to table '{entry.key}'"
            hint = "add a stream, unless something else writes to it"
            scope.found.add(rules.UNFED_TABLE, message, entry.location, hint)
            _check_readable(entry, scope)


def _check_readable(table: Table, scope: Scope) -> None:
    """Warn of types that Athena does not list (user guide, querying-iceberg-supported-data-types.html)."""
    for column in table.columns:
        names = {each.name for each in primitives(column.type)}
        for unlisted in sorted(names & {"time", "uuid"}):
            subject = f"column '{column.name}' of table '{table.key}'"
            message = f"{subject} has the type {unlisted}, which Athena does not list"
            hint = "use string, unless Athena never queries the table"
            path = ("tables", table.key, "columns", column.name, "type")
            scope.report(rules.NOT_IN_ATHENA, message, path, hint)
