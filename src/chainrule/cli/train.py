"""`chainrule train`: learn a data set, compare with baselines, write a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer


if TYPE_CHECKING:
    from chainrule.data import Dataset
    from chainrule.train import Result


def train(
    data: Annotated[str, typer.Argument(help="A built-in data set: digits.")],
    hidden: Annotated[str, typer.Option(help="Units of the hidden layers, with commas.")] = "512",
    activation: Annotated[str, typer.Option(help="Activation of the hidden layers.")] = "relu",
    optimizer: Annotated[str, typer.Option(help="adam or sgd.")] = "adam",
    learning_rate: Annotated[float, typer.Option(help="Learning rate.")] = 1e-3,
    epochs: Annotated[int, typer.Option(help="Passes over the training samples.")] = 100,
    batch_size: Annotated[int, typer.Option(help="Samples in a mini-batch.")] = 32,
    held_out: Annotated[float, typer.Option(help="Share held out for the final score.")] = 0.2,
    seed: Annotated[
        int, typer.Option(help="Of weights, parts and order: same seed, same bits.")
    ] = 0,
    out: Annotated[Path, typer.Option(help="Folder for model, history and pictures.")] = Path(
        "chainrule-out"
    ),
) -> None:
    """Train a multilayer perceptron and say how well it does on samples it has not seen."""
    from chainrule import data as datasets
    from chainrule import nn
    from chainrule import train as training
    from chainrule.cli import report
    from chainrule.lookup import find

    units = _sizes(hidden)
    chosen = find(training.OPTIMIZERS, "optimizer", optimizer)(learning_rate)
    found = datasets.dataset(data)
    x, y, x_test, y_test = datasets.stratified_split(found.x, found.y, held_out, seed)
    network = nn.mlp([x.shape[1], *units, len(found.classes)], activation, rng=seed)
    out.mkdir(parents=True, exist_ok=True)
    report.say_data(found, len(x), len(x_test))
    report.say_network(network)
    result = training.fit(
        network,
        x,
        y,
        loss="cross_entropy",
        optimizer=chosen,
        epochs=epochs,
        batch_size=batch_size,
        validation=0.1,
        seed=seed,
    )
    finish(result, found, (x, y, x_test, y_test), out)


def finish(result: Result, found: Dataset, parts: tuple, out: Path) -> None:
    """Score the trained network beside the baselines and write what it left."""
    import numpy as np

    from chainrule.cli import report
    from chainrule.metrics import accuracy, confusion_matrix

    _, _, x_test, y_test = parts
    predicted = np.argmax(result.network(x_test), axis=-1)
    scores = {"network": accuracy(y_test, predicted), **report.baselines(*parts)}
    report.say_scores(result, scores)
    counts = confusion_matrix(y_test, predicted, len(found.classes))
    report.write(out, result, scores, counts, found)


def _sizes(text: str) -> list[int]:
    """`"100,50"` -> [100, 50]; empty for no hidden layer. ValueError for anything else."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise ValueError(f"--hidden {text!r}: expected whole numbers above 0, such as 100,50")
    return [int(part) for part in parts]
