"""Document to the document of one stage: the overlay merged in, every mark where the value was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from compiler import rules
from compiler.diagnostics import Diagnostics
from compiler.document import Document, Mark, Path, dotted
from compiler.names import nearest

_GUARDS = ("account", "region")
# What the lock keeps of a table, and what leads from one accepted state to the next.
_ACCEPTED_ONCE = (
    "namespace",
    "name",
    "was",
    "columns",
    "identifier",
    "partition",
    "sort",
    "properties",
    "storage_class",
    "allow",
)


def stage(document: Document, name: str, found: Diagnostics) -> Document:
    """Return the document of one stage, whose overlay has the right outer shape.

    It is merged by JSON Merge Patch (RFC 7396): maps key by key, null removes a key, and anything
    else, a list too, takes the place of what was there. A value of the overlay stands where the
    overlay has it, a map that both have stands where the spec has it.
    What is removed keeps a mark, at the null, so that what misses it can point there.
    Reports AC2011 for a value that is left out, and AC3302 for a null that removes nothing.
    """
    overlay = document.data["stages"][name]
    spec = {key: value for key, value in document.data.items() if key != "stages"}
    patch = {key: value for key, value in overlay.items() if key not in _GUARDS}
    merging = _Merging(document, ("stages", name), found)
    data = merging.merged(spec, patch, ())
    account, region = (str(overlay.get(key, "")) for key in _GUARDS)
    return Document(document.file, data, merging.marks, name, account, region)


def check_tables(document: Document, merged: Document, found: Diagnostics) -> None:
    """Refuse an overlay that says of a table what is accepted once for all stages. Reports AC3301."""
    before, after = (each.data.get("tables") or {} for each in (document, merged))
    if after is before or not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    where: Path = ("stages", merged.stage, "tables")
    hint = "say it in tables, for all stages: a table is accepted once, and the lock is one for all"
    for key in {**before, **after}:
        if key not in before or key not in after:
            fate = "only in" if key in after else "not in"
            message = f"table '{key}' is {fate} stage '{merged.stage}'"
            found.add(rules.STAGE_CHANGES_TABLE, message, document.locate_key((*where, key)), hint)
            continue
        tables = before[key], after[key]
        for part in _ACCEPTED_ONCE if all(isinstance(each, Mapping) for each in tables) else ():
            if tables[0].get(part) != tables[1].get(part):
                message = f"'{part}' of table '{key}' differs in stage '{merged.stage}'"
                place = document.locate_key((*where, key, part))
                found.add(rules.STAGE_CHANGES_TABLE, message, place, hint)


class _Merging:
    """One overlay on its way into the spec; `marks` are those of the merged document."""

    def __init__(self, document: Document, overlay: Path, found: Diagnostics) -> None:
        self.marks: dict[Path, Mark] = dict(document.marks)
        self._document = document
        self._overlay = overlay
        self._found = found

    def merged(self, target: Any, patch: Mapping[str, Any], path: Path) -> dict[str, Any]:
        """Return a value with a patch for what stands at `path` applied to it."""
        result = dict(target) if isinstance(target, Mapping) else {}
        for key, value in patch.items():
            here = (*path, key)
            if value is None:
                self._remove(result, key, here)
            elif isinstance(value, Mapping):
                if not isinstance(result.get(key), Mapping):
                    self._adopt(here)
                result[key] = self.merged(result.get(key), value, here)
            else:
                self._adopt_all(value, here)
                result[key] = value
        if target and not result and path:  # it is the overlay's doing that nothing is left
            at = self._document.marks[(*self._overlay, *path)]
            self.marks[path] = replace(self.marks[path], line=at.line, column=at.column, length=at.length)
        return result

    def _remove(self, result: dict[str, Any], key: str, here: Path) -> None:
        written = (*self._overlay, *here)
        place = self._document.locate_key(written)
        if not self._document.marks[written].length:
            message = f"'{dotted(written)}' has no value"
            hint = f"write null to remove '{dotted(here)}' in this stage, or remove the line"
            self._found.add(rules.EMPTY_IN_OVERLAY, message, place, hint)
        elif key not in result:
            near = nearest(key, result)
            hint = f"did you mean '{near}'?" if near else "remove the line"
            message = f"'{dotted(written)}' is null, and the spec has no '{dotted(here)}' to remove"
            self._found.add(rules.REMOVES_NOTHING, message, place, hint)
            return
        result.pop(key, None)
        self._adopt(here)

    def _adopt(self, here: Path) -> None:
        self.marks[here] = self._document.marks[(*self._overlay, *here)]

    def _adopt_all(self, value: Any, here: Path) -> None:
        self._adopt(here)
        if isinstance(value, Mapping):
            for key, inner in value.items():
                self._adopt_all(inner, (*here, key))
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                self._adopt_all(inner, (*here, index))
