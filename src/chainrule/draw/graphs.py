"""Drawings of computation graphs: values above the arrows, gradients below them."""

from __future__ import annotations

import math
import os
import re
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.draw.diagram import Box, Diagram, Kind, Line, Wire, to_dot, to_svg
from chainrule.draw.fold import Folding, fold_layers, layer_names
from chainrule.draw.svg import FAINT, GRADIENT, Drawing, array_text, number_text
from chainrule.expression import has_no_form
from chainrule.graph import Graph, bound_params, run, toposort
from chainrule.node import Node
from chainrule.transforms.trace import trace
from chainrule.types import Size


_MOST_NODES_SHOWN = 150  # by themselves in a notebook; more take seconds to lay out
_MANY = 40  # operations from which on layers are folded without being asked
_LISTED = 14  # operations that are listed in a folded box
_NAMED = 3  # parameters that are listed in a folded box
_SYMBOLS = {"-": "−", "·": "×"}  # what alone in a circle would hardly be seen


@dataclass(frozen=True)
class Numbers:
    """What a graph computed.

    values  the array of every node
    totals  the derivative of the output by every node; empty if there are no gradients
    parts   the share of it that came back from operand number i of a node
    """

    values: Mapping[Node, Any]
    totals: Mapping[Node, Any]
    parts: Mapping[tuple[Node, int], Any]
    batch: Size | None


def graph(
    function: Graph | Callable[..., Any],
    values: Sequence[Any] | None = None,
    path: str | os.PathLike[str] | None = None,
    *,
    fold: bool | None = None,
    digits: int = 4,
) -> Drawing:
    """A computation graph with, for given arguments, every value and every gradient.

    function  a graph, or a Python function, which is traced with `values`
    values    the arguments, a tuple. The value of a node stands above each of its arrows; if the
              result is one floating-point scalar, its derivative by what flows there stands below.
              Where a value has several readers each arrow has the share of that reader, and their
              sum, the derivative by the value, is below the box (Σ). Arrays of more than four
              numbers are written as their type, with the Euclidean norm of their gradient
    path      a file to write too, .svg or .dot
    fold      one box for each layer, told by inputs labelled like `layers[0].weight`; by default
              for graphs of more than 40 operations
    digits    significant digits of numbers

    Constants are grey boxes; nodes that only repeat, reshape or convert numbers are not drawn.
    ValueError for another suffix of `path`, and for `fold=True` without such labels; TypeError for
    a function without values.
    """
    if not isinstance(function, Graph):
        function = _traced(function, values)
    numbers = None if values is None else _computed(function, tuple(values))
    operations = sum(node.primitive is not None for node in function.nodes)
    if fold is None:
        fold = operations > _MANY and bool(layer_names(function))
    diagram = _diagram(function, fold_layers(function) if fold else {}, numbers, digits)
    drawing = Drawing(to_svg(diagram), to_dot(diagram))
    if path is not None:
        drawing.save(path)
    return drawing


def notebook_svg(shown: Graph | Node) -> str | None:
    """The picture of a graph, or of the nodes that lead to a node; None for a large one."""
    if isinstance(shown, Node):
        inputs = tuple(node for node in toposort([shown]) if node.is_input)
        shown = Graph(inputs, (shown,))
    return graph(shown).svg if len(shown.nodes) <= _MOST_NODES_SHOWN else None


def _traced(function: Callable[..., Any], values: Sequence[Any] | None) -> Graph:
    if values is None:
        raise TypeError(
            "draw.graph: a function is traced with values, and none were given; "
            "pass values=(...), or a graph made by trace"
        )
    return trace(function, *values)


# ---- values and gradients ------------------------------------------------------------------------


def _computed(graph: Graph, args: tuple[Any, ...]) -> Numbers:
    if graph.missing:
        raise ValueError(
            f"draw.graph: the graph needs {', '.join(map(repr, graph.missing))}, of another graph, "
            "so it has no values; draw it without"
        )
    bound, batch = graph.bind(args)
    values = dict(zip(graph.nodes, run(graph.nodes, bound, batch), strict=True))
    totals: dict[Node, Any] = {}
    parts: dict[tuple[Node, int], Any] = {}
    numbers = Numbers(values, totals, parts, batch)
    if len(graph.outputs) != 1 or graph.outputs[0].shape or not graph.outputs[0].type.is_float:
        return numbers
    totals.update({node: np.zeros_like(values[node]) for node in graph.nodes if node.type.is_float})
    totals[graph.outputs[0]] = np.ones_like(values[graph.outputs[0]])
    for node in reversed(graph.nodes):
        if node.primitive is None or not node.type.is_float:
            continue
        cts = _pulled(node, totals[node], numbers)
        for place, (source, ct) in enumerate(zip(node.inputs, cts, strict=True)):
            if ct is not None and source.type.is_float:
                parts[node, place] = ct
                totals[source] = totals[source] + ct
    return numbers


def _pulled(node: Node, ct: Any, numbers: Numbers) -> tuple[Any, ...]:
    """The cotangents of the operands of `node` that follow from its own."""
    assert node.primitive is not None
    operands = [numbers.values[source] for source in node.inputs]
    params = bound_params(node, numbers.batch)
    with np.errstate(all="ignore"):
        return node.primitive.vjp(ct, numbers.values[node], *operands, **params)


# ---- boxes and wires -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Writer:
    """How values and gradients are written."""

    numbers: Numbers | None
    digits: int

    def value(self, node: Node) -> str:
        if self.numbers is not None and _is_tiny(self.numbers.values[node]):
            return array_text(self.numbers.values[node], self.digits)
        return str(node.type) if node.shape else ""

    def gradient(self, ct: Any) -> str:
        if ct is None:
            return ""
        if _is_tiny(ct):
            return array_text(ct, self.digits)
        return f"‖∇‖ {number_text(np.linalg.norm(np.ravel(ct)), self.digits)}"

    def total(self, node: Node) -> str:
        return self.gradient(None if self.numbers is None else self.numbers.totals.get(node))

    def share(self, readers: Sequence[tuple[Node, int]]) -> str:
        """The gradient that the operands of `readers`, all of one value, send back together."""
        if self.numbers is None:
            return ""
        cts = [_share(self.numbers, *reader) for reader in readers]
        return "" if any(ct is None for ct in cts) else self.gradient(sum(cts))


def _diagram(graph: Graph, folding: Folding, numbers: Numbers | None, digits: int) -> Diagram:
    writer = _Writer(numbers, digits)
    drawn = [node for node in graph.nodes if node.value is None and not has_no_form(node)]
    homes = list(dict.fromkeys(folding.get(node, node) for node in drawn))
    numbered = {home: number for number, home in enumerate(homes)}
    place = {node: numbered[folding.get(node, node)] for node in drawn}
    readers = _readers(drawn, place, folding)
    outputs = [_root(output) for output in graph.outputs]
    uses = Counter(source for source, _, _ in readers) + Counter(outputs)
    boxes = [
        _folded_box(home, [node for node in drawn if folding.get(node) == home], writer)
        if isinstance(home, str)
        else _box(home, writer, shared=uses[home] > 1)
        for home in homes
    ]
    wires: list[Wire] = []
    for (source, target, _), places in readers.items():
        if source.value is None:
            wire = Wire(place[source], target, writer.value(source), writer.share(places))
        else:
            wire = Wire(len(boxes), target)
            boxes.append(_constant_box(source, digits))
        wires.append(wire)
    for output in outputs:
        if output.value is not None:
            place[output] = len(boxes)
            boxes.append(_constant_box(output, digits))
        wires.append(Wire(place[output], len(boxes), writer.value(output), writer.total(output)))
        name = output.label if output in folding else None
        boxes.append(Box(Kind.OUTPUT, (Line(name),) if name else ()))
    return Diagram(tuple(boxes), tuple(wires), "Computation graph")


def _readers(
    drawn: Sequence[Node], place: Mapping[Node, int], folding: Folding
) -> dict[tuple[Node, int, int], list[tuple[Node, int]]]:
    """For every wire (source, target box, number) the operands (node, place) that it leads to."""
    found: dict[tuple[Node, int, int], list[tuple[Node, int]]] = {}
    for node in drawn:
        for number, operand in enumerate(node.inputs):
            source = _root(operand)
            is_inside = place.get(source) == place[node]
            if is_inside or (node in folding and source.value is not None and not source.shape):
                continue
            key = (source, place[node], 0 if node in folding else number)
            found.setdefault(key, []).append((node, number))
    return found


def _root(node: Node) -> Node:
    """The drawn node or constant whose numbers `node` has."""
    while has_no_form(node):
        node = node.inputs[0]
    return node


def _share(numbers: Numbers, node: Node, number: int) -> Any:
    """What operand `number` of `node` sends back to the value it was made of, or None."""
    source, ct = node.inputs[number], numbers.parts.get((node, number))
    while ct is not None and has_no_form(source):
        (ct,) = _pulled(source, ct, numbers)
        source = source.inputs[0]
    total = numbers.totals.get(source)
    return np.zeros_like(total) if ct is None and total is not None else ct


def _is_tiny(array: Any) -> bool:
    return 0 < np.size(array) <= 4


# ---- the text of boxes ---------------------------------------------------------------------------


def _box(node: Node, writer: _Writer, shared: bool) -> Box:
    lines = [Line(_symbol(node), 15)] if node.primitive else []
    if name := node.label or ("" if node.primitive else "input"):
        lines.append(Line(name, 12 if node.primitive else 14, slope="italic"))
    if node.is_input and node.shape:
        lines.append(Line(str(node.type), 10.5, FAINT))
    if total := writer.total(node) if shared else "":
        lines.append(Line(f"Σ {total}", 11, GRADIENT))
    return Box(Kind.INPUT if node.is_input else Kind.OPERATION, tuple(lines))


def _constant_box(node: Node, digits: int) -> Box:
    words = array_text(node.value, digits) if _is_tiny(node.value) else str(node.type)
    return Box(Kind.CONSTANT, (Line(words, 12),))


def _folded_box(title: str, nodes: Sequence[Node], writer: _Writer) -> Box:
    """A layer, with its operations in their order, and the types of its parameters."""
    symbols = [_symbol(node) for node in nodes if node.primitive is not None]
    if len(symbols) > _LISTED:
        symbols = [*symbols[: _LISTED - 1], "…"]
    half = len(symbols) if len(symbols) <= _LISTED / 2 else (len(symbols) + 1) // 2
    lines = [Line(title, 14, weight="bold")]
    lines += [Line("  ".join(row), 13) for row in (symbols[:half], symbols[half:]) if row]
    parameters = [node for node in nodes if node.primitive is None]
    for node in parameters[:_NAMED]:
        name = re.findall(r"[^.\[\]']+", node.label or "")[-1]
        lines.append(Line(f"{name} {node.type}", 10.5, FAINT))
        if gradient := writer.total(node):
            lines.append(Line(gradient, 10.5, GRADIENT))
    if parameters:
        count = sum(math.prod(map(int, node.shape)) for node in parameters)  # pyright: ignore[reportArgumentType]
        lines.append(Line(f"{count:,} parameters", 10.5, FAINT))
    return Box(Kind.LAYER, tuple(lines))


def _symbol(node: Node) -> str:
    """The symbol of an operation, with the params that its notation shows: `^3`."""
    assert node.primitive is not None
    notation, params = node.primitive.notation, dict(node.params)
    fields = [field for _, field, _, _ in string.Formatter().parse(notation.text)]
    shown = [number_text(params[field]) for field in fields if field in params]
    symbol = _SYMBOLS.get(notation.symbol, notation.symbol)
    return f"x{symbol}{''.join(shown)}" if shown else symbol
