"""One finding for one mistake, with a hint that can be read at a glance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from compiler import assets
from compiler.diagnostics import Diagnostics
from compiler.passes.load import parse
from compiler.passes.validate import validate
from compiler.schema import bundle
from tests.compiling import ONE_LINE_COLUMNS

SPEC = ONE_LINE_COLUMNS


def validated(spec: str) -> Diagnostics:
    """Return what is wrong with the shape of a spec."""
    found = Diagnostics()
    document = parse(spec, "spec.yaml", found)
    assert document
    validate(document, found)
    return found


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("pipeline: clicks", "pipeline: A"),
        ("pipeline: clicks", "pipeline: ''"),
        ("pipeline: clicks", f"pipeline: {'A' * 100}"),
        ("namespaces:", "bucket: {name: A}\nnamespaces:"),
        ("{table: clicks}", "{table: clicks, source: {kinesis_arn: ''}}"),
        ("{table: clicks}", "{table: clicks, ignore: [{rule: '', reason: x}]}"),
    ],
)
def test_a_value_with_two_faults_is_reported_once(right: str, wrong: str) -> None:
    (finding,) = validated(SPEC.replace(right, wrong))
    assert finding.rule.code in ("AC2005", "AC2006")
    assert finding.hint


def test_every_unknown_key_of_one_map_is_reported() -> None:
    found = validated(SPEC.replace("{table: clicks}", "{table: clicks, a: 1, b: 2}"))
    assert [each.message for each in found] == ["unknown key 'a'", "unknown key 'b'"]


def test_the_hint_about_a_type_is_its_first_sentence() -> None:
    (finding,) = validated(SPEC.replace("{id: string}", "{id: {type: 7}}"))
    assert finding.hint == 'put it in quotes: "7"'
    (finding,) = validated(SPEC.replace("{id: string}", "{id: {type: []}}"))
    assert finding.hint.startswith("An Iceberg type: boolean,")
    assert finding.hint.endswith("or struct<name: T, name: T>.")


def test_the_hint_about_a_name_still_says_what_a_name_is_made_of() -> None:
    (finding,) = validated(SPEC.replace("pipeline: clicks", "pipeline: -clicks"))
    assert "3 to 40 characters: lower-case letters" in finding.hint


def test_the_hint_about_a_form_has_all_of_its_parts() -> None:
    (finding,) = validated(SPEC.replace("namespaces:", "bucket: {name: aws-clicks}\nnamespaces:"))
    assert finding.hint.startswith("Name of the table bucket. 3 to 63 characters:")
    assert "start with xn--, sthree-, amzn-s3-demo- or aws" in finding.hint


def descriptions(part: Any) -> Iterator[str]:
    """Yield every description of the language."""
    if isinstance(part, dict):
        if isinstance(part.get("description"), str):
            yield part["description"]
        for value in part.values():
            yield from descriptions(value)
    elif isinstance(part, list):
        for value in part:
            yield from descriptions(value)


def test_the_first_sentence_of_every_description_fits_a_hint() -> None:
    texts = set(descriptions(bundle(assets.folder("schemas"))))
    assert max(len(text.split(". ")[0]) for text in texts) <= 200
