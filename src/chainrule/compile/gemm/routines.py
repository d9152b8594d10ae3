"""The functions that a product is made of: what each takes, and how one calls another."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from chainrule.compile.code import Code
from chainrule.compile.gemm.tile import Tile


#: (type, name) of every argument.
Arguments = Sequence[tuple[str, str]]
Integer = str | int

#: C = A·B, as of the public function. Strides, here and below, are in elements.
PRODUCT: Arguments = (
    ("i64", "m"),
    ("i64", "n"),
    ("i64", "k"),
    ("ptr", "a"),
    ("i64", "a_row"),
    ("i64", "a_col"),
    ("ptr", "b"),
    ("i64", "b_row"),
    ("i64", "b_col"),
    ("ptr", "c"),
    ("i64", "c_row"),
    ("ptr", "scratch"),
    ("i64", "sparse"),
)

#: The same, with the columns of a panel, and the numbers in A, B and C together.
LARGE: Arguments = (*PRODUCT, ("i64", "panel"), ("i64", "numbers"))

#: Operands in the cache. The columns of B touch; its panels of `panel` columns begin `b_panel`
#: apart. `accumulate`: C += A·B. `pack_a`: each tile of A is copied. `sparse`: zeros are looked for
#: in it; then `plain` is B as it came, with columns that touch. `fetch`: what comes next is brought
#: into the cache, among it `next_count` stretches of `next_bytes`.
BLOCK: Arguments = (
    ("i64", "m"),
    ("i64", "n"),
    ("i64", "k"),
    ("ptr", "a"),
    ("i64", "a_row"),
    ("i64", "a_col"),
    ("ptr", "b"),
    ("i64", "b_row"),
    ("ptr", "c"),
    ("i64", "c_row"),
    ("i64", "panel"),
    ("i64", "b_panel"),
    ("i64", "accumulate"),
    ("ptr", "scratch"),
    ("i1", "pack_a"),
    ("i1", "sparse"),
    ("ptr", "plain"),
    ("i64", "plain_row"),
    ("i1", "fetch"),
    ("i64", "next_count"),
    ("ptr", "next"),
    ("i64", "next_stride"),
    ("i64", "next_bytes"),
)

#: One tile of C: `columns` numbers in each of its rows. `steps`: the numbers of the steps of k that
#: are taken, int32, for kernels that take them from a list.
KERNEL: Arguments = (
    ("i64", "k"),
    ("ptr", "a"),
    ("i64", "a_row"),
    ("i64", "a_col"),
    ("ptr", "b"),
    ("i64", "b_row"),
    ("ptr", "c"),
    ("i64", "c_row"),
    ("i64", "columns"),
    ("i64", "accumulate"),
    ("ptr", "steps"),
)

#: The numbers of the steps of k at which a tile of A is not 0 are written into a list: `steps`,
#: int32.
LIST: Arguments = (
    ("i64", "rows"),
    ("i64", "k"),
    ("ptr", "a"),
    ("i64", "a_row"),
    ("i64", "a_col"),
    ("ptr", "steps"),
)

#: B of a block, as it came: its columns touch.
FINITE: Arguments = (
    ("i64", "k"),
    ("i64", "n"),
    ("ptr", "b"),
    ("i64", "b_row"),
)

#: target[i, j] = source[i, j]; the columns of the target touch.
COPY: Arguments = (
    ("i64", "rows"),
    ("i64", "columns"),
    ("ptr", "source"),
    ("i64", "source_row"),
    ("i64", "source_column"),
    ("ptr", "target"),
    ("i64", "target_row"),
)

#: Stretches of memory `bytes` long and `stride` bytes apart: `count` of them, from number `first`.
FETCH: Arguments = (
    ("i64", "first"),
    ("i64", "count"),
    ("ptr", "start"),
    ("i64", "stride"),
    ("i64", "bytes"),
)


@dataclass(frozen=True)
class Matrix:
    """Where a matrix lies, in a function that is being written: an address and its strides."""

    pointer: str
    row: Integer
    column: Integer

    def part(self, code: Code, tile: Tile, row: Integer, column: Integer) -> Matrix:
        """What begins at a row and a column."""
        down = code.at(self.pointer, tile.element, code.mul(row, self.row))
        return replace(self, pointer=code.at(down, tile.element, code.mul(column, self.column)))


def names(arguments: Arguments) -> list[Integer]:
    """The arguments as a function has them that takes them itself."""
    return [f"%{name}" for _, name in arguments]


def call(
    code: Code, name: str, arguments: Arguments, values: Sequence[Integer], result: str = "void"
) -> str:
    """Call a function, and the name of what it gives, if anything."""
    typed = [(type, str(value)) for (type, _), value in zip(arguments, values, strict=True)]
    return code.call(name, result, *typed)


def copy(
    code: Code,
    tile: Tile,
    how: str,
    rows: Integer,
    columns: Integer,
    source: Matrix,
    target: Matrix,
) -> None:
    """Call `…_pack` or `…_gather`."""
    values = [rows, columns, source.pointer, source.row, source.column, target.pointer, target.row]
    call(code, f"{tile.name}_{how}", COPY, values)


@contextmanager
def returning(code: Code, condition: str, result: str = "void") -> Generator[None]:
    """Where the i1 holds, what is written inside runs and the function ends."""
    then, otherwise = code.new_label("then"), code.new_label("else")
    code.branch(condition, then, otherwise)
    code.begin(then)
    yield
    code.do(f"ret {result}")
    code.begin(otherwise)


def test(code: Code, predicate: str, x: Integer, y: Integer) -> str:
    """An i1: whether x "eq", "ne", "slt", … y."""
    return code.get(f"icmp {predicate} i64 {x}, {y}")


def all_of(code: Code, *conditions: str) -> str:
    """Whether every i1 holds."""
    result, *others = conditions
    for condition in others:
        result = code.get(f"and i1 {result}, {condition}")
    return result


def either(code: Code, condition: str, x: Integer, y: Integer, type: str = "i64") -> str:
    """x where the i1 holds, else y."""
    return code.get(f"select i1 {condition}, {type} {x}, {type} {y}")


def ceiling(code: Code, x: Integer, y: Integer) -> Integer:
    """x / y rounded up, for numbers from 0."""
    return code.div(code.add(x, code.sub(y, 1)), y)


def chosen(code: Code, condition: str, x: Matrix, y: Matrix) -> Matrix:
    """x where the i1 holds, else y."""
    return Matrix(
        either(code, condition, x.pointer, y.pointer, "ptr"),
        either(code, condition, x.row, y.row),
        either(code, condition, x.column, y.column),
    )


def larger(code: Code, x: Integer, y: Integer) -> str:
    """The larger of two whole numbers."""
    return code.call("llvm.smax.i64", "i64", ("i64", str(x)), ("i64", str(y)))
