"""What a plan says of the next deploy, in text, JSON and Markdown, against whatever it is compared with."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.registry import create_only
from compiler.semantics.replacement import resource_changes
from tests.compiling import assert_golden

PLANS = Path(__file__).parent / "plans"
CASES = sorted(PLANS.glob("*/"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compile_(name: str) -> None:
    """Compile the earlier spec of a case."""
    Path("spec.yaml").write_bytes((PLANS / name / "before.yaml").read_bytes())
    assert main(["spec.yaml", "--no-lint", "--quiet"]) == 0


def change(name: str) -> None:
    """Put the later spec of a case in the place of the earlier one."""
    Path("spec.yaml").write_bytes((PLANS / name / "after.yaml").read_bytes())


def plan(*options: str) -> int:
    """Plan the spec of the folder."""
    return main(["plan", "spec.yaml", "--exit-code", *options])


def git(*words: str) -> None:
    """Run git in the folder."""
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], capture_output=True, check=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_plan_says_exactly_this(
    case: Path, folder: Path, update_golden: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    compile_(case.name)
    change(case.name)
    capsys.readouterr()
    plan()
    assert_golden(case / "expected.txt", capsys.readouterr().out, update_golden)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_plan_is_empty_once_it_is_compiled(case: Path, folder: Path) -> None:
    compile_(case.name)
    change(case.name)
    if main(["spec.yaml", "--no-lint", "--quiet"]) == 0:
        assert plan() == plan("--against", "spec.lock.json") == 0


@pytest.mark.parametrize(
    ("case", "code"),
    [("nothing", 0), ("evolved-table", 10), ("dropped-column", 10), ("without-consent", 11), ("refused", 1)],
)
def test_the_exit_code_tells_changes_from_missing_consent(case: str, code: int, folder: Path) -> None:
    compile_(case)
    change(case)
    assert plan() == code
    assert main(["plan", "spec.yaml"]) == (1 if code in (1, 11) else 0)


def test_json_is_for_programs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compile_("without-consent")
    change("without-consent")
    capsys.readouterr()
    assert plan("--format", "json") == 11
    out, err = capsys.readouterr()
    data: dict[str, Any] = json.loads(out)

    assert err == ""
    assert [each["code"] for each in data["diagnostics"]] == ["AC4006"]
    assert data["plans"] == [
        {
            "stack": "shop",
            "against": "out/shop.template.yaml",
            "entries": [
                {
                    "address": "tables.orders",
                    "action": "evolve",
                    "changes": [
                        {
                            "action": "delete",
                            "path": "columns.note",
                            "before": "string",
                            "after": "",
                            "because": "",
                            "means": {
                                "rows": "its values stay in old files, and nobody can read them",
                                "queries": "fail that name it",
                                "records": "a key of this name is dropped",
                            },
                        }
                    ],
                }
            ],
            "drift": [],
            "counts": {"create": 0, "update": 0, "evolve": 1, "replace": 0, "delete": 0},
        }
    ]


def test_json_without_a_plan_says_why(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("spec.yaml").write_text("version: 2\n")
    assert plan("--format", "json") == 1
    data = json.loads(capsys.readouterr().out)
    assert data["plans"] == []
    assert "AC2009" in [each["code"] for each in data["diagnostics"]]


def test_markdown_is_for_a_pull_request(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compile_("without-consent")
    change("without-consent")
    capsys.readouterr()
    assert plan("--format", "markdown") == 11
    out, err = capsys.readouterr()
    lines = out.splitlines()

    assert lines[0] == (
        "### shop: Plan: 0 to create, 0 to update, 1 to evolve in place, 0 to replace, 0 to delete."
    )
    assert lines[-1] == (
        "| - | tables.orders | columns.note | string |  | rows: its values stay in old files, "
        "and nobody can read them; queries: fail that name it; records: a key of this name is dropped |"
    )
    assert "error AC4006" in err


def test_markdown_keeps_a_value_in_its_cell(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compile_("nothing")
    text = Path("spec.yaml").read_text()
    Path("spec.yaml").write_text(text.replace("amount: int", "amount: {type: int, doc: 'a | <b> \\ c'}"))
    capsys.readouterr()
    plan("--format", "markdown")
    assert "| columns.amount.doc | none | a \\| &lt;b> \\\\ c |" in capsys.readouterr().out


# What a plan is compared with


def test_a_spec_that_was_never_compiled_is_all_new(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change("nothing")
    assert plan() == 10
    out = capsys.readouterr().out
    assert out.startswith("shop, compared with nothing, as it was never compiled\n")
    assert out.splitlines()[-1].endswith("0 to update, 0 to evolve in place, 0 to replace, 0 to delete.")


def told(change: dict[str, Any]) -> bool:
    """Whether both can tell a change: only a lock has keys, only a template has policies."""
    return change["path"] != "key" and not change["because"]


@pytest.mark.parametrize("case", ["evolved-table", "renamed-table", "removed-table", "new-table"])
def test_a_lock_knows_as_much_of_tables_as_a_template(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compile_(case)
    Path("old.lock.json").write_bytes(Path("spec.lock.json").read_bytes())
    change(case)
    tables = []
    for against in ([], ["--against", "old.lock.json"]):
        capsys.readouterr()
        assert plan("--format", "json", *against) == 10
        entries = json.loads(capsys.readouterr().out)["plans"][0]["entries"]
        by_address = {entry["address"]: entry["changes"] for entry in entries}
        tables.append(
            {
                address: [(each["action"], each["path"], each["after"]) for each in changes if told(each)]
                for address, changes in by_address.items()
                if address.startswith("tables.") and "/" not in address
            }
        )
    assert tables[0] == tables[1]


def test_a_commit_is_compiled_as_it_was(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git("init", "-q", "-b", "main")
    compile_("evolved-table")
    git("add", "spec.yaml", "spec.lock.json")
    git("commit", "-qm", "x")
    change("evolved-table")
    capsys.readouterr()
    plan()
    against_out = capsys.readouterr().out
    assert plan("--against", "main") == 10
    assert capsys.readouterr().out == against_out.replace("out/shop.template.yaml", "main of git")

    assert main(["spec.yaml", "--no-lint", "--quiet"]) == 0
    git("add", "-A")
    git("commit", "-qm", "y")
    assert plan("--against", "HEAD") == 0
    assert plan("--against", "HEAD~1") == 10


def test_what_was_doubtful_in_an_old_spec_is_not_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git("init", "-q", "-b", "main")
    spec = (PLANS / "nothing" / "before.yaml").read_text()
    Path("spec.yaml").write_text(spec.replace("\n  drafts: {table: drafts}", ""))  # AC3104: nobody feeds it
    git("add", "-A")
    git("commit", "-qm", "x")
    change("nothing")
    plan("--against", "main")
    out = capsys.readouterr().out
    assert "+ streams.drafts/DraftsStream" in out
    assert "AC3104" not in out


def test_a_commit_is_found_from_another_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q", "-b", "main")
    compile_("nothing")
    git("add", "-A")
    git("commit", "-qm", "x")
    (folder / "deep").mkdir()
    monkeypatch.chdir(folder / "deep")
    assert main(["plan", "../spec.yaml", "--exit-code", "--against", "main"]) == 0


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("", "'' cannot name a commit"),
        ("-h", "'-h' cannot name a commit"),
        ("--output=pwned", "'--output=pwned' cannot name a commit"),
        ("--upload-pack=touch pwned", "'--upload-pack=touch pwned' cannot name a commit"),
        ("nowhere", "git has no 'nowhere:spec.yaml': invalid object name 'nowhere'"),
        ("$(touch pwned)", "git has no '$(touch pwned):spec.yaml': invalid object name '$(touch pwned)'"),
        ("main:deep", "git has no 'main:deep:spec.yaml': path 'deep:./spec.yaml' does not exist in 'main'"),
        ("missing.lock.json", "there is no lock 'missing.lock.json'"),
    ],
)
def test_what_is_no_commit_is_said_and_does_no_harm(
    reference: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git("init", "-q", "-b", "main")
    compile_("nothing")
    git("add", "-A")
    git("commit", "-qm", "x")
    before = sorted(folder.rglob("*"))
    capsys.readouterr()
    assert plan(f"--against={reference}") == 1
    assert f"error AC4206: {message}" in capsys.readouterr().out
    assert sorted(folder.rglob("*")) == before


def test_a_commit_whose_spec_does_not_compile_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git("init", "-q", "-b", "main")
    Path("spec.yaml").write_text("version: 2\n")
    git("add", "-A")
    git("commit", "-qm", "x")
    change("nothing")
    assert plan("--against", "main") == 1
    assert "error AC4206: the spec at 'main' does not compile" in capsys.readouterr().out


@pytest.mark.parametrize(
    "damage",
    [
        b"\xff\xfe",
        b"Resources:\n  OrdersSchema:\n    Type: Custom::IcebergTableSchema\n    Properties: {}\n",
        b"Resources:\n  OrdersSchema:\n    Type: Custom::IcebergTableSchema\n    [\n",
        b"Resources:\n  OrdersTable:\n    Type: AWS::S3Tables::Table\n    [\n",
    ],
)
def test_an_output_that_somebody_spoilt_is_said(
    damage: bytes, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compile_("nothing")
    Path("out/shop.template.yaml").write_bytes(damage)
    assert plan() == 1
    assert "error AC4206" in capsys.readouterr().out


# What forces a replacement


def resource(body: str, type_: str = "AWS::IAM::Role") -> str:
    """Return a template with one resource."""
    return f"Resources:\n\n  One:\n    Type: {type_}\n{body}"


def actions(before: str, after: str) -> list[tuple[str, str, str, str]]:
    """Return what changes between two templates."""
    return [
        (each.action, each.path, each.before, each.after) for each in resource_changes(before, after, {}, {})
    ]


def test_the_registry_says_what_replaces_a_resource() -> None:
    assert ("RoleName",) in create_only("AWS::IAM::Role")
    assert ("IcebergDestinationConfiguration", "CatalogConfiguration") in create_only(
        "AWS::KinesisFirehose::DeliveryStream"
    )
    assert create_only("Custom::Anything") == frozenset()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "    Properties: {RoleName: a, Description: a}\n",
            "    Properties: {RoleName: b, Description: b}\n",
            [("replace", "RoleName", "a", "b"), ("update", "Description", "a", "b")],
        ),
        (
            "    Properties: {RoleName: !Ref A}\n",
            '    Properties: {RoleName: !Sub ["x${A}", {A: b}]}\n',
            [("replace", "RoleName", "!Ref A", '!Sub ["x${A}", {"A": "b"}]')],
        ),
        (
            "    Properties: {Tags: [{Key: a}, {Key: b}]}\n",
            "    Properties: {Tags: [{Key: b}, {Key: c}]}\n",
            [("update", "Tags.Key", "a", "c")],
        ),
        (
            "    Properties: {Tags: [{Key: a}]}\n",
            "    Properties: {Tags: [{Key: b}, {Key: c}]}\n",
            [
                ("update", "Tags", '{"Key": "a"}', ""),
                ("update", "Tags", "", '{"Key": "b"}'),
                ("update", "Tags", "", '{"Key": "c"}'),
            ],
        ),
        (
            "    Properties: {Tags: [a, b]}\n",
            "    Properties: {Tags: [b, a]}\n",
            [("update", "Tags", '["a", "b"]', '["b", "a"]')],
        ),
        (
            "    DeletionPolicy: Retain\n    Properties: {RoleName: a}\n",
            "    Properties: {RoleName: a}\n",
            [("update", "DeletionPolicy", "Retain", "Delete")],
        ),
        (
            "    DependsOn: A\n    Properties: {RoleName: a}\n",
            "    DependsOn: B\n    Properties: {RoleName: a}\n",
            [],
        ),
        (
            "    Properties: {Description: a}\n",
            '    Properties: {Description: "a\\nb   c"}\n',
            [("update", "Description", "a", "a b c")],
        ),
    ],
)
def test_a_resource_is_replaced_or_updated(
    before: str, after: str, expected: list[tuple[str, str, str, str]]
) -> None:
    assert actions(resource(before), resource(after)) == expected


def test_another_type_under_one_logical_id_is_a_replacement() -> None:
    body = "    Properties: {RoleName: a}\n"
    before, after = resource(body), resource(body, "AWS::S3::Bucket")
    assert actions(before, after) == [("replace", "Type", "AWS::IAM::Role", "AWS::S3::Bucket")]


def test_only_the_part_of_a_property_that_is_fixed_forces_a_replacement() -> None:
    stream = "AWS::KinesisFirehose::DeliveryStream"
    before = "    Properties: {IcebergDestinationConfiguration: {CatalogConfiguration: {CatalogArn: a}}}\n"
    more = before.replace("{CatalogArn: a}", "{CatalogArn: a}, RetryOptions: {DurationInSeconds: 1}")
    other = before.replace("{CatalogArn: a}", "{CatalogArn: b}")
    without = "    Properties: {DeliveryStreamName: x}\n"
    harmless = "    Properties: {IcebergDestinationConfiguration: {BufferingHints: {SizeInMBs: 1}}}\n"
    assert [each[0] for each in actions(resource("", stream), resource(harmless, stream))] == ["update"]
    assert [each[0] for each in actions(resource(before, stream), resource(more, stream))] == ["update"]
    assert [each[0] for each in actions(resource(before, stream), resource(other, stream))] == ["replace"]
    assert [each[0] for each in actions(resource(without, stream), resource(before, stream))] == [
        "replace",
        "replace",
    ]
