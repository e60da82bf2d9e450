"""The deployer's policy: real actions, named resources, and small enough for IAM."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError
from policy_sentry.querying.actions import get_actions_for_service

from compiler import cli
from compiler.account import Settings, account_stack
from compiler.deployer import Where, deployer_policy
from compiler.diagnostics import Diagnostics
from compiler.pipeline import compile_spec
from compiler.registry import handler_permissions
from compiler.stack import Build
from compiler.template import resources
from tests.bed import Bed
from tests.e2e.pipelines import ROLES_ALONE, shipped_spec

Json = dict[str, Any]

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "spec" / "analytics.yaml"
WHERE = Where("aws", "us-east-1", "111122223333")
NO_STREAMS = {
    **dict.fromkeys(("streams", "functions", "queries", "alarms")),
    "roles": {"query": {"service": "lambda", "read": ["*"]}},
}
VARIANTS: dict[str, Json] = {
    "shipped": {},
    "account": {"provider": "account"},
    "iam": {"access": "iam"},
    "kms": {"bucket": {"encryption": {"kms_key_arn": "arn:aws:kms:us-east-1:111122223333:key/1a"}}},
    "existing": {"bucket": {"name": "shared", "existing": True}},
    "no streams": NO_STREAMS,
}

# IAM user guide, reference_iam-quotas.html, in characters without white space.
ROLE_BYTES, MANAGED_POLICY_BYTES = 10_240, 6_144


def compiled(folder: Path, **changes: Any) -> Build:
    """Compile the shipped spec with other keys."""
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump(shipped_spec(changes)), "utf-8")
    found = Diagnostics()
    build = compile_spec(str(path), found, linting=False)
    assert build, [each.message for each in found]
    return build


def policy(build: Build, where: Where = WHERE) -> Json:
    """Return the policy of who deploys."""
    return deployer_policy(build.plan.model, build.stack, where)


def actions(statements: list[Json]) -> set[str]:
    """Return every action of statements, of a role's policy as well as of the deployer's."""
    listed = [each["Action"] for each in statements]
    return {action for each in listed for action in ([each] if isinstance(each, str) else each)}


def roles_actions(template: str) -> set[str]:
    """Return every action of the roles in a template."""
    roles = [each.body() for each in resources(template).values() if each.type == "AWS::IAM::Role"]
    policies = [policy for each in roles for policy in each["Properties"].get("Policies", ())]
    return actions([each for policy in policies for each in policy["PolicyDocument"]["Statement"]])


def unknown(wanted: set[str]) -> set[str]:
    """Return the actions that AWS's service authorization reference does not have."""
    services = {action.partition(":")[0] for action in wanted}
    known = {each.lower() for service in services for each in get_actions_for_service(service)}
    return {action for action in wanted if action.lower() not in known}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_action_of_the_deployer_exists(tmp_path: Path, name: str) -> None:
    assert unknown(actions(policy(compiled(tmp_path, **VARIANTS[name]))["Statement"])) == set()


@pytest.mark.parametrize("name", VARIANTS)
def test_every_action_of_a_role_in_the_template_exists(tmp_path: Path, name: str) -> None:
    assert unknown(roles_actions(compiled(tmp_path, **VARIANTS[name]).stack.text)) == set()


@pytest.mark.parametrize("access", ["lake_formation", "iam"])
def test_every_action_of_a_role_in_the_account_stack_exists(access: Any) -> None:
    assert unknown(roles_actions(account_stack(Settings(access, None, ("arn",))).text)) == set()


@pytest.mark.parametrize("name", VARIANTS)
def test_no_action_is_a_pattern_and_every_resource_has_a_name(tmp_path: Path, name: str) -> None:
    statements = policy(compiled(tmp_path, **VARIANTS[name]))["Statement"]
    assert [action for action in actions(statements) if "*" in action] == []
    anything = {each["Sid"] for each in statements if "*" in each["Resource"]}
    assert anything <= {"LogsLogGroupLookup"}
    assert len({each["Sid"] for each in statements}) == len(statements)
    for each in statements:
        if each["Sid"] not in anything:
            service_of = {arn.split(":")[2] for arn in each["Resource"]}
            assert {action.partition(":")[0] for action in each["Action"]} == service_of


def test_it_names_everything_that_the_template_makes_and_has_handlers_for(tmp_path: Path) -> None:
    build = compiled(tmp_path)
    wanted = actions(policy(build)["Statement"])
    for kind in {each for each in build.stack.types.values() if not each.startswith("Custom::")}:
        service = {"KinesisFirehose": "firehose", "S3Tables": "s3tables"}.get(kind.split("::")[1])
        create = [each for each in handler_permissions(kind) if each.startswith(f"{service}:Create")]
        assert set(create) <= wanted, kind


@pytest.mark.parametrize("name", VARIANTS)
def test_something_is_allowed_about_every_type_of_the_template(tmp_path: Path, name: str) -> None:
    build = compiled(tmp_path, **VARIANTS[name])
    wanted = actions(policy(build)["Statement"])
    for kind in {each for each in build.stack.types.values() if not each.startswith("Custom::")}:
        assert set(handler_permissions(kind)) & wanted, kind


def test_the_runs_of_the_provider_may_be_limited(tmp_path: Path) -> None:
    wanted = actions(policy(compiled(tmp_path))["Statement"])
    change = {"lambda:PutFunctionEventInvokeConfig", "lambda:DeleteFunctionEventInvokeConfig"}
    assert change < wanted


def test_an_account_with_a_shared_provider_needs_fewer_rights_and_calls_that_one(tmp_path: Path) -> None:
    build = compiled(tmp_path, provider="account", **ROLES_ALONE)
    statements = {each["Sid"]: each for each in policy(build)["Statement"]}
    assert "LambdaFunction" not in statements
    assert statements["CustomResources"]["Resource"] == [
        "arn:aws:lambda:us-east-1:111122223333:function:analytics-compile-provider"
    ]
    assert statements["HandRolesOn"]["Condition"] == {
        "StringEquals": {"iam:PassedToService": ["firehose.amazonaws.com"]}
    }
    assert not any(
        "web-analytics-provider" in arn for each in statements.values() for arn in each["Resource"]
    )


def test_without_anything_to_hand_a_role_to_no_role_may_be_handed_on(tmp_path: Path) -> None:
    changes = {"provider": "account", **NO_STREAMS}
    assert "iam:PassRole" not in actions(policy(compiled(tmp_path, **changes))["Statement"])


@pytest.mark.parametrize("name", VARIANTS)
def test_it_fits_into_the_inline_policies_of_a_role_and_not_into_a_managed_policy(
    tmp_path: Path, name: str
) -> None:
    size = len(json.dumps(policy(compiled(tmp_path, **VARIANTS[name])), separators=(",", ":")))
    assert size <= ROLE_BYTES
    if name == "shipped":
        assert size > MANAGED_POLICY_BYTES


def test_the_command_prints_the_policy_alone(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--account", "111122223333", "--region", "us-east-1"]
    assert cli.main(["policy", str(SHIPPED), "--stage", "prod", *options]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["Version"] == "2012-10-17"
    arns = {arn for each in printed["Statement"] for arn in each["Resource"] if arn != "*"}
    assert all(arn.split(":")[4] in ("111122223333", "") for arn in arns)


# On the bed: it judges the caller by what he asks of CloudFormation, but not by what CloudFormation
# then does for him.


@pytest.fixture
def deployer(auth_bed: Bed) -> Iterator[Any]:
    """Make a user without a right, and return a client of his."""
    iam = auth_bed.client("iam")
    iam.create_user(UserName="deployer")
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    yield boto3.client(
        "cloudformation",
        endpoint_url=auth_bed.url,
        region_name=auth_bed.region,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    iam.delete_access_key(UserName="deployer", AccessKeyId=key["AccessKeyId"])
    for name in iam.list_user_policies(UserName="deployer")["PolicyNames"]:
        iam.delete_user_policy(UserName="deployer", PolicyName=name)
    iam.delete_user(UserName="deployer")


def deploy(client: Any, template: str, stack: str) -> str:
    """Do what `aws cloudformation deploy` does, and return the stack's status."""
    of = {"StackName": stack}
    capabilities = ["CAPABILITY_NAMED_IAM"]
    made = client.create_change_set(
        **of, ChangeSetName="new", ChangeSetType="CREATE", TemplateBody=template, Capabilities=capabilities
    )
    while client.describe_change_set(**of, ChangeSetName=made["Id"])["Status"] != "CREATE_COMPLETE":
        time.sleep(0.2)
    client.execute_change_set(**of, ChangeSetName=made["Id"])
    while (status := client.describe_stacks(**of)["Stacks"][0]["StackStatus"]).endswith("_IN_PROGRESS"):
        time.sleep(0.2)
    return str(status)


def test_a_user_with_exactly_this_policy_deploys_and_deletes(
    auth_bed: Bed, deployer: Any, tmp_path: Path
) -> None:
    # A small one: a request takes 51,200 bytes.
    small = {**ROLES_ALONE, "roles": None, "tables": {"initial_events": None}}
    streams = {"initial_events": None}
    build = compiled(tmp_path, pipeline="by-policy", bucket={"retain": False}, streams=streams, **small)
    template = build.stack.text
    document = policy(build, Where("aws", auth_bed.region, auth_bed.account))
    with pytest.raises(ClientError, match="not authorized to perform: cloudformation:CreateChangeSet"):
        deploy(deployer, template, "by-policy")
    auth_bed.client("iam").put_user_policy(
        UserName="deployer", PolicyName="deployer", PolicyDocument=json.dumps(document)
    )
    assert deploy(deployer, template, "by-policy") == "CREATE_COMPLETE"
    assert deployer.describe_stack_events(StackName="by-policy")["StackEvents"]
    with pytest.raises(ClientError, match="not authorized to perform: cloudformation:CreateChangeSet"):
        deploy(deployer, template, "another")
    deployer.delete_stack(StackName="by-policy")
