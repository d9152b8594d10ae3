"""How often a nest goes over each of its rows: once more for a reduction that needs another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chainrule.compile.affine import Count, count
from chainrule.compile.nests import Nest, Schedule
from chainrule.compile.views import Source, core, sources
from chainrule.node import Emit, Node


#: Rows of at most so many vectors are kept in registers from one pass to the next.
IN_REGISTERS = 4


@dataclass(frozen=True, eq=False)
class Passes:
    """What happens in each pass over a row.

    level    of each member: the pass in which its values are known
    folds    per pass, the reductions of the row that are made in it
    wanted   per pass, the nodes whose values are stored in it
    sinks    per pass, the sinks whose operand is known in it
    carried  values for every element that a later pass reads again: they need room for a row
    """

    level: dict[Node, int]
    folds: tuple[tuple[Node, ...], ...]
    wanted: tuple[tuple[Node, ...], ...]
    sinks: tuple[tuple[Node, ...], ...]
    carried: tuple[Node, ...]

    def room(self, nest: Nest) -> Count:
        """Bytes for the carried values of one row."""
        return count(nest.space[-1]) * (8 * len(self.carried)) if nest.space else Count((0,))


def passes(nest: Nest, schedule: Schedule, inline: bool = False) -> Passes:
    """The passes of one nest.

    inline  whether the elements of its matrix product are made one by one, like other values
    """
    level: dict[Node, int] = {node: 0 for node in nest.members if node not in set(nest.nodes)}
    members = set(nest.members)

    def of(operand: Source) -> int:
        return level.get(operand.node, 0) if operand.node in members else 0

    for node in nest.nodes:
        known = max(map(of, sources(node, schedule.kept)), default=0)
        level[node] = known + is_fold(node, schedule)
    top = max(level.values(), default=0)
    last = max([top, *(of(sources(s, schedule.kept)[0]) for s in nest.sinks)])
    every = range(last + 1)
    folds = [[n for n in nest.nodes if is_fold(n, schedule) and level[n] == p + 1] for p in every]
    stored = [n for n in nest.members if schedule.stored.get(n)]
    full = [n for n in stored if core(n.shape) == nest.space]
    if not inline:
        full = [n for n in full if not _is_whole(n, nest, schedule)]
    wanted = [[n for n in full if level[n] == p] for p in every]
    sinks = [[s for s in nest.sinks if of(sources(s, schedule.kept)[0]) == p] for p in every]
    carried = _carried(nest, schedule, level, last) if last else []
    return Passes(
        level,
        tuple(map(tuple, folds)),
        tuple(map(tuple, wanted)),
        tuple(map(tuple, sinks)),
        tuple(carried),
    )


def _is_whole(node: Node, nest: Nest, schedule: Schedule) -> bool:
    """Whether a node is the matrix product, which puts its values where they belong itself."""
    targets = schedule.stored.get(node, ())
    return node is nest.contract and all(target.into is None for target in targets)


def is_fold(node: Node, schedule: Schedule) -> bool:
    """Whether a member of a nest folds a row to one number."""
    is_reduction = node.primitive is not None and node.primitive.emit is Emit.REDUCE
    return is_reduction and node not in schedule.kept


def _carried(nest: Nest, schedule: Schedule, level: dict[Node, int], last: int) -> list[Node]:
    """Values for every element that some node of a later pass reads."""
    found: dict[Node, None] = {}
    for reader, operand in _readings(nest, schedule):
        node = operand.node
        if node is nest.contract or node not in level or core(node.shape) != nest.space:
            continue
        seen = level[reader] - is_fold(reader, schedule) if reader in level else last
        if level[node] < seen:
            found[node] = None
    return list(found)


def _readings(nest: Nest, schedule: Schedule) -> Iterator[tuple[Node, Any]]:
    for node in nest.nodes:
        for operand in sources(node, schedule.kept):
            yield node, operand
