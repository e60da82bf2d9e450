"""Model to Plan: what the spec asks for, held against what was accepted before."""

from __future__ import annotations

from dataclasses import replace

from compiler import rules
from compiler.change import Plan
from compiler.diagnostics import Diagnostics
from compiler.document import Document, Path
from compiler.lock import Lock, StreamLock, TableLock
from compiler.lockfile import sealed, state_changed
from compiler.model import Model, Stream, Table
from compiler.names import nearest
from compiler.semantics.difference import differences
from compiler.semantics.evolution import evolve, fresh

TEMPLATE = "main"
"""Which template a resource lives in; there is one, as long as none is split."""


def plan(model: Model, accepted: Lock | None, document: Document, found: Diagnostics) -> Plan:
    """Return the state that each table comes to, the changes on the way, and the lock that says so.

    Without a lock everything is new. A change that would lose something is refused unless the
    spec consents to it. Reports AC4001 to AC4102.
    """
    before = accepted or Lock({})
    _check_fixed(model, before, document, found)
    tables = {table.key: _table(table, before, document, found) for table in model.tables}
    streams = {stream.key: _stream(stream, before, document, found) for stream in model.streams}
    gone = _removed(model, before, document, found)
    next_lock = Lock(fixed_settings(model), {**gone, **tables}, streams)
    return Plan(model, tables, differences(before, next_lock), next_lock)


def fixed_settings(model: Model) -> dict[str, str]:
    """Return the settings of the whole pipeline that nothing can change once it is deployed."""
    return {
        "pipeline": model.pipeline,
        # A custom resource cannot be handed to another function (CloudFormation template reference,
        # aws-resource-cloudformation-customresource.html, ServiceToken).
        "provider": model.provider,
        "bucket.name": model.bucket.name,
        "bucket.existing": str(model.bucket.existing).lower(),
        "bucket.encryption": model.bucket.kms_key_arn or "aes256",
    }


def _check_fixed(model: Model, before: Lock, document: Document, found: Diagnostics) -> None:
    for path, new in fixed_settings(model).items():
        old = before.fixed.get(path, new)
        if old != new:
            message = f"'{path}' was {old} and is now {new}; it is fixed once the pipeline is deployed"
            hint = f"write {old} again, or make another pipeline and move over"
            found.add(rules.FIXED_SETTING, message, document.locate(tuple(path.split("."))), hint)
            return  # another pipeline has another bucket as well


def _table(table: Table, before: Lock, document: Document, found: Diagnostics) -> TableLock:
    accepted = _accepted(table, before, document, found)
    if accepted is None:
        return sealed(fresh(table, TEMPLATE))
    if accepted.storage_class != table.storage_class:
        message = (
            f"the storage class of table '{table.key}' was {accepted.storage_class} "
            f"and is now {table.storage_class}; it is fixed when the table is made"
        )
        place = document.locate(("tables", table.key, "storage_class"))
        found.add(rules.FIXED_SETTING, message, place, f"write {accepted.storage_class} again")
    entry = evolve(table, accepted, document, found)
    return sealed(entry) if state_changed(accepted, entry) else entry


def _accepted(table: Table, before: Lock, document: Document, found: Diagnostics) -> TableLock | None:
    """Return what was accepted of a table, under its former key where it was renamed."""
    known = before.tables.get(table.key)
    former = table.former_key
    if former is None:
        return known
    place = document.locate(("tables", table.key, "was"))
    if known is not None:
        message = f"table '{table.key}' has had this name already: 'was' does nothing"
        found.add(rules.STALE_FORMER_NAME, message, place, "remove was")
        return known
    renamed = before.tables.get(former)
    if renamed is None:
        near = nearest(former, before.tables)
        hint = f"did you mean '{near}'?" if near else "remove was: then this is a new table"
        message = f"table '{table.key}' says it was '{former}', which was never compiled"
        found.add(rules.UNKNOWN_FORMER_NAME, message, place, hint)
    elif document.data["tables"].get(former) is not None:
        message = f"table '{table.key}' says it was '{former}', and '{former}' is still there"
        found.add(rules.SAME_FORMER_NAME, message, place, f"remove '{former}', or remove was")
    return renamed


def _stream(stream: Stream, before: Lock, document: Document, found: Diagnostics) -> StreamLock:
    catalog = "link" if stream.through_link else "direct"
    source = stream.kinesis_arn or "direct"
    wanted = StreamLock(stream.logical_id, TEMPLATE, stream.append_only, catalog, source)
    accepted = before.streams.get(stream.key)
    if accepted:
        _check_stream(stream, accepted, wanted, document, found)
    return wanted


def _check_stream(
    stream: Stream, accepted: StreamLock, wanted: StreamLock, document: Document, found: Diagnostics
) -> None:
    """Firehose takes these only when a stream is made (its API reference, UpdateDestination)."""
    for key in ("append_only", "catalog", "source"):
        old, new = (str(getattr(each, key)).lower() for each in (accepted, wanted))
        if old != new:
            path: Path = ("streams", stream.key, key)
            known = key in document.data["streams"][stream.key]
            place = document.locate(path) if known else document.locate_key(path[:2])
            was = f"'{key}' of stream '{stream.key}' was {old} and is now {new}"
            message = f"{was}; it is fixed when a stream is made"
            hint = "set it back; or add a stream of another name, move the producers, then remove this one"
            found.add(rules.FIXED_SETTING, message, place, hint)


def _removed(model: Model, before: Lock, document: Document, found: Diagnostics) -> dict[str, TableLock]:
    """Keep what is known of tables that are gone: their rows may still be there, and come back."""
    present = {table.key for table in model.tables} | {table.former_key for table in model.tables}
    gone: dict[str, TableLock] = {}
    for key, entry in before.tables.items():
        if key in present:
            continue
        removed = replace(entry, removed=True)
        gone[key] = removed if entry.removed else sealed(removed)
        if not entry.removed and not model.bucket.retain:
            _check_removal(key, model, document, found)
    return gone


def _check_removal(key: str, model: Model, document: Document, found: Diagnostics) -> None:
    if not any(each.kind == "drop_table" and key in each.names for each in model.bucket.consents):
        message = f"table '{key}' is gone, and with retain: false its rows would be deleted"
        hint = (
            f"put it back, set bucket: {{retain: true}}, or write "
            f'bucket: {{allow: {{drop_table: {{names: [{key}], reason: "…"}}}}}}'
        )
        found.add(rules.DROPPED_TABLE, message, document.locate_key(("tables",)), hint)
