"""`chainrule train` by a recipe: tables as they are, with text, dates and gaps."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.cli.folder import check_folder, made
from chainrule.cli.options import TrainOptions
from chainrule.cli.terminal import say, table


if TYPE_CHECKING:
    from chainrule.cli.lesson import Lesson
    from chainrule.tabular.learn import Learnt
    from chainrule.tabular.recipes import Recipe
    from chainrule.train import Result

#: The options that a recipe decides itself; with one of them a plain network is trained.
SHAPING = (
    "hidden", "activation", "initializer", "dropout", "batch_norm", "bias", "dtype", "loss",
    "reduction", "penalty", "optimizer", "learning_rate", "schedule", "epochs", "batch_size",
    "drop_last", "order", "weight_decay", "rate", "decay", "clip_value", "clip_norm", "average",
    "patience", "min_delta", "checkpoint_every", "resume",
)  # fmt: skip

#: Of these the ones that a recipe takes too, if it is asked for by name.
_WITH_PRESET = ("epochs",)

#: The options that only recipes take.
_FOR_RECIPES = ("time", "compare", "numeric", "categorical", "block_rows")

_TABLES = (".csv", ".tsv", ".parquet")
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def is_chosen(options: TrainOptions) -> bool:
    """Whether a recipe learns: a preset is named, or a table file is all that is given.

    ValueError for a preset together with options that shape a plain network.
    """
    shaping = given(options, SHAPING)
    if options.preset is None:
        only_here = given(options, _FOR_RECIPES)
        if shaping and only_here:
            raise ValueError(
                f"{_option(only_here[0])} is for presets, and {_option(shaping[0])} for networks "
                "without; leave one of them out"
            )
        is_table = Path(options.data).suffix.lower() in _TABLES
        return not shaping and (is_table or bool(only_here))
    for name in shaping:
        if name not in _WITH_PRESET:
            raise ValueError(
                f"--preset {options.preset} and {_option(name)}: a preset decides that itself; "
                "leave one of them out"
            )
    return True


def given(options: Any, names: tuple[str, ...]) -> list[str]:
    """The options among `names` that are not as they are by default."""
    usual = {field.name: field.default for field in fields(options)}
    return [name for name in names if getattr(options, name) != usual[name]]


def seconds(text: str | None) -> float | None:
    """`"2m"` -> 120; s, m and h. ValueError for anything else."""
    if text is None:
        return None
    found = _TIME.fullmatch(text.strip())
    if found is None or float(found[1]) == 0:
        raise ValueError(f"--time {text!r}: expected a time above 0, such as 90s, 2m or 1h")
    return float(found[1]) * _SECONDS[found[2]]


def recipe_for(preset: str | None) -> Recipe:
    """The recipe of a preset. ValueError, naming the nearest, for an unknown one."""
    from chainrule.lookup import find
    from chainrule.tabular.recipes import PRESETS

    return find(PRESETS, "preset", preset or "default")


def train(options: TrainOptions) -> Result | None:
    """Train by a recipe, score and write; None where not even one epoch was trained."""
    from chainrule.cli.lesson import Request

    check_folder(options.out)
    recipe, limit = recipe_for(options.preset), seconds(options.time)
    request = Request(
        options.data,
        options.target,
        options.task,
        options.drop or (),
        options.numeric or (),
        options.categorical or (),
        options.weight_column,
        options.class_weight,
        options.held_out,
        options.validation,
        options.seed,
    )
    lesson = _lesson(request, options)
    options = replace(
        options,
        preset=options.preset or "default",
        target=lesson.preprocessing.target.name,
        task=lesson.task,
    )
    if not options.quiet:
        say_columns(lesson)
    with made(options.out):
        learnt = learn_lesson(lesson, recipe, options, epochs=options.epochs, deadline=limit)
        return finish(options, lesson, learnt)


def _lesson(request: Any, options: TrainOptions) -> Lesson:
    """The rows, in memory or by blocks."""
    from chainrule.cli.lesson import lesson_of

    if options.block_rows is None:
        return lesson_of(request)
    from chainrule.cli.blocks import lesson_of_blocks

    return lesson_of_blocks(request, options.block_rows, False if options.quiet else None)


def learn_lesson(
    lesson: Lesson,
    recipe: Recipe,
    options: Any,
    *,
    epochs: int | None = None,
    deadline: float | None = None,
    callbacks: Any = (),
) -> Learnt:
    """Learn the first part of a lesson, the best epoch chosen by the second.

    options  seed, backend, threads and quiet
    """
    from chainrule.tabular.learn import learn

    rows, validation = lesson.learnt, lesson.validation
    whole = (rows.x, rows.y, rows.weights)
    x, y, weights = whole if lesson.blocks is None else (lesson.blocks, None, None)
    chosen_by = None if validation is None else (validation.x, validation.y)
    if validation is not None and validation.weights is not None:
        chosen_by = (validation.x, validation.y, validation.weights)
    return learn(
        x,
        y,
        lesson.preprocessing.sizes,
        lesson.task,
        recipe,
        classes=len(lesson.classes),
        weights=weights,
        validation=chosen_by,
        seed=options.seed,
        epochs=epochs,
        callbacks=callbacks,
        backend=options.backend,
        threads=options.threads,
        progress=False if options.quiet else None,
        deadline=deadline,
    )


def finish(options: Any, lesson: Lesson, learnt: Learnt) -> Result | None:
    """Calibrate, score beside the baselines, say and write what there is; None for no epoch."""
    from chainrule.cli import report
    from chainrule.cli.outcome import outcome
    from chainrule.cli.quality import say_quality

    if not learnt.best_epoch:
        return None
    found = outcome(options, lesson, learnt)
    if not options.quiet:
        say(found.report.ended)
    report.say_scores(found.report)
    if not options.quiet:
        say_quality(lesson.test.truth, found.told, lesson.classes)
        say()
    names = report.write(
        options.out, found.result, lesson.samples, found.report, found.loss, found.told
    )
    if not options.quiet:
        say(f"written to {options.out}: {', '.join(names)}")
    return found.result


def say_columns(lesson: Lesson) -> None:
    """One sentence on the rows, and a line on each column."""
    from chainrule.cli.lesson import COLUMNS
    from chainrule.cli.samples import shortened

    say(f"{lesson.name}: {lesson_told(lesson)}")
    say()
    rows = shortened(lesson.columns)
    width = len(COLUMNS) if any(row[-1] for row in rows) else len(COLUMNS) - 1
    table(COLUMNS[:width], [row[:width] for row in rows], numbers=("missing", "values"))
    say()


def lesson_told(lesson: Lesson) -> str:
    """How much there is, in a sentence."""
    target = repr(lesson.preprocessing.target.name)
    what = f"{len(lesson.classes)} classes of {target}" if lesson.classes else f"numbers {target}"
    chosen_by = 0 if lesson.validation is None else len(lesson.validation.x)
    held_out = len(lesson.test.x) if lesson.is_held_out else 0
    blocks = "" if lesson.blocks is None else f", in {len(lesson.blocks):,} blocks"
    return (
        f"{lesson.rows:,} rows to learn from{blocks}, {chosen_by:,} to choose the epoch by, "
        f"{f'{held_out:,}' if held_out else 'none'} held out; {what}"
    )


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
