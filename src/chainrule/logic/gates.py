"""Logic gates for any number of inputs: as one threshold unit, or as a network of two layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chainrule.logic.units import McCullochPitts, ThresholdUnit, step_layer
from chainrule.lookup import find
from chainrule.nn import Sequential


@dataclass(frozen=True)
class Gate:
    """A logic gate for any number of inputs.

    name     as expressions call it
    meaning  when it is 1
    fewest   the smallest number of inputs
    most     the largest number of inputs, or None
    rule     0 or 1 for each number of inputs that are 1: `ones` `(...)` of `fan_in`
    unit     the threshold unit for `fan_in` inputs, or None where no single unit computes it
    """

    name: str
    meaning: str
    fewest: int
    most: int | None
    rule: Callable[[np.ndarray, int], np.ndarray]
    unit: Callable[[int], ThresholdUnit] | None

    def parts(self, fan_in: int = 2) -> tuple[tuple[ThresholdUnit, ...], ThresholdUnit]:
        """The hidden units, which read the inputs, and the unit that gives the output.

        Without hidden units the output unit reads the inputs itself. ValueError for a number of
        inputs that the gate does not take.
        """
        self.check(fan_in)
        if self.unit is not None:
            return (), self.unit(fan_in)
        return _counting_units(self.rule(np.arange(fan_in + 1), fan_in))

    def network(self, fan_in: int = 2) -> Sequential:
        """The gate as a network `[batch,fan_in]` to `[batch,1]`, of one layer or of two.

        ValueError for a number of inputs that the gate does not take.
        """
        hidden, output = self.parts(fan_in)
        layers = (hidden, (output,)) if hidden else ((output,),)
        return _network(*layers)

    def check(self, fan_in: int) -> None:
        """ValueError for a number of inputs that the gate does not take."""
        if fan_in < self.fewest or (self.most is not None and fan_in > self.most):
            expected = f"exactly {self.fewest}" if self.most else f"at least {self.fewest}"
            raise ValueError(f"gate {self.name}: {fan_in} inputs; expected {expected}")


def at_least(count: int, fan_in: int) -> ThresholdUnit:
    """The unit that is 1 where at least `count` of `fan_in` inputs are 1."""
    return ThresholdUnit(np.ones(fan_in), 0.5 - count)


def at_most(count: int, fan_in: int) -> ThresholdUnit:
    """The unit that is 1 where at most `count` of `fan_in` inputs are 1."""
    return ThresholdUnit(-np.ones(fan_in), 0.5 + count)


def _is_odd(ones: np.ndarray, fan_in: int) -> np.ndarray:
    return ones % 2 == 1


#: Every gate by name. XOR and XNOR are parity: whether an odd or even number of inputs is 1.
GATES: dict[str, Gate] = {
    gate.name: gate
    for gate in (
        Gate("and", "all are 1", 1, None, lambda k, n: k == n, lambda n: at_least(n, n)),
        Gate("or", "at least one is 1", 1, None, lambda k, n: k > 0, lambda n: at_least(1, n)),
        Gate("not", "the input is 0", 1, 1, lambda k, n: k == 0, lambda n: at_most(0, n)),
        Gate("nand", "not all are 1", 1, None, lambda k, n: k < n, lambda n: at_most(n - 1, n)),
        Gate("nor", "none is 1", 1, None, lambda k, n: k == 0, lambda n: at_most(0, n)),
        Gate(
            "majority",
            "more than half are 1",
            1,
            None,
            lambda k, n: 2 * k > n,
            lambda n: at_least(n // 2 + 1, n),
        ),
        Gate("xor", "an odd number is 1", 1, None, _is_odd, None),
        Gate("parity", "an odd number is 1", 1, None, _is_odd, None),
        Gate("xnor", "an even number is 1", 1, None, lambda k, n: k % 2 == 0, None),
    )
}


def gate(name: str, fan_in: int = 2) -> Sequential:
    """A gate as a network `[batch,fan_in]` to `[batch,1]`: of one unit, or of two layers.

    ValueError, naming the nearest, for an unknown name, or a number of inputs it does not take.
    """
    return find(GATES, "gate", name).network(fan_in)


def gate_unit(name: str, fan_in: int = 2) -> ThresholdUnit:
    """A gate as a single threshold unit (TL-08 to TL-12).

    ValueError for an unknown name, a number of inputs that the gate does not take, or a gate that
    no single unit computes.
    """
    found = find(GATES, "gate", name)
    found.check(fan_in)
    if found.unit is None:
        raise ValueError(f"gate {name}: no single threshold unit computes it; take gate({name!r})")
    return found.unit(fan_in)


def _counting_units(wanted: np.ndarray) -> tuple[tuple[ThresholdUnit, ...], ThresholdUnit]:
    """Two layers for a function of how many inputs are 1; `wanted` `(fan_in + 1,)`.

    The unit `at_least(k)` is needed where the function changes from k - 1 ones to k.
    """
    fan_in = len(wanted) - 1
    change = np.diff(wanted.astype(np.float64))
    counts = np.flatnonzero(change) + 1
    hidden = tuple(at_least(int(count), fan_in) for count in counts)
    return hidden, ThresholdUnit(change[counts - 1], float(wanted[0]) - 0.5)


def _network(*layers: tuple[ThresholdUnit, ...]) -> Sequential:
    return Sequential(tuple(step_layer(*units) for units in layers))


#: XOR of two inputs as four networks, by the gates of their hidden layer.
XOR_NETWORKS: dict[str, Sequential] = {
    # TL-20: OR, NAND -> AND
    "or-nand": _network(
        (ThresholdUnit([1, 1], -0.5), ThresholdUnit([-1, -1], 1.5)),
        (ThresholdUnit([1, 1], -1.5),),
    ),
    # TL-21: OR, AND -> the first and not the second
    "or-and": _network(
        (ThresholdUnit([1, 1], -0.5), ThresholdUnit([1, 1], -1.5)),
        (ThresholdUnit([1, -1], -0.5),),
    ),
    # TL-22: AND, OR, as matrices -> the second and not the first
    "and-or": _network(
        (ThresholdUnit([1, 1], -1.5), ThresholdUnit([1, 1], -0.5)),
        (ThresholdUnit([-1, 1], -0.5),),
    ),
    # TL-23: NAND, OR -> AND, with the weights of K. Saitoh, "Deep Learning from Scratch", 2016
    "nand-or": _network(
        (ThresholdUnit([-0.5, -0.5], 0.7), ThresholdUnit([0.5, 0.5], -0.2)),
        (ThresholdUnit([0.5, 0.5], -0.7),),
    ),
}

#: Neurons that fire when two connections are active, of the inputs a (0) and b (1) (W08).
NEURONS: dict[str, McCullochPitts] = {
    "a": McCullochPitts((0, 0)),
    "a and b": McCullochPitts((0, 1)),
    "a or b": McCullochPitts((0, 0, 1, 1)),
    "a and not b": McCullochPitts((0, 0), (1,)),
}
