"""Temperatures and margins of intervals."""

import numpy as np
import pytest

from chainrule import ops
from chainrule.tabular.calibration import conformal_margin, temperature


rng = np.random.default_rng(0)
LOGITS = rng.normal(size=(4000, 3)) * 2
LABELS = np.array([rng.choice(3, p=row) for row in ops.softmax(LOGITS)])


@pytest.mark.parametrize("true", [0.25, 1.0, 4.0])
def test_temperature_of_logits_that_were_multiplied_is_found(true):
    assert temperature(LOGITS * true, LABELS) == pytest.approx(true, rel=0.05)


def test_weights_count_like_rows():
    weights = rng.integers(0, 3, len(LABELS))
    rows = np.repeat(np.arange(len(LABELS)), weights)
    found = temperature(LOGITS, LABELS, weights)
    assert found == pytest.approx(temperature(LOGITS[rows], LABELS[rows]), rel=1e-4)


def test_temperature_stays_finite_where_all_is_right():
    sure = 10 * np.eye(3)[[0, 1, 2]]
    assert 0.05 < temperature(sure, [0, 1, 2]) < 1


@pytest.mark.parametrize(("coverage", "margin"), [(0.5, 5.0), (0.8, 8.0), (0.9, 9.0), (0.95, 9.0)])
def test_margin_is_the_order_statistic_of_n_plus_1(coverage, margin):
    """Of 9 scores the ⌈10 · coverage⌉-th, or the largest."""
    assert conformal_margin(np.arange(9.0, 0, -1), coverage) == margin


def test_intervals_cover_the_share_of_new_rows_that_is_asked_for():
    covered = [
        np.mean(np.abs(rng.normal(size=500)) <= conformal_margin(np.abs(rng.normal(size=200)), 0.9))
        for _ in range(100)
    ]
    assert np.mean(covered) == pytest.approx(0.9, abs=0.01)


def test_margin_of_weights_that_are_all_equal_is_that_without():
    scores = rng.normal(size=50)
    assert conformal_margin(scores, 0.7, np.full(50, 3.0)) == conformal_margin(scores, 0.7)


@pytest.mark.parametrize("coverage", [0, 1, 90])
def test_coverage_has_to_be_a_share(coverage):
    with pytest.raises(ValueError, match="expected a share between 0 and 1"):
        conformal_margin([1.0], coverage)


def test_no_samples_held_out_is_refused():
    with pytest.raises(ValueError, match="samples held out"):
        conformal_margin([], 0.9)
