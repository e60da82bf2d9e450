"""Text of a stranger, made safe for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return `text` on one line, with an escape for every character that a terminal would not just show.

    A spec may hold anything in double quotes: line breaks that forge a finding, sequences that
    move the cursor, marks that turn the direction of writing.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else escaped(each) for each in text)


def escaped(character: str) -> str:
    r"""Return the escape of a character, as `\n` or `\x1b`."""
    return character.encode("unicode_escape").decode("ascii")
