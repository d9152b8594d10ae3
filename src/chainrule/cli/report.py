"""What `chainrule train` says and writes."""

from __future__ import annotations

import importlib.metadata
import json
import math
import platform
import shlex
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from chainrule.cli.folder import filled_at_once
from chainrule.cli.page import Picture, Report, page
from chainrule.cli.samples import COLUMNS, Samples
from chainrule.cli.terminal import say, table, warn
from chainrule.draw import plots
from chainrule.files import write_atomically
from chainrule.save import save
from chainrule.train import Result
from chainrule.version import __version__


MODEL, HISTORY, PAGE = "model.safetensors", "history.json", "report.html"

#: Packages that the numbers depend on.
_PACKAGES = ("numpy", "scipy", "scikit-learn", "polars", "pandas", "matplotlib")


def say_data(samples: Samples) -> None:
    """One sentence on the samples and, for a table, a line on each column."""
    say(f"{samples.name}: {samples.told}")
    if samples.columns:
        say()
        table(COLUMNS, samples.columns)
    say()


def say_network(network: Any, x: Any) -> None:
    """The layers, one a line."""
    from chainrule import nn

    for line in str(nn.summary(network, x)).splitlines():
        say(line)
    say()


def say_scores(report: Report) -> None:
    """The scores of the network beside those of the baselines."""
    titles = [metric.title for metric in report.metrics]
    rows = [
        (name, *[metric.text(found[metric.name]) for metric in report.metrics])
        for name, found in report.scores.items()
    ]
    where = "held out" if report.held_out else "on the samples themselves"
    table((where, *titles), rows, numbers=titles)


def ending(result: Result) -> str:
    """How the training went, in a sentence."""
    seconds = sum(result.history.get("seconds", []))
    epochs = len(result.history.get("loss", []))
    how = {
        "interrupt": "interrupted; the best so far is kept",
        "deadline": "the time was up; the best is kept",
        "patience": "ended by patience; the best is kept",
    }.get(result.ended, "done")
    trained = f"{epochs} epochs in {seconds:.1f} s by {result.backend}"
    return f"{trained}, the best was epoch {result.best_epoch}: {how}"


def configuration(options: Any) -> dict[str, str]:
    """Every option by its name on the command line, as text; a dash for none."""
    found = {field.name: getattr(options, field.name) for field in fields(options)}
    data = {"data": str(found.pop("data"))}
    return data | {f"--{name.replace('_', '-')}": _option(value) for name, value in found.items()}


def _option(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def command_line() -> str:
    """The command that is being run."""
    return shlex.join(["chainrule", *sys.argv[1:]])


def versions() -> dict[str, str]:
    """Python and the packages that the numbers depend on."""
    found = {"chainrule": __version__, "Python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def write(
    folder: Path, result: Result, samples: Samples, report: Report, loss: str, told: Any
) -> list[str]:
    """Model and history, then pictures and page, each two at once or not at all. Their names.

    loss  the text that chooses it
    told  what the network says of the samples held out. Without matplotlib there are no pictures.
    """
    record = {
        "data": report.data,
        "scores": report.scores,
        "held_out": report.held_out,
        "best_epoch": result.best_epoch,
        "history": result.history,
        "configuration": report.configuration,
        "versions": report.versions,
    }
    with filled_at_once(folder) as stage:
        save(
            report.network,
            stage / MODEL,
            x=report.input,
            preprocessing=samples.preprocessing,
            loss=loss,
        )
        text = json.dumps(_finite(record), indent=1, allow_nan=False)
        write_atomically(stage / HISTORY, text.encode())
    # By themselves: a picture that fails must not cost the model.
    with filled_at_once(folder) as stage:
        pictures = _pictures(stage, result, samples, told)
        names = [MODEL, HISTORY, PAGE, *[shown.name for shown in pictures]]
        write_atomically(stage / PAGE, page(report, pictures, names).encode())
    return names


def _finite(value: Any) -> Any:
    """The same with None for numbers that JSON does not know."""
    if isinstance(value, Mapping):
        return {key: _finite(inside) for key, inside in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inside) for inside in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _pictures(stage: Path, result: Result, samples: Samples, told: Any) -> list[Picture]:
    """The pictures of a run, each in a file of its own; none without matplotlib."""
    from chainrule.metrics import confusion_matrix

    target = samples.preprocessing.target.name
    makers = {
        "learning-curve.png": (
            "The loss of each epoch",
            lambda path: plots.learning_curve(result.history, path),
        )
    }
    if samples.classes:
        counts = confusion_matrix(samples.truth_test, told.argmax(axis=-1), len(samples.classes))
        makers["confusion-matrix.png"] = (
            "Which class (row) was taken for which (column)",
            lambda path: plots.confusion(counts, samples.classes, path),
        )
    else:
        makers["residuals.png"] = (
            f"How far off the predictions of {target} are",
            lambda path: plots.residuals(samples.truth_test[:, 0], told[:, 0], path, target),
        )
    shape = samples.image_shape
    if shape is not None:
        first = result.best.layers[0].weight
        makers["first-layer.png"] = (
            "What each unit of the first layer looks for",
            lambda path: plots.weight_images(first, shape, path),
        )
    try:
        for name, (_, draw) in makers.items():
            draw(stage / name)
    except ImportError as error:
        warn(error)
        return []
    return [
        Picture(name, caption, (stage / name).read_bytes()) for name, (caption, _) in makers.items()
    ]
