"""`chainrule train`: learn a data set, compare with baselines, write a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer


if TYPE_CHECKING:
    from chainrule.data import Dataset
    from chainrule.nn import Sequential
    from chainrule.train import Optimizer, Result


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
    """Train a multilayer perceptron and say how well it does on samples it has not seen.

    Ctrl-C ends the training: the best network so far is scored and written, with status 130.
    """
    from chainrule import data as datasets
    from chainrule import nn
    from chainrule import train as training
    from chainrule.cli import report
    from chainrule.lookup import find

    units = _sizes(hidden)
    _check_folder(out)
    chosen = find(training.OPTIMIZERS, "optimizer", optimizer)(learning_rate)
    found = datasets.dataset(data)
    x, y, x_test, y_test = datasets.stratified_split(found.x, found.y, held_out, seed)
    network = nn.mlp([x.shape[1], *units, len(found.classes)], activation, rng=seed)
    report.say_data(found, len(x), len(x_test))
    report.say_network(network)
    result = _learn(network, (x, y), chosen, epochs, batch_size, seed)
    if not result.history:
        typer.echo("chainrule: interrupted in the first epoch; nothing was written", err=True)
        raise typer.Exit(130)
    finish(result, found, (x, y, x_test, y_test), out)
    if result.interrupted:
        raise typer.Exit(130)


def _learn(
    network: Sequential, samples: tuple, chosen: Optimizer, epochs: int, batch_size: int, seed: int
) -> Result:
    """Train on the samples, a tenth of which is held out to find the best epoch."""
    from chainrule.train import fit

    return fit(
        network,
        *samples,
        loss="cross_entropy",
        optimizer=chosen,
        epochs=epochs,
        batch_size=batch_size,
        validation=0.1,
        seed=seed,
    )


def finish(result: Result, found: Dataset, parts: tuple, out: Path) -> None:
    """Score the trained network beside the baselines and write what it left."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    from chainrule.cli import report
    from chainrule.metrics import accuracy, confusion_matrix

    _, _, x_test, y_test = parts
    # One thread: the same bits everywhere, and on matrices this small 20 times the speed of two.
    with threadpool_limits(1, user_api="blas"):
        predicted = np.argmax(result.network(x_test), axis=-1)
        scores = {"network": accuracy(y_test, predicted), **report.baselines(*parts)}
    report.say_scores(result, scores)
    counts = confusion_matrix(y_test, predicted, len(found.classes))
    report.write(out, result, scores, counts, found)


def _sizes(text: str) -> list[int]:
    """`"100,50"` -> [100, 50]; empty for no hidden layer. ValueError for anything else."""
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise ValueError(f"--hidden {text!r}: expected whole numbers above 0, such as 100,50")
    return [int(part) for part in parts]


def _check_folder(out: Path) -> None:
    """OSError, before any work, where the folder cannot be made or written to."""
    nearest = next(folder for folder in (out, *out.parents, Path()) if folder.exists())
    if not nearest.is_dir():
        raise NotADirectoryError(f"--out {out}: {nearest} is a file, expected a folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise PermissionError(f"--out {out}: {nearest} cannot be written to")
