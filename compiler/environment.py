"""The environment in which the templates are filled in."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from compiler.assets import folder
from compiler.emit import emit

if TYPE_CHECKING:
    import jinja2


@cache
def environment() -> jinja2.Environment:
    """Return the one environment; `emit` is what makes every value safe."""
    import jinja2  # a spec with a mistake in it never pays for this import

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
