"""A network learnt of a table's matrix by a recipe: the best epoch of it, ready for use."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from chainrule import tree
from chainrule.lookup import find
from chainrule.nn import Ensemble, squared_error, zero_one
from chainrule.nn.ensembles import each_member
from chainrule.nn.losses import Loss, PerSample
from chainrule.nn.losses import loss as find_loss
from chainrule.nn.training_layers import flat_cosine
from chainrule.tabular.networks import AVERAGE, groups_of, in_use, network_for
from chainrule.tabular.recipes import PRESETS, Recipe
from chainrule.tabular.watch import ERROR, Watch
from chainrule.train.callbacks import Callback
from chainrule.train.loop import fit
from chainrule.train.optimizers import Lbfgs, Optimizer
from chainrule.train.optimizers import optimizer as find_optimizer
from chainrule.train.run import Result


_MOST_LOOKED_AT = 200_000  # rows, evenly spaced, that tell centre and scale of features

_AT_ONCE = 4_096  # rows that are scored together


@dataclass(frozen=True)
class Learnt:
    """What `learn` gives.

    network           for use: `(batch, columns)` of the matrix to logits `(batch, classes)` or
                      numbers `(batch, outputs)`
    history           of each epoch, as that of `train.fit`, and with validation validation_error;
                      of several networks that of the first
    best_epoch        the last epoch whose validation error is the lowest, without validation the
                      last of all; 0: not one was finished
    ended             by what: "epochs", "patience", "deadline", "callback" or "interrupt" (Ctrl-C)
    validation_score  of the network: the share of wrong classes, the mean squared error or, where a
                      loss was chosen, that loss; weighted; None without validation
    backend           what ran the steps: "NumPy" or "machine code, 2 threads"
    """

    network: Any
    history: dict[str, list[float]]
    best_epoch: int
    ended: str
    validation_score: float | None
    backend: str


def learn(
    x: Any,
    y: Any,
    sizes: Sequence[int],
    task: str,
    recipe: str | Recipe = "default",
    *,
    classes: int = 0,
    weights: Any = None,
    validation: Sequence[Any] | np.ndarray | None = None,
    loss: str | Loss | PerSample | None = None,
    outputs: int | None = None,
    seed: int = 0,
    epochs: int | None = None,
    callbacks: Sequence[Callback] = (),
    backend: str = "auto",
    threads: int | None = None,
    progress: bool | None = None,
    deadline: float | None = None,
) -> Learnt:
    """Train a network for a table by a recipe, and keep its best epoch.

    x           `(rows, columns)` finite float32; sizes  of the columns: see `nn.Encode`
    y           whole numbers from 0 `(rows,)` below `classes`, or numbers `(rows, outputs)` of mean
                0 and variance 1
    task        "classification" or "regression"; recipe  a preset's name, or a `Recipe`
    weights     `(rows,)` from 0 on: where one batch holds all rows 2 counts like two equal rows
    validation  rows held out, by which the best epoch is told: (x, y) or (x, y, weights), or their
                places in x, an array of whole numbers
    loss        other than the recipe's, such as "quantile"; outputs  of the network, where they are
                not as many as the classes or those of y
    epochs      instead of the recipe's
    deadline    seconds after which no epoch begins; the schedule does not know of it
    The others, and the errors, are those of `train.fit`. Ctrl-C keeps the best so far. ValueError
    where an argument does not fit.
    """
    chosen = find(PRESETS, "preset", recipe) if isinstance(recipe, str) else recipe
    if epochs is not None:
        chosen = replace(chosen, epochs=epochs, steps=None)
    x, y = np.asarray(x), _checked_targets(np.asarray(y), task, classes)
    made = outputs or (classes if task == "classification" else y.shape[1])
    lesson = _Lesson(
        *(x, y, weights, validation, tuple(map(int, sizes)), task, chosen, made),
        *(*_loss(chosen, task, loss), loss is None and task == "regression"),
        *(tuple(callbacks), backend, threads, progress),
    )
    return lesson.learnt(seed, None if deadline is None else time.perf_counter() + deadline)


@dataclass(frozen=True)
class _Lesson:
    """All that is the same for each network of an ensemble.

    outputs     of the network
    loss        in training; error  of a network in use: (prediction, target) -> `(batch,)`
    is_bounded  whether nothing is predicted beyond the extremes of y
    The others are as `learn` is given them.
    """

    x: Any
    y: Any
    weights: Any
    validation: Sequence[Any] | np.ndarray | None
    sizes: tuple[int, ...]
    task: str
    recipe: Recipe
    outputs: int
    loss: Loss
    error: PerSample
    is_bounded: bool
    callbacks: tuple[Callback, ...]
    backend: str
    threads: int | None
    progress: bool | None

    def learnt(self, seed: int, ends: float | None) -> Learnt:
        """ends  when no epoch begins any more, by the clock of `time.perf_counter`."""
        copies = 1 if self.recipe.is_shared else self.recipe.members
        runs: list[tuple[Any, Result, Watch]] = []
        ended = "epochs"
        while len(runs) < copies and ended in ("epochs", "patience", "deadline"):
            seconds = None
            if ends is not None:
                seconds = (ends - time.perf_counter()) / (copies - len(runs))
            runs.append(self._run(seed, len(runs), Watch(self.recipe.patience, seconds)))
            _, result, watch = runs[-1]
            ended = watch.reason or result.ended
        networks = tuple(network for network, _, watch in runs if watch.best_epoch)
        networks = networks or (runs[0][0],)
        network, (_, result, watch) = networks[0], runs[0]
        score = None if self.validation is None else watch.score
        if len(networks) > 1:
            network = Ensemble(networks, AVERAGE[self.task])
            score = None if self.validation is None else self._score(network)
        history, epoch = result.history, watch.best_epoch
        return Learnt(network, history, epoch, ended, score, result.backend)

    def _run(self, seed: int, copy: int, watch: Watch) -> tuple[Any, Result, Watch]:
        """One network for use."""
        recipe, learnt = self.recipe, self._learnt_rows()
        rows = len(learnt)
        batch = min(recipe.batch_size, rows)
        per_epoch = max(rows // batch, 1)
        epochs = recipe.epochs_for(per_epoch)
        some = learnt[:: -(-rows // _MOST_LOOKED_AT)]
        start = network_for(
            recipe,
            self.x[some],
            self.sizes,
            self.task,
            self.outputs,
            weights=None if self.weights is None else np.asarray(self.weights)[some],
            steps=epochs * per_epoch,
            seed=(seed, copy),
        )
        result = fit(
            start,
            self.x,
            self.y,
            loss=self.loss,
            optimizer=_optimizer(recipe, self.task),
            schedule=recipe.schedule,
            epochs=epochs,
            batch_size=batch,
            drop_last=True,
            validation=self.validation,
            sample_weight=self.weights,
            weight_decay=_decay(recipe, epochs * per_epoch),
            groups=groups_of(start, recipe.rates),
            clip_norm=recipe.clip_norm,
            metrics={ERROR: self.error},
            seed=_seed(seed, copy),
            callbacks=(*self.callbacks, watch),
            progress=self.progress,
            backend=self.backend,
            threads=self.threads,
        )
        packing = tree.packing(start)
        best = start if watch.parameters is None else packing.unpack(watch.parameters)
        return in_use(best, self._counted_y(learnt) if self.is_bounded else None), result, watch

    def _learnt_rows(self) -> Any:
        """The places of the rows that are not held out."""
        if not isinstance(self.validation, np.ndarray):
            return np.arange(len(self.x))
        is_learnt = np.ones(len(self.x), bool)
        is_learnt[self.validation] = False
        return np.flatnonzero(is_learnt)

    def _counted_y(self, learnt: Any) -> Any:
        """y `(rows, outputs)` where the weight is not 0."""
        if self.weights is None:
            return self.y[learnt]
        return self.y[learnt[np.asarray(self.weights)[learnt] > 0]]

    def _score(self, network: Any) -> float:
        """The weighted mean of the errors on the rows held out."""
        if isinstance(self.validation, np.ndarray):
            x, y, places = self.x, self.y, self.validation
            weights = None if self.weights is None else np.asarray(self.weights)[places]
        else:
            x, y, *given = cast(Sequence[Any], self.validation)
            weights, places = given[0] if given else None, np.arange(len(x))
        parts = [places[start : start + _AT_ONCE] for start in range(0, len(places), _AT_ONCE)]
        found = [self.error(network(x[part]), y[part]) for part in parts]
        return float(np.average(np.concatenate(found), weights=weights))


def _checked_targets(y: Any, task: str, classes: int) -> Any:
    if task not in AVERAGE:
        raise ValueError(f"learn: task {task!r}; expected {' or '.join(AVERAGE)}")
    if task == "classification":
        if y.ndim != 1 or y.dtype.kind not in "iu" or classes < 2:
            raise ValueError(
                f"learn: y {y.dtype} {y.shape} for {classes} classes; expected whole numbers "
                "(rows,) and at least 2 classes"
            )
        return y
    if y.ndim != 2 or y.dtype.kind != "f":
        raise ValueError(f"learn: y {y.dtype} {y.shape}; expected numbers (rows, outputs)")
    return y


def _loss(
    recipe: Recipe, task: str, chosen: str | Loss | PerSample | None
) -> tuple[Loss, PerSample]:
    """The loss in training, and the error of a network in use."""
    if chosen is not None:
        found = find_loss(chosen)
        error = found.function
    elif task == "classification":
        found = find_loss(f"cross_entropy(label_smoothing={recipe.label_smoothing})")
        error = zero_one
    else:
        error = functools.partial(squared_error, outputs="mean")
        found = find_loss("squared_error(outputs=mean)")
    if recipe.is_shared:
        found = replace(found, function=each_member(found.function))
    return found, error


def _optimizer(recipe: Recipe, task: str) -> Optimizer:
    found = find_optimizer(recipe.optimizer)
    if isinstance(found, Lbfgs):
        raise ValueError("learn: the recipe's optimizer is lbfgs; expected one that takes batches")
    return replace(found, learning_rate=recipe.learning_rate.of(task))


def _decay(recipe: Recipe, steps: int) -> float | Callable[[Any], Any]:
    """The weight decay, as a function of the step's number where it fades."""
    if not (recipe.fades and recipe.weight_decay):
        return recipe.weight_decay
    return lambda number: recipe.weight_decay * flat_cosine((number - 1) / steps)


def _seed(seed: int, copy: int) -> int:
    """A seed of its own for each network of an ensemble."""
    return int(np.random.SeedSequence([seed, copy]).generate_state(1)[0])
