"""Pieces of C99: names, numbers, texts, and the arithmetic of places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.types import Shape


#: The type of an element, by dtype.
TYPES = {
    "float64": "double",
    "float32": "float",
    "int64": "int64_t",
    "int32": "int32_t",
    "uint32": "uint32_t",
    "uint8": "uint8_t",
    "bool": "unsigned char",
}

_WIDTH = 96


def identifier(text: str) -> str:
    """A name of C that is like `text`: letters, digits and underscores."""
    found = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")
    return found if found and not found[0].isdigit() else f"_{found}".rstrip("_") or "model"


def literal(value: Any) -> str:
    """A number of NumPy as C writes it, exactly: floats in hexadecimal."""
    dtype = np.asarray(value).dtype
    if dtype.kind == "f":
        return _float(float(value), "f" if dtype == np.float32 else "")
    if dtype.kind == "b":
        return str(int(value))
    if dtype == np.int64:
        return f"INT64_C({value})" if value > np.iinfo(np.int64).min else "INT64_MIN"
    return f"{value}u" if dtype.kind == "u" else f"({value})" if value < 0 else str(value)


def _float(value: float, suffix: str) -> str:
    if value != value:
        return "NAN"
    if value in (np.inf, -np.inf):
        return "INFINITY" if value > 0 else "(-INFINITY)"
    if value.is_integer() and abs(value) < 1000:
        digits = f"{value}{suffix}"
    else:
        mantissa, exponent = value.hex().split("p")
        digits = f"{mantissa.rstrip('0').rstrip('.')}p{exponent}{suffix}"
    return f"({digits})" if digits.startswith("-") else digits


def array(kind: str, name: str, values: Sequence[str], size: int) -> list[str]:
    """The lines of an array of constants."""
    lines, line = [f"static const {kind} {name}[{size}] = {{"], "   "
    for value in values:
        if len(line) + len(value) + 2 > _WIDTH:
            lines.append(line)
            line = "   "
        line += f" {value},"
    return [*lines, line, "};", ""]


def numbers(name: str, values: Any) -> list[str]:
    """The lines of an array of numbers."""
    flat = values.reshape(-1)
    if values.dtype.kind == "f":
        suffix = "f" if values.dtype == np.float32 else ""
        texts = [_float(value, suffix).strip("()") for value in flat.tolist()]
    else:
        texts = [literal(value) for value in flat]
    return array(TYPES[values.dtype.name], name, texts, flat.size)


def string(text: str) -> str:
    """A text as C writes it; letters beyond ASCII as the bytes of UTF-8."""
    safe = set(range(32, 127)) - set(b'"\\?')
    return '"' + "".join(chr(b) if b in safe else f"\\{b:03o}" for b in text.encode()) + '"'


def remark(text: str) -> str:
    """A text that may stand in a comment, in one line."""
    plain = "".join(c if c.isprintable() and c != "\\" else " " for c in text)
    return plain.replace("*/", "* /").replace("/*", "/ *")


# ---- places: whole numbers, or texts of sums ----------------------------------------------------


def times(place: str, factor: int) -> str:
    """`place * factor`."""
    if place.isdigit():
        return str(int(place) * factor)
    if factor in (0, 1):
        return place if factor else "0"
    return f"{factor} * {place}" if place.isidentifier() else f"{factor} * ({place})"


def plus(*places: str) -> str:
    """The sum of places."""
    constant = sum(int(place) for place in places if place.isdigit())
    terms = [place for place in places if not place.isdigit()]
    return " + ".join([*terms, str(constant)] if constant or not terms else terms)


def flat(index: Sequence[str], shape: Shape) -> str:
    """The place of an element in row-major order."""
    sizes = [int(size) for size in shape if isinstance(size, int)]
    steps = [int(np.prod(sizes[axis + 1 :])) for axis in range(len(sizes))]
    return plus("0", *[times(one, step) for one, step in zip(index, steps, strict=True)])
