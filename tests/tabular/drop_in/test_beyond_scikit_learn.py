"""What the drop-ins offer beyond scikit-learn's estimators, all of it off by default."""

import pickle
import signal

import numpy as np
import pytest
from sklearn.base import clone

from chainrule.tabular import MLPClassifier, MLPRegressor


pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4))
LABELS = (X[:, 0] > 0).astype(int) + (X[:, 1] > 1)
NUMBERS = X @ [1.0, -2.0, 0.5, 0.0]
QUICK = {"random_state": 0, "max_iter": 30, "hidden_layer_sizes": (8,), "backend": "numpy"}


def test_balanced_class_weights_are_sample_weights():
    counts = np.bincount(LABELS)
    weights = (len(LABELS) / (len(counts) * counts))[LABELS]
    weighted = MLPClassifier(**QUICK, class_weight="balanced").fit(X, LABELS)
    assert weighted.loss_ == MLPClassifier(**QUICK).fit(X, LABELS, weights).loss_
    twice = MLPClassifier(**QUICK, class_weight={2: 2.0}).fit(X, LABELS, weights)
    doubled = np.where(LABELS == 2, 2 * weights, weights)
    assert twice.loss_ == MLPClassifier(**QUICK).fit(X, LABELS, doubled).loss_


def test_a_class_that_weighs_more_is_told_more_often():
    plain = MLPClassifier(**QUICK).fit(X, LABELS)
    weighted = MLPClassifier(**QUICK, class_weight={2: 20.0}).fit(X, LABELS)
    assert np.sum(weighted.predict(X) == 2) > np.sum(plain.predict(X) == 2)


def test_each_hidden_layer_may_have_an_activation_of_its_own():
    settings = {**QUICK, "hidden_layer_sizes": (6, 5)}
    mixed = MLPRegressor(**settings, activation=["gelu", "leaky_relu(slope=0.2)"]).fit(X, NUMBERS)
    assert [coef.shape for coef in mixed.coefs_] == [(4, 6), (6, 5), (5, 1)]
    hidden = X @ mixed.coefs_[0] + mixed.intercepts_[0]
    from scipy.stats import norm

    hidden = hidden * norm.cdf(hidden) @ mixed.coefs_[1] + mixed.intercepts_[1]
    hidden = np.where(hidden > 0, hidden, 0.2 * hidden) @ mixed.coefs_[2] + mixed.intercepts_[2]
    np.testing.assert_allclose(mixed.predict(X), hidden[:, 0], rtol=1e-9)


def test_a_list_of_one_activation_is_that_activation():
    alone = MLPRegressor(**QUICK, activation="tanh").fit(X, NUMBERS)
    listed = MLPRegressor(**QUICK, activation=["tanh"]).fit(X, NUMBERS)
    assert np.array_equal(listed.coefs_[0], alone.coefs_[0])


@pytest.mark.parametrize(
    "loss", ["absolute_error", "huber(delta=0.5)", "quantile(level=0.5)", "squared_error"]
)
def test_losses_of_numbers_fit_a_line(loss):
    model = MLPRegressor(
        loss, (), random_state=0, learning_rate_init=0.02, max_iter=300, alpha=0.0, tol=0.0
    ).fit(X, NUMBERS)
    np.testing.assert_allclose(model.coefs_[0][:, 0], [1.0, -2.0, 0.5, 0.0], atol=0.05)


def test_a_quantile_is_above_its_share_of_the_targets():
    noise = RNG.normal(size=len(X))
    model = MLPRegressor(
        "quantile(level=0.9)", (), random_state=0, learning_rate_init=0.02, max_iter=400, tol=0.0
    ).fit(X, NUMBERS + noise)
    assert np.mean(NUMBERS + noise <= model.predict(X)) == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize("loss", ["hinge", "perceptron"])
@pytest.mark.parametrize("y", [LABELS, LABELS > 0], ids=["three", "two"])
def test_losses_of_scores_tell_classes_but_give_no_probabilities(loss, y):
    model = MLPClassifier(**{**QUICK, "max_iter": 200, "learning_rate_init": 0.01}, loss=loss)
    assert model.fit(X, y).score(X, y) > 0.9
    assert not hasattr(model, "predict_proba")
    assert model.out_activation_ == "identity"


@pytest.mark.parametrize("y", [LABELS, LABELS > 0], ids=["three", "two"])
def test_smoothed_labels_give_less_certain_probabilities(y):
    settings = {**QUICK, "max_iter": 100, "learning_rate_init": 0.02}
    plain = MLPClassifier(**settings).fit(X, y).predict_proba(X)
    smooth = MLPClassifier(**settings, loss="log_loss(label_smoothing=0.2)").fit(X, y)
    assert smooth.predict_proba(X).max(axis=1).mean() < plain.max(axis=1).mean() - 0.05


def test_dropout_works_in_training_alone_and_follows_the_random_state():
    settings = {**QUICK, "max_iter": 100, "learning_rate_init": 0.02}
    models = [MLPRegressor(**settings, dropout=0.5).fit(X, NUMBERS) for _ in range(2)]
    assert np.array_equal(models[0].coefs_[0], models[1].coefs_[0])
    in_use = np.mean((models[0].predict(X) - NUMBERS) ** 2) / 2
    assert models[0].loss_ > 1.5 * in_use
    assert np.array_equal(models[0].predict(X), models[0].predict(X))


def test_batch_normalisation_makes_inputs_of_any_scale_learnable():
    settings = {**QUICK, "max_iter": 100, "learning_rate_init": 0.02}
    large = 1e3 * X
    normed = MLPClassifier(**settings, batch_norm=True).fit(large, LABELS)
    assert normed.score(large, LABELS) > 0.9
    (norm,) = normed.batch_norms_
    assert {name: values.shape for name, values in norm.items()} == dict.fromkeys(
        ("scales", "means", "variances"), (8,)
    )
    sums = large @ normed.coefs_[0]
    np.testing.assert_allclose(norm["variances"], sums.var(axis=0), rtol=0.5)


def test_batch_normalisation_goes_on_with_partial_fit():
    model = MLPRegressor(**QUICK, batch_norm=True)
    before = model.partial_fit(X, NUMBERS).batch_norms_[0]["means"].copy()
    assert not np.array_equal(model.partial_fit(X, NUMBERS).batch_norms_[0]["means"], before)


def test_samples_of_ones_own_are_scored_after_each_epoch():
    model = MLPRegressor(**QUICK).fit(X[:150], NUMBERS[:150], X_val=X[150:], y_val=NUMBERS[150:])
    assert len(model.validation_scores_) == model.n_iter_
    assert model.validation_scores_[-1] == pytest.approx(model.score(X[150:], NUMBERS[150:]))
    assert model.best_validation_score_ == max(model.validation_scores_)


def test_with_samples_of_ones_own_early_stopping_holds_out_no_others():
    model = MLPClassifier(**{**QUICK, "max_iter": 400}, early_stopping=True, n_iter_no_change=3)
    model.fit(X[:150], LABELS[:150], X_val=X[150:], y_val=LABELS[150:])
    assert model.t_ == 150 * model.n_iter_
    assert model.score(X[150:], LABELS[150:]) == model.best_validation_score_


def test_any_number_of_threads_gives_the_same_bits():
    wide = {"random_state": 0, "max_iter": 3, "hidden_layer_sizes": (30,), "backend": "native"}
    one, two = (MLPRegressor(**wide, threads=n).fit(X, NUMBERS) for n in (1, 2))
    assert np.array_equal(one.coefs_[0], two.coefs_[0])


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_a_prediction_depends_on_no_other_row(backend):
    settings = {**QUICK, "backend": backend, "max_iter": 2}
    model = MLPClassifier(**settings).fit(X, LABELS)
    many = np.tile(X, (25, 1))
    whole = model.predict_proba(many)
    alone = np.concatenate([model.predict_proba(row[None]) for row in X])
    assert np.array_equal(whole[:200], alone)
    assert np.array_equal(whole[-200:], alone)


def test_a_pickled_model_goes_on_where_it_stood():
    model = MLPRegressor(**QUICK).partial_fit(X, NUMBERS)
    copy = pickle.loads(pickle.dumps(model))
    for either in (model, copy):
        either.partial_fit(X, NUMBERS)
    assert np.array_equal(copy.coefs_[0], model.coefs_[0])


def test_a_clone_is_not_fitted():
    model = MLPRegressor(**QUICK, activation=["tanh"], loss="huber").fit(X, NUMBERS)
    assert clone(model).get_params() == model.get_params()
    assert not hasattr(clone(model), "coefs_")


def test_parameters_that_differ_in_numbers_share_machine_code():
    from chainrule.tabular.drop_in.running import graph_of

    settings = {**QUICK, "backend": "native", "max_iter": 2}
    MLPRegressor(**settings).fit(X, NUMBERS)
    before = graph_of.cache_info().misses
    MLPRegressor(**settings, alpha=1.0, beta_1=0.5, learning_rate_init=0.1).fit(X, NUMBERS)
    assert graph_of.cache_info().misses == before


class Interrupting:
    """A callback in whose third epoch somebody presses Ctrl-C."""

    def __init__(self):
        self.epochs = 0

    def setup(self, estimator, context): ...

    def teardown(self, estimator, context): ...

    def on_fit_task_begin(self, estimator, context): ...

    def on_fit_task_end(self, estimator, context):
        self.epochs += 1
        if self.epochs == 3:
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_ctrl_c_keeps_what_was_learnt(solver):
    settings = {**QUICK, "solver": solver, "hidden_layer_sizes": (50,)}
    model = MLPRegressor(**settings).set_callbacks(Interrupting())
    with pytest.warns(UserWarning, match=r"Training interrupted by user\."):
        model.fit(X, NUMBERS)
    short = MLPRegressor(**{**settings, "max_iter": 3}).fit(X, NUMBERS)
    assert model.n_iter_ == 3
    assert np.array_equal(model.predict(X), short.predict(X))
