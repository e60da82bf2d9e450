"""The resource link, on moto's Glue."""

from __future__ import annotations

import json

import pytest

from tests.lambdas.provider.cloud import ACCOUNT, ROLE, Cloud, physical_id
from tests.lambdas.provider.faults import DENIED, answer, error

KIND = "GlueResourceLink"
LINK = {"Name": "web_analytics", "Bucket": "web-analytics", "Namespace": "analytics"}
TARGET = {"CatalogId": f"{ACCOUNT}:s3tablescatalog/web-analytics", "DatabaseName": "analytics"}


def make_database(cloud: Cloud, name: str, target: dict[str, str] | None = None) -> None:
    """Create a database, or a link, as somebody else would."""
    more = {"TargetDatabase": target} if target else {}
    cloud.glue.create_database(CatalogId=ACCOUNT, DatabaseInput={"Name": name, **more})


def test_a_link_is_made_with_the_namespace_as_its_target(cloud: Cloud) -> None:
    answer = cloud.create(KIND, LINK)
    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"] == physical_id(KIND)
    assert cloud.link("web_analytics") == TARGET


def test_a_link_that_has_exactly_this_target_is_adopted(cloud: Cloud) -> None:
    make_database(cloud, "web_analytics", TARGET)
    answer = cloud.create(KIND, LINK)
    assert answer["Data"]["Note"] == "web_analytics was there"


def test_a_link_to_this_region_by_name_is_adopted(cloud: Cloud) -> None:
    make_database(cloud, "web_analytics", {**TARGET, "Region": "us-east-1"})
    assert cloud.create(KIND, LINK)["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (None, "a database"),
        ({**TARGET, "DatabaseName": "other"}, "'DatabaseName': 'other'"),
        ({**TARGET, "CatalogId": f"{ACCOUNT}:s3tablescatalog/other"}, "s3tablescatalog/other"),
        ({**TARGET, "Region": "eu-west-1"}, "eu-west-1"),
    ],
    ids=["database", "namespace", "bucket", "region"],
)
def test_a_name_that_something_else_has_is_refused(
    cloud: Cloud, target: dict[str, str] | None, words: str
) -> None:
    make_database(cloud, "web_analytics", target)
    answer = cloud.create(KIND, LINK)
    assert answer["Status"] == "FAILED"
    assert "the name 'web_analytics' is taken" in answer["Reason"]
    assert words in answer["Reason"]
    assert cloud.link("web_analytics") == (target or {})


def test_an_update_that_changes_nothing_makes_a_lost_link_again(cloud: Cloud) -> None:
    answer = cloud.update(KIND, LINK, LINK)
    assert answer["Status"] == "SUCCESS"
    assert cloud.link("web_analytics") == TARGET


def test_an_update_that_changes_nothing_writes_nothing(cloud: Cloud) -> None:
    cloud.create(KIND, LINK)
    cloud.script.clear()
    cloud.update(KIND, LINK, {**LINK, "ServiceTimeout": "400"})
    assert cloud.script.operations() == ["GetDatabase"]


def test_a_new_name_is_made_before_the_old_one_goes(cloud: Cloud) -> None:
    cloud.create(KIND, LINK)
    cloud.script.clear()
    answer = cloud.update(KIND, LINK, {**LINK, "Name": "traffic"})
    assert cloud.script.operations() == ["GetDatabase", "CreateDatabase", "GetDatabase", "DeleteDatabase"]
    assert answer["PhysicalResourceId"] == physical_id(KIND)
    assert (cloud.link("traffic"), cloud.link("web_analytics")) == (TARGET, None)


@pytest.mark.parametrize("change", [{"Bucket": "other"}, {"Namespace": "other"}], ids=["bucket", "namespace"])
def test_a_new_target_drops_and_makes_the_link_and_never_updates_it(
    cloud: Cloud, change: dict[str, str]
) -> None:
    cloud.create(KIND, LINK)
    cloud.script.clear()
    new = {**LINK, **change}
    assert cloud.update(KIND, LINK, new)["Status"] == "SUCCESS"
    assert cloud.script.operations() == ["GetDatabase", "DeleteDatabase", "GetDatabase", "CreateDatabase"]
    assert cloud.link("web_analytics") == {
        "CatalogId": f"{ACCOUNT}:s3tablescatalog/{new['Bucket']}",
        "DatabaseName": new["Namespace"],
    }


@pytest.mark.parametrize(
    "change", [{"Name": "traffic"}, {"Bucket": "other"}, {"Name": "traffic", "Namespace": "other"}], ids=str
)
def test_a_rollback_restores_the_link(cloud: Cloud, change: dict[str, str]) -> None:
    new = {**LINK, **change}
    cloud.create(KIND, LINK)
    cloud.update(KIND, LINK, new)
    assert cloud.update(KIND, new, LINK)["Status"] == "SUCCESS"
    assert cloud.link("web_analytics") == TARGET
    assert cloud.link("traffic") is None


def test_a_rollback_leaves_the_database_that_made_the_update_fail(cloud: Cloud) -> None:
    cloud.create(KIND, LINK)
    make_database(cloud, "traffic")
    new = {**LINK, "Name": "traffic"}
    assert cloud.update(KIND, LINK, new)["Status"] == "FAILED"
    assert cloud.update(KIND, new, LINK)["Status"] == "SUCCESS"
    assert (cloud.link("traffic"), cloud.link("web_analytics")) == ({}, TARGET)


def test_delete_drops_the_link(cloud: Cloud) -> None:
    cloud.create(KIND, LINK)
    assert cloud.delete(KIND, LINK)["Status"] == "SUCCESS"
    assert cloud.link("web_analytics") is None


def test_delete_succeeds_where_the_link_is_gone(cloud: Cloud) -> None:
    assert cloud.delete(KIND, LINK)["Status"] == "SUCCESS"


@pytest.mark.parametrize("target", [None, {**TARGET, "DatabaseName": "other"}], ids=["database", "link"])
def test_delete_leaves_what_is_not_its_link(cloud: Cloud, target: dict[str, str] | None) -> None:
    make_database(cloud, "web_analytics", target)
    answer = cloud.delete(KIND, LINK)
    assert answer["Status"] == "SUCCESS"
    assert "stays" in answer["Data"]["Note"]
    assert cloud.link("web_analytics") == (target or {})


def test_a_link_that_glue_follows_is_known_by_its_target(cloud: Cloud) -> None:
    """Glue answers with the target's own database where the caller may see it; moto never does."""
    cloud.create(KIND, LINK)
    followed = {"Name": "analytics", "CatalogId": TARGET["CatalogId"]}
    cloud.script.always["GetDatabase"] = answer({"Database": followed})
    assert cloud.update(KIND, LINK, LINK)["Data"]["Note"] == "web_analytics was there"
    assert cloud.delete(KIND, LINK)["Data"]["Note"] == "web_analytics dropped"
    assert cloud.link("web_analytics") is None


def test_a_database_of_the_links_own_name_is_no_followed_link(cloud: Cloud) -> None:
    make_database(cloud, "analytics")
    answer = cloud.create(KIND, {**LINK, "Name": "analytics"})
    assert "taken by a database" in answer["Reason"]


def test_dropping_a_link_of_somebody_else_takes_a_grant_of_its_own(cloud: Cloud) -> None:
    cloud.create(KIND, LINK)
    cloud.script.clear()
    cloud.script.positions[2] = DENIED
    assert cloud.delete(KIND, LINK)["Status"] == "SUCCESS"
    assert cloud.script.operations() == [
        "GetDatabase",
        "DeleteDatabase",
        "GrantPermissions",
        "GetDatabase",
        "DeleteDatabase",
    ]
    resource = json.dumps({"Database": {"CatalogId": ACCOUNT, "Name": "web_analytics"}})
    assert (ROLE, resource, "DROP", False) in cloud.permissions()
    assert cloud.link("web_analytics") is None


def test_who_may_not_take_that_grant_hears_why_the_link_stays(cloud: Cloud) -> None:
    """With `access: iam` the provider is no administrator, and has no right to grant."""
    cloud.create(KIND, LINK)
    refused = error("AccessDeniedException", "no right to drop the link")
    cloud.script.always |= {"DeleteDatabase": refused, "GrantPermissions": DENIED}
    answer = cloud.delete(KIND, LINK)
    assert "when calling the DeleteDatabase operation" in answer["Reason"]
    assert answer["Reason"].endswith("no right to drop the link")
