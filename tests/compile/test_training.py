"""Training steps in machine code are those of NumPy, from the same state.

Numbers are compared relative to the largest of their array: an entry that is left over when larger
ones cancel has no digits of its own to be compared.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.compile import compile
from chainrule.nn.activations import ACTIVATIONS
from chainrule.nn.losses import LOSSES
from chainrule.nn.penalties import PENALTIES
from chainrule.testing import check_same
from chainrule.train.arguments import Limits, update_of
from chainrule.train.epoch import Plan, Position, numpy_epoch
from chainrule.train.native import native_epoch
from chainrule.train.optimizers import OPTIMIZERS
from chainrule.train.rows import Batches, Rows
from chainrule.train.step import Objective, Update, objective_and_gradient, training_step


pytestmark = pytest.mark.usefixtures("poisoned_memory")

STEPPING = {name: make for name, make in OPTIMIZERS.items() if name != "lbfgs"}
every_activation = pytest.mark.parametrize("activation", [*ACTIVATIONS, "prelu"])
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])

#: What the losses take that do not take four numbers a sample.
OF_LABELS = {"cross_entropy", "hinge", "perceptron", "zero_one"}
OF_PAIRS = {"gaussian_nll"}


def targets(loss: str, rows: int, dtype: str) -> Any:
    """Targets for a network with four outputs: labels, or numbers from 0 to 1."""
    rng = np.random.default_rng(rows)
    if loss in OF_LABELS:
        return rng.integers(0, 4, rows)
    return rng.uniform(0, 1, (rows, 2 if loss in OF_PAIRS else 4)).astype(dtype)


def batches(loss: str, dtype: str, is_weighted: bool = False) -> Batches:
    y = targets(loss, 1, dtype)
    return Batches(
        cr.ArrayType((cr.BATCH, 3), dtype),
        cr.ArrayType((cr.BATCH, *y.shape[1:]), y.dtype),
        cr.ArrayType((cr.BATCH,), dtype) if is_weighted else None,
    )


def running(state: Any, seed: int) -> Any:
    """A state as in the middle of training: averages of gradients of both signs, sizes above 0."""
    rng = np.random.default_rng(seed)
    signs = {"m": [-1, 1], "velocity": [-1, 1]}
    return {
        name: np.asarray(
            rng.uniform(0.1, 0.9, leaf.shape) * rng.choice(signs.get(name, [1]), leaf.shape),
            leaf.dtype,
        )
        for name, leaf in state.items()
    }


def arguments(update: Update, vector: Any, seed: int = 0) -> tuple[Any, Any]:
    """Parameters and state in the middle of training."""
    state = update.init(vector)
    state["optimizer"] = running(state["optimizer"], seed)
    return np.random.default_rng(seed).uniform(-1, 1, vector.shape).astype(vector.dtype), state


@every_dtype
@every_activation
def test_step_of_every_optimizer_and_loss(activation, dtype):
    """One layer of this activation: a step by each optimiser down each loss, in one graph."""
    network = cr.nn.Dense.init(3, 4, activation, rng=0, dtype=dtype, bias=False)
    vector, packing = cr.tree.pack(network)
    steps = {
        (loss, optimizer): training_step(
            packing, Objective(LOSSES[loss]), Update(STEPPING[optimizer]()), batches(loss, dtype)
        )
        for loss, optimizer in itertools.product(LOSSES, STEPPING)
    }
    states = {name: Update(make()) for name, make in STEPPING.items()}
    states = {name: arguments(update, vector)[1] for name, update in states.items()}

    def every(parameters: Any, states: Any, number: Any, x: Any, ys: Any) -> Any:
        return {
            f"{loss} by {name}": step(
                parameters, states[name], 0.5, number, cr.key(0), x, ys[loss], None
            )
            for (loss, name), step in steps.items()
        }

    x = np.random.default_rng(1).normal(size=(5, 3)).astype(dtype)
    ys = {loss: targets(loss, 5, dtype) for loss in LOSSES}
    args = arguments(Update(cr.train.sgd()), vector)[0], states, 7.0, x, ys
    graph = cr.trace(every, *args)
    check_same(compile(graph)(*args), graph(*args))


# ---- whole networks, by the code that trains them ------------------------------------------------


def network(activation: Any, dtype: str, **options: Any) -> Any:
    return cr.nn.mlp([3, 6, 5, 4], activation, rng=0, dtype=dtype, **options)


def epochs(step: cr.Graph, position: Position, rows: Rows, plan: Plan) -> tuple[Any, Any]:
    """Positions and losses after a plan: those of machine code, and those of NumPy."""
    found, wanted = (
        epoch(position, rows, plan) for epoch in (native_epoch(step, 1), numpy_epoch(step))
    )
    parts = [
        # A loss has the digits of the network's dtype.
        {**after.__dict__, "values": values.astype(after.parameters.dtype)}
        for after, values in (found, wanted)
    ]
    assert found[0].step == wanted[0].step
    return parts[0], parts[1]


def samples(loss: str, count: int, types: Batches) -> Rows:
    rng = np.random.default_rng(count)
    x = rng.normal(size=(count, 3)).astype(types.x.dtype)
    weights = None
    if types.weights is not None:
        weights = rng.uniform(0, 2, count).astype(types.x.dtype)
    return Rows(x, targets(loss, count, types.x.dtype), weights, types)


#: Every optimiser, loss and activation, each several times.
MIXED = list(
    zip(itertools.cycle(STEPPING), itertools.cycle(LOSSES), [*ACTIVATIONS] * 2, strict=False)
)


@every_dtype
@pytest.mark.parametrize(("optimizer", "loss", "activation"), MIXED)
def test_step_of_a_deep_network(optimizer, loss, activation, dtype):
    types, update = batches(loss, dtype), Update(STEPPING[optimizer]())
    vector, packing = cr.tree.pack(network([activation, "prelu"], dtype))
    step = training_step(packing, Objective(LOSSES[loss]), update, types)
    position = Position(*arguments(update, vector), 6)
    plan = Plan(np.arange(7)[::-1], 7, np.array([0.5]), cr.key(0))
    check_same(*epochs(step, position, samples(loss, 9, types), plan))


@pytest.mark.parametrize("optimizer", STEPPING)
def test_fifty_steps(optimizer):
    """In float64, from the start, with a smaller batch at the end."""
    types, update = batches("cross_entropy", "float64"), Update(STEPPING[optimizer]())
    vector, packing = cr.tree.pack(network("tanh", "float64"))
    step = training_step(packing, Objective(LOSSES["cross_entropy"]), update, types)
    order = np.random.default_rng(0).integers(0, 60, 49 * 8 + 3)
    rates = update.optimizer.learning_rate * np.linspace(1, 0.1, 50)
    plan = Plan(order, 8, rates, cr.key(0))
    position = Position(vector, update.init(vector), 0)
    found, wanted = epochs(step, position, samples("cross_entropy", 60, types), plan)
    check_same(found, wanted, 1e-8)


@every_dtype
@pytest.mark.parametrize("loss", LOSSES)
def test_objective_and_gradient(loss, dtype):
    """What L-BFGS is given."""
    types = batches(loss, dtype)
    vector, packing = cr.tree.pack(network("swish", dtype, batch_norm=True))
    graph = objective_and_gradient(packing, Objective(LOSSES[loss]), types)
    function = compile(graph)
    for rows in (6, 1):
        x, y, _ = samples(loss, rows, types).take(np.arange(rows))
        args = vector, cr.key(0), x, y, None
        check_same(function(*args), graph(*args))


# ---- everything else that changes a step ---------------------------------------------------------

OPTIONS: dict[str, Sequence[Any]] = {
    "penalty": [None, *PENALTIES],
    "optimizer": ["adam", "nadam", "momentum", "lion"],
    "clip_value": [None, 0.05],
    "clip_norm": [None, 0.1, 100.0],
    "dropout": [0.0, 0.3],
    "batch_norm": [False, True],
    "weight_decay": [0.0, 0.1],
    "groups": [(), (cr.train.Group("layers[0]*", 0.1, 2.0), cr.train.Group("*.bias", 0.0))],
    "average": [None, 0.9],
    "reduction": ["mean", "sum"],
    "is_weighted": [False, True],
    "dtype": ["float32", "float64"],
}


def pairwise(table: dict[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Few choices of one value for each name, in which every two values of two names meet."""
    names = list(table)
    every = list(itertools.combinations(range(len(names)), 2))
    sizes = [len(table[name]) for name in names]
    left = {(a, i, b, j) for a, b in every for i in range(sizes[a]) for j in range(sizes[b])}
    rng = np.random.default_rng(0)
    while left:
        rows = [rng.integers(0, sizes) for _ in range(50)]
        met = [{(a, row[a], b, row[b]) for a, b in every} & left for row in rows]
        best = max(range(50), key=lambda place: len(met[place]))
        left -= met[best]
        if met[best]:
            yield {name: table[name][i] for name, i in zip(names, rows[best], strict=True)}


@pytest.mark.parametrize("options", list(pairwise(OPTIONS)))
def test_step_with_options(options):
    dtype = options["dtype"]
    made = network("relu", dtype, dropout=options["dropout"], batch_norm=options["batch_norm"])
    vector, packing = cr.tree.pack(made)
    limits = Limits(*(options[name] for name in Limits.__dataclass_fields__))
    update = update_of(STEPPING[options["optimizer"]](), limits, made, packing)
    penalty = options["penalty"] and PENALTIES[options["penalty"]](0.01, biases=True)
    objective = Objective(LOSSES["huber"], options["reduction"], penalty)
    types = batches("huber", dtype, options["is_weighted"])
    step = training_step(packing, objective, update, types)
    parameters, state = arguments(update, vector)
    # Running variances are above 0.
    position = Position(np.abs(parameters) if options["batch_norm"] else parameters, state, 3)
    plan = Plan(np.arange(9), 9, np.array([0.1]), cr.key(1))
    check_same(*epochs(step, position, samples("huber", 12, types), plan))
