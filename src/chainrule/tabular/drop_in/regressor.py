"""The drop-in for scikit-learn's regressor."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from chainrule.tabular.callbacks import CallbackSupportMixin, with_callbacks
from chainrule.tabular.drop_in import fitting, inputs
from chainrule.tabular.drop_in.design import OF_NUMBERS
from chainrule.tabular.drop_in.fitting import Request, Samples
from chainrule.tabular.drop_in.parameters import CONSTRAINTS, check_loss, check_stochastic


class MLPRegressor(CallbackSupportMixin, RegressorMixin, BaseEstimator):
    """A multilayer perceptron that predicts numbers: scikit-learn's, in machine code.

    Parameters, methods, fitted attributes, warnings and errors are those of
    `sklearn.neural_network.MLPRegressor` of version 1.9, and the same `random_state` gives the
    same network but for rounding. Beyond these:

    loss          also "absolute_error", "huber", "huber(delta=0.5)", "quantile(level=0.9)"
    activation    any that `nn` has and that learns nothing, also with settings
                  ("leaky_relu(slope=0.2)"), or a list with one for each hidden layer
    dropout       the share of hidden units that is set to 0 in training
    batch_norm    whether hidden sums are normalised; `batch_norms_` then holds what was learnt:
                  "scales", "means", "variances" `(units,)` of each hidden layer
    threads       of machine code; None: by cores and sizes. The bits are the same for any number
    backend       "native": machine code, "numpy", or "auto": by sizes; predictions are machine
                  code unless it is "numpy"

    `fit` takes `X_val`, `y_val`: they are scored after each epoch, and with `early_stopping` no
    other samples are held out. With `warm_start` the solver's state is kept too. Callbacks are set
    as of scikit-learn 1.9. Sparse X is made dense: as a whole in training, 4,096 rows at a time in
    predictions, whose bits depend on no other row. With several outputs and "lbfgs" the minimised
    sum of squares is the one whose gradient scikit-learn takes, ½ Σ (prediction - y)² over all
    outputs; `loss_` is, as there, their mean.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {**CONSTRAINTS}

    def __init__(
        self, loss="squared_error", hidden_layer_sizes=(100,), activation="relu", *, solver="adam",
        alpha=0.0001, batch_size="auto", learning_rate="constant", learning_rate_init=0.001,
        power_t=0.5, max_iter=200, shuffle=True, random_state=None, tol=1e-4, verbose=False,
        warm_start=False, momentum=0.9, nesterovs_momentum=True, early_stopping=False,
        validation_fraction=0.1, beta_1=0.9, beta_2=0.999, epsilon=1e-8, n_iter_no_change=10,
        max_fun=15000, dropout=0.0, batch_norm=False, threads=None, backend="auto"
    ) -> None:  # fmt: skip
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.threads = threads
        self.backend = backend

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, X_val: Any = None, y_val: Any = None
    ) -> MLPRegressor:
        """Learn from X `(rows, features)` and numbers y, `(rows,)` or `(rows, outputs)`.

        X is dense or sparse; sample_weight `(rows,)`; X_val, y_val are scored after each epoch.
        ValueError as scikit-learn's.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val), incremental=False)

    @available_if(check_stochastic)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """One epoch over X `(rows, features)` and y, `(rows,)` or `(rows, outputs)`."""
        return self._fit(X, y, sample_weight, (None, None), incremental=True)

    def predict(self, X: Any) -> Any:
        """The numbers for X `(rows, features)`: `(rows,)`, or `(rows, outputs)` of several."""
        check_is_fitted(self)
        outputs = fitting.outputs_of(self, inputs.features(self, X))
        return outputs.ravel() if outputs.shape[1] == 1 else outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, validation: Any, incremental: bool
    ) -> MLPRegressor:
        loss = check_loss(self, OF_NUMBERS)
        is_first = fitting.is_first(self, incremental)
        x, given = inputs.training_data(self, X, y, is_first, numeric=True)
        targets = self._checked(given)
        weights = fitting.weights_of(self, sample_weight, x)
        held_out = inputs.validation_data(self, *validation, numeric=True)
        request = Request(
            Samples(x, targets, weights),
            None if held_out is None else Samples(held_out[0], self._checked(held_out[1])),
            incremental,
            is_first,
            "exp" if loss == "poisson" else "identity",
            targets.shape[1],
            labels=False,
            loss=loss,
            score=_r2,
            stratify=False,
        )
        fitting.fit(self, X, y, request)
        return self

    def _checked(self, y: Any) -> Any:
        """y as `(rows, outputs)`. ValueError for a number that the loss has no meaning for."""
        if self.loss == "poisson" and np.min(y) < 0:
            raise ValueError(
                f"loss='poisson' requires y >= 0, but y holds {np.min(y)}; take "
                "loss='squared_error' for numbers below 0"
            )
        return y.reshape(len(y), -1)


def _r2(outputs: Any, y: Any, weights: Any) -> float:
    return float(r2_score(y, outputs, sample_weight=weights))
