"""Signals that end a run: what they interrupt, and the exit status that they ask for."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import typer


@contextmanager
def interruptible() -> Iterator[Callable[[], int]]:
    """While this lasts SIGTERM raises KeyboardInterrupt, as Ctrl-C does.

    What it gives returns the exit status of the signal that came: 143 for SIGTERM, else 130.
    A KeyboardInterrupt that nobody else catches ends the command with that status.
    """
    received: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        received.append(number)
        raise KeyboardInterrupt

    def status() -> int:
        return 128 + (received or [signal.SIGINT])[-1]

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield status
    except KeyboardInterrupt:
        raise typer.Exit(status()) from None
    finally:
        signal.signal(signal.SIGTERM, before)
