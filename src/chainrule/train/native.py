"""Epochs in machine code."""

from __future__ import annotations

import ctypes
import hashlib
import time
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from chainrule import tree
from chainrule.compile.build import library
from chainrule.compile.code import SIZE
from chainrule.compile.emit import write_step
from chainrule.compile.epoch import WORDS, Feed, Layout, write_epoch
from chainrule.compile.hoist import hoist
from chainrule.compile.program import Compiled, Program, imports, module_for
from chainrule.compile.tables import Tables, address
from chainrule.compile.target import host
from chainrule.compile.threads import Team
from chainrule.graph import Graph
from chainrule.train.epoch import Epoch, Plan, Position
from chainrule.train.rows import Rows


_SIGNATURE = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64
)

#: Seconds that machine code runs before Python looks for signals.
_AT_A_TIME = 0.1


def native_epoch(step: Graph, threads: int) -> Epoch:
    """Epochs of the training step `step`, in machine code, on so many threads.

    Every number of threads gives the same bits.
    """
    runners: dict[tuple[str, ...], _Runner] = {}
    team = Team(threads)

    def epoch(position: Position, rows: Rows, plan: Plan) -> tuple[Position, Any]:
        arrays = _arrays(rows)
        dtypes = tuple(array.dtype.name for array in arrays)
        if dtypes not in runners:
            runners[dtypes] = _Runner(step, dtypes, threads, team)
        order = plan.order if rows.places is None else rows.places[plan.order]
        return runners[dtypes].run(position, arrays, np.ascontiguousarray(order, np.int64), plan)

    return epoch


def _arrays(rows: Rows) -> list[Any]:
    """The arrays of samples in a form that machine code can read."""
    arrays = [rows.x, rows.y] + ([] if rows.weights is None else [rows.weights])
    types = [rows.types.x, rows.types.y, rows.types.weights]
    found: list[Any] = []
    for array, type in zip(arrays, types, strict=False):
        is_known = array.dtype.isnative and array.dtype.name in SIZE
        made = array if is_known else array.astype(cast(Any, type).dtype)
        found.append(np.ascontiguousarray(made))
    return found


class _Runner:
    """The machine code of one step, for samples of certain dtypes, and its memory."""

    def __init__(self, step: Graph, dtypes: Sequence[str], threads: int, team: Team) -> None:
        leaves = len(step.inputs)
        many = len(dtypes)
        rate, number, self._key = step.inputs[leaves - many - 3 : leaves - many]
        feeds = zip(step.inputs[leaves - many :], dtypes, range(many), strict=True)
        hoisted = hoist(step, (rate, number))
        self._before = Compiled(Program(hoisted.before, host()), 1)
        numbers = [
            Feed(node, node.type.dtype, many + place) for place, node in enumerate(hoisted.numbers)
        ]
        self._kept = list(range(leaves - many - 3))  # parameters and state, in and out
        self._program = Program(hoisted.step, host(), {place: place for place in self._kept})
        donated = self._program.plan.schedule.donated
        self._layout = Layout(
            tuple(Feed(*feed) for feed in feeds),
            tuple(numbers),
            len(step.outputs) - 1,
            {place: place for place in self._kept if place not in donated},
        )
        self._threads, self._team = threads, team
        self._tables: Tables | None = None
        self._own: list[Any] = []
        self._library = self._build(dtypes)
        self._call = _SIGNATURE(self._library.address("epoch"))

    def _build(self, dtypes: Sequence[str]) -> Any:
        program = self._program
        text = f"epoch {program.graph.hash} {program.donated} {dtypes}"

        def write() -> str:
            module = module_for(program.target)
            write_step(module, program.plan, program.target, program.gemm_bytes)
            write_epoch(module, program.plan, program.target, self._layout)
            return str(module)

        content = hashlib.sha256(text.encode()).hexdigest()
        return library(content, write, program.target, imports(program.plan, program.target))

    def run(
        self, position: Position, arrays: Sequence[Any], order: Any, plan: Plan
    ) -> tuple[Position, Any]:
        """All steps of a plan."""
        leaves, structure = tree.flatten((position.parameters, position.state))
        state = [np.array(leaf, order="C") for leaf in leaves]
        tables = self._settled(plan, state)
        steps = len(plan.rates)
        rates = np.ascontiguousarray(plan.rates, np.float64)
        numbers = self._before(rates, position.step + np.arange(1.0, steps + 1.0))
        values = np.zeros(steps)
        arrays = [*arrays, *numbers]
        run = np.zeros(len(WORDS) + len(arrays), np.int64)
        at = {name: place for place, name in enumerate(WORDS)}
        run[at["batch"]], run[at["samples"]] = plan.batch_size, len(order)
        for name, array in (("order", order), ("values", values)):
            run[at[name]] = address(array)
        run[len(WORDS) :] = [address(array) for array in arrays]
        done, some, last = 0, 1, False
        while done < steps and not last:
            run[at["first"]], run[at["last"]] = done, min(done + some, steps)
            start = time.perf_counter()
            self._go(tables, run, at["stop"])
            taken = time.perf_counter() - start
            done = int(run[at["done"]])
            last = done < run[at["last"]] or not np.isfinite(values[done - 1])
            some = max(1, min(2 * some, int(some * _AT_A_TIME / max(taken, 1e-9))))
        parameters, kept = tree.unflatten(structure, state)
        return Position(parameters, kept, position.step + done), values[:done]

    def _settled(self, plan: Plan, state: Sequence[Any]) -> Tables:
        """Memory for batches of this size, with the addresses of parameters and state in it."""
        program = self._program
        graph = program.graph
        if self._tables is None or plan.batch_size > self._tables.rows:
            self._tables = program.tables(plan.batch_size, self._threads)
            self._give_rooms(self._tables, plan.batch_size)
        tables = self._tables
        for place, array in zip(self._kept, state, strict=True):
            tables.put(graph.inputs[place], array)
        for buffer in program.plan.outputs:
            if buffer.output in program.plan.schedule.donated:
                tables.put(buffer, state[cast(int, buffer.output)])
        key = np.ascontiguousarray(plan.key, np.uint32)
        tables.put(self._key, key)
        self._own = [key]
        return tables

    def _give_rooms(self, tables: Tables, rows: int) -> None:
        """Memory for batches, for the numbers of a step, and for results that are left apart."""
        plan, donated = self._program.plan, self._program.plan.schedule.donated
        for feed in self._layout.feeds:
            size = int(np.prod(cast(Any, feed.node.shape[1:]), dtype=np.int64)) * rows
            for turn in (0, 1):
                block = tables.room(max(size * SIZE[feed.node.type.dtype], 64))
                tables.tables[:, turn, plan.slots[feed.node]] = address(block)
        for feed in self._layout.numbers:
            for thread in range(self._threads):
                tables.tables[thread, :, plan.slots[feed.node]] = address(tables.room(64))
        for buffer in plan.outputs:
            if buffer.output not in donated:
                tables.put(buffer, tables.room(buffer.size.at(rows) * SIZE[buffer.dtype]))

    def _go(self, tables: Tables, run: Any, stop: int) -> None:
        starts = [int(table.ctypes.data) for table in tables.tables]
        words, count = address(run), self._threads
        if count == 1:
            self._call(starts[0], words, 0, 1)
            return

        def halt() -> None:
            run[stop] = 1

        self._team.run(lambda thread: self._call(starts[thread], words, thread, count), halt)
