"""A complaint about a piece of text, before it is known where in the spec the text stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Problem(Exception):
    """A text that cannot be read: why, where in it (0-based, in characters), and the way out."""

    message: str
    offset: int
    length: int
    hint: str = ""
