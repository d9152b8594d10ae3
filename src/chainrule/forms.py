"""The forms in which operations are written: by a compiler, and on paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Emit(Enum):
    """The kinds of operation a compiler has to know; every primitive is one of them."""

    ELEMENTWISE = "elementwise"  # one number out for the numbers in the same place
    REDUCE = "reduce"  # axes folded to one number
    CONTRACT = "contract"  # sums of products: matrix multiplication
    VIEW = "view"  # index arithmetic: the same numbers in other places
    GATHER = "gather"  # places chosen by an array of indices
    RANDOM = "random"  # numbers made from a key and a counter


@dataclass(frozen=True, slots=True)
class Fold:
    """What a reduction does with one element after another, in compiled code.

    combine   (so far, next) -> so far, on values with operators; associative
    start     dtype -> the number that changes nothing when combined
    position  whether the result is the place of the element that `combine`, then a condition
              (next, so far) -> bool, prefers
    """

    combine: Callable[[Any, Any], Any]
    start: Callable[[str], float]
    position: bool = False


@dataclass(frozen=True, slots=True)
class Notation:
    """How an application is written: templates with a place `{0}`, `{1}` for each operand.

    `{*}` stands for all of them. An operand is put in parentheses if it binds less tightly than
    `operands` (in LaTeX: `latex_operands`) demands.
    """

    text: str
    latex: str
    symbol: str
    precedence: int = 9
    operands: tuple[int, ...] = ()
    latex_operands: tuple[int, ...] = ()
