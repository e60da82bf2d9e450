"""The environment in which the templates are filled in."""

from __future__ import annotations

import re
from functools import cache

import jinja2

from compiler.assets import folder
from compiler.emit import emit

_RESOURCE = re.compile(r"^  ([A-Za-z0-9]+):\n    Type: (\S+)$", re.MULTILINE)


@cache
def environment() -> jinja2.Environment:
    """Return the one environment; `emit` is what makes every value safe."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder("templates")),
        undefined=jinja2.StrictUndefined,
        finalize=emit,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # this is no HTML
        auto_reload=False,
    )


def resource_types(text: str) -> dict[str, str]:
    """Return the logical ids of a rendered template, in its order, with their types."""
    return dict(_RESOURCE.findall(text))
