"""Files written whole or not at all, and the folder of those that can be made again."""

from __future__ import annotations

import errno
import glob
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def write_atomically(path: str | os.PathLike[str], content: bytes, *, lasting: bool = True) -> None:
    """Write a file so that at any moment `path` holds all of the old content or all of the new.

    lasting  whether that holds through a loss of power too, for which the disk is waited for
    """
    with written_atomically(path, lasting=lasting) as file:
        file.write(content)


@contextmanager
def written_atomically(path: str | os.PathLike[str], *, lasting: bool = True) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of `path` at the end, or is removed on an error."""
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder, expected the name of a file", str(target))
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        file = open(temporary, "xb")  # noqa: SIM115
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from None
    try:
        with file:
            yield file
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, target)
        if lasting:
            _sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def cache_folder(kind: str) -> Path:
    """Where files of one kind are kept: in `CHAINRULE_CACHE_DIR`, or the user's folder for caches.

    It need not exist.
    """
    chosen = os.environ.get("CHAINRULE_CACHE_DIR")
    if chosen:
        return Path(chosen) / kind
    from platformdirs import user_cache_path

    return user_cache_path("chainrule") / kind


def remove_leftovers(path: str | os.PathLike[str]) -> None:
    """Remove the temporary files that writers of `path` left when they were killed."""
    target = Path(path)
    marks = "[0-9a-f]" * 8
    for leftover in target.parent.glob(f".{glob.escape(target.name)}.{marks}"):
        leftover.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a loss of power, where the system can sync a folder."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
