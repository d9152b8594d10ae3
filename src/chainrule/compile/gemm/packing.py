"""Copies of pieces of a matrix, laid out as the inner loop reads them fastest."""

from __future__ import annotations

from chainrule.compile.code import Code, Module, vector
from chainrule.compile.gemm.masked import first, load, store
from chainrule.compile.gemm.routines import (
    COPY,
    FETCH,
    Integer,
    Matrix,
    all_of,
    call,
    names,
    returning,
    test,
)
from chainrule.compile.gemm.tile import Tile
from chainrule.compile.gemm.transpose import transposed


_SOURCE = Matrix("%source", "%source_row", "%source_column")
_TARGET = Matrix("%target", "%target_row", 1)


def write_packing(module: Module, tile: Tile) -> None:
    """The functions `…_pack`, for any strides, `…_gather`, which it calls for odd ones, `…_fetch`.

    `…_pack` may write whole vectors: it fills rows of the target up to a multiple of the width.
    """
    _write_gather(module, tile)
    _write_copy(module, tile)
    _write_turn(module, tile)
    _write_fetch(module, tile)
    code = module.function(f"{tile.name}_pack", COPY, linkage="internal")
    with returning(code, test(code, "eq", "%source_column", 1)):
        call(code, f"{tile.name}_copy", COPY, names(COPY))
    long = test(code, "sge", "%rows", tile.width)
    with returning(code, all_of(code, long, test(code, "eq", "%source_row", 1))):
        call(code, f"{tile.name}_turn", COPY, names(COPY))
    call(code, f"{tile.name}_gather", COPY, names(COPY))
    code.do("ret void")


def _write_gather(module: Module, tile: Tile) -> None:
    """Number by number, for any strides."""
    code = module.function(f"{tile.name}_gather", COPY, linkage="internal")
    with code.loop(0, "%rows") as i, code.loop(0, "%columns") as j:
        value = code.load(tile.element, _SOURCE.part(code, tile, i, j).pointer, tile.size)
        code.store(tile.element, value, _TARGET.part(code, tile, i, j).pointer, tile.size)
    code.do("ret void")


def _write_copy(module: Module, tile: Tile) -> None:
    """Rows whose numbers touch. The last vector of a long row overlaps the one before."""
    code = module.function(f"{tile.name}_copy", COPY, linkage="internal")
    with returning(code, test(code, "slt", "%columns", tile.width)):
        if tile.masks:
            mask = first(code, tile, "%columns")
            with code.loop(0, "%rows") as i:
                _move(code, tile, i, 0, mask)
        else:
            call(code, f"{tile.name}_gather", COPY, names(COPY))
    with returning(code, test(code, "eq", "%columns", 2 * tile.width)), code.loop(0, "%rows") as i:
        _move(code, tile, i, 0, "")
        _move(code, tile, i, tile.width, "")
    last = code.sub("%columns", tile.width)
    with code.loop(0, "%rows") as i, code.loop(0, "%columns", tile.width) as j:
        _move(code, tile, i, code.smaller(j, last), "")
    code.do("ret void")


def _move(code: Code, tile: Tile, i: str, j: Integer, mask: str) -> None:
    source = Matrix("%source", "%source_row", 1).part(code, tile, i, j)
    value = load(code, tile, source.pointer, mask)
    store(code, tile, value, _TARGET.part(code, tile, i, j).pointer, mask)


def _write_turn(module: Module, tile: Tile) -> None:
    """Columns whose numbers touch, at least `width` of them in each: squares in registers.

    The last square of a column overlaps the one before; columns that there are not repeat the last.
    """
    code = module.function(f"{tile.name}_turn", COPY, linkage="internal")
    type = vector(tile.dtype, tile.width)
    last_column, last_row = code.sub("%columns", 1), code.sub("%rows", tile.width)
    source = Matrix("%source", 1, "%source_column")
    with code.loop(0, "%columns", tile.width) as j:
        lanes = [code.smaller(code.add(j, lane), last_column) for lane in range(tile.width)]
        columns = [source.part(code, tile, 0, lane) for lane in lanes]
        with code.loop(0, "%rows", tile.width) as step:
            i = code.smaller(step, last_row)
            square = [
                code.load(type, column.part(code, tile, i, 0).pointer, tile.size)
                for column in columns
            ]
            target = _TARGET.part(code, tile, i, j)
            for row in transposed(code, tile, square):
                code.store(type, row, target.pointer, tile.size)
                target = target.part(code, tile, 1, 0)
    code.do("ret void")


def _write_fetch(module: Module, tile: Tile) -> None:
    """Begin to bring memory into the cache; it need not be there at all."""
    code = module.function(f"{tile.name}_fetch", FETCH, linkage="internal")
    with code.loop(0, "%count") as i, code.loop(0, "%bytes", 64) as j:
        offset = code.add(code.mul(code.add("%first", i), "%stride"), j)
        place = code.get(f"getelementptr i8, ptr %start, i64 {offset}")
        hints = (("i32", "0"), ("i32", "3"), ("i32", "1"))  # to read, soon, data
        code.call("llvm.prefetch.p0", "void", ("ptr", place), *hints)
    code.do("ret void")
