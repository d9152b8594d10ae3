"""A live line on the terminal: epoch, loss, best so far, time left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from chainrule.train.callbacks import Callback


@contextmanager
def live_line(epochs: int) -> Iterator[Callback]:
    """A callback that draws the line on standard error, and nothing where that is no terminal."""
    progress = Progress(
        TextColumn("epoch {task.completed}/{task.total}"),
        BarColumn(bar_width=16),
        TextColumn("{task.fields[numbers]}"),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
    )
    with progress:
        task = progress.add_task("", total=epochs, numbers="")

        def show(epoch: int, epochs: int, history: dict[str, list[float]]) -> None:
            progress.update(task, completed=epoch, numbers=summary(history))

        yield show


def summary(history: Mapping[str, Sequence[float]]) -> str:
    """The last losses, the lowest validation (or training) loss so far, the last accuracy."""
    held_out = history.get("validation_loss")
    words = [f"loss {history['loss'][-1]:.4f}"]
    if held_out:
        words.append(f"val {held_out[-1]:.4f}")
    words.append(f"best {min(held_out or history['loss']):.4f}")
    if accuracy := history.get("validation_accuracy"):
        words.append(f"acc {accuracy[-1]:.1%}")
    return "  ".join(words)
