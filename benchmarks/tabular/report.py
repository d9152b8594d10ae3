"""Results as Markdown: the tables that the terminal, a file and the README show."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.report import time_text, titled
from benchmarks.tabular.methods import METHODS
from benchmarks.tabular.ranks import (
    MEASURES,
    RISING,
    Comparison,
    Result,
    compared,
    critical_difference,
    friedman,
)


MARKS = ("<!-- benchmark-tabular -->", "<!-- /benchmark-tabular -->")
#: The method whose times the others' are put beside.
STANDARD = "realmlp"
SCORES = {
    "accuracy": "Accuracy",
    "log_loss": "Log-loss",
    "auc": "Area under the ROC curve",
    "rmse": "Root of the mean squared error",
    "r2": "R²",
}
_TITLES = {
    "errors": "By accuracy and RMSE",
    "probabilities": "By log-loss and RMSE",
}


def markdown(results: dict[str, Any]) -> str:
    """All tables."""
    rows, methods = results["rows"], results["methods"]
    parts = [
        machine_text(results),
        *(overall(rows, methods, measure) for measure in MEASURES),
        *(scores_table(rows, methods, score) for score in SCORES),
        times_table(rows, methods),
        failures_text(rows),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def summary(results: dict[str, Any], picture: str) -> str:
    """What the README shows: the picture, the comparison and the machine."""
    image = f"![Mean ranks, and those that do not differ]({picture})"
    table = overall(results["rows"], results["methods"], "errors")
    return "\n\n".join((image, table, machine_text(results)))


def machine_text(results: dict[str, Any]) -> str:
    """The machines, the versions, and how it was measured."""
    lines = []
    for machine in results["machines"]:
        versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
        lines.append(
            f"Measured on {machine['date']}: {machine['processor']}, {machine['cores']} cores, "
            f"{machine['system']}; {versions}."
        )
    rows = results["rows"]
    threads = sorted({row["threads"] for row in rows})
    folds = len({row["fold"] for row in rows})
    lines.append(
        f"{len({row['set'] for row in rows})} data sets of at most {results['cap']:,} rows, "
        f"{folds} of 5 folds{_seeds_text(rows)}, each method in a process of its own with "
        f"{' or '.join(map(str, threads))} thread{'s' if threads != [1] else ''}."
    )
    return " ".join(lines)


def _seeds_text(rows: Sequence[Result]) -> str:
    several = {row["set"] for row in rows if row["seed"]}
    if not several:
        return ""
    count = 1 + max(row["seed"] for row in rows)
    return f" (the {len(several)} smallest sets with {count} seeds)"


def overall(rows: Sequence[Result], methods: Sequence[str], measure: str) -> str:
    """Mean rank, normalised score and times of each method, and whether they differ."""
    found = compared(rows, methods, MEASURES[measure])
    if not found.sets or len(methods) < 2:
        return ""
    ranks, shares = found.mean_ranks, found.mean_normalised
    here = [row for row in rows if row["set"] in found.sets]
    table = []
    for place in np.argsort(ranks, kind="stable"):
        name = found.methods[place]
        mine = [row for row in here if row["method"] == name and "error" not in row]
        cells = _times(here, mine) if mine else ["-"] * 4
        table.append([METHODS[name].title, f"{ranks[place]:.2f}", f"{shares[place]:.3f}", *cells])
    head = ["", "mean rank", "normalised score", "fit", "fit, CPU", "predict", "fit / RealMLP's"]
    title = f"{_TITLES[measure]}: {len(found.sets)} data sets"
    return titled(title, head, table) + "\n\n" + differences_text(found)


def differences_text(found: Comparison) -> str:
    """Friedman's test and Nemenyi's, in words."""
    k, n = len(found.methods), len(found.sets)
    note = "A normalised score is 0 for the worst method of a set and 1 for its best. "
    if n < 2:
        return note + "One set is too few for a test."
    chi_square, ratio, p = friedman(found.mean_ranks, n)
    return (
        f"{note}Times are medians over the data sets; the last column is a geometric mean. "
        f"Friedman χ² = {chi_square:.1f}, F = {ratio:.1f}, p = {p:.2g}; mean ranks that are "
        f"{critical_difference(k, n):.2f} apart differ (Nemenyi, 5 %)."
    )


def _times(rows: Sequence[Result], mine: Sequence[Result]) -> list[str]:
    """Median times of a method, and how its fits compare with the standard's."""
    seconds = [
        _median(mine, lambda row: row["fit"]["seconds"]),
        _median(mine, lambda row: row["fit"]["cpu"]),
        _median(mine, lambda row: row["predict"]["seconds"]),
    ]
    standard = {
        _draw(row): row["fit"]["seconds"]
        for row in rows
        if row["method"] == STANDARD and "error" not in row
    }
    shared = [row for row in mine if _draw(row) in standard]
    logs = [math.log(row["fit"]["seconds"] / standard[_draw(row)]) for row in shared]
    ratio = f"{math.exp(statistics.fmean(logs)):.3g}" if logs else "-"
    return [*map(time_text, seconds), ratio]


def _draw(row: Result) -> tuple[str, int, int]:
    return row["set"], row["fold"], row["seed"]


def _median(rows: Sequence[Result], value: Callable[[Result], float]) -> float:
    return statistics.median(map(value, rows))


def scores_table(rows: Sequence[Result], methods: Sequence[str], score: str) -> str:
    """Mean and deviation over folds and seeds, of each set and method; the best mean is bold."""
    table = []
    for name in dict.fromkeys(row["set"] for row in rows):
        values = {
            method: [
                row["scores"][score]
                for row in rows
                if (row["set"], row["method"]) == (name, method) and score in row.get("scores", {})
            ]
            for method in methods
        }
        means = {method: statistics.fmean(found) for method, found in values.items() if found}
        if not means:
            continue
        best = (max if score in RISING else min)(means.values())
        table.append([name, *(_score(values[method], best) for method in methods)])
    return titled(SCORES[score], ["", *(METHODS[name].title for name in methods)], table)


def _score(values: Sequence[float], best: float) -> str:
    if not values:
        return "-"
    mean = statistics.fmean(values)
    text = f"{mean:.4g}"
    if len(values) > 1:
        text += f" ± {statistics.stdev(values):.2g}"
    return f"**{text}**" if mean == best else text


def times_table(rows: Sequence[Result], methods: Sequence[str]) -> str:
    """The mean time of a fit over folds and seeds, of each set and method."""
    table = []
    for name in dict.fromkeys(row["set"] for row in rows):
        mine = [row for row in rows if row["set"] == name and "error" not in row]
        if not mine:
            continue
        cells = []
        for method in methods:
            found = [row["fit"]["seconds"] for row in mine if row["method"] == method]
            cells.append(time_text(statistics.fmean(found)) if found else "-")
        size = f"{mine[0]['training_rows']:,} x {mine[0]['features']}"
        table.append([name, size, *cells])
    head = ["", "rows x columns", *(METHODS[name].title for name in methods)]
    return titled("Time of a fit", head, table)


def failures_text(rows: Sequence[Result]) -> str:
    """What failed, with the reason."""
    return "\n".join(
        f"- {METHODS[row['method']].title} on {row['set']}, fold {row['fold']}, "
        f"seed {row['seed']}: {row['error']}"
        for row in rows
        if "error" in row
    )
