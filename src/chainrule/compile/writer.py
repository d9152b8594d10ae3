"""What every nest's code needs: addresses, sizes, loads, stores and the values of nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from chainrule.compile.affine import Count, Place, elements
from chainrule.compile.code import ELEMENT, SIZE, Code, Module, number, vector
from chainrule.compile.lanes import Lanes
from chainrule.compile.memory import BLOCK, LONG_BLOCK, Plan
from chainrule.compile.nests import Buffer, Kind, Nest, Schedule, Target
from chainrule.compile.stores import target_place
from chainrule.compile.target import Target as Processor
from chainrule.compile.vector_math import FUNCTIONS
from chainrule.compile.views import Source, core, sources
from chainrule.node import Emit, Node
from chainrule.ops import PRIMITIVES


#: A counter or an address part: a name in the code, or a number.
Number: TypeAlias = "str | int"

#: What the code of every nest is called with.
ARGUMENTS = (("ptr", "table"), ("i64", "rows"), ("i64", "thread"), ("i64", "threads"))


@dataclass(frozen=True)
class Point:
    """Where the code stands: a value of every counter, and lanes along the last.

    counters  of the loops
    width     how many neighbours along the last loop are worked on together
    mask      an i1 vector, where some of the lanes lie beyond the end
    """

    counters: tuple[Number, ...]
    width: int = 1
    mask: str | None = None


@dataclass(eq=False)
class Writer:
    """The code of one nest while it is written.

    flat  whether all its loops are run as one
    """

    module: Module
    processor: Processor
    schedule: Schedule
    plan: Plan
    nest: Nest
    code: Code
    pointers: dict[Node | Buffer | int, str] = field(default_factory=dict)
    counts: dict[Count, Number] = field(default_factory=dict)
    fixed: dict[tuple[Node, Place], Lanes] = field(default_factory=dict)
    flat: bool = False

    @property
    def lanes(self) -> int:
        """How many numbers are worked on together: for short rows no more than they need."""
        full, space = self.full_lanes, self.nest.space
        size = space[-1] if space else 1
        if self.flat or not isinstance(size, int) or size >= full:
            return full
        return max(1, 1 << (size - 1).bit_length())

    @property
    def full_lanes(self) -> int:
        """How many numbers fill a vector."""
        floats = [node.type.dtype for node in self.nest.members if node.type.is_float]
        return self.processor.lanes("float64" if "float64" in floats else "float32")

    # ---- addresses and sizes ---------------------------------------------------------------------

    def pointer(self, thing: Node | Buffer | int) -> str:
        """The address of an input, a constant, a buffer, or what stands at a place of the table."""
        if thing not in self.pointers:
            place = thing if isinstance(thing, int) else self.plan.slots[thing]
            entry = self.code.first(f"getelementptr inbounds ptr, ptr %table, i64 {place}")
            self.pointers[thing] = self.code.first(f"load ptr, ptr {entry}, align 8")
        return self.pointers[thing]

    def count(self, count: Count | int) -> Number:
        """A number of elements, in the code."""
        if isinstance(count, int):
            return count
        if count.fixed is not None:
            return count.fixed
        if count not in self.counts:
            total: str = str(count.coefficients[-1])
            for coefficient in reversed(count.coefficients[:-1]):
                total = self.code.first(f"mul nsw i64 {total}, %rows")
                if coefficient:
                    total = self.code.first(f"add nsw i64 {total}, {coefficient}")
            self.counts[count] = total
        return self.counts[count]

    def place(self, place: Place, counters: Sequence[Number]) -> Number:
        """A row-major place, for these values of the counters."""
        total: Number = self.count(place.start)
        for axis, step in place.steps:
            total = self.code.add(total, self.code.mul(counters[axis], self.count(step)))
        return total

    # ---- memory ----------------------------------------------------------------------------------

    def load_number(self, pointer: str, dtype: str, place: Number) -> Lanes:
        """One number."""
        address = self.code.at(pointer, memory_type(dtype, 1), place)
        return self._loaded(self.code.load(memory_type(dtype, 1), address, SIZE[dtype]), dtype, 1)

    def load_lanes(self, pointer: str, dtype: str, place: Number, point: Point) -> Lanes:
        """Numbers that lie side by side."""
        if point.width == 1:
            return self.load_number(pointer, dtype, place)
        kind = memory_type(dtype, point.width)
        address = self.code.at(pointer, memory_type(dtype, 1), place)
        if point.mask is None:
            found = self.code.load(kind, address, SIZE[dtype])
        else:
            found = self.code.call(
                f"llvm.masked.load.{_mangled(dtype, point.width)}.p0",
                kind,
                ("ptr", f"align {SIZE[dtype]} {address}"),
                (f"<{point.width} x i1>", point.mask),
                (kind, "zeroinitializer"),
            )
        return self._loaded(found, dtype, point.width)

    def load_apart(self, pointer: str, dtype: str, places: Lanes, point: Point) -> Lanes:
        """Numbers that lie anywhere: at `places`, int64."""
        if point.width == 1:
            return self.load_number(pointer, dtype, places.value)
        code, width = self.code, point.width
        element = memory_type(dtype, 1)
        addresses = code.get(
            f"getelementptr {element}, ptr {pointer}, {places.type} {places.value}"
        )
        mask = point.mask or "splat (i1 true)"
        found = code.call(
            f"llvm.masked.gather.{_mangled(dtype, width)}.v{width}p0",
            memory_type(dtype, width),
            (f"<{width} x ptr>", f"align {SIZE[dtype]} {addresses}"),
            (f"<{width} x i1>", mask),
            (memory_type(dtype, width), "zeroinitializer"),
        )
        return self._loaded(found, dtype, width)

    def _loaded(self, found: str, dtype: str, width: int) -> Lanes:
        if dtype != "bool":
            return Lanes(self.code, found, dtype, width)
        return Lanes(self.code, found, "uint8", width).cast("bool")

    def store_lanes(self, value: Lanes, pointer: str, place: Number, point: Point) -> None:
        """Write numbers side by side."""
        dtype = value.dtype
        stored = value.cast("uint8") if dtype == "bool" else value
        address = self.code.at(pointer, memory_type(dtype, 1), place)
        if point.mask is None:
            self.code.store(stored.type, stored.value, address, SIZE[dtype])
            return
        self.code.call(
            f"llvm.masked.store.{_mangled(dtype, point.width)}.p0",
            "void",
            (stored.type, stored.value),
            ("ptr", f"align {SIZE[dtype]} {address}"),
            (f"<{point.width} x i1>", point.mask),
        )

    def store_at(self, value: Lanes, buffer: Buffer, place: Place, point: Point) -> None:
        """Write the values of neighbours along the last loop where they belong in a buffer."""
        pointer = self.pointer(buffer)
        at = self.place(place, point.counters)
        last = len(self.nest.space) - 1
        step = place.step(last) if point.width > 1 else 1
        if step == 1:
            self.store_lanes(value, pointer, at, point)
            return
        code, width = self.code, point.width
        stored = value.cast("uint8") if value.dtype == "bool" else value
        places = self.along(at, step, width)
        element = memory_type(value.dtype, 1)
        addresses = code.get(
            f"getelementptr {element}, ptr {pointer}, {places.type} {places.value}"
        )
        code.call(
            f"llvm.masked.scatter.{_mangled(value.dtype, width)}.v{width}p0",
            "void",
            (stored.type, stored.value),
            (f"<{width} x ptr>", f"align {SIZE[value.dtype]} {addresses}"),
            (f"<{width} x i1>", point.mask or "splat (i1 true)"),
        )

    def load(self, found: Source, point: Point) -> Lanes:
        """An element of an operand, or neighbours of it along the last loop."""
        node, place = found.node, found.place
        if node.value is not None and node.value.size == 1:
            single = number(node.value.item(), node.type.dtype, point.width)
            return Lanes(self.code, single, node.type.dtype, point.width)
        pointer, dtype = self.pointer(self.where(node)), node.type.dtype
        if not place.steps:
            return self._fixed(node, place, pointer).splat(point.width)
        last = len(self.nest.space) - 1
        step = place.step(last) if point.width > 1 else 0
        at = self.place(place, point.counters)
        if step == 0:
            return self.load_number(pointer, dtype, at).splat(point.width)
        if step == 1:
            return self.load_lanes(pointer, dtype, at, point)
        return self.load_apart(pointer, dtype, self.along(at, step, point.width), point)

    def _fixed(self, node: Node, place: Place, pointer: str) -> Lanes:
        """A number that is the same in the whole nest: read once, at the entry."""
        if (node, place) not in self.fixed:
            dtype = node.type.dtype
            kind = memory_type(dtype, 1)
            start = self.count(place.start)
            address = self.code.first(f"getelementptr {kind}, ptr {pointer}, i64 {start}")
            value = self.code.first(f"load {kind}, ptr {address}, align {SIZE[dtype]}")
            if dtype == "bool":
                value = self.code.first(f"icmp ne i8 {value}, 0")
            self.fixed[node, place] = Lanes(self.code, value, dtype, 1)
        return self.fixed[node, place]

    def along(self, start: Number, step: Number | Count, width: int) -> Lanes:
        """start, start + step, ... in the lanes, as int64."""
        first = Lanes(self.code, str(start), "int64", 1).splat(width)
        apart = self.count(step) if isinstance(step, Count) else step
        return first + self.numbered("int64", width) * Lanes(
            self.code, str(apart), "int64", 1
        ).splat(width)

    def numbered(self, dtype: str, width: int) -> Lanes:
        """0, 1, 2, ... in the lanes."""
        if width == 1:
            return Lanes(self.code, "0", dtype, 1)
        items = ", ".join(f"{ELEMENT[dtype]} {lane}" for lane in range(width))
        return Lanes(self.code, f"<{items}>", dtype, width)

    def where(self, node: Node) -> Node | Buffer:
        """The input, the constant or the buffer in which the array of a node lies."""
        if node.primitive is None:
            return node
        return next(t.buffer for t in self.schedule.stored[node] if t.into is None)

    # ---- values ----------------------------------------------------------------------------------

    def apply(self, node: Node, values: Sequence[Lanes], width: int) -> Lanes:
        """The value of an elementwise node, or of a copied view, from those of its operands."""
        if node in self.schedule.kept:
            return values[0]
        primitive = node.primitive
        if primitive is None or primitive.code is None:
            name = "a node" if primitive is None else primitive.name
            raise TypeError(
                f"compile: {name} has no code; declare it with `code=` or evaluate with NumPy"
            )
        if primitive.code == "batch_size":
            rows = Lanes(self.code, "%rows", "int64", 1).cast(node.type.dtype)
            return rows.splat(width)
        rule: Callable[..., Any] = (
            FUNCTIONS[primitive.code] if isinstance(primitive.code, str) else primitive.code
        )
        return rule(*values, **dict(node.params))

    def is_filled(self, node: Node) -> bool:
        """Whether a node is an array of zeros, for pieces to be placed in later."""
        return node.primitive is PRIMITIVES["place"] and node not in self.schedule.kept

    def stores(self, node: Node) -> list[tuple[Target, Place]]:
        """Where the values of a node go."""
        return [(t, target_place(node, t)) for t in self.schedule.stored.get(node, ())]

    def operands(self, node: Node) -> tuple[Source, ...]:
        """Where the operands of a node lie."""
        return sources(node, self.schedule.kept)

    def parts_of(self, node: Node) -> Number:
        """How many parts an earlier nest left of a reduction."""
        maker = next(n for n in self.schedule.nests if any(sink is node for sink in n.sinks))
        block = BLOCK if len(maker.space) > 1 else LONG_BLOCK
        rows = self.count(elements(maker.space[:-1] or maker.space))
        return self.code.div(self.code.add(rows, block - 1), block)

    def is_here(self, node: Node) -> bool:
        """Whether this nest computes a node."""
        return any(node is member for member in self.nest.members)


def memory_type(dtype: str, width: int) -> str:
    """The LLVM type of numbers in memory, where a boolean takes a byte."""
    return vector("uint8" if dtype == "bool" else dtype, width)


def _mangled(dtype: str, width: int) -> str:
    names = {"float": "f32", "double": "f64", "i1": "i8"}
    element = ELEMENT[dtype]
    return f"v{width}{names.get(element, element)}"


def is_row(node: Node, nest: Nest) -> bool:
    """Whether a member of a nest has one value for each row, not for each element."""
    return core(node.shape) != nest.space


def is_reduction(node: Node, schedule: Schedule) -> bool:
    """Whether a member of a nest folds a row to one number."""
    is_fold = node.primitive is not None and node.primitive.emit is Emit.REDUCE
    return is_fold and node not in schedule.kept


def total(nest: Nest) -> Count:
    """How many elements a nest has."""
    return elements(nest.space)


__all__ = ["ARGUMENTS", "Kind", "Number", "Point", "Writer", "is_reduction", "is_row", "total"]
