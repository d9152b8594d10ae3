"""Functions of a few rows: the same bits as other compiled functions, from several threads too."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import chainrule as cr
from chainrule.compile.few_rows import FewRows
from chainrule.compile.program import Compiled, Program
from chainrule.compile.target import host


X = np.random.default_rng(0).normal(size=(64, 5)).astype(np.float32)
NETWORK = cr.nn.mlp([5, 16, 3], "tanh", rng=0)
HALF = np.array(0.5, np.float32)


@pytest.fixture(scope="module")
def program():
    graph = cr.trace(lambda x, scale: NETWORK(x) * scale, cr.ArrayType((cr.BATCH, 5)), HALF)
    return Program(graph, host())


@pytest.fixture(scope="module")
def few(program):
    return FewRows(program, 64, (HALF,))


@pytest.mark.parametrize("rows", [0, 1, 2, 63, 64])
def test_bits_are_those_of_any_call(few, program, rows):
    found = few(X[:rows])
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, Compiled(program, 1)(X[:rows], HALF))


def test_arrays_of_other_dtypes_and_layouts_are_taken(few):
    for x in (X.astype(np.float64), np.asfortranarray(X), X[::-1][::-1]):
        np.testing.assert_array_equal(few(x), few(X))


def test_results_stay_as_they_are(few):
    first = few(X[:3])
    kept = first.copy()
    few(X[10:40])
    np.testing.assert_array_equal(first, kept)


def test_threads_do_not_meet_in_its_memory(few):
    expected = few(X)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: few(X[n % 64 : n % 64 + 1]), range(2_000)))
    np.testing.assert_array_equal(np.concatenate(found), expected[np.arange(2_000) % 64])
