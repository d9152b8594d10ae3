"""The loops around the inner one, over operands in the cache: tiles of rows, panels of columns."""

from __future__ import annotations

from chainrule.compile.code import Code, Module
from chainrule.compile.gemm.kernel import write_kernel
from chainrule.compile.gemm.routines import (
    BLOCK,
    FETCH,
    KERNEL,
    Integer,
    Matrix,
    call,
    ceiling,
    chosen,
    copy,
    either,
    test,
)
from chainrule.compile.gemm.sparsity import Steps, nothing_known, steps_of
from chainrule.compile.gemm.tile import Tile


def write_block(module: Module, tile: Tile) -> None:
    """The function `…_block` and the kernels that it calls.

    A tile of A stays in the first cache while B, which stays in the second, passes by. The tiles
    have `least` or `least` + 1 rows.
    """
    _write_table(module, tile)
    code = module.function(f"{tile.name}_block", BLOCK, linkage="internal")
    is_tall = test(code, "slt", "%panel", tile.across * tile.width)
    tiles = ceiling(code, "%m", either(code, is_tall, tile.tall, tile.rows))
    least = code.div("%m", tiles)
    higher = code.sub("%m", code.mul(least, tiles))
    panels = ceiling(code, "%n", "%panel")
    share = ceiling(code, "%next_count", code.mul(tiles, panels))
    known = nothing_known(code)
    with code.loop(0, tiles) as number:
        rows = code.add(least, code.get(f"zext i1 {test(code, 'slt', number, higher)} to i64"))
        row = code.add(code.mul(number, least), code.smaller(number, higher))
        a = _packed(code, tile, Matrix("%a", "%a_row", "%a_col").part(code, tile, row, 0), rows)
        steps = steps_of(code, tile, a, rows, known)
        with code.loop(0, panels) as panel:
            j = code.mul(panel, "%panel")
            columns = code.smaller(code.sub("%n", j), "%panel")
            c = Matrix("%c", "%c_row", 1).part(code, tile, row, j)
            with code.when("%fetch"):
                done = code.add(code.mul(number, panels), panel)
                _fetch(code, tile, c, rows, columns, code.mul(done, share), share)
            b = code.at("%b", tile.element, code.mul(panel, "%b_panel"))
            multiply(code, tile, (rows, columns), (a, b, c), steps, "%accumulate")
    code.do("ret void")


def _packed(code: Code, tile: Tile, a: Matrix, rows: Integer) -> Matrix:
    """A tile of A, or its copy where one is wanted: by columns where these touch, else by rows."""
    turned = test(code, "eq", a.row, 1)
    width = code.mul(ceiling(code, rows, tile.width), tile.width)
    # An odd number of lines: rows spread over the cache.
    length = code.mul(code.get(f"or i64 {ceiling(code, '%k', tile.line)}, 1"), tile.line)
    room = code.at("%scratch", tile.element, tile.a_at)
    with code.when("%pack_a"):
        count, columns = either(code, turned, "%k", rows), either(code, turned, rows, "%k")
        down, across = either(code, turned, a.column, a.row), either(code, turned, a.row, a.column)
        target = Matrix(room, either(code, turned, width, length), 1)
        copy(code, tile, "pack", count, columns, Matrix(a.pointer, down, across), target)
    row, column = either(code, turned, 1, length), either(code, turned, width, 1)
    return chosen(code, "%pack_a", Matrix(room, row, column), a)


def _fetch(
    code: Code,
    tile: Tile,
    c: Matrix,
    rows: Integer,
    columns: Integer,
    first: Integer,
    share: Integer,
) -> None:
    """Fetch the tile of C below, and a share of what the next block reads."""
    below, length = code.mul(c.row, tile.size), code.mul(columns, tile.size)
    call(code, f"{tile.name}_fetch", FETCH, [rows, rows, c.pointer, below, length])
    count = code.smaller(code.sub("%next_count", first), share)
    values = [first, count, "%next", "%next_stride", "%next_bytes"]
    call(code, f"{tile.name}_fetch", FETCH, values)


# ---- kernels -------------------------------------------------------------------------------------


def _write_table(module: Module, tile: Tile) -> None:
    """The kernels, by kind, rows and vectors - 1; where there is none, the next wider one.

    The kinds are those of `Tile.kinds`, then kernels that take the steps of a list.
    """
    entries = []
    for masked, listed in [*((masked, False) for masked in tile.kinds), (tile.masks, True)]:
        for rows in range(tile.tall + 1):
            is_made = rows in tile.sparse_rows if listed else rows > 0
            widths = tile.vectors(rows) if is_made else ()
            made = {
                width: write_kernel(module, tile, rows, width, masked, listed) for width in widths
            }
            for vectors in range(1, tile.widest + 1):
                wider = [made[width] for width in widths if width >= vectors]
                entries.append(f"ptr @{wider[0]}" if wider else "ptr null")
    text = f"[{len(entries)} x ptr] [{', '.join(entries)}]"
    module.globals.append(f"@{tile.name}_kernels = internal constant {text}")


def multiply(
    code: Code,
    tile: Tile,
    size: tuple[Integer, Integer],
    matrices: tuple[Matrix, str, Matrix],
    steps: Steps,
    accumulate: Integer,
) -> None:
    """Call the kernel for one tile of C, of so many rows and columns."""
    (rows, columns), (a, b, c) = size, matrices
    kernel = _kernel(code, tile, rows, columns, steps.listed)
    operands = [steps.count, a.pointer, a.row, a.column, b, "%b_row"]
    rest = [columns, accumulate, steps.places]
    if tile.masks:
        _call(code, kernel, [*operands, c.pointer, c.row, *rest])
        return
    # It writes whole vectors: where C ends within one, it works on a copy of C.
    edge = Matrix(code.at("%scratch", tile.element, tile.edge_at), tile.widest * tile.width, 1)
    whole, part, after = (code.new_label(hint) for hint in ("whole", "part", "after"))
    code.branch(_is_whole(code, tile, rows, columns), whole, part)
    code.begin(whole)
    _call(code, kernel, [*operands, c.pointer, c.row, *rest])
    code.jump(after)
    code.begin(part)
    with code.when(test(code, "ne", accumulate, 0)):
        copy(code, tile, "gather", rows, columns, c, edge)
    _call(code, kernel, [*operands, edge.pointer, edge.row, *rest])
    copy(code, tile, "gather", rows, columns, edge, c)
    code.jump(after)
    code.begin(after)


def _kernel(code: Code, tile: Tile, rows: Integer, columns: Integer, listed: str) -> str:
    vectors = code.div(code.sub(columns, 1), tile.width)
    kind: Integer = 0
    if len(tile.kinds) > 1:
        kind = either(code, _is_whole(code, tile, rows, columns), 0, 1)
    kind = either(code, listed, len(tile.kinds), kind)
    row = code.add(code.mul(kind, tile.tall + 1), rows)
    entry = code.add(code.mul(row, tile.widest), vectors)
    return code.load("ptr", code.at(f"@{tile.name}_kernels", "ptr", entry), 8)


def _is_whole(code: Code, tile: Tile, rows: Integer, columns: Integer) -> str:
    """Whether the kernel for so many columns has no more: of few rows it has a power of two."""
    vectors = code.div(code.sub(columns, 1), tile.width)
    zeros = code.call("llvm.ctlz.i64", "i64", ("i64", str(vectors)), ("i1", "false"))
    power = code.get(f"shl i64 1, {code.sub(64, zeros)}")
    is_few = test(code, "sle", rows, tile.few)
    has = either(code, is_few, power, code.add(vectors, 1))
    return test(code, "eq", columns, code.mul(has, tile.width))


def _call(code: Code, kernel: str, values: list[Integer]) -> None:
    typed = (f"{type} {value}" for (type, _), value in zip(KERNEL, values, strict=True))
    code.do(f"call void {kernel}({', '.join(typed)})")
