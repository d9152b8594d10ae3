"""Activation functions, one row each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainrule import ops
from chainrule.lookup import find


@dataclass(frozen=True)
class Activation:
    """An activation function and what a layer has to know of it.

    name         what it is called in files and pictures
    function     `(batch, units)` to `(batch, units)`
    saturates    whether its slope tends to 0 on both sides (AC-13)
    initializer  the initial weights that suit it
    """

    name: str
    function: Callable[[Any], Any]
    saturates: bool
    initializer: str

    def __call__(self, x: Any) -> Any:
        """The function's value at `x`."""
        return self.function(x)


def identity(x: Any) -> Any:
    """`x` itself."""
    return x


def hard_tanh(x: Any) -> Any:
    """`x`, cut off at -1 and 1."""
    return ops.clip(x, -1, 1)


def leaky_relu(x: Any) -> Any:
    """`x` where it is positive, else 0.01 x (AC-10)."""
    return ops.where(x > 0, x, 0.01 * x)


def elu(x: Any) -> Any:
    """`x` where it is positive, else exp(x) - 1 (AC-11)."""
    return ops.where(x > 0, x, _expm1_below_0(x))


def selu(x: Any) -> Any:
    """An ELU scaled so that it keeps mean 0 and variance 1. G. Klambauer et al., 2017."""
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    return scale * ops.where(x > 0, x, alpha * _expm1_below_0(x))


def _expm1_below_0(x: Any) -> Any:
    # `where`, not `minimum`: there each of two equal numbers has derivative ½, also at x = 0.
    return ops.expm1(ops.where(x > 0, 0, x))


def gelu(x: Any) -> Any:
    """`x` times the normal distribution function at `x`. D. Hendrycks, K. Gimpel, 2016."""
    return 0.5 * x * (1 + ops.erf(x * math.sqrt(0.5)))


def swish(x: Any) -> Any:
    """x σ(x). P. Ramachandran et al., 2017."""
    return x * ops.sigmoid(x)


def mish(x: Any) -> Any:
    """x tanh(softplus(x)). D. Misra, 2019."""
    return x * ops.tanh(ops.softplus(x))


#: Every activation, by name.
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
        Activation("selu", selu, saturates=False, initializer="glorot"),
        Activation("sigmoid", ops.sigmoid, saturates=True, initializer="glorot"),
        Activation("signum", ops.sign, saturates=True, initializer="glorot"),
        Activation("softmax", ops.softmax, saturates=True, initializer="glorot"),
        Activation("softplus", ops.softplus, saturates=False, initializer="he"),
        Activation("step", ops.step, saturates=True, initializer="glorot"),
        Activation("swish", swish, saturates=False, initializer="he"),
        Activation("tanh", ops.tanh, saturates=True, initializer="glorot"),
    )
}


def activation(chosen: str | Activation | Callable[[Any], Any]) -> Activation:
    """The activation of this name; a function of one's own is taken as one that does not saturate.

    ValueError, naming the nearest, for an unknown name; TypeError for neither name nor function.
    """
    if isinstance(chosen, Activation):
        return chosen
    if isinstance(chosen, str):
        return find(ACTIVATIONS, "activation", chosen)
    if not callable(chosen):
        raise TypeError(f"activation: {chosen!r} is neither a name nor a function of one array")
    name = getattr(chosen, "__name__", None) or getattr(chosen, "name", "activation")
    return Activation(name, chosen, saturates=False, initializer="glorot")
