"""Groups of parameters with a learning rate and a weight decay of their own."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.nn.training import statistics
from chainrule.tree import Packing


@dataclass(frozen=True)
class Group:
    """Parameters that are treated alike: those whose path matches.

    pattern  a path such as "layers[0]" (all that is in it) or "*.bias"; * stands for any text
    rate     multiplies the learning rate; 0 keeps the parameters as they are
    decay    multiplies the weight decay; by default 1 for arrays with two axes or more, else 0
    """

    pattern: str
    rate: float = 1.0
    decay: float | None = None

    def matches(self, path: str) -> bool:
        """Whether the parameter at `path` belongs to the group."""
        anything = ".*".join(map(re.escape, self.pattern.split("*")))
        return re.fullmatch(rf"{anything}([.\[].*)?", path) is not None


@dataclass(frozen=True)
class Multipliers:
    """What the learning rate and the weight decay are multiplied by, a parameter each.

    rate, decay  float64 `(parameters,)`; a rate of None is 1 for all
    """

    rate: Any
    decay: Any


def multipliers(network: Any, packing: Packing, groups: Sequence[Group]) -> Multipliers:
    """The multipliers of every parameter: those of the first group that it belongs to.

    ValueError for a group without parameters, or with a number below 0.
    """
    paths = tree.paths(network)
    for group in groups:
        _check(group, paths)
    fixed = statistics(network)
    rates: list[Any] = []
    decays: list[Any] = []
    for path, shape in zip(paths, packing.shapes, strict=True):
        group = next((g for g in groups if g.matches(path)), Group(path))
        usual = float(len(shape) > 1)
        decay = usual if group.decay is None else group.decay
        size = math.prod(shape)
        rates.append(np.full(size, float(group.rate)))
        decays.append(np.full(size, 0.0 if path in fixed else float(decay)))
    rate = np.concatenate(rates)
    return Multipliers(None if np.all(rate == 1) else rate, np.concatenate(decays))


def _check(group: Group, paths: Sequence[str]) -> None:
    if not isinstance(group, Group):
        raise TypeError(f"fit: the group {group!r}; expected train.Group(pattern, rate, decay)")
    if not any(map(group.matches, paths)):
        raise ValueError(
            f"fit: no parameter matches the group {group.pattern!r}; there are: {', '.join(paths)}"
        )
    for name, value in (("rate", group.rate), ("decay", group.decay)):
        if value is not None and not 0 <= value < math.inf:
            raise ValueError(f"fit: group {group.pattern!r}: {name} {value}; expected 0 or more")
