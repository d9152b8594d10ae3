"""What runs steps and predictions: machine code, made once for equal designs, or NumPy."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.compile.threads import available
from chainrule.cost import cost
from chainrule.graph import Graph
from chainrule.tabular.drop_in.design import Architecture, Design
from chainrule.tabular.drop_in.step import objective_and_gradient, training_step
from chainrule.train.backend import (
    Backend,
    backend,
    numpy_seconds,
    threads_for,
    without_code,
)
from chainrule.train.epoch import Epoch
from chainrule.transforms.trace import trace
from chainrule.types import BATCH, ArrayType


#: Seconds that NumPy may need for a whole fit before machine code is worth it. Out of the cache it
#: is there in 0.05 s, and made anew in 0.5.
_PATIENCE = 0.03

_AT_A_TIME = 0.005  # seconds of a call

_AT_ONCE = 4_096  # rows that are predicted together

_GRAPHS = {"lbfgs": objective_and_gradient}

_LINKS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda outputs: outputs,
    "softmax": ops.softmax,
    "logistic": ops.sigmoid,
    "exp": ops.exp,
}


@functools.lru_cache(maxsize=64)
def graph_of(design: Design) -> Graph:
    """The graph of a training step; for "lbfgs" of the objective with its gradient."""
    return _GRAPHS.get(design.solver, training_step)(design)


def choose(name: str, threads: int | None, design: Design, batch: int, steps: int) -> Backend:
    """What runs so many steps with batches of this size; from sizes alone.

    threads  None: as many as `most_threads` and a step keeps busy
    """
    graph = graph_of(design)
    found = cost(graph, batch)
    if name == "auto":
        is_short = steps * numpy_seconds(found, len(graph.nodes)) < _PATIENCE
        name = "numpy" if is_short or without_code(graph) else "native"
    if threads is None:
        threads = min(threads_for(found), most_threads(None))
    return backend(name, threads, graph, batch, steps)


def most_threads(asked: int | None) -> int:
    """How many threads there are at most: as many as are asked for, else as are free.

    OMP_NUM_THREADS bounds these, too: joblib sets it in its processes.
    """
    if asked is not None:
        return asked
    most = os.environ.get("OMP_NUM_THREADS", "")
    return min(available(), int(most)) if most.isdecimal() and int(most) else available()


def together(design: Design, batch: int, steps: int) -> int:
    """How many epochs of so many steps are worth one call: those of some milliseconds, at most."""
    graph = graph_of(design)
    seconds = numpy_seconds(cost(graph, batch), len(graph.nodes)) / 10
    return max(1, min(64 // steps, int(_AT_A_TIME / (steps * seconds))))


@contextmanager
def epochs(design: Design, chosen: Backend) -> Iterator[Epoch]:
    """Epochs of a design, for one training at a time; a later one takes the machine code over."""
    if chosen.name == "numpy":
        with _one_blas_thread():
            yield chosen.epoch(graph_of(design))
        return
    idle = _idle(design, chosen, os.getpid())
    try:
        epoch = idle.get_nowait()
    except Empty:
        epoch = chosen.epoch(graph_of(design))
    yield epoch
    idle.put(epoch)  # not after an error: its memory may be half written


@functools.lru_cache(maxsize=32)
def _idle(design: Design, chosen: Backend, process: int) -> SimpleQueue[Epoch]:
    """The epochs of a design that nobody uses. A fork of the process has none of its threads."""
    return SimpleQueue()


@contextmanager
def objective(design: Design, chosen: Backend) -> Iterator[Callable[..., Any]]:
    """The objective with its gradient, as `objective_and_gradient`."""
    with _one_blas_thread() if chosen.name == "numpy" else nullcontext():
        yield _compiled_objective(design, chosen, os.getpid())


@functools.lru_cache(maxsize=32)
def _compiled_objective(design: Design, chosen: Backend, process: int) -> Callable[..., Any]:
    return chosen.function(graph_of(design))


def _one_blas_thread() -> Any:
    """The bits of a matrix product depend on the number of BLAS threads."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="blas")


# ---- predictions ----------------------------------------------------------------------------


def predict(
    architecture: Architecture,
    parameters: dict[str, Any],
    x: Any,
    name: str,
    threads: int | None,
) -> Any:
    """What the network says of x `(rows, features)`: `(rows, outputs)`, in the network's dtype.

    x may be sparse: it is made dense 4,096 rows at a time. A row's bits depend on that row alone.
    """
    dtype = np.dtype(architecture.dtype)
    outputs = np.empty((x.shape[0], architecture.sizes[-1]), dtype)
    arrays = [np.ascontiguousarray(a, dtype) for group in _groups(parameters) for a in group]
    count = 1 if len(outputs) < _AT_ONCE else most_threads(threads)
    function = _forward(architecture, count, os.getpid()) if name != "numpy" else None
    for start in range(0, len(outputs), _AT_ONCE):
        rows = x[start : start + _AT_ONCE]
        rows = np.ascontiguousarray(rows if isinstance(rows, np.ndarray) else rows.toarray(), dtype)
        if function is None:
            found = _by_numpy(architecture, parameters, rows)
        else:
            found = function(rows, *arrays)
        outputs[start : start + _AT_ONCE] = found
    return outputs


def _by_numpy(architecture: Architecture, parameters: dict[str, Any], rows: Any) -> Any:
    """By NumPy, with a matrix product for each row: the bits of one for all depend on its rows."""
    with np.errstate(all="ignore"):
        stacked = architecture.network(parameters)(rows[:, None, :])
        return np.asarray(_LINKS[architecture.output](stacked))[:, 0, :]


@functools.lru_cache(maxsize=64)
def _forward(architecture: Architecture, threads: int, process: int) -> Callable[..., Any]:
    """(x, all parameters one after the other) -> predictions, in machine code."""
    blank = architecture.blank
    names, sizes = sorted(blank), [len(blank[name]) for name in sorted(blank)]

    def predicted(x: Any, *arrays: Any) -> Any:
        found = iter(arrays)
        groups = [[next(found) for _ in range(size)] for size in sizes]
        network = architecture.network(dict(zip(names, groups, strict=True)))
        return _LINKS[architecture.output](network(x))

    x = ArrayType((BATCH, architecture.sizes[0]), architecture.dtype)
    graph = trace(predicted, x, *[array for group in _groups(blank) for array in group])
    return Backend("native", threads).function(graph)


def _groups(parameters: dict[str, Any]) -> list[Any]:
    return [parameters[name] for name in sorted(parameters)]
