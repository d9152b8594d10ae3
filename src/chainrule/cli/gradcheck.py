"""`chainrule gradcheck`: the gradient of a model's loss against two-sided differences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer


if TYPE_CHECKING:
    from chainrule.testing import Report


def gradcheck(
    model: Annotated[Path, typer.Argument(help="A model file.")],
    data: Annotated[str, typer.Argument(help="A .csv, .tsv, .parquet or .npz, or a set by name.")],
    rows: Annotated[int, typer.Option(help="Rows that the loss is the mean of.")] = 32,
    loss: Annotated[str | None, typer.Option(help="By default that of the training.")] = None,
    tolerance: Annotated[float, typer.Option(help="Largest relative error that passes.")] = 1e-6,
    seed: Annotated[int, typer.Option(help="Of the directions.")] = 0,
) -> None:
    """Check the gradient of the loss: reverse and forward mode against two-sided differences.

    In float64, in one random direction within each array of parameters. What differs is looked at
    once more by complex step, which has no rounding and no kinks: status 1 if that differs too.
    """
    from chainrule import nn, ops
    from chainrule.cli import model as models
    from chainrule.cli.predictions import usual_loss
    from chainrule.cli.terminal import say

    if rows < 1:
        raise ValueError(f"--rows {rows}: expected a whole number from 1")
    found, preprocessing = models.opened(model)
    taken = models.rows_for(preprocessing, data)
    x, y = taken.x[:rows], preprocessing.targets(taken.source.table)[:rows]
    outputs = found.network(x).shape[-1]
    chosen = nn.loss(loss or found.loss or usual_loss(preprocessing, outputs))

    def objective(net: Any) -> Any:
        return ops.mean(chosen.function(net(x), y))

    report = _report(objective, found.network, tolerance, "two_sided", seed)
    by = f"two-sided differences {report.max_error:.1e}"
    if report.max_error > tolerance:
        report = _report(objective, found.network, tolerance, "complex_step", seed)
        by += f" (rounding, or a kink), by complex step {report.max_error:.1e}"
    for line in str(report).splitlines():
        say(line)
    say()
    is_right = report.max_error <= tolerance
    verdict = "right" if is_right else "WRONG"
    say(
        f"{chosen.name} of {len(x)} rows: largest relative error by {by}: the gradient is {verdict}"
    )
    if not is_right:
        raise typer.Exit(1)


def _report(objective: Any, network: Any, tolerance: float, method: str, seed: int) -> Report:
    """What `check_derivatives` finds, also where derivatives disagree."""
    from chainrule.testing import DerivativeError, check_derivatives

    try:
        return check_derivatives(objective, network, tolerance=tolerance, method=method, seed=seed)
    except DerivativeError as error:
        return error.report
