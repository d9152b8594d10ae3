"""How a run stands between two epochs.

What ends a run early follows from its history alone, so a run that is resumed decides as the
uninterrupted one does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from chainrule.train.epoch import Position


@dataclass(frozen=True)
class Standing:
    """A run between two epochs.

    epoch       how many epochs are done
    best        `(parameters,)` after the epoch with the lowest watched loss
    best_epoch  its number, from 1; 0: as the run began
    lowest      that loss
    mark        the loss that the next gain has to undercut, and mark_epoch  when it was set
    log         what was recorded, by name: lists that grow, of which the first `epoch` entries are
                this standing's
    """

    position: Position
    best: Any
    epoch: int = 0
    best_epoch: int = 0
    lowest: float = np.inf
    mark: float = np.inf
    mark_epoch: int = 0
    log: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    @property
    def watched(self) -> list[float]:
        """The validation loss of the epochs, or the training loss where there is none."""
        return self.log.get("validation_loss", self.log.get("loss", []))

    @property
    def history(self) -> dict[str, list[float]]:
        """What was recorded, by name."""
        return {name: values[: self.epoch] for name, values in self.log.items()}

    def after(self, position: Position, row: Mapping[str, float], min_delta: float) -> Standing:
        """The run one epoch later. A loss is a gain where it is lower by more than `min_delta`."""
        for name, value in row.items():
            self.log.setdefault(name, []).append(value)
        new = self.counted(row.get("validation_loss", row["loss"]), min_delta)
        is_best = new.best_epoch == new.epoch
        return replace(new, position=position, best=position.kept if is_best else self.best)

    def counted(self, watched: float, min_delta: float) -> Standing:
        """One epoch later, as far as the watched loss tells."""
        new = replace(self, epoch=self.epoch + 1)
        if watched < self.mark - min_delta:
            new = replace(new, mark=watched, mark_epoch=new.epoch)
        if watched < self.lowest:
            new = replace(new, lowest=watched, best_epoch=new.epoch)
        return new
