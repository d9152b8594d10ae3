"""log, log1p and softplus.

All write their argument as 2ᵏ (1 + f) with a whole k and √½ ≤ 1 + f < √2, and take
log = k ln 2 + log(1 + f).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from chainrule.compile.lanes import Lanes
from chainrule.compile.vector_math.exponential import exp
from chainrule.compile.vector_math.floating_point import (
    FORMATS,
    LN2,
    format_of,
    polynomial,
    power_of_two,
    unless_tiny,
)


class _Logarithm(NamedTuple):
    """Constants of one dtype.

    root     the bits of √½
    near     minimax for √½ ≤ 1 + f < √2
    fraction minimax for 0 ≤ f ≤ 1
    """

    root: int
    near: tuple[float, ...]
    fraction: tuple[float, ...]


_CONSTANTS = {
    "float32": _Logarithm(
        root=0x3F3504F3,
        # p with |f - f²/2 + f³ p(f) - log(1 + f)| ≤ 2^-27.3 |log(1 + f)|.
        near=(
            float.fromhex("0x1.555554p-2"),
            float.fromhex("-0x1.00022ap-2"),
            float.fromhex("0x1.99a03cp-3"),
            float.fromhex("-0x1.54718cp-3"),
            float.fromhex("0x1.22d496p-3"),
            float.fromhex("-0x1.0d86d2p-3"),
            float.fromhex("0x1.05863cp-3"),
            float.fromhex("-0x1.391d06p-4"),
        ),
        # P with |f + f P(f) - log(1 + f)| ≤ 2^-27.6 log(1 + f).
        fraction=(
            float.fromhex("-0x1.43d1aep-28"),
            float.fromhex("-0x1.ffffbep-2"),
            float.fromhex("0x1.554c6cp-2"),
            float.fromhex("-0x1.ff0db2p-3"),
            float.fromhex("0x1.92ebe6p-3"),
            float.fromhex("-0x1.395338p-3"),
            float.fromhex("0x1.b1d4f2p-4"),
            float.fromhex("-0x1.d18ec6p-5"),
            float.fromhex("0x1.440a4ep-6"),
            float.fromhex("-0x1.a6ea48p-9"),
        ),
    ),
    "float64": _Logarithm(
        root=0x3FE6A09E667F3BCD,
        # R with |2s + s³ R(s²) - log(1 + f)| ≤ 2^-59.5 |log(1 + f)|, s = f / (2 + f).
        near=(
            float.fromhex("0x1.5555555555593p-1"),
            float.fromhex("0x1.999999997f9f6p-2"),
            float.fromhex("0x1.249249422a76ap-2"),
            float.fromhex("0x1.c71c51d79a157p-3"),
            float.fromhex("0x1.746649bcb4f2dp-3"),
            float.fromhex("0x1.39a09404833c0p-3"),
            float.fromhex("0x1.2f11909e4cbaap-3"),
        ),
        # R as before, with an error of 2^-59.4.
        fraction=(
            float.fromhex("0x1.5555555555535p-1"),
            float.fromhex("0x1.99999999a074fp-2"),
            float.fromhex("0x1.249249208c67fp-2"),
            float.fromhex("0x1.c71c741c6adaep-3"),
            float.fromhex("0x1.745cb40160f22p-3"),
            float.fromhex("0x1.3b1ddb550fd31p-3"),
            float.fromhex("0x1.1067c6943eb53p-3"),
            float.fromhex("0x1.efd835cc50275p-4"),
            float.fromhex("0x1.55b15f1faa3afp-4"),
            float.fromhex("0x1.5c78afd8a0a48p-3"),
        ),
    ),
}


def log(x: Lanes) -> Lanes:
    """The natural logarithm of x; of 0 -inf, of less NaN."""
    one_and_f, k = split(x)
    return _with_limits(x, _log1p(one_and_f - 1.0, k))


def log1p(x: Lanes) -> Lanes:
    """log(1 + x), exact for small x; of -1 -inf, of less NaN."""
    return _with_limits(x + 1.0, _log1p_inside(x))


def softplus(x: Lanes) -> Lanes:
    """log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|))."""
    return (x > 0.0).where(x, 0.0) + _LOG1P_OF_FRACTION[x.dtype](exp(-abs(x)))


def split(x: Lanes) -> tuple[Lanes, Lanes]:
    """1 + f and k, with x = 2ᵏ (1 + f); where x is not positive and finite they mean nothing."""
    form = format_of(x)
    is_subnormal = x < form.smallest_normal
    biased, one_and_f = _split_normal(is_subnormal.where(x * 2.0**form.fraction, x))
    unit = 2.0**form.fraction
    bias = is_subnormal.where(x.number(unit + form.bias + form.fraction), unit + form.bias)
    return one_and_f, _exponent(biased, x.dtype, bias)


def _exponent(biased: Lanes, dtype: str, bias: float | Lanes) -> Lanes:
    """Integers from 0 to before 2^fraction as floats, less `bias` - 2^fraction."""
    unit = biased.number(2.0 ** FORMATS[dtype].fraction, dtype)
    return (biased | unit.bits(biased.dtype)).bits(dtype) - bias


def _split_normal(x: Lanes) -> tuple[Lanes, Lanes]:
    form, root = format_of(x), _CONSTANTS[x.dtype].root
    one = form.bias << form.fraction
    moved = x.bits(form.integer) + (one - root)
    one_and_f = (moved & ((1 << form.fraction) - 1)) + root
    return moved >> form.fraction, one_and_f.bits(x.dtype)


def _log1p_inside(x: Lanes) -> Lanes:
    """log(1 + x) for -1 < x < inf."""
    form = format_of(x)
    total = x + 1.0
    part = total - 1.0
    lost = (1.0 - (total - part)) + (x - part)
    biased, one_and_f = _split_normal(total)
    # 2^(1-k): 2⁻ᵏ can be too small for the dtype; where this is 0, so is what was lost.
    scale = power_of_two((2 * form.bias + 1) - biased, x.dtype)
    f = (lost * 0.5).fma(scale, one_and_f - 1.0)
    return unless_tiny(x, _log1p(f, _exponent(biased, x.dtype, 2.0**form.fraction + form.bias)))


def _with_limits(x: Lanes, logarithm: Lanes) -> Lanes:
    """`logarithm`, right also where x is NaN, infinite, 0 or negative."""
    finite = (x < math.inf).where(logarithm, x)
    below = x.equals(0.0).where(x.number(-math.inf), math.nan)
    return (x <= 0.0).where(below, finite)


def _log1p_float32(f: Lanes, k: Lanes) -> Lanes:
    """k ln 2 + log(1 + f)."""
    ln2 = LN2["float32"]
    square = f * f
    rest = square * f * polynomial(f, _CONSTANTS["float32"].near)
    rest = square.fma(-0.5, k.fma(ln2.low, rest))
    return k.fma(ln2.high, f + rest)


def _log1p_float64(f: Lanes, k: Lanes) -> Lanes:
    """k ln 2 + log(1 + f), with log(1 + f) = f - (f²/2 - s (f²/2 + s² R(s²))) as in FDLIBM."""
    ln2 = LN2["float64"]
    s = f / (f + 2.0)
    square = s * s
    half = f * f * 0.5
    rest = square.fma(polynomial(square, _CONSTANTS["float64"].near), half)
    return k.fma(ln2.high, f - (half - s.fma(rest, k * ln2.low)))


def _log1p_of_fraction_float32(f: Lanes) -> Lanes:
    """log(1 + f) for 0 ≤ f ≤ 1."""
    return f.fma(polynomial(f, _CONSTANTS["float32"].fraction), f)


def _log1p_of_fraction_float64(f: Lanes) -> Lanes:
    """log(1 + f) = f - s (f - s² R(s²)) for 0 ≤ f ≤ 1."""
    s = f / (f + 2.0)
    square = s * s
    rest = f - square * polynomial(square, _CONSTANTS["float64"].fraction)
    return s.fma(-rest, f)


_LOG1P_OF_FRACTION = {
    "float32": _log1p_of_fraction_float32,
    "float64": _log1p_of_fraction_float64,
}
_LOG1P = {"float32": _log1p_float32, "float64": _log1p_float64}


def _log1p(f: Lanes, k: Lanes) -> Lanes:
    return _LOG1P[f.dtype](f, k)
