"""Where an operand really lies: views are index arithmetic, and never become arrays."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.compile.affine import Index, Place, counter, flat, unflat
from chainrule.node import Emit, Node
from chainrule.ops import PRIMITIVES
from chainrule.types import Shape, Size


_RESHAPE = PRIMITIVES["reshape"]


@dataclass(frozen=True)
class Source:
    """An element of an operand, found behind its views.

    node   an input, a constant or what a loop computes
    index  of the element in `node`; None where only its place in row-major order is known
    place  in row-major order
    """

    node: Node
    index: Index | None
    place: Place


def core(shape: Shape) -> Shape:
    """The sizes that take a loop: those that are not 1."""
    return tuple(size for size in shape if size != 1)


@functools.lru_cache(maxsize=1024)
def index_in(shape: Shape) -> Index:
    """The index of the element that the counters of a nest over `core(shape)` stand for."""
    places: list[Place] = []
    axis = 0
    for size in shape:
        places.append(Place() if size == 1 else counter(axis))
        axis += size != 1
    return tuple(places)


def is_pure_view(node: Node) -> bool:
    """Whether an element of the node is an element of its one operand, found by arithmetic."""
    is_view = node.primitive is not None and node.primitive.emit is Emit.VIEW
    return is_view and (
        node.primitive is _RESHAPE or callable(node.primitive and node.primitive.code)
    )


def source(
    node: Node, index: Index, sizes: Sequence[Size], kept: frozenset[Node] | set[Node]
) -> Source:
    """Where the element of `node` at `index` lies.

    sizes  of the axes of the loop nest
    kept   views that are arrays of their own
    """
    while is_pure_view(node) and node not in kept:
        primitive, (operand,) = node.primitive, node.inputs
        if primitive is _RESHAPE:
            place = flat(index, node.shape)
            found = unflat(place, operand.shape, sizes)
            if found is None:
                return Source(operand, None, place)
            index = found
        else:
            index = primitive.code(index, operand.type, **dict(node.params))  # pyright: ignore[reportOptionalMemberAccess]
        node = operand
    return Source(node, index, flat(index, node.shape))


def sources(node: Node, kept: frozenset[Node] | set[Node]) -> tuple[Source, ...]:
    """Where the operands of a node lie.

    For the element that the counters of its loops stand for; where it reads elements chosen
    otherwise (`reads_anywhere`), for counters over all axes of the operand.
    """
    if node in kept:
        if node.primitive is None:
            own = index_in(node.shape)
            return (Source(node, own, flat(own, node.shape)),)
        return (source(node, index_in(node.shape), core(node.shape), kept - {node}),)
    if reads_anywhere(node):
        return tuple(whole(operand, kept) for operand in node.inputs)
    is_reduction = node.primitive is not None and node.primitive.emit is Emit.REDUCE
    return tuple(
        source(x, index_in(x.shape), core(x.shape if is_reduction else node.shape), kept)
        for x in node.inputs
    )


def whole(operand: Node, kept: frozenset[Node] | set[Node]) -> Source:
    """Where an element of `operand` lies, for counters over all its axes."""
    index = tuple(map(counter, range(len(operand.shape))))
    return source(operand, index, operand.shape, kept)


def reads_anywhere(node: Node) -> bool:
    """Whether an element of the node is made of others than that in the same place."""
    kinds = (Emit.CONTRACT, Emit.GATHER, Emit.RANDOM)
    return node.primitive is not None and node.primitive.emit in kinds


def stored_at(node: Node, piece: Node) -> Index | None:
    """The index in `piece`, a change of shape of `node`, of the element the counters stand for."""
    index = index_in(node.shape)
    if piece is node:
        return index
    return unflat(flat(index, node.shape), piece.shape, core(node.shape))
