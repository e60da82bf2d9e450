"""One table: its columns, identifier, partition spec, sort order and properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler import rules
from compiler.document import Path
from compiler.iceberg import (
    Field,
    Primitive,
    SortTerm,
    Term,
    primitives,
)
from compiler.lock import TableLock
from compiler.model import Consent, Namespace, Snapshots, Table
from compiler.names import pascal
from compiler.problem import Problem
from compiler.semantics.scope import Scope
from compiler.semantics.transforms import TIME_TRANSFORMS, check_source, parse_sort, parse_term
from compiler.semantics.types import parse_type

_COMPACTION_MEGABYTES = 512
_SNAPSHOTS = Snapshots(keep=1, max_age_hours=120)


def resolve_table(
    key: str,
    entry: Mapping[str, Any],
    namespaces: Mapping[str, Namespace],
    accepted: TableLock | None,
    scope: Scope,
) -> Table | None:
    """Resolve one entry of `tables`; None where its namespace or a column's type is wrong."""
    here: Path = ("tables", key)
    namespace = namespaces.get(entry["namespace"])
    if namespace is None:
        subject = f"table '{key}' is in namespace"
        scope.report_unknown(subject, entry["namespace"], "namespaces", namespaces, (*here, "namespace"))
    columns = _columns(key, entry["columns"], scope)
    if namespace is None or columns is None:
        return None
    by_name = {column.name: column for column in columns}
    return Table(
        key=key,
        name=entry.get("name", key),
        namespace=namespace,
        # A renamed table keeps the ids it was made with: under others it would be made anew.
        logical_id=accepted.logical_id if accepted else f"{pascal(key)}Table",
        schema_id=accepted.schema_id if accepted else f"{pascal(key)}Schema",
        columns=columns,
        former_key=entry.get("was"),
        former_names=_former_names(entry["columns"]),
        consents=resolve_consents(here, entry, scope),
        identifier=_identifier(key, entry.get("identifier", []), by_name, scope),
        partition=_partition(key, entry.get("partition", []), by_name, scope),
        sort=_sort(key, entry.get("sort", []), by_name, scope),
        properties=_properties(key, entry.get("properties", {}), scope),
        compaction_megabytes=_compaction(entry.get("compaction", {})),
        snapshots=_snapshots(entry.get("snapshots", {})),
        storage_class=entry.get("storage_class", "standard"),
        location=scope.document.locate_key(here),
    )


def _columns(key: str, entries: Mapping[str, Any], scope: Scope) -> tuple[Field, ...] | None:
    fields = [_column(key, name, entry, scope) for name, entry in entries.items()]
    known = [field for field in fields if field]
    return tuple(known) if len(known) == len(fields) else None


def _column(key: str, name: str, entry: Any, scope: Scope) -> Field | None:
    path: Path = ("tables", key, "columns", name)
    if isinstance(entry, str):
        entry = {"type": entry}
    else:
        path = (*path, "type")
    try:
        type_ = parse_type(entry["type"])
    except Problem as problem:
        scope.report_problem(rules.BAD_TYPE, f"column '{name}' of table '{key}'", problem, path)
        return None
    if any(primitive.name == "fixed" for primitive in primitives(type_)):
        hint = "use binary, unless the table is small and rarely written"
        message = f"column '{name}' of table '{key}' has the type fixed, which S3 Tables does not compact"
        scope.report(rules.FIXED_NOT_COMPACTED, message, path, hint)
    return Field(name, type_, entry.get("required", False), entry.get("doc") or "")


def _former_names(entries: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: entry["was"] for name, entry in entries.items() if isinstance(entry, Mapping) and "was" in entry
    }


def resolve_consents(here: Path, entry: Mapping[str, Any], scope: Scope) -> tuple[Consent, ...]:
    """Resolve what an entry allows to be lost."""
    return tuple(
        Consent(
            kind,
            tuple(consent["names"]),
            consent["reason"],
            scope.document.locate_key((*here, "allow", kind)),
        )
        for kind, consent in entry.get("allow", {}).items()
    )


def _identifier(key: str, names: list[str], columns: Mapping[str, Field], scope: Scope) -> tuple[str, ...]:
    """Iceberg spec, Identifier Field IDs: required primitive columns, no float or double."""
    for index, name in enumerate(names):
        path: Path = ("tables", key, "identifier", index)
        column = columns.get(name)
        if column is None:
            scope.report_unknown_column("the identifier names column", name, key, columns, path)
            continue
        problem, hint = _identifier_problem(column)
        if problem:
            scope.report(
                rules.BAD_IDENTIFIER, f"column '{name}' cannot identify a row: {problem}", path, hint
            )
    return tuple(names)


def _identifier_problem(column: Field) -> tuple[str, str]:
    if not isinstance(column.type, Primitive):
        return "it is not primitive", "name columns with a single value"
    if column.type.name in ("float", "double"):
        return f"{column.type.name} values do not compare exactly", "use decimal, long or string"
    if not column.required:
        return "it is not required", f"write {column.name} as {{type: …, required: true}}"
    return "", ""


def _partition(key: str, texts: list[str], columns: Mapping[str, Field], scope: Scope) -> tuple[Term, ...]:
    terms: list[Term] = []
    taken: dict[tuple[str, str], int] = {}
    for index, text in enumerate(texts):
        path: Path = ("tables", key, "partition", index)
        term = _term(key, text, columns, path, scope)
        if term is None:
            continue
        # Iceberg takes one time transform of a column, since day already implies month and year.
        kind = "time" if term.transform in TIME_TRANSFORMS else term.iceberg
        earlier = taken.setdefault((term.column, kind), index)
        if earlier != index:
            message = f"'{text}' partitions column '{term.column}' again, after '{texts[earlier]}'"
            same = parse_term(texts[earlier]).transform == term.transform
            hint = "remove it" if same else "keep the finer of the two"
            scope.report(rules.REPEATED_PARTITION, message, path, hint)
            continue
        if term.transform != "identity" and term.field_name in columns:
            message = f"'{text}' makes the partition field '{term.field_name}', which is also a column"
            scope.report(rules.PARTITION_NAME_TAKEN, message, path, "rename the column")
            continue
        terms.append(term)
    return tuple(terms)


def _sort(key: str, texts: list[str], columns: Mapping[str, Field], scope: Scope) -> tuple[SortTerm, ...]:
    terms: list[SortTerm] = []
    for index, text in enumerate(texts):
        path: Path = ("tables", key, "sort", index)
        try:
            parsed = parse_sort(text)
        except Problem as problem:
            scope.report_problem(rules.BAD_TERM, f"sort order of table '{key}'", problem, path)
            continue
        if _checked(key, parsed.term, columns, path, scope):
            terms.append(parsed)
    return tuple(terms)


def _term(key: str, text: str, columns: Mapping[str, Field], path: Path, scope: Scope) -> Term | None:
    try:
        term = parse_term(text)
    except Problem as problem:
        scope.report_problem(rules.BAD_TERM, f"partition of table '{key}'", problem, path)
        return None
    return term if _checked(key, term, columns, path, scope) else None


def _checked(key: str, term: Term, columns: Mapping[str, Field], path: Path, scope: Scope) -> bool:
    column = columns.get(term.column)
    if column is None:
        what = "sort order" if path[2] == "sort" else "partition"
        scope.report_unknown_column(f"the {what} uses column", term.column, key, columns, path)
        return False
    try:
        check_source(term, column.type)
    except Problem as problem:
        scope.report_problem(rules.BAD_SOURCE, f"table '{key}'", problem, path)
        return False
    return True


def _properties(key: str, given: Mapping[str, str], scope: Scope) -> dict[str, str]:
    for name, value in given.items():
        path: Path = ("tables", key, "properties", name)
        if name.startswith("history.expire."):
            hint = "use snapshots: {keep: …, max_age_hours: …}"
            message = f"the property '{name}' would switch off S3 Tables' snapshot management"
            scope.report(rules.SNAPSHOT_PROPERTY, message, path, hint, key=True)
        if name == "format-version" and value != "2":
            message = f"Firehose and Athena need Iceberg format version 2, not {value}"
            scope.report(rules.FORMAT_VERSION, message, path, 'leave it out, or write "2"')
    return dict(sorted({"format-version": "2", **given}.items()))


def _compaction(entry: Any) -> int | None:
    return None if entry is False else entry.get("target_megabytes", _COMPACTION_MEGABYTES)


def _snapshots(entry: Any) -> Snapshots | None:
    if entry is False:
        return None
    return Snapshots(entry.get("keep", _SNAPSHOTS.keep), entry.get("max_age_hours", _SNAPSHOTS.max_age_hours))
