"""The lock: written one way, read back whole, and never trusted where somebody else wrote in it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.cli import main
from compiler.diagnostics import Diagnostics
from compiler.lockfile import LockProblem, dump, parse, sealed
from compiler.passes.recall import recall
from tests.evolving import HEAD, accept, table

# A lock with everything in it: nested types, every shape, something retired, a table that is gone, a stream.
FIRST = f"""{HEAD}tables:
  orders:
    namespace: sales
    columns:
      id: {{type: string, required: true, doc: "ULID, é"}}
      at: timestamp
      amount: int
      note: string
    identifier: [id]
    partition: [day(at)]
    sort: [amount desc]
  drafts:
    namespace: sales
    columns: {{tags: "list<struct<a: map<string, decimal(9,2)!>>!>", raw: fixed(8)}}
streams:
  orders: {{table: orders}}
"""
SECOND = f"""{HEAD}tables:
  orders:
    namespace: archive
    columns:
      id: {{type: string, required: true}}
      at: timestamp
      total: {{type: long, was: amount}}
      x: float
    identifier: [id]
    partition: ["bucket(4, id)"]
    properties: {{a: b}}
    allow: {{drop_column: {{names: [note], reason: r}}}}
streams:
  orders: {{table: orders}}
"""
LOCK = accept(FIRST, SECOND).next_lock
TEXT = dump(LOCK)


def problem(text: str) -> LockProblem:
    """Return why a lock cannot be used."""
    with pytest.raises(LockProblem) as raised:
        parse(text)
    return raised.value


# The file


def test_a_lock_reads_back_as_it_was_written() -> None:
    assert parse(TEXT) == LOCK
    assert dump(parse(TEXT)) == TEXT
    assert json.loads(TEXT)["format"] == 1


def test_a_lock_has_a_column_a_field_and_a_hash_on_a_line_each() -> None:
    lines = [line.strip().rstrip(",") for line in TEXT.splitlines()]
    assert '{"id": 1, "name": "id", "required": true, "type": "string", "doc": "ULID, é"}' in lines
    assert '{"source-id": 1, "field-id": 1001, "name": "id_bucket_4", "transform": "bucket[4]"}' in lines
    assert '{"id": 4, "parent": 0, "path": "note"}' in lines
    assert (
        sum(len(line) == 66 for line in lines) == sum(len(each.history) for each in LOCK.tables.values()) == 4
    )


def test_a_lock_does_not_depend_on_the_order_of_the_entries() -> None:
    again = replace(LOCK, tables=dict(reversed([*LOCK.tables.items()])))
    assert dump(again) == TEXT


def test_a_mark_that_turns_the_direction_of_writing_is_seen_in_the_lock() -> None:
    lock = accept(
        f'{HEAD}tables: {{t: {{namespace: sales, columns: {{id: {{type: string, doc: "\\u202e"}}}}}}}}'
    )
    text = dump(lock.next_lock)
    assert '"doc": "\\u202e"' in text
    assert parse(text) == lock.next_lock


# What somebody else wrote


def test_a_lock_that_is_cut_off_anywhere_is_a_problem_and_nothing_worse() -> None:
    assert parse(TEXT[:-1]) == LOCK  # only the last line end is lost
    for length in range(len(TEXT) - 1):
        assert problem(TEXT[:length]).kind == "unreadable"


def scalars(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """Yield the path of every scalar in plain data, and of every empty map and list."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    pairs = list(items)
    for key, inner in pairs:
        yield from scalars(inner, (*path, key))
    if not pairs:
        yield path


def changed(value: object) -> object:
    """Return another value of the same kind."""
    if isinstance(value, list):
        return [*value, 1]
    if isinstance(value, str):
        return f"{value}1"
    assert isinstance(value, int)
    return not value if isinstance(value, bool) else value + 1


def test_a_value_that_somebody_changed_is_noticed() -> None:
    for path in scalars(json.loads(TEXT)):
        data = parent = json.loads(TEXT)
        for step in path[:-1]:
            parent = parent[step]
        parent[path[-1]] = changed(parent[path[-1]])
        expected = ("newer",) if path == ("format",) else ("edited", "unreadable")
        assert problem(json.dumps(data)).kind in expected, path


@given(st.data())
def test_a_character_that_somebody_changed_is_noticed_or_means_nothing(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(TEXT) - 1))
    text = TEXT[:place] + data.draw(st.sampled_from('a0,:"{}[] \n')) + TEXT[place + 1 :]
    with suppress(LockProblem):
        assert parse(text) == LOCK


RENAMED, DOUBLED = (TEXT.replace('"drafts": {', f'"{name}": {{') for name in ("notes", "orders"))
KEYS = st.sampled_from(["format", "fixed", "tables", "streams", "stamp", "history"])
JSON = st.recursive(
    st.sampled_from([None, True, 0, 1, "", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)


@given(JSON)
def test_no_json_is_taken_for_a_lock(data: object) -> None:
    assert problem(json.dumps(data)).message


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("", "unreadable", "the lock is cut off, or no JSON for another reason, from here on"),
        ("[" * 100_000, "unreadable", "the lock is nested too deeply"),
        ("{}", "unreadable", "the lock is not complete: it lacks 'format'"),
        ('{"format": "1"}', "unreadable", "the lock is in a format that never was; this compiler knows 1"),
        ('{"format": 2}', "newer", "the lock is in format 2; this compiler knows 1"),
        ('{"format": 1, "tables": []}', "unreadable", "the lock is not laid out as the compiler writes it"),
        ("<<<<<<< HEAD\n", "conflict", "the lock has merge conflicts"),
        (
            TEXT.replace('"drafts": {', '"notes": {'),
            "edited",
            "the entry of table 'notes' was not written by the compiler",
        ),
        (
            TEXT.replace('"drafts": {', '"orders": {'),
            "edited",
            "the lock has two entries 'orders' in one place",
        ),
    ],
    ids=range(9),
)
def test_a_lock_that_cannot_be_used_says_why(text: str, kind: str, message: str) -> None:
    found = problem(text)
    assert (found.kind, found.message) == (kind, message)


def test_the_chain_shows_a_changed_past_too() -> None:
    entry = sealed("orders", sealed("orders", LOCK.tables["orders"]))
    forged = replace(entry, history=("0" * 64, *entry.history[1:]))
    assert problem(dump(replace(LOCK, tables={"orders": forged}))).kind == "edited"


# In a folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compile_(*options: str) -> int:
    """Compile the spec of the folder."""
    return main(["spec.yaml", "--no-lint", "--quiet", *options])


def write(body: str) -> None:
    """Write a spec with one table."""
    Path("spec.yaml").write_text(table(body))


def git(*words: str, fine: bool = True) -> str:
    """Run git in the folder."""
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *words], capture_output=True, text=True, check=False)
    assert not fine or done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commit(body: str) -> None:
    """Compile a spec and commit all that comes of it."""
    write(body)
    assert compile_() == 0
    git("add", "-A")
    git("commit", "-qm", "x")


def test_a_compilation_writes_the_lock_beside_the_spec_and_then_leaves_it(folder: Path) -> None:
    write("columns: {a: int}")
    assert compile_() == 0
    lock = folder / "spec.lock.json"
    written = lock.stat().st_mtime_ns, lock.read_bytes()
    assert compile_() == compile_("--check") == compile_("--locked") == 0
    assert (lock.stat().st_mtime_ns, lock.read_bytes()) == written


def test_locked_refuses_a_change_of_the_lock_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write("columns: {a: int}")
    assert compile_("--locked") == 1
    assert not (folder / "spec.lock.json").exists()
    assert not (folder / "out").exists()
    assert "spec.lock.json:1:1: error AC4205: 'spec.lock.json' would change" in capsys.readouterr().out

    assert compile_() == 0
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    write("columns: {a: int, b: int}")
    before[folder / "spec.yaml"] = (folder / "spec.yaml").read_bytes()
    assert compile_("--locked") == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_check_shows_how_the_lock_would_change(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("columns: {a: int}")
    assert compile_() == 0
    write("columns: {a: int, b: int}")
    assert compile_("--check") == 1
    shown = capsys.readouterr().out
    assert '+          {"id": 2, "name": "b", "required": false, "type": "int"}' in shown
    assert "spec.lock.json:1:1: error AC7002: 'spec.lock.json' is not what the spec compiles to" in shown


def test_a_refused_change_leaves_the_lock(folder: Path) -> None:
    write("columns: {a: int, b: int}")
    assert compile_() == 0
    before = (folder / "spec.lock.json").read_bytes()
    write("columns: {a: int}")
    assert compile_() == 1
    assert (folder / "spec.lock.json").read_bytes() == before


@pytest.mark.parametrize("length", [0, 1, 10, 300, 1000])
def test_no_lock_that_is_cut_off_makes_a_fault(
    folder: Path, length: int, capsys: pytest.CaptureFixture[str]
) -> None:
    write("columns: {a: int}")
    assert compile_() == 0
    lock = folder / "spec.lock.json"
    lock.write_bytes(lock.read_bytes()[:length])
    assert compile_() == 1
    assert "error AC4201" in capsys.readouterr().out
    assert main(["plan", "spec.yaml"]) == 1
    assert "error AC4201" in capsys.readouterr().out


def test_a_lock_that_is_no_text_and_one_that_is_a_folder_are_problems(folder: Path) -> None:
    lock = folder / "spec.lock.json"
    lock.write_bytes(b"\xff\xfe")
    found = Diagnostics()
    assert recall("spec.yaml", found) is None
    lock.unlink()
    lock.mkdir()
    assert recall("spec.yaml", found) is None
    assert [each.message for each in found] == [
        "the lock cannot be read: Is a directory",
        "the lock cannot be read: it is not UTF-8 text",
    ]


# Branches


@pytest.fixture
def branches(folder: Path) -> Callable[[str, str, str], str]:
    """Give a function that compiles a spec and two changes of it on two branches, and merges them."""

    def merge(base: str, ours: str, theirs: str) -> str:
        git("init", "-q", "-b", "main")
        commit(base)
        git("switch", "-qc", "theirs")
        commit(theirs)
        git("switch", "-q", "main")
        commit(ours)
        git("merge", "-q", "theirs", fine=False)
        return git("diff", "--name-only", "--diff-filter=U")

    return merge


def test_two_branches_that_both_add_a_column_conflict(
    branches: Callable[[str, str, str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    base = "columns:\n  a: int\n  b: int\n  c: int\n  d: int\n  e: int"
    conflicts = branches(base, base.replace("columns:", "columns:\n  x: int"), f"{base}\n  y: int")
    assert "spec.lock.json" in conflicts.split()
    assert "spec.yaml" not in conflicts.split(), "git has merged the spec by itself"
    assert compile_() == 1
    assert "error AC4203: the lock has merge conflicts" in capsys.readouterr().out


def test_the_way_out_of_a_conflict_keeps_both_columns(branches: Callable[[str, str, str], str]) -> None:
    base = "columns:\n  a: int\n  b: int\n  c: int\n  d: int\n  e: int"
    branches(base, base.replace("columns:", "columns:\n  x: int"), f"{base}\n  y: int")
    git("checkout", "--ours", "--", "spec.lock.json")
    assert compile_() == 0
    found = Diagnostics()
    lock = recall("spec.yaml", found)
    assert lock
    ids = {column.name: column.id for column in lock.tables["orders"].current.columns}
    assert (ids["x"], ids["y"]) == (6, 7)


def test_two_branches_that_add_the_same_column_agree(branches: Callable[[str, str, str], str]) -> None:
    assert branches("columns: {a: int}", "columns: {a: int, b: int}", "columns: {a: int, b: int}") == ""
    assert compile_("--check") == 0


def test_two_branches_that_change_two_tables_merge(folder: Path) -> None:
    def save(first: str, second: str) -> None:
        entries = [
            f"  {name}:\n    namespace: sales\n    sort: []\n    identifier: []\n    columns: {{{columns}}}\n"
            for name, columns in (("orders", first), ("returns", second))
        ]
        Path("spec.yaml").write_text(f"{HEAD}tables:\n{''.join(entries)}")
        assert compile_() == 0
        git("add", "spec.yaml", "spec.lock.json")
        git("commit", "-qm", "x")

    git("init", "-q", "-b", "main")
    save("a: int", "a: int")
    git("switch", "-qc", "theirs")
    save("a: int", "a: int, b: int")
    git("switch", "-q", "main")
    save("a: int, c: int", "a: int")
    git("merge", "-q", "theirs", "-m", "x")

    assert compile_("--locked") == 0
