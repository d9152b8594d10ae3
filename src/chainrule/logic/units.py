"""Single threshold units: in weight form, in threshold form, and McCulloch-Pitts neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.nn import ACTIVATIONS, Dense
from chainrule.tree import Array
from chainrule.types import shape_text


#: The largest weight that is needed for all functions of so many inputs, with whole numbers;
#: S. Muroga, "Threshold Logic and Its Applications", 1971.
_LARGEST_WEIGHT = {1: 1, 2: 1, 3: 2, 4: 3, 5: 5}


@dataclass(frozen=True, repr=False, eq=False)
class ThresholdUnit:
    """A unit that is 1 where `x @ weight + bias > 0`, else 0; at 0 it is 0 (TL-07, TL-15).

    weight  `(fan_in,)`
    bias    `()`
    Numbers and lists become float64 arrays.
    """

    weight: Array
    bias: Array

    def __post_init__(self) -> None:
        for name in ("weight", "bias"):
            value = getattr(self, name)
            if isinstance(value, (int, float, list, tuple)):
                object.__setattr__(self, name, np.asarray(value, np.float64))

    @classmethod
    def from_threshold(cls, weight: Any, threshold: float) -> ThresholdUnit:
        """The unit that is 1 where `x @ weight > threshold`: its bias is minus that (TL-13)."""
        return cls(np.asarray(weight, np.float64), 0.0 - threshold)

    @property
    def threshold(self) -> float:
        """What the weighted sum has to exceed."""
        return 0.0 - float(self.bias)

    @property
    def fan_in(self) -> int:
        """The number of inputs."""
        return self.weight.shape[0]

    def weighted_sum(self, x: Any) -> Any:
        """`x @ weight + bias` `(...)` for `x` `(..., fan_in)`, which may be boolean.

        ValueError, naming both shapes, where `x` has another number of columns.
        """
        self.check()
        x = ops.cast(x, self.weight.dtype)
        if x.shape[-1:] != self.weight.shape:
            raise ValueError(
                f"ThresholdUnit: x has shape {shape_text(x.shape)}, but the unit takes "
                f"{self.fan_in} inputs: [...,{self.fan_in}]"
            )
        return ops.matmul(x, self.weight) + self.bias

    def __call__(self, x: Any) -> Any:
        """0 or 1 `(...)` for `x` `(..., fan_in)`, which may be boolean.

        ValueError, naming both shapes, where `x` has another number of columns.
        """
        return ops.step(self.weighted_sum(x))

    def line(self) -> tuple[float, float]:
        """Slope and intercept of the line in the plane of two inputs where the sum is 0 (TL-17).

        The second input is upwards; the unit is 1 above the line where its second weight is
        positive, below it where that is negative. ValueError unless there are two inputs and the
        second has a weight.
        """
        self.check()
        if self.fan_in != 2:
            raise ValueError(f"line: the unit has {self.fan_in} inputs; only two make a plane")
        first, second = map(float, self.weight)
        if second == 0:
            raise ValueError(f"line: the unit {self} ignores its second input: no slope")
        return (0.0 - first) / second, (0.0 - float(self.bias)) / second

    def inequality(self, names: Sequence[str] | None = None) -> str:
        """`2 x1 - x2 - 0.5 > 0`; `names` of the inputs are by default x1, x2, ...

        ValueError for another number of names than inputs.
        """
        names = names or [f"x{number}" for number in range(1, self.fan_in + 1)]
        if len(names) != self.fan_in:
            raise ValueError(f"inequality: {len(names)} names for {self.fan_in} inputs")
        return f"{linear_text([*self.weight, self.bias], [*names, ''])} > 0"

    def check(self) -> None:
        """ValueError where the fields do not make a unit."""
        if len(self.weight.shape) != 1 or self.bias.shape != ():
            raise ValueError(
                f"ThresholdUnit: weight {shape_text(self.weight.shape)} and bias "
                f"{shape_text(self.bias.shape)}; expected [fan_in] and []"
            )

    def __repr__(self) -> str:
        return f"ThresholdUnit({self.inequality()})"


def step_layer(*units: ThresholdUnit) -> Dense:
    """Units that read the same inputs as one layer `[fan_in,units]` with activation "step".

    ValueError for no units, or units with different numbers of inputs.
    """
    sizes = sorted({unit.fan_in for unit in units})
    if len(sizes) != 1:
        raise ValueError(f"step_layer: units of {sizes} inputs; expected one number for all")
    weight = np.stack([unit.weight for unit in units], axis=1)
    return Dense(weight, np.array([float(unit.bias) for unit in units]), ACTIVATIONS["step"])


def linear_text(coefficients: Sequence[Any], names: Sequence[str]) -> str:
    """A sum as text: `2 a - b + 0.5` for 2, -1, 0.5 and a, b, ''; what is 0 is left out."""
    terms = []
    for coefficient, name in zip(coefficients, names, strict=True):
        size = f"{float(abs(coefficient)):.6g}"
        if float(coefficient) == 0:
            continue
        sign = "-" if coefficient < 0 else "+"
        terms.append(f"{sign} {name if name and size == '1' else f'{size} {name}'.strip()}")
    text = " ".join(terms) or "0"
    return text[2:] if text[0] == "+" else text.replace("- ", "-", 1)


@dataclass(frozen=True)
class McCullochPitts:
    """A neuron of W. S. McCulloch and W. Pitts, 1943: counted connections, no weights (TL-14).

    excitatory  the places of the inputs, from 0, of its excitatory connections; an input that is
                connected twice stands twice
    inhibitory  the places of the inputs that prevent it from firing
    threshold   how many excitatory connections have to be active at least
    ValueError for a negative place or threshold, or an input that both excites and inhibits.
    """

    excitatory: tuple[int, ...]
    inhibitory: tuple[int, ...] = ()
    threshold: int = 2

    def __post_init__(self) -> None:
        both = sorted(set(self.excitatory) & set(self.inhibitory))
        if both:
            raise ValueError(f"McCullochPitts: input {both[0]} both excites and inhibits")
        if min((*self.excitatory, *self.inhibitory, self.threshold)) < 0:
            raise ValueError(f"McCullochPitts: {self}; expected whole numbers from 0")

    def __call__(self, x: Any) -> Any:
        """0 or 1 `(...)` for zeros and ones `(..., fan_in)`. ValueError for other numbers."""
        x = np.asarray(x)
        if not np.all((x == 0) | (x == 1)):
            raise ValueError("McCullochPitts: inputs other than 0 and 1")
        active = x.astype(np.int64)[..., list(self.excitatory)].sum(-1)
        is_stopped = x.astype(bool)[..., list(self.inhibitory)].any(-1)
        return np.where(is_stopped, 0.0, active >= self.threshold)

    def unit(self, fan_in: int) -> ThresholdUnit:
        """The threshold unit that gives the same for zeros and ones `(..., fan_in)`.

        ValueError where a connection comes from an input beyond `fan_in`.
        """
        places = (*self.excitatory, *self.inhibitory)
        if max(places, default=-1) >= fan_in:
            raise ValueError(f"McCullochPitts: {fan_in} inputs, connected is input {max(places)}")
        weight = np.bincount(np.array(self.excitatory, int), minlength=fan_in).astype(np.float64)
        # One inhibitory connection outweighs all that the excitatory ones can have in excess.
        excess = max(len(self.excitatory) - self.threshold + 1, 1)
        weight[list(self.inhibitory)] = -excess
        return ThresholdUnit(weight, 0.5 - self.threshold)


def count_threshold_functions(inputs: int) -> int:
    """How many of the 2^(2^n) Boolean functions of n `inputs` one unit computes (TL-26).

    4, 14, 104, 1882, 94572 for 1 to 5 inputs; ValueError for other numbers.
    """
    if inputs not in _LARGEST_WEIGHT:
        raise ValueError(f"count_threshold_functions: {inputs} inputs; expected 1 to 5")
    largest = _LARGEST_WEIGHT[inputs]
    axis = np.arange(-largest, largest + 1)
    weights = np.stack(np.meshgrid(*[axis] * inputs), axis=-1).reshape(-1, inputs)
    rows = np.arange(2**inputs)[:, None] >> np.arange(inputs) & 1
    sums = weights @ rows.T
    digits = 1 << np.arange(2**inputs)
    thresholds = range(-inputs * largest - 1, inputs * largest + 1)
    found = [np.unique((sums > threshold) @ digits) for threshold in thresholds]
    return len(np.unique(np.concatenate(found)))
