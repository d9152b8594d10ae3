"""Random graphs over all primitives: compiled code gives what NumPy gives."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.compile.program import Compiled, Program, compile
from chainrule.ops import PRIMITIVES


pytestmark = pytest.mark.usefixtures("poisoned_memory")

number = st.integers(0, 999)
steps = st.lists(st.tuples(number, st.integers(0, 4), number, number), min_size=2, max_size=10)
outputs = st.lists(st.integers(0, 15), min_size=1, max_size=3)
size = st.sampled_from([1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 19, 33])
dtypes = st.tuples(*[st.sampled_from(["float32", "float64"])] * 2) | st.just(("float64",) * 2)
seeds = st.integers(0, 2**32)
any_case = st.tuples(steps, outputs, st.tuples(size, size), dtypes)
small_case = st.tuples(steps, outputs, st.tuples(*[st.sampled_from([0, 1, 2, 5])] * 2), dtypes)

SPECIALS = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -2.0]


@settings(max_examples=800)
@given(any_case, seeds)
def test_any_numbers(random_case, agrees, made, seed):
    """One compiled function for several numbers of rows, growing and shrinking."""
    case = random_case(*made)
    graph = cr.trace(case, case.types)
    function = compile(graph)
    for rows in (3, 17, 1):
        args = case.arguments(seed, rows)
        agrees(function(args), graph, args)


@settings(max_examples=400)
@given(any_case, seeds)
def test_zeros_infinities_and_nan(random_case, agrees, made, seed):
    case = random_case(*made)
    graph = cr.trace(case, case.types)
    function = compile(graph)
    for rows in (5, 33):
        args = case.arguments(seed, rows, SPECIALS)
        agrees(function(args), graph, args)


@settings(max_examples=250)
@given(small_case, seeds)
def test_sizes_of_0_and_1(random_case, agrees, made, seed):
    case = random_case(*made)
    graph = cr.trace(case, case.types)
    function = compile(graph)
    for rows in (2, 1, 0):
        args = case.arguments(seed, rows)
        try:
            graph(args)
        except ValueError:  # the largest of no numbers
            assume(rows > 0)
            raise
        agrees(function(args), graph, args)


@settings(max_examples=75)
@given(any_case, seeds)
@pytest.mark.parametrize("name", ["avx2", "avx2 without masks", "sse2"])
def test_narrower_vectors(random_case, agrees, narrower, name, made, seed):
    case = random_case(*made)
    graph = cr.trace(case, case.types)
    args = case.arguments(seed, 13)
    agrees(Compiled(Program(graph, narrower(name)), 1)(args), graph, args)


@settings(max_examples=75)
@given(any_case, seeds)
def test_threads_give_the_same_bits(random_case, made, seed):
    case = random_case(*made)
    graph = cr.trace(case, case.types)
    args = case.arguments(seed, 40)
    wanted = cr.tree.leaves(compile(graph)(args))
    for threads in (2, 5):
        found = cr.tree.leaves(compile(graph, threads=threads)(args))
        assert [array.tobytes() for array in found] == [array.tobytes() for array in wanted]


def test_every_primitive_takes_part(random_case):
    """And every function of `random_case` can be traced, for any sizes."""
    rng = np.random.default_rng(0)
    found = set()
    for _ in range(300):
        steps = rng.integers(0, 1000, (8, 4)).tolist()
        case = random_case(steps, range(8), tuple(rng.choice([1, 3, 8], 2)), ("float32", "float64"))
        graph = cr.trace(case, case.types)
        found |= {node.primitive.name for node in graph.nodes if node.primitive}
    assert found >= set(PRIMITIVES) - {"place"}  # which derivatives make
