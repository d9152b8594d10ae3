"""Where each value of a schedule goes, and from where it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from chainrule.compile.affine import Place, elements, flat
from chainrule.compile.nests import Buffer, Kind, Nest, Target
from chainrule.compile.placement import Placement
from chainrule.compile.views import Source, core, reads_anywhere, sources, stored_at
from chainrule.node import Node
from chainrule.ops import PRIMITIVES


@dataclass(eq=False)
class Stores:
    """Buffers, as they are asked for.

    stored  where each value goes; parts  where the parts of each sum go
    reads   (nest, reader, where its operand lies), in the order of the nests
    """

    placement: Placement
    stored: dict[Node, list[Target]] = field(default_factory=dict)
    parts: dict[Node, Buffer] = field(default_factory=dict)
    reads: list[tuple[Nest, Node, Source]] = field(default_factory=list)

    def assign(self) -> None:
        """Give room to outputs, joined arrays, parts of sums, and what other nests read."""
        whole: dict[Node, list[Buffer]] = {}
        for number, output in enumerate(self.placement.graph.outputs):
            base = _unshaped(output, self.placement.kept)
            buffer = Buffer(output, elements(output.shape), output.type.dtype, output=number)
            self._put(base, buffer, whole)
        for node in reversed(self.placement.joined):
            if node not in whole:
                whole[node] = []
                self._put(node, Buffer(node, elements(node.shape), node.type.dtype), whole)
            self._put_pieces(node, whole)
        for nest in self.placement.nests:
            for sink in nest.sinks:
                rows = elements(nest.space[:-1] or nest.space)
                row = elements(core(sink.shape))
                self.parts[sink] = Buffer(sink, rows * row, sink.type.dtype, parts=True, row=row)
        for nest in self.placement.nests:
            for node, found in reads(nest, self.placement.kept):
                self.reads.append((nest, node, found))
                self._read(nest, node, found)
        for nest in self.placement.nests:
            targets = [target for node in nest.members for target in self.stored.get(node, ())]
            if nest.kind is Kind.ALIKE and not any(target.buffer.alike for target in targets):
                nest.kind = Kind.ALONE  # no other nest reads what it makes

    def _put(self, base: Node, buffer: Buffer, whole: dict[Node, list[Buffer]]) -> None:
        if base.primitive in JOINED and base not in self.placement.kept:
            whole.setdefault(base, []).append(buffer)
        self.stored.setdefault(base, []).append(Target(buffer))

    def _put_pieces(self, node: Node, whole: dict[Node, list[Buffer]]) -> None:
        for piece, starts, steps in _pieces(node):
            base = piece if piece in self.placement.kept else _unshaped(piece, self.placement.kept)
            if piece in self.placement.kept or stored_at(base, piece) is None:
                base = piece
            for buffer in whole[node]:
                target = Target(buffer, base if base is piece else piece, node, starts, steps)
                self.stored.setdefault(base, []).append(target)

    def _read(self, nest: Nest, reader: Node, found: Source) -> None:
        node, placement = found.node, self.placement
        if node.primitive is None and node not in placement.kept:
            return
        home = placement.home.get(node)
        if home is nest and not reads_anywhere(reader):
            return
        if any(target.into is None for target in self.stored.get(node, ())):
            return
        if node.primitive is None:
            return
        alike = home is not None and home.kind is Kind.ALIKE
        buffer = Buffer(node, elements(node.shape), node.type.dtype, alike=alike)
        self.stored.setdefault(node, []).insert(0, Target(buffer))


JOINED = (PRIMITIVES["concatenate"], PRIMITIVES["place"])


def _unshaped(node: Node, kept: set[Node]) -> Node:
    while node.primitive is PRIMITIVES["reshape"] and node not in kept:
        node = node.inputs[0]
    return node


def _pieces(node: Node) -> Iterator[tuple[Node, tuple[int, ...], tuple[int, ...]]]:
    """What an array is put together from: each piece, its first index and its steps."""
    params = dict(node.params)
    if node.primitive is PRIMITIVES["place"]:
        yield node.inputs[0], params["start"], params["stride"]
        return
    axis, start = params["axis"], 0
    for piece in node.inputs:
        starts = tuple(start if place == axis else 0 for place in range(len(node.shape)))
        yield piece, starts, (1,) * len(node.shape)
        start += int(piece.shape[axis])  # pyright: ignore[reportArgumentType]


def reads(nest: Nest, kept: set[Node] | frozenset[Node]) -> Iterator[tuple[Node, Source]]:
    """Every operand of every member of a nest, and where it lies."""
    root = () if nest.contract is None else (nest.contract,)
    for node in (*root, *nest.nodes, *nest.sinks):
        if node.primitive in JOINED and node not in kept:  # its nest fills it with zeros
            continue
        for found in sources(node, kept):
            yield node, found


def target_place(node: Node, target: Target) -> Place:
    """Where in its target's buffer the element goes that the counters stand for."""
    if target.into is None:
        return flat(stored_at(node, node) or (), node.shape)
    index = stored_at(node, node if target.piece is None else target.piece)
    if index is None:
        raise ValueError(f"{node!r} cannot be written as a piece of {target.into!r}")
    shifted = tuple(
        one.scaled(step) + start
        for one, start, step in zip(index, target.starts, target.steps, strict=True)
    )
    return flat(shifted, target.into.shape)
