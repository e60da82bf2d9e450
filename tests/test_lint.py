"""What cfn-lint says about a template, and that it has nothing to say about ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.diagnostics import Diagnostics, Location
from compiler.passes.lint import lint
from compiler.stack import Stack
from tests.compiling import TESTS, codes, compiled, said

# Each goes through templates, or branches of them, that the others do not; linting one takes a second.
CASES = [
    "access_iam/kms",
    "bucket/existing",
    "examples/shop",
    "hostile/strings",
    "pipeline/stages",
    "role/services",
    "stream/kinesis",
    "stream/route",
    "table/maintenance",
]
PIPELINE, TABLE = Location("spec.yaml", 2, 1), Location("spec.yaml", 6, 3)


def linted(resources: str, head: str = "") -> Diagnostics:
    """Lint a template, whose bucket comes from the spec's line 6."""
    found = Diagnostics()
    text = f'AWSTemplateFormatVersion: "2010-09-09"\n{head}Resources:\n{resources}'
    lint(Stack("clicks", text, {}, 0, {"Pipeline": PIPELINE, "Bucket": TABLE}), found)
    return found


@pytest.mark.parametrize("case", CASES)
def test_cfn_lint_has_nothing_to_say_about_our_templates(case: str) -> None:
    build, found = compiled(TESTS / "cases" / case)
    assert build, said(found)
    remarks = Diagnostics()
    for part in build.parts:
        lint(part.stack, remarks)
    assert said(remarks) == ""


def test_ac6001_an_error_is_shown_at_the_entry_that_the_resource_comes_from() -> None:
    found = linted("  Bucket:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketNam: x\n")
    (finding,) = found
    assert finding.rule.code == "AC6001"
    assert finding.location == TABLE
    assert finding.message.startswith("cfn-lint E3002 on Bucket: ")
    assert "fault of the compiler's templates" in finding.hint


def test_ac6002_a_warning_without_a_resource_is_shown_at_the_pipeline() -> None:
    found = linted("  Bucket:\n    Type: AWS::S3::Bucket\n", "Parameters:\n  Unused:\n    Type: String\n")
    warnings = [each for each in found if "W2001" in each.message]
    assert [(each.rule.code, each.location) for each in warnings] == [("AC6002", PIPELINE)]


def test_a_pipeline_that_comes_near_a_limit_is_no_fault_of_the_templates() -> None:
    found = linted(f"  {'x' * 255}:\n    Type: AWS::S3::Bucket\n", f"Description: {'d' * 1024}\n")
    assert not {"I1003", "I3012"} & {each.message.split()[1] for each in found}


def test_a_template_that_is_no_yaml_is_rejected() -> None:
    assert "AC6001" in codes(linted("  Bucket: [\n"))


def test_nothing_in_the_current_folder_changes_what_cfn_lint_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [E]\n")
    monkeypatch.chdir(tmp_path)
    assert codes(linted("  Bucket:\n    Type: AWS::S3::Nothing\n")) == ["AC6001"]
