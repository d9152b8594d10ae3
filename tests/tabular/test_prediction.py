"""Predictions: in machine code that models of one shape share, or by NumPy where that was asked."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from chainrule.compile import cache
from chainrule.tabular import TabularClassifier, TabularRegressor


rng = np.random.default_rng(0)
X = rng.normal(size=(120, 3)).astype(np.float32)
Y = np.exp(X[:, 0]) + X[:, 1]
MODELS = {
    "classes": (TabularClassifier, (Y > 1).astype(int)),
    "numbers": (TabularRegressor, Y),
}


def fitted(kind, seed=0, **settings):
    make, y = MODELS[kind]
    settings = {"hidden_layer_sizes": (8,), "epochs": 4, **settings}
    return make("fast", random_state=seed, **settings).fit(X, y)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A cache without entries."""
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path))


@pytest.mark.parametrize("kind", MODELS)
def test_another_model_of_the_same_shape_is_not_compiled_again(kind):
    one, other = fitted(kind), fitted(kind, seed=1)
    before = one.predict(X)
    entries = cache.info().entries
    assert entries > 0 and not np.array_equal(other.predict(X), before)
    assert cache.info().entries == entries


@pytest.mark.parametrize("kind", MODELS)
def test_short_training_by_numpy_predicts_in_machine_code(kind):
    model = fitted(kind)
    assert model.backend_ == "numpy" and cache.info().entries == 0
    model.predict(X[:1])
    assert cache.info().entries > 0


@pytest.mark.parametrize("kind", MODELS)
def test_numpy_alone_where_it_was_asked_for(kind):
    model = fitted(kind, backend="numpy")
    np.testing.assert_allclose(model.predict(X), fitted(kind).predict(X), rtol=1e-5)
    model.predict(X[:1])
    fitted(kind).predict(X)
    compiled = cache.info().entries
    fitted(kind, seed=3, hidden_layer_sizes=(7,), backend="numpy").predict(X)
    assert cache.info().entries == compiled


@pytest.mark.parametrize("kind", MODELS)
def test_numbers_of_a_row_do_not_depend_on_others(kind):
    model = fitted(kind)
    whole = model.predict(X)
    for rows in (slice(0, 1), slice(5, 70), slice(0, 119)):
        np.testing.assert_array_equal(model.predict(X[rows]), whole[rows])


# ---- one row as a dict -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def of_mixed(mixed):
    """A frame, and both estimators that learnt of it."""
    frame, classes, numbers = mixed
    settings = {"hidden_layer_sizes": (8,), "epochs": 4}
    told = TabularClassifier("fast", **settings).fit(frame, classes)
    return frame, (told, TabularRegressor("fast", **settings).fit(frame, numbers))


@pytest.mark.parametrize("place", range(0, 300, 60))
def test_dict_of_entries_is_predicted_as_the_row_of_a_frame(of_mixed, place):
    frame, models = of_mixed
    entries = frame.iloc[place].to_dict()
    for model in models:
        np.testing.assert_array_equal(model.predict(entries), model.predict(frame[place:][:1]))
    told, number = models
    np.testing.assert_array_equal(told.predict_proba(entries), told.predict_proba(frame)[[place]])
    assert number.predict_interval(entries).shape == (1, 2)


def test_dict_with_a_column_that_was_never_there_or_without_one_is_refused(of_mixed):
    frame, models = of_mixed
    entries = frame.iloc[0].to_dict()
    for model in models:
        with pytest.raises(ValueError, match="no column of these names was there in fit: sizes"):
            model.predict({**entries, "sizes": 1})
        with pytest.raises(ValueError, match="no column 'size'"):
            model.predict({"group": "north"})


def test_dict_before_fit_is_refused():
    with pytest.raises(NotFittedError):
        TabularClassifier().predict({"size": 1})
