"""The page of each rule, and the page of them all: what is reported, why, and the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from compiler import assets
from compiler.diagnostics import Rule
from compiler.rules import RULES

Page = Mapping[str, Any]

_PASSES = {
    "1": "Reading the file",
    "2": "The shape of the spec",
    "3": "What the spec means",
    "4": "Changes since the last deployment",
    "5": "The template",
    "6": "The template, as cfn-lint sees it",
    "7": "Writing the output",
    "8": "What is there in AWS",
}
_HEAD = """\
# What the compiler says

<!-- Generated from rules.py and docs/rules/ by `python -m compiler.rulebook > docs/diagnostics.md`. -->

A finding names its place, how grave it is, its rule, and what to do:

```text
spec/analytics.yaml:13:27: error AC2001: unknown key 'buffer_secs' [unknown-key]
    13 |   clicks: {table: clicks, buffer_secs: 120}
       |                           ^^^^^^^^^^^
    hint: did you mean 'buffer_seconds'?
```

`analytics-compile explain AC2001` prints the page of a rule. An **error** is something that AWS or Iceberg
would refuse, or that would lose data; nothing is written. A **warning** is probably a mistake, and
**info** something to know; with `--fail-on warning` or `--fail-on info` these fail too.

A warning that does not apply to an entry is ignored there, for a reason and, better, until a day:

```yaml
tables:
  clicks:
    ignore: [{rule: AC3101, reason: Every producer sends the key, until: 2027-01-31}]
```

The examples show only the sections that matter; the rest is [the smallest spec](spec.md#the-smallest-spec).
"""
_DOCUMENT = re.compile(r"^---\n", re.MULTILINE)


def page(rule: Rule) -> Page:
    """Return what there is to say about a rule; `example` is None where no spec can show it."""
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "summary": rule.summary,
        "why": rule.why,
        "fix": rule.fix,
        "example": _example(rule.code),
    }


def text(page: Page) -> str:
    """Return a page for a terminal."""
    return "\n".join(_text(page))


def markdown(page: Page) -> str:
    """Return a page in Markdown, without a heading."""
    return "\n".join(_markdown(page))


def table(pages: list[Page]) -> str:
    """Return a line for each page."""
    widest = max(len(each["name"]) for each in pages)
    return "".join(
        f"{each['code']}  {each['severity']:<7}  {each['name']:<{widest}}  {each['summary']}\n"
        for each in pages
    )


def book() -> str:
    """Return the page of all rules in Markdown."""
    return "\n".join(_book())


def _example(code: str) -> dict[str, str] | None:
    """Return the spec that a rule refuses and the mended one: the two documents of the rule's file."""
    file = assets.folder("docs") / "rules" / f"{code}.yaml"
    if not file.is_file():
        return None
    fails, instead = _DOCUMENT.split(file.read_bytes().decode("utf-8"), 1)
    return {"fails": fails, "instead": instead}


def _text(page: Page) -> Iterator[str]:
    yield f"{page['code']} {page['name']} ({page['severity']})"
    yield f"\n{page['summary']}"
    yield f"\nWhy: {page['why']}"
    yield f"What to do: {page['fix']}"
    for title, spec in _titled(page):
        yield f"\n{title}\n"
        yield from (f"    {line}".rstrip() for line in spec.splitlines())
    yield ""


def _markdown(page: Page) -> Iterator[str]:
    yield f"{page['summary']}\n"
    yield f"*Why:* {page['why']}\n"
    yield f"*What to do:* {page['fix']}\n"
    for title, spec in _titled(page):
        yield f"{title}\n\n```yaml\n{spec}```\n"


def _titled(page: Page) -> Iterator[tuple[str, str]]:
    if page["example"]:
        yield "This is reported:", page["example"]["fails"]
        yield "This is not:", page["example"]["instead"]


def _book() -> Iterator[str]:
    yield _HEAD
    for digit, title in _PASSES.items():
        pages = [page(rule) for rule in RULES if rule.code[2] == digit]
        if not pages:
            continue
        yield f"## {title}\n"
        yield "| code | name | severity | what it says |\n| --- | --- | --- | --- |"
        for each in pages:
            link = f"[{each['code']}](#{each['code'].lower()}-{each['name']})"
            yield f"| {link} | {each['name']} | {each['severity']} | {each['summary']} |"
        yield ""
        for each in pages:
            yield f"### {each['code']} {each['name']}\n"
            yield f"{each['severity'].capitalize()}. {markdown(each)}"


if __name__ == "__main__":
    print(book(), end="")
