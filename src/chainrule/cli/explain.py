"""`chainrule explain`: every step from one row to its prediction, and back from its loss."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


_MOST = 200  # numbers that a network may hold to be written down


def explain(
    model: Annotated[Path, typer.Argument(help="A model file.")],
    data: Annotated[str, typer.Argument(help="A .csv, .tsv, .parquet or .npz, or a set by name.")],
    row: Annotated[int, typer.Option(help="Which row, from 1.")] = 1,
    loss: Annotated[str | None, typer.Option(help="By default that of the training.")] = None,
    digits: Annotated[int, typer.Option(help="Significant digits.")] = 6,
) -> None:
    """Work out one row by hand: the forward pass and, where the target is known, the backward pass.

    For small networks: every number of it is written down.
    """
    from chainrule import explain as work_out
    from chainrule import nn
    from chainrule.cli import model as models
    from chainrule.cli.predictions import usual_loss
    from chainrule.cli.terminal import say

    found, preprocessing = models.opened(model)
    count = nn.parameter_count(found.network)
    if count > _MOST:
        raise ValueError(
            f"{model}: {count:,} parameters are too many to be written down, at most {_MOST}; "
            "train a smaller network: --hidden 3"
        )
    rows = models.rows_for(preprocessing, data)
    if not 1 <= row <= len(rows.x):
        raise ValueError(f"--row {row}: {rows.source.name} has the rows 1 to {len(rows.x)}")
    x = rows.x[row - 1 : row]
    function, args = _forward(found.network, x)
    if preprocessing.target.name in rows.source.table.columns:
        y = preprocessing.targets(rows.source.table)[row - 1 : row]
        outputs = found.network(x).shape[-1]
        name = loss or found.loss or usual_loss(preprocessing, outputs)
        function, args = _objective(found.network, x, y, nn.loss(name))
    for line in str(work_out(function, *args, digits=digits)).splitlines():
        say(line)


def _forward(network: Any, x: Any) -> tuple[Any, tuple[Any, ...]]:
    def output(net: Any, x: Any) -> Any:
        return net(x)

    return output, (network, x)


def _objective(network: Any, x: Any, y: Any, loss: Any) -> tuple[Any, tuple[Any, ...]]:
    from chainrule import label, ops

    def objective(net: Any, x: Any, y: Any) -> Any:
        return ops.sum(loss.function(label(net(x), "output"), y))

    return objective, (network, x, y)
