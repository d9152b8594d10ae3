"""Which epoch of a training is kept, and when it is enough."""

from __future__ import annotations

import math
import time
from typing import Any

from chainrule.tabular.recipes import Patience
from chainrule.train.callbacks import EpochEnd


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
        self._ends = None if seconds is None else time.perf_counter() + seconds

    def __call__(self, moment: EpochEnd) -> bool:
        """Whether it is enough."""
        error = moment.history.get(_WATCHED, [math.nan])[-1]
        if not error > self.score:  # NaN is not above anything: the first, or no validation
            self.best_epoch, self.score = moment.epoch, error
            self.parameters = moment.parameters
        if self._is_over(moment.epoch):
            self.reason = "patience"
        elif self._ends is not None and time.perf_counter() >= self._ends:
            self.reason = "deadline"
        return self.reason is not None

    def _is_over(self, epoch: int) -> bool:
        patience = self._patience
        if patience is None:
            return False
        return epoch > patience.multiple * self.best_epoch + patience.more
