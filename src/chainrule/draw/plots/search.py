"""Pictures of choices before training: grid and random search, initial weights."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.draw.plots.canvas import BLUE, INK, ORANGE, PAPER, figure, write


@dataclass(frozen=True, eq=False)
class Search:
    """The trials of a search over two hyper-parameters.

    points  `(trials, 2)`; scores  `(trials,)`, of which less is better
    """

    name: str
    points: Any
    scores: Any


def searches(
    found: Sequence[Search],
    names: tuple[str, str],
    margins: tuple[tuple[Any, Any], tuple[Any, Any]],
    path: str | os.PathLike[str],
    *,
    score: str,
) -> None:
    """Searches side by side: where each tried, and how much each hyper-parameter matters (VZ-17).

    names    of the hyper-parameters, both on logarithmic scales
    margins  of each hyper-parameter: values `(n,)` and the score `(n,)` when the other is fixed
    score    what the scores are
    """
    shown = figure(5.0 * len(found) + 0.6, 5.2)
    ratios = (1, 3.2) * len(found)
    grid = shown.subplots(2, 2 * len(found), width_ratios=ratios, height_ratios=(1, 3.2))
    scores = np.concatenate([search.scores for search in found])
    limits = (float(scores.min()), float(scores.max()))
    dots = None
    for number, search in enumerate(found):
        (corner, above), (beside, middle) = grid[:, 2 * number : 2 * number + 2]
        dots = _trials(middle, search, limits, margins)
        middle.set_xlabel(names[0])
        beside.set_ylabel(names[1])
        _margins(above, beside, search, margins)
        corner.axis("off")
        above.set_title(f"{search.name}: best {search.scores.min():.3f}")
        different = len(np.unique(search.points[:, 0]))
        corner.text(
            0.5,
            0.5,
            f"{different} rates\ntried",
            ha="center",
            va="center",
            transform=corner.transAxes,
            fontsize=9,
        )
    shown.colorbar(dots, ax=grid, label=score, shrink=0.8)
    write(shown, path)


def histograms(
    layers: Mapping[str, Sequence[Any]], path: str | os.PathLike[str], title: str
) -> None:
    """The activations of each layer, a row of histograms for each way to begin (VZ-18).

    layers  by the name of the initialiser, the activations of each layer, of any shape
    """
    count = len(next(iter(layers.values())))
    shown = figure(2.15 * count, 1.85 * len(layers) + 0.6)
    grid = shown.subplots(len(layers), count, sharex="row", sharey="row", squeeze=False)
    for row, (name, activations) in zip(grid, layers.items(), strict=True):
        every = np.concatenate([np.ravel(values) for values in activations])
        span = (min(0.0, every.min()), max(1.0, float(np.quantile(every, 0.998))))
        for axes, values in zip(row, activations, strict=True):
            flat = np.ravel(values)
            counts, edges = np.histogram(flat, bins=30, range=span)
            axes.stairs(100 * counts / len(flat), edges, fill=True, color=BLUE)
            told = f"mean {flat.mean():.2g}\nstd {flat.std():.2g}"
            axes.text(
                0.96,
                0.94,
                told,
                transform=axes.transAxes,
                ha="right",
                va="top",
                fontsize=8,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.85},
            )
            axes.tick_params(labelsize=8)
            axes.margins(y=0.35)
        row[0].set_ylabel(f"{name}\n% of values", fontsize=9)
    for number, axes in enumerate(grid[0], start=1):
        axes.set_title(f"layer {number}", fontsize=10)
    for axes in grid[-1]:
        axes.set_xlabel("activation", fontsize=9)
    shown.suptitle(title)
    write(shown, path)


def _trials(axes: Any, search: Search, limits: tuple[float, float], margins: Any) -> Any:
    (x, _), (y, _) = margins
    low, high = limits
    dots = axes.scatter(
        *search.points.T,
        c=search.scores,
        cmap="cividis",
        vmin=low,
        vmax=high,
        s=90,
        clip_on=False,
        edgecolors=INK,
        zorder=3,
    )
    best = search.points[int(np.argmin(search.scores))]
    axes.plot(
        *best,
        "o",
        markersize=16,
        markerfacecolor="none",
        markeredgecolor=ORANGE,
        markeredgewidth=2.2,
        zorder=4,
        clip_on=False,
    )
    axes.set(xscale="log", yscale="log", xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), yticklabels=[])
    axes.grid(alpha=0.3)
    return dots


def _margins(above: Any, beside: Any, search: Search, margins: Any) -> None:
    """How the score depends on each hyper-parameter alone, and what of it the trials saw."""
    (x, over), (y, along) = margins
    every = np.concatenate([over, along])
    span = (every.min() - 0.03, every.max() + 0.03)
    above.fill_between(x, over, span[1], color=PAPER)
    above.plot(x, over, color=BLUE, linewidth=2)
    beside.fill_betweenx(y, along, span[1], color=PAPER)
    beside.plot(along, y, color=BLUE, linewidth=2)
    above.vlines(np.unique(search.points[:, 0]), *span, color=ORANGE, linewidth=0.9)
    beside.hlines(np.unique(search.points[:, 1]), *span, color=ORANGE, linewidth=0.9)
    above.set(xscale="log", xlim=(x[0], x[-1]), ylim=span, xticklabels=[])
    beside.set(yscale="log", ylim=(y[0], y[-1]), xlim=span)
