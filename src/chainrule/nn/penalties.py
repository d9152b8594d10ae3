"""Penalties on the parameters of a network, added to the loss.

The sum of negative log-likelihoods plus a penalty is, but for a constant, the negative logarithm of
the posterior density: to minimise it is maximum a posteriori estimation (LK-09). λ Σ w² is a normal
prior with mean 0 and variance 1 / (2λ) on each weight, λ Σ |w| a Laplace prior with scale 1 / λ.

Weights are the leaves with two axes or more. With `biases=True` a penalty takes every learnt leaf;
running statistics it never takes (A4).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from chainrule import ops, tree
from chainrule.lookup import check_kinds, find, parse
from chainrule.nn.training import statistics


@dataclass(frozen=True)
class Penalty:
    """A penalty.

    name    what it is called: the text that chose it, where a text did
    of_one  of the parameters in one array: `(...)` to a scalar
    biases  whether it takes every learnt leaf
    """

    name: str
    of_one: Callable[[Any], Any]
    biases: bool = False

    def __call__(self, network: Any) -> Any:
        """The penalty of a network, a scalar. ValueError where it has no parameter to take."""
        fixed = statistics(network)
        taken = [
            leaf
            for path, leaf in zip(tree.paths(network), tree.leaves(network), strict=True)
            if path not in fixed and (self.biases or len(leaf.shape) > 1)
        ]
        if not taken:
            raise ValueError(
                f"penalty {self.name}: no parameter has two axes or more; "
                "biases=True takes every parameter"
            )
        first, *others = map(self.of_one, taken)
        return sum(others, start=first)


def l1(strength: float = 1e-4, biases: bool = False) -> Penalty:
    """λ Σ |w|, λ being `strength`; its derivative at 0 is 0. R. Tibshirani, 1996."""
    scale = _strength("l1", strength)
    return Penalty("l1", lambda w: scale * ops.sum(ops.abs(w)), biases)


def l2(strength: float = 1e-4, half: bool = False, biases: bool = False) -> Penalty:
    """λ Σ w², λ being `strength`; with `half`, ½ λ Σ w² (RG-02, A4)."""
    scale = _strength("l2", strength) * (0.5 if half else 1)
    return Penalty("l2", lambda w: scale * ops.sum(ops.square(w)), biases)


def lp(strength: float = 1e-4, p: float = 1.5, biases: bool = False) -> Penalty:
    """λ Σ |w|ᵖ, λ being `strength` (RG-03). ValueError for a p below 1, where it is not convex."""
    scale = _strength("lp", strength)
    if not 1 <= p < math.inf:
        raise ValueError(f"lp: p {p!r}; expected a number from 1")

    def of_one(w: Any) -> Any:
        return scale * ops.sum(ops.abs(w) if p == 1 else _power(ops.abs(w), p))

    return Penalty("lp", of_one, biases)


def elastic(strength: float = 1e-4, ratio: float = 0.5, biases: bool = False) -> Penalty:
    """λ Σ (r |w| + ½ (1 - r) w²), r being `ratio`. H. Zou, T. Hastie, 2005.

    ValueError for a ratio outside 0 .. 1.
    """
    scale = _strength("elastic", strength)
    if not 0 <= ratio <= 1:
        raise ValueError(f"elastic: ratio {ratio!r}; expected a number from 0 to 1")

    def of_one(w: Any) -> Any:
        return scale * ops.sum(ratio * ops.abs(w) + 0.5 * (1 - ratio) * ops.square(w))

    return Penalty("elastic", of_one, biases)


#: Every penalty, by name: functions of its settings, which all have defaults.
PENALTIES: dict[str, Callable[..., Penalty]] = {"elastic": elastic, "l1": l1, "l2": l2, "lp": lp}


def penalty(chosen: str | Penalty | Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The penalty of this name, with settings: `"l2(strength=1e-3, half=True)"`.

    A function of a network that gives a scalar is taken as it is. ValueError, naming the nearest,
    for an unknown name or setting; TypeError for anything else.
    """
    if isinstance(chosen, str):
        name, settings = parse("penalty", chosen)
        make = find(PENALTIES, "penalty", name)
        check_kinds("penalty", name, make, settings)
        return replace(make(**settings), name=chosen)
    if not callable(chosen) or chosen in PENALTIES.values():
        raise TypeError(
            f"penalty: {chosen!r}; expected a name, l2(1e-3) and the like, or a function of a "
            "network"
        )
    return chosen


def _power(x: Any, p: float) -> Any:
    """xᵖ for x ≥ 0 and p > 1, with derivative 0 at 0, where 0 · ∞ would be NaN for p < 2."""
    is_positive = x > 0
    return ops.where(is_positive, ops.power(ops.where(is_positive, x, 1), p), 0)


def _strength(name: str, strength: float) -> float:
    if not 0 <= strength < math.inf:
        raise ValueError(f"{name}: strength {strength!r}; expected 0 or more")
    return strength
