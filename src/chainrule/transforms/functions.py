"""Derivatives of Python functions: each traces the function, derives the graph and calls it.

Given arrays they return arrays; given nodes (inside another function that is being traced) they
return nodes, so derivatives nest to any order. Each function is traced on inputs of its own, and
the result put in the place of the call: the variables of one derivative are never mistaken for
those of another (perturbation confusion).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from chainrule import tree
from chainrule.graph import Graph, inline
from chainrule.node import Node, constant, placeholder
from chainrule.ops import reshape, stack
from chainrule.transforms.derive import backward, forward, zeros
from chainrule.transforms.simplify import shortened, simplify
from chainrule.transforms.trace import trace
from chainrule.types import BATCH


def grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The gradient of a scalar function with respect to its arguments `argnums`.

    The result has the structure and shapes of that argument (of a tuple of them, if `argnums` is a
    sequence); with `has_aux` the function returns (objective, anything) and the result is
    (gradient, anything). TypeError if the objective is not a scalar, or an argument not of
    floating point.
    """

    @functools.wraps(function, updated=())
    def gradient(*args: Any) -> Any:
        value, found = value_and_grad(function, argnums, has_aux)(*args)
        return (found, value[1]) if has_aux else found

    return gradient


def value_and_grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The value of a scalar function together with its gradient; arguments as for `grad`."""

    @functools.wraps(function, updated=())
    def value_and_gradient(*args: Any) -> Any:
        graph = trace(function, *args)
        result = _as_result(graph, graph.outputs)
        objective = _objective(result, has_aux)
        inputs = _as_arguments(graph, graph.inputs)
        chosen = inputs[argnums] if isinstance(argnums, int) else tuple(inputs[i] for i in argnums)
        leaves, structure = tree.flatten(chosen)
        _check_float("grad", leaves)
        cts = backward([objective], leaves, [constant(1, objective.dtype)])
        found = tree.unflatten(structure, _filled(cts, leaves))
        return _call(graph, (result, found), args)

    return value_and_gradient


def vjp(function: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """`function(*args)`, and the map from a cotangent of the result to those of the arguments.

    The cotangent has the structure and shapes of the result; the map returns a tuple with one
    tree an argument. Reverse mode: one call of the map costs a small multiple of the function.
    """
    graph = trace(function, *args)
    pullback = _pullback(graph)

    def pull(ct: Any) -> tuple[Any, ...]:
        return pullback(ct, *args)

    return graph(*args), pull


def jvp(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Any, Any]:
    """`function(*primals)`, and its derivative in the direction `tangents`: forward mode.

    Tangents have the structure and shapes of the primals.
    """
    graph = trace(function, *primals)
    pushed = _pushforward(graph)
    return graph(*primals), pushed(tuple(tangents), *primals)


def hvp(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Any, ...]:
    """The Hessian of a scalar function times `tangents`: forward over reverse mode.

    One tree for each argument. The Hessian itself is never formed.
    """
    gradient = grad(function, argnums=tuple(range(len(primals))))
    return jvp(gradient, primals, tangents)[1]


def jacobian(function: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """All derivatives of each result with respect to each leaf of argument `argnums`.

    For every leaf of the result a tree of that argument's structure, whose arrays have the shape of
    the result followed by that of the leaf. Forward mode where the argument is smaller than the
    result, else reverse mode.
    """

    @functools.wraps(function, updated=())
    def jacobian_of(*args: Any) -> Any:
        graph = trace(function, *args)
        leaves, structure = tree.flatten(_as_arguments(graph, graph.inputs)[argnums])
        _check_float("jacobian", leaves)
        _check_float("jacobian", graph.outputs)
        size, out_size = (sum(map(_size, nodes)) for nodes in (leaves, graph.outputs))
        rows = _rows_reverse if out_size <= size else _rows_forward
        blocks = rows(graph, leaves, args)
        found = [
            tree.unflatten(
                structure,
                [
                    reshape(block, (*out.shape, *leaf.shape))
                    for block, leaf in zip(row, leaves, strict=True)
                ],
            )
            for row, out in zip(blocks, graph.outputs, strict=True)
        ]
        return _as_result(graph, found)

    return jacobian_of


def hessian(function: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """All second derivatives of a scalar function: the Jacobian of its gradient."""
    return jacobian(grad(function, argnums), argnums)


# ---- graphs ----------------------------------------------------------------------------------


def _pullback(graph: Graph) -> Graph:
    """The graph (cotangents of the outputs, *args) -> cotangents of the arguments, as a tuple."""
    cts = [placeholder(out.type, "ct") if out.type.is_float else None for out in graph.outputs]
    found = backward(graph.outputs, graph.inputs, cts)
    given = [
        placeholder(out.type) if ct is None else ct
        for ct, out in zip(cts, graph.outputs, strict=True)
    ]
    result = _as_arguments(graph, _filled(found, graph.inputs))
    arguments = (_as_result(graph, given), *_as_arguments(graph, graph.inputs))
    return _graph(arguments, result)


def _pushforward(graph: Graph) -> Graph:
    """The graph (tangents of the arguments, *args) -> tangents of the outputs."""
    dxs = [placeholder(node.type, f"d{node.label or ''}") for node in graph.inputs]
    usable = [dx if dx.type.is_float else None for dx in dxs]
    found = _filled(forward(graph.outputs, graph.inputs, usable), graph.outputs)
    arguments = (_as_arguments(graph, dxs), *_as_arguments(graph, graph.inputs))
    return _graph(arguments, _as_result(graph, found))


def _as_arguments(graph: Graph, leaves: Sequence[Any]) -> tuple[Any, ...]:
    """One leaf for each input, as the tuple of arguments."""
    return tree.unflatten(cast(tree.Structure, graph.in_tree), leaves)


def _as_result(graph: Graph, leaves: Sequence[Any]) -> Any:
    """One leaf for each output, as the tree of the result."""
    return tree.unflatten(cast(tree.Structure, graph.out_tree), leaves)


def _graph(arguments: tuple[Any, ...], result: Any) -> Graph:
    inputs, in_tree = tree.flatten(arguments)
    outputs, out_tree = tree.flatten(result)
    return simplify(Graph(tuple(inputs), tuple(outputs), in_tree, out_tree))


def _call(graph: Graph, result: Any, args: Sequence[Any]) -> Any:
    """The values of `result`, a tree of nodes of `graph`, for these arguments of it.

    Among nodes it becomes a part of their graph, simplified on the way; arrays are just computed.
    """
    outputs, out_tree = tree.flatten(result)
    derived = Graph(graph.inputs, tuple(outputs), graph.in_tree, out_tree)
    if not any(isinstance(leaf, Node) for leaf in tree.leaves(tuple(args))):
        return derived(*args)
    values, batch = derived.bind(args)
    return tree.unflatten(out_tree, inline(outputs, values, batch, shortened))


def _filled(cts: Sequence[Node | None], like: Sequence[Node]) -> list[Node]:
    """Zeros where a derivative is None."""
    return [zeros(node.type) if ct is None else ct for ct, node in zip(cts, like, strict=True)]


def _rows_reverse(graph: Graph, leaves: Sequence[Node], args: Sequence[Any]) -> list[list[Any]]:
    """Blocks (result, leaf) of the Jacobian, one row of numbers for each number of the result."""
    found = backward(graph.outputs, leaves, cts := [placeholder(o.type) for o in graph.outputs])
    pullback = _graph((cts, *_as_arguments(graph, graph.inputs)), _filled(found, leaves))
    rows = [
        [pullback(basis, *args) for basis in _bases(graph.outputs, place)]
        for place in range(len(graph.outputs))
    ]
    return [
        [_stacked([row[j] for row in block], leaf, 0) for j, leaf in enumerate(leaves)]
        for block in rows
    ]


def _rows_forward(graph: Graph, leaves: Sequence[Node], args: Sequence[Any]) -> list[list[Any]]:
    """The same blocks, one column of numbers for each number of the leaves."""
    found = forward(graph.outputs, leaves, dxs := [placeholder(leaf.type) for leaf in leaves])
    pushed = _graph((dxs, *_as_arguments(graph, graph.inputs)), _filled(found, graph.outputs))
    columns = [
        [pushed(basis, *args) for basis in _bases(leaves, place)] for place in range(len(leaves))
    ]
    return [
        [_stacked([column[i] for column in block], out, out.ndim) for block in columns]
        for i, out in enumerate(graph.outputs)
    ]


def _stacked(parts: Sequence[Any], like: Node, axis: int) -> Any:
    """Arrays of the type of `like` along a new axis; of no arrays one of size 0."""
    shape = (*like.shape[:axis], 0, *like.shape[axis:])
    return stack(parts, axis=axis) if parts else np.zeros(cast(tuple[int, ...], shape), like.dtype)


def _bases(nodes: Sequence[Node], place: int) -> list[list[Any]]:
    """For each number of `nodes[place]`: arrays for all nodes that are 1 there and 0 elsewhere."""
    shapes = [cast(tuple[int, ...], node.shape) for node in nodes]
    bases: list[list[Any]] = []
    for number in range(math.prod(shapes[place])):
        arrays = [np.zeros(shape, node.dtype) for shape, node in zip(shapes, nodes, strict=True)]
        arrays[place].reshape(-1)[number] = 1
        bases.append(list(arrays))
    return bases


# ---- checks ----------------------------------------------------------------------------------


def _objective(result: Any, has_aux: bool) -> Node:
    """What is differentiated: the result, or the first of the two that there are with `has_aux`."""
    is_pair = isinstance(cast(object, result), tuple) and len(result) == 2
    if has_aux and not is_pair:
        raise TypeError(
            f"grad: the function returned {type(result).__name__}, expected a tuple "
            "(objective, anything else) because of has_aux=True"
        )
    objective = result[0] if has_aux else result
    if not isinstance(objective, Node):
        raise TypeError(
            f"grad: the function returned {type(objective).__name__}, expected one scalar; "
            "use has_aux=True to return (objective, anything else)"
        )
    if objective.shape != () or not objective.type.is_float:
        raise TypeError(
            f"grad: the objective is {objective.type}, expected one floating-point scalar; "
            "reduce it with sum or mean, or use jacobian"
        )
    return objective


def _size(node: Node) -> int:
    """How many numbers there are. ValueError where that is open."""
    if BATCH in node.shape:
        raise ValueError(
            f"jacobian: {node.label or 'the result'} is {node.type}, but the number of rows must "
            "be known; give arrays"
        )
    return math.prod(cast(tuple[int, ...], node.shape))


def _check_float(name: str, leaves: Sequence[Node]) -> None:
    for leaf in leaves:
        if not leaf.type.is_float:
            raise TypeError(
                f"{name}: argument {leaf.label} is {leaf.type}; only floating-point arrays have "
                "derivatives; convert it with .astype(float)"
            )
