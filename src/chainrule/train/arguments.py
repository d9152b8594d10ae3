"""What `fit` is given, checked and brought into form before any work is done."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, repeat
from numbers import Real
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.lookup import find
from chainrule.nn.layers import FLOATS
from chainrule.nn.losses import Loss
from chainrule.train.groups import Group, multipliers
from chainrule.train.optimizers import Optimizer
from chainrule.train.rows import Rows, Source, rows_of, stream_of
from chainrule.train.schedules import Schedule
from chainrule.train.step import REDUCTIONS, Update
from chainrule.train.weights import ClassWeight, weighed
from chainrule.transforms.trace import trace


#: (generator, samples) -> the places of the samples `(samples,)` in the order they are taken.
ORDERS: dict[str, Callable[[np.random.Generator, int], Any]] = {
    "shuffled": lambda rng, samples: rng.permutation(samples),
    "replacement": lambda rng, samples: rng.integers(0, samples, samples),
    "given": lambda rng, samples: np.arange(samples),
}


@dataclass(frozen=True)
class Settings:
    """The numbers of a run. ValueError for one that cannot be."""

    epochs: int
    batch_size: int | None
    order: str
    drop_last: bool
    patience: int | None
    min_delta: float
    seed: int

    def __post_init__(self) -> None:
        find(ORDERS, "order", self.order)
        whole = [("epochs", self.epochs, 1), ("seed", self.seed, 0)]
        if self.batch_size is not None:
            whole.append(("batch_size", self.batch_size, 1))
        if self.patience is not None:
            whole.append(("patience", self.patience, 1))
        for name, value, least in whole:
            if not isinstance(value, (int, np.integer)) or value < least:
                raise ValueError(f"fit: {name} is {value!r}; expected a whole number from {least}")
        _check_number("min_delta", self.min_delta, least=0)

    def batch_of(self, rows: int) -> int:
        """The batch size for a block of so many rows."""
        return rows if self.batch_size is None else int(self.batch_size)

    def steps_of(self, rows: int) -> int:
        """How many steps a block of so many rows takes."""
        whole, left = divmod(rows, self.batch_of(rows))
        return whole if self.drop_last and whole else whole + (left > 0)


def check_network(network: Any) -> tree.Packing:
    """How the parameters of a network pack. TypeError for what cannot be called or learnt."""
    if not callable(network):
        raise TypeError(
            f"fit: the network is {type(network).__name__}, which cannot be called on x; pass a "
            "network of nn or a frozen dataclass with __call__"
        )
    leaves = tree.leaves(network)
    for path, leaf in zip(tree.paths(network, "network"), leaves, strict=True):
        kind = str(getattr(leaf, "dtype", type(leaf).__name__))
        if kind not in FLOATS:
            raise TypeError(
                f"fit: {path} is {kind}, expected an array of {' or '.join(FLOATS)}; parameters "
                "are the fields of a frozen dataclass that are annotated Array"
            )
        if not np.all(np.isfinite(leaf)):
            raise ValueError(f"fit: {path} holds a number that is not finite; train from others")
    if not leaves:
        raise TypeError(
            "fit: the network has no parameters; annotate the fields that hold them with Array"
        )
    return tree.packing(network)


def check_reduction(reduction: str) -> str:
    """The name of a reduction; ValueError, naming the nearest, for another."""
    find(REDUCTIONS, "reduction", reduction)
    return reduction


def check_targets(network: Any, loss: Loss, source: Source, held_out: Rows | None) -> None:
    """ValueError for a target that the loss has no meaning for, such as a label without output."""
    shape = trace(network, source.types.x).outputs[0].shape
    outputs = shape[-1] if len(shape) > 1 and isinstance(shape[-1], int) else 1
    watched = () if held_out is None else (held_out,)
    named = chain(zip(repeat("y"), source.blocks()), zip(repeat("validation y"), watched))
    for name, block in named:
        for y in block.targets_in_turn(1 << 20):
            try:
                loss.check_target(y, outputs)
            except ValueError as error:
                raise ValueError(f"fit: {name} {error}") from None


@dataclass(frozen=True)
class Limits:
    """What bounds the steps of an optimiser, as `fit` is given it; None where it is not wanted.

    ValueError for a number that cannot be, TypeError for what is no group.
    """

    weight_decay: float | Callable[[Any], Any] | None
    groups: tuple[Group, ...]
    clip_value: float | None
    clip_norm: float | None
    average: float | None

    def __post_init__(self) -> None:
        if self.weight_decay is not None and not callable(self.weight_decay):
            _check_number("weight_decay", self.weight_decay, least=0)
        for name, value in (("clip_value", self.clip_value), ("clip_norm", self.clip_norm)):
            if value is not None:
                _check_number(name, value, above=0)
        if self.average is not None and not 0 < self.average < 1:
            raise ValueError(
                f"fit: average is {self.average!r}; expected a decay between 0 and 1, as 0.999"
            )


def update_of(optimizer: Optimizer, limits: Limits, network: Any, packing: tree.Packing) -> Update:
    """How the optimiser moves the parameters. ValueError for a group that has no parameters."""
    decay = limits.weight_decay
    if decay is None:
        decay = optimizer.weight_decay
    decay = decay if callable(decay) else float(decay)
    each = multipliers(network, packing, limits.groups) if limits.groups or decay else None
    return Update(optimizer, decay, each, limits.clip_value, limits.clip_norm, limits.average)


def check_lbfgs(limits: Limits, schedule: Schedule, source: Source) -> None:
    """ValueError for what has no meaning where the method itself chooses the steps, and for blocks:
    it needs all samples at once.
    """
    if not isinstance(source, Rows):
        raise ValueError(
            "fit: x in blocks with lbfgs, which needs all samples at once; pass arrays, or choose "
            "another optimiser"
        )
    given = {name: getattr(limits, name) for name in limits.__dataclass_fields__}
    if schedule.name != "constant":
        given["schedule"] = schedule.name
    for name, value in given.items():
        if value not in (None, ()):
            raise ValueError(
                f"fit: {name} with lbfgs, which chooses its own steps; leave it out, or use a "
                "penalty or another optimiser"
            )


def prepare(
    dtype: str,
    x: Any,
    y: Any,
    sample_weight: Any,
    class_weight: ClassWeight | None,
    validation: Any,
    seed: int,
    reduction: str,
) -> tuple[Source, Rows | None]:
    """The samples to train on, with their weights, and, if any, those held out for validation."""
    held_out: Rows | None = None
    if y is None:
        if sample_weight is not None:
            raise ValueError("fit: sample_weight with blocks; let the blocks be (x, y, weights)")
        source: Source = stream_of(x, dtype)
    else:
        source = rows_of(x, y, sample_weight, dtype)
    if isinstance(validation, (tuple, list)):
        if len(validation) not in (2, 3):
            raise ValueError(
                f"fit: validation has {len(validation)} parts; expected (x, y) or (x, y, weights)"
            )
        vx, vy, *weights = validation
        held_out = rows_of(vx, vy, weights[0] if weights else None, dtype, "validation ")
        if (held_out.types.x, held_out.types.y) != (source.types.x, source.types.y):
            raise ValueError(
                f"fit: a batch for validation is {held_out.types}, and one for training "
                f"{source.types}; they must be alike"
            )
    elif isinstance(validation, np.ndarray):
        source, held_out = _apart(source, validation)
    elif validation:
        source, held_out = _split(source, validation, seed)
    return weighed(source, class_weight, reduction), held_out


def _apart(source: Source, places: Any) -> tuple[Rows, Rows]:
    """The samples without, and those at, the places that are held out."""
    is_whole = places.ndim == 1 and places.dtype.kind in "iu"
    if not is_whole or not isinstance(source, Rows):
        raise ValueError(
            f"fit: validation is an array {places.dtype} of shape {places.shape}; expected the "
            "places of samples in arrays x and y: whole numbers (held_out,)"
        )
    is_held_out = np.zeros(len(source), bool)
    if len(places) and not -len(source) <= places.min() <= places.max() < len(source):
        raise ValueError(f"fit: validation has places beyond the {len(source)} samples of x")
    is_held_out[places] = True
    if is_held_out.all() or not is_held_out.any():
        raise ValueError(
            f"fit: validation holds out {len(places)} of {len(source)} samples; some must be left "
            "on both sides"
        )
    return source.part(np.flatnonzero(~is_held_out)), source.part(np.flatnonzero(is_held_out))


def _split(source: Source, share: Any, seed: int) -> tuple[Rows, Rows]:
    """The samples without, and those of, a share that is held out."""
    if not isinstance(share, Real) or not 0 < float(share) < 1:
        raise ValueError(
            f"fit: validation is {share!r}; expected a share between 0 and 1, or (x, y)"
        )
    if not isinstance(source, Rows):
        raise ValueError("fit: validation is a share, but x comes in blocks; pass (x, y)")
    count = round(float(share) * len(source))
    if not 0 < count < len(source):
        raise ValueError(
            f"fit: validation = {share} holds out {count} of {len(source)} samples; "
            "some must be left on both sides"
        )
    order = np.random.default_rng([seed, 0]).permutation(len(source))
    return source.part(order[count:]), source.part(order[:count])


def _check_number(
    name: str, value: Any, least: float = -math.inf, above: float = -math.inf
) -> None:
    number = float(value) if isinstance(value, Real) else math.nan
    if not (least <= number < math.inf and number > above):
        wanted = f"{least:g} or more" if least > -math.inf else f"a number above {above:g}"
        raise ValueError(f"fit: {name} is {value!r}; expected {wanted}")
