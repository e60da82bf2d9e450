"""Text to Document: strict YAML with a position for every key and value."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from compiler import rules
from compiler.diagnostics import Diagnostics, Location, Related, Rule
from compiler.document import Document, Lines, Mark, dotted
from compiler.document import Path as DocumentPath

MAXIMUM_BYTES = 16 * 1024 * 1024
MAXIMUM_DEPTH = 64

# The parser in C gives the same events as the one in Python, about eight times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
# A type or a transform that goes on: `decimal(12,2)`, `map<string, long>`, `bucket(16, id)`.
_CALL = re.compile(r"[A-Za-z_]+[(<]")
_OWN_TAGS = "tag:yaml.org,2002:"
# What YAML does not count as printable, and what it would take for a line break that no editor shows.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def load(path: str, found: Diagnostics) -> Document | None:
    """Read one spec; return None where it could not be read, with the reasons in `found`.

    Of YAML 1.2 it takes what data needs: no anchors, aliases, merge keys, tags or further
    documents. A key is always text. A plain value is a boolean only as `true` or `false`, an
    integer only in plain decimal digits, nothing only where a key's value is empty, `null` or `~`;
    everything else (`on`, `1e3`, `010`, `12:30`, a date) stays text.
    Reports AC1001 to AC1018.
    """
    text = _read(path, found)
    if text is None:
        return None
    return parse(text, path, found)


def parse(text: str, file: str, found: Diagnostics) -> Document | None:
    """Turn text into a Document, as `load` does for a file; `file` is only its name in messages."""
    if _reports_unprintable(text, file, found):
        return None
    builder = _Builder(text, file, found)
    try:
        data = builder.document()
    except yaml.MarkedYAMLError as error:
        _report_syntax(error, text, file, found)
        return None
    except _Stop:
        return None
    return None if found.failed else Document(file, data, builder.marks)


def _read(path: str, found: Diagnostics) -> str | None:
    place = Location(path)
    try:
        status = Path(path).stat()
        if stat.S_ISDIR(status.st_mode):
            found.add(rules.DIRECTORY, f"'{path}' is a directory, not a spec", place, "name the file in it")
            return None
        if not stat.S_ISREG(status.st_mode):
            found.add(rules.NOT_A_FILE, f"'{path}' is not a regular file", place, "copy it to a file first")
            return None
        if status.st_size > MAXIMUM_BYTES:
            found.add(
                rules.TOO_LARGE,
                f"'{path}' has {status.st_size:,} bytes; a spec has at most {MAXIMUM_BYTES:,}",
                place,
                "split it into several pipelines",
            )
            return None
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        found.add(
            rules.UNREADABLE, f"cannot read '{path}': {reason.lower()}", place, "check path and permissions"
        )
        return None
    return _decode(content, path, found)


def _decode(content: bytes, file: str, found: Diagnostics) -> str | None:
    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        hint = "save it as UTF-8 without a byte order mark"
        found.add(rules.BYTE_ORDER_MARK, "the file starts with a byte order mark", Location(file), hint)
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        place = _place(file, before, len(before))
        message = f"byte {error.start} (0x{content[error.start]:02x}) is not UTF-8"
        found.add(rules.NOT_UTF8, message, place, "save the file as UTF-8")
        return None


def _reports_unprintable(text: str, file: str, found: Diagnostics) -> bool:
    bad = _UNPRINTABLE.search(text)
    if not bad:
        return False
    code = ord(bad.group())
    escape = f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    found.add(
        rules.UNPRINTABLE,
        f"the character U+{code:04X} cannot stand in a spec as it is",
        _place(file, text, bad.start()),
        f'write it as "{escape}" in double quotes, if it is meant at all',
    )
    return True


def _report_syntax(error: yaml.MarkedYAMLError, text: str, file: str, found: Diagnostics) -> None:
    mark = error.problem_mark or error.context_mark
    if mark and "\t" in _indent(text, mark.line):
        found.add(rules.TAB, "a tab indents this line", _at(file, mark), "indent with spaces")
        return
    problem = error.problem or "this is not YAML"
    fault = _FAULTS.get(problem) or _Fault(
        problem, "compare the indentation and the quotes with the line above"
    )
    if fault.at_start and error.context_mark:
        mark = error.context_mark
    hint = _STRUCT_HINT if mark and "struct<" in _line(text, mark.line) else fault.hint
    opened = error.context_mark if problem in _INSIDE_BRACKETS else None
    related = (Related("the bracket that is open", _at(file, opened)),) if opened else ()
    found.add(rules.SYNTAX, fault.message, _at(file, mark), hint, related)


@dataclass(frozen=True, slots=True)
class _Fault:
    """What a problem of the parser means; `at_start` where it stands at the start of what is broken."""

    message: str
    hint: str
    at_start: bool = False


_BRACKETS_HINT = "close the bracket, or quote a value that has one of , : [ ] { } in it"
_INDENT_HINT = "indent it like the lines it belongs with, and look for quotes that end too early"
_ESCAPE_HINT = "write \\\\ for one backslash, or use single quotes"
_STRUCT_HINT = 'a struct type needs quotes: "struct<name: string>"'
_INSIDE_BRACKETS = ("did not find expected ',' or ']'", "did not find expected ',' or '}'")
# The parser's own problems, in the words of somebody who writes a spec.
_FAULTS = {
    "mapping values are not allowed in this context": _Fault(
        "a ': ' stands inside a value here",
        "a value with a colon and a space in it needs quotes; or the line above is not finished",
    ),
    "could not find expected ':'": _Fault(
        "this line is neither 'key: value' nor '- item'", "write a colon and a space after the key", True
    ),
    "did not find expected key": _Fault("a key is expected here", _INDENT_HINT),
    "did not find expected '-' indicator": _Fault("an item, '- …', is expected here", _INDENT_HINT),
    "block sequence entries are not allowed in this context": _Fault(
        "a list cannot start in the middle of a line", "start it on a line of its own, or write [a, b]"
    ),
    "did not find expected ',' or ']'": _Fault("a ',' or ']' is expected here", _BRACKETS_HINT),
    "did not find expected ',' or '}'": _Fault("a ',' or '}' is expected here", _BRACKETS_HINT),
    "did not find expected node content": _Fault("a value is expected here", _BRACKETS_HINT),
    "did not find expected <document start>": _Fault(
        "nothing is expected after the end of the spec", "remove what follows, or the line '...' before it"
    ),
    "found character that cannot start any token": _Fault(
        "a value cannot start with this character", "put the value in quotes"
    ),
    "found unexpected end of stream": _Fault(
        "these quotes are never closed", "close them; inside single quotes, write '' for one '", True
    ),
    "found unknown escape character": _Fault("there is no such escape in double quotes", _ESCAPE_HINT),
    "did not find expected hexdecimal number": _Fault("this escape has too few digits", _ESCAPE_HINT),
    "found invalid Unicode character escape code": _Fault("no character has this code", _ESCAPE_HINT),
}


def _at(file: str, mark: Any) -> Location:
    return Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)


def _line(text: str, index: int) -> str:
    lines = text.splitlines()
    return lines[index] if index < len(lines) else ""


def _indent(text: str, index: int) -> str:
    line = _line(text, index)
    return line[: len(line) - len(line.lstrip(" \t"))]


def _place(file: str, text: str, index: int) -> Location:
    before = text[:index]
    return Location(file, before.count("\n") + 1, index - before.rfind("\n"))


class _Stop(Exception):
    """The rest of the document cannot be understood."""


class _Builder:
    """Build plain data and marks from the parser's events, and report what the language leaves out."""

    def __init__(self, text: str, file: str, found: Diagnostics) -> None:
        self.marks: dict[DocumentPath, Mark] = {}
        self._text = text
        self._file = file
        self._found = found
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)

    def document(self) -> Any:
        next(self._events)
        event = next(self._events)
        first = next(self._events) if isinstance(event, yaml.DocumentStartEvent) else None
        if first is None or (_is_scalar(first) and first.implicit[0] and not first.value):
            hint = "start with 'version: 1'"
            self._found.add(rules.EMPTY, "the spec is empty", Location(self._file), hint)
            raise _Stop
        data = self._value(first, (), first)
        next(self._events)
        after = next(self._events)
        if isinstance(after, yaml.DocumentStartEvent):
            hint = "keep one spec a file; remove the '---'"
            self._report(rules.SEVERAL_DOCUMENTS, "a second document starts here", after, hint)
        return data

    def _value(self, event: Any, path: DocumentPath, key: Any) -> Any:
        """Build what starts with `event`; `key` is the event its key (or itself) started with."""
        self._refuse_extras(event)
        if isinstance(event, yaml.ScalarEvent):
            self._mark(path, key, event)
            return _plain(event.value, in_list=key is event) if event.implicit[0] else event.value
        if isinstance(event, yaml.AliasEvent):
            message = f"'*{event.anchor}' is an alias"
            self._report(
                rules.ALIAS, message, event, "write the value out; a spec says each thing where it is"
            )
            self._mark(path, key, event)
            return None
        self._mark(path, key, event)
        if len(path) >= MAXIMUM_DEPTH:
            self._report(rules.TOO_DEEP, f"more than {MAXIMUM_DEPTH} levels inside one another", event, "")
            raise _Stop
        build = self._list if isinstance(event, yaml.SequenceStartEvent) else self._mapping
        return build(event, path)

    def _mapping(self, start: Any, path: DocumentPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key in self._events:
            if isinstance(key, yaml.MappingEndEvent):
                break
            name = self._key(key, path)
            here = (*path, name)
            if name in result:
                first = self.marks[here]
                self._report(
                    rules.DUPLICATE_KEY,
                    f"the key '{name}' stands here a second time",
                    key,
                    "keep one of the two",
                    (
                        Related(
                            "the first one",
                            Location(
                                self._file, first.key_line, first.key_column, dotted(here), first.key_length
                            ),
                        ),
                    ),
                )
                self._value(next(self._events), (*path, f"{name} (again)"), key)
                continue
            value = next(self._events)
            result[name] = self._value(value, here, key)
            if start.flow_style and self._explains_flow_comma(value):
                break
        return result

    def _list(self, start: Any, path: DocumentPath) -> list[Any]:
        result: list[Any] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            result.append(self._value(event, (*path, len(result)), event))
            if start.flow_style and self._explains_flow_comma(event):
                break
        return result

    def _key(self, event: Any, path: DocumentPath) -> str:
        self._refuse_extras(event)
        if not isinstance(event, yaml.ScalarEvent):
            self._report(rules.KEY_NOT_TEXT, "a key must be text", event, "write 'name: value'")
            raise _Stop
        if event.value == "<<" and event.implicit[0]:
            hint = "write the keys out; a spec says each thing where it is"
            self._report(rules.MERGE_KEY, "'<<' is a merge key", event, hint)
        return str(event.value)

    def _refuse_extras(self, event: Any) -> None:
        if event.anchor and not isinstance(event, yaml.AliasEvent):
            hint = "remove it; a spec says each thing where it is"
            self._report(rules.ANCHOR, f"'&{event.anchor}' is an anchor", event, hint)
        tag = getattr(event, "tag", None)
        if tag:
            name = f"!!{tag.removeprefix(_OWN_TAGS)}" if tag.startswith(_OWN_TAGS) else tag
            hint = "remove it; quote a value that must stay text"
            self._report(rules.TAG, f"'{name}' is a tag", event, hint)

    def _explains_flow_comma(self, event: Any) -> bool:
        """Recognise `{a: decimal(12,2)}` and `[bucket(16, id)]`, which YAML splits at the comma.

        What follows inside the same brackets is no longer what was meant, so it is passed over.
        """
        if not _is_scalar(event) or not event.implicit[0]:
            return False
        value = event.value
        meant = _balanced(self._text[event.start_mark.index :]) if _CALL.match(value) else ""
        if len(meant) <= len(value):
            return False
        self._report(
            rules.FLOW_COMMA,
            f"inside {{ }} and [ ] a comma ends the value, so only '{value}' is read here",
            event,
            f'quote it: "{meant}"',
        )
        self._skip_collection()
        return True

    def _skip_collection(self) -> None:
        depth = 1
        try:
            while depth:
                event = next(self._events)
                depth += isinstance(event, yaml.CollectionStartEvent)
                depth -= isinstance(event, yaml.CollectionEndEvent)
        except yaml.MarkedYAMLError:  # the same comma's fault, which has been explained
            raise _Stop from None

    def _mark(self, path: DocumentPath, key: Any, event: Any) -> None:
        start, end = event.start_mark, event.end_mark
        length, offset, lines = 1, -1, None
        if _is_scalar(event):
            on_one_line = start.line == end.line
            lines = None if on_one_line else self._lines(event)
            length = end.index - start.index if on_one_line else 1
            quotes = 0 if event.implicit[0] else 2
            if on_one_line and end.index - start.index - quotes == len(event.value):
                offset = quotes // 2
        key_start = key.start_mark
        key_length = max(key.end_mark.index - key_start.index, 1) if _is_scalar(key) else 1
        self.marks[path] = Mark(
            key_start.line + 1,
            key_start.column + 1,
            key_length,
            start.line + 1,
            start.column + 1,
            length,
            offset,
            path,
            lines,
        )

    def _lines(self, event: Any) -> Lines | None:
        """Return the source of a scalar over several lines, without its quotes or its `|`."""
        start, end = event.start_mark, event.end_mark
        if event.style in ("|", ">"):
            first = self._text.find("\n", start.index, end.index) + 1
            return Lines(start.line + 2, 1, self._text[first : end.index]) if first else None
        quote = len(event.style or "")
        return Lines(start.line + 1, start.column + 1 + quote, self._text[start.index + quote : end.index])

    def _report(
        self, rule: Rule, message: str, event: Any, hint: str, related: tuple[Related, ...] = ()
    ) -> None:
        start, end = event.start_mark, event.end_mark
        length = max(end.index - start.index, 1) if start.line == end.line else 1
        place = Location(self._file, start.line + 1, start.column + 1, length=length)
        self._found.add(rule, message, place, hint, related)


def _is_scalar(event: Any) -> bool:
    return isinstance(event, yaml.ScalarEvent)


def _plain(value: str, *, in_list: bool) -> Any:
    """Resolve an unquoted value; a list item is never nothing, so that a column may be called `null`."""
    if value == "true":
        return True
    if value == "false":
        return False
    if value == "" or (value in ("null", "~") and not in_list):
        return None
    return int(value) if _INTEGER.fullmatch(value) else value


def _balanced(text: str) -> str:
    """Return the start of `text` up to where its brackets close; empty where they do not on this line."""
    opened: list[str] = []
    for index, character in enumerate(text.split("\n", 1)[0]):
        if character in "(<":
            opened.append(character)
        elif character in ")>":
            if not opened or opened.pop() + character not in ("()", "<>"):
                return ""
            if not opened:
                return text[: index + 1]
    return ""
