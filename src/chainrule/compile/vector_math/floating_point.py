"""How floating-point numbers lie in their bits, and what every function here builds upon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chainrule.compile.lanes import Lanes


@dataclass(frozen=True)
class Format:
    """A binary format of IEEE 754: sign, exponent + bias, fraction.

    bits      how many there are
    fraction  how many of them the fraction has
    bias      what is added to an exponent
    """

    bits: int
    fraction: int
    bias: int

    @property
    def integer(self) -> str:
        """The dtype of unsigned integers of as many bits."""
        return f"uint{self.bits}"

    @property
    def sign(self) -> int:
        """The integer whose highest bit alone is set."""
        return 1 << (self.bits - 1)

    @property
    def smallest_normal(self) -> float:
        """Numbers below it have fewer digits."""
        return 2.0 ** (1 - self.bias)

    @property
    def shifter(self) -> float:
        """1.5 · 2^fraction: what is added to it is rounded to a whole number, in the low bits."""
        return 1.5 * 2.0**self.fraction


FORMATS = {"float32": Format(32, 23, 127), "float64": Format(64, 52, 1023)}


class Parts(NamedTuple):
    """A real number as a sum: `high` has so few bits that products with an exponent are exact."""

    high: float
    low: float


LN2 = {
    "float32": Parts(float.fromhex("0x1.62e4p-1"), 1.428606765330187045e-06),
    "float64": Parts(float.fromhex("0x1.62e42feep-1"), 1.90821492927058770e-10),
}


def format_of(x: Lanes) -> Format:
    """The format of these numbers."""
    return FORMATS[x.dtype]


def power_of_two(biased: Lanes, dtype: str) -> Lanes:
    """2^(biased - bias), from an integer whose higher bits do not count."""
    return (biased << FORMATS[dtype].fraction).bits(dtype)


def polynomial(x: Lanes, coefficients: Sequence[float]) -> Lanes:
    """Σ coefficients[k] xᵏ: at least two coefficients, the lowest first.

    Sums of two, and Horner's rule in x² for these: half as long a chain as Horner's rule in x.
    """
    square = x * x
    pairs = [
        x.fma(odd, even) for even, odd in zip(coefficients[::2], coefficients[1::2], strict=False)
    ]
    total = pairs.pop() if len(coefficients) % 2 == 0 else x.number(coefficients[-1])
    for pair in reversed(pairs):
        total = square.fma(total, pair)
    return total


def at_most(x: Lanes, limit: float) -> Lanes:
    """min(x, limit); NaN stays."""
    return (x > limit).where(limit, x)


def at_least(x: Lanes, limit: float) -> Lanes:
    """max(x, limit); NaN stays."""
    return (x < limit).where(limit, x)


def unless_tiny(x: Lanes, result: Lanes) -> Lanes:
    """`result`, but x itself where x is below half a unit in the last place of 1.

    For functions with f(x) = x + O(x²): it keeps the sign of 0 and every digit of a subnormal x.
    """
    return (abs(x) < 2.0 ** -(format_of(x).fraction + 2)).where(x, result)
