"""Networks that are built, not trained, to be near a given function (UN-03 to UN-05, UN-10)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.lookup import find
from chainrule.nn import Sequential
from chainrule.universal import box, interval
from chainrule.universal.approximation import (
    Approximation,
    Bounds,
    Function,
    as_function,
    check_finite,
    checked_bounds,
    measure,
    name_of,
)


MOST_UNITS = 4096

#: How the edges of cells may lie, by the number of coordinates.
SPACINGS = {1: ("equal", "adapted"), 2: ("equal",)}
_POINTS = {1: (4000, 16), 2: (100, 4)}  # cells of the grid of an axis: at least, for each cell


@dataclass(frozen=True)
class Construction:
    """A way of building a network from a function and a number of cells.

    name   what chooses it
    build  of the function and the edges of the cells of each coordinate
    units  how many hidden units it takes, by the number of cells of an axis
    order  of the derivative that bounds its error in a cell
    doc    what it is
    """

    name: str
    build: Callable[[Callable[..., Any], tuple[Any, ...]], Sequential]
    units: Callable[[int], int]
    order: int
    doc: str


def _of_terraces(cells: int) -> int:
    return 2 * (cells - 1) + cells**2 - 1


def _of_hats(cells: int) -> int:
    knots = cells + 1
    return 2 * (knots + knots + 2 * knots - 1) + knots**2


def _table(*rows: Construction) -> dict[str, Construction]:
    return {row.name: row for row in rows}


#: Constructions by the number of coordinates and by name.
CONSTRUCTIONS: dict[int, dict[str, Construction]] = {
    1: _table(
        Construction("steps", interval.steps_of, lambda n: n - 1, 1, "a staircase"),
        Construction("sigmoids", interval.sigmoids_of, lambda n: n + 1, 1, "a rounded staircase"),
        Construction("relu", interval.hats_of, lambda n: n, 2, "straight lines between points"),
        Construction("spikes", interval.spikes_of, lambda n: 2 * n, 1, "a pair of steps a cell"),
    ),
    2: _table(
        Construction("steps", box.steps_of, _of_terraces, 1, "terraces in two hidden layers"),
        Construction("sigmoids", box.sigmoids_of, _of_terraces, 1, "terraces of steep sigmoids"),
        Construction("relu", box.hats_of, _of_hats, 2, "triangles between points"),
        Construction("spikes", box.towers_of, lambda n: 5 * n * n, 1, "a tower of steps a cell"),
    ),
}


def approximate(
    function: Function,
    bounds: Any = (0.0, 1.0),
    *,
    units: int | None = None,
    tolerance: float | None = None,
    using: str = "steps",
    spacing: str = "equal",
) -> Approximation:
    """A network that is near a function on an interval or on a box.

    function   of one array for each coordinate; or a text of x, and y: `"sin(2*pi*x)"`
    bounds     `(a, b)`, or `((a, b), (c, d))` for a function of x and y
    units      how many hidden units the network may have; by default 40 on an interval and 400 on
               a box, where no tolerance is given
    tolerance  instead of units: the largest distance on the grid that is allowed. The number of
               cells is doubled until it is met, then bisected: one cell fewer fails
    using      "steps", "sigmoids", "relu" (hats) or "spikes"
    spacing    "equal", or "adapted": close edges where the function changes fast; on an interval
    ValueError where the function is not finite, for other bounds, for a construction that is not
    known, and where no network of at most `MOST_UNITS` hidden units is near enough.
    """
    ends = checked_bounds(bounds)
    chosen = find(CONSTRUCTIONS[len(ends)], "construction", using)
    if spacing not in SPACINGS[len(ends)]:
        raise ValueError(
            f"approximate: spacing {spacing!r}; expected {' or '.join(SPACINGS[len(ends)])}"
            + (", on a box" if len(ends) == 2 else "")
        )
    if units is not None and tolerance is not None:
        raise ValueError("approximate: both units and a tolerance; expected one of them")
    called = as_function(function, ends)
    check_finite(called, ends)
    plan = _Plan(called, ends, chosen, spacing == "adapted")
    if tolerance is not None:
        return plan.within(tolerance)
    return plan.of(plan.cells({1: 40, 2: 400}[len(ends)] if units is None else units))


def error_by_units(
    function: Function,
    bounds: Any = (0.0, 1.0),
    *,
    units: Sequence[int],
    using: str = "steps",
    spacing: str = "equal",
) -> list[Approximation]:
    """`approximate` for each of several numbers of units."""
    return [
        approximate(function, bounds, units=count, using=using, spacing=spacing) for count in units
    ]


@dataclass(frozen=True)
class _Plan:
    """What is to be approximated, where and how; only the number of cells is open."""

    function: Callable[..., Any]
    bounds: Bounds
    construction: Construction
    is_adapted: bool

    def of(self, cells: int) -> Approximation:
        """The approximation with so many cells an axis, measured."""
        edges = interval.equal_edges(self.bounds, cells)
        if self.is_adapted:
            order = self.construction.order
            edges = interval.adapted_edges(self.function, self.bounds, cells, order)
        least, times = _POINTS[len(self.bounds)]
        # An even multiple of the cells: the grid has the edges and the middles of equal cells.
        points = 2 * cells * max(times // 2, -(-least // (2 * cells))) + 1
        return measure(
            self.construction.build(self.function, edges), self.function, self.bounds, points
        )

    def cells(self, units: int) -> int:
        """The most cells an axis for which so many units are enough."""
        count, least = self.construction.units, self.least
        if not count(least) <= units <= MOST_UNITS:
            raise ValueError(
                f"approximate: units {units}; {self.construction.name} take "
                f"{count(least)} to {MOST_UNITS:,}"
            )
        return max(n for n in range(least, self.most + 1) if count(n) <= units)

    def within(self, tolerance: float) -> Approximation:
        """The approximation of the fewest cells that are found to be enough."""
        if not tolerance > 0:
            raise ValueError(f"approximate: tolerance {tolerance}; expected a number above 0")
        fails, enough = self.least - 1, self.least
        found = self.of(enough)
        while found.error > tolerance:
            if enough == self.most:
                raise ValueError(
                    f"approximate: {name_of(self.function)} within {tolerance:g} is not reached: "
                    f"{found}; choose a larger tolerance or another construction or spacing"
                )
            fails, enough = enough, min(2 * enough, self.most)
            found = self.of(enough)
        while enough - fails > 1:
            middle = (fails + enough) // 2
            tried = self.of(middle)
            if tried.error <= tolerance:
                found, enough = tried, middle
            else:
                fails = middle
        return found

    @property
    def least(self) -> int:
        """The fewest cells that leave a hidden unit."""
        return next(n for n in range(1, 4) if self.construction.units(n) > 0)

    @property
    def most(self) -> int:
        """The most cells whose units are allowed."""
        count = self.construction.units
        return int(
            np.searchsorted([count(n) for n in range(1, MOST_UNITS + 2)], MOST_UNITS, "right")
        )
