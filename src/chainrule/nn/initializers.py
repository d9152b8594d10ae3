"""Initial weights: each initialiser takes `(rng, fan_in, fan_out)`, gives `(fan_in, fan_out)`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np


Initializer: TypeAlias = Callable[[np.random.Generator, int, int], Any]


def zeros(rng: np.random.Generator, fan_in: int, fan_out: int) -> Any:
    """All 0: right for a single layer, never for a hidden one, whose units would stay equal."""
    return np.zeros((fan_in, fan_out))


def normal(rng: np.random.Generator, fan_in: int, fan_out: int) -> Any:
    """The standard normal distribution."""
    return rng.normal(size=(fan_in, fan_out))


def glorot(rng: np.random.Generator, fan_in: int, fan_out: int) -> Any:
    """Uniform on ±√(6 / (fan_in + fan_out)). X. Glorot, Y. Bengio, 2010."""
    limit = math.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


def he(rng: np.random.Generator, fan_in: int, fan_out: int) -> Any:
    """Normal with variance 2 / fan_in. K. He et al., 2015."""
    return rng.normal(0, math.sqrt(2 / fan_in), (fan_in, fan_out))


#: Every initialiser, by name.
INITIALIZERS: dict[str, Initializer] = {
    "zeros": zeros,
    "normal": normal,
    "glorot": glorot,
    "he": he,
}
