"""A live line on the terminal: epoch, loss, best so far, time left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chainrule.train.callbacks import Callback


@contextmanager
def live_line(epochs: int) -> Iterator[Callback]:
    """A callback that draws the line on standard error, and nothing where that is no terminal."""
    progress = Progress(
        TextColumn("epoch"),
        MofNCompleteColumn(),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[numbers]}"),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
    )
    with progress:
        task = progress.add_task("", total=epochs, numbers="")

        def show(epoch: int, epochs: int, history: dict[str, list[float]]) -> None:
            numbers = summary(history)
            progress.update(task, completed=epoch, numbers=numbers)

        yield show


def summary(history: dict[str, list[float]]) -> str:
    """The last numbers of each curve, and the best validation (or training) loss so far."""
    last = [
        f"{name.replace('_', ' ')} {values[-1]:.4f}"
        for name, values in history.items()
        if name != "seconds"
    ]
    watched = history.get("validation_loss", history["loss"])
    return "  ".join([*last, f"best {min(watched):.4f}"])
