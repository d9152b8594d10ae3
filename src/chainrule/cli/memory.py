"""Files that no memory can hold are refused before they are read."""

from __future__ import annotations

import os
from pathlib import Path

from chainrule.data.parquet import lazy


_LIMIT = Path("/sys/fs/cgroup/memory.max")  # of a container, on Linux
_ENTRY = 8  # bytes of a number, and at least those of a text


def memory() -> int | None:
    """Bytes that this process may use, as far as the system tells."""
    try:
        found = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None
    try:
        return min(found, int(_LIMIT.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit: "max"
        return found


def check_fits(path: Path) -> None:
    """ValueError for a table file that takes more memory than there is, whoever reads it."""
    there_is = memory()
    if there_is is None or not path.is_file():
        return
    needed = path.stat().st_size
    if path.suffix.lower() == ".parquet":
        try:
            frame, rows = lazy(path)
        except ImportError:  # pandas alone is there
            return
        needed = _ENTRY * rows * len(frame.collect_schema())
    if needed > there_is:
        raise ValueError(
            f"{path}: it takes {needed / 2**30:.1f} GB at least, and there are "
            f"{there_is / 2**30:.1f} GB of memory; train --preset fast --block-rows 65536 learns a "
            ".parquet by blocks, and predict reads any table so"
        )
