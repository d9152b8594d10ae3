"""Training gives the same bits on 1, 2, 3, 4 and 7 threads."""

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn.losses import LOSSES
from chainrule.train.arguments import Limits, update_of
from chainrule.train.epoch import Plan, Position
from chainrule.train.native import native_epoch
from chainrule.train.optimizers import OPTIMIZERS
from chainrule.train.rows import Batches, Rows
from chainrule.train.step import Objective, training_step


pytestmark = pytest.mark.usefixtures("poisoned_memory")

SAMPLES = 1000
WIDE = [20, 100, 130, 10]
UNLIKE = [17, 300, 33, 10]
NARROW = [5, 3, 10]

#: name -> sizes, options of the network, optimiser, largest norm of the gradient, batch, samples.
RUNS = {
    "batches of 64, the last of 40": (WIDE, {}, "adam", None, 64, 1000),
    "batches of 100": (UNLIKE, {}, "momentum", None, 100, 1000),
    "batches of 96, the last of 40": (UNLIKE, {"activation": "tanh"}, "adamw", None, 96, 1000),
    "all samples at once": (WIDE, {}, "adam", None, 1000, 3000),
    "dropout": (WIDE, {"dropout": 0.3}, "adam", None, 64, 500),
    "batch norm": (UNLIKE, {"batch_norm": True}, "nadam", None, 100, 450),
    "gradient cut off": (WIDE, {}, "sgd", 0.01, 64, 500),
    "all of them": (UNLIKE, {"dropout": 0.2, "batch_norm": True}, "adam", 0.01, 300, 1000),
    "samples of many bytes": ([900, 16, 10], {}, "sgd", None, 100, 450),
    "one sample at a time": (NARROW, {}, "rmsprop", None, 1, 40),
    "less samples than threads": (NARROW, {"batch_norm": True}, "lion", 0.1, 3, 50),
}


def after_training(threads, dtype, sizes, options, optimizer, clip_norm, batch_size, taken):
    """The bytes of parameters, state and losses after two epochs."""
    network = cr.nn.mlp(sizes, **{"activation": "relu", **options}, rng=0, dtype=dtype)
    vector, packing = cr.tree.pack(network)
    update = update_of(
        OPTIMIZERS[optimizer](), Limits(None, (), None, clip_norm, None), network, packing
    )
    rng = np.random.default_rng(0)
    types = Batches(cr.ArrayType((cr.BATCH, sizes[0]), dtype), cr.ArrayType((cr.BATCH,), "int64"))
    x = rng.normal(size=(SAMPLES, sizes[0])).astype(dtype)
    rows = Rows(x, rng.integers(0, sizes[-1], SAMPLES), None, types)
    step = training_step(packing, Objective(LOSSES["cross_entropy"]), update, types)
    order, steps = rng.integers(0, SAMPLES, taken), math.ceil(taken / batch_size)
    plan = Plan(order, batch_size, np.full(steps, 1e-3), cr.key(3))
    epoch = native_epoch(step, threads)
    position, first = epoch(Position(vector, update.init(vector), 0), rows, plan)
    position, second = epoch(position, rows, plan)
    leaves = cr.tree.leaves((position.parameters, position.state, first, second))
    assert np.all(np.isfinite(position.parameters)) and position.step == 2 * steps
    return [np.asarray(leaf).tobytes() for leaf in leaves]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_any_number_of_threads(run, dtype):
    wanted = after_training(1, dtype, *run)
    for threads in (2, 3, 4, 7):
        assert after_training(threads, dtype, *run) == wanted, f"{threads} threads"
