"""Products are right for all shapes and strides, and touch nothing else."""

import ctypes
import itertools
import mmap
import sys

import numpy as np
import pytest

from .conftest import Product


SHAPES = [
    *itertools.product((1, 2, 3, 4, 13), (1, 3, 8, 17, 33), (1, 2, 5, 19)),
    *np.random.default_rng(0).integers(1, 71, (150, 3)).tolist(),
]
#: Some outgrow the cache, others have rows that lie a power of two apart.
LARGER = [
    *[(300, 300, 1700), (1100, 70, 300), (90, 1030, 260), (20, 129, 2048)],
    *[(3, 700, 900), (2100, 2, 40)],
]
KINDS = ("rows", "columns", "apart", "one row", "one column")


def matrix(rows: int, columns: int, kind: str, dtype: str, seed: int) -> np.ndarray:
    """Random numbers, laid out as `kind` says; "one …" has a stride of 0."""
    random = np.random.default_rng(seed)
    if kind == "one row":
        return np.broadcast_to(matrix(1, columns, "rows", dtype, seed), (rows, columns))
    if kind == "one column":
        return matrix(columns, rows, "one row", dtype, seed).T
    if kind == "columns":
        return matrix(columns, rows, "rows", dtype, seed).T
    if kind == "apart":
        return random.standard_normal((2 * rows, 3 * columns)).astype(dtype)[::2, 1::3]
    return random.standard_normal((rows, columns + 3)).astype(dtype)[:, 1 : columns + 1]


def deviation(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    """The largest error, as a part of what rounding may do: k · eps · |a|·|b|."""
    a64, b64 = a.astype("float64"), b.astype("float64")
    bound = a.shape[1] * np.finfo(c.dtype).eps * (np.abs(a64) @ np.abs(b64))
    return float((np.abs(c - a64 @ b64) / bound).max())


def framed(rows: int, columns: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """A matrix of rubbish, and the larger one of sevens that it lies in."""
    frame = np.full((rows + 2, columns + 70), 7, dtype)
    inside = frame[1:-1, 35 : 35 + columns]
    inside[:] = np.nan
    return inside, frame


def test_products_are_right_to_rounding(product: Product, dtype: str) -> None:
    for seed, ((m, n, k), kinds) in enumerate(
        zip(SHAPES, itertools.cycle(itertools.product(KINDS, KINDS)), strict=False)
    ):
        a, b = matrix(m, k, kinds[0], dtype, seed), matrix(k, n, kinds[1], dtype, seed + 1)
        c, frame = framed(m, n, dtype)
        product(a, b, c)
        assert deviation(a, b, c) <= 1, (m, n, k, kinds)
        c[:] = 7
        assert (frame == 7).all(), (m, n, k, kinds)


@pytest.mark.parametrize("kinds", list(itertools.product(KINDS[:2], KINDS[:2])))
@pytest.mark.parametrize("shape", LARGER)
def test_products_that_are_cut_into_blocks_are_right(
    shape: tuple[int, int, int], kinds: tuple[str, str], product: Product, dtype: str
) -> None:
    m, n, k = shape
    a, b = matrix(m, k, kinds[0], dtype, 1), matrix(k, n, kinds[1], dtype, 2)
    c, frame = framed(m, n, dtype)
    product(a, b, c)
    assert deviation(a, b, c) <= 1
    c[:] = 7
    assert (frame == 7).all()


def test_rows_that_lie_a_page_apart(product: Product, dtype: str) -> None:
    count = 4096 // np.dtype(dtype).itemsize
    a = np.ascontiguousarray(matrix(40, count, "rows", dtype, 1))[:, :100]
    b, c = matrix(100, 90, "rows", dtype, 2), np.empty((40, 90), dtype)
    product(a, b, c)
    assert deviation(a, b, c) <= 1


def test_a_sum_of_nothing_is_zero(product: Product, dtype: str) -> None:
    for m, n in ((1, 1), (5, 40), (33, 2)):
        c, frame = framed(m, n, dtype)
        product(np.empty((m, 0), dtype), np.empty((0, n), dtype), c)
        assert (c == 0).all()
        assert (frame != 7).sum() == m * n


def test_nothing_is_written_where_there_are_no_rows_or_columns(
    product: Product, dtype: str
) -> None:
    for m, n in ((0, 3), (3, 0), (0, 0)):
        frame = np.full((5, 5), 7, dtype)
        product(np.ones((m, 2), dtype), np.ones((2, n), dtype), frame[1 : 1 + m, 1 : 1 + n])
        assert (frame == 7).all()


@pytest.mark.skipif(sys.platform != "linux", reason="guard pages are made with Linux's mprotect")
def test_nothing_beyond_a_matrix_is_read(product: Product, dtype: str) -> None:
    """Every operand ends where a page ends, and the page after it cannot be read."""
    for m, n, k in ((13, 17, 19), (1, 5, 3), (30, 1, 33), (4, 40, 16), (26, 9, 20)):
        for kinds in itertools.product(KINDS[:2], KINDS[:2]):
            a, b = (
                guarded(matrix(*shape, kind, dtype, 3))
                for shape, kind in (((m, k), kinds[0]), ((k, n), kinds[1]))
            )
            c = guarded(np.empty((m, n), dtype))
            product(a, b, c)
            assert deviation(a, b, c) <= 1


def guarded(x: np.ndarray) -> np.ndarray:
    """A copy that ends at the end of the memory that may be read; a transposed one stays so."""
    if x.strides[0] < x.strides[1]:
        return guarded(x.T).T
    page = mmap.PAGESIZE
    readable = -(-x.nbytes // page) * page
    memory = mmap.mmap(-1, readable + page)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.mprotect(ctypes.c_void_p(start + readable), page, 0) == 0
    copy = np.frombuffer(memory, x.dtype, x.size, readable - x.nbytes).reshape(x.shape)
    copy[:] = x
    return copy
