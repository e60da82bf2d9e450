"""Run every benchmark of this folder, or those that are named: `python -m benchmarks functions`."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path


def main(names: list[str]) -> None:
    """Run benchmarks by the names of their modules, all of them where none is named."""
    modules = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    known = [name for name in modules if not name.startswith("_")]
    for name in names or known:
        if name not in known:
            sys.exit(f"no benchmark '{name}'; there are: {', '.join(known)}")
        print(f"## {name}\n")
        importlib.import_module(f"benchmarks.{name}").main()
        print()


if __name__ == "__main__":
    main(sys.argv[1:])
