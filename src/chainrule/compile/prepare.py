"""The graph in the form that loops are made of: the same numbers, from fewer and larger pieces.

Joined arrays are taken apart, so that what follows from each part is computed where the part is
(an optimiser's update beside the gradient of each weight matrix), and changes of shape move to the
end. As in `simplify`, a rewrite looks at one node and gives another for its place, or None.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from chainrule.compile.copies import own, parts_of_parts, told_apart, with_arrays
from chainrule.compile.parts import application, is_kind, part_of, slice_of_parts
from chainrule.compile.views import core
from chainrule.graph import Graph, inline
from chainrule.node import Emit, Node, build, constant, label
from chainrule.ops import PRIMITIVES, add, concatenate, relu, reshape, step, transpose
from chainrule.transforms.simplify import shortened, simplify
from chainrule.types import BATCH, Shape


_SLICE = PRIMITIVES["slice"]
_BROADCAST = PRIMITIVES["broadcast_to"]
_RESHAPE = PRIMITIVES["reshape"]
_SUM = PRIMITIVES["sum"]


def prepare(graph: Graph) -> Graph:
    """A graph for the compiler: the same inputs and trees, and nearly the same bits.

    Only sums over joined arrays add in another order.
    """
    graph = simplify(graph)
    present = set(graph.nodes)
    given = {node: node for node in graph.inputs}
    outputs = inline(graph.outputs, given, None, lambda n: step_of_output(n, present))
    outputs = inline(outputs, given, None, _rewrite)
    outputs = [own(output) for output in told_apart(outputs)]
    outputs = inline(outputs, given, None, with_arrays)
    return Graph(graph.inputs, tuple(outputs), graph.in_tree, graph.out_tree)


def _rewrite(node: Node) -> Node:
    while (found := _rewritten(node)) is not None:
        if node.label and found.label is None:
            label(found, node.label)
        node = found
    return shortened(node)


def _rewritten(node: Node) -> Node | None:
    for rule in _RULES:
        found = rule(node)
        if found is not None:
            return found
    return None


def step_of_output(node: Node, present: set[Node]) -> Node:
    """step(x) = step(relu(x)), where relu(x) is there already: x itself need not be kept."""
    if node.primitive is not step or dict(node.params)["at_zero"] != 0:
        return node
    positive = build(relu, node.inputs, {})
    return build(step, (positive,), dict(node.params)) if positive in present else node


def elementwise_of_parts(node: Node) -> Node | None:
    """f(concatenate(a, b), c) = concatenate(f(a, c₁), f(b, c₂)), c₁ and c₂ being slices of c."""
    if not is_kind(node, Emit.ELEMENTWISE):
        return None
    joined = next((x for x in node.inputs if x.primitive is concatenate), None)
    if joined is None:
        return None
    axis = dict(joined.params)["axis"]
    parts: list[Node] = []
    start = 0
    for piece in joined.inputs:
        stop = start + int(piece.shape[axis])  # pyright: ignore[reportArgumentType]
        operands = tuple(part_of(x, axis, start, stop) for x in node.inputs)
        parts.append(_rewrite(application(node, operands)))
        start = stop
    return build(concatenate, tuple(parts), {"axis": axis})


def elementwise_of_reshaped(node: Node) -> Node | None:
    """f(reshape(a), b) = reshape(f(a, reshape(b))), where a is computed and has more axes."""
    if not is_kind(node, Emit.ELEMENTWISE):
        return None
    for operand in node.inputs:
        if operand.primitive is _RESHAPE and _is_richer(operand.inputs[0], node.shape):
            (inner,) = operand.inputs
            operands = tuple(_reshaped(x, inner.shape) for x in node.inputs)
            made = _rewrite(application(node, operands))
            return build(_RESHAPE, (made,), {"shape": node.shape})
    return None


def reshaped_number(node: Node) -> Node | None:
    """One number in every place of an array is one number in every place of any shape."""
    if node.primitive is not _RESHAPE or node.inputs[0].primitive is not _BROADCAST:
        return None
    found = _reshaped(node.inputs[0], node.shape)
    return found if found.primitive is not _RESHAPE else None


def _is_richer(node: Node, shape: Shape) -> bool:
    """Whether a node is computed by a loop over more axes than `shape` has."""
    kinds = (Emit.CONTRACT, Emit.ELEMENTWISE, Emit.REDUCE)
    if node.primitive is None or node.primitive.emit not in kinds:
        return False
    return len(core(node.shape)) > len(core(shape))


def _reshaped(node: Node, shape: Shape) -> Node:
    if node.shape == shape:
        return node
    if node.primitive is _RESHAPE:
        return _reshaped(node.inputs[0], shape)
    if node.primitive is _BROADCAST and math.prod(_whole(node.inputs[0].shape)) == 1:
        number = node.inputs[0]
        if BATCH not in number.shape:
            number = _reshaped(number, ())
            return build(_BROADCAST, (number,), {"shape": shape}) if shape else number
    if is_kind(node, Emit.ELEMENTWISE):
        return application(node, tuple(_reshaped(x, shape) for x in node.inputs))
    return reshape(node, shape)


def _whole(shape: Shape) -> list[int]:
    return [size for size in shape if isinstance(size, int)]


def sum_of_parts(node: Node) -> Node | None:
    """The sum of all of a concatenation, or of a reshaped array, is that of its parts."""
    if node.primitive is not _SUM or node.shape != ():
        return None
    (x,) = node.inputs
    if x.primitive is concatenate:
        sums = [_rewrite(_total(piece)) for piece in x.inputs]
        total = sums[0]
        for one in sums[1:]:
            total = build(PRIMITIVES["add"], (total, one), {})
        return total
    if x.primitive is _RESHAPE and _is_richer(x.inputs[0], x.shape):
        return _total(x.inputs[0])
    return None


def _total(x: Node) -> Node:
    return build(_SUM, (x,), {"axis": tuple(range(x.ndim)), "keepdims": False})


def reduction_of_rows(node: Node) -> Node | None:
    """A reduction is brought into one of three forms: over the last loop, all but it, or all.

    Others are made of several, one axis at a time, that axis being moved to the end.
    """
    if not is_kind(node, Emit.REDUCE) or node.primitive is None:
        return None
    (x,), params = node.inputs, dict(node.params)
    if node.primitive.code.position:
        return _position_of_last(node, x, params["axis"])
    axes, keepdims = params["axis"], params["keepdims"]
    loops = [axis for axis, size in enumerate(x.shape) if size != 1]
    folded = [axis for axis in axes if x.shape[axis] != 1]
    if not folded:
        # NumPy's sum begins with 0, which shows where the one number is -0.
        only = add(0, x) if node.primitive is _SUM and node.type.is_float else x
        return reshape(_rewrite(only), node.shape)
    if folded != list(axes) or (keepdims and axes):
        inner = build(node.primitive, (x,), {"axis": tuple(folded), "keepdims": False})
        return reshape(_rewrite(inner), node.shape)
    if folded in (loops, loops[:-1], loops[-1:]):
        return None
    one = folded[-1]
    order = (*(axis for axis in range(x.ndim) if axis != one), one)
    last = {"axis": (x.ndim - 1,), "keepdims": False}
    made = _rewrite(build(node.primitive, (transpose(x, axes=order),), last))
    rest = {"axis": tuple(folded[:-1]), "keepdims": False}
    return build(node.primitive, (made,), rest) if rest["axis"] else made


def _position_of_last(node: Node, x: Node, axis: int) -> Node | None:
    """The place of an extreme, sought along the last axis."""
    if node.primitive is None or (axis == x.ndim - 1 and x.shape[axis] != 1):
        return None
    if x.shape[axis] == 1:
        zero = constant(0, node.type.dtype)
        return build(_BROADCAST, (zero,), {"shape": node.shape}) if node.shape else zero
    order = (*(place for place in range(x.ndim) if place != axis), axis)
    return build(node.primitive, (transpose(x, axes=order),), {"axis": x.ndim - 1})


_RULES: tuple[Callable[[Node], Node | None], ...] = (
    reshaped_number,
    parts_of_parts,
    slice_of_parts,
    elementwise_of_parts,
    elementwise_of_reshaped,
    sum_of_parts,
    reduction_of_rows,
)
