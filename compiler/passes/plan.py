"""Model to Plan: what the spec asks for, held against what was accepted before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from compiler import rules
from compiler.change import Plan
from compiler.diagnostics import Diagnostics, Rule
from compiler.document import Document, Path
from compiler.lock import Lock, StackLock, StreamLock, TableLock
from compiler.lockfile import sealed, state_changed
from compiler.model import Model, Stream, Table
from compiler.names import nearest
from compiler.semantics.difference import differences
from compiler.semantics.evolution import evolve, fresh

TEMPLATE = "main"
"""Which template a resource lives in; there is one, as long as none is split."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The state that each table comes to, which is the same in every stage."""

    states: Mapping[str, TableLock]
    accepted_keys: frozenset[str]
    """The keys under which the lock had them."""
    found: Diagnostics


def plan(model: Model, accepted: Lock | None, document: Document, tables: Tables, found: Diagnostics) -> Plan:
    """Return what becomes of tables and streams, the changes on the way, and the lock that says so.

    Without a lock everything is new. A change that would lose something is refused unless the
    spec consents to it. Reports AC4001 to AC4199, with those about tables.
    """
    before = accepted or Lock()
    stack = before.of_stage(model.stage)
    _check_fixed(model, stack, document, found)
    found.include(tables.found)
    streams = {stream.key: _stream(stream, stack, document, found) for stream in model.streams}
    gone = _removed(model, before, stack, tables.accepted_keys, document, found)
    own = StackLock(fixed_settings(model), frozenset(each.logical_id for each in model.tables), streams)
    next_lock = Lock({**gone, **tables.states}, before.stacks).with_stack(model.stack, own)
    return Plan(model, tables.states, differences(before, next_lock), next_lock)


def plan_tables(model: Model, accepted: Lock | None, document: Document) -> Tables:
    """Bring the tables from their accepted state to what the spec, or any stage of it, asks for."""
    before, found = accepted or Lock(), Diagnostics()
    keys = _accepted_keys(model, before, document, found)
    states = {table.key: _table(table, keys[table.key], before, document, found) for table in model.tables}
    _check_physical_names(states, before, document, found)
    return Tables(states, frozenset(keys.values()), found)


def check_left(accepted: Lock, document: Document, found: Diagnostics) -> None:
    """Warn of stacks that the lock knows and the spec no longer makes: they may still be deployed.

    Reports AC4104.
    """
    stages = document.stages or ("",)
    for name, stack in accepted.stacks.items():
        if stack.stage not in stages:
            what = f"stage '{stack.stage}' is gone" if stack.stage else "the spec has stages now"
            message = f"{what}: nothing is compiled any more for the stack '{name}', which was accepted"
            hint = f"once nobody needs it: analytics-compile lock {document.file} --forget {name}"
            place = document.locate_key(("stages",) if document.stages else ("pipeline",))
            found.add(rules.LEFT_STACK, message, place, hint)


def fixed_settings(model: Model) -> dict[str, str]:
    """Return the settings of a whole stack that nothing can change once it is deployed."""
    return {
        **({"stage": model.stage} if model.stage else {}),
        "pipeline": model.pipeline,
        # A custom resource cannot be handed to another function (CloudFormation template reference,
        # aws-resource-cloudformation-customresource.html, ServiceToken).
        "provider": model.provider,
        "bucket.name": model.bucket.name,
        "bucket.existing": str(model.bucket.existing).lower(),
        "bucket.encryption": model.bucket.kms_key_arn or "aes256",
    }


def _check_fixed(model: Model, before: StackLock, document: Document, found: Diagnostics) -> None:
    for path, new in fixed_settings(model).items():
        old = before.fixed.get(path, new)
        if old != new:
            message = f"'{path}' was {old} and is now {new}; it is fixed once the pipeline is deployed"
            hint = f"write {old} again, or make another pipeline and move over"
            found.add(rules.FIXED_SETTING, message, document.locate(tuple(path.split("."))), hint)
            return  # another pipeline has another bucket as well


def _accepted_keys(model: Model, before: Lock, document: Document, found: Diagnostics) -> dict[str, str]:
    """Return the key under which the lock has each table: its own, or the former one where it was renamed."""
    keys = {table.key: table.key for table in model.tables}
    heirs: dict[str, str] = {}
    for table in model.tables:
        if table.former_key is None:
            continue
        problem = _former_problem(table, table.former_key, before, heirs, document)
        if problem:
            rule, message, hint = problem
            found.add(rule, message, document.locate(("tables", table.key, "was")), hint)
        else:
            keys[table.key] = table.former_key
            heirs[table.former_key] = table.key
    return keys


def _former_problem(
    table: Table, former: str, before: Lock, heirs: Mapping[str, str], document: Document
) -> tuple[Rule, str, str] | None:
    """Return why a table cannot go on with the rows of its former key, if so."""
    own, earlier = before.tables.get(table.key), before.tables.get(former)
    says = f"table '{table.key}' says it was '{former}'"
    if own and (earlier is None or (earlier.removed and not own.removed)):
        message = f"table '{table.key}' has had this name already: 'was' does nothing"
        return rules.STALE_FORMER_NAME, message, "remove was"
    if earlier is None:
        near = nearest(former, before.tables)
        hint = f"did you mean '{near}'?" if near else "remove was: then this is a new table"
        return rules.UNKNOWN_FORMER_NAME, f"{says}, which was never compiled", hint
    if former in document.data["tables"]:
        hint = f"remove '{former}', or remove was"
        return rules.SAME_FORMER_NAME, f"{says}, and '{former}' is still there", hint
    if former in heirs:
        hint = "only one of them can go on with its rows"
        return rules.SAME_FORMER_NAME, f"{says}, and so does '{heirs[former]}'", hint
    if own:
        hint = f"take a name that no table had: the rows of the other '{table.key}' may still be there"
        return rules.TAKEN_TABLE_NAME, f"{says}, and there was another '{table.key}' before", hint
    return None


def _table(table: Table, key: str, before: Lock, document: Document, found: Diagnostics) -> TableLock:
    accepted = before.tables.get(key)
    if accepted is None:
        return sealed(table.key, fresh(table, TEMPLATE, document, found))
    if accepted.storage_class != table.storage_class:
        message = (
            f"the storage class of table '{table.key}' was {accepted.storage_class} "
            f"and is now {table.storage_class}; it is fixed when the table is made"
        )
        place = document.locate(("tables", table.key, "storage_class"))
        found.add(rules.FIXED_SETTING, message, place, f"write {accepted.storage_class} again")
    if accepted.removed and table.former_key is None:
        message = f"table '{table.key}' is back, and where it was retained it is still in the bucket"
        hint = "import it into the stack, since it cannot be created again; or take another name"
        found.add(rules.RETURNED_TABLE, message, document.locate_key(("tables", table.key)), hint)
    entry = evolve(table, accepted, document, found)
    unchanged = key == table.key and not state_changed(accepted, entry)
    return entry if unchanged else sealed(table.key, entry)


def _check_physical_names(
    tables: Mapping[str, TableLock], before: Lock, document: Document, found: Diagnostics
) -> None:
    """Refuse a name that another table has until the deploy is over, or still has in the bucket."""
    taken = {(entry.namespace, entry.name): (key, entry) for key, entry in before.tables.items()}
    for key, entry in tables.items():
        other, holder = taken.get((entry.namespace, entry.name), (key, entry))
        if holder.logical_id != entry.logical_id:
            message = (
                f"table '{key}' takes the name {entry.namespace}.{entry.name}, which table '{other}' has"
            )
            hint = f"take another name, or give '{other}' another one first and deploy that"
            if holder.removed:
                message = f"{message}; that is out of the spec, and may still be in the bucket"
                hint = "take another name"
            found.add(rules.TAKEN_TABLE_NAME, message, document.locate_key(("tables", key)), hint)


def _stream(stream: Stream, before: StackLock, document: Document, found: Diagnostics) -> StreamLock:
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


def _removed(
    model: Model, before: Lock, stack: StackLock, kept: frozenset[str], document: Document, found: Diagnostics
) -> dict[str, TableLock]:
    """Keep what is known of tables that are gone: their rows may still be there, and come back."""
    gone: dict[str, TableLock] = {}
    used: set[str] = set()
    for key, entry in before.tables.items():
        if key in kept:
            continue
        removed = replace(entry, removed=True)
        gone[key] = removed if entry.removed else sealed(key, removed)
        if entry.logical_id in stack.tables and not model.bucket.retain:
            used.add(key)
            _check_removal(key, model, document, found)
    _report_unused(model, used, found)
    return gone


def _check_removal(key: str, model: Model, document: Document, found: Diagnostics) -> None:
    if not any(key in each.names for each in model.bucket.consents):
        message = f"table '{key}' is gone, and with retain: false its rows would be deleted"
        hint = (
            f"put it back, set bucket: {{retain: true}}, or write "
            f'bucket: {{allow: {{drop_table: {{names: [{key}], reason: "…"}}}}}}'
        )
        found.add(rules.DROPPED_TABLE, message, document.locate_key(("tables",)), hint)


def _report_unused(model: Model, used: set[str], found: Diagnostics) -> None:
    for consent in model.bucket.consents:
        unused = [name for name in consent.names if name not in used]
        if unused:
            message = f"'{consent.kind}' of {', '.join(unused)} is not needed"
            hint = "remove it once every stage is deployed"
            found.add(rules.UNUSED_CONSENT, message, consent.location, hint)
