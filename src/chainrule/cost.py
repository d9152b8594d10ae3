"""What a graph costs: operations counted from its structure, nothing measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.graph import Graph
from chainrule.node import Emit, Node
from chainrule.types import Shape


@dataclass(frozen=True)
class Cost:
    """Counts for one evaluation.

    multiply_adds  multiply-adds of matrix products: one a weight and row going forward (CC-01)
    elementwise    numbers made by elementwise operations
    reduced        numbers read by reductions
    """

    multiply_adds: int
    elementwise: int
    reduced: int

    @property
    def total(self) -> int:
        """All counts together, each operation as one."""
        return self.multiply_adds + self.elementwise + self.reduced


def cost(graph: Graph, batch: int = 1) -> Cost:
    """The cost of one evaluation of `graph` with `batch` rows. Views and constants cost nothing."""
    counts = {Emit.CONTRACT: 0, Emit.ELEMENTWISE: 0, Emit.REDUCE: 0}
    for node in graph.nodes:
        if node.primitive is not None and node.primitive.emit in counts:
            counts[node.primitive.emit] += _operations(node, batch)
    return Cost(counts[Emit.CONTRACT], counts[Emit.ELEMENTWISE], counts[Emit.REDUCE])


def _operations(node: Node, batch: int) -> int:
    made = _count(node.shape, batch)
    kind = node.primitive.emit if node.primitive else None
    if kind is Emit.CONTRACT:
        return made * _count(node.inputs[0].shape[-1:], batch)
    return _count(node.inputs[0].shape, batch) if kind is Emit.REDUCE else made


def _count(shape: Shape, batch: int) -> int:
    return math.prod(size if isinstance(size, int) else batch for size in shape)
