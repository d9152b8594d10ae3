"""From options and samples to a trained network: what is chosen where nothing is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chainrule import nn
from chainrule.cli.options import TrainOptions
from chainrule.cli.predictions import usual_loss
from chainrule.cli.samples import Samples
from chainrule.lookup import check_settings, find, parse
from chainrule.train import OPTIMIZERS, Checkpoint, Group, Lbfgs, Optimizer, Result, fit


CHECKPOINT = "run.checkpoint"

#: Where the options do not say: so many updates, but at least and at most so many epochs.
_UPDATES, _FEWEST, _MOST = 4_000, 10, 1_000

_BATCHES = ((5_000, 32), (50_000, 128))  # up to so many rows, batches of this size; then 256
_HIDDEN = {True: "512", False: "64,64"}  # of images, and of other samples


def settled(options: TrainOptions, samples: Samples) -> TrainOptions:
    """The options with what the samples decide filled in."""
    rows = max(round(len(samples.x) * (1 - (samples.validation or 0))), 1)
    usual = next((size for most, size in _BATCHES if rows <= most), 256)
    batch = options.batch_size or str(usual)
    updates = -(-rows // (batch_size(batch) or rows))
    chosen = optimizer_for(options)
    return replace(
        options,
        target=samples.preprocessing.target.name,
        task="classification" if samples.classes else "regression",
        validation=samples.validation or 0.0,
        hidden=_HIDDEN[samples.image_shape is not None]
        if options.hidden is None
        else options.hidden,
        loss=options.loss or usual_loss(samples.preprocessing, len(samples.classes)),
        batch_size=batch,
        epochs=options.epochs if options.epochs is not None else _epochs(updates),
        learning_rate=chosen.learning_rate if isinstance(chosen, Optimizer) else None,
    )


def _epochs(updates: int) -> int:
    return min(max(_UPDATES // updates, _FEWEST), _MOST)


def loss_for(options: TrainOptions, samples: Samples) -> nn.Loss:
    """The loss of settled options. ValueError where it does not fit the target."""
    chosen = nn.loss(options.loss or "")
    if ("accuracy" in chosen.metrics) != bool(samples.classes):
        target = samples.preprocessing.target
        raise ValueError(
            f"--loss {chosen.name} does not fit the target {target.name!r}, {target.describe()}; "
            "choose another loss, or --task"
        )
    return chosen


def network_for(options: TrainOptions, samples: Samples, loss: nn.Loss) -> nn.Sequential:
    """A network of the size that the samples and the settled options ask for."""
    activations = parts(options.activation)
    return nn.mlp(
        [samples.x.shape[1], *sizes(options.hidden or ""), outputs_for(samples, loss)],
        activations[0] if len(activations) == 1 else activations,
        rng=options.seed,
        initializer=options.initializer,
        dtype=options.dtype,
        dropout=options.dropout,
        batch_norm=options.batch_norm,
        bias=options.bias,
    )


def outputs_for(samples: Samples, loss: nn.Loss) -> int:
    """How many outputs a network needs: one a class, one a number, two a normal distribution."""
    name = loss.name.partition("(")[0]
    if name == "binary_cross_entropy":
        if len(samples.classes) != 2:
            raise ValueError(
                f"--loss {name} with {len(samples.classes)} classes; use cross_entropy"
            )
        return 1
    return len(samples.classes) or (2 if name == "gaussian_nll" else 1)


def learn(options: TrainOptions, samples: Samples, network: nn.Sequential, loss: nn.Loss) -> Result:
    """Train the network on the samples as the settled options say."""
    assert options.epochs is not None and options.batch_size is not None
    return fit(
        network,
        samples.x,
        samples.y,
        loss=loss,
        optimizer=optimizer_for(options),
        schedule=options.schedule,
        epochs=options.epochs,
        batch_size=batch_size(options.batch_size),
        order=options.order,
        drop_last=options.drop_last,
        validation=options.validation or None,
        sample_weight=samples.weights,
        class_weight=class_weight(options.class_weight, samples.classes),
        reduction=options.reduction,
        penalty=options.penalty,
        weight_decay=options.weight_decay,
        groups=groups(options.rate or (), options.decay or ()),
        clip_value=options.clip_value,
        clip_norm=options.clip_norm,
        average=options.average,
        patience=options.patience,
        min_delta=options.min_delta,
        seed=options.seed,
        progress=False if options.quiet else None,
        checkpoint=checkpoint_for(options),
        resume=options.resume,
        backend=options.backend,
        threads=options.threads,
    )


def optimizer_for(options: TrainOptions) -> Optimizer | Lbfgs:
    """The optimiser with the learning rate, if one is asked for."""
    name, settings = parse("optimizer", options.optimizer)
    make = find(OPTIMIZERS, "optimizer", name)
    if options.learning_rate is not None:
        settings["learning_rate"] = options.learning_rate
    check_settings("optimizer", name, make, settings)
    return make(**settings)


def checkpoint_for(options: TrainOptions) -> Checkpoint | None:
    """When and where the run is written down; None if it is not."""
    every = options.checkpoint_every
    if every is None and not options.resume:
        return None
    path = options.out / CHECKPOINT
    text = every or "1"
    try:
        if text.endswith("m"):
            return Checkpoint(path, minutes=float(text[:-1]))
        return Checkpoint(path, epochs=int(text))
    except ValueError:
        raise ValueError(
            f"--checkpoint-every {text!r}: expected a number of epochs, as 5, or of minutes, as 10m"
        ) from None


# ---- texts ---------------------------------------------------------------------------------------


def parts(text: str) -> list[str]:
    """What stands between commas, those within parentheses apart; nothing for an empty text."""
    found = [part.strip() for part in re.split(r",(?![^()]*\))", text)]
    return found if any(found) else []


def sizes(text: str) -> list[int]:
    """`"100,50"` -> [100, 50]; empty for no hidden layer. ValueError for anything else."""
    found = parts(text)
    if not all(part.isdecimal() and int(part) > 0 for part in found):
        raise ValueError(f"--hidden {text!r}: expected whole numbers above 0, such as 100,50")
    return [int(part) for part in found]


def batch_size(text: str) -> int | None:
    """A number of samples; None for "all" and "0". ValueError for anything else."""
    if text in ("all", "0"):
        return None
    if not text.isdecimal():
        raise ValueError(f"--batch-size {text!r}: expected a whole number from 1, or all")
    return int(text)


def weight_of_classes(text: str | None) -> str | dict[str, float] | None:
    """`"balanced"`, or the weights that `"yes=2,no=1"` names."""
    if text is None or text == "balanced":
        return text
    return dict(_pair("--class-weight", part, "CLASS=WEIGHT") for part in parts(text))


def class_weight(text: str | None, classes: tuple[str, ...]) -> Any:
    """`"balanced"`, or the weight of each label of `"yes=2,no=1"`."""
    weights = weight_of_classes(text)
    if weights is None:
        return None
    if not classes:
        raise ValueError("--class-weight: the target is a number, which has no classes")
    if isinstance(weights, str):
        return weights
    for name in weights:
        if name not in classes:
            raise ValueError(
                f"--class-weight: there is no class {name!r} (there are: {', '.join(classes)})"
            )
    return {classes.index(name): weight for name, weight in weights.items()}


def groups(rates: Sequence[str], decays: Sequence[str]) -> tuple[Group, ...]:
    """A group for each pattern of texts like `"layers[0]=0.1"`, in their order."""
    rate = dict(_pair("--rate", text, "PATTERN=FACTOR") for text in rates)
    decay = dict(_pair("--decay", text, "PATTERN=FACTOR") for text in decays)
    return tuple(Group(p, rate.get(p, 1.0), decay.get(p)) for p in {**rate, **decay})


def _pair(option: str, text: str, form: str) -> tuple[str, float]:
    name, _, number = text.rpartition("=")
    try:
        if not name.strip():
            raise ValueError
        return name.strip(), float(number)
    except ValueError:
        raise ValueError(f"{option} {text!r}: expected {form}") from None
