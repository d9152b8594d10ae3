"""Views that have to be arrays of their own: they become nodes that copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.compile.affine import counter, flat, unflat
from chainrule.compile.parts import application
from chainrule.compile.views import core, is_pure_view
from chainrule.node import Emit, Node, build
from chainrule.ops import PRIMITIVES, concatenate


_RESHAPE = PRIMITIVES["reshape"]


def copied(node: Node) -> Node:
    """The same numbers as a node of its own, which has memory of its own."""
    if node.type.dtype == "bool":
        return build(PRIMITIVES["where"], (node, node, node), {})
    return build(PRIMITIVES["stop_gradient"], (node,), {"finite": False})


def unshaped(node: Node) -> Node:
    """What a node is before changes of its shape alone."""
    while node.primitive is _RESHAPE:
        node = node.inputs[0]
    return node


def told_apart(outputs: Sequence[Node]) -> tuple[Node, ...]:
    """The outputs, each a node of its own."""
    found: dict[Node, None] = {}
    apart: list[Node] = []
    for output in outputs:
        while unshaped(output) in found:
            output = copied(output)
        found[unshaped(output)] = None
        apart.append(output)
    return tuple(apart)


def own(output: Node) -> Node:
    """An output that is a view of something else, an input or a constant is copied."""
    base = unshaped(output)
    is_made = base.primitive is not None and not is_pure_view(base)
    return output if is_made else copied(output)


def _as_piece(piece: Node) -> Node:
    """A piece of a joined array. What is written as a whole, at one place, is copied there."""
    return copied(piece) if _is_written_whole(unshaped(piece)) else own(piece)


def _is_written_whole(node: Node) -> bool:
    """Whether a node's array is made in one go: sums at indices, products of stacks or vectors."""
    if node.primitive is None:
        return False
    is_matrix = len(node.shape) == 2 and core(node.shape) == node.shape
    is_product = node.primitive.emit is Emit.CONTRACT
    return node.primitive.code == "scatter_add" or (is_product and not is_matrix)


def with_arrays(node: Node) -> Node:
    """Views that have to be arrays are copied: pieces of joined arrays, and what is reshaped so
    that its elements are no longer found by arithmetic.
    """
    if node.primitive in (concatenate, PRIMITIVES["place"]):
        pieces = tuple(map(_as_piece, node.inputs))
        is_same = all(x is y for x, y in zip(pieces, node.inputs, strict=True))
        return node if is_same else application(node, pieces)
    if node.primitive is _RESHAPE and is_pure_view(node.inputs[0]):
        (x,) = node.inputs
        index = tuple(map(counter, range(len(node.shape))))
        if unflat(flat(index, node.shape), x.shape, node.shape) is None:
            return application(node, (copied(x),))
    return node


def parts_of_parts(node: Node) -> Node | None:
    """An array joined from joined arrays: along one axis they are taken apart, else copied."""
    if node.primitive is None or node.primitive not in (concatenate, PRIMITIVES["place"]):
        return None
    axis: Any = dict(node.params).get("axis")
    if node.primitive is concatenate:
        filled = [piece for piece in node.inputs if piece.shape[axis] != 0]
        if len(node.inputs) == 1 or not filled:
            return node.inputs[0]
        if len(filled) < len(node.inputs):
            return build(concatenate, tuple(filled), dict(node.params))
    elif node.inputs[0].shape == node.shape and set(node.shape) <= {1}:
        return node.inputs[0]
    pieces: list[Node] = []
    for piece in node.inputs:
        if piece.primitive is concatenate and dict(piece.params)["axis"] == axis:
            pieces += piece.inputs
        elif unshaped(piece).primitive in (concatenate, PRIMITIVES["place"]):
            pieces.append(copied(piece))
        else:
            pieces.append(piece)
    if all(x is y for x, y in zip(pieces, node.inputs, strict=False)):
        return None
    return build(node.primitive, tuple(pieces), dict(node.params))
