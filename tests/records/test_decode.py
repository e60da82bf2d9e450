"""The error bucket's objects: read, grouped, explained, and got back."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.records import reasons
from compiler.records.causes import cause_of
from compiler.records.check import Checker
from compiler.records.decode import Decoded, Refused, objects_in
from compiler.records.lines import files_in
from compiler.records.report import decode_text, decode_view
from tests.records.tables import columns

ARRIVED = 1763625600000  # 2025-11-20T08:00:00Z


def entry(code: str, raw: bytes, message: str = "no", **members: Any) -> str:
    """Return a line as Firehose writes it."""
    return json.dumps(
        {
            "attemptsMade": 1,
            "arrivalTimestamp": ARRIVED,
            "errorCode": code,
            "errorMessage": message,
            "attemptEndingTimestamp": ARRIVED + 60_000,
            "rawData": base64.b64encode(raw).decode(),
            **members,
        }
    )


def put(path: Path, *lines: str) -> Path:
    """Write an object as the error bucket has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))
    return path


def read(*paths: Path, checker: Checker | None = None) -> tuple[Decoded, list[Refused]]:
    decoded, records = Decoded(checker), list[Refused]()
    decoded.read(files_in([path.as_posix() for path in paths]), records.append)
    return decoded, records


def problems(decoded: Decoded) -> list[tuple[int, str]]:
    return [(each.line, each.reason) for each in decoded.problems]


def test_records_are_grouped_by_code_with_the_commonest_first(tmp_path: Path) -> None:
    file = put(
        tmp_path / "a.gz",
        entry("Glue.AccessDenied", b"{}"),
        entry("Iceberg.NoSuchTable", b'{"a": 1}', "no table x"),
        entry("Iceberg.NoSuchTable", b'{"a": 2}', "no table y", attemptsMade=4, arrivalTimestamp=ARRIVED + 9),
    )
    decoded, records = read(file)
    first, second = decoded.causes()
    assert (first.code, first.count, first.attempts) == ("Iceberg.NoSuchTable", 2, 4)
    assert (first.first, first.last, first.sample) == (ARRIVED, ARRIVED + 9, b'{"a": 1}')
    assert dict(first.messages) == {"no table x": 1, "no table y": 1}
    assert second.code == "Glue.AccessDenied"
    assert [each.record for each in records] == [b"{}", b'{"a": 1}', b'{"a": 2}']
    assert decoded.problem_count == 0


def test_a_directory_is_walked_and_plain_files_are_read(tmp_path: Path) -> None:
    put(tmp_path / "iceberg-failed/2026/11/20/b.gz", entry("S3.AccessDenied", b"{}"))
    (tmp_path / "iceberg-failed/2026/11/20/a").write_text(entry("S3.AccessDenied", b"{}"))
    decoded, records = read(tmp_path)
    assert (decoded.files, decoded.records) == (2, 2)
    assert [Path(each.file).name for each in records] == ["a", "b.gz"]


def test_a_gzip_file_that_is_cut_off_gives_what_it_has(tmp_path: Path) -> None:
    lines = [entry("S3.AccessDenied", b'{"n": %d}' % number) for number in range(2_000)]
    file = put(tmp_path / "a.gz", *lines)
    file.write_bytes(file.read_bytes()[:-200])
    decoded, records = read(file)
    assert 0 < len(records) < 2_000
    assert (0, "the gzip file is cut off; what could be read of it was") in problems(decoded)


@pytest.mark.parametrize("content", [b"\x1f\x8b", b"\x1f\x8b\x08\x00rubbish", b"\x1f\x8brubbish rubbish"])
def test_a_damaged_gzip_file_is_reported(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.gz").write_bytes(content)
    decoded, records = read(tmp_path / "a.gz")
    assert records == []
    assert "gzip file" in decoded.problems[0].reason
    assert "b'" not in decoded.problems[0].reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not JSON", "the line is not JSON"),
        ("[1]", "the line is not a JSON object"),
        ("[" * 5000, "the line is not JSON"),
        (json.dumps({"errorCode": "S3.AccessDenied", "rawData": "%%%"}), "rawData is not Base64"),
        (json.dumps({"errorCode": "S3.AccessDenied", "rawData": 5}), "rawData is not text"),
        (json.dumps({"errorCode": "S3.AccessDenied"}), "the line has no rawData"),
    ],
)
def test_a_line_that_cannot_be_read_is_reported_and_the_others_are_read(
    tmp_path: Path, line: str, reason: str
) -> None:
    file = put(tmp_path / "a.gz", entry("S3.AccessDenied", b"{}"), line, "", entry("S3.AccessDenied", b"{}"))
    decoded, records = read(file)
    assert problems(decoded) == [(2, reason)]
    assert len([each for each in records if each.record == b"{}"]) == 2


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    decoded, _ = read(tmp_path / "nothing.gz", put(tmp_path / "a.gz", entry("S3.AccessDenied", b"{}")))
    assert problems(decoded) == [(0, "no such file or directory")]
    assert decoded.records == 1


def test_other_spellings_of_the_members_are_understood(tmp_path: Path) -> None:
    file = put(
        tmp_path / "a.gz",
        json.dumps({"ErrorCode": "A", "ErrorMessage": "m", "attemptsMade": "3", "rawData": ""}),
        json.dumps(
            {"lastErrorCode": "B", "lastErrorMessage": "m", "arrivalTimestamp": "soon", "rawData": ""}
        ),
        json.dumps({"rawData": ""}),
    )
    decoded, _ = read(file)
    assert {each.code: (each.attempts, each.first) for each in decoded.causes()} == {
        "A": (3, None),
        "B": (0, None),
        "": (0, None),
    }


def test_the_records_are_checked_against_a_table(tmp_path: Path) -> None:
    file = put(
        tmp_path / "a.gz",
        entry("Iceberg.MissingColumnWithinRecord", b'{"orderId": "1"}\n'),
        entry("Lambda.FunctionError", b"not what the table gets"),
    )
    decoded, _ = read(file, checker=Checker(columns(order_id="string!")))
    by_code = {each.code: each for each in decoded.causes()}
    found = [group.fault.reason for group in by_code["Iceberg.MissingColumnWithinRecord"].tally.groups()]
    assert found == [reasons.missing_but("orderId"), reasons.respelled_key("order_id")]
    assert by_code["Lambda.FunctionError"].tally.records == 0, "its data is from before the transform"


def test_codes_that_never_repeat_do_not_fill_the_memory(tmp_path: Path) -> None:
    file = put(tmp_path / "a.gz", *(entry(f"Code{number}", b"{}", f"m{number}") for number in range(1_000)))
    decoded, _ = read(file)
    causes = decoded.causes()
    assert len(causes) < 300
    assert sum(each.count for each in causes) == 1_000


@pytest.mark.parametrize(
    "code",
    [
        "Iceberg.NoSuchTable", "Iceberg.InvalidTableName", "S3.AccessDenied", "Glue.AccessDenied",
        "Iceberg.MissingColumnWithinRecord", "Lambda.InvokeAccessDenied", "Lambda.SomethingNew",
        "DynamicPartitioning.MetadataExtractionFailed", "Iceberg.SomethingNew", "S3.SomethingNew",
        "Glue.SomethingNew", "LakeFormation.AccessDenied", "",
    ],
)  # fmt: skip
def test_known_codes_say_why_and_what_to_do(code: str) -> None:
    cause = cause_of(code)
    assert cause != cause_of("Something.Else")
    assert all((cause.why, cause.remedy, cause.source))


def test_the_report_shows_a_sample_and_nothing_that_steers_a_terminal(tmp_path: Path) -> None:
    file = put(tmp_path / "a.gz", entry("Bad\x1b[31mCode", b'{"a": "\x1b[2J"}', "boom\nboom"), "nonsense")
    decoded, _ = read(file)
    text = decode_text(decode_view(decoded, None))
    assert r"Bad\x1b[31mCode: 1 record at 2025-11-20T08:00:00Z, up to 1 attempt" in text
    assert r'sample:   {"a": "\x1b[2J"}' in text
    assert r"Firehose: boom\nboom" in text
    assert f"{file.as_posix()}:2: the line is not JSON" in text
    assert text.endswith("1 record in 1 file, 1 problem.\n")


@pytest.mark.parametrize(
    ("record", "lines"),
    [
        (b'{"a": 1}', [b'{"a": 1}']),
        (b' {"a": 1}\n', [b'{"a": 1}']),
        (b'{"a": 1.10}{"b": 2}\n{"c": 3e0}', [b'{"a": 1.10}', b'{"b": 2}', b'{"c": 3e0}']),
        (b'{\n  "a": "x\\ny"\r\n}', [b'{   "a": "x\\ny"  }']),
        (b"", []),
    ],
)  # fmt: skip
def test_a_record_comes_back_as_it_was_sent(record: bytes, lines: Sequence[bytes]) -> None:
    assert objects_in(record) == lines


@pytest.mark.parametrize("record", [b"[1]", b"5", b'{"a": 1} rest', b"\xff", b"nonsense"])
def test_what_is_no_object_does_not_come_back(record: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        objects_in(record)


@given(
    st.lists(
        st.binary(max_size=80) | st.text(max_size=40).map(lambda raw: entry("X.Y", raw.encode()).encode())
    )
)
def test_any_bytes_are_decoded_without_a_crash(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    file = tmp_path_factory.getbasetemp() / "any"
    file.write_bytes(b"\n".join(lines))
    decoded, _ = read(file, checker=Checker(columns(a="string!")))
    decode_text(decode_view(decoded, "a"))
