"""Numerical derivatives, in the signature of `jvp`: the contrast to automatic differentiation.

All three take `(function, primals, tangents, h)` and return the derivative of the result in the
direction `tangents`, with its structure. `function` is called with plain arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule import tree


def one_sided(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], h: float = 1e-8
) -> Any:
    """(f(x + h v) - f(x)) / h: two evaluations, error of order h. (GC-01)"""
    ahead = function(*_moved(primals, tangents, h))
    return tree.map(lambda a, b: (a - b) / h, ahead, function(*primals))


def two_sided(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], h: float = 1e-5
) -> Any:
    """(f(x + h v) - f(x - h v)) / 2h: two evaluations, error of order h². (GC-02)"""
    ahead = function(*_moved(primals, tangents, h))
    behind = function(*_moved(primals, tangents, -h))
    return tree.map(lambda a, b: (a - b) / (2 * h), ahead, behind)


def complex_step(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], h: float = 1e-100
) -> Any:
    """Im f(x + i h v) / h: one evaluation, no subtraction, so exact to rounding.

    The function must be made of operations that take complex arrays, as all of chainrule's do.
    J. Lyness, C. Moler, "Numerical differentiation of analytic functions", 1967.
    """
    ahead = function(*_moved(primals, tangents, 1j * h))
    return tree.map(lambda value: np.imag(value) / h, ahead)


#: The methods, by name.
METHODS: dict[str, Callable[..., Any]] = {
    "one_sided": one_sided,
    "two_sided": two_sided,
    "complex_step": complex_step,
}


def _moved(primals: Sequence[Any], tangents: Sequence[Any], h: complex) -> Any:
    """x + h v for floating leaves; all other leaves as they are."""

    def move(x: Any, v: Any) -> Any:
        array = np.asarray(x)
        return array + h * np.asarray(v) if array.dtype.kind == "f" else array

    return tree.map(move, tuple(primals), tuple(tangents))
