"""Zeros in A are left out of the sums, and nobody sees it but by the clock."""

import time
from collections.abc import Callable

import numpy as np
import pytest

from .conftest import Product, product_of


def borders(x: np.ndarray) -> np.ndarray:
    """Columns that are 0 in every row, as the borders of images."""
    x[:, : x.shape[1] // 3] = 0
    x[:, -x.shape[1] // 5 :] = 0
    return x


def one_hot(x: np.ndarray) -> np.ndarray:
    """One number in each row."""
    kept = np.arange(len(x)) * 7 % x.shape[1]
    found = np.zeros_like(x)
    found[np.arange(len(x)), kept] = x[np.arange(len(x)), kept]
    return found


def holes(x: np.ndarray) -> np.ndarray:
    """Zeros in patches of rows and columns, some of them -0."""
    random = np.random.default_rng(1)
    rows, columns = (np.arange(size) // 9 for size in x.shape)
    is_kept = random.random((rows[-1] + 1, columns[-1] + 1)) < 0.4
    zeros = np.where(random.random(x.shape) < 0.5, 0.0, -0.0).astype(x.dtype)
    return np.where(is_kept[np.ix_(rows, columns)], x, zeros)


def specks(x: np.ndarray) -> np.ndarray:
    """So few zeros that a list is begun and given up."""
    x[:, 7::17] = 0
    return x


PATTERNS: list[Callable[[np.ndarray], np.ndarray]] = [
    borders, one_hot, holes, specks, np.zeros_like
]  # fmt: skip
#: Small and large ones, whose rows lie anywhere or fall on the same lines of a cache; some whose
#: last block of columns is narrow; of the last zeros are not looked for.
SHAPES = [
    (48, 70, 96), (61, 70, 101), (131, 100, 784), (200, 130, 1024), (700, 66, 150), (60, 243, 784),
    (60, 486, 784), (9, 9, 9)
]  # fmt: skip


def matrices(
    shape: tuple[int, int, int], dtype: str, pattern: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    m, n, k = shape
    random = np.random.default_rng(0)
    a, b = (random.standard_normal(size).astype(dtype) for size in ((m, k), (k, n)))
    return pattern(a), b


def both(product: Product, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The product with zeros looked for, and without."""
    found, plain = (np.full((len(a), b.shape[1]), 7, a.dtype) for _ in range(2))
    product(a, b, found, sparse=1)
    product(a, b, plain, sparse=0)
    return found, plain


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("shape", SHAPES)
def test_zeros_change_no_bit(
    shape: tuple[int, int, int],
    pattern: Callable[[np.ndarray], np.ndarray],
    order: str,
    product: Product,
    dtype: str,
) -> None:
    a, b = matrices(shape, dtype, pattern)
    found, plain = both(product, np.asarray(a, order=order), b)
    assert found.tobytes() == plain.tobytes()


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("shape", SHAPES)
def test_zeros_times_what_is_not_finite_are_no_numbers(
    shape: tuple[int, int, int], odd: float, product: Product, dtype: str
) -> None:
    """Wherever in B it stands."""
    a, b = matrices(shape, dtype, borders)
    for row, column in ((0, 0), (len(b) - 1, b.shape[1] - 1), (len(b) // 2, 33 % b.shape[1])):
        spoilt = b.copy()
        spoilt[row, column] = odd
        found, plain = both(product, a, spoilt)
        assert np.array_equal(found, plain, equal_nan=True)
        assert np.isnan(found[:, column]).any() or a[:, row].all()


def test_zeros_save_time(dtype: str) -> None:
    """Of a sum over 800 steps, 50 are left."""
    product = product_of("host", dtype)
    a, b = matrices((192, 256, 800), dtype, np.zeros_like)
    a[:, 300:350] = 1
    c = np.empty((192, 256), dtype)

    def seconds(sparse: int) -> float:
        start = time.perf_counter()
        product(a, b, c, sparse=sparse)
        return time.perf_counter() - start

    seconds(1)
    assert min(seconds(1) for _ in range(9)) < 0.5 * min(seconds(0) for _ in range(9))
