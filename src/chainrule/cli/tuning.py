"""A search for the recipe that suits a table: one process, or several that share a storage."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from chainrule.cli.lesson import Lesson, Request, lesson_of
from chainrule.cli.recipe import learn_lesson, recipe_for
from chainrule.cli.terminal import warn
from chainrule.tabular.space import recipe_with, space_of, values_of
from chainrule.tune.study import EndedEarly, Record, Rungs, Study, best_record


if TYPE_CHECKING:
    from chainrule.tabular.learn import Learnt
    from chainrule.tabular.recipes import Recipe

_HALVINGS = 3  # a trial is compared with others after so many powers of 3 of its epochs
_TO_END = 10.0  # seconds that a process has to end its epoch


@dataclass(frozen=True)
class Plan:
    """What every process of a search knows.

    epochs   of a trial that is not ended early; None: as the recipe says
    trials   of each process, or None; ends  when no trial begins any more, a `time.time()`
    seed, backend, threads, quiet  as of `learn_lesson`
    """

    request: Request
    preset: str
    storage: str
    epochs: int | None
    ends: float
    seed: int
    backend: str
    threads: int | None
    quiet: bool = True


@dataclass
class Found:
    """The best that this process has learnt itself: one that was done before any that was not."""

    record: Record | None = None
    learnt: Learnt | None = None

    def offer(self, record: Record, learnt: Learnt) -> None:
        """Keep it if it is better."""
        if self.record is None or best_record([self.record, record]) is record:
            self.record, self.learnt = record, learnt


def recipe_of(plan: Plan) -> Recipe:
    """What trials change: one network, also where the preset averages several."""
    recipe = recipe_for(plan.preset)
    recipe = recipe if recipe.is_shared else replace(recipe, members=1)
    return recipe if plan.epochs is None else replace(recipe, epochs=plan.epochs, steps=None)


def study_of(plan: Plan, lesson: Lesson) -> Study:
    """The trials so far, and those to come. Errors as of `Study`; ValueError for too few rows."""
    if lesson.validation is None:
        raise ValueError(
            f"{lesson.name}: {len(lesson.learnt.x)} rows are too few to choose by; tune needs 50, "
            "or --validation"
        )
    recipe = recipe_of(plan)
    rows = len(lesson.learnt.x)
    epochs = recipe.epochs_for(max(rows // min(recipe.batch_size, rows), 1))
    columns = ", ".join(column.name for column in lesson.preprocessing.columns)[:200]
    purpose = (
        f"{lesson.preprocessing.target.name!r} of {lesson.name}, {rows} rows, columns {columns}, "
        f"preset {plan.preset}, {recipe.epochs} epochs, seed {plan.seed}"
    )
    rungs = Rungs(max(epochs // 3**_HALVINGS, 1))
    return Study(plan.storage, space_of(recipe, lesson.task), purpose, rungs, plan.seed)


def search(
    plan: Plan,
    lesson: Lesson,
    study: Study,
    trials: int | None,
    found: Found,
    is_over: Callable[[], bool] = lambda: False,
) -> Iterator[Record]:
    """Trials of this process, each when it has ended; the best network of them is in `found`.

    is_over  asked after each epoch: whether the search is to end as by Ctrl-C
    """
    recipe = recipe_of(plan)
    latest: list[Learnt] = []

    def objective(values: dict[str, Any], report: Any) -> float:
        is_enough: list[bool] = []

        def told(moment: Any) -> bool:
            if is_over():
                raise KeyboardInterrupt
            is_bad = report(moment.epoch, min(moment.history["validation_error"]))
            is_enough.append(is_bad and moment.epoch < moment.epochs)
            return is_enough[-1]

        left = max(plan.ends - time.time(), 0.0)
        learnt = learn_lesson(
            lesson, recipe_with(recipe, values), plan, deadline=left, callbacks=[told]
        )
        if learnt.ended == "interrupt":
            raise KeyboardInterrupt
        score = learnt.validation_score
        if score is None or not learnt.best_epoch:
            raise ValueError("no epoch ended in time")
        latest.append(learnt)
        if is_enough[-1] or learnt.ended == "deadline":
            raise EndedEarly
        return score

    for record in study.run(objective, trials, plan.ends):
        if latest:
            found.offer(record, latest.pop())
        yield record


def final(plan: Plan, lesson: Lesson, best: Record, found: Found) -> Learnt:
    """The network of the best trial: as this process learnt it, or learnt once more."""
    asked, recipe = recipe_for(plan.preset), recipe_of(plan)
    is_same = asked.is_shared or asked.members == 1
    is_known = found.record is not None and found.record.number == best.number
    if is_same and is_known and found.learnt is not None:
        return found.learnt
    chosen = recipe_with(replace(recipe, members=asked.members), best.values)
    return learn_lesson(lesson, chosen, plan)


@contextmanager
def workers(plan: Plan, trials: Sequence[int | None]) -> Iterator[None]:
    """Processes beside this one, each with its share of the trials; they end with the block.

    trials  of each process, this one first
    """
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    started = [
        context.Process(target=work, args=(plan, share, stop), daemon=True) for share in trials[1:]
    ]
    # Ctrl-C reaches all processes of a terminal; only this one is to hear it.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for process in started:
            process.start()
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        yield
        for process in started:
            process.join()
        _say_lost(started)
    finally:
        stop.set()
        for process in started:
            process.join(_TO_END)
            process.terminate()


def _say_lost(processes: Sequence[Any]) -> None:
    """Processes that ended by an error, or were killed."""
    lost = [str(process.exitcode) for process in processes if process.exitcode]
    if lost:
        warn(
            f"{len(lost)} of {len(processes)} processes beside this one ended by an error or were "
            f"killed (exit status {', '.join(lost)}); the search went on without them"
        )


def work(plan: Plan, trials: int | None, stop: Any) -> None:
    """What a process beside the first one does: trials, until time or number are up."""
    # What it would print the first process has printed.
    sys.stderr = sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    try:
        lesson = lesson_of(plan.request)
        study = study_of(plan, lesson)
        for _ in search(plan, lesson, study, trials, Found(), stop.is_set):
            pass
    except KeyboardInterrupt:
        return


def leaderboard(records: list[Record]) -> list[Record]:
    """Trials, the best first: those that were done, those that ended early, those that failed."""
    order = ("done", "halving", "failed")
    return sorted(
        records,
        key=lambda x: (order.index(x.ended), x.score if x.score == x.score else math.inf),
    )


def begun(plan: Plan, lesson: Lesson, study: Study) -> list[Record]:
    """The trials that were there before; a new search begins with the preset itself."""
    study.begin_with(values_of(recipe_of(plan), lesson.task))
    return study.records()
