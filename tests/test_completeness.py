"""Nothing is forgotten: every rule, template and key of the language has its place and its case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from compiler import assets, rules
from compiler.diagnostics import Rule
from compiler.schema import bundle
from compiler.semantics.types import NESTED, PRIMITIVES
from tests.compiling import ROOT, TESTS, parsed

SOURCE = "\n".join(
    path.read_text("utf-8") for path in sorted((ROOT / "compiler").rglob("*.py")) if path.name != "rules.py"
)
TESTED = "\n".join(path.read_text("utf-8") for path in sorted(TESTS.rglob("test_*.py")))
CASES = sorted((TESTS / "cases").glob("*/*/spec.yaml"))
DIAGNOSTICS = sorted((TESTS / "diagnostics").glob("*/"))
PASSES = {
    "1": "load",
    "2": "validate",
    "3": "resolve",
    "4": "plan",
    "5": "render",
    "6": "lint",
    "7": "write",
    "8": "AWS",
}
SCHEMA = bundle(assets.folder("schemas"))

every_rule = pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.code)

Path = tuple[str, ...]


def test_no_two_rules_share_a_code_or_a_name() -> None:
    assert len({rule.code for rule in rules.RULES}) == len(rules.RULES)
    assert len({rule.name for rule in rules.RULES}) == len(rules.RULES)


def test_the_rules_stand_in_the_order_of_their_codes() -> None:
    assert [rule.code for rule in rules.RULES] == sorted(rule.code for rule in rules.RULES)


@every_rule
def test_a_rule_says_what_why_and_what_to_do(rule: Rule) -> None:
    assert re.fullmatch(r"AC[1-8][0-9]{3}", rule.code)
    assert rule.code[2] in PASSES
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    for sentence in (rule.summary, rule.why, rule.fix):
        assert re.fullmatch(r"[A-Za-z`].*\.", sentence), sentence
        assert "!" not in sentence


@every_rule
def test_a_rule_is_used(rule: Rule) -> None:
    (name,) = (name for name, value in vars(rules).items() if value is rule)
    assert f"rules.{name}" in SOURCE


@every_rule
def test_a_rule_has_a_spec_that_breaks_it_or_a_test_of_its_own(rule: Rule) -> None:
    shown = any(case.name.startswith(f"{rule.code}-") for case in DIAGNOSTICS)
    assert shown or rule.code in TESTED.upper()


def test_every_folder_of_diagnostics_is_named_after_a_rule() -> None:
    known = {rule.code for rule in rules.RULES}
    assert [case.name for case in DIAGNOSTICS if case.name.partition("-")[0] not in known] == []


def test_every_folder_of_diagnostics_is_whole() -> None:
    for case in DIAGNOSTICS:
        files = {path.name for path in case.iterdir()}
        assert {"spec.yaml", "expected.txt"} <= files
        assert files <= {"spec.yaml", "expected.txt", "spec.lock.json", "before.yaml"}


def test_every_case_has_its_template() -> None:
    for case in CASES:
        files = {path.name for path in case.parent.iterdir()} - {"spec.lock.json", "expected.queries.md"}
        stages = sorted(_data(case).get("stages", {}))
        templates = [f"expected.{each}.template.yaml" for each in stages] or ["expected.template.yaml"]
        assert sorted(files) == [*templates, "spec.yaml"]


def test_every_template_is_included() -> None:
    folder = assets.folder("templates")
    reached, waiting = set(), ["account.yaml.j2", "stack.yaml.j2"]
    while waiting:
        name = waiting.pop()
        reached.add(name)
        text = (folder / name).read_text("utf-8")
        waiting += [each for each in re.findall(r'include "([^"]+)"', text) if each not in reached]
    assert reached == {path.relative_to(folder).as_posix() for path in folder.rglob("*.j2")}


def test_every_key_of_the_language_has_a_case() -> None:
    # What says how an entry changed has its cases beside the lock that it is held against.
    changes = [lock.with_name("spec.yaml") for lock in TESTS.glob("diagnostics/*/spec.lock.json")]
    used = {path for case in (*CASES, *changes) for path in _used(_data(case), SCHEMA, ())}
    assert sorted(set(_keys(SCHEMA, ())) - used) == []


def test_every_word_of_the_language_has_a_case() -> None:
    used = {(*path, value) for case in CASES for path, value in _texts(_data(case), SCHEMA, ())}
    assert sorted(set(_words(SCHEMA, ())) - used) == []


def test_every_type_of_the_language_has_a_case() -> None:
    text = (TESTS / "cases" / "table" / "nested_types" / "spec.yaml").read_text("utf-8")
    assert [name for name in (*PRIMITIVES, *NESTED) if not re.search(rf"\b{name}\b", text)] == []


def _data(case: Any) -> Any:
    document, _ = parsed(case.read_text("utf-8"))
    assert document, case
    return document.data


def _branches(schema: Any) -> list[Any]:
    return [schema, *schema.get("anyOf", ())]


def _keys(schema: Any, path: Path) -> Iterator[Path]:
    """Yield the path of every key that this release builds; `*` stands for a name or an item."""
    for part in _branches(schema):
        for name, inner in part.get("properties", {}).items():
            if not inner.get("x-planned"):
                yield (*path, name)
                yield from _keys(inner, (*path, name))
        for key in ("additionalProperties", "items"):
            if isinstance(part.get(key), dict):
                yield from _keys(part[key], (*path, "*"))


def _used(value: Any, schema: Any, path: Path) -> Iterator[Path]:
    for inner, part, here in _inside(value, schema, path):
        yield here
        yield from _used(inner, part, here)


def _words(schema: Any, path: Path) -> Iterator[Path]:
    """Yield the path of every text that may stand as a value, with the text."""
    for part in _branches(schema):
        yield from ((*path, word) for word in part.get("enum", ()) if isinstance(word, str))
        for name, inner in part.get("properties", {}).items():
            if not inner.get("x-planned"):
                yield from _words(inner, (*path, name))
        for key in ("additionalProperties", "items"):
            if isinstance(part.get(key), dict):
                yield from _words(part[key], (*path, "*"))


def _texts(value: Any, schema: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    for inner, part, here in _inside(value, schema, path):
        yield from _texts(inner, part, here)


def _inside(value: Any, schema: Any, path: Path) -> Iterator[tuple[Any, Any, Path]]:
    """Yield what a map or list holds, each with its schema and its path there."""
    for part in _branches(schema):
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in part.get("properties", {}):
                    yield inner, part["properties"][key], (*path, key)
                elif isinstance(part.get("additionalProperties"), dict):
                    yield inner, part["additionalProperties"], (*path, "*")
        elif isinstance(value, list) and "items" in part:
            yield from ((inner, part["items"], (*path, "*")) for inner in value)
