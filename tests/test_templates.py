"""The templates: little logic, no way around emit(), and references that lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from compiler.assets import folder
from compiler.provider import ACCOUNT_FUNCTION, TIMEOUT_SECONDS
from tests.compiling import TESTS, compiled, read_template, said

FOLDER = folder("templates")
TEMPLATES = sorted(FOLDER.rglob("*.j2"))
CASES = sorted((TESTS / "cases").glob("*/*/"))

STATEMENT = re.compile(
    r"for [a-z_]+ in [a-z_.]+|endfor"
    r"|if (?:not )?[a-z_.]+(?: [!=]= \"[A-Za-z_]+\")?|else|endif"
    r"|include \"[a-z/]+\.yaml\.j2\""
)
EXPRESSION = re.compile(r"[a-z_]+(?:\.[a-z_]+)*")
# A whole value: after a key, as an item, after a key and `!Ref`, or the key of a resource or output.
WHOLE = re.compile(r"(?:- )?(?:[A-Za-z0-9:]+: (?:!Ref )?)?\{\{ [^{}]+ \}\}|\{\{ [^{}]+ \}\}:")
# What CloudFormation puts in itself, and what stands in the map beside the pattern.
VARIABLE = re.compile(r"\$\{([^}]*)\}")
PSEUDO = {"AWS::AccountId", "AWS::Partition", "AWS::Region"}

every_template = pytest.mark.parametrize(
    "template", TEMPLATES, ids=lambda path: path.relative_to(FOLDER).as_posix()
)
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")


@every_template
def test_a_template_says_first_what_it_makes(template: Path) -> None:
    assert re.match(r"\{# [A-Z].*\. #\}\n", template.read_text("utf-8"))


@every_template
def test_a_template_loops_chooses_and_includes_and_nothing_else(template: Path) -> None:
    text = template.read_text("utf-8")
    statements = re.findall(r"\{%(.*?)%\}", text, re.DOTALL)
    assert [each for each in statements if not STATEMENT.fullmatch(each.strip())] == []
    assert text.count("{%") == len(statements)


@every_template
def test_an_expression_is_a_name_without_filters(template: Path) -> None:
    expressions = re.findall(r"\{\{(.*?)\}\}", template.read_text("utf-8"), re.DOTALL)
    assert [each for each in expressions if not EXPRESSION.fullmatch(each.strip())] == []


@every_template
def test_an_expression_is_a_whole_value(template: Path) -> None:
    lines = [line.strip() for line in template.read_text("utf-8").splitlines() if "{{" in line]
    assert [line for line in lines if not WHOLE.fullmatch(line)] == []


@cache
def case_template(case: Path) -> dict[str, Any]:
    """Return the template of a case as data."""
    build, found = compiled(case)
    assert build, said(found)
    template: dict[str, Any] = read_template(build.parts[0].stack.text)
    return template


@every_case
def test_every_reference_leads_to_a_resource(case: Path) -> None:
    template = case_template(case)
    resources = template["Resources"]
    for name, value in _intrinsics(template):
        if name == "!Ref":
            assert value in resources or value in ("AWS::AccountId", "AWS::Region")
        if name == "!GetAtt":
            assert value.partition(".")[0] in resources
    for resource in resources.values():
        assert set(_listed(resource.get("DependsOn", []))) <= resources.keys()


@every_case
def test_no_s3_tables_resource_is_referred_to_by_ref(case: Path) -> None:
    template = case_template(case)
    for name, value in _intrinsics(template):
        if name == "!Ref":
            resource = template["Resources"].get(value, {"Type": ""})
            assert not resource["Type"].startswith("AWS::S3Tables::")


@every_case
def test_every_variable_of_a_substitution_is_given(case: Path) -> None:
    template = case_template(case)
    for name, value in _intrinsics(template):
        if name == "!Sub":
            pattern, values = value if isinstance(value, list) else (value, {})
            used = {each.partition(".")[0] for each in VARIABLE.findall(pattern)}
            assert used - PSEUDO - values.keys() <= template["Resources"].keys()
            assert values.keys() <= used


@every_case
def test_every_arn_of_ours_names_partition_region_and_account(case: Path) -> None:
    for name, value in _intrinsics(case_template(case)):
        pattern = value[0] if isinstance(value, list) else value
        if name == "!Sub" and pattern.startswith("arn:"):
            assert re.match(
                r"arn:\$\{AWS::Partition\}:[a-z0-9]+:\$\{AWS::Region\}:\$\{AWS::AccountId\}:", pattern
            )


@every_case
def test_no_permission_reaches_further_than_it_says(case: Path) -> None:
    """A wildcard resource is for actions that take none; an action with a wildcard is nowhere allowed."""
    for resource in case_template(case)["Resources"].values():
        for statement in _allowed(resource):
            actions = _listed(statement["Action"])
            assert not [each for each in actions if "*" in each]
            if statement["Resource"] == "*":
                assert {each.partition(":")[0] for each in actions} == {"lakeformation"}


@every_case
def test_every_role_can_be_assumed_by_one_service_alone(case: Path) -> None:
    for resource in case_template(case)["Resources"].values():
        if resource["Type"] == "AWS::IAM::Role":
            (statement,) = resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            assert list(statement["Principal"]) == ["Service"]
            firehose = statement["Principal"]["Service"] == "firehose.amazonaws.com"
            assert ("Condition" in statement) == firehose


@every_case
def test_every_custom_resource_has_a_timeout_of_its_own(case: Path) -> None:
    resources = case_template(case)["Resources"]
    own = resources.get("ProviderFunction")
    token: Any = {"!GetAtt": "ProviderFunction.Arn"}
    if not own:
        pattern = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Function}"
        token = {"!Sub": [pattern, {"Function": ACCOUNT_FUNCTION}]}
    timeout = own["Properties"]["Timeout"] if own else TIMEOUT_SECONDS
    events = resources.get("ProviderEvents", {"Properties": {"MaximumEventAgeInSeconds": 60}})
    longest = timeout + events["Properties"]["MaximumEventAgeInSeconds"]
    for resource in resources.values():
        if resource["Type"].startswith("Custom::"):
            assert resource["Properties"]["ServiceToken"] == token
            assert longest < resource["Properties"]["ServiceTimeout"] <= longest + 60


@every_case
def test_a_stream_comes_after_all_that_firehose_asks_for(case: Path) -> None:
    resources = case_template(case)["Resources"]
    for name, resource in resources.items():
        if resource["Type"] == "AWS::KinesisFirehose::DeliveryStream":
            before = set(_before(name, resources))
            types = {resources[each]["Type"] for each in before}
            assert {"AWS::S3Tables::Table", "Custom::IcebergTableSchema", "AWS::Logs::LogStream"} <= types
            assert {"AWS::IAM::Role", "AWS::S3::Bucket"} <= types
            governed = any(each["Type"] == "Custom::LakeFormationGrants" for each in resources.values())
            assert ("Custom::LakeFormationGrants" in types) == governed


def _intrinsics(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("!Ref", "!GetAtt", "!Sub"):
                yield key, inner
            yield from _intrinsics(inner)
    elif isinstance(value, list):
        for each in value:
            yield from _intrinsics(each)


def _allowed(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for policy in resource["Properties"].get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow":
                yield statement


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _before(name: str, resources: dict[str, Any]) -> Iterator[str]:
    """Yield what CloudFormation makes before a resource, by its references and DependsOn."""
    resource = resources[name]
    names = {*_listed(resource.get("DependsOn", []))}
    names |= {value.partition(".")[0] for key, value in _intrinsics(resource) if key in ("!Ref", "!GetAtt")}
    for each in sorted(names & resources.keys()):
        yield each
        yield from _before(each, resources)
