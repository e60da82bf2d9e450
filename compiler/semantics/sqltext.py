"""The text of a query: its parameters found and replaced, its comments gone, all else letter by letter.

It is read here and not written anew from a tree, so that Athena runs what the author wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from compiler import rules
from compiler.diagnostics import Rule
from compiler.problem import Problem

# Trino's lexer (SqlBase.g4): a quote is doubled inside of quotes, and a comment holds no other one.
_TOKEN = re.compile(
    r"""
      (?P<comment>  ^[ \t]*+--[^\n]*+\n? | --[^\n]*+ | /\* .*? \*/ )
    | (?P<quoted>   '(?:[^']|'')*+' | "(?:[^"]|"")*+" )
    | (?P<open>     '|"|/\* )
    | (?P<cast>     :: )
    | (?P<equal>    == )
    | (?P<mark>     :(?P<name>[A-Za-z_]\w*+) )
    | (?P<colon>    : )
    | (?P<question> \? )
    | (?P<comma>    ,(?=\s*+(?:FROM|WHERE|GROUP|HAVING|ORDER|UNION)\b|\s*+[);]|\s*+\Z) )
    | (?P<end>      ; )
    | (?P<strange>  [`@\#\\] )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_START = re.compile(r"[\s(]*+(\w*+)")
# The only thing in Athena's SQL, besides a parameter, that is written with a question mark.
_ROW_PATTERN = re.compile(r"\bMATCH_RECOGNIZE\b", re.IGNORECASE)
# The only thing that is written with a colon: a key of an object, before its value.
_JSON_OBJECT = re.compile(r"\bJSON_OBJECT\b", re.IGNORECASE)
_FIRST_LETTER = 0x4E00
_MOST_MARKS = 0x5000
_OPEN = {"'": "this text is", '"': "this name is", "/*": "this comment is"}


@dataclass(frozen=True, slots=True)
class Mark:
    """One `:name`, and where its colon stands."""

    name: str
    offset: int

    @property
    def length(self) -> int:
        """How many characters it has, with the colon."""
        return len(self.name) + 1


@dataclass(frozen=True, slots=True)
class SqlText:
    """One statement: as Athena gets it, and as the parser does."""

    rendered: str
    """With `?` for each parameter, without comments and semicolon."""
    blanked: str
    """As long as the source up to its end, so that a place in it is the same place there."""
    marks: tuple[Mark, ...]

    @property
    def start(self) -> int:
        """Where the statement begins."""
        return len(self.blanked) - len(self.blanked.lstrip())

    def mark(self, name: str) -> Mark | None:
        """Return the parameter that a placeholder in `blanked` stands for; none for one that is not ours."""
        index = ord(name) - _FIRST_LETTER if len(name) == 1 else -1
        return self.marks[index] if 0 <= index < len(self.marks) else None


@dataclass
class SqlProblem(Exception):
    """A problem with the text of a query, and the rule that it breaks."""

    rule: Rule
    problem: Problem


def read_sql(sql: str) -> SqlText:
    """Find the parameters and the end of one SELECT. Raises SqlProblem."""
    rendered: list[str] = []
    blanked: list[str] = []
    marks: list[Mark] = []
    position, end = 0, len(sql)
    for token in _tokens(sql):
        between = sql[position : token.start()]
        position = token.end()
        if token["end"]:
            end = token.start()
            rendered.append(between)
            blanked.append(between)
            _refuse_more(sql, position)
            break
        rendered += [between, _rendered(token)]
        blanked += [between, _blanked(token, len(marks))]
        if token["mark"]:
            marks.append(Mark(token["name"], token.start()))
    else:
        rendered.append(sql[position:])
        blanked.append(sql[position:])
    text = SqlText("".join(rendered).strip(), "".join(blanked)[:end], tuple(marks))
    _refuse_others(text)
    return text


def _tokens(sql: str) -> Iterator[re.Match[str]]:
    """Yield what is more than words and numbers, and refuse what Athena cannot read."""
    for token in _TOKEN.finditer(sql):
        text, start = token[0], token.start()
        if token["open"]:
            raise _unreadable(f"{_OPEN[text]} never closed", start, len(text))
        if token["cast"]:
            raise _unreadable("Athena has no '::'", start, 2, "write CAST(value AS type)")
        if token["equal"]:
            raise _unreadable("Athena has no '=='", start, 2, "write =")
        if token["strange"]:
            hint = "put a name into double quotes" if text == "`" else ""
            raise _unreadable(f"Athena's SQL has no '{text}'", start, 1, hint)
        if token["comma"]:
            raise _unreadable("nothing follows this comma", start, 1, "remove it")
        if token["colon"] and not _JSON_OBJECT.search(sql):
            raise _unreadable("no name follows this colon", start, 1, "write :name for a parameter")
        if token["question"] and not _ROW_PATTERN.search(sql):
            hint = "write :name, and declare the name in parameters"
            problem = Problem("'?' is a parameter without a name", start, 1, hint)
            raise SqlProblem(rules.POSITIONAL_PARAMETER, problem)
        yield token


def _rendered(token: re.Match[str]) -> str:
    if token["comment"]:
        return " " if token[0].endswith("*/") else ""
    return "?" if token["mark"] else token[0]


def _blanked(token: re.Match[str], index: int) -> str:
    if token["comment"]:
        return re.sub(r"[^\n]", " ", token[0])
    if token["mark"]:
        # One letter tells this occurrence from all others, and leaves room for the shortest name.
        if index >= _MOST_MARKS:
            raise _unreadable(f"more than {_MOST_MARKS} parameters", token.start(), len(token[0]))
        return f":{chr(_FIRST_LETTER + index)}".ljust(len(token[0]))
    return token[0]


def _refuse_more(sql: str, position: int) -> None:
    """Refuse a second statement behind the semicolon."""
    while True:
        token = _TOKEN.search(sql, position)
        start = token.start() if token else len(sql)
        rest = sql[position:start]
        if rest.strip(" \t\r\n;"):
            position += len(rest) - len(rest.lstrip(" \t\r\n;"))
            break
        if token is None:
            return
        if not token["comment"] and not token["end"]:
            position = start
            break
        position = token.end()
    length = len(sql[position:].split("\n", 1)[0].rstrip())
    problem = Problem("a second statement starts here", position, length, "give it an entry of its own")
    raise SqlProblem(rules.SEVERAL_STATEMENTS, problem)


def _refuse_others(text: SqlText) -> None:
    """Refuse a statement that is no SELECT, before a parser tries to make sense of it."""
    start = _START.match(text.blanked)
    word = start[1] if start else ""
    offset = start.start(1) if start else 0
    if not text.rendered:
        raise SqlProblem(rules.NOT_A_SELECT, Problem("there is no SELECT here", 0, 1))
    if word.upper() not in ("SELECT", "WITH"):
        message = f"'{word}' starts no SELECT" if word else "this starts no SELECT"
        hint = "a query reads; it starts with SELECT, or WITH … SELECT"
        raise SqlProblem(rules.NOT_A_SELECT, Problem(message, offset, max(len(word), 1), hint))


def _unreadable(message: str, offset: int, length: int, hint: str = "") -> SqlProblem:
    return SqlProblem(rules.UNREADABLE_SQL, Problem(message, offset, length, hint))
