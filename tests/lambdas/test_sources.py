"""What the compiler may rely on when it puts a function into a template."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

from compiler.inline import CONFIG, configured, strip
from tests.lambdas.endpoint import Context

FOLDER = Path(__file__).resolve().parents[2] / "lambdas"
CONFIGS: dict[str, dict[str, Any]] = {
    "ingest": {
        "streams": {"s": {"name": "s", "columns": [["id", "string", True]]}},
        "choose": None,
        "stamp": {},
        "unknown": "reject",
    },
    "query": {"workgroup": "w", "catalog": "s3tablescatalog/b", "output": None, "queries": {}},
}
ANSWERS = {"ingest": "id is missing", "query": "there is no query of this name"}

pytestmark = pytest.mark.parametrize("name", ["ingest", "query"])


def source(name: str) -> str:
    """Read a function."""
    return (FOLDER / name / "index.py").read_text(encoding="utf-8")


def test_the_stripped_function_beside_its_source_is_current(name: str) -> None:
    lines = (FOLDER / name / "index.min.py").read_text(encoding="utf-8").splitlines()
    assert lines == strip(source(name)), "run `python -m compiler.inline`"


def test_a_stripped_function_is_small(name: str) -> None:
    assert len("\n".join(strip(source(name))).encode()) < 11 * 1024


def test_the_line_that_the_compiler_replaces_stands_there_once(name: str) -> None:
    assert strip(source(name)).count(CONFIG) == 1


def test_a_stripped_function_works_with_its_configuration(name: str) -> None:
    lines = configured(name, CONFIGS[name])
    module: dict[str, Any] = {"__name__": "index"}
    exec(compile("\n".join(lines), "index.py", "exec"), module)
    assert ANSWERS[name] in str(module["handler"]({}, Context()))


def test_a_function_imports_nothing_but_python_s_library_and_botocore(name: str) -> None:
    nodes = list(ast.walk(ast.parse(source(name))))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {module.split(".")[0] for module in imported} - sys.stdlib_module_names == {"botocore"}


def test_a_module_s_start_does_not_wait_for_botocore(name: str) -> None:
    top = [node for node in ast.parse(source(name)).body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not [node for node in top if "botocore" in ast.unparse(node)]
