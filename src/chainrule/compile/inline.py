"""Matrix products that are small: an element of theirs is a short sum, written where it is needed.

A sum of eight terms or more is made of four, each of every fourth term, for an addition has to wait
for the one before.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chainrule.compile.affine import count
from chainrule.compile.code import number
from chainrule.compile.lanes import Lanes, zeros
from chainrule.compile.products import SHORT
from chainrule.compile.views import Source
from chainrule.compile.writer import Number, Point, Writer
from chainrule.node import Node


@dataclass(eq=False)
class Inline:
    """The elements of a small product.

    right  vectors of the right-hand matrix that are read once, before the loop over rows: by their
           row and by the number of the first column
    """

    writer: Writer
    contract: Node
    right: dict[tuple[int, int], Lanes] = field(default_factory=dict)

    def prepare(self, points: list[tuple[int, Point]]) -> None:
        """Read the right-hand matrix, for all vectors of a row."""
        depth = self.contract.inputs[0].shape[1]
        for key, point in points:
            for term in range(int(depth)):  # pyright: ignore[reportArgumentType]
                self.right[term, key] = self._right(term, point)

    def value(self, point: Point, key: int | None) -> Lanes:
        """Neighbours in the product."""
        code, dtype = self.writer.code, self.contract.type.dtype
        depth = self.contract.inputs[0].shape[1]
        total = zeros(code, dtype, point.width)
        if isinstance(depth, int) and depth <= SHORT:
            chains = [total] * (4 if depth >= 8 else 1)
            for term in range(depth):
                known = self.right.get((term, -1 if key is None else key))
                right = self._right(term, point) if known is None else known
                chain = term % len(chains)
                chains[chain] = self._left(term, point).fma(right, chains[chain])
            while len(chains) > 1:
                chains = [chains[i] + chains[i + 1] for i in range(0, len(chains), 2)]
            return chains[0]
        slot = code.slot(total.type)
        code.store(total.type, total.value, slot, 64)
        with code.loop(0, self.writer.count(count(depth))) as term:
            so_far = total.like(code.load(total.type, slot, 64))
            added = self._left(term, point).fma(self._right(term, point), so_far)
            code.store(total.type, added.value, slot, 64)
        return total.like(code.load(total.type, slot, 64))

    def _left(self, term: Number, point: Point) -> Lanes:
        (left, _) = self.writer.operands(self.contract)
        is_column = self.contract.shape[1] == 1
        row = self._counter(0, point)
        return self._read(left, (row, term), 0 if is_column else None, point)

    def _right(self, term: Number, point: Point) -> Lanes:
        (_, right) = self.writer.operands(self.contract)
        is_column = self.contract.shape[1] == 1
        column = self._counter(1, point)
        return self._read(right, (term, column), None if is_column else 1, point)

    def _counter(self, axis: int, point: Point) -> Number:
        """The row or the column of the product where the code stands."""
        if self.contract.shape[axis] == 1:
            return 0
        return point.counters[axis if len(point.counters) > 1 else 0]

    def _read(
        self, found: Source, index: tuple[Number, Number], along: int | None, point: Point
    ) -> Lanes:
        """An element in every lane, or neighbours along one axis of the matrix."""
        writer, dtype = self.writer, self.contract.type.dtype
        if found.node.value is not None and found.node.value.size == 1:
            return Lanes(
                writer.code, number(found.node.value.item(), dtype, point.width), dtype, point.width
            )
        pointer = writer.pointer(writer.where(found.node))
        at = writer.place(found.place, index)
        step = found.place.step(along) if along is not None and point.width > 1 else 0
        if step == 0:
            return writer.load_number(pointer, dtype, at).splat(point.width)
        if step == 1:
            return writer.load_lanes(pointer, dtype, at, point)
        return writer.load_apart(pointer, dtype, writer.along(at, step, point.width), point)
