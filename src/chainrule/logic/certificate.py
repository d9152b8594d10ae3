"""Why no threshold unit separates two classes: weighted rows that contradict each other."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from chainrule.logic.units import linear_text


@dataclass(frozen=True)
class Certificate:
    """Why no unit separates: weighted inequalities that add up to a contradiction (Farkas).

    rows         numbers of rows, from 0, of both classes
    multipliers  positive, one for each row, exact

    A unit would need w·x + b > 0 on the rows of class 1 and w·x + b ≤ 0 on those of class 0. The
    rows of class 1, each times its multiplier, add up to the same point with the same number of b
    as the rows of class 0: one sum would be both positive and not.
    """

    rows: tuple[int, ...]
    multipliers: tuple[Fraction, ...]


def adds_up(certificate: Certificate, x: np.ndarray, y: np.ndarray) -> bool:
    """Whether a certificate holds for rows `(n, d)` and bools `(n,)`, in exact arithmetic."""
    if min(certificate.multipliers, default=Fraction(0)) <= 0:
        return False
    total = [Fraction(0)] * (x.shape[1] + 1)
    for row, multiplier in zip(certificate.rows, certificate.multipliers, strict=True):
        signed = multiplier if y[row] else -multiplier
        total = [t + signed * v for t, v in zip(total, exact_row(x[row]), strict=True)]
    return not any(total)


def contradiction_text(
    certificate: Certificate,
    x: np.ndarray,
    y: np.ndarray,
    names: Sequence[str],
    rows: Sequence[str],
) -> str:
    """The inequality of each row, and what they add up to.

    x      `(n, d)`, with a bool for each row in `y` `(n,)`
    names  of the d inputs; `rows` names the n rows
    """
    weights = [f"w_{name}" for name in names] + ["bias"]
    lines = ["not linearly separable: these inequalities contradict each other"]
    sums = {True: [Fraction(0)] * len(weights), False: [Fraction(0)] * len(weights)}
    least = min(certificate.multipliers)
    for row, whole in zip(certificate.rows, certificate.multipliers, strict=True):
        exact, wanted = exact_row(x[row]), bool(y[row])
        multiplier = whole if whole < 1_000_000 else whole / least
        sums[wanted] = [t + multiplier * v for t, v in zip(sums[wanted], exact, strict=True)]
        times = "" if multiplier == 1 else f" (times {float(multiplier):.6g})"
        sign = "> 0" if wanted else "≤ 0"
        lines.append(f"row {rows[row]}: {linear_text(exact, weights)} {sign}{times}")
    total = linear_text(sums[True], weights)
    lines.append(f"the rows to be 1 add up to {total} > 0, those to be 0 to {total} ≤ 0")
    return "\n".join(lines)


def exact_certificate(x: np.ndarray, y: np.ndarray, rows: np.ndarray) -> Certificate | None:
    """A certificate on some of these rows; None where their hulls are apart.

    The simplex method with R. G. Bland's rule ("New finite pivoting rules for the simplex
    method", 1977), in rationals.
    """
    lines = _hull_constraints(x[rows], y[rows])
    size = len(rows)
    basis = [size + number for number in range(len(lines))]  # from `size` on: artificial
    while True:
        artificial = [line for line, column in zip(lines, basis, strict=True) if column >= size]
        sums = (sum(line[column] for line in artificial) for column in range(size))
        entering = next((column for column, total in enumerate(sums) if total > 0), None)
        if entering is None:
            break
        *_, leaving = min(
            (line[-1] / line[entering], basis[number], number)
            for number, line in enumerate(lines)
            if line[entering] > 0
        )
        basis[leaving] = entering
        _pivot(lines, leaving, entering)
    if any(line[-1] for line in artificial):
        return None
    shares = {column: line[-1] for line, column in zip(lines, basis, strict=True) if line[-1]}
    chosen = sorted(shares)
    return Certificate(
        tuple(int(rows[column]) for column in chosen),
        _whole([shares[column] for column in chosen]),
    )


def _hull_constraints(x: np.ndarray, y: np.ndarray) -> list[list[Fraction]]:
    """That shares of the rows make one point of both hulls, as equations; the right side is last.

    The sum of all shares on one side is 1 for either class.
    """
    signed = zip(x.tolist(), y, strict=True)
    columns = [[v if one else -v for v in map(Fraction, row)] for row, one in signed]
    lines = [[*line, Fraction(0)] for line in zip(*columns, strict=True)]
    ones = [Fraction(int(one)) for one in y]
    return [*lines, [*ones, Fraction(1)], [*(1 - one for one in ones), Fraction(1)]]


def _pivot(lines: list[list[Fraction]], row: int, column: int) -> None:
    """Make `column` a unit vector with its 1 in `row`."""
    scale = lines[row][column]
    lines[row] = [value / scale for value in lines[row]]
    for number, line in enumerate(lines):
        factor = line[column]
        if number != row and factor:
            lines[number] = [a - factor * b for a, b in zip(line, lines[row], strict=True)]


def _whole(values: list[Fraction]) -> tuple[Fraction, ...]:
    """The same ratios in the smallest whole numbers."""
    unit = math.lcm(*[value.denominator for value in values])
    shared = math.gcd(*[int(value * unit) for value in values])
    return tuple(value * unit / shared for value in values)


def pair_certificate(x: np.ndarray, y: np.ndarray) -> Certificate | None:
    """The shortest certificate there can be: one or two rows of either class with one sum."""
    zeros = {total: pair for pair, total in _pair_sums(x, np.flatnonzero(~y))}
    met = (
        (pair, zeros[total]) for pair, total in _pair_sums(x, np.flatnonzero(y)) if total in zeros
    )
    found = min(met, key=lambda pairs: len({*pairs[0], *pairs[1]}), default=None)
    if found is None:
        return None
    counts = sorted(Counter(found[0] + found[1]).items())
    shares = _whole([Fraction(count) for _, count in counts])
    certificate = Certificate(tuple(row for row, _ in counts), shares)
    return certificate if adds_up(certificate, x, y) else None


def _pair_sums(
    x: np.ndarray, rows: np.ndarray
) -> Iterator[tuple[tuple[int, int], tuple[float, ...]]]:
    """Each pair of rows with its sum; a row makes a pair with itself too."""
    for pair in itertools.combinations_with_replacement(rows.tolist(), 2):
        yield pair, tuple((x[pair[0]] + x[pair[1]]).tolist())


def exact_row(row: np.ndarray) -> list[Fraction]:
    """The numbers of a row, and the 1 that the bias stands before."""
    return [*map(Fraction, row.tolist()), Fraction(1)]
