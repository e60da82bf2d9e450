"""The tree of a query, as sqlglot parses it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from compiler import rules
from compiler.problem import Problem
from compiler.semantics.sqltext import Mark, SqlProblem, SqlText

# Athena's SELECT is Trino's; sqlglot's own `athena` reads as Hive, too, which is for Athena's DDL.
_DIALECT = "trino"
# It logs what it doubts, such as a JSON path that only Athena knows; without a handler that goes to stderr.
logging.getLogger("sqlglot").addHandler(logging.NullHandler())
_EXPECTED = re.compile(r"Expect(?:ing|ed) (\S+)")
_WHOLE = 10**9
# Where a name must stand, or a text that is no expression.
_NAME_PLACES = (exp.Table, exp.TableAlias, exp.Column, exp.CTE, exp.DataTypeParam, exp.Interval, exp.Dot)


def parse_sql(text: SqlText, source: str) -> exp.Query:
    """Parse one SELECT. Raises SqlProblem."""
    try:
        tree = sqlglot.parse_one(text.blanked, dialect=_DIALECT, error_message_context=_WHOLE)
    except ParseError as error:
        problem = _problem(error.errors[0], source)
        for mark in text.marks:  # as behind DATE, where only a text in quotes can stand
            if mark.offset == problem.offset:
                raise misplaced(mark) from None
        raise SqlProblem(rules.UNREADABLE_SQL, problem) from None
    except SqlglotError:
        raise SqlProblem(rules.UNREADABLE_SQL, Problem("this is not Athena's SQL", 0, 1)) from None
    if not isinstance(tree, exp.Query):
        raise SqlProblem(rules.NOT_A_SELECT, _writes(tree))
    for node in tree.find_all(exp.Into, exp.DML, exp.DDL):
        raise SqlProblem(rules.NOT_A_SELECT, _writes(node))
    return tree


def place(node: exp.Expr) -> tuple[int, int]:
    """Return where a name stands in the text, and how long it is."""
    for part in node.find_all(exp.Identifier, bfs=False):
        if "start" in part.meta:
            start: int = part.meta["start"]
            return start, part.meta["end"] - start + 1
    return 0, 1


def placeholders(tree: exp.Query) -> Iterator[tuple[str, exp.Placeholder]]:
    """Yield every parameter, and the letter that tells which one it is."""
    for node in tree.find_all(exp.Placeholder):
        yield node.name, node


def is_misplaced(node: exp.Placeholder) -> bool:
    """Whether a parameter stands where SQL takes no value."""
    return node.arg_key == "alias" or isinstance(node.parent, _NAME_PLACES)


def misplaced(mark: Mark) -> SqlProblem:
    """Say that a parameter stands where SQL takes no value."""
    message = f"':{mark.name}' stands where SQL takes no value"
    hint = "a parameter is a value, and no name; nor is it the text behind DATE or INTERVAL"
    return SqlProblem(rules.MISPLACED_PARAMETER, Problem(message, mark.offset, mark.length, hint))


def is_in_where(node: exp.Placeholder) -> bool:
    """Whether a parameter stands in a WHERE."""
    return node.find_ancestor(exp.Where) is not None


def _problem(error: dict[str, Any], source: str) -> Problem:
    offset = len(error["start_context"])
    length = max(len(error["highlight"]), 1)
    near = source[offset : offset + length]
    at_end = not error["end_context"].strip()
    expected = _EXPECTED.match(error["description"])
    if expected and expected[1] in ("(", ")", "]", "END"):
        message = f"'{expected[1]}' is expected {'after' if at_end else 'at'} '{near}'"
    elif at_end:
        message = f"the SQL ends too early, after '{near}'"
    else:
        message = f"'{near}' cannot stand here"
    return Problem(message, offset, length, "look for a missing comma, bracket or word before it")


def _writes(node: exp.Expr) -> Problem:
    offset, length = place(node)
    word = node.key.upper()
    return Problem(f"a query only reads, and here is {word}", offset, length, "write a SELECT")
