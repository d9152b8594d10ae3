"""x to the power y, as C's `pow` defines it.

|x|ʸ is exp(y log |x|), with a logarithm of more digits than the result: its error counts y log |x|
times.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from chainrule.compile.lanes import Lanes
from chainrule.compile.vector_math.double_double import (
    DoubleDouble,
    exact_product,
    fast_sum,
)
from chainrule.compile.vector_math.exponential import exp_of_sum, reduce
from chainrule.compile.vector_math.floating_point import (
    LN2,
    at_least,
    at_most,
    format_of,
    polynomial,
    power_of_two,
)
from chainrule.compile.vector_math.logarithm import split


#: For results in float32. R: |2s + s³ R(s²) - log(1 + f)| ≤ 2^-37.6 |log(1 + f)|, s = f / (2 + f).
_SHORT_R = (
    float.fromhex("0x1.555554fd66ba9p-1"),
    float.fromhex("0x1.999a7af32ae93p-2"),
    float.fromhex("0x1.2438bc3338282p-2"),
    float.fromhex("0x1.e2faa70dc290cp-3"),
)

#: For results in float32. q: |1 + r + r² q(r) - exp(r)| ≤ 2^-28.2 exp(r), |r| ≤ ln 2 / 2.
_SHORT_Q = (
    float.fromhex("0x1.fffffb86bdc84p-2"),
    float.fromhex("0x1.55548f0d25b57p-3"),
    float.fromhex("0x1.5558fc75d7956p-5"),
    float.fromhex("0x1.123b9c3e7945dp-7"),
    float.fromhex("0x1.6a2109e83bc8dp-10"),
)

#: For results in float64. R: |2s + 2/3 s³ + s⁵ R(s²) - log(1 + f)| ≤ 2^-66.0 |log(1 + f)|.
_LONG_R = (
    float.fromhex("0x1.9999999999a90p-2"),
    float.fromhex("0x1.24924924677d8p-2"),
    float.fromhex("0x1.c71c721a7b4f7p-3"),
    float.fromhex("0x1.745cefa02367dp-3"),
    float.fromhex("0x1.3b1dfd8f5c544p-3"),
    float.fromhex("0x1.0f93bbd6e97e7p-3"),
    float.fromhex("0x1.0d98ef49e274ap-3"),
)

#: 2/3 in two parts.
_TWO_THIRDS = (float.fromhex("0x1.5555555555555p-1"), float.fromhex("0x1.5555555555555p-55"))

#: An exponent beyond it gives 0, 1 or infinity, whatever x is.
_LARGEST_EXPONENT = 2.0**70


def power(x: Lanes, y: Lanes) -> Lanes:
    """x to the power y: NaN for negative finite x and y that is not whole; x⁰ and 1ʸ always 1."""
    size = abs(x)
    limited = at_least(at_most(y, _LARGEST_EXPONENT), -_LARGEST_EXPONENT)
    magnitude = _MAGNITUDE[x.dtype](size, limited)
    is_whole, sign = _parity(y)
    form = format_of(x)
    flipped = (magnitude.bits(form.integer) ^ (sign & x.bits(form.integer))).bits(x.dtype)
    is_invalid = (x < 0.0) & (x > -math.inf) & ~is_whole
    is_one = y.equals(0.0) | x.equals(1.0)
    return is_one.where(1.0, is_invalid.where(math.nan, flipped))


def fixed_power(x: Lanes, exponent: float) -> Lanes:
    """x to the power of one number: products where it is small and whole, roots where it is ±½."""
    form = _SHORT_FORMS.get(float(exponent))
    return power(x, x.number(exponent)) if form is None else form(x)


def _root(x: Lanes) -> Lanes:
    """x^½, which unlike √x is 0 for -0 and infinite for -∞."""
    return x.equals(-math.inf).where(math.inf, (x + 0.0).sqrt())


def _square(x: Lanes) -> Lanes:
    return x * x


_SHORT_FORMS: dict[float, Callable[[Lanes], Lanes]] = {
    0.0: lambda x: x.number(1.0),
    1.0: lambda x: x,
    2.0: _square,
    3.0: lambda x: x * x * x,
    4.0: lambda x: _square(_square(x)),
    -1.0: lambda x: 1.0 / x,
    -2.0: lambda x: _square(1.0 / x),
    0.5: _root,
    -0.5: lambda x: 1.0 / _root(x),
}


def _parity(y: Lanes) -> tuple[Lanes, Lanes]:
    """Whether y is whole, and integers whose highest bit says whether it is odd."""
    form = format_of(y)
    unit = 2.0**form.fraction
    size = at_most(abs(y), 2.0 * unit)  # from here on every number is even
    is_small = size < unit
    # From 2^fraction to twice that, floats are whole numbers and the last bit is the parity.
    moved = is_small.where(size + unit, size)
    is_whole = is_small.where(moved - unit, size).equals(size)
    last = moved.bits(form.integer) << (form.bits - 1)
    return is_whole, is_whole.where(last, 0)


def _with_ends(size: Lanes, logarithm: Lanes) -> Lanes:
    """`logarithm`, right also where size (≥ 0) is 0, infinite or NaN."""
    return (size < math.inf).where(size.equals(0.0).where(-math.inf, logarithm), size)


def _magnitude_float32(size: Lanes, y: Lanes) -> Lanes:
    """exp(y log size), computed in float64."""
    wide = size.cast("float64")
    one_and_f, k = split(wide)
    f = one_and_f - 1.0
    s = f / (f + 2.0)
    square = s * s
    logarithm = k.fma(math.log(2), s.fma(square * polynomial(square, _SHORT_R), s * 2.0))
    # Beyond these limits float32 has 0 and infinity, and float64 numbers still.
    product = at_least(at_most(y.cast("float64") * _with_ends(wide, logarithm), 120.0), -120.0)
    biased, r = reduce(product, format_of(wide).bias)
    result = (r * r).fma(polynomial(r, _SHORT_Q), r) + 1.0
    return (result * power_of_two(biased, "float64")).cast("float32")


def _magnitude_float64(size: Lanes, y: Lanes) -> Lanes:
    """exp(y log size), with the logarithm in two numbers."""
    high, low = _long_logarithm(size)
    product, error = exact_product(y, _with_ends(size, high))
    is_inside = abs(product) < 2048.0
    return exp_of_sum(product, is_inside.where(y.fma(low, error), 0.0))


def _long_logarithm(x: Lanes) -> DoubleDouble:
    """log x with an error of about 2^-64 of it, for x > 0."""
    one_and_f, k = split(x)
    s = _quotient(one_and_f)
    square, square_error = exact_product(s.high, s.high)
    square_low = (s.high * 2.0).fma(s.low, square_error)
    cube, cube_error = exact_product(s.high, square)
    cube_low = s.low.fma(square, s.high.fma(square_low, cube_error))
    third, third_error = exact_product(cube, cube.number(_TWO_THIRDS[0]))
    third_low = cube.fma(_TWO_THIRDS[1], cube_low.fma(_TWO_THIRDS[0], third_error))
    rest = cube * square * polynomial(square, _LONG_R)

    ln2 = LN2["float64"]
    first = fast_sum(k * ln2.high, s.high * 2.0)
    second = fast_sum(first.high, third)
    low = s.low.fma(2.0, k.fma(ln2.low, third_low + rest)) + (first.low + second.low)
    return fast_sum(second.high, low)


def _quotient(one_and_f: Lanes) -> DoubleDouble:
    """s = f / (2 + f)."""
    f = one_and_f - 1.0
    below = fast_sum(one_and_f.number(1.0), one_and_f)
    inverse = 1.0 / below.high
    high = f * inverse
    back, back_error = exact_product(high, below.high)
    rest = ((f - back) - back_error) - high * below.low
    return fast_sum(high, rest * inverse)


_MAGNITUDE = {"float32": _magnitude_float32, "float64": _magnitude_float64}
