"""The passes, in their order."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime

from compiler import __version__
from compiler.diagnostics import Diagnostics
from compiler.passes.lint import lint
from compiler.passes.load import load
from compiler.passes.plan import plan
from compiler.passes.render import render
from compiler.passes.resolve import resolve
from compiler.passes.validate import validate
from compiler.passes.write import MANIFEST
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
    `today` decides which `ignore` has ended: left out, the day in UTC, which is the same on every machine.
    """
    document = load(spec, found)
    if document is None or not validate(document, found):
        return None
    read_suppressions(document, today or datetime.now(UTC).date(), found)
    model = resolve(document, found)
    if found.failed:
        return None
    stack = render(plan(model), found)
    if found.failed:
        return None
    if linting:
        progress("checking the template with cfn-lint")
        lint(stack, found)
    if found.failed:
        return None
    report_unused(found, linted=linting)
    return _build(stack)


def _build(stack: Stack) -> Build:
    template = stack.text.encode()
    name = f"{stack.name}.template.yaml"
    manifest = {
        "format": 1,
        "compiler": __version__,
        "stack": stack.name,
        "resources": dict(sorted(Counter(stack.types.values()).items())),
        "files": [{"path": name, "bytes": len(template), "sha256": hashlib.sha256(template).hexdigest()}],
    }
    return Build(stack, {name: template, MANIFEST: (json.dumps(manifest, indent=2) + "\n").encode()})
