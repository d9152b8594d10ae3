"""Many steps as one native call: batches gathered by index, the step run, its values noted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chainrule.compile.affine import elements
from chainrule.compile.batches import Batches, Feed
from chainrule.compile.code import SIZE, Code, Module
from chainrule.compile.emit import meet
from chainrule.compile.lanes import Lanes
from chainrule.compile.memory import Plan
from chainrule.compile.nests import Buffer
from chainrule.compile.sharing import share
from chainrule.compile.target import Target
from chainrule.compile.writer import memory_type
from chainrule.node import Node


#: What the code of an epoch reads, each 8 bytes, in this order. `length` is the number of samples
#: of a pass, `steps` that of its steps; `order` holds places of samples (int64), pass after pass;
#: `values` is written (float64); `stop` asks for an end before the next step; `done` is the step
#: before which the code ended.
WORDS = (
    "first",
    "last",
    "batch",
    "length",
    "steps",
    "order",
    "values",
    "stop",
    "done",
)

#: Where among the flags the word lies that tells all threads to stop; that for odd steps lies as
#: far after it: each in a cache line of its own.
HALT = 16

#: What the code of an epoch is called with.
ARGUMENTS = (("ptr", "table"), ("ptr", "run"), ("i64", "thread"), ("i64", "threads"))


@dataclass(frozen=True)
class Layout:
    """Which inputs and outputs of a step an epoch looks after.

    feeds    inputs that are gathered
    numbers  inputs that are one number, another for every step: read from arrays `(steps,)`
    value    the output whose value is noted for every step
    copied   output -> input, where a step leaves its result apart: copied after every step
    """

    feeds: tuple[Feed, ...]
    numbers: tuple[Feed, ...]
    value: int
    copied: Mapping[int, int]


@dataclass(eq=False)
class _Epoch:
    """The code of an epoch while it is written."""

    code: Code
    plan: Plan
    target: Target
    layout: Layout

    def word(self, place: int) -> str:
        """The address of one of the words that the epoch is called with."""
        return self.code.at("%run", "i64", place)

    def read(self, name: str) -> str:
        """The value of a word."""
        return self.code.load("i64", self.word(WORDS.index(name)), 8)

    def pointer(self, thing: Node | Buffer | int) -> str:
        """The address of something in the table."""
        place = thing if isinstance(thing, int) else self.plan.slots[thing]
        return self.code.load("ptr", self.code.at("%table", "ptr", place), 8)

    def only_first(self) -> str:
        """Whether this is the first thread."""
        return self.code.get("icmp eq i64 %thread, 0")

    # ---- one step --------------------------------------------------------------------------------

    def write(self) -> None:
        """Every step from `first` to before `last`.

        Threads that have done their part of a step gather the next batch into a second buffer: one
        meeting serves both. Who comes late finds less to gather.
        """
        code = self.code
        first, last, batch = map(self.read, ("first", "last", "batch"))
        after = code.new_label("after")
        self._gather(first, self._rows(first, batch))
        meet(code, self.pointer(self.plan.barrier))
        with code.loop(first, last) as step:
            self._settle(step)
            self._batches.forget(step)
            table = self._table(step)
            operands = (("ptr", table), ("i64", self._rows(step, batch)))
            code.call("step", "void", *operands, ("i64", "%thread"), ("i64", "%threads"))
            following = str(code.add(step, 1))
            with code.when(code.get(f"icmp slt i64 {following}, {last}")):
                self._gather(following, self._rows(following, batch))
            if self.layout.copied:
                meet(code, self.pointer(self.plan.barrier))
                self._copy_back()
            self._tell(step)
            meet(code, self.pointer(self.plan.barrier))
            value = self._note(step)
            size = code.call("llvm.fabs.f64", "double", ("double", value))
            infinite = code.get(f"fcmp uge double {size}, 0x7FF0000000000000")
            self._leave_if(infinite, following, after)
            halt = code.load("i64", self._halt(step), 8)
            self._leave_if(code.get(f"icmp ne i64 {halt}, 0"), following, after)
        code.store("i64", last, self.word(WORDS.index("done")), 8)
        code.jump(after)
        code.begin(after)
        code.do("ret void")

    def _place(self, step: str, batch: str) -> tuple[str | int, str | int]:
        """Where a pass begins in `order`, and where in the pass a step begins."""
        code, steps = self.code, self.read("steps")
        begin = code.mul(code.div(step, steps), self.read("length"))
        return begin, code.mul(code.rem(step, steps), batch)

    def _rows(self, step: str, batch: str) -> str:
        """How many samples a step takes."""
        _, inside = self._place(step, batch)
        return str(self.code.smaller(self.code.sub(self.read("length"), inside), batch))

    def _table(self, step: str) -> str:
        """The table of a step: odd steps have one of their own, with other buffers for batches."""
        odd = self.code.get(f"and i64 {step}, 1")
        return self.code.at("%table", "ptr", self.code.mul(odd, self.plan.size))

    def _settle(self, step: str) -> None:
        """The numbers of this step, for every thread its own."""
        code = self.code
        for feed in self.layout.numbers:
            kind, size = memory_type(feed.dtype, 1), SIZE[feed.dtype]
            array = code.load("ptr", self.word(len(WORDS) + feed.word), 8)
            value = code.load(kind, code.at(array, kind, step), size)
            code.store(kind, value, self.pointer(feed.node), size)

    def _tell(self, step: str) -> None:
        """The first thread tells the others whether to stop."""
        code = self.code
        with code.when(self.only_first()):
            stop = code.get(f"load volatile i64, ptr {self.word(WORDS.index('stop'))}, align 8")
            code.store("i64", stop, self._halt(step), 8)

    def _halt(self, step: str) -> str:
        """The word that tells of a stop: two in turn, for one may still be read."""
        turn = self.code.mul(self.code.get(f"and i64 {step}, 1"), HALT)
        return self.code.at(self.pointer(self.plan.flags), "i64", self.code.add(turn, HALT))

    def _array(self, name: str) -> str:
        return self.code.load("ptr", self.word(WORDS.index(name)), 8)

    def _leave_if(self, condition: str, step: str, after: str) -> None:
        """End the epoch, noting before which step."""
        code = self.code
        leave, stay = code.new_label("leave"), code.new_label("stay")
        code.branch(condition, leave, stay)
        code.begin(leave)
        code.store("i64", step, self.word(WORDS.index("done")), 8)
        code.jump(after)
        code.begin(stay)

    def _note(self, step: str) -> str:
        """The value of the objective, written down by the first thread."""
        code, plan = self.code, self.plan
        buffer = next(b for b in plan.outputs if b.output == self.layout.value)
        kind = memory_type(buffer.dtype, 1)
        value = code.load(kind, self.pointer(buffer), SIZE[buffer.dtype])
        value = Lanes(code, value, buffer.dtype, 1).cast("float64").value
        with code.when(self.only_first()):
            code.store("double", value, code.at(self._array("values"), "double", step), 8)
        return value

    def _copy_back(self) -> None:
        """Results that a step leaves apart become the arguments of the next."""
        code, plan = self.code, self.plan
        for output, source in self.layout.copied.items():
            buffer = next(b for b in plan.outputs if b.output == output)
            node = plan.schedule.graph.inputs[source]
            kind = memory_type(buffer.dtype, 1)
            start, stop = share(self.code, str(elements(node.shape).fixed))
            given, taken = self.pointer(buffer), self.pointer(node)
            with code.loop(start, stop) as place:
                value = code.load(kind, code.at(given, kind, place), SIZE[buffer.dtype])
                code.store(kind, value, code.at(taken, kind, place), SIZE[buffer.dtype])

    # ---- gathering -------------------------------------------------------------------------------

    def _gather(self, step: str, rows: str) -> None:
        """The samples of a batch, brought together in the dtype that the step takes."""
        code = self.code
        table = self._table(step)
        begin = code.add(*self._place(step, self.read("batch")))
        order = code.at(self._array("order"), "i64", begin)
        ends: list[tuple[str, str]] = []
        for feed in self.layout.feeds:
            source = code.load("ptr", self.word(len(WORDS) + feed.word), 8)
            goal = code.load("ptr", code.at(table, "ptr", self.plan.slots[feed.node]), 8)
            ends.append((source, goal))
        self._batches.gather(step, rows, order, ends)

    @property
    def _batches(self) -> Batches:
        return Batches(self.code, self.plan, self.target, self.layout.feeds)


def write_epoch(module: Module, plan: Plan, target: Target, layout: Layout) -> None:
    """Add the function `epoch`, which runs many steps; `step` must be there already.

    It ends early before a step when word `stop` is not 0, and after one whose value is not finite.
    """
    code = module.function("epoch", ARGUMENTS)
    _Epoch(code, plan, target, layout).write()
