"""Initial weights: each initialiser takes `(rng, fan_in, fan_out)`, gives `(fan_in, fan_out)`."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from chainrule.lookup import check_settings, find, parse
from chainrule.types import dtype_name


Initializer: TypeAlias = Callable[[np.random.Generator, int, int], Any]

#: What parameters may be made of.
FLOATS = ("float32", "float64")


def zeros(rng: np.random.Generator, fan_in: int, fan_out: int) -> Any:
    """All 0: right for a single layer, never for a hidden one, whose units would stay equal."""
    return np.zeros((fan_in, fan_out))


def constant(rng: np.random.Generator, fan_in: int, fan_out: int, value: float = 0.0) -> Any:
    """All equal to `value`."""
    return np.full((fan_in, fan_out), _number("constant", "value", value, -math.inf))


def normal(rng: np.random.Generator, fan_in: int, fan_out: int, std: float = 1.0) -> Any:
    """The normal distribution with mean 0 and standard deviation `std`."""
    return rng.normal(0, _number("normal", "std", std), (fan_in, fan_out))


def uniform(rng: np.random.Generator, fan_in: int, fan_out: int, limit: float = 1.0) -> Any:
    """Uniform on ±`limit`."""
    limit = _number("uniform", "limit", limit)
    return rng.uniform(-limit, limit, (fan_in, fan_out))


def glorot(
    rng: np.random.Generator, fan_in: int, fan_out: int, distribution: str = "uniform"
) -> Any:
    """Mean 0, variance 2 / (fan_in + fan_out); also named Xavier. X. Glorot, Y. Bengio, 2010."""
    return _drawn("glorot", distribution, rng, (fan_in + fan_out) / 2, (fan_in, fan_out))


def he(rng: np.random.Generator, fan_in: int, fan_out: int, distribution: str = "normal") -> Any:
    """Mean 0, variance 2 / fan_in. K. He et al., 2015."""
    return _drawn("he", distribution, rng, fan_in / 2, (fan_in, fan_out))


def lecun(rng: np.random.Generator, fan_in: int, fan_out: int, distribution: str = "normal") -> Any:
    """Mean 0, variance 1 / fan_in. Y. LeCun et al., "Efficient backprop", 1998."""
    return _drawn("lecun", distribution, rng, fan_in, (fan_in, fan_out))


def orthogonal(rng: np.random.Generator, fan_in: int, fan_out: int, gain: float = 1.0) -> Any:
    """`gain` times orthonormal columns or, where fan_in < fan_out, rows. A. Saxe et al., 2014."""
    gain = _number("orthogonal", "gain", gain)
    tall = rng.normal(size=(max(fan_in, fan_out), min(fan_in, fan_out)))
    q, r = np.linalg.qr(tall)
    # Only with these signs are all such matrices equally likely: F. Mezzadri, 2007.
    q = gain * q * np.copysign(1, np.diag(r))
    return q if fan_in >= fan_out else q.T


#: Every initialiser, by name.
INITIALIZERS: dict[str, Callable[..., Any]] = {
    "constant": constant,
    "glorot": glorot,
    "he": he,
    "lecun": lecun,
    "normal": normal,
    "orthogonal": orthogonal,
    "uniform": uniform,
    "zeros": zeros,
}


def initializer(chosen: str | Initializer) -> Initializer:
    """The initialiser of this name, with settings where it has them: `"normal(std=0.1)"`.

    A function `(rng, fan_in, fan_out)` is taken as it is. ValueError, naming the nearest, for an
    unknown name or setting; TypeError for neither name nor function.
    """
    if isinstance(chosen, str):
        name, settings = parse("initializer", chosen)
        function = find(INITIALIZERS, "initializer", name)
        check_settings("initializer", name, function, settings)
        return functools.partial(function, **settings)
    if not callable(chosen):
        raise TypeError(
            f"initializer: {chosen!r} is neither a name nor a function (rng, fan_in, fan_out)"
        )
    return chosen


def filled(kind: str, size: int, value: float, dtype: str) -> Any:
    """`(size,)` equal numbers for a layer of this kind.

    ValueError for a size that is no whole number from 1, a value that is not finite, or a dtype
    outside `FLOATS`.
    """
    check_size(kind, size)
    if dtype_name(dtype) not in FLOATS:
        raise ValueError(f"{kind}: dtype {dtype!r}; expected {' or '.join(FLOATS)}")
    return np.full(size, _number(kind, "a parameter", value, -math.inf), dtype)


def check_size(kind: str, size: Any) -> None:
    """ValueError for a size that is no whole number from 1."""
    if not isinstance(size, (int, np.integer)) or size < 1:
        raise ValueError(f"{kind}: a size is {size!r}; expected a whole number from 1")


def _drawn(
    name: str, distribution: str, rng: np.random.Generator, precision: float, shape: tuple[int, int]
) -> Any:
    """Random numbers with mean 0 and variance 1 / precision."""
    if distribution == "normal":
        return rng.normal(0, math.sqrt(1 / precision), shape)
    if distribution == "uniform":
        limit = math.sqrt(3 / precision)
        return rng.uniform(-limit, limit, shape)
    raise ValueError(f"{name}: distribution is {distribution!r}; expected 'normal' or 'uniform'")


def _number(name: str, setting: str, value: Any, smallest: float = 0.0) -> float:
    is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value < smallest:
        least = "" if smallest == -math.inf else f" from {smallest:g} on"
        raise ValueError(f"{name}: {setting} is {value!r}; expected a finite number{least}")
    return float(value)
