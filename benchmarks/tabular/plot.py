"""The picture of a comparison: mean ranks on an axis, and bars over those that do not differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.plot import COLOURS
from benchmarks.tabular.methods import METHODS, OURS
from benchmarks.tabular.ranks import Comparison, alike, critical_difference


_STEP = 0.6  # between the lines of two names


def draw(found: Comparison, stem: Path) -> list[Path]:
    """Write `stem`.svg and `stem`.png; nothing for fewer than two methods or sets."""
    k, n = len(found.methods), len(found.sets)
    if k < 2 or n < 2:
        return []
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    means = found.mean_ranks
    difference = critical_difference(k, n)
    groups = alike(means, difference)
    depth = _STEP * ((k + 1) // 2 + 0.5) + 0.25 * len(groups)
    figure, axes = plt.subplots(figsize=(9, 1.4 + 0.45 * depth), layout="constrained")
    _axis(axes, k, difference, depth)
    top = 0.35 + 0.25 * len(groups)
    for place, method in enumerate(np.argsort(means, kind="stable")):
        _name(axes, place, k, found.methods[method], float(means[method]), top)
    ordered = np.sort(means)
    for row, (first, last) in enumerate(groups):
        ends = [ordered[first] - 0.04, ordered[last] + 0.04]
        axes.plot(ends, [-0.25 - 0.25 * row] * 2, color="black", linewidth=3.5)
    paths = [stem.with_suffix(suffix) for suffix in (".svg", ".png")]
    for path in paths:
        figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)
    return paths


def _axis(axes: Any, k: int, difference: float, depth: float) -> None:
    """The ranks, and above them how far apart means must be to differ."""
    axes.plot([1, k], [0, 0], color="black", linewidth=1)
    for rank in range(1, k + 1):
        axes.plot([rank, rank], [0, 0.12], color="black", linewidth=1)
        axes.text(rank, 0.2, str(rank), ha="center", va="bottom", fontsize=9)
    axes.plot([1, 1 + difference], [0.95, 0.95], color="black", linewidth=1.5)
    for end in (1, 1 + difference):
        axes.plot([end, end], [0.87, 1.03], color="black", linewidth=1.5)
    text = f"critical difference {difference:.2f}"
    axes.text(1 + difference / 2, 1.1, text, ha="center", va="bottom", fontsize=9)
    axes.set_xlim(1 - 0.45 * k, k + 0.45 * k)
    axes.set_ylim(-depth - 0.4, 1.6)
    axes.axis("off")


def _name(axes: Any, place: int, k: int, name: str, rank: float, top: float) -> None:
    """A method on its side: the better half on the left, from the axis down and outwards."""
    is_left = place < (k + 1) // 2
    row = place if is_left else k - 1 - place
    height = -top - _STEP * row
    end = 0.9 if is_left else k + 0.1
    colour = COLOURS[0] if name in OURS else "black"
    axes.plot([rank, rank, end], [0, height, height], color=colour, linewidth=1)
    axes.text(
        end - 0.08 if is_left else end + 0.08,
        height,
        f"{METHODS[name].title}  {rank:.2f}" if is_left else f"{rank:.2f}  {METHODS[name].title}",
        ha="right" if is_left else "left",
        va="center",
        fontsize=10,
        color=colour,
        fontweight="bold" if name in OURS else "normal",
    )
