"""Minimised disjunctions: right, shortest where that is promised, and made in time."""

import itertools
import time

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from chainrule.logic import Constant, Operation, TruthTable, truth_table
from chainrule.logic.minimize import (
    MOST_INPUTS,
    MOST_INPUTS_EXACT,
    minimal_cubes,
    prime_implicants,
)
from chainrule.logic.tables import input_rows


def table_of(outputs):
    n = len(outputs).bit_length() - 1
    return TruthTable(tuple(f"x{k}" for k in range(n)), np.array(outputs, bool))


def holds(cubes, n):
    """Which rows each cube holds, bool `(cubes, 2**n)`, from the definition."""
    rows = input_rows(n)
    return np.array([((cube == 2) | (cube == rows)).all(axis=1) for cube in cubes])


def length(cubes):
    return len(cubes), int((cubes != 2).sum())


def n_literals(expression):
    if not isinstance(expression, Operation) or expression.name == "not":
        return 0 if isinstance(expression, Constant) else 1
    return sum(map(n_literals, expression.operands))


def all_primes(outputs):
    """The prime implicants from the definition: implicants inside no other."""
    n = len(outputs).bit_length() - 1
    cubes = np.array(list(itertools.product([0, 1, 2], repeat=n)), np.int8)
    held = holds(cubes, n)
    is_implicant = ~(held & ~outputs).any(axis=1)
    cubes, held = cubes[is_implicant], held[is_implicant]
    is_inside = (~held[:, None] | held[None]).all(axis=2).sum(axis=1) > 1
    return cubes[~is_inside]


def shortest(outputs):
    """The terms and the literals of the shortest cover, by trying all."""
    n = len(outputs).bit_length() - 1
    primes = all_primes(outputs)
    held = holds(primes, n)
    for terms in range(1, len(primes) + 1):
        covers = [
            length(primes[list(chosen)])
            for chosen in itertools.combinations(range(len(primes)), terms)
            if np.array_equal(held[list(chosen)].any(axis=0), outputs)
        ]
        if covers:
            return min(covers)
    return 0, 0


def number_of_ones(n):
    return input_rows(n).sum(axis=1)


@pytest.mark.parametrize(
    ("text", "minimized"),
    [
        ("a and b or a and not b", "a"),
        ("a or not a and b", "a or b"),
        ("a xor b", "(not a and b) or (a and not b)"),
        ("a implies b", "not a or b"),
        ("a and b or not a and c or b and c", "(not a and c) or (a and b)"),
        ("a or not a", "true"),
        ("a and not a", "false"),
    ],
)
def test_examples(text, minimized):
    assert str(truth_table(text).minimized()) == minimized


def test_majority():
    assert str(truth_table(lambda a, b, c: a + b + c > 1).minimized()) == (
        "(a and b) or (a and c) or (b and c)"
    )


def test_shortest_for_every_table_of_three_inputs():
    for number in range(2**8):
        outputs = np.array([number >> r & 1 for r in range(8)], bool)
        assert length(minimal_cubes(outputs)) == shortest(outputs), number


@given(st.lists(st.booleans(), min_size=16, max_size=16))
@settings(max_examples=30)
def test_shortest_for_tables_of_four_inputs(outputs):
    outputs = np.array(outputs)
    assert length(minimal_cubes(outputs)) == shortest(outputs)


@given(st.lists(st.booleans(), min_size=16, max_size=16))
@settings(max_examples=50)
def test_prime_implicants_are_those_of_the_definition(outputs):
    outputs = np.array(outputs)
    found = np.argwhere(prime_implicants(outputs.reshape(2, 2, 2, 2)))
    assert found.tolist() == all_primes(outputs).tolist()


@given(st.integers(0, MOST_INPUTS_EXACT + 2), st.floats(0, 1), st.integers(0, 999))
@settings(max_examples=60)
def test_minimised_form_is_the_same_function_and_never_longer(n, density, seed):
    table = table_of(np.random.default_rng(seed).random(2**n) < density)
    minimized = table.minimized()
    assert truth_table(minimized, table.inputs) == table
    assert n_literals(minimized) <= n_literals(table.dnf())


@pytest.mark.parametrize("n", [MOST_INPUTS_EXACT, MOST_INPUTS_EXACT + 1])
def test_no_term_can_be_left_out_and_no_literal(n):
    outputs = np.random.default_rng(n).random(2**n) < 0.6
    cubes = minimal_cubes(outputs)
    held = holds(cubes, n)
    assert np.array_equal(held.any(axis=0), outputs)
    assert ((held.sum(axis=0) == 1) & held).any(axis=1).all()
    widened = [
        np.where(np.arange(n) == axis, 2, cube)
        for cube in cubes
        for axis in np.flatnonzero(cube != 2)
    ]
    assert (holds(widened, n) & ~outputs).any(axis=1).all()


def test_cyclic_functions_take_the_exact_search():
    # Every row is in several prime implicants, which have 4 literals and hold one of the 15 rows
    # with two ones each: no cover has fewer terms.
    ones = number_of_ones(6)
    assert length(minimal_cubes((ones >= 2) & (ones <= 4))) == (15, 60)


@pytest.mark.parametrize(
    ("outputs", "terms"),
    [
        (number_of_ones(12) % 2 == 1, 2**11),
        (number_of_ones(12) > 6, 792),
        (np.random.default_rng(0).random(2**12) < 0.5, None),
        (np.random.default_rng(0).random(2**12) < 0.95, None),
    ],
    ids=["parity", "majority", "half", "most"],
)
def test_twelve_inputs_take_a_few_seconds(outputs, terms):
    start = time.perf_counter()
    cubes = minimal_cubes(outputs)
    assert time.perf_counter() - start < 5
    assert np.array_equal(holds(cubes, 12).any(axis=0), outputs)
    assert terms in (None, len(cubes))


def test_more_inputs_than_it_can_minimise_are_refused():
    table = truth_table([1] + [0] * (2 ** (MOST_INPUTS + 1) - 1))
    with pytest.raises(ValueError, match="minimized: 17 inputs, expected 16 or fewer; dnf"):
        table.minimized()
