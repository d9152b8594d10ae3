"""Parquet files that are read part by part, which takes polars."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def lazy(file: Path) -> tuple[Any, int]:
    """A lazy frame of polars, and how many rows it has.

    ImportError without polars; ValueError for what is no Parquet file.
    """
    import polars

    with refusing_damage(file):
        frame = polars.scan_parquet(file)
        frame.collect_schema()
        return frame, int(frame.select(polars.len()).collect().item())


@contextmanager
def refusing_damage(file: Path) -> Iterator[None]:
    """ValueError in place of whatever a reader raises inside; ImportError is none of it."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, ImportError):
        raise
    except BaseException as error:  # a panic of polars is no Exception
        raise ValueError(f"{file}: no readable Parquet file: {in_a_line(error)}") from None


def in_a_line(error: BaseException) -> str:
    """What an error says, in one line of at most 200 characters."""
    return " ".join(str(error).split())[:200]
