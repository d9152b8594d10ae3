"""Pictures of matrices as grids of numbers: a layer, a whole network on all samples."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.draw.plots.canvas import FAINT, INK, figure, write


_CELL = 0.62  # inches
_WIDTH = {"sign": 0.45, "matrix": 0.35}  # inches: of a sign, and of the room beside a matrix


@dataclass(frozen=True, eq=False)
class Matrix:
    """A matrix with what stands above it: its name, and perhaps what its columns are.

    values  `(rows, columns)`, or `(columns,)` for one row; told  below it, such as its shape
    color   of the cells
    """

    name: str
    values: Any
    told: str = ""
    color: str = "#ffffff"


def matrices(
    lines: Sequence[Sequence[Matrix | str]], path: str | os.PathLike[str], title: str
) -> None:
    """Equations between matrices (VZ-19), one below the other: matrices with signs between them."""
    sizes = [(sum(map(_wide, line)), max(map(_tall, line))) for line in lines]
    width = max(wide for wide, _ in sizes) + 0.3
    height = sum(tall for _, tall in sizes) + 0.6
    shown = figure(width, height)
    axes = shown.subplots()
    top = 0.0
    for line, (wide, tall) in zip(lines, sizes, strict=True):
        left = (width - wide) / 2
        for part in line:
            _part(axes, part, left + _wide(part) / 2, top + tall / 2)
            left += _wide(part)
        top += tall
    axes.set(xlim=(0, width), ylim=(top, 0), aspect="equal", title=title)
    axes.axis("off")
    write(shown, path)


def _shape(part: Matrix) -> tuple[int, int]:
    rows, columns = np.atleast_2d(part.values).shape
    return rows, columns


def _wide(part: Matrix | str) -> float:
    if isinstance(part, str):
        return _WIDTH["sign"] + 0.135 * max(len(part) - 2, 0)
    words = max(len(part.name), len(part.told)) * 0.095
    return max(_shape(part)[1] * _CELL, words) + _WIDTH["matrix"]


def _tall(part: Matrix | str) -> float:
    return 0.5 if isinstance(part, str) else _shape(part)[0] * _CELL + 1.0


def _part(axes: Any, part: Matrix | str, x: float, y: float) -> None:
    if isinstance(part, str):
        axes.text(x, y, part, ha="center", va="center", fontsize=17, fontweight="bold")
        return
    rows, columns = _shape(part)
    left, top = x - columns * _CELL / 2, y - rows * _CELL / 2
    for (row, column), value in np.ndenumerate(np.atleast_2d(part.values)):
        a, b = left + column * _CELL, top + row * _CELL
        corners = ([a, a + _CELL, a + _CELL, a], [b, b, b + _CELL, b + _CELL])
        axes.fill(*corners, facecolor=part.color, edgecolor=FAINT, linewidth=0.7)
        number = f"{value + 0.0:.4g}".replace("-", "−")
        axes.text(a + _CELL / 2, b + _CELL / 2, number, ha="center", va="center", fontsize=10.5)
    right, bottom = left + columns * _CELL, top + rows * _CELL
    for edge, inward in ((left - 0.06, 0.1), (right + 0.06, -0.1)):
        bracket = (
            [edge + inward, edge, edge, edge + inward],
            [top - 0.06] * 2 + [bottom + 0.06] * 2,
        )
        axes.plot(*bracket, color=INK, linewidth=1.6)
    axes.text(x, top - 0.24, part.name, ha="center", va="center", fontsize=11)
    axes.text(x, bottom + 0.25, part.told, ha="center", va="center", fontsize=9, color=FAINT)
