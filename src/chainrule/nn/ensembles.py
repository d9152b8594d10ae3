"""Several networks as one: TabM-mini, whose members share all but their ends, and ensembles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.nn.ntp import taken
from chainrule.nn.training import TrainingLayer
from chainrule.tree import Array, Subtree
from chainrule.types import shape_text


#: How the outputs of several networks become one: of numbers the mean; of logits those of the mean
#: of the probabilities.
AVERAGES = ("numbers", "logits")


@dataclass(frozen=True, repr=False)
class Members:
    """The beginning of TabM-mini: the features as each of its members sees them.

    factor  `(members, features)`
    The layers that follow work on all members at once, `Heads` ends them. Y. Gorishniy, A.
    Kotelnikov, A. Babenko, "TabM: advancing tabular deep learning with parameter-efficient
    ensembling", 2024.
    """

    factor: Array

    @classmethod
    def init(
        cls,
        members: int,
        chunks: Any,
        *,
        rng: int | np.random.Generator,
        dtype: str = "float32",
    ) -> Members:
        """Factors that are 1 or -1 by chance.

        chunks  how many neighbouring features have one sign together: those of one column
        """
        signs = np.random.default_rng(rng).choice((-1.0, 1.0), (members, len(chunks)))
        return cls(np.repeat(signs, chunks, axis=1).astype(dtype))

    @property
    def features(self) -> tuple[int, int]:
        """How many features the layer takes, and makes for each member."""
        return self.factor.shape[1], self.factor.shape[1]

    def __call__(self, x: Any) -> Any:
        """`(members, batch, features)` of `x` `(batch, features)`; ValueError for other widths."""
        members, features = self.factor.shape
        x = taken("Members", x, features, self.factor.dtype)
        return x * ops.reshape(self.factor, (members, *[1] * (len(x.shape) - 1), features))

    def check(self) -> None:
        """ValueError where the field does not make a layer."""
        if len(np.shape(self.factor)) != 2:
            raise ValueError(
                f"Members: factor {shape_text(np.shape(self.factor))}; expected [members,features]"
            )

    def __repr__(self) -> str:
        return f"Members{shape_text(self.factor.shape)}"


@dataclass(frozen=True, repr=False)
class Heads(TrainingLayer):
    """The end of TabM-mini: an output layer for each member, and in use their average.

    weight   `(members, fan_in, outputs)`
    bias     `(members, outputs)`
    average  a member of `AVERAGES`
    """

    weight: Array
    bias: Array
    average: str

    def __post_init__(self) -> None:
        _check_average("Heads", self.average)

    @classmethod
    def init(
        cls,
        members: int,
        fan_in: int,
        outputs: int,
        average: str,
        *,
        rng: int | np.random.Generator,
        dtype: str = "float32",
    ) -> Heads:
        """Weights and biases uniform on ±1/√fan_in."""
        generator, limit = np.random.default_rng(rng), 1 / math.sqrt(fan_in)
        weight = generator.uniform(-limit, limit, (members, fan_in, outputs)).astype(dtype)
        bias = generator.uniform(-limit, limit, (members, outputs)).astype(dtype)
        return cls(weight, bias, average)

    @property
    def features(self) -> tuple[int, int]:
        """How many features the layer takes of each member, and how many outputs it makes."""
        return self.weight.shape[1:]

    def __call__(self, x: Any) -> Any:
        """`(batch, outputs)` of `x` `(members, batch, fan_in)`; of one sample without the batch."""
        return average(self.average, self._of_each(x), axis=0)

    def train(self, x: Any, key: Any) -> tuple[Any, Heads]:
        """What each member says, `(batch, members, outputs)`: see `each_member`."""
        found = self._of_each(x)
        return ops.transpose(found, (1, 0, 2)), self

    def _of_each(self, x: Any) -> Any:
        """`(members, ..., outputs)`."""
        members, fan_in, outputs = self.weight.shape
        x = taken("Heads", x, fan_in, self.weight.dtype)
        if len(x.shape) == 2:
            rows = ops.matmul(ops.reshape(x, (members, 1, fan_in)), self.weight)
            return ops.reshape(rows, (members, outputs)) + self.bias
        return ops.matmul(x, self.weight) + ops.reshape(self.bias, (members, 1, outputs))

    def check(self) -> None:
        """ValueError where the fields do not make a layer."""
        weight, bias = np.shape(self.weight), np.shape(self.bias)
        if len(weight) != 3 or bias != (weight[0], weight[2]):
            raise ValueError(
                f"Heads: weight {shape_text(weight)} and bias {shape_text(bias)} do not fit; "
                "expected [members,fan_in,outputs] and [members,outputs]"
            )

    def __repr__(self) -> str:
        return f"Heads{shape_text(self.weight.shape)} {self.average}"


@dataclass(frozen=True, repr=False)
class Ensemble:
    """The average of several networks that take the same input.

    members  the networks; average  a member of `AVERAGES`
    """

    members: tuple[Subtree, ...]
    average: str

    def __post_init__(self) -> None:
        _check_average("Ensemble", self.average)
        if not self.members:
            raise ValueError("Ensemble: no members; give at least one network")

    def __call__(self, x: Any) -> Any:
        """`(batch, outputs)`, as each of the members gives."""
        found = [member(x) for member in self.members]
        return found[0] if len(found) == 1 else average(self.average, ops.stack(found), axis=0)

    def __repr__(self) -> str:
        return f"Ensemble of {len(self.members)}: {self.members[0]!r}"


def average(kind: str, outputs: Any, axis: int) -> Any:
    """The average over the members on `axis`: a member of `AVERAGES`.

    Of logits it is the logarithm of the mean of the probabilities that the members' softmax gives.
    """
    if kind == "numbers":
        return ops.mean(outputs, axis=axis)
    count = outputs.shape[axis]
    return ops.logsumexp(ops.log_softmax(outputs), axis=axis) - math.log(count)


def each_member(loss: Any) -> Any:
    """The loss of a network with `Heads`: in training the mean of the losses of its members.

    loss  a function of (prediction `(..., outputs)`, target `(...)` or `(..., outputs)`) that gives
          one number for each place
    """

    def of_members(prediction: Any, target: Any) -> Any:
        if len(prediction.shape) < 3:
            return loss(prediction, target)
        rows, members, _ = prediction.shape
        rest = target.shape[1:]
        spread = ops.broadcast_to(ops.reshape(target, (rows, 1, *rest)), (rows, members, *rest))
        return ops.mean(loss(prediction, spread), axis=1)

    return of_members


def _check_average(kind: str, value: str) -> None:
    if value not in AVERAGES:
        raise ValueError(f"{kind}: average {value!r}; expected {' or '.join(AVERAGES)}")
