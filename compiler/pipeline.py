"""The passes, in their order."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime

from compiler import __version__
from compiler.change import Plan
from compiler.diagnostics import Diagnostics
from compiler.document import Document
from compiler.lock import Lock
from compiler.lockfile import dump
from compiler.model import Model
from compiler.passes.lint import lint
from compiler.passes.load import load
from compiler.passes.plan import plan
from compiler.passes.recall import lock_path, recall
from compiler.passes.render import render
from compiler.passes.resolve import resolve
from compiler.passes.validate import validate
from compiler.passes.write import MANIFEST
from compiler.querypage import queries_page
from compiler.semantics.suppression import read_suppressions, report_unused
from compiler.stack import Build, Stack


def compile_spec(
    spec: str,
    found: Diagnostics,
    *,
    linting: bool = True,
    today: date | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Build | None:
    """Compile one spec to the bytes of its output; None once a pass has found an error.

    Every pass reports all that it can find, and the first one with an error is the last one.
    """
    document = load(spec, found)
    accepted = recall(spec, found)
    if document is None or found.failed:
        return None
    planned = plan_document(document, accepted, found, today)
    if planned is None or found.failed:
        return None
    stack = render(planned, found)
    if found.failed:
        return None
    if linting:
        progress("checking the template with cfn-lint")
        lint(stack, found)
    if found.failed:
        return None
    report_unused(found, linted=linting)
    return _build(spec, stack, planned)


def understand(
    document: Document, accepted: Lock | None, found: Diagnostics, today: date | None = None
) -> Model | None:
    """Return what a document means; None once a pass has found an error.

    An `ignore` ends before `today`: left out, the day in UTC, which is the same on every machine.
    """
    if not validate(document, found):
        return None
    read_suppressions(document, today or datetime.now(UTC).date(), found)
    model = resolve(document, found, accepted)
    return None if found.failed else model


def plan_document(
    document: Document, accepted: Lock | None, found: Diagnostics, today: date | None = None
) -> Plan | None:
    """Hold a document against what was accepted; a plan comes back even where a change is refused."""
    model = understand(document, accepted, found, today)
    return plan(model, accepted, document, found) if model else None


def _build(spec: str, stack: Stack, planned: Plan) -> Build:
    contents = {f"{stack.name}.template.yaml": stack.text.encode()}
    if planned.model.queries:
        contents[f"{stack.name}.queries.md"] = queries_page(planned.model).encode()
    manifest = {
        "format": 1,
        "compiler": __version__,
        "stack": stack.name,
        "resources": dict(sorted(Counter(stack.types.values()).items())),
        "files": [
            {"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for path, content in contents.items()
        ],
    }
    files = {**contents, MANIFEST: (json.dumps(manifest, indent=2) + "\n").encode()}
    return Build(stack, planned, files, lock_path(spec), dump(planned.next_lock).encode())
