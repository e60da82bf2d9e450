"""The passes, in their order."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from compiler import __version__, rules
from compiler.change import Plan
from compiler.diagnostics import Diagnostics, Location
from compiler.document import Document
from compiler.lock import Lock
from compiler.lockfile import dump
from compiler.model import Model
from compiler.names import did_you_mean
from compiler.passes.lint import lint
from compiler.passes.load import load
from compiler.passes.plan import check_left, plan, plan_tables
from compiler.passes.recall import lock_path, recall
from compiler.passes.render import render
from compiler.passes.resolve import resolve
from compiler.passes.stage import check_tables, stage
from compiler.passes.validate import validate, validate_stages
from compiler.passes.write import MANIFEST
from compiler.querypage import queries_page
from compiler.semantics.apart import check_apart
from compiler.semantics.suppression import read_suppressions, report_unused
from compiler.stack import Build, Part, Stack


def compile_spec(
    spec: str,
    found: Diagnostics,
    *,
    stages: Sequence[str] = (),
    one: bool = False,
    linting: bool = True,
    today: date | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Build | None:
    """Compile one spec to the bytes of its output; None once a pass has found an error.

    Every pass reports all that it can find, in every stage, and the first one with an error is the
    last one. `stages` picks some of the spec's stages; with `one`, no more than one may be left.
    """
    document = load(spec, found)
    accepted = recall(spec, found)
    if document is None or found.failed:
        return None
    plans = plan_document(document, accepted, found, today, stages=stages, one=one)
    if found.failed:
        return None
    stacks = [render(each, _found_of(each, found)) for each in plans]
    if linting and not found.failed:
        progress("checking the template with cfn-lint")
        for each, stack in zip(plans, stacks, strict=True):
            lint(stack, _found_of(each, found))
    if found.failed:
        return None
    report_unused(found, linted=linting)
    return _build(spec, document, plans, stacks)


def plan_document(
    document: Document,
    accepted: Lock | None,
    found: Diagnostics,
    today: date | None = None,
    *,
    stages: Sequence[str] = (),
    one: bool = False,
) -> tuple[Plan, ...]:
    """Hold a document against what was accepted; plans come back even where a change is refused."""
    picked = _picked(document, stages, one, found)
    models = _understood(document, picked, accepted, found, today)
    if not models:
        return ()
    if accepted:
        check_left(accepted, document, found)
    tables = plan_tables(models[0].model, accepted, models[0].document)
    return tuple(plan(each.model, accepted, each.document, tables, each.found) for each in models)


def understand(
    document: Document,
    accepted: Lock | None,
    found: Diagnostics,
    today: date | None = None,
    *,
    stages: Sequence[str] = (),
) -> Model | None:
    """Return what a document means in one stage; None once a pass has found an error."""
    picked = _picked(document, stages, True, found)
    models = _understood(document, picked, accepted, found, today)
    return models[0].model if models else None


@dataclass(frozen=True, slots=True)
class _Understood:
    """What a document means in one stage, and where to say more about it."""

    model: Model
    document: Document
    found: Diagnostics


def _picked(document: Document, stages: Sequence[str], one: bool, found: Diagnostics) -> tuple[str, ...]:
    """Return the stages that are asked for, in the order of the spec, or all of them."""
    for name in stages:
        if name not in document.stages:
            message = f"--stage names '{name}', which is not declared in stages"
            hint = did_you_mean(name, document.stages, "stages")
            found.add(rules.UNKNOWN_REFERENCE, message, Location(document.file), hint)
    picked = tuple(each for each in document.stages if each in stages or not stages)
    if one and len(picked) > 1:
        names = ", ".join(picked)
        message = f"this is about one stack, and the spec has the stages {names}"
        hint = f"add --stage {picked[0]}"
        found.add(rules.SEVERAL_STAGES, message, Location(document.file), hint)
    return picked


def _understood(
    document: Document,
    picked: tuple[str, ...],
    accepted: Lock | None,
    found: Diagnostics,
    today: date | None,
) -> list[_Understood]:
    """Return what the document means, in each of its picked stages; nothing once a pass found an error.

    An `ignore` ends before `today`: left out, the day in UTC, which is the same on every machine.
    """
    documents = _staged(document, picked, found)
    valid = [validate(each, where) for each, where in documents]
    if found.failed or not all(valid):
        return []
    for each, where in documents:
        read_suppressions(each, today or datetime.now(UTC).date(), where)
    models = [_Understood(resolve(each, where, accepted), each, where) for each, where in documents]
    check_apart([(each.model, each.document, each.found) for each in models])
    return [] if found.failed else models


def _staged(
    document: Document, picked: tuple[str, ...], found: Diagnostics
) -> list[tuple[Document, Diagnostics]]:
    """Return the document of each picked stage with where its findings go; or itself, without stages."""
    if not document.stages:
        return [(document, found)]
    if found.failed or not validate_stages(document, found):
        return []
    documents = []
    for name in document.stages:
        where = found.of_stage(name) if name in picked else Diagnostics()
        merged = stage(document, name, where)
        check_tables(document, merged, found)
        if name in picked:
            documents.append((merged, where))
    return [] if found.failed else documents


def _found_of(planned: Plan, found: Diagnostics) -> Diagnostics:
    return found.of_stage(planned.model.stage) if planned.model.stage else found


def _build(spec: str, document: Document, plans: Sequence[Plan], stacks: Sequence[Stack]) -> Build:
    parts = tuple(Part(each, stack) for each, stack in zip(plans, stacks, strict=True))
    contents = {part.path: _contents(part) for part in parts}
    files = {path: content for each in contents.values() for path, content in each.items()}
    files[MANIFEST] = _json(_manifest(parts, contents))
    others = set(document.stages) - {each.model.stage for each in plans}
    lock = dump(_next_lock(plans)).encode()
    return Build(parts, files, lock_path(spec), lock, tuple(sorted(others)))


def _contents(part: Part) -> dict[str, bytes]:
    """Return the files of one stack: the template, and the page about its queries if it has some."""
    template = {part.path: part.stack.text.encode()}
    if not part.plan.model.queries:
        return template
    return {**template, part.queries_path: queries_page(part.plan.model).encode()}


def _manifest(parts: Sequence[Part], contents: dict[str, dict[str, bytes]]) -> dict[str, Any]:
    head: dict[str, Any] = {"format": 1, "compiler": __version__}
    if not parts[0].plan.model.stage:
        return {**head, **_listed(parts[0], contents[parts[0].path])}
    stages = {part.plan.model.stage: _listed(part, contents[part.path]) for part in parts}
    return {**head, "stages": dict(sorted(stages.items()))}


def _listed(part: Part, contents: dict[str, bytes]) -> dict[str, Any]:
    return {
        "stack": part.stack.name,
        "resources": dict(sorted(Counter(part.stack.types.values()).items())),
        "files": [
            {"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for path, content in contents.items()
        ],
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()


def _next_lock(plans: Sequence[Plan]) -> Lock:
    """Return what all plans come to: they agree on the tables, and each has a stack of its own."""
    lock = plans[0].next_lock
    for each in plans[1:]:
        lock = lock.with_stack(each.model.stack, each.next_lock.stacks[each.model.stack])
    return lock
