"""Stages of one spec on the test bed: guarded, independent of each other, with one lock."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError

from compiler.cli import main
from tests.bed import Bed

SPEC: dict[str, Any] = {
    "version": 1,
    "pipeline": "staged",
    "bucket": {"retain": False},
    "namespaces": {"web": {}},
    "tables": {"clicks": {"namespace": "web", "columns": {"id": "string"}}},
    "streams": {"clicks": {"table": "clicks"}},
}


def compiled(folder: Path, stages: dict[str, Any], *options: str, **changes: Any) -> dict[str, str]:
    """Compile the spec with these stages; return the template of each that was written."""
    path, out = folder / "spec.yaml", folder / "out"
    path.write_text(yaml.safe_dump({**SPEC, **changes, "stages": stages}, sort_keys=False), "utf-8")
    assert main([str(path), "--no-lint", "--quiet", "--out", str(out), *options]) == 0
    return {each.parent.name: each.read_text("utf-8") for each in out.glob("*/*.template.yaml")}


def refusal(bed: Bed, template: str, stack: str) -> str:
    """Deploy to the wrong place; return what CloudFormation says."""
    with pytest.raises(ClientError) as refused:
        bed.deploy(template, stack)
    return str(refused.value)


def exists(bed: Bed, stack: str) -> bool:
    """Say whether there is a stack."""
    listed = bed.client("cloudformation").list_stacks()["StackSummaries"]
    return any(each["StackName"] == stack and "DELETE" not in each["StackStatus"] for each in listed)


@pytest.mark.parametrize(
    ("guard", "says"),
    [
        ({"account": "999988887777"}, "Stage guarded is for the account 999988887777 and no other one."),
        ({"region": "eu-west-1"}, "Stage guarded is for the Region eu-west-1 and no other one."),
    ],
)
def test_a_deploy_to_another_place_makes_nothing(
    bed: Bed, tmp_path: Path, guard: dict[str, str], says: str
) -> None:
    templates = compiled(tmp_path, {"guarded": guard})
    assert says in refusal(bed, templates["guarded"], "staged-guarded")
    assert not exists(bed, "staged-guarded")
    buckets = bed.client("s3tables").list_table_buckets()["tableBuckets"]
    assert "staged-guarded" not in [each["name"] for each in buckets]


def test_a_guard_that_comes_later_stops_an_update(bed: Bed, tmp_path: Path) -> None:
    right = {"account": bed.account, "region": bed.region}
    templates = compiled(tmp_path, {"moved": right})
    bed.deploy(templates["moved"], "staged-moved")
    wrong = compiled(tmp_path, {"moved": {**right, "account": "999988887777"}}, tags={"changed": "yes"})
    assert "999988887777" in refusal(bed, wrong["moved"], "staged-moved")
    described = bed.client("cloudformation").describe_stacks(StackName="staged-moved")["Stacks"][0]
    assert described["StackStatus"] == "CREATE_COMPLETE"
    bed.delete("staged-moved")


def test_every_stage_comes_to_the_same_table_whenever_it_is_deployed(bed: Bed, tmp_path: Path) -> None:
    stages: dict[str, Any] = {"dev": {}, "prod": {"account": int(bed.account), "region": bed.region}}
    first = compiled(tmp_path, stages)
    bed.deploy(first["dev"], "staged-dev")

    columns = {"id": "string", "at": {"type": "timestamptz"}, "amount": "long"}
    tables = {"clicks": {"namespace": "web", "columns": columns, "partition": ["day(at)"]}}
    second = compiled(tmp_path, stages, "--stage", "dev", tables=tables)
    assert second["prod"] == first["prod"]
    bed.deploy(second["dev"], "staged-dev")
    bed.deploy(first["prod"], "staged-prod")  # an old one, which was not compiled again

    last = compiled(
        tmp_path, {**stages, "late": {"streams": {"clicks": {"buffer_seconds": 1}}}}, tables=tables
    )
    for stage in ("dev", "prod", "late"):
        bed.deploy(last[stage], f"staged-{stage}")
    live = [bed.catalog(f"staged-{stage}").load_table("web.clicks") for stage in ("dev", "prod", "late")]
    schemas = [each.schema().as_struct() for each in live]
    assert [field.name for field in schemas[0].fields] == ["id", "at", "amount"]
    assert schemas[1] == schemas[2] == schemas[0]
    assert {str(each.spec().fields) for each in live} == {str(live[0].spec().fields)}
    assert [field.field_id for field in live[0].spec().fields] == [1000]
    for stage in ("dev", "prod", "late"):
        bed.delete(f"staged-{stage}")


def test_a_lost_lock_is_rebuilt_from_one_of_the_stages(
    bed: Bed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": bed.url,
        "AWS_DEFAULT_REGION": bed.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto3.Session())
    templates = compiled(tmp_path, {"lost": {}, "other": {}})
    bed.deploy(templates["lost"], "staged-lost")
    spec, lock = str(tmp_path / "spec.yaml"), tmp_path / "spec.lock.json"
    before = json.loads(lock.read_text("utf-8"))
    lock.unlink()

    assert main(["lock", spec, "--from-aws", "--stage", "lost"]) == 0
    assert list(json.loads(lock.read_text("utf-8"))["stacks"]) == ["staged-lost"]
    assert compiled(tmp_path, {"lost": {}, "other": {}}) == templates
    assert json.loads(lock.read_text("utf-8")) == before
    capsys.readouterr()
    assert main(["plan", spec, "--stage", "lost", "--stack", "staged-lost", "--exit-code"]) == 0
    assert "staged-lost, compared with stack staged-lost\n\nNothing changes." in capsys.readouterr().out
    bed.delete("staged-lost")
