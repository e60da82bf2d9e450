"""Text of a stranger, made safe for whoever sees it in a terminal or a file."""

from __future__ import annotations

import re


def printable(text: str) -> str:
    """Return `text` on one line, with an escape for every character that a terminal would not just show.

    A spec may hold anything in double quotes: line breaks that forge a finding, sequences that
    move the cursor, marks that turn the direction of writing.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else escaped(each) for each in text)


def unturned(text: str) -> str:
    r"""Return text with an escape, as `\u202e`, for every mark that turns the direction of writing.

    For text that stands in double quotes, where YAML and JSON read the escape as the mark. In a file that
    somebody reviews, a mark itself could show a value as another one.
    """
    return _TURNS.sub(lambda match: escaped(match[0]), text)


# Unicode's Bidi_Control (PropList.txt). A fixed list: what Python calls printable changes with its version.
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def escaped(character: str) -> str:
    r"""Return the escape of a character, as `\n` or `\x1b`."""
    return character.encode("unicode_escape").decode("ascii")
