"""Every optimiser by name, and the choice of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from chainrule.lookup import check_settings, find, parse
from chainrule.train.adaptive import adadelta, adagrad, adam, adamax, adamw, nadam, rmsprop
from chainrule.train.bounds import COUNT, POSITIVE
from chainrule.train.descent import Optimizer, lion, momentum, nesterov, sgd


@dataclass(frozen=True)
class Lbfgs:
    """L-BFGS (OP-12) on all samples at once; it has no learning rate.

    iterations  in one epoch, which starts without memory of the epoch before
    memory      the number of corrections that the curvature is known from
    tolerance   it ends where no entry of the gradient is larger

    R. Byrd, P. Lu, J. Nocedal, C. Zhu, "A limited memory algorithm for bound constrained
    optimization", 1995. ValueError for a setting that is not above 0 or, but for the tolerance,
    not whole.
    """

    name: ClassVar[str] = "lbfgs"

    iterations: int = 20
    memory: int = 10
    tolerance: float = 1e-5

    def __post_init__(self) -> None:
        COUNT.check("lbfgs: iterations", self.iterations)
        COUNT.check("lbfgs: memory", self.memory)
        POSITIVE.check("lbfgs: tolerance", self.tolerance)


def lbfgs(iterations: int = 20, memory: int = 10, tolerance: float = 1e-5) -> Lbfgs:
    """L-BFGS with these settings: see `Lbfgs`."""
    return Lbfgs(iterations, memory, tolerance)


#: Every optimiser, by name: functions of its settings, which all have defaults.
OPTIMIZERS: dict[str, Callable[..., Optimizer | Lbfgs]] = {
    "adadelta": adadelta,
    "adagrad": adagrad,
    "adam": adam,
    "adamax": adamax,
    "adamw": adamw,
    "lbfgs": lbfgs,
    "lion": lion,
    "momentum": momentum,
    "nadam": nadam,
    "nesterov": nesterov,
    "rmsprop": rmsprop,
    "sgd": sgd,
}


def optimizer(chosen: str | Optimizer | Lbfgs) -> Optimizer | Lbfgs:
    """The optimiser of this name, with settings or without (`"adam(beta1=0.95)"`); or as given.

    ValueError, naming the nearest, for an unknown name or setting, and for a setting that does not
    fit; TypeError for anything else.
    """
    if isinstance(chosen, (Optimizer, Lbfgs)):
        return chosen
    if not isinstance(chosen, str):
        raise TypeError(f"optimizer: {chosen!r}; expected a name, or adam(1e-3) and the like")
    name, settings = parse("optimizer", chosen)
    make = find(OPTIMIZERS, "optimizer", name)
    check_settings("optimizer", name, make, settings)
    return make(**settings)
