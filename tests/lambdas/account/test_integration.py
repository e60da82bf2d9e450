"""The integration of an account's table buckets, by the real handler against what botocore's models say."""

from __future__ import annotations

import ast
import json
import re
import shlex
from typing import Any

import boto3
import pytest

from compiler.assets import folder
from compiler.inline import inlined
from lambdas.account import index
from lambdas.provider import index as provider
from tests.catalog_server import CatalogServer, Fault
from tests.lambdas.account.conftest import ACCOUNT, REGION, Cloud

Json = dict[str, Any]

LOCATION = f"arn:aws:s3tables:{REGION}:{ACCOUNT}:bucket/*"
DATA_ACCESS = f"arn:aws:iam::{ACCOUNT}:role/analytics-compile-account-DataAccessRole-1X"
LAKE_FORMATION = {"Access": "lake_formation", "RoleArn": DATA_ACCESS}
IAM = {"Access": "iam"}
EVERYBODY = [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]
FEDERATED = {"Identifier": LOCATION, "ConnectionName": "aws:s3tables"}


def catalog(permitted: list[Json], **more: Any) -> Json:
    """Return a catalog that permits this by default."""
    return {
        "Name": "s3tablescatalog",
        "FederatedCatalog": FEDERATED,
        "CreateDatabaseDefaultPermissions": permitted,
        "CreateTableDefaultPermissions": permitted,
        **more,
    }


def state(server: CatalogServer) -> str:
    """Return what the account holds."""
    return json.dumps([server.catalogs, server.registrations])


def test_lake_formation_gets_a_registration_and_a_catalog_that_permits_nothing(cloud: Cloud) -> None:
    answer = cloud.send("Create", LAKE_FORMATION)
    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"] == "S3TablesIntegration:analytics-compile-account:Integration"
    assert cloud.server.registrations == {
        LOCATION: {"ResourceArn": LOCATION, "RoleArn": DATA_ACCESS, "WithFederation": True}
    }
    made = cloud.server.catalogs["s3tablescatalog"]
    assert made == catalog([], AllowFullTableExternalDataAccess="True")


def test_iam_gets_a_catalog_that_leaves_it_to_policies_and_no_registration(cloud: Cloud) -> None:
    assert cloud.send("Create", IAM)["Status"] == "SUCCESS"
    assert cloud.server.registrations == {}
    made = cloud.server.catalogs["s3tablescatalog"]
    assert made == catalog(EVERYBODY, AllowFullTableExternalDataAccess="True")


@pytest.mark.parametrize(("properties", "permitted"), [(LAKE_FORMATION, []), (IAM, EVERYBODY)])
def test_an_integration_in_the_mode_asked_for_is_adopted_untouched(
    cloud: Cloud, properties: Json, permitted: list[Json]
) -> None:
    theirs = f"arn:aws:iam::{ACCOUNT}:role/S3TablesRoleForLakeFormation"
    cloud.server.catalogs["s3tablescatalog"] = catalog(permitted)
    cloud.server.registrations[LOCATION] = {
        "ResourceArn": LOCATION, "RoleArn": theirs, "WithFederation": True
    }  # fmt: skip
    before = state(cloud.server)
    for action in ("Create", "Update", "Create"):
        answer = cloud.send(action, properties)
        assert answer["Status"] == "SUCCESS"
        assert "s3tablescatalog was there" in answer["Data"]["Note"]
    assert state(cloud.server) == before
    if properties is LAKE_FORMATION:
        assert f"with {theirs}, which stays in use" in answer["Data"]["Note"]


@pytest.mark.parametrize(
    ("properties", "permitted", "governed", "first"),
    [
        (LAKE_FORMATION, EVERYBODY, "iam", ["lakeformation", "register-resource"]),
        (IAM, [], "lake_formation", ["glue", "update-catalog"]),
    ],
)
def test_a_switch_of_the_mode_is_refused_before_anything_is_changed(
    cloud: Cloud, properties: Json, permitted: list[Json], governed: str, first: list[str]
) -> None:
    cloud.server.catalogs["s3tablescatalog"] = catalog(permitted)
    before = state(cloud.server)
    answer = cloud.send("Create", properties)
    assert answer["Status"] == "FAILED"
    assert f"governed by {governed}, and {properties['Access']} was asked for" in answer["Reason"]
    assert "from everybody in this account and Region" in answer["Reason"]
    commands = re.split(" && | \\(ROLE", answer["Reason"][answer["Reason"].index("aws ") :])[:2]
    assert shlex.split(commands[0])[1:3] == first
    assert state(cloud.server) == before
    assert set(cloud.server.calls) == {"GetCatalog"}
    # The words are a command: its input is what UpdateCatalog takes.
    update = next(shlex.split(each) for each in commands if " update-catalog " in each)
    given = json.loads(update[update.index("--catalog-input") + 1])
    model = boto3.client("glue").meta.service_model.operation_model("UpdateCatalog")
    assert set(given) <= set(model.input_shape.members["CatalogInput"].members)
    assert given["OverwriteChildResourcePermissionsWithDefault"] == "Accept"
    assert given["CreateTableDefaultPermissions"] == ([] if properties is LAKE_FORMATION else EVERYBODY)


def test_a_switch_that_was_made_by_hand_is_adopted(cloud: Cloud) -> None:
    cloud.send("Create", LAKE_FORMATION)
    cloud.server.catalogs["s3tablescatalog"] = catalog(EVERYBODY)
    assert cloud.send("Update", IAM, OldResourceProperties=LAKE_FORMATION)["Status"] == "SUCCESS"


def test_the_rollback_of_a_refused_switch_finds_everything_as_it_was(cloud: Cloud) -> None:
    cloud.send("Create", LAKE_FORMATION)
    before = state(cloud.server)
    assert cloud.send("Update", IAM, OldResourceProperties=LAKE_FORMATION)["Status"] == "FAILED"
    assert cloud.send("Update", LAKE_FORMATION, OldResourceProperties=IAM)["Status"] == "SUCCESS"
    assert state(cloud.server) == before


def test_a_mode_that_is_neither_is_refused(cloud: Cloud) -> None:
    cloud.server.catalogs["s3tablescatalog"] = catalog(EVERYBODY, CreateTableDefaultPermissions=[])
    for properties in (LAKE_FORMATION, IAM):
        answer = cloud.send("Create", properties)
        assert "governed by a mixture of iam and lake_formation" in answer["Reason"]
    assert cloud.server.registrations == {}


def test_a_catalog_of_something_else_under_the_name_is_refused(cloud: Cloud) -> None:
    theirs = {"Identifier": "arn:aws:redshift:::datashare", "ConnectionName": "aws:redshift"}
    cloud.server.catalogs["s3tablescatalog"] = catalog([], FederatedCatalog=theirs)
    answer = cloud.send("Create", LAKE_FORMATION)
    assert answer["Status"] == "FAILED"
    assert "aws:redshift" in answer["Reason"]
    assert cloud.server.registrations == {}


def test_a_registration_without_federation_is_refused_with_the_command(cloud: Cloud) -> None:
    cloud.server.registrations[LOCATION] = {"ResourceArn": LOCATION, "RoleArn": DATA_ACCESS}
    answer = cloud.send("Create", LAKE_FORMATION)
    assert answer["Status"] == "FAILED"
    command = shlex.split(answer["Reason"][answer["Reason"].index("aws ") :])
    assert command[:4] == ["aws", "lakeformation", "update-resource", "--with-federation"]
    assert command[command.index("--resource-arn") + 1] == LOCATION
    assert cloud.server.catalogs == {}


@pytest.mark.parametrize("properties", [LAKE_FORMATION, IAM])
def test_nothing_goes_when_the_stack_goes(cloud: Cloud, properties: Json) -> None:
    cloud.send("Create", properties)
    before = state(cloud.server)
    cloud.server.calls.clear()
    assert cloud.send("Delete", properties)["Status"] == "SUCCESS"
    assert state(cloud.server) == before
    assert cloud.server.calls == []


PASSING = [
    "ConcurrentModificationException",
    "OperationTimeoutException",
    "InternalServiceException",
    "AccessDeniedException",
    "ThrottlingException",
]


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        *(("GetCatalog", code) for code in [*PASSING[1:], "FederationSourceRetryableException"]),
        *(("CreateCatalog", code) for code in [*PASSING, "AlreadyExistsException"]),
        *(("CreateCatalog", code) for code in ["FederatedResourceAlreadyExistsException"]),
        *(("DescribeResource", code) for code in PASSING[1:]),
        *(("RegisterResource", code) for code in [*PASSING[1:], "InvalidInputException"]),
    ],
)
@pytest.mark.parametrize("effect", [False, True], ids=["before the effect", "after it"])
def test_a_passing_fault_of_any_call_passes(cloud: Cloud, operation: str, code: str, effect: bool) -> None:
    cloud.server.faults[operation] = [Fault(code, effect), Fault(code, effect)]
    answer = cloud.send("Create", LAKE_FORMATION)
    assert answer["Status"] == "SUCCESS", answer["Reason"]
    assert list(cloud.server.catalogs) == ["s3tablescatalog"]
    assert list(cloud.server.registrations) == [LOCATION]


@pytest.mark.parametrize("operation", ["GetCatalog", "CreateCatalog", "DescribeResource", "RegisterResource"])
def test_a_lasting_denial_ends_the_wait_with_its_own_words(cloud: Cloud, operation: str) -> None:
    denied = Fault("AccessDeniedException", message=f"not authorized to perform {operation}")
    cloud.server.faults[operation] = [denied] * 1000
    answer = cloud.send("Create", LAKE_FORMATION)
    assert answer["Status"] == "FAILED"
    assert f"not authorized to perform {operation}" in answer["Reason"]


def test_it_answers_while_there_is_time(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "PACE", 1.0)
    cloud.server.faults["CreateCatalog"] = [Fault("ConcurrentModificationException")] * 1000
    answer = cloud.send("Create", LAKE_FORMATION, seconds=36)
    assert answer["Status"] == "FAILED"
    assert "no time left" in answer["Reason"]


def test_what_goes_into_the_template_is_one_module_that_serves_every_kind() -> None:
    namespace: Json = {"__name__": "index"}
    exec(compile("\n".join(inlined("provider", "account")) + "\n", "index.py", "exec"), namespace)
    assert set(namespace["KINDS"]) == set(index.KINDS)
    assert callable(namespace["handler"])


def test_no_name_of_the_appended_source_hides_one_of_the_providers() -> None:
    names = [
        {
            name
            for node in ast.parse((folder("lambdas") / each / "index.min.py").read_text("utf-8")).body
            for name in _defined(node)
        }
        for each in ("provider", "account")
    ]
    assert not names[0] & names[1]


def _defined(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, ast.AnnAssign)
        else []
    )
    return {target.id for target in targets if isinstance(target, ast.Name)}
