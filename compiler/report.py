"""Findings and results as text and JSON; the text is made from the JSON."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from compiler import __version__
from compiler.diagnostics import Diagnostic, Diagnostics, Location
from compiler.passes.render import MAXIMUM_BYTES
from compiler.stack import Build

MAXIMUM_INLINE_BYTES = 51_200
"""What a request to CloudFormation takes without a bucket (its user guide, cloudformation-limits.html)."""

_COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "info": "\x1b[1;36m"}
_FAINT, _BOLD, _RESET = "\x1b[2m", "\x1b[1m", "\x1b[0m"


def view(found: Diagnostics, build: Build | None, out: Path, written: tuple[str, ...]) -> dict[str, Any]:
    """Return everything there is to say after a compilation, as plain data."""
    return {
        "format_version": "1.0",
        "tool": {"name": "analytics-compile", "version": __version__},
        "diagnostics": [_diagnostic(each) for each in found],
        "summary": {f"{each}s": found.count(each) for each in ("error", "warning")},
        "result": _result(build, out, written) if build else None,
    }


def text(report: Mapping[str, Any], *, colour: bool, quiet: bool = False) -> str:
    """Return a report as a person reads it."""
    lines = [line for each in report["diagnostics"] for line in _finding(each, colour)]
    result = report["result"]
    if result and not quiet:
        lines += ["", *_made(result, colour)] if lines else _made(result, colour)
    summary = report["summary"]
    if summary["errors"] or summary["warnings"]:
        found = [_count(summary[each], each[:-1]) for each in ("errors", "warnings") if summary[each]]
        lines += ["", f"Found {' and '.join(found)}."]
    return "\n".join(lines) + "\n" if lines else ""


def deploy_command(template: Path, stack: str, size: int) -> list[str]:
    """Return the AWS CLI's words that deploy a template of this size in bytes."""
    words = ["aws", "cloudformation", "deploy", "--template-file", template.as_posix(), "--stack-name", stack]
    if size > MAXIMUM_INLINE_BYTES:
        words += ["--s3-bucket", "BUCKET"]
    return [*words, "--capabilities", "CAPABILITY_NAMED_IAM"]


def _diagnostic(found: Diagnostic) -> dict[str, Any]:
    return {
        "code": found.rule.code,
        "name": found.rule.name,
        "severity": found.rule.severity,
        "message": found.message,
        "hint": found.hint,
        **_place(found.location),
        "related": [{"message": each.message, **_place(each.location)} for each in found.related],
    }


def _place(location: Location) -> dict[str, Any]:
    return {
        "file": location.file,
        "line": location.line,
        "column": location.column,
        "length": location.length,
        "path": location.path,
    }


def _result(build: Build, out: Path, written: tuple[str, ...]) -> dict[str, Any]:
    template, *_ = build.files
    size = len(build.files[template])
    files = [*(out / path for path in build.files), build.lock_path]
    types: dict[str, int] = {}
    for each in build.stack.types.values():
        types[each] = types.get(each, 0) + 1
    return {
        "stack": build.stack.name,
        "resources": dict(sorted(types.items())),
        "template": {
            "path": (out / template).as_posix(),
            "bytes": size,
            "maximum_inline_bytes": MAXIMUM_INLINE_BYTES,
            "maximum_bytes": MAXIMUM_BYTES,
        },
        "files": [{"path": path.as_posix(), "changed": path.as_posix() in written} for path in files],
        "deploy": deploy_command(out / template, build.stack.name, size),
    }


def _finding(found: Mapping[str, Any], colour: bool) -> Iterator[str]:
    place = f"{_visible(found['file'])}:{found['line']}:{found['column']}"
    severity = _paint(found["severity"], _COLOURS[found["severity"]], colour)
    message = _paint(_visible(found["message"]), _BOLD, colour)
    name = _paint(f"[{found['name']}]", _FAINT, colour)
    yield f"{place}: {severity} {found['code']}: {message} {name}"
    if found["hint"]:
        yield f"    hint: {_visible(found['hint'])}"
    for related in found["related"]:
        yield f"    {related['file']}:{related['line']}:{related['column']}: {related['message']}"


def _visible(text_: str) -> str:
    """Show as escapes what would steer a terminal instead of being read."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text_)


def _made(result: Mapping[str, Any], colour: bool) -> list[str]:
    template = result["template"]
    kinds = [_count(count, _noun(type_)) for type_, count in _by_count(result["resources"])]
    lines = [
        f"{_paint(result['stack'], _BOLD, colour)}: {_count(sum(result['resources'].values()), 'resource')}",
        *(f"  {line}" for line in _wrapped(kinds)),
        "",
        *(f"  {file['path']}{'' if file['changed'] else '  (unchanged)'}" for file in result["files"]),
        f"  {_size(template)}",
        "",
        "Deploy it:",
        f"  {shlex.join(result['deploy'])}",
    ]
    if "--s3-bucket" in result["deploy"]:
        lines.append("  BUCKET is a bucket of yours in the same Region, where the CLI puts the template.")
    return lines


def _size(template: Mapping[str, Any]) -> str:
    size = template["bytes"]
    if size <= template["maximum_inline_bytes"]:
        limit = f"{template['maximum_inline_bytes']:,} that a deploy takes without a bucket"
    else:
        limit = f"{template['maximum_bytes']:,} that a template may have in a bucket"
    return f"template: {size:,} bytes of the {limit}"


def _by_count(resources: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(resources.items(), key=lambda each: (-each[1], each[0]))


def _noun(type_: str) -> str:
    return type_.removeprefix("AWS::")


def _wrapped(parts: list[str], width: int = 96) -> list[str]:
    lines = [""]
    for index, part in enumerate(parts):
        piece = part + ("," if index < len(parts) - 1 else "")
        if lines[-1] and len(lines[-1]) + len(piece) + 1 > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {piece}".strip()
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if "::" in noun or number == 1 else f"{number} {noun}s"


def _paint(text_: str, colour_code: str, colour: bool) -> str:
    return f"{colour_code}{text_}{_RESET}" if colour else text_
