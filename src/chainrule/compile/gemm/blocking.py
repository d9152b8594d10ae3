"""The loops around the inner one, over operands in the cache: panels of columns, tiles of rows."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.compile.code import Code, Module
from chainrule.compile.gemm.kernel import write_kernel
from chainrule.compile.gemm.routines import (
    BLOCK,
    FETCH,
    KERNEL,
    Integer,
    Matrix,
    call,
    copy,
    either,
    test,
)
from chainrule.compile.gemm.tile import Tile


def write_block(module: Module, tile: Tile) -> None:
    """The function `…_block` and the kernels that it calls.

    The tiles of a panel have `few` or `few` + 1 rows.
    """
    _write_table(module, tile)
    code = module.function(f"{tile.name}_block", BLOCK, linkage="internal")
    tiles = code.div(code.add("%m", tile.rows - 1), tile.rows)
    few = code.div("%m", tiles)
    higher = code.sub("%m", code.mul(few, tiles))
    panels = code.div(code.add("%n", code.sub("%panel", 1)), "%panel")
    share = _shared(code, "%next_count", code.mul(panels, tiles))
    with code.loop(0, panels) as number:
        j = code.mul(number, "%panel")
        columns = code.smaller(code.sub("%n", j), "%panel")
        b = code.at("%b", tile.element, code.mul(number, "%b_panel"))
        panel = _Panel(code, tile, j, columns, b, code.mul(number, tiles), share)
        _write_tiles(panel, 0, 0, higher, code.add(few, 1))
        row = code.mul(higher, code.add(few, 1))
        _write_tiles(panel, higher, row, code.sub(tiles, higher), few)
    code.do("ret void")


@dataclass(frozen=True, eq=False)
class _Panel:
    """A panel of columns, from column j. tiles: of the panels before; share: fetched at each."""

    code: Code
    tile: Tile
    j: Integer
    columns: Integer
    b: str
    tiles: Integer
    share: Integer


def _shared(code: Code, total: Integer, number: Integer) -> Integer:
    """The part of each of so many that share a total: rounded up."""
    return code.div(code.add(total, code.sub(number, 1)), number)


def _write_table(module: Module, tile: Tile) -> None:
    """The kernels, by (masked,) rows and vectors - 1; where there is none, the next wider one."""
    entries = []
    for masked in tile.kinds:
        for rows in range(tile.rows + 1):
            widths = tile.vectors(rows) if rows else ()
            made = {width: write_kernel(module, tile, rows, width, masked) for width in widths}
            for vectors in range(1, tile.widest + 1):
                wider = [made[width] for width in widths if width >= vectors]
                entries.append(f"ptr @{wider[0]}" if wider else "ptr null")
    text = f"[{len(entries)} x ptr] [{', '.join(entries)}]"
    module.globals.append(f"@{tile.name}_kernels = internal constant {text}")


def _kernel(code: Code, tile: Tile, rows: Integer, columns: Integer) -> str:
    vectors = code.div(code.sub(columns, 1), tile.width)
    entry = code.add(code.mul(rows, tile.widest), vectors)
    if len(tile.kinds) > 1:
        part = test(code, "ne", columns, _kernel_width(code, tile, columns))
        entry = code.add(entry, either(code, part, (tile.rows + 1) * tile.widest, 0))
    return code.load("ptr", code.at(f"@{tile.name}_kernels", "ptr", entry), 8)


def _kernel_width(code: Code, tile: Tile, columns: Integer) -> str:
    """The columns that the kernel for so many has: vectors, to the next power of two."""
    vectors = code.div(code.sub(columns, 1), tile.width)
    zeros = code.call("llvm.ctlz.i64", "i64", ("i64", str(vectors)), ("i1", "false"))
    return code.get(f"shl i64 {tile.width}, {code.sub(64, zeros)}")


def _write_tiles(
    panel: _Panel, before: Integer, row: Integer, count: Integer, rows: Integer
) -> None:
    """`count` tiles of so many rows, the first at a row; there are tiles `before` in the panel."""
    code, tile = panel.code, panel.tile
    kernel = _kernel(code, tile, rows, panel.columns)
    with code.loop(0, count) as number:
        i = code.add(row, code.mul(number, rows))
        a = Matrix("%a", "%a_row", "%a_col").part(code, tile, i, 0)
        c = Matrix("%c", "%c_row", 1).part(code, tile, i, panel.j)
        with code.when("%fetch"):
            done = code.add(panel.tiles, code.add(before, number))
            _fetch(panel, c, rows, done)
        operands = ["%k", a.pointer, a.row, a.column, panel.b, "%b_row"]
        if tile.masks:
            _call(code, kernel, [*operands, c.pointer, c.row, panel.columns, "%accumulate"])
        else:
            _call_whole(panel, kernel, operands, c, rows)


def _fetch(panel: _Panel, c: Matrix, rows: Integer, done: Integer) -> None:
    """Fetch the tile of C below, and a share of what the next block reads."""
    code, tile = panel.code, panel.tile
    stride, length = code.mul(c.row, tile.size), code.mul(panel.columns, tile.size)
    call(code, f"{tile.name}_fetch", FETCH, [rows, rows, c.pointer, stride, length])
    first = code.mul(done, panel.share)
    count = code.smaller(code.sub("%next_count", first), panel.share)
    values = [first, count, "%next", "%next_stride", "%next_bytes"]
    call(code, f"{tile.name}_fetch", FETCH, values)


def _call(code: Code, kernel: str, values: list[Integer]) -> None:
    typed = (f"{type} {value}" for (type, _), value in zip(KERNEL, values, strict=True))
    code.do(f"call void {kernel}({', '.join(typed)})")


def _call_whole(
    panel: _Panel, kernel: str, operands: list[Integer], c: Matrix, rows: Integer
) -> None:
    """A kernel that writes whole vectors: where C ends within one, it works on a copy of C."""
    code, tile, columns = panel.code, panel.tile, panel.columns
    whole, part, after = (code.new_label(hint) for hint in ("whole", "part", "after"))
    edge = Matrix("%edge", "%panel", 1)
    code.branch(test(code, "eq", columns, _kernel_width(code, tile, columns)), whole, part)
    code.begin(whole)
    _call(code, kernel, [*operands, c.pointer, c.row, columns, "%accumulate"])
    code.jump(after)
    code.begin(part)
    with code.when(test(code, "ne", "%accumulate", 0)):
        copy(code, tile, "gather", rows, columns, c, edge)
    _call(code, kernel, [*operands, edge.pointer, edge.row, columns, "%accumulate"])
    copy(code, tile, "gather", rows, columns, edge, c)
    code.jump(after)
    code.begin(after)
