"""Targets: classes and quantities of any kind of column, with weights and logarithms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import Labels, Quantity, recognise_target


KINDS = {
    "text": (["b", "a"] * 20, Labels("y", ("a", "b"), False)),
    "booleans": ([True, False] * 20, Labels("y", ("false", "true"), False)),
    "whole numbers": ([10, 9] * 20, Labels("y", ("9", "10"), True)),
    "numbers": ([0.0, 0.5] * 20, Quantity("y", 0.25, 0.25)),
}


@pytest.mark.parametrize("case", KINDS)
def test_kind_of_a_target(case):
    values, want = KINDS[case]
    assert recognise_target(np.array(values)) == want


def test_weights_are_repeated_rows():
    y, weights = np.array([1.0, 2.5, 7]), np.array([1, 3, 0])
    weighted = recognise_target(y, weights=weights)
    repeated = recognise_target(np.repeat(y, weights))
    assert isinstance(weighted, Quantity) and isinstance(repeated, Quantity)
    np.testing.assert_allclose(weighted.mean, repeated.mean, rtol=1e-12)
    np.testing.assert_allclose(weighted.scale, repeated.scale, rtol=1e-12)


def test_classes_of_weight_0_are_not_learnt():
    found = recognise_target(np.array(["a", "b", "c"]), weights=[1, 1, 0])
    assert found == Labels("y", ("a", "b"), False)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_logarithms_come_back(values):
    y = np.array(values)
    found = recognise_target(y, task="regression", log=True)
    assert isinstance(found, Quantity) and found.is_log
    again = found.decode(found.encode(y))[:, 0]
    np.testing.assert_allclose(again, y, rtol=1e-4, atol=1e-4)


REFUSED = {
    "a missing entry": (["a", None, "b"], {}, r"column 'y' has a missing entry in row 2 \(1 such"),
    "missing numbers": ([1.0, np.nan, np.nan], {}, r"a missing entry in row 2 \(2 such of 3\)"),
    "infinity": ([1.0, np.inf], {}, "column 'y' has inf in row 2"),
    "one class": (["a", "a"], {}, "the target 'y' has one class only, a"),
    "one class of some weight": (["a", "b"], {"weights": [1, 0]}, "one class only, a"),
    "text of a regression": (["a", "b"], {"task": "regression"}, "holds text, no numbers"),
    "dates": (np.array(["2020-01-01"] * 2, "M8[D]"), {}, "the target 'y' holds dates"),
    "logarithms of classes": (["a", "b"], {"log": True}, "holds classes; there is no log"),
    "another task": ([1.0, 2], {"task": "ranking"}, "task 'ranking'; expected classification or"),
    "two axes": ([[1.0], [2.0]], {}, r"shape \(2, 1\); expected \[rows\]"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_target_that_cannot_be_learnt(case):
    values, options, message = REFUSED[case]
    y = values if isinstance(values, np.ndarray) else np.array(values)
    with pytest.raises(ValueError, match=message):
        recognise_target(y, **options)
