"""`fit`: what training is asked for, brought into form, and run."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from chainrule.nn.losses import Loss, PerSample
from chainrule.nn.losses import loss as find_loss
from chainrule.nn.penalties import Penalty
from chainrule.nn.penalties import penalty as find_penalty
from chainrule.train import arguments
from chainrule.train.arguments import Limits, Settings
from chainrule.train.backend import backend as find_backend
from chainrule.train.callbacks import Callback
from chainrule.train.checkpoints import Checkpoint, Recorder, fingerprint
from chainrule.train.epoch import Position
from chainrule.train.groups import Group
from chainrule.train.lbfgs import lbfgs_epoch
from chainrule.train.optimizers import Lbfgs, Optimizer
from chainrule.train.optimizers import optimizer as find_optimizer
from chainrule.train.rows import Rows, Source
from chainrule.train.run import Result, Run, accumulated, afterwards, validator
from chainrule.train.schedules import Clock, Schedule
from chainrule.train.schedules import schedule as find_schedule
from chainrule.train.standing import Standing
from chainrule.train.step import (
    Objective,
    first_state,
    objective_and_gradient,
    training_step,
)
from chainrule.train.weights import ClassWeight


def fit(
    network: Any,
    x: Any,
    y: Any = None,
    *,
    loss: str | Loss | PerSample,
    optimizer: str | Optimizer | Lbfgs = "adam",
    schedule: str | Schedule | Callable[[Clock], Any] = "constant",
    epochs: int = 20,
    batch_size: int | None = 32,
    order: str = "shuffled",
    drop_last: bool = False,
    validation: float | Sequence[Any] | np.ndarray | None = None,
    sample_weight: Any = None,
    class_weight: ClassWeight | None = None,
    reduction: str = "mean",
    penalty: str | Penalty | Callable[[Any], Any] | None = None,
    weight_decay: float | Callable[[Any], Any] | None = None,
    groups: Sequence[Group] = (),
    clip_value: float | None = None,
    clip_norm: float | None = None,
    average: float | None = None,
    patience: int | None = None,
    min_delta: float = 0.0,
    metrics: dict[str, PerSample] | None = None,
    train_metrics: bool = False,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    progress: bool | None = None,
    checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
    resume: bool = False,
    backend: str = "auto",
    threads: int | None = None,
) -> Result:
    """Train a network by mini-batches, or by all samples at once.

    network        a pytree of floating arrays of one dtype that can be called on `(batch, fan_in)`
    x, y           numbers `(samples, fan_in)`; labels `(samples,)` or targets `(samples, outputs)`.
                   Memory-mapped arrays are read a batch at a time. Or x alone: blocks (x, y) or
                   (x, y, weights) that can be gone through again, such as `data.Chunks`, for what
                   is larger than memory; each block is shuffled by itself
    loss           a name ("cross_entropy", "huber(delta=0.5)") or a function
                   `(prediction, target) -> (batch,)`
    optimizer      a name or what `adam(1e-3)`, `sgd(0.1)`, `lbfgs()` return
    schedule       of the learning rate: a name ("cosine", "warmup(steps=100, then=cosine)"), ...
    batch_size     None: all samples (of a block) at once
    order          "shuffled"; "replacement": drawn anew for each step; "given": as they came
    drop_last      whether to leave out a smaller last batch
    validation     the share of the samples to hold out, or their places in x, an array of whole
                   numbers; or (x, y) or (x, y, weights); or None
    sample_weight  `(samples,)` from 0 on; class_weight  of each label, or "balanced"
    reduction      of the losses of a batch: "mean" or "sum"
    penalty        on the parameters, added to the loss: "l2(strength=1e-3)", ...
    weight_decay   apart from the gradient, a number or a function of the step's number; None: the
                   optimiser's own (see `Update`, `Group`)
    groups         parameters with a learning rate and a decay of their own
    clip_value     the largest size of a gradient's entry; clip_norm  its largest norm
    average        decay of a moving average of the weights, which is validated and returned
    patience       end after so many epochs without a loss lower by more than `min_delta`
    metrics        functions `(prediction, target) -> (batch,)` to report beside those of the loss
    train_metrics  whether they are taken of the training batches too, as they pass: before the step
                   that each batch takes, dropout included; after the epoch for lbfgs
    seed           of hold-out, order and dropout: same seed, same bits
    progress       a live line; by default where standard error is a terminal
    checkpoint     a file that holds the run after each epoch, or a `Checkpoint`
    resume         go on from that file where it is there: the bits are those of a run without end
    backend        "native": machine code; "numpy"; "auto": by the sizes of network and samples
    threads        of machine code; None: by the cores this process may use and the sizes. The bits
                   are the same for any number

    Ctrl-C returns the best so far. Raises DivergedError where the loss is no longer finite, and
    ValueError, TypeError or OSError before any work where an argument does not fit.
    """
    settings = Settings(epochs, batch_size, order, drop_last, patience, min_delta, seed)
    limits = Limits(weight_decay, tuple(groups), clip_value, clip_norm, average)
    method, timing = find_optimizer(optimizer), find_schedule(schedule)
    objective = Objective(
        find_loss(loss),
        arguments.check_reduction(reduction),
        None if penalty is None else find_penalty(penalty),
    )
    packing = arguments.check_network(network)
    source, held_out = arguments.prepare(
        packing.dtype, x, y, sample_weight, class_weight, validation, seed, reduction
    )
    arguments.check_targets(network, objective.loss, source, held_out)
    reported = {**objective.loss.metrics, **(metrics or {})}
    passing = reported if train_metrics else {}
    if isinstance(method, Lbfgs):
        arguments.check_lbfgs(limits, timing, source)
        update = None
        graph = objective_and_gradient(packing, objective, source.types)
    else:
        update = arguments.update_of(method, limits, network, packing)
        graph = training_step(packing, objective, update, source.types, passing)
    chosen = find_backend(backend, threads, graph, *_work(settings, source, method))
    if isinstance(method, Lbfgs):
        epoch = lbfgs_epoch(chosen.function(graph), method)
    else:
        epoch = chosen.epoch(graph)
    measured = {"loss": objective.loss.function, **reported}
    validate = validator(packing, measured, held_out, reduction, chosen)
    measure = accumulated
    if update is None and passing:
        measure = afterwards(validator(packing, passing, cast(Rows, source), reduction, chosen))
    run = Run(
        packing, epoch, source, validate, measure, settings, update, timing, reduction, chosen
    )
    parameters = packing.pack(network)
    state = {} if update is None else first_state(update, parameters, passing)
    start = Standing(Position(parameters, state, 0), parameters)
    if checkpoint is None:
        return run.train(start, callbacks, progress, None)
    kept = checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint(checkpoint)
    recorder = Recorder(kept, fingerprint(graph, source, held_out, run))
    return run.train(recorder.begin(start, resume), callbacks, progress, recorder)


def _work(settings: Settings, source: Source, method: Optimizer | Lbfgs) -> tuple[int, int]:
    """(rows of a step, number of steps) of a whole run."""
    rows = max(min(settings.batch_of(size), size) for size in source.sizes)
    if isinstance(method, Lbfgs):
        return rows, settings.epochs * method.iterations
    return rows, settings.epochs * sum(map(settings.steps_of, source.sizes))
