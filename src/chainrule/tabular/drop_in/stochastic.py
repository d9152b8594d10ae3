"""Training by mini-batches as scikit-learn's solvers "sgd" and "adam" do it, epoch by epoch."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.tabular.callbacks import SILENT, Task
from chainrule.tabular.drop_in.design import Design
from chainrule.tabular.drop_in.running import choose, epochs, together
from chainrule.tabular.drop_in.step import RULES, initial_state
from chainrule.tabular.drop_in.watching import (
    HeldOut,
    count_epoch,
    is_best,
    judged,
    warn_unconverged,
)
from chainrule.train.backend import Backend
from chainrule.train.epoch import Epoch, Plan, Position
from chainrule.train.rows import Rows


@dataclass(frozen=True)
class Progress:
    """How far a solver is; it survives `warm_start`, `partial_fit` and pickling.

    solver   whose vectors these are, each `(parameters,)`
    steps    how many were taken
    rate     the learning rate as it is now, and initial  as it was set
    """

    solver: str
    vectors: dict[str, Any]
    steps: int
    rate: float
    initial: float


class Descent:
    """One training by mini-batches; sets on the estimator what scikit-learn sets as it goes.

    held_out  is scored; it ends the training where `estimator.early_stopping` says so
    most      how many epochs there are at most
    task      what callbacks are told of
    """

    def __init__(
        self,
        estimator: Any,
        design: Design,
        rows: Rows,
        held_out: HeldOut | None,
        most: int,
        task: Task,
    ) -> None:
        self.estimator, self.design, self.rows = estimator, design, rows
        self.held_out, self.most, self.task = held_out, most, task
        self.packing = design.architecture.packing
        self.batch = batch_size(estimator, len(rows))
        self.steps = -(-len(rows) // self.batch)  # of an epoch
        self.key = ops.key(int(estimator._random_state.randint(2**31)) if design.dropout else 0)
        self.order = np.arange(len(rows))

    def train(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """The parameters after training.

        Ctrl-C gives those after the last whole epoch, with a warning. ValueError where the loss is
        no longer finite.
        """
        estimator = self.estimator
        # `partial_fit` is called again and again: it is to take what a whole `fit` takes.
        steps = estimator.max_iter * self.steps
        chosen = choose(estimator.backend, estimator.threads, self.design, self.batch, steps)
        self.ahead = self._ahead(chosen)
        progress = _begun(estimator, self.design, self.packing.size)
        state = {**initial_state(self.design, _settings(estimator)), **progress.vectors}
        self.position = Position(self.packing.pack(parameters), state, progress.steps)
        self.rate, self.best = progress.rate, parameters
        estimator.n_iter_ = 0
        is_over = False
        try:
            with epochs(self.design, chosen) as epoch:
                while not is_over and estimator.n_iter_ < self.most:
                    is_over = self._go_on(epoch)
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=5)
        vectors = {name: self.position.state[name] for name in RULES[self.design.solver][2]}
        estimator._progress = Progress(
            self.design.solver, vectors, self.position.step, self.rate, progress.initial
        )
        return self.best if estimator.early_stopping else self._parameters(self.position)

    def _ahead(self, chosen: Backend) -> int:
        """How many epochs are taken at once: several short ones, where nobody looks at each."""
        is_watched = self.held_out is not None or self.task is not SILENT
        if chosen.name == "numpy" or is_watched:
            return 1
        return together(self.design, self.batch, self.steps)

    def _go_on(self, epoch: Epoch) -> bool:
        """Train for one epoch, or for several that nobody looks at; whether the training is over.

        Where it is over before the last of them, or its rate changes, those up to there are taken
        again, with the same bits.
        """
        estimator, count = self.estimator, min(self.ahead, self.most - self.estimator.n_iter_)
        random = estimator._random_state
        before = random.get_state() if count > 1 else None
        part = self.task.subtask("epoch")
        plan, orders = self._plan(count)
        after, values = epoch(self.position, self.rows, plan)
        _check_finite(estimator, after, values, plan.rates)
        is_over, number = False, 0
        for loss in (values * plan.sizes).reshape(-1, self.steps).sum(axis=1) / len(self.rows):
            number += 1
            count_epoch(estimator, float(loss), len(self.rows))
            if is_best(estimator, self.held_out, lambda: self._parameters(after)):
                self.best = self._parameters(after)
            is_over, rate = judged(estimator, self.rate)
            if is_over or rate != self.rate:
                break
            rate = _scaled(estimator, rate, estimator.t_)
        if number < count:
            short = Plan(
                plan.order[: number * len(self.rows)],
                plan.batch_size,
                plan.rates[: number * self.steps],
                plan.key,
                number,
            )
            after, _ = epoch(self.position, self.rows, short)
            random.set_state(before)
            _, orders = self._plan(number)
        self.position, self.rate, self.order = after, rate, orders[-1]
        stops = part.end(self._attributes)
        if not (is_over or stops) and estimator.n_iter_ == estimator.max_iter and self.most > 1:
            warn_unconverged(estimator)
        return is_over or stops

    def _plan(self, count: int) -> tuple[Plan, list[Any]]:
        """The next epochs, and the order of the samples in each."""
        estimator, samples = self.estimator, len(self.rows)
        order, orders, rates = self.order, [], []
        rate, step = self.rate, self.position.step
        for number in range(count):
            if estimator.shuffle:
                order = order[_shuffled(estimator._random_state, samples)]
            orders.append(order)
            rates.append(_rates(estimator, rate, step + number * self.steps, self.steps))
            rate = _scaled(estimator, rate, estimator.t_ + (number + 1) * samples)
        return Plan(_joined(orders), self.batch, _joined(rates), self.key, count), orders

    def _parameters(self, position: Position) -> dict[str, Any]:
        return self.packing.unpack(position.parameters)

    def _attributes(self) -> dict[str, Any]:
        """What makes a copy of the estimator predict as of now."""
        return {**attributes(self._parameters(self.position)), "n_iter_": self.estimator.n_iter_}


def prepare(estimator: Any, is_first: bool, has_held_out: bool) -> None:
    """Set what is recorded to nothing, where a training starts or nothing was recorded yet.

    has_held_out  whether samples are held out to be scored
    """
    if is_first or "loss_curve_" not in vars(estimator):
        estimator._progress = None
        estimator.loss_curve_ = []
        estimator._no_improvement_count = 0
        estimator.best_loss_ = None if estimator.early_stopping else np.inf
        estimator.validation_scores_ = estimator.best_validation_score_ = None
    if has_held_out and estimator.validation_scores_ is None:
        estimator.validation_scores_ = []
        estimator.best_validation_score_ = -np.inf
    if not estimator.early_stopping and estimator.best_loss_ is None:
        estimator.best_loss_ = np.inf


def attributes(parameters: dict[str, Any]) -> dict[str, Any]:
    """The fitted attributes that hold the parameters."""
    named = {"coefs_": parameters["coefs"], "intercepts_": parameters["intercepts"]}
    if "scales" in parameters:
        keys = ("scales", "means", "variances")
        columns = zip(*(parameters[key] for key in keys), strict=True)
        named["batch_norms_"] = [dict(zip(keys, row, strict=True)) for row in columns]
    return named


def batch_size(estimator: Any, samples: int) -> int:
    """How many samples a step takes; a UserWarning where fewer are there than asked for."""
    if estimator.batch_size == "auto":
        return min(200, samples)
    if estimator.batch_size > samples:
        warnings.warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped",
            stacklevel=5,
        )
    return int(np.clip(estimator.batch_size, 1, samples))


def _settings(estimator: Any) -> Any:
    """The numbers that the solver's rule is set by, in its order."""
    names = RULES[estimator.solver][1]
    return np.array([getattr(estimator, name) for name in names], np.float64)


def _begun(estimator: Any, design: Design, size: int) -> Progress:
    """How far the solver is; at the start where it is another one, or has other parameters."""
    initial, found = estimator.learning_rate_init, estimator._progress
    sizes = {len(vector) for vector in found.vectors.values()} if found else set()
    if found is None or found.solver != design.solver or sizes != {size}:
        return Progress(design.solver, {}, 0, initial, initial)
    if found.initial != initial:
        return replace(found, rate=initial, initial=initial)
    return found


def _rates(estimator: Any, rate: float, done: int, steps: int) -> Any:
    """The learning rate of each of the next steps `(steps,)`."""
    if estimator.solver == "sgd":
        return np.full(steps, rate)
    number = done + np.arange(1.0, steps + 1.0)
    unbiased = np.sqrt(1 - estimator.beta_2**number) / (1 - estimator.beta_1**number)
    return estimator.learning_rate_init * unbiased


def _scaled(estimator: Any, rate: float, seen: int) -> float:
    """The learning rate after so many samples."""
    if estimator.solver == "sgd" and estimator.learning_rate == "invscaling":
        return estimator.learning_rate_init / (seen + 1) ** estimator.power_t
    return rate


def _joined(arrays: list[Any]) -> Any:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _shuffled(random: np.random.RandomState, samples: int) -> Any:
    order = np.arange(samples)
    random.shuffle(order)
    return order


def _check_finite(estimator: Any, after: Position, values: Any, rates: Any) -> None:
    # A finite sum has no term that is not.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(np.sum(values) + np.sum(after.parameters)):
            return
    if np.isfinite(values).all() and np.isfinite(after.parameters).all():
        return
    raise ValueError(
        "Solver produced non-finite parameter weights. The input data may contain large values "
        f"and need to be preprocessed. (After step {after.step}, at learning rate "
        f"{rates[len(values) - 1]:g}; scale X to about ±1, as with StandardScaler, and y in "
        f"regression, or try learning_rate_init={estimator.learning_rate_init / 10:g}.)"
    )
