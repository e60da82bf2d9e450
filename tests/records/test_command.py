"""The command line: what is printed where, and how it ends."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.records.reasons import MAXIMUM_RECORD_BYTES
from tests.records.test_decode import entry, put

SPEC = """\
version: 1
pipeline: shop
namespaces: {sales: {}}
tables:
  orders:
    namespace: sales
    columns:
      order_id: {type: string, required: true}
      placed_at: timestamptz
      amount: decimal(12,2)
    identifier: [order_id]
streams:
  orders: {table: orders}
"""
SECOND_TABLE = "  carts: {namespace: sales, columns: {cart_id: string}}\nstreams:"

GOOD = '{"order_id": "1", "placed_at": 1725476175099000, "amount": 12.5}\n'
LOSES = '{"order_id": "2", "orderid": "2"}\n'
MANGLED = '{"order_id": "3", "placed_at": 1725476175099}\n'
REFUSED = '{"placed_at": 1725476175099000}\n'


@pytest.fixture
def spec(tmp_path: Path) -> str:
    file = tmp_path / "shop.yaml"
    file.write_text(SPEC)
    return str(file)


def write(tmp_path: Path, *records: str, name: str = "orders.jsonl") -> str:
    file = tmp_path / name
    file.write_text("".join(records), newline="")
    return str(file)


@pytest.mark.parametrize(
    ("records", "options", "code"),
    [
        ([GOOD], [], 0),
        ([], [], 0),
        ([GOOD, LOSES], [], 0),
        ([GOOD, LOSES], ["--fail-on", "warning"], 1),
        ([GOOD, "\n"], [], 0),
        ([GOOD, MANGLED], [], 1),
        ([GOOD, REFUSED], [], 1),
    ],
)
def test_the_exit_code_is_1_where_a_record_does_not_arrive_as_it_is(
    spec: str, tmp_path: Path, records: list[str], options: list[str], code: int
) -> None:
    assert main(["records", "check", spec, write(tmp_path, *records), *options]) == code


def test_check_prints_a_table(spec: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["records", "check", spec, "--table", "orders", write(tmp_path, GOOD, *[REFUSED] * 7, LOSES)])
    assert capsys.readouterr().out == CHECKED


CHECKED = """\
goes to the error bucket:
  line                     | key      | value's type | column's type | reason
  2, 3, 4, 5, 6 and 2 more | order_id | missing      | string        | a value is required, and the key is missing
value is lost:
  line | key     | value's type | column's type | reason
  9    | orderid | text         |               | this is column 'order_id' written another way: names match exactly; e.g. 2

9 records for table 'orders': 1 arrives as it is, 7 go to the error bucket, 1 loses a value.
"""  # noqa: E501 (a table is as wide as its widest reason)


def test_check_prints_json(spec: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, GOOD, MANGLED)
    main(["records", "check", spec, file, "--format", "json"])
    view = json.loads(capsys.readouterr().out)
    assert view["outcomes"] == {"fine": 1, "error_bucket": 0, "stored_wrong": 1, "doubtful": 0, "lost": 0}
    assert view["findings"] == [
        {
            "outcome": "stored_wrong",
            "lines": [{"file": file, "line": 2}],
            "count": 1,
            "key": "placed_at",
            "value_type": "integer",
            "column_type": "timestamptz",
            "reason": "milliseconds since 1970 are taken for microseconds",
            "example": "1725476175099 in milliseconds is 2024-09-04T18:56:15.099Z: send 1725476175099000",
        }
    ]


def test_places_name_the_file_where_there_are_several(
    spec: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [write(tmp_path, REFUSED, name=name) for name in ("a.jsonl", "b.jsonl")]
    main(["records", "check", spec, *files])
    assert f"{files[0]}:1, {files[1]}:1 | order_id" in capsys.readouterr().out


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input_is_read_plain_or_gzip(
    spec: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], packed: bool
) -> None:
    content = (GOOD + REFUSED).encode()
    raw = io.BytesIO(gzip.compress(content) if packed else content)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(raw)))
    assert main(["records", "check", spec, "-"]) == 1
    assert "2 records for table 'orders': 1 arrives as it is" in capsys.readouterr().out


def test_windows_line_ends_are_no_part_of_a_record(spec: str, tmp_path: Path) -> None:
    assert main(["records", "check", spec, write(tmp_path, GOOD.replace("\n", "\r\n"), GOOD.strip())]) == 0


def test_a_line_of_any_length_is_one_record(
    spec: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endless = GOOD.strip() + " " * (3 * MAXIMUM_RECORD_BYTES) + "\n"
    assert main(["records", "check", spec, write(tmp_path, endless, GOOD)]) == 1
    assert "2 records for table 'orders': 1 arrives as it is, 1 goes" in capsys.readouterr().out


def test_an_unreadable_file_does_not_stop_the_others(
    spec: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(GOOD.encode() * 100)[:-20])
    code = main(["records", "check", spec, "nowhere.jsonl", str(cut), write(tmp_path, GOOD)])
    out = capsys.readouterr().out
    assert code == 1
    assert "nowhere.jsonl: no such file or directory\n" in out
    assert f"{cut}: the gzip file is cut off; what could be read of it was\n" in out
    assert "for table 'orders'" in out


@pytest.mark.parametrize("verb", ["check", "sample"])
def test_an_error_in_the_spec_is_printed_as_when_it_is_compiled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(SPEC.replace("decimal(12,2)", "decimals"))
    main([str(file), "--out", str(tmp_path / "out")])
    expected = capsys.readouterr().out
    records = [write(tmp_path, GOOD)] if verb == "check" else []
    assert main(["records", verb, str(file), *records]) == 1
    printed = capsys.readouterr()
    assert (printed.out if verb == "check" else printed.err) == expected
    assert "AC3" in expected


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        (
            ["--table", "order"],
            "--table names 'order', which is not declared in tables",
            "did you mean 'orders'?",
        ),
        ([], "--table is left out, and there are several tables", "name one of orders, carts"),
    ],
)
def test_the_table_must_be_one_of_the_spec(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str, hint: str
) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(SPEC.replace("streams:", SECOND_TABLE, 1))
    assert main(["records", "check", str(file), write(tmp_path, GOOD), *options]) == 1
    out = capsys.readouterr().out
    assert f"{file}:1:1: error AC3001: {message} [unknown-reference]\n    hint: {hint}\n" in out


def test_a_sample_goes_through_the_check(
    spec: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["records", "sample", spec, "-n", "50", "--seed", "7", "--at", "2026-01-31"]) == 0
    out = capsysbinary.readouterr().out
    assert out.count(b"\n") == 50
    file = tmp_path / "sample.jsonl"
    file.write_bytes(out)
    assert main(["records", "check", spec, str(file), "--fail-on", "warning"]) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["-n", "-1"],
        ["-n", "many"],
        ["--seed", "½"],
        ["--at", "tomorrow"],
        ["--at", "0001-01-01"],
    ],
)
def test_a_wrong_argument_is_wrong_usage(spec: str, arguments: list[str]) -> None:
    assert main(["records", "sample", spec, *arguments]) == 2


@pytest.mark.parametrize("arguments", [[], ["fix"], ["decode"], ["check", "spec.yaml"]])
def test_a_verb_and_its_files_are_needed(arguments: list[str]) -> None:
    assert main(["records", *arguments]) == 2


def test_help_names_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["records", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(verb in out for verb in ("check", "sample", "decode"))


def test_decode_ends_well_where_everything_was_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "errors/a.gz", entry("Glue.AccessDenied", GOOD.encode(), "Access was denied"))
    assert main(["records", "decode", str(tmp_path / "errors")]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Glue.AccessDenied: 1 record at 2025-11-20T08:00:00Z, up to 1 attempt\n")
    assert out.endswith("1 record in 1 file.\n")


def test_decode_names_the_key_at_fault(spec: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = put(tmp_path / "a.gz", entry("Iceberg.MissingColumnWithinRecord", REFUSED.encode()))
    main(["records", "decode", str(file), "--spec", spec, "--table", "orders", "--format", "json"])
    view = json.loads(capsys.readouterr().out)
    (cause,) = view["causes"]
    assert cause["record_at_fault"] is True
    assert cause["check"]["outcomes"]["error_bucket"] == 1
    assert [each["key"] for each in cause["check"]["findings"]] == ["order_id"]


def test_decode_writes_the_records_and_reports_beside_them(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = put(
        tmp_path / "a.gz",
        entry("Glue.AccessDenied", GOOD.encode()),
        entry("ICEBERG_BAD_DATA", (LOSES.strip() + MANGLED).encode()),
        entry("ICEBERG_BAD_DATA", b"nonsense"),
    )
    assert main(["records", "decode", str(file), "--records"]) == 1
    printed = capsysbinary.readouterr()
    assert printed.out.decode() == GOOD + LOSES + MANGLED
    assert f"{file}:3: the record is not JSON, and is left out of --records".encode() in printed.err
    assert b"3 records in 1 file, 1 problem." in printed.err


def test_decode_writes_only_the_records_of_a_code(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = put(
        tmp_path / "a.gz",
        entry("Glue.AccessDenied", GOOD.encode()),
        entry("ICEBERG_BAD_DATA", b"nonsense"),
    )
    assert main(["records", "decode", str(file), "--records", "--code", "Glue.AccessDenied"]) == 0
    assert capsysbinary.readouterr().out.decode() == GOOD


@pytest.mark.parametrize("options", [["--table", "orders"], ["--code", "X"]])
def test_decode_options_that_need_another_one_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert main(["records", "decode", str(put(tmp_path / "a.gz")), *options]) == 2
    assert "needs --" in capsys.readouterr().err


def test_decode_stops_at_an_error_in_the_spec(tmp_path: Path, capsys: Any) -> None:
    assert main(["records", "decode", str(put(tmp_path / "a.gz")), "--spec", "nowhere.yaml"]) == 1
    assert "AC1001" in capsys.readouterr().out
