"""The time of a prediction, from an array of inputs to an array of probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.cases import CASES, layers_of
from benchmarks.harness import Measured, Say, Setting, Standing, in_turn


CASE = "784-128-10"
ROWS = (1, 10_000)


def measure_prediction(
    rows: int, settings: Sequence[Setting], rounds: int, budget: float, say: Say
) -> list[Measured]:
    """The time of a call for so many rows, in each setting that predicts.

    Checked is the largest probability of the first row.
    """
    layers = layers_of(CASES[CASE])
    x = np.random.default_rng(0).normal(size=(rows, 784)).astype(np.float32)

    def begin(setting: Setting) -> Standing:
        call = setting.peer.predictor(layers, x, setting.threads)
        check = float(call.output()[0].max())
        return Standing(setting, lambda: call.seconds(budget), call.close, check)

    able = [setting for setting in settings if setting.peer.predicts]
    return in_turn(able, begin, rounds, say)
