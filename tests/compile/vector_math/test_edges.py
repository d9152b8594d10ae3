"""Zeros, infinities, NaN, overflow and underflow, and what the code is made of."""

import math
import re
from collections.abc import Callable

import numpy as np
import pytest

from chainrule.compile.vector_math import FUNCTIONS


DTYPES = ["float32", "float64"]
inf, nan = math.inf, math.nan

#: What each function gives, to the bit: of -0, 0, -∞, ∞, and of some numbers of its own. None:
#: a number like any other.
EDGES = {
    "exp": (1.0, 1.0, 0.0, inf, {-1e4: 0.0, 1e4: inf}),
    "expm1": (-0.0, 0.0, -1.0, inf, {-1e4: -1.0, 1e4: inf, 5e-324: 5e-324, -1e-45: -1e-45}),
    "log": (-inf, -inf, nan, inf, {1.0: 0.0, -1.0: nan, -1e-45: nan}),
    "log1p": (-0.0, 0.0, nan, inf, {-1.0: -inf, -1.5: nan, 5e-324: 5e-324, -1e-45: -1e-45}),
    "tanh": (-0.0, 0.0, -1.0, 1.0, {-30.0: -1.0, 30.0: 1.0, 5e-324: 5e-324, -1e-45: -1e-45}),
    "sigmoid": (0.5, 0.5, 0.0, 1.0, {-1e4: 0.0, 1e4: 1.0}),
    "softplus": (None, None, 0.0, inf, {-1e4: 0.0, 1e4: 1e4, 3e38: 3e38}),
    "erf": (-0.0, 0.0, -1.0, 1.0, {-7.0: -1.0, 7.0: 1.0}),
    "sin": (-0.0, 0.0, nan, nan, {5e-324: 5e-324, -1e-45: -1e-45}),
    "cos": (1.0, 1.0, nan, nan, {5e-324: 1.0, -1e-45: 1.0}),
}


def same(found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether both are equal, zeros also in their sign, NaN to NaN."""
    is_nan = np.isnan(expected)
    equal = (found == expected) & (np.signbit(found) == np.signbit(expected))
    return bool(np.all(np.where(is_nan, np.isnan(found), equal)))


def test_every_function_of_one_number_has_edges() -> None:
    assert {*EDGES, "power", "fixed_power"} == {*FUNCTIONS}


@pytest.mark.parametrize("machine", ["host", "sse2"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EDGES)
def test_zeros_and_infinities_are_right(
    compiled: Callable, name: str, dtype: str, machine: str
) -> None:
    *common, own = EDGES[name]
    x = np.array([-0.0, 0.0, -inf, inf, nan, *own], dtype)
    expected = np.array([*common, nan, *own.values()], dtype)
    found = compiled(name, dtype, machine)(x)
    found[[i for i, value in enumerate(common) if value is None]] = nan
    assert same(found, expected), dict(zip(x.tolist(), found.tolist(), strict=True))


@pytest.mark.parametrize("machine", ["host", "sse2"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_powers_of_special_numbers_are_those_of_numpy(
    compiled: Callable, dtype: str, machine: str
) -> None:
    digits = np.finfo(dtype).nmant
    sizes = [0, 5e-324, 1e-45, 1e-30, 1 / 3, 0.5, 1 - 2.0**-digits, 1, 1 + 2.0**-digits, 2, 3, 8]
    sizes += [2.0**digits + 1, 2.0 ** (digits + 1) - 1, 2.0 ** (digits + 1) + 2, 3e38, inf, nan]
    special = np.array([*sizes, *(-size for size in sizes)], dtype)
    x, y = (grid.ravel() for grid in np.meshgrid(special, special))
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    found = compiled("power", dtype, machine)(x, y)
    limits = np.isin(np.abs(expected), [0, 1, inf]) | np.isnan(expected)
    wrong = [
        (x[i], y[i], found[i]) for i in np.flatnonzero(limits) if not same(found[i], expected[i])
    ]
    assert not wrong
    numbers = ~np.isnan(expected)
    assert np.array_equal(np.signbit(found[numbers]), np.signbit(expected[numbers]))


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 4, 5, -1, -2, -3, 0.5, -0.5, 1.5, 1 / 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_fixed_exponent_keeps_the_edges_of_a_variable_one(
    compiled: Callable, dtype: str, exponent: float
) -> None:
    x = np.array([-0.0, 0.0, -1.0, 1.0, -inf, inf, nan, -8.0], dtype)
    y = np.full_like(x, exponent)
    found = compiled("fixed_power", dtype, exponent=exponent)(x)
    variable = compiled("power", dtype)(x, y)
    assert same(found[:-1], variable[:-1])
    assert np.isnan(found[-1]) == np.isnan(variable[-1])


@pytest.mark.parametrize("name", ["exp", "sigmoid", "softplus"])
def test_results_underflow_gradually(compiled: Callable, name: str) -> None:
    for dtype, x in (("float32", -100.0), ("float64", -740.0)):
        found = compiled(name, dtype)(np.array([x], dtype))
        expected = np.exp(np.array([x], np.longdouble)).astype(dtype)
        assert 0 < found[0] < np.finfo(dtype).tiny
        assert abs(found[0] - expected[0]) <= np.finfo(dtype).smallest_subnormal


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_a_huge_angle_leaves_its_neighbours_alone(
    compiled: Callable, name: str, dtype: str
) -> None:
    x = np.linspace(-3, 3, 64).astype(dtype)
    mixed = x.copy()
    mixed[::3] = np.finfo(dtype).max
    function = compiled(name, dtype)
    rest = np.arange(64) % 3 != 0
    assert np.array_equal(function(mixed)[rest], function(x)[rest])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EDGES)
def test_the_width_changes_no_bit(compiled: Callable, name: str, dtype: str) -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, scale, 500) for scale in (1e-9, 1, 30, 1e3, 1e30)])
    x = x.astype(dtype)
    single, *others = (compiled(name, dtype, width=width)(x) for width in (1, 4, 8, 16))
    assert all(np.array_equal(single, other, equal_nan=True) for other in others)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_width_changes_no_bit_of_powers(compiled: Callable, dtype: str) -> None:
    rng = np.random.default_rng(0)
    x, y = np.exp(rng.normal(0, 5, 2000)).astype(dtype), rng.normal(0, 5, 2000).astype(dtype)
    single, *others = (compiled("power", dtype, width=width)(x, y) for width in (1, 4, 8, 16))
    assert all(np.array_equal(single, other) for other in others)


@pytest.mark.parametrize("target", ["host", "avx2", "sse2", "aarch64"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_library_is_called(
    assembly: Callable[[str, str, str], str], name: str, dtype: str, target: str
) -> None:
    text = assembly(name, dtype, target)
    called = re.findall(r"^\s+(?:callq?|blr?)\s+(\S+)", text, re.MULTILINE)
    assert all(callee.startswith("chainrule_") for callee in called), called


@pytest.mark.parametrize(("target", "fused"), [("avx2", True), ("aarch64", True), ("sse2", False)])
def test_products_and_sums_are_fused_where_the_machine_can(
    assembly: Callable[[str, str, str], str], target: str, fused: bool
) -> None:
    text = assembly("exp", "float32", target)
    assert bool(re.search(r"\b(vfmadd|fmla)", text)) == fused
