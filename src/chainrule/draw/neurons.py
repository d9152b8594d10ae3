"""What a diagram of a network shows: its layers, and the units of each column with their texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import ops, tree
from chainrule.draw.svg import number_text, text_width
from chainrule.types import shape_text


_MOST = 12  # units of a layer that are all shown
_FIRST = 5  # of a larger one, before the dots
HEIGHT, _SMALL = 42.0, 26.0  # of a unit with text and without, in pixels
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPT = str.maketrans("0123456789()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾")


@dataclass(frozen=True, eq=False)
class Layer:
    """A weight `(fan_in, fan_out)`, a bias `(fan_out,)` or None, the activation or None."""

    weight: Any
    bias: Any
    activation: Any


@dataclass(frozen=True, eq=False)
class Unit:
    """One unit of a diagram: "unit", "input" or "bias", or the dots in place of many ("gap").

    index       of the unit in its layer
    activation  its symbol; empty for the identity
    sum, value  what comes before and after the activation
    """

    kind: str
    index: int = 0
    name: str = ""
    activation: str = ""
    bias: str = ""
    sum: str = ""
    value: str = ""
    is_detailed: bool = True
    is_output: bool = False

    @property
    def is_gap(self) -> bool:
        """Whether it stands for units that are not shown."""
        return self.kind == "gap"

    @property
    def is_bias(self) -> bool:
        """Whether it is always 1."""
        return self.kind == "bias"

    @property
    def height(self) -> float:
        """In pixels."""
        return HEIGHT if self.is_detailed else _SMALL

    @property
    def width(self) -> float:
        """In pixels; its ends are half circles."""
        if not self.is_detailed:
            return _SMALL
        if self.kind != "unit":
            return max(HEIGHT, text_width(self.name, 14) + 20)
        texts = [text_width(words, 11.5) for words in (self.sum, self.value)]
        half = max(text_width(self.activation, 14), *texts) + 14
        return max(2 * half if self.activation else half, HEIGHT + (18 if self.activation else 0))


@dataclass(frozen=True, eq=False)
class Column:
    """The units of one layer that are shown, from top to bottom."""

    units: tuple[Unit, ...]
    title: str
    is_detailed: bool

    @property
    def width(self) -> float:
        """In pixels."""
        return max(unit.width for unit in self.units)


# ---- layers --------------------------------------------------------------------------------------


def layers_of(net: Any, activations: Sequence[Any] | None = None) -> list[Layer]:
    """The layers of a network or of a list of pairs (weight, bias).

    ValueError where there are none, or where their shapes do not fit each other.
    """
    leaves, structure = tree.flatten(net)
    layers = _pairs(net) or _from_tree(structure, leaves)
    if not layers:
        raise ValueError(
            f"draw.network: {type(net).__name__} holds no leaf called weight; "
            "expected layers with weight and bias, or a list of pairs (weight, bias)"
        )
    if activations is not None and len(activations) != len(layers):
        raise ValueError(
            f"draw.network: {len(activations)} activations for {len(layers)} layers; give one each"
        )
    if activations is not None:
        layers = [Layer(x.weight, x.bias, f) for x, f in zip(layers, activations, strict=True)]
    fan_in = np.shape(layers[0].weight)[0] if np.ndim(layers[0].weight) else 0
    for number, layer in enumerate(layers):
        weight, bias = np.shape(layer.weight), np.shape(layer.bias)
        if len(weight) != 2 or weight[0] != fan_in or not all(weight):
            raise ValueError(
                f"draw.network: weight {number} has shape {shape_text(weight)}, "
                f"expected [{fan_in},fan_out]"
            )
        fan_in = weight[1]
        if layer.bias is not None and bias != (fan_in,):
            raise ValueError(
                f"draw.network: bias {number} has shape {shape_text(bias)}, expected [{fan_in}]"
            )
    return layers


def _pairs(net: Any) -> list[Layer]:
    """The layers of a list of pairs; empty if `net` is something else."""
    if not isinstance(net, (list, tuple)):
        return []
    if not all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in net):
        return []
    kinds = [type(part) for pair in net for part in pair]
    if any(kind is dict or tree.is_container_class(kind) for kind in kinds):
        return []
    return [Layer(np.asarray(w, float), np.asarray(b, float), None) for w, b in net]


def _from_tree(structure: tree.Structure, leaves: Sequence[Any]) -> list[Layer]:
    """A layer for every container that has a leaf called weight."""
    parts: dict[Any, Any] = {}
    found: list[Layer] = []
    start = 0
    for key, child in zip(structure.keys, structure.children, strict=True):
        inside = leaves[start : start + child.size]
        start += child.size
        value = tree.unflatten(child, inside)
        if layers := _from_tree(child, inside):
            found += layers
        elif found and isinstance(key, int) and callable(value):
            found[-1] = _followed(found[-1], value)
        else:
            parts[key] = np.asarray(value) if child.container is None else value
    if "weight" in parts:
        activation = parts.get("activation", dict(structure.static).get("activation"))
        found.insert(0, Layer(parts["weight"], parts.get("bias"), activation))
    return found


@dataclass(frozen=True, eq=False)
class _Chain:
    """Functions that follow a layer one after the other, shown as one activation."""

    functions: tuple[Any, ...]

    def __call__(self, x: Any) -> Any:
        for function in self.functions:
            x = _function(function)(x)
        return x

    @property
    def name(self) -> str:
        return " ".join(filter(None, map(_symbol, self.functions))) or "identity"


def _followed(layer: Layer, function: Any) -> Layer:
    return Layer(layer.weight, layer.bias, _Chain((layer.activation, function)))


def _called(activation: Any) -> str:
    """The name of an activation: itself, its `name`, or its `__name__`."""
    if activation is None or isinstance(activation, str):
        return activation or "identity"
    return getattr(activation, "name", None) or getattr(activation, "__name__", "f")


def _symbol(activation: Any) -> str:
    """What is written in a neuron: `σ`, `relu`; nothing for the identity."""
    name = _called(activation)
    if name in ("identity", "linear"):
        return ""
    return ops.PRIMITIVES[name].notation.symbol if name in ops.PRIMITIVES else name


def _function(activation: Any) -> Callable[[Any], Any]:
    name = _called(activation)
    if callable(activation):
        return activation
    if name in ("identity", "linear"):
        return np.asarray
    function = getattr(ops, name, None)
    if function is None:
        raise ValueError(f"draw.network: there is no activation {name!r}; give the function itself")
    return function


# ---- columns -------------------------------------------------------------------------------------


def columns_of(
    layers: Sequence[Layer],
    values: Any,
    inputs: Sequence[str] | None,
    outputs: Sequence[str] | None,
    bias_units: bool,
    digits: int,
) -> list[Column]:
    """The units of the inputs and of every layer; arguments as for `chainrule.draw.network`."""
    sizes = [layers[0].weight.shape[0], *[layer.weight.shape[1] for layer in layers]]
    is_detailed = max(sizes) <= _MOST
    sums, results = _computed(layers, values)
    columns: list[Column] = []
    for place, size in enumerate(sizes):
        names = _names(place, sizes, inputs, outputs)
        units = [
            Unit("gap", is_detailed=False)
            if index is None
            else Unit(
                "unit" if place else "input",
                index,
                names[index],
                _symbol(layers[place - 1].activation) if place else "",
                _bias(layers[place - 1], index, digits) if place and not bias_units else "",
                number_text(sums[place][index], digits) if place and sums else "",
                number_text(results[place][index], digits) if results else "",
                is_detailed,
                place == len(layers),
            )
            for index in _shown(size)
        ]
        if bias_units and place < len(layers) and layers[place].bias is not None:
            units.append(Unit("bias", name="1", is_detailed=is_detailed))
        title = _title(place, sizes)
        symbol = _symbol(layers[place - 1].activation) if place and not is_detailed else ""
        title = f"{title}, {symbol}" if symbol else title
        columns.append(Column(tuple(units), title, is_detailed))
    return columns


def _computed(layers: Sequence[Layer], values: Any) -> tuple[list[Any], list[Any]]:
    """What every layer sums up and what it returns, the inputs first; empty without values."""
    if values is None:
        return [], []
    x = np.asarray(values, float)
    if x.shape != layers[0].weight.shape[:1]:
        raise ValueError(
            f"draw.network: values of shape {shape_text(x.shape)}, "
            f"expected one sample [{layers[0].weight.shape[0]}]"
        )
    sums, results = [x], [x]
    for layer in layers:
        total = results[-1] @ layer.weight + (0.0 if layer.bias is None else layer.bias)
        sums.append(total)
        results.append(np.asarray(_function(layer.activation)(total)))
    return sums, results


def _bias(layer: Layer, index: int, digits: int) -> str:
    return "" if layer.bias is None else f"b = {number_text(layer.bias[index], digits)}"


def _names(
    place: int,
    sizes: Sequence[int],
    inputs: Sequence[str] | None,
    outputs: Sequence[str] | None,
) -> Sequence[str]:
    last = len(sizes) - 1
    given = inputs if place == 0 else outputs if place == last else None
    if given is not None:
        if len(given) != sizes[place]:
            raise ValueError(f"draw.network: {len(given)} names for {sizes[place]} units")
        return given
    letter = "x" if place == 0 else "y" if place == last else "h"
    level = f"({place})".translate(_SUPERSCRIPT) if 0 < place < last and len(sizes) > 3 else ""
    return [f"{letter}{str(i + 1).translate(_SUBSCRIPT)}{level}" for i in range(sizes[place])]


def _shown(size: int) -> list[int | None]:
    return list(range(size)) if size <= _MOST else [*range(_FIRST), None, size - 1]


def _title(place: int, sizes: Sequence[int]) -> str:
    kind = "input" if place == 0 else "output" if place == len(sizes) - 1 else "hidden unit"
    return f"{sizes[place]} {kind}{'' if sizes[place] == 1 else 's'}"
