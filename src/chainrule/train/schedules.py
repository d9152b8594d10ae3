"""Schedules of the learning rate: every one by name, their composition, and the choice of one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from chainrule.lookup import check_settings, find, parse
from chainrule.train.bounds import NOT_NEGATIVE
from chainrule.train.curves import (
    Clock,
    Schedule,
    check_unit,
    constant,
    cosine,
    coslog,
    exponential,
    inverse_sqrt,
    inverse_time,
    named,
    polynomial,
    progress_of,
    reduce_on_plateau,
    step_decay,
)


#: What a schedule may be chosen by: a name, with settings or without; itself; a function.
Chosen: TypeAlias = str | Schedule | Callable[[Clock], Any]


# ---- composition --------------------------------------------------------------------------------


def join(
    first: Chosen = "constant", steps: float = 100, then: Chosen = "constant", unit: str = "step"
) -> Schedule:
    """`first` for `steps` units, as if they were the run; `then` as if the run began after them."""
    before, after = schedule(first), schedule(then)
    factor = _joined("join", before, steps, after, unit)
    return Schedule(named(join, before.name, steps, after.name, unit), factor)


def warmup(
    steps: float = 100, then: Chosen = "constant", start: float = 0.0, unit: str = "step"
) -> Schedule:
    """From `start` straight to 1 in `steps` units, update for update; `then` for the rest (LS-08).

    `then` begins after the warm-up, and the rest is the whole of its run. P. Goyal et al.,
    "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017.
    """
    start = NOT_NEGATIVE.check("warmup: start", start)
    progress = progress_of("warmup", "step")
    ramp = Schedule("ramp", lambda clock: start + (1 - start) * progress(clock))
    after = schedule(then)
    factor = _joined("warmup", ramp, steps, after, unit)
    return Schedule(named(warmup, steps, after.name, start, unit), factor)


def product(first: Chosen = "constant", second: Chosen = "constant") -> Schedule:
    """The factors of both, multiplied."""
    one, other = schedule(first), schedule(second)
    name = named(product, one.name, other.name)
    return Schedule(name, lambda clock: one.factor(clock) * other.factor(clock))


def _joined(
    name: str, first: Schedule, steps: float, then: Schedule, unit: str
) -> Callable[[Clock], Any]:
    units = NOT_NEGATIVE.check(f"{name}: steps", steps)
    check_unit(name, unit)

    def factor(clock: Clock) -> Any:
        length = units * (clock.steps_per_epoch if unit == "epoch" else 1)
        part = replace(clock, step=np.minimum(clock.step, length), steps=length)
        rest = Clock(
            step=np.maximum(clock.step - length, 0),
            steps=max(clock.steps - length, 0),
            steps_per_epoch=clock.steps_per_epoch,
            watched=clock.watched[int(length // clock.steps_per_epoch) :],
        )
        return np.where(clock.step < length, first.factor(part), then.factor(rest))

    return factor


# ---- choice -------------------------------------------------------------------------------------

#: Every schedule, by name: functions of its settings, which all have defaults.
SCHEDULES: dict[str, Callable[..., Schedule]] = {
    "constant": constant,
    "coslog": coslog,
    "cosine": cosine,
    "exponential": exponential,
    "inverse_sqrt": inverse_sqrt,
    "inverse_time": inverse_time,
    "join": join,
    "polynomial": polynomial,
    "product": product,
    "reduce_on_plateau": reduce_on_plateau,
    "step_decay": step_decay,
    "warmup": warmup,
}


def schedule(chosen: Chosen) -> Schedule:
    """The schedule of this name, or a function of a clock that gives one number or `(n,)`.

    `"warmup(steps=100, then=cosine(end=0.01))"`. ValueError, naming the nearest, for an unknown
    name or setting, and for a setting that does not fit; TypeError for anything else.
    """
    if isinstance(chosen, Schedule):
        return chosen
    if isinstance(chosen, str):
        name, settings = parse("schedule", chosen)
        make = find(SCHEDULES, "schedule", name)
        check_settings("schedule", name, make, settings)
        return make(**settings)
    if not callable(chosen) or chosen in SCHEDULES.values():
        raise TypeError(
            f"schedule: {chosen!r}; expected a name, cosine(end=0.01) and the like, or a function "
            "of a Clock"
        )
    return _of_function(chosen)


def _of_function(function: Callable[[Clock], Any]) -> Schedule:
    """ValueError, where it is used, for a result that is no factor of the learning rate."""
    name = getattr(function, "__name__", type(function).__name__)

    def factor(clock: Clock) -> Any:
        found = np.asarray(function(clock), np.float64)
        fits = found.shape in ((), clock.step.shape)
        if not fits or not np.all((found >= 0) & (found < math.inf)):
            raise ValueError(
                f"schedule {name}: it returned {found!s:.60} for {len(clock.step)} updates; "
                "expected a number from 0, or one for each of clock.step"
            )
        return np.broadcast_to(found, clock.step.shape)

    return Schedule(name, factor)
