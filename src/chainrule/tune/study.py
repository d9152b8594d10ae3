"""Successive halving: trials that do badly end early, recorded where several processes share them.

The storage is optuna's. A search that ended, or was interrupted, goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.tune.space import Choice, Space
from chainrule.tune.suggestions import distribution, value_of


_NAME = "chainrule"
_DATABASES = (".db", ".sqlite", ".sqlite3")

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
    ValueError for a storage of another purpose; ModuleNotFoundError without optuna.
    """

    def __init__(self, storage: str, space: Space, purpose: str, rungs: Rungs, seed: int) -> None:
        self.space = space
        self._optuna = _imported()
        with self._silent():
            pruner = self._optuna.pruners.SuccessiveHalvingPruner(
                min_resource=rungs.least, reduction_factor=rungs.factor
            )
            self._study = self._optuna.create_study(
                storage=_opened(self._optuna, storage),
                study_name=_NAME,
                pruner=pruner,
                load_if_exists=True,
            )
            # Otherwise a search that goes on would try what it has tried.
            begun = len(self._study.get_trials(deepcopy=False))
            self._study.sampler = self._optuna.samplers.TPESampler(seed=seed + begun)
        known = self._study.user_attrs.get("purpose", purpose)
        if known != purpose:
            raise ValueError(
                f"{storage} holds a search for {known}, not for {purpose}; choose another storage"
            )
        self._study.set_user_attr("purpose", purpose)

    def begin_with(self, values: Mapping[str, Any]) -> None:
        """Try these values first, in a storage without trials."""
        if not self._study.get_trials(deepcopy=False):
            places = {name: _stored(self.space[name], value) for name, value in values.items()}
            self._study.enqueue_trial(places)

    def run(self, objective: Objective, trials: int | None, ends: float) -> Iterator[Record]:
        """Try values until so many trials are done here, or it is `ends`, a `time.time()`.

        An objective that raises an error is a trial that failed; KeyboardInterrupt is not caught.
        """
        axes = {name: distribution(self._optuna, x) for name, x in self.space.items()}
        done = 0
        while (trials is None or done < trials) and time.time() < ends:
            with self._silent():
                asked = self._study.ask(axes)
            yield self._tried(objective, asked)
            done += 1

    def records(self) -> list[Record]:
        """Every trial that has ended, whichever process made it."""
        found = [self._record(trial) for trial in self._study.get_trials(deepcopy=False)]
        return [record for record in found if record.ended]

    def _tried(self, objective: Objective, asked: Any) -> Record:
        def report(step: int, loss: float) -> bool:
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
            asked.set_user_attr("error", f"{type(error).__name__}: {error}"[:300])
        finally:
            with self._silent():
                self._study.tell(asked, score if state == states.COMPLETE else None, state)
        frozen = self._study.get_trials(deepcopy=False)[asked.number]
        return self._record(frozen)

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
    def _silent(self) -> Iterator[None]:
        """While this lasts optuna announces nothing on standard error."""
        logging = self._optuna.logging
        before = logging.get_verbosity()
        logging.set_verbosity(logging.ERROR)
        try:
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


def _opened(optuna: Any, storage: str) -> Any:
    if "://" in storage:
        return storage
    if Path(storage).suffix in _DATABASES:
        return f"sqlite:///{Path(storage).absolute()}"
    from optuna.storages import JournalStorage  # pyright: ignore[reportMissingImports]
    from optuna.storages.journal import JournalFileBackend  # pyright: ignore[reportMissingImports]

    return JournalStorage(JournalFileBackend(storage))


def _stored(range_of: Any, value: Any) -> Any:
    """A value as the storage holds it: an option by its place."""
    return range_of.options.index(value) if isinstance(range_of, Choice) else value
