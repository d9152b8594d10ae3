"""Metrics of predictions."""

import numpy as np
import pytest

from chainrule import metrics
from chainrule.metrics import (
    accuracy,
    confusion_matrix,
    error_rate,
    likelihood,
    log_likelihood,
    log_loss,
    mean_absolute_error,
    mean_squared_error,
    r2,
    root_mean_squared_error,
)


LABELS, PREDICTED = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 0, 2])


def test_accuracy_is_the_share_that_is_right():
    assert accuracy(LABELS, PREDICTED) == 4 / 6


def test_accuracy_takes_labels_of_any_kind():
    assert accuracy(["a", "b"], ["a", "c"]) == 0.5


def test_confusion_matrix_has_the_truth_in_rows():
    counts = confusion_matrix(LABELS, PREDICTED, 3)
    assert counts.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 2]]


def test_class_that_never_occurs_has_zeros():
    counts = confusion_matrix(LABELS, PREDICTED, 5)
    assert counts.shape == (5, 5) and not counts[3:].any() and not counts[:, 3:].any()


def test_diagonal_of_the_confusion_matrix_gives_the_accuracy():
    counts = confusion_matrix(LABELS, PREDICTED, 3)
    assert np.trace(counts) / counts.sum() == accuracy(LABELS, PREDICTED)


@pytest.mark.parametrize("metric", [accuracy, lambda a, b: confusion_matrix(a, b, 3)])
@pytest.mark.parametrize("predicted", [[0, 1, 1], [[0, 1]], []])
def test_shapes_that_disagree_are_refused(metric, predicted):
    with pytest.raises(ValueError, match=r"labels \(2,\) .* expected equal \(samples,\)"):
        metric([0, 1], predicted)


def test_mean_over_no_samples_is_refused():
    with pytest.raises(ValueError, match=r"labels \(0,\) and predictions \(0,\)"):
        accuracy([], [])


@pytest.mark.parametrize(
    ("labels", "predicted", "message"),
    [
        ([0, 3], [0, 1], "labels of int64 from 0 to 3; expected whole numbers from 0 to 2"),
        ([0, 1], [0, -1], "predictions of int64 from -1 to 0"),
        ([0.0, 1.0], [0, 1], "labels of float64"),
    ],
)
def test_number_that_is_no_class_is_refused(labels, predicted, message):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(labels, predicted, 3)


PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.0, 0.5, 0.5]])


def test_error_rate_is_what_accuracy_lacks():
    assert error_rate(LABELS, PREDICTED) == 2 / 6


def test_likelihood_is_the_product_of_the_probabilities_of_what_came():
    labels = np.array([0, 2, 1])
    assert likelihood(labels, PROBABILITIES) == pytest.approx(0.7 * 0.8 * 0.5)
    assert log_likelihood(labels, PROBABILITIES) == pytest.approx(np.log(0.7 * 0.8 * 0.5))
    assert log_loss(labels, PROBABILITIES) == pytest.approx(-np.log(0.7 * 0.8 * 0.5) / 3)


def test_probability_of_the_other_classes_is_no_matter_even_if_0():
    """A15: 0 log 0 is 0."""
    assert log_loss(np.array([1]), np.array([[0.0, 1.0]])) == 0
    assert log_loss(np.array([0]), np.array([[0.0, 1.0]])) == np.inf


def test_certainty_costs_nothing_and_is_no_negative_zero():
    assert str(log_loss([1, 0], [1.0, 0.0])) == "0.0"


def test_rounding_of_float32_is_no_error():
    assert log_loss([0, 1], np.array([[1.0000001, 0], [-1e-8, 1]], np.float32)) == 0


def test_one_probability_is_that_of_label_1():
    assert likelihood(np.array([1, 0]), np.array([0.9, 0.2])) == pytest.approx(0.9 * 0.8)
    assert likelihood(np.array([True, False]), [0.9, 0.2]) == pytest.approx(0.9 * 0.8)


TARGETS, GUESSES = np.array([[1.0, 2.0], [3.0, 2.0]]), np.array([[1.0, 4.0], [2.0, 2.0]])


def test_errors_are_means_over_samples_and_outputs():
    assert mean_squared_error(TARGETS, GUESSES) == 5 / 4
    assert root_mean_squared_error(TARGETS, GUESSES) == np.sqrt(5 / 4)
    assert mean_absolute_error(TARGETS, GUESSES) == 3 / 4


def test_r2_is_1_for_the_targets_and_0_for_their_mean():
    y = np.array([1.0, 2.0, 6.0])
    assert r2(y, y) == 1
    assert r2(y, np.full(3, 3.0)) == 0
    assert r2(y, -y) < 0
    assert r2(np.ones(3), np.ones(3)) == 1 and r2(np.ones(3), np.zeros(3)) == 0


def test_metrics_agree_with_those_of_scikit_learn():
    from sklearn import metrics as peer

    rng = np.random.default_rng(0)
    y, guess = rng.normal(size=(2, 50, 3))
    assert r2(y, guess) == pytest.approx(peer.r2_score(y, guess))
    labels, p = rng.integers(0, 4, 50), rng.dirichlet(np.ones(4), 50)
    assert log_loss(labels, p) == pytest.approx(peer.log_loss(labels, p))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: log_loss([0, 3], PROBABILITIES[:2]),
            "log_loss: labels hold 3; expected whole numbers from 0 to 2",
        ),
        (lambda: log_loss([0, 0.5], PROBABILITIES[:2]), "labels hold 0.5; expected whole numbers"),
        (lambda: log_loss([0, np.nan], PROBABILITIES[:2]), "labels hold nan"),
        (lambda: log_loss(["a"], [0.5]), "labels are <U1; number the classes from 0"),
        (lambda: log_likelihood([0], [[-0.1, 1.1]]), "log_likelihood: probabilities hold -0.1"),
        (lambda: likelihood([1], [2.5]), "probabilities hold 2.5; expected numbers from 0 to 1"),
        (lambda: likelihood([1], [np.nan]), "probabilities hold nan"),
        (lambda: error_rate([0], [0, 1]), r"error_rate: labels \(1,\)"),
        (lambda: root_mean_squared_error([0], [0, 1]), r"^root_mean_squared_error: targets \(1,\)"),
        (lambda: log_loss([0], PROBABILITIES), r"labels \(1,\) and probabilities \(3, 3\)"),
        (lambda: r2([1.0], [[1.0]]), r"targets \(1,\) and predictions \(1, 1\)"),
        (lambda: mean_squared_error([], []), r"targets \(0,\)"),
    ],
)
def test_numbers_that_are_no_predictions_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- calibration and ranking -----------------------------------------------------------------


def test_ranking_and_balance_agree_with_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 200)
    told = rng.dirichlet(np.ones(3), 200).round(1) + 1e-9
    told /= told.sum(axis=1, keepdims=True)
    want = sklearn.roc_auc_score(labels, told, multi_class="ovr")
    assert metrics.roc_auc(labels, told) == pytest.approx(want)
    two = (labels > 0).astype(int)
    assert metrics.roc_auc(two, told[:, 0]) == pytest.approx(sklearn.roc_auc_score(two, told[:, 0]))
    guessed = told.argmax(axis=1)
    want = sklearn.balanced_accuracy_score(labels, guessed)
    assert metrics.balanced_accuracy(labels, guessed) == pytest.approx(want)


def test_ranking_of_one_class_alone_is_no_number():
    assert np.isnan(metrics.roc_auc([1, 1], [0.2, 0.7]))


def test_brier_score_is_0_for_certainty_and_2_for_its_opposite():
    assert metrics.brier_score([0, 1], [[1, 0], [0, 1]]) == 0
    assert metrics.brier_score([0, 1], [1.0, 0.0]) == 2
    assert metrics.brier_score([0, 1], [0.5, 0.5]) == 0.5


def test_calibration_error_is_how_far_confidence_is_from_accuracy():
    labels = np.array([0, 0, 0, 1])
    assert metrics.calibration_error(labels, np.full((4, 2), [0.75, 0.25])) == pytest.approx(0)
    assert metrics.calibration_error(labels, np.full((4, 2), [0.95, 0.05])) == pytest.approx(0.2)
