"""What came out of a run by a recipe: its calibrated network, its scores, its report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.cli import quality, report, scores
from chainrule.cli.page import Report
from chainrule.cli.predictions import predictor
from chainrule.types import BATCH, ArrayType


if TYPE_CHECKING:
    from chainrule.cli.lesson import Lesson
    from chainrule.tabular.learn import Learnt
    from chainrule.train import Result

_LOSS = {"classification": "cross_entropy", "regression": "half_squared_error"}
_FOR_IMPORTANCE = 1_000  # rows that are shuffled
_MOST_COLUMNS = 200  # whose importance is measured
_ONE_HOT = 100  # values of a category that the linear baseline is given
_LARGEST = 8_000_000  # numbers that it learns from
_BINS = 255  # that boosted trees take for a category


@dataclass(frozen=True)
class Outcome:
    """What there is to say and to write; told  what the network says of the rows held out."""

    result: Result
    report: Report
    loss: str
    told: Any


def outcome(options: Any, lesson: Lesson, learnt: Learnt) -> Outcome:
    """Score a trained network and its baselines on the rows held out."""
    from threadpoolctl import threadpool_limits

    loss = _LOSS[lesson.task]
    # One thread: the same bits everywhere, and on matrices this small faster than two.
    with threadpool_limits(1, user_api="blas"):
        network = calibrated(lesson, learnt.network)
        result = _result(learnt, network)
        of_rows = predictor(
            network,
            lesson.test.x.shape[1],
            "float32",
            lesson.preprocessing,
            loss,
            max(len(lesson.test.x), 1),
        )
        told = of_rows(lesson.test.x)
        metrics = scores.metrics_of(lesson.classes)
        found = {
            "network": scores.scores(metrics, lesson.test.truth, told),
            **(boosted_trees(lesson) if options.compare else {}),
            **scores.baselines(_one_hot(lesson)),
        }
        important = importance(lesson, of_rows)
    page = _page(options, lesson, result, found, important, told)
    return Outcome(result, page, loss, told)


def calibrated(lesson: Lesson, network: Any) -> Any:
    """The network with logits divided by the temperature that suits the validation rows."""
    from chainrule.tabular.calibration import scaled, temperature

    rows = lesson.validation
    if rows is None or not lesson.classes:
        return network
    parts = [network(rows.x[start : start + 8_192]) for start in range(0, len(rows.x), 8_192)]
    return scaled(network, temperature(np.concatenate(parts), rows.y, rows.weights))


def importance(lesson: Lesson, of_rows: Callable[[Any], Any]) -> list[tuple[str, float]]:
    """How much worse the first metric becomes when a column is shuffled, the largest first.

    Of classes the log-loss, of numbers the RMSE. Empty for very many columns.
    """
    from chainrule.tabular.importance import groups_of, permutation_importance

    columns = lesson.preprocessing.columns
    if len(columns) > _MOST_COLUMNS:
        return []
    x, truth = lesson.test.x[:_FOR_IMPORTANCE], lesson.test.truth[:_FOR_IMPORTANCE]
    name = "log_loss" if lesson.classes else "rmse"
    (metric,) = [row for row in scores.metrics_of(lesson.classes) if row.name == name]
    found = permutation_importance(
        lambda rows: -metric.function(truth, of_rows(rows)), x, groups_of(columns), repeats=3
    )
    pairs = zip(found.names, found.mean.tolist(), strict=True)
    return sorted(pairs, key=lambda pair: -pair[1])


def boosted_trees(lesson: Lesson) -> dict[str, dict[str, float]]:
    """The scores of scikit-learn's histogram-based gradient boosting, at its defaults."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    sizes = lesson.preprocessing.sizes
    learnt, test = lesson.learnt, lesson.test
    kind = HistGradientBoostingClassifier if lesson.classes else HistGradientBoostingRegressor
    codes: Any = [2 <= size < _BINS for size in sizes]
    model = kind(categorical_features=codes, random_state=0)
    truth = learnt.truth if lesson.classes else learnt.truth[:, 0]
    model.fit(learnt.x, truth, sample_weight=learnt.weights)
    if lesson.classes:
        told = scores.probabilities(model, test.x, len(lesson.classes))
    else:
        told = model.predict(test.x)[:, None]
    metrics = scores.metrics_of(lesson.classes)
    return {"boosted trees (scikit-learn)": scores.scores(metrics, test.truth, told)}


def _one_hot(lesson: Lesson) -> Any:
    """The samples as a linear model takes them: numbers on one scale, few-valued codes one-hot."""
    from chainrule.nn import Encode
    from chainrule.nn.encoding import feature_counts

    sizes = lesson.preprocessing.sizes
    columns = [place for place, size in enumerate(sizes) if size <= _ONE_HOT] or [0]
    rows = max(_LARGEST // sum(feature_counts(sizes, columns)), 1_000)
    samples = lesson.samples
    encode = Encode.fit(samples.x[:rows], sizes, None, columns)
    weights = samples.weights
    return replace(
        samples,
        x=encode(samples.x[:rows]),
        truth=samples.truth[:rows],
        weights=None if weights is None else weights[:rows],
        x_test=encode(samples.x_test),
    )


def _result(learnt: Learnt, network: Any) -> Result:
    from chainrule.train import Result

    return Result(network, network, learnt.best_epoch, learnt.history, learnt.ended, learnt.backend)


def _page(
    options: Any,
    lesson: Lesson,
    result: Result,
    found: dict[str, dict[str, float]],
    important: list[tuple[str, float]],
    told: Any,
) -> Report:
    """Everything that the page says."""
    from chainrule import nn
    from chainrule.cli.lesson import COLUMNS
    from chainrule.cli.recipe import lesson_told
    from chainrule.cli.samples import shortened

    network, x = result.best, lesson.learnt.x
    dead = nn.dead_units(network, x[:8_192])
    truth = lesson.test.truth
    of_classes = quality.calibration if lesson.classes else quality.residuals
    return Report(
        data=lesson.name,
        told=lesson_told(lesson),
        held_out=lesson.is_held_out,
        metrics=scores.metrics_of(lesson.classes),
        scores=found,
        ended=report.ending(result),
        network=network,
        input=ArrayType((BATCH, x.shape[1]), "float32"),
        inputs=None,
        outputs=lesson.classes or (lesson.preprocessing.target.name,),
        columns=(COLUMNS, shortened(lesson.columns)),
        dead={layer: list(units) for layer, units in dead.items()},
        configuration=report.configuration(options),
        command=report.command_line(),
        versions=report.versions(),
        importance=important,
        quality=of_classes(truth, told),
        reliability=quality.reliability(truth, told) if lesson.classes else (),
    )
