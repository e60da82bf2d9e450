"""Comparisons of text with what is none, which Athena refuses when it runs the query.

Trino makes no number, date or time of text by itself (https://trino.io/docs/current/functions/conversion.html).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from compiler.iceberg import Primitive, Type, spelled
from compiler.problem import Problem
from compiler.semantics.sqltree import place
from compiler.semantics.sqltypes import Known, type_of

Declared = Callable[[str], tuple[str, Type | None]]
"""Gives the name and type of the parameter that a placeholder's letter stands for."""

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
_NO_TEXT = frozenset(
    ("boolean", "int", "long", "float", "double", "decimal", "date", "timestamp", "timestamptz")
)
_LITERALS = {"date": "DATE '…'", "timestamp": "TIMESTAMP '…'", "timestamptz": "TIMESTAMP '…'"}


def clashes(tree: exp.Query, known: Known, declared: Declared) -> Iterator[Problem]:
    """Yield each comparison with a written value or a parameter that cannot be made."""
    for node in tree.find_all(*_COMPARISONS):
        for other, value in _sides(node):
            type_ = type_of(other, known)
            given = declared(value.name)[1] if isinstance(value, exp.Placeholder) else type_of(value, known)
            if _is_text(type_) != _is_text(given) and _is_known(type_) and _is_known(given):
                message = f"{_kind(type_)} is compared with {_kind(given)}, which Athena refuses"
                yield Problem(message, *place(other), _hint(value, type_, declared))


def _sides(node: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """Yield what is compared with which written value."""
    pairs = [(node.this, node.args.get(key)) for key in ("expression", "low", "high")]
    pairs += [(node.this, each) for each in node.args.get("expressions") or ()]
    for first, second in pairs:
        if isinstance(second, exp.Literal | exp.Placeholder):
            yield first, second
        elif isinstance(first, exp.Literal | exp.Placeholder) and isinstance(second, exp.Expr):
            yield second, first


def _is_text(type_: Type | None) -> bool:
    return isinstance(type_, Primitive) and type_.name == "string"


def _is_known(type_: Type | None) -> bool:
    return _is_text(type_) or (isinstance(type_, Primitive) and type_.name in _NO_TEXT)


def _kind(type_: Type | None) -> str:
    return spelled(type_) if type_ else ""


def _hint(value: exp.Expr, type_: Type | None, declared: Declared) -> str:
    kind = _kind(type_)
    if isinstance(value, exp.Placeholder):
        return f"give parameter '{declared(value.name)[0]}' the type {kind}, or cast one of the two"
    if _is_text(type_):
        return "put the value into quotes, or cast one of the two"
    return f"write {_LITERALS[kind]}" if kind in _LITERALS else "write the value without quotes"
