"""What CloudFormation gets to hear, and what the log does not."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any

import boto3
import pytest

from lambdas.provider import index
from tests.lambdas.provider.cloud import Cloud, Context, physical_id
from tests.lambdas.provider.faults import DENIED, THROTTLED, Fault, error

LINK = "GlueResourceLink"
PROPERTIES = {"Name": "web_analytics", "Bucket": "web-analytics", "Namespace": "analytics"}


def logged(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Read the one line that the last event left in the log."""
    line: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return line


def test_the_answer_repeats_what_it_answers(cloud: Cloud) -> None:
    event = cloud.event("Create", LINK, PROPERTIES, logical="AnalyticsLink")
    answer = cloud.send(event)
    assert {key: answer[key] for key in ("StackId", "RequestId", "LogicalResourceId")} == {
        key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")
    }
    assert answer["PhysicalResourceId"] == "GlueResourceLink:web-analytics:AnalyticsLink"


def test_the_answer_is_put_without_a_content_type(cloud: Cloud) -> None:
    cloud.create(LINK, PROPERTIES)
    (received,) = cloud.answers.received
    assert received.headers["Content-Type"] == ""
    assert received.headers["Content-Length"] == str(len(received.body))


@pytest.mark.parametrize("statuses", [[500, 503], [403], [404, 500, 503, 500]], ids=str)
def test_an_answer_that_is_not_taken_is_sent_again(cloud: Cloud, statuses: list[int]) -> None:
    cloud.answers.statuses = list(statuses)
    assert cloud.create(LINK, PROPERTIES)["Status"] == "SUCCESS"
    assert [received.status for received in cloud.answers.received] == [*statuses, 200]
    assert len({received.body for received in cloud.answers.received}) == 1


def test_an_answer_that_is_never_taken_is_logged(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.answers.statuses = [403] * 20
    index.handler(cloud.event("Create", LINK, PROPERTIES), Context())
    assert len(cloud.answers.received) == 6
    assert logged(capsys)["Answered"] == "HTTPError 403"


@pytest.mark.parametrize("url", ["", "no url", "http://127.0.0.1:1/gone?X-Amz-Signature=secret"])
def test_a_url_that_nobody_serves_ends_without_an_error(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    index.handler({**cloud.event("Create", LINK, PROPERTIES), "ResponseURL": url}, Context())
    assert logged(capsys)["Answered"].split()[0] in ("ValueError", "URLError")


def test_a_connection_that_hangs_up_is_tried_again(cloud: Cloud) -> None:
    taken: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        event = cloud.event("Create", LINK, PROPERTIES)
        event["ResponseURL"] = f"http://127.0.0.1:{server.getsockname()[1]}/answer"

        def serve() -> None:
            server.accept()[0].close()
            connection = server.accept()[0]
            taken.append(connection.recv(65536))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        index.handler(event, Context())
        thread.join()
    assert taken[0].startswith(b"PUT /answer")


@pytest.mark.parametrize("unit", ["x", "ä", "€", "𝄞", '"\\\n', "\x01", "\ud800"], ids=ascii)
def test_a_long_reason_is_cut_to_what_cloudformation_takes(unit: str) -> None:
    answer = {"Status": "FAILED", "Reason": f"starts so: {unit * 9000}", "PhysicalResourceId": "link:s:L"}
    body = index.pack(answer)
    assert 4080 < len(body) <= 4096
    assert json.loads(body)["Reason"].startswith("starts so: ")


def test_an_answer_that_nothing_can_be_cut_from_is_sent_as_it_is() -> None:
    assert len(index.pack({"Status": "FAILED", "Reason": "r", "PhysicalResourceId": "x" * 5000})) > 5000


def test_a_long_note_is_cut_as_well() -> None:
    body = index.pack({"Status": "SUCCESS", "Data": {"SchemaId": 3, "Note": "ü" * 5000}})
    assert 4080 < len(body) <= 4096
    assert json.loads(body)["Data"]["SchemaId"] == 3


def test_a_long_reason_of_a_service_arrives(cloud: Cloud) -> None:
    cloud.script.always["GetDatabase"] = error("InvalidInputException", "nö " * 3000)
    answer = cloud.create(LINK, PROPERTIES)
    assert answer["Reason"].startswith(
        "An error occurred (InvalidInputException) when calling the GetDatabase"
    )


def test_a_failed_create_gets_an_id_that_no_delete_acts_on(cloud: Cloud) -> None:
    cloud.glue.create_database(DatabaseInput={"Name": "web_analytics"})
    answer = cloud.create(LINK, PROPERTIES)
    assert answer["PhysicalResourceId"] == f"{physical_id(LINK)}:failed"
    cloud.glue.delete_database(Name="web_analytics")
    cloud.create(LINK, PROPERTIES)
    cloud.script.clear()
    deleted = cloud.delete(LINK, PROPERTIES, PhysicalResourceId=answer["PhysicalResourceId"])
    assert deleted["Status"] == "SUCCESS"
    assert deleted["PhysicalResourceId"] == answer["PhysicalResourceId"]
    assert cloud.script.operations() == []


@pytest.mark.parametrize(
    "kind", ["LakeFormationAdministrator", LINK, "LakeFormationGrants", "IcebergTableSchema"]
)
@pytest.mark.parametrize(
    "foreign",
    [
        "2026/11/22/[$LATEST]0a1b2c3d",
        "GlueResourceLink:other-stack:Resource",
        "GlueResourceLink:web-analytics:Other",
        "GlueResourceLink:web-analytics:Resource:failed",
        "",
    ],
)
def test_delete_under_an_unknown_id_does_nothing_and_succeeds(cloud: Cloud, kind: str, foreign: str) -> None:
    answer = cloud.delete(kind, {}, PhysicalResourceId=foreign)
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", foreign)
    assert cloud.script.operations() == []


def test_an_update_and_its_failure_keep_the_id(cloud: Cloud) -> None:
    cloud.create(LINK, PROPERTIES)
    assert cloud.update(LINK, PROPERTIES, PROPERTIES)["PhysicalResourceId"] == physical_id(LINK)
    cloud.script.always["GetDatabase"] = error("InvalidInputException")
    failed = cloud.update(LINK, PROPERTIES, PROPERTIES)
    assert (failed["Status"], failed["PhysicalResourceId"]) == ("FAILED", physical_id(LINK))


def test_the_same_event_twice_gets_the_same_answer(cloud: Cloud) -> None:
    for event in (cloud.event(action, LINK, PROPERTIES) for action in ("Create", "Delete")):
        first, second = cloud.send(event), cloud.send(event)
        assert {**first, "Data": None} == {**second, "Data": None}


def test_an_unknown_type_of_resource_fails_and_can_be_deleted(cloud: Cloud) -> None:
    answer = cloud.create("Other", {})
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == "KeyError: 'Custom::Other'"
    marker = answer["PhysicalResourceId"]
    assert marker == "Other:web-analytics:Resource:failed"
    assert cloud.delete("Other", {}, PhysicalResourceId=marker)["Status"] == "SUCCESS"


def test_missing_properties_fail_with_their_name(cloud: Cloud) -> None:
    assert cloud.create(LINK, {"Name": "x"})["Reason"] == "KeyError: 'Bucket'"


def test_a_runtime_without_boto3_still_answers(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "boto3", None)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    answer = cloud.create(LINK, PROPERTIES)
    assert answer["Status"] == "FAILED"
    assert "boto3" in answer["Reason"]


def test_the_log_tells_what_was_done(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    event = cloud.event("Create", LINK, PROPERTIES)
    cloud.send(event)
    line = logged(capsys)
    assert (line["StackId"], line["RequestId"]) == (event["StackId"], event["RequestId"])
    assert (line["RequestType"], line["ResourceType"], line["LogicalResourceId"]) == (
        "Create",
        "Custom::GlueResourceLink",
        "Resource",
    )
    assert (line["Status"], line["Data"], line["Answered"]) == (
        "SUCCESS",
        {"Note": "web_analytics made"},
        "200",
    )


@pytest.mark.parametrize("status", [200, 403])
def test_the_log_keeps_the_url_and_credentials_to_itself(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    cloud.answers.statuses = [status] * 6
    told = "The request signature does not match. The Canonical String for this request should have been\n"
    cloud.script.always["GetDatabase"] = error(
        "InvalidSignatureException", f"{told}x-amz-security-token:secret"
    )
    index.handler(cloud.event("Create", LINK, PROPERTIES), Context())
    output = capsys.readouterr().out
    assert "secret" not in output
    assert "127.0.0.1" not in output
    assert "secret" not in cloud.answers.received[0].body.decode()


def test_a_function_that_is_about_to_time_out_answers_instead_of_starting(cloud: Cloud) -> None:
    answer = cloud.send(cloud.event("Create", LINK, PROPERTIES), Context(seconds=20))
    assert (answer["Status"], answer["Reason"]) == ("FAILED", "no time left")
    assert cloud.script.operations() == []


def test_retries_end_while_there_is_time_to_answer(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "PACE", 0.1)
    monkeypatch.setattr(index, "MARGIN", 1)
    monkeypatch.setattr(index, "CONNECT", 0.5)
    monkeypatch.setattr(index, "READ", 0.5)
    cloud.script.always["GetDatabase"] = THROTTLED
    context = Context(seconds=3.5)
    answer = cloud.send(cloud.event("Create", LINK, PROPERTIES), context)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith("no time left to try again after: An error occurred (Throttling")
    assert context.get_remaining_time_in_millis() > 1000


def test_a_service_that_does_not_answer_leaves_time_for_the_answer(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "MARGIN", 1)
    monkeypatch.setattr(index, "CONNECT", 0.5)
    monkeypatch.setattr(index, "READ", 0.5)
    monkeypatch.setattr(index, "PACE", 1)
    cloud.script.always["GetDatabase"] = Fault("slow", seconds=3, effect=True)
    context = Context(seconds=4)
    answer = cloud.send(cloud.event("Create", LINK, PROPERTIES), context)
    assert answer["Status"] == "FAILED"
    assert "Read timeout" in answer["Reason"]
    assert context.get_remaining_time_in_millis() > 1000


def test_slow_calls_one_after_the_other_leave_time_for_the_answer(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "MARGIN", 1)
    monkeypatch.setattr(index, "CONNECT", 0.5)
    monkeypatch.setattr(index, "READ", 0.5)
    cloud.create("LakeFormationAdministrator", {})
    cloud.script.always["ListPermissions"] = Fault("slow", seconds=0.3, effect=True)
    many = [json.dumps({"namespace": f"n{number}", "permissions": ["DESCRIBE"]}) for number in range(20)]
    properties = {"Principal": "arn:aws:iam::1:role/x", "Bucket": "web-analytics", "Grants": many}
    context = Context(seconds=4)
    answer = cloud.send(cloud.event("Create", "LakeFormationGrants", properties), context)
    assert answer["Status"] == "SUCCESS"
    assert "20 grants not confirmed (no time left)" in answer["Data"]["Note"]
    assert context.get_remaining_time_in_millis() > 1000


def test_a_right_that_never_comes_fails_after_a_minute_with_its_reason(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.script.always["GetDatabase"] = DENIED
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(index, "PACE", 1)
    answer = index.run(cloud.event("Create", LINK, PROPERTIES), StillContext())
    assert "Insufficient Lake Formation permission(s)" in answer["Reason"]
    assert 30 < sum(slept) <= 60


class StillContext:
    """A function with all the time in the world."""

    def get_remaining_time_in_millis(self) -> int:
        """Tell five minutes, always."""
        return 300_000
