"""The bed itself: what the end-to-end tests stand on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from pyiceberg.exceptions import ForbiddenError

from tests.bed import Bed, DeployFailed, QueryFailed, ServerDown

TEMPLATE = (Path(__file__).parent / "tiny.template.yaml").read_text()


@pytest.fixture(scope="module")
def outputs(bed: Bed) -> Iterator[dict[str, str]]:
    """Deploy the tiny stack."""
    yield bed.deploy(TEMPLATE, "tiny")
    bed.delete("tiny")


@pytest.fixture(scope="module")
def guarded(auth_bed: Bed) -> Iterator[Bed]:
    """Deploy the tiny stack where policies are evaluated."""
    auth_bed.deploy(TEMPLATE, "tiny")
    yield auth_bed
    auth_bed.delete("tiny")


def test_a_record_put_to_a_stream_comes_out_of_a_query(bed: Bed, outputs: dict[str, str]) -> None:
    bed.point_stream_at(outputs["StreamName"], outputs["TableBucketArn"], "web")
    bed.put_records(outputs["StreamName"], [{"path": "/", "count": 1}, {"path": "/about", "count": 2}])

    query = "SELECT path, count FROM clicks ORDER BY count"
    assert bed.wait_for_rows(query, "tiny", "web", count=2) == [("/", "1"), ("/about", "2")]
    rows = bed.catalog("tiny").load_table("web.clicks").scan().to_arrow().to_pylist()
    assert sorted(row["path"] for row in rows) == ["/", "/about"]


def test_a_template_that_changes_nothing_deploys_to_the_same_outputs(
    bed: Bed, outputs: dict[str, str]
) -> None:
    assert bed.deploy(TEMPLATE, "tiny") == outputs


def test_the_aws_cli_reaches_the_same_stack(bed: Bed, outputs: dict[str, str]) -> None:
    template = Path(__file__).parent / "tiny.template.yaml"
    assert bed.deploy_with_cli(template, "tiny", "--no-fail-on-empty-changeset") == outputs


def test_a_template_too_long_for_a_request_deploys_all_the_same(bed: Bed, outputs: dict[str, str]) -> None:
    assert bed.deploy(f"{TEMPLATE}\n# {'x' * 60_000}\n", "tiny") == outputs


def test_a_failed_deploy_says_what_failed_and_why(bed: Bed, outputs: dict[str, str]) -> None:
    with pytest.raises(DeployFailed, match="UPDATE_ROLLBACK_COMPLETE") as failed:
        bed.deploy(TEMPLATE.replace("Type: long", "Type: int"), "tiny")
    assert failed.value.reasons == [
        "Table UPDATE_FAILED: A table with an identical name already exists in the namespace."
    ]


def test_a_statement_that_fails_says_why(bed: Bed, outputs: dict[str, str]) -> None:
    with pytest.raises(QueryFailed, match="nowhere"):
        bed.sql("SELECT 1 FROM nowhere", "tiny", "web")


def test_a_resource_link_keeps_its_target(bed: Bed) -> None:
    target = {"CatalogId": f"{bed.account}:s3tablescatalog/tiny", "DatabaseName": "web"}
    glue = bed.client("glue")
    glue.create_database(DatabaseInput={"Name": "tiny_link", "TargetDatabase": target})
    assert glue.get_database(Name="tiny_link")["Database"]["TargetDatabase"] == target
    glue.delete_database(Name="tiny_link")


def test_a_grant_that_was_made_twice_can_be_revoked_in_parts(bed: Bed) -> None:
    lakeformation = bed.client("lakeformation")
    who = {"DataLakePrincipalIdentifier": bed.role_arn("Reader")}
    what = {"Database": {"CatalogId": bed.account, "Name": "somewhere"}}
    for given in (["DESCRIBE", "ALTER"], ["DROP", "DESCRIBE"]):
        lakeformation.grant_permissions(Principal=who, Resource=what, Permissions=given)
    lakeformation.revoke_permissions(Principal=who, Resource=what, Permissions=["DESCRIBE"])
    (left,) = lakeformation.list_permissions(Principal=who, Resource=what)["PrincipalResourcePermissions"]
    assert sorted(left["Permissions"]) == ["ALTER", "DROP"]
    lakeformation.revoke_permissions(Principal=who, Resource=what, Permissions=["ALTER", "DROP"])
    left = lakeformation.list_permissions(Principal=who, Resource=what)
    assert left["PrincipalResourcePermissions"] == []


def test_a_role_may_do_what_its_policy_says_and_no_more(guarded: Bed) -> None:
    table = guarded.catalog("tiny", role="tiny-delivery").load_table("web.clicks")
    assert [field.name for field in table.schema().fields] == ["path", "count"]
    with pytest.raises(ForbiddenError, match="UpdateTableMetadataLocation"):
        table.transaction().set_properties(owner="us").commit_transaction()
    with pytest.raises(ClientError, match="not authorized to perform: firehose:PutRecordBatch"):
        guarded.put_records("tiny-clicks", [{"path": "/"}], role="tiny-delivery")


def test_a_role_is_trusted_as_before_after_a_test_acted_as_it(guarded: Bed) -> None:
    guarded.client("sts", role="tiny-delivery").get_caller_identity()
    trust = guarded.client("iam").get_role(RoleName="tiny-delivery")["Role"]["AssumeRolePolicyDocument"]
    assert [statement["Principal"] for statement in trust["Statement"]] == [
        {"Service": "firehose.amazonaws.com"}
    ]


def test_the_simulator_judges_by_the_resource(guarded: Bed) -> None:
    table = f"{guarded.bucket_arn('tiny')}/table/web/clicks"
    assert guarded.allowed("tiny-delivery", "s3tables:GetTableData", table)
    assert not guarded.allowed("tiny-delivery", "s3tables:GetTableData", table + "2")
    assert not guarded.allowed("tiny-delivery", "s3tables:PutTableData", table)


def test_nothing_of_a_bed_outlives_it() -> None:
    with Bed() as short:
        processes = [server.process for server in short._servers]
        folder = Path(short._folder.name)
    assert [process.poll() is None for process in processes] == [False, False]
    assert not folder.exists()


def test_a_missing_environment_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYTICS_TESTBED_PYTHON", "/nowhere/python")
    with (
        pytest.raises(ServerDown, match=r"no test bed at /nowhere/python: run `make .testbed/installed`"),
        Bed(),
    ):
        pass
