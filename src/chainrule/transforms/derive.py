"""Derivatives of graphs, as graphs.

The one rule of a primitive is its vjp. Reverse mode walks the graph from the outputs to the inputs
and adds up what arrives at each node (AD-15). Forward mode is the transpose of the transpose: the
vjp is linear in its cotangent, so its own vjp is the jvp (J. Townsend, "A new trick for calculating
Jacobian vector products", 2017). With interned nodes the result is plain forward mode.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.graph import toposort
from chainrule.node import Node, constant, placeholder
from chainrule.ops import add, broadcast_to
from chainrule.types import ArrayType


def backward(
    outputs: Sequence[Node], inputs: Sequence[Node], cotangents: Sequence[Node | None]
) -> list[Node | None]:
    """The cotangents of `inputs`, given those of `outputs`; None where the derivative is zero.

    Only nodes on a path from an input to an output are visited.
    """
    stop = frozenset(inputs)
    order = toposort(outputs, stop)
    wanted = set(inputs)
    for node in order:
        if node not in stop and any(source in wanted for source in node.inputs):
            wanted.add(node)
    found: dict[Node, Node] = {}

    def accumulate(node: Node, ct: Node | None) -> None:
        if ct is not None and node in wanted and node.type.is_float:
            found[node] = add(found[node], ct) if node in found else ct

    for node, ct in zip(outputs, cotangents, strict=True):
        accumulate(node, ct)
    for node in reversed(order):
        if node.primitive is None or node not in found or node in stop:
            continue
        cts = node.primitive.vjp(found[node], node, *node.inputs, **dict(node.params))
        for source, ct in zip(node.inputs, cts, strict=True):
            accumulate(source, ct)
    return [found.get(node) for node in inputs]


def forward(
    outputs: Sequence[Node], inputs: Sequence[Node], tangents: Sequence[Node | None]
) -> list[Node | None]:
    """The tangents of `outputs`, given those of `inputs`; None where the derivative is zero."""
    dummies = [placeholder(output.type) if output.type.is_float else None for output in outputs]
    transposed = backward(outputs, inputs, dummies)
    linear = [(ct, dx) for ct, dx in zip(transposed, tangents, strict=True) if ct is not None]
    wanted = [dummy for dummy in dummies if dummy is not None]
    found = backward([ct for ct, _ in linear], wanted, [dx for _, dx in linear])
    by_dummy = dict(zip(wanted, found, strict=True))
    return [None if dummy is None else by_dummy[dummy] for dummy in dummies]


def zeros(type: ArrayType) -> Node:
    """Zeros of this type: one number, broadcast."""
    return broadcast_to(constant(0, type.dtype), type.shape)
