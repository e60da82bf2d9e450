"""Find the folders of files that ship with the compiler: templates, schemas, lambdas."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Return the folder of assets called `name`.

    A wheel carries it inside the package, a checkout or an editable install beside it.
    Raises FileNotFoundError where neither exists: the installation is broken.
    """
    for candidate in (_PACKAGE / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"analytics-compile is installed without its '{name}' folder")
