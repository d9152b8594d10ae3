"""`chainrule evaluate`: how good a model is on rows whose target is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


_MOST = 20  # classes whose confusion matrix fits a terminal


def evaluate(
    model: Annotated[Path, typer.Argument(help="A model file.")],
    data: Annotated[str, typer.Argument(help="A .csv, .tsv, .parquet or .npz, or a set by name.")],
) -> None:
    """Score a model on rows with the target: a table of metrics and, of classes, the mistakes."""
    from chainrule.cli import model as models
    from chainrule.cli import scores
    from chainrule.cli.terminal import say, table

    found, preprocessing = models.opened(model)
    rows = models.rows_for(preprocessing, data)
    truth = models.truth_of(preprocessing, rows)
    told = models.predicted(found, preprocessing, rows)
    metrics = scores.metrics_of(preprocessing.classes)
    say(f"{rows.source.name}: {len(rows.x):,} rows, target {preprocessing.target.name!r}")
    say()
    lines = [(metric.title, metric.text(metric.function(truth, told))) for metric in metrics]
    table(("metric", "value"), lines, numbers=("value",))
    if preprocessing.classes:
        _say_mistakes(truth, told.argmax(axis=1), preprocessing.classes)


def _say_mistakes(truth: Any, labels: Any, classes: tuple[str, ...]) -> None:
    """The confusion matrix; of many classes the commonest mistakes."""
    import numpy as np

    from chainrule.cli.terminal import say, table
    from chainrule.metrics import confusion_matrix

    counts = confusion_matrix(truth, labels, len(classes))
    say()
    if len(classes) <= _MOST:
        rows = [(name, *line) for name, line in zip(classes, counts.tolist(), strict=True)]
        table(("true \\ predicted", *classes), rows, numbers=classes)
        return
    wrong = np.where(np.eye(len(classes), dtype=bool), 0, counts)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_MOST]
    places = [np.unravel_index(place, wrong.shape) for place in order]
    rows = [(classes[i], classes[j], wrong[i, j]) for i, j in places if wrong[i, j]]
    table(("true", "predicted", "times"), rows, numbers=("times",))
