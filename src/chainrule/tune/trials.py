"""What a search leaves behind: its trials, the best of them, and their table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Trial:
    """One call of the objective.

    values   what each hyper-parameter was, by name
    score    the validation loss, lower is better; NaN where the call failed
    seconds  that the call took
    error    why it failed, in one line, or None
    """

    values: Mapping[str, Any]
    score: float
    seconds: float
    error: str | None = None


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """The trial with the lowest score, the first of equal ones; None where all failed."""
    scored = [trial for trial in trials if trial.error is None]
    return min(scored, key=lambda trial: trial.score, default=None)


@dataclass(frozen=True, repr=False)
class Search:
    """What a search found.

    trials       in their order
    strategy     what chose their values
    interrupted  whether Ctrl-C ended the search; the call that it broke off is no trial
    Printed, it is the table of all trials.
    """

    trials: tuple[Trial, ...]
    strategy: str
    interrupted: bool = False

    @property
    def best(self) -> Trial:
        """The trial with the lowest score. ValueError where there is none without failure."""
        found = best_of(self.trials)
        if found is not None:
            return found
        first = f"; the first: {self.trials[0].error}" if self.trials else ""
        raise ValueError(f"search: none of {len(self.trials)} trials gave a finite loss{first}")

    def table(self, most: int | None = None) -> str:
        """The trials as text, best first and those that failed last; at most so many."""
        numbered = list(enumerate(self.trials, start=1))
        numbered.sort(key=lambda pair: math.inf if pair[1].error else pair[1].score)
        names = list(self.trials[0].values) if self.trials else []
        head = ["trial", "loss", "seconds", *names, ""]
        rows = [
            [
                str(number),
                "failed" if trial.error else f"{trial.score:.6g}",
                f"{trial.seconds:.3g}",
                *(text_of(trial.values[name]) for name in names),
                trial.error or "",
            ]
            for number, trial in numbered
        ]
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in [head, *rows]]
        return "\n".join(lines[: None if most is None else 1 + most])

    def __str__(self) -> str:
        return self.table()

    __repr__ = __str__


def text_of(value: Any) -> str:
    """The value of a hyper-parameter in a table: a number to four digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
