"""A report as a person reads it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from compiler.printable import printable
from compiler.report.excerpt import Sources, excerpt

_COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "info": "\x1b[1;36m"}
_FAINT, _BOLD, _RESET = "\x1b[2m", "\x1b[1m", "\x1b[0m"

Part = Mapping[str, Any]


def text(report: Part, *, colour: bool, quiet: bool = False, source: bool = False) -> str:
    """Return a report as text; with `source`, each finding with the line it is about.

    The first line of a finding is `file:line:column: severity CODE: message [name]`, for programs
    that look for such lines.
    """
    sources = Sources() if source else None
    findings = ["\n".join(_finding(each, sources, colour)) for each in report["diagnostics"]]
    result = _made(report["result"], colour) if report["result"] and not quiet else []
    parts = [
        ("\n\n" if source else "\n").join(findings),
        "\n".join(result),
        _summary(report["summary"], quiet),
    ]
    whole = "\n\n".join(part for part in parts if part)
    return f"{whole}\n" if whole else ""


def _finding(found: Part, sources: Sources | None, colour: bool) -> Iterator[str]:
    severity = _paint(found["severity"], _COLOURS[found["severity"]], colour)
    message = _paint(printable(found["message"]), _BOLD, colour)
    name = _paint(f"[{found['name']}]", _FAINT, colour)
    yield f"{_place(found)}: {severity} {found['code']}: {message} {name}"
    yield from _marked(found, sources, _COLOURS[found["severity"]], colour)
    if found["hint"]:
        yield f"    hint: {printable(found['hint'])}"
    for related in found["related"]:
        yield f"    {_place(related)}: {printable(related['message'])}"
        yield from _marked(related, sources, _FAINT, colour)


def _place(place: Part) -> str:
    return f"{printable(place['file'])}:{place['line']}:{place['column']}"


def _marked(place: Part, sources: Sources | None, mark: str, colour: bool) -> Iterator[str]:
    """Yield the line of a place and what marks it; nothing for a finding about a file as a whole."""
    whole_file = place["line"] == place["column"] == 1 and not place["path"]
    line = sources.line(place["file"], place["line"]) if sources and not whole_file else None
    if line is None:
        return
    part = excerpt(line, place["column"], place["length"])
    gutter = f"{place['line']} |"
    below = f"{'|':>{len(gutter)}}"
    carets = _paint("^" * part.width, mark, colour)
    yield f"    {_paint(gutter, _FAINT, colour)} {part.text}"
    yield f"    {_paint(below, _FAINT, colour)} {' ' * part.start}{carets}"


def _summary(summary: Mapping[str, int], quiet: bool) -> str:
    found = [_count(summary[each], each[:-1]) for each in ("errors", "warnings") if summary[each]]
    lines = [f"Found {' and '.join(found)}."] if found else []
    if summary["suppressed"] and not quiet:
        lines.append(f"Left out {_count(summary['suppressed'], 'finding')} that the spec says to ignore.")
    return "\n".join(lines)


def _made(result: Part, colour: bool) -> list[str]:
    stacks = result["stacks"]
    lines = [
        *(line for each in stacks for line in _stack(each, colour)),
        "",
        *(
            f"  {printable(file['path'])}{'' if file['changed'] else '  (unchanged)'}"
            for file in result["files"]
        ),
        *(f"  {_size(each)}" for each in stacks),
        "",
        "Deploy it:" if len(stacks) == 1 else "Deploy them, each when you like:",
        *(f"  {printable(shlex.join(each['deploy']))}" for each in stacks),
    ]
    if any("--s3-bucket" in each["deploy"] for each in stacks):
        lines.append("  BUCKET is a bucket of yours in the same Region, where the CLI puts the template.")
    return lines


def _stack(stack: Part, colour: bool) -> Iterator[str]:
    kinds = [_count(count, _noun(type_)) for type_, count in _by_count(stack["resources"])]
    resources = _count(sum(stack["resources"].values()), "resource")
    yield f"{_paint(stack['stack'], _BOLD, colour)}: {resources}"
    yield from (f"  {line}" for line in _wrapped(kinds))


def _size(stack: Part) -> str:
    template, subject = stack["template"], f"{stack['stage']} template" if stack["stage"] else "template"
    size = template["bytes"]
    if size <= template["maximum_inline_bytes"]:
        limit = f"{template['maximum_inline_bytes']:,} that a deploy takes without a bucket"
    else:
        limit = f"{template['maximum_bytes']:,} that a template may have in a bucket"
    return f"{subject}: {size:,} bytes of the {limit}"


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
