"""A trainer or a call in a process of its own, asleep while others are measured.

Some libraries fix their number of threads when they start; to try two numbers takes two processes.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
from typing import Any

from benchmarks.cases import Layer
from benchmarks.peers.trainer import Watch


class Apart:
    """What `maker` of `module` makes of `args`, in a new process with these variables set.

    RuntimeError with the message of the error where the process has one.
    """

    def __init__(
        self, module: str, maker: str, args: tuple[Any, ...], variables: dict[str, str]
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, far_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(far_end, variables), daemon=True)
        self._process.start()
        far_end.close()
        self._ask(module, maker, args)

    def train(self, epochs: int, shuffled: bool = True, watch: Watch | None = None) -> list[float]:
        """See `Trainer`."""
        if watch is None:
            return self._ask("train", epochs, shuffled)
        seconds: list[float] = []
        for _ in range(epochs):
            seconds += self._ask("train", 1, shuffled)
            if watch(self.layers()):
                break
        return seconds

    def layers(self) -> list[Layer]:
        """See `Trainer`."""
        return self._ask("layers")

    def output(self) -> Any:
        """See `Call`."""
        return self._ask("output")

    def seconds(self, budget: float) -> float:
        """See `Call`."""
        return self._ask("seconds", budget)

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(timeout=10)
        if self._process.is_alive():
            self._process.kill()

    def _ask(self, *message: Any) -> Any:
        self._pipe.send(message)
        is_right, answer = self._pipe.recv()
        if not is_right:
            raise RuntimeError(answer)
        return answer


def _serve(pipe: Any, variables: dict[str, str]) -> None:
    """Make what the first message names, then answer calls of its methods until the pipe ends."""
    os.environ.update(variables)
    made: Any = None
    while True:
        try:
            name, *args = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            if made is None:
                maker, given = args
                made = getattr(importlib.import_module(name), maker)(*given)
                pipe.send((True, None))
            else:
                pipe.send((True, getattr(made, name)(*args)))
        except Exception as error:  # told to the one who asked, whatever it is
            pipe.send((False, f"{type(error).__name__}: {error}"))
