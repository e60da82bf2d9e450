"""The one spec that is being resolved, and the way to say something about a place in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from compiler import rules
from compiler.diagnostics import Diagnostics, Location, Related, Rule
from compiler.document import Document, Path
from compiler.names import did_you_mean, nearest
from compiler.problem import Problem


@dataclass(frozen=True, slots=True)
class Scope:
    """A document and the findings about it."""

    document: Document
    found: Diagnostics
    refused: frozenset[Path] = frozenset()
    """Values that are refused whatever they mean: a complaint about one would only repeat that."""

    def at(self, *path: str | int) -> Location:
        """Return where the value at `path` stands."""
        return self.document.locate(path)

    def left_out(self, section: str, name: str) -> bool:
        """Whether the spec declares an entry, so that one the model lacks has errors of its own."""
        return name in self.document.data.get(section, {})

    def report(
        self,
        rule: Rule,
        message: str,
        path: Path,
        hint: str = "",
        *,
        key: bool = False,
        related: tuple[Related, ...] = (),
    ) -> None:
        """Report a finding at the value (or the key) of `path`."""
        if path in self.refused:
            return
        locate = self.document.locate_key if key else self.document.locate
        self.found.add(rule, message, locate(path), hint, related)

    def report_problem(self, rule: Rule, subject: str, problem: Problem, path: Path) -> None:
        """Report a problem with the text at `path`, at its place inside that text."""
        if path in self.refused:
            return
        place = self.document.locate_within(path, problem.offset, problem.length)
        self.found.add(rule, f"{subject}: {problem.message}", place, problem.hint)

    def report_unknown(self, subject: str, name: str, section: str, known: Iterable[str], path: Path) -> None:
        """Report a name that no section declares, or that an overlay has removed."""
        removed = self.document.removed((section, name))
        if removed:
            message = f"{subject} '{name}', which the overlay removes from {section}"
            hint = "keep it in this stage, or change in the overlay what names it"
            related = (Related("removed here", removed),)
            self.report(rules.UNKNOWN_REFERENCE, message, path, hint, related=related)
            return
        message = f"{subject} '{name}', which is not declared in {section}"
        # An entry with errors of its own may still be the one that was meant.
        names = dict.fromkeys([*known, *self.document.data.get(section, {})])
        self.report(rules.UNKNOWN_REFERENCE, message, path, did_you_mean(name, names, section))

    def report_unknown_column(
        self, subject: str, column: str, table: str, known: Iterable[str], path: Path
    ) -> None:
        """Report a column that a table does not have."""
        columns = list(known)
        near = nearest(column, columns)
        hint = f"did you mean '{near}'?" if near else f"table '{table}' has {_listed(columns)}"
        self.report(
            rules.UNKNOWN_COLUMN, f"{subject} '{column}', which table '{table}' does not have", path, hint
        )


def _listed(names: list[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
