"""The named queries: one SELECT each, over the tables of one namespace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from compiler import rules
from compiler.diagnostics import Rule
from compiler.document import Path
from compiler.iceberg import ListType, MapType, Primitive, StructType, spelled
from compiler.model import Namespace, Query, ResultColumn, Table
from compiler.names import nearest
from compiler.problem import Problem
from compiler.semantics.scope import Scope
from compiler.semantics.sqltext import SqlProblem, SqlText, read_sql
from compiler.semantics.types import parse_type

if TYPE_CHECKING:  # sqlglot takes a fifth of a second, which only a spec with queries pays
    from sqlglot import exp

    from compiler.semantics.sqlnames import Names

PARAMETER_TYPES = (
    "boolean",
    "int",
    "long",
    "float",
    "double",
    "decimal",
    "date",
    "timestamp",
    "timestamptz",
    "string",
)
"""What lambdas/query/index.py writes as a literal."""


def resolve_query(
    key: str,
    entry: Mapping[str, Any],
    namespaces: Mapping[str, Namespace],
    tables: Mapping[str, Table],
    scope: Scope,
) -> Query | None:
    """Resolve one query; None where it has an error. Reports AC3501 to AC3599."""
    namespace = namespaces.get(entry["namespace"])
    if namespace is None:
        path: Path = ("queries", key, "namespace")
        scope.report_unknown(
            f"query '{key}' is in namespace", entry["namespace"], "namespaces", namespaces, path
        )
    parameters = _parameters(key, entry.get("parameters", {}), scope)
    sql = _Sql(key, entry["sql"], scope)
    text = sql.text()
    if text is None or namespace is None:
        return None
    _check_uses(key, text, entry.get("parameters", {}), sql, scope)
    names = sql.names(text, namespace, tables, parameters or {})
    if names is None or sql.failed or parameters is None:
        return None
    return Query(
        key=key,
        namespace=namespace,
        description=entry.get("description", ""),
        sql=text.rendered,
        parameters=parameters,
        marks=tuple(mark.name for mark in text.marks),
        tables=tuple({table.key: table for table, _ in names.reads}.values()),
        result=_result(names),
        location=scope.document.locate_key(("queries", key)),
    )


def _parameters(key: str, entries: Mapping[str, str], scope: Scope) -> dict[str, Primitive] | None:
    known: dict[str, Primitive] = {}
    for name, text in entries.items():
        path: Path = ("queries", key, "parameters", name)
        subject = f"parameter '{name}' of query '{key}'"
        try:
            type_ = parse_type(text)
        except Problem as problem:
            scope.report_problem(rules.BAD_TYPE, subject, problem, path)
            continue
        if not isinstance(type_, Primitive) or type_.name not in PARAMETER_TYPES:
            hint = f"take one of {', '.join(PARAMETER_TYPES)}"
            scope.report(rules.PARAMETER_TYPE, f"{subject} is a {spelled(type_)}", path, hint)
            continue
        known[name] = type_
    return known if len(known) == len(entries) else None


def _check_uses(key: str, text: SqlText, declared: Mapping[str, Any], sql: _Sql, scope: Scope) -> None:
    used = {mark.name: mark for mark in reversed(text.marks)}
    for mark in used.values():
        if mark.name not in declared:
            near = nearest(mark.name, declared)
            hint = f"did you mean ':{near}'?" if near else f"declare '{mark.name}' in parameters"
            problem = Problem(f"':{mark.name}' is not declared", mark.offset, mark.length, hint)
            sql.report(SqlProblem(rules.UNDECLARED_PARAMETER, problem))
    for name in declared if used.keys() <= declared.keys() else ():
        if name not in used:
            message = f"parameter '{name}' of query '{key}' is not used"
            hint = f"write :{name} in the SQL, or remove it"
            if f"':{name}'" in text.rendered:
                hint = f"write :{name} without the quotes, which make a text of it"
            path: Path = ("queries", key, "parameters", name)
            scope.report(rules.UNUSED_PARAMETER, message, path, hint, key=True)


class _Sql:
    """The SQL of one query, and the way to say something about a place in it."""

    def __init__(self, key: str, source: str, scope: Scope) -> None:
        self.failed = False
        self._source = source
        self._key = key
        self._scope = scope

    def report(self, found: SqlProblem) -> None:
        """Report a problem at its place in the SQL."""
        self.failed |= found.rule.severity == "error"
        path: Path = ("queries", self._key, "sql")
        self._scope.report_problem(found.rule, f"query '{self._key}'", found.problem, path)

    def text(self) -> SqlText | None:
        """Read the text; None where that cannot be done."""
        try:
            return read_sql(self._source)
        except SqlProblem as found:
            self.report(found)
            return None

    def names(
        self,
        text: SqlText,
        namespace: Namespace,
        tables: Mapping[str, Table],
        parameters: Mapping[str, Primitive],
    ) -> Names | None:
        """Parse the text and resolve its names; None where it cannot be parsed."""
        from compiler.semantics.sqlnames import Names
        from compiler.semantics.sqltree import parse_sql

        names = Names(namespace.name, *self._known(namespace, tables))
        try:
            tree = parse_sql(text, self._source)
            names.resolve(tree)
        except SqlProblem as found:
            self.report(found)
            return None
        except RecursionError:
            problem = Problem("too many levels inside one another", 0, 1)
            self.report(SqlProblem(rules.UNREADABLE_SQL, problem))
            return None
        if self._check_places(text, tree):
            for rule, problem in names.problems:
                self.report(SqlProblem(rule, problem))
        if not self.failed:
            self._check_reads(names)
            self._check_comparisons(text, names, tree, parameters)
            self._check_result(text, names, tree)
        return names

    def _known(
        self, namespace: Namespace, tables: Mapping[str, Table]
    ) -> tuple[dict[str, Table | None], dict[str, str]]:
        """Return the tables of the namespace as Athena names them, and what to say of other names."""
        here: dict[str, Table | None] = {}
        elsewhere: dict[str, str] = {}
        for key, entry in self._scope.document.data["tables"].items():
            name = entry.get("name", key)
            if entry["namespace"] == namespace.name:
                here[name] = tables.get(key)
                if name != key:
                    elsewhere[key] = f"in Athena it is '{name}'"
            else:
                elsewhere.setdefault(name, f"it is in namespace '{entry['namespace']}'")
                elsewhere.setdefault(key, f"in Athena it is '{name}' in namespace '{entry['namespace']}'")
        return here, elsewhere

    def _check_places(self, text: SqlText, tree: exp.Query) -> bool:
        """Check that each parameter is where a value may be; where one is not, names are misread."""
        from compiler.semantics.sqltree import is_in_where, is_misplaced, misplaced, placeholders

        told: set[tuple[Rule, str]] = set()
        for letter, node in placeholders(tree):
            mark = text.mark(letter)
            if mark is None:
                continue
            if is_misplaced(node):
                found = misplaced(mark)
            elif not is_in_where(node):
                message = f"':{mark.name}' stands outside of WHERE, which Athena does not document"
                hint = "put it into a WHERE, or try the query in Athena before you rely on it"
                problem = Problem(message, mark.offset, mark.length, hint)
                found = SqlProblem(rules.PARAMETER_OUTSIDE_WHERE, problem)
            else:
                continue
            if (found.rule, mark.name) not in told:
                told.add((found.rule, mark.name))
                self.report(found)
        return rules.MISPLACED_PARAMETER not in {rule for rule, _ in told}

    def _check_reads(self, names: Names) -> None:
        from compiler.semantics.sqltree import place

        for index, (table, node) in enumerate(names.reads):
            sources = list(dict.fromkeys(term.column for term in table.partition))
            if sources and not any((index, source) in names.filtered for source in sources):
                message = f"all of '{table.name}' is read: no condition on {' or '.join(sources)}"
                hint = f"add a condition on {sources[0]} to WHERE"
                problem = Problem(message, *place(node.this), hint)
                self.report(SqlProblem(rules.UNPARTITIONED_READ, problem))

    def _check_comparisons(
        self, text: SqlText, names: Names, tree: exp.Query, parameters: Mapping[str, Primitive]
    ) -> None:
        from compiler.semantics.sqlcompare import clashes

        def declared(letter: str) -> tuple[str, Primitive | None]:
            mark = text.mark(letter)
            return (mark.name, parameters.get(mark.name)) if mark else ("", None)

        for problem in clashes(tree, names.known, declared):
            self.report(SqlProblem(rules.COMPARED_WITH_TEXT, problem))

    def _check_result(self, text: SqlText, names: Names, tree: exp.Query) -> None:
        from sqlglot import exp

        from compiler.semantics.sqltree import place

        result, selects = names.result or (), tree.selects
        starred: list[str] = []
        for index, (name, value) in enumerate(result):
            if not isinstance(value.type, ListType | MapType | StructType):
                continue
            if len(selects) != len(result):  # some of them come from a star
                starred.append(name)
                continue
            kind = spelled(value.type).split("<")[0]
            message = f"a column of the answer is a {kind}, of which Athena prints text that is no JSON"
            written = selects[index].sql() if isinstance(selects[index], exp.Column) else "…"
            hint = f"write json_format(CAST({written} AS JSON)) AS {name or '…'}"
            self.report(SqlProblem(rules.NESTED_RESULT, Problem(message, *place(selects[index]), hint)))
        if starred:
            message = (
                f"{', '.join(starred)}: lists, maps or structs, of which Athena prints text that is no JSON"
            )
            hint = f"name the columns instead of *, and write json_format(CAST({starred[0]} AS JSON))"
            problem = Problem(message, text.start, len("SELECT"), hint)
            self.report(SqlProblem(rules.NESTED_RESULT, problem))


def _result(names: Names) -> tuple[ResultColumn, ...] | None:
    if names.result is None:
        return None
    # Athena's own names for columns that have none
    return tuple(
        ResultColumn(name or f"_col{index}", value.type) for index, (name, value) in enumerate(names.result)
    )
