"""Training by L-BFGS on all samples at once, by SciPy."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from chainrule.tabular.callbacks import Task
from chainrule.tabular.drop_in.design import Design
from chainrule.tabular.drop_in.running import choose, objective
from chainrule.tabular.drop_in.stochastic import attributes
from chainrule.train.rows import Rows


class _Stopped(Exception):
    """A callback asks to end the training."""


class _Search:
    """The objective as SciPy calls it. It keeps the best parameters seen, and tells callbacks.

    A line search may end in an error or in Ctrl-C: then the best is what was learnt.
    """

    def __init__(self, estimator: Any, design: Design, evaluate: Any, rows: Rows, task: Task):
        self._estimator, self._evaluate = estimator, evaluate
        self._packing = design.architecture.packing
        self._alpha = np.array(float(estimator.alpha))
        self._batch = rows.take(np.arange(len(rows)))
        self._task, self._part = task, task.subtask("iteration")
        self._lowest, self.loss, self.best = np.inf, np.inf, None

    def __call__(self, vector: Any) -> tuple[float, Any]:
        at = vector.astype(self._packing.dtype)
        value, loss, gradient = self._evaluate(at, self._alpha, *self._batch)
        if self.best is None or value < self._lowest:
            self._lowest, self.loss, self.best = float(value), float(loss), at
        return float(value), gradient.astype(np.float64)

    def after_iteration(self, vector: Any) -> None:
        """Tell what there is to tell; _Stopped where a callback asks for it."""
        estimator = self._estimator
        estimator.n_iter_ += 1
        if estimator.verbose:
            print(f"Iteration {estimator.n_iter_}, loss = {self.loss:.8f}")
        now = self._packing.unpack(vector.astype(self._packing.dtype))
        if self._part.end(lambda: {**attributes(now), "n_iter_": estimator.n_iter_}):
            raise _Stopped
        self._part = self._task.subtask("iteration")


def minimise(
    estimator: Any, design: Design, parameters: dict[str, Any], rows: Rows, task: Task
) -> dict[str, Any]:
    """The parameters where the objective is least; sets `n_iter_` and `loss_`.

    A ConvergenceWarning where `max_iter` or `max_fun` end the search. Ctrl-C gives the best so far,
    with a warning. ValueError where the objective is not finite to begin with.
    R. Byrd, P. Lu, J. Nocedal, C. Zhu, "A limited memory algorithm for bound constrained
    optimization", 1995.
    """
    packing = design.architecture.packing
    chosen = choose(estimator.backend, estimator.threads, design, len(rows), estimator.max_iter)
    start = packing.pack(parameters)
    estimator.n_iter_ = 0
    with objective(design, chosen) as evaluate:
        search = _Search(estimator, design, evaluate, rows, task)
        try:
            _run(estimator, search, start.astype(np.float64))
        except _Stopped:
            pass
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=4)
    estimator.loss_ = search.loss
    best = start if search.best is None else search.best
    if not np.isfinite(best).all() or not np.isfinite(search.loss):
        raise ValueError(
            "Solver produced non-finite parameter weights. The input data may contain large "
            "values and need to be preprocessed. (Scale X to about ±1, as with StandardScaler, "
            "and y in regression.)"
        )
    return packing.unpack(best)


def _run(estimator: Any, search: _Search, start: Any) -> None:
    from scipy.optimize import minimize

    limits = {"maxiter": estimator.max_iter, "maxfun": estimator.max_fun, "gtol": estimator.tol}
    found: Any = minimize(
        search, start, jac=True, method="L-BFGS-B", options=limits, callback=search.after_iteration
    )
    estimator.n_iter_ = min(int(found.nit), estimator.max_iter)
    if found.status and np.isfinite(found.fun):
        _warn_unconverged(estimator, found)


def _warn_unconverged(estimator: Any, found: Any) -> None:
    text = (
        f"lbfgs failed to converge after {estimator.n_iter_} iteration(s) "
        f"(status={found.status}):\n{found.message}\n"
    )
    if estimator.n_iter_ == estimator.max_iter:
        text += (
            "\nIncrease the number of iterations to improve the convergence "
            f"(max_iter={estimator.max_iter})."
        )
    text += (
        "\nYou might also want to scale the data as shown in:\n"
        "    https://scikit-learn.org/stable/modules/preprocessing.html"
    )
    warnings.warn(text, ConvergenceWarning, stacklevel=4)
