"""What a schedule is made of: loop nests, and what each of them reads, computes and writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from chainrule.compile.affine import ONE, Count
from chainrule.graph import Graph
from chainrule.node import Node
from chainrule.types import Shape, shape_text


class Kind(Enum):
    """How a nest is run."""

    LOOP = "loop"  # its space is shared out to the threads
    ALIKE = "alike"  # a few numbers: every thread computes them for itself
    ALONE = "alone"  # one thread, in one order


@dataclass(eq=False)
class Nest:
    """Loops over one space, and all that is computed inside.

    space     sizes of the loops, the last one over neighbours in memory
    contract  a matrix product that is made tile by tile before the rest reads the tile
    nodes     what is computed for every element, or for every row: in order
    sinks     reductions of `nodes` over rows, or over all: their parts are left for another nest
    finishes  reductions whose parts, left by an earlier nest, are added up here
    closed    whether nothing else may join
    """

    kind: Kind
    space: Shape
    contract: Node | None = None
    nodes: list[Node] = field(default_factory=list)
    sinks: list[Node] = field(default_factory=list)
    finishes: list[Node] = field(default_factory=list)
    closed: bool = False

    @property
    def members(self) -> tuple[Node, ...]:
        """Everything that gets its value here, but for the parts of sinks."""
        root = () if self.contract is None else (self.contract,)
        return (*root, *self.finishes, *self.nodes)


@dataclass(frozen=True)
class Buffer:
    """Memory that a nest writes: an output, or room of its own.

    node    what it holds: a node's array, or the parts of a reduction
    parts   whether it holds parts: for each block of rows one row, of `row` numbers
    output  the number of the output it is, or None
    alike   whether every thread has one of its own
    """

    node: Node
    size: Count
    dtype: str
    parts: bool = False
    row: Count = ONE
    output: int | None = None
    alike: bool = False


@dataclass(frozen=True)
class Target:
    """Where a value goes: all of `buffer`, or a piece of a joined array that lies there.

    piece   the value in the shape in which it is a piece, where it is one
    into    the joined array
    starts  the index in it of the piece's first element; steps  between its elements, per axis
    """

    buffer: Buffer
    piece: Node | None = None
    into: Node | None = None
    starts: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()


@dataclass(frozen=True)
class Schedule:
    """Nests in the order in which they run, and the memory that each value goes to.

    graph    what is computed
    nests    in order; `phase` of each: threads wait for each other between two phases
    stored   where each stored value goes
    parts    where the parts of each sink go
    kept     views that are arrays of their own
    donated  output -> the input whose memory it takes over
    """

    graph: Graph
    nests: tuple[Nest, ...]
    phases: tuple[int, ...]
    stored: Mapping[Node, tuple[Target, ...]]
    parts: Mapping[Node, Buffer]
    kept: frozenset[Node]
    donated: Mapping[int, int]

    def __str__(self) -> str:
        lines: list[str] = []
        for number, (nest, phase) in enumerate(zip(self.nests, self.phases, strict=True)):
            lines.append(
                f"nest {number}: {nest.kind.value} over {shape_text(nest.space)}, phase {phase}"
            )
            lines += [f"  {line}" for line in self._lines(nest)]
        return "\n".join(lines)

    def _lines(self, nest: Nest) -> list[str]:
        lines: list[str] = []
        if nest.contract is not None:
            lines.append(f"tile {self.graph.line(nest.contract)}{self._to(nest.contract)}")
        lines += [f"finish {self.graph.line(node)}{self._to(node)}" for node in nest.finishes]
        lines += [f"{self.graph.line(node)}{self._to(node)}" for node in nest.nodes]
        lines += [f"parts of {self.graph.line(node)}" for node in nest.sinks]
        return lines

    def _to(self, node: Node) -> str:
        names: list[str] = []
        for target in self.stored.get(node, ()):
            name = self.graph.names.get(target.buffer.node, "room")
            name = name if target.buffer.output is None else f"output {target.buffer.output}"
            names.append(f"{name}{list(target.starts)}" if target.into is not None else name)
        return f" -> {', '.join(names)}" if names else ""
