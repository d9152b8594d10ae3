"""Errors and warnings: scikit-learn's types and words, and what to do."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.utils._param_validation import InvalidParameterError

from chainrule.tabular import MLPClassifier, MLPRegressor


RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
LABELS = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
NUMBERS = X @ [1.0, -2.0, 0.5]
WRONG = {
    "hidden_layer_sizes": (-1,),
    "activation": "ghost",
    "solver": "newton",
    "alpha": -1,
    "batch_size": 0,
    "learning_rate": "fast",
    "learning_rate_init": 0,
    "power_t": -1.0,
    "max_iter": 0,
    "shuffle": "yes",
    "random_state": "x",
    "tol": -1,
    "verbose": -1,
    "warm_start": "no",
    "momentum": 2,
    "nesterovs_momentum": "no",
    "early_stopping": "no",
    "validation_fraction": 1,
    "beta_1": 1,
    "beta_2": -0.5,
    "epsilon": 0,
    "n_iter_no_change": 0,
    "max_fun": 0,
}
OURS = {
    "activation": ["relu", "tanh"],
    "loss": "gini",
    "dropout": 1.0,
    "batch_norm": "yes",
    "threads": 0,
    "backend": "gpu",
}


def error_of(function, *args):
    with pytest.raises(Exception) as caught:
        function(*args)
    return caught.value


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_parameter_gives_the_error_of_scikit_learn(name):
    theirs = error_of(TheirClassifier(**{name: WRONG[name]}).fit, X, LABELS)
    ours = error_of(MLPClassifier(**{name: WRONG[name]}).fit, X, LABELS)
    assert type(ours) is type(theirs)
    assert str(ours).split(" must ")[0] == str(theirs).split(" must ")[0]


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_a_wrong_parameter_of_our_own_is_named(kind, name):
    with pytest.raises(InvalidParameterError, match=f"The '{name}' parameter of {kind.__name__}"):
        kind(**{name: OURS[name]}).fit(X, LABELS)


def test_an_unknown_setting_of_an_activation_or_a_loss_is_named():
    with pytest.raises(InvalidParameterError, match=r"slop.*did you mean 'slope'"):
        MLPClassifier(activation="leaky_relu(slop=1)").fit(X, LABELS)
    with pytest.raises(InvalidParameterError, match=r"delt.*did you mean 'delta'"):
        MLPRegressor(loss="huber(delt=1)").fit(X, NUMBERS)
    with pytest.raises(InvalidParameterError, match="it learns, which this network cannot"):
        MLPRegressor(activation="prelu").fit(X, NUMBERS)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_max_iter_reached_gives_the_warning_of_scikit_learn(solver):
    texts = []
    for kind in (TheirClassifier, MLPClassifier):
        with pytest.warns(ConvergenceWarning) as caught:
            kind(solver=solver, max_iter=2).fit(X, LABELS)
        texts.append(str(caught[0].message))
    assert texts[0] == texts[1]


@pytest.mark.parametrize("limit", [{"max_iter": 2}, {"max_fun": 2}])
def test_lbfgs_cut_off_gives_the_warning_of_scikit_learn(limit):
    texts = []
    for kind in (TheirRegressor, MLPRegressor):
        with pytest.warns(ConvergenceWarning) as caught:
            kind(solver="lbfgs", random_state=0, **limit).fit(X, NUMBERS)
        texts.append(str(caught[0].message))
    assert texts[0] == texts[1]


def test_a_batch_size_beyond_the_samples_is_clipped_with_a_warning():
    with pytest.warns(UserWarning, match="Got `batch_size` less than 1 or larger than"):
        MLPRegressor(batch_size=100, tol=1e9, max_iter=50).fit(X, NUMBERS)


def test_a_column_as_target_gives_a_warning():
    with pytest.warns(DataConversionWarning):
        MLPRegressor(tol=1e9).fit(X, NUMBERS[:, None])


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_divergence_is_an_error_that_says_what_to_do(solver):
    model = MLPRegressor(solver=solver, learning_rate_init=1e3, backend="numpy")
    text = "Solver produced non-finite parameter weights.*need to be preprocessed.*StandardScaler"
    with pytest.raises(ValueError, match=text):
        model.fit(X * 1e200, NUMBERS * 1e200)


def test_partial_fit_is_not_there_for_lbfgs():
    for model in (MLPClassifier(solver="lbfgs"), MLPRegressor(solver="lbfgs")):
        assert not hasattr(model, "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit"):
        MLPClassifier(solver="lbfgs").partial_fit(X, LABELS, classes=[0, 1, 2])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: MLPClassifier(early_stopping=True).partial_fit(X, LABELS, classes=[0, 1, 2]),
            "partial_fit does not support early_stopping=True",
        ),
        (
            lambda: MLPClassifier().partial_fit(X, LABELS),
            "classes must be passed on the first call to partial_fit",
        ),
        (
            lambda: MLPClassifier().partial_fit(X, LABELS, classes=[0, 1]),
            "`y` has classes not in `self.classes_`",
        ),
        (
            lambda: MLPClassifier(warm_start=True, tol=1e9).fit(X, LABELS).fit(X, LABELS > 1),
            "warm_start can only be used where `y` has the same classes",
        ),
        (
            lambda: MLPClassifier(early_stopping=True, validation_fraction=0.02).fit(X, LABELS),
            "The validation set is too small. Increase 'validation_fraction'",
        ),
        (
            lambda: MLPRegressor(loss="poisson").fit(X, NUMBERS),
            "loss='poisson' requires y >= 0, but y holds -",
        ),
        (lambda: MLPRegressor().fit(X, NUMBERS, X_val=X), "pass y_val too"),
        (
            lambda: MLPRegressor(solver="lbfgs").fit(X, NUMBERS, X_val=X, y_val=NUMBERS),
            "X_val is scored after each epoch, which solver='lbfgs' has not",
        ),
        (lambda: MLPClassifier().fit(X, LABELS, None, X, LABELS + 1), "not in y"),
        (
            lambda: MLPRegressor(dropout=0.5, solver="lbfgs").fit(X, NUMBERS),
            "need mini-batches, which solver='lbfgs' has not",
        ),
        (
            lambda: MLPClassifier(class_weight="balanced").partial_fit(X, LABELS, classes=[0]),
            "class_weight='balanced' is not supported for partial_fit",
        ),
    ],
)
def test_what_cannot_be_is_a_value_error(call, text):
    with pytest.raises(ValueError, match=text):
        call()


def test_warm_start_with_another_network_is_an_error_that_says_so():
    model = MLPRegressor(warm_start=True, tol=1e9, backend="numpy").fit(X, NUMBERS)
    with pytest.raises(ValueError, match=r"goes on from weights of shapes .* warm_start=False"):
        model.set_params(hidden_layer_sizes=(7,)).fit(X, NUMBERS)


def test_predictions_before_fit_are_an_error():
    for call in (MLPClassifier().predict_proba, MLPRegressor().predict):
        with pytest.raises(NotFittedError):
            call(X)


def test_a_batch_whose_weights_are_all_zero_is_passed_over():
    weights = np.repeat([0.0, 1.0], 20)
    model = MLPRegressor(batch_size=20, shuffle=False, tol=1e9, backend="numpy")
    assert np.isfinite(model.fit(X, NUMBERS, weights).loss_)
