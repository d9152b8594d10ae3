"""Parts of arrays, cut out as near to the inputs as can be."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.node import Emit, Node, build
from chainrule.ops import PRIMITIVES, concatenate


_SLICE = PRIMITIVES["slice"]
_BROADCAST = PRIMITIVES["broadcast_to"]


def is_kind(node: Node, kind: Emit) -> bool:
    """Whether a node applies an operation of this kind."""
    return node.primitive is not None and node.primitive.emit is kind


def application(node: Node, operands: tuple[Node, ...]) -> Node:
    """The operation of a node, applied to other operands."""
    if node.primitive is None:
        raise TypeError(f"{node!r} is no application")
    return build(node.primitive, operands, dict(node.params))


def part_of(node: Node, axis: int, start: int, stop: int) -> Node:
    """`node` from `start` to before `stop` along one axis, cut out as near to inputs as can be."""
    if (start, stop) == (0, node.shape[axis]):
        return node
    if node.primitive is concatenate and dict(node.params)["axis"] == axis:
        piece = piece_of(node, axis, start, stop)
        if piece is not None:
            return piece
    if node.primitive is _BROADCAST:
        (x,) = node.inputs
        inner = axis - (node.ndim - x.ndim)
        if inner >= 0 and x.shape[inner] != 1:
            x = part_of(x, inner, start, stop)
        shape = (*node.shape[:axis], stop - start, *node.shape[axis + 1 :])
        return x if x.shape == shape else build(_BROADCAST, (x,), {"shape": shape})
    if is_kind(node, Emit.ELEMENTWISE):
        return application(node, tuple(part_of(x, axis, start, stop) for x in node.inputs))
    return _cut(node, axis, start, stop)


def piece_of(joined: Node, axis: int, start: int, stop: int) -> Node | None:
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


def slice_of_parts(node: Node) -> Node | None:
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
    return piece_of(joined, axis, bounds["start"][axis], bounds["stop"][axis])
