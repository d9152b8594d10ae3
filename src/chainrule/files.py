"""Files written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file so that at any moment `path` holds all of the old content or all of the new."""
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
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
