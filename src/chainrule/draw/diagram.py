"""Boxes joined by wires, as SVG and as DOT: what a drawing of a graph is, before it has places."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from chainrule.draw import svg
from chainrule.draw.layout import layered
from chainrule.draw.lettering import Spot, chosen
from chainrule.draw.svg import GRADIENT, INK, VALUE, Attributes, Point


class Kind(Enum):
    """What a box stands for; the value is the class of its element in SVG."""

    INPUT = "input"
    OPERATION = "operation"
    CONSTANT = "constant"
    LAYER = "layer"
    OUTPUT = "output"


@dataclass(frozen=True)
class Line:
    """A line of text in a box."""

    words: str
    size: float = 13
    color: str = INK
    weight: str = "normal"
    slope: str = "normal"


@dataclass(frozen=True)
class Box:
    """A box with text inside; operations of one short line are circles, outputs have no outline."""

    kind: Kind
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Wire:
    """An arrow between two boxes, by number, with the value above it and the gradient below."""

    source: int
    target: int
    value: str = ""
    gradient: str = ""


@dataclass(frozen=True)
class Diagram:
    """Boxes, and wires that form no cycle."""

    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    title: str


_STYLES: dict[Kind, Attributes] = {
    Kind.INPUT: {"fill": "#e6f0f8", "stroke": "#2b5d85", "stroke-width": 1.3},
    Kind.OPERATION: {"fill": "white", "stroke": INK, "stroke-width": 1.4},
    Kind.CONSTANT: {"fill": "#ececec", "stroke": "#9a9a9a", "stroke-width": 1},
    Kind.LAYER: {"fill": "#fbf6e9", "stroke": "#6f5a1e", "stroke-width": 1.4},
    Kind.OUTPUT: {},
}
_SHAPES = {
    Kind.INPUT: "box",
    Kind.OPERATION: "circle",
    Kind.CONSTANT: "box",
    Kind.LAYER: "box",
    Kind.OUTPUT: "plaintext",
}
_LABEL = 12.0  # letters on wires, in pixels
_LEADING = 1.35  # height of a line of text, in its letters
_LIFT = 9.0  # from a wire to the middle of the text above or below it
_LABEL_HEIGHT = 36.0  # of both texts of a wire
_OUTSIDE = 6.0  # from an arrow to the name at its end
_RADIUS = 17.0  # of the circle of an operation
_HEAD = 14.0  # of a wire, near its head, where no text stands
_STEPS = 8  # places of a text along a straight piece


# ---- SVG -----------------------------------------------------------------------------------------


def to_svg(diagram: Diagram) -> str:
    """The diagram, wires from left to right."""
    sizes = [_size(box) for box in diagram.boxes]
    widest = max((_label_width(wire) for wire in diagram.wires), default=0)
    layout = layered(
        sizes,
        [(wire.source, wire.target) for wire in diagram.wires],
        layer_gap=44,
        node_gap=26,
        edge_label=(widest, _LABEL_HEIGHT if widest else 0),
    )
    routes = [
        _to_circle(route, layout.positions[wire.target])
        if _is_circle(diagram.boxes[wire.target])
        else route
        for wire, route in zip(diagram.wires, layout.routes, strict=True)
    ]
    options = [_spots(wire, route) for wire, route in zip(diagram.wires, routes, strict=True)]
    spots = chosen(options, routes, list(zip(layout.positions, sizes, strict=True)))
    parts = [svg.group("wire", svg.arrow(route, "#444444", 1.2)) for route in routes]
    parts += [
        svg.group(box.kind.value, *_drawn(box, at, size))
        for box, at, size in zip(diagram.boxes, layout.positions, sizes, strict=True)
    ]
    parts += [_label(wire, spot) for wire, spot in zip(diagram.wires, spots, strict=True)]
    return svg.document((layout.width, layout.height), parts, diagram.title, margin=26)


def _is_circle(box: Box) -> bool:
    widths = [svg.text_width(line.words, line.size) for line in box.lines]
    return box.kind is Kind.OPERATION and len(widths) == 1 and widths[0] <= 2 * _RADIUS - 10


def _size(box: Box) -> Point:
    """The width and height of a box."""
    if _is_circle(box):
        return 2 * _RADIUS, 2 * _RADIUS
    width = max((svg.text_width(line.words, line.size) for line in box.lines), default=0)
    height = sum(_LEADING * line.size for line in box.lines)
    if box.kind is Kind.OUTPUT:
        return (width + 2 * _OUTSIDE, height) if width else (1, 4)
    margin = 6 if box.kind is Kind.CONSTANT else 10
    return width + 2 * margin, height + margin


def _label_width(wire: Wire) -> float:
    return max(svg.text_width(words, _LABEL) for words in (wire.value, wire.gradient))


def _drawn(box: Box, at: Point, size: Point) -> list[str]:
    """The elements of a box whose centre is `at`."""
    x, y = at
    parts: list[str] = []
    if _is_circle(box):
        parts.append(svg.circle(at, _RADIUS, _STYLES[box.kind]))
    elif box.kind is not Kind.OUTPUT:
        radius = 3 if box.kind is Kind.CONSTANT else 8
        parts.append(svg.rectangle(at, size, _STYLES[box.kind], radius))
    top = y - sum(_LEADING * line.size for line in box.lines) / 2
    for line in box.lines:
        height = _LEADING * line.size
        parts.append(
            svg.text(
                (x, top + height / 2),
                line.words,
                size=line.size,
                color=line.color,
                weight=line.weight,
                slope=line.slope,
            )
        )
        top += height
    return parts


def _spots(wire: Wire, route: Sequence[Point]) -> list[Spot]:
    """The places of a wire's texts: along its straight pieces, where they fit, or at its bends."""
    width = _label_width(wire)
    if not width:
        return [Spot(route[0], (0, 0))]
    size = (width, 2 * _LIFT + 0.75 * _LABEL)
    spots = []
    for start, end in itertools.pairwise(route):
        length = math.dist(start, end)
        slack = length - _HEAD - width
        for step in range(_STEPS + 1) if slack >= 0 else ():
            center = svg.toward(start, end, width / 2 + slack * step / _STEPS)
            aside = 8 * abs(step / _STEPS - 0.5)
            angle = _angle(start, end)
            spots.append(Spot(center, size, angle, aside + abs(angle) / 3))
    if spots:
        return spots
    middles = [((x + u) / 2, (y + v) / 2) for (x, y), (u, v) in itertools.pairwise(route)]
    angle = _angle(route[0], route[-1])
    return [Spot(center, size, angle) for center in [*route[1:-1], *middles]]


def _angle(start: Point, end: Point) -> float:
    return math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))


def _label(wire: Wire, spot: Spot) -> str:
    """The texts of a wire, along it."""
    (x, y), turn = spot.center, math.radians(spot.angle)
    across = (-math.sin(turn) * _LIFT, math.cos(turn) * _LIFT)
    places = [
        ((x - across[0], y - across[1]), wire.value, VALUE),
        ((x + across[0], y + across[1]), wire.gradient, GRADIENT),
    ]
    texts = [
        svg.text(place, words, size=_LABEL, color=color, angle=spot.angle, halo=True)
        for place, words, color in places
        if words
    ]
    return svg.group("label", *texts)


def _to_circle(route: Sequence[Point], center: Point) -> list[Point]:
    """The route, led on to the circle around `center` where it ends beside it."""
    (x, y), (before_x, before_y) = center, route[-2]
    aim = y + max(-_RADIUS / 2, min(_RADIUS / 2, route[-1][1] - y))
    dx, dy = x - before_x, aim - before_y
    # Where before + share * (dx, dy) is _RADIUS away from the centre for the first time.
    a, b = dx * dx + dy * dy, (aim - y) * dy
    share = 1 - (b + math.sqrt(b * b - a * ((aim - y) ** 2 - _RADIUS**2))) / a
    return [*route[:-1], (before_x + share * dx, before_y + share * dy)]


# ---- DOT -----------------------------------------------------------------------------------------


def to_dot(diagram: Diagram) -> str:
    """The diagram as a graph of graphviz."""
    lines = ["digraph {", "  rankdir=LR;", '  node [fontname="Helvetica"];']
    for number, box in enumerate(diagram.boxes):
        label = svg.dot_string(*[line.words for line in box.lines])
        lines.append(f"  n{number} [shape={_SHAPES[box.kind]}, label={label}];")
    for wire in diagram.wires:
        label = svg.dot_string(*[word for word in (wire.value, wire.gradient) if word])
        lines.append(f"  n{wire.source} -> n{wire.target} [label={label}];")
    return "\n".join([*lines, "}"]) + "\n"
