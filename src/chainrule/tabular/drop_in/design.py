"""What a network and its training step are made of, but for numbers that may vary from run to run.

Equal designs share machine code: learning rate, alpha, momentum and the like are its inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.nn import Dense, Dropout, Sequential
from chainrule.nn.activations import Activation
from chainrule.nn.activations import activation as find_activation
from chainrule.nn.training_layers import BatchNorm
from chainrule.tree import Packing


#: The losses of numbers and of classes by the names they are chosen by here, and what they are
#: called in `nn`. The log-loss is one of two, by the output activation.
OF_NUMBERS = {
    "squared_error": "half_squared_error",
    "poisson": "poisson",
    "absolute_error": "absolute_error",
    "huber": "huber",
    "quantile": "quantile",
}
OF_CLASSES = {"log_loss": "cross_entropy", "hinge": "hinge", "perceptron": "perceptron"}

#: Activations by the names that scikit-learn gives them, where ours is another.
ACTIVATIONS = {"logistic": "sigmoid"}


@dataclass(frozen=True)
class Architecture:
    """A network.

    sizes        inputs, hidden units, outputs
    activations  of the hidden layers, one each, as texts that choose them
    output       what makes predictions of outputs: "identity", "softmax", "logistic" or "exp"
    dtype        "float32" or "float64"
    batch_norm   whether hidden sums are normalised
    """

    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    output: str
    dtype: str
    batch_norm: bool = False

    @property
    def packing(self) -> Packing:
        """How parameters lie in a vector; of a dictionary as `initial` gives it."""
        return tree.packing(self.blank)

    @property
    def blank(self) -> dict[str, Any]:
        """Parameters that are all 0, of running statistics the neutral ones."""
        pairs = list(pairwise(self.sizes))
        found: dict[str, Any] = {
            "coefs": [np.zeros(pair, self.dtype) for pair in pairs],
            "intercepts": [np.zeros(units, self.dtype) for units in self.sizes[1:]],
        }
        if self.batch_norm:
            for name, start in (("scales", np.ones), ("means", np.zeros), ("variances", np.ones)):
                found[name] = [start(units, self.dtype) for units in self.sizes[1:-1]]
        return found

    def initial(self, random: np.random.RandomState) -> dict[str, Any]:
        """Random parameters, drawn as scikit-learn draws them. X. Glorot, Y. Bengio, 2010.

        "coefs" `(fan_in, fan_out)` and "intercepts" `(fan_out,)` of each layer; with batch
        normalisation "scales", "means" and "variances" `(units,)` of each hidden layer.
        """
        found = self.blank
        after = [*self.activations, *(self.activations[-1:] or ["identity"])]
        for place, (shape, name) in enumerate(zip(pairwise(self.sizes), after, strict=True)):
            bound = np.sqrt((2.0 if name == "logistic" else 6.0) / sum(shape))
            found["coefs"][place] = random.uniform(-bound, bound, shape).astype(self.dtype)
            drawn = random.uniform(-bound, bound, shape[1]).astype(self.dtype)
            found["intercepts"][place] = drawn
        return found

    def network(self, parameters: dict[str, Any], dropout: float = 0.0) -> Sequential:
        """The network with these parameters, whose outputs are those that losses take."""
        layers: list[Any] = []
        rows = zip(parameters["coefs"], parameters["intercepts"], strict=True)
        *hidden, last = rows
        for place, (weight, bias) in enumerate(hidden):
            activation = chosen(self.activations[place])
            if self.batch_norm:
                norm = [parameters[name][place] for name in ("scales", "means", "variances")]
                layers += [Dense(weight, None), BatchNorm(norm[0], bias, *norm[1:]), activation]
            else:
                layers.append(Dense(weight, bias, activation))
            layers += [Dropout(dropout)] if dropout else []
        return Sequential((*layers, Dense(*last)))


@dataclass(frozen=True)
class Design:
    """A training step.

    loss      the text that chooses it, with a name of `OF_NUMBERS` or `OF_CLASSES`
    labels    whether targets are labels `(batch,)` of several classes; else `(batch, outputs)`
    weighted  whether samples have weights
    """

    architecture: Architecture
    loss: str
    labels: bool
    solver: str
    nesterov: bool = False
    dropout: float = 0.0
    weighted: bool = False

    @property
    def loss_name(self) -> str:
        """The name of the loss, without settings."""
        return self.loss.partition("(")[0]

    @property
    def loss_text(self) -> str:
        """The text that chooses the loss in `nn`."""
        name, opening, settings = self.loss.partition("(")
        found = {**OF_NUMBERS, **OF_CLASSES}[name]
        if found == "cross_entropy" and not self.labels:
            found = "binary_cross_entropy"
        return found + opening + settings


def chosen(name: str) -> Activation:
    """The activation of this name. ValueError for an unknown one, or one that learns."""
    found = find_activation(ACTIVATIONS.get(name, name), units=1)
    if not isinstance(found, Activation):
        raise ValueError(f"activation {name}: it learns, which this network cannot; try leaky_relu")
    return found


def moved(parameters: dict[str, Any], after: Sequential) -> dict[str, Any]:
    """The parameters with the running statistics of the network `after` a batch."""
    norms = [layer for layer in after.layers if isinstance(layer, BatchNorm)]
    if not norms:
        return parameters
    means, variances = [norm.mean for norm in norms], [norm.variance for norm in norms]
    return {**parameters, "means": means, "variances": variances}
