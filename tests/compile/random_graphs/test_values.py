"""Random graphs over all primitives: compiled code gives what NumPy gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.compile.program import compile


pytestmark = pytest.mark.usefixtures("poisoned_memory")

number = st.integers(0, 999)
steps = st.lists(st.tuples(number, st.integers(0, 4), number, number), min_size=2, max_size=10)
outputs = st.lists(st.integers(0, 15), min_size=1, max_size=3)
sizes = st.tuples(*[st.sampled_from([1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 19, 33])] * 2)
dtypes = st.tuples(*[st.sampled_from(["float32", "float64"])] * 2) | st.just(("float64",) * 2)
cases = st.tuples(steps, outputs, sizes, dtypes)
seeds = st.integers(0, 2**32)


@settings(max_examples=900)
@given(cases, seeds)
def test_any_values(random_case, agrees, made, seed):
    """One compiled function for several numbers of rows, growing and shrinking."""
    case = random_case(*made)
    graph = cr.trace(case, case.types)
    function = compile(graph)
    for rows in (3, 17, 1):
        args = case.arguments(seed, rows)
        agrees(function(args), graph, args)
