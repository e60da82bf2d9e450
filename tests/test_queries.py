"""Queries: what of Athena's SQL passes, what is said of the rest, and what comes out of them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from compiler.diagnostics import Diagnostics
from compiler.iceberg import spelled
from compiler.model import Model, Query
from compiler.pipeline import understand
from compiler.querypage import queries_page
from compiler.semantics.query import PARAMETER_TYPES
from compiler.semantics.sqltext import SqlProblem, read_sql
from lambdas.query.index import literal
from tests.compiling import ROOT, SMALLEST, TESTS, codes, compiled_text, parsed, said

SHOP = """
version: 1
pipeline: shop
namespaces: {sales: {}}
tables:
  orders:
    namespace: sales
    columns:
      order_id: string
      placed_at: timestamptz
      day: date
      ts: timestamp
      amount: decimal(12,2)
      n: int
      big: long
      ratio: double
      r: float
      ok: boolean
      tags: list<string>
      lines: "list<struct<sku: string, quantity: int, price: decimal(12,2)>>"
      labels: map<string, long>
      geo: "struct<lat: double, place: struct<city: string, zip: string>>"
      payload: string
  visits:
    namespace: sales
    columns: {order_id: string, path: string, seen: timestamp}
streams:
  orders: {table: orders}
  visits: {table: visits}
"""
VALID = (TESTS / "queries" / "valid.sql").read_text("utf-8").split("\n;\n")


def resolved(sql: str, **parameters: str) -> tuple[Model | None, Diagnostics]:
    """Resolve the shop with one query."""
    query = {"namespace": "sales", "sql": sql, "parameters": parameters}
    document, found = parsed(yaml.dump({**yaml.safe_load(SHOP), "queries": {"q": query}}, sort_keys=False))
    assert document, said(found)
    return understand(document, None, found), found


def query_of(sql: str, **parameters: str) -> Query:
    """Resolve a query that nothing is wrong with."""
    model, found = resolved(sql, **parameters)
    assert model, said(found)
    return model.queries[0]


@pytest.mark.parametrize("sql", VALID, ids=lambda sql: " ".join(sql.split())[:60])
def test_what_athena_takes_passes_without_a_word(sql: str) -> None:
    declared = {name: "date" for name in ("since", "until") if f":{name}" in sql}
    _, found = resolved(sql, **declared)
    # the one construct that Athena runs and does not document
    assert [code for code in codes(found) if code != "AC3552"] == [], said(found)


@pytest.mark.parametrize(
    ("expression", "type_"),
    [
        ("order_id", "string"),
        ("count(*)", "long"),
        ("count(*) FILTER (WHERE ok)", "long"),
        ("approx_distinct(order_id)", "long"),
        ("sum(n)", "long"),
        ("sum(amount)", "decimal(38,2)"),
        ("avg(amount)", "decimal(12,2)"),
        ("avg(n)", "double"),
        ("sum(r)", "float"),
        ("max(ts)", "timestamp"),
        ("max(ts, 2)", None),
        ("date(ts)", "date"),
        ("date_trunc('day', placed_at)", "timestamptz"),
        ("year(day)", "long"),
        ("geo.place.city", "string"),
        ("lines[1].price", "decimal(12,2)"),
        ("labels['a']", "long"),
        ("CAST(n AS decimal(9,3))", "decimal(9,3)"),
        ("try_cast(payload AS bigint)", "long"),
        ("n + big", "long"),
        ("n + 1", "int"),
        ("amount * n", None),
        ("n * 1.5", None),
        ("payload || 'x'", "string"),
        ("tags || tags", None),
        ("ok AND n > 1", "boolean"),
        ("CASE WHEN ok THEN n ELSE 0 END", "int"),
        ("CASE WHEN ok THEN n ELSE big END", None),
        ("coalesce(payload, '')", "string"),
        ("(SELECT max(path) FROM visits)", "string"),
        ("json_extract_scalar(payload, '$.a')", None),
        ("some_function(n)", None),
    ],
)
def test_a_type_is_told_where_it_is_certain(expression: str, type_: str | None) -> None:
    result = query_of(f"SELECT {expression} AS x FROM orders").result
    assert result
    assert [spelled(column.type) if column.type else None for column in result] == [type_]


def test_the_columns_of_an_answer_have_the_names_that_athena_gives_them() -> None:
    query = query_of("SELECT o.n, geo.lat, n + 1, count(*) AS Total, (ok), visits.* FROM orders o, visits")
    assert query.result
    assert [column.name for column in query.result] == [
        *("n", "lat", "_col2", "total", "ok", "order_id", "path", "seen")
    ]


def test_only_parameters_and_comments_change_in_the_text() -> None:
    sql = """\
-- :no
SELECT  ':no ? -- no', "a:b" /* :no ; */ , :a+:b -- :no
FROM t WHERE x IN (:a,:first_one)
  AND y = 'it''s :no
-- no comment' ; -- done
"""
    text = read_sql(sql)
    assert text.rendered.split("\n") == [
        "SELECT  ':no ? -- no', \"a:b\"   , ?+? ",
        "FROM t WHERE x IN (?,?)",
        "  AND y = 'it''s :no",
        "-- no comment'",
    ]
    assert [mark.name for mark in text.marks] == ["a", "b", "a", "first_one"]
    assert [sql[mark.offset :][: mark.length] for mark in text.marks] == [":a", ":b", ":a", ":first_one"]


@given(st.lists(st.sampled_from(["'", '"', "--", "/*", "*/", "\n", ":a", "?", ";", "x", " ", ",", "é"])))
def test_a_place_in_what_is_parsed_is_the_same_place_in_the_source(parts: list[str]) -> None:
    sql = f"SELECT {''.join(parts)}"
    try:
        text = read_sql(sql)
    except SqlProblem:
        return
    assert sql.startswith("".join(_either(*each) for each in zip(text.blanked, sql, strict=False)))
    assert text.rendered.count("?") >= len(text.marks)


def _either(parsed: str, source: str) -> str:
    """Return the source's character where the parser gets it, or a blank or a mark's letter for it."""
    return source if parsed in (source, " ") or "一" <= parsed <= "鿿" else parsed


def test_a_parameter_has_a_value_for_each_place_that_it_stands_in() -> None:
    query = query_of(
        "SELECT n FROM orders WHERE order_id = :id AND (n > :least OR payload = :id)",
        least="int",
        id="string",
    )
    assert [(name, spelled(type_)) for name, type_ in query.arguments] == [
        *(("id", "string"), ("least", "int"), ("id", "string"))
    ]
    assert list(query.parameters) == ["least", "id"]
    assert [table.key for table in query.tables] == ["orders"]


@pytest.mark.parametrize("name", PARAMETER_TYPES)
def test_the_function_writes_a_literal_of_every_type_that_a_parameter_may_have(name: str) -> None:
    type_ = "decimal(12,2)" if name == "decimal" else name
    model, found = resolved("SELECT 1 WHERE :x IS NULL", x=type_)
    assert model, said(found)
    (request,) = [line for line in queries_page(model).split("\n") if line.startswith('{"query"')]
    assert literal(type_, json.loads(request)["parameters"]["x"])


def test_a_table_with_errors_of_its_own_is_not_complained_about_again() -> None:
    spec = yaml.safe_load(SHOP)
    spec["tables"]["visits"]["columns"]["path"] = "strng"
    spec["queries"] = {"q": {"namespace": "sales", "sql": "SELECT whatever FROM visits"}}
    document, found = parsed(yaml.dump(spec))
    assert document
    understand(document, None, found)
    assert codes(found) == ["AC3005"]


def test_sql_is_parsed_only_where_there_are_queries(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SMALLEST, "utf-8")
    program = (
        "import sys; from compiler.cli import main; code = main(['spec.yaml', '--no-lint', '--quiet']); "
        "sys.exit(code or 'sqlglot' in sys.modules)"
    )
    environment = {"PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment).returncode == 0


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "(" * 100_000,
        "SELECT * FROM (" * 2_000 + "SELECT 1" + ")" * 2_000,
        "SELECT " + "nothing," * 4_000 + "n FROM orders",
        "SELECT n FROM orders WHERE n IN (" + ":p," * 4_000 + ":p)",
        "SELECT n FROM orders WHERE " + "ok AND " * 3_000 + "ok",
        "SELECT 1 -- " + "x -- " * 40_000,
        "SELECT '" + "''" * 100_000,
        "SELECT 1" + "\n " * 100_000 + ", ",
    ],
    ids=["brackets", "subqueries", "columns", "parameters", "conditions", "comment", "quotes", "lines"],
)
def test_long_sql_is_answered_in_a_moment(sql: str) -> None:
    start = time.process_time()
    resolved(sql)
    assert time.process_time() - start < 10


@given(st.text(max_size=40))
def test_a_text_of_the_spec_cannot_write_a_page(text: str) -> None:
    model, found = resolved("SELECT n AS zq FROM orders")
    assert model, said(found)
    plain = queries_page(model).split("\n")
    spec: dict[str, Any] = yaml.safe_load(SHOP)
    named = '"' + text.replace('"', '""') + '"'
    spec["queries"] = {
        "q": {"namespace": "sales", "sql": f"SELECT n AS {named} FROM orders", "description": text}
    }
    document, found = parsed(yaml.dump(spec, allow_unicode=False))
    model = understand(document, None, found) if document else None
    if model is None:
        assert found.failed
        return
    page = queries_page(model).split("\n")
    described = len(page) - len(plain)
    assert described in (0, 2)
    assert [line for line in page if line.startswith(("#", "<!--", "```", "| --"))] == [
        line for line in plain if line.startswith(("#", "<!--", "```", "| --"))
    ]


def test_a_build_without_queries_has_no_page(tmp_path: Path) -> None:
    build, found = compiled_text(tmp_path, SMALLEST)
    assert build, said(found)
    assert sorted(build.files) == ["clicks.template.yaml", "manifest.json"]


def test_the_page_is_a_file_of_the_manifest(tmp_path: Path) -> None:
    query = "queries: {all: {namespace: web, sql: SELECT count(*) AS n FROM clicks}}\n"
    build, found = compiled_text(tmp_path, SMALLEST + query)
    assert build, said(found)
    manifest = json.loads(build.files["manifest.json"])
    assert [each["path"] for each in manifest["files"]] == ["clicks.template.yaml", "clicks.queries.md"]
    assert manifest["files"][1]["bytes"] == len(build.files["clicks.queries.md"])


@pytest.mark.parametrize("sql", ['SELECT n FROM orders WHERE n < :"n"', "SELECT n FROM orders WHERE n < : n"])
def test_a_colon_without_a_name_is_told(sql: str) -> None:
    model, found = resolved(sql)
    assert model is None
    assert "no name follows this colon" in said(found)


def test_a_colon_before_the_value_of_an_object_s_key_is_no_parameter() -> None:
    query = query_of("SELECT json_object('n' : \"n\", 'day' : day) AS made FROM orders")
    assert query.marks == ()


@pytest.mark.parametrize(
    ("sql", "at"),
    [
        ("SELECT order FROM orders", 7),
        ("SELECT o.order FROM orders o", 9),
        ("SELECT n AS group FROM orders", 12),
        ("SELECT n FROM table", 14),
        ("SELECT n FROM orders ORDER BY end", 30),
    ],
)
def test_a_word_of_sql_s_own_is_no_name_without_quotes(sql: str, at: int) -> None:
    _, found = resolved(sql)
    (told,) = found
    assert (told.rule.code, told.hint.partition(",")[0]) == ("AC3501", f'write "{sql[at:].split()[0]}"')


@pytest.mark.parametrize("word", ["DATE", "TIMESTAMP"])
def test_a_parameter_behind_the_name_of_a_type_is_misplaced_in_where_too(word: str) -> None:
    _, found = resolved(f"SELECT n FROM orders WHERE ts > {word} :since AND n > 1", since="string")
    assert codes(found) == ["AC3510"]


def test_a_table_that_goes_by_another_name_elsewhere_is_told_of() -> None:
    spec = yaml.safe_load(SHOP)
    spec["namespaces"]["web"] = {}
    spec["tables"]["web_orders"] = {"namespace": "web", "name": "orders", "columns": {"n": "int"}}
    spec["queries"] = {"q": {"namespace": "sales", "sql": "SELECT n FROM web_orders"}}
    document, found = parsed(yaml.dump(spec, sort_keys=False))
    assert document
    understand(document, None, found)
    assert "in Athena it is 'orders' in namespace 'web'" in [each.hint for each in found]


def test_an_equal_sign_is_not_written_twice() -> None:
    _, found = resolved("SELECT n FROM orders WHERE order_id == 'a'")
    assert [(each.rule.code, each.hint) for each in found] == [("AC3501", "write =")]


def test_a_parameter_in_quotes_is_told_to_leave_them() -> None:
    _, found = resolved("SELECT n FROM orders WHERE order_id = ':key'", key="string")
    (told,) = found
    assert (told.rule.code, told.hint) == (
        "AC3551",
        "write :key without the quotes, which make a text of it",
    )
