"""Every call of the provider meets every fault, before and after its effect: the end is what it should be.

A scenario runs once undisturbed, and then once for each call that it made, with the fault there. Time
is made up, so that the provider waits as long as it does on AWS, and a run is held to what Lambda
gives it. A run of the tests takes a part of all combinations; the whole: FAULTS=1 pytest
tests/lambdas/provider/test_faults.py
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lambdas.provider import index
from tests.lambdas.provider.cloud import ACCOUNT, ROLE, Cloud, Context, physical_id
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
    SLOW,
    THROTTLED,
    TIMED_OUT,
    UNAVAILABLE,
    Fault,
    failures,
)
from tests.lambdas.provider.scenarios import (
    ADMINISTRATOR,
    EVENTS,
    GRANTS,
    NAMESPACE,
    OTHER,
    SCENARIOS,
    SCHEMA,
    TABLE,
    Scenario,
    Stage,
    World,
    grants,
    look,
)

Json = dict[str, Any]

EVERY = 1 if os.environ.get("FAULTS") else 7
"""Each how many-th combination is tried."""
SECONDS = 300
"""What the template gives the function."""
READ = index.READ

ANYWHERE = [
    THROTTLED,
    CONCURRENT,
    TIMED_OUT,
    FEDERATION,
    DENIED,
    INTERNAL,
    UNAVAILABLE,
    HTML,
    CUT,
    SLOW,
    BAD_REQUEST,
    *(fault.staying() for fault in (THROTTLED, DENIED, INTERNAL, HTML, CUT)),
]
OF_SERVICES = [NOT_FOUND, INVALID_PRINCIPAL]
OF_BATCHES = [
    failures(0, code="ConcurrentModificationException"),
    failures(0, 1, code="ThrottledException"),
    failures(0, code="InvalidInputException", message="Invalid principal, arn:aws:iam::1:role/x"),
    failures(0, code="EntityNotFoundException", message="Table not found"),
    failures(0, 1, code="AccessDeniedException"),
    failures(1, code="InternalServiceException"),
    failures(0, code="InvalidInputException", message="Please register the S3 path"),
    failures(0, code="InvalidInputException", message="no such permission"),
    failures(0, 1, code="AccessDeniedException").staying(),
]
OF_CATALOGS = [CONFLICT, NO_TABLE, CONFLICT.staying()]
STORM = (THROTTLED, CONCURRENT, TIMED_OUT, FEDERATION, INTERNAL, UNAVAILABLE, HTML, CUT)
"""One after the other, all for what is one call to the provider."""


class Hours(Context):
    """Time that passes by the provider's waits as well as by itself, and what Lambda says of it."""

    def __init__(self) -> None:
        super().__init__(SECONDS)
        self.slept = 0.0

    def start(self) -> None:
        """Begin a run of the function."""
        self.end = self.monotonic() + SECONDS

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept += seconds

    def monotonic(self) -> float:
        """Tell the time."""
        return time.monotonic() + self.slept

    def get_remaining_time_in_millis(self) -> int:
        """Tell the time that is left."""
        return round((self.end - self.monotonic()) * 1000)


@pytest.fixture
def hours(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Hours:
    """Have the provider wait in made-up time, as long as it does on AWS."""
    made = Hours()
    monkeypatch.setattr(index, "PACE", 1.0)
    monkeypatch.setattr(index, "time", made)
    return made


class Tally:
    """What was tried."""

    def __init__(self) -> None:
        self.runs, self.calls, self.longest = 0, 0, 0.0

    def add(self, calls: int, seconds: float) -> None:
        """Count a disturbed run."""
        self.runs, self.calls, self.longest = self.runs + 1, self.calls + calls, max(self.longest, seconds)


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Count, and tell it at the end."""
    made = Tally()
    yield made
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        told = f"{made.runs} disturbed runs, {made.calls} calls, the longest run took {made.longest:.0f} s"
        print(f"\n{told} of its {SECONDS}")


def act(stage: Stage, hours: Hours, tally: Tally, *faults: Fault, position: int = 1) -> Json:
    """Play a scenario with faults from one call on, and return the one answer, which came in time."""
    hours.start()
    stage.cloud.script.positions.update(enumerate(faults, position))
    answer = stage.act(hours)
    left = hours.get_remaining_time_in_millis() / 1000
    assert left > 5, f"{faults} at call {position} left {left} s"
    tally.add(len(stage.cloud.script.calls), SECONDS - left)
    stage.cloud.script.clear()
    return answer


UNDISTURBED: dict[str, tuple[list[str], World]] = {}


def undisturbed(cloud: Cloud, scenario: Scenario) -> tuple[list[str], World]:
    """Play a scenario without faults, once for all tests; return what it called, and the account."""
    if scenario.name not in UNDISTURBED:
        stage = scenario.prepared(cloud)
        assert stage.act()["Status"] == "SUCCESS"
        UNDISTURBED[scenario.name] = cloud.script.operations(), stage.look()
    return UNDISTURBED[scenario.name]


def meets(operation: str, fault: Fault) -> bool:
    """Tell whether a service can answer so to an operation."""
    return not fault.entries or operation.startswith("Batch")


def is_believed(operation: str, fault: Fault) -> bool:
    """Tell whether a fault says that nothing is there, to a call that would be content with that."""
    nothing = "NotFound" in fault.code or "Invalid principal" in fault.message
    return nothing and (operation == "GetDatabase" or "Revoke" in operation)


def is_final(operation: str, fault: Fault) -> bool:
    """Tell whether a fault is one that waiting does not mend. A look at the grants may always fail."""
    lasting = fault.stays or fault.code == BAD_REQUEST.code or "no such permission" in fault.message
    return lasting and operation != "ListPermissions"


def faults_of(scenario: Scenario) -> list[Fault]:
    """List what can happen to a scenario, each before and after the effect of the call."""
    table, batches = scenario.kind == SCHEMA, scenario.kind == GRANTS
    once = [*ANYWHERE, *(OF_CATALOGS if table else OF_SERVICES)]
    return [*once, *(fault.after() for fault in once if not fault.stays), *(OF_BATCHES if batches else [])]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_a_fault_ends_in_what_was_wanted_or_in_what_the_next_deploy_mends(
    cloud: Cloud, scenario: Scenario, hours: Hours, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations, expected = undisturbed(cloud, scenario)
    combinations = [
        (fault, position, operation)
        for fault in faults_of(scenario)
        for position, operation in enumerate(operations, 1)
        if meets(operation, fault)
    ]
    for fault, position, operation in combinations[::EVERY]:
        where = f"{fault} at call {position}, {operation}"
        monkeypatch.setattr(index, "READ", SLOW.seconds / 2 if fault.seconds else READ)
        stage = scenario.prepared(cloud)
        before = stage.look()
        answer = act(stage, hours, tally, fault, position=position)
        assert_others_are_untouched(before, stage.look())
        if not is_believed(operation, fault):
            wanted = "FAILED" if is_final(operation, fault) else "SUCCESS"
            assert answer["Status"] == wanted, f"{where}: {answer.get('Reason')}"
            assert wanted == "FAILED" or without_own(stage.look()) == without_own(expected), where
        if answer["Status"] == "FAILED":
            assert answer["Reason"], where
            assert_the_next_deploy_mends(stage, answer, before, expected, where)


def assert_the_next_deploy_mends(
    stage: Stage, answer: Json, before: World, expected: World, where: str
) -> None:
    """Play what CloudFormation does after a failure, and the deploy after that."""
    kind, action = stage.scenario.kind, stage.scenario.action
    if action == "Update":
        assert stage.back()["Status"] == "SUCCESS", where
        assert kind == SCHEMA or without_own(stage.look()) == without_own(before), where
    elif action == "Create":
        taken_back(stage, answer)
    assert stage.act()["Status"] == "SUCCESS", where
    now = stage.look()
    assert without_own(now) == replace(without_own(expected), table={**expected.table, **count_of(now)}), (
        where
    )


def taken_back(stage: Stage, answer: Json) -> None:
    """Delete what a failed Create left, under the id that it answered."""
    kind, given = stage.scenario.kind, answer["PhysicalResourceId"]
    assert given == (physical_id(kind) if kind == ADMINISTRATOR else f"{physical_id(kind)}:failed")
    before = stage.look()
    deleted = stage.cloud.delete(kind, stage.new, PhysicalResourceId=given)
    assert (deleted["Status"], deleted["PhysicalResourceId"]) == ("SUCCESS", given)
    assert_others_are_untouched(before, stage.look())
    assert kind != ADMINISTRATOR or ROLE not in stage.cloud.admins()
    stage.cloud.script.clear()


def count_of(world: World) -> Json:
    """Return how many schemas a table had: on a way with a rollback they are more."""
    return {key: value for key, value in world.table.items() if key == "schemas"}


def without_own(world: World) -> World:
    """Leave out what the provider grants itself to drop a link, when it was denied that."""
    return replace(world, permissions=frozenset(each for each in world.permissions if each[0] != ROLE))


def assert_others_are_untouched(before: World, now: World) -> None:
    """Compare everything that is not the provider's or its principal's."""
    assert {**now.settings, "DataLakeAdmins": None} == {**before.settings, "DataLakeAdmins": None}
    assert {"DataLakePrincipalIdentifier": OTHER} in now.settings["DataLakeAdmins"]
    foreign = {each for each in before.permissions if each[0] == OTHER or each[2] == "DROP"}
    assert foreign <= now.permissions


each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=str)


@each_scenario
def test_a_storm_that_passes_changes_nothing_at_the_end(
    cloud: Cloud, scenario: Scenario, hours: Hours, tally: Tally
) -> None:
    operations, expected = undisturbed(cloud, scenario)
    for position in range(1, len(operations) + 1):
        stage = scenario.prepared(cloud)
        assert act(stage, hours, tally, *STORM, position=position)["Status"] == "SUCCESS"
        assert without_own(stage.look()) == without_own(expected)


# CloudFormation's side


@each_scenario
def test_the_same_event_twice_does_the_same_once(cloud: Cloud, scenario: Scenario) -> None:
    expected = undisturbed(cloud, scenario)[1]
    stage = scenario.prepared(cloud)
    event = stage.event()
    first, second = cloud.send(event), cloud.send(event)
    assert {**first, "Data": None} == {**second, "Data": None}
    assert first["Status"] == "SUCCESS"
    assert stage.look() == expected


@each_scenario
def test_delete_with_an_unknown_id_changes_nothing(cloud: Cloud, scenario: Scenario) -> None:
    stage = scenario.prepared(cloud)
    before = stage.look()
    for unknown in ("2026/11/22/[$LATEST]0a1b2c3d", f"{scenario.kind}:another-stack:Resource"):
        deleted = cloud.delete(scenario.kind, stage.old or stage.new, PhysicalResourceId=unknown)
        assert deleted["Status"] == "SUCCESS"
    assert stage.look() == before


@pytest.mark.parametrize("scenario", [each for each in SCENARIOS if each.action == "Update"], ids=str)
def test_a_rollback_brings_back_what_was(cloud: Cloud, scenario: Scenario) -> None:
    """Of a table it keeps what was written since: see test_schema.py."""
    stage = scenario.prepared(cloud)
    before = stage.look()
    assert stage.act()["Status"] == "SUCCESS"
    assert stage.back()["Status"] == "SUCCESS"
    assert scenario.kind == SCHEMA or stage.look() == before


@pytest.mark.parametrize("statuses", [(500, 500), (403,), (403, 503)], ids=str)
@each_scenario
def test_an_answer_that_is_not_taken_is_given_again_and_nothing_done_twice(
    cloud: Cloud, scenario: Scenario, statuses: tuple[int, ...], hours: Hours
) -> None:
    operations, expected = undisturbed(cloud, scenario)
    stage = scenario.prepared(cloud)
    cloud.answers.statuses[:] = statuses
    assert stage.act(hours)["Status"] == "SUCCESS"
    assert [received.status for received in cloud.answers.received] == [*statuses, 200]
    assert cloud.script.operations() == operations
    assert stage.look() == expected


@each_scenario
def test_a_reason_too_long_for_cloudformation_is_cut(
    cloud: Cloud, scenario: Scenario, hours: Hours, tally: Tally
) -> None:
    operations, expected = undisturbed(cloud, scenario)
    for position in range(1 + len(operations), 0, -3):
        stage = scenario.prepared(cloud)
        wordy = replace(BAD_REQUEST, message="Grüße \U0001d11e " * 2000)
        answer = act(stage, hours, tally, wordy, position=position)
        (received,) = cloud.answers.received
        assert len(received.body) <= 4096
        assert answer["Status"] == "FAILED" or stage.look() == expected


class Short(Hours):
    """A function whose time is nearly up after so many looks at it."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks

    def get_remaining_time_in_millis(self) -> int:
        """Tell the time that is left."""
        self.looks -= 1
        return super().get_remaining_time_in_millis() if self.looks >= 0 else 20_000


@each_scenario
def test_a_function_that_is_about_to_time_out_stops_and_the_next_deploy_mends(
    cloud: Cloud, scenario: Scenario, hours: Hours
) -> None:
    operations, expected = undisturbed(cloud, scenario)
    for looks in range(0, len(operations), 1 if EVERY == 1 else 3):
        stage = scenario.prepared(cloud)
        before = stage.look()
        answer = stage.act(Short(looks))
        assert len(cloud.script.operations()) <= looks
        assert_others_are_untouched(before, stage.look())
        if answer["Status"] == "FAILED":
            assert answer["Reason"].startswith("no time left"), answer["Reason"]
            assert_the_next_deploy_mends(stage, answer, before, expected, f"after {looks} looks at the time")
        else:
            assert without_own(stage.look()) == without_own(expected)


# two at once


@pytest.mark.parametrize("position", range(1, 18, 1 if EVERY == 1 else 4))
@pytest.mark.parametrize("fault", [CONCURRENT, INTERNAL.after(), CUT], ids=str)
def test_two_providers_at_once_keep_each_others_entries_and_grants(
    cloud: Cloud, fault: Fault, position: int
) -> None:
    SCENARIOS[0].prepared(cloud)
    before = look(cloud)
    cloud.script.positions[position] = fault
    pairs = [(f"{ROLE}-{number}", f"{OTHER}-reader-{number}") for number in range(2)]
    clock = index.Clock(Context().get_remaining_time_in_millis)
    clients = [index.client(clock, "lakeformation") for _ in pairs]

    def deploy(client: Any, role: str, principal: str) -> None:
        old, new = grants(NAMESPACE, EVENTS, principal=principal), grants(EVENTS, principal=principal)
        index.grants(index.Request("Create", old, {}, ACCOUNT, role), clock, client)
        index.grants(index.Request("Update", new, old, ACCOUNT, role), clock, client)

    threads = [
        threading.Thread(target=deploy, args=(client, *pair))
        for client, pair in zip(clients, pairs, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = look(cloud)
    assert_others_are_untouched(before, now)
    assert sorted(cloud.admins()) == sorted([OTHER, *(role for role, _ in pairs)])
    table = json.dumps(TABLE, sort_keys=True)
    for _, principal in pairs:
        held = {(resource, what) for who, resource, what, _ in now.permissions if who == principal}
        assert held == {(table, "SELECT"), (table, "INSERT")}
