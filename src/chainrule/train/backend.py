"""What runs the steps: NumPy, or machine code on one or more threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainrule.compile.program import Compiled, Program
from chainrule.compile.target import host
from chainrule.compile.threads import available
from chainrule.cost import Cost, cost
from chainrule.evaluate import program
from chainrule.graph import Graph
from chainrule.lookup import find
from chainrule.train.epoch import Epoch, numpy_epoch
from chainrule.train.native import native_epoch


#: What `fit` may be asked for.
BACKENDS = {
    "auto": "machine code where NumPy would need more than a second; decided from sizes alone",
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

    name     "native" or "numpy"
    threads  how many work together
    """

    name: str
    threads: int

    def __str__(self) -> str:
        if self.name == "numpy":
            return "NumPy"
        return f"machine code, {self.threads} thread{'s' if self.threads > 1 else ''}"

    def epoch(self, step: Graph) -> Epoch:
        """Epochs of a training step."""
        return numpy_epoch(step) if self.name == "numpy" else native_epoch(step, self.threads)

    def function(self, graph: Graph) -> Callable[..., Any]:
        """A graph made ready to be called many times."""
        if self.name == "numpy":
            return program(graph)
        return Compiled(Program(graph, host()), self.threads)


def backend(name: str, threads: int | None, step: Graph, batch: int, steps: int) -> Backend:
    """The backend for so many steps with batches of this size, and its threads.

    threads  None: as many as this process may use and the size of a step keeps busy
    ValueError for an unknown name or a number of threads below 1.
    """
    find(BACKENDS, "backend", name)
    if threads is not None and threads < 1:
        raise ValueError(f"fit: threads is {threads}; expected a whole number from 1, or None")
    found = cost(step, batch)
    if name == "auto":
        is_short = steps * numpy_seconds(found, len(step.nodes)) < _PATIENCE
        name = "numpy" if is_short or not is_compilable(step) else "native"
    if name == "numpy":
        return Backend(name, 1)
    return Backend(name, threads_for(found) if threads is None else threads)


def numpy_seconds(found: Cost, nodes: int) -> float:
    """About how long NumPy needs for one step."""
    numbers = found.elementwise + found.reduced
    return nodes * _PER_NODE + found.multiply_adds * _PER_MULTIPLY_ADD + numbers * _PER_NUMBER


def threads_for(found: Cost) -> int:
    """How many threads a step keeps busy, of those that this process may use."""
    return max(1, min(available(), found.total // _PER_THREAD))


def is_compilable(graph: Graph) -> bool:
    """Whether all operations of a graph have code."""
    primitives = [node.primitive for node in graph.nodes if node.primitive is not None]
    return all(one.code is not None or one.emit.name == "CONTRACT" for one in primitives)
