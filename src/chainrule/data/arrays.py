"""Arrays in files, and samples that are larger than memory."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


_LARGEST = 8 << 30  # bytes of an array in a compressed file
_MOST_PACKED = 200  # times that an array may be larger than what it is packed into


def read_npz(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The arrays of a .npz file, among them x `(samples, ...)` and y `(samples, ...)`.

    ValueError for a file that is damaged, holds no x or y of equal length, or objects; one that
    would unpack into far more than it holds is not unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                packed = max(entry.compress_size, 1)
                if entry.file_size > min(_LARGEST, max(1 << 20, _MOST_PACKED * packed)):
                    raise ValueError(
                        f"{entry.filename} would become {entry.file_size} bytes from {packed}"
                    )
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        if any(not isinstance(array, np.ndarray) for array in arrays.values()):
            raise ValueError("it holds something else than arrays")
    except OSError:
        raise
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, MemoryError) as error:
        raise ValueError(f"{path}: no readable .npz file: {error!s:.200}") from None
    for name in ("x", "y"):
        if name not in arrays:
            there_are = ", ".join(arrays) or "none"
            raise ValueError(f"{path}: no array {name!r} (there are: {there_are})")
    x, y = arrays["x"], arrays["y"]
    if not x.ndim or not y.ndim or len(x) != len(y):
        raise ValueError(f"{path}: x has shape {x.shape} and y {y.shape}; expected equal lengths")
    return arrays


def open_npy(path: str | os.PathLike[str]) -> Any:
    """The array in a .npy file, memory-mapped: it is read where it is looked at.

    ValueError for a file that holds no array of numbers.
    """
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path}: no readable .npy file: {error!s:.200}") from None


@dataclass(frozen=True)
class Chunks:
    """Blocks of samples `(x, y)` or `(x, y, weights)`, of which one at a time is in memory.

    x, y, weights  arrays, or the names of .npy files, which are opened anew for each pass
    rows           samples in a block; the last may have fewer
    It can be gone through again and again: what `train.fit` takes for x without y. ValueError for
    lengths that differ, no samples, or fewer than one row a block.
    """

    x: Any
    y: Any
    weights: Any = None
    rows: int = 65_536

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise ValueError(f"Chunks: {self.rows} rows in a block; expected at least 1")
        lengths = {len(array) for array in self._arrays()}
        if len(lengths) != 1 or 0 in lengths:
            raise ValueError(f"Chunks: lengths {sorted(lengths)}; expected one, above 0")

    def __len__(self) -> int:
        return -(-len(self._arrays()[0]) // self.rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        arrays = self._arrays()
        for start in range(0, len(arrays[0]), self.rows):
            yield tuple(np.array(array[start : start + self.rows]) for array in arrays)

    def _arrays(self) -> list[Any]:
        given = [self.x, self.y] + ([] if self.weights is None else [self.weights])
        return [open_npy(a) if isinstance(a, (str, Path)) else np.asarray(a) for a in given]
