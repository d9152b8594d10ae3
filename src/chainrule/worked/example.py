"""A worked example: its task, its solution as chainrule computes it, and the digits in print."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

import numpy as np

from chainrule.worked.discrepancies import DISCREPANCIES


_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?!\w)")
_MARKS = {"rounded": "✓", "truncated": "≈ truncated", "differs": "✗ differs", None: ""}
_NAME_WIDTH, _VALUE_WIDTH, _PAGE_WIDTH = 36, 30, 100


@dataclass(frozen=True)
class Line:
    """One result of an example, beside the digits that its source prints for it.

    name         what is computed, in the letters of the source: `net_h1`, `∂E/∂w5`
    computed     what chainrule computed: a number, an array of one or two axes, or a text
    printed      the digits of the source: `"0.59327"`, one number for each entry of an array, in
                 order. A number without a point is meant exactly. A text stands for itself.
    digits       how many significant digits of `computed` are shown; by default ten decimals
    discrepancy  the row of DISCREPANCIES that tells why the digits in print are other ones
    is_derived   the source has no digits: `printed` was worked out without chainrule
    """

    name: str
    computed: Any
    printed: str | None = None
    digits: int | None = None
    discrepancy: str | None = None
    is_derived: bool = False

    @property
    def agreement(self) -> str | None:
        """How the computed value meets the digits in print.

        "rounded" (or the same), "truncated" (the right digits, cut off), "differs"; None where
        there is nothing to compare with.
        """
        if self.printed is None:
            return None
        if isinstance(self.computed, (str, bool, np.bool)):
            is_same = _words(shown(self.computed)) == _words(self.printed)
            return "rounded" if is_same else "differs"
        computed = np.ravel(self.computed).tolist()
        printed = _NUMBER.findall(self.printed.replace("−", "-"))
        if len(computed) != len(printed):
            return "differs"
        found = {_agreement(c, p) for c, p in zip(computed, printed, strict=True)}
        return next(kind for kind in ("differs", "truncated", "rounded") if kind in found)

    @property
    def agrees(self) -> bool | None:
        """Whether every digit in print is right, rounded or truncated; None if none is there."""
        agreement = self.agreement
        return None if agreement is None else agreement != "differs"


def derived(name: str, computed: Any, value: str, digits: int | None = None) -> Line:
    """A line whose source prints no digits: `value` was worked out without chainrule."""
    return Line(name, computed, value, digits, is_derived=True)


@dataclass(frozen=True)
class Example:
    """A worked example of the lectures.

    id      `W43`; parts of one example have a letter: `W06a`
    source  the lecture and the place in it
    text    the task: what is given and what is asked
    solve   computes the solution: lines, and between them sentences that lead from one to the next
    """

    id: str
    title: str
    source: str
    text: str
    solve: Callable[[], Sequence[Line | str]]


def results(solution: Sequence[Line | str]) -> list[Line]:
    """The lines of a solution that have digits to compare with."""
    return [line for line in solution if isinstance(line, Line) and line.printed is not None]


def render(example: Example) -> str:
    """The example, solved, in aligned text.

    Each result stands beside the digits in print, with a mark: ✓ the same (rounded), ≈ the same but
    truncated, ✗ another number. Below stand the errors of the source that touch the example.
    """
    solution = example.solve()
    known = results(solution)
    lines = [f"{example.id}  {example.title}", example.source, "", _wrapped(example.text), ""]
    lines += _aligned(solution)
    if known:
        right = sum(bool(line.agrees) for line in known)
        lines += ["", f"{right} of {len(known)} results agree with what is printed or derived."]
    named = {line.discrepancy for line in known}
    for name, row in DISCREPANCIES.items():
        if name in named or example.id in row.examples:
            lines += ["", str(row)]
    return "\n".join(lines)


def shown(computed: Any, digits: int | None = None) -> str:
    """A computed value as text: `0.75`, `(1, 2)`, `[1, 2; 3, 4]`; true and false as yes and no."""
    if isinstance(computed, str):
        return computed
    array = np.asarray(computed)
    if array.ndim == 0:
        return _scalar(array.item(), digits)
    if array.dtype.kind == "b":
        array = array.astype(int)
    rows = [
        ", ".join(_scalar(value, digits) for value in row)
        for row in array.reshape(-1, array.shape[-1]).tolist()
    ]
    return f"({rows[0]})" if array.ndim == 1 else f"[{'; '.join(rows)}]"


def _scalar(value: Any, digits: int | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if digits is None and (value == 0 or 1e-3 <= abs(value) < 1e7):
        text = f"{value:.10f}".rstrip("0").rstrip(".")
    else:
        text = f"{value:.{digits or 10}g}"
    return "0" if text == "-0" else text


def _words(text: str) -> str:
    return " ".join(text.split())


def _agreement(computed: float, printed: str) -> str:
    """How one number meets its digits in print."""
    if not np.isfinite(computed):
        return "differs"
    exact, digits = Decimal(computed), Decimal(printed)
    rounding = Decimal("2e-15") * abs(exact)  # of double precision, in a few operations
    if printed.lstrip("+-").isdecimal():
        is_same = abs(exact - digits) <= max(Decimal("1e-9"), rounding)
        return "rounded" if is_same else "differs"
    exponent = digits.as_tuple().exponent
    assert isinstance(exponent, int)
    unit = Decimal(1).scaleb(exponent)
    if abs(exact - digits) <= Decimal("0.500001") * unit + rounding:
        return "rounded"
    is_cut = (exact / unit).to_integral_value(ROUND_DOWN) == digits / unit
    return "truncated" if is_cut else "differs"


def _aligned(solution: Sequence[Line | str]) -> list[str]:
    """Names, values, digits in print and marks, each kind in a column."""
    found = [line for line in solution if isinstance(line, Line)]
    names = min(max((_columns(line.name) for line in found), default=0), _NAME_WIDTH)
    values = [len(shown(line.computed, line.digits)) for line in found]
    width = max((n for n in values if n <= _VALUE_WIDTH), default=0)
    text: list[str] = []
    before: Line | str = ""
    for entry in solution:
        if isinstance(entry, str):
            text += ["", _wrapped(entry)] if isinstance(before, Line) else [_wrapped(entry)]
        else:
            text += _row(entry, names, width)
        before = entry
    return text


def _row(line: Line, names: int, values: int) -> list[str]:
    """A result in columns so wide; in two rows where it does not fit in one."""
    name = line.name + " " * (names - _columns(line.name))
    head = f"  {name}  {shown(line.computed, line.digits):{values}}"
    tail = _beside(line)
    if tail and len(head) + 2 + len(tail) > _PAGE_WIDTH:
        return [head.rstrip(), f"  {'':{names}}  {tail}"]
    return [f"{head}  {tail}".rstrip()]


def _columns(text: str) -> int:
    """How wide a text is: a bar over a letter takes no room."""
    return sum(not unicodedata.combining(letter) for letter in text)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _PAGE_WIDTH)


def _beside(line: Line) -> str:
    """The digits in print and the mark."""
    if line.printed is None:
        return ""
    origin = "derived" if line.is_derived else "printed"
    named = f", {line.discrepancy}" if line.discrepancy else ""
    return f"{origin} {line.printed}  {_MARKS[line.agreement]}{named}"
