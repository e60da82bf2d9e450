"""Stages: how an overlay is merged and where its values stand, what is accepted, what is written."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.cli import main
from compiler.diagnostics import Diagnostics, Location
from compiler.document import Document
from compiler.model import Model
from compiler.passes.stage import stage
from compiler.rules import UNFED_TABLE
from tests.compiling import SMALLEST, codes, compiled_text, parsed, read_template, said

HEAD = SMALLEST.replace("version: 1\n", "version: 1\ntags: {team: growth}\n")
TWO = f"{HEAD}stages:\n  dev: {{bucket: {{retain: false}}}}\n  prod: {{account: 111122223333}}\n"
WITHOUT_WORDS = ["--no-lint", "--quiet"]


def merged(spec: str, name: str = "dev") -> tuple[Document, Diagnostics]:
    """Return the document of a stage."""
    document, found = parsed(spec)
    assert document, said(found)
    return stage(document, name, found), found


def models(folder: Path, spec: str) -> dict[str, Model]:
    """Return what a spec means in each of its stages."""
    build, found = compiled_text(folder, spec)
    assert build, said(found)
    return {part.plan.model.stage: part.plan.model for part in build.parts}


# Merging


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply a patch as the pseudocode of RFC 7396, section 2, does."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result


KEYS = st.sampled_from(["a", "b", "c", "tags", "tables"])
SCALARS = st.sampled_from([None, True, 0, 7, "x", "null"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
MAPS = st.dictionaries(KEYS, VALUES, max_size=5)


def document_of(spec: Mapping[str, Any], overlay: Mapping[str, Any]) -> Document:
    """Return a document with one stage, read from JSON, which is YAML."""
    document, found = parsed(json.dumps({**spec, "stages": {"dev": overlay}}, indent=1))
    assert document, said(found)
    return document


@given(MAPS, MAPS)
def test_merging_is_what_rfc_7396_says(spec: dict[str, Any], overlay: dict[str, Any]) -> None:
    document = document_of(spec, overlay)
    before = json.dumps(document.data)
    base = {key: value for key, value in document.data.items() if key != "stages"}
    wanted = merge_patch(base, document.data["stages"]["dev"])
    assert stage(document, "dev", Diagnostics()).data == wanted
    assert json.dumps(document.data) == before


@given(MAPS, MAPS)
def test_every_value_stands_where_it_was_written(spec: dict[str, Any], overlay: dict[str, Any]) -> None:
    document = document_of(spec, overlay)
    result = stage(document, "dev", Diagnostics())

    def look(value: Any, path: tuple[Any, ...]) -> None:
        source = document.data
        for step in result.marks[path].path:
            source = source[step]
        if isinstance(value, dict):
            assert isinstance(source, dict)
            for key, inner in value.items():
                look(inner, (*path, key))
            return
        assert source == value
        for index, inner in enumerate(value if isinstance(value, list) else ()):
            look(inner, (*path, index))

    for key, value in result.data.items():
        look(value, (key,))


def test_a_map_is_merged_a_list_and_a_scalar_are_replaced_and_null_removes() -> None:
    spec = f"{HEAD}roles: {{a: {{read: [x, y], service: lambda}}}}\nstages:\n  dev:\n" + (
        "    roles: {a: {read: [z]}}\n    tags: {team: null, tier: gold}\n    description: Hello.\n"
    )
    data = merged(spec)[0].data
    assert data["roles"] == {"a": {"read": ["z"], "service": "lambda"}}
    assert data["tags"] == {"tier": "gold"}
    assert data["description"] == "Hello."
    assert "stages" not in data


def test_a_place_in_an_overlay_has_its_line_and_the_path_of_the_file() -> None:
    document, _ = merged(f"{HEAD}stages:\n  dev:\n    tags: {{tier: gold}}\n    bucket: {{name: other}}\n")
    tier, team = document.locate(("tags", "tier")), document.locate(("tags", "team"))
    assert (tier.line, tier.path) == (15, "stages.dev.tags.tier")
    assert (team.line, team.path) == (2, "tags.team")
    assert document.locate_key(("tags",)).path == "tags"  # both have the map
    assert document.locate_key(("bucket",)).path == "stages.dev.bucket"
    assert document.locate(("bucket", "retain")) == document.locate(("bucket",))
    assert document.written(("bucket", "retain")) == ("stages", "dev", "bucket", "retain")


def test_a_map_that_an_overlay_empties_is_complained_about_in_the_overlay(tmp_path: Path) -> None:
    (only,) = compiled_text(tmp_path, f"{HEAD}stages:\n  dev:\n    namespaces: {{web: null}}\n")[1]
    assert only.rule.code == "AC2006"
    assert (only.location.line, only.location.path) == (15, "namespaces")


def test_a_reference_to_what_an_overlay_removes_points_at_the_null(tmp_path: Path) -> None:
    function = "functions: {collect: {kind: ingest, streams: [clicks]}}\n"
    for overlay, place in (("null", (16, 5)), ("{clicks: null}", (16, 15))):
        spec = f"{HEAD}{function}stages:\n  dev:\n    streams: {overlay}\n"
        _, found = compiled_text(tmp_path, spec)
        error = next(each for each in found if each.rule.code == "AC3001")
        assert (
            error.message
            == "function 'collect' feeds stream 'clicks', which the overlay removes from streams"
        )
        (null,) = error.related
        assert (null.location.line, null.location.column) == place


def test_a_reference_to_what_no_stage_has_is_not_blamed_on_a_null(tmp_path: Path) -> None:
    function = "functions: {collect: {kind: ingest, streams: [clikcs]}}\n"
    for overlay in ("null", "{clikcs: null}"):
        spec = f"{HEAD}{function}stages: {{dev: {{streams: {overlay}}}}}\n"
        _, found = compiled_text(tmp_path, spec)
        error = next(each for each in found if each.rule.code == "AC3001")
        assert error.message.endswith("which is not declared in streams")
        assert not error.related


def test_a_stage_without_a_map_is_told_how_to_say_that_nothing_differs(tmp_path: Path) -> None:
    (only,) = compiled_text(tmp_path, f"{HEAD}stages:\n  dev:\n  prod: {{}}\n")[1]
    assert only.hint == "write {} for a stage in which nothing differs"


@pytest.mark.parametrize("key", ["version", "pipeline", "stages"])
def test_what_no_stage_can_change_is_not_taken_for_another_key(tmp_path: Path, key: str) -> None:
    (only,) = compiled_text(tmp_path, f"{HEAD}stages: {{dev: {{{key}: null}}}}\n")[1]
    assert (only.rule.code, only.hint) == ("AC2001", f"'{key}' is the same for every stage: remove it here")


def test_account_and_region_are_no_part_of_what_is_merged() -> None:
    document, _ = merged(f"{HEAD}stages: {{dev: {{account: 111122223333, region: eu-west-1}}}}\n")
    assert (document.stage, document.account, document.region) == ("dev", "111122223333", "eu-west-1")
    assert set(document.data) == {"version", "tags", "pipeline", "namespaces", "tables", "streams"}


@pytest.mark.parametrize("text", ["null", "~", "Null"])
def test_only_an_explicit_null_removes(text: str) -> None:
    document, found = merged(f"{HEAD}stages: {{dev: {{tags: {text}}}}}\n")
    if text == "Null":  # text, as everywhere in a spec
        assert document.data["tags"] == "Null"
    else:
        assert "tags" not in document.data
        assert codes(found) == []


def test_a_spec_may_be_whole_only_with_an_overlay(tmp_path: Path) -> None:
    spec = HEAD.replace("namespaces:\n  web: {}\n", "") + "stages: {dev: {namespaces: {web: {}}}}\n"
    assert compiled_text(tmp_path, spec)[0]


def test_no_stages_at_all_are_none(tmp_path: Path) -> None:
    build, found = compiled_text(tmp_path, f"{HEAD}stages: {{}}\n")
    assert build, said(found)
    assert list(build.files) == ["clicks.template.yaml", "manifest.json"]


# Names


def test_every_name_is_made_of_the_stack(tmp_path: Path) -> None:
    roles = "roles: {reader: {service: lambda, read: [clicks]}}\n"
    spec = f"{HEAD}{roles}stages: {{dev: {{}}, prod: {{}}}}\n"
    build, found = compiled_text(tmp_path, spec)
    assert build, said(found)
    dev, prod = (part.stack.text for part in build.parts)
    assert dev.replace("clicks-dev", "clicks-prod").replace("clicks_dev", "clicks_prod") == prod
    model = build.parts[0].plan.model
    assert (model.stack, model.bucket.name) == ("clicks-dev", "clicks-dev")
    assert [each.link for each in model.namespaces] == ["clicks_dev_web"]
    assert {each.name for each in model.roles} == {"clicks-dev-reader", "clicks-dev-delivery"}
    assert [each.name for each in model.streams] == ["clicks-dev-clicks"]


def test_the_longest_names_that_fit_are_deployable(tmp_path: Path) -> None:
    pipeline = "p" * 40
    for length, fits in ((13, True), (15, False)):  # PIPELINE-STAGE-provider has at most 64 characters
        spec = HEAD.replace("pipeline: clicks", f"pipeline: {pipeline}")
        _, found = compiled_text(tmp_path, f"{spec}stages: {{{'s' * length}: {{}}}}\n")
        assert ("AC3031" not in codes(found)) == fits, said(found)


def test_a_name_that_two_stages_come_to_by_their_hyphens_is_warned_of(tmp_path: Path) -> None:
    both = HEAD.replace(
        "  clicks: {table: clicks}", "  clicks: {table: clicks}\n  eu-clicks: {table: clicks}"
    )
    one = "streams: {clicks: null}"
    _, found = compiled_text(tmp_path, f"{both}stages: {{dev: {{{one}}}, dev-eu: {{}}}}\n")
    (shared,) = (each.message for each in found if each.rule.code == "AC3304")
    assert "the Firehose stream 'clicks-dev-eu-clicks' is made by stage 'dev' too" in shared


# Guard


def test_account_and_region_become_a_rule_that_is_there_only_where_asked_for(tmp_path: Path) -> None:
    build, found = compiled_text(
        tmp_path, f'{HEAD}stages: {{a: {{account: "012345678901", region: eu-west-1}}, b: {{}}}}\n'
    )
    assert build, said(found)
    first, second = (read_template(part.stack.text) for part in build.parts)
    equal = [each["Assert"]["Fn::Equals"] for each in first["Rules"]["Place"]["Assertions"]]
    assert equal == [[{"!Ref": "AWS::AccountId"}, "012345678901"], [{"!Ref": "AWS::Region"}, "eu-west-1"]]
    assert "Rules" not in second


# Findings


def test_the_same_finding_in_every_stage_is_told_once_and_another_with_its_stages(tmp_path: Path) -> None:
    spec = f"{HEAD}stages: {{dev: {{streams: null}}, test: {{streams: null}}, prod: {{}}}}\n".replace(
        "id: string", "id: {type: string, required: true}"
    )
    _, found = compiled_text(tmp_path, spec)
    assert [(each.rule.code, each.message.partition(",")[0]) for each in found] == [
        ("AC3104", "in stages 'dev' and 'test'"),
        ("AC3101", "in stage 'prod'"),
    ]


def test_what_a_stage_ignores_another_one_still_says() -> None:
    found, place = Diagnostics(), Location("spec.yaml", 1, 1, "tables.a")
    for name in ("dev", "prod"):
        found.of_stage(name).add(UNFED_TABLE, "no stream writes to table 'a'", place)
    assert [each.message for each in found] == ["no stream writes to table 'a'"]
    assert found.count("info") == 1
    assert not found.failed


def test_ignore_in_an_overlay_is_for_its_stage_and_in_the_spec_for_all(tmp_path: Path) -> None:
    required = HEAD.replace("id: string", "id: {type: string, required: true}")
    ignore = "ignore: [{rule: AC3101, reason: It always comes}]"
    spec = f"{required}stages: {{dev: {{tables: {{clicks: {{{ignore}}}}}}}, prod: {{}}}}\n"
    _, found = compiled_text(tmp_path, spec)
    (left,) = found
    assert left.rule.code == "AC3101"
    assert left.message.startswith("in stage 'prod', ")
    everywhere = required.replace("namespace: web", f"namespace: web\n    {ignore}")
    _, found = compiled_text(tmp_path, f"{everywhere}stages: {{dev: {{}}, prod: {{streams: null}}}}\n")
    assert codes(found) == ["AC3104"]  # in prod nothing is ignored, and in dev it is
    assert len(found.suppressed()) == 1


def test_a_finding_inside_of_an_overlay_is_ignored_by_the_entry_it_is_about(tmp_path: Path) -> None:
    idle = "idle: {service: lambda, ignore: [{rule: AC3102, reason: Soon}]}"
    spec = f"{HEAD}stages: {{dev: {{roles: {{{idle}}}}}}}\n"
    build, found = compiled_text(tmp_path, spec)
    assert build, said(found)
    assert codes(found) == []
    assert [each.location.path for each, _ in found.suppressed()] == ["stages.dev.roles.idle"]


def test_no_pass_runs_for_a_stage_once_another_has_failed_an_earlier_one(tmp_path: Path) -> None:
    spec = f"{HEAD}stages: {{dev: {{bucket: {{retain: 1}}}}, prod: {{streams: {{x: {{table: y}}}}}}}}\n"
    assert codes(compiled_text(tmp_path, spec)[1]) == ["AC2003"]


# The lock


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(spec: str, *options: str) -> int:
    """Write the spec and compile it, as from a terminal."""
    Path("spec.yaml").write_text(spec, encoding="utf-8")
    return main(["spec.yaml", *WITHOUT_WORDS, *options])


def locked() -> Any:
    """Return the lock as data."""
    return json.loads(Path("spec.lock.json").read_text("utf-8"))


def test_tables_are_accepted_once_and_each_stack_by_itself(here: Path) -> None:
    assert write(TWO) == 0
    lock = locked()
    assert list(lock["tables"]) == ["clicks"]
    assert {name: each["fixed"]["bucket.name"] for name, each in lock["stacks"].items()} == {
        "clicks-dev": "clicks-dev",
        "clicks-prod": "clicks-prod",
    }
    assert [list(each["tables"]) for each in lock["stacks"].values()] == [["ClicksTable"]] * 2


def test_the_stages_that_are_not_picked_stay_in_the_lock_as_they_were(here: Path) -> None:
    assert write(TWO) == 0
    before = locked()
    grown = TWO.replace("id: string", "id: string\n      n: int").replace(
        "retain: false}", "retain: false}, streams: {more: {table: clicks}}"
    )
    assert write(grown, "--stage", "dev") == 0
    after = locked()
    assert after["stacks"]["clicks-prod"] == before["stacks"]["clicks-prod"]
    assert list(after["stacks"]["clicks-dev"]["streams"]) == ["clicks", "more"]
    assert len(after["tables"]["clicks"]["current"]["columns"]) == 2


def test_a_later_stage_starts_afresh_and_its_table_as_the_first_one_was_made(here: Path) -> None:
    assert write(TWO) == 0
    grown = TWO.replace("id: string", "id: string\n      n: int")
    assert write(f"{grown}  late: {{bucket: {{encryption: aes256}}}}\n") == 0
    made = read_template(Path("out/late/clicks-late.template.yaml").read_text("utf-8"))["Resources"]
    created = made["ClicksTable"]["Properties"]["IcebergMetadata"]
    first = read_template(Path("out", DEV).read_text("utf-8"))["Resources"]["ClicksTable"]
    assert created == first["Properties"]["IcebergMetadata"]
    assert "'n'" not in str(created)
    assert len(made["ClicksSchema"]["Properties"]["Columns"]) == 2


def test_what_is_fixed_of_one_stage_may_be_otherwise_in_another(here: Path) -> None:
    updates = "streams: {clicks: {unique_keys: [id], append_only: false}}"
    assert write(f"{HEAD}stages: {{dev: {{{updates}}}, prod: {{}}}}\n") == 0
    streams = {name: each["streams"]["clicks"] for name, each in locked()["stacks"].items()}
    assert {name: each["append_only"] for name, each in streams.items()} == {
        "clicks-dev": False,
        "clicks-prod": True,
    }
    assert write(f"{HEAD}stages: {{dev: {{{updates}}}, prod: {{{updates}}}}}\n") == 1


def test_a_dropped_table_needs_the_consent_of_each_stage_that_would_delete_it(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_drafts = TWO.replace("tables:\n", "tables:\n  drafts: {namespace: web, columns: {id: string}}\n")
    retaining = "prod: {account: 111122223333, bucket: {retain: false}}"
    assert write(with_drafts.replace("prod: {account: 111122223333}", retaining)) == 0
    allow = "allow: {drop_table: {names: [drafts], reason: Nobody reads it}}"
    dropped = TWO.replace("retain: false", f"retain: false, {allow}").replace(
        "prod: {account: 111122223333}", retaining
    )
    assert write(dropped) == 1
    assert "in stage 'prod', table 'drafts' is gone" in capsys.readouterr().out
    assert write(dropped, "--stage", "dev") == 0
    # The lock knows by now that the table is gone, and prod has still not let go of it.
    capsys.readouterr()
    assert write(dropped) == 1
    assert "AC4013" in capsys.readouterr().out
    assert write(dropped.replace("bucket: {retain: false}}", f"bucket: {{retain: false, {allow}}}}}")) == 0
    assert [list(each["tables"]) for each in locked()["stacks"].values()] == [["ClicksTable"]] * 2


def test_the_tables_of_a_stage_that_is_not_picked_are_looked_at_as_well(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = f"{HEAD}stages: {{dev: {{}}, prod: {{tables: {{clicks: {{partition: [id]}}}}}}}}\n"
    assert write(spec, "--stage", "dev") == 1
    assert "AC3301" in capsys.readouterr().out


def test_a_stack_that_is_left_is_warned_of_until_the_lock_lets_go_of_it(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert write(HEAD) == 0
    assert write(TWO) == 0
    assert "AC4104" in capsys.readouterr().out
    assert sorted(locked()["stacks"]) == ["clicks", "clicks-dev", "clicks-prod"]
    assert main(["lock", "spec.yaml", "--forget", "click"]) == 1
    assert "did you mean 'clicks'?" in capsys.readouterr().out
    assert main(["lock", "spec.yaml", "--forget", "clicks"]) == 0
    assert sorted(locked()["stacks"]) == ["clicks-dev", "clicks-prod"]
    capsys.readouterr()
    assert write(TWO, "--locked") == 0
    assert capsys.readouterr().out == ""


def test_a_pipeline_is_not_renamed_in_any_stage(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert write(TWO) == 0
    assert write(TWO.replace("pipeline: clicks", "pipeline: clocks")) == 1
    assert capsys.readouterr().out.count("'pipeline' was clicks and is now clocks") == 1


# The output


def files() -> list[str]:
    """Return the files of the output folder."""
    return sorted(path.relative_to("out").as_posix() for path in Path("out").rglob("*") if path.is_file())


def manifest() -> Any:
    """Return the manifest as data."""
    return json.loads(Path("out/manifest.json").read_text("utf-8"))


DEV, PROD = "dev/clicks-dev.template.yaml", "prod/clicks-prod.template.yaml"


def test_every_stage_has_a_folder_and_one_manifest_lists_all(here: Path) -> None:
    assert write(TWO) == 0
    assert files() == [DEV, "manifest.json", PROD]
    assert list(manifest()["stages"]) == ["dev", "prod"]
    assert [each["files"][0]["path"] for each in manifest()["stages"].values()] == [DEV, PROD]
    assert write(TWO, "--check", "--locked") == 0


def test_a_stage_that_is_not_picked_keeps_its_file_and_its_entry(here: Path) -> None:
    assert write(TWO) == 0
    before = Path("out", PROD).read_bytes(), manifest()["stages"]["prod"]
    changed = TWO.replace("team: growth", "team: other")
    assert write(changed, "--stage", "dev") == 0
    assert (Path("out", PROD).read_bytes(), manifest()["stages"]["prod"]) == before
    assert b"other" in Path("out", DEV).read_bytes()
    assert write(changed, "--stage", "dev", "--check") == 0
    assert write(changed, "--check") == 1


def test_the_first_compilation_of_one_stage_lists_that_one(here: Path) -> None:
    assert write(TWO, "--stage", "prod") == 0
    assert files() == ["manifest.json", PROD]
    assert list(manifest()["stages"]) == ["prod"]
    assert list(locked()["stacks"]) == ["clicks-prod"]


def test_the_files_of_a_stage_that_is_gone_go(here: Path) -> None:
    assert write(TWO) == 0
    Path("out/prod/notes.txt").write_text("mine")
    without = TWO.partition("  prod:")[0]
    assert write(without) == 0
    assert files() == [DEV, "manifest.json", "prod/notes.txt"]
    Path("out/prod/notes.txt").unlink()
    assert write(f"{HEAD}stages: {{prod: {{}}}}\n") == 0
    assert not Path("out/dev").exists()


def test_the_first_stages_take_the_place_of_the_one_template_and_back(here: Path) -> None:
    assert write(HEAD) == 0
    assert files() == ["clicks.template.yaml", "manifest.json"]
    assert write(TWO) == 0
    assert files() == [DEV, "manifest.json", PROD]
    assert write(HEAD) == 0
    assert files() == ["clicks.template.yaml", "manifest.json"]
    assert [path.name for path in Path("out").iterdir() if path.is_dir()] == []


@pytest.mark.parametrize(
    "stages",
    [
        {"dev": {"files": [{"path": "../secret"}]}},
        {"..": {"files": [{"path": "../secret"}]}},
        {"dev": {"files": [{"path": "dev/../../secret"}]}},
        {"dev": {"files": [{"path": "other/secret"}]}},
        {"other": {"files": [{"path": "other/../../secret"}]}},
        {"linked": {"files": [{"path": "linked/secret"}]}},
        {"dev": 7},
        {"dev": {"files": 7}},
        {"dev": {"files": [7]}},
        7,
        [],
    ],
)
def test_a_manifest_removes_nothing_but_files_of_its_stages(here: Path, stages: object) -> None:
    Path("secret").write_text("mine")
    Path("out/other").mkdir(parents=True)
    Path("out/other/secret").write_text("mine")
    Path("out/linked").symlink_to(here)
    Path("out/manifest.json").write_text(json.dumps({"stages": stages}))
    assert write(TWO) == 0
    assert Path("secret").read_text() == Path("out/other/secret").read_text() == "mine"


def test_nothing_is_written_where_one_stage_has_an_error(here: Path) -> None:
    assert write(TWO.replace("prod: {", "prod: {bucket: {name: B}, ")) == 1
    assert not Path("out").exists()
    assert not Path("spec.lock.json").exists()


# The command line


def test_no_stage_is_written_where_the_folder_of_one_cannot_be_made(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("out").mkdir()
    Path("out/prod").write_text("Notes of mine.\n")
    assert write(TWO) == 1
    assert capsys.readouterr().out.startswith("out/prod:1:1: error AC7001: cannot read or write: file exists")
    assert files() == ["prod"]
    assert not Path("spec.lock.json").exists()


def test_a_file_of_mine_in_the_folder_of_a_stage_that_is_gone_stays(here: Path) -> None:
    assert write(TWO) == 0
    Path("out/dev/NOTES").write_text("Notes of mine.\n")
    assert write(f"{HEAD}stages: {{prod: {{account: 111122223333}}}}\n") == 0
    assert files() == ["dev/NOTES", "manifest.json", PROD]


def test_an_unknown_stage_gets_the_nearest_name(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert write(TWO, "--stage", "prot", "--stage", "dev") == 1
    output = capsys.readouterr().out
    assert "--stage names 'prot', which is not declared in stages" in output
    assert "did you mean 'prod'?" in output


def test_a_stage_of_a_spec_without_stages_is_an_error(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert write(HEAD, "--stage", "dev") == 1
    assert "--stage names 'dev', which is not declared in stages" in capsys.readouterr().out


def test_stages_are_named_in_the_text_the_json_and_the_deploy_commands(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("spec.yaml").write_text(TWO.replace("account: 111122223333", "region: eu-west-1"))
    assert main(["spec.yaml", "--no-lint"]) == 0
    output = capsys.readouterr().out
    deploy = (
        "  aws cloudformation deploy --template-file out/{0}/clicks-{0}.template.yaml --stack-name clicks-{0}"
    )
    assert deploy.format("dev") + " --capabilities" in output
    assert deploy.format("prod") + " --region eu-west-1 --capabilities" in output
    assert main(["spec.yaml", "--no-lint", "--format", "json"]) == 0
    result = json.loads(capsys.readouterr().out)["result"]
    assert [(each["stage"], each["stack"]) for each in result["stacks"]] == [
        ("dev", "clicks-dev"),
        ("prod", "clicks-prod"),
    ]
    assert [each["path"] for each in result["files"]] == [
        f"out/{DEV}",
        f"out/{PROD}",
        "out/manifest.json",
        "spec.lock.json",
    ]


@pytest.mark.parametrize("command", ["policy", "doctor", "lock --from-aws"])
def test_ac3303_a_command_about_one_stack_asks_for_a_stage(
    here: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    Path("spec.yaml").write_text(TWO)
    name, *options = command.split()
    assert main([name, "spec.yaml", *options]) == 1
    output = "".join(capsys.readouterr())
    assert "AC3303" in output
    assert "the spec has the stages dev, prod" in output
    assert "add --stage dev" in output


def test_a_policy_is_for_the_account_and_region_of_its_stage(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("spec.yaml").write_text(
        TWO.replace("account: 111122223333", "account: 111122223333, region: eu-west-1")
    )
    assert main(["policy", "spec.yaml", "--stage", "prod"]) == 0
    assert "arn:aws:s3tables:eu-west-1:111122223333:bucket/clicks-prod" in capsys.readouterr().out
    assert main(["policy", "spec.yaml", "--stage", "prod", "--region", "us-east-1"]) == 0
    assert "arn:aws:s3tables:us-east-1:111122223333:bucket/clicks-prod" in capsys.readouterr().out
    assert main(["policy", "spec.yaml", "--stage", "dev"]) == 0
    assert "arn:aws:s3tables:*:*:bucket/clicks-dev" in capsys.readouterr().out


def test_records_of_a_table_are_those_of_every_stage(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("spec.yaml").write_text(TWO)
    assert main(["records", "sample", "spec.yaml", "-n", "3"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_the_stages_of_the_spec_on_the_line_are_completed(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("spec.yaml").write_text(TWO)
    for line in ("spec.yaml --stage ", "plan spec.yaml --stage dev --stage ", "policy spec.yaml --stage "):
        words = "\x1f".join(["analytics-compile", *line.split(" ")])
        assert main(["completion", "bash", f"--words={words}"]) == 0
        assert capsys.readouterr().out.splitlines() == ["dev", "prod"]
    words = "\x1f".join(["analytics-compile", "gone.yaml", "--stage", ""])
    assert main(["completion", "bash", f"--words={words}"]) == 0
    assert capsys.readouterr().out == ""


# Plans


def plan(*options: str) -> int:
    """Plan the spec of the folder."""
    return main(["plan", "spec.yaml", "--exit-code", *options])


CHANGED = TWO.replace("id: string", "id: string\n      n: int").replace(
    "prod: {", "prod: {streams: {clicks: {buffer_seconds: 10}}, "
)


def test_a_plan_has_a_part_for_each_stage_and_tells_the_same_once(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert write(TWO) == 0
    assert plan() == 0
    assert capsys.readouterr().out.count("Nothing changes.") == 2
    Path("spec.yaml").write_text(CHANGED)
    assert plan() == 10
    output = capsys.readouterr().out
    assert f"clicks-dev, compared with out/{DEV}\n\n» tables.clicks\n    + columns.n  int\n" in output
    assert f"clicks-prod, compared with out/{PROD}\n\n» tables.clicks  as in clicks-dev\n" in output
    assert output.count("columns.n") == 1
    assert "IntervalInSeconds  60 → 10" in output.partition("clicks-prod,")[2]
    assert plan("--stage", "dev") == 10
    assert "clicks-prod" not in capsys.readouterr().out


def test_a_plan_in_markdown_and_json_has_all_stages(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert write(TWO) == 0
    Path("spec.yaml").write_text(CHANGED)
    assert plan("--format", "markdown") == 10
    output = capsys.readouterr().out
    assert output.count("### clicks-") == 2
    assert "| » | tables.clicks | as in clicks-dev | | | |" in output
    assert plan("--format", "json") == 10
    plans = json.loads(capsys.readouterr().out)["plans"]
    assert [each["stack"] for each in plans] == ["clicks-dev", "clicks-prod"]
    assert plans[0]["entries"][0] == plans[1]["entries"][0]


def test_a_plan_against_a_lock_is_about_tables(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert write(TWO) == 0
    Path("spec.yaml").write_text(CHANGED)
    assert plan("--against", "spec.lock.json") == 10
    assert capsys.readouterr().out.count("columns.n") == 1


def test_a_plan_against_a_deployed_stack_is_about_one_stage(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("spec.yaml").write_text(TWO)
    assert plan("--stack", "clicks-dev") == 1
    assert "AC3303" in capsys.readouterr().out


def test_a_plan_against_a_commit_knows_new_and_old_stages(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert write(TWO) == 0
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-qm", "one"]):
        subprocess.run(["git", *words], check=True, capture_output=True)
    Path("spec.yaml").write_text(CHANGED + "  late: {}\n")
    assert plan("--against", "main") == 10
    output = capsys.readouterr().out
    assert "clicks-dev, compared with main of git\n\n» tables.clicks" in output
    assert "clicks-late, compared with main of git, which does not make it\n\n+ tables.clicks" in output
