"""Strategies: which values are tried next."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule.lookup import check_kinds, find, parse
from chainrule.tune.space import Choice, Space
from chainrule.tune.trials import Trial, best_of


Values: TypeAlias = dict[str, Any]

#: (space, trials, seed, done) -> the values of each trial in turn. `done` grows: when values are
#: asked for, it holds the trials so far.
Strategy: TypeAlias = Callable[..., Iterator[Values]]


def grid(space: Space, trials: int, seed: int, done: Sequence[Trial]) -> Iterator[Values]:
    """Every combination of evenly spaced values, the last name changing fastest.

    A choice takes all its options; intervals share what `trials` leaves as evenly as it goes, so
    that there may be fewer combinations. `seed` and `done` do not matter. ValueError where the
    options alone make more.
    """
    counts = _grid_counts(space, trials)
    axes = [range_of.grid(counts[name]) for name, range_of in space.items()]
    for values in itertools.product(*axes):
        yield dict(zip(space, values, strict=True))


def random(space: Space, trials: int, seed: int, done: Sequence[Trial]) -> Iterator[Values]:
    """Values drawn independently of each other: every trial tries a new value of each name.

    J. Bergstra, Y. Bengio, "Random search for hyper-parameter optimization", 2012.
    """
    rng = np.random.default_rng(seed)
    for _ in range(trials):
        yield _draw(space, rng)


def coarse_to_fine(
    space: Space,
    trials: int,
    seed: int,
    done: Sequence[Trial],
    rounds: int = 4,
    share: float = 0.5,
) -> Iterator[Values]:
    """Random values, in each round from a smaller space around the best so far (HP-05).

    rounds  among which the trials are divided evenly
    share   of each interval that the next round keeps, on the interval's own scale
    A choice keeps all its options. ValueError for no round, or a share that is not between 0 and 1.
    """
    if rounds < 1 or not 0 < share < 1:
        raise ValueError(
            f"coarse_to_fine: rounds={rounds}, share={share}; expected 1 round or more, and a "
            "share between 0 and 1"
        )
    rng = np.random.default_rng(seed)
    for number in range(rounds):
        narrowed = _around_best(space, best_of(done), share**number) if number else space
        for _ in range(trials * number // rounds, trials * (number + 1) // rounds):
            yield _draw(narrowed, rng)


def optuna(space: Space, trials: int, seed: int, done: Sequence[Trial]) -> Iterator[Values]:
    """What optuna's sampler suggests (tree-structured Parzen estimators).

    T. Akiba et al., "Optuna: a next-generation hyperparameter optimization framework", 2019.
    ModuleNotFoundError where optuna is not installed.
    """
    from chainrule.tune.suggestions import suggested

    return suggested(space, trials, seed, done)


#: Every strategy, by name.
STRATEGIES: dict[str, Strategy] = {
    "coarse_to_fine": coarse_to_fine,
    "grid": grid,
    "optuna": optuna,
    "random": random,
}


def strategy(chosen: str | Strategy) -> tuple[str, Strategy, dict[str, Any]]:
    """The name, the function and the settings of a strategy: `"coarse-to-fine(rounds=4)"`.

    Hyphens count as underscores. A function is taken as it is. ValueError, naming the nearest, for
    an unknown name or setting; TypeError for neither name nor function.
    """
    if isinstance(chosen, str):
        name, opening, rest = chosen.partition("(")
        name, settings = parse("strategy", name.replace("-", "_") + opening + rest)
        function = find(STRATEGIES, "strategy", name)
        check_kinds("strategy", name, function, settings)
        return chosen, function, settings
    if not callable(chosen):
        raise TypeError(
            f"search: the strategy {chosen!r} is neither a name nor a function (space, trials, "
            "seed, done)"
        )
    return getattr(chosen, "__name__", "strategy"), chosen, {}


def _draw(space: Space, rng: np.random.Generator) -> Values:
    return {name: range_of.at(rng.random()) for name, range_of in space.items()}


def _around_best(space: Space, best: Trial | None, share: float) -> Space:
    """Each interval narrowed to a share of it."""
    if best is None:
        return space
    return {name: range_of.around(best.values[name], share) for name, range_of in space.items()}


def _grid_counts(space: Space, trials: int) -> dict[str, int]:
    """How many values of each name: the smallest number grows while the product fits."""
    counts = {
        name: int(range_of.size) if isinstance(range_of, Choice) else 1
        for name, range_of in space.items()
    }
    product = math.prod(counts.values())
    if product > trials:
        raise ValueError(
            f"grid: the options alone make {product} combinations, more than trials={trials}; "
            "allow more, or search at random"
        )
    while True:
        product = math.prod(counts.values())
        growing = [
            name
            for name, count in counts.items()
            if count < space[name].size and product // count * (count + 1) <= trials
        ]
        if not growing:
            return counts
        counts[min(growing, key=lambda name: counts[name])] += 1
