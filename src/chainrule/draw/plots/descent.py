"""Pictures of descent: paths over a valley, steps along a curve and down a surface."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.draw.plots.canvas import BLUE, FAINT, INK, ORANGE, animate, figure, write


def optimizer_paths(
    x: Any, y: Any, heights: Any, paths: Mapping[str, Any], path: str | os.PathLike[str], title: str
) -> None:
    """The points that optimisers visit over the contour lines of a function (VZ-07).

    x, y  `(columns,)` and `(rows,)`; heights  `(rows, columns)`
    paths  `(steps + 1, 2)` by the name of the optimiser, the start first
    """
    shown = figure(10.4, 6.2)
    rows = -(-len(paths) // 2)
    grid = shown.subplots(rows, 2, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, (name, points) in zip(grid, paths.items(), strict=False):
        levels = np.geomspace(0.05, heights.max(), 12)
        axes.contour(x, y, heights, levels=levels, colors=FAINT, linewidths=0.8)
        axes.plot(*points.T, "-o", color=ORANGE, markersize=4, linewidth=1.5)
        axes.plot(*points[0], "s", color=INK, markersize=8)
        axes.plot(0, 0, "*", color=BLUE, markersize=14)
        axes.set(xlabel="x", ylabel="y", title=name, xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
        axes.label_outer()
    shown.suptitle(title)
    write(shown, path)


def steps_on_curve(
    w: Any, error: Any, steps: Any, path: str | os.PathLike[str], *, function: Any, title: str
) -> None:
    """Gradient descent on an error of one weight, a frame for each step (VZ-15).

    w, error  `(n,)`, the curve; steps  `(steps + 1,)`, the weights visited
    function  of a weight, to the error and its slope there
    """

    def draw(shown: Any, number: int) -> None:
        axes = shown.subplots()
        axes.plot(w, error, color=BLUE, linewidth=2.2)
        for minimum in _minima(error):
            axes.plot(w[minimum], error[minimum], "v", color=INK, markersize=8)
            name = "global minimum" if minimum == int(np.argmin(error)) else "local minimum"
            text = f"{name}\nw = {w[minimum]:.2f}"
            axes.annotate(
                text,
                (w[minimum], error[minimum]),
                xytext=(0, -38),
                ha="center",
                textcoords="offset points",
                fontsize=9,
                zorder=5,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.85},
            )
        visited = steps[: number + 1]
        axes.plot(visited, [function(u)[0] for u in visited], "o", color=FAINT, markersize=5)
        here, (height, slope) = steps[number], function(steps[number])
        near = here + np.array([-0.28, 0.28])
        axes.plot(near, height + slope * (near - here), "--", color=ORANGE, linewidth=1.8)
        axes.plot(here, height, "o", color=ORANGE, markersize=10)
        low, high = float(np.min(error)), float(np.max(error))
        axes.set(xlim=(w[0], w[-1]), ylim=(low - 0.32 * (high - low), high))
        axes.set(xlabel="weight w", ylabel="error E(w)")
        axes.set_title(
            f"{title}\nstep {number}: w = {here:.3f}, slope {slope:+.3f}".replace("-", "−")
        )
        axes.grid(alpha=0.3)

    animate(draw, len(steps), path, size=(6.8, 4.6), title=title, milliseconds=700)


def descent_on_surface(
    x: Any, y: Any, heights: Any, points: Any, path: str | os.PathLike[str], title: str
) -> None:
    """A cost over two weights as a surface in space and as contour lines, with a descent on it.

    x, y  `(columns,)` and `(rows,)`; heights  `(rows, columns)`
    points  `(steps + 1, 3)`: the weights visited and their costs
    """
    shown = figure(10.6, 4.8)
    space = shown.add_subplot(1, 2, 1, projection="3d")
    space.plot_surface(*np.meshgrid(x, y), heights, cmap="cividis", alpha=0.75, linewidth=0)
    above = points[:, 2] + 0.01 * float(np.ptp(heights))
    space.plot(*points[:, :2].T, above, "-o", color=ORANGE, markersize=3.5, zorder=10)
    space.set(xlabel="weight w", ylabel="bias b", zlabel="cost")
    space.view_init(elev=38, azim=-58)
    space.set_box_aspect(None, zoom=0.86)
    plane = shown.add_subplot(1, 2, 2)
    lines = plane.contour(x, y, heights, levels=14, cmap="cividis", linewidths=1.1)
    plane.clabel(lines, fontsize=7)
    plane.plot(*points[:, :2].T, "-o", color=ORANGE, markersize=4, label="gradient descent")
    plane.plot(*points[0, :2], "s", color=INK, markersize=8, label="start")
    plane.set(
        xlabel="weight w", ylabel="bias b", xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), aspect="equal"
    )
    plane.legend(loc="upper right")
    shown.suptitle(title)
    write(shown, path)


def _minima(values: Any) -> Any:
    inner = values[1:-1]
    return 1 + np.flatnonzero((inner < values[:-2]) & (inner < values[2:]))
