"""Activation functions, one row each, and PReLU, which learns its slopes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from chainrule import ops
from chainrule.lookup import check_settings, find, parse
from chainrule.nn.initializers import filled
from chainrule.tree import Array
from chainrule.types import shape_text


@dataclass(frozen=True, repr=False)
class Activation:
    """An activation function and what a layer has to know of it.

    name         what it is called in files and pictures
    function     `(batch, units)` to `(batch, units)`
    saturates    whether its slope tends to 0 on both sides (AC-13)
    initializer  the initial weights that suit it
    settings     parameters of the function that differ from its defaults: `(("slope", 0.2),)`
    Printed, it is the text that chooses it: `leaky_relu(slope=0.2)`.
    """

    name: str
    function: Callable[..., Any]
    saturates: bool
    initializer: str
    settings: tuple[tuple[str, float], ...] = ()

    def __call__(self, x: Any) -> Any:
        """The function's value at `x`."""
        return self.function(x, **dict(self.settings))

    def __repr__(self) -> str:
        inside = ", ".join(f"{key}={repr(x).removesuffix('.0')}" for key, x in self.settings)
        return f"{self.name}({inside})" if inside else self.name


@dataclass(frozen=True, repr=False)
class PReLU:
    """A leaky ReLU that learns its slope, one for each unit. K. He et al., 2015.

    slope  `(units,)`, where x is not positive
    """

    slope: Array
    name: ClassVar[str] = "prelu"
    saturates: ClassVar[bool] = False
    initializer: ClassVar[str] = "he"

    @classmethod
    def init(cls, units: int, dtype: str = "float32", slope: float = 0.25) -> PReLU:
        """One slope for each unit, all equal at first.

        ValueError for a number of units that is no whole number from 1, a slope that is not finite,
        or a dtype other than float32 and float64.
        """
        return cls(filled("PReLU", units, slope, dtype))

    def __call__(self, x: Any) -> Any:
        """`x` where it is positive, else slope x."""
        return leaky_relu(x, self.slope)

    def check(self) -> None:
        """ValueError where the field does not make a layer."""
        if len(self.slope.shape) != 1:
            raise ValueError(f"PReLU: slope {shape_text(self.slope.shape)}; expected [units]")

    def __repr__(self) -> str:
        return self.name


#: What chooses an activation.
Chosen: TypeAlias = str | Activation | PReLU | Callable[[Any], Any]


def identity(x: Any) -> Any:
    """`x` itself."""
    return x


def step(x: Any, at_zero: float = 0.0) -> Any:
    """1 where `x` is positive, `at_zero` where it is 0, else 0 (AC-02)."""
    return ops.step(x, at_zero=at_zero)


def signum(x: Any, at_zero: float = 0.0) -> Any:
    """-1, `at_zero` or 1 where `x` is negative, 0 or positive (AC-03)."""
    return ops.sign(x, at_zero=at_zero)


def hard_tanh(x: Any) -> Any:
    """`x`, cut off at -1 and 1."""
    return ops.clip(x, -1, 1)


def leaky_relu(x: Any, slope: Any = 0.01) -> Any:
    """`x` where it is positive, else slope x (AC-10)."""
    return ops.where(x > 0, x, slope * x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """`x` where it is positive, else alpha (exp(x) - 1) (AC-11)."""
    # `where`, not `minimum`: there each of two equal numbers has derivative ½, also at x = 0.
    return ops.where(x > 0, x, alpha * ops.expm1(ops.where(x > 0, 0, x)))


def selu(x: Any) -> Any:
    """An ELU scaled so that it keeps mean 0 and variance 1. G. Klambauer et al., 2017."""
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def gelu(x: Any) -> Any:
    """`x` times the normal distribution function at `x`. D. Hendrycks, K. Gimpel, 2016."""
    return 0.5 * x * (1 + ops.erf(x * math.sqrt(0.5)))


def swish(x: Any, beta: float = 1.0) -> Any:
    """x σ(beta x). P. Ramachandran et al., 2017."""
    return x * ops.sigmoid(beta * x)


def mish(x: Any) -> Any:
    """x tanh(softplus(x)). D. Misra, 2019."""
    return x * ops.tanh(ops.softplus(x))


def softmax(x: Any) -> Any:
    """exp(x), divided by its sum over the units (AC-12)."""
    return ops.softmax(x)


#: Every activation that learns nothing, by name.
ACTIVATIONS: dict[str, Activation] = {
    row.name: row
    for row in (
        Activation("elu", elu, saturates=False, initializer="he"),
        Activation("gelu", gelu, saturates=False, initializer="he"),
        Activation("hard_tanh", hard_tanh, saturates=True, initializer="glorot"),
        Activation("identity", identity, saturates=False, initializer="glorot"),
        Activation("leaky_relu", leaky_relu, saturates=False, initializer="he"),
        Activation("mish", mish, saturates=False, initializer="he"),
        Activation("relu", ops.relu, saturates=False, initializer="he"),
        Activation("selu", selu, saturates=False, initializer="lecun"),
        Activation("sigmoid", ops.sigmoid, saturates=True, initializer="glorot"),
        Activation("signum", signum, saturates=True, initializer="glorot"),
        Activation("softmax", softmax, saturates=True, initializer="glorot"),
        Activation("softplus", ops.softplus, saturates=False, initializer="he"),
        Activation("step", step, saturates=True, initializer="glorot"),
        Activation("swish", swish, saturates=False, initializer="he"),
        Activation("tanh", ops.tanh, saturates=True, initializer="glorot"),
    )
}


def activation(
    chosen: Chosen, units: int | None = None, dtype: str = "float32"
) -> Activation | PReLU:
    """The activation of this name, with settings where it has them: `"elu(alpha=0.5)"`.

    chosen        hyphens count as underscores; a function of one's own is taken as not saturating
    units, dtype  of the layer, which "prelu" is made for
    ValueError, naming the nearest, for an unknown name or setting; TypeError for neither name nor
    function.
    """
    if isinstance(chosen, (Activation, PReLU)):
        return chosen
    if isinstance(chosen, str):
        return _from_text(chosen, units, dtype)
    if not callable(chosen):
        raise TypeError(f"activation: {chosen!r} is neither a name nor a function of one array")
    name = getattr(chosen, "__name__", None) or getattr(chosen, "name", "activation")
    return Activation(name, chosen, saturates=False, initializer="glorot")


def _from_text(text: str, units: int | None, dtype: str) -> Activation | PReLU:
    name, opening, rest = text.partition("(")
    name, settings = parse("activation", name.replace("-", "_") + opening + rest)
    row = find({**ACTIVATIONS, PReLU.name: PReLU}, "activation", name)
    if isinstance(row, Activation):
        check_settings("activation", name, row.function, settings)
        numbers = ((key, _number(name, key, settings[key])) for key in sorted(settings))
        return dataclasses.replace(row, settings=tuple(numbers))
    check_settings("activation", name, row.__call__, settings)
    if units is None:
        raise ValueError(
            f"activation {name}: it learns one slope a unit; name it where a layer is made, "
            "as in Dense.init and mlp, or make it with PReLU.init(units)"
        )
    return row.init(units, dtype)


def _number(name: str, setting: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"activation {name}: {setting} is {value!r}; expected a finite number")
    return float(value)
