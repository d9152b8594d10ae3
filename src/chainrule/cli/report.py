"""What `chainrule train` says and writes."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chainrule.data import Dataset
from chainrule.draw import plots
from chainrule.files import write_atomically
from chainrule.metrics import accuracy
from chainrule.save import save
from chainrule.train import Result


def say_data(data: Dataset, training: int, held_out: int) -> None:
    """One line on the samples."""
    print(
        f"{data.name}: {training} samples to learn from, {held_out} held out, "
        f"{data.x.shape[1]} features, {len(data.classes)} classes"
    )


def say_network(network: Any) -> None:
    """The layers, one a line."""
    print(repr(network), flush=True)


def say_scores(result: Result, scores: Mapping[str, float]) -> None:
    """The held-out accuracy beside that of the baselines."""
    seconds = sum(result.history.get("seconds", []))
    epochs = len(result.history.get("loss", []))
    ended = "interrupted; the best so far is kept" if result.interrupted else "done"
    print(f"{epochs} epochs in {seconds:.1f} s: {ended}")
    print("held-out samples that are right:")
    width = max(map(len, scores))
    for name, score in scores.items():
        print(f"  {name:{width}}  {100 * score:5.1f} %")


def baselines(x: Any, y: Any, x_test: Any, y_test: Any) -> dict[str, float]:
    """The held-out accuracy of always saying the commonest class, and of a linear model.

    x, x_test `(samples, features)`; y, y_test labels `(samples,)`.
    """
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression

    models = {
        "linear (logistic regression)": LogisticRegression(max_iter=1000),
        "majority class": DummyClassifier(),
    }
    return {
        name: accuracy(y_test, model.fit(x, y).predict(x_test)) for name, model in models.items()
    }


def write(
    folder: Path, result: Result, scores: Mapping[str, float], counts: Any, data: Dataset
) -> None:
    """The model, its history and the pictures, into `folder`, which is made; says what it wrote.

    Without matplotlib there are no pictures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save(result.network, folder / "model.safetensors")
    record = {"data": data.name, "held_out_accuracy": scores, "history": result.history}
    write_atomically(folder / "history.json", json.dumps(record, indent=1).encode())
    names = ["model.safetensors", "history.json"]
    try:
        names += _draw(folder, result, counts, data)
    except ImportError as error:
        print(f"chainrule: {error}", file=sys.stderr)
    print(f"written to {folder}: {', '.join(names)}")


def _draw(folder: Path, result: Result, counts: Any, data: Dataset) -> list[str]:
    """The pictures, and their names."""
    plots.learning_curve(result.history, folder / "learning-curve.png")
    plots.confusion(counts, data.classes, folder / "confusion-matrix.png")
    if data.image_shape is None:
        return ["learning-curve.png", "confusion-matrix.png"]
    first = result.network.layers[0].weight
    plots.weight_images(first, data.image_shape, folder / "first-layer.png")
    return ["learning-curve.png", "confusion-matrix.png", "first-layer.png"]
