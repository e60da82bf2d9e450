"""The shape of a spec: one message for one mistake, all of them at once."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from compiler.diagnostics import Diagnostics
from compiler.passes.validate import validate
from tests.compiling import SMALLEST, codes, parsed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text("ab:é \n", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc_", max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def found_in(spec: dict[str, Any]) -> Diagnostics:
    """Validate a spec that is given as data."""
    document, found = parsed(yaml.safe_dump(spec, sort_keys=False))
    assert document, list(found)
    assert validate(document, found) == (not found.failed)
    return found


def smallest(**changes: Any) -> dict[str, Any]:
    """Return the smallest spec with some sections changed."""
    spec: dict[str, Any] = yaml.safe_load(SMALLEST)
    return spec | changes


def table(**changes: Any) -> dict[str, Any]:
    """Return the smallest spec with some keys of its table changed."""
    spec = smallest()
    spec["tables"]["clicks"] |= changes
    return spec


def stream(**changes: Any) -> dict[str, Any]:
    """Return the smallest spec with some keys of its stream changed."""
    spec = smallest()
    spec["streams"]["clicks"] |= changes
    return spec


def test_a_right_spec_has_no_findings() -> None:
    assert codes(found_in(smallest())) == []


@pytest.mark.parametrize(
    ("spec", "path", "message"),
    [
        (smallest(version="1"), "version", "'version' is text, and takes a whole number"),
        (smallest(version=True), "version", "'version' is true, and takes a whole number"),
        (smallest(pipeline=""), "pipeline", "'pipeline' has no characters, and needs at least 3"),
        (smallest(pipeline="A"), "pipeline", "'pipeline' has 1 character, and needs at least 3"),
        (smallest(access=7), "access", "'access' is a whole number, and takes text"),
        (smallest(tags={"k": ["a"]}), "tags.k", "'tags.k' is a list, and takes text"),
        (
            smallest(tags={f"k{n}": "v" for n in range(51)}),
            "tags",
            "'tags' has 51 keys, and may have at most 50",
        ),
        (
            smallest(bucket={"name": "A"}),
            "bucket.name",
            "'bucket.name' has 1 character, and needs at least 3",
        ),
        (
            smallest(description="x" * 1025),
            "description",
            "'description' has 1,025 characters, and may have at most 1,024",
        ),
        (table(columns={"id": 7}), "tables.clicks.columns.id", "is a whole number, and takes text or a map"),
        (table(columns={"id": ""}), "tables.clicks.columns.id", "has no characters, and needs at least 1"),
        (table(identifier=["id", "id"]), "tables.clicks.identifier.1", "names 'id' twice"),
        (table(compaction=True), "tables.clicks.compaction", "is true, and takes false or a map"),
        (
            stream(encryption="kms"),
            "streams.clicks.encryption",
            "'streams.clicks.encryption' is 'kms', and takes 'aws' or a map",
        ),
        (stream(log_days=31), "streams.clicks.log_days", "is 31, which is not one of its values"),
        (stream(buffer_seconds=901), "streams.clicks.buffer_seconds", "is 901, and must be at most 900"),
    ],
)
def test_one_mistake_has_one_message(spec: dict[str, Any], path: str, message: str) -> None:
    findings = list(found_in(spec))
    assert [each.location.path for each in findings] == [path]
    assert message in findings[0].message


@pytest.mark.parametrize(
    ("encryption", "expected"),
    [
        ("aes", ["'bucket.encryption' is 'aes', and takes 'aes256' or a map"]),
        ({}, ["'bucket.encryption' lacks the key 'kms_key_arn'"]),
        ({"kms_key": "x"}, ["'bucket.encryption' lacks the key 'kms_key_arn'", "unknown key 'kms_key'"]),
        ({"kms_key_arn": 7}, ["'bucket.encryption.kms_key_arn' is a whole number, and takes text"]),
        ({"kms_key_arn": "x"}, ["'x' is not an ARN of a KMS key"]),
        (["aes256"], ["'bucket.encryption' is a list, and takes text or a map"]),
        (None, ["'bucket.encryption' is nothing, and takes text or a map"]),
    ],
)
def test_of_several_forms_only_the_one_that_was_meant_is_explained(
    encryption: Any, expected: list[str]
) -> None:
    findings = found_in(smallest(bucket={"encryption": encryption}))
    assert [each.message for each in findings] == expected


A_WHOLE_NUMBER = "a whole number is at most 18 digits, and does not start with 0: all else is read as text"


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        (smallest(tabels={}), "did you mean 'tables'?"),
        (smallest(Bucket={}), "did you mean 'bucket'?"),
        (smallest(access="IAM"), "did you mean 'iam'?"),
        (smallest(bucket={"retian": True}), "did you mean 'retain'?"),
        (smallest(bucket={"retain": "yes"}), "write true"),
        (smallest(bucket={"retain": "Off"}), "write false"),
        (smallest(tags={"cost": 4711}), 'put it in quotes: "4711"'),
        (smallest(tags={"live": False}), 'put it in quotes: "false"'),
        (table(partition="day(at)"), "write [day(at)]"),
        (table(partition="bucket(4, id)"), 'write ["bucket(4, id)"]'),
        (table(sort="id desc"), "write [id desc]"),
        (table(identifier="id, at"), "write [id, at]"),
        (table(columns={"id": {"type": "string", "reqiured": True}}), "did you mean 'required'?"),
        (stream(buffer_seconds="60"), "write 60, without quotes"),
        *(
            (stream(buffer_seconds=text), A_WHOLE_NUMBER)
            for text in ("010", "1_0", "+60", "0x10", "1.5", "1e2")
        ),
        (stream(buffer_seconds="9" * 19), A_WHOLE_NUMBER),
        (stream(tables="clicks"), "write [clicks]"),
        (smallest(roles={"a": {"service": "lambda", "read": "*"}}), 'write ["*"]'),
    ],
)
def test_a_hint_says_what_to_write(spec: dict[str, Any], hint: str) -> None:
    assert [each.hint for each in found_in(spec)] == [hint]


def test_an_unknown_key_that_is_near_none_gets_the_list_without_what_is_planned() -> None:
    (finding,) = found_in(smallest(xyz=1))
    assert finding.hint == (
        "the spec has version, pipeline, description, tags, access, provider, bucket, "
        "namespaces, tables, streams, roles, functions, queries, alarms, stages"
    )


def test_all_mistakes_are_reported_at_once_and_in_reading_order() -> None:
    spec = smallest(tags={"k": 1}, bucket={"retain": "yes"}, colour="green")
    spec["tables"]["clicks"]["columns"] = {"Id": "string", "at": 7}
    findings = list(found_in(spec))
    assert [each.rule.code for each in findings] == ["AC2007", "AC2003", "AC2003", "AC2003", "AC2001"]
    assert findings == sorted(findings, key=lambda each: each.location)


def test_no_message_shows_a_pattern() -> None:
    spec = smallest(pipeline="A B", tags={"a;": "b;"}, bucket={"name": "-x-"})
    for each in found_in(spec):
        assert not set("^$[*\\") & set(each.message + each.hint)


@given(JSON, st.sampled_from(["version", "tags", "bucket", "namespaces", "tables", "streams", "roles"]))
def test_any_value_in_any_section_is_judged(value: Any, section: str) -> None:
    for each in found_in(smallest(**{section: value})):
        assert each.rule.code.startswith("AC2")
        assert each.message


@given(JSON)
def test_any_document_is_judged(value: Any) -> None:
    document, found = parsed(yaml.safe_dump(value, sort_keys=False))
    if document:
        assert not validate(document, found)
        assert found.failed
