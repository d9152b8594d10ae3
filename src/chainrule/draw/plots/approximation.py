"""Pictures of how near a network is to the function that it was built for (VZ-11)."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from chainrule.draw.plots.canvas import BLUE, FAINT, ORANGE, figure, write


def curve(x: Any, target: Any, output: Any, path: str | os.PathLike[str], *, title: str) -> None:
    """A function and a network over an interval, and below how far apart they are.

    x, target, output  `(n,)`, x rising
    """
    shown = figure(7.2, 5.6)
    above, below = shown.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
    above.plot(x, output, color=BLUE, linewidth=1.8, label="network")
    above.plot(x, target, color=ORANGE, linestyle="--", linewidth=1.8, label="function")
    above.set_title(title, parse_math=False)
    above.set_ylabel("value")
    above.legend()
    below.plot(x, output - target, color=BLUE, linewidth=1.2)
    below.axhline(0, color=FAINT, linewidth=0.8)
    below.set(xlabel="x", ylabel="network - function", xlim=(x[0], x[-1]))
    for axes in (above, below):
        axes.grid(alpha=0.3)
    write(shown, path)


def surface(
    x: Any, y: Any, target: Any, output: Any, path: str | os.PathLike[str], *, title: str
) -> None:
    """A function and a network over a box as heat maps of one scale, and how far apart they are.

    x, y  `(columns,)` and `(rows,)`, rising; target, output  `(columns, rows)`
    """
    shown = figure(12.6, 4.2)
    grid = shown.subplots(1, 3, sharey=True)
    low, high = min(target.min(), output.min()), max(target.max(), output.max())
    apart = output - target
    limit = float(np.max(np.abs(apart))) or 1.0
    same = {"cmap": "cividis", "vmin": low, "vmax": high}
    centred = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
    names = ("function", "network", "network - function")
    panels = zip(names, (target, output, apart), (same, same, centred), strict=True)
    for axes, (name, values, scale) in zip(grid, panels, strict=True):
        image = axes.pcolormesh(x, y, values.T, shading="nearest", rasterized=True, **scale)
        axes.set(title=name, xlabel="x")
        shown.colorbar(image, ax=axes, shrink=0.9)
    grid[0].set_ylabel("y")
    shown.suptitle(title, parse_math=False)
    write(shown, path)
