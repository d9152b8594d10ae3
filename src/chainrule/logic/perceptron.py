"""The perceptron: trained a sample at a time, with every update in its trace."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.logic.perceptron_rule import Task, key_of, task_of, weights_of
from chainrule.logic.perceptron_text import Line, aligned, last_line, line, numbers
from chainrule.logic.units import ThresholdUnit
from chainrule.lookup import find
from chainrule.nn import Dense
from chainrule.tree import Array


@dataclass(frozen=True, eq=False)
class Update:
    """A sample that was wrong, and the weights after it.

    step        which sample of the run it is, from 1; those that were right are counted too
    row         which row of the data, from 0
    score       w·x before the update, `()` or `(outputs,)`
    prediction  0 or 1, `()` or `(outputs,)`; target likewise
    weights     after the update, `(features + 1, [outputs])`, the bias last
    """

    step: int
    row: int
    score: Array
    prediction: Array
    target: Array
    weights: Array


@dataclass(frozen=True, eq=False)
class Cycle:
    """Updates that follow each other for ever.

    start    how many updates were before them
    rows     `(length,)` the row of each, from 0
    weights  `(length, features + 1, [outputs])` after each
    """

    start: int
    rows: Array
    weights: Array

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        turn = " → ".join(numbers(w) for w in self.weights)
        before = "1 update" if self.start == 1 else f"{self.start} updates"
        return f"after {before} the weights repeat: {turn} → …"


@dataclass(frozen=True, eq=False)
class PerceptronRun:
    """What training a perceptron gave. Printed, it is the trace with a final check.

    weights      `(features + 1, [outputs])`, the bias last
    passes       how often the samples were gone through, the last time perhaps not to the end
    converged    whether the rule has come to rest: no sample is wrong under its last weights
    trace        every update
    cycle        the updates that would be repeated for ever, where they were met, or None
    variant      "plain", "pocket" or "averaged"
    scores       w·x of every sample, `(samples, [outputs])`; predictions, targets likewise 0 or 1
    """

    weights: Array
    passes: int
    converged: bool
    trace: tuple[Update, ...]
    cycle: Cycle | None
    variant: str
    scores: Array
    predictions: Array
    targets: Array

    @property
    def updates(self) -> int:
        """How many updates were made."""
        return len(self.trace)

    @property
    def errors(self) -> int:
        """How many samples `weights` get wrong."""
        is_hit = (self.predictions == self.targets).reshape(len(self.targets), -1)
        return int(np.sum(~is_hit.all(axis=1)))

    @property
    def unit(self) -> ThresholdUnit:
        """The threshold unit with these weights. ValueError for several outputs."""
        if self.weights.ndim != 1:
            raise ValueError(
                f"unit: the run has {self.weights.shape[1]} outputs; `layer` holds all of them"
            )
        return ThresholdUnit(self.weights[:-1], self.weights[-1])

    @property
    def layer(self) -> Dense:
        """The scores as a layer `[features,outputs]`, as `train.fit` gives it."""
        weights = self.weights.reshape(len(self.weights), -1)
        return Dense(weights[:-1], weights[-1])

    def lines(self, most: int | None = None) -> list[str]:
        """The trace and the final check, a line each: of more updates than `most` the first."""
        shown = self.trace[:most]
        rows: list[Line] = [("step", "instance", "w·x", "ŷ", "y", "new w")]
        for each in shown:
            moved = (each.score, each.prediction, each.target, each.weights)
            rows.append(line(f"{each.step}", f"{each.row + 1}", *moved))
        if len(shown) < self.updates:
            rows.append(("…", "", "", "", "", f"{self.updates - len(shown)} more updates"))
        rows.append(last_line(self.scores, self.predictions, self.targets, self.errors))
        return aligned(rows)

    def __str__(self) -> str:
        return "\n".join(self.lines())


#: In which order the samples of a pass come, by name; the same as in `train.fit`.
ORDERS: dict[str, Callable[[np.random.Generator, int], Any]] = {
    "cyclic": lambda rng, samples: np.arange(samples),
    "random": lambda rng, samples: rng.integers(0, samples, samples),
    "shuffled": lambda rng, samples: rng.permutation(samples),
}


def _last(task: Task, weights: Sequence[Any], durations: Any) -> Any:
    return weights[-1]


def _pocket(task: Task, weights: Sequence[Any], durations: Any) -> Any:
    return max(weights, key=lambda w: int(task.is_right(w).sum()))


def _averaged(task: Task, weights: Sequence[Any], durations: Any) -> Any:
    return np.average(np.stack(weights), axis=0, weights=durations)


#: Which weights a run returns: of the start and after each update, with the samples each met.
VARIANTS: dict[str, Callable[[Task, Sequence[Any], Any], Any]] = {
    "plain": _last,
    "pocket": _pocket,
    "averaged": _averaged,
}


def train_perceptron(
    x: Any,
    y: Any,
    *,
    order: str | Sequence[int] = "cyclic",
    learning_rate: float = 1.0,
    weights: Any = None,
    variant: str = "plain",
    limit: int = 10_000,
    passes: int | None = None,
    seed: int = 0,
    classes: int | None = None,
) -> PerceptronRun:
    """Rosenblatt's rule (PC-04): a sample that is wrong is added, or subtracted, until none is.

    x        numbers `(samples, features)`
    y        0 or 1, `(samples,)`; or `(samples, outputs)`, each output a yes or no of its own
    order    "cyclic"; "random": drawn anew each time, as the rule is published; "shuffled": each
             sample once in a pass; or row numbers from 0, which come first, cyclic passes after
    weights  to start from, `(features + 1, [outputs])`, the bias last; None: zeros
    variant  "plain"; "pocket": those of all weights met that get the most samples right, S. I.
             Gallant, "Perceptron-based learning algorithms", 1990; "averaged": the mean over the
             samples gone through, Y. Freund, R. E. Schapire, "Large margin classification using
             the perceptron algorithm", 1999
    limit    updates at most; passes likewise, the rows of `order` not counted
    seed     of a random order
    classes  then y are labels `(samples,)` from 0 on, and the class with the largest score counts
    The run ends with a pass without update, at a limit, or, in cyclic order, when a state comes
    back: then the rest would be repetition. The plain rule is a gradient: `train.fit` of a `Dense`
    from zeros with the loss "perceptron", `sgd(learning_rate)`, a batch size of 1 and the same
    order ("given", "replacement", "shuffled") has the same bits after as many epochs as passes.
    ValueError for an argument that does not fit.
    """
    task = task_of(x, y, learning_rate, classes)
    start = weights_of(task, weights)
    choose = find(VARIANTS, "variant", variant)
    for name, number in (("limit", limit), ("passes", 1 if passes is None else passes)):
        if not isinstance(number, (int, np.integer)) or number < 1:
            raise ValueError(f"perceptron: {name} {number!r}; expected a whole number from 1")
    laps = _laps(order, len(task.inputs), seed, passes)
    is_cyclic = not isinstance(order, str) or order == "cyclic"
    trace, cycle, lap, steps = _walk(task, start, laps, limit, is_cyclic)
    met = [start, *(update.weights for update in trace)]
    durations = np.diff([1, *(update.step for update in trace), steps + 1])
    found = choose(task, met, durations)
    scores = task.scores(found)
    return PerceptronRun(
        found,
        lap,
        bool(task.is_right(met[-1]).all()),
        tuple(trace),
        cycle,
        variant,
        scores,
        task.predict(scores),
        task.targets,
    )


_Laps = Iterator[tuple[int, Sequence[int]]]


def _laps(order: str | Sequence[int], samples: int, seed: int, passes: int | None) -> _Laps:
    """The rows of each pass, with its number: 0 is the order that the caller gave."""
    name = order if isinstance(order, str) else "cyclic"
    draw = find(ORDERS, "order", name)
    given = [] if isinstance(order, str) else _rows(order, samples)
    numbers = itertools.count(1) if passes is None else range(1, passes + 1)
    drawn = ((n, draw(np.random.default_rng([seed, n]), samples).tolist()) for n in numbers)
    return itertools.chain([(0, given)] if given else [], drawn)


def _rows(order: Sequence[int], samples: int) -> list[int]:
    for row in order:
        if not isinstance(row, (int, np.integer)) or not 0 <= row < samples:
            raise ValueError(
                f"perceptron: order holds the row {row!r}; expected whole numbers from 0 to "
                f"{samples - 1}"
            )
    return [int(row) for row in order]


def _walk(
    task: Task, weights: Any, laps: _Laps, limit: int, is_cyclic: bool
) -> tuple[list[Update], Cycle | None, int, int]:
    """The updates, the cycle they end in, passes and samples gone through."""
    trace: list[Update] = []
    seen: dict[tuple[int, bytes], int] = {}
    lap = steps = 0
    for lap, rows in laps:
        before = len(trace)
        for update in itertools.islice(_pass(task, weights, rows, steps), limit - before):
            trace.append(update)
            weights = update.weights
            state = (update.row, key_of(weights))
            if is_cyclic and lap and state in seen:
                repeated = trace[seen[state] : -1]
                return trace[:-1], _cycle(seen[state], repeated), lap, update.step - 1
            if lap:
                seen[state] = len(trace) - 1
        if len(trace) == limit:
            return trace, None, lap, trace[-1].step
        steps += len(rows)
        if len(trace) == before and task.is_right(weights).all():
            break
    return trace, None, lap, steps


def _pass(task: Task, weights: Any, rows: Sequence[int], before: int) -> Iterator[Update]:
    """The updates of going through some rows, with so many samples before them."""
    for step, row in enumerate(rows, start=before + 1):
        score = task.inputs[row, :-1] @ weights[:-1] + weights[-1]
        prediction, target = task.predict(score), task.targets[row]
        error = target - prediction
        if np.any(error):
            weights = task.moved(weights, row, error)
            yield Update(step, row, score, prediction, target, weights)


def _cycle(start: int, updates: Sequence[Update]) -> Cycle:
    rows = np.array([update.row for update in updates])
    return Cycle(start, rows, np.stack([update.weights for update in updates]))
