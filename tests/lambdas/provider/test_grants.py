"""A role's grants, on moto's Lake Formation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lambdas.provider.cloud import ACCOUNT, ROLE, Cloud, physical_id
from tests.lambdas.provider.faults import CONCURRENT, INVALID_PRINCIPAL, Fault, answer, error, failures

KIND = "LakeFormationGrants"
PRINCIPAL = f"arn:aws:iam::{ACCOUNT}:role/web-analytics-ingest"
CATALOG = f"{ACCOUNT}:s3tablescatalog/web-analytics"
EVENTS = {"CatalogId": CATALOG, "DatabaseName": "analytics", "Name": "events"}
WANTED = [
    {"link": "web_analytics", "permissions": ["DESCRIBE"]},
    {"namespace": "analytics", "permissions": ["DESCRIBE"]},
    {"namespace": "analytics", "table": "events", "permissions": ["SELECT", "INSERT"]},
]


def properties(*grants: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Make the properties of a grants resource."""
    texts = [json.dumps(grant) for grant in grants]
    return {"Principal": PRINCIPAL, "Bucket": "web-analytics", "Grants": texts, "Tables": ["arn:1"], **more}


def held(cloud: Cloud, resource: dict[str, Any], principal: str = PRINCIPAL) -> set[str]:
    """Collect the permissions on a resource; those that may be granted on end in a plus."""
    text = json.dumps(resource, sort_keys=True)
    return {
        permission + "+" * grantable
        for who, what, permission, grantable in cloud.permissions()
        if (who, what) == (principal, text)
    }


def grant(cloud: Cloud, resource: dict[str, Any], *permissions: str, principal: str = PRINCIPAL) -> None:
    """Grant as somebody else would."""
    cloud.lakeformation.grant_permissions(
        CatalogId=ACCOUNT,
        Principal={"DataLakePrincipalIdentifier": principal},
        Resource=resource,
        Permissions=list(permissions),
    )


def test_every_grant_is_made_on_its_resource(cloud: Cloud) -> None:
    answer = cloud.create(KIND, properties(*WANTED))
    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"] == physical_id(KIND)
    assert answer["Data"] == {"Granted": 3, "Revoked": 0, "Note": "3 grants visible after 0 s"}
    assert held(cloud, {"Database": {"CatalogId": ACCOUNT, "Name": "web_analytics"}}) == {"DESCRIBE"}
    assert held(cloud, {"Database": {"CatalogId": CATALOG, "Name": "analytics"}}) == {"DESCRIBE"}
    assert held(cloud, {"Table": EVENTS}) == {"SELECT", "INSERT"}


def test_the_call_names_the_account_and_only_the_resource_the_bucket(cloud: Cloud) -> None:
    cloud.create(KIND, properties(*WANTED))
    (request,) = cloud.script.requests("BatchGrantPermissions")
    assert "CatalogId" not in request  # it is the account, by default
    assert [entry["Id"] for entry in request["Entries"]] == ["0", "1", "2"]
    assert all("PermissionsWithGrantOption" in entry for entry in request["Entries"])


@pytest.mark.parametrize(
    ("wanted", "resource"),
    [
        ({"table": "*"}, {"Table": {"CatalogId": CATALOG, "DatabaseName": "analytics", "TableWildcard": {}}}),
        (
            {"table": "events", "columns": ["site_id", "dt"]},
            {"TableWithColumns": {**EVENTS, "ColumnNames": ["site_id", "dt"]}},
        ),
        (
            {"table": "events", "except_columns": ["dt"]},
            {"TableWithColumns": {**EVENTS, "ColumnWildcard": {"ExcludedColumnNames": ["dt"]}}},
        ),
    ],
    ids=["all-tables", "columns", "except-columns"],
)
def test_tables_can_be_all_or_only_some_columns(
    cloud: Cloud, wanted: dict[str, Any], resource: dict[str, Any]
) -> None:
    wanted = {"namespace": "analytics", "permissions": ["SELECT"], **wanted}
    assert cloud.create(KIND, properties(wanted))["Status"] == "SUCCESS"
    assert held(cloud, resource) == {"SELECT"}
    assert cloud.delete(KIND, properties(wanted))["Status"] == "SUCCESS"
    assert cloud.permissions() == set()


def test_the_grant_option_is_given_where_it_is_wanted(cloud: Cloud) -> None:
    cloud.create(KIND, properties({**WANTED[2], "grantable": ["SELECT"]}))
    assert held(cloud, {"Table": EVENTS}) == {"SELECT+", "INSERT"}


def test_more_grants_than_a_batch_takes_go_in_several(cloud: Cloud) -> None:
    many = [{"namespace": "n", "table": f"t{number}", "permissions": ["SELECT"]} for number in range(45)]
    assert cloud.create(KIND, properties(*many))["Data"]["Granted"] == 45
    assert [len(each["Entries"]) for each in cloud.script.requests("BatchGrantPermissions")] == [20, 20, 5]
    assert len(cloud.permissions()) == 45


def test_granting_makes_an_administrator_where_a_foreign_write_lost_the_role(cloud: Cloud) -> None:
    assert cloud.admins() == []
    cloud.create(KIND, properties(*WANTED))
    assert cloud.admins() == [ROLE]


def test_granting_only_looks_where_the_role_is_an_administrator(cloud: Cloud) -> None:
    cloud.create("LakeFormationAdministrator", {})
    cloud.script.clear()
    cloud.create(KIND, properties(*WANTED))
    assert cloud.script.operations() == [
        "GetDataLakeSettings",
        "BatchGrantPermissions",
        *["ListPermissions"] * 3,
    ]


def test_an_update_revokes_exactly_what_the_new_properties_have_not(cloud: Cloud) -> None:
    old = properties(*WANTED)
    cloud.create(KIND, old)
    grant(cloud, {"Table": EVENTS}, "ALTER")
    new = properties(WANTED[1], {**WANTED[2], "permissions": ["SELECT", "DESCRIBE"]})
    answer = cloud.update(KIND, old, new)
    assert answer["Data"]["Revoked"] == 2
    assert held(cloud, {"Table": EVENTS}) == {"SELECT", "DESCRIBE", "ALTER"}
    assert held(cloud, {"Database": {"CatalogId": ACCOUNT, "Name": "web_analytics"}}) == set()
    assert held(cloud, {"Database": {"CatalogId": CATALOG, "Name": "analytics"}}) == {"DESCRIBE"}


def test_an_update_grants_before_it_revokes_and_again_after(cloud: Cloud) -> None:
    old, new = properties(*WANTED), properties(*WANTED[:2])
    cloud.create(KIND, old)
    cloud.script.clear()
    cloud.update(KIND, old, new)
    assert [each for each in cloud.script.operations() if each.startswith("Batch")] == [
        "BatchGrantPermissions",
        "BatchRevokePermissions",
        "BatchGrantPermissions",
    ]


def test_an_update_that_changes_nothing_revokes_nothing(cloud: Cloud) -> None:
    cloud.create(KIND, properties(*WANTED))
    before = cloud.permissions()
    answer = cloud.update(KIND, properties(*WANTED), {**properties(*WANTED), "ServiceTimeout": "400"})
    assert answer["Data"]["Revoked"] == 0
    assert cloud.permissions() == before


def test_a_replaced_table_gets_its_grants_again(cloud: Cloud) -> None:
    """Lake Formation forgets the grants of a dropped table; its ARN among the properties asks for them."""
    old, new = properties(*WANTED), properties(*WANTED, Tables=["arn:2"])
    assert cloud.update(KIND, old, new)["Status"] == "SUCCESS"
    assert held(cloud, {"Table": EVENTS}) == {"SELECT", "INSERT"}


def test_a_new_principal_takes_everything_from_the_old_one(cloud: Cloud) -> None:
    other = f"arn:aws:iam::{ACCOUNT}:role/other"
    old, new = properties(*WANTED), properties(*WANTED, Principal=other)
    cloud.create(KIND, old)
    assert cloud.update(KIND, old, new)["Data"]["Revoked"] == 4
    assert {who for who, *_ in cloud.permissions()} == {other}


def test_a_new_bucket_moves_the_grants_but_not_the_links(cloud: Cloud) -> None:
    old, new = properties(*WANTED), properties(*WANTED, Bucket="other")
    cloud.create(KIND, old)
    assert cloud.update(KIND, old, new)["Data"]["Revoked"] == 3
    assert held(cloud, {"Table": EVENTS}) == set()
    assert held(cloud, {"Table": {**EVENTS, "CatalogId": f"{ACCOUNT}:s3tablescatalog/other"}}) == {
        "SELECT",
        "INSERT",
    }
    assert held(cloud, {"Database": {"CatalogId": ACCOUNT, "Name": "web_analytics"}}) == {"DESCRIBE"}


def test_a_lost_grant_option_leaves_the_permission(cloud: Cloud) -> None:
    old = properties({**WANTED[2], "grantable": ["SELECT", "INSERT"]})
    new = properties({**WANTED[2], "grantable": ["INSERT"]})
    cloud.create(KIND, old)
    assert cloud.update(KIND, old, new)["Data"]["Revoked"] == 1
    assert held(cloud, {"Table": EVENTS}) == {"SELECT", "INSERT+"}


def test_a_new_grant_option_revokes_nothing(cloud: Cloud) -> None:
    old, new = properties(WANTED[2]), properties({**WANTED[2], "grantable": ["SELECT"]})
    cloud.create(KIND, old)
    assert cloud.update(KIND, old, new)["Data"]["Revoked"] == 0
    assert held(cloud, {"Table": EVENTS}) == {"SELECT+", "INSERT"}


def test_a_rollback_restores_the_grants(cloud: Cloud) -> None:
    old, new = properties(*WANTED), properties(WANTED[0], {**WANTED[2], "permissions": ["ALTER"]})
    cloud.create(KIND, old)
    before = cloud.permissions()
    cloud.update(KIND, old, new)
    assert cloud.update(KIND, new, old)["Status"] == "SUCCESS"
    assert cloud.permissions() == before


def test_delete_revokes_what_was_granted_and_nothing_else(cloud: Cloud) -> None:
    other = f"arn:aws:iam::{ACCOUNT}:role/other"
    grant(cloud, {"Table": EVENTS}, "SELECT", principal=other)
    grant(cloud, {"Database": {"CatalogId": CATALOG, "Name": "analytics"}}, "ALTER")
    foreign = cloud.permissions()
    cloud.create(KIND, properties(*WANTED))
    answer = cloud.delete(KIND, properties(*WANTED))
    assert answer["Status"] == "SUCCESS"
    assert cloud.permissions() == foreign


@pytest.mark.parametrize(
    "fault",
    [
        error("EntityNotFoundException", "Table not found"),
        error(
            "InvalidInputException",
            "No permissions revoked. Grantee has no permissions and no grantable ones",
        ),
        error("InvalidInputException", "cannot grant/revoke permission on non-existent column"),
        INVALID_PRINCIPAL,
    ],
    ids=lambda fault: fault.message,
)
def test_delete_succeeds_where_there_is_nothing_to_revoke(cloud: Cloud, fault: Fault) -> None:
    cloud.create("LakeFormationAdministrator", {})
    cloud.script.clear()
    cloud.script.always["BatchRevokePermissions"] = failures(0, 2, code=fault.code, message=fault.message)
    assert cloud.delete(KIND, properties(*WANTED))["Status"] == "SUCCESS"
    assert len(cloud.script.requests("BatchRevokePermissions")) == 1
    cloud.script.always["BatchRevokePermissions"] = fault
    assert cloud.delete(KIND, properties(*WANTED))["Status"] == "SUCCESS"


def test_one_entry_that_fails_a_whole_revocation_spares_no_other(cloud: Cloud) -> None:
    cloud.create(KIND, properties(*WANTED))
    cloud.script.clear()
    cloud.script.positions[2] = error("EntityNotFoundException", "Table not found")
    assert cloud.delete(KIND, properties(*WANTED))["Status"] == "SUCCESS"
    assert cloud.permissions() == set()
    assert [len(each["Entries"]) for each in cloud.script.requests("BatchRevokePermissions")] == [
        4,
        1,
        1,
        1,
        1,
    ]


def test_only_failed_entries_are_sent_again(cloud: Cloud) -> None:
    cloud.create("LakeFormationAdministrator", {})
    cloud.script.clear()
    cloud.script.positions[2] = failures(0, 2, code="ConcurrentModificationException")
    cloud.script.positions[3] = failures(1, code="ConcurrentModificationException")
    assert cloud.create(KIND, properties(*WANTED))["Status"] == "SUCCESS"
    sent = [
        [json.dumps(entry["Resource"]) for entry in each["Entries"]]
        for each in cloud.script.requests("BatchGrantPermissions")
    ]
    assert sent == [sent[0], [sent[0][0], sent[0][2]], [sent[0][2]]]
    assert held(cloud, {"Table": EVENTS}) == {"SELECT", "INSERT"}


def test_an_entry_that_no_retry_mends_fails_with_its_own_reason(cloud: Cloud) -> None:
    cloud.create("LakeFormationAdministrator", {})
    cloud.script.clear()
    fault = failures(1, code="InvalidInputException", message="Permissions modification is invalid.")
    cloud.script.always["BatchGrantPermissions"] = fault
    answer_ = cloud.create(KIND, properties(*WANTED))
    assert answer_["Status"] == "FAILED"
    assert answer_["Reason"] == "InvalidInputException: Permissions modification is invalid."
    assert len(cloud.script.requests("BatchGrantPermissions")) == 1


def test_the_permissions_of_a_table_may_be_listed_with_its_columns(cloud: Cloud) -> None:
    listed = [
        {"Resource": {"Table": EVENTS}, "Permissions": ["INSERT"]},
        {"Resource": {"TableWithColumns": {**EVENTS, "ColumnWildcard": {}}}, "Permissions": ["SELECT"]},
    ]
    pages = [
        answer({"PrincipalResourcePermissions": [], "NextToken": "1"}),
        answer({"PrincipalResourcePermissions": listed[:1], "NextToken": "2"}),
        answer({"PrincipalResourcePermissions": listed[1:]}),
    ]
    cloud.create("LakeFormationAdministrator", {})
    cloud.script.clear()
    cloud.script.positions.update(dict(enumerate(pages, 3)))
    answer_ = cloud.create(KIND, properties(WANTED[2]))
    assert answer_["Data"]["Note"] == "1 grants visible after 0 s"
    assert [each.get("NextToken") for each in cloud.script.requests("ListPermissions")] == [None, "1", "2"]


def test_columns_are_asked_for_below_their_table(cloud: Cloud) -> None:
    cloud.create(KIND, properties({**WANTED[2], "permissions": ["SELECT"], "columns": ["dt"]}))
    assert {json.dumps(each["Resource"]) for each in cloud.script.requests("ListPermissions")} == {
        json.dumps({"Table": EVENTS})
    }


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (answer({"PrincipalResourcePermissions": []}), "3 of 3 grants are not listed"),
        (error("AccessDeniedException", "not for you"), "not for you"),
        (CONCURRENT, "ConcurrentModificationException"),
    ],
    ids=["unseen", "denied", "concurrent"],
)
def test_grants_that_cannot_be_seen_are_said_and_fail_nothing(cloud: Cloud, fault: Fault, words: str) -> None:
    cloud.script.always["ListPermissions"] = fault
    answer_ = cloud.create(KIND, properties(*WANTED))
    assert answer_["Status"] == "SUCCESS"
    assert "3 grants not confirmed (" in answer_["Data"]["Note"]
    assert words in answer_["Data"]["Note"]


def test_grants_that_appear_late_are_waited_for(cloud: Cloud) -> None:
    cloud.create("LakeFormationAdministrator", {})
    cloud.script.clear()
    cloud.script.positions.update(dict.fromkeys((3, 4, 5, 6), answer({"PrincipalResourcePermissions": []})))
    assert "3 grants visible" in cloud.create(KIND, properties(*WANTED))["Data"]["Note"]
    assert len(cloud.script.requests("ListPermissions")) == 7
