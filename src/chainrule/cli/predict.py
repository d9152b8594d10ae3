"""`chainrule predict`: the rows of a file with what a model says of each."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer


if TYPE_CHECKING:
    from chainrule.cli.sources import Source
    from chainrule.data import Preprocessing

#: What a spreadsheet takes for the start of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def predict(
    model: Annotated[Path, typer.Argument(help="A model file.")],
    data: Annotated[str, typer.Argument(help="A .csv, .tsv, .parquet or .npz, or a set by name.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The .csv to write; by default the terminal.")
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

    The class is added and its probability, or the number.
    """
    from chainrule.cli import model as models
    from chainrule.cli.terminal import say
    from chainrule.files import write_atomically

    found, preprocessing = models.opened(model)
    rows = models.rows_for(preprocessing, data)
    told = models.predicted(found, preprocessing, rows)
    columns = {**texts_of(data, rows.source), **_added(preprocessing, told, proba)}
    content = _csv(columns, safe)
    if out is not None:
        write_atomically(out, content.encode())
    elif sys.stdout.isatty():
        for line in content.splitlines():
            say(line)
    else:
        sys.stdout.write(content)
        sys.stdout.flush()


def texts_of(data: str, source: Source) -> dict[str, Sequence[str]]:
    """Every column as text: of a text file just as it stands there, blanks around it apart."""
    path = Path(data)
    if path.suffix.lower() not in (".csv", ".tsv"):
        return {name: [_text(x) for x in column] for name, column in source.table.columns.items()}
    with open(path, encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        is_comma = path.suffix.lower() == ".csv" and ("," in first or ";" not in first)
        delimiter = "," if is_comma else ";" if path.suffix.lower() == ".csv" else "\t"
        rows = [row for row in csv.reader(file, delimiter=delimiter) if row]
    names, *rows = [[field.strip() for field in row] for row in rows]
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def _text(value: Any) -> str:
    """An entry as it is written: whole numbers without a point, a missing one as nothing."""
    if value is None or value != value:
        return ""
    if isinstance(value, str):
        return value
    is_whole = float(value).is_integer() and abs(value) < 1e15
    return str(int(value)) if is_whole else str(value)


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


def _csv(columns: Mapping[str, Sequence[str]], safe: bool) -> str:
    """The text of a CSV file. New columns come last, and replace older ones of their name."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    for line in (list(columns), *zip(*columns.values(), strict=True)):
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
