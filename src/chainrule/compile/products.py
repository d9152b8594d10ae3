"""Which matrix products are made by the shared multiplication, and which where they are needed."""

from __future__ import annotations

from chainrule.compile.nests import Nest
from chainrule.compile.views import core, whole
from chainrule.node import Node


#: The longest sum that is written out, term by term; vectors that stay in registers for it.
SHORT = 16


def is_vector_product(node: Node, kept: set[Node] | frozenset[Node]) -> bool:
    """Whether a product is one row or one column, made best where it is needed.

    Its sums are short, or neighbours in the result are made of neighbours in memory.
    """
    if len(node.shape) != 2 or len(core(node.shape)) != 1:
        return False
    depth = node.inputs[0].shape[1]
    if isinstance(depth, int) and depth <= SHORT:
        return True
    is_column = node.shape[1] == 1
    long = whole(node.inputs[0 if is_column else 1], kept)
    return long.place.step(0 if is_column else 1) == 1


def is_small(nest: Nest, lanes: int) -> bool:
    """Whether the right-hand matrix of a product fits the registers."""
    if nest.contract is None or len(nest.space) != 2:
        return False
    depth, width = nest.contract.inputs[0].shape[1], nest.contract.shape[1]
    if not isinstance(depth, int) or not isinstance(width, int):
        return False
    return depth * -(-width // lanes) <= SHORT
