"""Pictures by matplotlib, here those of training: each draws into a file and returns nothing.

Colours can be told apart by colour-blind readers and in black and white.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.draw.plots.canvas import BLUE, ORANGE
from chainrule.draw.plots.canvas import figure as _empty
from chainrule.draw.plots.canvas import write as _write


_LONGEST = 24  # characters of a name
_READABLE = 30  # classes whose counts are written
_ROOM = 30  # characters of all names of classes that fit side by side


def learning_curve(history: Mapping[str, Sequence[float]], path: str | os.PathLike[str]) -> None:
    """The loss of each epoch in training and validation, with the best epoch marked (VZ-14)."""
    figure, axes = _figure(6.4, 4.0)
    epochs = np.arange(1, len(history["loss"]) + 1)
    dots = "." if len(epochs) < 30 else ""  # one epoch makes no line
    axes.plot(epochs, history["loss"], dots + "-", color=BLUE, label="training")
    held_out = history.get("validation_loss")
    if held_out is not None:
        best = int(np.argmin(held_out))
        axes.plot(epochs, held_out, dots + "--", color=ORANGE, label="validation")
        axes.plot(epochs[best], held_out[best], "o", color=ORANGE, label=f"best: epoch {best + 1}")
    axes.set(xlabel="epoch", ylabel="loss (mean over samples)", title="Learning curve")
    lowest = min(*history["loss"], *(held_out or history["loss"]))
    axes.set_yscale("log" if lowest > 0 else "linear")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.legend()
    _write(figure, path)


def residuals(targets: Any, predicted: Any, path: str | os.PathLike[str], unit: str = "") -> None:
    """How far off each prediction is, over what was predicted: target - prediction.

    targets, predicted  `(samples,)`; unit  what they are numbers of, for the axes
    """
    targets, predicted = np.asarray(targets, float), np.asarray(predicted, float)
    left = targets - predicted
    figure, axes = _figure(6.4, 4.4)
    axes.axhline(0, color="#5f5f5f", linewidth=1)
    axes.scatter(predicted, left, s=14, alpha=0.6, color=BLUE, edgecolors="none")
    spread = float(np.sqrt(np.mean(left**2)))
    for bound in (-spread, spread):
        axes.axhline(bound, color=ORANGE, linewidth=1, linestyle="--")
    of = f" ({_name(unit)})" if unit else ""
    axes.set_xlabel(f"predicted{of}", parse_math=False)
    axes.set_ylabel("true - predicted", parse_math=False)
    axes.set_title(f"Held out: {len(left)} residuals, dashed ± RMSE {spread:.4g}")
    axes.grid(alpha=0.3)
    _write(figure, path)


def confusion(counts: Any, classes: Sequence[str], path: str | os.PathLike[str]) -> None:
    """How often each class (row) was taken for each class (column): counts `(classes, classes)`."""
    figure, axes = _figure(5.6, 5.2)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*counts.shape):
        if counts[row, column] and len(counts) <= _READABLE:
            ink = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=ink)
    places = np.arange(len(classes))
    names = [_name(name) for name in classes]
    turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    is_long = sum(map(len, names)) > _ROOM
    axes.set_xticks(places, names, parse_math=False, **(turned if is_long else {}))
    axes.set_yticks(places, names, parse_math=False)
    right, total = int(np.trace(counts)), int(counts.sum())
    axes.set(xlabel="predicted", ylabel="true", title=f"Held out: {right} of {total} right")
    _write(figure, path)


def weight_images(
    weight: Any, image_shape: tuple[int, int], path: str | os.PathLike[str], most: int = 100
) -> None:
    """What each unit of the first layer looks for (VZ-06): its weights as an image.

    weight  `(pixels, units)`, of which the first `most` units are drawn, on one scale that is
            symmetric about 0: white is 0, blue negative, red positive
    """
    units = min(weight.shape[1], most)
    columns = int(np.ceil(np.sqrt(units)))
    rows = -(-units // columns)
    height, width = image_shape
    sheet = np.full((rows * (height + 1) + 1, columns * (width + 1) + 1), np.nan)
    for unit in range(units):
        top, left = 1 + unit // columns * (height + 1), 1 + unit % columns * (width + 1)
        sheet[top : top + height, left : left + width] = weight[:, unit].reshape(image_shape)
    limit = float(np.max(np.abs(weight)))
    figure, axes = _figure(6.4, 6.0)
    shown = axes.imshow(sheet, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
    axes.set_facecolor("#808080")
    axes.set(xticks=[], yticks=[], title=_units_title(units, weight.shape[1]))
    figure.colorbar(shown, ax=axes, shrink=0.8, label="weight")
    _write(figure, path)


def _name(text: str) -> str:
    """A name as data have it, in one line that is not too long."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _units_title(shown: int, there_are: int) -> str:
    some = f"the first {shown} of {there_are}" if shown < there_are else str(shown)
    return f"Weights of the first layer: {some} unit{'' if some == '1' else 's'}"


def _figure(width: float, height: float) -> tuple[Any, Any]:
    shown = _empty(width, height)
    return shown, shown.subplots()
