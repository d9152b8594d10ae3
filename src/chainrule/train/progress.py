"""A live line on the terminal: epoch, loss, best so far, its course, time left."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeRemainingColumn

from chainrule.train.callbacks import Callback, EpochEnd


_BARS = "▁▂▃▄▅▆▇█"


@contextmanager
def live_line(epochs: int, done: int) -> Iterator[Callback]:
    """A callback that draws the line on standard error, and nothing where that is no terminal.

    done  how many of the epochs were trained before
    """
    progress = Progress(
        # 80 columns hold it all: the course stands in the place of a bar.
        TextColumn("{task.completed}/{task.total} {task.fields[numbers]}"),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
    )
    with progress:
        task = progress.add_task("", total=epochs, completed=done, numbers="")

        def show(moment: EpochEnd) -> None:
            progress.update(task, completed=moment.epoch, numbers=summary(moment.history))

        yield show


@contextmanager
def counting(what: str, is_shown: bool | None) -> Iterator[Callable[[int, int], None]]:
    """A function (done, total) that draws a line on standard error, which goes at the end.

    is_shown  None: where that is a terminal
    """
    if not (sys.stderr.isatty() if is_shown is None else is_shown):
        yield lambda done, total: None
        return
    columns = (
        TextColumn("{task.completed}/{task.total} {task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def summary(history: Mapping[str, Sequence[float]]) -> str:
    """The last losses, the lowest watched loss and its epoch, the last accuracy, the course."""
    watched = history.get("validation_loss", history["loss"])
    words = [f"loss {history['loss'][-1]:.3g}"]
    if "validation_loss" in history:
        words.append(f"val {watched[-1]:.3g}")
    best = int(np.nanargmin([*watched, np.inf]))
    if best < len(watched):
        words.append(f"best {watched[best]:.3g} @{best + 1}")
    if accuracy := history.get("validation_accuracy"):
        words.append(f"acc {accuracy[-1]:.1%}")
    return " ".join([*words, sparkline(watched)])


def sparkline(values: Sequence[float], width: int = 8) -> str:
    """The course of some numbers in `width` characters at most, on a logarithmic scale if > 0."""
    found = np.asarray(values, float)
    parts = [part for part in np.array_split(found, min(width, len(found))) if len(part)]
    heights = np.array([np.mean(part) for part in parts])
    if np.all(heights > 0):
        heights = np.log(heights)
    heights = heights[np.isfinite(heights)]
    if not len(heights):
        return ""
    spread = max(float(np.ptp(heights)), 1e-12)
    places = (heights - heights.min()) / spread * (len(_BARS) - 1)
    return "".join(_BARS[round(place)] for place in places)
