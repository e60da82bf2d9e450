"""The dashboard of the shipped spec: as CloudWatch reads it, and as the docs show it."""

from __future__ import annotations

import json
from typing import Any

from compiler.diagnostics import Diagnostics
from compiler.pipeline import compile_spec
from tests.compiling import ROOT, assert_golden, read_template
from tests.picture import picture

SHIPPED = ROOT / "spec" / "analytics.yaml"


def body() -> str:
    """Return the body of the dashboard in production, where its alarms are."""
    build = compile_spec(str(SHIPPED), Diagnostics(), linting=False, stages=["prod"])
    assert build
    resources: Any = read_template(build.stack.text)["Resources"]
    found: str = resources["Dashboard"]["Properties"]["DashboardBody"]["!Sub"]
    return found


def test_it_shows_what_an_operator_asks_for() -> None:
    titles = [each["properties"]["title"] for each in json.loads(body())["widgets"]]
    wanted = ["Alarms", "Rows in", "Rows failed", "Bytes delivered", "Function errors"]
    assert {*wanted, "Athena: bytes scanned"} < set(titles)


def test_the_bytes_that_athena_scans_are_searched_in_the_function_s_workgroup() -> None:
    (widget,) = [
        each
        for each in json.loads(body())["widgets"]
        if each["properties"]["title"] == "Athena: bytes scanned"
    ]
    ((line,),) = widget["properties"]["metrics"]
    assert 'MetricName="ProcessedBytes"' in line["expression"]
    assert 'WorkGroup="${QueryFunctionWorkGroup}"' in line["expression"]


def test_the_picture_in_the_docs_shows_it(update_golden: bool) -> None:
    assert_golden(ROOT / "docs" / "dashboard.svg", picture(body()), update_golden)
