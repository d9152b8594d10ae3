"""Angles reduced to a quarter turn in integers, with as many bits of 2/π as count.

Payne and Hanek 1983, "Radian reduction for trigonometric functions".
"""

from __future__ import annotations

import math

from chainrule.compile.code import Code
from chainrule.compile.lanes import Lanes
from chainrule.compile.vector_math.double_double import exact_product


#: π/2 rounded to float64, and what it lacks.
_HALF_PI = (float.fromhex("0x1.921fb54442d18p+0"), float.fromhex("0x1.1a62633145c07p-54"))

#: 64 zeros, then the bits of 2/π after the binary point, 64 to a word.
_TWO_OVER_PI = (
    0x0000000000000000,
    0xA2F9836E4E441529,
    0xFC2757D1F534DDC0,
    0xDB6295993C439041,
    0xFE5163ABDEBBC561,
    0xB7246E3A424DD2E0,
    0x06492EEA09D1921C,
    0xFE1DEB1CB129A73E,
    0xE88235F52EBB4484,
    0xE99C7026B45F7E41,
    0x3991D639835339F4,
    0x9C845F8BBDF9283B,
    0x1FF897FFDE05980F,
    0xEF2F118B5A0A6D1F,
    0x6D367ECF27CB09B7,
    0x4F463F669E5FEA2D,
    0x7527BAC7EBE5F17B,
    0x3D0739F78A5292EA,
    0x6BFB5FB11F8D5D08,
    0x56033046FC7B6BAB,
)


def reduce_huge(x: Lanes) -> tuple[Lanes, Lanes]:
    """n, of which the two lowest bits count, and r with x = n π/2 + r and |r| ≤ π/4.

    For one number x ≥ 2 in float64. r is right to the last digit; where x is infinite, it is NaN.
    """
    code = x.code
    bits = x.bits("uint64")
    mantissa = bits & ((1 << 52) - 1) | (1 << 52)
    # x = mantissa · 2^e with e = biased exponent - 1075. Bits of 2/π that count 4 quarter turns or
    # more in 2^e · 2/π are skipped: e - 2 of them, and the 64 zeros.
    window = _bits_from(code, (bits >> 52) - (1075 + 2 - 64))
    wide = code.get(f"zext i64 {mantissa.value} to i192")
    # In units of 2^-190 quarter turns, modulo 4 of them.
    angle = code.get(f"mul i192 {window}, {wide}")
    eighths = _word(code, angle, 189)
    # Signed: what is beyond the nearest quarter turn, in units of 2^-192.
    rest = code.get(f"shl i192 {angle}, 2")
    r = _radians(_word(code, rest, 128), _word(code, rest, 64))
    return (eighths + 1) >> 1, (x < math.inf).where(r, math.nan)


def _word(code: Code, wide: str, place: int) -> Lanes:
    """64 bits of an i192, the lowest of them at `place`."""
    text = f"trunc i192 {code.get(f'lshr i192 {wide}, {place}')} to i64"
    return Lanes(code, code.get(text), "uint64", 1)


def _bits_from(code: Code, start: Lanes) -> str:
    """192 bits of 2/π, from the one numbered `start`, as an i192."""
    table = "chainrule_two_over_pi"
    words = ", ".join(f"i64 {word - (word >> 63 << 64)}" for word in _TWO_OVER_PI)
    text = f"@{table} = internal constant [{len(_TWO_OVER_PI)} x i64] [{words}]"
    if text not in code.module.globals:
        code.module.globals.append(text)
    first = code.at(f"@{table}", "i64", (start >> 6).value)
    total = "0"
    for place in range(4):
        word = code.load("i64", code.at(first, "i64", place), 8)
        wide = code.get(f"zext i64 {word} to i256")
        total = code.get(f"or i256 {total}, {code.get(f'shl i256 {wide}, {64 * (3 - place)}')}")
    shift = code.get(f"zext i64 {(start & 63).value} to i256")
    moved = code.get(f"lshr i256 {code.get(f'shl i256 {total}, {shift}')}, 64")
    return code.get(f"trunc i256 {moved} to i192")


def _radians(upper: Lanes, lower: Lanes) -> Lanes:
    """(upper + 2⁻⁶⁴ lower) · 2⁻⁶⁴ quarter turns in radians, with `upper` taken as signed."""
    # 53 bits, which are exact as a float, and the 64 below.
    head = (upper & ~0x7FF).bits("int64").cast("float64") * 2.0**-64
    tail = ((upper << 53) | (lower >> 11)).cast("float64") * 2.0**-117
    high, error = exact_product(head, head.number(_HALF_PI[0]))
    return high + head.fma(_HALF_PI[1], tail.fma(_HALF_PI[0], error))
