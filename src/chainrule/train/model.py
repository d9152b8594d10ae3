"""A network with its loss and optimiser in one object, chosen by name: compile, fit, predict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chainrule import ops, tree
from chainrule.lookup import find
from chainrule.nn.activations import ACTIVATIONS, Activation, identity
from chainrule.nn.layers import Dense
from chainrule.nn.losses import LOSSES, Loss, PerSample
from chainrule.nn.losses import loss as find_loss
from chainrule.nn.network import Sequential
from chainrule.nn.penalties import Penalty
from chainrule.nn.penalties import penalty as find_penalty
from chainrule.train import arguments
from chainrule.train.backend import Backend
from chainrule.train.callbacks import Callback
from chainrule.train.loop import fit
from chainrule.train.optimizers import Lbfgs, Optimizer
from chainrule.train.optimizers import optimizer as find_optimizer
from chainrule.train.rows import rows_of
from chainrule.train.run import Result, validator
from chainrule.train.schedules import Clock, Schedule
from chainrule.train.schedules import schedule as find_schedule
from chainrule.train.weights import ClassWeight


@dataclass(frozen=True)
class _Compiled:
    """What `compile` was given, looked up."""

    optimizer: Optimizer | Lbfgs
    loss: Loss
    metrics: dict[str, PerSample]
    schedule: Schedule
    penalty: Penalty | Callable[[Any], Any] | None
    reduction: str


class Model:
    """A network that is compiled, fitted and asked, in the manner of Keras.

    It changes: `fit` puts the trained network in the place of the one before. All work is that of
    `train.fit`, which offers more.

        model = Model([Dense.init(2, 4, "tanh", rng=0), Dense.init(4, 1, "sigmoid", rng=1)])
        model.compile(optimizer="adam(learning_rate=0.01)", loss="binary_cross_entropy")
        model.fit(x, y, epochs=200)
        probabilities = model.predict(x)
    """

    def __init__(self, network: Any = ()) -> None:
        """A network, or a list of layers. TypeError for what cannot be called."""
        is_layers = isinstance(network, (list, tuple))
        self._network = Sequential(tuple(network)) if is_layers else network
        self._taken: tuple[Any, ...] = ()  # the last activation, where the loss has it
        self._compiled: _Compiled | None = None
        if not callable(self._network):
            raise TypeError(
                f"Model: {network!r:.60} cannot be called on x; pass layers in a list, or a network"
            )

    @property
    def network(self) -> Any:
        """The network as it is now; its outputs are those that the loss takes, such as logits."""
        return self._network

    def add(self, layer: Any) -> None:
        """Put a layer at the end. TypeError for a network that is not made of layers in a row.

        Compile afterwards: a model that was compiled before is not any more.
        """
        if not isinstance(self._network, Sequential):
            raise TypeError(
                f"Model.add: the network is {type(self._network).__name__}, not Sequential; "
                "make the model from a list of layers"
            )
        self._network = Sequential((*self._network.layers, *self._taken, layer))
        self._taken, self._compiled = (), None

    def compile(
        self,
        optimizer: str | Optimizer | Lbfgs = "adam",
        loss: str | Loss | PerSample = "squared_error",
        metrics: Sequence[str | PerSample] = (),
        *,
        schedule: str | Schedule | Callable[[Clock], Any] = "constant",
        penalty: str | Penalty | Callable[[Any], Any] | None = None,
        reduction: str = "mean",
    ) -> None:
        """Choose what `fit` minimises and how; by names, with settings where wanted.

        metrics  what is reported beside the loss of validation and `evaluate`: "accuracy", any
                 loss, or functions `(prediction, target) -> (batch,)`
        The rest is that of `train.fit`. Losses of classes hold the sigmoid or the softmax that
        turns sums into probabilities. A last layer that applies the same one gives it up: the
        network then ends in the sums, and `predict` gives the probabilities. ValueError, naming
        the nearest, for an unknown name; TypeError or ValueError for layers that do not fit.
        """
        chosen = find_loss(loss)
        compiled = _Compiled(
            find_optimizer(optimizer),
            chosen,
            dict(_metric(metric, chosen) for metric in metrics),
            find_schedule(schedule),
            None if penalty is None else find_penalty(penalty),
            arguments.check_reduction(reduction),
        )
        if isinstance(self._network, Sequential):
            whole = Sequential((*self._network.layers, *self._taken))
            whole.check()
            self._network, self._taken = _without_link(whole, chosen)
        self._compiled = compiled

    def fit(
        self,
        x: Any,
        y: Any = None,
        *,
        epochs: int = 20,
        batch_size: int | None = 32,
        order: str = "shuffled",
        validation: float | Sequence[Any] | None = None,
        sample_weight: Any = None,
        class_weight: ClassWeight | None = None,
        patience: int | None = None,
        seed: int = 0,
        callbacks: Sequence[Callback] = (),
        progress: bool | None = None,
        backend: str = "auto",
    ) -> Result:
        """Train from where the network stands; arguments, `history` and errors as of `train.fit`.

        The optimiser begins anew in each call. ValueError before `compile`.
        """
        compiled = self._ready("fit")
        result = fit(
            self._network,
            x,
            y,
            loss=compiled.loss,
            optimizer=compiled.optimizer,
            schedule=compiled.schedule,
            epochs=epochs,
            batch_size=batch_size,
            order=order,
            validation=validation,
            sample_weight=sample_weight,
            class_weight=class_weight,
            reduction=compiled.reduction,
            penalty=compiled.penalty,
            patience=patience,
            metrics=compiled.metrics,
            seed=seed,
            callbacks=callbacks,
            progress=progress,
            backend=backend,
        )
        self._network = result.network
        return result

    def predict(self, x: Any) -> Any:
        """What the network says of x `(batch, fan_in)`: numbers, or probabilities of classes.

        `(batch, outputs)`. They are the loss's link (OU-05) of the network's outputs; before
        `compile` the outputs themselves.
        """
        outputs = self._network(x)
        return outputs if self._compiled is None else self._compiled.loss.link(outputs)

    def evaluate(self, x: Any, y: Any, *, sample_weight: Any = None) -> dict[str, float]:
        """The loss and the metrics on other samples, by name; means, of the loss as `reduction`.

        x, y, sample_weight  as of `train.fit`. ValueError before `compile`.
        """
        compiled = self._ready("evaluate")
        packing = tree.packing(self._network)
        rows = rows_of(x, y, sample_weight, packing.dtype, "evaluation ")
        arguments.check_targets(self._network, compiled.loss, rows, None)
        functions = {"loss": compiled.loss.function, **compiled.metrics}
        numpy = Backend("numpy", 1)
        measure = validator(packing, functions, rows, compiled.reduction, numpy)
        return measure(packing.pack(self._network))

    def _ready(self, operation: str) -> _Compiled:
        if self._compiled is None:
            raise ValueError(
                f"Model.{operation}: the model has no loss yet; call compile(optimizer=..., "
                "loss=...) first"
            )
        return self._compiled

    def __repr__(self) -> str:
        compiled = self._compiled
        if compiled is None:
            return f"Model, not compiled: {self._network!r}"
        return f"Model, {compiled.loss.name}, {compiled.optimizer.name}: {self._network!r}"


def _without_link(network: Sequential, loss: Loss) -> tuple[Sequential, tuple[Any, ...]]:
    """The network without a last activation that the loss has in itself, and that activation."""
    if not network.layers or loss.link is identity:
        return network, ()
    *before, last = network.layers
    if _is_link(last, loss):
        return Sequential(tuple(before)), (last,)
    if isinstance(last, Dense) and _is_link(last.activation, loss):
        linear = replace(last, activation=ACTIVATIONS["identity"])
        return Sequential((*before, linear)), (last.activation,)
    return network, ()


def _is_link(layer: Any, loss: Loss) -> bool:
    function = layer.function if isinstance(layer, Activation) else layer
    is_softmax = function is ACTIVATIONS["softmax"].function and loss.link is ops.softmax
    return function is loss.link or is_softmax


def _metric(chosen: str | PerSample, loss: Loss) -> tuple[str, PerSample]:
    """A metric and its name: one that belongs to the loss, any loss, or a function."""
    if isinstance(chosen, str):
        rows = {name: row.function for name, row in LOSSES.items()} | dict(loss.metrics)
        return chosen, find(rows, f"metric of {loss.name}", chosen)
    if not callable(chosen):
        raise TypeError(f"metric: {chosen!r} is neither a name nor a function of two arrays")
    return getattr(chosen, "__name__", "metric"), chosen
