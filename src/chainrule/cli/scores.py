"""How good predictions are on samples held out, beside a linear model and the simplest guess."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import metrics
from chainrule.cli.samples import Samples


#: Numbers that the linear baseline learns from at most: more make it slower than the network.
_LARGEST = 8_000_000


@dataclass(frozen=True)
class Metric:
    """A row of a table of metrics.

    function  (truth, prediction) -> a number: labels `(samples,)` and probabilities
              `(samples, classes)`, or numbers `(samples, outputs)` both
    form      how it is written
    """

    name: str
    title: str
    form: str
    function: Callable[[Any, Any], float]

    def text(self, value: float) -> str:
        """The number as people read it."""
        return self.form.format(value)


def share_right(labels: Any, probabilities: Any) -> float:
    """The share of samples whose most probable class is the true one."""
    return metrics.accuracy(labels, np.argmax(probabilities, axis=-1))


def balanced_share_right(labels: Any, probabilities: Any) -> float:
    """`share_right` of each class, and their mean."""
    return metrics.balanced_accuracy(labels, np.argmax(probabilities, axis=-1))


CLASSES = (
    Metric("accuracy", "accuracy", "{:.1%}", share_right),
    Metric("log_loss", "log-loss", "{:.4g}", metrics.log_loss),
)
NUMBERS = (
    Metric("rmse", "RMSE", "{:.4g}", metrics.root_mean_squared_error),
    Metric("r2", "R²", "{:.3f}", metrics.r2),
)

#: Those of a model that is looked at by itself.
ALL_OF_CLASSES = (
    *CLASSES,
    Metric("balanced_accuracy", "balanced accuracy", "{:.1%}", balanced_share_right),
    Metric("roc_auc", "AUC", "{:.4f}", metrics.roc_auc),
    Metric("brier_score", "Brier score", "{:.4g}", metrics.brier_score),
)
ALL_OF_NUMBERS = (
    NUMBERS[0],
    Metric("mae", "MAE", "{:.4g}", metrics.mean_absolute_error),
    NUMBERS[1],
)


def metrics_of(classes: Any, are_all: bool = False) -> tuple[Metric, ...]:
    """The metrics for these classes; for numbers where there are none."""
    if are_all:
        return ALL_OF_CLASSES if classes else ALL_OF_NUMBERS
    return CLASSES if classes else NUMBERS


def scores(rows: tuple[Metric, ...], truth: Any, prediction: Any) -> dict[str, float]:
    """Each metric of a prediction, by name."""
    return {row.name: row.function(truth, prediction) for row in rows}


def baselines(samples: Samples) -> dict[str, dict[str, float]]:
    """The scores of a linear model and of the simplest guess, that learn from the same samples."""
    rows = max(_LARGEST // max(samples.x.shape[1], 1), 1_000)
    some = f" on {rows:,} rows" if len(samples.x) > rows else ""
    truth = samples.truth if samples.classes else samples.truth[:, 0]
    found: dict[str, dict[str, float]] = {}
    for name, model, most in _models(bool(samples.classes), rows, some):
        weight = None if samples.weights is None else samples.weights[:most]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a line that has not converged is a line all the same
            model.fit(samples.x[:most], truth[:most], sample_weight=weight)
        if samples.classes:
            told = probabilities(model, samples.x_test, len(samples.classes))
        else:
            told = model.predict(samples.x_test)[:, None]
        found[name] = scores(metrics_of(samples.classes), samples.truth_test, told)
    return found


def _models(is_of_classes: bool, rows: int, some: str) -> list[tuple[str, Any, int | None]]:
    """Each baseline: its name, the model, and how many rows it learns from."""
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.linear_model import LogisticRegression, Ridge

    if not is_of_classes:
        return [(f"linear (ridge{some})", Ridge(), rows), ("mean", DummyRegressor(), None)]
    return [
        (f"linear (logistic regression{some})", LogisticRegression(max_iter=1000), rows),
        ("majority class", DummyClassifier(strategy="prior"), None),
    ]


def probabilities(model: Any, x: Any, classes: int) -> Any:
    """Of a fitted classifier `(samples, classes)`: 0 for classes that it has not seen."""
    found = np.zeros((len(x), classes))
    found[:, model.classes_] = model.predict_proba(x)
    return found
