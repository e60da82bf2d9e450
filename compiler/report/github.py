"""A report as GitHub's annotations of a pull request.

GitHub Actions documentation, "Workflow commands for GitHub Actions"; how to escape is only in the
runner's own source, src/Runner.Common/ActionCommand.cs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.printable import printable

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}
_IN_TEXT = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = _IN_TEXT | str.maketrans({":": "%3A", ",": "%2C"})


def github(report: Mapping[str, Any]) -> str:
    """Return one workflow command a finding."""
    return "".join(f"{_command(each)}\n" for each in report["diagnostics"])


def _command(found: Mapping[str, Any]) -> str:
    properties = {
        "file": found["file"],
        "line": found["line"],
        "endLine": found["line"],
        "col": found["column"],
        "endColumn": found["column"] + found["length"],
        "title": f"{found['code']} {found['name']}",
    }
    given = ",".join(f"{key}={str(value).translate(_IN_PROPERTY)}" for key, value in properties.items())
    return f"::{_COMMANDS[found['severity']]} {printable(given)}::{_text(found).translate(_IN_TEXT)}"


def _text(found: Mapping[str, Any]) -> str:
    lines = [found["message"]]
    if found["hint"]:
        lines.append(f"hint: {found['hint']}")
    lines += [
        f"{each['file']}:{each['line']}:{each['column']}: {each['message']}" for each in found["related"]
    ]
    return "\n".join(map(printable, lines))
