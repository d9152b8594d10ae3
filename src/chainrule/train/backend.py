"""What runs the steps: NumPy, or machine code on one or more threads."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.compile.target import host
from chainrule.compile.threads import available
from chainrule.cost import Cost, cost
from chainrule.evaluate import program
from chainrule.graph import Graph
from chainrule.lookup import find
from chainrule.node import Emit
from chainrule.train.epoch import Epoch, numpy_epoch


#: What `fit` may be asked for.
BACKENDS = {
    "auto": "machine code where NumPy would need more than a second, which is decided from sizes "
    "alone, and where all operations have code",
    "native": "machine code",
    "numpy": "NumPy",
}

#: Seconds that NumPy may need before machine code, which has to be made first, is worth it.
_PATIENCE = 1.0

#: What NumPy needs for one node, for a multiply-add of a matrix product, for any other number:
#: seconds, measured on one core of 2024. They decide which backend `auto` takes, nothing else.
_PER_NODE, _PER_MULTIPLY_ADD, _PER_NUMBER = 2e-6, 3e-11, 5e-10

#: Multiply-adds and numbers of one step that keep a thread busy for longer than a few meetings
#: of threads last.
_PER_THREAD = 400_000


@dataclass(frozen=True)
class Backend:
    """What runs the steps.

    name         "native" or "numpy"
    threads      how many work together
    is_required  whether a function whose operations lack code is an error; else NumPy evaluates it
    """

    name: str
    threads: int
    is_required: bool = True

    def __str__(self) -> str:
        if self.name == "numpy":
            return "NumPy"
        return f"machine code, {self.threads} thread{'s' if self.threads > 1 else ''}"

    @property
    def processor(self) -> str:
        """What the bits of the results depend on, besides the graph: of NumPy the architecture."""
        if self.name == "numpy":
            return platform.machine()
        target = host()
        fma = "with" if target.has("fma") else "without"
        return f"{target.triple}, {target.vector_bits} bits, {fma} fused multiply-add"

    def epoch(self, step: Graph) -> Epoch:
        """Epochs of a training step."""
        if self.name == "numpy":
            return numpy_epoch(step)
        from chainrule.train.native import native_epoch

        return native_epoch(step, self.threads)

    def function(self, graph: Graph, last: Sequence[Any] = ()) -> Callable[..., Any]:
        """A graph made ready to be called many times. TypeError as of `backend`.

        last  arrays for the last arguments, which are then left out of every call
        """
        if self.name == "numpy" or (without_code(graph) and not self.is_required):
            evaluated = program(graph)
            return (lambda *args: evaluated(*args, *last)) if last else evaluated
        _check_code(graph)
        from chainrule.compile.program import Compiled, Program

        return Compiled(Program(graph, host()), self.threads, last)


def backend(name: str, threads: int | None, step: Graph, batch: int, steps: int) -> Backend:
    """The backend for so many steps with batches of this size, and its threads.

    threads  None: as many as this process may use and the size of a step keeps busy
    ValueError for an unknown name or a number of threads below 1; TypeError where the name is
    "native" and an operation has no code.
    """
    find(BACKENDS, "backend", name)
    if threads is not None and not (isinstance(threads, (int, np.integer)) and threads >= 1):
        raise ValueError(f"fit: threads is {threads!r}; expected a whole number from 1, or None")
    found, is_required = cost(step, batch), name != "auto"
    if name == "auto":
        is_short = steps * numpy_seconds(found, len(step.nodes)) < _PATIENCE
        name = "numpy" if is_short or without_code(step) else "native"
    if name == "numpy":
        return Backend(name, 1)
    _check_code(step)
    return Backend(name, threads_for(found) if threads is None else int(threads), is_required)


def numpy_seconds(found: Cost, nodes: int) -> float:
    """About how long NumPy needs for one step."""
    numbers = found.elementwise + found.reduced
    return nodes * _PER_NODE + found.multiply_adds * _PER_MULTIPLY_ADD + numbers * _PER_NUMBER


def threads_for(found: Cost) -> int:
    """How many threads a step keeps busy, of those that this process may use."""
    return max(1, min(available(), found.total // _PER_THREAD))


def without_code(graph: Graph) -> list[str]:
    """The operations of a graph that cannot be compiled, by name."""
    primitives = {node.primitive for node in graph.nodes if node.primitive is not None}
    return sorted(
        one.name for one in primitives if one.code is None and one.emit is not Emit.CONTRACT
    )


def _check_code(graph: Graph) -> None:
    missing = without_code(graph)
    if missing:
        raise TypeError(
            f"fit: backend='native', but the operation {missing[0]!r} has no code; declare it with "
            "code=..., or choose backend 'numpy' or 'auto'"
        )
