"""How the trace of a perceptron is written: a table of updates, and the final check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np


#: step, instance, w·x, ŷ, y, new w
Line: TypeAlias = tuple[str, str, str, str, str, str]

_MOST = 8  # scores that stand in the final check


def number(value: Any) -> str:
    """Six significant digits, and no minus before 0."""
    return f"{float(value) + 0.0:.6g}"


def numbers(array: Any) -> str:
    """`(1, 1, -1.5)` for `(n,)`; of `(n, outputs)` that of every output; a number as it is."""
    if np.ndim(array) == 0:
        return number(array)
    if np.ndim(array) == 2:
        return " ".join(map(numbers, np.transpose(array)))
    return f"({', '.join(map(number, array))})"


def line(step: str, instance: str, score: Any, prediction: Any, target: Any, weights: Any) -> Line:
    """An update, as text."""
    return step, instance, numbers(score), numbers(prediction), numbers(target), numbers(weights)


def last_line(scores: Any, predictions: Any, targets: Any, errors: int) -> Line:
    """The check of all samples at the end, each a number: of many the verdict alone."""
    samples = len(targets)
    verdict = "all right" if errors == 0 else f"{errors} of {samples} wrong"
    if np.size(scores) > _MOST:
        return "end", "all", "", "", "", verdict
    return "end", "all", _list(scores), _list(predictions), _list(targets), verdict


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines whose cells stand below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _list(values: Iterable[Any]) -> str:
    return ", ".join(map(numbers, values))
