"""The estimator that tells classes of the rows of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, column_or_1d

from chainrule.nn.activations import identity
from chainrule.ops import log_softmax, softmax
from chainrule.tabular import fitting, inputs
from chainrule.tabular.calibration import scaled, temperature
from chainrule.tabular.callbacks import CallbackSupportMixin, begin_fit, with_callbacks
from chainrule.tabular.fitted import TabularMixin
from chainrule.tabular.targets import Classes


class TabularClassifier(CallbackSupportMixin, TabularMixin, ClassifierMixin, BaseEstimator):
    """A network that tells the classes of the rows of a table.

    Columns may be numbers, text, categories, booleans and dates, with entries missing anywhere; how
    each is taken is in `columns_` after `fit`.

    Parameters
    ----------
    preset : "fast", "default" (RealMLP-TD-S), "accurate" (RealMLP-TD), "tabm" or "ensemble"
    hidden_layer_sizes, learning_rate, epochs, batch_size : in place of the preset's
    time_limit : seconds of training, after which the best epoch so far is taken
    validation_fraction : share of the rows that chooses the epoch and the temperature; of fewer
        than 50 rows none is held out, and the last epoch is taken
    class_weight : "balanced", or the weight of each class
    calibrate : whether probabilities are those of the temperature that suits the rows held out
    drop, numeric_features, categorical_features : columns to leave out, or to take as named
    text : of columns of long texts: "hash" counts their words, "leave" leaves them out
    random_state : same seed, same bits
    threads, backend : as of `train.fit`
    verbose : whether a live line is shown

    Attributes
    ----------
    classes_ : `(classes,)`
    columns_ : what was recognised of each column
    network_ : the network in use, from the matrix of a table to logits
    preprocessing_ : what makes that matrix
    history_ : by name, a number for each epoch; best_epoch_, n_iter_ : the one taken, how many
    temperature_ : what the logits are divided by
    """

    def __init__(
        self,
        preset: str = "default",
        *,
        hidden_layer_sizes: tuple[int, ...] | None = None,
        learning_rate: float | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        time_limit: float | None = None,
        validation_fraction: float = 0.2,
        class_weight: Any = None,
        calibrate: bool = True,
        drop: Any = None,
        numeric_features: Any = None,
        categorical_features: Any = None,
        text: str = "hash",
        random_state: Any = 0,
        threads: int | None = None,
        backend: str = "auto",
        verbose: bool = False,
    ) -> None:
        self.preset = preset
        self.hidden_layer_sizes = hidden_layer_sizes
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.time_limit = time_limit
        self.validation_fraction = validation_fraction
        self.class_weight = class_weight
        self.calibrate = calibrate
        self.drop = drop
        self.numeric_features = numeric_features
        self.categorical_features = categorical_features
        self.text = text
        self.random_state = random_state
        self.threads = threads
        self.backend = backend
        self.verbose = verbose

    @with_callbacks
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, X_val: Any = None, y_val: Any = None
    ) -> TabularClassifier:
        """Learn from rows X `(rows, columns)` with classes y `(rows,)`.

        X_val, y_val  rows that choose the epoch, in place of a share of X
        ValueError, naming column and row, for what cannot be learnt from.
        """
        table = inputs.read(self, X, reset=True)
        classes, name = inputs.target(y)
        classes = column_or_1d(classes, warn=True)
        check_consistent_length(X, classes)
        check_classification_targets(classes)
        weights = fitting.weights_of(sample_weight, X)
        kept = fitting.present(weights)
        self.classes_ = np.unique(classes[kept])
        if len(self.classes_) < 2:
            raise ValueError(
                f"y holds one class only, {self.classes_.tolist()[0]!r}; there is nothing to tell "
                "apart"
            )
        known = Classes(self.classes_)
        self._begin(table, known.record(name), weights)
        x = self.preprocessing_.features(fitting.rows(table, kept))
        samples = fitting.Samples(x, known.labels(classes[kept]), fitting.some(weights, kept))
        samples = samples.weighed(self.class_weight, self.classes_)
        seed = fitting.seed_of(self.random_state)
        if X_val is None:
            held_out = fitting.held_out_of(
                samples.y, len(samples.y), self.validation_fraction, seed
            )
        else:
            held_out = self._given(X_val, known.labels(inputs.target(y_val)[0]))
        work = begin_fit(self, X, y, None, {"sample_weight": sample_weight})
        found = fitting.learnt(
            *(self, work, samples, held_out, seed),
            task="classification",
            classes=len(self.classes_),
        )
        self._calibrate(self._keep(found, samples, held_out))
        work.end(self._fitted)
        return self

    def _calibrate(self, held_out: fitting.Samples | None) -> None:
        self.temperature_ = 1.0
        if held_out is None or not self.calibrate:
            return
        logits = self._forward(identity, self.backend_)(held_out.x)
        self.temperature_ = temperature(logits, held_out.y, held_out.weights)
        self._set_network(scaled(self.network_, self.temperature_))

    def decision_function(self, X: Any) -> Any:
        """The logits `(rows, classes)`; of two classes their difference `(rows,)`."""
        logits = self._outputs(X, identity)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class `(rows, classes)`, in the order of `classes_`."""
        found = self._outputs(X, softmax)
        # Those of float32 do not add up to 1 in the digits of float64, which metrics ask for.
        found /= np.add.reduce(found, axis=1, keepdims=True)
        return found

    def predict_log_proba(self, X: Any) -> Any:
        """Its logarithm `(rows, classes)`."""
        return self._outputs(X, log_softmax)

    def predict(self, X: Any) -> Any:
        """The most probable class of each row `(rows,)`."""
        return self._told(self._outputs(X, identity))

    def _told(self, outputs: Any) -> Any:
        """What is predicted where the network gives these outputs."""
        return self.classes_.take(outputs.argmax(axis=1))
