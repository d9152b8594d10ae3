"""Activation functions, one row each."""

from __future__ import annotations

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


#: Every activation, by name.
ACTIVATIONS: dict[str, Activation] = {
    row.name: row
    for row in (
        Activation("identity", identity, saturates=False, initializer="glorot"),
        Activation("relu", ops.relu, saturates=False, initializer="he"),
        Activation("sigmoid", ops.sigmoid, saturates=True, initializer="glorot"),
        Activation("softmax", ops.softmax, saturates=True, initializer="glorot"),
        Activation("step", ops.step, saturates=True, initializer="glorot"),
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
