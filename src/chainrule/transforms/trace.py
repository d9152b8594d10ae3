"""Run an ordinary Python function on nodes to get its graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from chainrule import tree
from chainrule.graph import Graph, tracing
from chainrule.node import Node, lift, placeholder
from chainrule.types import ArrayType, type_of


def trace(function: Callable[..., Any], *args: Any) -> Graph:
    """The graph of `function` for arguments of these types.

    args  pytrees whose leaves are arrays, numbers or `ArrayType`s (with `BATCH` where the number
          of rows is open); their values do not matter
    The inputs are labelled by the names of the parameters and the paths within them. Raises
    TypeError, naming the argument, for a leaf that is not array-like.
    """
    leaves, structure = tree.flatten(args)
    names = leaf_names(function, args)
    inputs = [
        placeholder(_leaf_type(leaf, name), name) for leaf, name in zip(leaves, names, strict=True)
    ]
    with tracing(inputs):
        result = function(*tree.unflatten(structure, inputs))
    outputs, out_tree = tree.flatten(result)
    return Graph(tuple(inputs), tuple(map(_output, outputs)), structure, out_tree)


def parameter_names(function: Callable[..., Any], count: int) -> list[str]:
    """A name for each of `count` positional arguments: the parameter's, or `x0`, `x1`, ..."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [parameter.name for parameter in parameters if parameter.kind in kinds]
    return [names[i] if i < len(names) else f"x{i}" for i in range(count)]


def leaf_names(function: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """What each leaf of the arguments is called: the parameter's name and the path within it."""
    return [
        path
        for argument, name in zip(args, parameter_names(function, len(args)), strict=True)
        for path in tree.paths(argument, name)
    ]


def _leaf_type(leaf: Any, name: str) -> ArrayType:
    if isinstance(leaf, Node):
        return leaf.type
    try:
        return type_of(leaf)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"trace: argument {name} is {type(leaf).__name__} {leaf!r:.60}; {error}. "
            "Pass arrays or numbers, and close over everything else"
        ) from None


def _output(value: Any) -> Node:
    try:
        return lift(value)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"trace: the function returned {type(value).__name__} {value!r:.60}; {error}"
        ) from None
