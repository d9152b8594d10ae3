"""A matrix product and what follows from it, tile by tile, while each tile is in the cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chainrule.compile.affine import Count, Place, count
from chainrule.compile.code import ELEMENT, SIZE
from chainrule.compile.collapse import can_flatten
from chainrule.compile.inline import Inline
from chainrule.compile.loops import Loops, Tile, is_whole
from chainrule.compile.memory import BLOCK
from chainrule.compile.nests import Nest
from chainrule.compile.products import is_small
from chainrule.compile.sharing import share
from chainrule.compile.views import Source, core
from chainrule.compile.writer import Number, Writer, is_row
from chainrule.node import Node
from chainrule.types import BATCH


#: Bytes of a tile that is read again at once: a part of what the second cache holds.
TILE = 256 << 10

#: Rows of a tile whose row need not be whole.
ROWS = 256

#: Columns that are not divided between threads or tiles: two vectors of the widest kind.
COLUMNS = 32


#: Columns from which on threads may share them out, two units at least for each of two threads.
_WIDE = 4 * COLUMNS

#: (first row, last row, first column, last column) of a part; the last ones are left out.
Part: TypeAlias = tuple[Number, Number, Number, Number]


@dataclass(frozen=True)
class Cut:
    """How large the tiles of a matrix product are.

    whole    whether a tile has whole rows, since something needs all of a row
    rows     of a tile; columns  of a tile, None for all
    """

    whole: bool
    rows: int
    columns: int | None


def cut(nest: Nest) -> Cut:
    """The tiles of one nest."""
    dtype = nest.contract.type.dtype if nest.contract is not None else "float64"
    width = nest.space[-1] or 1
    rows = any(is_row(node, nest) for node in (*nest.nodes, *(s.inputs[0] for s in nest.sinks)))
    # A sum over all has one part for each block of rows: no two tiles may lie side by side in it.
    whole = rows or any(not core(sink.shape) for sink in nest.sinks)
    if whole or not isinstance(width, int):
        size = width if isinstance(width, int) else COLUMNS
        rows = max(BLOCK, TILE // (size * SIZE[dtype]) // BLOCK * BLOCK)
        return Cut(True, min(rows, ROWS), None)
    columns = max(COLUMNS, TILE // (ROWS * SIZE[dtype]) // COLUMNS * COLUMNS)
    if width <= 2 * columns:
        rows = max(BLOCK, TILE // (width * SIZE[dtype]) // BLOCK * BLOCK)
        return Cut(False, min(rows, ROWS), None)
    return Cut(False, ROWS, columns)


def tile_room(nest: Nest) -> Count:
    """Bytes for one tile, and for values that are carried on along one of its rows."""
    if nest.contract is None or len(nest.space) != 2:
        return Count((0,))
    size = cut(nest)
    columns = count(nest.space[-1]) if size.columns is None else Count((size.columns,))
    return columns * (size.rows * SIZE[nest.contract.type.dtype])


@dataclass(frozen=True)
class Memory:
    """Private memory of a thread, and the function that multiplies.

    gemm     its name; scratch  memory for it
    room     for values that are carried on along a row; tile  for a tile
    """

    gemm: str
    scratch: str
    room: str
    tile: str


def write_tiles(writer: Writer, memory: Memory) -> None:
    """The code of a nest that begins with the product of two matrices."""
    nest, code = writer.nest, writer.code
    shape = [writer.count(count(size)) for size in nest.space]
    size = cut(nest)
    whole = is_whole(writer) and size.columns is None
    is_inline = whole and is_small(nest, writer.lanes)
    inline = Inline(writer, product_of(nest)) if is_inline else None
    loops = Loops(writer, whole=whole, room=memory.room, inline=inline)
    if inline is not None:
        rows = share(writer.code, shape[0], BLOCK if nest.sinks else 1)
        loops.over_rows(*rows, (0, shape[1]))
        return
    if size.columns is None and nest.space[-1] in range(_WIDE) and can_flatten(writer):
        writer.flat, loops.whole = True, False
    first, last, left, right = _region(writer, shape)
    with code.loop(first, last, size.rows) as row:
        stop = code.smaller(code.add(row, size.rows), last)
        if size.columns is None:
            _tile(loops, memory, (row, stop, left, right), shape[1])
        else:
            with code.loop(left, right, size.columns) as column:
                end = code.smaller(code.add(column, size.columns), right)
                _tile(loops, memory, (row, stop, column, end), size.columns)


def _tile(loops: Loops, memory: Memory, part: Part, width: Number) -> None:
    """Multiply for one tile, and run the loops of the nest over it."""
    writer, nest = loops.writer, loops.nest
    contract = product_of(nest)
    whole = [t for t in writer.schedule.stored.get(contract, ()) if t.into is None]
    if whole:
        size = writer.count(count(nest.space[-1]))
        tile = Tile(writer.pointer(whole[0].buffer), (0, 0), size)
    else:
        tile = Tile(memory.tile, (part[0], part[2]), width)
    bases = [writer.pointer(writer.where(x.node)) for x in writer.operands(contract)]
    _multiply(writer, contract, bases, part, tile, memory)
    if nest.nodes or nest.sinks or not whole:
        loops.tile = tile
        if writer.flat:
            columns = writer.count(count(nest.space[-1]))
            loops.over_line(writer.code.mul(part[0], columns), writer.code.mul(part[1], columns))
            return
        loops.over_rows(part[0], part[1], (part[2], part[3]))


def product_of(nest: Nest) -> Node:
    """The matrix product of a nest that has one."""
    if nest.contract is None:
        raise ValueError("compile: a nest without a matrix product")
    return nest.contract


def _region(writer: Writer, shape: list[Number]) -> Part:
    """The rows and columns that are this thread's: a share of either the columns or the rows.

    Of batches the columns, where there are many: each thread then reads a part of the weights. Of
    gradients of weights the rows: what is updated beside them lies in one stretch for each thread,
    for processors fetch ahead, into what another writes (784-128-10: 103 us a step, not 118).
    """
    code, nest = writer.code, writer.nest
    size = cut(nest)
    unit = BLOCK if nest.sinks else 1
    rows = share(writer.code, shape[0], unit)
    is_high = isinstance(shape[0], int) and shape[0] >= _WIDE
    if is_high or size.whole or not isinstance(shape[1], int) or shape[1] < _WIDE:
        return rows[0], rows[1], 0, shape[1]
    wide = code.get(f"icmp sle i64 {code.mul('%threads', 2)}, {shape[1] // COLUMNS}")
    columns = share(writer.code, shape[1], COLUMNS)
    picks = [
        code.get(f"select i1 {wide}, i64 {x}, i64 {y}")
        for x, y in ((0, rows[0]), (shape[0], rows[1]), (columns[0], 0), (columns[1], shape[1]))
    ]
    return picks[0], picks[1], picks[2], picks[3]


def _multiply(
    writer: Writer,
    contract: Node,
    bases: Sequence[str],
    part: Part,
    target: Tile,
    memory: Memory,
) -> None:
    """Call the matrix multiplication for one part of the product."""
    code = writer.code
    depth = writer.count(count(contract.inputs[0].shape[-1]))
    corners = ((part[0], 0), (0, part[2]))
    matrices = [
        _corner(writer, *each)
        for each in zip(bases, writer.operands(contract), contract.inputs, corners, strict=True)
    ]
    shift = code.add(
        code.mul(code.sub(part[0], target.first[0]), target.width),
        code.sub(part[2], target.first[1]),
    )
    c = code.at(target.pointer, ELEMENT[contract.type.dtype], shift)
    sizes = (code.sub(part[1], part[0]), code.sub(part[3], part[2]), depth)
    operands = [("i64", str(size)) for size in sizes]
    for pointer, row, column in matrices:
        operands += [("ptr", pointer), ("i64", str(row)), ("i64", str(column))]
    operands += [("ptr", c), ("i64", str(target.width)), ("ptr", memory.scratch)]
    operands.append(("i64", str(int(_is_data(writer, contract)))))
    code.call(memory.gemm, "void", *operands)


def _is_data(writer: Writer, contract: Node) -> bool:
    """Whether the left-hand matrix of a product is samples as they came, which may hold zeros."""
    found = writer.operands(contract)[0].node
    return found.primitive is None and found.value is None and BATCH in found.shape


def _corner(
    writer: Writer, base: str, found: Source, operand: Node, first: tuple[Number, Number]
) -> tuple[str, Number, Number]:
    """The address of an element of a matrix, and the steps to the next row and column."""
    axes = len(operand.shape)
    row, column = (writer.count(found.place.step(axis)) for axis in (axes - 2, axes - 1))
    code = writer.code
    start = code.add(code.mul(first[0], row), code.mul(first[1], column))
    start = code.add(start, writer.count(found.place.start))
    return code.at(base, ELEMENT[operand.type.dtype], start), row, column


def write_product(writer: Writer, memory: Memory) -> None:
    """The code of a nest that is a matrix product alone: of vectors, or of stacks of matrices."""
    code = writer.code
    contract = product_of(writer.nest)
    *stack, rows, columns = [writer.count(count(size)) for size in contract.shape]
    start, stop = share(writer.code, rows, 1)
    out = writer.pointer(writer.schedule.stored[contract][0].buffer)
    element = ELEMENT[contract.type.dtype]
    many: Number = 1
    for size in stack:
        many = code.mul(many, size)
    with code.loop(0, many) as place:
        index = _unstacked(writer, place, stack)
        bases: list[str] = []
        for found in writer.operands(contract):
            outer = [(axis, step) for axis, step in found.place.steps if axis < len(stack)]
            shift = writer.place(Place(0, tuple(outer)), index)
            bases.append(code.at(writer.pointer(writer.where(found.node)), element, shift))
        at = code.mul(place, code.mul(rows, columns))
        target = Tile(code.at(out, element, at), (0, 0), columns)
        _multiply(writer, contract, bases, (start, stop, 0, columns), target, memory)


def _unstacked(writer: Writer, place: Number, sizes: Sequence[Number]) -> list[Number]:
    """The counters of all loops over stacks, from the number of the matrix."""
    index: list[Number] = []
    for size in reversed(sizes):
        index.append(writer.code.rem(place, size))
        place = writer.code.div(place, size)
    return index[::-1]
