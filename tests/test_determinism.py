"""The same spec makes the same bytes, whoever compiles it, where and when."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.compiling import ROOT, TESTS

# With several of everything that could come in another order.
SPECS = [
    "access_iam/read_and_write",
    "hostile/strings",
    "role/services",
    "stream/transform",
    "pipeline/stages",
]
ENVIRONMENTS = [
    {"PYTHONHASHSEED": "0"},
    {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8", "PYTHONOPTIMIZE": "1"},
    {"PYTHONHASHSEED": "4711", "TZ": "America/Caracas", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
]
COMPILE_ALL = """
import sys
from compiler.cli import main
sys.exit(max(main([f"{name}.yaml", "--no-lint", "--out", f"out/{name}"]) for name in sys.argv[1:]))
"""


def test_the_same_specs_make_the_same_bytes_in_any_environment(tmp_path: Path) -> None:
    made = [_compiled(tmp_path / str(index), each) for index, each in enumerate(ENVIRONMENTS)]
    assert len(made[0]) == 2 + 2 * len(SPECS)  # what is printed, and the second stage
    assert made[1] == made[0]
    assert made[2] == made[0]


def test_a_template_says_nothing_about_where_and_when_it_was_made(tmp_path: Path) -> None:
    printed = _compiled(tmp_path / "here", {"USER": "zq-user", "HOSTNAME": "zq-host"})
    for content in printed.values():
        assert str(tmp_path).encode() not in content
        assert b"zq-" not in content


def _compiled(folder: Path, environment: dict[str, str]) -> dict[str, bytes]:
    """Return what one process writes and prints for all of the specs."""
    folder.mkdir()
    names = [spec.replace("/", "-") for spec in SPECS]
    for spec, name in zip(SPECS, names, strict=True):
        shutil.copy(TESTS / "cases" / spec / "spec.yaml", folder / f"{name}.yaml")
    done = subprocess.run(
        [sys.executable, "-c", COMPILE_ALL, *names],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=True,
    )
    files = {str(path.relative_to(folder)): path.read_bytes() for path in (folder / "out").rglob("*.*")}
    return {"printed": done.stdout, **files}
