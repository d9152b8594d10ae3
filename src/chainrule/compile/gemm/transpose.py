"""A square of numbers transposed in registers."""

from __future__ import annotations

from chainrule.compile.code import Code, vector
from chainrule.compile.gemm.tile import Tile


def transposed(code: Code, tile: Tile, square: list[str]) -> list[str]:
    """The columns of `width` vectors of `width` numbers.

    Bit by bit, the number of the row and that of the column change places (Eklundh's algorithm).
    """
    span = 1
    while span < tile.width:
        square = _swapped(code, tile, square, span)
        span *= 2
    return square


def _swapped(code: Code, tile: Tile, square: list[str], span: int) -> list[str]:
    result = list(square)
    for row in range(tile.width):
        if row & span:
            continue
        for half in (0, span):
            order = [
                (lane & ~span) + half + (tile.width if lane & span else 0)
                for lane in range(tile.width)
            ]
            result[row + half] = _shuffle(code, tile, square[row], square[row + span], order)
    return result


def _shuffle(code: Code, tile: Tile, x: str, y: str, order: list[int]) -> str:
    type = vector(tile.dtype, tile.width)
    lanes = ", ".join(f"i32 {lane}" for lane in order)
    return code.get(f"shufflevector {type} {x}, {type} {y}, <{tile.width} x i32> <{lanes}>")
