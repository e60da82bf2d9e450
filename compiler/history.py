"""A spec and its lock as a commit of git has them."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

from compiler import rules
from compiler.change import Earlier
from compiler.diagnostics import Diagnostics, Location
from compiler.passes.load import parse
from compiler.passes.recall import lock_path, understand
from compiler.passes.render import render
from compiler.pipeline import plan_document


def at_commit(spec: str, reference: str, found: Diagnostics) -> dict[str, Earlier] | None:
    """Compile the spec as it was at a commit: each of its stages, or under an empty name itself.

    None, with the reason in `found`, where that cannot be.
    """
    name = f"{reference}:{spec}"
    text = _show(spec, reference, found)
    if text is None:
        return None
    path = lock_path(spec)
    lock_text = _show(str(path), reference, Diagnostics())
    document = parse(text, name, found)
    accepted = understand(lock_text, f"{reference}:{path}", found) if lock_text is not None else None
    if document is None or found.failed:
        return None
    # Warnings about an old spec are of no use to anybody; its errors say why there is no plan.
    earlier = Diagnostics()
    # An `ignore` that has ended since then was in force then.
    plans = plan_document(document, accepted, earlier, date.min)
    if earlier.failed:
        hint = "compare with a commit whose spec compiles"
        found.add(rules.NOT_COMPARABLE, f"the spec at '{reference}' does not compile", Location(name), hint)
        return None
    name = f"{reference} of git"
    return {
        each.model.stage: Earlier(name, render(each, Diagnostics()).text, each.next_lock) for each in plans
    }


def _show(path: str, reference: str, found: Diagnostics) -> str | None:
    folder, file = Path(path).resolve().parent, Path(path).name
    hint = "name a branch, tag or commit that has the spec"
    if not reference or reference.startswith("-"):  # git would take it for the index, or for an option
        found.add(rules.NOT_COMPARABLE, f"'{reference}' cannot name a commit", Location(path), hint)
        return None
    command = ["git", "-C", str(folder), "show", "--end-of-options", f"{reference}:./{file}"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        found.add(rules.NOT_COMPARABLE, f"git cannot be run: {error}", Location(path), "install git")
        return None
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()
        said = reason[-1].removeprefix("fatal: ").rstrip(".") if reason else "no reason given"
        message = f"git has no '{reference}:{file}': {said}"
        found.add(rules.NOT_COMPARABLE, message, Location(path), hint)
        return None
    return done.stdout.decode("utf-8", "replace")
