"""How long it takes until machine code is there: cold, from the cache, and for deep networks.

The bounds are wide, for the machine may be busy; run with `-s` to see the times.
"""

import gc
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.compile.program import Program
from chainrule.compile.target import host
from chainrule.train.rows import Batches
from chainrule.train.step import Objective, Update, training_step


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(cr.__file__).parents[1])}

#: Prints how long the first epoch takes, which has one step; LLVM is loaded within it.
EPOCH = """
import time
import numpy as np
import chainrule as cr
from chainrule.train.epoch import Plan, Position
from chainrule.train.native import native_epoch
from chainrule.train.rows import Batches, Rows
from chainrule.train.step import Objective, Update, training_step

vector, packing = cr.tree.pack(cr.nn.mlp([784, 128, 64, 10], rng=0))
types = Batches(cr.ArrayType((cr.BATCH, 784), "float32"), cr.ArrayType((cr.BATCH,), "int64"))
update = Update(cr.train.adam())
step = training_step(packing, Objective(cr.nn.LOSSES["cross_entropy"]), update, types)
rows = Rows(np.zeros((64, 784), "f4"), np.zeros(64, "i8"), None, types)
plan = Plan(np.arange(64), 64, np.ones(1), cr.key(0))
start = time.perf_counter()
native_epoch(step, 1)(Position(vector, update.init(vector), 0), rows, plan)
print(time.perf_counter() - start)
"""


def test_first_epoch_of_three_layers_is_soon_there_and_sooner_from_the_cache(tmp_path):
    environment = {**ENVIRONMENT, "CHAINRULE_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", EPOCH]
    cold, cached = (
        float(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
        for _ in range(2)
    )
    print(f"first epoch: {cold:.2f} s cold, {cached:.3f} s from the cache")
    assert cold < 5
    assert cached < 1
    assert cached < cold


def deep(layers):
    """The training step of a network with so many layers."""
    packing = cr.tree.packing(cr.nn.mlp([20, *[32] * (layers - 1), 10], rng=0))
    types = Batches(cr.ArrayType((cr.BATCH, 20), "float32"), cr.ArrayType((cr.BATCH,), "int64"))
    objective = Objective(cr.nn.LOSSES["cross_entropy"])
    return training_step(packing, objective, Update(cr.train.adam()), types)


def seconds(layers):
    """Processor time for loop nests, memory and LLVM IR of a deep network: the least of some."""
    step = deep(layers)
    times = []
    for _ in range(2 if layers > 20 else 3):
        gc.collect()
        start = time.process_time()
        Program(step, host(), {0: 0, 1: 1, 2: 2}).write()
        times.append(time.process_time() - start)
    return min(times)


def test_time_to_plan_and_to_write_is_linear_in_depth():
    times = {layers: seconds(layers) for layers in (10, 20, 40, 100)}
    print(" ".join(f"{layers} layers: {spent:.2f} s" for layers, spent in times.items()))
    # In the square of the depth it would be 4 and 25 times.
    assert times[40] < 3.5 * times[20]
    assert times[100] < 12 * times[20]


def test_length_of_the_code_is_linear_in_depth():
    lengths = [len(Program(deep(layers), host()).write()) for layers in (5, 10, 20)]
    first, second = np.diff(lengths)
    assert second == pytest.approx(2 * first, rel=0.1)
