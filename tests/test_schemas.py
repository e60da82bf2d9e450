"""The schema of the language: complete, friendly to editors, and the same to two validators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from compiler import assets
from compiler.diagnostics import Diagnostics
from compiler.passes.load import parse
from compiler.reference import page
from compiler.schema import bundle

FOLDER = assets.folder("schemas")
DOCS = assets.folder("docs")
FILES = sorted(FOLDER.rglob("*.json"))
SCHEMA = bundle(FOLDER)
ORACLE = jsonschema.Draft202012Validator(SCHEMA)
ENGINE = jsonschema_rs.Draft202012Validator(SCHEMA)

ANNOTATIONS = {"title", "description", "examples", "default", "defaultSnippets"}
ON_CHANGE = {"free", "evolve", "replace", "refuse"}

Path = tuple[Any, ...]


def read(text: str) -> Any:
    """Read YAML as the compiler does: only `true` and `false` are booleans, a date is text."""
    found = Diagnostics()
    document = parse(text, "spec.yaml", found)
    assert document, list(found)
    return document.data


SMALLEST = read((DOCS / "examples" / "clicks.yaml").read_text("utf-8"))


def schemas(part: Any = SCHEMA, path: Path = (), on_change: str = "") -> Iterator[tuple[Path, Any, str]]:
    """Yield every schema inside the bundle with its path and the `x-on-change` that holds there."""
    on_change = part.get("x-on-change", on_change)
    yield path, part, on_change
    for name, inner in part.get("properties", {}).items():
        yield from schemas(inner, (*path, "properties", name), on_change)
    for key in ("items", "additionalProperties", "propertyNames"):
        if isinstance(part.get(key), dict):
            yield from schemas(part[key], (*path, key), on_change)
    for index, branch in enumerate(part.get("anyOf", ())):
        yield from schemas(branch, (*path, "anyOf", index), on_change)


def named(key: str) -> list[Any]:
    """Return the schemas that have `key`, as parameters of a test."""
    return [pytest.param(part, id="/".join(map(str, path))) for path, part, _ in schemas() if key in part]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_part_is_a_valid_schema(file: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(file.read_text("utf-8")))


def test_the_bundle_is_one_valid_schema_without_references() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert '"$ref"' not in json.dumps(SCHEMA)
    assert SCHEMA["$id"].endswith("/schemas/1/spec.schema.json")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_part_has_an_id_that_an_editor_would_look_up_on_the_web(file: Any) -> None:
    assert '"$id"' not in file.read_text("utf-8")


def test_keys_beside_a_reference_never_override_a_constraint() -> None:
    for file in FILES:
        for part in _objects(json.loads(file.read_text("utf-8"))):
            if "$ref" in part:
                home, _, pointer = part["$ref"].partition("#")
                target = json.loads((file.parent / home if home else file).read_text("utf-8"))
                for key in pointer.split("/")[1:]:
                    target = target[key]
                both = {key for key in part.keys() & target.keys() if not key.startswith(("x-", "$"))}
                assert both <= ANNOTATIONS, (file.name, part["$ref"])


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _objects(each)


@pytest.mark.parametrize(
    ("path", "part", "on_change"),
    [
        pytest.param(*each, id="/".join(map(str, each[0])))
        for each in schemas()
        if each[0][-2:-1] == ("properties",)
    ],
)
def test_every_property_says_what_it_is_and_how_it_changes(path: Path, part: Any, on_change: str) -> None:
    assert part.get("description", "").endswith(".")
    assert part.get("examples")
    assert on_change in ON_CHANGE


def test_every_item_value_and_name_has_a_description_for_its_hint() -> None:
    inner = [
        (path, part)
        for path, part, _ in schemas()
        if path and path[-1] in ("items", "additionalProperties", "propertyNames")
    ]
    assert inner
    assert [path for path, part in inner if not part.get("description", "").endswith(".")] == []


def test_descriptions_are_words_and_not_regular_expressions() -> None:
    for path, part, _ in schemas():
        assert not set("^$\\`") & set(part.get("description", "")), path


@pytest.mark.parametrize("part", named("examples"))
def test_every_example_is_valid(part: Any) -> None:
    for example in part["examples"]:
        jsonschema.Draft202012Validator(part).validate(example)


@pytest.mark.parametrize("part", named("default"))
def test_every_default_is_valid(part: Any) -> None:
    jsonschema.Draft202012Validator(part).validate(part["default"])


def test_every_object_is_closed_or_says_what_its_values_are() -> None:
    overlays = ("properties", "stages", "additionalProperties", "properties")
    for path, part, _ in schemas():
        if "object" in part.get("type", ()) and path[:4] != overlays:
            assert "additionalProperties" in part, path
            assert ("propertyNames" in part) == isinstance(part["additionalProperties"], dict), path


def test_no_schema_uses_one_of() -> None:
    assert '"oneOf"' not in json.dumps(SCHEMA)


@pytest.mark.parametrize("part", named("anyOf"))
def test_a_value_s_type_alone_picks_the_branch(part: Any) -> None:
    types = [branch["type"] for branch in part["anyOf"]]
    assert all(isinstance(each, str) for each in types)
    assert len(set(types)) == len(types)


@pytest.mark.parametrize("part", named("x-references"))
def test_a_reference_names_a_section(part: Any) -> None:
    assert "propertyNames" in SCHEMA["properties"][part["x-references"]]


def test_planned_keys_are_marked() -> None:
    planned = {path[-1] for path, part, _ in schemas() if part.get("x-planned")}
    assert planned == {"migrate"}


@pytest.mark.parametrize("part", named("pattern"))
def test_no_pattern_lets_a_line_end_through(part: Any) -> None:
    values = part.get("examples") or ["111122223333"]
    for value in values:
        assert _both_accept(part, value)
        assert not _both_accept(part, f"{value}\n")
        assert not _both_accept(part, f"{value}\n{value}")


@pytest.mark.parametrize("part", named("pattern"))
def test_a_pattern_can_judge_a_text_of_megabytes(part: Any) -> None:
    pattern = {"pattern": part["pattern"]}
    for character in "a", "0", "-", "\n":
        errors = list(jsonschema_rs.Draft202012Validator(pattern).iter_errors(character * 2_000_000 + "!"))
        assert [error.kind.name for error in errors] == ["pattern"]


def _both_accept(part: Any, value: Any) -> bool:
    accepted: bool = jsonschema.Draft202012Validator(part).is_valid(value)
    assert jsonschema_rs.Draft202012Validator(part).is_valid(value) == accepted
    return accepted


@pytest.mark.parametrize("name", ["clicks.yaml", "shop.yaml"])
def test_the_examples_of_the_language_are_valid(name: str) -> None:
    data = read((DOCS / "examples" / name).read_text("utf-8"))
    assert list(ORACLE.iter_errors(data)) == []
    assert ENGINE.is_valid(data)


# Where in the smallest spec, and a value there that is right.
RIGHT = [
    ("namespaces/web", ""),
    ("namespaces/9lives", "{}"),
    ("namespaces/web/link", "_my_link"),
    ("pipeline", "a-2"),
    ("tags", "{Cost Center: '4711', owner: a@b.c/d+e=f_g:h.}"),
    ("bucket", "{name: 0-0, existing: true}"),
    ("bucket/encryption", "aes256"),
    ("bucket/encryption/kms_key_arn", "arn:aws:kms:eu-west-1:111122223333:key/mrk-0123456789abcdef"),
    ("tables/clicks/columns/on", "boolean"),
    ("tables/clicks/columns/null", "'map<string, list<struct<a: int!, b: decimal(12,2)>>>'"),
    ("tables/clicks/columns/at", "{type: date, required: false, doc: ''}"),
    ("tables/clicks/compaction", "{}"),
    ("tables/clicks/snapshots", "false"),
    ("tables/clicks/identifier", "[]"),
    ("tables/clicks/ignore", "[{rule: AC3010, reason: Guaranteed., until: 2027-01-31}]"),
    ("streams/clicks", "{tables: [clicks], route: {table: .kind}, unique_keys: {clicks: [id]}}"),
    ("streams/clicks/source/kinesis_arn", "arn:aws:kinesis:eu-west-1:111122223333:stream/a.b-c_d"),
    ("streams/clicks/buffer_seconds", "0"),
    ("roles/task", "{service: ecs-tasks.amazonaws.com, read: ['*'], write: [clicks]}"),
    ("roles/user/arn", "arn:aws:iam::111122223333:user/some/path/o.n+e@example.com"),
    ("roles/a/grants", "[{table: clicks, permissions: [select], columns: [id], grantable: true}]"),
    ("stages/dev", "{account: 111122223333, region: us-gov-east-1, streams: {clicks: null}}"),
    ("stages/prod/account", "012345678901"),
    ("functions/f", "{kind: ingest, allowed_origins: ['*', 'http://localhost:8080'], concurrency: 0}"),
]

# Where in the smallest spec, a value there that is wrong, and where that is seen if not there.
WRONG = [
    ("version", "2", ""),
    ("version", "'1'", ""),
    ("pipeline", "ab", ""),
    ("pipeline", "Clicks", ""),
    ("pipeline", "clicks-", ""),
    ("pipeline", "9clicks", ""),
    ("pipeline", "7", ""),
    ("pipeline", "a" + 40 * "b", ""),
    ("tabels", "{}", ""),
    ("description", "[text]", ""),
    ("tags", "{'aws:x': y}", "tags/aws:x"),
    ("tags", "{'Aws:x': y}", "tags/Aws:x"),
    ("tags", "{k: 7}", "tags/k"),
    ("tags", "{k: a;b}", "tags/k"),
    ("tags", "{k: }", "tags/k"),
    ("access", "lakeformation", ""),
    ("access", "true", ""),
    ("provider", "lambda", ""),
    ("bucket", "", ""),
    ("bucket/name", "ab", ""),
    ("bucket/name", "aws-lake", ""),
    ("bucket/name", "xn--lake", ""),
    ("bucket/name", "lake--table-s3", ""),
    ("bucket/name", "my_lake", ""),
    ("bucket/existing", "'true'", ""),
    ("bucket/encryption", "aes", ""),
    ("bucket/encryption", "{}", "bucket/encryption/kms_key_arn"),
    ("bucket/encryption", "[aes256]", ""),
    ("bucket/encryption/kms_key_arn", "arn:aws:kms:eu-west-1:111122223333:alias/mine", ""),
    ("bucket/encryption/kms_key_arn", "arn:aws:kms:*:111122223333:key/*", ""),
    ("bucket/unreferenced_days", "0", ""),
    ("bucket/noncurrent_days", "'10'", ""),
    ("namespaces", "{}", ""),
    ("namespaces/Web", "{}", ""),
    ("namespaces/web_", "{}", ""),
    ("namespaces/_web", "{}", ""),
    ("namespaces/awsweb", "{}", ""),
    ("namespaces/web-1", "{}", ""),
    ("namespaces/web/link", "my-link", ""),
    ("namespaces/web", "web", ""),
    ("tables", "{}", ""),
    ("tables/_clicks", "{namespace: web, columns: {id: string}}", ""),
    ("tables/page-views", "{namespace: web, columns: {id: string}}", ""),
    ("tables/clicks/partitions", "[id]", ""),
    ("tables/clicks/columns", "{}", ""),
    ("tables/clicks/columns", "[id, at]", ""),
    ("tables/clicks/columns/Id", "string", ""),
    ("tables/clicks/columns/1st", "string", ""),
    ("tables/clicks/columns/id", "", ""),
    ("tables/clicks/columns/id", "7", ""),
    ("tables/clicks/columns/id", "{required: true}", "tables/clicks/columns/id/type"),
    ("tables/clicks/columns/id", "{type: string, requird: true}", "tables/clicks/columns/id/requird"),
    ("tables/clicks/columns/id", "{type: string, required: yes}", "tables/clicks/columns/id/required"),
    ("tables/clicks/partition", "day(at)", ""),
    ("tables/clicks/partition", "[{day: at}]", "tables/clicks/partition/0"),
    ("tables/clicks/identifier", "[id, id]", ""),
    (
        "tables/clicks/properties",
        "{write.format.default: 7}",
        "tables/clicks/properties/write.format.default",
    ),
    ("tables/clicks/properties", "{a b: c}", "tables/clicks/properties/a b"),
    ("tables/clicks/compaction", "true", ""),
    ("tables/clicks/compaction/target_megabytes", "513", ""),
    ("tables/clicks/compaction/target_megabytes", "63", ""),
    ("tables/clicks/snapshots/keep", "0", ""),
    ("tables/clicks/snapshots", "none", ""),
    ("tables/clicks/storage_class", "glacier", ""),
    ("tables/clicks/ignore", "[{rule: AC3010}]", "tables/clicks/ignore/0/reason"),
    ("tables/clicks/ignore", "[{rule: AC9, reason: x}]", "tables/clicks/ignore/0/rule"),
    ("tables/clicks/ignore", "[{rule: AC3010, reason: x, until: soon}]", "tables/clicks/ignore/0/until"),
    ("tables/clicks/ignore", "[{rule: AC3010, reason: ''}]", "tables/clicks/ignore/0/reason"),
    ("streams/Clicks", "{table: clicks}", ""),
    ("streams/clicks/tables", "[]", ""),
    ("streams/clicks/tables", "[clicks, clicks]", ""),
    ("streams/clicks/route", "{}", ""),
    ("streams/clicks/route", "{tabel: .t}", "streams/clicks/route/tabel"),
    ("streams/clicks/transform", "{function_arn: reshape}", "streams/clicks/transform/function_arn"),
    ("streams/clicks/source", "kinesis", ""),
    ("streams/clicks/source/kinesis_arn", "arn:aws:kinesis:eu-west-1:1:stream/x", ""),
    ("streams/clicks/buffer_seconds", "901", ""),
    ("streams/clicks/buffer_seconds", "1e2", ""),
    ("streams/clicks/buffer_megabytes", "0", ""),
    ("streams/clicks/retry_seconds", "-1", ""),
    ("streams/clicks/unique_keys", "id", ""),
    ("streams/clicks/unique_keys", "{clicks: id}", "streams/clicks/unique_keys/clicks"),
    ("streams/clicks/append_only", "on", ""),
    ("streams/clicks/log_days", "10", ""),
    ("roles/a/service", "Lambda", ""),
    ("roles/a/service", "amazonaws.com.evil.example", ""),
    ("roles/a/arn", "arn:aws:iam::111122223333:role/*", ""),
    ("roles/a/arn", "arn:aws:iam::111122223333:root", ""),
    ("roles/a/read", "'*'", ""),
    ("roles/a/grants", "[{table: clicks}]", "roles/a/grants/0/permissions"),
    ("roles/a/grants", "[{table: clicks, permissions: [SELECT]}]", "roles/a/grants/0/permissions/0"),
    ("roles/a/grants", "[{table: clicks, permissions: []}]", "roles/a/grants/0/permissions"),
    ("functions/f/kind", "ingress", ""),
    ("functions/f", "{url: iam}", "functions/f/kind"),
    ("functions/f", "{kind: query, scan_limit_megabytes: 9}", "functions/f/scan_limit_megabytes"),
    ("queries/q", "{namespace: web}", "queries/q/sql"),
    ("alarms", "{dashboard: true}", "alarms/notify"),
    ("stages/dev", "{pipeline: other}", "stages/dev/pipeline"),
    ("stages/dev/account", "42", ""),
]


@pytest.mark.parametrize(("place", "value"), RIGHT)
def test_a_right_value_is_accepted(place: str, value: str) -> None:
    spec = _with(place, value)
    assert list(ORACLE.iter_errors(spec)) == []
    assert ENGINE.is_valid(spec)


@pytest.mark.parametrize(("place", "value", "seen"), WRONG)
def test_a_wrong_value_is_seen_in_its_place_by_both_validators(place: str, value: str, seen: str) -> None:
    spec = _with(place, value)
    expected = {tuple((seen or place).split("/"))}
    assert {place for error in ORACLE.iter_errors(spec) for place in _oracle_places(error)} == expected
    assert {place for error in ENGINE.iter_errors(spec) for place in _engine_places(error)} == expected


@pytest.mark.parametrize("missing", ["version", "pipeline", "namespaces", "tables"])
def test_a_spec_without_a_required_key_is_refused(missing: str) -> None:
    spec = {key: value for key, value in SMALLEST.items() if key != missing}
    assert [place for error in ORACLE.iter_errors(spec) for place in _oracle_places(error)] == [(missing,)]
    assert [place for error in ENGINE.iter_errors(spec) for place in _engine_places(error)] == [(missing,)]


def _with(place: str, value: str) -> Any:
    spec = deepcopy(SMALLEST)
    *parents, last = place.split("/")
    inner = spec
    for key in parents:
        inner = inner.setdefault(key, {}) if isinstance(inner.get(key, {}), dict) else inner
    inner[last] = read(f"value: {value}")["value"]
    return spec


def _oracle_places(error: Any) -> Iterator[tuple[str, ...]]:
    here = tuple(map(str, error.absolute_path))
    if error.validator == "anyOf":
        meant = [
            inner
            for index in range(len(error.validator_value))
            for inner in _unless_mistyped(
                [each for each in error.context if each.schema_path[0] == index], here
            )
        ]
        yield from [place for inner in meant for place in _oracle_places(inner)] or [here]
    elif error.validator == "additionalProperties":
        yield from ((*here, key) for key in error.instance if key not in error.schema["properties"])
    elif error.validator == "required":
        yield from ((*here, key) for key in error.validator_value if key not in error.instance)
    elif "propertyNames" in error.absolute_schema_path:
        yield (*here, error.instance)
    else:
        yield here


def _unless_mistyped(errors: list[Any], here: tuple[str, ...]) -> list[Any]:
    """Return a branch's errors, or none if the value has not even the branch's type."""
    return (
        []
        if any(each.validator == "type" and tuple(map(str, each.absolute_path)) == here for each in errors)
        else errors
    )


def _engine_places(error: Any) -> Iterator[tuple[str, ...]]:
    here = tuple(map(str, error.instance_path))
    kind = error.kind
    if kind.name == "anyOf":
        meant = [
            inner
            for branch in kind.context
            if not any(
                each.kind.name == "type" and each.instance_path == error.instance_path for each in branch
            )
            for inner in branch
        ]
        yield from [place for inner in meant for place in _engine_places(inner)] or [here]
    elif kind.name == "additionalProperties":
        yield from ((*here, key) for key in kind.unexpected)
    elif kind.name == "required":
        yield (*here, kind.property)
    elif kind.name == "propertyNames":
        yield (*here, kind.error.instance)
    else:
        yield here


def test_the_reference_page_is_up_to_date() -> None:
    assert (DOCS / "spec.md").read_text("utf-8") == page(), "run: python -m compiler.reference > docs/spec.md"


def test_the_reference_page_has_a_row_for_every_key_of_a_section() -> None:
    lines = page().splitlines()
    for section, part in SCHEMA["properties"].items():
        entry = part.get("additionalProperties") or part
        for key in entry.get("properties", {}):
            assert any(line.startswith(f"| `{key}` |") for line in lines), (section, key)
