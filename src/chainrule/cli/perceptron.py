"""`chainrule perceptron`: Rosenblatt's rule on a gate, an expression or a file, with its trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer


if TYPE_CHECKING:
    from chainrule.logic.perceptron import PerceptronRun

_TABLES = (".csv", ".tsv", ".parquet")
_MOST = 50  # updates that are shown
_MOST_EXACT = 4_000  # numbers in x that the exact search for a separating unit looks at


@dataclass(frozen=True)
class Samples:
    """x `(samples, features)`; y 0 or 1, `(samples, [outputs])`, or labels of so many classes."""

    name: str
    x: Any
    y: Any
    features: tuple[str, ...]
    classes: int | None = None


def perceptron(
    samples: Annotated[
        str,
        typer.Argument(help="A gate or a set by name, an expression, or a .csv with a last 0/1."),
    ],
    order: Annotated[
        str, typer.Option(help="Rows from 1, such as 4,1; or cyclic, random, shuffled.")
    ] = "cyclic",
    learning_rate: Annotated[float, typer.Option(help="What a sample is multiplied by.")] = 1.0,
    variant: Annotated[str, typer.Option(help="plain, pocket or averaged.")] = "plain",
    limit: Annotated[int, typer.Option(help="Updates at most.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Of a random order.")] = 0,
    shortest: Annotated[
        bool, typer.Option("--shortest", help="In the order that needs the fewest updates.")
    ] = False,
    matrix: Annotated[bool, typer.Option("--matrix", help="All samples at once.")] = False,
) -> None:
    """Train a perceptron, with every update; then the bound on them, or why it never ends."""
    from chainrule.logic.perceptron import train_perceptron

    if order != "cyclic" and (shortest or matrix):
        raise ValueError("--order: --shortest finds its own order, and --matrix has none")
    if matrix and (shortest or variant != "plain"):
        raise ValueError("--matrix: it takes neither --shortest nor --variant")
    found = samples_of(samples)
    if matrix:
        _all_at_once(found, learning_rate, limit)
        return
    given = _shortest(found, learning_rate) if shortest else _rows(order, len(found.x))
    run = train_perceptron(
        found.x,
        found.y,
        order=given,
        learning_rate=learning_rate,
        variant=variant,
        limit=limit,
        seed=seed,
        classes=found.classes,
    )
    _say_all(*run.lines(_MOST), "", *_weights(found, run), "", *_outcome(found, run))


def samples_of(text: str) -> Samples:
    """The samples that a word on the command line stands for.

    ValueError, naming the nearest, for an unknown set, and for text that is no expression.
    """
    from chainrule import data

    if Path(text).suffix.lower() in _TABLES:
        return _of_file(text)
    if text.split("(")[0].strip().replace("-", "_") in data.DATASETS or text.isidentifier():
        found = data.dataset(text)
        y = found.y[:, 0] if found.y.ndim == 2 and found.y.shape[1] == 1 else found.y
        classes = len(found.classes) if len(found.classes) > 2 else None
        return Samples(text, found.x, y, _names(found.features, found.x), classes)
    from chainrule.logic.tables import truth_table

    table = truth_table(text)
    return Samples(text, table.x, table.y, table.inputs)


def _of_file(text: str) -> Samples:
    import numpy as np

    from chainrule import data

    columns = data.read_table(text).columns
    words = [name for name, column in columns.items() if column.dtype == object]
    if words or len(columns) < 2:
        what = f"the column {words[0]!r} holds text" if words else "it has one column"
        raise ValueError(f"{text}: {what}; expected columns of numbers, the last of them 0 and 1")
    *names, target = columns
    return Samples(
        text, np.stack([columns[name] for name in names], axis=1), columns[target], tuple(names)
    )


def _names(names: Sequence[str], x: Any) -> tuple[str, ...]:
    return tuple(names) or tuple(f"x{place}" for place in range(1, x.shape[1] + 1))


def _rows(order: str, samples: int) -> str | list[int]:
    """Rows from 0, or the name of an order."""
    if order.isidentifier():
        return order
    numbers = [text.strip() for text in order.split(",")]
    for text in numbers:
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= samples):
            raise ValueError(
                f"--order {order}: {text!r} is no row; expected numbers from 1 to {samples} with "
                "commas, or cyclic, random, shuffled"
            )
    return [int(text) - 1 for text in numbers]


def _shortest(found: Samples, rate: float) -> str | tuple[int, ...]:
    """The order that needs the fewest updates, with a line about it; cyclic where none ends."""
    from chainrule.logic.perceptron_order import shortest_order

    search = shortest_order(found.x, found.y, learning_rate=rate, classes=found.classes)
    if search.order is None:
        _say_all(f"no order ends: none of the {search.reached} weight vectors in reach is right")
    elif search.order:
        rows = ",".join(str(row + 1) for row in search.order)
        _say_all(f"fewest updates: {len(search.order)}, in the order {rows}")
    _say_all("")
    return search.order or "cyclic"


def _all_at_once(found: Samples, rate: float, limit: int) -> None:
    from chainrule.logic.perceptron_matrix import train_perceptron_matrix

    run = train_perceptron_matrix(
        found.x, found.y, learning_rate=rate, limit=limit, classes=found.classes
    )
    _say_all(*str(run).splitlines())
    if not run.converged:
        _say_all("", *_reason(found))


def _weights(found: Samples, run: PerceptronRun) -> list[str]:
    """The weights, and the unit or the outputs that they make."""
    from chainrule.logic.perceptron_text import number, numbers

    if run.weights.ndim > 1:
        return [f"weights, the bias last: {numbers(run.weights)}"]
    return [
        f"weights {numbers(run.weights[:-1])}, bias {number(run.weights[-1])}",
        f"1 where {run.unit.inequality(found.features)}",
    ]


def _outcome(found: Samples, run: PerceptronRun) -> list[str]:
    """Whether it came to rest, and the bound; or the cycle, and why there is no rest."""
    done = f"{_count(run.updates, 'update')}, {_count(run.passes, 'pass')} of all samples"
    if run.converged:
        return [f"converged: {done}", *_bound(found)]
    cycle = [] if run.cycle is None else [str(run.cycle)]
    return [f"not converged: {done}", *cycle, *_reason(found)]


def _bound(found: Samples) -> list[str]:
    """Novikoff's bound, of one output."""
    from chainrule.logic.perceptron_order import update_bound

    if found.classes is not None or found.y.ndim > 1 or found.x.size > _MOST_EXACT:
        return []
    try:
        bound = update_bound(found.x, found.y)
    except (ValueError, ArithmeticError) as error:  # they are separable, if only just
        return [f"the bound on updates is lost in rounding: {error}"]
    ratio = f"({bound.radius:.6g} / {bound.margin:.6g})²"
    most = f"{bound.updates:.6g} updates (Novikoff)"
    return [f"no order needs more than (R / margin)² = {ratio} = {most}"]


def _reason(found: Samples) -> list[str]:
    """Why there is no rest, of one output: the proof; or that there would be, with more updates."""
    import numpy as np

    from chainrule.logic.separability import separate

    if found.classes is not None or found.y.ndim > 1 or len(np.unique(found.y)) < 2:
        return []
    if found.x.size > _MOST_EXACT:
        return [f"{found.x.size:,} numbers are too many for a proof, at most {_MOST_EXACT:,}"]
    try:
        separation = separate(found.x, found.y)
    except ArithmeticError as error:
        return [str(error)]
    if separation.is_separable:
        return ["the samples are linearly separable: raise --limit", *_bound(found)]
    return separation.explain(found.features).splitlines()


def _count(number: int, word: str) -> str:
    plural = {"pass": "passes", "update": "updates"}[word]
    return f"{number:,} {word if number == 1 else plural}"


def _say_all(*lines: str) -> None:
    from chainrule.cli.terminal import say

    for text in lines:
        say(text)
