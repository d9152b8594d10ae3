"""The inner loop: one tile of C in registers while one sum over k runs."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.compile.code import Code, Module, number, vector
from chainrule.compile.gemm.masked import first, load, store
from chainrule.compile.gemm.routines import KERNEL, Integer
from chainrule.compile.gemm.tile import Tile
from chainrule.compile.lanes import Lanes


#: Rows that are addressed from one pointer, by 0 to 4 strides.
_GROUP = 5


def write_kernel(
    module: Module, tile: Tile, rows: int, vectors: int, masked: bool, listed: bool = False
) -> str:
    """The function for a tile of so many rows and vectors; gives its name.

    masked: it may be given fewer columns than the vectors hold, and touches no others.
    listed: it takes only the k steps that stand in a list.
    """
    name = f"{tile.name}_{rows}x{vectors}{'_masked' if masked else ''}{'_listed' if listed else ''}"
    code = module.function(name, KERNEL, linkage="internal")
    left = [code.sub("%columns", tile.width * v) for v in range(vectors)] if masked else []
    masks = [first(code, tile, count) for count in left] or [""] * vectors
    kernel = _Kernel(code, tile, rows, tuple(masks), listed)
    sums = _sums(kernel, _start(kernel))
    for total, (place, mask) in zip(sums, kernel.vectors_of_c(), strict=True):
        store(code, tile, total.value, place, mask)
    code.do("ret void")
    return name


@dataclass(frozen=True, eq=False)
class _Kernel:
    """A kernel while it is written. masks: one for each vector of a row; listed: as above."""

    code: Code
    tile: Tile
    rows: int
    masks: tuple[str, ...]
    listed: bool

    @property
    def type(self) -> str:
        return vector(self.tile.dtype, self.tile.width)

    def groups(self, pointer: str, stride: str) -> list[str]:
        """The address of every `_GROUP`th row."""
        starts = range(0, self.rows, _GROUP)
        return [
            self.code.at(pointer, self.tile.element, self.code.mul(stride, row)) for row in starts
        ]

    def places(self, groups: list[str], stride: str) -> list[str]:
        """The address of every row."""
        steps = [self.code.mul(stride, row % _GROUP) for row in range(self.rows)]
        return [
            self.code.at(groups[row // _GROUP], self.tile.element, step)
            for row, step in enumerate(steps)
        ]

    def vectors(self, place: str) -> list[tuple[str, str]]:
        """The addresses of the vectors of one row, with their masks."""
        width, element = self.tile.width, self.tile.element
        return [
            (self.code.at(place, element, v * width), mask) for v, mask in enumerate(self.masks)
        ]

    def vectors_of_c(self) -> list[tuple[str, str]]:
        """The addresses of the tile of C, row by row, with their masks."""
        places = self.places(self.groups("%c", "%c_row"), "%c_row")
        return [pair for place in places for pair in self.vectors(place)]


def _start(kernel: _Kernel) -> list[str]:
    """What the sums begin with: 0, or what C holds."""
    code = kernel.code
    zeros = number(0, kernel.tile.dtype, kernel.tile.width)
    again, ready = code.new_label("again"), code.new_label("ready")
    before = code.block
    code.branch(code.get("icmp ne i64 %accumulate, 0"), again, ready)
    code.begin(again)
    held = [load(code, kernel.tile, place, mask) for place, mask in kernel.vectors_of_c()]
    code.jump(ready)
    code.begin(ready)
    return [
        code.get(f"phi {kernel.type} [ {value}, %{again} ], [ {zeros}, %{before} ]")
        for value in held
    ]


def _sums(kernel: _Kernel, start: list[str]) -> list[Lanes]:
    """start + A[i, 0]·B[0, j] + A[i, 1]·B[1, j] + …, in this order, for every i, j of the tile."""
    code, tile, before = kernel.code, kernel.tile, kernel.code.block
    head, body, after = (code.new_label(hint) for hint in ("head", "step", "done"))
    origins = ["%b", *(_apart(code, group) for group in kernel.groups("%a", "%a_row"))]
    places = _listed(kernel, origins, 0) if kernel.listed else origins
    code.jump(head)
    code.begin(head)
    begin = {"i64": ["0"], "ptr": places, kernel.type: start}
    now = {type: [code.fresh() for _ in values] for type, values in begin.items()}
    place = len(code.lines)
    [step], (b, *groups), sums = now.values()
    code.branch(code.get(f"icmp slt i64 {step}, %k"), body, after)
    code.begin(body)
    totals = [Lanes(code, total, tile.dtype, tile.width) for total in sums]
    more = [total.value for total in _step(kernel, groups, b, totals)]
    next_step = code.get(f"add nsw i64 {step}, 1")
    if kernel.listed:
        places = _listed(kernel, origins, next_step)
    else:
        places = _moved(kernel, [b, *groups], 1)
    then = {"i64": [next_step], "ptr": places, kernel.type: more}
    code.lines[place:place] = [
        f"  {name} = phi {type} [ {first}, %{before} ], [ {following}, %{body} ]"
        for type in begin
        for name, first, following in zip(now[type], begin[type], then[type], strict=True)
    ]
    code.do(f"br label %{head}, !llvm.loop !0")
    code.begin(after)
    return totals


def _moved(kernel: _Kernel, places: list[str], steps: Integer) -> list[str]:
    """The addresses in B, which comes first, and in A so many steps of k later."""
    code = kernel.code
    strides = ["%a_col" if number else "%b_row" for number in range(len(places))]
    return [
        code.at(place, kernel.tile.element, code.mul(stride, steps))
        for place, stride in zip(places, strides, strict=True)
    ]


def _listed(kernel: _Kernel, origins: list[str], place: Integer) -> list[str]:
    """The addresses in B and in A of the step of k at a place of the list."""
    code = kernel.code
    number = code.load("i32", code.at("%steps", "i32", place), 4)
    b, *groups = _moved(kernel, origins, code.get(f"sext i32 {number} to i64"))
    return [b, *(_apart(code, group) for group in groups)]


def _apart(code: Code, pointer: str) -> str:
    """The same pointer, of which LLVM does not know how it was made.

    Else it walks from row to row with one pointer: a chain as long as the arithmetic of a step.
    """
    return code.call("llvm.launder.invariant.group.p0", "ptr", ("ptr", pointer))


def _step(kernel: _Kernel, groups: list[str], b: str, sums: list[Lanes]) -> list[Lanes]:
    """The sums after one more k."""
    code, tile, count = kernel.code, kernel.tile, len(kernel.masks)
    loaded = [load(code, tile, place, mask) for place, mask in kernel.vectors(b)]
    columns = [Lanes(code, value, tile.dtype, tile.width) for value in loaded]
    totals = []
    for row, place in enumerate(kernel.places(groups, "%a_row")):
        single = Lanes(code, code.load(tile.element, place, tile.size), tile.dtype, 1)
        factor = single.splat(tile.width)
        olds = sums[row * count : (row + 1) * count]
        totals += [factor.fma(column, old) for column, old in zip(columns, olds, strict=True)]
    return totals
