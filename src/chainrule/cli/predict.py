"""`chainrule predict`: the rows of a file with what a model says of each."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainrule.cli.signals import interruptible


if TYPE_CHECKING:
    from chainrule.data import Preprocessing
    from chainrule.data.scan import Scan
    from chainrule.save import ModelFile

#: What a spreadsheet takes for the start of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Columns = Mapping[str, Sequence[str]]


def predict(
    model: Annotated[Path, typer.Argument(help="A model file.")],
    data: Annotated[str, typer.Argument(help="A .csv, .tsv, .parquet or .npz, or a set by name.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The .csv to write; by default the terminal.")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="A column to keep; may be repeated. By default all are kept."),
    ] = None,
    proba: Annotated[
        bool, typer.Option("--proba", help="Add the probability of every class.")
    ] = False,
    safe: Annotated[
        bool,
        typer.Option(
            "--safe", help="Put ' before text that a spreadsheet would take for a formula."
        ),
    ] = False,
) -> None:
    """Add predictions to rows, as CSV: their order and columns stay as they are.

    The class is added and its probability, or the number. The file may be larger than memory. With
    --out it is written whole or not at all, also where Ctrl-C ends the command.
    """
    from chainrule.cli import model as models

    with interruptible():
        found, preprocessing = models.opened(model)
        rows = models.scanned(preprocessing, data)
        _check_kept(data, rows.names, keep)
        with _written(out) as write:
            _write_rows(found, preprocessing, rows, (keep, proba, safe), write)


def _write_rows(
    model: ModelFile,
    preprocessing: Preprocessing,
    rows: Scan,
    options: tuple[Sequence[str] | None, bool, bool],
    write: Callable[[str], object],
) -> None:
    """The head, then batch after batch; values never seen are told at the end."""
    from threadpoolctl import threadpool_limits

    from chainrule.cli.model import Unseen
    from chainrule.cli.predictions import predictor
    from chainrule.cli.terminal import progress

    keep, proba, safe = options
    unseen, of_rows, is_first = Unseen(preprocessing), None, True
    # One thread: matrices this small are slower with two, and the bits are the same everywhere.
    with threadpool_limits(1, user_api="blas"), progress(rows.rows, "rows") as done:
        for batch in rows.open():
            x = preprocessing.features(batch.table)
            unseen.look_at(batch.table)
            if of_rows is None:
                of_rows = predictor(
                    model.network, x.shape[1], x.dtype, preprocessing, model.loss, rows.rows
                )
            kept = {name: batch.texts[name] for name in keep or batch.texts}
            columns = {**kept, **_added(preprocessing, of_rows(x), proba)}
            write(_csv(columns, safe, with_head=is_first))
            is_first = False
            done(len(x))
    unseen.tell()


def _check_kept(data: str, names: Sequence[str], keep: Sequence[str] | None) -> None:
    from chainrule.data import Table

    table = Table(data, dict.fromkeys(names))
    for name in keep or ():
        table.column(name)


@contextmanager
def _written(out: Path | None) -> Iterator[Callable[[str], object]]:
    """Takes text for a file, which is there at the end, or for the terminal."""
    from chainrule.cli.terminal import say
    from chainrule.files import written_atomically

    def show(text: str) -> None:
        for line in text.splitlines():
            say(line)

    if out is not None:
        with written_atomically(out) as file:
            yield lambda text: file.write(text.encode())
    elif sys.stdout.isatty():
        yield show
    else:
        yield sys.stdout.write
        sys.stdout.flush()


def _added(preprocessing: Preprocessing, told: Any, proba: bool) -> dict[str, Sequence[str]]:
    """The new columns by name, with the digits that float32 has."""
    name = f"predicted {preprocessing.target.name}"
    if not preprocessing.classes:
        return {name: [f"{value:.7g}" for value in told[:, 0]]}
    classes = [preprocessing.classes[label] for label in told.argmax(axis=1)]
    found: dict[str, Sequence[str]] = {
        name: classes,
        "probability": [f"{value:.6g}" for value in told.max(axis=1)],
    }
    if proba:
        for value, column in zip(preprocessing.classes, told.T, strict=True):
            found[f"probability of {value}"] = [f"{number:.6g}" for number in column]
    return found


def _csv(columns: Columns, safe: bool, with_head: bool) -> str:
    """Lines of a CSV file. New columns come last, and replace older ones of their name."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    head = [list(columns)] if with_head else []
    for line in (*head, *zip(*columns.values(), strict=True)):
        writer.writerow(_neutral(line) if safe else line)
    return out.getvalue()


def _neutral(line: Sequence[str]) -> list[str]:
    return [f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text
            for text in line]  # fmt: skip


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
