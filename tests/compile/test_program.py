"""`compile`: a function that is called like the one it was made from, and shows how it was made."""

import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule.compile.program import Compiled, Program
from chainrule.compile.target import host
from chainrule.node import OPERATIONS
from chainrule.testing import check_same


rng = np.random.default_rng(0)
X, W = rng.normal(size=(5, 3)), rng.normal(size=(3, 4))


def rows_of(*shape, dtype="float64"):
    """A type whose first size is open."""
    return cr.ArrayType((cr.BATCH, *shape), dtype)


def test_lines_of_the_readme(capsys):
    f = cr.compile(lambda x, w: cr.tanh(x @ w), X, W)
    f(X, W)
    print(f.stages.schedule)
    check_same(f(X, W), np.tanh(X @ W))
    assert "tanh" in capsys.readouterr().out


# ---- arguments and results -------------------------------------------------------------------


def test_pytrees_go_in_and_come_out():
    network = cr.nn.mlp([3, 4, 2], rng=0, dtype="float64")

    def f(network, batch):
        return {"prediction": network(batch["x"]), "parts": (batch["x"], [batch["y"] * 2])}

    batch = {"x": X, "y": np.arange(5)}
    found = cr.compile(f, network, batch)(network, batch)
    assert isinstance(found["parts"], tuple) and isinstance(found["parts"][1], list)
    check_same(found, f(network, batch))


def test_graph_can_be_compiled():
    graph = cr.grad(lambda x: cr.sum(cr.sin(x)))
    check_same(cr.compile(cr.trace(graph, X))(X), np.cos(X))


@pytest.mark.parametrize(
    "x",
    [
        np.asfortranarray(X),
        np.repeat(X, 2, axis=0)[::2],
        X[::-1],
        np.broadcast_to(X[0], (5, 3)),
    ],
    ids=["columns", "every second row", "backwards", "one row"],
)
def test_arguments_may_lie_in_memory_as_they_like(x):
    f = cr.compile(lambda x, w: cr.tanh(x @ w), X, W)
    check_same(f(x, W), np.tanh(np.asarray(x) @ W))


def test_arguments_are_left_as_they_are():
    x = X.copy()
    x.setflags(write=False)
    cr.compile(lambda x: cr.exp(x) * 2, X)(x)
    np.testing.assert_array_equal(x, X)


def test_results_are_fresh_arrays_each_call():
    f = cr.compile(lambda x: (x + 1, cr.sum(x), x), X)
    first = f(X)
    kept = [np.array(one) for one in first]
    second = f(2 * X)
    for one, before, other in zip(first, kept, second, strict=True):
        np.testing.assert_array_equal(one, before)
        assert not np.shares_memory(one, other)
    assert not np.shares_memory(first[2], X)
    first[0][:] = 0
    np.testing.assert_array_equal(f(X)[0], kept[0])


@pytest.mark.parametrize(
    "args",
    [
        (X,),
        (X, W, W),
        (X, {"w": W}),
        (X[:, :2], W),
        (X[0], W),
        (X.tolist(), W),
        (X, np.array([["a"]])),
        (np.ones((4, 3)), W),
    ],
)
def test_call_that_does_not_fit_is_refused_as_the_graph_refuses_it(args):
    f = cr.compile(lambda x, w: cr.tanh(x @ w), X, W)
    with pytest.raises((TypeError, ValueError)) as wanted:
        f.graph(*args)
    with pytest.raises(type(wanted.value)) as found:
        f(*args)
    assert str(found.value) == str(wanted.value)


def test_complex_numbers_are_left_to_numpy():
    f = cr.compile(lambda x: cr.exp(x), X)
    with pytest.raises(TypeError, match="compiled code takes no complex128; evaluate with NumPy"):
        f(X + 1j)


def test_sizes_of_two_arguments_must_agree():
    f = cr.compile(lambda x, y: x * y, rows_of(3), rows_of(3))
    with pytest.raises(ValueError, match="input y"):
        f(X, X[:4])


@pytest.mark.parametrize("threads", [0, -1])
def test_number_of_threads_below_1_is_refused(threads):
    with pytest.raises(ValueError, match=f"threads is {threads}; expected a whole number from 1"):
        cr.compile(cr.exp, X, threads=threads)


@pytest.mark.parametrize("index", [4, -5, 2**40, -(2**40)])
@pytest.mark.parametrize("threads", [1, 2])
def test_index_out_of_range_is_an_index_error_and_the_next_call_works(index, threads):
    f = cr.compile(lambda x, i: cr.take(x, i), W[:, 0], np.arange(2), threads=threads)
    table = np.arange(3.0)
    with pytest.raises(IndexError, match="take: an index is out of range"):
        f(table, np.array([1, index]))
    np.testing.assert_array_equal(f(table, np.array([2, 1])), [2, 1])


# ---- the number of rows ----------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
def test_one_function_serves_every_number_of_rows(threads):
    def f(x, w):
        y = cr.tanh(x @ w)
        return y, cr.sum(y), cr.sum(y, axis=0), cr.softmax(y), cr.sum(y, axis=1)

    compiled = cr.compile(f, rows_of(3), W, threads=threads)
    for rows in (5, 1, 0, 33, 2, 1_000, 0, 7):
        x = np.random.default_rng(rows).normal(size=(rows, 3))
        check_same(compiled(x, W), compiled.graph(x, W))


def test_mean_knows_the_number_of_rows():
    mean = cr.compile(lambda x: cr.mean(x), rows_of(2))
    for rows in (1, 3, 100):
        assert mean(np.full((rows, 2), 2.5)) == 2.5


def test_bits_of_a_row_do_not_depend_on_the_rows_beside_it():
    network = cr.nn.mlp([3, 17, 4], "tanh", rng=0)
    f = cr.compile(network, rows_of(3, dtype="float32"))
    x = rng.normal(size=(70, 3)).astype("f4")
    whole = f(x)
    for rows in (1, 2, 15, 16, 17, 33):
        np.testing.assert_array_equal(f(x[:rows]), whole[:rows])


# ---- several threads -------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
def test_python_threads_may_call_one_function_at_once(threads):
    f = cr.compile(lambda x, w: cr.tanh(x @ w), rows_of(3), W, threads=threads)
    arguments = [rng.normal(size=(rows, 3)) for rows in (1, 40, 300, 2_000)]
    wanted = [f(x, W).tobytes() for x in arguments]
    wrong = []

    def work(number):
        found = [f(arguments[number], W).tobytes() for _ in range(30)]
        wrong.extend(bits for bits in found if bits != wanted[number])

    workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


def test_bits_are_the_same_for_every_number_of_threads():
    def f(x, w):
        y = cr.exp(cr.sin(x @ w))
        return y, cr.sum(y), cr.mean(y, axis=0), cr.softmax(y)

    x = rng.normal(size=(333, 3))
    bits = {
        tuple(part.tobytes() for part in cr.compile(f, x, W, threads=count)(x, W))
        for count in (1, 2, 3, 4, 7)
    }
    assert len(bits) == 1


# ---- what is shown ---------------------------------------------------------------------------


def test_every_stage_is_text():
    stages = cr.compile(lambda x, w: cr.tanh(x @ w), rows_of(3), W).stages
    assert "matmul" in stages.graph and "tanh" in stages.graph
    assert "for " in stages.schedule or "loop" in stages.schedule
    assert stages.buffers
    assert "define void @step(" in stages.ir
    assert len(stages.assembly.splitlines()) > 20
    whole = str(stages)
    for title in ("graph", "schedule", "buffers", "LLVM IR", "assembly"):
        assert f"# {title}\n" in whole


def test_text_of_the_stages_is_the_same_every_time():
    def made():
        stages = cr.compile(lambda x, w: cr.tanh(x @ w), X, W).stages
        return stages.graph, stages.schedule, stages.buffers, stages.ir

    assert made() == made()


@pytest.mark.parametrize("shape", [(3, 4), (4,), (1,), ()])
def test_constants_of_other_values_make_other_results(shape):
    found = []
    for seed in (0, 1):
        value = np.random.default_rng(seed).normal(size=shape)
        graph = cr.trace(lambda x, value=value: x[:, :1] * value.sum() + value.ravel(), rows_of(3))
        found.append(cr.compile(graph, X)(X))
        check_same(found[-1], graph(X))
    assert not np.any(found[0] == found[1])


def test_last_arguments_may_be_given_once():
    graph = cr.trace(lambda x, w, b: x @ w + b, rows_of(3), W, np.array(2.0))
    function = Compiled(Program(graph, host()), 1, (W, np.array(2.0)))
    for rows in (1, 5, 40):
        x = np.resize(X, (rows, 3))
        check_same(function(x), graph(x, W, 2.0))
        check_same(function(x[::-1]), graph(x[::-1], W, 2.0))


# ---- operations of one's own -----------------------------------------------------------------


@pytest.fixture
def declared():
    """Declares an operation x · factor for the time of the test."""
    before = dict(cr.ops.PRIMITIVES)

    def declare(factor, **options):
        cr.ops.PRIMITIVES.pop("times_factor", None)
        return cr.ops.elementwise(
            "times_factor", lambda x: x * factor, lambda out, x: factor, doc="x · factor",
            notation=cr.ops.function("times_factor"), **options,
        )  # fmt: skip

    yield declare
    for name in set(cr.ops.PRIMITIVES) - set(before):
        del cr.ops.PRIMITIVES[name], OPERATIONS[name]


def test_operation_of_ones_own_compiles_with_its_code(declared):
    times = declared(3.0, code=lambda x: x * 3.0)
    check_same(cr.compile(lambda x: times(x), X)(X), 3 * X)
    check_same(cr.compile(cr.grad(lambda x: cr.sum(times(times(x)))), X)(X), np.full_like(X, 9))


def test_operation_without_code_is_named(declared):
    times = declared(3.0)
    with pytest.raises(TypeError, match="compile: times_factor has no code; declare it with"):
        cr.compile(lambda x: times(x), X)


def test_operation_whose_code_has_changed_is_compiled_anew(declared):
    for factor in (2.0, 5.0):
        times = declared(factor, code=lambda x, factor=factor: x * factor)
        check_same(cr.compile(lambda x, times=times: times(x), X)(X), factor * X)


# ---- zeros in the samples --------------------------------------------------------------------


def test_zeros_are_looked_for_in_samples_alone():
    """In the product of the samples with weights and in its gradient, not in what layers make."""
    packing = cr.tree.packing(cr.nn.mlp([40, 50, 60], "relu", rng=0))

    def loss(vector, x):
        return cr.sum(packing.unpack(vector)(x) ** 2)

    graph = cr.trace(
        cr.grad(loss), cr.ArrayType((packing.size,), "float32"), rows_of(40, dtype="float32")
    )
    calls = [line for line in Program(graph, host()).write().splitlines() if "@gemm_" in line]
    flags = [line.split("i64 ")[-1].rstrip(")") for line in calls if "call" in line]
    assert sorted(flags) == ["0", "0", "0", "1", "1"]
