"""The type of a value in a query, as far as it is certain.

sqlglot's own inference knows no dialect's results well enough: it takes Trino's `year(x)` for an int and
leaves the precision of a sum of decimals. A wrong type is worse than none, so only these are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlglot import exp

from compiler.iceberg import Field, ListType, MapType, Primitive, StructType, Type

Known = Callable[[exp.Expr], Type | None]
"""Gives the type of a column or a subquery that has been resolved."""

_BOOLEAN, _INT, _LONG = Primitive("boolean"), Primitive("int"), Primitive("long")
_DOUBLE, _STRING, _DATE = Primitive("double"), Primitive("string"), Primitive("date")
_TIMESTAMPTZ = Primitive("timestamptz")
# https://trino.io/docs/current/functions.html, by the classes of sqlglot's tree
_FIXED: tuple[tuple[Type, tuple[type[exp.Expr], ...]], ...] = (
    (_BOOLEAN, (exp.Predicate, exp.Connector, exp.Not, exp.Boolean, exp.LogicalAnd, exp.LogicalOr)),
    (_LONG, (exp.Count, exp.CountIf, exp.ApproxDistinct, exp.RowNumber, exp.Rank, exp.DenseRank)),
    (_LONG, (exp.Length, exp.DateDiff, exp.Extract, exp.Year, exp.Month, exp.Day, exp.StrPosition)),
    (_STRING, (exp.ConcatWs, exp.Lower, exp.Upper, exp.JSONFormat)),
    (_DATE, (exp.Date, exp.CurrentDate)),
    (_TIMESTAMPTZ, (exp.CurrentTimestamp,)),
)
# Those that give one of the values that they get.
_SAME: tuple[type[exp.Expr], ...] = (
    *(exp.Paren, exp.Alias, exp.Filter, exp.Window, exp.RespectNulls, exp.IgnoreNulls, exp.Neg),
    *(exp.AnyValue, exp.Abs, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue, exp.Nullif),
    *(exp.TimestampTrunc, exp.DateTrunc),
)
_NAMES = {
    "BOOLEAN": "boolean",
    "INT": "int",
    "BIGINT": "long",
    "FLOAT": "float",
    "DOUBLE": "double",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMPTZ": "timestamptz",
    "VARCHAR": "string",
    "TEXT": "string",
    "UUID": "uuid",
    "VARBINARY": "binary",
}
_ORDER = ("int", "long", "float", "double")


def type_of(node: exp.Expr, known: Known) -> Type | None:
    """Return the type of an expression, or None where it is not certain."""
    if isinstance(node, exp.Column | exp.Query):
        return known(node)
    if isinstance(node, exp.Cast):  # and its kinds, like TRY_CAST
        return type_of_cast(node.to)
    for type_, classes in _FIXED:
        if isinstance(node, classes):
            return type_
    if isinstance(node, _SAME):
        return type_of(node.this, known)
    match node:
        case exp.Literal():
            return _literal(node)
        case exp.Sum() | exp.Avg():
            return _aggregate(type_of(node.this, known), is_sum=isinstance(node, exp.Sum))
        case exp.Add() | exp.Sub() | exp.Mul() | exp.Div() | exp.Mod():
            return _arithmetic(type_of(node.left, known), type_of(node.right, known))
        case exp.Min() | exp.Max() | exp.ArgMax() | exp.ArgMin():
            counted = node.args.get("count") or node.expressions
            return None if counted else type_of(node.this, known)
        case exp.Concat() | exp.DPipe() | exp.Trim() | exp.Substring():  # of lists or bytes, too
            parts = node.expressions or [node.this]
            return _STRING if all(type_of(each, known) == _STRING for each in parts) else None
        case exp.Coalesce():
            return common(type_of(each, known) for each in (node.this, *node.expressions))
        case exp.If():
            branches = [node.args[key] for key in ("true", "false") if node.args.get(key)]
            return common(type_of(each, known) for each in branches)
        case exp.Case():
            branches = [each.args["true"] for each in node.args["ifs"]]
            branches += [node.args["default"]] if node.args.get("default") else []
            return common(type_of(each, known) for each in branches if not isinstance(each, exp.Null))
        case exp.Dot():
            return field_type(type_of(node.this, known), node.expression.name.lower())
        case exp.Bracket():
            return _item(type_of(node.this, known))
        case exp.Array():
            element = common(type_of(each, known) for each in node.expressions)
            return ListType(element) if element else None
        case exp.ArrayAgg():
            element = type_of(node.this, known)
            return ListType(element) if element else None
    return None


def type_of_cast(target: exp.DataType) -> Type | None:
    """Return what a value is cast to."""
    name = str(target.this.name)
    if name == "DECIMAL":
        numbers = [int(each.name) for each in target.expressions if each.name.isdigit()]
        return Primitive("decimal", tuple((*numbers, 0)[:2])) if numbers else None
    return Primitive(_NAMES[name]) if name in _NAMES else None


def field_type(type_: Type | None, name: str) -> Type | None:
    """Return the type of a field of a struct."""
    fields: Iterable[Field] = type_.fields if isinstance(type_, StructType) else ()
    return next((field.type for field in fields if field.name == name), None)


def common(types: Iterable[Type | None]) -> Type | None:
    """Return the type that all of them are, if it is one."""
    given = set(types)
    return given.pop() if len(given) == 1 else None


def _literal(node: exp.Literal) -> Type | None:
    if node.is_string:
        return _STRING
    text = node.name
    if "e" in text.lower():
        return _DOUBLE
    return _INT if text.isdigit() and int(text) < 2**31 else None


def _aggregate(type_: Type | None, *, is_sum: bool) -> Type | None:
    match type_:
        case Primitive("decimal", (_, scale)):
            return Primitive("decimal", (38, scale)) if is_sum else type_
        case Primitive("int" | "long"):
            return _LONG if is_sum else _DOUBLE
        case Primitive("float" | "double"):
            return type_
    return None


def _arithmetic(left: Type | None, right: Type | None) -> Type | None:
    """Of two numbers that are no decimals, the wider one; that of decimals depends on the operation."""
    names = [each.name for each in (left, right) if isinstance(each, Primitive) and each.name in _ORDER]
    return Primitive(max(names, key=_ORDER.index)) if len(names) == 2 else None


def _item(type_: Type | None) -> Type | None:
    match type_:
        case ListType():
            return type_.element
        case MapType():
            return type_.value
    return None
