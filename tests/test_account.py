"""The account stack, and pipelines that use its function."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler import cli
from compiler.account import Settings, account_stack
from compiler.diagnostics import Diagnostics
from compiler.passes.lint import lint
from compiler.pipeline import compile_spec
from compiler.stack import Build
from compiler.template import resources
from tests.account_bed import AccountBed
from tests.e2e.pipelines import ROLES_ALONE, shipped_spec

Json = dict[str, Any]

TESTS = Path(__file__).parent
TOPIC = "arn:aws:sns:eu-west-1:111122223333:oncall"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
CASES = {
    "lake_formation": Settings("lake_formation"),
    "iam": Settings("iam"),
    "everything": Settings("lake_formation", TOPIC, (KEY,)),
}
_SOURCE = re.compile(r"(?<=ZipFile: \|\n)(?: {10}.*\n)+")


def compiled(folder: Path, **changes: Any) -> tuple[Build | None, Diagnostics]:
    """Compile the shipped spec with other keys."""
    spec = shipped_spec(changes)
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump(spec, sort_keys=False), "utf-8")
    found = Diagnostics()
    return compile_spec(str(path), found, linting=False), found


def actions(template: str, logical_id: str = "ProviderRole") -> set[str]:
    """Return what the policies of a role allow."""
    policies = resources(template)[logical_id].body()["Properties"]["Policies"]
    statements = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
    return {action for each in statements for action in several(each["Action"])}


def several(value: str | list[str]) -> list[str]:
    """Return a value that may be alone as a list."""
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize("name", CASES)
def test_the_template_is_exactly_the_expected_one(name: str, update_golden: bool) -> None:
    expected = TESTS / "account" / f"{name}.template.yaml"
    text = _SOURCE.sub("          (lambdas/provider and lambdas/account)\n", account_stack(CASES[name]).text)
    if update_golden:
        expected.write_text(text, "utf-8")
    assert text == expected.read_text("utf-8")


@pytest.mark.parametrize("name", CASES)
def test_cfn_lint_has_nothing_to_say_about_it(name: str) -> None:
    found = Diagnostics()
    lint(account_stack(CASES[name]), found)
    assert [each.message for each in found] == []


@pytest.mark.parametrize("access", ["lake_formation", "iam"])
def test_the_shared_provider_may_do_what_a_stacks_own_may(tmp_path: Path, access: Any) -> None:
    build, _ = compiled(tmp_path, access=access)
    assert build
    assert actions(build.stack.text) <= actions(account_stack(Settings(access)).text)


def test_only_lake_formation_asks_for_rights_in_it() -> None:
    governed = {each for each in actions(account_stack(Settings("iam")).text) if "lakeformation" in each}
    assert governed == set()


def test_the_command_writes_the_template_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").write_text('{"files": [{"path": "old.template.yaml"}]}', "utf-8")
    (tmp_path / "old.template.yaml").write_text("", "utf-8")
    assert cli.main(["account", "--access", "iam", "--out", str(tmp_path), "--no-lint"]) == 0
    name = "analytics-compile-account.template.yaml"
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, "manifest.json", "old.template.yaml"]
    assert (tmp_path / name).read_text("utf-8") == account_stack(Settings("iam")).text
    said = capsys.readouterr().out
    assert f"--template-file {tmp_path.as_posix()}/{name} --stack-name analytics-compile-account" in said


@pytest.mark.parametrize("option", ["--notify", "--kms-key"])
def test_an_arn_of_something_else_is_wrong_usage(
    tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arn = "arn:aws:iam::111122223333:role/oncall"
    assert cli.main(["account", option, arn, "--out", str(tmp_path)]) == 2
    assert f"'{arn}' is not the ARN of" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_pipeline_of_the_account_has_no_function_and_calls_the_shared_one(tmp_path: Path) -> None:
    build, _ = compiled(tmp_path, provider="account", **ROLES_ALONE)
    assert build
    made = resources(build.stack.text)
    kinds = {each.type for each in made.values()}
    assert not kinds & {"AWS::Lambda::Function", "Custom::LakeFormationAdministrator"}
    assert not {"ProviderRole", "ProviderLogGroup"} & set(made)
    custom = [each.body()["Properties"] for each in made.values() if each.type.startswith("Custom::")]
    arn = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Function}"
    token = {"!Sub": [arn, {"Function": "analytics-compile-provider"}]}
    assert [each["ServiceToken"] for each in custom] == [token] * 5


@pytest.mark.parametrize("access", ["lake_formation", "iam"])
def test_cfn_lint_has_nothing_to_say_about_a_pipeline_of_the_account(tmp_path: Path, access: str) -> None:
    build, found = compiled(tmp_path, provider="account", access=access)
    assert build
    lint(build.stack, found)
    assert [each.message for each in found] == []


def test_a_deployed_pipeline_keeps_its_provider(tmp_path: Path) -> None:
    build, _ = compiled(tmp_path)
    assert build
    build.lock_path.write_bytes(build.lock)
    build, found = compiled(tmp_path, provider="account")
    assert build is None
    (refusal,) = found
    assert refusal.message.startswith("'provider' was stack and is now account")


# On the bed


@pytest.fixture(scope="module")
def account() -> Iterator[AccountBed]:
    """Deploy the account stack to an account that has an administrator of its own."""
    with AccountBed() as bed:
        theirs = {"DataLakeAdmins": [{"DataLakePrincipalIdentifier": bed.role_arn("Admin")}]}
        bed.client("lakeformation").put_data_lake_settings(DataLakeSettings=theirs)
        bed.deploy(account_stack(CASES["everything"]).text, "analytics-compile-account")
        yield bed


def admins(bed: AccountBed) -> list[str]:
    """Return the data lake administrators."""
    settings = bed.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    return [each["DataLakePrincipalIdentifier"] for each in settings["DataLakeAdmins"]]


def grantees(bed: AccountBed) -> set[str]:
    """Return who has a permission of Lake Formation."""
    listed = bed.client("lakeformation").list_permissions()["PrincipalResourcePermissions"]
    return {each["Principal"]["DataLakePrincipalIdentifier"] for each in listed}


@pytest.mark.bed
def test_an_account_gets_ready_with_one_deploy(account: AccountBed) -> None:
    location = f"arn:aws:s3tables:{account.region}:{account.account}:bucket/*"
    assert list(account.catalogs.catalogs) == ["s3tablescatalog"]
    assert account.catalogs.registrations[location]["WithFederation"] is True
    provider = account.role_arn("analytics-compile-provider-us-east-1")
    assert admins(account) == [account.role_arn("Admin"), provider]
    alarms = account.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {each["MetricName"]: each["Threshold"] for each in alarms} == {
        "Errors": 0, "Throttles": 0, "Duration": 270_000
    }  # fmt: skip
    assert {tuple(each["AlarmActions"]) for each in alarms} == {(TOPIC,)}


@pytest.mark.bed
def test_a_pipeline_comes_and_goes_by_the_shared_provider(account: AccountBed, tmp_path: Path) -> None:
    build, _ = compiled(tmp_path, pipeline="shared-one", provider="account", bucket={"retain": False})
    other, _ = compiled(tmp_path, pipeline="shared-two", provider="account", bucket={"retain": False})
    assert build
    assert other
    account.deploy(build.stack.text, "shared-one")
    account.deploy(other.stack.text, "shared-two")
    wanted = {
        account.role_arn(f"shared-{name}-{role}") for name in ("one", "two") for role in ("delivery", "query")
    }
    assert grantees(account) == wanted
    glue = account.client("glue")
    names = {each["Name"] for each in glue.get_databases()["DatabaseList"]}
    assert names == {"shared_one_analytics", "shared_two_analytics"}
    events = account.catalog("shared-one").load_table("analytics.events")
    assert [field.name for field in events.schema().fields][:3] == ["site_id", "dt", "event"]
    account.delete("shared-one")
    assert grantees(account) == {each for each in wanted if "shared-two" in each}
    assert {each["Name"] for each in glue.get_databases()["DatabaseList"]} == {"shared_two_analytics"}
    account.delete("shared-two")
    assert grantees(account) == set()
    assert account.role_arn("analytics-compile-provider-us-east-1") in admins(account)


@pytest.mark.bed
def test_the_same_template_again_changes_nothing(account: AccountBed) -> None:
    before = json.dumps([account.catalogs.catalogs, account.catalogs.registrations, admins(account)])
    account.deploy(account_stack(CASES["lake_formation"]).text, "analytics-compile-account")
    assert json.dumps([account.catalogs.catalogs, account.catalogs.registrations, admins(account)]) == before


@pytest.mark.bed
def test_what_everybody_uses_outlives_the_stack(account: AccountBed) -> None:
    before = json.dumps([account.catalogs.catalogs, account.catalogs.registrations])
    (registration,) = account.catalogs.registrations.values()
    account.delete("analytics-compile-account")
    assert json.dumps([account.catalogs.catalogs, account.catalogs.registrations]) == before
    roles = {each["Arn"] for each in account.client("iam").list_roles()["Roles"]}
    assert registration["RoleArn"] in roles
    assert account.role_arn("analytics-compile-provider-us-east-1") not in roles
    assert admins(account) == [account.role_arn("Admin")]
    # And a second stack adopts what the first one left.
    account.deploy(account_stack(CASES["lake_formation"]).text, "once-more")
    assert json.dumps([account.catalogs.catalogs, account.catalogs.registrations]) == before


@pytest.mark.bed
def test_the_shared_role_suffices_where_policies_are_evaluated(tmp_path: Path) -> None:
    """Its calls of S3 Tables' REST catalog are judged; Glue and Lake Formation judge nobody on the bed."""
    build, _ = compiled(tmp_path, pipeline="guarded", provider="account", bucket={"retain": False})
    assert build
    with AccountBed(auth=True) as bed:
        bed.deploy(account_stack(CASES["lake_formation"]).text, "analytics-compile-account")
        bed.deploy(build.stack.text, "guarded")
        table = bed.catalog("guarded").load_table("analytics.initial_events")
        assert len(table.schema().fields) == 28
        assert len(grantees(bed)) == 2
        bed.delete("guarded")
        assert grantees(bed) == set()
