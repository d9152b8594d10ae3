"""Training: epochs until done, with validation, history and the best network kept."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.evaluate import program
from chainrule.nn.losses import Loss, PerSample
from chainrule.nn.losses import loss as find_loss
from chainrule.train.arguments import Rows, check_labels, check_network, check_settings, prepare
from chainrule.train.callbacks import Callback
from chainrule.train.epoch import Epoch, Position, numpy_epoch
from chainrule.train.optimizers import Optimizer
from chainrule.train.optimizers import optimizer as find_optimizer
from chainrule.train.step import Batches, evaluation, training_step


class DivergedError(ArithmeticError):
    """The loss is no longer finite. `history` holds what was recorded before."""

    def __init__(self, message: str, history: dict[str, list[float]]) -> None:
        super().__init__(message)
        self.history = history


@dataclass(frozen=True)
class Result:
    """What training gave.

    network      after the last epoch; after Ctrl-C the best so far
    best         after the epoch with the lowest validation loss (training loss without validation)
    best_epoch   its number, from 1; 0: the network as it came
    history      for each epoch: loss, seconds and, with validation, validation_loss and metrics
    interrupted  whether Ctrl-C ended the training
    """

    network: Any
    best: Any
    best_epoch: int
    history: dict[str, list[float]]
    interrupted: bool


def fit(
    network: Any,
    x: Any,
    y: Any,
    *,
    loss: str | Loss | PerSample,
    optimizer: str | Optimizer = "adam",
    epochs: int = 20,
    batch_size: int = 32,
    validation: float | tuple[Any, Any] | None = None,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    progress: bool | None = None,
) -> Result:
    """Train a network by mini-batches.

    network     a pytree of floating arrays of one dtype that can be called on `(batch, fan_in)`
    x           `(samples, fan_in)` numbers; y  labels `(samples,)` or targets `(samples, outputs)`
    loss        a name ("cross_entropy", ...) or a function `(prediction, target) -> (batch,)`
    optimizer   a name or what `adam(1e-3)`, `sgd(0.1)` return
    validation  the share of the samples to hold out, or a pair (x, y), or None
    seed        of the hold-out and of the order of the samples: same seed, same bits
    progress    a live line; by default where standard error is a terminal
    Ctrl-C returns the best so far. Raises DivergedError where the loss is no longer finite, and
    ValueError or TypeError before any work where an argument does not fit.
    """
    check_settings(epochs, batch_size, seed)
    chosen_loss, chosen = find_loss(loss), find_optimizer(optimizer)
    packing = check_network(network)
    rows, held_out = prepare(packing.dtype, x, y, validation, seed)
    batches = Batches(*rows.batch_types())
    if chosen_loss.takes_labels:
        check_labels(network, batches.x, rows, held_out)
    run = _Run(
        packing=packing,
        epoch=numpy_epoch(training_step(packing, chosen_loss, chosen, batches)),
        rows=rows,
        validate=_validator(packing, chosen_loss, batches, held_out),
        rate=chosen.learning_rate,
        batch_size=batch_size,
        seed=seed,
    )
    parameters = packing.pack(network)
    with _live_line(progress, epochs) as lines:
        return run.train(parameters, chosen.init(parameters), epochs, (*callbacks, *lines))


@contextmanager
def _live_line(progress: bool | None, epochs: int) -> Iterator[tuple[Callback, ...]]:
    """The callbacks that draw progress: one, or none where it is not wanted."""
    if not (sys.stderr.isatty() if progress is None else progress):
        yield ()
        return
    from chainrule.train.progress import live_line

    with live_line(epochs) as line:
        yield (line,)


@dataclass
class _Run:
    """The state of one call of `fit`."""

    packing: tree.Packing
    epoch: Epoch
    rows: Rows
    validate: Callable[[Any], dict[str, float]]
    rate: float
    batch_size: int
    seed: int
    history: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def train(
        self, parameters: Any, state: Any, epochs: int, callbacks: Sequence[Callback]
    ) -> Result:
        from threadpoolctl import threadpool_limits

        position = Position(parameters, state, 0)
        best, best_epoch, lowest = parameters, 0, np.inf
        interrupted = False
        try:
            # The bits of a matrix product depend on the number of BLAS threads: one, always.
            with threadpool_limits(1, user_api="blas"):
                for number in range(1, epochs + 1):
                    position = self._one_epoch(position, number)
                    watched = self.history.get("validation_loss", self.history["loss"])[-1]
                    if watched < lowest:
                        best, best_epoch, lowest = position.parameters, number, watched
                    for callback in callbacks:
                        callback(number, epochs, self.history)
        except KeyboardInterrupt:
            interrupted = True
        last = best if interrupted else position.parameters
        return Result(
            self.packing.unpack(last),
            self.packing.unpack(best),
            best_epoch,
            self.history,
            interrupted,
        )

    def _one_epoch(self, position: Position, number: int) -> Position:
        """The position after one epoch, which is recorded whole or, on Ctrl-C, not at all."""
        start = time.perf_counter()
        order = np.random.default_rng([self.seed, number]).permutation(len(self.rows.x))
        after, losses = self.epoch(
            position, self.rows.x, self.rows.y, order, self.batch_size, self.rate
        )
        if not np.all(np.isfinite(losses)):
            raise self._diverged(f"the loss is {losses[-1]}", number, after.step)
        if not np.all(np.isfinite(after.parameters)):
            raise self._diverged("a parameter is no longer finite", number, after.step)
        sizes = np.full(len(losses), self.batch_size)
        sizes[-1] = len(order) - self.batch_size * (len(losses) - 1)
        row = {"loss": float(np.sum(losses * sizes) / len(order))}
        row |= {f"validation_{k}": v for k, v in self.validate(after.parameters).items()}
        row["seconds"] = time.perf_counter() - start
        for name, value in row.items():
            self.history.setdefault(name, []).append(value)
        return after

    def _diverged(self, what: str, epoch: int, step: int) -> DivergedError:
        return DivergedError(
            f"fit: {what} in epoch {epoch}, step {step}, at learning rate {self.rate:g}; try a "
            f"learning rate of {self.rate / 10:g}, and inputs scaled to about ±1",
            self.history,
        )


def _validator(
    packing: tree.Packing, loss: Loss, batches: Batches, held_out: Rows | None
) -> Callable[[Any], dict[str, float]]:
    """A function of the parameters: the loss and the metrics on the samples held out."""
    if held_out is None:
        return lambda parameters: {}
    functions = {"loss": loss.function, **loss.metrics}
    means = program(evaluation(packing, functions, batches))

    def validate(parameters: Any) -> dict[str, float]:
        found = means(parameters, held_out.x, held_out.y)
        return {name: float(value) for name, value in found.items()}

    return validate
