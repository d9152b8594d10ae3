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
from chainrule.compile.gemm.masked import first, load
from chainrule.compile.gemm.routines import (
    FINITE,
    LIST,
    Integer,
    Matrix,
    all_of,
    call,
    ceiling,
    either,
    names,
    test,
)
from chainrule.compile.gemm.tile import Tile


#: In place of how many steps are left: all are.
_DENSE = -1

#: How often a tile is looked at before its list is made: there is none if hardly a step adds
#: nothing. A prime: rows of images have even lengths, and dark ends.
_LOOKS = 7

#: Steps whose bits fill a number.
_WORD = 64

#: What is known of a block: no lists pay, B has not been looked at yet, all of B is finite.
_NEVER, _UNSEEN, _FINITE = 0, 1, 2


@dataclass(frozen=True)
class Steps:
    """The steps of k that a kernel takes.

    count   how many; listed  an i1, whether not all
    gaps    then how far each is from the one before, int32
    """

    count: Integer
    listed: str
    gaps: str


#: Those of a tile that nothing is left out of.
EVERY_STEP = Steps("%k", "false", "null")


def may_pay(code: Code, tile: Tile, m: Integer, n: Integer, k: Integer, a: Matrix) -> str:
    """Whether zeros are looked for in A for C (m, n) += A (m, k) · B.

    A must be said to be sparse, tiles as high as the kernels that read lists, and the columns of C
    so many that looking costs little.
    """
    touch = code.get(f"or i1 {test(code, 'eq', a.row, 1)}, {test(code, 'eq', a.column, 1)}")
    least = ((m, tile.sparse_m), (n, tile.sparse_n), (k, tile.sparse_k))
    pays = [test(code, "sge", size, limit) for size, limit in least]
    return all_of(code, test(code, "ne", "%sparse", 0), touch, *pays)


def nothing_known(code: Code) -> str:
    """Where a block keeps what is known of it: nothing yet."""
    slot = code.slot("i64", 8)
    code.store("i64", either(code, "%sparse", _UNSEEN, _NEVER), slot, 8)
    return slot


def steps_of(code: Code, tile: Tile, a: Matrix, rows: Integer, known: str) -> Steps:
    """The steps of a tile of A, in a block."""
    gaps = code.at("%scratch", "i8", tile.list_at * tile.size)
    slot = code.slot("i64", 8)
    code.store("i64", str(_DENSE), slot, 8)
    before = code.load("i64", known, 8)
    with code.when(test(code, "ne", before, _NEVER)):
        values = [rows, "%k", a.pointer, a.row, a.column, gaps]
        count = call(code, f"{tile.name}_list", LIST, values, "i64")
        is_sparse = test(code, "ne", count, _DENSE)
        with code.when(all_of(code, is_sparse, test(code, "eq", before, _UNSEEN))):
            b = ["%k", "%n", "%b", "%b_row", "%panel", "%b_panel"]
            code.store("i64", call(code, f"{tile.name}_finite", FINITE, b, "i64"), known, 8)
        is_finite = test(code, "eq", code.load("i64", known, 8), _FINITE)
        code.store("i64", either(code, is_finite, count, _DENSE), slot, 8)
    left = code.load("i64", slot, 8)
    listed = test(code, "ne", left, _DENSE)
    return Steps(either(code, listed, left, "%k"), listed, gaps)


def write_sparsity(module: Module, tile: Tile) -> None:
    """The functions `…_list`, which calls `…_list_along` or `…_list_across`, and `…_finite`."""
    _write_finite(module, tile)
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
    """Write the list of a tile whose rows or columns touch: gives how many steps, or `_DENSE`."""
    code = module.function(f"{tile.name}_list_{name}", LIST, "i64", linkage="internal")
    look = looking(code, tile)
    sparse, dense = code.new_label("sparse"), code.new_label("dense")
    code.branch(_seems_sparse(code, tile, look), sparse, dense)
    code.begin(dense)
    code.do(f"ret i64 {_DENSE}")
    code.begin(sparse)
    code.do(f"ret i64 {_listed(code, tile, look)}")


def _seems_sparse(code: Code, tile: Tile, look: _Look) -> str:
    """Whether looks at places spread over k find that one step of eight adds nothing."""
    found = code.slot("i64", 8)
    code.store("i64", "0", found, 8)
    apart = code.div(code.sub("%k", tile.look), _LOOKS - 1)
    with code.loop(0, _LOOKS) as number:
        ones = code.call("llvm.ctpop.i64", "i64", ("i64", look(code.mul(number, apart))))
        code.store("i64", str(code.add(code.load("i64", found, 8), ones)), found, 8)
    return test(code, "sle", code.load("i64", found, 8), _LOOKS * tile.look * 7 // 8)


def _listed(code: Code, tile: Tile, look: _Look) -> str:
    """Write the list: steps of whole looks that add something, and the rest of k. How many."""
    count, last, word = (code.slot("i64", 8) for _ in range(3))
    for slot in (count, last):
        code.store("i64", "0", slot, 8)

    def note(step: Integer) -> None:
        """Write down how far a step is from the one before."""
        place = code.load("i64", count, 8)
        gap = code.get(f"trunc i64 {code.sub(step, code.load('i64', last, 8))} to i32")
        code.store("i32", gap, code.at("%gaps", "i32", place), 4)
        code.store("i64", str(code.add(place, 1)), count, 8)
        code.store("i64", str(step), last, 8)

    whole = code.sub("%k", code.rem("%k", tile.look))
    with code.loop(0, whole, _WORD) as start:
        code.store("i64", "0", word, 8)
        with code.loop(start, code.smaller(code.add(start, _WORD), whole), tile.look) as at:
            bits = code.get(f"shl i64 {look(at)}, {code.sub(at, start)}")
            found = code.get(f"or i64 {code.load('i64', word, 8)}, {bits}")
            code.store("i64", found, word, 8)
        ones = code.call("llvm.ctpop.i64", "i64", ("i64", code.load("i64", word, 8)))
        with code.loop(0, ones):
            bits = code.load("i64", word, 8)
            first_one = code.call("llvm.cttz.i64", "i64", ("i64", bits), ("i1", "true"))
            note(code.add(start, first_one))
            rest = code.get(f"and i64 {bits}, {code.sub(bits, 1)}")
            code.store("i64", rest, word, 8)
    with code.loop(whole, "%k") as at:
        note(at)
    return code.load("i64", count, 8)


def _along(code: Code, tile: Tile) -> _Look:
    """Looks at rows whose numbers touch."""
    a, last = Matrix("%a", "%a_row", 1), code.sub("%rows", 1)
    rows = [a.part(code, tile, code.smaller(row, last), 0) for row in range(tile.rows)]
    return lambda at: _somewhere(code, tile, tile.look, [x.part(code, tile, 0, at) for x in rows])


def _across(code: Code, tile: Tile) -> _Look:
    """Looks at columns whose numbers touch: two vectors, which overlap, hold those of a step."""
    a, half = Matrix("%a", 1, "%a_col"), tile.rows // 2
    below = code.sub("%rows", half)

    def look(at: Integer) -> str:
        found: Integer = 0
        for step in range(tile.look):
            ends = [a.part(code, tile, row, code.add(at, step)) for row in (0, below)]
            some = test(code, "ne", _somewhere(code, tile, half, ends), 0)
            found = code.add(found, code.mul(code.get(f"zext i1 {some} to i64"), 1 << step))
        return str(found)

    return look


def _somewhere(code: Code, tile: Tile, count: int, places: list[Matrix]) -> str:
    """Of vectors of so many numbers: in which lanes one of them is not 0, as bits of a number."""
    lane = f"i{8 * tile.size}"
    type = f"<{count} x {lane}>"
    total, *others = [code.load(type, place.pointer, tile.size) for place in places]
    for other in others:
        total = code.get(f"or {type} {total}, {other}")
    size = code.get(f"and {type} {total}, splat ({lane} {2 ** (8 * tile.size - 1) - 1})")  # -0 is 0
    lanes = code.get(f"icmp ne {type} {size}, zeroinitializer")
    bits = code.get(f"bitcast <{count} x i1> {lanes} to i{count}")
    return code.get(f"zext i{count} {bits} to i64")


def _write_finite(module: Module, tile: Tile) -> None:
    """What is known of a block after a look at B."""
    code = module.function(f"{tile.name}_finite", FINITE, "i64", linkage="internal")
    floats, lane = vector(tile.dtype, tile.width), f"i{8 * tile.size}"
    type = f"<{tile.width} x {lane}>"
    odd = code.slot(type)
    code.store(type, "zeroinitializer", odd, 64)
    with code.loop(0, ceiling(code, "%n", "%panel")) as number:
        start = code.at("%b", tile.element, code.mul(number, "%b_panel"))
        columns = code.smaller(code.sub("%n", code.mul(number, "%panel")), "%panel")
        with code.loop(0, columns, tile.width) as j:
            mask = first(code, tile, code.sub(columns, j)) if tile.masks else ""
            with code.loop(0, "%k") as row:
                place = Matrix(start, "%b_row", 1).part(code, tile, row, j)
                x = load(code, tile, place.pointer, mask)
                # x - x is 0 if x is finite, else no number.
                bits = code.get(f"bitcast {floats} {code.get(f'fsub {floats} {x}, {x}')} to {type}")
                found = code.get(f"or {type} {code.load(type, odd, 64)}, {bits}")
                code.store(type, found, odd, 64)
    some = code.get(f"icmp ne {type} {code.load(type, odd, 64)}, zeroinitializer")
    is_odd = code.call(
        f"llvm.vector.reduce.or.v{tile.width}i1", "i1", (f"<{tile.width} x i1>", some)
    )
    code.do(f"ret i64 {either(code, is_odd, _NEVER, _FINITE)}")
