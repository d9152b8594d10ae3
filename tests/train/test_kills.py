"""Runs that are killed at any moment, without warning, and go on as if nothing had happened."""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.train import fit


pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs fork")

KILLS = 200
rng = np.random.default_rng(0)
X = rng.normal(size=(64, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


def run(checkpoint: Path) -> bytes:
    """The weights after training to the end, from the checkpoint on."""
    network = cr.nn.mlp([4, 8, 2], "relu", rng=0, dropout=0.1, batch_norm=True)
    result = fit(network, X, Y, loss="cross_entropy", optimizer="adamw", epochs=40, batch_size=16,
                 schedule="cosine", validation=0.2, average=0.95, checkpoint=checkpoint,
                 resume=True)  # fmt: skip
    return cr.tree.pack(result.network)[0].tobytes() + cr.tree.pack(result.best)[0].tobytes()


def in_a_process(checkpoint: Path, seconds: float | None) -> bool:
    """Run in a process that is killed after so many seconds; whether it came to its end."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            checkpoint.with_name("weights").write_bytes(run(checkpoint))
            status = 0
        finally:
            os._exit(status)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return not os.WIFSIGNALED(status)


def test_runs_killed_at_random_moments_end_with_the_bits_of_one_that_was_not(tmp_path):
    start = time.perf_counter()
    want = run(tmp_path / "undisturbed")
    whole = time.perf_counter() - start
    moments = np.random.default_rng()
    kills = run_number = 0
    while kills < KILLS:
        run_number += 1
        folder = tmp_path / f"{run_number}"
        folder.mkdir()
        # Each run is killed again and again on its way, then left to end.
        for _ in range(10):
            if in_a_process(folder / "run", moments.uniform(0, whole / 3)):
                break
            kills += 1
        assert in_a_process(folder / "run", None)
        assert (folder / "weights").read_bytes() == want
        assert sorted(os.listdir(folder)) == ["run", "weights"]
