"""The estimator that predicts numbers for the rows of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from chainrule.nn.activations import identity
from chainrule.tabular import fitting, inputs
from chainrule.tabular.calibration import conformal_margin
from chainrule.tabular.callbacks import CallbackSupportMixin, begin_fit, with_callbacks
from chainrule.tabular.fitted import TabularMixin
from chainrule.tabular.losses import plain_loss, quantile_loss, quantities_of
from chainrule.tabular.targets import Quantities


class TabularRegressor(CallbackSupportMixin, TabularMixin, RegressorMixin, BaseEstimator):
    """A network that predicts numbers for the rows of a table.

    Columns and parameters as of `TabularClassifier`, but for

    Parameters
    ----------
    loss : "squared_error", "absolute_error", "huber(delta=1)", ...: a loss by name
    quantiles : shares such as (0.05, 0.5, 0.95), which are predicted in place of the mean;
        `predict` then gives the one in the middle
    log_target : whether the logarithm of the target is learnt, as suits skewed ones

    Attributes
    ----------
    network_ : the network in use, from the matrix of a table to standardised numbers
    held_out_errors_ : `(rows held out, outputs)`, how far predictions or quantiles are off; what
        `predict_interval` widens by
    """

    def __init__(
        self,
        preset: str = "default",
        *,
        loss: str = "squared_error",
        quantiles: tuple[float, ...] | None = None,
        log_target: bool = False,
        hidden_layer_sizes: tuple[int, ...] | None = None,
        learning_rate: float | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        time_limit: float | None = None,
        validation_fraction: float = 0.2,
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
        self.loss = loss
        self.quantiles = quantiles
        self.log_target = log_target
        self.hidden_layer_sizes = hidden_layer_sizes
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.time_limit = time_limit
        self.validation_fraction = validation_fraction
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
    ) -> TabularRegressor:
        """Learn from rows X `(rows, columns)` with numbers y `(rows,)` or `(rows, outputs)`.

        X_val, y_val  rows that choose the epoch, in place of a share of X
        ValueError, naming column and row, for what cannot be learnt from.
        """
        table = inputs.read(self, X, reset=True)
        numbers, names, is_flat = quantities_of(y)
        self._is_flat = is_flat
        check_consistent_length(X, numbers)
        loss = quantile_loss(self.quantiles, numbers.shape[1]) or plain_loss(self.loss)
        weights = fitting.weights_of(sample_weight, X)
        kept = fitting.present(weights)
        known = Quantities.fit(numbers[kept], names, fitting.some(weights, kept), self.log_target)
        self.targets_ = known
        self._begin(table, known.records[0], weights)
        x = self.preprocessing_.features(fitting.rows(table, kept))
        samples = fitting.Samples(x, known.learnt(numbers[kept]), fitting.some(weights, kept))
        seed = fitting.seed_of(self.random_state)
        if X_val is None:
            held_out = fitting.held_out_of(None, len(samples.y), self.validation_fraction, seed)
        else:
            held_out = self._given(X_val, known.learnt(quantities_of(y_val)[0]))
        work = begin_fit(self, X, y, None, {"sample_weight": sample_weight})
        outputs = len(self.quantiles) if self.quantiles is not None else numbers.shape[1]
        found = fitting.learnt(
            self, work, samples, held_out, seed, task="regression", loss=loss, outputs=outputs
        )
        self._keep_errors(self._keep(found, samples, held_out))
        work.end(self._fitted)
        return self

    def _keep_errors(self, held_out: fitting.Samples | None) -> None:
        """How far the rows held out lie outside of what is predicted."""
        self.held_out_errors_, self.held_out_weights_ = None, None
        if held_out is None:
            return
        found = self._forward(identity, self.backend_)(held_out.x)
        truth = self.targets_.decoded(held_out.y)
        if self.quantiles is None:
            errors = np.abs(truth - self.targets_.decoded(found))
        else:
            levels = self._levels_of(found)
            errors = np.maximum(levels[:, :1] - truth, truth - levels[:, -1:])
        self.held_out_errors_, self.held_out_weights_ = errors, held_out.weights

    def _levels_of(self, outputs: Any) -> Any:
        """Quantiles `(rows, levels)` in the units of y, ascending."""
        return np.sort(self.targets_.records[0].decode(outputs), axis=1)

    def predict(self, X: Any) -> Any:
        """What is expected of each row: `(rows,)`, or `(rows, outputs)` as y was."""
        return self._told(self._outputs(X, identity))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _told(self, outputs: Any) -> Any:
        """What is predicted where the network gives these outputs."""
        if self.quantiles is not None:
            return self._levels_of(outputs)[:, len(self.quantiles) // 2]
        found = self.targets_.decoded(outputs)
        return found[:, 0] if self._is_flat else found

    def predict_quantiles(self, X: Any) -> Any:
        """The quantiles that were asked for `(rows, levels)`, ascending.

        ValueError where none were: TabularRegressor(quantiles=(0.05, 0.5, 0.95)).
        """
        check_is_fitted(self)
        if self.quantiles is None:
            raise ValueError(
                "predict_quantiles: none were learnt; fit TabularRegressor(quantiles=(0.05, 0.5, "
                "0.95)), or take predict_interval, which needs none"
            )
        return self._levels_of(self._outputs(X, identity))

    def predict_interval(self, X: Any, coverage: float = 0.9) -> Any:
        """Intervals `(rows, 2)`, or `(rows, outputs, 2)`, that hold this share of what comes.

        The share holds on average over rows like those held out, whatever the network is worth:
        split conformal prediction; with quantiles conformalised quantile regression (Y. Romano, E.
        Patterson, E. Candès, 2019). ValueError where no rows were held out.
        """
        check_is_fitted(self)
        errors = self.held_out_errors_
        if errors is None:
            raise ValueError(
                "predict_interval: no rows were held out; fit with validation_fraction above 0 and "
                "at least 50 rows, or with X_val and y_val"
            )
        margins = [conformal_margin(e, coverage, self.held_out_weights_) for e in errors.T]
        if self.quantiles is None:
            middle = self.targets_.decoded(self._outputs(X, identity))
            low = high = middle
        else:
            levels = self.predict_quantiles(X)
            low, high = levels[:, :1], levels[:, -1:]
        found = np.stack([low - margins, np.maximum(high + margins, low - margins)], axis=-1)
        return found[:, 0] if self._is_flat else found
