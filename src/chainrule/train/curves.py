"""Curves of the learning rate over a run, and what a schedule is: its multiplier, each update."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.train.bounds import BELOW_1, COUNT, NOT_NEGATIVE, POSITIVE, PROPORTION, WHOLE


@dataclass(frozen=True)
class Clock:
    """Where in a run some updates stand.

    step             float64 `(n,)`, the updates done before each of them: 0 for the very first
    steps            updates in the whole run
    steps_per_epoch  updates in one epoch
    watched          the watched loss of each finished epoch: of validation, else of training
    """

    step: Any
    steps: float
    steps_per_epoch: float
    watched: Sequence[float] = ()


@dataclass(frozen=True)
class Schedule:
    """A factor of the learning rate.

    name    with every setting that is not the default: `schedule(name)` is the same schedule
    factor  a function of a clock: float64 `(n,)`, one for each update
    """

    name: str
    factor: Callable[[Clock], Any]


# ---- curves -------------------------------------------------------------------------------------
# `unit` is what a schedule counts: "step", updates, or "epoch", whole epochs done.


def constant() -> Schedule:
    """1, always (LS-01)."""
    return Schedule("constant", lambda clock: np.ones(len(clock.step)))


def inverse_time(offset: float = 1.0, unit: str = "step") -> Schedule:
    """o / (o + n) after n units, o being `offset`: 1/t for t = 1, 2, ... where o is 1 (LS-02).

    The sum diverges and the sum of squares does not, as H. Robbins, S. Monro, "A stochastic
    approximation method", 1951, ask for (LS-04).
    """
    offset = POSITIVE.check("inverse_time: offset", offset)
    done = counter("inverse_time", unit)
    name = named(inverse_time, offset, unit)
    return Schedule(name, lambda clock: offset / (offset + done(clock)))


def inverse_sqrt(offset: float = 1.0, unit: str = "step") -> Schedule:
    """√(o / (o + n)) after n units, o being `offset`: 1/√t for t = 1, 2, ... where o is 1 (LS-03).

    The sum of its squares diverges too: it fails the second condition of LS-04.
    """
    offset = POSITIVE.check("inverse_sqrt: offset", offset)
    done = counter("inverse_sqrt", unit)
    name = named(inverse_sqrt, offset, unit)
    return Schedule(name, lambda clock: np.sqrt(offset / (offset + done(clock))))


def step_decay(
    factor: float = 0.1, every: float = 30, milestones: Sequence[float] = (), unit: str = "epoch"
) -> Schedule:
    """factor^⌊n / every⌋ after n units; with milestones, factor^(milestones reached) (LS-06).

    A milestone of 30 is reached after 30 units.
    """
    factor = POSITIVE.check("step_decay: factor", factor)
    every = POSITIVE.check("step_decay: every", every)
    if not isinstance(milestones, (tuple, list)):
        raise ValueError(f"step_decay: milestones {milestones!r}; expected numbers in a tuple")
    places = tuple(sorted(NOT_NEGATIVE.check("step_decay: milestone", m) for m in milestones))
    done = counter("step_decay", unit)

    def decayed(clock: Clock) -> Any:
        if places:
            return factor ** np.searchsorted(places, done(clock), side="right").astype(float)
        return factor ** np.floor(done(clock) / every)

    return Schedule(named(step_decay, factor, every, places, unit), decayed)


def exponential(factor: float = 0.95, unit: str = "epoch") -> Schedule:
    """factorⁿ after n units."""
    factor = POSITIVE.check("exponential: factor", factor)
    done = counter("exponential", unit)
    return Schedule(named(exponential, factor, unit), lambda clock: factor ** done(clock))


def polynomial(power: float = 1.0, end: float = 0.0, unit: str = "step") -> Schedule:
    """end + (1 - end) (1 - n/N)^power after n of the N units of the run (LS-07)."""
    power = POSITIVE.check("polynomial: power", power)
    end = NOT_NEGATIVE.check("polynomial: end", end)
    progress = progress_of("polynomial", unit)
    name = named(polynomial, power, end, unit)
    return Schedule(name, lambda clock: end + (1 - end) * (1 - progress(clock)) ** power)


def cosine(end: float = 0.0, cycles: int = 1, unit: str = "step") -> Schedule:
    """end + (1 - end) (1 + cos πp) / 2, where p goes from 0 to 1 in each of `cycles` equal parts.

    With more than one cycle the learning rate restarts from its first value. I. Loshchilov,
    F. Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.
    """
    end = NOT_NEGATIVE.check("cosine: end", end)
    cycles = COUNT.check("cosine: cycles", cycles)
    progress = progress_of("cosine", unit, cycles)

    def factor(clock: Clock) -> Any:
        done = progress(clock)
        phase = done - np.minimum(np.floor(done), cycles - 1)
        return end + (1 - end) * (1 + np.cos(math.pi * phase)) / 2

    return Schedule(named(cosine, end, cycles, unit), factor)


def coslog(cycles: int = 4) -> Schedule:
    """(1 - cos(2π log₂(1 + (2^cycles - 1) t))) / 2, t being the share of the run that is done.

    From 0 up to 1 and down to 0 in each cycle, each twice as long as the one before. With 4 cycles
    this is coslog4 of D. Holzmüller et al., "Better by default: strong pre-tuned MLPs and boosted
    trees on tabular data", 2024.
    """
    cycles = COUNT.check("coslog: cycles", cycles)
    progress = progress_of("coslog", "step")

    def factor(clock: Clock) -> Any:
        turns = np.log2(1 + (2.0**cycles - 1) * progress(clock))
        return (1 - np.cos(2 * math.pi * turns)) / 2

    return Schedule(named(coslog, cycles), factor)


def reduce_on_plateau(
    factor: float = 0.1,
    patience: int = 10,
    threshold: float = 1e-4,
    cooldown: int = 0,
    smallest: float = 0.0,
) -> Schedule:
    """Multiplied by `factor` whenever the watched loss stood still for over `patience` epochs.

    threshold  the share of the best loss by which a loss has to be below it to be better
    cooldown   epochs after a reduction that do not count
    smallest   the least that the multiplier becomes
    The rule of PyTorch's ReduceLROnPlateau, as a function of all that was watched.
    """
    factor = BELOW_1.check("reduce_on_plateau: factor", factor)
    patience = WHOLE.check("reduce_on_plateau: patience", patience)
    threshold = BELOW_1.check("reduce_on_plateau: threshold", threshold)
    cooldown = WHOLE.check("reduce_on_plateau: cooldown", cooldown)
    smallest = PROPORTION.check("reduce_on_plateau: smallest", smallest)

    def reduced(clock: Clock) -> Any:
        value, to_beat, still, cooling = 1.0, math.inf, 0, 0
        for loss in clock.watched:
            still += 1
            if loss < to_beat:
                to_beat, still = loss - threshold * abs(loss), 0
            if cooling > 0:
                cooling, still = cooling - 1, 0
            if still > patience:
                value, cooling, still = max(value * factor, smallest), cooldown, 0
        return np.full(len(clock.step), value)

    name = named(reduce_on_plateau, factor, patience, threshold, cooldown, smallest)
    return Schedule(name, reduced)


# ---- what they share ----------------------------------------------------------------------------


def named(make: Callable[..., Schedule], *settings: Any) -> str:
    """The call of `make` with these settings, in order, that are not its defaults."""
    parameters = inspect.signature(make).parameters.values()
    pairs = zip(parameters, settings, strict=True)
    changed = [f"{p.name}={value}" for p, value in pairs if value != p.default]
    return f"{make.__name__}({', '.join(changed)})" if changed else make.__name__


def check_unit(name: str, unit: str) -> None:
    """ValueError, naming the schedule, for a unit that is none."""
    if unit not in ("step", "epoch"):
        raise ValueError(f"{name}: unit {unit!r}; expected 'step' or 'epoch'")


def counter(name: str, unit: str) -> Callable[[Clock], Any]:
    """The units done before each update of a clock: updates, or whole epochs."""
    check_unit(name, unit)
    if unit == "step":
        return lambda clock: clock.step
    return lambda clock: np.floor(clock.step / clock.steps_per_epoch)


def progress_of(name: str, unit: str, parts: int = 1) -> Callable[[Clock], Any]:
    """How many of `parts` equal parts of the run are done before each update, by whole units."""
    done = counter(name, unit)

    def progress(clock: Clock) -> Any:
        units = clock.steps / (clock.steps_per_epoch if unit == "epoch" else 1)
        if units <= 0:
            return np.full(len(clock.step), float(parts))
        # Multiplied before it is divided: a restart falls on its update, not one beside it.
        return np.minimum(done(clock) * parts / units, parts)

    return progress
