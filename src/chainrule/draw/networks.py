"""Diagrams of networks: neurons in layers, weights on the edges between them."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.draw import svg
from chainrule.draw.diagram import Box, Diagram, Kind, Line, Wire, to_dot
from chainrule.draw.lettering import Spot, chosen
from chainrule.draw.neurons import HEIGHT, Column, Unit, columns_of, layers_of
from chainrule.draw.svg import FAINT, GRADIENT, INK, VALUE, Drawing, Point, number_text


_ROW = 98.0  # from neuron to neuron in a column, in pixels
_SMALL_ROW = 36.0  # where nothing is written in them
_LABELLED = 40  # edges between two layers that bear their weights
_TEXT = 11.5
_PLACES = [step / 24 for step in range(3, 22)]  # of a weight on its edge, from its source
_ARROW = 34.0  # length of the arrows of the outputs


@dataclass(frozen=True)
class Edge:
    """A weight, from a unit of one column to a unit of the next."""

    source: Unit
    target: Unit
    weight: float
    is_labelled: bool


def network(
    net: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    values: Sequence[float] | None = None,
    activations: Sequence[Any] | None = None,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    bias_units: bool = False,
    digits: int = 3,
) -> Drawing:
    """A network as neurons (Σ, then the activation) with its weights on the edges.

    net          a pytree whose layers have a `weight` `(fan_in, fan_out)` and may have a `bias`
                 `(fan_out,)` and an `activation`; or a list of pairs (weight, bias)
    path         a file to write too, .svg or .dot
    values       one sample `(fan_in,)`: each neuron shows its sum and its activation
    activations  of each layer, by name or as a function, where `net` does not say
    inputs       the names of the inputs, by default x₁, x₂, ...; `outputs` likewise y₁, y₂, ...
    bias_units   biases as edges from units that are always 1, instead of numbers at the neurons
    digits       significant digits of numbers

    Positive weights are blue, negative ones orange, large ones thick. Of a layer of more than 12
    units the first and the last are shown, without numbers. ValueError where `net` has no weights
    or shapes that do not fit, or for another suffix of `path`.
    """
    layers = layers_of(net, activations)
    columns = columns_of(layers, values, inputs, outputs, bias_units, digits)
    edges = [
        Edge(source, target, _weight(layer, source, target), _is_small(here, there))
        for layer, (here, there) in zip(layers, itertools.pairwise(columns), strict=True)
        for source in here.units
        for target in there.units
        if not source.is_gap and not target.is_gap and not target.is_bias
    ]
    drawing = Drawing(_to_svg(columns, edges, digits), to_dot(_diagram(columns, edges, digits)))
    if path is not None:
        drawing.save(path)
    return drawing


def _weight(layer: Any, source: Unit, target: Unit) -> float:
    if source.is_bias:
        return float(layer.bias[target.index])
    return float(layer.weight[source.index, target.index])


def _is_small(here: Column, there: Column) -> bool:
    is_whole = here.is_detailed and there.is_detailed
    return is_whole and len(here.units) * len(there.units) <= _LABELLED


# ---- SVG -----------------------------------------------------------------------------------------


def _to_svg(columns: Sequence[Column], edges: Sequence[Edge], digits: int) -> str:
    places = _places(columns, edges)
    height = max(y for _, y in places.values()) + HEIGHT / 2 + 30
    ends = [_ends(edge, places) for edge in edges]
    strongest = max((abs(edge.weight) for edge in edges), default=0.0) or 1.0
    order = sorted(range(len(edges)), key=lambda number: abs(edges[number].weight))
    drawn = [_edge(edges[number], ends[number], strongest) for number in order]
    drawn += _weights(edges, ends, places, digits)
    for column in columns:
        drawn += [_unit(unit, places[unit]) for unit in column.units]
        drawn.append(svg.text((places[column.units[0]][0], height), column.title, color=FAINT))
    for unit in columns[-1].units:
        drawn += _output(unit, places[unit])
    last = columns[-1].units
    right = max(places[unit][0] + unit.width / 2 for unit in last)
    if columns[-1].is_detailed:
        right += _ARROW + max(svg.text_width(unit.name, 14) for unit in last) + 8
    right = max(right, places[last[0]][0] + svg.text_width(columns[-1].title, 12) / 2)
    return svg.document((right, height + 8), drawn, "Network")


def _places(columns: Sequence[Column], edges: Sequence[Edge]) -> dict[Unit, Point]:
    """The centre of every unit: columns from left to right, each in the middle of the height."""
    rows = [_ROW if column.is_detailed else _SMALL_ROW for column in columns]
    tall = max(row * (len(c.units) - 1) for row, c in zip(rows, columns, strict=True))
    shares = [svg.text_width(unit.value, _TEXT) for unit in columns[0].units if unit.value]
    x = max(shares, default=0.0) + (8 if shares else 0)
    x = max(x, svg.text_width(columns[0].title, 12) / 2 - columns[0].width / 2)
    found: dict[Unit, Point] = {}
    for row, column in zip(rows, columns, strict=True):
        x += column.width / 2
        top = HEIGHT / 2 + 20 + (tall - row * (len(column.units) - 1)) / 2
        for number, unit in enumerate(column.units):
            found[unit] = (x, top + number * row)
        leaving = [edge for edge in edges if edge.source in set(column.units)]
        is_labelled = any(edge.is_labelled for edge in leaving)
        fans = len({edge.source for edge in leaving}) + len({edge.target for edge in leaving})
        x += column.width / 2 + (90 + 22 * fans if is_labelled else max(150, 0.4 * tall))
    return found


def _ends(edge: Edge, places: dict[Unit, Point]) -> tuple[Point, Point]:
    """Where an edge leaves its source and meets its target, heading for their rounded ends."""
    (x, y), (u, v) = places[edge.source], places[edge.target]
    start = (x + edge.source.width / 2 - edge.source.height / 2, y)
    end = (u - edge.target.width / 2 + edge.target.height / 2, v)
    length = math.dist(start, end)
    dx, dy = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    first, last = edge.source.height / 2, edge.target.height / 2
    return (
        (start[0] + dx * first, start[1] + dy * first),
        (end[0] - dx * last, end[1] - dy * last),
    )


def _edge(edge: Edge, ends: tuple[Point, Point], strongest: float) -> str:
    share = abs(edge.weight) / strongest
    color = "#bbbbbb" if edge.weight == 0 else VALUE if edge.weight > 0 else GRADIENT
    if not edge.target.is_detailed or not edge.source.is_detailed:
        return svg.group("edge", svg.line(ends, color, 0.25 + 1.5 * share))
    return svg.group("edge", svg.arrow(ends, color, 0.9 + 1.4 * share))


def _weights(
    edges: Sequence[Edge],
    ends: Sequence[tuple[Point, Point]],
    places: dict[Unit, Point],
    digits: int,
) -> list[str]:
    labelled = [number for number, edge in enumerate(edges) if edge.is_labelled]
    words = [number_text(edges[number].weight, digits) for number in labelled]
    options = [_spots(ends[n], word) for n, word in zip(labelled, words, strict=True)]
    boxes = [(at, (unit.width, _ROW - 20)) for unit, at in places.items()]
    spots = chosen(options, [ends[number] for number in labelled], boxes)
    paper = {"fill": "white"}
    return [
        svg.group(
            "weight",
            svg.rectangle(spot.center, spot.size, paper),
            svg.text(spot.center, word, size=_TEXT),
        )
        for word, spot in zip(words, spots, strict=True)
    ]


def _spots(ends: tuple[Point, Point], words: str) -> list[Spot]:
    (x, y), (u, v) = ends
    size = (svg.text_width(words, _TEXT) + 4, _TEXT + 2)
    return [
        Spot((x + at * (u - x), y + at * (v - y)), size, penalty=6 * abs(at - 0.35))
        for at in _PLACES
    ]


def _unit(unit: Unit, at: Point) -> str:
    x, y = at
    if unit.is_gap:
        style = {"fill": INK}
        dots = [svg.circle((x, y + step), 1.8, style) for step in (-8, 0, 8)]
        return svg.group("gap", *dots)
    paper = {"unit": "white", "input": "#e6f0f8", "bias": "#ececec"}[unit.kind]
    style = {"fill": paper, "stroke": INK, "stroke-width": 1.3}
    parts = [svg.rectangle(at, (unit.width, unit.height), style, unit.height / 2)]
    if not unit.is_detailed:
        return svg.group(unit.kind, *parts)
    if unit.kind == "unit":
        parts += _inside(unit, at)
    else:
        slope = "normal" if unit.is_bias else "italic"
        parts.append(svg.text(at, unit.name, size=14, slope=slope))
    if unit.kind == "input" and unit.value:
        place = (x - unit.width / 2 - 6, y)
        parts.append(svg.text(place, unit.value, size=_TEXT, color=VALUE, anchor="end"))
    return svg.group(unit.kind, *parts)


def _inside(unit: Unit, at: Point) -> list[str]:
    """Σ on the left, the activation on the right, their values below them; a name above."""
    (x, y), quarter = at, unit.width / 4
    rise = HEIGHT / 2 + 9
    parts: list[str] = []
    if unit.name and not unit.is_output:
        parts.append(svg.text((x, y - rise), unit.name, size=13, slope="italic", halo=True))
    if unit.bias:
        parts.append(svg.text((x, y + rise), unit.bias, size=_TEXT, color=FAINT, halo=True))
    halves = [("Σ", unit.sum), (unit.activation, unit.value)] if unit.activation else []
    for side, (symbol, value) in zip((-1, 1), halves, strict=False):
        middle = x + side * quarter
        parts.append(svg.text((middle, y - 8 if value else y), symbol, size=14 if value else 15))
        parts.append(svg.text((middle, y + 9), value, size=_TEXT, color=VALUE))
    if not unit.activation:
        parts.append(svg.text((x, y - 8 if unit.value else y), "Σ", size=15))
        parts.append(svg.text((x, y + 9), unit.value, size=_TEXT, color=VALUE))
        return parts
    parts.append(svg.line([(x, y - unit.height / 2), (x, y + unit.height / 2)], FAINT, 1))
    return parts


def _output(unit: Unit, at: Point) -> list[str]:
    if unit.is_gap or not unit.is_detailed:
        return []
    x, y = at[0] + unit.width / 2, at[1]
    name = svg.text((x + _ARROW + 6, y), unit.name, size=14, slope="italic", anchor="start")
    return [svg.arrow([(x, y), (x + _ARROW, y)]), name]


# ---- DOT -----------------------------------------------------------------------------------------


def _diagram(columns: Sequence[Column], edges: Sequence[Edge], digits: int) -> Diagram:
    units = [unit for column in columns for unit in column.units]
    place = {unit: number for number, unit in enumerate(units)}
    boxes = []
    for unit in units:
        symbols = f"Σ {unit.activation}".strip() if unit.kind == "unit" else ""
        words = [unit.name, symbols, unit.bias, " ".join((unit.sum, unit.value)).strip()]
        kind = Kind.INPUT if unit.kind == "input" else Kind.OPERATION
        lines = ["⋮"] if unit.is_gap else [word for word in words if word]
        boxes.append(Box(Kind.OUTPUT if unit.is_gap else kind, tuple(map(Line, lines))))
    wires = [
        Wire(
            place[edge.source],
            place[edge.target],
            number_text(edge.weight, digits) if edge.is_labelled else "",
        )
        for edge in edges
    ]
    return Diagram(tuple(boxes), tuple(wires), "Network")
