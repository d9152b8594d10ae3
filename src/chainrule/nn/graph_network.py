"""A network that is its graph: what a model file gives back where the classes are not known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from chainrule import ops
from chainrule.tree import Subtree


@dataclass(frozen=True, repr=False)
class GraphNetwork:
    """The inference graph of some network, and the arrays that were its parameters.

    parameters  the arrays by the paths that they had in that network: `layers[0].weight`
    graph       `Graph` of (parameters, x); static, hence not annotated by its class
    It computes and learns as that network did, but for what layers do otherwise in training:
    dropout and the moving of running statistics are not part of the graph.
    """

    parameters: Subtree
    graph: Any

    def __call__(self, x: Any) -> Any:
        """The network's output for `x` of the shape that the graph was traced with."""
        return self.graph(self.parameters, ops.cast(x, self.graph.inputs[-1].dtype))

    def __repr__(self) -> str:
        count = sum(math.prod(array.shape) for array in self.parameters.values())
        steps = sum(node.primitive is not None for node in self.graph.nodes)
        return f"GraphNetwork, {count} parameters, {steps} operations"
