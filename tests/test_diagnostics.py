"""Specs with mistakes, and exactly what the compiler says about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compiling import TESTS, assert_golden, codes, compiled, said

CASES = sorted((TESTS / "diagnostics").glob("*/"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_is_explained_in_exactly_these_words(case: Path, update_golden: bool) -> None:
    _, found = compiled(case)
    assert case.name.partition("-")[0] in codes(found), said(found)
    assert_golden(case / "expected.txt", said(found), update_golden)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_message_keeps_to_the_house_rules(case: Path) -> None:
    _, found = compiled(case)
    for each in found:
        words = f"{each.message} {each.hint}".lower()
        assert not [
            word for word in ("please", "invalid", "!important", "traceback", "none") if word in words.split()
        ]
        assert not each.message.endswith((".", "!"))
        assert each.hint != each.message
        assert not set("^$\\") & set(each.hint.replace("\\\\", "").replace("\\x", "").replace("\\u", ""))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_finding_points_into_the_file(case: Path) -> None:
    _, found = compiled(case)
    for each in found:
        assert each.location.file in ("spec.yaml", "spec.lock.json")
        lines = (case / each.location.file).read_bytes().decode("utf-8", "replace").split("\n")
        assert 1 <= each.location.line <= len(lines)
        assert 1 <= each.location.column <= len(lines[each.location.line - 1]) + 1
