"""Compiled functions of a few rows: memory is set once, so that a call costs little beside."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.compile.program import SIGNATURE, Program
from chainrule.types import with_batch


class FewRows:
    """A function of one array `(rows, ...)` that gives another, for a few rows at a time.

    rows  at most
    last  arrays for the arguments after it, the same in every call
    It may be called from several Python threads; the calls then follow one another.
    """

    def __init__(self, program: Program, rows: int, last: Sequence[Any] = ()) -> None:
        graph, outputs = program.graph, program.plan.outputs
        first, *others = graph.inputs
        self._tables = program.tables(rows, 1)
        self._x = np.zeros(with_batch(first.shape, rows), first.type.dtype)
        self._out = np.zeros(with_batch(graph.outputs[0].shape, rows), graph.outputs[0].type.dtype)
        self._last = [np.array(array) for array in last]
        for node, array in zip((first, *others), (self._x, *self._last), strict=True):
            self._tables.put(node, array)
        for buffer in outputs:
            self._tables.put(buffer, self._out)
        self._library = program.library
        self._call = SIGNATURE(self._library.address("step"))
        self._start = self._tables.starts[0]
        self._lock = threading.Lock()

    def __call__(self, x: Any) -> Any:
        """float64 `(rows, ...)` for x `(rows, ...)`, of any dtype and layout."""
        rows = len(x)
        with self._lock:
            self._x[:rows] = x
            self._call(self._start, rows, 0, 1)
            found = self._out[:rows].astype(np.float64)
            self._tables.check()
        return found
