"""A network learnt of a table's matrix by a recipe: the best epoch of it, ready for use."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

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
from chainrule.tabular.sources import Arrays, Blocks
from chainrule.tabular.watch import ERROR, Watch
from chainrule.train.callbacks import Callback
from chainrule.train.loop import fit
from chainrule.train.optimizers import Lbfgs, Optimizer
from chainrule.train.optimizers import optimizer as find_optimizer
from chainrule.train.run import Result
from chainrule.train.schedules import schedule as find_schedule


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
                0 and variance 1; None where x is a sequence of blocks (x, y) or (x, y, weights) of
                one size, such as `data.Chunks` and `data.TableChunks`: each epoch takes them in an
                order of its own, and shuffles the rows of each
    task        "classification" or "regression"; recipe  a preset's name, or a `Recipe`
    weights     `(rows,)` from 0 on: where one batch holds all rows 2 counts like two equal rows
    validation  rows held out, by which the best epoch is told: (x, y) or (x, y, weights), or their
                places in x, an array of whole numbers
    loss        other than the recipe's, such as "quantile"; outputs  of the network, where they are
                not as many as the classes or those of y
    epochs      instead of the recipe's
    deadline    seconds after which no epoch begins, and in which the schedule comes to its end
    The others, and the errors, are those of `train.fit`. Ctrl-C keeps the best so far. ValueError
    where an argument does not fit.
    """
    chosen = find(PRESETS, "preset", recipe) if isinstance(recipe, str) else recipe
    if epochs is not None:
        chosen = replace(chosen, epochs=epochs, steps=None)
    source = Blocks(x, validation) if y is None else Arrays(np.asarray(x), y, weights, validation)
    y = _checked_targets(np.asarray(source.x[0][1] if y is None else y), task, classes)
    made = outputs or (classes if task == "classification" else y.shape[1])
    lesson = _Lesson(
        *(source, tuple(map(int, sizes)), task, chosen, made),
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

    source: Arrays | Blocks
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
        score = None if self.source.validation is None else watch.score
        if len(networks) > 1:
            network = Ensemble(networks, AVERAGE[self.task])
            score = self.source.score(network, self.error)
        history, epoch = result.history, watch.best_epoch
        return Learnt(network, history, epoch, ended, score, result.backend)

    def _run(self, seed: int, copy: int, watch: Watch) -> tuple[Any, Result, Watch]:
        """One network for use."""
        recipe, source = self.recipe, self.source
        batch = min(recipe.batch_size, source.rows)
        per_epoch = source.steps(batch)
        epochs = recipe.epochs_for(per_epoch)
        some, weights = source.looked_at()
        start = network_for(
            recipe,
            some,
            self.sizes,
            self.task,
            self.outputs,
            weights=weights,
            steps=epochs * per_epoch,
            seed=(seed, copy),
        )
        result = fit(
            start,
            source.x,
            source.y,
            loss=self.loss,
            optimizer=_optimizer(recipe, self.task),
            schedule=watch.paced(find_schedule(recipe.schedule)),
            epochs=epochs,
            batch_size=batch,
            drop_last=True,
            validation=source.validation,
            sample_weight=source.weights,
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
        bounds = source.counted_targets() if self.is_bounded else None
        return in_use(best, bounds), result, watch


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
