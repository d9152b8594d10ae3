"""Logic circuits of threshold units, and the layered networks that compute them (TL-25)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.logic.gates import at_least, gate_unit
from chainrule.logic.units import ThresholdUnit
from chainrule.nn import ACTIVATIONS, Dense, Sequential


@dataclass(frozen=True, eq=False)
class Signal:
    """A value in a circuit: what it is called and the threshold unit that computes it.

    operands  names of the inputs and signals that the unit reads, in the order of its weights; one
              that stands twice counts twice
    """

    name: str
    operands: tuple[str, ...]
    unit: ThresholdUnit


@dataclass(frozen=True, eq=False)
class Circuit:
    """Threshold units that read inputs and one another, without a cycle.

    inputs   names, in the order of the network's columns
    signals  each reads inputs and earlier signals
    outputs  names of signals or inputs, in the order of the network's outputs
    ValueError for a name given twice or read before it is made, and for a unit that takes another
    number of operands.
    """

    inputs: tuple[str, ...]
    signals: tuple[Signal, ...]
    outputs: tuple[str, ...]

    def __post_init__(self) -> None:
        known = _distinct(self.inputs, "inputs")
        _distinct(self.outputs, "outputs")
        for signal in self.signals:
            unknown = [name for name in signal.operands if name not in known]
            if unknown:
                raise ValueError(f"Circuit: {signal.name!r} reads {unknown[0]!r}, not known there")
            if signal.unit.fan_in != len(signal.operands):
                raise ValueError(
                    f"Circuit: the unit of {signal.name!r} takes {signal.unit.fan_in} inputs, "
                    f"given are {len(signal.operands)}"
                )
            if signal.name in known:
                raise ValueError(f"Circuit: two signals are called {signal.name!r}")
            known.add(signal.name)
        unknown = [name for name in self.outputs if name not in known]
        if unknown or not self.outputs or not self.inputs:
            raise ValueError(f"Circuit: outputs {unknown or self.outputs} of {self.inputs}")

    def network(self) -> Sequential:
        """Layers of step units, `[batch,inputs]` to `[batch,outputs]`.

        A signal stands in the layer after the last of its operands. A value that a later layer
        reads is passed on by identity units, which are 1 where x - 0.5 > 0. Signals that no output
        needs are left out.
        """
        levels = _levels(self)
        needed = _needed_until(self, levels)
        signals = {signal.name: signal for signal in self.signals}
        depth = max(1, *(levels[name] for name in self.outputs))
        before: Sequence[str] = self.inputs
        layers = []
        for level in range(1, depth + 1):
            is_last = level == depth
            passing = [name for name in levels if levels[name] <= level < needed.get(name, 0)]
            after = self.outputs if is_last else passing
            units = [
                signals[name] if levels[name] == level else Signal(name, (name,), at_least(1, 1))
                for name in after
            ]
            layers.append(_layer(before, units))
            before = after
        return Sequential(tuple(layers))

    def __call__(self, **values: Any) -> dict[str, Any]:
        """The outputs by name, bool or boolean arrays, for a bool, 0 or 1 or array for each input.

        ValueError for an input without a value, or a value without an input.
        """
        if set(values) != set(self.inputs):
            odd = sorted(set(values) ^ set(self.inputs))
            raise ValueError(f"Circuit: {', '.join(odd)}; expected {', '.join(self.inputs)}")
        columns = np.broadcast_arrays(*[values[name] for name in self.inputs])
        x = np.stack(columns, axis=-1)
        y = self.network()(x.reshape(-1, len(columns))).reshape(*x.shape[:-1], -1) > 0.5
        return {name: y[..., place] for place, name in enumerate(self.outputs)}


def _distinct(names: Iterable[str], kind: str) -> set[str]:
    found: set[str] = set()
    for name in names:
        if name in found:
            raise ValueError(f"Circuit: two {kind} are called {name!r}")
        found.add(name)
    return found


def _levels(circuit: Circuit) -> dict[str, int]:
    """The layer in which each value is made; 0 for the inputs."""
    levels = dict.fromkeys(circuit.inputs, 0)
    for signal in circuit.signals:
        levels[signal.name] = 1 + max((levels[name] for name in signal.operands), default=0)
    return levels


def _needed_until(circuit: Circuit, levels: dict[str, int]) -> dict[str, int]:
    """The last layer that reads each value; values that no output needs are missing."""
    end = 1 + max(levels[name] for name in circuit.outputs)
    found = dict.fromkeys(circuit.outputs, end)
    for signal in reversed(circuit.signals):
        if signal.name in found:
            for name in signal.operands:
                found[name] = max(found.get(name, 0), levels[signal.name])
    return found


def _layer(before: Sequence[str], signals: Sequence[Signal]) -> Dense:
    place = {name: number for number, name in enumerate(before)}
    weight = np.zeros((len(before), len(signals)))
    for column, signal in enumerate(signals):
        for name, value in zip(signal.operands, signal.unit.weight, strict=True):
            weight[place[name], column] += value
    bias = np.array([float(signal.unit.bias) for signal in signals])
    return Dense(weight, bias, ACTIVATIONS["step"])


# ---- well-known circuits -------------------------------------------------------------------------

#: What `alu` computes for the operations 0 to 3.
ALU_OPERATIONS = ("and", "or", "xor", "add")


def half_adder() -> Circuit:
    """Inputs a, b; outputs carry, sum: the two-digit binary number a + b."""
    carry = _gate("carry", "and", "a", "b")
    return Circuit(("a", "b"), (carry, _odd("sum", "a", "b", carry="carry")), ("carry", "sum"))


def full_adder() -> Circuit:
    """Inputs a, b, c; outputs carry, sum: the two-digit binary number a + b + c."""
    carry = _gate("carry", "majority", "a", "b", "c")
    total = _odd("sum", "a", "b", "c", carry="carry")
    return Circuit(("a", "b", "c"), (carry, total), ("carry", "sum"))


def adder(bits: int, carries: str = "ripple") -> Circuit:
    """The sum of two whole numbers of so many binary digits.

    Inputs a3 a2 a1 a0 b3 b2 b1 b0 for 4 bits, outputs carry s3 s2 s1 s0, the most significant
    digits first.

    carries  "ripple": each from the one before, in bits + 1 layers; "lookahead": each from all
             lower digits by one unit with weights 1, 2, 4, ..., in two layers
    ValueError for another word, or a number of bits outside 1 to 32.
    """
    _check("adder", "bits", bits, 1, 32)
    a, b = _digits("a", bits), _digits("b", bits)
    if carries not in ("ripple", "lookahead"):
        raise ValueError(f"adder: carries {carries!r}; expected 'ripple' or 'lookahead'")
    carry = _ripple_carries(a, b) if carries == "ripple" else _lookahead_carries(a, b)
    signals = [*carry, *_sums(a, b, carry)]
    outputs = (carry[-1].name, *_falling(_digits("s", bits)))
    return Circuit((*_falling(a), *_falling(b)), tuple(signals), outputs)


def multiplexer(selectors: int) -> Circuit:
    """One of the data inputs, chosen by a binary number.

    Inputs s1 s0 d0 d1 d2 d3 for 2 selectors, output y: the d with the number s1 s0. ValueError for
    a number of selectors outside 1 to 10.
    """
    _check("multiplexer", "selectors", selectors, 1, 10)
    chosen = _falling(_digits("s", selectors))
    data = _digits("d", 2**selectors)
    return Circuit((*chosen, *data), tuple(_selected("y", chosen, data)), ("y",))


def sr_latch(steps: int) -> Circuit:
    """A set-reset latch of two cross-coupled NOR gates, unrolled in time: memory (TL-25).

    Inputs q0 (the state at first), s1, r1, s2, r2, ...; outputs q1, q2, ...: after each step 1
    where s (set) is 1, 0 where r (reset) is 1, and as before where both are 0. In each step the
    gates switch together, twice: then they are at rest. Both s and r in one step are forbidden:
    both gates are 0, and what follows is no state of a latch. ValueError for a number of steps
    outside 1 to 100.
    """
    _check("sr_latch", "steps", steps, 1, 100)
    numbers = range(1, steps + 1)
    inputs = ["q0", *(name for number in numbers for name in (f"s{number}", f"r{number}"))]
    signals = [_gate("not_q0", "not", "q0")]
    q, not_q = "q0", "not_q0"
    for number in numbers:
        for prime in ("'", ""):
            new = (f"q{number}{prime}", f"not_q{number}{prime}")
            signals.append(_gate(new[0], "nor", f"r{number}", not_q))
            signals.append(_gate(new[1], "nor", f"s{number}", q))
            q, not_q = new
    return Circuit(tuple(inputs), tuple(signals), tuple(f"q{number}" for number in numbers))


def alu(bits: int) -> Circuit:
    """A small arithmetic-logic unit: AND, OR, XOR or the sum of two numbers.

    Inputs op1 op0, the number of the operation in `ALU_OPERATIONS`; then for 2 bits a1 a0 b1 b0.
    Outputs carry y1 y0; the carry is 0 unless the operation is add. ValueError for a number of bits
    outside 1 to 32.
    """
    _check("alu", "bits", bits, 1, 32)
    a, b = _digits("a", bits), _digits("b", bits)
    op = ("op1", "op0")
    carry = _ripple_carries(a, b)
    signals = [*carry, *_sums(a, b, carry)]
    for place, (first, second) in enumerate(zip(a, b, strict=True)):
        signals.append(_gate(f"and{place}", "and", first, second))
        signals.append(_gate(f"or{place}", "or", first, second))
        signals.append(_odd(f"xor{place}", first, second, carry=f"and{place}"))
        results = (f"and{place}", f"or{place}", f"xor{place}", f"s{place}")
        signals += _selected(f"y{place}", op, results)
    signals.append(_gate("carry", "and", *op, carry[-1].name))
    outputs = ("carry", *_falling(_digits("y", bits)))
    return Circuit((*op, *_falling(a), *_falling(b)), tuple(signals), outputs)


def _check(what: str, name: str, value: int, least: int, most: int) -> None:
    if not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{what}: {name} {value!r}; expected a whole number, {least} to {most}")


def _digits(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{place}" for place in range(count))


def _falling(names: tuple[str, ...]) -> tuple[str, ...]:
    return names[::-1]


def _gate(name: str, gate: str, *operands: str) -> Signal:
    return Signal(name, operands, gate_unit(gate, len(operands)))


def _odd(name: str, *operands: str, carry: str) -> Signal:
    """Whether one or three of two or three operands are 1, where `carry` is two or more."""
    unit = ThresholdUnit([*([1.0] * len(operands)), -2.0], -0.5)
    return Signal(name, (*operands, carry), unit)


def _ripple_carries(a: Sequence[str], b: Sequence[str]) -> list[Signal]:
    carries = [_gate("c1", "and", a[0], b[0])]
    for place in range(1, len(a)):
        operands = (a[place], b[place], f"c{place}")
        carries.append(_gate(f"c{place + 1}", "majority", *operands))
    return carries


def _lookahead_carries(a: Sequence[str], b: Sequence[str]) -> list[Signal]:
    carries = []
    for count in range(1, len(a) + 1):
        values = [float(2**place) for place in range(count)]
        unit = ThresholdUnit([*values, *values], 0.5 - 2**count)
        carries.append(Signal(f"c{count}", (*a[:count], *b[:count]), unit))
    return carries


def _sums(a: Sequence[str], b: Sequence[str], carries: Sequence[Signal]) -> list[Signal]:
    sums = [_odd("s0", a[0], b[0], carry="c1")]
    for place in range(1, len(a)):
        operands = (a[place], b[place], f"c{place}")
        sums.append(_odd(f"s{place}", *operands, carry=carries[place].name))
    return sums


def _selected(name: str, selectors: Sequence[str], values: Sequence[str]) -> list[Signal]:
    """The value whose number the selectors give, the most significant first."""
    picks = []
    for number, value in enumerate(values):
        digits = [number >> place & 1 for place in reversed(range(len(selectors)))]
        weight = [*(2.0 * digit - 1 for digit in digits), 1.0]
        unit = ThresholdUnit(weight, -0.5 - sum(digits))
        picks.append(Signal(f"{name} from {value}", (*selectors, value), unit))
    return [*picks, _gate(name, "or", *(pick.name for pick in picks))]
