"""Predictions of a network for tables: the same numbers however rows are grouped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.compile.few_rows import FewRows
from chainrule.compile.program import Compiled
from chainrule.data.real_numbers import RobustNumber
from chainrule.graph import Graph, inline
from chainrule.train.backend import backend, without_code
from chainrule.transforms.trace import trace
from chainrule.types import BATCH, ArrayType


_AT_ONCE = 8_192  # rows

_USUAL = 256  # rows of a prediction, which say how many threads it keeps busy

_QUICK = 256  # rows: of more, the checks of an array cost nothing

_LARGEST = 1e60  # of the squares of entries, which float32 then holds, whatever the origins

_FEW = 64  # rows: for fewer, threads would wait for each other longer than they work


@dataclass(frozen=True)
class Forward:
    """A network with the link of its loss, ready to be called again and again.

    few   of at most 64 rows `(rows, columns)` of any dtype, or None
    many  of `(rows, columns)` in `dtype`
    """

    few: Callable[[Any], Any] | None
    many: Callable[[Any], Any]
    dtype: str

    def __call__(self, x: Any) -> Any:
        """What is predicted for x `(rows, columns)`: float64 `(rows, outputs)`."""
        if len(x) <= _FEW:
            return self._of(x) if self.few is None else self.few(x)
        starts = range(0, len(x), _AT_ONCE)
        return np.concatenate([self._of(x[start : start + _AT_ONCE]) for start in starts])

    def _of(self, x: Any) -> Any:
        return self.many(np.ascontiguousarray(x, self.dtype)).astype(np.float64)


def forward(
    network: Any, link: Callable[[Any], Any], columns: int, name: str, threads: int | None
) -> Forward:
    """The network, then the link.

    name  "native", where all operations have code, or "numpy"; threads  as of `train.fit`
    In machine code the sums of a row have one order, whatever the number of rows. The products of
    NumPy have not, so that it computes in float64 there: what differs is far below float32.
    """
    dtype = "float32" if name == "native" else "float64"
    graph = prediction_graph(network, link, columns, dtype)
    if name == "native" and without_code(graph):
        return forward(network, link, columns, "numpy", threads)
    chosen = backend(name, threads, graph, _USUAL, 1)
    lifted, numbers = _lifted(graph)
    many = chosen.function(lifted, numbers)
    few = FewRows(many.program, _FEW, numbers) if isinstance(many, Compiled) else None
    return Forward(few, many, dtype)


def prediction_graph(network: Any, link: Callable[[Any], Any], columns: int, dtype: str) -> Graph:
    """The graph of `link(network(x))` for x `(batch, columns)`, with parameters as constants."""
    leaves, structure = tree.flatten(network)
    cast = tree.unflatten(structure, [np.asarray(leaf, dtype) for leaf in leaves])
    return trace(lambda x: link(cast(x)), ArrayType((BATCH, columns), dtype))


def _lifted(graph: Graph) -> tuple[Graph, list[Any]]:
    """The graph with its fractions, such as a temperature, as inputs too; and what they are.

    Machine code holds single numbers, while it finds arrays by their addresses: so models of one
    shape share theirs.
    """
    fractions = [node for node in graph.nodes if _is_fraction(node.value)]

    def lifted(x: Any, *numbers: Any) -> Any:
        given = dict(zip((*graph.inputs, *fractions), (x, *numbers), strict=True))
        return inline(graph.outputs, given, None)[0]

    numbers = [node.value for node in fractions]
    return trace(lifted, graph.inputs[0].type, *numbers), numbers


def _is_fraction(value: Any) -> bool:
    if value is None or value.size != 1 or value.dtype.kind != "f":
        return False
    return not float(value.item()).is_integer()


@dataclass(frozen=True)
class QuickRows:
    """The matrix of a few rows of plain numbers, with no other work than that.

    columns  how many there are; origins  `(columns,)` that are subtracted, or None
    places   of the columns in the matrix, whose others are flags of missing entries; None where
             there are no flags; width  of the matrix
    """

    columns: int
    origins: Any
    places: Any
    width: int

    def __call__(self, x: Any) -> Any:
        """float32 `(rows, width)` of x `(rows, columns)`; None where more has to be looked at."""
        if type(x) is not np.ndarray or x.dtype.kind != "f" or x.ndim != 2 or len(x) > _QUICK:
            return None
        flat = x.ravel()
        # NaN, infinity and what float32 cannot hold have no such sum of squares. It takes 1 µs.
        if x.shape[1] != self.columns or not float(flat.dot(flat)) < _LARGEST:
            return None
        moved = x if self.origins is None else x - self.origins
        if self.places is None:
            return moved.astype(np.float32, order="C", copy=False)
        found = np.zeros((len(x), self.width), np.float32)
        found[:, self.places] = moved
        return found


def quick_rows(columns: Sequence[Any]) -> QuickRows | None:
    """For these columns; None where not all are numbers."""
    if not all(isinstance(column, RobustNumber) for column in columns):
        return None
    widths = [len(column.names) for column in columns]
    places = None if set(widths) == {1} else np.cumsum([0, *widths[:-1]])
    origins = np.array([column.origin for column in columns])
    return QuickRows(len(columns), origins if origins.any() else None, places, sum(widths))
