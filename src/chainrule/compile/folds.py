"""Reductions along a row: vectors are combined lane by lane, the lanes at the end of the row."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.compile.code import number
from chainrule.compile.lanes import Lanes
from chainrule.compile.slots import Slots, masked
from chainrule.compile.writer import Point, Writer
from chainrule.node import Fold, Node


def fold_of(node: Node) -> Fold:
    """What a reduction does with one element after another."""
    if node.primitive is None or not isinstance(node.primitive.code, Fold):
        raise TypeError(f"compile: {node!r} has no Fold as its code, which says how to reduce")
    return node.primitive.code


@dataclass(eq=False)
class Folds:
    """The reductions of the row that is being written."""

    writer: Writer
    slots: Slots

    def begin(self, node: Node) -> None:
        """Before a row."""
        dtype = node.inputs[0].type.dtype
        for width in {self.writer.lanes, 1}:
            self.slots.set(
                (node, width), number(fold_of(node).start(dtype), dtype, width), dtype, width
            )
            if fold_of(node).position:
                self.slots.set((node, width, "place"), number(-1, "int64", width), "int64", width)

    def add(self, node: Node, value: Lanes, point: Point) -> None:
        """Neighbours in a row."""
        fold, key = fold_of(node), (node, point.width)
        so_far = self.slots.get(key, value.dtype, point.width)
        if fold.position:
            self._prefer(node, value, so_far, point)
            return
        following = fold.combine(so_far, value)
        self.slots.put(key, masked(following, so_far, point))

    def _prefer(self, node: Node, value: Lanes, best: Lanes, point: Point) -> None:
        key = (node, point.width)
        place = self.slots.get((*key, "place"), "int64", point.width)
        here = self.writer.along(point.counters[-1], 1, point.width)
        better = fold_of(node).combine(value, best) | (place < 0)
        self.slots.put(key, masked(better.where(value, best), best, point))
        self.slots.put((*key, "place"), masked(better.where(here, place), place, point))

    def end(self, node: Node) -> Lanes:
        """After a row: what it folds to."""
        fold, dtype = fold_of(node), node.inputs[0].type.dtype
        width = self.writer.lanes
        value = self.slots.get((node, width), dtype, width)
        if fold.position:
            place = self.slots.get((node, width, "place"), "int64", width)
            pairs = [(value.lane(i), place.lane(i)) for i in range(width)] if width > 1 else []
            pairs.append(
                (
                    self.slots.get((node, 1), dtype, 1),
                    self.slots.get((node, 1, "place"), "int64", 1),
                )
            )
            return self._first_of(fold, pairs)
        folded = value.fold(fold.combine)
        if self.writer.processor.masks or width == 1:
            return folded
        return fold.combine(folded, self.slots.get((node, 1), dtype, 1))

    def _first_of(self, fold: Fold, pairs: list[tuple[Lanes, Lanes]]) -> Lanes:
        """The place of the best of all lanes; of equal ones the first place."""
        value, place = pairs[0]
        for other, there in pairs[1:]:
            better = fold.combine(other, value)
            worse = fold.combine(value, other)
            earlier = ~better & ~worse & (there < place)
            chosen = (there >= 0) & (better | earlier | (place < 0))
            value, place = chosen.where(other, value), chosen.where(there, place)
        return place
