"""Reductions over rows: each block of rows leaves its part, and a later nest adds up the parts.

Blocks are the same for any number of threads, so every sum is made in one order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from chainrule.compile.affine import count
from chainrule.compile.code import number
from chainrule.compile.folds import fold_of
from chainrule.compile.lanes import Lanes
from chainrule.compile.nests import Buffer
from chainrule.compile.slots import Slots, masked
from chainrule.compile.views import core
from chainrule.compile.writer import Number, Point, Writer
from chainrule.node import Node


#: Writes the code for every vector of a row: gives the name of each and the point.
Points: TypeAlias = Callable[[], Iterable[tuple[int, Point]]]


@dataclass(eq=False)
class Sums:
    """The reductions over rows of one nest.

    whole  whether all vectors of a row have registers of their own
    block  the block of rows that is being written
    """

    writer: Writer
    slots: Slots
    whole: bool
    block: Number = 0

    def begin(self, block: Number, points: Points) -> None:
        """Before the rows of a block."""
        self.block = block
        for sink in self.writer.nest.sinks:
            dtype = sink.inputs[0].type.dtype
            start = fold_of(sink).start(dtype)
            if not core(sink.shape):
                widths = {1} if is_of_rows(sink, self.writer) else {self.writer.lanes, 1}
                for width in widths:
                    self.slots.set((sink, width), number(start, dtype, width), dtype, width)
                continue
            for key, point in points():
                value = Lanes(
                    self.writer.code, number(start, dtype, point.width), dtype, point.width
                )
                if self.whole:
                    self.slots.set((sink, key), value.value, dtype, point.width)
                else:
                    pointer, at = self._part(sink, point)
                    self.writer.store_lanes(value, pointer, at, point)

    def _part(self, sink: Node, point: Point) -> tuple[str, Number]:
        """Where the part of a sum lies that belongs to the block and to this column."""
        columns = self.writer.count(count(self.writer.nest.space[-1]))
        at = self.writer.code.add(self.writer.code.mul(self.block, columns), point.counters[-1])
        return self.writer.pointer(self.writer.schedule.parts[sink]), at

    def add(self, sink: Node, value: Lanes, point: Point) -> None:
        """Neighbours in a row of the block, or the one value of a row."""
        combine = fold_of(sink).combine
        if not core(sink.shape):
            so_far = self.slots.get((sink, point.width), value.dtype, point.width)
            self.slots.put((sink, point.width), masked(combine(so_far, value), so_far, point))
            return
        if self.whole:
            key = (sink, point.counters[-1])
            self.slots.put(key, combine(self.slots.get(key, value.dtype, point.width), value))
            return
        pointer, at = self._part(sink, point)
        so_far = self.writer.load_lanes(pointer, value.dtype, at, point)
        self.writer.store_lanes(combine(so_far, value), pointer, at, point)

    def end(self, points: Points) -> None:
        """After the rows of a block: its part is written."""
        for sink in self.writer.nest.sinks:
            dtype, combine = sink.inputs[0].type.dtype, fold_of(sink).combine
            if not core(sink.shape):
                value = self.slots.get((sink, 1), dtype, 1)
                if not is_of_rows(sink, self.writer) and self.writer.lanes > 1:
                    wide = self.slots.get((sink, self.writer.lanes), dtype, self.writer.lanes)
                    value = combine(wide.fold(combine), value)
                pointer = self.writer.pointer(self.writer.schedule.parts[sink])
                self.writer.store_lanes(value, pointer, self.block, Point((0,)))
            elif self.whole:
                for key, point in points():
                    pointer, at = self._part(sink, point)
                    value = self.slots.get((sink, key), dtype, point.width)
                    self.writer.store_lanes(value, pointer, at, point)


def is_of_rows(sink: Node, writer: Writer) -> bool:
    """Whether a reduction is of values that each row has one of."""
    return core(sink.inputs[0].shape) != writer.nest.space


def add_up(writer: Writer, node: Node, parts: Buffer, columns: Number, point: Point) -> Lanes:
    """The parts of a reduction that an earlier nest left, combined in order."""
    code, fold = writer.code, fold_of(node)
    dtype = node.type.dtype
    start = Lanes(code, number(fold.start(dtype), dtype, point.width), dtype, point.width)
    slot = code.slot(start.type)
    code.store(start.type, start.value, slot, 64)
    pointer = writer.pointer(parts)
    with code.loop(0, writer.parts_of(node)) as part:
        column: Number = point.counters[-1] if columns != 1 else 0
        at = code.add(code.mul(part, columns), column)
        value = writer.load_lanes(pointer, dtype, at, point)
        so_far = start.like(code.load(start.type, slot, 64))
        code.store(start.type, fold.combine(so_far, value).value, slot, 64)
    return start.like(code.load(start.type, slot, 64))
