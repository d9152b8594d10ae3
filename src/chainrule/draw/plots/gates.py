"""The symbols of logic gates, each above its truth table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.draw.plots.canvas import INK, PAPER, figure, write
from chainrule.draw.plots.planes import truth_table


#: The outlines that the symbols are made of, and whether a circle at the output negates.
_SYMBOLS = {
    "AND": ("and", False),
    "NAND": ("and", True),
    "NOR": ("or", True),
    "NOT": ("not", True),
    "OR": ("or", False),
    "XNOR": ("xor", True),
    "XOR": ("xor", False),
}


def gates(
    rows: Sequence[tuple[str, str, Sequence[Sequence[int]]]], path: str | os.PathLike[str]
) -> None:
    """Gates as their distinctive-shape symbols with their truth tables (F01; IEEE Std 91a).

    rows  of each gate its name (AND, NAND, NOR, NOT, OR, XNOR or XOR), its formula, and the rows
          of its table, the inputs first
    """
    shown = figure(2.1 * len(rows), 4.3)
    above, below = shown.subplots(2, len(rows), height_ratios=(1, 1.35), squeeze=False)
    for top, bottom, (name, formula, table) in zip(above, below, rows, strict=True):
        outline, is_negated = _SYMBOLS[name]
        _symbol(top, outline, is_negated, inputs=len(table[0]) - 1)
        top.set_title(name, fontweight="bold")
        head = ("x", "y")[: len(table[0]) - 1]
        truth_table(bottom, (*head, formula), table)
        bottom.set_ylim(4.6, -0.6)
    shown.suptitle("Gates and their truth tables")
    write(shown, path)


def _symbol(axes: Any, outline: str, is_negated: bool, inputs: int) -> None:
    pens = {"color": INK, "linewidth": 2}
    x, y = _OUTLINES[outline]
    axes.fill(x, y, facecolor=PAPER, edgecolor=INK, linewidth=2)
    if outline == "xor":
        bow = np.linspace(-1, 1, 60)
        axes.plot(-0.2 + 0.28 * (1 - bow**2), bow, **pens)
    end = 1.9
    if is_negated:
        turn = np.linspace(0, 2 * np.pi, 60)
        axes.fill(end + 0.13 + 0.13 * np.cos(turn), 0.13 * np.sin(turn), fc="white", ec=INK, lw=2)
    axes.plot([end + 0.26 * is_negated, 2.7], [0, 0], **pens)
    for place in (0.5, -0.5) if inputs == 2 else (0.0,):
        bent = 0.28 * (1 - place**2) - 0.2 * (outline == "xor")
        start = bent if outline in ("or", "xor") else 0.0
        axes.plot([-0.8, start], [place, place], **pens)
    axes.set(xlim=(-0.9, 2.8), ylim=(-1.3, 1.3), aspect="equal")
    axes.axis("off")


def _outlines() -> dict[str, tuple[Any, Any]]:
    turn, bow = np.linspace(-np.pi / 2, np.pi / 2, 60), np.linspace(-1, 1, 60)
    round_end = (np.concatenate([[0], 0.9 + np.cos(turn), [0]]), [-1, *np.sin(turn), 1])
    up = np.linspace(0, 1, 60)
    # From the back to the point: a curve that leaves level and comes down.
    side_x, side_y = 0.4 + 1.5 * up, 1 - up**2.2
    back = (0.28 * (1 - bow**2), bow)
    pointed = (
        np.concatenate([back[0], [0.4], side_x, side_x[::-1], [0.4]]),
        np.concatenate([back[1], [1], side_y, -side_y[::-1], [-1]]),
    )
    return {
        "and": round_end,
        "or": pointed,
        "xor": pointed,
        "not": (np.array([0, 1.9, 0]), np.array([-0.85, 0, 0.85])),
    }


_OUTLINES = _outlines()
