"""Steps of the sum over k that add nothing: where every row of a tile of A holds a 0.

Images have dark borders, and tables columns for rare categories. Which steps are left is found once
for a tile and serves all columns of C. The sum keeps its order and its bits, since a product by 0
adds 0 to it; unless the other factor is infinite or no number: where B has such a one, nothing is
left out. (A sum of nothing but products too small for the dtype may be 0 in place of -0.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from chainrule.compile.code import Code, Module, vector
from chainrule.compile.gemm.masked import load
from chainrule.compile.gemm.routines import (
    FINITE,
    LIST,
    Integer,
    Matrix,
    all_of,
    call,
    either,
    names,
    returning,
    test,
)
from chainrule.compile.gemm.tile import Tile
from chainrule.compile.lanes import Lanes


#: In place of how many steps are left: all are.
_DENSE = -1

#: There is no list if every step of the first looks adds something, of so many: less than
#: `Tile.sparse_k` steps.
_LOOKS = 7

#: What is known of a block: no lists pay, B has not been looked at yet, all of B is finite.
_NEVER, _UNSEEN, _FINITE = 0, 1, 2


@dataclass(frozen=True)
class Steps:
    """The steps of k that a kernel takes.

    count   how many; listed  an i1, whether not all
    places  where their numbers stand, int32, if not all
    """

    count: Integer
    listed: str
    places: str


#: Those of a tile that nothing is left out of.
EVERY_STEP = Steps("%k", "false", "null")


def may_pay(code: Code, tile: Tile, m: Integer, n: Integer, k: Integer, a: Matrix) -> str:
    """Whether zeros are looked for in A for C (m, n) += A (m, k) · B.

    A must be said to be sparse, tiles as high as the kernels that read lists, and the columns of C
    so many that looking costs little. In B, rows have to lie as a whole.
    """
    touch = code.get(f"or i1 {test(code, 'eq', a.row, 1)}, {test(code, 'eq', a.column, 1)}")
    least = ((m, tile.sparse_m), (n, tile.sparse_n), (k, tile.sparse_k))
    pays = [test(code, "sge", size, limit) for size, limit in least]
    said = test(code, "ne", "%sparse", 0)
    return all_of(code, said, touch, test(code, "eq", "%b_col", 1), *pays)


def nothing_known(code: Code) -> str:
    """Where a block keeps what is known of it: nothing yet."""
    slot = code.slot("i64", 8)
    code.store("i64", either(code, "%sparse", _UNSEEN, _NEVER), slot, 8)
    return slot


def steps_of(code: Code, tile: Tile, a: Matrix, rows: Integer, known: str) -> Steps:
    """The steps of a tile of A, in a block."""
    places = code.at("%scratch", "i8", tile.list_at * tile.size)
    slot = code.slot("i64", 8)
    code.store("i64", str(_DENSE), slot, 8)
    before = code.load("i64", known, 8)
    with code.when(test(code, "ne", before, _NEVER)):
        values = [rows, "%k", a.pointer, a.row, a.column, places]
        count = call(code, f"{tile.name}_list", LIST, values, "i64")
        is_sparse = test(code, "ne", count, _DENSE)
        with code.when(all_of(code, is_sparse, test(code, "eq", before, _UNSEEN))):
            b = ["%k", "%n", "%plain", "%plain_row"]
            code.store("i64", call(code, f"{tile.name}_finite", FINITE, b, "i64"), known, 8)
        is_finite = test(code, "eq", code.load("i64", known, 8), _FINITE)
        code.store("i64", either(code, is_finite, count, _DENSE), slot, 8)
    left = code.load("i64", slot, 8)
    listed = test(code, "ne", left, _DENSE)
    return Steps(either(code, listed, left, "%k"), listed, places)


def write_sparsity(module: Module, tile: Tile) -> None:
    """The functions `…_list`, which calls `…_list_along` or `…_list_across`, and `…_finite`."""
    _write_finite(module, tile)
    _write_ones(module, tile)
    _write_list(module, tile, "along", _along)
    _write_list(module, tile, "across", _across)
    code = module.function(f"{tile.name}_list", LIST, "i64", linkage="internal")
    along, across = code.new_label("along"), code.new_label("across")
    code.branch(test(code, "eq", "%a_col", 1), along, across)
    for label, name in ((along, "along"), (across, "across")):
        code.begin(label)
        code.do(f"ret i64 {call(code, f'{tile.name}_list_{name}', LIST, names(LIST), 'i64')}")


#: The bits of some steps from one on: 1 where a row of the tile does not hold 0.
_Look: TypeAlias = Callable[[Integer], str]


def _write_list(
    module: Module, tile: Tile, name: str, looking: Callable[[Code, Tile], _Look]
) -> None:
    """Write the list of a tile whose rows or columns touch: gives how many steps, or `_DENSE`.

    Steps of looks are listed if they add something, and the rest of k is.
    """
    code = module.function(f"{tile.name}_list_{name}", LIST, "i64", linkage="internal")
    look, count = looking(code, tile), code.slot("i64", 8)
    code.store("i64", "0", count, 8)
    whole = code.sub("%k", code.rem("%k", tile.look))
    early = tile.look * _LOOKS
    for start, stop, most in ((0, early, early - 1), (early, whole, _most(code, whole))):
        with code.loop(start, stop, tile.look) as at:
            _list_some(code, tile, look(at), at, count)
        with returning(code, test(code, "sgt", code.load("i64", count, 8), most), f"i64 {_DENSE}"):
            pass
    with code.loop(whole, "%k") as at:
        known = code.load("i64", count, 8)
        code.store("i32", _int32(code, at).value, code.at("%steps", "i32", known), 4)
        code.store("i64", str(code.add(known, 1)), count, 8)
    code.do(f"ret i64 {code.load('i64', count, 8)}")


def _most(code: Code, steps: Integer) -> Integer:
    """How many of so many steps a list may hold: with more it does not pay."""
    return code.div(code.mul(steps, 7), 8)


def _list_some(code: Code, tile: Tile, bits: str, at: Integer, count: str) -> None:
    """Add the steps of a look to the list. All are written: the next look writes over the rest."""
    known = code.load("i64", count, 8)
    ones = code.load(f"<{tile.look} x i8>", code.at(f"@{tile.name}_ones", "i64", bits), 8)
    steps = Lanes(code, ones, "uint8", tile.look).cast("int32")
    steps = steps + _int32(code, at).splat(tile.look)
    code.store(steps.type, steps.value, code.at("%steps", "i32", known), 4)
    more = code.call("llvm.ctpop.i64", "i64", ("i64", bits))
    code.store("i64", str(code.add(known, more)), count, 8)


def _int32(code: Code, x: Integer) -> Lanes:
    return Lanes(code, str(x), "int64", 1).cast("int32")


def _write_ones(module: Module, tile: Tile) -> None:
    """A table: the places of the ones in every number of a look, then zeros."""
    rows: list[str] = []
    for bits in range(1 << tile.look):
        ones = [place for place in range(tile.look) if bits >> place & 1]
        ones += [0] * (tile.look - len(ones))
        rows.append(f"<{tile.look} x i8> <{', '.join(f'i8 {place}' for place in ones)}>")
    type = f"[{len(rows)} x <{tile.look} x i8>]"
    text = f"internal constant {type} [{', '.join(rows)}], align 64"
    module.globals.append(f"@{tile.name}_ones = {text}")


def _along(code: Code, tile: Tile) -> _Look:
    """Looks at rows whose numbers touch."""
    a, last = Matrix("%a", "%a_row", 1), code.sub("%rows", 1)
    rows = [a.part(code, tile, code.smaller(row, last), 0) for row in range(tile.rows)]

    def look(at: Integer) -> str:
        places = [row.part(code, tile, 0, at) for row in rows]
        return _ones_of(_union(code, tile, tile.look, places))

    return look


def _across(code: Code, tile: Tile) -> _Look:
    """Looks at columns whose numbers touch: two vectors, which overlap, hold those of a step.

    Neighbouring lanes are united until each step has one.
    """
    half = tile.look // 2
    a, below = Matrix("%a", 1, "%a_col"), code.sub("%rows", half)

    def look(at: Integer) -> str:
        found: list[Lanes] = []
        for step in range(tile.look):
            ends = [a.part(code, tile, row, code.add(at, step)) for row in (0, below)]
            found.append(_union(code, tile, half, ends))
        while len(found) > 2:
            pairs = zip(found[::2], found[1::2], strict=True)
            even, odd = range(0, tile.look, 2), range(1, tile.look, 2)
            found = [x.among(y, even) | x.among(y, odd) for x, y in pairs]
        return _ones_of(found[0].among(found[1], range(tile.look)))

    return look


def _union(code: Code, tile: Tile, count: int, places: list[Matrix]) -> Lanes:
    """The bits that are set in one of several vectors of so many numbers."""
    lane = f"int{8 * tile.size}"
    loaded = (code.load(vector(lane, count), place.pointer, tile.size) for place in places)
    total, *others = (Lanes(code, value, lane, count) for value in loaded)
    for other in others:
        total = total | other
    return total


def _ones_of(found: Lanes) -> str:
    """A bit for each lane, as one number: whether its float is not 0."""
    code, is_kept = found.code, (found << 1).differs(0)  # -0 is 0
    bits = code.get(f"bitcast {is_kept.type} {is_kept.value} to i{found.width}")
    return code.get(f"zext i{found.width} {bits} to i64")


def _write_finite(module: Module, tile: Tile) -> None:
    """What is known of a block after a look at B, whose rows as a whole are longer than a vector.

    The last vector overlaps the one before, in a narrow block the block before.
    """
    code = module.function(f"{tile.name}_finite", FINITE, "i64", linkage="internal")
    lane = f"int{8 * tile.size}"
    type = vector(lane, tile.width)
    odd = code.slot(type)
    code.store(type, "zeroinitializer", odd, 64)
    last = code.sub("%n", tile.width)
    with code.loop(0, "%k") as row, code.loop(0, "%n", tile.width) as j:
        place = Matrix("%b", "%b_row", 1).part(code, tile, row, code.smaller(j, last))
        x = Lanes(code, load(code, tile, place.pointer, ""), tile.dtype, tile.width)
        # x - x is 0 if x is finite, else no number.
        found = Lanes(code, code.load(type, odd, 64), lane, tile.width) | (x - x).bits(lane)
        code.store(type, found.value, odd, 64)
    is_odd = Lanes(code, code.load(type, odd, 64), lane, tile.width).differs(0).any()
    code.do(f"ret i64 {either(code, is_odd, _NEVER, _FINITE)}")
