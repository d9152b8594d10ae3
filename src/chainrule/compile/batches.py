"""The samples of a batch, brought together from anywhere in memory."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from chainrule.compile.affine import elements
from chainrule.compile.code import SIZE, Code
from chainrule.compile.lanes import Lanes
from chainrule.compile.memory import Plan
from chainrule.compile.sharing import share_of
from chainrule.compile.target import Target
from chainrule.compile.writer import Number, memory_type
from chainrule.node import Node


#: Bytes that a processor fetches at once, and how many samples ahead they are asked for.
_LINE, _AHEAD = 64, 4

#: Bytes of samples that a thread takes on at once: a few microseconds.
_AT_ONCE = 32 << 10


@dataclass(frozen=True)
class Feed:
    """An input of the step that comes out of an array.

    node   the input, `(batch, ...)` or a scalar
    dtype  of the array, which may differ
    word   the place after `WORDS` of the array's address
    """

    node: Node
    dtype: str
    word: int

    @property
    def size(self) -> int:
        """Numbers of a sample."""
        return elements(self.node.shape[1:]).fixed or 0


@dataclass(eq=False)
class Batches:
    """The code that gathers batches while it is written.

    feeds  what is gathered
    """

    code: Code
    plan: Plan
    target: Target
    feeds: Sequence[Feed]

    def gather(self, step: str, rows: str, order: str, ends: Sequence[tuple[str, str]]) -> None:
        """Gather the batch of a step, in the dtype that the step takes.

        rows   how many samples there are
        order  the address of their places, int64
        ends   for each feed the address of all samples, and of the batch
        """
        code = self.code
        with self._parts(step, rows) as (first, last, end), code.loop(first, last) as row:
            sample = code.load("i64", code.at(order, "i64", row), 8)
            later = code.smaller(code.add(row, _AHEAD), code.sub(end, 1))
            ahead = code.load("i64", code.at(order, "i64", later), 8)
            for feed, (source, goal) in zip(self.feeds, ends, strict=True):
                to, size = feed.node.type.dtype, feed.size
                element = memory_type(feed.dtype, 1)
                from_ = code.at(source, element, code.mul(sample, size))
                into = code.at(goal, memory_type(to, 1), code.mul(row, size))
                self._fetch(code.at(source, element, code.mul(ahead, size)), size, feed.dtype)
                self._copy_row(from_, feed.dtype, into, to, size)

    def forget(self, step: str) -> None:
        """Forget, once all threads have met, what this one had begun for a step."""
        self.code.store("i64", "0", self._begun(step, "%thread"), 8)

    @contextmanager
    def _parts(self, step: str, rows: str) -> Generator[tuple[str, str, str]]:
        """What is written inside runs for some samples of the batch after the others.

        Gives the first of them, the one after the last, and the end of the share in which they lie.
        A thread takes them from its own share, then from those of others what they have not begun.
        """
        code, many = self.code, self._at_once()
        turn, *bounds = (code.slot("i64", 8) for _ in range(4))

        def note(*values: Number) -> None:
            for slot, value in zip(bounds, values, strict=True):
                code.store("i64", str(value), slot, 8)

        hints = ("take", "begun", "next", "work", "gathered")
        take, begun, other, work, done = map(code.new_label, hints)
        note(0, rows, rows)
        code.store("i64", "0", turn, 8)
        alone = code.get("icmp eq i64 %threads, 1")
        code.branch(alone, work, take)
        code.begin(take)
        now = code.load("i64", turn, 8)
        whose = code.rem(code.add("%thread", now), "%threads")
        start, end = share_of(code, whose, rows)
        before = code.get(f"atomicrmw add ptr {self._begun(step, whose)}, i64 {many} monotonic")
        first = code.add(start, before)
        code.branch(code.get(f"icmp slt i64 {first}, {end}"), begun, other)
        code.begin(other)
        following = code.add(now, 1)
        code.store("i64", str(following), turn, 8)
        code.branch(code.get(f"icmp slt i64 {following}, %threads"), take, done)
        code.begin(begun)
        note(first, code.smaller(code.add(first, many), end), end)
        code.jump(work)
        code.begin(work)
        first, last, end = (code.load("i64", slot, 8) for slot in bounds)
        yield first, last, end
        code.branch(alone, done, take)
        code.begin(done)

    def _at_once(self) -> int:
        """How many samples a thread takes on at once."""
        sizes = (feed.size * SIZE[feed.dtype] for feed in self.feeds)
        return max(1, _AT_ONCE // max(1, sum(sizes)))

    def _begun(self, step: str, thread: Number) -> str:
        """The word that tells how many samples of a thread's share are begun for a step."""
        turn = self.code.mul(self.code.get(f"and i64 {step}, 1"), "%threads")
        entry = self.code.at("%table", "ptr", self.plan.begun)
        words = self.code.load("ptr", entry, 8)
        line = self.code.mul(self.code.add(turn, thread), _LINE)
        return self.code.at(words, "i8", line)

    def _fetch(self, pointer: str, size: int, dtype: str) -> None:
        """Ask for a row that is copied soon: samples lie anywhere, far from the processor."""
        bytes = size * SIZE[dtype]
        if bytes < 4 * _LINE:
            return
        with self.code.loop(0, bytes, _LINE) as place:
            line = self.code.at(pointer, "i8", place)
            hints = (("i32", "0"), ("i32", "2"), ("i32", "1"))  # to read, into the second cache
            self.code.call("llvm.prefetch.p0", "void", ("ptr", line), *hints)

    def _copy_row(self, source: str, dtype: str, goal: str, to: str, size: int) -> None:
        """A row of numbers, converted: vectors of neighbours, then the rest one by one."""
        code, width = self.code, self.target.lanes("float32")
        full = size - size % width
        if full:
            with code.loop(0, full, width) as place:
                self._copy_some(source, dtype, goal, to, place, width)
        left, at = size - full, full
        while left:
            some = 1 << (left.bit_length() - 1)
            self._copy_some(source, dtype, goal, to, at, some)
            left, at = left - some, at + some

    def _copy_some(
        self, source: str, dtype: str, goal: str, to: str, place: str | int, width: int
    ) -> None:
        code = self.code
        kind = memory_type(dtype, width)
        found = code.load(kind, code.at(source, memory_type(dtype, 1), place), SIZE[dtype])
        as_read = "uint8" if dtype == "bool" else dtype
        value = Lanes(code, found, as_read, width).cast(to)
        stored = value.cast("uint8") if to == "bool" else value
        code.store(stored.type, stored.value, code.at(goal, memory_type(to, 1), place), SIZE[to])
