"""Every function is right to 4 units in the last place, everywhere and on every machine."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special

from chainrule.compile.vector_math import FUNCTIONS


DTYPES = ["float32", "float64"]
MACHINES = ["host", "avx2", "sse2"]
OF_ONE_NUMBER = [name for name in FUNCTIONS if name not in ("power", "fixed_power")]
LIMIT = 4.0

#: Whether np.longdouble has the 64-bit mantissa of x86.
LONG = np.finfo(np.longdouble).nmant == 63


def sigmoid(x: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


def softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


#: Each function in the digits of its argument, and in any number of digits.
REFERENCE: dict[str, tuple[Callable, Callable]] = {
    "exp": (np.exp, mpmath.exp),
    "expm1": (np.expm1, mpmath.expm1),
    "log": (np.log, mpmath.log),
    "log1p": (np.log1p, mpmath.log1p),
    "tanh": (np.tanh, mpmath.tanh),
    "sigmoid": (sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "softplus": (softplus, lambda x: mpmath.log1p(mpmath.exp(x))),
    "erf": (scipy.special.erf, mpmath.erf),
    "sin": (np.sin, mpmath.sin),
    "cos": (np.cos, mpmath.cos),
}


def precise(name: str, x: np.ndarray) -> np.ndarray:
    """Values with more digits than x has, of finite x."""
    function, in_any_digits = REFERENCE[name]
    with np.errstate(all="ignore"):
        if x.dtype == np.float32:
            return function(x.astype(np.float64))
        if LONG and name != "erf":
            return function(x.astype(np.longdouble))
    with mpmath.workprec(100):
        return np.array([as_real(in_any_digits(mpmath.mpf(float(each)))) for each in x])


def as_real(value: Any) -> Any:
    return mpmath.nan if isinstance(value, mpmath.mpc) else value


def ulps(found: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """How many units in the last place of the exact numbers the found ones are away.

    Infinite where one is NaN and the other is not, or where one alone is infinite.
    """
    with np.errstate(all="ignore"):
        rounded = exact.astype(found.dtype)
        rest = (exact - rounded.astype(exact.dtype)).astype(np.float64)
        away = np.abs((found - rounded).astype(np.float64) - rest)
        away = away / np.spacing(np.abs(rounded)).astype(np.float64)
    same = (found == rounded) & np.isinf(found) | np.isnan(found) & np.isnan(rounded)
    return np.where(same, 0, np.where(np.isnan(away), math.inf, away))


def every_exponent(dtype: str, mantissas: int) -> np.ndarray:
    """Finite numbers of both signs: some of every exponent, its ends among them."""
    bits, exponents = (23, 256) if dtype == "float32" else (52, 2048)
    integer = f"uint{np.dtype(dtype).itemsize * 8}"
    chosen = np.random.default_rng(1).integers(0, 2**bits, (exponents - 1, mantissas))
    chosen[:, :3] = [0, 1, 2**bits - 1]
    patterns = (np.arange(exponents - 1)[:, None] << bits) + chosen
    positive = patterns.ravel().astype(integer).view(dtype)
    return np.concatenate([positive, -positive])


def usual(dtype: str, count: int) -> np.ndarray:
    """Numbers of moderate size, where the functions bend."""
    scales = np.repeat([0.5, 1, 3, 10, 100, 750], count)
    return (np.random.default_rng(2).uniform(-1, 1, len(scales)) * scales).astype(dtype)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OF_ONE_NUMBER)
def test_every_exponent_and_the_usual_range_are_right(
    compiled: Callable, name: str, dtype: str, machine: str
) -> None:
    slow_reference = dtype == "float64" and (name == "erf" or not LONG)
    mantissas, count = (3, 300) if slow_reference else (16, 10_000)
    x = np.concatenate([every_exponent(dtype, mantissas), usual(dtype, count)])
    away = ulps(compiled(name, dtype, machine)(x), precise(name, x))
    assert away.max() <= LIMIT, f"{x[away.argmax()]!r} is {away.max()} units away"


@pytest.mark.parametrize(
    ("name", "low", "high"), [("exp", -104, 89), ("log", 1e-45, 3e38), ("tanh", -9.1, 9.1)]
)
def test_ten_million_numbers_are_right_in_float32(
    compiled: Callable, name: str, low: float, high: float
) -> None:
    if name == "log":  # every pattern of bits is as likely
        first, last = np.array([low, high], "float32").view("int32")
        x = np.linspace(first, last, 10_000_000).astype("int32").view("float32")
    else:
        x = np.linspace(low, high, 10_000_000, dtype="float32")
    function = compiled(name, "float32")
    for part in np.array_split(x, 40):
        assert ulps(function(part), precise(name, part)).max() <= LIMIT


def pairs(dtype: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """x and y with powers of every size, beyond the largest and below the smallest too."""
    rng = np.random.default_rng(3)
    widest = np.log(np.finfo(dtype).max)
    log_x = rng.uniform(-1, 1, 4 * count) * np.repeat([0.001, 1, 10, 0.99 * widest], count)
    y = rng.uniform(-1.2, 1.2, 4 * count) * widest / np.maximum(np.abs(log_x), 1e-3)
    y = np.where(rng.random(4 * count) < 0.5, y, np.round(rng.uniform(-30, 30, 4 * count)))
    sign = np.where(rng.random(4 * count) < 0.2, -1, 1)
    return (sign * np.exp(log_x)).astype(dtype), y.astype(dtype)


def precise_power(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        if x.dtype == np.float32:
            return np.power(x.astype(np.float64), y.astype(np.float64))
        if LONG:
            return np.power(x.astype(np.longdouble), y.astype(np.longdouble))
    with mpmath.workprec(100):
        each = zip(x.tolist(), y.tolist(), strict=True)
        return np.array([as_real(mpmath.power(mpmath.mpf(a), b)) for a, b in each])


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_powers_are_right(compiled: Callable, dtype: str, machine: str) -> None:
    x, y = pairs(dtype, 20_000 if LONG else 1000)
    away = ulps(compiled("power", dtype, machine)(x, y), precise_power(x, y))
    assert away.max() <= LIMIT, f"{x[away.argmax()]!r} to the power {y[away.argmax()]!r}"


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 4, 7, -1, -2, -3, 0.5, -0.5, 1.5, 1 / 3, -2.25])
@pytest.mark.parametrize("dtype", DTYPES)
def test_powers_with_a_fixed_exponent_are_right(
    compiled: Callable, dtype: str, exponent: float
) -> None:
    x = every_exponent(dtype, 8 if LONG else 3)
    x = x[x != 0]
    y = np.full_like(x, exponent)
    found = compiled("fixed_power", dtype, exponent=exponent)(x)
    assert ulps(found, precise_power(x, y)).max() <= LIMIT
