"""Ctrl-C while machine code runs: it ends within half a second, and the best so far is there."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import chainrule as cr


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(cr.__file__).parents[1])}
LIMIT = 0.5  # seconds

#: Trains for a minute or more, once the same code has been compiled. It says when the part begins
#: that is to be interrupted, and when it has ended, on a clock that all processes share.
PROGRAM = """
import sys, time
import numpy as np
import chainrule as cr
from chainrule.train.rows import Rows

part, threads = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(0)
network = cr.nn.mlp([20, 256, 256, 2], rng=0)

def fit(rows, validation_rows, say):
    def rates(clock):
        if part == "steps":
            say()
        return np.ones(len(clock.step))

    def in_turn(self, size):
        if part == "validation" and len(self) == validation_rows:
            say()
        return plain(self, size)

    plain, Rows.in_turn = Rows.in_turn, in_turn
    x, held_out = (rng.standard_normal((count, 20), "f4") for count in (rows, validation_rows))
    try:
        return cr.train.fit(network, x, (x[:, 0] > 0), loss="cross_entropy", epochs=3,
            batch_size=2, schedule=rates, validation=(held_out, held_out[:, 0] > 0),
            backend="native", threads=threads)
    finally:
        Rows.in_turn = plain

fit(10, 11, lambda: None)
sizes = (600_000, 10) if part == "steps" else (100, 1_500_000)
result = fit(*sizes, lambda: print("here", flush=True))
print(time.time(), result.ended, result.best_epoch, len(result.history.get("loss", [])),
    cr.tree.pack(result.network)[0].tobytes() == cr.tree.pack(network)[0].tobytes())
"""


def interrupted(part, threads):
    """(seconds from the signal to the end of the training, what the program then says of it)"""
    command = [sys.executable, "-c", PROGRAM, part, str(threads)]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "here\n"
            time.sleep(0.4)
            sent = time.time()
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=30)
        finally:
            process.kill()
    ended, *words = said.split()
    return float(ended) - sent, words


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("part", ["steps", "validation"])
def test_ctrl_c_ends_an_epoch_of_many_steps_and_its_validation_within_half_a_second(part, threads):
    seconds, words = interrupted(part, threads)
    assert words == ["interrupt", "0", "0", "True"]  # the best so far is the network that came
    assert 0 < seconds < LIMIT
    print(f"{part}, {threads} threads: {1000 * seconds:.0f} ms")
