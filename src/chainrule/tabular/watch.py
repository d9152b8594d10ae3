"""Which epoch of a training is kept, when it is enough, and how the rate falls until then."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

from chainrule.tabular.recipes import Patience
from chainrule.train.callbacks import EpochEnd
from chainrule.train.curves import Clock, Schedule


#: The metric by which the best epoch is told, and its name in a history.
ERROR = "error"
_WATCHED = f"validation_{ERROR}"


class Watch:
    """A callback of `train.fit` that remembers the best epoch and says when to end.

    best_epoch  the last epoch whose error is not above any before; without validation the last
    score       its error; NaN without validation
    parameters  `(parameters,)` after it; None before the first epoch has ended
    reason      "patience" or "deadline" where this ended the training, else None
    """

    def __init__(self, patience: Patience | None = None, seconds: float | None = None) -> None:
        """patience  or None for none; seconds  after which no epoch begins, or None."""
        self.best_epoch = 0
        self.score = math.nan
        self.parameters: Any = None
        self.reason: str | None = None
        self._patience = patience
        self._ends: float | None = None
        if seconds is not None and seconds < math.inf:
            self._ends = time.perf_counter() + seconds
        self._epochs = math.inf  # that are expected before the deadline

    def __call__(self, moment: EpochEnd) -> bool:
        """Whether it is enough."""
        error = moment.history.get(_WATCHED, [math.nan])[-1]
        if not error > self.score:  # NaN is not above anything: the first, or no validation
            self.best_epoch, self.score = moment.epoch, error
            self.parameters = moment.parameters
        now = time.perf_counter()
        if self._ends is not None:
            left = max(self._ends - now, 0)
            self._epochs = moment.epoch + math.ceil(left / min(moment.history["seconds"]))
        if self._is_over(moment.epoch):
            self.reason = "patience"
        elif self._ends is not None and now >= self._ends:
            self.reason = "deadline"
        return self.reason is not None

    def paced(self, schedule: Schedule) -> Schedule:
        """The schedule, drawn together such that it ends with the deadline where that is earlier.

        How many epochs there will be is told anew after each.
        """

        def factor(clock: Clock) -> Any:
            expected = max(self._epochs * clock.steps_per_epoch, float(clock.step[-1]) + 1)
            return schedule.factor(replace(clock, steps=min(clock.steps, expected)))

        return schedule if self._ends is None else Schedule(schedule.name, factor)

    def _is_over(self, epoch: int) -> bool:
        patience = self._patience
        if patience is None:
            return False
        return epoch > patience.multiple * self.best_epoch + patience.more
