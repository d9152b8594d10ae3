"""A network in a table: what each layer makes, what it holds, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule import tree
from chainrule.cost import cost
from chainrule.graph import Graph, toposort
from chainrule.nn.inspection import LAYERS, Call, observed
from chainrule.nn.network import input_type
from chainrule.nn.training import statistics
from chainrule.node import Node, placeholder
from chainrule.transforms.derive import backward
from chainrule.transforms.trace import trace
from chainrule.types import BATCH, ArrayType, Shape, shape_text, type_of


@dataclass(frozen=True)
class SummaryRow:
    """One layer, or what the network does beside its layers.

    path        of the layer, such as `layers[0]`; "" for the network itself
    layer       what it is
    output      the shape of the first array it makes
    parameters  how many numbers it learns
    statistics  how many numbers it keeps beside them
    forward     multiply-adds of matrix products for one sample (CC-01)
    backward    those of the gradient, in addition (CC-02)
    """

    path: str
    layer: str
    output: Shape
    parameters: int
    statistics: int
    forward: int
    backward: int


@dataclass(frozen=True)
class Summary:
    """What `summary` found. Printed, it is a table."""

    rows: tuple[SummaryRow, ...]

    @property
    def parameters(self) -> int:
        """How many numbers the network learns."""
        return sum(row.parameters for row in self.rows)

    @property
    def statistics(self) -> int:
        """How many numbers it keeps beside them."""
        return sum(row.statistics for row in self.rows)

    @property
    def forward(self) -> int:
        """Multiply-adds for the output of one sample."""
        return sum(row.forward for row in self.rows)

    @property
    def backward(self) -> int:
        """Multiply-adds for the gradient of one sample, in addition."""
        return sum(row.backward for row in self.rows)

    def __str__(self) -> str:
        names = ("parameters", "statistics", "forward", "backward")
        lines: list[tuple[str, ...]] = [("path", "layer", "output", *names)]
        for row in self.rows:
            counts = [f"{getattr(row, name):,}" for name in names]
            lines.append((row.path, row.layer, shape_text(row.output), *counts))
        lines.append(("total", "", "", *[f"{getattr(self, name):,}" for name in names]))
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(_aligned(line, widths) for line in lines)


def summary(network: Callable[[Any], Any], x: Any = None) -> Summary:
    """What each layer of a network makes, holds and costs.

    x  the type of the input, or an example of it: `(batch, features)` or one sample `(features,)`;
       by default what the first dense layer takes
    The backward count is exact (D33): a layer whose input depends on no parameter, as the first,
    sends no gradient further back. What the network does beside its layers has a row of its own.
    ValueError without `x` for a network without a dense layer.
    """
    calls: list[Call] = []

    def observe(network: Any, x: Any) -> Any:
        output, found = observed(network, x)
        calls.extend(found)
        return output

    graph = trace(observe, network, _input_type(network, x))
    leaves = zip(graph.inputs, _is_learnt(network), strict=False)  # the input comes last
    learnt = frozenset(node for node, is_one in leaves if is_one)
    rows = [_row(call, learnt) for call in calls]
    own = _own_row(network, graph, rows)
    is_shown = any((own.parameters, own.statistics, own.forward, own.backward))
    return Summary((*rows, own) if is_shown else tuple(rows))


def _input_type(network: Any, x: Any) -> ArrayType:
    if x is not None:
        found = type_of(x)
        return found.with_shape((BATCH, *found.shape[1:])) if found.ndim > 1 else found
    taken = input_type(network)
    if taken is None:
        raise ValueError(
            "summary: no dense layer says what the network takes; give x, an example of its input"
        )
    return taken


def _row(call: Call, learnt: frozenset[Node]) -> SummaryRow:
    inputs = tree.leaves(call.inputs)
    needed = [isinstance(x, Node) and not learnt.isdisjoint(toposort([x])) for x in inputs]
    held = _held(call.layer) if call.number == 1 else (0, 0)
    work = _multiply_adds(call.layer, call.inputs, needed)
    text = repr(call.layer) if isinstance(call.layer, LAYERS) else type(call.layer).__name__
    return SummaryRow(call.name, text, tree.leaves(call.output)[0].shape, *held, *work)


def _own_row(network: Any, graph: Graph, rows: Sequence[SummaryRow]) -> SummaryRow:
    """What the layers leave of the whole network."""
    inputs = graph.inputs[len(tree.leaves(network)) :]
    whole = (*_held(network), *_multiply_adds(network, inputs, [False] * len(inputs)))
    done = [(row.parameters, row.statistics, row.forward, row.backward) for row in rows]
    own = [total - sum(parts) for total, *parts in zip(whole, *done, strict=True)]
    return SummaryRow("", type(network).__name__, graph.outputs[0].shape, *own)


def _is_learnt(network: Any) -> list[bool]:
    """Of each leaf, whether it is learnt."""
    moved = statistics(network)
    return [path not in moved for path in tree.paths(network)]


def _held(network: Any) -> tuple[int, int]:
    """How many numbers are learnt, and how many are running statistics."""
    sizes = [math.prod(leaf.shape) for leaf in tree.leaves(network)]
    learnt = sum(size for size, is_one in zip(sizes, _is_learnt(network), strict=True) if is_one)
    return learnt, sum(sizes) - learnt


def _multiply_adds(network: Any, inputs: Sequence[Any], needed: Sequence[bool]) -> tuple[int, int]:
    """Forward, and backward to what is learnt and to those inputs whose gradient is needed."""

    def apply(network: Any, *inputs: Any) -> Any:
        return network(*inputs)

    graph = trace(apply, network, *inputs)
    wanted = zip(graph.inputs, (*_is_learnt(network), *needed), strict=True)
    targets = [node for node, is_wanted in wanted if is_wanted and node.type.is_float]
    outputs = [node for node in graph.outputs if node.type.is_float]
    cts = backward(outputs, targets, [placeholder(node.type) for node in outputs])
    ends = (*graph.outputs, *[ct for ct in cts if ct is not None])
    forward = cost(graph).multiply_adds
    return forward, cost(Graph(graph.inputs, ends, graph.in_tree)).multiply_adds - forward


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    """Texts to the left, counts to the right."""
    cells = [
        text.ljust(width) if place < 3 else text.rjust(width)
        for place, (text, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
