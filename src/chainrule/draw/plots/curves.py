"""Pictures of functions of one variable: activations, approximations, schedules, fits."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.draw.plots.canvas import BLUE, FAINT, INK, LINES, ORANGE, PAPER, figure, write


def lines(
    x: Any,
    curves: Mapping[str, Any],
    path: str | os.PathLike[str],
    *,
    title: str,
    axes_names: tuple[str, str],
    log: bool = False,
) -> None:
    """Several functions in one picture, told apart by dashes: `(n,)` over `x` `(n,)`, by name.

    axes_names  of x and of the values, with units where they have one
    log         whether x is on a logarithmic scale
    """
    shown = figure(6.8, 4.6)
    axes = shown.subplots()
    for number, (name, values) in enumerate(curves.items()):
        color, dashes = LINES[number % len(LINES)]
        axes.plot(x, values, color=color, linestyle=dashes, linewidth=2, label=name)
    axes.set(title=title, xlabel=axes_names[0], ylabel=axes_names[1])
    axes.set_xscale("log" if log else "linear")
    axes.grid(alpha=0.3)
    shown.legend(loc="outside lower center", ncols=3)
    write(shown, path)


def activations(
    x: Any, curves: Mapping[str, tuple[Any, Any]], path: str | os.PathLike[str]
) -> None:
    """Activation functions (full) with their derivatives (dashed), `(n,)` each by name (VZ-04)."""
    columns = min(5, len(curves))
    rows = -(-len(curves) // columns)
    shown = figure(2.5 * columns, 2.3 * rows + 0.9)
    grid = shown.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for axes, (name, (values, slopes)) in zip(grid, curves.items(), strict=False):
        axes.plot(x, _broken(values), color=BLUE, linewidth=2, label="f(x)")
        axes.plot(x, _broken(slopes), color=ORANGE, linewidth=1.8, linestyle="--", label="f′(x)")
        axes.axhline(0, color=FAINT, linewidth=0.7)
        axes.axvline(0, color=FAINT, linewidth=0.7)
        axes.set_title(name)
        axes.set(ylim=(-1.6, 3.1), yticks=(-1, 0, 1, 2, 3), xlabel="x")
        axes.grid(alpha=0.3)
    for axes in grid[len(curves) :]:
        axes.axis("off")
    handles, labels = grid[0].get_legend_handles_labels()
    shown.legend(handles, labels, loc="outside lower center", ncols=2)
    shown.suptitle("Activation functions and their derivatives")
    write(shown, path)


def spikes(
    x: Any,
    pair: tuple[Mapping[str, Any], Any],
    cover: tuple[Any, Any, Any],
    path: str | os.PathLike[str],
) -> None:
    """Two spikes made of pairs of steep units, and many that cover a function (VZ-11).

    pair   the share of each unit `(n,)` by name, and their sum `(n,)`
    cover  the edges of the spikes `(spikes + 1,)`, their heights `(spikes,)`, the target `(n,)`
    """
    shown = figure(10.4, 4.2)
    left, right = shown.subplots(1, 2)
    parts, total = pair
    for number, (name, values) in enumerate(parts.items()):
        color, dashes = LINES[number % len(LINES)]
        left.plot(x, values, color=color, linestyle=dashes, linewidth=1.6, label=name)
    left.plot(x, total, color=INK, linewidth=2.6, label="sum")
    left.set(title="Two pairs of steep sigmoids: two spikes", xlabel="x", ylabel="output")
    left.set_ylim(np.min(list(parts.values())) - 0.42, None)
    left.legend(fontsize=8, ncols=3, loc="lower center")
    edges, heights, target = cover
    middles, widths = (edges[:-1] + edges[1:]) / 2, np.diff(edges)
    right.bar(middles, heights, widths, color=PAPER, edgecolor=BLUE, label="spikes, two units each")
    right.plot(x, target, color=ORANGE, linestyle="--", linewidth=2.2, label="target")
    right.set(title=f"{len(heights)} spikes cover a function", xlabel="x", ylabel="output")
    right.legend(loc="upper right")
    for axes in (left, right):
        axes.axhline(0, color=FAINT, linewidth=0.8)
        axes.grid(alpha=0.3)
    write(shown, path)


def fits(
    samples: tuple[Any, Any],
    x: Any,
    truth: Any,
    fitted: Mapping[int, tuple[Any, float, float]],
    path: str | os.PathLike[str],
) -> None:
    """Polynomials of growing degree through the same noisy samples (VZ-16).

    samples  inputs and targets, `(samples,)`; truth  `(n,)`, what they scatter around, over `x`
    fitted   by degree: the polynomial `(n,)`, its RMSE on the samples and on others
    """
    shown = figure(9.2, 6.4)
    grid = shown.subplots(-(-len(fitted) // 2), 2, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, (degree, (values, inside, outside)) in zip(grid, fitted.items(), strict=False):
        axes.plot(x, truth, color=FAINT, linestyle="--", linewidth=1.6, label="truth")
        axes.plot(x, values, color=BLUE, linewidth=2, label="polynomial")
        axes.plot(*samples, "o", color=ORANGE, markeredgecolor=INK, label="samples")
        axes.set_title(f"M = {degree}: RMSE {inside:.2f} on samples, {outside:.2f} on new ones")
        axes.title.set_fontsize(10.5)
        axes.set(xlabel="x", ylabel="y", ylim=(-1.9, 1.9))
        axes.label_outer()
        axes.grid(alpha=0.3)
    grid[0].legend(loc="lower left", fontsize=9)
    shown.suptitle("Polynomials of degree M: too stiff, right, too supple")
    write(shown, path)


def minimiser(
    w: Any, loss: Any, tangents: Sequence[float], path: str | os.PathLike[str], slope: Any
) -> None:
    """A loss over one weight, its minimiser w* and its slope at some weights.

    w, loss   `(n,)`; tangents  the weights where the slope is drawn; slope  of one weight
    """
    shown = figure(6.4, 4.2)
    axes = shown.subplots()
    axes.plot(w, loss, color=BLUE, linewidth=2.2, label="loss")
    best = int(np.argmin(loss))
    for place in tangents:
        at = np.interp(place, w, loss)
        near = place + np.array([-1.3, 1.3])
        label = "slope" if place == tangents[0] else None
        axes.plot(near, at + slope(place) * (near - place), "--", color=ORANGE, label=label)
        axes.plot(place, at, "o", color=ORANGE)
    axes.plot(w[best], loss[best], "D", color=INK, markersize=8, label=f"w* = {w[best]:.2f}")
    axes.axvline(w[best], color=INK, linewidth=0.9, linestyle=":")
    axes.set(xlabel="weight w", ylabel="loss (sum over samples)", title="The minimiser of a loss")
    axes.grid(alpha=0.3)
    axes.legend()
    write(shown, path)


def slopes(x: Any, values: Any, gradients: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """The flat ends of a sigmoid, and what is left of a gradient after many layers.

    values     `(n,)` over `x`, a sigmoid; gradients  by name, the factor left `(layers,)`
    """
    shown = figure(9.6, 4.0)
    left, right = shown.subplots(1, 2)
    left.plot(x, values, color=BLUE, linewidth=2.2)
    for low, high in ((x[0], -4.0), (4.0, x[-1])):
        left.axvspan(low, high, color=PAPER)
    for place, name in ((-5.6, "flat"), (5.6, "flat"), (0, "steepest: ¼")):
        left.text(place, 0.56 if place else 0.1, name, ha="center")
    left.set(xlabel="x", ylabel="σ(x)", title="A saturating activation", xlim=(x[0], x[-1]))
    for (name, left_over), (color, dashes) in zip(gradients.items(), LINES, strict=False):
        depth = np.arange(1, len(left_over) + 1)
        right.plot(depth, left_over, "o", color=color, linestyle=dashes, markersize=4, label=name)
    right.set(xlabel="layers", ylabel="share of the gradient", title="The gradient that is left")
    right.set_yscale("log")
    right.xaxis.get_major_locator().set_params(integer=True)
    right.legend()
    for axes in (left, right):
        axes.grid(alpha=0.3)
    write(shown, path)


def _broken(values: Any) -> Any:
    """The same values, with a gap where a function jumps."""
    found = np.array(values, float)
    jumps = np.flatnonzero(np.abs(np.diff(found)) > 0.4)
    found[jumps] = np.nan
    return found
