"""exp, expm1, tanh and the logistic function.

All write x = n ln 2 + r with a whole n and |r| ≤ ln 2 / 2 (Cody and Waite 1980), and take
exp(x) = 2ⁿ exp(r) with exp(r) - 1 = r + r² q(r).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from chainrule.compile.lanes import Lanes
from chainrule.compile.vector_math.floating_point import (
    LN2,
    at_least,
    at_most,
    format_of,
    polynomial,
    power_of_two,
    unless_tiny,
)


class _Exponential(NamedTuple):
    """Constants of one dtype.

    q          minimax: |r + r² q(r) - expm1(r)| ≤ error · |expm1(r)|
    smallest   exp of less is 0
    largest    exp of it is infinite already
    negligible below it, exp(x) is lost beside 1
    """

    q: tuple[float, ...]
    smallest: float
    largest: float
    negligible: float


_CONSTANTS = {
    "float32": _Exponential(
        # Error 2^-26.0.
        q=(
            float.fromhex("0x1.fffffep-2"),
            float.fromhex("0x1.5554a8p-3"),
            float.fromhex("0x1.55578cp-5"),
            float.fromhex("0x1.122e64p-7"),
            float.fromhex("0x1.6acddap-10"),
        ),
        smallest=-104.0,
        largest=89.0,
        negligible=-20.0,
    ),
    "float64": _Exponential(
        # Error 2^-55.0.
        q=(
            0.5,
            float.fromhex("0x1.555555555553dp-3"),
            float.fromhex("0x1.5555555553a6cp-5"),
            float.fromhex("0x1.11111111191f9p-7"),
            float.fromhex("0x1.6c16c17a3e831p-10"),
            float.fromhex("0x1.a01a016fee330p-13"),
            float.fromhex("0x1.a019b2af86fa1p-16"),
            float.fromhex("0x1.71de9b1b4fea3p-19"),
            float.fromhex("0x1.2898765224a5bp-22"),
            float.fromhex("0x1.ae443179cd63fp-26"),
        ),
        smallest=-746.0,
        largest=710.0,
        negligible=-40.0,
    ),
}


def exp(x: Lanes) -> Lanes:
    """exp(x), down to the smallest subnormal number."""
    constants = _CONSTANTS[x.dtype]
    x = at_least(at_most(x, constants.largest), constants.smallest)
    first, second, r = _reduce_in_halves(x)
    return _expm1(r).fma(first, first) * second


def expm1(x: Lanes) -> Lanes:
    """exp(x) - 1, exact for small x."""
    constants = _CONSTANTS[x.dtype]
    clamped = at_least(at_most(x, constants.largest), constants.negligible)
    # 2^(n-1), because 2ⁿ can be too large for the dtype.
    biased, r = reduce(clamped, format_of(x).bias - 1)
    half = power_of_two(biased, x.dtype)
    return unless_tiny(x, _expm1(r).fma(half, half - 0.5) * 2.0)


def tanh(x: Lanes) -> Lanes:
    """tanh x = -m / (m + 2) with m = exp(-2x) - 1 for x ≥ 0; odd."""
    twice = at_least(abs(x) * -2.0, _CONSTANTS[x.dtype].negligible)
    biased, r = reduce(twice, format_of(x).bias)
    scale = power_of_two(biased, x.dtype)
    m = _expm1(r).fma(scale, scale - 1.0)
    return (m / (m + 2.0)).copysign(x)


def sigmoid(x: Lanes) -> Lanes:
    """1 / (1 + exp(-x)) = 2ⁿ / (2ⁿ + exp(-r)), down to the smallest subnormal number."""
    constants = _CONSTANTS[x.dtype]
    x = at_least(at_most(x, -constants.negligible), constants.smallest)
    first, second, r = _reduce_in_halves(x)
    return first / first.fma(second, _expm1(-r) + 1.0) * second


def exp_of_sum(high: Lanes, low: Lanes) -> Lanes:
    """exp(high + low) of a sum whose second part is below the last digit of the first."""
    constants = _CONSTANTS[high.dtype]
    high = at_least(at_most(high, constants.largest), constants.smallest)
    first, second, r = _reduce_in_halves(high)
    return _expm1(r + low).fma(first, first) * second


def exp_of_moderate(x: Lanes) -> Lanes:
    """exp(x) where neither x nor the result is near the limits of the dtype: |x| < 80."""
    biased, r = reduce(x, format_of(x).bias)
    scale = power_of_two(biased, x.dtype)
    return _expm1(r).fma(scale, scale)


def reduce(x: Lanes, offset: int) -> tuple[Lanes, Lanes]:
    """n + offset, in the low bits of integers, and r with x = n ln 2 + r."""
    ln2 = LN2[x.dtype]
    shifter = format_of(x).shifter + offset
    shifted = x.fma(math.log2(math.e), shifter)
    n = shifted - shifter
    r = n.fma(-ln2.low, n.fma(-ln2.high, x))
    return shifted.bits(format_of(x).integer), r


def _reduce_in_halves(x: Lanes) -> tuple[Lanes, Lanes, Lanes]:
    """Two powers of two whose product is 2ⁿ, and r: 2ⁿ itself can leave the dtype."""
    biased, r = reduce(x, 2 * format_of(x).bias)
    half = biased >> 1
    return power_of_two(half, x.dtype), power_of_two(biased - half, x.dtype), r


def _expm1(r: Lanes) -> Lanes:
    return (r * r).fma(polynomial(r, _CONSTANTS[r.dtype].q), r)
