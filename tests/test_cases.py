"""Whole specs and the templates they compile to, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.inline import inlined
from tests.compiling import ROOT, TESTS, assert_golden, compiled, parsed, read_template, said, without_source

CASES = sorted((TESTS / "cases").glob("*/*/"))
# Stages have a case of their own: in one of these they would say most of it twice.
LEFT_OUT = ("stages",)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_a_spec_compiles_to_exactly_its_template(case: Path, update_golden: bool) -> None:
    build, found = compiled(case)
    assert build, said(found)
    for part in build.parts:
        name = ".".join(filter(None, ("expected", part.plan.model.stage)))
        assert_golden(case / f"{name}.template.yaml", without_source(part.stack.text), update_golden)
        page = build.files.get(part.queries_path)
        assert (page is not None) == (case / f"{name}.queries.md").exists() or update_golden
        if page:
            assert_golden(case / f"{name}.queries.md", page.decode(), update_golden)


def test_the_source_in_a_template_is_the_stripped_function() -> None:
    build, found = compiled(TESTS / "cases" / "examples" / "clicks")
    assert build, said(found)
    code = read_template(build.stack.text)["Resources"]["ProviderFunction"]["Properties"]["Code"]
    assert code["ZipFile"] == "\n".join(inlined("provider")) + "\n"


@pytest.mark.parametrize("name", ["clicks", "shop"])
def test_the_examples_of_the_language_are_cases_without_what_is_planned(name: str) -> None:
    page, _ = parsed((ROOT / "docs" / "examples" / f"{name}.yaml").read_text("utf-8"))
    case, _ = parsed((TESTS / "cases" / "examples" / name / "spec.yaml").read_text("utf-8"))
    assert page
    assert case
    assert case.data == {key: value for key, value in page.data.items() if key not in LEFT_OUT}
