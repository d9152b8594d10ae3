"""Metrics of predictions."""

import numpy as np
import pytest

from chainrule.metrics import accuracy, confusion_matrix


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
