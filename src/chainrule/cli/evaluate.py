"""`chainrule evaluate`: how good a model is on rows whose target is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    model: Annotated[Path, typer.Argument(help="A model file.")],
    data: Annotated[str, typer.Argument(help="A .csv, .tsv, .parquet or .npz, or a set by name.")],
) -> None:
    """Score a model on rows with the target: metrics, then how far off it is and where.

    Of classes: whether its probabilities can be believed, and which class was taken for which. Of
    numbers: the residuals.
    """
    from chainrule.cli import model as models
    from chainrule.cli import scores
    from chainrule.cli.quality import say_quality
    from chainrule.cli.terminal import say, table

    found, preprocessing = models.opened(model)
    rows = models.rows_for(preprocessing, data)
    truth = models.truth_for(preprocessing, rows)
    told = models.predicted(found, preprocessing, rows)
    metrics = scores.metrics_of(preprocessing.classes, are_all=True)
    say(f"{rows.source.name}: {len(rows.x):,} rows, target {preprocessing.target.name!r}")
    say()
    lines = [(metric.title, metric.text(metric.function(truth, told))) for metric in metrics]
    table(("metric", "value"), lines, numbers=("value",))
    say_quality(truth, told, preprocessing.classes)
