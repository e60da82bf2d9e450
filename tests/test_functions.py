"""What a function of the spec becomes: who may call it, what it may do, what watches it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from compiler.template import resources
from tests.compiling import SMALLEST, TESTS, codes, compiled, compiled_text, read_template, said

Json = dict[str, Any]
URLS = TESTS / "cases" / "function" / "urls"
INGEST = TESTS / "cases" / "function" / "ingest"
COLLECT = "functions:\n  collect: {kind: ingest, streams: [clicks]}\n"
NOTIFY = 'alarms: {notify: "arn:aws:sns:eu-west-1:111122223333:oncall"}\n'
ALARMS = TESTS / "cases" / "alarms" / "all"


def template(case: Path) -> Json:
    """Return a case's template as data."""
    build, found = compiled(case)
    assert build, said(found)
    read: Json = read_template(build.stack.text)
    return read


def permissions(case: Path, function: str) -> list[Json]:
    """Return what the template allows others to do with a function."""
    return [
        each["Properties"]
        for each in template(case)["Resources"].values()
        if each["Type"] == "AWS::Lambda::Permission"
        and each["Properties"]["FunctionName"] == {"!Ref": function}
    ]


@pytest.mark.parametrize("function", ["InsideFunction", "SignedFunction", "SignedOnlyFunction"])
def test_nobody_else_is_let_into_a_function_without_a_public_url(function: str) -> None:
    assert permissions(URLS, function) == []


def test_a_public_url_lets_everybody_call_the_url_and_nothing_but_the_url() -> None:
    everybody = {"FunctionName": {"!Ref": "OpenFunction"}, "Principal": "*"}
    assert permissions(URLS, "OpenFunction") == [
        {**everybody, "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
        {**everybody, "Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
    ]


def test_only_a_public_url_is_open() -> None:
    urls = {
        each["Properties"]["TargetFunctionArn"]["!GetAtt"]: each["Properties"]["AuthType"]
        for each in template(URLS)["Resources"].values()
        if each["Type"] == "AWS::Lambda::Url"
    }
    assert urls == {
        "SignedFunction.Arn": "AWS_IAM",
        "SignedOnlyFunction.Arn": "AWS_IAM",
        "OpenFunction.Arn": "NONE",
    }


def test_pages_may_send_what_a_call_needs_and_only_from_the_named_origins() -> None:
    made = template(URLS)["Resources"]
    assert made["OpenFunctionUrl"]["Properties"]["Cors"] == {
        "AllowOrigins": ["https://www.example.com", "http://localhost:8080"],
        "AllowMethods": ["POST"],
        "AllowHeaders": ["content-encoding", "content-type"],
        "MaxAge": 3600,
    }
    assert "authorization" in made["SignedFunctionUrl"]["Properties"]["Cors"]["AllowHeaders"]
    assert "Cors" not in made["SignedOnlyFunctionUrl"]["Properties"]


def test_a_function_s_own_role_may_put_batches_and_write_its_log_and_nothing_else() -> None:
    role = template(INGEST)["Resources"]["CollectRole"]["Properties"]
    (policy,) = role["Policies"]
    statements = {each["Sid"]: each for each in policy["PolicyDocument"]["Statement"]}
    assert {sid: each["Action"] for sid, each in statements.items()} == {
        "PutBatches": ["firehose:PutRecordBatch"],
        "Logs": ["logs:CreateLogStream", "logs:PutLogEvents"],
    }
    assert statements["PutBatches"]["Resource"] == [
        {"!GetAtt": "OrdersStream.Arn"},
        {"!GetAtt": "VisitsStream.Arn"},
    ]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {
        "Service": "lambda.amazonaws.com"
    }


def test_the_source_in_a_template_runs_with_the_spec_s_columns() -> None:
    source = template(INGEST)["Resources"]["CollectFunction"]["Properties"]["Code"]["ZipFile"]
    module: Json = {"__name__": "index"}
    exec(compile(source, "index.py", "exec"), module)
    stamps = {"placed_at": "2026-11-22T10:00:00Z", "day": "2026-11-22"}
    stream, data = module["fitted"]({'it\'s "a" kind': "ö\n'\u2028\\", "order_id": 7, "lines": []}, stamps)
    assert stream == "shop-orders"
    assert json.loads(data) == {
        "order_id": "7",
        "lines": [],
        "placed_at": 1_795_341_600_000_000,
        "day": "2026-11-22",
    }
    stream, data = module["fitted"]({"path": "/", "more": 1}, stamps)
    assert (stream, json.loads(data)) == ("shop-visits", {"path": "/", "placed_at": 1_795_341_600_000_000})


def test_every_alarm_tells_the_topic_and_is_silent_without_data() -> None:
    alarms = [
        each["Properties"]
        for each in template(ALARMS)["Resources"].values()
        if each["Type"] == "AWS::CloudWatch::Alarm"
    ]
    assert [each["AlarmName"] for each in alarms] == [
        "clicks-clicks-failed-rows",
        "clicks-clicks-freshness",
        "clicks-clicks-throttling",
        "clicks-backup",
        "clicks-collect-errors",
        "clicks-collect-concurrency",
        "clicks-collect-failures",
    ]
    for alarm in alarms:
        assert alarm["AlarmActions"] == ["arn:aws:sns:eu-west-1:111122223333:oncall"]
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert [each["Threshold"] for each in alarms[:2]] == [10, 300]


def test_a_dashboard_shows_every_stream_function_and_alarm() -> None:
    build, _ = compiled(ALARMS)
    assert build
    body = read_template(build.stack.text)["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["!Sub"]
    widgets = json.loads(body)["widgets"]
    alarm_ids = [key for key, each in resources(build.stack.text).items() if each.type.endswith("::Alarm")]
    assert widgets[0]["properties"]["alarms"] == [f"${{{each}.Arn}}" for each in alarm_ids]
    assert [each["properties"]["title"] for each in widgets[1:]] == [
        "Rows in",
        "Rows failed",
        "Freshness: age of the oldest record",
        "Bytes delivered",
        "Throttled",
        "Written to the backup bucket",
        "Function calls",
        "Function errors",
        "Function duration",
    ]
    assert set(re.findall(r"\$\{(\w+)\}", body)) == {"ClicksStream", "CollectFunction", "BackupBucket"}


def test_no_two_graphs_of_a_dashboard_overlap() -> None:
    body = template(ALARMS)["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["!Sub"]
    taken = [
        (x, y)
        for each in json.loads(body)["widgets"]
        for x in range(each["x"], each["x"] + each["width"])
        for y in range(each["y"], each["y"] + each["height"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) == 23


def test_a_function_whose_stream_has_mistakes_is_not_complained_about(tmp_path: Path) -> None:
    spec = SMALLEST.replace("{table: clicks}", "{table: click}") + COLLECT
    build, found = compiled_text(tmp_path, spec)
    assert build is None
    assert codes(found) == ["AC3001"]


def test_a_function_named_like_the_provider_is_refused(tmp_path: Path) -> None:
    spec = SMALLEST + COLLECT.replace("collect", "provider")
    build, found = compiled_text(tmp_path, spec)
    assert build is None
    assert set(codes(found)) == {"AC3003"}


def test_a_function_named_like_the_role_of_the_streams_is_to_be_renamed(tmp_path: Path) -> None:
    _, found = compiled_text(tmp_path, SMALLEST + COLLECT.replace("collect", "delivery"))
    (collision,) = found
    assert (collision.rule.code, collision.hint) == ("AC3003", "rename the function")


def test_a_function_of_the_wrong_kind_is_told_of_once(tmp_path: Path) -> None:
    functions = "functions: {a: {kind: ingest, queries: [q], scan_limit_megabytes: 20}}\n"
    queries = "queries: {q: {namespace: web, sql: SELECT id FROM clicks}}\n"
    _, found = compiled_text(tmp_path, SMALLEST + functions + queries)
    (wrong,) = found
    assert wrong.message == "function 'a' is of kind ingest, and has 'queries' instead of 'streams'"
    assert wrong.location.path == "functions.a.kind"


def test_a_stream_is_not_called_unused_where_its_name_is_misspelt(tmp_path: Path) -> None:
    choose = "choose: {field: x, streams: {a: click}}"
    functions = f"functions: {{a: {{kind: ingest, streams: [clicks], {choose}}}}}\n"
    _, found = compiled_text(tmp_path, SMALLEST + functions)
    assert codes(found) == ["AC3603"]


def test_no_two_alarms_have_one_name_where_a_function_is_named_like_its_stream(tmp_path: Path) -> None:
    functions = COLLECT.replace("collect", "clicks")
    build, found = compiled_text(tmp_path, SMALLEST + functions + NOTIFY)
    assert build, said(found)
    names = re.findall(r"AlarmName: (.*)", build.stack.text)
    assert len(names) == len(set(names)) == 6


def test_a_widget_has_at_most_as_many_alarms_as_cloudwatch_shows(tmp_path: Path) -> None:
    tables = "".join(f"  t{each}: {{namespace: web, columns: {{id: string}}}}\n" for each in range(34))
    streams = "".join(f"  t{each}: {{table: t{each}}}\n" for each in range(34))
    head, _, _ = SMALLEST.partition("tables:")
    build, found = compiled_text(tmp_path, f"{head}tables:\n{tables}streams:\n{streams}{NOTIFY}")
    assert build, said(found)
    body = read_template(build.stack.text)["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["!Sub"]
    first, second, graph, *_ = json.loads(body)["widgets"]
    assert [len(each["properties"]["alarms"]) for each in (first, second)] == [100, 3]
    assert [each["y"] for each in (first, second, graph)] == [0, 3, 6]


def test_a_pipeline_with_nothing_to_watch_has_no_dashboard(tmp_path: Path) -> None:
    build, found = compiled_text(tmp_path, SMALLEST.partition("streams:")[0] + NOTIFY)
    assert build, said(found)
    assert not [each for each in build.stack.types.values() if each.startswith("AWS::CloudWatch::")]
    assert "AC3616" in codes(found)


def test_a_name_that_is_too_long_for_a_function_and_its_role_is_told_of_once(tmp_path: Path) -> None:
    _, found = compiled_text(tmp_path, SMALLEST + COLLECT.replace("collect", "f" * 60))
    assert codes(found) == ["AC3031"]


def test_a_url_has_at_most_as_many_origins_as_lambda_takes(tmp_path: Path) -> None:
    origins = [f"https://www{each}.example.com" for each in range(101)]
    functions = COLLECT.replace("}", f", url: iam, allowed_origins: {origins}}}")
    _, found = compiled_text(tmp_path, SMALLEST + functions)
    assert codes(found) == ["AC2006"]


def test_a_function_with_an_unknown_stream_is_told_of_its_other_mistakes_too(tmp_path: Path) -> None:
    functions = "functions: {a: {kind: ingest, streams: [click], url: public, timeout_seconds: 3}}\n"
    _, found = compiled_text(tmp_path, SMALLEST + functions)
    assert sorted(codes(found)) == ["AC3001", "AC3606", "AC3611", "AC3612"]
