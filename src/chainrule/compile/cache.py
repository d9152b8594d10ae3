"""Compiled code on disk, so that it is compiled once on a machine and not in every process.

A cache and no more: whatever is wrong with the folder or an entry means that there is none. What is
loaded from it runs, so the folder is open to its owner alone, and an entry must be the owner's and
be what was written under its name.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chainrule.files import cache_folder, write_atomically


#: What all entries take at most, in bytes. Those that were not used for longest go first.
MOST_BYTES = 256_000_000

_HEAD = b"chainrule code 1\n"
#: An entry, or what a writer that was killed left of one. No other file is ever touched.
_NAMES = re.compile(r"([0-9a-f]{64}\.o)|(\.[0-9a-f]{64}\.o\.[0-9a-f]{8})")


@dataclass(frozen=True)
class Info:
    """What the cache holds.

    bytes    that the entries take, of at most `bound`
    is_used  False where somebody else could write to the folder, so that nothing is loaded from it
    """

    folder: Path
    entries: int
    bytes: int
    bound: int
    is_used: bool


@dataclass(frozen=True)
class Removed:
    """How many entries were removed, and the bytes that they took."""

    entries: int
    bytes: int


def get(key: str) -> bytes | None:
    """What was put under this key, if it is still there and whole.

    key  64 hexadecimal digits
    """
    path = _path(key)
    try:
        if not _is_private(path.parent):
            return None
        with open(path, "rb") as file:
            if not _is_owners(os.fstat(file.fileno())):
                return None
            content = file.read()
    except OSError:
        return None
    head, data = content[: len(_HEAD) + 32], content[len(_HEAD) + 32 :]
    is_whole = head == _head(key, data)
    with suppress(OSError):
        if is_whole:
            os.utime(path)  # the time of use
        else:
            path.unlink(missing_ok=True)
    return data if is_whole else None


def put(key: str, data: bytes) -> None:
    """Keep `data` under this key, where it can be kept; what is too much is removed."""
    path = _path(key)
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_private(path.parent) and len(data) < MOST_BYTES:
            write_atomically(path, _head(key, data) + data, lasting=False)  # it is checked
            _bound(path.parent, MOST_BYTES)


def info() -> Info:
    """What there is in the cache now."""
    folder = cache_folder("objects")
    files = [found for _, found in _files(folder)]
    total = sum(found.st_size for found in files)
    is_used = not folder.exists() or _is_private(folder)
    return Info(folder, len(files), total, MOST_BYTES, is_used)


def clear() -> Removed:
    """Remove all entries. OSError where the folder does not allow it."""
    sizes = []
    for path, found in _files(cache_folder("objects")):
        path.unlink(missing_ok=True)
        sizes.append(found.st_size)
    return Removed(len(sizes), sum(sizes))


def _path(key: str) -> Path:
    return cache_folder("objects") / f"{key}.o"


def _head(key: str, data: bytes) -> bytes:
    """What stands before the data: it fits no other key, and no other data."""
    return _HEAD + hashlib.sha256(key.encode() + data).digest()


def _is_private(folder: Path) -> bool:
    """Whether nobody but the user can read or write there. Windows sees to that by itself."""
    found = folder.stat()
    return _is_owners(found) and (sys.platform == "win32" or not found.st_mode & 0o077)


def _is_owners(found: os.stat_result) -> bool:
    return sys.platform == "win32" or found.st_uid == os.geteuid()


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """The files of the cache. Others may remove them while they are listed."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return
    for name in filter(_NAMES.fullmatch, names):
        with suppress(FileNotFoundError):
            found = (folder / name).stat()
            if stat.S_ISREG(found.st_mode):
                yield folder / name, found


def _bound(folder: Path, most: int) -> None:
    """Remove what was not used for longest, until the rest takes at most so many bytes."""
    files = sorted(_files(folder), key=lambda file: file[1].st_mtime_ns)
    total = sum(found.st_size for _, found in files)
    for path, found in files:
        if total <= most:
            return
        path.unlink(missing_ok=True)
        total -= found.st_size
