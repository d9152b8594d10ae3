"""The loops that compute the steps of a plan: a row for each kind of primitive."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from chainrule.export.c_body import Body, Place
from chainrule.export.c_text import TYPES, flat, literal, plus
from chainrule.node import Emit, Node
from chainrule.types import Shape


def write(body: Body, node: Node) -> None:
    """Write the loops that compute a step."""
    assert node.primitive is not None
    row = ROWS.get(node.primitive.name) or KINDS.get(node.primitive.emit)
    if row is None:
        raise ValueError(
            f"export: {node.primitive.name} has no form in C; it stands at "
            f"{body.plan.graph.line(node)!r:.200}"
        )
    row(body, node)


def copy(body: Body, node: Node, target: tuple[str, str]) -> None:
    """Write loops that put a node where an array begins."""
    with body.loops(sizes_of(node.shape)) as index:
        place = plus(target[1], flat(index, node.shape))
        body.say(f"{target[0]}[{place}] = {body.element(node, index)};")


def sizes_of(shape: Shape) -> list[int]:
    """The sizes, all of them known."""
    return [size for size in shape if isinstance(size, int)]


def _target(body: Body, node: Node, index: Sequence[str]) -> str:
    array, first = body.memory[node]
    return f"{array}[{plus(first, flat(index, node.shape))}]"


def _elementwise(body: Body, node: Node) -> None:
    with body.loops(sizes_of(node.shape)) as index:
        body.say(f"{_target(body, node, index)} = {body.computed(node, index)};")


def _zero(body: Body, node: Node) -> None:
    array, first = body.memory[node]
    with body.loops([math.prod(sizes_of(node.shape))]) as (place,):
        body.say(f"{array}[{plus(first, place)}] = 0;")


def _matmul(body: Body, node: Node) -> None:
    x, y = node.inputs
    *stack, rows, columns = sizes_of(node.shape)
    inner = sizes_of(x.shape)[-1]
    kind, axes = TYPES[node.type.dtype], len(stack)
    with _block(body), body.loops([*stack, rows]) as index:
        if columns == 1:
            body.say(f"{kind} so_far = 0;")
            with body.loops([inner], axes + 1) as (k,):
                left, right = (*index, k), (*index[:-1], k, "0")
                body.say(f"so_far += {body.element(x, left)} * {body.element(y, right)};")
            body.say(f"{_target(body, node, (*index, '0'))} = so_far;")
            return
        with body.loops([columns], axes + 2) as (j,):
            body.say(f"{_target(body, node, (*index, j))} = 0;")
        with body.loops([inner], axes + 1) as (k,):
            body.say(f"const {kind} x_k = {body.element(x, (*index, k))};")
            with body.loops([columns], axes + 2) as (j,):
                product = f"x_k * {body.element(y, (*index[:-1], k, j))}"
                body.say(f"{_target(body, node, (*index, j))} += {product};")


@contextmanager
def _block(body: Body) -> Iterator[None]:
    """Braces around what declares variables."""
    body.say("{")
    body.depth[0] += 1
    yield
    body.depth[0] -= 1
    body.say("}")


def _reduce(body: Body, node: Node) -> None:
    (x,), sizes = node.inputs, sizes_of(node.inputs[0].shape)
    axes, keepdims = dict(node.params)["axis"], dict(node.params)["keepdims"]
    kept = [1 if axis in axes else size for axis, size in enumerate(sizes)]
    dtype, name = node.type.dtype, node.primitive.name if node.primitive else ""
    with _block(body), body.loops(kept) as outer:
        body.say(f"{TYPES[dtype]} so_far = {_start(name, dtype)};")
        folded = [size if axis in axes else 1 for axis, size in enumerate(sizes)]
        with body.loops(folded) as inner:
            index = [i if axis in axes else o
                     for axis, (i, o) in enumerate(zip(inner, outer, strict=True))]  # fmt: skip
            found = body.element(x, index)
            if name == "sum":
                body.say(f"so_far += {found};")
            else:
                body.say(f"so_far = {body.called(f'{name}imum', dtype)}(so_far, {found});")
        left = [o for axis, o in enumerate(outer) if keepdims or axis not in axes]
        body.say(f"{_target(body, node, left)} = so_far;")


def _start(name: str, dtype: str) -> str:
    """What changes nothing when it is combined."""
    if name == "sum":
        return "0"
    if dtype.startswith("float"):
        return "-INFINITY" if name == "max" else "INFINITY"
    if dtype == "bool":
        return "0" if name == "max" else "1"
    limits = np.iinfo(dtype)
    return literal(np.asarray(limits.min if name == "max" else limits.max, dtype)[()])


def _argmax(body: Body, node: Node) -> None:
    (x,), axis = node.inputs, dict(node.params)["axis"]
    sizes = sizes_of(x.shape)
    is_float = x.type.is_float
    with _block(body), body.loops([*sizes[:axis], 1, *sizes[axis + 1 :]]) as index:
        before, after = index[:axis], index[axis + 1 :]
        kind = TYPES[x.type.dtype]
        body.say(f"{kind} best = {body.element(x, (*before, '0', *after))};")
        body.say("int64_t place = 0;")
        body.say(f"for (size_t k = 1; k < {sizes[axis]}; k++) {{")
        body.depth[0] += 1
        body.say(f"const {kind} next = {body.element(x, (*before, 'k', *after))};")
        nan = " || (next != next && best == best)" if is_float else ""
        body.say(f"if (next > best{nan}) {{")
        body.say("    best = next;")
        body.say("    place = (int64_t)k;")
        body.say("}")
        body.depth[0] -= 1
        body.say("}")
        body.say(f"{_target(body, node, (*before, *after))} = place;")


@contextmanager
def _indexed(
    body: Body, whole: Node, indices: Node, axis: int
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Loops over entries by index: gives their place in the part, and in the whole array."""
    sizes, inner = sizes_of(whole.shape), sizes_of(indices.shape)
    first, last = axis, axis + len(inner)
    with _block(body), body.loops(sizes[:axis]) as before, body.loops(inner, first) as middle:
        chosen = f"(int64_t){body.element(indices, middle)}"
        found = f"{body.called('place', 'int64')}({chosen}, {sizes[axis]})"
        body.say(f"const size_t place = {found};")
        with body.loops(sizes[axis + 1 :], last) as after:
            yield (*before, *middle, *after), (*before, "place", *after)


def _take(body: Body, node: Node) -> None:
    x, indices = node.inputs
    with _indexed(body, x, indices, dict(node.params)["axis"]) as (part, whole):
        body.say(f"{_target(body, node, part)} = {body.element(x, whole)};")


def _scatter_add(body: Body, node: Node) -> None:
    x, indices = node.inputs
    _zero(body, node)
    with _indexed(body, node, indices, dict(node.params)["axis"]) as (part, whole):
        body.say(f"{_target(body, node, whole)} += {body.element(x, part)};")


def _concatenate(body: Body, node: Node) -> None:
    axis, start = dict(node.params)["axis"], 0
    for part in node.inputs:
        with body.loops(sizes_of(part.shape)) as index:
            whole = (*index[:axis], plus(index[axis], str(start)), *index[axis + 1 :])
            body.say(f"{_target(body, node, whole)} = {body.element(part, index)};")
        start += sizes_of(part.shape)[axis]


def _place(body: Body, node: Node) -> None:
    (x,), params = node.inputs, dict(node.params)
    _zero(body, node)
    with body.loops(sizes_of(x.shape)) as index:
        bounds = zip(index, params["start"], params["stride"], strict=True)
        whole = [(Place(i).scaled(s) + b).text for i, b, s in bounds]
        body.say(f"{_target(body, node, whole)} = {body.element(x, index)};")


Row = Callable[[Body, Node], None]

KINDS: dict[Emit, Row] = {Emit.ELEMENTWISE: _elementwise}

ROWS: dict[str, Row] = {
    "argmax": _argmax,
    "broadcast_to": _elementwise,
    "concatenate": _concatenate,
    "matmul": _matmul,
    "max": _reduce,
    "min": _reduce,
    "place": _place,
    "reshape": _elementwise,
    "scatter_add": _scatter_add,
    "slice": _elementwise,
    "sum": _reduce,
    "take": _take,
    "transpose": _elementwise,
}
