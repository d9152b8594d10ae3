"""From a graph to loop nests: where each value goes, and in which order the nests run."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chainrule.compile.affine import Place
from chainrule.compile.nests import Kind, Nest, Schedule
from chainrule.compile.placement import Placement
from chainrule.compile.stores import JOINED, Stores, target_place
from chainrule.compile.views import Source, core
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
    stores = Stores(placement)
    stores.assign()
    pairs = dict(donated or {})
    while True:
        edges = _edges(placement, stores, pairs)
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
        {node: tuple(found) for node, found in stores.stored.items()},
        stores.parts,
        frozenset(placement.kept),
        pairs,
    )


# ---- order ---------------------------------------------------------------------------------------


@dataclass
class _Edge:
    """Why one nest comes before another.

    outputs  the outputs for whose sake alone, written over what is read; none for other reasons
    meeting  whether the threads have to meet in between
    """

    outputs: set[int] = field(default_factory=set)
    meeting: bool = False


_Edges = dict[tuple[Nest, Nest], _Edge]


def _edges(placement: Placement, stores: Stores, pairs: Mapping[int, int]) -> _Edges:
    """What has to come first, by (earlier, later)."""
    edges: _Edges = {}
    writers = _writers(placement, stores)
    for nest in placement.nests:
        for node in nest.finishes:
            for earlier in placement.nests:
                if any(sink is node for sink in earlier.sinks):
                    edges[earlier, nest] = _Edge(meeting=True)
        for node in nest.nodes:
            if node.primitive is PRIMITIVES["place"] and node not in placement.kept:
                for other in writers.get(node, ()):
                    if other is not nest:
                        edges[nest, other] = _Edge(meeting=True)
    for nest, _, found in stores.reads:
        for earlier in writers.get(found.node, ()):
            if earlier is not nest and found.node.primitive is not None:
                edge = edges.setdefault((earlier, nest), _Edge())
                edge.meeting |= not _is_alike(earlier, found.node, stores)
    for output, source in pairs.items():
        for reader, writer in _overwritten(placement, stores, output, source):
            edge = edges.get((reader, writer))
            if edge is None or edge.outputs:
                edge = edges.setdefault((reader, writer), _Edge())
                edge.outputs.add(output)
            edge.meeting = True
    return edges


def _is_alike(writer: Nest, node: Node, stores: Stores) -> bool:
    """Whether each thread reads what it wrote itself: not what the first one wrote for all."""
    buffers = (target.buffer for target in stores.stored[node] if target.into is None)
    return writer.kind is Kind.ALIKE and all(buffer.alike for buffer in buffers)


def _writers(placement: Placement, stores: Stores) -> dict[Node, list[Nest]]:
    """The nests that write each array."""
    writers = {node: [home] for node, home in placement.home.items()}
    for node, targets in stores.stored.items():
        for target in targets:
            if target.into is not None and node in placement.home:
                writers.setdefault(target.into, []).append(placement.home[node])
    return writers


def _overwritten(
    placement: Placement, stores: Stores, output: int, number: int
) -> Iterator[tuple[Nest, Nest]]:
    """(reader, writer) where one reads what the other overwrites; twice the same if it cannot."""
    given = placement.graph.inputs[number]
    written = [
        (placement.home[node], node, place, _span(place, core(node.shape)))
        for node, place in _written(placement, stores, output)
    ]
    for nest, node, found in stores.reads:
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


def _written(placement: Placement, stores: Stores, output: int) -> Iterator[tuple[Node, Place]]:
    """What is written to an output, and where."""
    for node, targets in stores.stored.items():
        for target in targets:
            is_joined = target.into is None and node.primitive in JOINED
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


def _ordered(nests: Sequence[Nest], edges: _Edges) -> tuple[list[Nest], set[int]]:
    """The nests, each after those it needs; or the outputs that make that impossible."""
    own = [edge.outputs for (x, y), edge in edges.items() if x is y]
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
    within = [edge for (x, y), edge in edges.items() if x in stuck and y in stuck]
    blamed = [edge.outputs for edge in within if edge.outputs]
    if not blamed:
        raise RuntimeError("compile: the nests of the schedule wait for each other")
    return [], set().union(*blamed)


def _phases(order: Sequence[Nest], edges: _Edges) -> list[int]:
    """The phase of each nest: what threads share is written in one and read in a later one."""
    needs: dict[Nest, list[tuple[Nest, bool]]] = {nest: [] for nest in order}
    for (earlier, nest), edge in edges.items():
        needs[nest].append((earlier, edge.meeting))
    phase: dict[Nest, int] = {}
    for nest in order:
        phase[nest] = max((phase[x] + meeting for x, meeting in needs[nest]), default=0)
    return [phase[nest] for nest in order]
