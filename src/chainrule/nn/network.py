"""Networks made of layers."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from chainrule import ops, tree
from chainrule.nn.activations import ACTIVATIONS, Activation, Chosen, PReLU
from chainrule.nn.activations import activation as find_activation
from chainrule.nn.embeddings import Embedding, PeriodicEmbedding
from chainrule.nn.encoding import Encode
from chainrule.nn.ensembles import Heads, Members
from chainrule.nn.initializers import Initializer
from chainrule.nn.layers import Clamp, Dense, Scale
from chainrule.nn.ntp import Gain, NtpDense, ParametricActivation
from chainrule.nn.training import statistics
from chainrule.nn.training_layers import BatchNorm, Dropout, FadingDropout
from chainrule.tree import Subtree
from chainrule.types import BATCH, ArrayType


#: Layers that say how many features they take and make.
_SIZED = (Clamp, Embedding, Encode, Gain, Heads, Members, NtpDense, ParametricActivation)
_SIZED += (PeriodicEmbedding,)


@dataclass(frozen=True, repr=False)
class Sequential:
    """Layers applied one after the other. A layer is any function of one array.

    A plain function becomes an activation: as such it is structure, and no parameter.
    """

    layers: tuple[Subtree, ...]

    def __post_init__(self) -> None:
        layers = tuple(find_activation(x) if inspect.isroutine(x) else x for x in self.layers)
        object.__setattr__(self, "layers", layers)

    def __call__(self, x: Any) -> Any:
        """The last layer's output for `x` `(batch, fan_in)`."""
        for layer in self.layers:
            x = layer(x)
        return x

    def check(self) -> None:
        """TypeError or ValueError where a layer is no function or does not take what comes."""
        features, maker = None, None
        for layer in self.layers:
            if not callable(layer):
                raise TypeError(f"Sequential: {layer!r:.60} is no layer: it cannot be called")
            taken, made = _features(layer)
            if None not in (features, taken) and features != taken:
                raise ValueError(f"Sequential: {maker!r} before {layer!r}: {features} != {taken}")
            if not _keeps_features(layer):
                features, maker = made, layer

    def __repr__(self) -> str:
        inside = "".join(f"\n  {layer!r}" for layer in self.layers)
        return f"Sequential, {parameter_count(self)} parameters{inside}"


@dataclass(frozen=True, repr=False)
class Concatenate:
    """Layers applied to the same input, their outputs side by side.

    So numbers of a table can be embedded in one way and its codes in another.
    """

    layers: tuple[Subtree, ...]

    def __post_init__(self) -> None:
        if not self.layers:
            raise ValueError("Concatenate: no layers; give at least one")

    def __call__(self, x: Any) -> Any:
        """The outputs of all layers for `x` `(batch, fan_in)`, joined on the last axis."""
        found = [layer(x) for layer in self.layers]
        return found[0] if len(found) == 1 else ops.concatenate(found, axis=-1)

    def __repr__(self) -> str:
        inside = "".join(f"\n{layer!r}" for layer in self.layers).replace("\n", "\n  ")
        return f"Concatenate{inside}"


def mlp(
    sizes: Sequence[int],
    activation: Chosen | Sequence[Chosen] = "relu",
    *,
    output: Chosen = "identity",
    rng: int | np.random.Generator,
    initializer: str | Initializer | None = None,
    dtype: str = "float32",
    dropout: float = 0.0,
    batch_norm: bool = False,
    bias: bool | float = True,
) -> Sequential:
    """A multilayer perceptron.

    sizes        the number of inputs, of units of each hidden layer, and of outputs: [64, 100, 10]
    activation   of the hidden layers: one for all, or a list with one for each
    output       activation of the last layer; the identity gives the logits that losses expect
    rng          a seed or a generator; the same seed gives the same weights
    initializer  of the weights; by default the one that suits each layer's activation
    dropout      the share of the hidden units that is set to 0 in training
    batch_norm   whether the sums of the hidden units are normalised before the activation
    bias         what the biases start from, or False for none; see `Dense.init`
    ValueError for fewer than two sizes, a size below 1, or an unknown name.
    """
    if len(sizes) < 2:
        raise ValueError(f"mlp: sizes {list(sizes)}; expected at least inputs and outputs")
    generator, drop = np.random.default_rng(rng), Dropout(dropout)
    layers: list[Any] = []
    chosen = _for_each(activation, len(sizes) - 2)
    for fan_in, fan_out, inner in zip(sizes[:-2], sizes[1:-1], chosen, strict=True):
        made = Dense.init(
            fan_in, fan_out, inner, rng=generator, initializer=initializer, dtype=dtype, bias=bias
        )
        layers += _normalised(made) if batch_norm else [made]
        layers += [drop] if dropout else []
    fan_in, fan_out = sizes[-2:]
    last = Dense.init(
        fan_in, fan_out, output, rng=generator, initializer=initializer, dtype=dtype, bias=bias
    )
    return Sequential((*layers, last))


def input_type(network: Any) -> ArrayType | None:
    """What the first layer that says so takes, `(batch, features)`; None where none does."""

    def says(value: Any) -> bool:
        return isinstance(value, (Dense, Encode, NtpDense))

    first = next(filter(says, tree.flatten(network, says)[0]), None)
    if first is None:
        return None
    if isinstance(first, Dense):
        first.check()
        return ArrayType((BATCH, first.weight.shape[0]), str(first.weight.dtype))
    learnt = tree.leaves(network)
    dtype = str(learnt[0].dtype) if learnt else "float32"
    return ArrayType((BATCH, first.features[0]), dtype)


def parameter_count(network: Any) -> int:
    """The number of learnt numbers in a network; running statistics are none."""
    moved = statistics(network)
    leaves = zip(tree.paths(network), tree.leaves(network), strict=True)
    return sum(int(np.prod(leaf.shape)) for path, leaf in leaves if path not in moved)


def _for_each(activation: Chosen | Sequence[Chosen], count: int) -> list[Chosen]:
    """One activation for each hidden layer; an unknown one is refused though there be none."""
    if not isinstance(activation, (list, tuple)):
        find_activation(cast(Chosen, activation), units=1)
        return [cast(Chosen, activation)] * count
    if len(activation) != count:
        raise ValueError(
            f"mlp: {len(activation)} activations for {count} hidden layers; give one each"
        )
    return list(activation)


def _normalised(layer: Dense) -> list[Any]:
    """The same layer with its sums normalised; the bias goes, for a shift follows."""
    _, units = layer.weight.shape
    norm = BatchNorm.init(units, dtype=str(layer.weight.dtype))
    return [Dense(layer.weight, None), norm, layer.activation]


def _keeps_features(layer: Any) -> bool:
    """Whether a layer surely makes as many features as it takes, whatever their number."""
    if isinstance(layer, Activation):
        return any(row.function is layer.function for row in ACTIVATIONS.values())
    return isinstance(layer, (Dropout, FadingDropout, Scale))


def _features(layer: Any) -> tuple[int | None, int | None]:
    """How many features a layer takes and makes; None where its class does not say."""
    if isinstance(layer, Dense):
        return layer.weight.shape
    if isinstance(layer, _SIZED):
        return layer.features
    if isinstance(layer, Concatenate):
        made = [_ends(inner)[1] for inner in layer.layers]
        known = [count for count in made if count is not None]
        return None, sum(known) if len(known) == len(made) else None
    if isinstance(layer, (BatchNorm, PReLU)):
        (vector, *_) = tree.leaves(layer)
        return vector.shape * 2
    return None, None


def _ends(layer: Any) -> tuple[int | None, int | None]:
    """How many features a layer, or layers in a row, take and make; None where it is not known."""
    if not isinstance(layer, Sequential):
        return _features(layer)
    sizes = [_features(inner) for inner in layer.layers if not _keeps_features(inner)]
    return (sizes[0][0], sizes[-1][1]) if sizes else (None, None)
