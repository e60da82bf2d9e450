"""Every value reaches the template as one line that every reader loads as exactly that value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from awscli.customizations.cloudformation import yamlhelper
from hypothesis import example, given
from hypothesis import strategies as st

from compiler.emit import Block, GetAtt, LogicalId, Ref, Sub, emit
from tests.compiling import read_template

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
LOGICAL_IDS = st.text("ABCdef019", min_size=1, max_size=9)
READERS: dict[str, Callable[[str], Any]] = {
    "PyYAML": yaml.safe_load,
    "libyaml": lambda text: yaml.load(text, Loader=yaml.CSafeLoader),
    "AWS CLI": lambda text: yamlhelper.yaml_parse(text),
    "ours": read_template,
}


every_reader = pytest.mark.parametrize("read", READERS.values(), ids=list(READERS))


@every_reader
@given(value=VALUES)
@example(value={"1e3": 1, "on": True, "null": "~", "<<": [], "=": {}})
@example(
    value=["1e3", "0x1F", "12:30", "2026-11-22", "~", "", " ", "- a", "a: b", "a #b", "!Ref x", "&a", "*a"]
)
@example(value="\x00\x07\t\n\r\x1b\x7f\x85\xa0\u2028\u2029\ufeff\ufffe\U0001f600\U0010ffff")
def test_a_value_is_one_line_that_loads_as_itself(read: Callable[[str], Any], value: Any) -> None:
    line = emit(value)
    assert len(line.splitlines()) == 1
    assert read(f"k: {line}\n") == {"k": value}
    assert read(f"- {line}\n- [{line}]\n") == [value, [value]]


@every_reader
def test_every_character_loads_as_itself(read: Callable[[str], Any]) -> None:
    for text in _characters():
        line = emit(text)
        assert len(line.splitlines()) == 1
        assert read(f"k: {line}") == {"k": text}


def test_a_mark_that_turns_the_direction_of_writing_is_seen_in_the_template() -> None:
    assert emit("a\u202eb\\\u200f é") == '"a\\u202eb\\\\\\u200f é"'
    for code in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)):
        assert emit({"doc": chr(code)}) == f'{{"doc": "\\u{code:04x}"}}'


def _characters() -> Iterator[str]:
    """Yield all of the first plane but the surrogates, and the edges of the other planes."""
    codes = [*range(0xD800), *range(0xE000, 0x10000)]
    codes += [
        plane + offset for plane in range(0x10000, 0x110000, 0x10000) for offset in (0, 1, 0xFFFE, 0xFFFF)
    ]
    for start in range(0, len(codes), 2048):
        yield "".join(map(chr, codes[start : start + 2048]))


@given(LOGICAL_IDS)
def test_a_reference_is_what_the_aws_cli_takes_for_one(logical_id: str) -> None:
    assert yamlhelper.yaml_parse(f"k: {emit(Ref(logical_id))}") == {"k": {"Ref": logical_id}}
    assert yamlhelper.yaml_parse(f"k: {emit(GetAtt(logical_id, 'Arn'))}") == {
        "k": {"Fn::GetAtt": [logical_id, "Arn"]}
    }
    assert yaml.safe_load(f"{emit(LogicalId(logical_id))}x: 1") == {f"{logical_id}x": 1}


@given(TEXTS)
def test_a_substitution_keeps_its_values_apart_from_its_pattern(value: str) -> None:
    line = emit({"Arn": Sub("arn:${AWS::Partition}:${Name}", {"Name": value})})
    assert yamlhelper.yaml_parse(f"k: {line}") == {
        "k": {"Arn": {"Fn::Sub": ["arn:${AWS::Partition}:${Name}", {"Name": value}]}}
    }
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize("text", ["", "a b", "a:b", "a\n", "Ä", "a.b", "x" * 256, "${a}"])
def test_what_is_no_logical_id_is_never_written_bare(text: str) -> None:
    for value in (LogicalId(text), Ref(text), GetAtt(text, "Arn"), GetAtt("Table", text)):
        with pytest.raises(ValueError, match="is not a logical id"):
            emit(value)


@pytest.mark.parametrize("value", [None, 1.5, b"bytes", {"a": None}, [object()], {1, 2}])
def test_what_is_no_plain_data_is_a_fault_of_ours(value: object) -> None:
    with pytest.raises(TypeError, match="is not plain data"):
        emit(value)


def test_text_over_several_lines_is_a_block_under_its_key() -> None:
    source = ("def f():", "    return {'a': [1]}  ", "", "x = '# no comment'")
    text = f"  Code:\n    ZipFile: {emit(Block(source, 6))}\n  Next: 1\n"
    assert yaml.safe_load(text) == {"Code": {"ZipFile": "\n".join(source) + "\n"}, "Next": 1}
