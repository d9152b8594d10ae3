"""From a graph to loop nests: where each value goes, and in which order the nests run."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chainrule.compile.affine import Place, elements, flat
from chainrule.compile.nests import Buffer, Kind, Nest, Schedule, Target
from chainrule.compile.placement import Placement
from chainrule.compile.views import Source, core, reads_anywhere, sources, stored_at
from chainrule.graph import Graph
from chainrule.node import Emit, Node
from chainrule.ops import PRIMITIVES
from chainrule.types import Size


def schedule(graph: Graph, donated: Mapping[int, int] | None = None) -> Schedule:
    """The loop nests of a prepared graph.

    donated  output -> input: the output may be written over that input, where nothing that reads
             the input comes later; where something does, the pair is left out of the result
    """
    placement = Placement(graph)
    placement.run()
    memory = _Memory(placement)
    memory.assign()
    pairs = dict(donated or {})
    while True:
        edges = _edges(placement, memory, pairs)
        order, late = _ordered(placement.nests, edges)
        if not late:
            break
        pairs = {output: pairs[output] for output in pairs if output not in late}
    phases = _phases(order, edges)
    runs = sorted(range(len(order)), key=lambda place: (phases[place], place))
    return Schedule(
        graph,
        tuple(order[place] for place in runs),
        tuple(phases[place] for place in runs),
        {node: tuple(found) for node, found in memory.stored.items()},
        memory.parts,
        frozenset(placement.kept),
        pairs,
    )


# ---- where values go -----------------------------------------------------------------------------


@dataclass(eq=False)
class _Memory:
    """Buffers, as they are asked for."""

    placement: Placement
    stored: dict[Node, list[Target]] = field(default_factory=dict)
    parts: dict[Node, Buffer] = field(default_factory=dict)

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
                self._read(nest, node, found)
        for nest in self.placement.nests:
            targets = [target for node in nest.members for target in self.stored.get(node, ())]
            if nest.kind is Kind.ALIKE and not any(target.buffer.alike for target in targets):
                nest.kind = Kind.ALONE  # no other nest reads what it makes

    def _put(self, base: Node, buffer: Buffer, whole: dict[Node, list[Buffer]]) -> None:
        if base.primitive in _JOINED and base not in self.placement.kept:
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


_JOINED = (PRIMITIVES["concatenate"], PRIMITIVES["place"])


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
        if node.primitive in _JOINED and node not in kept:  # its nest fills it with zeros
            continue
        for found in sources(node, kept):
            yield node, found


# ---- order ---------------------------------------------------------------------------------------


def _edges(
    placement: Placement, memory: _Memory, pairs: Mapping[int, int]
) -> dict[tuple[Nest, Nest], set[int]]:
    """(earlier, later) nests; with the outputs for whose sake alone one has to come earlier."""
    edges: dict[tuple[Nest, Nest], set[int]] = {}
    writers = _writers(placement, memory)
    for nest in placement.nests:
        for node in nest.finishes:
            for earlier in placement.nests:
                if any(sink is node for sink in earlier.sinks):
                    edges[earlier, nest] = set()
        for node in nest.nodes:
            if node.primitive is PRIMITIVES["place"] and node not in placement.kept:
                for other in writers.get(node, ()):
                    if other is not nest:
                        edges[nest, other] = set()
        for _, found in reads(nest, placement.kept):
            for earlier in writers.get(found.node, ()):
                if earlier is not nest and found.node.primitive is not None:
                    edges[earlier, nest] = set()
    for output, source in pairs.items():
        for reader, writer in _overwritten(placement, memory, output, source):
            if (reader, writer) not in edges or edges[reader, writer]:
                edges.setdefault((reader, writer), set()).add(output)
    return edges


def _writers(placement: Placement, memory: _Memory) -> dict[Node, list[Nest]]:
    """The nests that write each array."""
    writers = {node: [home] for node, home in placement.home.items()}
    for node, targets in memory.stored.items():
        for target in targets:
            if target.into is not None and node in placement.home:
                writers.setdefault(target.into, []).append(placement.home[node])
    return writers


def _overwritten(
    placement: Placement, memory: _Memory, output: int, number: int
) -> Iterator[tuple[Nest, Nest]]:
    """(reader, writer) where one reads what the other overwrites; twice the same if it cannot."""
    given = placement.graph.inputs[number]
    written = [
        (placement.home[node], node, place, _span(place, core(node.shape)))
        for node, place in _written(placement, memory, output)
    ]
    for nest in placement.nests:
        for node, found in reads(nest, placement.kept):
            if found.node is not given:
                continue
            span = _span(found.place, _sizes(node, found))
            for writer, made, place, there in written:
                if not _overlap(span, there):
                    continue
                # Threads that compute the same are not in step with each other.
                same = writer is nest and node is not nest.contract and nest.kind is not Kind.ALIKE
                if not (same and place == found.place and core(node.shape) == core(made.shape)):
                    yield nest, writer


def _written(placement: Placement, memory: _Memory, output: int) -> Iterator[tuple[Node, Place]]:
    """What is written to an output, and where."""
    for node, targets in memory.stored.items():
        for target in targets:
            is_joined = target.into is None and node.primitive in _JOINED
            if target.buffer.output == output and node in placement.home and not is_joined:
                yield node, target_place(node, target)


def _sizes(node: Node, found: Source) -> Sequence[Size]:
    """The sizes of the loops in which an operand is read."""
    emit = node.primitive.emit if node.primitive is not None else None
    if emit in (Emit.CONTRACT, Emit.GATHER, Emit.RANDOM):
        return next(x.shape for x in node.inputs if len(x.shape) >= _axes(found))
    if emit is Emit.REDUCE:
        return core(node.inputs[0].shape)
    return core(node.shape)


def _axes(found: Source) -> int:
    return 1 + max((axis for axis, _ in found.place.steps), default=-1)


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


def _span(place: Place, sizes: Sequence[Size]) -> tuple[int, int] | None:
    """The smallest and the largest value of a place; None where that depends on the rows."""
    if not isinstance(place.start, int):
        return None
    low = high = place.start
    for axis, step in place.steps:
        size = sizes[axis]
        if not isinstance(step, int) or not isinstance(size, int):
            return None
        low += min(0, step * (size - 1))
        high += max(0, step * (size - 1))
    return low, high


def _overlap(x: tuple[int, int] | None, y: tuple[int, int] | None) -> bool:
    return x is None or y is None or (x[0] <= y[1] and y[0] <= x[1])


def _ordered(
    nests: Sequence[Nest], edges: Mapping[tuple[Nest, Nest], set[int]]
) -> tuple[list[Nest], set[int]]:
    """The nests, each after those it needs; or the outputs that make that impossible."""
    own = [outputs for (x, y), outputs in edges.items() if x is y]
    if own:
        return [], set().union(*own)
    number = {nest: place for place, nest in enumerate(nests)}
    later: dict[Nest, list[Nest]] = {nest: [] for nest in nests}
    waits = dict.fromkeys(nests, 0)
    for earlier, nest in edges:
        later[earlier].append(nest)
        waits[nest] += 1
    ready = [number[nest] for nest in nests if not waits[nest]]
    heapq.heapify(ready)
    order: list[Nest] = []
    while ready:
        nest = nests[heapq.heappop(ready)]
        order.append(nest)
        for following in later[nest]:
            waits[following] -= 1
            if not waits[following]:
                heapq.heappush(ready, number[following])
    if len(order) == len(nests):
        return order, set()
    stuck = {nest for nest in nests if waits[nest]}
    blamed = [o for (x, y), o in edges.items() if x in stuck and y in stuck and o]
    if not blamed:
        raise RuntimeError("compile: the nests of the schedule wait for each other")
    return [], set().union(*blamed)


def _phases(order: Sequence[Nest], edges: Mapping[tuple[Nest, Nest], set[int]]) -> list[int]:
    """The phase of each nest: what threads share is written in one and read in a later one."""
    needs: dict[Nest, list[Nest]] = {nest: [] for nest in order}
    for earlier, nest in edges:
        needs[nest].append(earlier)
    phase: dict[Nest, int] = {}
    for nest in order:
        phase[nest] = max((phase[x] + (x.kind is not Kind.ALIKE) for x in needs[nest]), default=0)
    return [phase[nest] for nest in order]
