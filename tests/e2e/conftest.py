"""Fixtures of the end-to-end tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.bed import Bed
from tests.e2e.account import Grant, admin, grants, settings


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What others have in the account."""

    settings: dict[str, Any]
    grants: set[Grant]


@pytest.fixture(scope="module")
def neighbours(bed: Bed) -> Iterator[Neighbours]:
    """Give the account an administrator, settings and a grant that are not ours."""
    lakeformation = bed.client("lakeformation")
    before = settings(bed)
    lakeformation.put_data_lake_settings(
        DataLakeSettings={
            "DataLakeAdmins": [admin(bed.role_arn("Admin"))],
            "CreateDatabaseDefaultPermissions": [],
            "CreateTableDefaultPermissions": [],
            "Parameters": {"CROSS_ACCOUNT_VERSION": "4"},
            "TrustedResourceOwners": ["444455556666"],
            "AllowExternalDataFiltering": True,
            "ExternalDataFilteringAllowList": [admin("444455556666")],
        }
    )
    theirs = {
        "Principal": admin(bed.role_arn("Analyst")),
        "Resource": {"Database": {"CatalogId": bed.account, "Name": "theirs"}},
        "Permissions": ["DESCRIBE"],
    }
    lakeformation.grant_permissions(**theirs)
    yield Neighbours(settings(bed), grants(bed))
    lakeformation.revoke_permissions(**theirs)
    lakeformation.put_data_lake_settings(DataLakeSettings=before)
