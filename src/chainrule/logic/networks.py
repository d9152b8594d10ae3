"""Threshold networks from Boolean functions, their proof, and the way back to an expression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.logic.circuits import Circuit, Signal
from chainrule.logic.expression import Constant, Expression, Operation, Variable
from chainrule.logic.gates import GATES
from chainrule.logic.minimize import minimal_cubes
from chainrule.logic.parser import parse
from chainrule.logic.tables import MOST_INPUTS, TruthTable, input_rows, truth_table
from chainrule.logic.units import ThresholdUnit, step_layer
from chainrule.lookup import find
from chainrule.nn import ACTIVATIONS, Dense, Sequential
from chainrule.types import shape_text


_CELLS = 2**22  # activations of one layer that are held at a time


def threshold_network(
    source: Any, form: str = "dnf", inputs: Sequence[str] | None = None
) -> Sequential:
    """A network of step units, `[batch,n]` to `[batch,1]`, that computes a Boolean function.

    source  whatever `truth_table` takes
    form    "dnf" (two layers: one unit for each row with output 1, then OR), "minimized" (one unit
            for each term of the minimised DNF, then OR), "patterns" (UN-01: one unit for each of
            the 2^n rows, a linear output), or "circuit" (one unit for each operation, one layer for
            each level; parity takes a layer more)
    inputs  names in the order of the columns, as for `truth_table`
    The form "circuit" needs no truth table: an expression may have any number of inputs. ValueError
    for an unknown form, a function without inputs, or whatever `truth_table` refuses.
    """
    build = find(FORMS, "form", form)
    source = _parsed(source)
    if build is not _circuit_layers or not isinstance(source, Expression):
        source = truth_table(source, inputs)
    if not (inputs or _input_names(source)):
        raise ValueError("threshold_network: a constant has no inputs; name some: inputs=[...]")
    return Sequential(build(source, inputs))


@dataclass(frozen=True)
class Verification:
    """What a comparison of a network with a Boolean function found.

    rows            how many choices of the inputs were tried
    wrong           how many of them gave another output
    is_exhaustive   whether that was all there are; otherwise they were drawn at random
    counterexample  the first of the wrong ones, or None
    """

    rows: int
    wrong: int
    is_exhaustive: bool
    counterexample: dict[str, int] | None

    @property
    def is_right(self) -> bool:
        """Whether all agreed."""
        return self.wrong == 0

    def __str__(self) -> str:
        kind = "all" if self.is_exhaustive else "drawn at random; not all were tried"
        which = f"{self.rows:,} rows ({kind})"
        if self.counterexample is None:
            return f"the network agrees on {which}"
        first = ", ".join(f"{name}={value}" for name, value in self.counterexample.items())
        return f"the network differs on {self.wrong:,} of {which}, first for {first}"


def verify(
    network: Callable[[Any], Any],
    source: Any,
    inputs: Sequence[str] | None = None,
    *,
    samples: int = 100_000,
    seed: int = 0,
) -> Verification:
    """Whether a network computes a Boolean function: an output above ½ counts as 1.

    network  `[batch,n]` to `[batch,1]`
    source   whatever `truth_table` takes; all its rows are tried. An expression with more inputs
             than a table can have is compared on random rows instead: `samples` of them, drawn with
             `seed`.
    inputs   names in the order of the network's columns
    ValueError where the network has another number of inputs, or more than one output.
    """
    source = _parsed(source)
    names = tuple(inputs or _input_names(source))
    is_sampled = isinstance(source, Expression) and len(names) > MOST_INPUTS
    if samples < 1:
        raise ValueError(f"verify: samples is {samples}; expected a whole number from 1")
    if isinstance(source, Expression) and is_sampled:
        rows = np.random.default_rng(seed).integers(0, 2, (samples, len(names))).astype(bool)
        columns = dict(zip(names, rows.T, strict=True))
        wanted = source(**{name: columns[name] for name in source.variables if name in columns})
    else:
        table = truth_table(source, inputs)
        names, rows, wanted = table.inputs, table.rows, table.outputs
    wrong = np.flatnonzero(_outputs(network, rows, 0, only=True) != wanted)
    first = None
    if len(wrong):
        first = dict(zip(names, rows[wrong[0]].astype(int).tolist(), strict=True))
    return Verification(len(rows), len(wrong), not is_sampled, first)


def table_of(network: Callable[[Any], Any], inputs: Sequence[str], output: int = 0) -> TruthTable:
    """The truth table of one output of a network `[batch,n]` to `[batch,outputs]`.

    inputs  a name for each column
    An output above ½ counts as 1. ValueError for another number of inputs than the network has,
    more than a table can have, or an output that there is not.
    """
    names = tuple(inputs)
    return TruthTable(names, _outputs(network, input_rows(len(names)), output, only=False))


def expression_of(
    network: Callable[[Any], Any], inputs: Sequence[str], output: int = 0
) -> Expression:
    """The minimised expression that one output of a network computes; see `table_of`."""
    return table_of(network, inputs, output).minimized()


def circuit_of(expression: Expression, inputs: Sequence[str] | None = None) -> Circuit:
    """An expression as a circuit: one threshold unit for each different operation in it.

    xor, xnor and equivalent take hidden units besides. ValueError where `inputs` lacks a variable.
    """
    names = tuple(inputs or expression.variables)
    missing = [name for name in expression.variables if name not in names]
    if missing:
        raise ValueError(f"circuit_of: no input {missing[0]!r} among {', '.join(names)}")
    signals: dict[str, Signal] = {}
    output = _add_signals(expression, signals)
    return Circuit(names, tuple(signals.values()), (output,))


def _parsed(source: Any) -> Any:
    """A text as an expression, unless it is the name of a file."""
    is_text = isinstance(source, str) and not source.lower().endswith(".csv")
    return parse(source) if is_text else source


def _input_names(source: Any) -> Sequence[str]:
    if isinstance(source, Expression):
        return source.variables
    return source.inputs if isinstance(source, TruthTable) else ()


def _outputs(
    network: Callable[[Any], Any], rows: np.ndarray, output: int, *, only: bool
) -> np.ndarray:
    """One output of the network on boolean rows, in parts that fit into memory: bool `(rows,)`."""
    layers = network.layers if isinstance(network, Sequential) else ()
    widths = [layer.weight.shape[1] for layer in layers if isinstance(layer, Dense)]
    size = max(1, _CELLS // max(widths, default=rows.shape[1]))
    parts = []
    for start in range(0, len(rows), size):
        y = np.asarray(network(rows[start : start + size].astype(np.float64)))
        if y.ndim != 2 or output >= y.shape[1] or (only and y.shape[1] != 1):
            expected = "[batch,1]" if only else f"[batch,outputs] with an output {output}"
            raise ValueError(f"the network's output is {shape_text(y.shape)}; expected {expected}")
        parts.append(y[:, output] > 0.5)
    return np.concatenate(parts)


# ---- forms ---------------------------------------------------------------------------------------


def _dnf_layers(table: TruthTable, inputs: Sequence[str] | None) -> tuple[Dense, ...]:
    return _two_layers(table.rows[table.outputs].astype(np.int8))


def _minimized_layers(table: TruthTable, inputs: Sequence[str] | None) -> tuple[Dense, ...]:
    return _two_layers(minimal_cubes(table.outputs))


def _pattern_layers(table: TruthTable, inputs: Sequence[str] | None) -> tuple[Dense, ...]:
    """UN-01: the hidden activations over all rows are the identity matrix."""
    output = Dense(table.y[:, None], np.zeros(1), ACTIVATIONS["identity"])
    return _conjunctions(table.rows.astype(np.int8)), output


def _two_layers(cubes: np.ndarray) -> tuple[Dense, ...]:
    """Of cubes `(terms, n)`; without terms one hidden unit that is never read."""
    terms = len(cubes)
    hidden = cubes if terms else np.full((1, cubes.shape[1]), 2)
    weight = np.full(len(hidden), 1.0 if terms else 0.0)
    return _conjunctions(hidden), step_layer(ThresholdUnit(weight, -0.5))


def _conjunctions(cubes: np.ndarray) -> Dense:
    """A unit for each cube `(units, n)`: 1 where inputs marked 1 are 1 and those marked 0 are 0."""
    is_plain, is_negated = cubes == 1, cubes == 0
    weight = is_plain.astype(np.float64) - is_negated
    return Dense(weight.T.copy(), 0.5 - is_plain.sum(axis=1), ACTIVATIONS["step"])


def _circuit_layers(
    source: TruthTable | Expression, inputs: Sequence[str] | None
) -> tuple[Dense, ...]:
    if isinstance(source, TruthTable):
        return circuit_of(source.minimized(), source.inputs).network().layers
    return circuit_of(source, inputs).network().layers


#: What `threshold_network` can build.
FORMS: dict[str, Callable[[Any, Sequence[str] | None], tuple[Dense, ...]]] = {
    "dnf": _dnf_layers,
    "minimized": _minimized_layers,
    "patterns": _pattern_layers,
    "circuit": _circuit_layers,
}


def _add_signals(expression: Expression, signals: dict[str, Signal]) -> str:
    """Add what an expression computes to the signals; the name of its value."""
    name = str(expression)
    if isinstance(expression, Variable) or name in signals:
        return name
    if isinstance(expression, Constant):
        signals[name] = Signal(name, (), ThresholdUnit([], 0.5 if expression.value else -0.5))
        return name
    operands = tuple(_add_signals(operand, signals) for operand in expression.operands)
    hidden, unit = _parts(expression)
    inner = []
    for number, part in enumerate(hidden, start=1):
        inner.append(f"{name}, hidden {number}")
        signals[inner[-1]] = Signal(inner[-1], operands, part)
    signals[name] = Signal(name, tuple(inner) or operands, unit)
    return name


def _parts(operation: Operation) -> tuple[tuple[ThresholdUnit, ...], ThresholdUnit]:
    """Hidden units, if it takes any, and the unit of an operation."""
    if operation.name == "implies":
        return (), ThresholdUnit([-1, 1], 0.5)
    name = "xnor" if operation.name == "equivalent" else operation.name
    return GATES[name].parts(len(operation.operands))
