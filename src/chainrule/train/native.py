"""Epochs in machine code."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from chainrule import tree
from chainrule.compile.batches import Feed
from chainrule.compile.code import SIZE
from chainrule.compile.emit import write_step
from chainrule.compile.epoch import HALT, WORDS, Layout, write_epoch
from chainrule.compile.hoist import hoist
from chainrule.compile.program import Compiled, Program, module_for
from chainrule.compile.tables import Pool, Tables, address
from chainrule.compile.target import host
from chainrule.compile.threads import Team
from chainrule.graph import Graph
from chainrule.train.epoch import Epoch, Plan, Position
from chainrule.train.rows import Rows
from chainrule.types import ArrayType


_SIGNATURE = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64
)

#: The dtypes that machine code reads. NumPy takes longer for the name of one than a step lasts.
_READABLE = {np.dtype(name): name for name in SIZE}

#: Seconds that machine code runs before Python looks for signals.
_AT_A_TIME = 0.1

#: Samples that are brought together at once where machine code cannot read them as they lie.
_TOGETHER = 8_192


def native_epoch(step: Graph, threads: int) -> Epoch:
    """Epochs of the training step `step`, in machine code, on so many threads.

    Every number of threads gives the same bits.
    """
    runners: dict[tuple[str, ...], _Runner] = {}
    team = Team(threads)

    def epoch(position: Position, rows: Rows, plan: Plan) -> tuple[Position, Any]:
        found = [np.zeros(0)]
        for arrays, part in _parts(rows, plan):
            dtypes = tuple(_READABLE[array.dtype] for array in arrays)
            if dtypes not in runners:
                runners[dtypes] = _Runner(step, dtypes, threads, team)
            position, values = runners[dtypes].run(position, arrays, part)
            found.append(values)
            if not np.all(np.isfinite(values)):
                break
        return position, np.concatenate(found)

    return epoch


def _parts(rows: Rows, plan: Plan) -> Iterator[tuple[list[Any], Plan]]:
    """The plan, part by part, and for each part arrays that machine code can read: in one part the
    arrays as they lie where it can, else the samples that some steps take, brought together.
    """
    given = ((rows.x, rows.types.x), (rows.y, rows.types.y), (rows.weights, rows.types.weights))
    arrays = [_readable(array, type) for array, type in given if array is not None]
    if all(array is not None for array in arrays):
        order = plan.order if rows.places is None else rows.places[plan.order]
        yield arrays, replace(plan, order=np.ascontiguousarray(order, np.int64))
        return
    steps, a_pass = max(1, _TOGETHER // plan.batch_size), len(plan.rates) // plan.passes
    starts, sizes = plan.starts, plan.sizes
    for begin in range(0, len(plan.rates), a_pass):
        for first in range(begin, begin + a_pass, steps):
            last = min(first + steps, begin + a_pass) - 1
            order = plan.order[starts[first] : starts[last] + sizes[last]]
            together = [np.ascontiguousarray(a) for a in rows.take(order) if a is not None]
            rates = plan.rates[first : last + 1]
            yield together, replace(plan, order=np.arange(len(order)), rates=rates, passes=1)


def _readable(array: Any, type: ArrayType | None) -> Any:
    """An array of samples as machine code can read it, or None if that is not worth a whole copy.

    One number a sample always is: the copy is no larger than the order of the samples.
    """
    if array.dtype in _READABLE and array.flags.c_contiguous and array.flags.aligned:
        return array
    return np.ascontiguousarray(array, type and type.dtype) if array.ndim == 1 else None


class _Runner:
    """The machine code of one step, for samples of certain dtypes, and its memory."""

    def __init__(self, step: Graph, dtypes: Sequence[str], threads: int, team: Team) -> None:
        leaves = len(step.inputs)
        many = len(dtypes)
        rate, number, self._key = step.inputs[leaves - many - 3 : leaves - many]
        feeds = zip(step.inputs[leaves - many :], dtypes, range(many), strict=True)
        hoisted = hoist(step, (rate, number))
        graph = hoisted.step
        self._before = Compiled(Program(hoisted.before, host()), 1)
        numbers = [
            Feed(node, node.type.dtype, many + place) for place, node in enumerate(hoisted.numbers)
        ]
        self._kept = list(range(leaves - many - 3))  # parameters and state, in and out
        # What a step hands on as it is, such as the settings of a rule, stays where it lies.
        changed = [place for place in self._kept if graph.outputs[place] is not graph.inputs[place]]
        outputs = (*(graph.outputs[place] for place in changed), graph.outputs[-1])
        self._changed = dict(enumerate(changed))  # output -> place
        self._program = Program(
            Graph(graph.inputs, outputs, graph.in_tree), host(), dict(self._changed)
        )
        donated = self._program.plan.schedule.donated
        self._layout = Layout(
            tuple(Feed(*feed) for feed in feeds),
            tuple(numbers),
            len(changed),
            {output: place for output, place in self._changed.items() if output not in donated},
        )
        self._threads, self._team = threads, team
        self._tables: Tables | None = None
        self._pool = Pool()
        self._routes = self._arrays_of()
        self._own: list[Any] = []
        self._some = 1  # steps that machine code runs before Python looks for signals
        self._library = self._build(dtypes)
        self._call = _SIGNATURE(self._library.address("epoch"))

    def _arrays_of(self) -> dict[int, int]:
        """Places in the table, and which array each leads to: of the state, or the key after it."""
        plan, graph = self._program.plan, self._program.graph
        found = {plan.slots[graph.inputs[place]]: place for place in self._kept}
        for buffer in plan.outputs:
            if buffer.output in plan.schedule.donated:
                found[plan.slots[buffer]] = self._changed[cast(int, buffer.output)]
        return {**found, plan.slots[self._key]: len(self._kept)}

    def _build(self, dtypes: Sequence[str]) -> Any:
        program = self._program

        def write() -> str:
            module = module_for(program.target)
            write_step(module, program.plan, program.target, program.gemm_bytes)
            write_epoch(module, program.plan, program.target, self._layout)
            return str(module)

        return program.built(f"epoch {' '.join(dtypes)}", write)

    def run(self, position: Position, arrays: Sequence[Any], plan: Plan) -> tuple[Position, Any]:
        """All steps of a plan. IndexError where a step takes what is not there."""
        leaves, structure = tree.flatten((position.parameters, position.state))
        state = [self._pool.copy(leaf) for leaf in leaves]
        tables = self._settled(plan, state)
        steps = len(plan.rates)
        rates = np.ascontiguousarray(plan.rates, np.float64)
        numbers = self._before(rates, position.step + np.arange(1.0, steps + 1.0))
        values = np.zeros(steps)
        arrays = [*arrays, *numbers]
        run = np.zeros(len(WORDS) + len(arrays), np.int64)
        at = {name: place for place, name in enumerate(WORDS)}
        run[at["batch"]], run[at["length"]] = plan.batch_size, plan.length
        run[at["steps"]] = steps // plan.passes
        for name, array in (("order", plan.order), ("values", values)):
            run[at[name]] = address(array)
        run[len(WORDS) :] = [address(array) for array in arrays]
        done, last = 0, False
        while done < steps and not last:
            run[at["first"]], run[at["last"]] = done, min(done + self._some, steps)
            start = time.perf_counter()
            tables.flags[HALT:] = tables.begun[:] = 0
            self._go(tables, run, at["stop"])
            tables.check()
            taken = time.perf_counter() - start
            done = int(run[at["done"]])
            last = done < run[at["last"]] or not np.isfinite(values[done - 1])
            many = int((done - run[at["first"]]) * _AT_A_TIME / max(taken, 1e-9))
            self._some = max(1, min(4 * self._some, many))
        parameters, kept = tree.unflatten(structure, state)
        return Position(parameters, kept, position.step + done), values[:done]

    def _settled(self, plan: Plan, state: Sequence[Any]) -> Tables:
        """Memory for batches of this size, with the addresses of parameters and state in it."""
        program = self._program
        rows = min(plan.batch_size, plan.length)
        if self._tables is None or rows > self._tables.rows:
            self._tables = program.tables(rows, self._threads)
            self._give_rooms(self._tables, rows)
        tables = self._tables
        key = np.ascontiguousarray(plan.key, np.uint32)
        addresses = [address(array) for array in (*state, key)]
        tables.tables[:, :, list(self._routes)] = [addresses[n] for n in self._routes.values()]
        self._own = [key]
        return tables

    def _give_rooms(self, tables: Tables, rows: int) -> None:
        """Memory for batches, for the numbers of a step, and for results that are left apart."""
        plan, donated = self._program.plan, self._program.plan.schedule.donated
        for feed in self._layout.feeds:
            size = feed.size * rows
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
        starts, words, count = tables.starts, address(run), self._threads
        if count == 1:
            self._call(starts[0], words, 0, 1)
            return

        def halt() -> None:
            run[stop] = 1

        self._team.run(lambda thread: self._call(starts[thread], words, thread, count), halt)
