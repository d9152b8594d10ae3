"""What is learnt and predicted from is looked at by several threads, with scikit-learn's errors."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.neural_network import MLPRegressor as Theirs

from chainrule.tabular import MLPClassifier, MLPRegressor
from chainrule.tabular.drop_in import inputs
from chainrule.tabular.drop_in.inputs import is_surely_finite
from chainrule.tabular.drop_in.running import most_threads


ODD = [np.nan, np.inf, -np.inf]


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrays are large from 200 numbers on."""
    monkeypatch.setattr(inputs, "_FEW", 100)


def table(dtype: str = "float64") -> np.ndarray:
    return np.random.default_rng(0).normal(size=(60, 5)).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("threads", [2, 3, 100])
def test_a_sum_tells_that_all_are_finite(threads: int, dtype: str) -> None:
    x = table(dtype)
    assert is_surely_finite(x, threads)
    assert is_surely_finite(np.asfortranarray(x), threads)
    for odd in ODD:
        for place in ((0, 0), (29, 4), (30, 0), (59, 4)):
            spoilt = x.copy()
            spoilt[place] = odd
            assert not is_surely_finite(spoilt, threads)


def test_infinities_that_cancel_are_found() -> None:
    x = table()
    x[3], x[50] = np.inf, -np.inf
    assert not is_surely_finite(x, 2)


def test_nothing_is_known_of_what_is_left_to_scikit_learn() -> None:
    x = table()
    assert not is_surely_finite(x, 1)
    assert not is_surely_finite(x[:10], 2)
    for other in (x.tolist(), x.astype(int), x.ravel(), np.ma.masked_array(x), x > 0, None):
        assert not is_surely_finite(other, 2)
    with config_context(assume_finite=True):
        assert not is_surely_finite(x, 2)


@pytest.mark.parametrize("odd", ODD)
def test_errors_are_scikit_learns(odd: float) -> None:
    x, y = table(), np.arange(60.0)
    ours = MLPRegressor(max_iter=1, threads=2).fit(x, y)
    x[41, 2] = odd
    with pytest.raises(ValueError) as wanted:
        Theirs(max_iter=1).fit(x, y)
    for call in (lambda: MLPRegressor(threads=2).fit(x, y), lambda: ours.fit(x, y)):
        with pytest.raises(ValueError) as found:
            call()
        assert str(found.value) == str(wanted.value)
    for call in (lambda: ours.predict(x), lambda: ours.fit(table(), y, X_val=x, y_val=y)):
        with pytest.raises(ValueError, match="Input X contains"):
            call()
    with pytest.raises(ValueError, match="Input y contains"):
        ours.fit(table(), np.where(y == 3, odd, y))


def test_sums_that_overflow_are_of_finite_numbers() -> None:
    """And whoever sums them warns of nothing."""
    x = np.where(table() > 0, 1e308, 1e307)
    assert not is_surely_finite(x, 2)
    MLPRegressor(max_iter=1, threads=2).fit(x * 1e-308, np.arange(60.0)).predict(x)


def test_joblib_bounds_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert most_threads(None) == 1
    assert most_threads(3) == 3
    for odd in ("", "0", "two", "2,1"):
        monkeypatch.setenv("OMP_NUM_THREADS", odd)
        assert most_threads(None) >= 1


def test_classes_of_y_val_are_those_of_y() -> None:
    x, y = table(), np.arange(60) % 3
    model = MLPClassifier(max_iter=1)
    with pytest.raises(ValueError, match=r"y_val has classes \[3 4\] that are not in y, which has"):
        model.fit(x, y, X_val=x, y_val=np.arange(60) % 5)
    model.fit(x, y, X_val=x, y_val=y * 1.0)
