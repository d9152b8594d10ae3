"""How a product is cut: what is packed, in which blocks, and when A and B change roles."""

from __future__ import annotations

from chainrule.compile.code import Code, Module
from chainrule.compile.gemm.blocking import multiply
from chainrule.compile.gemm.routines import (
    BLOCK,
    LARGE,
    PRODUCT,
    Integer,
    Matrix,
    all_of,
    call,
    ceiling,
    chosen,
    copy,
    either,
    larger,
    names,
    returning,
    test,
)
from chainrule.compile.gemm.sparsity import EVERY_STEP, may_pay
from chainrule.compile.gemm.tile import Tile


_A = Matrix("%a", "%a_row", "%a_col")
_B = Matrix("%b", "%b_row", "%b_col")
_C = Matrix("%c", "%c_row", 1)


def write_product(module: Module, tile: Tile) -> None:
    """The public function, `…_straight`, which it calls, and `…_large`, which that calls."""
    _write_large(module, tile)
    _write_straight(module, tile)
    code = module.function(tile.name, PRODUCT)
    for size in ("%m", "%n"):
        with returning(code, test(code, "slt", size, 1)):
            pass
    narrow, high = test(code, "sle", "%n", tile.narrow), test(code, "sge", "%m", tile.width)
    with returning(code, all_of(code, narrow, high)):
        _write_turned(code, tile)
    call(code, f"{tile.name}_straight", PRODUCT, names(PRODUCT))
    code.do("ret void")


def _write_turned(code: Code, tile: Tile) -> None:
    """Cᵀ = Bᵀ·Aᵀ, a stretch of rows of C at a time: a few columns would not fill a vector.

    Each number is the same sum.
    """
    held = code.at("%scratch", tile.element, tile.stretch_at)
    with code.loop(0, "%m", tile.stretch) as i:
        rows = code.smaller(code.sub("%m", i), tile.stretch)
        a = _A.part(code, tile, i, 0)
        operands = ["%b", "%b_col", "%b_row", a.pointer, a.column, a.row]
        values = ["%n", rows, "%k", *operands, held, tile.stretch, "%scratch", 0]
        call(code, f"{tile.name}_straight", PRODUCT, values)
        source = Matrix(held, 1, tile.stretch)
        copy(code, tile, "gather", rows, "%n", source, _C.part(code, tile, i, 0))


def _write_straight(module: Module, tile: Tile) -> None:
    """Small matrices are multiplied where they lie, if the columns of B touch."""
    code = module.function(f"{tile.name}_straight", PRODUCT, linkage="internal")
    panel = _panel(code, tile)
    a, b, c = (code.mul(x, y) for x, y in (("%m", "%k"), ("%k", "%n"), ("%m", "%n")))
    numbers = code.add(code.add(a, b), c)
    as_they_lie = [
        test(code, "sle", numbers, tile.near),
        test(code, "eq", "%b_col", 1),
    ]
    if not tile.masks:
        as_they_lie.append(test(code, "eq", code.rem("%n", panel), 0))
    with returning(code, all_of(code, *as_they_lie)):
        one = all_of(code, test(code, "sle", "%m", tile.rows), test(code, "sle", "%n", panel))
        with returning(code, one):
            multiply(code, tile, ("%m", "%n"), (_A, "%b", _C), EVERY_STEP, 0)
        operands = ["%m", "%n", "%k", "%a", "%a_row", "%a_col", "%b", "%b_row", "%c", "%c_row"]
        sparse = may_pay(code, tile, "%m", "%n", "%k", _A)
        how = [panel, panel, 0, "%scratch", "false", sparse, "%b", "%b_row"]
        how += ["false", 0, "null", 0, 0]
        call(code, f"{tile.name}_block", BLOCK, [*operands, *how])
    call(code, f"{tile.name}_large", LARGE, [*names(PRODUCT), panel, numbers])
    code.do("ret void")


def _panel(code: Code, tile: Tile) -> Integer:
    """The columns of a panel: those of the widest kernel for the rows of a tile.

    Two panels share one vector more than that: a kernel of one vector waits for its sums.
    """
    widest, tall = tile.width * tile.across, tile.width * (tile.across - 1)
    is_one_more = test(code, "sle", code.sub("%n", widest), tile.width)
    even = either(code, is_one_more, tile.width * (tile.across // 2 + 1), widest)
    panel = either(code, test(code, "sle", "%n", widest), widest, even)
    panel = either(code, test(code, "sle", "%n", tall), tall, panel)
    for rows in range(tile.few, 0, -1):
        width = tile.width * max(tile.vectors(rows))
        panel = either(code, test(code, "sle", "%m", rows), width, panel)
    return panel


def _write_large(module: Module, tile: Tile) -> None:
    """Blocks of steps of k and of columns, whose part of B the second cache holds."""
    code = module.function(f"{tile.name}_large", LARGE, linkage="internal")
    far = test(code, "sgt", "%numbers", tile.near)
    fetch = test(code, "sgt", "%numbers", 4 * tile.near)
    pack_a = _pack_a(code, tile, far)
    pack_b, flat = _pack_b(code, tile, far), test(code, "sle", "%m", tile.flat)
    kc, blocks = _even(code, "%k", either(code, flat, tile.shallow, tile.depth))
    panels = code.div(code.div(tile.block, larger(code, kc, 1)), "%panel")
    panels = either(code, all_of(code, flat, pack_b), 1, larger(code, panels, 1))
    nc = code.mul(panels, "%panel")
    with code.loop(0, blocks) as block, code.loop(0, "%n", nc) as j:
        start = code.mul(block, kc)
        k = code.smaller(code.sub("%k", start), kc)
        n = code.smaller(code.sub("%n", j), nc)
        a, source = _A.part(code, tile, 0, start), _B.part(code, tile, start, j)
        b, b_panel = _packed_b(code, tile, pack_b, source, k, n)
        c = _C.part(code, tile, 0, j)
        again = code.get(f"zext i1 {test(code, 'ne', block, 0)} to i64")
        matrices = [a.pointer, a.row, a.column, b.pointer, b.row, c.pointer, c.row]
        sparse = may_pay(code, tile, "%m", "%n", k, a)
        how = [again, "%scratch", pack_a, sparse, source.pointer, source.row, fetch]
        values = ["%m", n, k, *matrices, "%panel", b_panel, *how]
        call(code, f"{tile.name}_block", BLOCK, [*values, *_ahead(code, tile, source, k, j, nc)])
    code.do("ret void")


def _pack_a(code: Code, tile: Tile, far: str) -> str:
    """Whether tiles of A are copied: its rows or columns fall on the same lines of the cache."""
    stride = larger(code, "%a_row", "%a_col")
    conflict = test(code, "eq", code.rem(stride, tile.clash), 0)
    return all_of(code, far, conflict, test(code, "sgt", "%n", "%panel"))


def _pack_b(code: Code, tile: Tile, far: str) -> str:
    """Whether B is packed: its columns do not touch, or it is far and a copy pays.

    Without masks also where C ends within a vector: a kernel then reads whole ones.
    """
    paged, high = test(code, "sge", "%b_row", tile.page), test(code, "sgt", "%m", tile.high)
    many = test(code, "sgt", "%m", tile.flat)
    pays = all_of(code, far, many, code.get(f"or i1 {paged}, {high}"))
    reasons = [pays, test(code, "ne", "%b_col", 1)]
    if not tile.masks:
        reasons.append(test(code, "ne", code.rem("%n", "%panel"), 0))
    result, *others = reasons
    for reason in others:
        result = code.get(f"or i1 {result}, {reason}")
    return result


def _even(code: Code, total: str, most: Integer) -> tuple[Integer, Integer]:
    """Blocks of at most so many, all alike but the last: the size of one, and how many, 1 for 0."""
    count = larger(code, ceiling(code, total, most), 1)
    return ceiling(code, total, count), count


def _packed_b(
    code: Code, tile: Tile, condition: str, b: Matrix, k: Integer, n: Integer
) -> tuple[Matrix, Integer]:
    """B, or its copy in panels, one after the other; and how far apart panels are."""
    packed = Matrix("%scratch", "%panel", 1)
    with code.when(condition), code.loop(0, n, "%panel") as j:
        columns = code.smaller(code.sub(n, j), "%panel")
        target = packed.part(code, tile, 0, code.mul(j, k))
        copy(code, tile, "pack", k, columns, b.part(code, tile, 0, j), target)
    apart = either(code, condition, code.mul(k, "%panel"), "%panel")
    return chosen(code, condition, packed, b), apart


def _ahead(
    code: Code, tile: Tile, source: Matrix, k: Integer, j: str, nc: Integer
) -> list[Integer]:
    """What the next block of columns reads of B, as stretches: rows of it, or columns."""
    left = code.smaller(code.sub(code.sub("%n", j), nc), nc)
    columns = larger(code, left, 0)
    following = source.part(code, tile, 0, nc)
    touch = test(code, "eq", "%b_col", 1)
    count, length = either(code, touch, k, columns), either(code, touch, columns, k)
    stride = either(code, touch, source.row, source.column)
    return [count, following.pointer, code.mul(stride, tile.size), code.mul(length, tile.size)]
