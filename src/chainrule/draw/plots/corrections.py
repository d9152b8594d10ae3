"""Pictures of a network with one hidden layer as a chain of vectors in its output plane."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.draw.plots.canvas import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    RED,
    animate,
)


@dataclass(frozen=True, eq=False)
class Pass:
    """What a network of one hidden layer, with two inputs and two outputs, does with one sample.

    x, y           `(2,)`, the input and the target; output  `(2,)`
    excitations, hidden  `(units,)`, before and after the activation
    rows           `(units, 2)`, the weights of each hidden unit; vectors  `(units, 2)`, what each
                   adds to the output where it is on; bias  `(2,)`, where the output starts
    """

    x: Any
    y: Any
    output: Any
    excitations: Any
    hidden: Any
    rows: Any
    vectors: Any
    bias: Any


def chained_corrections(
    passes: list[Pass], curves: tuple[Any, Any], path: str | os.PathLike[str], title: str
) -> None:
    """A network as corrections that add up, a frame for each sample (VZ-09).

    curves  the inputs `(n, 2)` and targets `(n, 2)` that the samples stand for
    """

    def draw(shown: Any, number: int) -> None:
        now = passes[number]
        left, excited, active, right = shown.subplots(1, 4, width_ratios=(1.1, 0.8, 0.8, 1.45))
        _input_plane(left, passes, number, curves[0])
        units = np.arange(1, len(now.hidden) + 1)
        for axes, values, name, limit in (
            (excited, now.excitations, "excitation $e_k$", (-1.08, 1.08)),
            (active, now.hidden, "activation $h_k$", (0, 1.08)),
        ):
            face = [BLUE if on > 0.5 else "white" for on in now.hidden]
            axes.barh(units, values, color=face, edgecolor=INK)
            axes.axvline(0, color=INK, linewidth=1)
            axes.set(xlim=limit, yticks=units, xlabel=name, ylabel="hidden unit k")
        active.axvline(0.5, color=ORANGE, linestyle="--", linewidth=1.5)
        excited.set_title("excitations")
        active.set_title("activations")
        right.plot(*curves[1].T, color=FAINT, linewidth=1.2, label="target curve")
        right.plot(*np.array([one.y for one in passes]).T, "o", color=FAINT, markersize=4)
        _chain(right, now)
        right.set(title="output plane", xlabel="$y_1$", ylabel="$y_2$")
        right.legend(loc="upper center", fontsize=9, labelspacing=0.8, markerscale=0.7)
        right.grid(alpha=0.3)
        shown.suptitle(f"{title}: token {number} of {len(passes) - 1}")

    animate(draw, len(passes), path, size=(13.2, 4.3), title=title, milliseconds=1200, still=6)


def one_sample_descent(passes: list[Pass], path: str | os.PathLike[str], title: str) -> None:
    """Gradient descent on one sample, a frame for each update, with the error in red (VZ-10).

    Each row of the first layer moves along the input, each vector of the second along the error.
    """
    size = max(np.abs(one.rows).max() for one in passes) + 0.35
    spots = np.concatenate([_corners(one) for one in passes] + [passes[0].y[None]])
    low, high = spots.min(axis=0) - 0.35, spots.max(axis=0) + 0.35
    before, then = passes[:2]
    bigger = tuple(
        int(0.5 / np.abs(second - first).max())
        for first, second in ((before.rows, then.rows), (before.vectors, then.vectors))
    )

    def draw(shown: Any, number: int) -> None:
        now, after = passes[number], passes[min(number + 1, len(passes) - 1)]
        left, right = shown.subplots(1, 2)
        _moving_rows(left, now, after, bigger[0])
        left.set(xlim=(-size, size), ylim=(-size, size))
        _chain(right, now)
        moves = bigger[1] * (after.vectors - now.vectors)
        for tip, move in zip(_corners(now)[1:], moves, strict=True):
            _arrow(right, tip, tip + move, ORANGE, 1.4)
        right.annotate(
            "",
            xy=now.y,
            xytext=now.output,
            zorder=6,
            arrowprops={"arrowstyle": "-|>", "color": RED, "linewidth": 2.6},
        )
        error = float(np.linalg.norm(now.y - now.output))
        right.plot([], [], color=RED, linewidth=2.6, label=f"error, length {error:.3f}")
        right.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        right.set(
            title=f"vectors of layer 2 and their updates (×{bigger[1]})",
            xlabel="$y_1$",
            ylabel="$y_2$",
        )
        right.legend(loc="lower left", fontsize=9, labelspacing=0.8, markerscale=0.7)
        for axes in (left, right):
            axes.grid(alpha=0.3)
        shown.suptitle(f"{title}: update {number}")

    animate(draw, len(passes), path, size=(10.6, 5.4), title=title, milliseconds=250, still=0)


def _input_plane(axes: Any, passes: list[Pass], number: int, arc: Any) -> None:
    """The samples and the line of each hidden unit through the origin."""
    now = passes[number]
    axes.plot(*arc.T, color=FAINT, linewidth=1.2)
    for unit, (row, on) in enumerate(zip(now.rows, now.hidden, strict=True), start=1):
        end = np.array([row[1], -row[0]]) / np.linalg.norm(row)
        end = end if end[0] > 0 else -end
        style = ("-", BLUE, 1.8) if on > 0.5 else (":", FAINT, 1.2)
        axes.plot([0, 1.08 * end[0]], [0, 1.08 * end[1]], style[0], color=style[1], lw=style[2])
        axes.text(*(1.17 * end), str(unit), ha="center", va="center", fontsize=8)
    axes.plot(*np.array([one.x for one in passes]).T, "o", color=ORANGE, markersize=5)
    axes.plot(*now.x, "o", color=ORANGE, markeredgecolor=INK, markersize=12)
    axes.set(title="input plane", xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    axes.set(xlim=(-0.15, 1.32), ylim=(-1.32, 1.32))
    axes.grid(alpha=0.3)


def _moving_rows(axes: Any, now: Pass, after: Pass, bigger: int) -> None:
    """The sample and the rows of the first layer, with what the update adds to each, enlarged."""
    _arrow(axes, np.zeros(2), now.x, GREEN, 2.6)
    axes.text(*(now.x * 1.08), "x", color=GREEN, fontsize=12)
    for unit, (row, then) in enumerate(zip(now.rows, after.rows, strict=True), start=1):
        _arrow(axes, np.zeros(2), row, BLUE, 1.8)
        _arrow(axes, row, row + bigger * (then - row), ORANGE, 1.6)
        beside = np.array([-row[1], row[0]]) / np.linalg.norm(row)
        away = beside if beside @ now.x < 0 else -beside
        axes.text(
            *(row + 0.12 * away),
            f"$w_{unit}$",
            ha="center",
            va="center",
            fontsize=10,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.8},
        )
    axes.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    axes.set_title(f"rows of layer 1 and their updates (×{bigger})")


def _corners(one: Pass) -> Any:
    """Where the output stands after the bias and each unit: `(units + 1, 2)`."""
    return one.bias + np.vstack([np.zeros(2), np.cumsum(one.hidden[:, None] * one.vectors, axis=0)])


def _chain(axes: Any, one: Pass) -> None:
    """Arrows from the bias to the output, one for each hidden unit, and the target."""
    corners = _corners(one)
    axes.plot(*corners[0], "s", color=INK, markersize=7, label="bias b")
    for number, (start, end) in enumerate(itertools.pairwise(corners)):
        if np.linalg.norm(end - start) > 1e-9:
            _arrow(axes, start, end, BLUE, 1.8)
            axes.plot(*end, ".", color=BLUE, markersize=3)
        if not number:
            axes.plot([], [], color=BLUE, linewidth=1.8, label="$h_k w_k$ of each unit")
    axes.plot(*one.output, "o", color=BLUE, markersize=8, label="output")
    axes.plot(
        *one.y,
        "D",
        color=ORANGE,
        markersize=12,
        markerfacecolor="none",
        markeredgewidth=2,
        label="target",
    )


def _arrow(axes: Any, start: Any, end: Any, color: str, width: float) -> None:
    arrow = {"arrowstyle": "-|>", "color": color, "linewidth": width, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=end, xytext=start, arrowprops=arrow)
