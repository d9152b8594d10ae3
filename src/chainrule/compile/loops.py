"""The loops of a nest over a region of its space: rows, and within a row vectors of neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from chainrule.compile.affine import count
from chainrule.compile.folds import Folds
from chainrule.compile.gathering import gathered
from chainrule.compile.inline import Inline
from chainrule.compile.lanes import Lanes, zeros
from chainrule.compile.memory import BLOCK, LONG_BLOCK
from chainrule.compile.passes import IN_REGISTERS, Passes, passes
from chainrule.compile.slots import Slots
from chainrule.compile.sums import Sums, add_up, is_of_rows
from chainrule.compile.views import Source, reads_anywhere
from chainrule.compile.writer import Number, Point, Writer, is_row
from chainrule.node import Node


@dataclass(frozen=True)
class Tile:
    """Where the products of a nest's matrix product lie while the rest reads them.

    first  (row, column) of the element at `pointer`; width  elements from one row to the next
    """

    pointer: str
    first: tuple[Number, Number]
    width: Number


@dataclass(eq=False)
class Loops:
    """The loops of one nest.

    whole  whether a row is short enough that its vectors stay in registers between passes
    tile   of the matrix product, if there is one
    room   where carried values of a row lie
    inline  the matrix product, where its elements are made one by one
    now, key  the pass over a row and the vector that are being written
    """

    writer: Writer
    whole: bool = False
    tile: Tile | None = None
    room: str | None = None
    inline: Inline | None = None
    row: dict[Node, Lanes] = field(default_factory=dict)
    chunks: dict[int, dict[Node, Lanes]] = field(default_factory=dict)
    now: int = 0
    key: int | None = None

    def __post_init__(self) -> None:
        self.nest, self.code = self.writer.nest, self.writer.code
        self.passes: Passes = passes(self.nest, self.writer.schedule, self.inline is not None)
        slots = Slots(self.code)
        self.folds = Folds(self.writer, slots)
        self.sums = Sums(self.writer, slots, self.whole)

    # ---- regions ---------------------------------------------------------------------------------

    def over_rows(self, start: Number, stop: Number, columns: tuple[Number, Number]) -> None:
        """Of these rows (all loops but the last) the columns from the first to the second."""
        if self.inline is not None:
            self.inline.prepare(list(self._points((0,), columns)))
        if not self.nest.sinks:
            with self.code.loop(start, stop) as row:
                self._row(row, columns)
            return
        code = self.code
        first, last = code.div(start, BLOCK), code.div(code.add(stop, BLOCK - 1), BLOCK)
        with code.loop(first, last) as block:
            begin = code.mul(block, BLOCK)
            self.sums.begin(block, lambda: self._points(self._corner, columns))
            with code.loop(begin, code.smaller(code.add(begin, BLOCK), stop)) as row:
                self._row(row, columns)
            self.sums.end(lambda: self._points(self._corner, columns))

    def over_line(self, start: Number, stop: Number) -> None:
        """A nest that is one row: from `start`, with sinks a multiple of a block, to `stop`."""
        if not self.nest.sinks:
            self._row(0, (start, stop))
            return
        code = self.code
        last = code.div(code.add(stop, LONG_BLOCK - 1), LONG_BLOCK)
        with code.loop(code.div(start, LONG_BLOCK), last) as block:
            begin = code.mul(block, LONG_BLOCK)
            columns = (begin, code.smaller(code.add(begin, LONG_BLOCK), stop))
            self.sums.begin(block, lambda: self._points(self._corner, columns))
            self._row(0, columns)
            self.sums.end(lambda: self._points(self._corner, columns))

    def _row(self, row: Number, columns: tuple[Number, Number]) -> None:
        counters = self._counters(row)
        self.row.clear()
        self.chunks.clear()
        for now, folds in enumerate(self.passes.folds):
            self.now = now
            for node in folds:
                self.folds.begin(node)
            self._settle_row(Point((*counters, 0)))
            if self._is_needed(self.now):
                for key, point in self._points(counters, columns):
                    self.key = key
                    self._chunk(key, point)
            for node in folds:
                self.row[node] = self.folds.end(node)
        self._finish_row(Point((*counters, 0)))

    def _settle_row(self, point: Point) -> None:
        """Compute what the row has one value of as far as it is known, before the loop over it."""
        for node in self.nest.nodes:
            is_known = self.passes.level[node] <= self.now
            if is_known and is_row(node, self.nest) and node not in self.row:
                self._of_row(node, point)

    def _is_needed(self, number: int) -> bool:
        folds, wanted = self.passes.folds[number], self.passes.wanted[number]
        full = [sink for sink in self.passes.sinks[number] if not is_of_rows(sink, self.writer)]
        return bool(folds or wanted or full)

    def _finish_row(self, point: Point) -> None:
        """What has one value a row: it is stored, or goes into sums over the rows."""
        for node in self.nest.nodes:
            if not is_row(node, self.nest):
                continue
            for target, place in self.writer.stores(node):
                self.writer.store_at(self._of_row(node, point), target.buffer, place, point)
        for sink in self.nest.sinks:
            if is_of_rows(sink, self.writer):
                (found,) = self.writer.operands(sink)
                self.sums.add(sink, self._operand(found, point, {}), point)

    @property
    def _corner(self) -> tuple[Number, ...]:
        """The counters of the first row."""
        return (0,) * (len(self.nest.space) - 1)

    def _counters(self, row: Number) -> tuple[Number, ...]:
        """The counters of all loops but the last, from the number of the row."""
        outer = self.nest.space[:-1]
        if self.writer.flat or len(outer) < 2:
            return (row,) * min(len(outer), 1) if not self.writer.flat else (0,) * len(outer)
        counters: list[Number] = []
        for size in reversed(outer[1:]):
            of = self.writer.count(count(size))
            counters.append(self.code.rem(row, of))
            row = self.code.div(row, of)
        return (row, *reversed(counters))

    def _points(
        self, counters: tuple[Number, ...], columns: tuple[Number, Number]
    ) -> Iterator[tuple[int, Point]]:
        """Every vector of a row: in line where they are few, else in a loop, the rest after it."""
        width = self.writer.lanes
        masks = self.writer.processor.masks
        if self.whole:
            size = int(self.nest.space[-1])  # pyright: ignore[reportArgumentType]
            for start in range(0, size - size % width, width):
                yield start, Point((*counters, start), width)
            rest, done = size % width, size - size % width
            if rest and masks:
                bits = ", ".join(f"i1 {str(lane < rest).lower()}" for lane in range(width))
                yield done, Point((*counters, done), width, f"<{bits}>")
            elif rest:
                yield from ((place, Point((*counters, place))) for place in range(done, size))
            return
        start, stop = columns
        code = self.code
        span = code.sub(stop, start)
        full = code.add(start, code.mul(code.div(span, width), width))
        with code.loop(start, full, width) as place:
            yield -1, Point((*counters, place), width)
        if isinstance(full, int) and full == stop:
            return
        if not masks:
            with code.loop(full, stop) as place:
                yield -2, Point((*counters, place))
            return
        with code.when(code.get(f"icmp slt i64 {full}, {stop}")):
            yield -2, Point((*counters, full), width, self._mask(code.sub(stop, full), width))

    def _mask(self, rest: Number, width: int) -> str:
        """Which of the lanes come before the end."""
        limit = Lanes(self.code, str(rest), "int64", 1).cast("int32").splat(width)
        return (self.writer.numbered("int32", width) < limit).value

    # ---- values ----------------------------------------------------------------------------------

    def _chunk(self, key: int, point: Point) -> None:
        cache = self.chunks.setdefault(key, {}) if self.whole else {}
        for node in self._kept_now():
            value = self._full(node, point, cache)
            for target, place in self.writer.stores(node):
                if node is self.nest.contract and target.into is None and self.inline is None:
                    continue
                self.writer.store_at(value, target.buffer, place, point)
            if any(node is one for one in self.passes.carried) and not self.whole:
                self.writer.store_lanes(value, self._room_of(node), point.counters[-1], point)
        for node in self.passes.folds[self.now]:
            (found,) = self.writer.operands(node)
            self.folds.add(node, self._operand(found, point, cache), point)
        for sink in self.passes.sinks[self.now]:
            if not is_of_rows(sink, self.writer):
                (found,) = self.writer.operands(sink)
                self.sums.add(sink, self._operand(found, point, cache), point)

    def _kept_now(self) -> list[Node]:
        """What is stored or carried on, in the pass in which it becomes known."""
        carried = [] if self.whole else self.passes.carried
        later = [node for node in carried if self.passes.level[node] == self.now]
        return list(dict.fromkeys((*self.passes.wanted[self.now], *later)))

    def _room_of(self, node: Node) -> str:
        """Where the values of a carried node lie, for the row at hand."""
        place = next(i for i, one in enumerate(self.passes.carried) if one is node)
        columns = self.writer.count(count(self.nest.space[-1]))
        if self.room is None:
            raise ValueError("compile: no room for values that are carried on")
        return self.code.at(self.room, "i8", self.code.mul(columns, 8 * place))

    def _full(self, node: Node, point: Point, cache: dict[Node, Lanes]) -> Lanes:
        """The value of a member for every element."""
        if node not in cache:
            cache[node] = self._computed(node, point, cache)
        return cache[node]

    def _computed(self, node: Node, point: Point, cache: dict[Node, Lanes]) -> Lanes:
        if node is self.nest.contract and self.inline is not None:
            return self.inline.value(point, self.key)
        if node is self.nest.contract and self.tile is not None:
            row, column = point.counters
            first_row, first_column = self.tile.first
            code = self.code
            at = code.mul(code.sub(row, first_row), self.tile.width)
            at = code.add(at, code.sub(column, first_column))
            return self.writer.load_lanes(self.tile.pointer, node.type.dtype, at, point)
        if not self.whole and self.passes.level.get(node, 0) < self.now:
            place = point.counters[-1]
            return self.writer.load_lanes(self._room_of(node), node.type.dtype, place, point)
        if any(node is one for one in self.nest.finishes):
            return self._finished(node, point)
        if self.writer.is_filled(node):
            return zeros(self.code, node.type.dtype, point.width)
        if reads_anywhere(node):
            return gathered(self.writer, node, point)
        operands = self.writer.operands(node)
        values = [self._operand(found, point, cache) for found in operands]
        return self.writer.apply(node, values, point.width)

    def _operand(self, found: Source, point: Point, cache: dict[Node, Lanes]) -> Lanes:
        """The value of an operand: from this nest, or from memory."""
        node = found.node
        if not self.writer.is_here(node) or node.primitive is None:
            return self.writer.load(found, point)
        if is_row(node, self.nest):
            return self._of_row(node, replace(point, width=1, mask=None)).splat(point.width)
        return self._full(node, point, cache)

    def _of_row(self, node: Node, point: Point) -> Lanes:
        """The value that a member has for the whole row."""
        if node not in self.row:
            if reads_anywhere(node):
                self.row[node] = gathered(self.writer, node, point)
            else:
                operands = self.writer.operands(node)
                values = [self._operand(found, point, {}) for found in operands]
                self.row[node] = self.writer.apply(node, values, 1)
        return self.row[node]

    def _finished(self, node: Node, point: Point) -> Lanes:
        """The sum of the parts that an earlier nest left."""
        parts = self.writer.schedule.parts[node]
        columns = self.writer.count(count(self.nest.space[-1])) if self.nest.space else 1
        return add_up(self.writer, node, parts, columns, point)


def is_whole(writer: Writer) -> bool:
    """Whether the rows of a nest are so short that all their vectors stay in registers."""
    size = writer.nest.space[-1]
    return isinstance(size, int) and -(-size // writer.lanes) <= IN_REGISTERS
