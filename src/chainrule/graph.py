"""Graphs: inputs, outputs and the nodes between. Nothing here knows any operation."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from chainrule import tree
from chainrule.node import Node, build, constant, label, lift, mimebundle
from chainrule.types import (
    BATCH,
    ArrayType,
    Size,
    is_batched,
    match_batch,
    type_of,
    with_batch,
)


#: The inputs of the functions that are being traced now: nodes that others may close over.
_being_traced: ContextVar[frozenset[Node]] = ContextVar("_being_traced", default=frozenset())


@contextmanager
def tracing(inputs: Iterable[Node]) -> Generator[None]:
    """While this lasts, graphs may need `inputs` without having them among their own."""
    token = _being_traced.set(_being_traced.get() | frozenset(inputs))
    try:
        yield
    finally:
        _being_traced.reset(token)


def toposort(outputs: Iterable[Node], stop: frozenset[Node] = frozenset()) -> list[Node]:
    """Every node that `outputs` need, after its inputs, in an order set by structure alone.

    Nodes in `stop` are taken as leaves. Iterative: depth is bounded by memory only.
    """
    order: dict[Node, None] = {}
    stack = [(node, False) for node in reversed(list(outputs))]
    while stack:
        node, ready = stack.pop()
        if node in order:
            continue
        if ready or not node.inputs or node in stop:
            order[node] = None
            continue
        stack.append((node, True))
        stack.extend((source, False) for source in reversed(node.inputs))
    return list(order)


@dataclass(frozen=True, eq=False, repr=False)
class Graph:
    """A function as a value: it can be called, printed, hashed, differentiated, drawn, compiled.

    inputs    input nodes, one for each leaf of the arguments
    outputs   nodes, one for each leaf of the result
    in_tree   the structure of the arguments, a tuple; None: one array an argument
    out_tree  the structure of the result; None: one array, or a tuple of arrays if there are more

    A graph put together by hand (no `in_tree`) must use each of its inputs and need no other:
    ValueError otherwise.
    """

    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    in_tree: tree.Structure | None = None
    out_tree: tree.Structure | None = None

    def __post_init__(self) -> None:
        for node in self.inputs:
            if not node.is_input:
                raise ValueError(f"graph: {node!r} is not an input node; make one with placeholder")
        if len(set(self.inputs)) < len(self.inputs):
            raise ValueError("graph: the same input node is listed twice")
        if self.in_tree is None:
            self._check_by_hand()
            object.__setattr__(self, "in_tree", tree.flatten((0,) * len(self.inputs))[1])
        if self.out_tree is None:
            single = len(self.outputs) == 1
            structure = tree.LEAF if single else tree.flatten((0,) * len(self.outputs))[1]
            object.__setattr__(self, "out_tree", structure)

    def _check_by_hand(self) -> None:
        if self.missing:
            raise ValueError(
                f"graph: the outputs need {_names(self.missing)}, which is not among the inputs "
                f"({_names(self.inputs)}); add it"
            )
        if self.unused:
            raise ValueError(
                f"graph: no output needs the input {_names(self.unused)}; remove it from the inputs"
            )

    @functools.cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every node, inputs first, each after the nodes it needs."""
        return tuple(dict.fromkeys((*self.inputs, *toposort(self.outputs))))

    @functools.cached_property
    def unused(self) -> tuple[Node, ...]:
        """The inputs that no output needs."""
        needed = set(toposort(self.outputs))
        return tuple(node for node in self.inputs if node not in needed)

    @functools.cached_property
    def missing(self) -> tuple[Node, ...]:
        """The input nodes of other graphs that the outputs need."""
        own = set(self.inputs)
        return tuple(n for n in toposort(self.outputs) if n.is_input and n not in own)

    @functools.cached_property
    def names(self) -> Mapping[Node, str]:
        """What each node is called in texts: its label where unique, else `v` and a number."""
        names: dict[Node, str] = {}
        taken: set[str] = set()
        for number, node in enumerate(self.nodes):
            name = node.label if node.label and node.label not in taken else f"v{number}"
            while name in taken:
                name += "'"
            names[node] = name
            taken.add(name)
        return names

    def __str__(self) -> str:
        unused = set(self.unused)
        arguments = ", ".join(
            f"{self.names[node]}:{node.type}{' unused' if node in unused else ''}"
            for node in self.inputs
        )
        lines = [f"graph({arguments})"]
        lines += [f"  {self.line(node)}" for node in self.nodes if _has_line(node)]
        lines.append(f"  return {', '.join(self._operand(node) for node in self.outputs)}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return mimebundle(self)

    def line(self, node: Node) -> str:
        """One line of text for one node: `v3:f64[] = add x y`."""
        if node.value is not None:
            digest = hashlib.sha256(node.value.tobytes()).hexdigest()[:8]
            return f"{self.names[node]}:{node.type} = constant {digest}"
        name = node.primitive.name if node.primitive else "input"
        operands = [self._operand(source) for source in node.inputs]
        params = [f"{key}={_param_text(value)}" for key, value in node.params]
        return " ".join([f"{self.names[node]}:{node.type} =", name, *operands, *params])

    def _operand(self, node: Node) -> str:
        if node.value is not None and not _has_line(node):
            return str(node.value.item())
        return self.names[node]

    @functools.cached_property
    def hash(self) -> str:
        """SHA-256 of the structure: equal for graphs that compute the same in the same way.

        Labels do not enter, nor do the static fields of containers (they hold no numbers).
        """
        place = {node: number for number, node in enumerate(self.nodes)}
        digest = hashlib.sha256()
        for node in self.nodes:
            value = b"" if node.value is None else node.value.tobytes()
            name = node.primitive.name if node.primitive else ("input" if node.is_input else "")
            sources = [place[source] for source in node.inputs]
            digest.update(repr((name, sources, node.params, str(node.type), len(value))).encode())
            digest.update(value)
        ends = ([place[n] for n in self.inputs], [place[n] for n in self.outputs])
        digest.update(repr((ends, str(self.in_tree), str(self.out_tree))).encode())
        return digest.hexdigest()

    def __call__(self, *args: Any) -> Any:
        """Arrays in: arrays, computed by NumPy. Any node in: this graph becomes part of that one.

        Raises TypeError or ValueError, naming the argument, where it does not fit its input.
        """
        values, batch = self.bind(args)
        has_nodes = any(isinstance(value, Node) for value in values.values())
        escaped = [node for node in self.missing if node not in _being_traced.get()]
        if escaped and not has_nodes:
            raise ValueError(
                f"evaluate: the graph needs {_names(escaped)}, an input of another graph; "
                "did a node escape from the function in which it was traced?"
            )
        follow = inline if has_nodes or self.missing else run
        results = follow(self.outputs, values, batch)
        return tree.unflatten(cast(tree.Structure, self.out_tree), results)

    def bind(self, args: Sequence[Any]) -> tuple[dict[Node, Any], Size | None]:
        """The value of every input, and the number of rows (None where no shape has `BATCH`)."""
        leaves, structure = tree.flatten(tuple(args))
        if structure != self.in_tree:
            expected = ", ".join(f"{self.names[node]}:{node.type}" for node in self.inputs)
            raise TypeError(f"graph called with {structure}, expected {self.in_tree}: ({expected})")
        values: dict[Node, Any] = {}
        batch: Size | None = None
        for node, leaf in zip(self.inputs, leaves, strict=True):
            value = leaf if isinstance(leaf, Node) else _fit(node, leaf, self.names[node])
            try:
                batch = match_batch(node.shape, value.shape, batch)
            except ValueError as error:
                raise ValueError(f"input {self.names[node]}: {error}") from None
            if isinstance(value, Node) and value.type.dtype != node.type.dtype:
                raise TypeError(_dtype_message(self.names[node], node, value.type))
            values[node] = value
        return values, batch


def run(outputs: Sequence[Node], values: Mapping[Node, Any], batch: Size | None) -> list[Any]:
    """The arrays of `outputs`, given those of the inputs."""

    def evaluate(node: Node, operands: list[Any]) -> Any:
        if node.primitive is None:
            return node.value
        return node.primitive.evaluate(*operands, **bound_params(node, batch))

    with np.errstate(all="ignore"):
        return walk(outputs, values, evaluate)


def inline(
    outputs: Sequence[Node],
    values: Mapping[Node, Any],
    batch: Size | None,
    rewrite: Callable[[Node], Node] = lambda node: node,
) -> list[Node]:
    """`outputs` built anew on other nodes. What depends on none of `values` stays as it is.

    `rewrite` may put another node in the place of each application, once its inputs are final.
    """

    def rebuild(node: Node, operands: list[Any]) -> Node:
        if node.primitive is None:
            return node
        rows = BATCH if batch is None else batch
        unchanged = all(new is old for new, old in zip(operands, node.inputs, strict=True))
        if unchanged and with_batch(node.params, rows) == node.params:
            return rewrite(node)
        params = bound_params(node, batch)
        if not operands:  # the number of rows, when it becomes known
            return lift(node.primitive(**params))
        made = rewrite(build(node.primitive, tuple(operands), params))
        return label(made, node.label) if node.label else made

    nodes = {key: v if isinstance(v, Node) else constant(v) for key, v in values.items()}
    return walk(outputs, nodes, rebuild)


def walk(
    outputs: Sequence[Node],
    values: Mapping[Node, Any],
    apply: Callable[[Node, list[Any]], Any],
) -> list[Any]:
    """What `apply` makes of each output, given what it made of the inputs of each node."""
    made = dict(values)
    for node in toposort(outputs, stop=frozenset(values)):
        if node not in made:
            made[node] = apply(node, [made[source] for source in node.inputs])
    return [made[node] for node in outputs]


def bound_params(node: Node, batch: Size | None) -> dict[str, Any]:
    """The params of a node, with the number of rows put for `BATCH`."""
    if batch is None:
        return dict(node.params)
    return {key: with_batch(value, batch) for key, value in node.params}


def has_batch(node: Node) -> bool:
    """Whether evaluating the node takes the number of rows."""
    return any(is_batched(value) for _, value in node.params)


def _fit(node: Node, value: Any, name: str) -> Any:
    """An argument as an array of the dtype that the input node has."""
    array = np.asarray(value, order="C")  # sums and exponentials round by the layout of memory
    found = ArrayType(array.shape, type_of(array).dtype)
    if found.dtype == "complex128" and node.type.is_float:
        return array
    if node.type.holds(value) or np.can_cast(found.dtype, node.type.dtype, "safe"):
        return array.astype(node.type.dtype, copy=False)
    raise TypeError(_dtype_message(name, node, found))


def _dtype_message(name: str, node: Node, found: ArrayType) -> str:
    return (
        f"input {name}: {found}, expected {node.type}; "
        f"convert it with .astype({node.type.dtype!r}) or trace with {found.dtype}"
    )


def _has_line(node: Node) -> bool:
    """Inputs stand in the head, numbers where they are used; all else has a line of its own."""
    return not node.is_input and not (node.value is not None and node.value.ndim == 0)


def _names(nodes: Sequence[Node]) -> str:
    return ", ".join(f"{node.label or 'an input'}:{node.type}" for node in nodes)


def _param_text(value: Any) -> str:
    if value is BATCH:
        return BATCH.value
    if isinstance(value, tuple):
        items = ",".join(map(_param_text, cast(tuple[Any, ...], value)))
        return f"[{items}]"
    return str(value)
