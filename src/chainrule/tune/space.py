"""What a hyper-parameter may be: an interval of numbers, or one of some options."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, TypeAlias

import numpy as np


@dataclass(frozen=True)
class Interval:
    """The numbers from `low` to `high`, both of them included.

    is_log    whether equal ratios, not equal differences, are equally likely
    is_whole  whether only whole numbers are meant
    Places in an interval are numbers from 0 (`low`) to 1 (`high`) on its scale.
    ValueError where `low` is not below `high`, one is not finite or, on a log scale, not above 0;
    TypeError for what is no number.
    """

    low: float
    high: float
    is_log: bool = False
    is_whole: bool = False

    def __post_init__(self) -> None:
        for end in (self.low, self.high):
            _check_end(end, self.is_whole)
        if self.is_log and self.low <= 0:
            raise ValueError(f"tune: a log scale from {self.low}; it has to begin above 0")
        if not self.low < self.high:
            raise ValueError(
                f"tune: an interval from {self.low} to {self.high}; the first number has to be "
                "smaller, and a value that stays the same is none to search for"
            )

    def at(self, place: float) -> float | int:
        """The value at a place from 0 to 1; each whole number has its share of the places."""
        # Half a unit more on both sides, so that the ends are as likely as the numbers between.
        margin = 0.5 if self.is_whole else 0.0
        low, high = self.low - margin, self.high + margin
        if self.is_log:
            return self._within(math.exp((1 - place) * math.log(low) + place * math.log(high)))
        return self._within((1 - place) * low + place * high)

    def place(self, value: float) -> float:
        """Where `value` lies, from 0 to 1."""
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def grid(self, count: int) -> tuple[float | int, ...]:
        """At most so many values, evenly spaced with both ends; the middle if it is to be one."""
        if count == 1:
            return (self.at(0.5),)
        spaced = np.geomspace if self.is_log else np.linspace
        return tuple(dict.fromkeys(map(self._within, spaced(self.low, self.high, count))))

    def around(self, value: float, share: float) -> Interval:
        """`share` of this interval, with `value` in its middle unless an end is too near."""
        exact = replace(self, is_whole=False)
        start = min(max(self.place(value) - share / 2, 0), 1 - share)
        low, high = self._within(exact.at(start)), self._within(exact.at(start + share))
        if self.is_whole and low == high:
            low, high = max(low - 1, self.low), min(high + 1, self.high)
        return replace(self, low=low, high=high)

    @property
    def size(self) -> float:
        """How many values there are."""
        return self.high - self.low + 1 if self.is_whole else math.inf

    def _within(self, value: float) -> float | int:
        kept = min(max(value, self.low), self.high)
        return round(float(kept)) if self.is_whole else float(kept)


@dataclass(frozen=True)
class Choice:
    """One of some options, which may be anything."""

    options: tuple[Any, ...]

    def at(self, place: float) -> Any:
        """The option at a place from 0 to 1; each has an equal share of the places."""
        return self.options[min(int(place * len(self.options)), len(self.options) - 1)]

    def grid(self, count: int) -> tuple[Any, ...]:
        """All options, whatever `count` is."""
        return self.options

    def around(self, value: Any, share: float) -> Choice:
        """All options still: another one may turn out to be the best."""
        return self

    @property
    def size(self) -> float:
        """How many options there are."""
        return len(self.options)


#: What is searched: each hyper-parameter by its name.
Space: TypeAlias = Mapping[str, Interval | Choice]


def uniform(low: float, high: float) -> Interval:
    """Numbers from `low` to `high`, each as likely. Errors as of `Interval`."""
    return Interval(low, high)


def log_uniform(low: float, high: float) -> Interval:
    """Numbers from `low` to `high` whose logarithms are each as likely (HP-03).

    `log_uniform(1e-6, 10)` is `10 ** uniform(-6, 1)`. Errors as of `Interval`.
    """
    return Interval(low, high, is_log=True)


def integer(low: int, high: int, *, log: bool = False) -> Interval:
    """Whole numbers from `low` to `high`; `log` for numbers of units and the like.

    Errors as of `Interval`; TypeError for an end that is not whole.
    """
    return Interval(low, high, is_log=log, is_whole=True)


def choice(*options: Any) -> Choice:
    """One of `options`. ValueError for fewer than two."""
    if len(options) < 2:
        raise ValueError(
            f"tune: choice of {len(options)} options; give two or more one by one, as in "
            'choice("relu", "tanh")'
        )
    return Choice(options)


def check_space(space: Any) -> Space:
    """The space as it is. TypeError for what is none, ValueError for one without a name."""
    if not isinstance(space, Mapping):
        raise TypeError(f"search: the space is {type(space).__name__}; expected a dict by name")
    if not space:
        raise ValueError("search: the space is empty; name what is to be searched")
    for name, range_of in space.items():
        if not isinstance(range_of, (Interval, Choice)):
            raise TypeError(
                f"search: {name!r} is {range_of!r:.60}; expected uniform(a, b), "
                "log_uniform(a, b), integer(a, b) or choice(...)"
            )
    return space


def _check_end(end: Any, is_whole: bool) -> None:
    if isinstance(end, bool) or not isinstance(end, Real):
        raise TypeError(f"tune: an interval with the end {end!r:.60}; expected a number")
    if is_whole and not isinstance(end, (int, np.integer)):
        raise TypeError(f"tune: an integer interval with the end {end}; expected a whole number")
    if not math.isfinite(end):
        raise ValueError(f"tune: an interval with the end {end}; expected a finite number")
