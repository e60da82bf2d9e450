"""Findings and results as plain data, from which every report is made."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from compiler import __version__
from compiler.diagnostics import SEVERITIES, Diagnostic, Diagnostics, Location, Suppression
from compiler.passes.render import MAXIMUM_BYTES
from compiler.stack import Build, Part

MAXIMUM_INLINE_BYTES = 51_200
"""What a request to CloudFormation takes without a bucket (its user guide, cloudformation-limits.html)."""

Report = dict[str, Any]


def view(
    found: Diagnostics, build: Build | None, out: Path, written: tuple[str, ...], difference: str = ""
) -> Report:
    """Return everything there is to say after a compilation, as `schemas/report.schema.json` describes it."""
    suppressed = [_suppressed(*each) for each in found.suppressed()]
    return {
        "format_version": "1.0",
        "tool": {"name": "analytics-compile", "version": __version__},
        "diagnostics": [_diagnostic(each) for each in found],
        "suppressed": suppressed,
        "summary": {**{f"{each}s": found.count(each) for each in SEVERITIES}, "suppressed": len(suppressed)},
        "result": _result(build, out, written) if build else None,
        "difference": difference,
    }


def deploy_command(template: Path, stack: str, size: int, region: str = "") -> list[str]:
    """Return the AWS CLI's words that deploy a template of this size in bytes."""
    words = ["aws", "cloudformation", "deploy", "--template-file", template.as_posix(), "--stack-name", stack]
    if region:
        words += ["--region", region]
    if size > MAXIMUM_INLINE_BYTES:
        words += ["--s3-bucket", "BUCKET"]
    return [*words, "--capabilities", "CAPABILITY_NAMED_IAM"]


def _diagnostic(found: Diagnostic) -> Report:
    return {
        "code": found.rule.code,
        "name": found.rule.name,
        "severity": found.rule.severity,
        "message": found.message,
        "hint": found.hint,
        **_place(found.location),
        "related": [{"message": each.message, **_place(each.location)} for each in found.related],
    }


def _suppressed(found: Diagnostic, suppression: Suppression) -> Report:
    return {**_diagnostic(found), "reason": suppression.reason}


def _place(location: Location) -> Report:
    return {
        "file": location.file,
        "line": location.line,
        "column": location.column,
        "length": location.length,
        "path": location.path,
    }


def _result(build: Build, out: Path, written: tuple[str, ...]) -> Report:
    files = [*(out / path for path in build.files), build.lock_path]
    return {
        "stacks": [_stack(part, out, len(build.files[part.path])) for part in build.parts],
        "files": [{"path": path.as_posix(), "changed": path.as_posix() in written} for path in files],
    }


def _stack(part: Part, out: Path, size: int) -> Report:
    model = part.plan.model
    return {
        "stage": model.stage or None,
        "stack": part.stack.name,
        "resources": dict(sorted(Counter(part.stack.types.values()).items())),
        "template": {
            "path": (out / part.path).as_posix(),
            "bytes": size,
            "maximum_inline_bytes": MAXIMUM_INLINE_BYTES,
            "maximum_bytes": MAXIMUM_BYTES,
        },
        "deploy": deploy_command(out / part.path, part.stack.name, size, model.region),
    }
