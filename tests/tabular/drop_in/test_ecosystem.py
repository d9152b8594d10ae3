"""The drop-ins inside scikit-learn's tools."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_digits
from sklearn.ensemble import StackingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier as Theirs
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from chainrule.tabular import MLPClassifier, MLPRegressor


pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

IMAGES, DIGITS = (part[:400] for part in load_digits(return_X_y=True))
QUICK = {"random_state": 0, "max_iter": 30, "hidden_layer_sizes": (16,), "backend": "numpy"}
QUICK["learning_rate_init"] = 0.02


def test_a_pipeline_reaches_the_quality_of_scikit_learns():
    scores = [
        cross_val_score(make_pipeline(StandardScaler(), model), IMAGES, DIGITS, cv=3)
        for model in (
            MLPClassifier(random_state=0, max_iter=40),
            Theirs(random_state=0, max_iter=40),
        )
    ]
    np.testing.assert_array_equal(*scores)


def test_a_pipeline_fits_the_diabetes_data():
    x, y = load_diabetes(return_X_y=True)
    model = make_pipeline(
        StandardScaler(), MLPRegressor(solver="lbfgs", alpha=10, hidden_layer_sizes=(10,))
    )
    assert cross_val_score(model, x, y / y.std(), cv=3).mean() > 0.4


def test_folds_and_searches_run_in_two_processes():
    scores = cross_val_score(MLPClassifier(**QUICK), IMAGES / 16, DIGITS, cv=2, n_jobs=2)
    assert scores.min() > 0.8
    search = GridSearchCV(
        MLPClassifier(**QUICK), {"learning_rate_init": [1e-6, 1e-2]}, cv=2, n_jobs=2
    ).fit(IMAGES / 16, DIGITS)
    assert search.best_params_ == {"learning_rate_init": 1e-2}


def test_successive_halving_takes_epochs_as_its_resource():
    search = HalvingRandomSearchCV(
        MLPClassifier(**QUICK),
        {"alpha": [1e-4, 1.0, 100.0]},
        resource="max_iter",
        max_resources=9,
        min_resources=3,
        cv=2,
        random_state=0,
    ).fit(IMAGES / 16, DIGITS)
    assert search.best_estimator_.n_iter_ <= 9


def test_probabilities_can_be_calibrated_and_stacked():
    model = MLPClassifier(**QUICK)
    calibrated = CalibratedClassifierCV(model, cv=2).fit(IMAGES / 16, DIGITS)
    assert calibrated.score(IMAGES / 16, DIGITS) > 0.8
    stacked = StackingClassifier([("mlp", model)], LogisticRegression(), cv=2)
    assert stacked.fit(IMAGES / 16, DIGITS).score(IMAGES / 16, DIGITS) > 0.8


def test_columns_of_a_frame_are_prepared_and_their_names_checked():
    frame = pd.DataFrame({"size": np.arange(60.0), "kind": ["a", "b", "c"] * 20})
    y = frame["size"] / 30 + (frame["kind"] == "a")
    prepared = make_column_transformer((StandardScaler(), ["size"]), (OneHotEncoder(), ["kind"]))
    model = make_pipeline(prepared, MLPRegressor(solver="lbfgs", random_state=0)).fit(frame, y)
    assert model.score(frame, y) > 0.99
    plain = MLPRegressor(**QUICK).fit(frame[["size"]], y)
    assert list(plain.feature_names_in_) == ["size"]
    with pytest.raises(ValueError, match="feature names should match"):
        plain.predict(frame[["size"]].rename(columns={"size": "weight"}))


def test_own_validation_samples_pass_through_a_pipeline():
    with sklearn.config_context(enable_metadata_routing=True):
        model = MLPClassifier(**QUICK).set_fit_request(X_val=True, y_val=True, sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        steps = [("scale", scaler), ("mlp", model)]
        pipeline = Pipeline(steps, transform_input=["X_val"]).fit(
            IMAGES[:300],
            DIGITS[:300],
            X_val=IMAGES[300:],
            y_val=DIGITS[300:],
            sample_weight=np.ones(300),
        )
    assert pipeline["mlp"].validation_scores_[-1] == pipeline.score(IMAGES[300:], DIGITS[300:])


def test_an_estimator_draws_itself_in_a_notebook():
    assert "MLPClassifier" in MLPClassifier(**QUICK)._repr_html_()
