"""Graph + arrays -> arrays, by NumPy: the reference that every other reader is tested against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from chainrule import tree
from chainrule.graph import Graph, bound_params, has_batch, run
from chainrule.node import Node


def evaluate(graph: Graph, *args: Any) -> Any:
    """The outputs of `graph` for these arguments (pytrees of arrays), as arrays."""
    return graph(*args)


def node_values(graph: Graph, *args: Any) -> dict[Node, Any]:
    """The array of every node of `graph`, in the order of `graph.nodes`."""
    values, batch = graph.bind(args)
    arrays = run(graph.nodes, values, batch)
    return dict(zip(graph.nodes, arrays, strict=True))


@dataclass(frozen=True)
class Instruction:
    """One application: operands and result are places in a list of arrays."""

    node: Node
    evaluate: Callable[..., Any]
    params: dict[str, Any]
    operands: tuple[int, ...]
    result: int
    dead: tuple[int, ...]  # places that nothing reads after this instruction
    needs_batch: bool


@dataclass(frozen=True)
class Program:
    """A graph made ready to be evaluated many times: no look-ups, and memory given back early."""

    graph: Graph
    instructions: tuple[Instruction, ...]
    places: int
    constants: tuple[tuple[int, Any], ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def __call__(self, *args: Any) -> Any:
        """What the graph returns for these arguments."""
        values, batch = self.graph.bind(args)
        arrays: list[Any] = [None] * self.places
        for place, value in self.constants:
            arrays[place] = value
        for place, node in zip(self.inputs, self.graph.inputs, strict=True):
            arrays[place] = values[node]
        with np.errstate(all="ignore"):
            for step in self.instructions:
                params = bound_params(step.node, batch) if step.needs_batch else step.params
                operands = [arrays[place] for place in step.operands]
                arrays[step.result] = step.evaluate(*operands, **params)
                for place in step.dead:
                    arrays[place] = None
        results = [arrays[place] for place in self.outputs]
        return tree.unflatten(cast(tree.Structure, self.graph.out_tree), results)


def program(graph: Graph) -> Program:
    """Make `graph` ready to be evaluated many times. ValueError if it needs foreign inputs."""
    if graph.missing:
        raise ValueError(f"program: the graph needs {graph.missing}, inputs of another graph")
    nodes = graph.nodes
    place = {node: number for number, node in enumerate(nodes)}
    last_use = _last_uses(nodes, graph.outputs)
    instructions = tuple(
        Instruction(
            node,
            node.primitive.evaluate,
            dict(node.params),
            tuple(place[source] for source in node.inputs),
            place[node],
            tuple(place[s] for s in dict.fromkeys(node.inputs) if last_use.get(s) is node),
            has_batch(node),
        )
        for node in nodes
        if node.primitive is not None
    )
    return Program(
        graph,
        instructions,
        len(nodes),
        tuple((place[node], node.value) for node in nodes if node.value is not None),
        tuple(place[node] for node in graph.inputs),
        tuple(place[node] for node in graph.outputs),
    )


def _last_uses(nodes: Sequence[Node], outputs: Sequence[Node]) -> dict[Node, Node]:
    """The last reader of every node; none for outputs, which outlive the run."""
    last = {source: node for node in nodes for source in node.inputs}
    for output in outputs:
        last.pop(output, None)
    return last
