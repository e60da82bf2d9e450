"""The lock beside the spec, read back."""

from __future__ import annotations

from pathlib import Path

from compiler import rules
from compiler.diagnostics import Diagnostics, Location
from compiler.lock import Lock
from compiler.lockfile import LockProblem, parse

_REBUILD = "take it from git again, or rebuild it: analytics-compile lock SPEC --from-aws"
_RULES = {
    "unreadable": (rules.LOCK_UNREADABLE, _REBUILD),
    "newer": (rules.LOCK_NEWER, "install the newer analytics-compile"),
    "conflict": (
        rules.LOCK_CONFLICT,
        "take the lock of the branch that is deployed, keep both changes in the spec, and compile again",
    ),
    "edited": (rules.LOCK_EDITED, _REBUILD),
}


def lock_path(spec: str) -> Path:
    """Return where the lock of a spec stands: `spec/analytics.lock.json` for `spec/analytics.yaml`."""
    path = Path(spec)
    # What has no name, as '.', is no spec either, which load reports.
    return path.with_suffix(".lock.json") if path.name else path / ".lock.json"


def recall(spec: str, found: Diagnostics) -> Lock | None:
    """Read the lock of a spec; None where there is none yet. Reports AC4201 to AC4204."""
    return read_lock(lock_path(spec), found)


def read_lock(path: Path, found: Diagnostics) -> Lock | None:
    """Read one lock by its own name."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        found.add(rules.LOCK_UNREADABLE, f"the lock cannot be read: {reason}", Location(str(path)))
        return None
    return understand(text, str(path), found)


def understand(text: str, name: str, found: Diagnostics) -> Lock | None:
    """Read the text of a lock; `name` is only for messages."""
    try:
        return parse(text)
    except LockProblem as problem:
        rule, hint = _RULES[problem.kind]
        found.add(rule, problem.message, Location(name, problem.line, problem.column), hint)
        return None
