"""Nodes written as formulas, from the notation that each primitive declares."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.node import Node
from chainrule.types import type_of


_POWER, _CLOSED = 6, 9  # how tightly powers bind, and names
_ONE_NUMBER = r"-?(\d[\d.]*(e[-+]\d+|\\mathrm\{e\}\{-?\d+\})?|inf|\\infty|nan|\\mathrm\{nan\})"
#: Characters that a backslash turns into something else than themselves.
_ESCAPES = {"\\": r"\backslash ", "^": r"\wedge ", "~": r"\sim "}


@dataclass(frozen=True)
class Style:
    """A way of writing: plain text or LaTeX.

    name        how a name is written
    derivative  how ∂(first)/∂(second) is written
    times       between two factors
    """

    is_latex: bool
    name: Callable[[str], str]
    derivative: Callable[[str, str], str]
    times: str

    def form(self, node: Node) -> tuple[str, tuple[int, ...]]:
        """The template of an application, and how tightly each operand has to bind."""
        assert node.primitive is not None
        if _rounds(node):
            dtype = node.type.dtype
            latex = rf"\mathrm{{{{{dtype}}}}}\left({{0}}\right)"
            return latex if self.is_latex else f"{dtype}({{0}})", ()
        notation = node.primitive.notation
        if self.is_latex:
            return notation.latex, notation.latex_operands
        return notation.text, notation.operands

    def number(self, value: Any, digits: int = 6) -> str:
        """A number or an array, as `number` has it."""
        text = number(value, digits)
        return _latex_number(text) if self.is_latex else text


def is_transparent(node: Node) -> bool:
    """Whether a node is written as its operand: it changes the shape or the dtype alone."""
    return has_no_form(node) and not _rounds(node)


def counts_truth(node: Node) -> bool:
    """Whether a node takes true and false as 1 and 0, and is filled in so."""
    return is_transparent(node) and node.inputs[0].type.dtype == "bool" != node.type.dtype


def has_no_form(node: Node) -> bool:
    """Whether a node's notation is its operand's alone: views and changes of dtype."""
    return node.primitive is not None and node.primitive.notation.text == "{0}"


def _rounds(node: Node) -> bool:
    """Whether a change of dtype changes the numbers: 2.7 becomes 2, or true."""
    if not has_no_form(node):
        return False
    (source,) = node.inputs
    to_bool = node.type.dtype == "bool" and source.type.dtype != "bool"
    return to_bool or (source.type.is_float and not node.type.is_float)


def write(node: Node, names: Mapping[Node, str], style: Style, digits: int = 6) -> str:
    """The formula of a node. Nodes in `names` are written so, constants by their value."""
    if node in names:
        return names[node]
    if node.value is not None:
        return style.number(node.value, digits)
    return expand(node, names, style, digits)


def expand(node: Node, names: Mapping[Node, str], style: Style, digits: int = 6) -> str:
    """The formula of a node, itself written out even if it has a name."""
    if node.primitive is None:
        return write(node, names, style, digits)
    form, tightness = style.form(node)
    operands: list[str] = []
    for place, source in enumerate(node.inputs):
        text = write(source, names, style, digits)
        least = tightness[place] if place < len(tightness) else 0
        leads = form.startswith("{0}") and place == 0 and least < _POWER
        # A minus sign stands free only at the head of a sum or a product.
        is_loose = text.startswith("-") and least > 0 and not leads
        is_open = _binding(source, names) < least or is_loose
        operands.append(parenthesized(text, style) if is_open else text)
    form = form.replace("{*}", ", ".join(f"{{{place}}}" for place in range(len(operands))))
    params = {
        key: style.number(value, digits) if isinstance(value, float) else value
        for key, value in node.params
    }
    return form.format(*operands, **params)


def parenthesized(text: str, style: Style) -> str:
    """`(text)`."""
    return rf"\left({text}\right)" if style.is_latex else f"({text})"


def number(value: Any, digits: int = 6) -> str:
    """A number or a small array to `digits` significant digits; a large array by its type."""
    array = np.asarray(value)
    if array.size > 12 or array.ndim > 2:
        return str(type_of(array))
    if array.ndim == 2:
        return "[" + "; ".join(", ".join(_scalar(x, digits) for x in row) for row in array) + "]"
    if array.ndim == 1:
        return "[" + ", ".join(_scalar(x, digits) for x in array) + "]"
    return _scalar(array[()], digits)


def is_one_number(text: str) -> bool:
    """Whether a formula, in either style, is one number and nothing else."""
    return re.fullmatch(_ONE_NUMBER, text) is not None


def _scalar(value: Any, digits: int) -> str:
    if isinstance(value, (bool, np.bool)):
        return str(bool(value)).lower()
    text = f"{value:.{digits}g}" if isinstance(value, (float, np.floating)) else str(value)
    return "0" if text == "-0" else text


def _latex_number(text: str) -> str:
    """`1e-09` with an upright e, for an italic one is a factor; words and types upright too."""
    text = re.sub(r"(?<=\d)e([+-])0*(\d+)", r"\\mathrm{e}{\1\2}", text).replace("{+", "{")
    text = re.sub(r"\b(true|false|nan|[a-z]+\d+\[.*\])", r"\\mathrm{\1}", text)
    return re.sub(r"\binf\b", r"\\infty", text)


def _binding(node: Node, names: Mapping[Node, str]) -> int:
    """How tightly the formula of a node binds."""
    while node not in names and is_transparent(node):
        node = node.inputs[0]
    if node in names or node.primitive is None:
        return _CLOSED
    return node.primitive.notation.precedence


def _latex_name(name: str) -> str:
    """`net_h1` -> net_{h1}, `w1` -> w_{1}; anything else as typewriter text."""
    found = re.fullmatch(r"([A-Za-z]+)_?(\w*)", name)
    if found is None:
        escaped = re.sub(r"[\\{}_^$%&#~]", lambda m: _ESCAPES.get(m[0], "\\" + m[0]), name)
        return rf"\mathtt{{{escaped}}}"
    letters, index = found.groups()
    stem = letters if len(letters) == 1 else rf"\mathit{{{letters}}}"
    index = index.replace("_", r"\_")
    return f"{stem}_{{{index}}}" if index else stem


TEXT = Style(False, lambda name: name, lambda a, b: f"∂{a}/∂{b}", " · ")
LATEX = Style(True, _latex_name, lambda a, b: rf"\frac{{\partial {a}}}{{\partial {b}}}", r" \cdot ")
