"""TL-18, W10: linear separability, decided and proven."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from sklearn.svm import SVC

from chainrule.logic.gates import gate_unit
from chainrule.logic.separability import Certificate, is_certificate, separate


ROWS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
NAMES = ["00", "01", "10", "11"]


def table(n):
    return np.array(list(itertools.product([0, 1], repeat=n)))


def test_w10_xor_contradicts_itself_in_four_rows():
    found = separate(ROWS, [0, 1, 1, 0])
    assert not found.is_separable and found.unit is None
    assert found.certificate == Certificate((0, 1, 2, 3), (Fraction(1),) * 4)


W10_PROOF = """\
not linearly separable: these inequalities contradict each other
row 00: bias ≤ 0
row 01: w_y + bias > 0
row 10: w_x + bias > 0
row 11: w_x + w_y + bias ≤ 0
the rows to be 1 add up to w_x + w_y + 2 bias > 0, those to be 0 to w_x + w_y + 2 bias ≤ 0"""


def test_w10_proof_is_told_in_words():
    assert separate(ROWS, [0, 1, 1, 0]).explain(["x", "y"], NAMES) == W10_PROOF


@pytest.mark.parametrize("names", [(["x"], None), (None, ["00"])])
def test_too_few_names_are_refused(names):
    with pytest.raises(ValueError, match="expected 2 and 4"):
        separate(ROWS, [0, 1, 1, 0]).explain(*names)


def test_w10_14_of_16_functions_of_two_inputs_are_separable():
    inseparable = [
        outputs
        for outputs in itertools.product([0, 1], repeat=4)
        if len(set(outputs)) == 2 and not separate(ROWS, outputs).is_separable
    ]
    assert inseparable == [(0, 1, 1, 0), (1, 0, 0, 1)]  # XOR, XNOR


def test_functions_of_three_inputs_are_decided_with_a_proof():
    rows, separable = table(3), 2  # the two constants
    for outputs in itertools.product([0, 1], repeat=8):
        if len(set(outputs)) == 1:
            continue
        found = separate(rows, outputs)
        if found.is_separable:
            np.testing.assert_array_equal(found.unit(rows), outputs)
            separable += 1
        else:
            assert is_certificate(found.certificate, rows, outputs)
            assert sum(found.certificate.multipliers) <= 4  # two rows of either class suffice
    assert separable == 104


@pytest.mark.parametrize(
    ("name", "inequality", "line"),
    [
        ("or", "2 x1 + 2 x2 - 1 > 0", "above the line x2 = -x1 + 0.5"),
        ("and", "2 x1 + 2 x2 - 3 > 0", "above the line x2 = -x1 + 1.5"),
        ("nand", "-2 x1 - 2 x2 + 3 > 0", "below the line x2 = -x1 + 1.5"),
    ],
)
def test_w10_gates_have_the_line_half_way(name, inequality, line):
    text = separate(ROWS, gate_unit(name)(ROWS)).explain(rows=NAMES)
    assert inequality in text and line in text and "margin 0.353553" in text


def test_unit_that_ignores_the_second_input_has_no_line():
    text = separate(ROWS, [0, 0, 1, 1]).explain()
    assert "1 where 2 x1 - 1 > 0" in text and "line x" not in text


@pytest.mark.parametrize(("d", "n"), [(1, 20), (2, 40), (5, 100), (20, 200)])
def test_margin_is_that_of_a_hard_margin_support_vector_machine(d, n):
    rng = np.random.default_rng(d)
    x, weight = rng.normal(size=(n, d)), rng.normal(size=d)
    sums = x @ weight
    x += 0.3 * np.sign(sums)[:, None] * weight / np.linalg.norm(weight)
    found = separate(x, sums > 0)
    machine = SVC(kernel="linear", C=1e10, tol=1e-8).fit(x, sums > 0)
    assert found.margin == pytest.approx(1 / np.linalg.norm(machine.coef_), rel=1e-5)
    np.testing.assert_allclose(found.unit.weight, machine.coef_[0], rtol=1e-3, atol=1e-4)
    assert set(machine.support_) <= set(found.support)


def test_sum_is_1_on_the_support_and_more_elsewhere():
    x = np.array([[0.0, 0], [1, 1], [3, 1], [0, 4], [5, 5]])
    found = separate(x, [0, 0, 1, 1, 1])
    sums = np.abs(found.unit.weighted_sum(x))
    np.testing.assert_allclose(sums[list(found.support)], 1, rtol=1e-12)
    assert (np.delete(sums, found.support) > 1 + 1e-9).all()


def test_random_labels_of_many_points_are_refuted_exactly():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(100, 5)), rng.integers(0, 2, 100)
    found = separate(x, y)
    assert is_certificate(found.certificate, x, y)
    assert len(found.certificate.rows) <= 7  # d + 2, Carathéodory


def test_certificate_is_as_short_as_can_be():
    outputs = [1, 0, 1, 0, 0, 1, 1, 0]  # (a -> b) xor c
    found = separate(table(3), outputs)
    assert found.certificate.multipliers == (1, 1, 1, 1)


def test_one_row_between_two_counts_twice():
    found = separate([[0], [1], [2]], [0, 1, 0])
    assert found.certificate == Certificate((0, 1, 2), (1, 2, 1))


def test_same_point_in_both_classes_is_the_contradiction():
    found = separate([[0, 0], [1, 2], [3, 3], [1, 2]], [0, 1, 0, 0])
    assert found.certificate.rows == (1, 3)


def test_a_gap_smaller_than_the_tolerance_of_the_linear_program_is_seen():
    found = separate([[0.0], [1e-11], [1.0]], [0, 1, 1])
    assert found.is_separable
    np.testing.assert_array_equal(found.unit([[0.0], [1e-11], [1.0]]), [0, 1, 1])


def test_an_overlap_smaller_than_the_tolerance_of_the_linear_program_is_seen():
    x = np.array([[0.0], [1.0], [1.0 - 1e-11], [2.0]])
    found = separate(x, [0, 0, 1, 1])
    assert is_certificate(found.certificate, x, [0, 0, 1, 1])


def of_different_sizes(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(40, 5)) * 10.0 ** np.array([-6, -3, 0, 3, 6])
    return x, x @ 10.0 ** np.array([6, 3, 0, -3, -6]) > 0


@pytest.mark.parametrize("seed", range(5))
def test_columns_of_very_different_sizes_are_separated(seed):
    x, y = of_different_sizes(seed)
    np.testing.assert_array_equal(separate(x, y).unit(x), y)


def test_largest_margin_is_claimed_only_where_it_is_proven():
    found = separate(*of_different_sizes(0))
    assert not found.is_largest and "maybe not the largest" in found.explain()
    assert separate(ROWS, [0, 0, 0, 1]).is_largest


def test_columns_far_from_0_are_separated():
    x = ROWS + 1e9
    np.testing.assert_array_equal(separate(x, [0, 0, 0, 1]).unit(x), [0, 0, 0, 1])


def test_columns_of_very_different_sizes_are_decided():
    found = separate([[1e12, 1e-6], [-1e12, 1e-6], [0, 1e-6]], [1, 1, 0])
    assert found.certificate.multipliers == (1, 1, 2)


def test_classes_too_close_for_rounding_are_refused():
    x = [[0.1, 0.3], [0.2, 0.6], [0.3, 0.9]]  # on one line but for the last bit
    with pytest.raises(ArithmeticError, match="so close together"):
        separate(x, [1, 0, 1])


@pytest.mark.parametrize(
    ("rows", "multipliers"),
    [((0, 1, 2, 3), (1, 1, 1, 2)), ((0, 1), (1, 1)), ((0, 1, 2, 3), (-1, -1, -1, -1)), ((), ())],
)
def test_what_adds_up_to_something_is_no_certificate(rows, multipliers):
    certificate = Certificate(rows, tuple(map(Fraction, multipliers)))
    assert not is_certificate(certificate, ROWS, [0, 1, 1, 0])


@pytest.mark.parametrize("labels", [(-1, 1), ("no", "yes"), (3, 7), (False, True)])
def test_unit_is_1_on_the_larger_label(labels):
    y = [labels[bit] for bit in (0, 0, 0, 1)]
    np.testing.assert_array_equal(separate(ROWS, y).unit(ROWS), [0, 0, 0, 1])


@pytest.mark.parametrize(
    ("x", "y", "told"),
    [
        (ROWS, [1, 1, 1, 1], "the labels are 1; expected two kinds"),
        (ROWS, [0, 1, 2, 1], "the labels are 0, 1, 2; expected two kinds"),
        (ROWS, [0, 1, np.nan, 1], "expected two kinds"),
        ([[0, 0], [0, np.nan]], [0, 1], r"x\[1,1\] is nan"),
        (ROWS, [0, 1], r"x \[4,2\] and y \[2\]"),
        ([0, 1], [0, 1], r"x \[2\] and y \[2\]"),
        (np.zeros((2, 0)), [0, 1], r"x \[2,0\]"),
        (np.zeros((0, 2)), [], "the labels are none"),
    ],
)
def test_bad_input_is_refused(x, y, told):
    with pytest.raises(ValueError, match=told):
        separate(x, y)
