"""Loads and stores of vectors, whole or in part."""

from __future__ import annotations

from chainrule.compile.code import Code, number, vector
from chainrule.compile.gemm.tile import Tile


def load(code: Code, tile: Tile, pointer: str, mask: str) -> str:
    """A vector, with 0 in the lanes that a mask leaves out; without a mask ("") the whole."""
    type = vector(tile.dtype, tile.width)
    if not mask:
        return code.load(type, pointer, tile.size)
    zeros = number(0, tile.dtype, tile.width)
    types = ("ptr", "i32", f"<{tile.width} x i1>", type)
    values = (pointer, str(tile.size), mask, zeros)
    name = f"llvm.masked.load.{_suffix(tile)}.p0"
    return code.call(name, type, *zip(types, values, strict=True))


def store(code: Code, tile: Tile, value: str, pointer: str, mask: str) -> None:
    """Write the lanes of a mask; without a mask ("") the whole vector."""
    type = vector(tile.dtype, tile.width)
    if not mask:
        code.store(type, value, pointer, tile.size)
        return
    types = (type, "ptr", "i32", f"<{tile.width} x i1>")
    values = (value, pointer, str(tile.size), mask)
    name = f"llvm.masked.store.{_suffix(tile)}.p0"
    code.call(name, "void", *zip(types, values, strict=True))


def first(code: Code, tile: Tile, count: str | int) -> str:
    """The mask of the first `count` lanes; none if it is negative. |count| < 2³¹."""
    lane = f"i{8 * tile.size}"
    type = f"<{tile.width} x {lane}>"
    single = count if lane == "i64" else code.get(f"trunc i64 {count} to {lane}")
    placed = code.get(f"insertelement {type} poison, {lane} {single}, i32 0")
    order = f"<{tile.width} x i32> zeroinitializer"
    spread = code.get(f"shufflevector {type} {placed}, {type} poison, {order}")
    steps = ", ".join(f"{lane} {place}" for place in range(tile.width))
    return code.get(f"icmp sgt {type} {spread}, <{steps}>")


def _suffix(tile: Tile) -> str:
    return f"v{tile.width}{'f32' if tile.dtype == 'float32' else 'f64'}"
