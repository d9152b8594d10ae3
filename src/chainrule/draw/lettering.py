"""Where the texts of lines cover the least: other texts, boxes and lines.

The picture is cut into small square cells; a text costs what the cells that it covers hold.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chainrule.draw.svg import Point


_CELL = 4.0  # pixels
_COST = {"line": 2.0, "text": 5.0, "box": 5.0}  # of one covered cell
_ROUNDS = 6

_Cell: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Spot:
    """A place for a text of this (width, height), turned by `angle` degrees about its centre.

    `penalty` is what else speaks against it, in pixels of a line that it would cover.
    """

    center: Point
    size: Point
    angle: float = 0
    penalty: float = 0


def chosen(
    options: Sequence[Sequence[Spot]],
    lines: Sequence[Sequence[Point]],
    boxes: Sequence[tuple[Point, Point]],
) -> list[Spot]:
    """One spot for each text.

    options  the spots that text i of line i can take, one at least
    lines    the points of all lines; the first are those of the texts
    boxes    the centre and the (width, height) of everything else that is to stay readable
    """
    drawn = [set(_line_cells(line)) for line in lines]
    static: Counter[_Cell] = Counter()
    for cells in drawn:
        static.update(dict.fromkeys(cells, _COST["line"]))  # pyright: ignore[reportArgumentType]
    for center, size in boxes:
        for cell in set(_cells(Spot(center, size))):
            static[cell] += _COST["box"]  # pyright: ignore[reportArgumentType]
    covered = [[set(_cells(spot)) for spot in spots] for spots in options]
    fixed = [
        [
            spot.penalty / _CELL
            + sum(static[cell] for cell in cells)
            - _COST["line"] * len(cells & drawn[number])
            for spot, cells in zip(spots, covered[number], strict=True)
        ]
        for number, spots in enumerate(options)
    ]
    picked = [costs.index(min(costs)) for costs in fixed]
    taken: Counter[_Cell] = Counter()
    for number, pick in enumerate(picked):
        taken.update(covered[number][pick])
    for _ in range(_ROUNDS):
        before = list(picked)
        for number, costs in enumerate(fixed):
            taken.subtract(covered[number][picked[number]])
            totals = [
                cost + _COST["text"] * sum(taken[cell] for cell in cells)
                for cost, cells in zip(costs, covered[number], strict=True)
            ]
            picked[number] = totals.index(min(totals))
            taken.update(covered[number][picked[number]])
        if picked == before:
            break
    return [spots[pick] for spots, pick in zip(options, picked, strict=True)]


def _line_cells(points: Sequence[Point]) -> Iterator[_Cell]:
    for (x, y), (u, v) in itertools.pairwise(points):
        steps = max(1, math.ceil(2 * math.dist((x, y), (u, v)) / _CELL))
        for step in range(steps + 1):
            share = step / steps
            yield _cell(x + share * (u - x), y + share * (v - y))


def _cells(spot: Spot) -> Iterator[_Cell]:
    (x, y), (width, height) = spot.center, spot.size
    cos, sin = math.cos(math.radians(spot.angle)), math.sin(math.radians(spot.angle))
    columns, rows = math.ceil(width / _CELL), math.ceil(height / _CELL)
    for column in range(columns + 1):
        along = width * (column / max(columns, 1) - 0.5)
        for row in range(rows + 1):
            across = height * (row / max(rows, 1) - 0.5)
            yield _cell(x + along * cos - across * sin, y + along * sin + across * cos)


def _cell(x: float, y: float) -> _Cell:
    return math.floor(x / _CELL), math.floor(y / _CELL)
