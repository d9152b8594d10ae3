"""Truth tables: from text, expressions, functions, lists and files; back to expressions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from chainrule.logic.expression import (
    Expression,
    Operation,
    Variable,
    conjunction,
    disjunction,
    evaluate,
)
from chainrule.logic.minimize import minimal_cubes
from chainrule.logic.parser import parse
from chainrule.logic.rows import MOST_INPUTS as MOST_INPUTS
from chainrule.logic.rows import (
    bits,
    check_count,
    checked_names,
    numbered_names,
    of_file,
    of_list,
)


Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class TruthTable:
    """A Boolean function by its value for every choice of the inputs.

    inputs   their names
    outputs  bool `(2**n,)`, read-only. Row r is for the inputs that are r's binary digits, the
             first input the most significant.

    Equal to a table of the same inputs and outputs. ValueError for a wrong number of outputs, one
    that is not 0 or 1, names that are not those of variables, or more than `MOST_INPUTS`.
    """

    inputs: tuple[str, ...]
    outputs: Array

    def __post_init__(self) -> None:
        inputs = checked_names(self.inputs)
        given = np.asarray(self.outputs)
        if given.shape != (2 ** len(inputs),):
            raise ValueError(
                f"truth table: outputs {given.shape}, expected ({2 ** len(inputs)},), "
                f"one for each choice of {len(inputs)} inputs"
            )
        outputs = given.copy() if given.dtype == bool else bits(given, inputs)
        outputs.flags.writeable = False
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "outputs", outputs)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TruthTable):
            return NotImplemented
        return self.inputs == other.inputs and np.array_equal(self.outputs, other.outputs)

    def __hash__(self) -> int:
        return hash((self.inputs, self.outputs.tobytes()))

    def __str__(self) -> str:
        """One line for each row, aligned under the names."""
        widths = [len(name) for name in self.inputs]
        lines = [" ".join([*self.inputs, "| output"])]
        for row, output in zip(self.rows.astype(int), self.outputs.astype(int), strict=True):
            digits = [f"{digit:>{width}}" for digit, width in zip(row, widths, strict=True)]
            lines.append(" ".join([*digits, f"| {output:>6}"]))
        return "\n".join(lines)

    @property
    def rows(self) -> Array:
        """The inputs, bool `(2**n, n)`."""
        return input_rows(len(self.inputs))

    @property
    def x(self) -> Array:
        """The inputs as numbers, float64 `(2**n, n)` (TL-04)."""
        return self.rows.astype(np.float64)

    @property
    def y(self) -> Array:
        """The outputs as numbers, float64 `(2**n,)`."""
        return self.outputs.astype(np.float64)

    def dnf(self) -> Expression:
        """The disjunction of one conjunction for each row whose output is 1 (TL-03).

        Every input appears in each conjunction, negated where it is 0. Without such a row, `false`.
        """
        return self._disjunction(self.rows[self.outputs].astype(np.int8))

    def minimized(self) -> Expression:
        """A short disjunction of conjunctions: never longer than `dnf()`.

        Up to 7 inputs no other has fewer terms, or as many terms and fewer literals. Beyond, and up
        to 16: the essential prime implicants and a greedy choice of others, of which none can be
        left out. ValueError for more inputs.
        """
        return self._disjunction(minimal_cubes(self.outputs))

    def _disjunction(self, cubes: Array) -> Expression:
        """Of cubes `(terms, n)`: 0 for a negated input, 1 for a plain one, 2 for one left out."""
        plain = [Variable(name) for name in self.inputs]
        literals = [(Operation("not", (variable,)), variable) for variable in plain]
        return disjunction(
            conjunction(
                pair[digit] for pair, digit in zip(literals, cube, strict=True) if digit < 2
            )
            for cube in cubes.tolist()
        )


def input_rows(n: int) -> Array:
    """Every choice of n inputs in the order of a truth table, bool `(2**n, n)`.

    ValueError for more than `MOST_INPUTS`.
    """
    check_count(n)
    octets = np.arange(2**n, dtype=">u4").view(np.uint8).reshape(-1, 4)
    return np.unpackbits(octets, axis=1)[:, 32 - n :].astype(bool)


def truth_table(source: Any, inputs: Sequence[str] | None = None) -> TruthTable:
    """The truth table of what is given, in one of these forms.

    - a text such as `"a xor b"`, or an `Expression`; `inputs` gives their order, and may name more
    - a Python function of bools whose value is a bool, 0 or 1; its inputs are the parameters
      without a default, or `inputs`
    - 2**n outputs in the order of a table's rows
    - `(inputs, output)` rows in any order: `[((0, 1), 1), ...]`, or `[("01", 1), ...]`
    - a CSV file, as a `Path` or a text that ends in `.csv`: the names in the first line, 0 and 1
      in the others, the output in the last column
    - a `TruthTable`, which is itself

    Without names, inputs are called x1, x2, ... ValueError, naming the row, for one that is
    missing, contradicts another, has a wrong length or holds anything but 0 and 1; and for more
    than `MOST_INPUTS` inputs.
    """
    if isinstance(source, str) and not source.lower().endswith(".csv"):
        source = parse(source)
    if isinstance(source, Expression):
        return _of_expression(source, inputs)
    if isinstance(source, (str, Path, TruthTable)):
        table = source if isinstance(source, TruthTable) else TruthTable(*of_file(Path(source)))
        if inputs is not None and tuple(inputs) != table.inputs:
            raise ValueError(
                f"truth_table: inputs {', '.join(inputs)}, but the table names them itself: "
                f"{', '.join(table.inputs)}"
            )
        return table
    if callable(source):
        return _of_function(source, inputs)
    if not isinstance(source, (Sequence, np.ndarray)):
        raise TypeError(
            "truth_table: expected a text, an expression, a function, 2**n outputs, "
            f"(inputs, output) rows, or a CSV file, not {type(source).__name__}"
        )
    if len(source) and isinstance(source[0], (Sequence, np.ndarray)):
        return TruthTable(*of_list(source, inputs))
    return _of_outputs(source, inputs)


def _of_expression(expression: Expression, inputs: Sequence[str] | None) -> TruthTable:
    names = checked_names(expression.variables if inputs is None else inputs)
    if unknown := [name for name in expression.variables if name not in names]:
        raise ValueError(
            f"truth_table: unknown variable {', '.join(unknown)}; "
            f"the inputs are {', '.join(names) or 'none'}"
        )
    columns = dict(zip(names, input_rows(len(names)).T, strict=True))
    outputs = np.broadcast_to(evaluate(expression, columns), (2 ** len(names),))
    return TruthTable(names, outputs)


def _of_function(function: Callable[..., Any], inputs: Sequence[str] | None) -> TruthTable:
    names = checked_names(_parameters(function) if inputs is None else inputs)
    # Python's own bools, for NumPy's add up to True.
    values = [function(*row) for row in input_rows(len(names)).tolist()]
    return TruthTable(names, bits(values, names))


def _parameters(function: Callable[..., Any]) -> list[str]:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:
        parameters = None
    if parameters is None or any(item.kind is item.VAR_POSITIONAL for item in parameters):
        raise ValueError(
            f"truth_table: {function!r} does not say how many inputs it has; "
            'give their names, as in inputs=["a", "b"]'
        )
    return [
        item.name
        for item in parameters
        if item.default is item.empty
        and item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD)
    ]


def _of_outputs(outputs: Sequence[Any] | Array, inputs: Sequence[str] | None) -> TruthTable:
    n = len(outputs).bit_length() - 1
    if not len(outputs) or len(outputs) != 2**n:
        raise ValueError(
            f"truth_table: {len(outputs)} outputs, expected 2**n, one for each choice of n inputs"
        )
    names = checked_names(numbered_names(n) if inputs is None else inputs)
    if len(names) != n:
        raise ValueError(
            f"truth_table: {len(outputs)} outputs for {len(names)} inputs, "
            f"expected {2 ** len(names)}"
        )
    return TruthTable(names, bits(outputs, names))
