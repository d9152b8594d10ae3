"""Files of the gallery: which figures, in which formats, where."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chainrule.draw.plots.canvas import figure as empty_figure
from chainrule.files import write_atomically
from chainrule.gallery.figures import FIGURES, Figure
from chainrule.gallery.index import page
from chainrule.lookup import find


@dataclass(frozen=True)
class Made:
    """A figure and the names of its files, of which the first is the one to look at."""

    figure: Figure
    files: tuple[str, ...]


def chosen(ids: Sequence[str]) -> list[Figure]:
    """The figures of these ids, in the order of the table; all where there are none.

    A topic such as VZ-07, F24 or W40 stands for every figure that shows it. ValueError, naming the
    nearest, for an unknown one.
    """
    if not ids:
        return list(FIGURES.values())
    topics = {topic: None for row in FIGURES.values() for topic in row.shows}
    wanted = set()
    for name in ids:
        if name.upper() in topics:
            wanted |= {row.id for row in FIGURES.values() if name.upper() in row.shows}
        else:
            wanted.add(find(FIGURES, "figure", name).id)
    return [row for row in FIGURES.values() if row.id in wanted]


def build(
    folder: str | os.PathLike[str],
    figures: Sequence[Figure] | None = None,
    kind: str = "png",
    progress: Callable[[int, Figure], None] | None = None,
) -> list[Made]:
    """Make figures and the page index.html that shows them; each file is written whole.

    folder    made if need be; other files in it stay
    figures   by default all; the page shows these
    kind      of the plots: png or svg. Diagrams are SVG, animations GIF and HTML
    progress  is told before each figure how many are done, and which comes
    ValueError for another kind; ImportError, with what to install, without matplotlib.
    """
    if kind not in ("png", "svg"):
        raise ValueError(f"gallery: format {kind!r}; expected png or svg")
    rows = list(FIGURES.values()) if figures is None else list(figures)
    if any(row.kind != "diagram" for row in rows):
        empty_figure(1, 1)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    suffixes = {"plot": (f".{kind}",), "diagram": (".svg",), "animation": (".gif", ".html")}
    made = []
    for done, row in enumerate(rows):
        if progress is not None:
            progress(done, row)
        files = tuple(row.id + suffix for suffix in suffixes[row.kind])
        for name in files:
            row.draw(target / name)
        made.append(Made(row, files))
    shown = [(one.figure, one.files) for one in made]
    write_atomically(target / "index.html", page(shown).encode())
    return made
