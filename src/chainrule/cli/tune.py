"""`chainrule tune`: the recipe that suits a table, found by successive halving."""

from __future__ import annotations

import time as clock
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from chainrule.cli.folder import check_folder, made
from chainrule.cli.options import Backend, Drop, Out, Quiet, Task, WeightColumn
from chainrule.cli.signals import interruptible


if TYPE_CHECKING:
    from chainrule.cli.tuning import Found, Plan
    from chainrule.tune.study import Record

JOURNAL = "tuning.journal"
_SHOWN = 10  # trials of the leaderboard
_TIME = "5m"

_data = partial(Option, rich_help_panel="Data")
_search = partial(Option, rich_help_panel="Search")
_run = partial(Option, rich_help_panel="Run")


@dataclass(frozen=True)
class TuneOptions:
    """What `chainrule tune` is asked for; None where the data decide."""

    data: Annotated[str, Argument(help="A .csv, .tsv, .parquet or .npz, or a data set by name.")]
    target: Annotated[str | None, _data(help="The column to predict.")] = None
    task: Task = None
    drop: Drop = None
    numeric: Annotated[
        list[str] | None, _data(help="A column to take as numbers; may be repeated.")
    ] = None
    categorical: Annotated[
        list[str] | None, _data(help="A column to take as categories; may be repeated.")
    ] = None
    weight_column: WeightColumn = None
    class_weight: Annotated[str | None, _data(help="balanced, or CLASS=WEIGHT with commas.")] = None
    held_out: Annotated[
        float | None, _data(help="Share held out for the final score; by default 0.2.")
    ] = None
    validation: Annotated[
        float | None, _data(help="Share of the rest that trials are compared by; by default 0.2.")
    ] = None
    preset: Annotated[
        str, _search(help="Where the search begins: fast, default, accurate, tabm or ensemble.")
    ] = "fast"
    time: Annotated[
        str | None, _search(help="How long to search: 90s, 5m, 1h; by default 5m, or no limit "
                            "where --trials is given.")
    ] = None  # fmt: skip
    trials: Annotated[int | None, _search(help="How many trials to add at most.")] = None
    epochs: Annotated[
        int | None, _search(help="Of a trial that is not ended early; by default the preset's.")
    ] = None
    workers: Annotated[int, _search(help="Processes that search together.")] = 1
    storage: Annotated[
        str | None,
        _search(
            metavar="FILE|URL",
            help="Where trials are kept, to go on later or on several machines: a journal, a "
            f".sqlite, or a database; by default {JOURNAL} in the folder.",
        ),
    ] = None
    compare: Annotated[bool, _run("--compare", help="Score boosted trees of scikit-learn too.")] = (
        False
    )
    backend: Backend = "auto"
    threads: Annotated[int | None, _run(help="Of machine code in each process.")] = None
    seed: Annotated[int, _run(help="Of rows, weights and trials.")] = 0
    out: Out = Path("chainrule-out")
    quiet: Quiet = False


def tune(options: TuneOptions) -> None:
    """Search for the recipe that suits a table, and write the best model as `train` does.

    Successive halving: of the trials that come to a rung a third goes on. The same command goes on
    where it ended; several processes, and machines that see the storage, search together. Ctrl-C
    ends the search: the best so far is scored and written, with status 130.
    """
    with interruptible() as status:
        if _run_search(options):
            raise typer.Exit(status())


def _run_search(options: TuneOptions) -> bool:
    """Search, show, write; whether Ctrl-C ended the search."""
    from chainrule.cli import recipe, tuning
    from chainrule.cli.lesson import lesson_of
    from chainrule.cli.terminal import warn
    from chainrule.tune.study import best_record

    check_folder(options.out)
    _check_counts(options)
    recipe.recipe_for(options.preset)
    plan = _plan(options)
    lesson = lesson_of(plan.request)
    if not options.quiet:
        recipe.say_columns(lesson)
    with made(options.out):
        study = tuning.study_of(plan, lesson)
        before = tuning.begun(plan, lesson, study)
        _say_begun(options, plan, len(before))
        found = tuning.Found()
        is_interrupted = _searched(options, plan, lesson, study, found)
        records = tuning.leaderboard(study.records())
        best = best_record(records)
        if best is None:
            if is_interrupted:
                warn("interrupted in the first trial; no model was written")
                return True
            raise ValueError("tune: no trial gave a score in time; give it more: --time 10m")
        _say_leaderboard(options, records)
        recipe.finish(options, lesson, tuning.final(plan, lesson, best, found))
    return is_interrupted


def _plan(options: TuneOptions) -> Plan:
    from chainrule.cli.lesson import Request
    from chainrule.cli.recipe import seconds
    from chainrule.cli.tuning import Plan
    from chainrule.compile.threads import available

    request = Request(
        options.data,
        options.target,
        options.task,
        tuple(options.drop or ()),
        tuple(options.numeric or ()),
        tuple(options.categorical or ()),
        options.weight_column,
        options.class_weight,
        options.held_out,
        options.validation,
        options.seed,
    )
    usual = _TIME if options.trials is None else None
    limit = seconds(options.time or usual)
    threads = options.threads
    if threads is None and options.workers > 1:
        threads = max(available() // options.workers, 1)
    return Plan(
        request,
        options.preset,
        options.storage or str(options.out / JOURNAL),
        options.epochs,
        clock.time() + limit if limit is not None else float("inf"),
        options.seed,
        options.backend,
        threads,
    )


def _check_counts(options: TuneOptions) -> None:
    for name in ("trials", "workers", "epochs"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise ValueError(f"--{name} {value}: expected a whole number from 1")


def _searched(options: TuneOptions, plan: Plan, lesson: Any, study: Any, found: Found) -> bool:
    """Whether Ctrl-C ended the search."""
    from chainrule.cli import tuning

    shares = _shares(options.trials, options.workers)
    try:
        with tuning.workers(plan, shares):
            for record in tuning.search(plan, lesson, study, shares[0], found):
                _say_trial(options, record, found)
    except KeyboardInterrupt:
        return True
    return False


def _shares(trials: int | None, workers: int) -> list[int | None]:
    """How many trials each process makes."""
    if trials is None:
        return [None] * workers
    return [trials // workers + (worker < trials % workers) for worker in range(workers)]


def _say_begun(options: TuneOptions, plan: Plan, before: int) -> None:
    from chainrule.cli.terminal import say
    from chainrule.tune.storage import without_password

    if options.quiet:
        return
    where = f"trials are kept in {without_password(plan.storage)}"
    say(f"going on after {before} trials; {where}" if before else where)


def _say_trial(options: TuneOptions, record: Record, found: Found) -> None:
    """A line on standard error, where that is a terminal."""
    import sys

    from chainrule.cli.terminal import printable

    if options.quiet or not sys.stderr.isatty():
        return
    best = f", best {found.record.score:.4g}" if found.record else ""
    text = f"trial {record.number + 1}: {_ended(record)}{best}"
    print(printable(text), file=sys.stderr, flush=True)


def _ended(record: Record) -> str:
    if record.ended == "failed":
        return "failed"
    early = f" after {record.steps} epochs" if record.ended == "halving" else ""
    return f"{record.score:.4g}{early}"


def _say_leaderboard(options: TuneOptions, records: list[Record]) -> None:
    from chainrule.cli.terminal import say, table
    from chainrule.tune.trials import text_of

    if options.quiet:
        return
    say()
    names = list(records[0].values)
    counts = {word: sum(x.ended == word for x in records) for word in ("done", "halving", "failed")}
    say(
        f"{len(records)} trials: {counts['done']} to the end, {counts['halving']} ended early, "
        f"{counts['failed']} failed"
    )
    rows = [
        (record.number + 1, _ended(record), f"{record.seconds:.1f}",
         *[text_of(record.values[name]) for name in names])
        for record in records[:_SHOWN]
    ]  # fmt: skip
    table(("trial", "validation error", "seconds", *names), rows, numbers=("seconds",))
    say()
