"""Every peer in turn, round by round, so that what else the machine does falls on all alike."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.cases import Case, data_of, layers_of, mean_loss
from benchmarks.peers import Peer


#: Of one measurement. Fewer would be those in which memory is taken for the first time.
FEWEST_EPOCHS = 3
MOST_EPOCHS = 400

Say = Callable[[str], None]


@dataclass(frozen=True)
class Setting:
    """A peer with a number of threads."""

    peer: Peer
    threads: int

    def __str__(self) -> str:
        return f"{self.peer.name}, {self.threads} thread{'s' if self.threads > 1 else ''}"


@dataclass(frozen=True)
class Measured:
    """One setting in one row of a table.

    seconds  of a step or a call, in each round
    check    what must agree between peers: the loss after one epoch
    """

    peer: str
    threads: int
    seconds: tuple[float, ...]
    check: float


@dataclass
class Standing:
    """A setting while it is measured: `measure()` gives the seconds of one step or call."""

    setting: Setting
    measure: Callable[[], float]
    close: Callable[[], None]
    check: float = math.nan
    seconds: list[float] = field(default_factory=list)

    def result(self) -> Measured:
        """What was found."""
        setting = self.setting
        return Measured(setting.peer.name, setting.threads, tuple(self.seconds), self.check)


@contextmanager
def blas_threads(threads: int) -> Iterator[None]:
    """So many threads for NumPy's matrix products."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(threads, user_api="blas"):
        yield


def settings_of(peers: Sequence[Peer], threads: Sequence[int]) -> list[Setting]:
    """Every peer with every number of threads."""
    return [Setting(peer, number) for peer in peers for number in threads]


def measure_case(
    case: Case, settings: Sequence[Setting], rounds: int, budget: float, say: Say
) -> list[Measured]:
    """The time of a training step of one case, in each setting that can train it.

    budget  seconds of one measurement, which is at least 3 epochs after one to warm up
    """
    data, layers = data_of(case), layers_of(case)

    def begin(setting: Setting) -> Standing:
        trainer = setting.peer.trainer(case, data, layers, setting.threads)
        trainer.train(1, shuffled=False)
        loss = mean_loss(trainer.layers(), data)
        epochs = epochs_within(budget, trainer.train(2)[-1])

        def measure() -> float:
            return statistics.median(trainer.train(1 + epochs)[1:]) / case.steps

        return Standing(setting, measure, trainer.close, loss)

    able = [setting for setting in settings if not case.needs & setting.peer.lacks]
    return in_turn(able, begin, rounds, say)


def epochs_within(budget: float, seconds: float) -> int:
    """How many epochs of so many seconds a measurement takes."""
    return min(max(int(budget / max(seconds, 1e-9)), FEWEST_EPOCHS), MOST_EPOCHS)


def in_turn(
    settings: Sequence[Setting], begin: Callable[[Setting], Standing], rounds: int, say: Say
) -> list[Measured]:
    """Begin all, then measure each once a round, every second round in reverse order.

    A setting that fails is said and left out: a missing compiler is no reason to stop.
    """
    standings: list[Standing] = []
    for setting in settings:
        with blas_threads(setting.threads):
            standing = attempt(lambda setting=setting: begin(setting), str(setting), say)
        standings += [] if standing is None else [standing]
    for number in range(rounds):
        for standing in standings if number % 2 == 0 else reversed(standings):
            with blas_threads(standing.setting.threads):
                standing.seconds.append(standing.measure())
    for standing in standings:
        standing.close()
    return [standing.result() for standing in standings]


def attempt(make: Callable[[], Any], name: str, say: Say) -> Any:
    """What `make` gives, or None after saying why not."""
    try:
        return make()
    except Exception as error:  # of a peer, whatever it is
        lines = str(error).strip().splitlines() or [""]
        say(f"{name}: not available ({type(error).__name__}: {lines[0][:160]})")
        return None


def disagreeing(rows: Sequence[Measured], tolerance: float) -> list[Measured]:
    """Those whose check is further than this share away from the median of all."""
    if not rows:
        return []
    middle = statistics.median(row.check for row in rows)
    return [row for row in rows if not abs(row.check - middle) <= tolerance * abs(middle)]
