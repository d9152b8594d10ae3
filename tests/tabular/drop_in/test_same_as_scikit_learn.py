"""The same parameters and the same random state give scikit-learn's network, but for rounding."""

import warnings

import numpy as np
import pytest
from scipy.sparse import csc_array, csr_matrix
from sklearn.datasets import load_diabetes, load_digits, make_multilabel_classification
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor

from chainrule.tabular import MLPClassifier, MLPRegressor


pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

IMAGES, DIGITS = (part[:300] for part in load_digits(return_X_y=True))
IMAGES = IMAGES / 16
PATIENTS, PROGRESS = (part[:200] for part in load_diabetes(return_X_y=True))
PATIENTS, PROGRESS = PATIENTS * 10, (PROGRESS - 150) / 80
TWO = np.stack([PROGRESS, -(PROGRESS**2)], axis=1)
TEXTS, TOPICS = make_multilabel_classification(150, n_features=8, random_state=0)
WEIGHTS = np.random.default_rng(0).uniform(0.1, 1, 300)

CLASSIFIERS = {
    "adam": {},
    "adam, other settings": {
        "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-4, "learning_rate_init": 0.01
    },
    "alpha": {"alpha": 10.0},
    "batches in order": {"shuffle": False, "batch_size": 64},
    "no hidden layer": {"hidden_layer_sizes": ()},
    "three hidden layers": {"hidden_layer_sizes": (9, 8, 7), "activation": "tanh"},
    "one number for a layer": {"hidden_layer_sizes": 7, "activation": "identity"},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.1},
    "sgd, plain momentum": {"solver": "sgd", "nesterovs_momentum": False, "momentum": 0.5},
    "sgd, invscaling": {
        "solver": "sgd", "learning_rate": "invscaling", "power_t": 0.3, "learning_rate_init": 0.1,
        "batch_size": 300,
    },
    "sgd, adaptive": {
        "solver": "sgd", "learning_rate": "adaptive", "activation": "logistic", "tol": 0.05,
        "learning_rate_init": 0.5, "max_iter": 60, "n_iter_no_change": 2, "batch_size": 300,
    },
    "until no gain": {"tol": 0.02, "n_iter_no_change": 2, "max_iter": 80},
    "until no gain, one batch": {"tol": 0.02, "n_iter_no_change": 2, "batch_size": 300},
    "early stopping": {"early_stopping": True, "max_iter": 40, "n_iter_no_change": 3},
    "a larger share held out": {"early_stopping": True, "validation_fraction": 0.3},
    "lbfgs": {"solver": "lbfgs"},
}  # fmt: skip
REGRESSORS = {
    "adam": {},
    "identity": {"activation": "identity", "alpha": 1.0},
    "early stopping": {"early_stopping": True, "max_iter": 50, "n_iter_no_change": 4},
    "lbfgs": {"solver": "lbfgs", "hidden_layer_sizes": (5,)},
    "poisson": {"loss": "poisson"},
    "poisson, lbfgs": {"loss": "poisson", "solver": "lbfgs"},
}


def assert_same(theirs, ours, tolerance=1e-9):
    """Equal but for rounding: parameters, curves and all other fitted attributes."""
    names = {name for name in vars(theirs) if name.endswith("_")}
    assert names == {name for name in vars(ours) if name.endswith("_")}
    for name in ("coefs_", "intercepts_"):
        for their, our in zip(getattr(theirs, name), getattr(ours, name), strict=True):
            assert our.dtype == their.dtype
            np.testing.assert_allclose(our, their, rtol=tolerance, atol=tolerance)
    for name in names - {"coefs_", "intercepts_", "feature_names_in_"}:
        their, our = getattr(theirs, name), getattr(ours, name)
        if np.asarray(their).dtype.kind in "UO":
            assert np.array_equal(our, their), name
        else:
            np.testing.assert_allclose(our, their, rtol=max(tolerance, 1e-7), err_msg=name)


@pytest.mark.parametrize("backend", ["numpy", "native"])
@pytest.mark.parametrize("name", ["adam", "sgd, invscaling", "until no gain, one batch", "lbfgs"])
def test_a_classifier_is_the_same_on_every_backend(name, backend):
    settings = {"max_iter": 12, "random_state": 3, "hidden_layer_sizes": (20,), **CLASSIFIERS[name]}
    theirs = TheirClassifier(**settings).fit(IMAGES, DIGITS)
    ours = MLPClassifier(**settings, backend=backend).fit(IMAGES, DIGITS)
    assert_same(theirs, ours)
    np.testing.assert_allclose(ours.predict_proba(IMAGES), theirs.predict_proba(IMAGES), atol=1e-9)
    assert np.array_equal(ours.predict(IMAGES), theirs.predict(IMAGES))


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["no weights", "weights"])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_is_the_same_for_all_parameters(name, weights):
    settings = {"max_iter": 8, "random_state": 3, "hidden_layer_sizes": (20,), **CLASSIFIERS[name]}
    theirs = TheirClassifier(**settings).fit(IMAGES, DIGITS, weights)
    assert_same(theirs, MLPClassifier(**settings, backend="numpy").fit(IMAGES, DIGITS, weights))


# Of several squared errors scikit-learn's L-BFGS takes the gradient of another objective than that
# whose value it takes: for those see below.
@pytest.mark.parametrize(
    ("name", "outputs"),
    [(name, n) for name in REGRESSORS for n in (1, 2) if (name, n) != ("lbfgs", 2)],
)
def test_a_regressor_is_the_same_for_all_parameters(name, outputs):
    settings = {"max_iter": 8, "random_state": 3, "hidden_layer_sizes": (20,), **REGRESSORS[name]}
    y = PROGRESS - PROGRESS.min() if outputs == 1 else TWO - TWO.min()
    theirs = TheirRegressor(**settings).fit(PATIENTS, y)
    ours = MLPRegressor(**settings, backend="numpy").fit(PATIENTS, y)
    assert_same(theirs, ours)
    assert ours.predict(PATIENTS).shape == theirs.predict(PATIENTS).shape


def test_two_outputs_reach_the_minimum_that_each_reaches_alone():
    settings = {"solver": "lbfgs", "hidden_layer_sizes": (), "tol": 1e-9, "alpha": 1.0}
    both = MLPRegressor(**settings, random_state=0).fit(PATIENTS, TWO)
    for column in (0, 1):
        alone = TheirRegressor(**settings, random_state=1).fit(PATIENTS, TWO[:, column])
        np.testing.assert_allclose(both.coefs_[0][:, [column]], alone.coefs_[0], atol=1e-3)


def test_a_convex_problem_has_the_same_minimum_from_every_start():
    settings = {"solver": "lbfgs", "hidden_layer_sizes": (), "tol": 1e-8, "alpha": 1.0}
    settings["max_iter"] = 1000
    theirs = TheirClassifier(**settings, random_state=0).fit(IMAGES, DIGITS)
    ours = MLPClassifier(**settings, random_state=1).fit(IMAGES, DIGITS)
    assert ours.loss_ == pytest.approx(theirs.loss_, abs=1e-6)
    np.testing.assert_allclose(ours.predict_proba(IMAGES), theirs.predict_proba(IMAGES), atol=1e-3)


@pytest.mark.parametrize("y", [DIGITS > 4, np.where(DIGITS > 4, "high", "low"), DIGITS])
def test_early_stopping_holds_the_same_samples_out(y):
    settings = {"early_stopping": True, "random_state": 1, "n_iter_no_change": 2, "max_iter": 20}
    theirs = TheirClassifier(**settings).fit(IMAGES, y, WEIGHTS)
    assert_same(theirs, MLPClassifier(**settings, backend="numpy").fit(IMAGES, y, WEIGHTS))


def test_multilabel_targets_are_the_same():
    settings = {"hidden_layer_sizes": (7, 5), "random_state": 0, "max_iter": 20}
    theirs = TheirClassifier(**settings).fit(TEXTS, TOPICS)
    ours = MLPClassifier(**settings).fit(TEXTS, TOPICS)
    assert_same(theirs, ours)
    assert np.array_equal(ours.predict(TEXTS), theirs.predict(TEXTS))
    assert ours.score(TEXTS, TOPICS) == theirs.score(TEXTS, TOPICS)


@pytest.mark.parametrize("sparse", [csr_matrix, csc_array])
def test_sparse_inputs_give_what_dense_ones_give(sparse):
    settings = {"random_state": 0, "max_iter": 5, "early_stopping": True, "backend": "numpy"}
    dense = MLPClassifier(**settings).fit(IMAGES, DIGITS)
    assert_same(dense, MLPClassifier(**settings).fit(sparse(IMAGES), DIGITS), 0)
    assert np.array_equal(dense.predict_proba(sparse(IMAGES)), dense.predict_proba(IMAGES))


def test_float32_is_kept():
    settings = {"random_state": 0, "max_iter": 10}
    theirs = TheirClassifier(**settings).fit(IMAGES.astype(np.float32), DIGITS)
    ours = MLPClassifier(**settings).fit(IMAGES.astype(np.float32), DIGITS)
    assert_same(theirs, ours, 1e-2)
    assert ours.predict_proba(IMAGES.astype(np.float32)).dtype == np.float32
    assert ours.predict_proba(IMAGES).dtype == np.float64
    assert (
        MLPClassifier(solver="lbfgs", max_iter=2, backend="numpy")
        .fit(IMAGES.astype(np.float32), DIGITS)
        .coefs_[0]
        .dtype
        == np.float32
    )


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_partial_fit_goes_on_as_scikit_learns_does(solver):
    pairs = [kind(solver=solver, random_state=0) for kind in (TheirClassifier, MLPClassifier)]
    for part in (slice(0, 150), slice(150, 300), slice(0, 300)):
        for model in pairs:
            model.partial_fit(IMAGES[part], DIGITS[part], classes=np.arange(10))
    assert_same(*pairs)


def test_partial_fit_of_a_regressor_goes_on():
    pairs = [kind(random_state=0) for kind in (TheirRegressor, MLPRegressor)]
    for part in (slice(0, 150), slice(50, 200)):
        for model in pairs:
            model.partial_fit(PATIENTS[part], TWO[part], WEIGHTS[part][: len(TWO[part])])
    assert_same(*pairs)


def test_warm_start_keeps_the_state_of_the_solver():
    settings = {"shuffle": False, "random_state": 0, "backend": "numpy"}
    whole = MLPClassifier(max_iter=6, **settings).fit(IMAGES, DIGITS)
    parts = MLPClassifier(max_iter=3, warm_start=True, **settings)
    parts.fit(IMAGES, DIGITS).fit(IMAGES, DIGITS)
    assert np.array_equal(parts.coefs_[0], whole.coefs_[0])
    assert parts.loss_curve_ == whole.loss_curve_
    assert parts.t_ == whole.t_


def test_what_is_printed_is_the_same(capsys):
    settings = {"random_state": 0, "max_iter": 60, "tol": 0.05, "n_iter_no_change": 2}
    cases = [
        {"verbose": True},
        {"verbose": True, "early_stopping": True},
        {"verbose": True, "solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1},
    ]
    for case in cases:
        TheirClassifier(**settings, **case).fit(IMAGES, DIGITS)
        theirs = capsys.readouterr().out
        MLPClassifier(**settings, **case).fit(IMAGES, DIGITS)
        assert capsys.readouterr().out == theirs


def test_a_generator_that_is_shared_is_left_in_the_same_state():
    states = []
    for kind in (TheirClassifier, MLPClassifier):
        random = np.random.RandomState(0)
        kind(random_state=random, tol=0.05, n_iter_no_change=2, batch_size=300).fit(IMAGES, DIGITS)
        states.append(random.randint(2**31))
    assert states[0] == states[1]


def test_the_parameters_have_the_names_the_order_and_the_defaults_of_scikit_learns():
    for theirs, ours in ((TheirClassifier, MLPClassifier), (TheirRegressor, MLPRegressor)):
        with warnings.catch_warnings():
            found = ours().get_params()
        assert {**found, **theirs().get_params()} == found
    assert MLPRegressor("poisson", (3,), "tanh").get_params()["activation"] == "tanh"


def test_training_goes_on_in_the_dtype_in_which_it_began():
    pairs = [kind(random_state=0) for kind in (TheirRegressor, MLPRegressor)]
    for model in pairs:
        model.partial_fit(PATIENTS.astype(np.float32), PROGRESS).partial_fit(PATIENTS, PROGRESS)
    assert_same(*pairs, 1e-3)
    assert pairs[1].coefs_[0].dtype == np.float32
