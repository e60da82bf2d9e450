"""Every call of the provider meets every fault once: the end is the same as without it.

A scenario prepares an account, has the provider do one thing to it and looks at what is there
afterwards. It runs once undisturbed, and then once for each call it makes, with the fault there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.lambdas.provider.cloud import ACCOUNT, ROLE, Cloud
from tests.lambdas.provider.faults import (
    BAD_REQUEST,
    CONCURRENT,
    CONFLICT,
    CUT,
    DENIED,
    FEDERATION,
    HTML,
    INTERNAL,
    INVALID_PRINCIPAL,
    NO_TABLE,
    NOT_FOUND,
    THROTTLED,
    TIMED_OUT,
    UNAVAILABLE,
    Fault,
    failures,
)

Json = dict[str, Any]
Faults = tuple[Fault, ...]

ADMINISTRATOR, LINK, GRANTS, SCHEMA = (
    "LakeFormationAdministrator",
    "GlueResourceLink",
    "LakeFormationGrants",
    "IcebergTableSchema",
)
OTHER = f"arn:aws:iam::{ACCOUNT}:role/other"
PRINCIPAL = f"arn:aws:iam::{ACCOUNT}:role/web-analytics-ingest"
CATALOG = f"{ACCOUNT}:s3tablescatalog/web-analytics"
TABLE = {"Table": {"CatalogId": CATALOG, "DatabaseName": "analytics", "Name": "events"}}

LINK_OLD = {"Name": "web_analytics", "Bucket": "web-analytics", "Namespace": "analytics"}
LINK_NEW = {**LINK_OLD, "Name": "traffic"}
LINK_MOVED = {**LINK_OLD, "Namespace": "other"}


def grants(*grants: Json) -> Json:
    """Make the properties of a grants resource."""
    texts = [json.dumps(grant) for grant in grants]
    return {"Principal": PRINCIPAL, "Bucket": "web-analytics", "Grants": texts}


NAMESPACE = {"namespace": "analytics", "permissions": ["DESCRIBE"]}
EVENTS = {"namespace": "analytics", "table": "events", "permissions": ["SELECT", "INSERT"]}
GRANTS_OLD = grants(NAMESPACE, EVENTS)
GRANTS_NEW = grants({**EVENTS, "permissions": ["SELECT", "ALTER"]})


@dataclass(frozen=True, slots=True)
class World:
    """Everything in Lake Formation and Glue that a test could find changed."""

    settings: Json
    links: dict[str, Json | None]
    permissions: frozenset[tuple[str, str, str, bool]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing the provider does, and what of its own it finds before."""

    name: str
    act: Callable[[Cloud], Json]
    administrator: bool = True
    link: Json | None = None
    held: tuple[tuple[str, ...], ...] = ()

    def __str__(self) -> str:
        return self.name

    def prepare(self, cloud: Cloud) -> None:
        """Make an account with others in it, whose entries must stay, and with what is our own."""
        cloud.reset()
        admins = [OTHER, ROLE] if self.administrator else [OTHER]
        cloud.lakeformation.put_data_lake_settings(
            CatalogId=ACCOUNT,
            DataLakeSettings={
                "DataLakeAdmins": [{"DataLakePrincipalIdentifier": each} for each in admins],
                "Parameters": {"CROSS_ACCOUNT_VERSION": "4"},
            },
        )
        for principal, *permissions in ((OTHER, "SELECT"), (PRINCIPAL, "DROP"), *self.held):
            resource = {"Database": {"CatalogId": CATALOG, "Name": "analytics"}}
            cloud.lakeformation.grant_permissions(
                CatalogId=ACCOUNT,
                Principal={"DataLakePrincipalIdentifier": principal},
                Resource=resource if permissions == ["DESCRIBE"] else TABLE,
                Permissions=permissions,
            )
        if self.link:
            target = {"CatalogId": CATALOG, "DatabaseName": self.link["Namespace"]}
            database = {"Name": self.link["Name"], "TargetDatabase": target}
            cloud.glue.create_database(CatalogId=ACCOUNT, DatabaseInput=database)


HELD_OLD = ((PRINCIPAL, "DESCRIBE"), (PRINCIPAL, "SELECT", "INSERT"))
SCENARIOS = [
    Scenario("administrator created", lambda cloud: cloud.create(ADMINISTRATOR, {}), administrator=False),
    Scenario("administrator deleted", lambda cloud: cloud.delete(ADMINISTRATOR, {})),
    Scenario("link created", lambda cloud: cloud.create(LINK, LINK_OLD)),
    Scenario("link renamed", lambda cloud: cloud.update(LINK, LINK_OLD, LINK_NEW), link=LINK_OLD),
    Scenario("link moved", lambda cloud: cloud.update(LINK, LINK_OLD, LINK_MOVED), link=LINK_OLD),
    Scenario("link deleted", lambda cloud: cloud.delete(LINK, LINK_OLD), link=LINK_OLD),
    Scenario("grants created", lambda cloud: cloud.create(GRANTS, GRANTS_OLD)),
    Scenario("grants updated", lambda cloud: cloud.update(GRANTS, GRANTS_OLD, GRANTS_NEW), held=HELD_OLD),
    Scenario("grants deleted", lambda cloud: cloud.delete(GRANTS, GRANTS_OLD), held=HELD_OLD),
]
each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=str)

STORM = (THROTTLED, CONCURRENT, TIMED_OUT, FEDERATION, INTERNAL, UNAVAILABLE, HTML, CUT)
"""One after the other, all for what is one call to the provider."""
PASSING: list[Faults] = [
    (DENIED, DENIED),
    (INVALID_PRINCIPAL,),
    (INTERNAL.after(),),
    (HTML.after(), CUT.after()),
    STORM,
]
REST_PASSING: list[Faults] = [
    (CONFLICT, CONFLICT),
    (NO_TABLE,),
    (THROTTLED, DENIED, INTERNAL, UNAVAILABLE, HTML, CUT),
    (UNAVAILABLE.after(),),
    (HTML.after(), CUT.after()),
]


def named(value: object) -> str:
    """Name a parameter after its faults."""
    if isinstance(value, tuple):
        return str(value[0]) if len(set(value)) == 1 else f"{value[0]} and {len(value) - 1} others"
    return str(value)


def look(cloud: Cloud) -> World:
    """Take down the account as it is."""
    settings = cloud.lakeformation.get_data_lake_settings()["DataLakeSettings"]
    links = {each["Name"]: each.get("TargetDatabase") for each in cloud.glue.get_databases()["DatabaseList"]}
    return World(settings, links, frozenset(cloud.permissions()))


def run(cloud: Cloud, scenario: Scenario, position: int = 0, faults: Faults = ()) -> tuple[list[str], World]:
    """Run a scenario with faults from one call on; return the operations it called, and the account."""
    scenario.prepare(cloud)
    cloud.script.positions.update(enumerate(faults, position))
    answer = scenario.act(cloud)
    assert answer["Status"] == "SUCCESS", f"{named(faults)} at call {position}: {answer['Reason']}"
    operations = cloud.script.operations()
    cloud.script.clear()
    return operations, look(cloud)


UNDISTURBED: dict[str, tuple[list[str], World]] = {}


def undisturbed(cloud: Cloud, scenario: Scenario) -> tuple[list[str], World]:
    """Run a scenario without faults, once for all tests."""
    if scenario.name not in UNDISTURBED:
        UNDISTURBED[scenario.name] = run(cloud, scenario)
    return UNDISTURBED[scenario.name]


@pytest.mark.parametrize("faults", PASSING, ids=named)
@each_scenario
def test_a_fault_that_passes_changes_nothing_at_the_end(
    cloud: Cloud, scenario: Scenario, faults: Faults
) -> None:
    operations, expected = undisturbed(cloud, scenario)
    for position, operation in enumerate(operations, 1):
        if faults == (INVALID_PRINCIPAL,) and "Revoke" in operation:
            continue  # says that there is nothing to revoke
        found = run(cloud, scenario, position, faults)[1]
        own = {(ROLE, DROPPED, "DROP", False)} if operation == "DeleteDatabase" else set()
        assert found.settings == expected.settings
        assert found.links == expected.links
        assert found.permissions - own == expected.permissions, f"{named(faults)} at {position}, {operation}"


DROPPED = json.dumps({"Database": {"CatalogId": ACCOUNT, "Name": LINK_OLD["Name"]}})
"""What dropping a link takes a grant on, when it was denied."""


@pytest.mark.parametrize(
    "fault",
    [
        failures(0, code="ConcurrentModificationException"),
        failures(0, 1, code="ThrottledException"),
        failures(1, code="InvalidInputException", message="Invalid principal, arn:aws:iam::1:role/x"),
        failures(0, code="EntityNotFoundException", message="Table not found"),
        failures(0, 1, code="AccessDeniedException"),
        failures(1, code="InternalServiceException"),
        failures(0, code="InvalidInputException", message="Please register the S3 path"),
        NOT_FOUND,
    ],
    ids=str,
)
def test_a_grant_that_fails_in_its_batch_is_given_later(cloud: Cloud, fault: Fault) -> None:
    (scenario,) = (each for each in SCENARIOS if each.name == "grants created")
    operations, expected = undisturbed(cloud, scenario)
    position = operations.index("BatchGrantPermissions") + 1
    assert run(cloud, scenario, position, (fault, fault))[1] == expected


@pytest.mark.parametrize("faults", REST_PASSING, ids=named)
def test_a_fault_that_passes_leaves_no_trace_in_the_table(cloud: Cloud, faults: Faults) -> None:
    calls, expected = evolved(cloud)
    for position in range(1, calls + 1):
        assert evolved(cloud, position, faults)[1] == expected, f"{named(faults)} at call {position}"


def evolved(cloud: Cloud, position: int = 0, faults: Faults = ()) -> tuple[int, Json]:
    """Evolve a table by four commits, with faults from one call on; return the calls, and its metadata."""
    old = [
        {"id": 1, "name": "a", "required": True, "type": "int"},
        {"id": 2, "name": "b", "required": False, "type": "string"},
    ]
    new = [
        {"id": 1, "name": "key", "required": False, "type": "long"},
        {"id": 3, "name": "c", "required": False, "type": "string"},
    ]
    spread = {"source-id": 1, "field-id": 1000, "name": "key_bucket", "transform": "bucket[4]"}
    table = cloud.table(old)
    cloud.script.clear()
    cloud.script.positions.update(enumerate(faults, position))
    answer = cloud.update(SCHEMA, table.target(old), table.target(new, PartitionFields=[spread]))
    assert answer["Status"] == "SUCCESS", f"{named(faults)} at call {position}: {answer['Reason']}"
    metadata = table.metadata()
    shape = ("schemas", "partition-specs", "current-schema-id", "default-spec-id", "last-column-id")
    return len(cloud.script.calls), {key: metadata[key] for key in shape}


@each_scenario
def test_a_right_that_never_comes_fails_and_takes_nothing_of_others(cloud: Cloud, scenario: Scenario) -> None:
    for operation in sorted(set(undisturbed(cloud, scenario)[0]) - {"ListPermissions"}):
        scenario.prepare(cloud)
        before = look(cloud)
        cloud.script.always[operation] = DENIED
        answer = scenario.act(cloud)
        assert answer["Status"] == "FAILED"
        assert f"AccessDeniedException) when calling the {operation}" in answer["Reason"]
        cloud.script.clear()
        assert_others_are_untouched(before, look(cloud))


def assert_others_are_untouched(before: World, now: World) -> None:
    """Compare everything that is not the provider's or its principal's."""
    assert {**now.settings, "DataLakeAdmins": None} == {**before.settings, "DataLakeAdmins": None}
    assert {"DataLakePrincipalIdentifier": OTHER} in now.settings["DataLakeAdmins"]
    foreign = {each for each in before.permissions if each[0] == OTHER or each[2] == "DROP"}
    assert foreign <= now.permissions


@each_scenario
def test_the_next_deploy_mends_what_a_failed_one_left(cloud: Cloud, scenario: Scenario) -> None:
    operations, expected = undisturbed(cloud, scenario)
    for position in range(1, len(operations) + 1):
        scenario.prepare(cloud)
        cloud.script.positions[position] = BAD_REQUEST
        scenario.act(cloud)
        cloud.script.clear()
        assert scenario.act(cloud)["Status"] == "SUCCESS"
        assert look(cloud) == expected
