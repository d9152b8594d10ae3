"""A number of C is one sum in one order: its bits say nothing about what else was computed."""

import itertools

import numpy as np
import pytest

from .conftest import Product


KINDS = list(itertools.product("NT", "NT"))


def random(shape: tuple[int, int], transposed: str, dtype: str) -> np.ndarray:
    """Numbers of many sizes."""
    generator = np.random.default_rng(shape[0] * 1000 + shape[1])
    shape = shape[::-1] if transposed == "T" else shape
    x = generator.standard_normal(shape) * 10.0 ** generator.integers(-3, 4, shape)
    return x.astype(dtype).T if transposed == "T" else x.astype(dtype)


@pytest.mark.parametrize("kinds", KINDS)
@pytest.mark.parametrize("shape", [(67, 83, 100), (130, 300, 900), (40, 37, 30)])
def test_the_bits_do_not_depend_on_how_the_product_is_cut(
    shape: tuple[int, int, int], kinds: tuple[str, str], product: Product, dtype: str
) -> None:
    m, n, k = shape
    a, b = random((m, k), kinds[0], dtype), random((k, n), kinds[1], dtype)
    whole = np.empty((m, n), dtype)
    product(a, b, whole)
    cuts = np.random.default_rng(0)
    for rows, columns in ((1, n), (m, 1), (2, 3), (29, 33), (m - 1, n - 1)):
        down, across = int(cuts.integers(0, m - rows + 1)), int(cuts.integers(0, n - columns + 1))
        part = np.empty((rows, columns), dtype)
        product(a[down : down + rows], b[:, across : across + columns], part)
        expected = whole[down : down + rows, across : across + columns]
        assert np.array_equal(part, expected), (rows, columns)


def test_the_bits_do_not_depend_on_strides(product: Product, dtype: str) -> None:
    a, b = random((50, 90), "N", dtype), random((90, 60), "N", dtype)
    expected = np.empty((50, 60), dtype)
    product(a, b, expected)
    apart = np.repeat(np.repeat(b, 2, axis=0), 3, axis=1)[::2, ::3]
    for left, right in ((a.T.copy().T, b), (a, b.T.copy().T), (a, apart)):
        c = np.full((50, 75), 7, dtype)[:, 5:65]
        product(left, right, c)
        assert np.array_equal(c, expected)


def test_sums_run_from_the_first_to_the_last(product: Product, dtype: str) -> None:
    """large + 1 + … + 1 - large is 0 in this order, where large + 1 is large, and not in others."""
    large = 2.0 / np.finfo(dtype).eps
    for k in (10, 70, 3000):
        a = np.ones((5, k), dtype)
        a[:, 0], a[:, -1] = large, -large
        for n in (1, 4, 20, 40):
            for b in (np.ones((k, n), dtype), np.ones((n, k), dtype).T):
                c = np.empty((5, n), dtype)
                product(a, b, c)
                assert (c == 0).all(), (k, n)


@pytest.mark.parametrize("kinds", KINDS)
def test_nan_and_infinity_go_where_they_go_in_numpy(
    kinds: tuple[str, str], product: Product, dtype: str
) -> None:
    for m, n, k in ((30, 37, 20), (3, 9, 5), (20, 1, 18), (1, 20, 33)):
        a, b = random((m, k), kinds[0], dtype), random((k, n), kinds[1], dtype)
        a[0, 0], a[m // 2, k // 2], a[-1, -1] = np.inf, np.nan, -np.inf
        b[0, n // 2], b[-1, 0], b[k // 2, -1] = 0, np.inf, 0
        with np.errstate(invalid="ignore"):
            expected = np.matmul(a, b)
        c = np.empty((m, n), dtype)
        product(a, b, c)
        assert np.array_equal(np.isnan(c), np.isnan(expected))
        infinite = np.isinf(expected)
        assert np.array_equal(np.isinf(c), infinite)
        assert np.array_equal(c[infinite], expected[infinite])
