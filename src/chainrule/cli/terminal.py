"""What commands print: lines and tables, safe for a terminal whatever the data hold."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager


_WIDE = 10_000  # columns of what is no terminal: no cell is broken there


def ready() -> None:
    """Make the streams such that printing never fails for a letter, or where they are closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def printable(text: object) -> str:
    """`text` in one line, without characters that move a cursor, set colours or turn the order."""
    line = " ".join(str(text).split("\n"))
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in line)


def say(text: object = "") -> None:
    """Print a line of data."""
    print(printable(text), flush=True)


def warn(text: object) -> None:
    """Print a line on standard error."""
    print(f"chainrule: {printable(text)}", file=sys.stderr, flush=True)


@contextmanager
def warnings_as_lines() -> Iterator[None]:
    """While this lasts, a warning is one line on standard error."""

    def show(message: object, *_: object, **__: object) -> None:
        warn(message)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def table(
    head: Sequence[str], rows: Iterable[Sequence[object]], numbers: Collection[str] = ()
) -> None:
    """Print a table. Columns named in `numbers` stand to the right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in head:
        shown.add_column(name, justify="right" if name in numbers else "left")
    for row in rows:
        shown.add_row(*[Text(printable(cell)) for cell in row])
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
    with console.capture() as captured:
        console.print(shown)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()), flush=True)


@contextmanager
def progress(total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """A line on standard error that tells how many of `total` are done; none without a terminal.

    What it gives is called with how many more are done.
    """
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeRemainingColumn

    shown = Progress(
        TextColumn("{task.completed:,} of {task.total:,} {task.description}"),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    with shown:
        task = shown.add_task(unit, total=total)
        yield lambda done: shown.advance(task, done)
