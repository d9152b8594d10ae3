"""Successive halving: trials that do badly end early, recorded where several processes share them.

The storage is optuna's. A search that ended, or was interrupted, goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.tune.space import Choice, Interval, Space
from chainrule.tune.storage import opened, storage_errors, without_password
from chainrule.tune.suggestions import suggest, value_of


_NAME = "chainrule"

#: (values, report) -> the loss. report(step, loss so far) says whether the trial is to end here.
Objective = Callable[[dict[str, Any], Callable[[int, float], bool]], float]


@dataclass(frozen=True)
class Rungs:
    """When trials are compared: after `least` steps, `least` · `factor`, and so on.

    At each only the best of `factor` trials go on. L. Li et al., "A system for massively parallel
    hyperparameter tuning" (asynchronous successive halving), 2020.
    """

    least: int
    factor: int = 3


@dataclass(frozen=True)
class Record:
    """A trial in a storage.

    number   from 0, in the order in which they began
    ended    by what: "done", "halving" (it was not among the best) or "failed"
    score    the loss, or the last that was reported; NaN where there is none
    steps    after which it ended, 0 where none was reported
    """

    number: int
    values: Mapping[str, Any]
    ended: str
    score: float
    steps: int
    seconds: float


class EndedEarly(Exception):
    """Raised by an objective whose report said that the trial is to end."""


class Study:
    """Trials in a storage, which several processes may work on at the same time.

    storage  a URL as SQLAlchemy takes it; a file that ends in .db or .sqlite, for one machine; any
             other file, a journal, which several machines may share over a network folder
    purpose  what is searched for: a storage takes trials of one purpose alone
    seed     of what is tried: a trial's values follow from it, its number and the trials before
    OSError for a storage that cannot be used, also later; ValueError for one of another purpose, or
    of another program; ModuleNotFoundError without optuna or the driver of a database.
    """

    def __init__(self, storage: str, space: Space, purpose: str, rungs: Rungs, seed: int) -> None:
        self.space = space
        self._storage = storage
        self._seed = seed
        self._first: dict[str, Any] | None = None  # what this process tries next
        self._optuna = _imported()
        with self._stored():
            self._study, self._is_new = self._found(rungs)
            self._check(purpose)
            self._study.set_user_attr("purpose", purpose)

    def begin_with(self, values: Mapping[str, Any]) -> None:
        """Try these values first in a new storage, and again where that failed or was interrupted.

        Not where the process that tried them was killed: they count as tried by one that is slow.
        The process that made the storage tries them itself: of values that wait in a storage, two
        processes may take the same (SQLite locks no row that is only read).
        """
        places = {name: _place(self.space[name], value) for name, value in values.items()}
        with self._stored():
            states = {trial.state.name for trial in self._trials() if trial.params == places}
            if self._is_new or states == {"FAIL"}:
                self._first = places

    def run(self, objective: Objective, trials: int | None, ends: float) -> Iterator[Record]:
        """Try values until so many trials are done here, or it is `ends`, a `time.time()`.

        An objective that raises an error is a trial that failed; KeyboardInterrupt is not caught.
        """
        done = 0
        while (trials is None or done < trials) and time.time() < ends:
            yield self._tried(objective, self._asked())
            done += 1

    def records(self) -> list[Record]:
        """Every trial that has ended, whichever process made it."""
        with self._stored():
            found = [self._record(trial) for trial in self._trials()]
        return [record for record in found if record.ended]

    def _found(self, rungs: Rungs) -> tuple[Any, bool]:
        """The study of the storage, and whether it was made here: of several processes by one."""
        optuna = self._optuna
        storage = opened(optuna, self._storage)
        pruner = optuna.pruners.SuccessiveHalvingPruner(
            min_resource=rungs.least, reduction_factor=rungs.factor
        )
        try:
            return optuna.create_study(storage=storage, study_name=_NAME, pruner=pruner), True
        except optuna.exceptions.DuplicatedStudyError:
            return optuna.load_study(storage=storage, study_name=_NAME, pruner=pruner), False

    def _check(self, purpose: str) -> None:
        # In this order: a process that came between has set the purpose before its first trial.
        is_new = not self._trials() and [x.name for x in self._study.directions] == ["MINIMIZE"]
        known = self._study.user_attrs.get("purpose")
        if known == purpose or (known is None and is_new):
            return
        other = "trials of another program" if known is None else f"a search for {known}"
        raise ValueError(
            f"{without_password(self._storage)} holds {other}, not for {purpose}; choose another "
            "storage"
        )

    def _trials(self) -> list[Any]:
        return self._study.get_trials(deepcopy=False)

    def _asked(self) -> Any:
        """A trial with values. Processes of one seed try different ones: no number is given twice.

        That number is known only after a trial was asked for, hence a sampler for each.
        """
        with self._stored():
            asked = self._study.ask()
            (seed,) = np.random.SeedSequence([self._seed, asked.number]).generate_state(1)
            self._study.sampler = self._optuna.samplers.TPESampler(seed=int(seed))
            if self._first is not None:
                self._study.sampler, self._first = _always(self._optuna, self._first), None
            for name, range_of in self.space.items():
                suggest(asked, name, range_of)
        return asked

    def _tried(self, objective: Objective, asked: Any) -> Record:
        def report(step: int, loss: float) -> bool:
            with self._stored():
                asked.report(loss, step)
                return bool(asked.should_prune())

        states, values = self._optuna.trial.TrialState, self._values(asked.params)
        score, state = None, states.FAIL
        try:
            score = float(objective(values, report))
            state = states.COMPLETE if score == score else states.FAIL
        except EndedEarly:
            state = states.PRUNED
        except (ValueError, ArithmeticError, MemoryError) as error:
            with self._stored():
                asked.set_user_attr("error", f"{type(error).__name__}: {error}"[:300])
        finally:
            with self._stored():
                self._study.tell(asked, score if state == states.COMPLETE else None, state)
        with self._stored():
            return self._record(self._trials()[asked.number])

    def _values(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value_of(self.space[name], params[name]) for name in self.space}

    def _record(self, trial: Any) -> Record:
        ended = {"COMPLETE": "done", "PRUNED": "halving", "FAIL": "failed"}.get(
            trial.state.name, ""
        )
        steps = max(trial.intermediate_values, default=0)
        score = trial.intermediate_values.get(steps, float("nan"))
        if trial.state.name == "COMPLETE":
            score = trial.value
        took = trial.duration.total_seconds() if trial.duration else 0.0
        is_whole = set(trial.params) >= set(self.space)
        values = self._values(trial.params) if is_whole else {}
        return Record(trial.number, values, ended if is_whole else "", score, steps, took)

    @contextmanager
    def _stored(self) -> Iterator[None]:
        """While this lasts errors are those of the storage, and optuna announces nothing."""
        logging = self._optuna.logging
        before = logging.get_verbosity()
        logging.set_verbosity(logging.ERROR)
        try:
            with storage_errors(self._optuna, self._storage):
                yield
        finally:
            logging.set_verbosity(before)


def best_record(records: list[Record]) -> Record | None:
    """The one with the lowest loss of those that were done; of those that ended early if none was.

    The first of equal ones; None where there is no loss.
    """
    for ended in ("done", "halving"):
        found = [x for x in records if x.ended == ended and x.score == x.score]
        if found:
            return min(found, key=lambda record: record.score)
    return None


def _imported() -> Any:
    try:
        import optuna  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "tune: a search with halving needs optuna: pip install 'chainrule[tune]'"
        ) from None
    return optuna


def _always(optuna: Any, places: Mapping[str, Any]) -> Any:
    """A sampler that gives these values."""

    class Always(optuna.samplers.BaseSampler):
        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
            return {}

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
            return {}

        def sample_independent(self, study: Any, trial: Any, param_name: str, _: Any) -> Any:
            return places[param_name]

    return Always()


def _place(range_of: Interval | Choice, value: Any) -> Any:
    """A value as the storage holds it: an option by its place."""
    return range_of.options.index(value) if isinstance(range_of, Choice) else value
