"""The loop: epochs until done, each validated, recorded and told to callbacks."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.nn.losses import PerSample
from chainrule.train.arguments import ORDERS, Settings
from chainrule.train.backend import Backend
from chainrule.train.callbacks import Callback, EpochEnd
from chainrule.train.checkpoints import Recorder
from chainrule.train.epoch import Epoch, Plan, Position
from chainrule.train.rows import Rows, Source
from chainrule.train.schedules import Clock, Schedule
from chainrule.train.standing import Standing
from chainrule.train.step import Update, evaluation, no_sums
from chainrule.tree import Packing


_AT_ONCE = 1_024  # rows that are validated together: machine code hears no Ctrl-C meanwhile


class DivergedError(ArithmeticError):
    """The loss is no longer finite. `history` and `best`, a network, are what was before."""

    def __init__(self, message: str, history: dict[str, list[float]], best: Any) -> None:
        super().__init__(message)
        self.history = history
        self.best = best


@dataclass(frozen=True)
class Result:
    """What training gave.

    network     after the last epoch; after Ctrl-C and early stopping the best
    best        after the epoch with the lowest validation loss (training loss without validation)
    best_epoch  its number, from 1; 0: the network as it came
    history     for each epoch: loss, learning_rate, seconds and, with validation, validation_loss
                and metrics; those of the training batches, if asked for, by their names alone
    ended       by what: "epochs", "patience", "callback" or "interrupt" (Ctrl-C)
    backend     what ran the steps: "NumPy" or "machine code, 2 threads"
    """

    network: Any
    best: Any
    best_epoch: int
    history: dict[str, list[float]]
    ended: str
    backend: str = "NumPy"

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the training."""
        return self.ended == "interrupt"


@dataclass(frozen=True)
class Run:
    """All that stays the same during one call of `fit`.

    update    None for L-BFGS, which has no learning rate
    validate  gives what is recorded of `(parameters,)` on samples held out
    measure   gives the metrics of an epoch's training samples, of (position, their weight)
    """

    packing: Packing
    epoch: Epoch
    source: Source
    validate: Callable[[Any], dict[str, float]]
    measure: Callable[[Position, float], dict[str, float]]
    settings: Settings
    update: Update | None
    schedule: Schedule
    reduction: str
    backend: Backend

    def train(
        self,
        standing: Standing,
        callbacks: Sequence[Callback],
        progress: bool | None,
        recorder: Recorder | None,
    ) -> Result:
        """Train from where the run stands."""
        from threadpoolctl import threadpool_limits

        ended = "epochs"
        # The bits of a matrix product depend on the number of BLAS threads: one, always.
        with (
            threadpool_limits(1, user_api="blas"),
            _live_line(progress, self.settings.epochs, standing.epoch) as lines,
        ):
            try:
                while ended == "epochs" and standing.epoch < self.settings.epochs:
                    if self._is_patience_over(standing):
                        ended = "patience"
                        break
                    standing = self._after_an_epoch(standing)
                    if recorder is not None:
                        recorder.after_epoch(standing)
                    if self._tell(standing, (*callbacks, *lines)):
                        ended = "callback"
            except KeyboardInterrupt:
                ended = "interrupt"
            if recorder is not None:
                recorder.finish(standing)
        return self._result(standing, ended)

    def _result(self, standing: Standing, ended: str) -> Result:
        best = self.packing.unpack(standing.best)
        last = self.packing.unpack(standing.position.kept)
        is_best = ended in ("interrupt", "patience")
        return Result(
            best if is_best else last,
            best,
            standing.best_epoch,
            standing.history,
            ended,
            str(self.backend),
        )

    def _is_patience_over(self, standing: Standing) -> bool:
        patience = self.settings.patience
        return patience is not None and standing.epoch - standing.mark_epoch >= patience

    def _tell(self, standing: Standing, callbacks: Sequence[Callback]) -> bool:
        """Whether one of the callbacks ends the training."""
        moment = EpochEnd(
            standing.epoch,
            self.settings.epochs,
            standing.log,
            standing.best_epoch,
            standing.position.kept,
            self.packing,
        )
        # All are told, also after one has said that it is enough. True may be one of NumPy's.
        answers = [callback(moment) for callback in callbacks]
        return any(isinstance(answer, (bool, np.bool_)) and answer for answer in answers)

    def _after_an_epoch(self, standing: Standing) -> Standing:
        """The run one epoch later, or, on Ctrl-C, not at all."""
        start = time.perf_counter()
        position, total, taken, weight, rate = _without_sums(standing.position), 0.0, 0, 0.0, 0.0
        for number, rows in enumerate(self.source.blocks(self._seeds_of_blocks(standing))):
            plan = self._plan(standing, position, rows, number)
            position, values = self.epoch(position, rows, plan)
            rate = plan.rates[min(len(values), len(plan.rates)) - 1]
            if not np.all(np.isfinite(values)):
                raise self._diverged(f"the loss is {values[-1]}", standing, position, rate)
            total += float(np.sum(values * (plan.sizes if self.reduction == "mean" else 1)))
            taken += len(plan.order)
            weight += rows.weight_of(plan.order)
        if not _is_finite(position.parameters):
            raise self._diverged("a parameter is no longer finite", standing, position, rate)
        row = {"loss": total / taken if self.reduction == "mean" else total}
        row |= self.measure(position, weight)
        if self.update is not None:
            row["learning_rate"] = float(rate)
        row |= {f"validation_{k}": v for k, v in self.validate(position.kept).items()}
        row["seconds"] = time.perf_counter() - start
        return standing.after(position, row, self.settings.min_delta)

    def _seeds_of_blocks(self, standing: Standing) -> list[int] | None:
        """Of the order in which the next epoch takes the blocks; None: as they come."""
        if self.settings.order != "shuffled":
            return None
        return [self.settings.seed, standing.epoch + 1, 0, 0]

    def _plan(self, standing: Standing, position: Position, rows: Rows, number: int) -> Plan:
        """The steps over block `number` of the next epoch."""
        settings = self.settings
        seeds = [settings.seed, standing.epoch + 1, *([number] if number else [])]
        order = ORDERS[settings.order](np.random.default_rng(seeds), len(rows))
        size = settings.batch_of(len(rows))
        steps = settings.steps_of(len(rows))
        if self.update is None:
            return Plan(order, len(rows), np.ones(1), ops.key(settings.seed))
        clock = Clock(
            step=position.step + np.arange(steps, dtype=np.float64),
            steps=float(settings.epochs * self.steps_per_epoch),
            steps_per_epoch=float(self.steps_per_epoch),
            watched=standing.watched,
        )
        rates = self.update.optimizer.learning_rate * self.schedule.factor(clock)
        return Plan(order[: steps * size], size, rates, ops.key(settings.seed))

    @property
    def steps_per_epoch(self) -> int:
        """How many steps an epoch takes."""
        return sum(self.settings.steps_of(size) for size in self.source.sizes)

    def _diverged(
        self, what: str, standing: Standing, position: Position, rate: float
    ) -> DivergedError:
        remedy = "penalise less, and scale inputs to about ±1"
        if self.update is not None:
            remedy = (
                f"try a learning rate of {self.update.optimizer.learning_rate / 10:g}, and inputs "
                "scaled to about ±1"
            )
        at = "" if self.update is None else f", at learning rate {rate:g}"
        return DivergedError(
            f"fit: {what} in epoch {standing.epoch + 1}, step {position.step}{at}; {remedy}",
            standing.history,
            self.packing.unpack(standing.best),
        )


def _without_sums(position: Position) -> Position:
    """Before an epoch, of which no metrics have been added up."""
    if "metrics" not in position.state:
        return position
    return replace(
        position, state={**position.state, "metrics": no_sums(position.state["metrics"])}
    )


def accumulated(position: Position, weight: float) -> dict[str, float]:
    """The means of the metrics that an epoch's steps have added up."""
    sums = position.state.get("metrics", {})
    return {name: float(total) / weight for name, total in sums.items()}


def afterwards(
    validate: Callable[[Any], dict[str, float]],
) -> Callable[[Position, float], dict[str, float]]:
    """The metrics of the training samples after an epoch, where its steps add up none."""
    return lambda position, weight: validate(position.kept)


def _is_finite(parameters: Any) -> bool:
    """Whether all are. A finite sum has no term that is not: that is looked at first."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.sum(parameters)) or np.all(np.isfinite(parameters)))


def validator(
    packing: Packing,
    functions: Mapping[str, PerSample],
    held_out: Rows | None,
    reduction: str,
    backend: Backend,
) -> Callable[[Any], dict[str, float]]:
    """A function of the parameters: loss and metrics on the samples held out.

    Means over the samples, weighted; of the loss the sum, where that is the reduction.
    """
    if held_out is None:
        return lambda parameters: {}
    sums = backend.function(evaluation(packing, functions, held_out.types))

    def validate(parameters: Any) -> dict[str, float]:
        found = dict.fromkeys(functions, 0.0)
        total = 0.0
        for x, y, weights in held_out.in_turn(_AT_ONCE):
            for name, value in sums(parameters, x, y, weights).items():
                found[name] += float(value)
            total += len(x) if weights is None else float(np.sum(weights, dtype=np.float64))
        return {
            name: value if reduction == "sum" and name == "loss" else value / total
            for name, value in found.items()
        }

    return validate


@contextmanager
def _live_line(progress: bool | None, epochs: int, done: int) -> Iterator[tuple[Callback, ...]]:
    """The callbacks that draw progress: one, or none where it is not wanted."""
    if not (sys.stderr.isatty() if progress is None else progress):
        yield ()
        return
    from chainrule.train.progress import live_line

    with live_line(epochs, done) as line:
        yield (line,)
