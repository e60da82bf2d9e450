"""Files of lines, plain or gzip, read one line at a time whatever their size."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BufferedIOBase, BufferedReader
from pathlib import Path
from typing import cast

Line = tuple[int, bytes]
"""The number of a line, from 1, and its bytes without the line break."""

STANDARD_INPUT = "-"
_GZIP_MAGIC = b"\x1f\x8b"


class Unreadable(Exception):
    """A file that cannot be read, or not to its end; the message says why."""


def files_in(paths: Sequence[str]) -> Iterator[str]:
    """Yield the files that are meant: a directory stands for all files in and below it, in order."""
    for path in paths:
        if path != STANDARD_INPUT and os.path.isdir(path):
            yield from sorted(each.as_posix() for each in Path(path).rglob("*") if each.is_file())
        else:
            yield path


def lines_of(path: str, most: int) -> Iterator[Line]:
    """Yield the lines of a file; of a line with more than `most` bytes the first ones, still more than that.

    Raises Unreadable, also after some lines where a file is cut off.
    """
    try:
        with _opened(path) as file:
            yield from _lines(file, most)
    except EOFError as error:
        raise Unreadable("the gzip file is cut off; what could be read of it was") from error
    except gzip.BadGzipFile as error:
        raise Unreadable("the gzip file is damaged, or goes on with something else") from error
    except zlib.error as error:
        raise Unreadable(f"the gzip file is damaged: {str(error).lower()}") from error
    except OSError as error:
        raise Unreadable((error.strerror or str(error)).lower()) from error


@contextmanager
def _opened(path: str) -> Iterator[BufferedIOBase]:
    if path == STANDARD_INPUT:
        yield _unpacked(cast(BufferedReader, sys.stdin.buffer))
        return
    with open(path, "rb") as file:
        yield _unpacked(file)


def _unpacked(file: BufferedReader) -> BufferedIOBase:
    """Return the file, or what is in it if it is gzip: told by its first bytes, as names may lie."""
    return gzip.GzipFile(fileobj=file) if file.peek(2)[:2] == _GZIP_MAGIC else file


def _lines(file: BufferedIOBase, most: int) -> Iterator[Line]:
    number, limit = 0, most + len(b"\r\n")
    while piece := file.readline(limit):
        number += 1
        if len(piece) == limit and not piece.endswith(b"\n"):
            _skip_line(file, limit)
        yield number, piece.rstrip(b"\r\n")


def _skip_line(file: BufferedIOBase, limit: int) -> None:
    while (piece := file.readline(limit)) and not piece.endswith(b"\n"):
        pass
