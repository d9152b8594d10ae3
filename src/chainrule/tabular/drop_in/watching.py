"""What is recorded of each epoch, and when a training is over, in scikit-learn's words."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.exceptions import ConvergenceWarning


_LEAST_RATE = 1e-6  # the adaptive learning rate ends below it


@dataclass(frozen=True)
class HeldOut:
    """What is scored after each epoch.

    score  of the parameters: larger is better, NaN where predictions are not finite
    """

    score: Callable[[dict[str, Any]], float]


def count_epoch(estimator: Any, loss: float, samples: int) -> None:
    """Record the loss of an epoch over so many samples."""
    estimator.n_iter_ += 1
    estimator.t_ += samples
    estimator.loss_ = loss
    estimator.loss_curve_.append(loss)
    if estimator.verbose:
        print(f"Iteration {estimator.n_iter_}, loss = {loss:.8f}")


def is_best(estimator: Any, held_out: HeldOut | None, now: Callable[[], Any]) -> bool:
    """Record the score and count epochs without gain; whether the score is the best so far."""
    is_gain, is_best = False, False
    if not estimator.early_stopping:
        is_gain = not estimator.loss_ > estimator.best_loss_ - estimator.tol
        estimator.best_loss_ = min(estimator.best_loss_, estimator.loss_)
    if held_out is not None:
        score = held_out.score(now())
        estimator.validation_scores_.append(score)
        if estimator.verbose:
            print(f"Validation score: {score:f}")
        if estimator.early_stopping:
            is_gain = not score < estimator.best_validation_score_ + estimator.tol
        is_best = score > estimator.best_validation_score_
        if is_best:
            estimator.best_validation_score_ = score
    estimator._no_improvement_count = 0 if is_gain else estimator._no_improvement_count + 1
    return is_best


def judged(estimator: Any, rate: float) -> tuple[bool, float]:
    """Whether the training is over, and the learning rate from now on."""
    if estimator._no_improvement_count <= estimator.n_iter_no_change:
        return False, rate
    what = "Validation score" if estimator.early_stopping else "Training loss"
    said = (
        f"{what} did not improve more than tol={estimator.tol:f} for "
        f"{estimator.n_iter_no_change} consecutive epochs."
    )
    is_adaptive = estimator.solver == "sgd" and estimator.learning_rate == "adaptive"
    is_over = not is_adaptive or rate <= _LEAST_RATE
    if is_over:
        said += " Learning rate too small. Stopping." if is_adaptive else " Stopping."
    else:
        rate /= 5
        said += f" Setting learning rate to {rate:f}"
        estimator._no_improvement_count = 0
    if estimator.verbose:
        print(said)
    return is_over, rate


def warn_unconverged(estimator: Any) -> None:
    """Tell that the training ended by `max_iter`."""
    warnings.warn(
        f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and the "
        "optimization hasn't converged yet.",
        ConvergenceWarning,
        stacklevel=5,
    )
