"""Pictures as text: the elements of SVG, safe strings for SVG and DOT, files written whole."""

from __future__ import annotations

import html
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from chainrule.files import write_atomically


Point: TypeAlias = tuple[float, float]
Attributes: TypeAlias = Mapping[str, str | float]

FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif"
#: Of the palette of Okabe and Ito, darkened: apart for every kind of colour vision, 5:1 on white.
INK, VALUE, GRADIENT, FAINT = "#222222", "#00588f", "#ad4500", "#5f5f5f"

_LONGEST = 40  # characters of one text
# Widths in em. No font is asked: these are those of DejaVu Sans, wider than Helvetica and Arial.
_NARROW, _WIDE = set(" .,:;|'!()[]/ijlft-"), set("mwMW@%‖∇Σ→—…")


@dataclass(frozen=True)
class Drawing:
    """One picture in two forms: SVG, which a notebook shows, and DOT for graphviz."""

    svg: str
    dot: str

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the form that the suffix of `path` names. ValueError unless it is .svg or .dot."""
        target = Path(path)
        forms = {".svg": self.svg, ".dot": self.dot}
        if target.suffix not in forms:
            raise ValueError(f"draw: the suffix of {target.name!r} is none of .svg and .dot")
        write_atomically(target, forms[target.suffix].encode())


# ---- text ----------------------------------------------------------------------------------------


def clean(text: str) -> str:
    """`text` in one line of printable characters, the middle cut out if it is long."""
    line = "".join(c if c.isprintable() else " " for c in text).strip()
    if len(line) <= _LONGEST:
        return line
    half = _LONGEST // 2
    return f"{line[:half]}…{line[1 - half :]}"


def text_width(text: str, size: float) -> float:
    """About how wide `text` is, in pixels, in letters of `size` pixels."""
    em = sum(0.36 if c in _NARROW else 0.95 if c in _WIDE else 0.64 for c in clean(text))
    return em * size


def number_text(value: Any, digits: int = 4) -> str:
    """A number with this many significant digits: `−0.3775`, `5`, `1e−5`."""
    if isinstance(value, (bool, np.bool_)):
        return str(value).lower()
    written = str(value) if isinstance(value, (int, np.integer)) else f"{value:.{digits}g}"
    mantissa, _, exponent = written.replace("inf", "∞").partition("e")
    short = f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return ("0" if short == "-0" else short).replace("-", "−")


def array_text(array: Any, digits: int = 4) -> str:
    """The numbers of an array in brackets; one number without them."""
    if np.size(array) == 1:
        return number_text(np.reshape(array, -1)[0], digits)
    return f"[{', '.join(array_text(item, digits) for item in array)}]"


def dot_string(*lines: str) -> str:
    """A quoted string of DOT with these lines."""
    escaped = [clean(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + "\\n".join(escaped) + '"'


# ---- elements ------------------------------------------------------------------------------------


def element(tag: str, attributes: Attributes, *content: str) -> str:
    """One element; `content` are elements, or text that is escaped already."""
    written = "".join(f' {key}="{_attribute(value)}"' for key, value in attributes.items())
    return f"<{tag}{written}>{''.join(content)}</{tag}>" if content else f"<{tag}{written}/>"


def group(kind: str, *content: str) -> str:
    """Elements that belong together; `kind` becomes their class."""
    return element("g", {"class": kind}, *content)


def text(
    at: Point,
    words: str,
    *,
    size: float = 12,
    color: str = INK,
    anchor: str = "middle",
    weight: str = "normal",
    slope: str = "normal",
    angle: float = 0,
    halo: bool = False,
) -> str:
    """A line of text whose middle height is at `at`, turned by `angle` degrees about it.

    With `halo` a white rim keeps it apart from lines that pass behind.
    """
    x, y = at
    attributes: dict[str, str | float] = {
        "x": x,
        "y": y + 0.35 * size,  # the baseline is below the middle of the figures
        "font-size": size,
        "fill": color,
        "text-anchor": anchor,
    }
    if weight != "normal":
        attributes["font-weight"] = weight
    if slope != "normal":
        attributes["font-style"] = slope
    if angle:
        attributes["transform"] = f"rotate({_number(angle)} {_number(x)} {_number(y)})"
    if halo:
        rim = {"stroke": "white", "stroke-width": 4, "stroke-linejoin": "round"}
        attributes |= {**rim, "paint-order": "stroke"}
    return element("text", attributes, html.escape(clean(words)))


def rectangle(center: Point, size: Point, style: Attributes, radius: float = 0) -> str:
    """A rectangle of this (width, height), its corners rounded by `radius`."""
    (x, y), (width, height) = center, size
    place = {"x": x - width / 2, "y": y - height / 2, "width": width, "height": height}
    return element("rect", {**place, "rx": radius, **style})


def circle(center: Point, radius: float, style: Attributes) -> str:
    """A circle."""
    return element("circle", {"cx": center[0], "cy": center[1], "r": radius, **style})


def line(points: Sequence[Point], color: str = INK, width: float = 1.3, bend: float = 0) -> str:
    """Straight pieces between `points`, their corners rounded from `bend` pixels before."""
    steps = [f"M{_pair(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        reach = min(bend, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        start, end = toward(corner, before, reach), toward(corner, after, reach)
        steps.append(f"L{_pair(start)}Q{_pair(corner)} {_pair(end)}")
    steps.append(f"L{_pair(points[-1])}")
    style = {"fill": "none", "stroke": color, "stroke-width": width}
    return element("path", {"d": "".join(steps), **style})


def arrow(points: Sequence[Point], color: str = INK, width: float = 1.3, bend: float = 10) -> str:
    """A line with a head at its last point."""
    tip, length = points[-1], 6 + 2 * width
    base = toward(tip, points[-2], length)
    across = ((base[1] - tip[1]) * 0.42, (tip[0] - base[0]) * 0.42)
    corners = [
        tip,
        (base[0] + across[0], base[1] + across[1]),
        (base[0] - across[0], base[1] - across[1]),
    ]
    head = element("polygon", {"points": " ".join(map(_pair, corners)), "fill": color})
    return line([*points[:-1], base], color, width, bend) + head


def document(size: Point, content: Iterable[str], title: str, margin: float = 16) -> str:
    """A whole SVG file of this (width, height) and a white margin around; `title` is for readers
    that cannot see."""
    width, height = size[0] + 2 * margin, size[1] + 2 * margin
    box = " ".join(map(_number, (-margin, -margin, width, height)))
    attributes = {
        "xmlns": "http://www.w3.org/2000/svg",
        "width": width,
        "height": height,
        "viewBox": box,
        "font-family": FONT,
        "role": "img",
    }
    paper = {"x": -margin, "y": -margin, "width": width, "height": height, "fill": "white"}
    title_element = element("title", {}, html.escape(clean(title)))
    parts = [title_element, element("rect", paper), *content]
    return element("svg", attributes, "\n", "\n".join(parts), "\n") + "\n"


def toward(start: Point, end: Point, distance: float) -> Point:
    """The point `distance` pixels from `start` on the way to `end`."""
    length = math.dist(start, end)
    share = distance / length if length else 0.0
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def _attribute(value: str | float) -> str:
    return html.escape(value) if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:.10g}"


def _pair(point: Point) -> str:
    return f"{_number(point[0])},{_number(point[1])}"
