"""Numbers of twice the digits: the unevaluated sum of two floats.

The exact sums are Knuth's and Dekker's, the exact product without fma is Dekker's with Veltkamp's
splitting (Dekker 1971, "A floating-point technique for extending the available precision").
"""

from __future__ import annotations

from typing import NamedTuple

from chainrule.compile.lanes import Lanes
from chainrule.compile.vector_math.floating_point import format_of


class DoubleDouble(NamedTuple):
    """high + low, where high is the sum rounded."""

    high: Lanes
    low: Lanes


def fast_sum(x: Lanes, y: Lanes) -> DoubleDouble:
    """x + y without an error, for |x| ≥ |y| or x = 0."""
    high = x + y
    return DoubleDouble(high, y - (high - x))


def exact_sum(x: Lanes, y: Lanes) -> DoubleDouble:
    """x + y without an error."""
    high = x + y
    part = high - x
    return DoubleDouble(high, (x - (high - part)) + (y - part))


def exact_product(x: Lanes, y: Lanes) -> DoubleDouble:
    """x · y without an error, unless it underflows; without fma also |x|, |y| < 2^990 (float64)."""
    high = x * y
    if x.code.module.has_fma:
        return DoubleDouble(high, x.fma(y, -high))
    (x_high, x_low), (y_high, y_low) = _halves(x), _halves(y)
    error = ((x_high * y_high - high) + x_high * y_low + x_low * y_high) + x_low * y_low
    return DoubleDouble(high, error)


def _halves(x: Lanes) -> DoubleDouble:
    """x as the sum of two numbers of half as many digits."""
    scaled = x * (2.0 ** ((format_of(x).fraction + 2) // 2) + 1.0)
    high = scaled - (scaled - x)
    return DoubleDouble(high, x - high)
