"""The constructor's parameters: what each may be, and what they say of network and loss."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import (
    Interval,
    InvalidParameterError,
    Options,
    StrOptions,
)

from chainrule.nn.losses import loss as find_loss
from chainrule.tabular.drop_in.design import Architecture, chosen
from chainrule.train.backend import BACKENDS


SOLVERS = ("lbfgs", "sgd", "adam")

_FROM_0 = Interval(Real, 0, None, closed="left")
_ABOVE_0 = Interval(Real, 0, None, closed="neither")
_SHARE = Interval(Real, 0, 1, closed="left")
_COUNT = Interval(Integral, 1, None, closed="left")

#: What scikit-learn checks when `fit` begins.
CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", _COUNT],
    "activation": [str, "array-like"],
    "solver": [StrOptions(set(SOLVERS))],
    "alpha": [_FROM_0],
    "batch_size": [StrOptions({"auto"}), _COUNT],
    "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
    "learning_rate_init": [_ABOVE_0],
    "power_t": [_FROM_0],
    "max_iter": [_COUNT],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [_FROM_0],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [_SHARE],
    "beta_1": [_SHARE],
    "beta_2": [_SHARE],
    "epsilon": [_ABOVE_0],
    "n_iter_no_change": [_COUNT, Options(Real, {np.inf})],
    "max_fun": [_COUNT],
    "loss": [str],
    "dropout": [_SHARE],
    "batch_norm": ["boolean"],
    "threads": [_COUNT, None],
    "backend": [StrOptions(set(BACKENDS))],
}


def check_stochastic(estimator: Any) -> bool:
    """True; AttributeError for a solver that takes all samples at once."""
    if estimator.solver == "lbfgs":
        raise AttributeError(
            "partial_fit is only available for stochastic optimizers. lbfgs is not stochastic."
        )
    return True


def hidden_sizes(estimator: Any) -> tuple[int, ...]:
    """The units of each hidden layer. ValueError for a number that is not a whole one from 1."""
    given = estimator.hidden_layer_sizes
    sizes = list(given) if isinstance(given, Iterable) else [given]
    if any(size <= 0 for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    if any(int(size) != size for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be whole numbers, got {sizes}.")
    return tuple(int(size) for size in sizes)


def activation_names(estimator: Any, layers: int) -> tuple[str, ...]:
    """The activation of each of so many hidden layers, as the parameter says it."""
    given: Any = estimator.activation
    return (given,) * layers if isinstance(given, str) else tuple(map(str, given))


def activations(estimator: Any, layers: int) -> tuple[str, ...]:
    """The activation of each of so many hidden layers. ValueError for what is none."""
    given: Any = estimator.activation
    names = activation_names(estimator, layers)
    try:
        for name in [given] if isinstance(given, str) else names:
            chosen(name)
    except ValueError as error:
        raise invalid(estimator, "activation", f"one that is known: {error}") from None
    if len(names) != layers:
        expected = f"a name, or a list with one for each of the {layers} hidden layers"
        raise invalid(estimator, "activation", expected)
    return names


def architecture(estimator: Any, inputs: int, outputs: int, dtype: Any, link: str) -> Architecture:
    """The network that the parameters say. ValueError for what does not go together."""
    hidden = hidden_sizes(estimator)
    if estimator.solver == "lbfgs" and (estimator.dropout or estimator.batch_norm):
        raise ValueError(
            "dropout and batch_norm need mini-batches, which solver='lbfgs' has not; choose "
            "solver='adam' or 'sgd'"
        )
    return Architecture(
        (inputs, *hidden, outputs),
        activations(estimator, len(hidden)),
        link,
        str(dtype),
        bool(estimator.batch_norm),
    )


def check_loss(estimator: Any, losses: Mapping[str, str]) -> str:
    """The text that chooses the loss. ValueError for one that is not in the table `losses`."""
    name, opening, settings = estimator.loss.partition("(")
    expected = f"a str among {set(losses)}, with settings in brackets where it has them"
    if name not in losses:
        raise invalid(estimator, "loss", expected)
    try:
        find_loss(losses[name] + opening + settings)
    except ValueError as error:
        raise invalid(estimator, "loss", f"{expected}: {error}") from None
    return estimator.loss


def invalid(estimator: Any, name: str, expected: str) -> InvalidParameterError:
    """The error for a parameter, in the words of scikit-learn."""
    return InvalidParameterError(
        f"The {name!r} parameter of {type(estimator).__name__} must be {expected}. "
        f"Got {getattr(estimator, name)!r} instead."
    )
