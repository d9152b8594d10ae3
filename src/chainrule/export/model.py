"""What is exported: one graph from the columns of a table, or an array, to what is predicted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import ops, tree
from chainrule.data import Labels, Preprocessing, Quantity
from chainrule.export.columns import COLUMNS, Input, input_of
from chainrule.graph import Graph, has_batch
from chainrule.nn.activations import identity
from chainrule.nn.losses import loss as find_loss
from chainrule.node import Node
from chainrule.save import ModelFile, graph_of, parameters_of
from chainrule.transforms.simplify import simplify


@dataclass(frozen=True)
class Exported:
    """A model as one graph.

    graph          from parameters and inputs to outputs
    parameters     the name and the array of each input that is a parameter
    inputs         what is asked of the user, in order
    outputs        a name for each output of the graph
    network        the function that is exported, of arrays
    head           what makes predictions of its result, of arrays too
    preprocessing  of the table that it takes; None where it takes arrays
    """

    graph: Graph
    parameters: Mapping[Node, tuple[str, Any]]
    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    network: Callable[[Any], Any]
    head: Callable[[Any], Any] = identity
    preprocessing: Preprocessing | None = None

    @property
    def labels(self) -> Labels | None:
        """The classes of the target; None for numbers."""
        target = self.preprocessing and self.preprocessing.target
        return target if isinstance(target, Labels) else None


def exported(model: Any, x: Any = None) -> Exported:
    """A graph, a network or the content of a model file, ready to be written.

    x  the type of the network's input, or an example; by default what its first dense layer takes
    ValueError where that is not known, and for columns that have no plain form.
    """
    if isinstance(model, Graph):
        return _of_graph(model)
    found = model if isinstance(model, ModelFile) else ModelFile(model, None, None, None)
    graph = found.graph if x is None and found.graph is not None else graph_of(found.network, x)
    if graph is None:
        raise ValueError(
            "export: the shape of the network's input is not known; say it with x=, an example"
        )
    if len(graph.outputs) > 1:
        raise ValueError(f"export: the network gives {len(graph.outputs)} arrays; expected one")
    if found.preprocessing is None:
        return _of_network(found, graph)
    return _of_table(found, graph, found.preprocessing)


def known_values(graph: Graph, given: Mapping[Node, Any]) -> dict[Node, Any]:
    """The arrays of all nodes that follow from `given` and from constants alone."""
    found = dict(given)
    for node in graph.nodes:
        if node.value is not None:
            found[node] = node.value
        elif node.primitive is None or has_batch(node):
            continue
        elif all(source in found for source in node.inputs):
            operands = [found[source] for source in node.inputs]
            with np.errstate(all="ignore"):
                found[node] = node.primitive.evaluate(*operands, **dict(node.params))
    return found


def _of_graph(graph: Graph) -> Exported:
    if graph.missing:
        raise ValueError(f"export: the graph needs {graph.missing}, inputs of another graph")
    inputs = tuple(Input(node, graph.names[node]) for node in graph.inputs)
    count = len(graph.outputs)
    outputs = ("output",) if count == 1 else tuple(f"output{place}" for place in range(count))
    return Exported(simplify(graph), {}, inputs, outputs, graph)


def _of_network(found: ModelFile, graph: Graph) -> Exported:
    link = identity if found.loss is None else find_loss(found.loss).link
    x = graph.inputs[-1]
    name = "probabilities" if link in (ops.softmax, ops.sigmoid) else "prediction"
    return _exported(found, graph, (Input(x, "x"),), x, link, name)


def _of_table(found: ModelFile, graph: Graph, preprocessing: Preprocessing) -> Exported:
    inputs = tuple(input_of(column) for column in preprocessing.columns)
    parts = [
        COLUMNS[type(column)].features(column, each.node)
        for column, each in zip(preprocessing.columns, inputs, strict=True)
    ]
    features = ops.cast(ops.concatenate(parts, axis=1), graph.inputs[-1].dtype)
    target = preprocessing.target
    outputs = graph.outputs[0].shape[-1]
    link = find_loss(found.loss or _usual_loss(target, outputs)).link
    if isinstance(target, Quantity):
        # A model of several targets has them among its notes.
        rows = found.notes.get("targets") or []
        targets = [Quantity(*row) for row in rows] or [target]
        return _exported(
            found, graph, inputs, features, lambda y: _decoded(targets, link(y)), "prediction"
        )

    def probabilities(y: Any) -> Any:
        to_shares = (ops.sigmoid if outputs == 1 else ops.softmax) if link is identity else link
        shares = to_shares(y)
        return ops.concatenate([1 - shares, shares], axis=1) if outputs == 1 else shares

    return _exported(found, graph, inputs, features, probabilities, "probabilities")


def _decoded(targets: Sequence[Quantity], y: Any) -> Any:
    """Quantities `(batch, targets)` in the units of the table, as their `decode` gives them."""
    found: list[Any] = []
    for place, target in enumerate(targets):
        column = ops.cast(y[:, place : place + 1], "float64")
        numbers = column * target.scale + target.mean
        if target.is_log:
            numbers = ops.sign(numbers) * ops.expm1(ops.abs(numbers))
        found.append(numbers)
    return ops.concatenate(found, axis=1)


def _usual_loss(target: Labels | Quantity, outputs: Any) -> str:
    if isinstance(target, Quantity):
        return "half_squared_error"
    return "binary_cross_entropy" if outputs == 1 else "cross_entropy"


def _exported(
    found: ModelFile, graph: Graph, inputs: Sequence[Input], x: Node, head: Any, name: str
) -> Exported:
    """The graph of the network with `x` put in, and `head` put on."""
    arrays = parameters_of(found.network)
    places = dict(zip(sorted(arrays), graph.inputs[:-1], strict=True))
    output = head(graph(places, x))
    nodes = (*places.values(), *[one.node for one in inputs])
    whole = Graph(nodes, (output,), tree.flatten((0,) * len(nodes))[1])
    named = {node: (path, arrays[path]) for path, node in places.items()}
    return Exported(
        simplify(whole), named, tuple(inputs), (name,), found.network, head, found.preprocessing
    )
