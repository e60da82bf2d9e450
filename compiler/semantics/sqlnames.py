"""What the names in a query mean: its tables, and of each the columns, through subqueries and joins.

Whatever is not understood makes a source whose columns are not known, about which nothing is said:
a query that Athena takes must never be refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from compiler import rules
from compiler.diagnostics import Rule
from compiler.iceberg import ListType, MapType, StructType, Type
from compiler.model import Table
from compiler.names import nearest
from compiler.problem import Problem
from compiler.semantics.sqltree import place
from compiler.semantics.sqltypes import common, field_type, type_of

# What Trino takes for a function without parentheses, and sqlglot for a column.
_FUNCTIONS = frozenset({"current_path", "current_schema", "current_catalog", "current_user", "default"})
# Hidden columns such as "$path" start with it, and a metadata table's name goes on with it:
# https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-table-metadata.html
_HIDDEN = "$"
# The words that Trino's grammar keeps for itself (SqlBase.g4: all that nonReserved leaves out), where sqlglot
# reads a name: https://docs.aws.amazon.com/athena/latest/ug/reserved-words.html
_RESERVED = re.compile(
    r"alter|and|as|between|by|case|cast|constraint|create|cross|cube|deallocate|delete|describe|"
    r"distinct|drop|else|end|escape|except|execute|exists|extract|for|from|full|group|grouping|"
    r"having|in|inner|insert|intersect|into|is|join|left|like|natural|normalize|not|on|or|order|"
    r"outer|prepare|recursive|right|rollup|select|table|then|trim|uescape|union|unnest|using|"
    r"values|when|where|with",
    re.IGNORECASE,
)
_NOT_WALKED = frozenset({"with_", "from_", "joins", "laterals", "match", "expressions", "order"})
_MOST_LISTED = 12
_MOST_PROBLEMS = 50  # of one query: what comes after follows from one misunderstanding


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a column: its type, and the table columns that it is made of."""

    type: Type | None = None
    origins: frozenset[tuple[int, str]] = frozenset()
    """The index of the read in `Names.reads`, and the column's name."""


Columns = tuple[tuple[str, Value], ...]
"""Columns with their names, in order; a value without a name has an empty one."""


@dataclass(slots=True)
class _Frame:
    """The sources that names are looked up in, and the frame of the query around."""

    outer: _Frame | None
    sources: list[tuple[str, Columns | None]] = field(default_factory=list)
    merged: set[str] = field(default_factory=set)
    """The columns that USING has made one of."""
    natural: bool = False
    given: set[str] = field(default_factory=set)
    """The names that AS gives to columns of the answer, which only ORDER BY may use."""

    @property
    def is_known(self) -> bool:
        return all(columns is not None for _, columns in self.sources)

    def chain(self) -> Iterator[_Frame]:
        frame: _Frame | None = self
        while frame:
            yield frame
            frame = frame.outer


_Ctes = Mapping[str, Columns | None]


class Names:
    """Resolve a query's names once; what it reads, what it answers and what is wrong with it stay here."""

    def __init__(
        self, namespace: str, tables: Mapping[str, Table | None], elsewhere: Mapping[str, str]
    ) -> None:
        """Take the tables of the namespace by their names in Athena, None for one that has errors of its own.

        `elsewhere` says of every other name by which the spec knows a table why it cannot be read here.
        """
        self.reads: list[tuple[Table, exp.Table]] = []
        self.filtered: set[tuple[int, str]] = set()
        self.problems: list[tuple[Rule, Problem]] = []
        self.result: Columns | None = None
        self._namespace = namespace
        self._tables = tables
        self._elsewhere = elsewhere
        self._values: dict[int, Value] = {}

    def resolve(self, query: exp.Query) -> None:
        """Resolve the names of a whole query."""
        self.result = self._query(query, None, {})

    def known(self, node: exp.Expr) -> Type | None:
        """Return the type of a column or a subquery that has been resolved."""
        return self._values.get(id(node), Value()).type

    def _query(self, node: exp.Expr, outer: _Frame | None, ctes: _Ctes) -> Columns | None:
        ctes = self._with(node, outer, ctes)
        if isinstance(node, exp.Subquery):
            return self._query(node.this, outer, ctes)
        if isinstance(node, exp.SetOperation):
            return _united(self._query(node.left, outer, ctes), self._query(node.right, outer, ctes))
        return self._select(node, outer, ctes) if isinstance(node, exp.Select) else None

    def _with(self, node: exp.Expr, outer: _Frame | None, ctes: _Ctes) -> _Ctes:
        with_ = node.args.get("with_")
        if not with_:
            return ctes
        known = dict(ctes)
        for cte in with_.expressions:
            name, names = cte.alias.lower(), _alias_columns(cte)
            if with_.recursive:
                known[name] = tuple((each, Value()) for each in names) if names else None
            known[name] = _renamed(self._query(cte.this, outer, known), names)
        return known

    def _select(self, node: exp.Select, outer: _Frame | None, ctes: _Ctes) -> Columns | None:
        frame = _Frame(outer)
        from_ = node.args.get("from_")
        if from_:
            self._source(from_.this, frame, ctes)
        for join in node.args.get("joins") or ():
            self._join(join, frame, ctes)
        if node.args.get("laterals") or node.args.get("match"):
            frame.sources.append(("", None))
        frame.given = {each.alias.lower() for each in node.expressions if each.alias}
        for each in node.expressions:
            self._refuse_reserved([each.args.get("alias")])
        for each in node.expressions:
            self._walk(each, frame, ctes)
        answer = self._answer(node, frame)
        for key, value in node.args.items():
            if key not in _NOT_WALKED:
                self._walk_all(value, frame, ctes, filters=key == "where")
        output = {_output_name(each) for each in node.expressions} | {name for name, _ in answer or ()}
        self._walk_all(node.args.get("order"), frame, ctes, also=output)
        return None if node.args.get("match") else answer

    def _join(self, join: exp.Join, frame: _Frame, ctes: _Ctes) -> None:
        self._source(join.this, frame, ctes)
        frame.merged |= {each.name.lower() for each in join.args.get("using") or ()}
        frame.natural |= join.method == "NATURAL"
        self._walk_all(join.args.get("on"), frame, ctes, filters=True)

    def _source(self, node: exp.Expr, frame: _Frame, ctes: _Ctes) -> None:
        """Add what FROM or JOIN names to the frame."""
        alias, names = node.alias.lower(), _alias_columns(node)
        columns: Columns | None = None
        match node:
            case exp.Table():
                alias = alias or node.name.lower()
                columns = self._table(node, ctes)
            case exp.Subquery() if _is_bracketed(node.this):
                self._source(node.this, frame, ctes)
                return
            case exp.Subquery():
                columns = self._query(node, frame.outer, ctes)
            case exp.Unnest():
                names += [node.args["offset"].name.lower()] if _offset_name(node) else []
                columns = self._unnest(node, frame, ctes)
                columns = columns if names else None  # a struct's fields keep their names, others get none
            case exp.Lateral() if isinstance(node.this, exp.Query):
                columns = self._query(node.this, frame, ctes)
            case exp.Values():
                self._walk_all(node.expressions, frame, ctes)
                columns = tuple((name, Value()) for name in names) or None
        if node.args.get("pivots"):
            columns = None
        frame.sources.append((alias, _renamed(columns, names)))
        for join in node.args.get("joins") or ():
            self._join(join, frame, ctes)

    def _table(self, node: exp.Table, ctes: _Ctes) -> Columns | None:
        name = node.name.lower()
        if not isinstance(node.this, exp.Identifier) or self._refuse_reserved([node.this]):
            return None
        if node.args.get("db"):
            offset, length = place(node)
            where = ".".join(part.name for part in node.parts)
            problem = Problem(f"'{where}' is more than a table's name", offset, length, f"write {node.name}")
            self._complain(rules.QUALIFIED_TABLE, problem)
            return None
        if name in ctes:
            return ctes[name]
        base, _, metadata = name.partition(_HIDDEN)
        table = self._tables.get(base)
        if base not in self._tables:
            self._unknown_table(node, base)
        if table is None or metadata:
            return None
        self.reads.append((table, node))
        index = len(self.reads) - 1
        return tuple(
            (column.name, Value(column.type, frozenset({(index, column.name)}))) for column in table.columns
        )

    def _unknown_table(self, node: exp.Table, name: str) -> None:
        offset, length = place(node.this)
        hint = self._elsewhere.get(name, "")
        if not hint:
            near = nearest(name, self._tables)
            known = _listed(self._tables)
            hint = f"did you mean '{near}'?" if near else f"namespace '{self._namespace}' has {known}"
        message = f"namespace '{self._namespace}' has no table '{node.name}'"
        self._complain(rules.UNKNOWN_SQL_TABLE, Problem(message, offset, length, hint))

    def _unnest(self, node: exp.Unnest, frame: _Frame, ctes: _Ctes) -> Columns | None:
        """Return the columns that lists and maps are taken apart into, in Trino's order."""
        self._walk_all(node.expressions, frame, ctes)
        values: list[Value] = []
        for each in node.expressions:
            parts = _unnested(self._value(each))
            if parts is None:  # how many columns it makes is not known, so neither which the next ones are
                return None
            values += parts
        if node.args.get("offset"):
            values.append(Value())
        return tuple(("", value) for value in values)

    def _walk_all(
        self,
        value: object,
        frame: _Frame,
        ctes: _Ctes,
        *,
        filters: bool = False,
        also: Iterable[str] = (),
    ) -> None:
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, exp.Expr):
                self._walk(each, frame, ctes, filters=filters, also=also)

    def _walk(
        self,
        expression: exp.Expr,
        frame: _Frame,
        ctes: _Ctes,
        *,
        filters: bool = False,
        also: Iterable[str] = (),
    ) -> None:
        """Resolve every column in an expression; `filters` where it decides which rows are read."""
        waiting = [expression]
        while waiting:
            node = waiting.pop()
            if isinstance(node, exp.Query):
                columns = self._query(node, frame, ctes)
                self._values[id(node)] = columns[0][1] if columns and len(columns) == 1 else Value()
            elif isinstance(node, exp.Column):
                value = self._values[id(node)] = self._column(node, frame, also)
                if filters:
                    self.filtered |= value.origins
            else:
                waiting += reversed(list(node.iter_expressions()))

    def _column(self, node: exp.Column, frame: _Frame, also: Iterable[str]) -> Value:
        parts = [part.name.lower() for part in node.parts]
        if isinstance(node.this, exp.Star) or not all(
            isinstance(part, exp.Identifier) for part in node.parts
        ):
            return Value()
        if self._refuse_reserved(node.parts):
            return Value()
        if parts[0] in also:  # ORDER BY looks at the output first
            return Value()
        for each in frame.chain():
            found = self._found(node, parts, each)
            if found:
                return found
        if parts[0] not in _FUNCTIONS and not parts[-1].startswith(_HIDDEN):
            self._unknown_column(node, parts, frame)
        return Value()

    def _refuse_reserved(self, parts: Iterable[object]) -> bool:
        """Say of a name that it is a word of SQL's own, which only quotes make a name."""
        for part in parts:
            if isinstance(part, exp.Identifier) and not part.quoted and _RESERVED.fullmatch(part.name):
                message = f"'{part.name}' is a word of SQL's own, and no name without quotes"
                hint = f'write "{part.name.lower()}", in double quotes'
                self._complain(rules.UNREADABLE_SQL, Problem(message, *place(part), hint))
                return True
        return False

    def _found(self, node: exp.Column, parts: list[str], frame: _Frame) -> Value | None:
        """Look a column up in one frame; an empty value where it may be there, None where it is not."""
        if len(parts) > 1:
            named = [columns for alias, columns in frame.sources if alias == parts[0]]
            if None in named:
                return Value()
            hits = [value for columns in named for name, value in columns or () if name == parts[1]]
            if hits:
                return self._inside(node, hits[0], parts, 2)
        hits = [value for _, columns in frame.sources for name, value in columns or () if name == parts[0]]
        if len(hits) > 1 and parts[0] not in frame.merged and not frame.natural and frame.is_known:
            self._ambiguous(node, parts[0], frame)
            return Value()
        if len(hits) == 1 and frame.is_known:
            return self._inside(node, hits[0], parts, 1)
        if hits:
            return Value(common(hit.type for hit in hits), frozenset().union(*(hit.origins for hit in hits)))
        return None if frame.is_known else Value()

    def _inside(self, node: exp.Column, value: Value, parts: list[str], index: int) -> Value:
        """Follow the names behind a column into its structs."""
        type_ = value.type
        for part, name in zip(node.parts[index:], parts[index:], strict=True):
            inner = field_type(type_, name)
            if inner is None and isinstance(type_, StructType):
                offset, length = place(part)
                known = [each.name for each in type_.fields]
                message = f"'{'.'.join(parts[:index])}' has no field '{part.name}'"
                problem = Problem(message, offset, length, _hint(name, known, f"'{parts[index - 1]}'"))
                self._complain(rules.UNKNOWN_SQL_COLUMN, problem)
            type_ = inner
            index += 1
        return Value(type_, value.origins)

    def _ambiguous(self, node: exp.Column, name: str, frame: _Frame) -> None:
        owners = [alias for alias, columns in frame.sources if name in dict(columns or ())]
        offset, length = place(node)
        hint = f"write {' or '.join(f'{owner}.{name}' for owner in owners if owner)}"
        message = f"'{name}' is a column of {' and of '.join(owner or 'a subquery' for owner in owners)}"
        self._complain(rules.AMBIGUOUS_COLUMN, Problem(message, offset, length, hint))

    def _unknown_column(self, node: exp.Column, parts: list[str], frame: _Frame) -> None:
        if len(self.problems) >= _MOST_PROBLEMS:
            return
        sources = [source for each in frame.chain() for source in each.sources]
        owned = next((columns for alias, columns in sources if len(parts) > 1 and alias == parts[0]), None)
        if owned is not None:
            part, subject = node.parts[1], f"'{parts[0]}'"
            known = [name for name, _ in owned if name]
            message = f"{subject} has no column '{part.name}'"
        else:
            part, subject = node.parts[0], "this SELECT"
            known = [name for _, columns in sources for name, _ in columns or () if name]
            known += [alias for alias, _ in sources if alias] if len(parts) > 1 else []
            message = f"no table here has a column '{part.name}'"
            if len(parts) > 1:
                message = f"'{part.name}' is no table here, and no column"
        offset, length = place(part)
        hint = _hint(part.name.lower(), list(dict.fromkeys(known)), subject)
        if len(parts) == 1 and parts[0] in frame.given:
            hint = "only ORDER BY knows what AS names; write the expression, or in GROUP BY its number"
        self._complain(rules.UNKNOWN_SQL_COLUMN, Problem(message, offset, length, hint))

    def _complain(self, rule: Rule, problem: Problem) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append((rule, problem))

    def _answer(self, node: exp.Select, frame: _Frame) -> Columns | None:
        columns: list[tuple[str, Value]] = []
        for each in node.expressions:
            if isinstance(each, exp.Star) or (isinstance(each, exp.Column) and each.is_star):
                owner = each.table.lower() if isinstance(each, exp.Column) else ""
                starred = _starred(frame, owner)
                if starred is None:
                    return None
                columns += starred
            elif isinstance(each, exp.Aliases):
                return None
            else:
                columns.append((_output_name(each), self._value(each)))
        return tuple(columns)

    def _value(self, node: exp.Expr) -> Value:
        inside = [self._values[id(each)] for each in node.walk() if id(each) in self._values]
        return Value(
            type_of(node, self.known),
            frozenset().union(*(value.origins for value in inside)),
        )


def _output_name(node: exp.Expr) -> str:
    """Return the name that Trino gives a column; only names, and what is behind a dot, have one."""
    match node:
        case exp.Alias():
            return str(node.alias).lower()
        case exp.Column():
            return str(node.name).lower()
        case exp.Dot():
            return str(node.expression.name).lower()
        case exp.Paren():
            return _output_name(node.this)
    return ""


def _starred(frame: _Frame, owner: str) -> Columns | None:
    """Return the columns of `*` or `owner.*`; those that USING has made one come once, and first."""
    sources = [columns for alias, columns in frame.sources if owner in ("", alias)]
    if not sources or None in sources or frame.natural:
        return None
    listed = [column for columns in sources for column in columns or ()]
    if owner or not frame.merged:
        return tuple(listed)
    first = {name: value for name, value in reversed(listed) if name in frame.merged}
    order = [name for name, _ in dict(listed).items() if name in first]
    return tuple([(name, first[name]) for name in order] + [each for each in listed if each[0] not in first])


def _unnested(value: Value) -> list[Value] | None:
    match value.type:
        case ListType(element=StructType(fields=fields)):
            return [Value(each.type, value.origins) for each in fields]
        case ListType():
            return [Value(value.type.element, value.origins)]
        case MapType():
            return [Value(value.type.key, value.origins), Value(value.type.value, value.origins)]
    return None


def _united(left: Columns | None, right: Columns | None) -> Columns | None:
    """Return the columns of a UNION: the names of the left side, and a type where both agree."""
    if left is None or right is None or len(left) != len(right):
        return left and tuple((name, Value()) for name, _ in left)
    return tuple(
        (name, Value(common((one.type, other.type)), one.origins | other.origins))
        for (name, one), (_, other) in zip(left, right, strict=True)
    )


def _renamed(columns: Columns | None, names: list[str]) -> Columns | None:
    if not names:
        return columns
    if columns is None or len(columns) != len(names):
        return tuple((name, Value()) for name in names)
    return tuple((name, value) for name, (_, value) in zip(names, columns, strict=True))


def _alias_columns(node: exp.Expr) -> list[str]:
    alias = node.args.get("alias")
    listed = alias.args.get("columns") if isinstance(alias, exp.TableAlias) else None
    return [each.name.lower() for each in listed or ()]


def _is_bracketed(node: exp.Expr) -> bool:
    """Whether brackets hold what FROM can name, as in `FROM (a JOIN b ON …)`, and no query."""
    return isinstance(node, exp.Table) or (
        isinstance(node, exp.Subquery) and bool(node.alias or node.args.get("joins"))
    )


def _offset_name(node: exp.Unnest) -> bool:
    return isinstance(node.args.get("offset"), exp.Identifier)


def _hint(name: str, known: list[str], subject: str) -> str:
    near = nearest(name, known)
    if near:
        return f"did you mean '{near}'?"
    return f"{subject} has {_listed(known)}" if known else ""


def _listed(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _MOST_LISTED} more" if len(listed) > _MOST_LISTED else ""
    return ", ".join(listed[:_MOST_LISTED]) + more
