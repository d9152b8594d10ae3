"""Epochs of a quasi-Newton method: many iterations on all samples at once, by SciPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.train.epoch import Epoch, Plan, Position
from chainrule.train.optimizers import Lbfgs
from chainrule.train.rows import Rows


def lbfgs_epoch(evaluate: Callable[..., Any], method: Lbfgs) -> Epoch:
    """Epochs of at most `method.iterations` iterations of L-BFGS-B, each epoch with a memory of
    its own: what follows depends on the parameters alone.

    evaluate  (parameters, key, x, y, weights) -> (value, gradient, parameters)
    D. Liu, J. Nocedal, "On the limited memory BFGS method for large scale optimization", 1989.
    """

    def epoch(position: Position, rows: Rows, plan: Plan) -> tuple[Position, Any]:
        from scipy.optimize import minimize

        # One key an epoch: a line search needs one function, dropout included.
        key = ops.fold_in(plan.key, np.int64(position.step + 1))
        batch = rows.take(plan.order)

        def value_and_gradient(vector: Any) -> tuple[float, Any]:
            value, gradient, _ = evaluate(vector.astype(position.parameters.dtype), key, *batch)
            return float(value), gradient.astype(np.float64)

        options = {
            "maxiter": method.iterations,
            "maxcor": method.memory,
            "gtol": method.tolerance,
            "ftol": 0.0,
            "maxfun": 20 * method.iterations,
        }
        start = position.parameters.astype(np.float64)
        found: Any = minimize(
            value_and_gradient, start, jac=True, method="L-BFGS-B", options=options
        )
        iterations = max(int(found.nit), 1)
        parameters = found.x.astype(position.parameters.dtype)
        parameters = _settled(parameters, iterations, lambda v: evaluate(v, key, *batch)[2])
        step = position.step + iterations
        return Position(parameters, position.state, step), np.array([float(found.fun)])

    return epoch


def _settled(parameters: Any, iterations: int, move: Callable[[Any], Any]) -> Any:
    """The parameters after running statistics have seen as many batches as there were iterations.

    Without running statistics, those that came.
    """
    for _ in range(iterations):
        moved = move(parameters)
        if np.array_equal(moved, parameters):
            return parameters
        parameters = moved
    return parameters
