"""A graph on its way to native code, and that code, which can be called like the graph."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from chainrule import tree
from chainrule.compile.build import Library, library
from chainrule.compile.code import Module
from chainrule.compile.emit import private_bytes, write_step
from chainrule.compile.gemm import scratch_bytes, write_gemm
from chainrule.compile.memory import Plan, plan
from chainrule.compile.prepare import prepare
from chainrule.compile.schedule import schedule
from chainrule.compile.tables import Tables, address
from chainrule.compile.target import Target
from chainrule.compile.threads import Team, write_barrier, yield_address
from chainrule.graph import Graph
from chainrule.node import Fold
from chainrule.types import BATCH


#: The types of what the code of a step is called with: table, rows, thread, threads.
SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


@dataclass(frozen=True)
class Stages:
    """The text of every stage on the way from a graph to machine code.

    graph     as it was given, simplified
    schedule  loop nests, what each computes, and where values go
    buffers   the memory plan
    """

    program: Program

    @property
    def graph(self) -> str:
        """The graph that is compiled."""
        return str(self.program.plan.schedule.graph)

    @property
    def schedule(self) -> str:
        """The loop nests, in order."""
        return str(self.program.plan.schedule)

    @property
    def buffers(self) -> str:
        """The memory that values go to."""
        return str(self.program.plan)

    @property
    def ir(self) -> str:
        """LLVM IR, as it is written."""
        return self.program.write()

    @property
    def assembly(self) -> str:
        """Machine code, as text."""
        return self.program.library.assembly

    def __str__(self) -> str:
        return "\n\n".join(
            f"# {name}\n{text}"
            for name, text in (
                ("graph", self.graph),
                ("schedule", self.schedule),
                ("buffers", self.buffers),
                ("LLVM IR", self.ir),
                ("assembly", self.assembly),
            )
        )


@dataclass(frozen=True, eq=False)
class Program:
    """A graph on its way to machine code; each stage is made when it is asked for.

    graph    what is computed
    target   the processor
    donated  output -> the input whose memory it takes over
    """

    graph: Graph
    target: Target
    donated: dict[int, int] = field(default_factory=dict)

    @functools.cached_property
    def plan(self) -> Plan:
        """Loop nests and memory."""
        return plan(schedule(prepare(self.graph), self.donated))

    def write(self) -> str:
        """The LLVM IR of the step."""
        module = module_for(self.target)
        write_step(module, self.plan, self.target, self.gemm_bytes)
        return str(module)

    @property
    def gemm_bytes(self) -> int:
        """Scratch memory of a thread for matrix products."""
        return max(scratch_bytes(self.target, dtype) for dtype in ("float32", "float64"))

    @functools.cached_property
    def library(self) -> Library:
        """The machine code."""
        return self.built("step", self.write)

    def built(self, what: str, write: Callable[[], str]) -> Library:
        """The machine code of LLVM IR that says what to do with the graph.

        what  tells such texts for one graph apart
        """
        # The code holds places of the table: what gives them out belongs to what the code is.
        found = _told(self.plan.schedule.graph)
        content = f"{what} {found} {self.donated} {self.plan.schedule} {self.plan.places}"
        if not _is_ours(self.graph):
            # The hash holds the name of an operation, not what its code does.
            text = write()
            content, write = hashlib.sha256(text.encode()).hexdigest(), lambda: text
        return library(content, write, self.target, imports(self.plan, self.target))

    def tables(self, rows: int, threads: int) -> Tables:
        """Memory for at most so many rows."""
        private = private_bytes(self.plan, self.gemm_bytes).at(rows)
        return Tables(self.plan, rows, threads, private)


def _told(graph: Graph) -> str:
    """All of a graph but the values of arrays, which the code finds by their addresses."""
    arrays = {node for node in graph.nodes if node.value is not None and node.value.size != 1}
    lines = [str(node.type) if node in arrays else graph.line(node) for node in graph.nodes]
    ends = [[graph.names[node] for node in nodes] for nodes in (graph.inputs, graph.outputs)]
    return f"{lines} {ends}"


def _is_ours(graph: Graph) -> bool:
    """Whether all operations of a graph are declared in this package."""
    used = {node.primitive for node in graph.nodes if node.primitive is not None}
    return all(_module_of(one.code).startswith("chainrule.") for one in used)


def _module_of(code: Any) -> str:
    """Where the code of an operation was written."""
    if isinstance(code, Fold):
        code = code.combine
    return str(code.__module__) if callable(code) else "chainrule."


def module_for(target: Target) -> Module:
    """An empty module for a processor."""
    module = Module()
    module.has_fma = target.has("fma")
    return module


@functools.cache
def runtime(target: Target, part: str) -> Library:
    """A function that graphs share, made once for a processor.

    part  "barrier", "gemm_float32" or "gemm_float64"
    """

    def write() -> str:
        module = module_for(target)
        if part == "barrier":
            write_barrier(module, target)
        else:
            write_gemm(module, target, part.removeprefix("gemm_"))
        return str(module)

    return library(
        part, write, target, {"sched_yield": yield_address()} if part == "barrier" else {}
    )


def imports(plan: Plan, target: Target) -> dict[str, Library]:
    """What the code of a graph calls: barriers between threads, matrix multiplication."""
    products = [nest.contract for nest in plan.schedule.nests if nest.contract is not None]
    parts = ["barrier", *(f"gemm_{node.type.dtype}" for node in products)]
    return {part: runtime(target, part) for part in dict.fromkeys(parts)}


class Compiled:
    """A function in machine code: called with arrays like the function it was made from.

    It may be called from several Python threads; the calls then follow one another.
    last  arrays for the last arguments, which are then left out of every call
    """

    def __init__(self, program: Program, threads: int, last: Sequence[Any] = ()) -> None:
        self.program = program
        self.threads = threads
        self.stages = Stages(program)
        graph, slots = program.graph, program.plan.slots
        buffers = sorted(program.plan.outputs, key=lambda buffer: cast(int, buffer.output))
        count = len(graph.inputs) - len(last)
        self._inputs = [(slots[x], np.dtype(x.type.dtype), x.shape) for x in graph.inputs[:count]]
        self._last = {x: np.array(a) for x, a in zip(graph.inputs[count:], last, strict=True)}
        self._outputs = [
            (slots[buffer], np.dtype(x.type.dtype), x.shape)
            for buffer, x in zip(buffers, graph.outputs, strict=True)
        ]
        self._is_flat = graph.in_tree == tree.flatten((0,) * len(graph.inputs))[1]
        self._call = SIGNATURE(program.library.address("step"))
        self._lock = threading.Lock()
        self._tables: Tables | None = None
        self._team = Team(threads) if threads > 1 else None

    @property
    def graph(self) -> Graph:
        """The graph that was compiled."""
        return self.program.graph

    def __call__(self, *args: Any) -> Any:
        """What the function gives for these arguments. TypeError or ValueError as the graph's."""
        found = self._ready(args)
        arrays, rows = self._bound(args) if found is None else found
        with self._lock:
            tables = self._tables_for(rows)
            for (slot, _, _), array in zip(self._inputs, arrays, strict=True):
                tables.tables[:, :, slot] = address(array)
            outputs: list[Any] = []
            for slot, dtype, shape in self._outputs:
                output = np.empty([rows if size is BATCH else size for size in shape], dtype)
                tables.tables[:, :, slot] = address(output)
                outputs.append(output)
            self._run(tables, rows)
        return tree.unflatten(cast(tree.Structure, self.graph.out_tree), outputs)

    def _ready(self, args: Sequence[Any]) -> tuple[Sequence[Any], int] | None:
        """The arguments and the number of rows, if all are arrays just as the code takes them."""
        if not self._is_flat or len(args) != len(self._inputs):
            return None
        rows: int | None = None
        for array, (_, dtype, shape) in zip(args, self._inputs, strict=True):
            if type(array) is not np.ndarray or array.dtype != dtype:
                return None
            if array.ndim != len(shape) or not array.flags.c_contiguous:
                return None
            for size, have in zip(shape, array.shape, strict=True):
                want = rows if size is BATCH else size
                if want is None:
                    rows = have
                elif want != have:
                    return None
        return args, rows or 0

    def _bound(self, args: Sequence[Any]) -> tuple[Sequence[Any], int]:
        """The arguments as arrays that the code takes, and the number of rows."""
        values, batch = self.graph.bind((*args, *self._last.values()))
        arrays = [values[node] for node in self.graph.inputs[: len(self._inputs)]]
        for array, (_, dtype, _) in zip(arrays, self._inputs, strict=True):
            if array.dtype != dtype:
                raise TypeError(f"compiled code takes no {array.dtype}; evaluate with NumPy")
        return arrays, 0 if batch is None else int(cast(int, batch))

    def _tables_for(self, rows: int) -> Tables:
        if self._tables is None or rows > self._tables.rows:
            self._tables = self.program.tables(rows, self.threads)
            for node, array in self._last.items():
                self._tables.put(node, array)
        return self._tables

    def _run(self, tables: Tables, rows: int) -> None:
        starts, count = tables.starts, self.threads
        if self._team is None:
            self._call(starts[0], rows, 0, 1)
        else:
            self._team.run(lambda thread: self._call(starts[thread], rows, thread, count))
        tables.check()
