"""Writing: each file whole or not at all, the manifest last, nothing outside of the folder."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compiler.diagnostics import Diagnostics
from compiler.passes.write import MANIFEST, check, check_locked, write
from compiler.stack import Build
from tests.compiling import codes, said

# A lock that is current wherever the files go: what becomes of it has tests of its own.
LOCK = Path(__file__)


def build_of(**files: str) -> Build:
    """Return a build of some templates, with the manifest that lists them."""
    contents = {f"{name}.template.yaml": f"{text}\n".encode() for name, text in files.items()}
    manifest = {"format": 1, "files": [{"path": path} for path in contents]}
    files = {**contents, MANIFEST: json.dumps(manifest).encode()}
    return Build((), files, LOCK, LOCK.read_bytes())


OLD = build_of(first="old", second="old", gone="old")
NEW = build_of(first="new", second="new", third="new")


def written(build: Build, out: Path) -> tuple[tuple[str, ...], Diagnostics]:
    """Write a build; return the names of what was written."""
    found = Diagnostics()
    return tuple(Path(path).name for path in write(build, out, found)), found


def state(out: Path) -> dict[str, bytes]:
    """Return every file under a folder."""
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_every_file_is_written_and_the_manifest_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    _spy(monkeypatch, lambda target: order.append(Path(target).name))
    paths, found = written(NEW, tmp_path / "new" / "out")
    assert list(found) == []
    assert list(paths) == order == list(NEW.files)
    assert order[-1] == MANIFEST
    assert state(tmp_path / "new" / "out") == NEW.files


def test_the_lock_is_written_behind_the_files_and_before_the_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    _spy(monkeypatch, lambda target: order.append(Path(target).name))
    build = replace(NEW, lock_path=tmp_path / "spec.lock.json", lock=b"{}")
    paths, _ = written(build, tmp_path / "out")
    assert order == [*list(NEW.files)[:-1], "spec.lock.json", MANIFEST]
    assert sorted(paths) == sorted(order)
    assert build.lock_path.read_bytes() == b"{}"
    assert written(build, tmp_path / "out")[0] == ()


def test_ac4205_a_lock_that_would_change_is_refused_where_it_must_not(tmp_path: Path) -> None:
    found = Diagnostics()
    check_locked(NEW, found)
    assert list(found) == []
    check_locked(replace(NEW, lock_path=tmp_path / "spec.lock.json"), found)
    assert codes(found) == ["AC4205"]


def test_a_file_is_readable_for_everybody(tmp_path: Path) -> None:
    written(NEW, tmp_path)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o644}


def test_a_second_run_writes_nothing(tmp_path: Path) -> None:
    written(NEW, tmp_path)
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.iterdir()}
    paths, _ = written(NEW, tmp_path)
    assert paths == ()
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.iterdir()} == before


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    written(NEW, tmp_path)
    (tmp_path / "second.template.yaml").write_text("edited by hand")
    assert written(NEW, tmp_path)[0] == ("second.template.yaml",)
    assert state(tmp_path) == NEW.files


def test_what_an_earlier_build_made_and_this_one_has_not_is_removed(tmp_path: Path) -> None:
    written(OLD, tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    paths, _ = written(NEW, tmp_path)
    assert paths[-1] == "gone.template.yaml"
    assert state(tmp_path) == {**NEW.files, "notes.txt": b"mine"}


@pytest.mark.parametrize(
    "name", ["../outside", "sub/inside", "/tmp/outside", "", ".", "..", "sub", "./notes.txt", "a\0b", 7, None]
)
def test_a_manifest_removes_nothing_but_files_of_its_own_folder(tmp_path: Path, name: object) -> None:
    out = tmp_path / "out"
    (out / "sub").mkdir(parents=True)
    for path in (tmp_path / "outside", out / "sub" / "inside", out / "notes.txt"):
        path.write_text("mine")
    (out / MANIFEST).write_text(json.dumps({"files": [{"path": name}]}))
    before = state(tmp_path)
    _, found = written(NEW, out)
    assert list(found) == []
    after = state(tmp_path)
    assert {path: after[path] for path in before if not path.endswith(MANIFEST)} == {
        path: content for path, content in before.items() if not path.endswith(MANIFEST)
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b'"x"',
        b"null",
        b"\xff\xfe",
        b'{"files": 7}',
        b'{"files": [7]}',
        b'{"files": [{}]}',
    ],
)
def test_a_manifest_that_is_none_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    _, found = written(NEW, tmp_path)
    assert list(found) == []
    assert state(tmp_path) == NEW.files
    (tmp_path / MANIFEST).write_bytes(content)
    check(NEW, tmp_path, found)
    assert codes(found) == ["AC7002"]


@pytest.mark.parametrize("successes", range(len(NEW.files)))
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_between_any_two_replaces_leaves_every_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, successes: int, error: BaseException
) -> None:
    written(OLD, tmp_path)
    with monkeypatch.context() as patch:
        _fail_after(patch, successes, error)
        if isinstance(error, OSError):
            paths, found = written(NEW, tmp_path)
            assert paths == ()
            assert codes(found) == ["AC7001"]
            assert "no space left on device" in said(found)
        else:
            with pytest.raises(KeyboardInterrupt):
                written(NEW, tmp_path)
    _assert_whole(state(tmp_path))
    assert state(tmp_path)[MANIFEST] == OLD.files[MANIFEST]
    written(NEW, tmp_path)
    assert state(tmp_path) == NEW.files


def test_a_process_that_is_killed_at_any_moment_leaves_every_file_whole(tmp_path: Path) -> None:
    moments = random.Random(1)
    for _ in range(40):
        child = os.fork()
        if child == 0:
            _write_for_ever(tmp_path)
        time.sleep(moments.uniform(0, 0.01))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        _assert_whole({path: text for path, text in state(tmp_path).items() if not path.startswith(".")})
    written(NEW, tmp_path)
    assert NEW.files.items() <= state(tmp_path).items()


def test_ac7001_what_can_be_no_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "file" / "out", Path("/proc/analytics")):
        paths, found = written(NEW, out)
        assert paths == ()
        assert codes(found) == ["AC7001"]
    assert state(tmp_path) == {"file": b"mine"}


def test_a_target_that_is_a_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "second.template.yaml").mkdir()
    paths, found = written(NEW, tmp_path)
    assert paths == ()
    assert codes(found) == ["AC7001"]


def test_checking_what_is_current_says_nothing(tmp_path: Path) -> None:
    written(NEW, tmp_path)
    found = Diagnostics()
    assert check(NEW, tmp_path, found) == ""
    assert list(found) == []


def test_ac7002_checking_shows_what_differs_is_missing_or_is_left_over(tmp_path: Path) -> None:
    written(OLD, tmp_path)
    before = state(tmp_path)
    found = Diagnostics()
    difference = check(NEW, tmp_path, found)
    names = [Path(each.location.file).name for each in found]
    assert names == sorted({*OLD.files, *NEW.files})
    assert set(codes(found)) == {"AC7002"}
    for line in (
        "-old",
        "+new",
        f"--- {tmp_path}/third.template.yaml",
        f"+++ {tmp_path}/gone.template.yaml (compiled)",
    ):
        assert line in difference.splitlines()
    assert state(tmp_path) == before


@pytest.mark.parametrize("place", ["missing", "file", "file/out"])
def test_checking_where_there_is_no_folder_finds_everything_stale(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("mine")
    found = Diagnostics()
    difference = check(NEW, tmp_path / place, found)
    assert codes(found) == ["AC7002"] * len(NEW.files)
    assert "+new" in difference
    assert state(tmp_path) == {"file": b"mine"}


def test_checking_where_a_target_is_a_folder_finds_it_stale(tmp_path: Path) -> None:
    written(NEW, tmp_path)
    (tmp_path / "second.template.yaml").unlink()
    (tmp_path / "second.template.yaml").mkdir()
    found = Diagnostics()
    check(NEW, tmp_path, found)
    assert codes(found) == ["AC7002"]


def test_a_line_without_an_end_is_not_glued_to_the_next_one(tmp_path: Path) -> None:
    written(NEW, tmp_path)
    (tmp_path / "first.template.yaml").write_bytes(b"a\r\nb\xe2\x80\xa8c")
    assert check(NEW, tmp_path, Diagnostics()).splitlines()[3:] == [
        "-a",
        "-b",
        "c",
        "\\ No newline at end of file",
        "+new",
    ]
    (tmp_path / "first.template.yaml").write_bytes(b"new")
    assert check(NEW, tmp_path, Diagnostics()).split("\n")[2:] == [
        "@@ -1 +1 @@",
        "-new",
        "\\ No newline at end of file",
        "+new",
        "",
    ]


def test_what_a_killed_run_left_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, lock = tmp_path / "out", tmp_path / "spec.lock.json"
    lock.write_bytes(NEW.lock)
    killed = os.fork()
    if killed == 0:
        monkeypatch.setattr(os, "replace", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        write(NEW, out, Diagnostics())
    os.waitpid(killed, 0)
    (left,) = out.iterdir()
    assert left.name.startswith(".first.template.yaml.")

    _age(left)
    beside_lock = lock.with_name(left.name.replace("first.template.yaml", lock.name))
    beside_lock.write_text("half of a lock")
    _age(beside_lock)
    written(replace(NEW, lock_path=lock), out)
    assert state(out) == NEW.files
    assert state(tmp_path).keys() == {f"out/{name}" for name in NEW.files} | {lock.name}


def test_nothing_is_removed_that_may_be_somebody_else_s(tmp_path: Path) -> None:
    written(NEW, tmp_path)
    (tmp_path / ".manifest.json.swp").write_text("an editor's")
    (tmp_path / "notes.analytics-compile").write_text("a user's")
    (tmp_path / ".folder.analytics-compile").mkdir()
    (tmp_path / ".link.analytics-compile").symlink_to(tmp_path / "notes.analytics-compile")
    for path in tmp_path.iterdir():
        _age(path)
    (tmp_path / ".manifest.json.young.analytics-compile").write_text("another run's")
    before = sorted(tmp_path.iterdir())
    written(NEW, tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def _age(path: Path) -> None:
    os.utime(path, (0, 0), follow_symlinks=False)


def _assert_whole(files: dict[str, bytes]) -> None:
    for path, content in files.items():
        assert content in (OLD.files.get(path), NEW.files.get(path)), path


def _write_for_ever(out: Path) -> None:
    """Never return into the test runner, whose copy this process is."""
    try:
        while True:
            write(OLD, out, Diagnostics())
            write(NEW, out, Diagnostics())
    finally:
        os._exit(1)


def _spy(monkeypatch: pytest.MonkeyPatch, told: Callable[[Any], None]) -> None:
    replace = os.replace

    def spied(source: Any, target: Any) -> None:
        replace(source, target)
        told(target)

    monkeypatch.setattr(os, "replace", spied)


def _fail_after(monkeypatch: pytest.MonkeyPatch, successes: int, error: BaseException) -> None:
    replace, done = os.replace, iter(range(successes))

    def failing(source: Any, target: Any) -> None:
        if next(done, None) is None:
            raise error
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
