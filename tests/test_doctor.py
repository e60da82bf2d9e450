"""What the doctor says of an account: on the bed, where it has what the doctor asks for."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.stub import Stubber

from compiler import cli
from compiler.account import Settings, account_stack
from compiler.deployer import Where, deployer_policy
from compiler.diagnostics import Diagnostics
from compiler.doctor import view
from compiler.doctor.account import Account
from compiler.doctor.data import data
from compiler.doctor.finding import Finding, doubtful, fine, wrong
from compiler.doctor.place import place
from compiler.doctor.quotas import concurrency
from compiler.doctor.region import region
from compiler.doctor.stack import stack_state
from compiler.doctor.subject import Deployed, Subject
from compiler.pipeline import compile_spec
from compiler.stack import Build
from tests.account_bed import AccountBed
from tests.catalog_server import Fault

Json = dict[str, Any]
Doctor = Callable[..., Json]

SPEC: Json = {
    "version": 1,
    "pipeline": "clicks",
    "namespaces": {"web": {}},
    "tables": {"clicks": {"namespace": "web", "columns": {"path": "string"}}},
    "streams": {"clicks": {"table": "clicks"}},
    "roles": {"reader": {"service": "lambda", "read": ["clicks"]}},
}
EVERYBODY = {"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}


def compiled(folder: Path, **changes: Any) -> tuple[Path, Build]:
    """Write the spec with other keys, and compile it."""
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump({**SPEC, **changes}, sort_keys=False), "utf-8")
    found = Diagnostics()
    build = compile_spec(str(path), found, linting=False)
    assert build, [each.message for each in found]
    return path, build


# What needs no account


def subject(tmp_path: Path, region: str = "eu-west-1", deployed: str = "", **changes: Any) -> Subject:
    """Return a spec in a Region, where nobody is asked."""
    path, build = compiled(tmp_path, **changes)
    where = Where("aws", region, "111122223333")
    account = Account(boto3.Session(), where, "arn:aws:iam::111122223333:root")
    return Subject(str(path), build, account, Deployed(deployed, frozenset()))


@pytest.mark.parametrize(
    ("name", "access", "status"),
    [
        ("eu-west-1", "lake_formation", "fine"),
        ("eu-west-1", "iam", "fine"),
        ("me-south-1", "lake_formation", "fine"),
        ("me-south-1", "iam", "wrong"),
        ("ap-northeast-1", "iam", "doubtful"),
        ("mx-central-1", "iam", "wrong"),
        ("cn-north-1", "lake_formation", "wrong"),
        ("us-gov-west-1", "lake_formation", "wrong"),
    ],
)
def test_the_region_is_held_against_what_aws_documents(
    tmp_path: Path, name: str, access: str, status: str
) -> None:
    verdict = region(subject(tmp_path, name, access=access))
    assert verdict.status == status
    assert name in verdict.message
    assert bool(verdict.remedy) == (status != "fine")


def test_a_region_without_firehose_is_fine_without_streams(tmp_path: Path) -> None:
    assert region(subject(tmp_path, "mx-central-1", streams={})).status == "fine"


@pytest.mark.parametrize(
    ("status", "says", "remedy"),
    [
        ("", "fine", ""),
        ("CREATE_COMPLETE", "fine", ""),
        ("UPDATE_ROLLBACK_COMPLETE", "fine", ""),
        ("IMPORT_COMPLETE", "fine", ""),
        ("REVIEW_IN_PROGRESS", "fine", ""),
        ("ROLLBACK_COMPLETE", "wrong", "delete-stack --stack-name clicks"),
        ("DELETE_FAILED", "wrong", "delete-stack --stack-name clicks"),
        ("UPDATE_ROLLBACK_FAILED", "wrong", "continue-update-rollback --stack-name clicks"),
        ("UPDATE_IN_PROGRESS", "wrong", "describe-stack-events --stack-name clicks"),
        ("UPDATE_FAILED", "doubtful", "describe-stack-events --stack-name clicks"),
    ],
)
def test_a_stack_is_ready_or_has_a_way_out(tmp_path: Path, status: str, says: str, remedy: str) -> None:
    verdict = stack_state(subject(tmp_path, deployed=status))
    assert verdict.status == says
    assert (remedy in verdict.remedy[-1]) if remedy else verdict.remedy == ()


def test_the_text_tells_a_remedy_once_and_puts_what_is_fine_on_one_line() -> None:
    findings = [
        Finding("integration", wrong("no catalog", "make it")),
        Finding("provider", wrong("no function", "make it")),
        Finding("names", fine("role 'a' is free")),
        Finding("names", doubtful("link 'b' is there", "look")),
        Finding("names", fine("stream 'c' is free")),
    ]
    assert view.text(view.view("clicks", None, findings), colour=False).splitlines() == [
        "✗ integration     no catalog",
        "                  make it",
        "✗ provider        no function",
        "                  as above",
        "✓ names           2 of 3 are as they should be",
        "! names           link 'b' is there",
        "                  look",
        "",
        "2 in the way, 1 to look at.",
    ]


@pytest.mark.parametrize("broken", ["AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"])
def test_without_a_region_or_credentials_it_says_so(
    tmp_path: Path, broken: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "eu-west-1")
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv(broken)
    path, _ = compiled(tmp_path)
    assert cli.main(["doctor", str(path)]) == 1
    said = capsys.readouterr().out
    assert said.startswith("✗ caller")
    assert "Region" in said if broken == "AWS_DEFAULT_REGION" else "credentials" in said


def test_an_aws_that_does_not_answer_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    path, _ = compiled(tmp_path)
    assert cli.main(["doctor", str(path)]) == 1
    assert "Could not connect" in capsys.readouterr().out


def test_a_spec_with_an_error_asks_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("version: 1\n", "utf-8")
    assert cli.main(["doctor", str(path)]) == 1
    out = capsys.readouterr()
    assert out.out == ""
    assert "AC2002" in out.err


@pytest.mark.parametrize(
    ("guard", "status"),
    [
        ({"account": 111122223333}, "fine"),
        ({"region": "eu-west-1"}, "fine"),
        ({"account": "111122223333", "region": "eu-west-1"}, "fine"),
        ({"account": "444455556666", "region": "eu-west-1"}, "wrong"),
        ({"account": "111122223333", "region": "eu-west-2"}, "wrong"),
    ],
)
def test_a_stage_is_deployed_where_it_belongs(tmp_path: Path, guard: Json, status: str) -> None:
    assert place(subject(tmp_path, stages={"dev": guard})).status == status


@pytest.mark.parametrize(
    ("free", "reserved", "status"),
    [
        (1000, None, "fine"),
        (119, None, "doubtful"),
        (10, None, "wrong"),
        (100, 20, "fine"),
        (100, 5, "doubtful"),
    ],
)
def test_reserved_concurrency_leaves_enough_to_the_account_s_other_functions(
    tmp_path: Path, free: int, reserved: int | None, status: str
) -> None:
    collect = {"kind": "ingest", "streams": ["clicks"], "concurrency": 20}
    asked = subject(tmp_path, functions={"collect": collect})
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    client = asked.account._clients["lambda"] = boto3.client("lambda", region_name="eu-west-1", **keys)
    stubber = Stubber(client)
    stubber.add_response(
        "get_account_settings", {"AccountLimit": {"UnreservedConcurrentExecutions": free}}, {}
    )
    if reserved is not None:
        asked = replace(asked, deployed=Deployed("CREATE_COMPLETE", frozenset({"CollectFunction"})))
        answer = {"ReservedConcurrentExecutions": reserved}
        stubber.add_response("get_function_concurrency", answer, {"FunctionName": "clicks-collect"})
    with stubber:
        verdict = concurrency(asked)
    assert verdict.status == status
    assert bool(verdict.remedy) == (status != "fine")
    stubber.assert_no_pending_responses()


@pytest.mark.parametrize(("minutes", "status"), [(5, "doubtful"), (120, "fine")])
def test_the_name_of_a_bucket_is_in_doubt_for_an_hour_after_its_stack_went(
    tmp_path: Path, minutes: int, status: str
) -> None:
    given, gone = subject(tmp_path), datetime.now(UTC) - timedelta(minutes=minutes)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    for service in ("s3tables", "cloudformation"):
        client = boto3.client(service, region_name="eu-west-1", **keys)
        stub = Stubber(client)
        if service == "s3tables":
            stub.add_client_error("get_table_bucket", "NotFoundException")
            stub.add_client_error("get_table_bucket", "NotFoundException")
        else:
            deleted = {"StackStatus": "DELETE_COMPLETE", "CreationTime": gone, "DeletionTime": gone}
            summaries = [{**deleted, "StackName": "other"}, {**deleted, "StackName": "clicks"}]
            stub.add_response("list_stacks", {"StackSummaries": summaries})
        stub.activate()
        given.account._clients[service] = client
    verdict = data(given)
    assert verdict.status == status
    assert ("the name of the table bucket 'clicks' may be blocked" in verdict.message) == (minutes == 5)


# On the bed


@pytest.fixture(scope="module")
def account() -> Iterator[AccountBed]:
    """Start a bed, and lead this process to it."""
    with AccountBed() as bed, pytest.MonkeyPatch.context() as patch:
        for name, value in bed.environment().items():
            patch.setenv(name, value)
        yield bed


@pytest.fixture
def doctor(account: AccountBed, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Return what runs the doctor on the spec with other keys, and returns its report by name."""
    ready(account)

    def run(*arguments: str, **changes: Any) -> Json:
        path, _ = compiled(tmp_path, **changes)
        code = cli.main(["doctor", str(path), "--format", "json", *arguments])
        report = json.loads(capsys.readouterr().out)
        assert code == (1 if report["summary"]["wrong"] else 0)
        by_name: dict[str, list[Json]] = {}
        for check in report["checks"]:
            assert bool(check["remedy"]) or check["status"] == "fine" or "looked up" in check["message"]
            by_name.setdefault(check["name"], []).append(check)
        return {**by_name, "report": report}

    return run


def ready(bed: AccountBed) -> None:
    """Make the account ready for Lake Formation, whatever an earlier test did to it."""
    location = f"arn:aws:s3tables:{bed.region}:{bed.account}:bucket/*"
    federated = {"Identifier": location, "ConnectionName": "aws:s3tables"}
    bed.catalogs.clear()
    bed.catalogs.catalogs["s3tablescatalog"] = {"Name": "s3tablescatalog", "FederatedCatalog": federated}
    theirs = "arn:aws:iam::444455556666:role/Theirs"
    bed.catalogs.registrations[location] = {
        "ResourceArn": location, "RoleArn": theirs, "WithFederation": True
    }  # fmt: skip
    admins(bed)


def admins(bed: AccountBed, *arns: str) -> None:
    """Make these the data lake administrators."""
    listed = [{"DataLakePrincipalIdentifier": arn} for arn in arns]
    bed.client("lakeformation").put_data_lake_settings(DataLakeSettings={"DataLakeAdmins": listed})


def wrongs(report: Json) -> list[str]:
    """Return what is in the way."""
    return [each["message"] for each in report["report"]["checks"] if each["status"] == "wrong"]


bed_test = pytest.mark.bed


@bed_test
def test_nothing_is_in_the_way_of_a_first_deploy_to_a_ready_account(doctor: Doctor) -> None:
    found = doctor()
    report = found["report"]
    assert [each for each in report["checks"] if each["status"] != "fine"] == []
    assert (report["account"], report["region"]) == ("111122223333", "us-east-1")
    assert len(found["names"]) == 9


@bed_test
def test_the_account_of_a_stage_is_asked_for_where_it_names_one(doctor: Doctor) -> None:
    report = doctor("--stage", "prod", stages={"dev": {}, "prod": {"account": "999988887777"}})
    assert wrongs(report) == ["stage 'prod' is for 999988887777, and this is 111122223333 in us-east-1"]
    assert report["report"]["stack"] == "clicks-prod"
    assert "place" not in doctor(stages={"dev": {}})


@bed_test
def test_nothing_is_in_the_way_of_the_next_deploy(
    account: AccountBed, doctor: Doctor, tmp_path: Path
) -> None:
    # The roles are granted by the stack's own provider, which becomes an administrator.
    _, build = compiled(tmp_path, bucket={"retain": False})
    account.deploy(build.stack.text, "clicks")
    report = doctor(bucket={"retain": False})
    assert wrongs(report) == []
    assert report["stack"][0]["message"] == "the stack 'clicks' is in CREATE_COMPLETE"
    assert {each["message"].rpartition(" is ")[2] for each in report["names"]} == {"this stack's"}
    account.delete("clicks")


@bed_test
def test_an_account_without_an_integration_is_told_how_to_get_one(
    account: AccountBed, doctor: Doctor
) -> None:
    account.catalogs.clear()
    report = doctor(pipeline="fresh")
    assert [each["name"] for each in report["report"]["checks"] if each["status"] == "wrong"] == [
        "integration", "registration"
    ]  # fmt: skip
    assert report["integration"][0]["remedy"][0] == "analytics-compile account --access lake_formation"


@bed_test
@pytest.mark.parametrize(
    ("wanted", "permitted", "says"),
    [
        ("lake_formation", [EVERYBODY], "governed by iam, the spec says lake_formation"),
        ("iam", [], "governed by lake_formation, the spec says iam"),
        ("lake_formation", None, "governed by neither of the two modes, the spec says lake_formation"),
        ("iam", None, "governed by neither of the two modes, the spec says iam"),
    ],
)
def test_the_mode_of_the_account_is_held_against_the_specs(
    account: AccountBed, doctor: Doctor, wanted: str, permitted: list[Json] | None, says: str
) -> None:
    catalog = account.catalogs.catalogs["s3tablescatalog"]
    catalog["CreateDatabaseDefaultPermissions"] = [EVERYBODY] if permitted is None else permitted
    catalog["CreateTableDefaultPermissions"] = permitted or []
    (finding,) = doctor(access=wanted, pipeline="fresh")["integration"]
    assert finding["status"] == "wrong"
    assert says in finding["message"]


@bed_test
def test_iam_needs_neither_registration_nor_administrators(account: AccountBed, doctor: Doctor) -> None:
    catalog = account.catalogs.catalogs["s3tablescatalog"]
    catalog["CreateDatabaseDefaultPermissions"] = catalog["CreateTableDefaultPermissions"] = [EVERYBODY]
    account.catalogs.registrations.clear()
    report = doctor(access="iam", pipeline="fresh")
    assert wrongs(report) == []
    assert {"registration", "administrators"} & set(report) == set()


@bed_test
def test_a_registration_that_lets_nobody_read_is_told_apart(account: AccountBed, doctor: Doctor) -> None:
    (registration,) = account.catalogs.registrations.values()
    registration["WithFederation"] = False
    (finding,) = doctor(pipeline="fresh")["registration"]
    assert "without federation" in finding["message"]
    assert shlex.split(finding["remedy"][0])[-1] == "--with-federation"
    registration.update(WithFederation=True, RoleArn=account.role_arn("Gone"))
    (finding,) = doctor(pipeline="fresh")["registration"]
    assert f"with the role {account.role_arn('Gone')}, which is gone" in finding["message"]


@bed_test
def test_the_list_of_administrators_has_room_and_no_dead_entry(account: AccountBed, doctor: Doctor) -> None:
    admins(account, *(f"arn:aws:iam::{account.account}:user/admin-{number}" for number in range(30)))
    (finding,) = doctor(pipeline="fresh")["administrators"]
    assert "there are 30 data lake administrators already" in finding["message"]
    admins(account, account.role_arn("Gone"), "arn:aws:iam::444455556666:role/Theirs")
    (finding,) = doctor(pipeline="fresh")["administrators"]
    assert finding["message"].startswith(f"{account.role_arn('Gone')} is a data lake administrator and gone")


@bed_test
def test_the_shared_provider_is_there_and_may_grant(account: AccountBed, doctor: Doctor) -> None:
    report = doctor(provider="account", pipeline="fresh")
    (finding,) = report["provider"]
    assert "the account has no function 'analytics-compile-provider'" in finding["message"]
    assert not any("'fresh-provider'" in each["message"] for each in report["names"])
    account.deploy(account_stack(Settings("lake_formation")).text, "analytics-compile-account")
    assert wrongs(doctor(provider="account", pipeline="fresh")) == []
    admins(account)
    (finding,) = doctor(provider="account", pipeline="fresh")["provider"]
    assert "is no data lake administrator" in finding["message"]
    account.delete("analytics-compile-account")


def _make_role(bed: AccountBed) -> None:
    trust = {"Version": "2012-10-17", "Statement": []}
    bed.client("iam").create_role(RoleName="taken-reader", AssumeRolePolicyDocument=json.dumps(trust))


def _make_function(bed: AccountBed) -> None:
    bed.client("lambda").create_function(
        FunctionName="taken-provider",
        Role=bed.role_arn("Theirs"),
        Runtime="python3.13",
        Handler="index.handler",
        Code={"ZipFile": b"PK\x05\x06" + b"\0" * 18},
    )


def _make_stream(bed: AccountBed) -> None:
    theirs = {"RoleARN": bed.role_arn("Theirs"), "BucketARN": "arn:aws:s3:::theirs"}
    bed.client("firehose").create_delivery_stream(
        DeliveryStreamName="taken-clicks", ExtendedS3DestinationConfiguration=theirs
    )


def _make_log_group(bed: AccountBed) -> None:
    bed.client("logs").create_log_group(logGroupName="/aws/lambda/taken-provider")


def _make_workgroup(bed: AccountBed) -> None:
    bed.client("athena").create_work_group(Name="taken")


def _make_database(bed: AccountBed) -> None:
    bed.client("glue").create_database(DatabaseInput={"Name": "taken_web"})


MAKERS = {
    "role 'taken-reader' exists and is not this stack's": _make_role,
    "function 'taken-provider' exists and is not this stack's": _make_function,
    "stream 'taken-clicks' exists and is not this stack's": _make_stream,
    "log group '/aws/lambda/taken-provider' exists and is not this stack's": _make_log_group,
    "workgroup 'taken' exists and is not this stack's": _make_workgroup,
    "database 'taken_web' is taken by a database": _make_database,
}


@bed_test
def test_a_name_that_somebody_else_has_is_in_the_way(account: AccountBed, doctor: Doctor) -> None:
    assert wrongs(doctor(pipeline="taken")) == []
    for make in MAKERS.values():
        make(account)
    assert sorted(wrongs(doctor(pipeline="taken"))) == sorted(MAKERS)


@bed_test
def test_a_link_is_adopted_where_it_leads_to_the_namespace_and_nowhere_else(
    account: AccountBed, doctor: Doctor
) -> None:
    glue = account.client("glue")
    target = {"CatalogId": f"{account.account}:s3tablescatalog/linked", "DatabaseName": "web"}
    glue.create_database(DatabaseInput={"Name": "linked_web", "TargetDatabase": target})
    link, *_ = doctor(pipeline="linked")["names"]
    assert link["status"] == "doubtful"
    assert "the stack adopts it, and drops it when it goes" in link["message"]
    other = {"namespaces": {"web": {"link": "linked_web"}}}
    link, *_ = doctor(pipeline="other", **other)["names"]
    assert link["message"] == f"database 'linked_web' is taken by a link to {target['CatalogId']}, web"


@bed_test
def test_data_that_stayed_comes_back_by_an_import(
    account: AccountBed, doctor: Doctor, tmp_path: Path
) -> None:
    _, build = compiled(tmp_path, pipeline="kept")
    account.deploy(build.stack.text, "kept")
    account.delete("kept")
    folder = tmp_path / "import"
    report = doctor("--import-to", str(folder), pipeline="kept")
    (finding,) = report["data"]
    assert finding["message"].startswith(
        "there already, and not this stack's: table bucket 'kept', namespace 'web', table 'web.clicks'"
    )
    template = (folder / "import.template.yaml").read_text("utf-8")
    listed = json.loads((folder / "import.json").read_text("utf-8"))
    assert [each["LogicalResourceId"] for each in listed] == ["TableBucket", "WebNamespace", "ClicksTable"]
    # The emulator holds the request against AWS's rules for imports, and takes it; it can import no tables.
    cloudformation = account.client("cloudformation")
    made = cloudformation.create_change_set(
        StackName="kept-again",
        ChangeSetName="import",
        ChangeSetType="IMPORT",
        TemplateBody=template,
        ResourcesToImport=listed,
    )
    changes = cloudformation.describe_change_set(ChangeSetName=made["Id"])["Changes"]
    assert {each["ResourceChange"]["Action"] for each in changes} == {"Import"}
    assert len(changes) == 3
    # What is imported is, letter for letter, what the next deploy has: or that would replace it.
    for logical_id in ("TableBucket", "WebNamespace", "ClicksTable"):
        text = template.split(f"\n  {logical_id}:\n")[1].split("\n\n")[0]
        assert f"\n  {logical_id}:\n{text}" in build.stack.text


@bed_test
def test_a_table_that_stayed_is_added_to_the_template_that_is_deployed(
    account: AccountBed, doctor: Doctor, tmp_path: Path
) -> None:
    both = {**SPEC["tables"], "old": {"namespace": "web", "columns": {"path": "string"}}}
    _, build = compiled(tmp_path, pipeline="partly", tables=both)
    account.deploy(build.stack.text, "partly")
    _, without = compiled(tmp_path, pipeline="partly")
    account.deploy(without.stack.text, "partly")
    folder = tmp_path / "import"
    report = doctor("--import-to", str(folder), pipeline="partly", tables=both)
    assert wrongs(report) == [
        "there already, and not this stack's: table 'web.old'; a deploy fails on such a name"
    ]
    template = (folder / "import.template.yaml").read_text("utf-8")
    added = template.replace(without.stack.text.partition("\nResources:\n")[2], "")
    assert "\n  OldTable:\n" in added
    assert template.startswith(without.stack.text.partition("\nResources:\n")[0])
    (only,) = json.loads((folder / "import.json").read_text("utf-8"))
    assert only["LogicalResourceId"] == "OldTable"
    account.delete("partly")


@bed_test
def test_a_bucket_of_another_stack_has_to_be_there(account: AccountBed, doctor: Doctor) -> None:
    existing = {"name": "elsewhere", "existing": True}
    report = doctor(bucket=existing, pipeline="fresh")
    assert wrongs(report) == [
        "there is no table bucket 'elsewhere', and the spec says that another stack owns it"
    ]
    account.client("s3tables").create_table_bucket(name="elsewhere")
    assert wrongs(doctor(bucket=existing, pipeline="fresh")) == []


@bed_test
def test_quotas_are_counted(account: AccountBed, doctor: Doctor) -> None:
    account.catalogs.quotas = [
        {"QuotaName": "Rate of Put requests", "Value": 1.0}, {"QuotaName": "Delivery streams", "Value": 0.0}
    ]  # fmt: skip
    (finding,) = doctor(pipeline="fresh")["streams"]
    assert finding["status"] == "wrong"
    assert finding["message"].endswith("the deploy adds 1, and AWS gives 0")
    s3tables = account.client("s3tables")
    for number in range(10 - len(s3tables.list_table_buckets()["tableBuckets"])):
        s3tables.create_table_bucket(name=f"one-of-ten-{number}")
    report = doctor(pipeline="fresh")
    assert "AWS gives 10 in a Region unless it raised that" in report["table buckets"][0]["message"]
    assert report["table buckets"][0]["status"] == "doubtful"
    assert "table buckets" not in doctor(bucket={"name": "one-of-ten-0", "existing": True}, pipeline="fresh")


@bed_test
def test_principals_that_are_only_granted_must_exist(account: AccountBed, doctor: Doctor) -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    account.client("iam").create_role(RoleName="Analyst", Path="/team/", AssumeRolePolicyDocument=trust)
    account.client("iam").create_user(UserName="somebody")
    arns = {
        "analyst": f"arn:aws:iam::{account.account}:role/team/Analyst",
        "user": f"arn:aws:iam::{account.account}:user/somebody",
        "pathless": account.role_arn("Analyst"),
        "gone": account.role_arn("Gone"),
        "theirs": "arn:aws:iam::444455556666:role/Theirs",
    }
    roles = {name: {"arn": arn, "read": ["clicks"]} for name, arn in arns.items()}
    found = doctor(roles=roles, pipeline="fresh")["principals"]
    said = [(each["status"], each["message"].split("/")[-1]) for each in found]
    assert said == [
        ("fine", "Analyst exists"),
        ("fine", "somebody exists"),
        ("wrong", "Analyst"),
        ("wrong", "Gone of roles.gone does not exist"),
        ("doubtful", "Theirs of roles.theirs is in another account and was not looked up"),
    ]
    assert f"of roles.pathless is {arns['analyst']}" in found[2]["message"]


@bed_test
def test_keys_must_be_there_enabled_and_of_the_region(account: AccountBed, doctor: Doctor) -> None:
    kms = account.client("kms")
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    bucket = {"encryption": {"kms_key_arn": arn}}
    (finding,) = doctor(bucket=bucket, pipeline="fresh")["keys"]
    assert finding["status"] == "doubtful"
    assert "maintenance.s3tables.amazonaws.com" in finding["message"]
    policy = json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    policy["Statement"].append(
        {
            "Effect": "Allow",
            "Principal": {"Service": "maintenance.s3tables.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": "*",
        }
    )
    kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=json.dumps(policy))
    assert [each["status"] for each in doctor(bucket=bucket, pipeline="fresh")["keys"]] == ["fine"]
    kms.disable_key(KeyId=arn)
    elsewhere = arn.replace("us-east-1", "eu-west-1")
    streams = {
        name: {"table": "clicks", "encryption": {"kms_key_arn": key}}
        for name, key in {"a": arn, "b": elsewhere, "c": arn[:-12] + "000000000000"}.items()
    }
    messages = [each["message"] for each in doctor(streams=streams, pipeline="fresh")["keys"]]
    assert f"{arn} is Disabled" in messages
    assert f"{elsewhere} is a key of eu-west-1" in messages
    assert f"{arn[:-12]}000000000000 does not exist" in messages


@pytest.fixture
def deployer(account: AccountBed, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Json], None]]:
    """Return what gives a user a policy; the doctor runs as that user."""
    iam = account.client("iam")
    iam.create_user(UserName="deployer")
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    yield lambda policy: iam.put_user_policy(
        UserName="deployer", PolicyName="deployer", PolicyDocument=json.dumps(policy)
    )
    iam.delete_user_policy(UserName="deployer", PolicyName="deployer")
    iam.delete_access_key(UserName="deployer", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="deployer")


@bed_test
def test_the_deployers_own_rights_are_simulated(
    account: AccountBed, doctor: Doctor, deployer: Callable[[Json], None], tmp_path: Path
) -> None:
    _, build = compiled(tmp_path, pipeline="fresh")
    where = Where("aws", account.region, account.account)
    policy = deployer_policy(build.plan.model, build.stack, where)
    # The emulator's simulator knows no context, so that a statement with a condition never matches.
    unconditional = [{key: each[key] for key in each if key != "Condition"} for each in policy["Statement"]]
    deployer({**policy, "Statement": unconditional})
    (finding,) = doctor(pipeline="fresh")["rights"]
    assert finding["status"] == "fine", finding
    less = [
        {**each, "Action": [action for action in each["Action"] if action != "s3tables:CreateTable"]}
        for each in unconditional
    ]
    deployer({**policy, "Statement": less})
    (finding,) = doctor(pipeline="fresh")["rights"]
    assert (
        finding["message"]
        == f"arn:aws:iam::{account.account}:user/deployer lacks 1 of the actions of a deploy"
    )
    assert finding["remedy"][0] == "S3TablesTable: s3tables:CreateTable"
    assert finding["remedy"][1].startswith("analytics-compile policy ")


@bed_test
def test_it_only_reads(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()

    class Recording(boto3.Session):
        def client(self, *arguments: Any, **options: Any) -> Any:
            made = super().client(*arguments, **options)
            made.meta.events.register("before-call", lambda model, **_: asked.add(model.name))
            return made

    monkeypatch.setattr(boto3, "Session", Recording)
    doctor(
        roles={"analyst": {"arn": "arn:aws:iam::111122223333:role/A", "read": ["clicks"]}}, provider="account"
    )
    assert len(asked) > 10
    assert {name for name in asked if not name.startswith(("Get", "List", "Describe", "Simulate"))} == set()
    page = (Path(__file__).parents[1] / "docs" / "operations.md").read_text("utf-8")
    assert asked <= set(re.findall(r"`[a-z0-9]+:([A-Z][A-Za-z]+)`", page))


@bed_test
def test_one_service_that_does_not_answer_leaves_the_rest(
    account: AccountBed, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_ATHENA", "http://127.0.0.1:9")
    report = doctor(pipeline="fresh")
    assert wrongs(report) == []
    (finding,) = (each for each in report["names"] if each["status"] == "doubtful")
    assert "Could not connect to the endpoint URL" in finding["message"]


@bed_test
def test_what_the_caller_may_not_see_is_a_line(account: AccountBed, doctor: Doctor) -> None:
    denied = Fault("AccessDeniedException", message="not authorized to perform: glue:GetCatalog")
    account.catalogs.faults["GetCatalog"] = [denied]
    report = doctor(pipeline="fresh")
    assert wrongs(report) == []
    (finding,) = report["integration"]
    assert finding["status"] == "doubtful"
    assert "not authorized to perform: glue:GetCatalog" in finding["message"]
