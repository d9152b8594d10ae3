"""The folder that a command leaves: looked at before any work, filled all at once."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def check_folder(folder: Path) -> None:
    """OSError where the folder cannot be made or written to."""
    nearest = next(place for place in (folder, *folder.parents, Path()) if place.exists())
    if not nearest.is_dir():
        raise NotADirectoryError(f"--out {folder}: {nearest} is a file, expected a folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise PermissionError(f"--out {folder}: {nearest} cannot be written to")


@contextmanager
def made(folder: Path) -> Iterator[None]:
    """While this lasts the folder is there; if it is new and stays empty, it goes in the end."""
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        if is_new and not any(folder.iterdir()):
            folder.rmdir()


@contextmanager
def filled_at_once(folder: Path) -> Iterator[Path]:
    """A new folder inside `folder`, whose files replace those of `folder` at the end.

    Where anything fails before, or the disk is full, `folder` stays as it was.
    """
    stage = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder))
    try:
        yield stage
        files = sorted(stage.iterdir())
        for file in files:
            if (folder / file.name).is_dir():
                raise IsADirectoryError(f"{folder / file.name} is a folder, expected a file")
        for file in files:
            os.replace(file, folder / file.name)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
