"""The data lake administrator, on moto's Lake Formation."""

from __future__ import annotations

import threading
from typing import Any

import boto3

from lambdas.provider import index
from tests.lambdas.provider.cloud import ACCOUNT, ROLE, Cloud, Context
from tests.lambdas.provider.faults import INVALID_PRINCIPAL, answer

KIND = "LakeFormationAdministrator"
OTHERS = [f"arn:aws:iam::{ACCOUNT}:role/admin", f"arn:aws:iam::{ACCOUNT}:user/somebody"]
EVERYBODY = {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}
SETTINGS = {
    "DataLakeAdmins": [{"DataLakePrincipalIdentifier": each} for each in OTHERS],
    "ReadOnlyAdmins": [{"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/auditor"}],
    "CreateDatabaseDefaultPermissions": [{"Principal": EVERYBODY, "Permissions": ["ALL"]}],
    "CreateTableDefaultPermissions": [],
    "Parameters": {"CROSS_ACCOUNT_VERSION": "4", "SET_CONTEXT": "TRUE"},
    "TrustedResourceOwners": ["999900001111"],
    "AllowExternalDataFiltering": True,
    "AllowFullTableExternalDataAccess": True,
    "ExternalDataFilteringAllowList": [{"DataLakePrincipalIdentifier": "999900001111"}],
    "AuthorizedSessionTagValueList": ["engine"],
}


def settle(cloud: Cloud, settings: dict[str, Any]) -> None:
    """Write the settings that are there before the provider comes."""
    cloud.lakeformation.put_data_lake_settings(CatalogId=ACCOUNT, DataLakeSettings=settings)


def settings(cloud: Cloud) -> dict[str, Any]:
    """Read all settings."""
    found: dict[str, Any] = cloud.lakeformation.get_data_lake_settings()["DataLakeSettings"]
    return found


def test_the_role_is_added_behind_everybody_who_was_there(cloud: Cloud) -> None:
    settle(cloud, SETTINGS)
    assert cloud.create(KIND, {})["Status"] == "SUCCESS"
    assert cloud.admins() == [*OTHERS, ROLE]


def test_no_other_setting_changes(cloud: Cloud) -> None:
    settle(cloud, SETTINGS)
    cloud.create(KIND, {})
    assert {**settings(cloud), "DataLakeAdmins": SETTINGS["DataLakeAdmins"]} == SETTINGS
    cloud.delete(KIND, {})
    assert settings(cloud) == SETTINGS


def test_an_administrator_is_not_written_again(cloud: Cloud) -> None:
    cloud.create(KIND, {})
    cloud.script.clear()
    cloud.update(KIND, {}, {"ServiceTimeout": "400"})
    assert cloud.script.operations() == ["GetDataLakeSettings"]


def test_a_write_is_followed_by_two_looks(cloud: Cloud) -> None:
    cloud.create(KIND, {})
    assert cloud.script.operations() == [
        "GetDataLakeSettings",
        "PutDataLakeSettings",
        "GetDataLakeSettings",
        "GetDataLakeSettings",
    ]


def test_an_entry_that_another_writer_lost_is_written_again(cloud: Cloud) -> None:
    settle(cloud, SETTINGS)
    lost = cloud.lakeformation.get_data_lake_settings()
    cloud.script.positions[3] = answer({"DataLakeSettings": lost["DataLakeSettings"]})
    cloud.create(KIND, {})
    assert len(cloud.script.requests("PutDataLakeSettings")) == 2
    assert cloud.admins() == [*OTHERS, ROLE]


def test_delete_takes_out_the_own_role_alone(cloud: Cloud) -> None:
    settle(cloud, SETTINGS)
    cloud.create(KIND, {})
    assert cloud.delete(KIND, {})["Status"] == "SUCCESS"
    assert cloud.admins() == OTHERS


def test_delete_succeeds_where_the_role_is_gone(cloud: Cloud) -> None:
    settle(cloud, SETTINGS)
    assert cloud.delete(KIND, {})["Status"] == "SUCCESS"
    assert cloud.admins() == OTHERS


def test_an_account_without_administrators_gets_its_first(cloud: Cloud) -> None:
    settle(cloud, {"CreateDatabaseDefaultPermissions": []})
    assert cloud.create(KIND, {})["Status"] == "SUCCESS"
    assert cloud.admins() == [ROLE]


def test_a_stale_entry_is_named_and_not_removed(cloud: Cloud) -> None:
    settle(cloud, SETTINGS)
    cloud.script.always["PutDataLakeSettings"] = INVALID_PRINCIPAL
    for answer_ in (cloud.create(KIND, {}), cloud.create(KIND, {})):
        assert answer_["Status"] == "FAILED"
        assert "may be a deleted role" in answer_["Reason"]
        assert OTHERS[0] in answer_["Reason"]
        assert "have it removed, then deploy again" in answer_["Reason"]
    assert cloud.admins() == OTHERS


def test_a_role_that_is_seconds_old_is_waited_for(cloud: Cloud) -> None:
    cloud.script.positions.update(dict.fromkeys((2, 4, 6, 8), INVALID_PRINCIPAL))
    assert cloud.create(KIND, {})["Status"] == "SUCCESS"
    assert cloud.admins() == [ROLE]


def test_providers_at_work_at_once_keep_each_others_entries(cloud: Cloud) -> None:
    settle(cloud, SETTINGS)
    roles = [f"arn:aws:iam::{ACCOUNT}:role/provider-{number}" for number in range(4)]

    def become(role: str) -> None:
        client = boto3.client("lakeformation", endpoint_url=cloud.moto_url)
        clock = index.Clock(Context().get_remaining_time_in_millis)
        index.administrator(index.Request("Create", {}, {}, ACCOUNT, role), clock, client)

    threads = [threading.Thread(target=become, args=(role,)) for role in roles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(cloud.admins()) == sorted([*OTHERS, *roles])
