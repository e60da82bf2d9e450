"""Findings alone, for a command whose result is something else than a compilation."""

from __future__ import annotations

from pathlib import Path

from compiler.diagnostics import Diagnostics
from compiler.report.text import text
from compiler.report.view import view


def findings(found: Diagnostics, *, colour: bool) -> str:
    """Return findings as text, each with the line it is about; nothing where there are none."""
    return text(view(found, None, Path(), ()), colour=colour, source=True)
