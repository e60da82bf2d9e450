"""The only way from a value to template text: one line of YAML that loads as exactly that value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from compiler.printable import unturned

_WIDTH = 2**31 - 1  # the most that libyaml takes
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
# Text that means the same between double quotes, and text that does so between single quotes.
_PLAIN = re.compile(r"[ !#-\[\]-~]*")
_PRINTABLE = re.compile(r"[ -~]*")
# A key that no YAML reader takes for anything but text.
_KEY = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")
_LOGICAL_ID = re.compile(r"[A-Za-z0-9]{1,255}")
_NOT_A_KEY = {"True", "False", "Null", "Yes", "No", "On", "Off"}


class LogicalId(str):
    """A logical id, written bare; it has nothing but letters and digits."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Ref:
    """CloudFormation's `!Ref`."""

    logical_id: str


@dataclass(frozen=True, slots=True)
class GetAtt:
    """CloudFormation's `!GetAtt`."""

    logical_id: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Sub:
    """CloudFormation's `!Sub` with a variable map; `pattern` is ours, the values are the spec's.

    CloudFormation does not look for `${…}` inside the values.
    """

    pattern: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Block:
    """Text of ours over several lines, as a literal block under a key at `indent` spaces."""

    lines: tuple[str, ...]
    indent: int


def emit(value: Any) -> str:
    """Return `value` as YAML in flow style.

    Text is always quoted, so that no reader takes it for anything else. Raises ValueError for a
    logical id with other characters than letters and digits, TypeError for a value that is not
    plain data: both are faults of the compiler.
    """
    if type(value) is str:
        return _text(value)
    if value is True or value is False:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)}: {emit(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(emit, value)) + "]"
    return _special(value)


def _special(value: Any) -> str:
    if isinstance(value, LogicalId):
        return _checked_id(value)
    if isinstance(value, Ref):
        return f"!Ref {_checked_id(value.logical_id)}"
    if isinstance(value, GetAtt):
        return f"!GetAtt {_checked_id(value.logical_id)}.{_checked_id(value.attribute)}"
    if isinstance(value, Sub):
        return f"!Sub {emit([value.pattern, value.values])}"
    if isinstance(value, Block):
        indent = "\n" + " " * value.indent
        return "|" + "".join(indent + line if line else "\n" for line in value.lines)
    raise TypeError(f"{type(value).__name__} is not plain data")


def _text(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return f'"{value}"'
    if _PRINTABLE.fullmatch(value):
        return "'" + value.replace("'", "''") + "'"
    # PyYAML knows which characters need an escape; the width keeps it on one line.
    dumped: str = yaml.dump(value, Dumper=_DUMPER, default_style='"', width=_WIDTH, allow_unicode=True)
    return unturned(dumped.removesuffix("\n...\n").rstrip("\n"))


def _key(key: str) -> str:
    return key if _KEY.fullmatch(key) and key not in _NOT_A_KEY else _text(key)


def _checked_id(text: str) -> str:
    if not _LOGICAL_ID.fullmatch(text):
        raise ValueError(f"'{text}' is not a logical id")
    return str(text)
