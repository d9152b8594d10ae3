"""Gradients and second derivatives of random functions: compiled code gives what NumPy gives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.compile.program import compile


pytestmark = pytest.mark.usefixtures("poisoned_memory")

number = st.integers(0, 999)
steps = st.lists(st.tuples(number, st.integers(0, 3), number, number), min_size=1, max_size=6)
outputs = st.lists(st.integers(0, 6), min_size=1, max_size=2)
size = st.sampled_from([1, 2, 3, 4, 7, 8, 9, 17, 33])
dtypes = st.tuples(*[st.sampled_from(["float32", "float64"])] * 2) | st.just(("float64",) * 2)
seeds = st.integers(0, 2**32)
any_case = st.tuples(steps, outputs, st.tuples(size, size), dtypes)


def value_and_gradient(case):
    """Of one number made of all results, with respect to the floats among the inputs."""
    # Traced first: what depends on a shape is decided once, while the number of rows is open.
    graph = cr.trace(case, case.types)

    def objective(floats, rest):
        results = graph(case.types._make([*floats, *rest]))
        parts = [cr.mean(cr.sin(part)) for part in results if part.type.is_float]
        return sum(parts, start=0.5 * floats[0])

    return lambda inputs: cr.value_and_grad(objective)(tuple(inputs[:5]), tuple(inputs[5:]))


def second_derivative(case):
    """Of the gradient, along the floats themselves."""
    gradient = value_and_gradient(case)

    def along(inputs):
        floats, rest = tuple(inputs[:5]), inputs[5:]
        of_floats = lambda *floats: gradient(case.types._make([*floats, *rest]))[1]  # noqa: E731
        return cr.jvp(of_floats, floats, floats)[1]

    return along


@settings(max_examples=450)
@given(any_case, seeds)
def test_gradient(random_case, agrees, made, seed):
    case = random_case(*made, kinks=False)
    graph = cr.trace(value_and_gradient(case), case.types)
    function = compile(graph)
    for rows in (3, 18, 1):
        args = case.arguments(seed, rows)
        agrees(function(args), graph, args)


@settings(max_examples=150)
@given(any_case, seeds)
def test_second_derivative(random_case, agrees, made, seed):
    case = random_case(*made, kinks=False)
    graph = cr.trace(second_derivative(case), case.types)
    args = case.arguments(seed, 6)
    agrees(compile(graph)(args), graph, args)
