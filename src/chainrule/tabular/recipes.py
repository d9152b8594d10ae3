"""Recipes: every constant of how a network for a table is made and trained, and the presets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


#: What can be learnt of a table.
TASKS = ("classification", "regression")


@dataclass(frozen=True)
class ByTask:
    """A setting that differs between the tasks."""

    classification: Any
    regression: Any

    def of(self, task: str) -> Any:
        """That of a member of `TASKS`. ValueError for another name."""
        if task not in TASKS:
            raise ValueError(f"task {task!r}; expected {' or '.join(TASKS)}")
        return self.classification if task == "classification" else self.regression


@dataclass(frozen=True)
class Rates:
    """What the learning rate is multiplied by, for each kind of parameter; for weights it is 1.

    gain       of the features; bias  of dense layers
    share      of parametric activations; periodic  all of the embeddings of numbers
    """

    gain: float = 6.0
    bias: float = 0.1
    share: float = 0.1
    periodic: float = 0.1


@dataclass(frozen=True)
class Patience:
    """Training ends after an epoch later than multiple · best epoch + more."""

    multiple: float
    more: int


@dataclass(frozen=True)
class Recipe:
    """How a network for a table is made and trained.

    hidden       units of each hidden layer; activation  of them, by task
    is_shared    whether it is TabM-mini: members that share the hidden layers
    members      networks that are averaged: of TabM-mini its members; others have a seed each
    one_hot      a code with more values than this is embedded, any other is one-hot
    embedding    numbers of the vector for an embedded code
    waves        of the periodic embedding of numbers (PBLD), 0 for none; wave_outputs  what they
                 become beside the number itself; sigma  the standard deviation of frequencies
    is_parametric  whether as much of the activation as suits each unit is learnt
    starts_from  what weights and biases start from: "normal", or "data": scaled so that sums have
                 variance 1 over the training rows, and biased so that each unit bends among them
    dropout      of hidden units; fades  whether dropout and weight decay fall to 0 in the second
                 half, by flat_cosine
    weight_decay apart from the gradient, of all but biases
    optimizer    by name; learning_rate  by task; schedule  by name; rates  see `Rates`
    clip_norm    the largest norm of a gradient, or None
    label_smoothing  of the cross-entropy
    epochs       the most; steps  the most in all, or None: the number of epochs falls with the rows
    batch_size   rows of a step, or all where there are fewer; a smaller last batch is left out
    patience     None: all epochs are trained
    """

    hidden: tuple[int, ...] = (256, 256, 256)
    activation: ByTask = ByTask("selu", "mish")
    is_shared: bool = False
    members: int = 1
    one_hot: int = 1000
    embedding: int = 8
    waves: int = 0
    wave_outputs: int = 3
    sigma: float = 0.1
    is_parametric: bool = False
    starts_from: str = "normal"
    dropout: float = 0.0
    fades: bool = False
    weight_decay: float = 0.0
    optimizer: str = "adam(beta2=0.95)"
    learning_rate: ByTask = ByTask(0.04, 0.07)
    schedule: str = "coslog"
    rates: Rates = Rates()
    clip_norm: float | None = None
    label_smoothing: float = 0.1
    epochs: int = 256
    steps: int | None = None
    batch_size: int = 256
    patience: Patience | None = None

    def epochs_for(self, steps_per_epoch: int) -> int:
        """How many epochs are trained at most where each has so many steps: at least 8."""
        if self.steps is None:
            return self.epochs
        return max(min(self.epochs, self.steps // steps_per_epoch), min(self.epochs, 8))


#: RealMLP-TD-S: D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by default: strong pre-tuned
#: MLPs and boosted trees on tabular data", 2024.
_TD_S = Recipe()

#: RealMLP-TD of the same paper.
_TD = replace(
    _TD_S,
    one_hot=8,
    waves=16,
    is_parametric=True,
    starts_from="data",
    dropout=0.15,
    fades=True,
    weight_decay=0.02,
    learning_rate=ByTask(0.04, 0.2),
)

#: TabM-mini: Y. Gorishniy, A. Kotelnikov, A. Babenko, "TabM: advancing tabular deep learning with
#: parameter-efficient ensembling", 2024. There 32 members with 512 units a layer: eight times the
#: work of these.
_TABM = Recipe(
    activation=ByTask("relu", "relu"),
    is_shared=True,
    members=16,
    dropout=0.1,
    weight_decay=3e-4,
    optimizer="adamw",
    learning_rate=ByTask(2e-3, 2e-3),
    schedule="constant",
    clip_norm=1.0,
    label_smoothing=0.0,
    patience=Patience(1.0, 16),
)

#: Every recipe that has a name.
PRESETS: dict[str, Recipe] = {
    "fast": replace(_TD_S, epochs=64, steps=12_000, patience=Patience(2.0, 20)),
    "default": _TD_S,
    "accurate": _TD,
    "tabm": _TABM,
    "ensemble": replace(_TD_S, members=5),
}
