"""The section `alarms`: whom to tell, and of what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from compiler import rules
from compiler.model import Alarms, Function, Stream
from compiler.semantics.scope import Scope


def resolve_alarms(
    entry: Mapping[str, Any] | None,
    streams: Collection[Stream],
    functions: Collection[Function],
    scope: Scope,
) -> Alarms | None:
    """Resolve the section `alarms`; None where there is none."""
    if entry is None:
        return None
    if not (streams or functions or scope.found.failed):  # what was left out may be what they are about
        message = "there are alarms, and no stream or function that they could watch"
        hint = "remove alarms, or add a stream or a function"
        scope.report(rules.NOTHING_TO_WATCH, message, ("alarms",), hint, key=True)
    minutes = entry.get("freshness_minutes", 15)
    for stream in streams:
        if stream.buffer_seconds >= minutes * 60:
            message = (
                f"stream '{stream.key}' keeps records for up to {stream.buffer_seconds} seconds, "
                f"and an alarm goes off after {minutes * 60} seconds"
            )
            hint = "make alarms.freshness_minutes longer than the stream's buffer_seconds"
            scope.found.add(rules.FRESHNESS_BELOW_BUFFER, message, stream.location, hint)
    return Alarms(
        notify=entry["notify"],
        failed_rows=entry.get("failed_rows", 0),
        freshness_minutes=minutes,
        dashboard=entry.get("dashboard", True),
        location=scope.document.locate_key(("alarms",)),
    )
