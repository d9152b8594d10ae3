"""What is known of every step before an epoch begins: computed for all steps at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule import tree
from chainrule.compile.parts import application
from chainrule.graph import Graph, inline, toposort
from chainrule.node import Emit, Node, placeholder
from chainrule.ops import broadcast_to
from chainrule.types import BATCH, ArrayType


@dataclass(frozen=True)
class Hoisted:
    """A step in two parts.

    before   (one vector `(steps,)` for each number that is known) -> a vector for each of `numbers`
    step     the step, with `numbers` as inputs after its own
    numbers  those inputs: scalars, such as the factors by which Adam corrects its averages
    """

    before: Graph
    step: Graph
    numbers: tuple[Node, ...]


def hoist(step: Graph, known: Sequence[Node]) -> Hoisted:
    """Take out of a step whatever depends on the numbers `known` alone, inputs of it."""
    vectors: dict[Node, Node] = {
        node: placeholder(ArrayType((BATCH,), node.type.dtype), node.label) for node in known
    }
    for node in toposort(step.outputs):
        if _is_number(node) and any(source in vectors for source in node.inputs):
            operands = [_as_vector(source, vectors) for source in node.inputs]
            if all(operand is not None for operand in operands):
                made = tuple(operand for operand in operands if operand is not None)
                vectors[node] = application(node, made)
    read = {
        source
        for node in toposort(step.outputs)
        if node not in vectors
        for source in node.inputs
        if source in vectors
    }
    read |= {node for node in step.outputs if node in vectors}
    edge = [node for node in vectors if node in read]
    numbers = tuple(placeholder(node.type, node.label) for node in edge)
    values = {node: node for node in step.inputs} | dict(zip(edge, numbers, strict=True))
    outputs = inline(step.outputs, values, None)
    inputs = (*step.inputs, *numbers)
    return Hoisted(
        Graph(
            tuple(vectors[node] for node in known),
            tuple(vectors[node] for node in edge),
            tree.flatten((0,) * len(known))[1],
            tree.flatten((0,) * len(edge))[1],
        ),
        Graph(inputs, tuple(outputs), tree.flatten((0,) * len(inputs))[1], step.out_tree),
        numbers,
    )


def _is_number(node: Node) -> bool:
    """Whether a node is one number, computed from others."""
    is_elementwise = node.primitive is not None and node.primitive.emit is Emit.ELEMENTWISE
    return is_elementwise and node.shape == ()


def _as_vector(node: Node, vectors: dict[Node, Node]) -> Node | None:
    """A number for every step: one that is known, or a constant."""
    if node in vectors:
        return vectors[node]
    return broadcast_to(node, (BATCH,)) if node.value is not None else None
