"""The checks of scikit-learn on estimators for tables, and its tools around them."""

import numpy as np
import pytest
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier, StackingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr
from sklearn.utils.estimator_checks import parametrize_with_checks

from chainrule.tabular import TabularClassifier, TabularRegressor


#: Checks that cannot hold, and why.
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "it holds up to the rounding of float32, not "
    "to 1e-7: Adam makes steps of a gradient that is 0 but for rounding"
}


@parametrize_with_checks(
    [
        TabularClassifier("fast", hidden_layer_sizes=(32,)),
        TabularRegressor("fast", hidden_layer_sizes=(32,)),
    ],
    expected_failed_checks=lambda estimator: EXPECTED,
)
def test_check(estimator, check):
    check(estimator)


X, Y = load_iris(return_X_y=True)
SMALL = {"preset": "fast", "hidden_layer_sizes": (16,), "epochs": 100}


def classifier(**settings):
    return TabularClassifier(**{**SMALL, **settings})


def test_integer_weights_count_like_repeated_rows():
    """What is left of the check above, with its own reason for the tolerance."""
    weights = np.random.default_rng(0).integers(0, 4, len(Y))
    one = classifier(validation_fraction=0).fit(X, Y, sample_weight=weights)
    again = classifier(validation_fraction=0).fit(
        np.repeat(X, weights, axis=0), np.repeat(Y, weights)
    )
    np.testing.assert_allclose(one.predict_proba(X), again.predict_proba(X), atol=1e-3)


def test_cross_validation_in_several_processes():
    assert cross_val_score(classifier(), X, Y, cv=3, n_jobs=2).mean() > 0.85


def test_pipeline_and_search():
    found = GridSearchCV(
        make_pipeline(StandardScaler(), classifier()),
        {"tabularclassifier__learning_rate": [1e-6, 0.04]},
        cv=3,
    ).fit(X, Y)
    assert found.best_params_ == {"tabularclassifier__learning_rate": 0.04}
    assert found.best_score_ > 0.85


def test_epochs_are_a_resource_of_a_search_by_halving():
    search = HalvingRandomSearchCV(
        classifier(),
        {"learning_rate": [0.01, 0.04], "hidden_layer_sizes": [(8,), (16,)]},
        resource="epochs",
        min_resources=4,
        max_resources=16,
        n_candidates=4,
        cv=2,
        random_state=0,
    )
    assert search.fit(X, Y).best_score_ > 0.8


def test_column_transformer_of_a_frame(mixed):
    frame, names, _ = mixed
    chosen = ColumnTransformer(
        [("keep", "passthrough", ["size", "group"])], verbose_feature_names_out=False
    )
    model = Pipeline([("chosen", chosen.set_output(transform="pandas")), ("net", classifier())])
    assert model.fit(frame, names).score(frame, names) > 0.8
    assert model[-1].feature_names_in_.tolist() == ["size", "group"]


def test_ensembles_and_calibration_of_scikit_learn():
    models = (
        CalibratedClassifierCV(classifier(), cv=2),
        StackingClassifier(
            [("net", classifier()), ("line", LogisticRegression(max_iter=500))], cv=2
        ),
        BaggingClassifier(classifier(), n_estimators=2, random_state=0),
    )
    for model in models:
        assert model.fit(X, Y).score(X, Y) > 0.8


def test_transformed_target():
    model = TransformedTargetRegressor(
        TabularRegressor(**SMALL), func=np.log1p, inverse_func=np.expm1
    )
    assert model.fit(X[:, :3], X[:, 3]).score(X[:, :3], X[:, 3]) > 0.8


def test_importance_of_scikit_learn():
    model = classifier().fit(X, Y)
    found = permutation_importance(model, X, Y, n_repeats=3, random_state=0)
    assert found.importances_mean.argmax() >= 2


def test_rows_held_out_are_routed_through_a_pipeline():
    with sklearn.config_context(enable_metadata_routing=True):
        model = Pipeline(
            [
                ("scale", StandardScaler()),
                ("net", classifier().set_fit_request(X_val=True, y_val=True, sample_weight=True)),
            ],
            transform_input=["X_val"],
        )
        model.fit(X[::2], Y[::2], X_val=X[1::2], y_val=Y[1::2])
    held_out = model[0].transform(X[1::2])
    wrong = np.mean(model[-1].predict(held_out) != Y[1::2])
    assert wrong == pytest.approx(model[-1].validation_score_)


def test_notebook_shows_parameters():
    assert "hidden_layer_sizes" in estimator_html_repr(classifier().fit(X, Y))


def test_callbacks_hear_of_epochs_and_may_end_training():
    class Third:
        """Ends training after the third epoch."""

        epochs = 0

        def setup(self, estimator, context):
            self.epochs = 0

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context):
            self.epochs += context.task_name == "epoch"
            return self.epochs >= 3

    model = classifier().set_callbacks(Third())
    assert model.fit(X, Y).n_iter_ == 3
