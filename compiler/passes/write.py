"""Build to files, each one whole or not at all; and the comparison with what is there."""

from __future__ import annotations

import contextlib
import difflib
import io
import json
import os
import re
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from compiler import rules
from compiler.diagnostics import Diagnostics, Location
from compiler.lock import Lock
from compiler.lockfile import dump
from compiler.stack import Build

MANIFEST = "manifest.json"
# What diff and git say behind a last line that does not end; without it the next line would be glued on.
_NO_LAST_LINE_BREAK = "\\ No newline at end of file"


def write(build: Build, out: Path, found: Diagnostics) -> tuple[str, ...]:
    """Write what changed: files, then the lock, then the manifest; return what was written or removed.

    Each file is written beside its target and moved over it, so that a crash at any moment leaves
    every file whole, and the old manifest tells which of them are the old ones. A file that the
    old manifest lists and the new build has not is removed, and so is what a killed run left half-written.
    Reports AC7001; what was not yet moved is then as it was.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        build = _with_others(build, out)
        obsolete = _obsolete(build, out)
        changed = [path for path, content in build.files.items() if _read(out / path) != content]
        locking = _read(build.lock_path) != build.lock
        for path in changed:  # before any file is moved: one stage's folder may be what cannot be made
            (out / path).parent.mkdir(exist_ok=True)
        for path in changed:
            if path != MANIFEST:
                _replace(out / path, build.files[path])
        if locking:
            _replace(build.lock_path, build.lock)
        for path in obsolete:
            _remove(out, path)
        if MANIFEST in changed:
            _replace(out / MANIFEST, build.files[MANIFEST])
        for folder in {out, build.lock_path.parent, *((out / path).parent for path in build.files)}:
            _sweep(folder)
        written = [(out / path).as_posix() for path in (*changed, *obsolete)]
        return (*written, build.lock_path.as_posix()) if locking else tuple(written)
    except OSError as error:
        _report(error, out, found)
        return ()


def check(build: Build, out: Path, found: Diagnostics) -> str:
    """Compare a build with the output folder without touching it; return a unified diff.

    Reports AC7002 for every file that differs, is missing, or is left over; AC7001 where one cannot be read.
    """
    expected: dict[Path, bytes] = {}
    try:
        build = _with_others(build, out)
        expected |= {out / path: content for path, content in build.files.items()}
        expected[build.lock_path] = build.lock
        expected |= {out / path: b"" for path in _obsolete(build, out)}
        differences = [_difference(path, content) for path, content in expected.items()]
    except OSError as error:
        _report(error, out, found)
        return ""
    for path, difference in zip(expected, differences, strict=True):
        if difference:
            message = f"'{path}' is not what the spec compiles to"
            found.add(rules.STALE, message, Location(str(path)), "compile, and commit the result")
    return "".join(differences)


def write_lock(path: Path, lock: Lock, found: Diagnostics) -> bool:
    """Write a lock by itself; return whether that went well. Reports AC7001."""
    return write_file(path, dump(lock).encode(), found)


def write_file(path: Path, content: bytes, found: Diagnostics) -> bool:
    """Write one file by itself, and the folder for it; return whether that went well. Reports AC7001."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, content)
        _sweep(path.parent)
    except OSError as error:
        _report(error, path, found)
        return False
    return True


def check_locked(build: Build, found: Diagnostics) -> None:
    """Refuse a build that would change the lock. Reports AC4205."""
    if _read(build.lock_path) != build.lock:
        place = Location(str(build.lock_path))
        hint = "compile without --locked, read the plan, and commit the lock"
        found.add(rules.LOCK_WOULD_CHANGE, f"'{build.lock_path}' would change", place, hint)


def _difference(path: Path, expected: bytes) -> str:
    actual = _read(path)
    if actual == expected:
        return ""
    old, new = _lines(actual or b""), _lines(expected)
    name = path.as_posix()
    lines = difflib.unified_diff(old, new, name, f"{name} (compiled)")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_LAST_LINE_BREAK}\n" for line in lines)


def _lines(content: bytes) -> list[str]:
    """Return the lines as diff counts them: a carriage return or U+2028 is a character like any other."""
    return io.StringIO(content.decode("utf-8", "replace"), newline="\n").readlines()


def _report(error: OSError, path: Path, found: Diagnostics) -> None:
    """Report what the system said, at the file that it named, or at the folder of an unfinished one."""
    if isinstance(error.filename, str):
        named = Path(error.filename)
        path = named.parent if named.suffix == _UNFINISHED else named
    reason = (error.strerror or str(error)).lower()
    hint = "check permissions and free space, or use --out"
    found.add(rules.UNWRITABLE, f"cannot read or write: {reason}", Location(str(path)), hint)


def _with_others(build: Build, out: Path) -> Build:
    """Return a build whose manifest also lists the stages that were not compiled, as the old one does."""
    if not build.others:
        return build
    stages = _entries(out)
    kept = {name: stages[name] for name in build.others if name in stages}
    manifest = json.loads(build.files[MANIFEST])
    manifest["stages"] = dict(sorted({**manifest["stages"], **kept}.items()))
    content = (json.dumps(manifest, indent=2) + "\n").encode()
    return replace(build, files={**build.files, MANIFEST: content})


def _obsolete(build: Build, out: Path) -> list[str]:
    """Return the files of an earlier build, as its manifest lists them, that this one has not."""
    stages = {name: each for name, each in _entries(out).items() if name not in build.others}
    # A manifest is a file like any other: it must not make us remove something outside of the folder.
    names = [name for name in _paths(_manifest(out)) if _is_plain(name)]
    for stage, entry in stages.items():
        own = [path.removeprefix(f"{stage}/") for path in _paths(entry) if path.startswith(f"{stage}/")]
        if _STAGE.fullmatch(stage) and not (out / stage).is_symlink():
            names += [f"{stage}/{name}" for name in own if _is_plain(name)]
    return sorted(name for name in names if name not in build.files and (out / name).is_file())


_STAGE = re.compile(r"[a-z][a-z0-9-]*")


def _is_plain(name: str) -> bool:
    return Path(name).name == name and name not in ("", ".", "..")


def _manifest(out: Path) -> dict[str, Any]:
    """Return what an earlier build says of itself; nothing where it cannot be understood."""
    try:
        manifest = json.loads(_read(out / MANIFEST) or b"{}")
    except ValueError:
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _entries(out: Path) -> dict[str, Any]:
    stages = _manifest(out).get("stages")
    return stages if isinstance(stages, dict) else {}


def _paths(entry: Any) -> list[str]:
    try:
        return [str(each["path"]) for each in entry.get("files", [])]
    except (TypeError, KeyError, AttributeError):
        return []


def _remove(out: Path, path: str) -> None:
    (out / path).unlink(missing_ok=True)
    folder = (out / path).parent
    if folder != out:
        with contextlib.suppress(OSError):  # other files are in it
            folder.rmdir()


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(_UNFINISHED, f".{path.name}.", path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


_UNFINISHED = ".analytics-compile"
_UNFINISHED_SECONDS = 60  # longer than a write takes: a younger file may be another run's, and still needed


def _sweep(folder: Path) -> None:
    """Remove the files that a killed run was about to move to their place."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not (entry.name.startswith(".") and entry.name.endswith(_UNFINISHED)):
                continue
            age = time.time() - entry.stat(follow_symlinks=False).st_mtime
            if age > _UNFINISHED_SECONDS and entry.is_file(follow_symlinks=False):
                os.unlink(entry.path)
