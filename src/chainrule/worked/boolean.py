"""W09 and W10: Boolean functions as expressions, and which of them a line tells apart."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from chainrule.worked.example import Example, Line, derived


_XOR = (0, 1, 1, 0)


def _w09() -> list[Line | str]:
    from chainrule.logic import parse, truth_table, written

    found = truth_table(_XOR, ("x", "y")).dnf()
    is_printed = found == parse("(not x and y) or (x and not y)")

    def returning(inputs: int) -> int:
        """How many tables come back from their disjunctive normal form."""
        names = tuple(f"x{n}" for n in range(1, inputs + 1))
        tables = itertools.product((0, 1), repeat=2**inputs)
        found = (truth_table(outputs, names) for outputs in tables)
        return sum(truth_table(table.dnf(), names) == table for table in found)

    return [
        "Each row with output 1 becomes a conjunction, its inputs negated where they are 0.",
        f"The table: {' '.join(map(str, _XOR))} for xy = 00, 01, 10, 11.",
        Line("the formula", written(found, "symbols"), "(¬x ∧ y) ∨ (x ∧ ¬y)"),
        Line("the same as the one in print", is_printed, "yes"),
        "Every table comes back from its formula:",
        derived("tables of two inputs", returning(2), "16"),
        derived("tables of three inputs", returning(3), "256"),
        derived("formula of an output that is never 1", str(truth_table([0] * 4).dnf()), "false"),
    ]


def _separable_tables() -> list[Any]:
    """The outputs `(4,)` of the functions of two inputs that some threshold unit computes."""
    from chainrule.logic import truth_table
    from chainrule.logic.separability import separate

    tables = [truth_table(outputs) for outputs in itertools.product((0, 1), repeat=4)]
    return [
        table.y
        for table in tables
        if len(set(table.y)) == 1 or separate(table.x, table.y).is_separable  # a bias is constant
    ]


def _w10() -> list[Line | str]:
    from chainrule.logic import truth_table
    from chainrule.logic.separability import separate
    from chainrule.logic.units import ThresholdUnit

    disjunction, conjunction = ThresholdUnit((1, 1), -0.5), ThresholdUnit((1, 1), -1.5)
    table = truth_table(_XOR)
    separation = separate(table.x, table.y)
    assert separation.certificate is not None
    separable = _separable_tables()
    shares = separation.certificate.multipliers
    return [
        "The unit is 1 above the line x2 = slope · x1 + intercept.",
        derived("OR: slope, intercept", disjunction.line(), "(-1, 0.5)"),
        derived("AND: slope, intercept", conjunction.line(), "(-1, 1.5)"),
        Line("XOR is separable", separation.is_separable, "no"),
        *separation.explain(rows=("00", "01", "10", "11")).splitlines(),
        derived("rows that contradict", len(shares), "4"),
        derived("all with the same weight", shares == (shares[0],) * 4, "yes"),
        "Of the functions of two inputs, a single unit computes all but XOR and XNOR:",
        derived("separable", len(separable), "14"),
        derived("rows of XOR the best unit gets right", _most_alike(separable), "3"),
    ]


def _most_alike(tables: list[Any]) -> int:
    return max(int(np.sum(table == np.array(_XOR))) for table in tables)


EXAMPLES = (
    Example(
        "W09",
        "A formula from a truth table",
        "Okazaki, item 5",
        "The disjunctive normal form of the table 00 → 0, 01 → 1, 10 → 1, 11 → 0.",
        _w09,
    ),
    Example(
        "W10",
        "Decision lines, and why XOR has none",
        "Okazaki, item 14",
        "The lines of OR (w = (1, 1), b = -0.5) and AND (b = -1.5); is there one for XOR?",
        _w10,
    ),
)
