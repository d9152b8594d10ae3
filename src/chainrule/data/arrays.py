"""Arrays in files, and samples that are larger than memory."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np


# A file is not unpacked where its arrays are larger than both: bytes, and times the file.
_LARGEST, _MOST_PACKED = 1 << 30, 100

# What NumPy and zipfile raise for damage: RuntimeError for an encrypted file, and so on.
_SIGNS_OF_DAMAGE = (
    ValueError,
    OSError,
    EOFError,
    KeyError,
    RuntimeError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
)


def check_file(path: str | os.PathLike[str]) -> Path:
    """The path. OSError, before anything is opened, where it is no ordinary file."""
    file = Path(path)
    if not file.exists():
        raise FileNotFoundError(f"{path}: there is no such file")
    if not file.is_file():  # a pipe without a writer would be waited for
        raise OSError(f"{path}: it is no ordinary file")
    return file


def read_npz(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The arrays of a .npz file, among them x `(samples, ...)` and y `(samples, ...)`.

    ValueError for a file that is damaged, holds no x or y of equal length, or objects; one that
    would unpack into far more than it holds is not unpacked. OSError for what is no file.
    """
    with open(check_file(path), "rb") as file:
        try:
            arrays = _unpacked(file)
        except _SIGNS_OF_DAMAGE as error:
            raise ValueError(f"{path}: no readable .npz file: {error!s:.200}") from None
    for name in ("x", "y"):
        if name not in arrays:
            there_are = ", ".join(arrays) or "none"
            raise ValueError(f"{path}: no array {name!r} (there are: {there_are})")
    x, y = arrays["x"], arrays["y"]
    if not x.ndim or not y.ndim or len(x) != len(y):
        raise ValueError(f"{path}: x has shape {x.shape} and y {y.shape}; expected equal lengths")
    return arrays


def _unpacked(file: BinaryIO) -> dict[str, Any]:
    with zipfile.ZipFile(file) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    packed = file.seek(0, os.SEEK_END)
    if size > max(_LARGEST, _MOST_PACKED * packed):
        raise ValueError(f"its arrays would become {size} bytes from {packed}")
    file.seek(0)
    with np.load(file, allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    if any(not isinstance(array, np.ndarray) for array in arrays.values()):
        raise ValueError("it holds something else than arrays")
    return arrays


def open_npy(path: str | os.PathLike[str]) -> Any:
    """The array in a .npy file, memory-mapped: it is read where it is looked at.

    ValueError for a file that holds no array of numbers, OSError for what is no file.
    """
    file = check_file(path)
    try:
        array = np.lib.format.open_memmap(file, mode="r")
    except _SIGNS_OF_DAMAGE as error:
        if isinstance(error, PermissionError):
            raise
        raise ValueError(f"{path}: no readable .npy file: {error!s:.200}") from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{path}: it holds {array.dtype}, expected numbers")
    return array


@dataclass(frozen=True)
class Chunks(Sequence[tuple[Any, ...]]):
    """Blocks of samples `(x, y)` or `(x, y, weights)`, of which one at a time is in memory.

    x, y, weights  arrays, or the names of .npy files, which are opened anew for each pass
    rows           samples in a block; the last may have fewer
    It is what `train.fit` takes for x without y, which shuffles the blocks, and the rows of each.
    ValueError for lengths that differ, no samples, or fewer than one row a block.
    """

    x: Any
    y: Any
    weights: Any = None
    rows: int = 65_536

    def __post_init__(self) -> None:
        if not isinstance(self.rows, (int, np.integer)) or self.rows < 1:
            raise ValueError(f"Chunks: {self.rows!r} rows in a block; expected at least 1")
        lengths = {array.shape[0] if array.ndim else 0 for array in self._arrays()}
        if len(lengths) != 1 or 0 in lengths:
            raise ValueError(f"Chunks: lengths {sorted(lengths)}; expected one, above 0")

    def __len__(self) -> int:
        return -(-len(self._arrays()[0]) // self.rows)

    def __getitem__(self, number: Any) -> Any:
        """Block `number`, from 0; of the last, -1. IndexError where there is none."""
        start = range(len(self))[number] * self.rows
        return tuple(np.array(array[start : start + self.rows]) for array in self._arrays())

    def _arrays(self) -> list[Any]:
        given = [self.x, self.y] + ([] if self.weights is None else [self.weights])
        return [open_npy(a) if isinstance(a, (str, os.PathLike)) else np.asarray(a) for a in given]
