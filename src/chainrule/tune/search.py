"""`search`: an objective tried with one set of values after the other."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.train.run import Result
from chainrule.tune.space import Space, check_space
from chainrule.tune.strategies import Strategy, Values
from chainrule.tune.strategies import strategy as find_strategy
from chainrule.tune.trials import Search, Trial, best_of, text_of


def search(
    objective: Callable[[Values], Any],
    space: Space,
    *,
    trials: int = 20,
    strategy: str | Strategy = "random",
    seed: int = 0,
    progress: bool | None = None,
) -> Search:
    """Try values of hyper-parameters, and say which gave the lowest loss on a validation set.

    objective  takes a dict of values by name and returns the validation loss, or what `train.fit`
               returned with `validation=...`: then its lowest validation loss counts
    space      what each name may be: `uniform`, `log_uniform`, `integer` or `choice`
    trials     how many at most; a grid may take fewer
    strategy   "random", "grid", "coarse-to-fine", "optuna", a name with settings such as
               "coarse-to-fine(rounds=4, share=0.2)", or a function `(space, trials, seed, done)`
    seed       same seed, same values
    progress   a line for each trial; by default where standard error is a terminal

        def objective(values):
            net = cr.nn.mlp([64, values["units"], 10], rng=0)
            rate = cr.train.adam(values["rate"])
            return cr.train.fit(net, x, y, loss="cross_entropy", optimizer=rate, validation=0.2)

        space = {"units": integer(8, 256, log=True), "rate": log_uniform(1e-4, 1e-1)}
        found = cr.tune.search(objective, space, trials=30)

    Hold out the same samples in every trial, and other ones for the final test. A trial that
    raises an error (`DivergedError`, say) or whose loss is not finite is recorded as failed, and
    never the best. Ctrl-C returns the trials so far. (`fit` hears it first and returns a result:
    an objective that does not hand it on should look at its `interrupted`.) Raises TypeError or
    ValueError for a space, a strategy or a number of trials that cannot be, and for an objective
    that returns no number.
    """
    space = check_space(space)
    _check_whole("trials", trials, 1)
    _check_whole("seed", seed, 0)
    name, propose, settings = find_strategy(strategy)
    shows = sys.stderr.isatty() if progress is None else progress
    done: list[Trial] = []
    try:
        for values in propose(space, trials, seed, done, **settings):
            done.append(_tried(objective, values))
            if shows:
                print(_line(done, trials), file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        return Search(tuple(done), name, interrupted=True)
    return Search(tuple(done), name)


def _tried(objective: Callable[[Values], Any], values: Values) -> Trial:
    start = time.perf_counter()
    try:
        returned = objective(dict(values))
    except Exception as error:
        seconds = time.perf_counter() - start
        return Trial(
            values, math.nan, seconds, " ".join(f"{type(error).__name__}: {error}".split())
        )
    seconds = time.perf_counter() - start
    score = _score(returned)
    if not math.isfinite(score):
        return Trial(values, math.nan, seconds, f"the loss is {score}")
    return Trial(values, score, seconds)


def _score(returned: Any) -> float:
    """The loss that an objective returned. KeyboardInterrupt where Ctrl-C ended its training."""
    if isinstance(returned, Result):
        if returned.interrupted:
            raise KeyboardInterrupt
        if "validation_loss" not in returned.history:
            raise ValueError(
                "search: the objective trained without a validation set; pass validation= to fit"
            )
        return min(returned.history["validation_loss"])
    number = np.asarray(returned)
    if number.shape != () or number.dtype.kind not in "iuf":
        raise TypeError(
            f"search: the objective returned {returned!r:.60}; expected the validation loss, one "
            "number, or what train.fit returned"
        )
    return float(number)


def _line(done: Sequence[Trial], trials: int) -> str:
    """How the search goes: the last trial and the best."""
    last, best = done[-1], best_of(done)
    words = [f"trial {len(done)}/{trials}"]
    words.append("failed" if last.error else f"loss {last.score:.4g}")
    if best is not None:
        words.append(f"best {best.score:.4g}")
    values = ", ".join(f"{name}={text_of(value)}" for name, value in last.values.items())
    return "  ".join([*words, values, last.error or ""]).rstrip()


def _check_whole(name: str, value: Any, least: int) -> None:
    is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_whole or value < least:
        raise ValueError(f"search: {name} is {value!r}; expected a whole number from {least}")
