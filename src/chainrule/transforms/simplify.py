"""Rewrites that make the graph smaller and leave every bit of what an operation computes as it was.

Only a matrix product may round otherwise, where a rewrite changes how an operand lies in memory.

A rewrite looks at one node whose inputs are simplified already and gives a node to put in its
place, or None. The table is all there is: to add a rewrite, add a row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph import Graph, inline
from chainrule.node import Node, constant
from chainrule.ops import PRIMITIVES, broadcast_to, negative, reshape, transpose


def spread_value(node: Node) -> Any:
    """The array of a constant, seen through broadcasts and reshapes; None for any other node."""
    while node.primitive in _SPREADING:
        node = node.inputs[0]
    return node.value


def is_number(node: Node, number: float) -> bool:
    """Whether a node is `number` in every place, with the same sign if it is 0."""
    value = spread_value(node)
    if value is None or not value.size:
        return False
    return bool(np.all((value == number) & (np.signbit(value) == np.signbit(number))))


def times_one(node: Node) -> Node | None:
    """x · 1 = 1 · x = x, and x · (-1) = (-1) · x = -x."""
    x, y = node.inputs
    for factor, other in ((x, y), (y, x)):
        if is_number(factor, 1):
            return other
        if is_number(factor, -1):
            return negative(other)
    return None


def divided_by_one(node: Node) -> Node | None:
    """x / 1 = x."""
    return node.inputs[0] if is_number(node.inputs[1], 1) else None


def minus_zero(node: Node) -> Node | None:
    """x - 0 = x. (x + 0 is not x: -0 + 0 is +0.)"""
    x, y = node.inputs
    return x if is_number(y, 0.0) else None


def twice_negative(node: Node) -> Node | None:
    """-(-x) = x."""
    (x,) = node.inputs
    return x.inputs[0] if x.primitive is node.primitive else None


def negative_number(node: Node) -> Node | None:
    """The negative of a constant number is a constant number."""
    value = spread_value(node.inputs[0])
    if value is None or value.ndim:
        return None
    return broadcast_to(constant(-value), node.shape)


def negative_product(node: Node) -> Node | None:
    """(-x) (-y) = x y, (-x) / (-y) = x / y."""
    x, y = node.inputs
    if x.primitive is negative and y.primitive is negative and node.primitive is not None:
        return node.primitive(x.inputs[0], y.inputs[0])
    return None


def twice_transposed(node: Node) -> Node | None:
    """Two transposes in a row are one, and one that keeps the order is none."""
    (x,) = node.inputs
    axes = dict(node.params)["axes"]
    if axes == tuple(range(len(axes))):
        return x
    if x.primitive is not node.primitive:
        return None
    inner = dict(x.params)["axes"]
    return transpose(x.inputs[0], axes=tuple(inner[axis] for axis in axes))


def twice_reshaped(node: Node) -> Node | None:
    """Two reshapes in a row are one, and one to the same shape is none."""
    (x,) = node.inputs
    return reshape(x.inputs[0], node.shape) if x.primitive is node.primitive else None


def twice_broadcast(node: Node) -> Node | None:
    """Two broadcasts in a row are one."""
    (x,) = node.inputs
    return broadcast_to(x.inputs[0], node.shape) if x.primitive is node.primitive else None


#: What is tried on the applications of each primitive, in this order.
REWRITES: dict[str, tuple[Callable[[Node], Node | None], ...]] = {
    "multiply": (times_one, negative_product),
    "divide": (divided_by_one, negative_product),
    "subtract": (minus_zero,),
    "negative": (twice_negative, negative_number),
    "transpose": (twice_transposed,),
    "reshape": (twice_reshaped,),
    "broadcast_to": (twice_broadcast,),
}

_SPREADING = (PRIMITIVES["broadcast_to"], PRIMITIVES["reshape"])


def simplify(graph: Graph) -> Graph:
    """A graph that computes the same bits with fewer nodes; the same inputs, trees and labels."""
    outputs = inline(graph.outputs, {node: node for node in graph.inputs}, None, shortened)
    return Graph(graph.inputs, tuple(outputs), graph.in_tree, graph.out_tree)


def shortened(node: Node) -> Node:
    """What the rewrites make of one application whose inputs they have been through already."""
    while (shorter := _rewritten(node)) is not None:
        node = shorter
    return node


def _rewritten(node: Node) -> Node | None:
    """What the first rewrite that applies puts in the place of `node`."""
    for rule in REWRITES.get(node.primitive.name, ()) if node.primitive else ():
        shorter = rule(node)
        if shorter is not None:
            return shorter
    return None
