"""`chainrule export`: a model for other programs, as ONNX or as one file of C."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer


if TYPE_CHECKING:
    from chainrule.save import ModelFile

_MOST_CHECKED = 10_000  # rows


def export(
    model: Annotated[Path, typer.Argument(help="A model file.")],
    form: Annotated[str, typer.Argument(metavar="onnx|c", help="What to write.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The .onnx or .c to write; by default beside the model."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            help="Rows to check it with: a .csv, .tsv, .parquet or .npz, or a set by name.",
        ),
    ] = None,
) -> None:
    """Write a model for other programs: as ONNX, or as one file of C.

    Both take the columns of the table as they are. With --data the file is run, by onnxruntime or
    compiled by the C compiler of the system, and compared with the model.
    """
    from chainrule import export as exports
    from chainrule.cli.terminal import say
    from chainrule.lookup import find
    from chainrule.save import read

    write = find({"c": exports.c, "onnx": exports.onnx}, "form", form)
    target = model.with_suffix(f".{form}") if out is None else out
    if target.suffix.lower() != f".{form}":
        raise ValueError(f"--out {target}: expected a name that ends in .{form}")
    found = read(model)
    rows = None if data is None else _rows(found, data)
    write(found, target)
    say(f"written to {target}: {target.stat().st_size:,} bytes")
    if rows is None:
        say("not checked: --data FILE compares it with the model on rows")
        return
    difference = exports.check(target, found, rows)
    say(f"largest difference on {len(rows):,} rows: {difference:.2g}")


def _rows(found: ModelFile, data: str) -> Any:
    """The first rows of a file or a built-in set: a table, or an array where no table is taken."""
    from chainrule.cli import model as models
    from chainrule.data import read_npz

    if found.preprocessing is not None:
        rows = models.rows_for(found.preprocessing, data)
        return rows.source.table.take(slice(_MOST_CHECKED))
    if not data.lower().endswith(".npz"):
        raise ValueError(f"--data {data}: the model takes arrays; expected a .npz with x and y")
    return read_npz(data)["x"][:_MOST_CHECKED]
