"""What a file of C computes in which order, one row at a time, and what lies in which memory."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.export.model import Exported, known_values
from chainrule.graph import Graph, inline
from chainrule.node import Emit, Node, placeholder
from chainrule.ops import PRIMITIVES
from chainrule.types import BATCH, Shape, with_batch


_RESHAPE = PRIMITIVES["reshape"]
_DEEPEST = 12  # operations in one expression


@dataclass(frozen=True)
class Plan:
    """A graph of one row.

    graph    with 1 for the number of rows
    known    the arrays of nodes that do not depend on the inputs
    steps    the nodes that are computed into memory, in order
    slots    the memory of each step, by number; an output has none but lies where the caller says
    sizes    elements and dtype of the memory of each number
    """

    graph: Graph
    known: Mapping[Node, Any]
    steps: tuple[Node, ...]
    slots: Mapping[Node, int]
    sizes: tuple[tuple[int, str], ...]


def plan(model: Exported) -> Plan:
    """How one row is computed. ValueError, naming the node, where a row needs the others."""
    graph = model.graph
    _check_rows(graph)
    open_inputs = {one.node for one in model.inputs}
    given = {
        node: placeholder(node.type.with_shape(_one_row(node.shape)), node.label)
        if node in open_inputs and BATCH in node.shape
        else node
        for node in graph.inputs
    }
    outputs = tuple(inline(graph.outputs, given, 1))
    one = Graph(tuple(given.values()), outputs, graph.in_tree, graph.out_tree)
    parameters = {given[node]: array for node, (_, array) in model.parameters.items()}
    known = known_values(one, parameters)
    for node in one.nodes:
        if 0 in node.shape:
            raise ValueError(
                f"export: an array of no elements ({one.line(node)!r:.100}); C has none"
            )
    steps = _steps(one, known)
    slots, sizes = _memory(steps, set(outputs))
    return Plan(one, known, steps, slots, sizes)


def is_view(node: Node) -> bool:
    """Whether an element of the node is one of its operand, found by arithmetic of places."""
    primitive = node.primitive
    if primitive is None or primitive.emit is not Emit.VIEW:
        return False
    return primitive is _RESHAPE or callable(primitive.code)


def same_core(node: Node) -> bool:
    """Whether a reshape only adds or drops axes of size 1."""
    cores = [[size for size in x.shape if size != 1] for x in (node, node.inputs[0])]
    return cores[0] == cores[1]


def _one_row(shape: Shape) -> Shape:
    return tuple(with_batch(shape, 1))


def _check_rows(graph: Graph) -> None:
    """ValueError where a node needs several rows, or where rows are not the first axis."""
    if not any(BATCH in node.shape for node in graph.inputs):
        return
    for node in graph.nodes:
        if _mixes(node) or (node.is_input and BATCH in node.shape[1:]):
            raise ValueError(
                f"export: C takes one row at a time, but {graph.line(node)!r:.200} needs all rows"
            )
    for node in graph.outputs:
        if node.shape[:1] != (BATCH,):
            raise ValueError(
                f"export: C takes one row at a time, but an output is {node.type}, with no row "
                "for each"
            )


def _mixes(node: Node) -> bool:
    if node.shape.count(BATCH) > 1:
        return True
    if node.primitive is None:
        return False
    params = dict(node.params)
    if node.primitive.name == "batch_size":
        return True
    if node.primitive.emit is Emit.CONTRACT:
        return node.inputs[0].shape[-1] is BATCH
    if node.primitive is _RESHAPE:
        return _before_rows(node.shape) != _before_rows(node.inputs[0].shape)
    if node.primitive.emit in (Emit.REDUCE, Emit.GATHER):
        axes = params["axis"] if isinstance(params["axis"], tuple) else (params["axis"],)
        whole = node.shape if "shape" in params else node.inputs[0].shape
        return any(whole[axis] is BATCH for axis in axes)
    return False


def _before_rows(shape: Shape) -> int:
    """How many elements there are for each row before the next begins, counted from the front."""
    if BATCH not in shape:
        return 0
    return math.prod(size for size in shape[: shape.index(BATCH)] if isinstance(size, int))


def _steps(graph: Graph, known: Mapping[Node, Any]) -> tuple[Node, ...]:
    """The nodes that are computed into memory.

    An elementwise node that is read once, in place, stands in the expression that reads it.
    """
    nodes = [x for x in graph.nodes if x.primitive is not None and x not in known]
    outputs = set(graph.outputs)
    uses = Counter(source for node in nodes for source in node.inputs)
    reader = {source: node for node in nodes for source in node.inputs}
    stored: set[Node] = set()
    depth: dict[Node, int] = {}
    for node in nodes:
        depth[node] = 1 + max((depth.get(x, 0) for x in node.inputs if x not in stored), default=0)
        if is_view(node):
            if node.primitive is _RESHAPE and not same_core(node):
                _store_for_reshape(node.inputs[0], known, stored)
        elif (
            uses[node] != 1
            or node in outputs
            or depth[node] >= _DEEPEST
            or not _is_kind(node, Emit.ELEMENTWISE)
            or not _is_kind(reader[node], Emit.ELEMENTWISE, Emit.REDUCE)
        ):
            stored.add(node)
    return tuple(node for node in nodes if node in stored)


def _is_kind(node: Node, *kinds: Emit) -> bool:
    return node.primitive is not None and node.primitive.emit in kinds


def _store_for_reshape(node: Node, known: Mapping[Node, Any], stored: set[Node]) -> None:
    """What is reshaped lies in row-major order: a view of another order is copied first."""
    while node.primitive is _RESHAPE and node not in stored:
        node = node.inputs[0]
    if node.primitive is not None and node not in known:
        stored.add(node)


def sources(node: Node, stored: set[Node]) -> set[Node]:
    """The steps of which a step reads the results."""
    found: set[Node] = set()
    waiting = list(node.inputs)
    while waiting:
        source = waiting.pop()
        if source in stored:
            found.add(source)
        else:
            waiting.extend(source.inputs)
    return found


def _memory(
    steps: Sequence[Node], outputs: set[Node]
) -> tuple[dict[Node, int], tuple[tuple[int, str], ...]]:
    """A place for each step but outputs; what nothing reads any more gives its place to others."""
    stored = set(steps)
    last = {source: place for place, node in enumerate(steps) for source in sources(node, stored)}
    slots: dict[Node, int] = {}
    sizes: list[tuple[int, str]] = []
    free: list[int] = []
    for place, node in enumerate(steps):
        if node not in outputs:
            count, dtype = math.prod(_whole(node.shape)), node.type.dtype
            fitting = [slot for slot in free if sizes[slot][1] == dtype]
            slot = max(fitting, key=lambda slot: sizes[slot][0], default=len(sizes))
            if slot == len(sizes):
                sizes.append((count, dtype))
            else:
                free.remove(slot)
                sizes[slot] = (max(count, sizes[slot][0]), dtype)
            slots[node] = slot
        ended = sources(node, stored) & set(slots)
        free.extend(sorted(slots[x] for x in ended if last[x] == place))
    return slots, tuple(sizes)


def _whole(shape: Shape) -> list[int]:
    return [size for size in shape if isinstance(size, int)]
