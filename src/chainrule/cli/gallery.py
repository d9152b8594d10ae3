"""`chainrule gallery`: every picture of the way from a threshold unit to a trained network."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer


if TYPE_CHECKING:
    from chainrule.gallery import Figure


def gallery(
    out: Annotated[Path, typer.Argument(help="The folder to write to; made if need be.")],
    only: Annotated[
        list[str] | None,
        typer.Option(help="Figures by id, or topics such as VZ-07, F24, W40; with commas or anew."),
    ] = None,
    format: Annotated[str, typer.Option(help="Of the plots: png or svg.")] = "png",
) -> None:
    """Draw all pictures, with a page index.html that shows them.

    Plots are PNG or SVG, diagrams SVG, animations GIF and HTML.
    """
    from chainrule import gallery as pictures
    from chainrule.cli.terminal import say

    ids = [name.strip() for names in only or () for name in names.split(",") if name.strip()]
    if only is not None and not ids:
        raise ValueError("--only: expected ids of figures, such as --only xor-regions,VZ-07")
    figures = pictures.chosen(ids)
    try:
        made = pictures.build(out, figures, format, progress=_counter(len(figures)))
    finally:
        _write_over("")
    files = sum(len(one.files) for one in made)
    say(f"{len(made)} figures in {files} files, shown by {out / 'index.html'}")


def _counter(total: int) -> Callable[[int, Figure], None]:
    """Tells on a terminal which figure comes."""

    def tell(done: int, figure: Figure) -> None:
        _write_over(f"{done + 1}/{total} {figure.id}")

    return tell


def _write_over(line: str) -> None:
    """Show a line in place of the last, where standard error is a terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
