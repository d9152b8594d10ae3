"""Pictures over the plane of two inputs: decision lines, regions, heat maps with a slice."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.draw.plots.canvas import BLUE, FAINT, INK, ORANGE, PAPER, figure, write


#: The four Boolean points, counting up in binary.
_POINTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
_LOW, _HIGH = -0.6, 1.6


@dataclass(frozen=True, eq=False)
class Gate:
    """A Boolean function of two inputs with the threshold unit that computes it.

    outputs  bool `(4,)`, for 00, 01, 10, 11
    weight   `(2,)`, or None where no unit does; bias  a number: 1 where x @ weight + bias > 0
    """

    name: str
    outputs: Any
    weight: Any = None
    bias: float = 0.0


def decision_lines(gates: Sequence[Gate], path: str | os.PathLike[str]) -> None:
    """The line of each unit over the four Boolean points (VZ-01): shaded is where it gives 1."""
    shown = figure(3.1 * len(gates), 3.7)
    for axes, gate in zip(np.atleast_1d(shown.subplots(1, len(gates))), gates, strict=True):
        _plane(axes, gate.name)
        _points(axes, gate.outputs)
        if gate.weight is None:
            axes.set_xlabel("$x_1$\nno line separates ● from ○")
            continue
        _half_plane(axes, gate)
        axes.set_xlabel(f"$x_1$\n{_equation(gate)}")
    shown.suptitle("Threshold units over the Boolean points: ● TRUE, ○ FALSE")
    write(shown, path)


def regions(first: Gate, second: Gate, path: str | os.PathLike[str]) -> None:
    """Two half planes, what they have in common, and the joint truth table (VZ-02)."""
    shown = figure(11.6, 3.8)
    left, middle, right, listed = shown.subplots(1, 4, width_ratios=(1, 1, 1, 0.95))
    both = np.logical_and(first.outputs, second.outputs)
    for axes, gate in ((left, first), (middle, second)):
        _plane(axes, f"{gate.name}: {_inequality(gate)}")
        _half_plane(axes, gate)
        _points(axes, gate.outputs)
    _plane(right, f"{first.name} and {second.name}: the strip")
    x = np.linspace(_LOW, _HIGH, 401)
    grid = np.stack(np.meshgrid(x, x), axis=-1)
    inside = _is_on(first, grid) & _is_on(second, grid)
    right.contourf(x, x, inside, levels=[0.5, 1.5], colors=[PAPER], hatches=["//"], zorder=0)
    for gate in (first, second):
        _line(right, gate)
    _points(right, both)
    rows = zip(_POINTS.astype(int), first.outputs, second.outputs, both, strict=True)
    table = [(a, b, int(p), int(q), int(r)) for (a, b), p, q, r in rows]
    truth_table(listed, ("$x_1$", "$x_2$", first.name, second.name, "both"), table)
    shown.suptitle(f"XOR as regions of the plane: {first.name} and {second.name} at once")
    write(shown, path)


def heat_maps(
    x: Any, y: Any, panels: Mapping[str, Any], path: str | os.PathLike[str], title: str
) -> None:
    """Functions on the input plane as heat maps, each above its slice at x₂ = 0 (VZ-08).

    x, y    `(columns,)` and `(rows,)`, of the inputs x₁ and x₂; panels  `(rows, columns)` by title
    """
    shown = figure(3.8 * len(panels), 6.3)
    above, below = shown.subplots(2, len(panels), height_ratios=(1.25, 1), squeeze=False)
    middle = int(np.argmin(np.abs(y)))
    for (name, z), top, bottom in zip(panels.items(), above, below, strict=True):
        image = top.imshow(z, cmap="cividis", origin="lower", extent=(x[0], x[-1], y[0], y[-1]))
        lines = top.contour(x, y, z, levels=6, colors="white", linewidths=1, linestyles="solid")
        top.clabel(lines, fontsize=8)
        top.axhline(y[middle], color="white", linestyle="--", linewidth=1.2)
        top.set_title(name, fontsize=11)
        top.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
        shown.colorbar(image, ax=top, location="right", shrink=0.82)
        bottom.plot(x, z[middle], color=BLUE, linewidth=2)
        bottom.axhline(0, color=FAINT, linewidth=0.8)
        bottom.set(title="slice at $x_2=0$", xlabel="$x_1$", xlim=(x[0], x[-1]))
        bottom.grid(alpha=0.3)
    shown.suptitle(title)
    write(shown, path)


def truth_table(axes: Any, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table of 0 and 1 in place of a plot; rows that end in 1 are shaded."""
    axes.axis("off")
    axes.set(xlim=(-0.6, len(head) - 0.4), ylim=(len(rows) + 0.6, -0.6))
    for column, name in enumerate(head):
        axes.text(column, 0, name, ha="center", va="center", fontweight="bold", fontsize=9.5)
    axes.plot([-0.5, len(head) - 0.5], [0.5, 0.5], color=INK, linewidth=1)
    for number, row in enumerate(rows, start=1):
        if row[-1]:
            axes.axhspan(number - 0.5, number + 0.5, color=PAPER, linewidth=0)
        for column, cell in enumerate(row):
            axes.text(column, number, str(cell), ha="center", va="center", fontsize=10)


def _plane(axes: Any, title: str) -> None:
    axes.set(xlim=(_LOW, _HIGH), ylim=(_LOW, _HIGH), xticks=(0, 1), yticks=(0, 1), aspect="equal")
    axes.set(title=title, xlabel="$x_1$", ylabel="$x_2$")
    axes.grid(alpha=0.3)


def _points(axes: Any, outputs: Any) -> None:
    for point, is_true in zip(_POINTS, np.asarray(outputs, bool), strict=True):
        face = INK if is_true else "white"
        axes.plot(*point, "o", markersize=11, markerfacecolor=face, markeredgecolor=INK, zorder=3)


def _half_plane(axes: Any, gate: Gate) -> None:
    x = np.linspace(_LOW, _HIGH, 401)
    on = _is_on(gate, np.stack(np.meshgrid(x, x), axis=-1))
    axes.contourf(x, x, on, levels=[0.5, 1.5], colors=[PAPER], zorder=0)
    _line(axes, gate)


def _line(axes: Any, gate: Gate) -> None:
    """Where the unit's sum is 0, with an arrow to the side where it gives 1."""
    w, length = np.asarray(gate.weight, float), float(np.linalg.norm(gate.weight))
    foot = -gate.bias * w / length**2
    along = np.array([-w[1], w[0]]) / length
    ends = foot + np.outer([-4, 4], along)
    axes.plot(*ends.T, color=BLUE, linewidth=2)
    tip = foot + 0.3 * w / length
    arrow = {"arrowstyle": "-|>", "color": ORANGE, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=tip, xytext=foot, arrowprops=arrow)


def _is_on(gate: Gate, x: Any) -> Any:
    return x @ np.asarray(gate.weight, float) + gate.bias > 0


def _equation(gate: Gate) -> str:
    """The line as x₂ = slope x₁ + intercept, where it is not upright."""
    first, second = map(float, gate.weight)
    if not second:
        return f"$x_1 = {-gate.bias / first:g}$"
    slope, intercept = -first / second, -gate.bias / second
    factor = {1.0: "", -1.0: "-"}.get(slope, f"{slope:g}\\,")
    sloped = f"{factor}x_1" if slope else ""
    return f"$x_2 = {sloped}{intercept:+g}$" if slope else f"$x_2 = {intercept:g}$"


def _inequality(gate: Gate) -> str:
    """What the unit asks for: x₁ + x₂ > 0.5."""
    first, second = map(float, gate.weight)
    if first == second and abs(first) == 1:
        relation = ">" if first > 0 else "<"
        return f"$x_1+x_2{relation}{abs(gate.bias):g}$"
    return f"${first:g}x_1{second:+g}x_2{gate.bias:+g}>0$"
