"""The graph in the form that loops are made of: the same numbers, from fewer and larger pieces.

Joined arrays are taken apart, so that what follows from each part is computed where the part is
(an optimiser's update beside the gradient of each weight matrix), and changes of shape move to the
end. As in `simplify`, a rewrite looks at one node and gives another for its place, or None.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from chainrule.compile.affine import counter, flat, unflat
from chainrule.compile.views import is_pure_view
from chainrule.graph import Graph, inline
from chainrule.node import Emit, Node, build, constant, label
from chainrule.ops import PRIMITIVES, concatenate, relu, reshape, step, transpose
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
    outputs = inline(
        graph.outputs, {node: node for node in graph.inputs}, None, lambda n: _rewrite(n, present)
    )
    outputs = [_own(output) for output in _told_apart(outputs)]
    outputs = inline(outputs, {node: node for node in graph.inputs}, None, _with_arrays)
    return Graph(graph.inputs, tuple(outputs), graph.in_tree, graph.out_tree)


def _rewrite(node: Node, present: set[Node]) -> Node:
    while (found := _rewritten(node, present)) is not None:
        if node.label and found.label is None:
            label(found, node.label)
        node = found
    return shortened(node)


def _rewritten(node: Node, present: set[Node]) -> Node | None:
    for rule in _RULES:
        found = rule(node, present)
        if found is not None:
            return found
    return None


def _is(node: Node, kind: Emit) -> bool:
    return node.primitive is not None and node.primitive.emit is kind


def step_of_output(node: Node, present: set[Node]) -> Node | None:
    """step(x) = step(relu(x)), where relu(x) is there already: x itself need not be kept."""
    if node.primitive is not step or dict(node.params)["at_zero"] != 0:
        return None
    positive = build(relu, node.inputs, {})
    return build(step, (positive,), dict(node.params)) if positive in present else None


def elementwise_of_parts(node: Node, present: set[Node]) -> Node | None:
    """f(concatenate(a, b), c) = concatenate(f(a, c₁), f(b, c₂)), c₁ and c₂ being slices of c."""
    if not _is(node, Emit.ELEMENTWISE):
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
        parts.append(_rewrite(_application(node, operands), present))
        start = stop
    return build(concatenate, tuple(parts), {"axis": axis})


def part_of(node: Node, axis: int, start: int, stop: int) -> Node:
    """`node` from `start` to before `stop` along one axis, cut out as near to inputs as can be."""
    if (start, stop) == (0, node.shape[axis]):
        return node
    if node.primitive is concatenate and dict(node.params)["axis"] == axis:
        piece = _piece(node, axis, start, stop)
        if piece is not None:
            return piece
    if node.primitive is _BROADCAST:
        (x,) = node.inputs
        inner = axis - (node.ndim - x.ndim)
        if inner >= 0 and x.shape[inner] != 1:
            x = part_of(x, inner, start, stop)
        shape = (*node.shape[:axis], stop - start, *node.shape[axis + 1 :])
        return x if x.shape == shape else build(_BROADCAST, (x,), {"shape": shape})
    if _is(node, Emit.ELEMENTWISE):
        return _application(node, tuple(part_of(x, axis, start, stop) for x in node.inputs))
    return _cut(node, axis, start, stop)


def _piece(joined: Node, axis: int, start: int, stop: int) -> Node | None:
    """The part of a concatenation, where it lies within one of its pieces."""
    first = 0
    for piece in joined.inputs:
        last = first + int(piece.shape[axis])  # pyright: ignore[reportArgumentType]
        if first <= start and stop <= last:
            return part_of(piece, axis, start - first, stop - first)
        first = last
    return None


def _cut(node: Node, axis: int, start: int, stop: int) -> Node:
    if node.primitive is _SLICE:
        bounds = dict(node.params)
        if bounds["stride"][axis] == 1:
            start, stop = start + bounds["start"][axis], stop + bounds["start"][axis]
            params = {
                "start": _put(bounds["start"], axis, start),
                "stop": _put(bounds["stop"], axis, stop),
                "stride": bounds["stride"],
            }
            return build(_SLICE, node.inputs, params)
    starts = tuple(start if place == axis else 0 for place in range(node.ndim))
    stops = _put(node.shape, axis, stop)
    return build(_SLICE, (node,), {"start": starts, "stop": stops, "stride": (1,) * node.ndim})


def _put(items: Sequence[object], place: int, item: object) -> tuple[object, ...]:
    return (*items[:place], item, *items[place + 1 :])


def slice_of_parts(node: Node, present: set[Node]) -> Node | None:
    """A slice of one axis of a concatenation along that axis is a slice of one of its parts."""
    if node.primitive is not _SLICE or node.inputs[0].primitive is not concatenate:
        return None
    bounds, (joined,) = dict(node.params), node.inputs
    axis = dict(joined.params)["axis"]
    rest = [
        (b, e, s) == (0, size, 1)
        for place, (size, b, e, s) in enumerate(
            zip(joined.shape, bounds["start"], bounds["stop"], bounds["stride"], strict=True)
        )
        if place != axis
    ]
    if not all(rest) or bounds["stride"][axis] != 1:
        return None
    return _piece(joined, axis, bounds["start"][axis], bounds["stop"][axis])


def elementwise_of_reshaped(node: Node, present: set[Node]) -> Node | None:
    """f(reshape(a), b) = reshape(f(a, reshape(b))), where a is computed and has more axes."""
    if not _is(node, Emit.ELEMENTWISE):
        return None
    for operand in node.inputs:
        if operand.primitive is _RESHAPE and _is_richer(operand.inputs[0], node.shape):
            (inner,) = operand.inputs
            operands = tuple(_reshaped(x, inner.shape) for x in node.inputs)
            made = _rewrite(_application(node, operands), present)
            return build(_RESHAPE, (made,), {"shape": node.shape})
    return None


def reshaped_number(node: Node, present: set[Node]) -> Node | None:
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
    return sum(size != 1 for size in node.shape) > sum(size != 1 for size in shape)


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
    if _is(node, Emit.ELEMENTWISE):
        return _application(node, tuple(_reshaped(x, shape) for x in node.inputs))
    return reshape(node, shape)


def _whole(shape: Shape) -> list[int]:
    return [size for size in shape if isinstance(size, int)]


def sum_of_parts(node: Node, present: set[Node]) -> Node | None:
    """The sum of all of a concatenation, or of a reshaped array, is that of its parts."""
    if node.primitive is not _SUM or node.shape != ():
        return None
    (x,) = node.inputs
    if x.primitive is concatenate:
        sums = [_rewrite(_total(piece), present) for piece in x.inputs]
        total = sums[0]
        for one in sums[1:]:
            total = build(PRIMITIVES["add"], (total, one), {})
        return total
    if x.primitive is _RESHAPE and _is_richer(x.inputs[0], x.shape):
        return _total(x.inputs[0])
    return None


def _total(x: Node) -> Node:
    return build(_SUM, (x,), {"axis": tuple(range(x.ndim)), "keepdims": False})


def reduction_of_rows(node: Node, present: set[Node]) -> Node | None:
    """A reduction is brought into one of three forms: over the last loop, all but it, or all.

    Others are made of several, one axis at a time, that axis being moved to the end.
    """
    if not _is(node, Emit.REDUCE) or node.primitive is None:
        return None
    (x,), params = node.inputs, dict(node.params)
    if node.primitive.code.position:
        return _position_of_last(node, x, params["axis"])
    axes, keepdims = params["axis"], params["keepdims"]
    loops = [axis for axis, size in enumerate(x.shape) if size != 1]
    folded = [axis for axis in axes if x.shape[axis] != 1]
    if not folded:
        return reshape(x, node.shape)
    if folded != list(axes) or (keepdims and axes):
        inner = build(node.primitive, (x,), {"axis": tuple(folded), "keepdims": False})
        return reshape(_rewrite(inner, present), node.shape)
    if folded in (loops, loops[:-1], loops[-1:]):
        return None
    one = folded[-1]
    order = (*(axis for axis in range(x.ndim) if axis != one), one)
    last = {"axis": (x.ndim - 1,), "keepdims": False}
    made = _rewrite(build(node.primitive, (transpose(x, axes=order),), last), present)
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


def parts_of_parts(node: Node, present: set[Node]) -> Node | None:
    """An array joined from joined arrays: along one axis they are taken apart, else copied."""
    if node.primitive is None or node.primitive not in (concatenate, PRIMITIVES["place"]):
        return None
    if node.primitive is concatenate and len(node.inputs) == 1:
        return node.inputs[0]
    axis = dict(node.params).get("axis")
    pieces: list[Node] = []
    for piece in node.inputs:
        if piece.primitive is concatenate and dict(piece.params)["axis"] == axis:
            pieces += piece.inputs
        elif _unshaped(piece).primitive in (concatenate, PRIMITIVES["place"]):
            pieces.append(copied(piece))
        else:
            pieces.append(piece)
    if all(x is y for x, y in zip(pieces, node.inputs, strict=False)):
        return None
    return build(node.primitive, tuple(pieces), dict(node.params))


def _unshaped(node: Node) -> Node:
    while node.primitive is _RESHAPE:
        node = node.inputs[0]
    return node


def _own(output: Node) -> Node:
    """An output that is a view of something else, an input or a constant is copied."""
    base = _unshaped(output)
    is_made = base.primitive is not None and not is_pure_view(base)
    return output if is_made else copied(output)


def _with_arrays(node: Node) -> Node:
    """Views that have to be arrays are copied: pieces of joined arrays, and what is reshaped so
    that its elements are no longer found by arithmetic.
    """
    if node.primitive in (concatenate, PRIMITIVES["place"]):
        pieces = tuple(_own(piece) for piece in node.inputs)
        is_same = all(x is y for x, y in zip(pieces, node.inputs, strict=True))
        return node if is_same else _application(node, pieces)
    if node.primitive is _RESHAPE and is_pure_view(node.inputs[0]):
        (x,) = node.inputs
        index = tuple(map(counter, range(len(node.shape))))
        if unflat(flat(index, node.shape), x.shape, node.shape) is None:
            return _application(node, (copied(x),))
    return node


def copied(node: Node) -> Node:
    """The same numbers as a node of its own, which has memory of its own."""
    return build(PRIMITIVES["stop_gradient"], (node,), {"finite": False})


def _told_apart(outputs: Sequence[Node]) -> tuple[Node, ...]:
    """The outputs, each a node of its own."""
    found: dict[Node, None] = {}
    apart: list[Node] = []
    for output in outputs:
        while _unshaped(output) in found:
            output = copied(output)
        found[_unshaped(output)] = None
        apart.append(output)
    return tuple(apart)


def _application(node: Node, operands: tuple[Node, ...]) -> Node:
    if node.primitive is None:
        raise TypeError(f"{node!r} is no application")
    return build(node.primitive, operands, dict(node.params))


_RULES: tuple[Callable[[Node, set[Node]], Node | None], ...] = (
    step_of_output,
    reshaped_number,
    parts_of_parts,
    slice_of_parts,
    elementwise_of_parts,
    elementwise_of_reshaped,
    sum_of_parts,
    reduction_of_rows,
)
