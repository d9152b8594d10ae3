"""Which nodes of a network's graph belong to one layer, told by the labels of its parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from chainrule.expression import has_no_form
from chainrule.graph import Graph
from chainrule.node import Emit, Node
from chainrule.types import BATCH


#: The title of the box in which a node is drawn; a node that is missing has a box of its own.
Folding: TypeAlias = Mapping[Node, str]

#: `net.layers[0]` of `net.layers[0].weight`, `weights[2]` of `weights[2][0]`.
_PARAMETER = re.compile(r"(.*\])(?:\.[\w.]+|\[[^\[\]]*\])")

_AFTER = ""  # what comes after the last layer
_FEW = 6  # operations after the last layer that are drawn singly


def layer_names(graph: Graph) -> dict[Node, str]:
    """The layer of every input that is labelled as a parameter of one."""
    inputs = [node for node in graph.inputs if BATCH not in node.shape]
    found = {node: _PARAMETER.fullmatch(node.label or "") for node in inputs}
    return {node: match[1] for node, match in found.items() if match}


def fold_layers(graph: Graph) -> Folding:
    """One title for each layer's parameters and operations, one for a long part after the last.

    Contracting the nodes of every title leaves the graph acyclic. ValueError where no input is
    labelled as a parameter of a layer.
    """
    names = layer_names(graph)
    if not names:
        raise ValueError(
            "draw: no input is labelled like layers[0].weight, so there are no layers to fold; "
            "trace a function of the network, or leave fold out"
        )
    above = _layers_above(graph, names)
    fed = _fed(graph, names)
    rank = _ranks(graph, above, fed)
    consumers = _consumers(graph)
    boxes = {
        node: max(above[node], key=lambda name: rank[name])
        for node in graph.nodes
        if above[node] and (fed[node] or node in names)
    }
    last = max(rank, key=lambda name: rank[name])
    body = _body(graph, {node for node in boxes if boxes[node] == last}, names, consumers)
    boxes |= {n: _AFTER for n in boxes if boxes[n] == last and n not in body and n not in names}
    for node in reversed(graph.nodes):
        if node.primitive is not None and not (above[node] and fed[node]):
            homes = {boxes.get(consumer, _AFTER) for consumer in consumers[node]}
            if len(homes) == 1 and above[node] <= homes and homes != {_AFTER}:
                boxes[node] = homes.pop()
            elif above[node]:
                boxes[node] = _AFTER
    for node in graph.nodes:  # nothing after the last layer feeds a layer
        if node.primitive and any(boxes.get(source) == _AFTER for source in node.inputs):
            boxes[node] = _AFTER
    return _titled(graph, boxes)


def _layers_above(graph: Graph, names: Mapping[Node, str]) -> dict[Node, frozenset[str]]:
    """The layers whose parameters each node depends on."""
    above: dict[Node, frozenset[str]] = {}
    for node in graph.nodes:
        own = frozenset([names[node]] if node in names else [])
        above[node] = own.union(*[above[source] for source in node.inputs])
    return above


def _fed(graph: Graph, names: Mapping[Node, str]) -> dict[Node, bool]:
    """Whether each node depends on data: an input that is no parameter, or an array closed over."""
    fed: dict[Node, bool] = {}
    for node in graph.nodes:
        is_data = node.ndim > 0 if node.value is not None else node.is_input and node not in names
        fed[node] = is_data or any(fed[source] for source in node.inputs)
    return fed


def _ranks(
    graph: Graph, above: Mapping[Node, frozenset[str]], fed: Mapping[Node, bool]
) -> dict[str, tuple[int, int]]:
    """Layers in the order in which the data pass them."""
    found: dict[str, tuple[int, int]] = {}
    for number, node in enumerate(graph.nodes):
        for name in above[node]:
            here = (len(above[node]) if fed[node] else len(graph.nodes), number)
            found[name] = min(found.get(name, here), here)
    return found


def _consumers(graph: Graph) -> dict[Node, list[Node]]:
    found: dict[Node, list[Node]] = {node: [] for node in graph.nodes}
    for node in graph.nodes:
        for source in dict.fromkeys(node.inputs):
            found[source].append(node)
    return found


def _body(
    graph: Graph,
    nodes: set[Node],
    names: Mapping[Node, str],
    consumers: Mapping[Node, list[Node]],
) -> set[Node]:
    """Of the nodes that follow the parameters of the last layer, those that are the layer itself.

    They end with the last use of a parameter (a penalty is none: it uses a function of it), or
    with the activation after it: one elementwise operation of one operand.
    """
    weights = set(names)
    for node in graph.nodes:
        is_view = node.primitive is not None and node.primitive.emit is Emit.VIEW
        if is_view and node.inputs and weights.issuperset(node.inputs):
            weights.add(node)
    uses = [node for node in graph.nodes if node in nodes and weights.intersection(node.inputs)]
    if not uses:
        return nodes
    end = uses[-1]
    while len(consumers[end]) == 1 and has_no_form(consumers[end][0]):
        end = consumers[end][0]
    if len(consumers[end]) == 1 and _is_activation(consumers[end][0]):
        end = consumers[end][0]
    body = {end}
    for node in reversed(graph.nodes):
        if node in body:
            body.update(source for source in node.inputs if source in nodes)
    return body


def _is_activation(node: Node) -> bool:
    primitive = node.primitive
    return primitive is not None and primitive.emit is Emit.ELEMENTWISE and len(node.inputs) == 1


def _titled(graph: Graph, boxes: Mapping[Node, str]) -> Folding:
    """Titles without the part that all layers share; a short end of the graph is not folded."""
    layers = {title for title in boxes.values() if title != _AFTER}
    roots = {title.rpartition("[")[0].rpartition(".")[0] for title in layers}
    root = roots.pop() + "." if len(roots) == 1 else ""
    titles = {title: title.removeprefix(root) for title in layers}
    after = [n for n in boxes if boxes[n] == _AFTER and n.primitive and not has_no_form(n)]
    if len(after) > _FEW:
        output = graph.outputs[0]
        titles[_AFTER] = output.label or ("loss" if output.shape == () else "output")
    return {node: titles[title] for node, title in boxes.items() if title in titles}
