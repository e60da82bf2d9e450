"""Print the schema of the spec language, for editors and for readers."""

from __future__ import annotations

import argparse
import sys

from compiler import terminal

EXAMPLE = """\
example:
  analytics-compile schema > spec.schema.json   then write as the first line of a spec:
                                                # yaml-language-server: $schema=spec.schema.json
  analytics-compile schema --markdown           the reference page of the language
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--markdown", action="store_true", help="print the reference page instead")


def run(options: argparse.Namespace) -> int:
    """Print the schema or the page."""
    if options.markdown:
        from compiler.reference import page

        sys.stdout.write(page())
    else:
        from compiler.assets import folder
        from compiler.schema import bundle

        terminal.print_json(bundle(folder("schemas")))
    return terminal.FINE
