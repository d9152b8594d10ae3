"""Which backend runs a training: chosen from sizes alone, named in the result, refused in words."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.compile import threads as compile_threads
from chainrule.node import OPERATIONS
from chainrule.ops import PRIMITIVES
from chainrule.train import backend as module
from chainrule.train import fit
from chainrule.train.backend import Backend, backend
from chainrule.train.rows import Batches
from chainrule.train.step import Objective, Update, training_step


X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)


def net(*sizes):
    return cr.nn.mlp(sizes or (3, 4, 2), "tanh", rng=0)


def trained(network=None, **options):
    given = {"loss": "cross_entropy", "epochs": 2, **options}
    return fit(network or net(), X, Y, **given)


def step(*sizes):
    """The training step of a network of these sizes."""
    packing = cr.tree.packing(net(*sizes))
    types = Batches(
        cr.ArrayType((cr.BATCH, sizes[0]), "float32"), cr.ArrayType((cr.BATCH,), "int64")
    )
    objective = Objective(cr.nn.LOSSES["cross_entropy"])
    return training_step(packing, objective, Update(cr.train.adam()), types)


SMALL, LARGE = step(2, 2, 2), step(784, 128, 10)


# ---- the choice ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("graph", "batch", "steps", "name"),
    [
        (SMALL, 4, 100, "numpy"),
        (SMALL, 4, 100_000, "native"),
        (LARGE, 64, 10, "numpy"),
        (LARGE, 64, 10_000, "native"),
        (LARGE, 60_000, 10, "native"),
    ],
)
def test_machine_code_is_taken_for_what_is_long(graph, batch, steps, name):
    assert backend("auto", None, graph, batch, steps).name == name


def test_choice_is_that_of_the_sizes_and_measures_nothing(monkeypatch):
    monkeypatch.setattr("time.perf_counter", None)
    monkeypatch.setattr("time.monotonic", None)
    choices = [
        [backend("auto", 2, LARGE, 64, steps) for steps in range(1, 2_000, 40)] for _ in range(2)
    ]
    assert choices[0] == choices[1]
    assert {choice.name for choice in choices[0]} == {"numpy", "native"}


def test_more_steps_never_lead_back_to_numpy():
    names = [backend("auto", 1, LARGE, 64, 2**power).name for power in range(20)]
    assert names == sorted(names, reverse=True)


def test_one_thread_is_enough_for_a_small_step(monkeypatch):
    monkeypatch.setattr(module, "available", lambda: 8)
    assert backend("native", None, SMALL, 4, 100).threads == 1
    assert backend("native", None, LARGE, 1_000, 100).threads == 8
    assert 1 < backend("native", None, LARGE, 8, 100).threads < 8


def test_no_more_threads_are_taken_than_there_are_cores():
    most = compile_threads.available()
    assert backend("native", None, LARGE, 10_000, 100).threads == most
    assert backend("native", most + 3, LARGE, 10_000, 100).threads == most + 3


# ---- what the result says --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"backend": "numpy"}, "NumPy"),
        ({"backend": "numpy", "threads": 3}, "NumPy"),
        ({"backend": "native", "threads": 1}, "machine code, 1 thread"),
        ({"backend": "native", "threads": 2}, "machine code, 2 threads"),
        ({"backend": "native", "threads": np.int64(2)}, "machine code, 2 threads"),
        ({"backend": "native"}, "machine code, 1 thread"),
        ({}, "NumPy"),
    ],
)
def test_result_names_the_backend(options, text):
    assert trained(**options).backend == text


# ---- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "nativ"}, "unknown backend 'nativ'.*native"),
        ({"backend": ""}, "unknown backend"),
        ({"threads": 0}, "fit: threads is 0; expected a whole number from 1, or None"),
        ({"threads": -2, "backend": "native"}, "fit: threads is -2"),
        ({"threads": 1.5}, "fit: threads is 1.5"),
        ({"threads": "all"}, "fit: threads is 'all'"),
    ],
)
def test_backend_that_cannot_be_is_refused_before_any_work(options, message, tmp_path):
    heard = []
    with pytest.raises(ValueError, match=message):
        trained(**options, callbacks=[heard.append], checkpoint=tmp_path / "run")
    assert not heard and not list(tmp_path.iterdir())


@pytest.fixture
def cube():
    """An operation without code, which the table of primitives has during the test."""
    yield cr.ops.elementwise(
        "cube", lambda x: x * x * x, lambda y, x: 3 * cr.square(x), doc="x³",
        notation=cr.ops.function("cube"),
    )  # fmt: skip
    del PRIMITIVES["cube"], OPERATIONS["cube"]


@pytest.fixture
def impatient(monkeypatch):
    """NumPy would need too long for anything."""
    monkeypatch.setattr(module, "_PATIENCE", 0.0)


def with_cube(cube):
    return cr.nn.Sequential((*net(3, 4).layers, lambda x: cube(x), *net(4, 2).layers))


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_operation_without_code_is_refused_and_named(cube, optimizer, tmp_path):
    with pytest.raises(TypeError, match=r"operation 'cube' has no code; .* code=.*, or .* 'numpy'"):
        trained(with_cube(cube), backend="native", optimizer=optimizer, batch_size=None,
                checkpoint=tmp_path / "run")  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_operation_without_code_is_evaluated_by_numpy_where_the_choice_is_free(cube, impatient):
    assert trained().backend == "machine code, 1 thread"
    assert trained(with_cube(cube)).backend == "NumPy"


def test_metric_without_code_is_refused_and_named(cube):
    metrics = {"cubed": lambda prediction, y: cr.sum(cube(prediction), axis=-1)}
    with pytest.raises(TypeError, match="the operation 'cube' has no code"):
        trained(metrics=metrics, validation=0.2, backend="native")


def test_metric_without_code_is_evaluated_by_numpy_where_the_choice_is_free(cube, impatient):
    metrics = {"cubed": lambda prediction, y: cr.sum(cube(prediction), axis=-1)}
    result = trained(metrics=metrics, validation=(X, Y))
    assert result.backend == "machine code, 1 thread"
    want = np.mean(np.sum(result.network(X) ** 3, axis=1))
    np.testing.assert_allclose(result.history["validation_cubed"][-1], want, rtol=1e-4)


def test_function_is_numpy_or_machine_code():
    graph = cr.trace(lambda x: cr.exp(x), X)
    for made in (Backend("numpy", 1), Backend("native", 1), Backend("native", 2)):
        np.testing.assert_allclose(made.function(graph)(X), np.exp(X), rtol=1e-14)
