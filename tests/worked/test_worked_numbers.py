"""What the worked examples W33 to W54 say between their lines."""

import itertools

import numpy as np
import pytest

import chainrule as cr
from chainrule.worked import (
    activations_and_losses,
    backpropagation,
    optimisation,
    universality,
)
from chainrule.worked.descent import after, descent
from chainrule.worked.discrepancies import DISCREPANCIES
from chainrule.worked.example import Line, render


MODULES = (activations_and_losses, backpropagation, optimisation, universality)
EXAMPLES = {example.id: example for module in MODULES for example in module.EXAMPLES}


def numbers(name):
    """The computed values of an example by the names of their lines; the last of equal names."""
    lines = EXAMPLES[name].solve()
    return {line.name: line.computed for line in lines if isinstance(line, Line)}


@pytest.fixture(scope="module")
def by_hand():
    return numbers("W43")


def test_examples_33_to_54_are_here_once_each():
    ids = [example.id for module in MODULES for example in module.EXAMPLES]
    assert sorted(ids) == [f"W{number}" for number in range(33, 55)]


# ---- descent ------------------------------------------------------------------------------------


def bowl(w):
    return cr.sum(w**2)


def test_descent_gives_the_objective_before_each_update():
    path = list(itertools.islice(descent(bowl, np.array([1.0, -2.0]), 0.25), 3))
    assert [value for value, _ in path] == [5, 1.25, 0.3125]


def test_no_step_of_descent_leaves_the_weights_where_they_are():
    value, weights = after(0, bowl, np.array([1.0, -2.0]), 0.25)
    assert value == 5
    assert weights.tolist() == [1, -2]


# ---- W43 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", range(1, 9))
def test_w43_each_weight_moves_against_half_its_derivative(by_hand, place):
    start = (0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55)[place - 1]
    step = start - by_hand[f"w{place} next"]
    assert step == pytest.approx(0.5 * by_hand[f"∂E_total/∂w{place}"], abs=1e-15)


def test_w43_derivative_of_w5_is_the_product_along_its_path(by_hand):
    path = ("∂E_total/∂out_o1", "∂out_o1/∂net_o1", "∂net_o1/∂w5")
    product = np.prod([by_hand[name] for name in path])
    assert product == pytest.approx(by_hand["∂E_total/∂w5"], rel=1e-14)


def test_w43_paths_through_both_errors_add_up(by_hand):
    both = by_hand["∂E_o1/∂out_h1"] + by_hand["∂E_o2/∂out_h1"]
    assert both == pytest.approx(by_hand["∂E_total/∂out_h1"], rel=1e-14)


@pytest.mark.parametrize(
    ("shared", "units"),
    [
        ("∂E_total/∂b1", ("∂E_total/∂net_h1", "∂E_total/∂net_h2")),
        ("∂E_total/∂b2", ("∂E_total/∂net_o1", "∂E_total/∂net_o2")),
    ],
)
def test_w43_shared_bias_gets_the_signals_of_its_units(by_hand, shared, units):
    assert by_hand[shared] == pytest.approx(sum(by_hand[unit] for unit in units), rel=1e-14)


def test_w43_trap_ends_elsewhere(by_hand):
    assert by_hand["w1 next, in the trap"] - by_hand["w1 next"] == pytest.approx(3.69e-5, abs=1e-7)


def test_w43_page_explains_every_error_of_its_source():
    page = render(EXAMPLES["W43"])
    explained = {name for name in DISCREPANCIES if f"\n{name}  Payberah" in page}
    assert explained == {"D1", "D2", "D3", "D4", "D5", "D14"}


# ---- the others ---------------------------------------------------------------------------------


def test_w42_only_the_printed_formula_disagrees():
    lines = [line for line in EXAMPLES["W42"].solve() if isinstance(line, Line)]
    assert {line.discrepancy for line in lines if not line.agrees} == {"D6"}


def test_w45_twice_as_many_spikes_leave_a_quarter_of_the_error():
    found = numbers("W45")
    ratios = [found[f"N = {n}"] / found[f"N = {2 * n}"] for n in (5, 10, 20, 40)]
    assert ratios == pytest.approx([4] * 4, rel=0.02)


def test_w44_units_that_are_not_too_steep_are_better_than_steps():
    found = numbers("W44")
    assert found["s = 10"] < found["N = 8"] / 20
    assert found["s = 100"] > found["s = 20"] > found["s = 10"]


def test_w48_cost_of_the_slide_pushes_every_output_up():
    found = numbers("W48")
    assert max(*np.ravel(found["∂W, each row"]), *found["∂b"]) < 0
