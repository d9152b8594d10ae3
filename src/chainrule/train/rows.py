"""Samples: checked, brought into the form that training takes, and handed out batch by batch.

Arrays in memory are converted once, and used as they are where that is not needed. Bytes, as of
images, would take four times the memory or more: these, and memory-mapped arrays, which stay on
disk, are converted batch by batch as they are read; so are blocks of samples, which an iterable
makes anew in every epoch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from chainrule.types import BATCH, ArrayType


_BLOCK = 65_536  # rows that are looked at together

_LARGE = 1 << 26  # bytes of an array of which parts are not copied


@dataclass(frozen=True)
class Batches:
    """What one batch looks like: types whose first size is `BATCH`; weights may be None."""

    x: ArrayType
    y: ArrayType
    weights: ArrayType | None = None

    def __str__(self) -> str:
        weights = "" if self.weights is None else f", weights {self.weights}"
        return f"x {self.x}, y {self.y}{weights}"


@dataclass(frozen=True)
class Rows:
    """Samples that can be taken by their places.

    x        `(samples, ...)`; taken in `types.x.dtype`
    y        `(samples, ...)`; taken in `types.y.dtype`: that of the network, or int64
    weights  `(samples,)` or None
    types    of a batch
    places   `(len,)` the samples that are meant, or None for all
    """

    x: Any
    y: Any
    weights: Any
    types: Batches
    places: Any = None

    def __len__(self) -> int:
        return len(self.x if self.places is None else self.places)

    def take(self, order: Any) -> tuple[Any, Any, Any]:
        """x, y and weights of these samples, numbers from 0 `(batch,)`."""
        places = order if self.places is None else self.places[order]
        weights = None if self.weights is None else self.weights[places]
        return (
            self.x[places].astype(self.types.x.dtype, copy=False),
            self.y[places].astype(self.types.y.dtype, copy=False),
            weights,
        )

    def weight_of(self, order: Any) -> float:
        """The sum of the weights of these samples, each 1 where there are none."""
        if self.weights is None:
            return float(len(order))
        places = order if self.places is None else self.places[order]
        return float(np.sum(self.weights[places], dtype=np.float64))

    def part(self, places: Any) -> Rows:
        """The samples at these places; those in memory are brought together, unless large."""
        if any(isinstance(a, np.memmap) or a.nbytes > _LARGE for a in (self.x, self.y)):
            return replace(self, places=places if self.places is None else self.places[places])
        weights = None if self.weights is None else self.weights[places]
        return Rows(self.x[places], self.y[places], weights, self.types)

    def in_turn(self, size: int) -> Iterator[tuple[Any, Any, Any]]:
        """x, y and weights of all samples, in their order, at most `size` at a time."""
        for start in range(0, len(self), size):
            yield self.take(np.arange(start, min(start + size, len(self))))

    def targets_in_turn(self, size: int) -> Iterator[Any]:
        """y of all samples, in their order, at most `size` at a time."""
        for start in range(0, len(self), size):
            places = slice(start, start + size)
            found = self.y[places] if self.places is None else self.y[self.places[places]]
            yield np.asarray(found).astype(self.types.y.dtype, copy=False)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of the blocks."""
        return (len(self),)

    def blocks(self, seeds: Sequence[int] | None = None) -> Iterator[Rows]:
        """The samples of an epoch: all at once."""
        yield self


class Source(Protocol):
    """Where the samples of an epoch come from: blocks, each of which can be shuffled."""

    @property
    def types(self) -> Batches:
        """Of a batch."""
        ...

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many samples each block has."""
        ...

    def __len__(self) -> int:
        """The number of samples."""
        ...

    def blocks(self, seeds: Sequence[int] | None = None) -> Iterator[Rows]:
        """The samples of an epoch, in an order that is drawn from `seeds` if there are any."""
        ...


@dataclass(frozen=True)
class Stream:
    """Samples that come as blocks from an iterable, anew in every epoch.

    sizes  how many samples each block had when they were looked through before training
    types  of a batch
    weigh  gives the samples of a block their final weights
    """

    iterable: Iterable[Sequence[Any]]
    sizes: tuple[int, ...]
    types: Batches
    weigh: Callable[[Rows], Rows] = lambda rows: rows

    def __len__(self) -> int:
        return sum(self.sizes)

    def blocks(self, seeds: Sequence[int] | None = None) -> Iterator[Rows]:
        """The blocks, in an order that is drawn from `seeds` where they are a sequence.

        ValueError where they are not those that were there before training.
        """
        count = 0
        for number, block in self._numbered(seeds):
            count += 1
            rows = self.weigh(rows_of_block(block, self.types.x.dtype))
            if number >= len(self.sizes) or len(rows) != self.sizes[number]:
                raise ValueError(f"fit: block {number + 1} of x has changed since training began")
            yield rows
        if count != len(self.sizes):
            raise ValueError(f"fit: x gave {count} blocks, before training {len(self.sizes)}")

    def _numbered(self, seeds: Sequence[int] | None) -> Iterator[tuple[int, Sequence[Any]]]:
        if seeds is None or not isinstance(self.iterable, Sequence):
            yield from enumerate(self.iterable)
            return
        for number in np.random.default_rng(seeds).permutation(len(self.iterable)):
            yield int(number), self.iterable[int(number)]


def rows_of(x: Any, y: Any, weights: Any, dtype: str, name: str = "") -> Rows:
    """The samples, checked. `name` is put before x, y and weights in errors.

    ValueError or TypeError, naming the place, for what is not one finite target, one finite weight
    from 0 on, and finite inputs for each sample.
    """
    features, targets = _numbers(f"{name}x", x), _numbers(f"{name}y", y)
    if features.ndim < 1 or targets.ndim < 1 or len(features) != len(targets):
        raise ValueError(
            f"fit: {name}x has shape {features.shape} and {name}y {targets.shape}; "
            "expected one target for each sample"
        )
    if not len(features):
        raise ValueError(f"fit: {name}x has no samples")
    kind = "int64" if targets.dtype.kind in "iub" else dtype
    features = _converted(f"{name}x", features, dtype)
    targets = _converted(f"{name}y", targets, kind)
    if weights is not None:
        weights = _weights(f"{name}sample_weight", weights, len(features), dtype)
    types = Batches(
        ArrayType((BATCH, *features.shape[1:]), dtype),
        ArrayType((BATCH, *targets.shape[1:]), kind),
        None if weights is None else ArrayType((BATCH,), dtype),
    )
    return Rows(features, targets, weights, types)


def rows_of_block(block: Sequence[Any], dtype: str) -> Rows:
    """The samples of one block `(x, y)` or `(x, y, weights)`."""
    if not isinstance(block, (tuple, list)) or len(block) not in (2, 3):
        raise TypeError(
            f"fit: a block of x is {type(block).__name__}; expected (x, y) or (x, y, weights)"
        )
    x, y, *weights = block
    return rows_of(x, y, weights[0] if weights else None, dtype, "a block's ")


def stream_of(iterable: Any, dtype: str) -> Stream:
    """The blocks of an iterable, looked through once and checked.

    TypeError or ValueError for what gives no blocks, blocks that differ, or as `rows_of`.
    """
    if isinstance(iterable, Iterator) or not isinstance(iterable, Iterable):
        raise TypeError(
            f"fit: without y, x is {type(iterable).__name__}; expected blocks (x, y) that can be "
            "gone through again in every epoch, such as data.Chunks or a list; a generator runs "
            "out after one"
        )
    sizes: list[int] = []
    types: Batches | None = None
    for number, block in enumerate(iterable, start=1):
        rows = rows_of_block(block, dtype)
        if types is not None and rows.types != types:
            raise ValueError(f"fit: block {number} of x is {rows.types}, those before {types}")
        types = rows.types
        sizes.append(len(rows))
    if types is None:
        raise ValueError("fit: x gave no blocks")
    return Stream(iterable, tuple(sizes), types)


def digest(source: Source) -> str:
    """SHA-256 of samples, targets and weights, in their order."""
    found = hashlib.sha256(str(source.types).encode())
    for block in source.blocks():
        for arrays in block.in_turn(_BLOCK):
            for array in arrays:
                if array is not None:
                    found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def _numbers(name: str, value: Any) -> Any:
    """`value` as an array of real numbers."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"fit: {name} is a masked array; fill or drop what is masked")
    try:
        array = value if isinstance(value, np.memmap) else np.asarray(value)
    except ValueError as error:
        raise TypeError(f"fit: {name} is not an array of numbers: {error}") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"fit: {name} is not an array of numbers: its dtype is {array.dtype}")
    return array


def _converted(name: str, array: Any, dtype: str) -> Any:
    """`array` in `dtype`, row by row in memory, or as it is where it lies on disk or holds bytes.

    ValueError, naming the place, for a number that is not finite there.
    """
    if array.dtype == np.uint8:
        return array if isinstance(array, np.memmap) else np.ascontiguousarray(array)
    if not isinstance(array, np.memmap):
        return _checked(name, array, dtype, 0)
    for start in range(0, len(array), _BLOCK):
        _checked(name, np.asarray(array[start : start + _BLOCK]), dtype, start)
    return array


def _checked(name: str, array: Any, dtype: str, first: int) -> Any:
    with np.errstate(over="ignore"):
        converted = array.astype(dtype, order="C", copy=False)
    for start in range(0, len(converted), _BLOCK):
        finite = np.isfinite(converted[start : start + _BLOCK])
        if not finite.all():
            row, *others = (int(i) for i in np.argwhere(~finite)[0])
            found = [row + start + first, *others]
            raise ValueError(
                f"fit: {name} holds {array[(row + start, *others)]} at {found}, which is no finite "
                f"{dtype}; remove or fill such entries"
            )
    return converted


def _weights(name: str, weights: Any, samples: int, dtype: str) -> Any:
    found = _checked(name, np.asarray(_numbers(name, weights)), dtype, 0)
    if found.shape != (samples,):
        raise ValueError(f"fit: {name} has shape {found.shape}; expected ({samples},)")
    if found.min() < 0 or not found.any():
        raise ValueError(
            f"fit: {name} from {found.min()} to {found.max()}; expected weights from 0 on, "
            "not all of them 0"
        )
    return found
