"""How near a network is to a function, measured on a grid; functions are checked to be finite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from chainrule.nn import Sequential
from chainrule.universal.arithmetic import Formula, formula


#: A function of one array for each coordinate, or the text of one: `"sin(2*pi*x)"`.
Function: TypeAlias = Callable[..., Any] | str

#: The ends of an interval for each coordinate.
Bounds: TypeAlias = tuple[tuple[float, float], ...]

COORDINATES = ("x", "y")
_LARGEST = 1e100  # of a value: its square has to be finite
_POLE = 1e6  # a value that grows by as much between the points of a dense grid
_FIRST = {1: 4001, 2: 201}  # points of an axis that are looked at first, by dimension
_ZOOMS, _ZOOMED = 16, 21  # each looks 10 times closer
_AT_ONCE = 2**22  # outputs of units that are held in memory


@dataclass(frozen=True)
class Approximation:
    """A network that was built to be near a function.

    network             takes `(batch, coordinates)` and gives `(batch, 1)`
    units               hidden units
    error               the largest distance from the function, on the grid
    where               the point where it is, one number for each coordinate
    mean_squared_error  over the grid
    points              how many points the grid has
    """

    network: Sequential
    units: int
    error: float
    where: tuple[float, ...]
    mean_squared_error: float
    points: int

    def __str__(self) -> str:
        return (
            f"{self.units} units: largest error {self.error:.4g} at {place_text(self.where)}, "
            f"mean squared error {self.mean_squared_error:.4g}, on {self.points:,} points"
        )


def place_text(point: Sequence[float]) -> str:
    """`x = 0.25, y = 1`; of more than two coordinates `x1 = ...`."""
    names = COORDINATES if len(point) <= 2 else [f"x{place + 1}" for place in range(len(point))]
    return ", ".join(f"{name} = {value:.6g}" for name, value in zip(names, point, strict=False))


def checked_bounds(bounds: Any) -> Bounds:
    """`(a, b)` or `((a, b), (c, d))` as pairs. ValueError unless a < b, finite and apart."""
    found = np.asarray(bounds, np.float64)
    pairs = found[None] if found.ndim == 1 else found
    if pairs.shape not in ((1, 2), (2, 2)):
        raise ValueError(f"bounds {bounds}: expected an interval (a, b) or a box ((a, b), (c, d))")
    for low, high in pairs:
        # Cells have to stay apart when they are rounded.
        if not (np.isfinite(high - low) and high - low > 1e-9 * max(abs(low), abs(high))):
            raise ValueError(
                f"bounds {low:.10g}, {high:.10g}: expected two finite numbers, "
                "the first smaller, and not nearly the same"
            )
    return tuple((float(low), float(high)) for low, high in pairs)


def grid(bounds: Bounds, points: int) -> Any:
    """Evenly spaced points, ends included: `(points ** coordinates, coordinates)`."""
    axes = [np.linspace(low, high, points) for low, high in bounds]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(bounds))


def as_function(function: Function, bounds: Bounds) -> Callable[..., Any]:
    """The function of a text with as many coordinates as `bounds`; a function as it is."""
    if isinstance(function, str):
        return formula(function, COORDINATES[: len(bounds)])
    return function


def values(function: Callable[..., Any], x: Any) -> Any:
    """The function at points `x` `(n, coordinates)`: `(n,)`. ValueError for another shape."""
    with np.errstate(all="ignore"):
        found = np.asarray(function(*x.T), np.float64)
    if found.shape not in ((), (len(x),)):
        raise ValueError(
            f"{name_of(function)}: arrays of {len(x)} points gave shape {found.shape}; "
            "expected a function that takes one array a coordinate and keeps its shape"
        )
    return np.broadcast_to(found, len(x))


def name_of(function: Callable[..., Any]) -> str:
    """What a message calls a function."""
    if isinstance(function, Formula):
        return function.text
    return str(getattr(function, "__name__", "the function"))


def check_finite(function: Callable[..., Any], bounds: Bounds) -> None:
    """ValueError, naming a place, where a function is not finite.

    Poles between the points of the grid are found by looking ever closer at where it is largest.
    """
    ends = np.array(bounds)
    first = _FIRST[len(bounds)]
    x, spacing = grid(bounds, first), (ends[:, 1] - ends[:, 0]) / (first - 1)
    point, largest = _largest(function, x, bounds)
    peak = largest
    for _ in range(_ZOOMS):
        low, high = np.maximum(point - spacing, ends[:, 0]), np.minimum(point + spacing, ends[:, 1])
        x, spacing = grid(tuple(zip(low, high, strict=True)), _ZOOMED), spacing / 10
        point, peak = _largest(function, x, bounds)
    if peak > _LARGEST or peak > _POLE * largest:
        raise ValueError(_not_finite(function, f"grows to {peak:.3g}", point, bounds))


def _largest(function: Callable[..., Any], x: Any, bounds: Bounds) -> tuple[Any, float]:
    """The point of the largest absolute value, and that value. ValueError if it is not finite."""
    sizes = np.abs(values(function, x))
    at = int(np.argmax(sizes))  # of NaN too, if there is one
    if not np.isfinite(sizes[at]):
        told = "has no value" if np.isnan(sizes[at]) else "is infinite"
        raise ValueError(_not_finite(function, told, x[at], bounds))
    return x[at], float(sizes[at])


def _not_finite(function: Callable[..., Any], what: str, point: Any, bounds: Bounds) -> str:
    box = " x ".join(f"[{low:g}, {high:g}]" for low, high in bounds)
    return (
        f"{name_of(function)} {what} at {place_text(point)}: not finite on {box}; "
        "choose an interval where it is"
    )


def hidden_units(network: Sequential) -> int:
    """The number of units of all layers but the last."""
    return sum(layer.weight.shape[1] for layer in network.layers[:-1])


def measure(
    network: Sequential, function: Callable[..., Any], bounds: Bounds, points: int
) -> Approximation:
    """A network of one output and its distance from a function, on `points` an axis of a grid."""
    x = grid(bounds, points)
    units = hidden_units(network)
    share = max(1, _AT_ONCE // max(units, 1))
    parts = [network(x[start : start + share])[:, 0] for start in range(0, len(x), share)]
    distance = np.abs(np.concatenate(parts) - values(function, x))
    worst = int(np.argmax(distance))
    where = tuple(float(number) for number in x[worst])
    error, squared = float(distance[worst]), float(np.mean(distance**2))
    return Approximation(network, units, error, where, squared, len(x))
