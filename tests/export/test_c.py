"""Files of C compile without a warning and compute what graphs and networks do."""

import subprocess

import numpy as np
import pytest

import chainrule as cr
from chainrule import export, nn
from chainrule.export.c_file import c_text
from chainrule.export.model import exported
from chainrule.nn.activations import ACTIVATIONS
from chainrule.nn.graph_network import GraphNetwork
from chainrule.node import placeholder
from chainrule.ops import PRIMITIVES
from chainrule.testing import draw
from chainrule.types import BATCH, ArrayType


RANDOM = {"fold_in", "uniform"}
NO_ROWS = {"batch_size"}  # C knows of one row only
DTYPES = ("float32", "float64", "int64")

each_operation = pytest.mark.parametrize(
    "name", [n for n in PRIMITIVES if n not in RANDOM | NO_ROWS]
)
each_activation = pytest.mark.parametrize("name", [*ACTIVATIONS, "prelu"])


def graphs_of(primitive):
    """(name of the dtype, number, graph) of each sample in each dtype that it takes."""
    for number, (types, params) in enumerate(primitive.samples):
        for dtype in DTYPES:
            nodes = [placeholder(ArrayType(t.shape, dtype) if t.is_float else t) for t in types]
            settings = {
                key: dtype if value == "float64" else value for key, value in params.items()
            }
            try:
                output = primitive(*nodes, **settings)
            except TypeError:
                continue
            yield dtype, number, cr.Graph(tuple(nodes), (output,))


@pytest.fixture(scope="module")
def operations(compiled):
    """The samples of all primitives, compiled at once."""
    named = {
        f"{name}_{number}_{dtype}": graph
        for name, primitive in PRIMITIVES.items()
        if name not in RANDOM | NO_ROWS
        for dtype, number, graph in graphs_of(primitive)
    }
    library = compiled(*[c_text(exported(graph), name) for name, graph in named.items()])
    return {name: (graph, getattr(library, f"{name}_predict")) for name, graph in named.items()}


@pytest.fixture(scope="module")
def networks(compiled):
    """A network with each activation, compiled at once."""
    made = {name: nn.mlp([5, 7, 3], name, rng=1) for name in [*ACTIVATIONS, "prelu"]}
    library = compiled(*[c_text(exported(network), name) for name, network in made.items()])
    return {name: (network, getattr(library, f"{name}_predict_rows"))
            for name, network in made.items()}  # fmt: skip


@each_operation
def test_every_operation_gives_what_numpy_gives(name, operations, called, rng):
    samples = [row for key, row in operations.items() if key.rsplit("_", 2)[0] == name]
    assert samples
    for graph, function in samples:
        arrays = [draw(node.type, PRIMITIVES[name].domain, rng) for node in graph.inputs]
        wanted = np.asarray(graph(*arrays))
        found = called(function, *arrays, np.full(wanted.shape, 77, wanted.dtype))
        rtol, atol = (2e-6, 1e-6) if wanted.dtype == np.float32 else (1e-12, 1e-14)
        np.testing.assert_allclose(found, wanted, rtol, atol)


@each_activation
def test_network_with_every_activation(name, networks, called, rng):
    network, function = networks[name]
    x = rng.normal(size=(6, 5)).astype(np.float32)
    found = called(function, x, np.empty((6, 3), np.float32), rows=6)
    np.testing.assert_allclose(found, network(x), rtol=1e-5, atol=1e-6)


def function_of(model, compiled):
    return compiled(c_text(exported(model), "f")).f_predict


@pytest.mark.parametrize(
    "function",
    [
        lambda x: cr.transpose(cr.reshape(cr.transpose(x[1:, ::-2]), (4, 1)) + 1),
        lambda x: cr.stack([x[0], x[2] * x[1]]).sum(axis=0, keepdims=True) @ x.T,
        lambda x: cr.softmax(cr.broadcast_to(x[:, None, :], (3, 2, 4)) * np.arange(2)[:, None]),
        lambda x: cr.reshape(cr.broadcast_to(x[:, :1], (3, 4)), (2, 6)),
        lambda x: x[::-1, ::-1][:, 1:][::-1],
        lambda x: cr.concatenate([x, x.T @ x, -x]),
    ],
    ids=["reshaped", "stacked", "spread", "copied", "reversed", "joined"],
)
def test_views_of_views_are_arithmetic_of_places(function, compiled, called, rng):
    x = rng.normal(size=(3, 4))
    wanted = function(x)
    found = called(
        function_of(cr.trace(function, x), compiled), x, np.empty_like(wanted, order="C")
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_index_outside_reads_nothing_outside(compiled, called):
    graph = cr.trace(lambda x, i: cr.take(x, i), np.ones(3), np.zeros(6, np.int64))
    x, places = np.array([1.0, 2.0, 3.0]), np.array([0, 2, -1, -3, 99, -99])
    found = called(function_of(graph, compiled), x, places, np.empty(6))
    assert found.tolist() == [1, 3, 3, 1, 3, 1]


def test_number_that_is_no_whole_number_becomes_the_nearest(compiled, called):
    x = np.array([2.9, -2.9, 1e30, -1e30, np.nan])
    graph = cr.trace(lambda x: cr.cast(x, "int64"), x)
    found = called(function_of(graph, compiled), x, np.empty(5, np.int64))
    limits = np.iinfo(np.int64)
    assert found.tolist() == [2, -2, limits.max, limits.min, 0]


def test_constants_are_exact(compiled, called):
    limits = np.finfo(np.float32)
    values = [0.1, -0.0, 1 / 3, limits.max, limits.smallest_subnormal, np.inf, -np.inf, np.nan, 5.0]
    held = np.array(values, np.float32)
    graph = cr.trace(lambda x: cr.where(x > 0, held, 0), np.ones(9, np.float32))
    found = called(function_of(graph, compiled), np.ones(9, np.float32), np.empty(9, np.float32))
    np.testing.assert_array_equal(found.view(np.uint32), held.view(np.uint32))


def test_names_that_become_the_same_stay_different_arrays(compiled, called):
    paths = ("a.b", "a_b", "a-b", "predict", "reluf", "codes_1")
    parameters = {path: np.array([place, 1], np.float32) for place, path in enumerate(paths)}

    def apply(parameters, x):
        found = cr.relu(x)
        for path in paths:
            found = 10 * found + x * parameters[path]
        return found

    x = np.ones(2, np.float32)
    network = GraphNetwork(parameters, cr.trace(apply, parameters, x))
    found = called(function_of(network, compiled), x, np.empty(2, np.float32))
    np.testing.assert_allclose(found, network(x), rtol=1e-6)


def test_memory_is_used_again():
    deep = c_text(exported(nn.mlp([4, *[16] * 30, 2], "relu", rng=0)), "deep")
    assert "Static memory: 128 bytes" in deep


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x - cr.mean(x, axis=0),
        lambda x: x @ (x.T @ x),
        lambda x: cr.max(x, axis=0) * x,
        lambda x: cr.reshape(x, (3, BATCH)).T,
        lambda x: x @ x.T,
        lambda x: cr.sum(x),
    ],
)
def test_what_needs_several_rows_is_refused(function, tmp_path):
    graph = cr.trace(function, ArrayType((BATCH, 3)))
    with pytest.raises(ValueError, match="C takes one row at a time"):
        export.c(graph, tmp_path / "rows.c")
    assert not list(tmp_path.iterdir())


def test_same_model_gives_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        export.c(nn.mlp([3, 4, 2], "selu", rng=0), tmp_path / folder / "net.c")
    assert (tmp_path / "a/net.c").read_bytes() == (tmp_path / "b/net.c").read_bytes()


def test_check_compiles_the_file_and_compares(compiler, rng, tmp_path):
    network = nn.mlp([4, 5, 2], "mish", rng=0)
    export.c(network, tmp_path / "9 lives-net.c")
    x = rng.normal(size=(5, 4)).astype(np.float32)
    assert export.check(tmp_path / "9 lives-net.c", network, x) < 1e-6
    assert export.check(tmp_path / "9 lives-net.c", nn.mlp([4, 5, 2], "mish", rng=1), x) > 0.1


MAIN = """
#include <stdio.h>
int main(void)
{
    float x[20], out[12];
    if (fread(x, sizeof x, 1, stdin) != 1) {
        return 1;
    }
    net_predict_rows(x, out, 4);
    return fwrite(out, sizeof out, 1, stdout) == 1 ? 0 : 1;
}
"""


def test_sanitizers_find_nothing(compiler, rng, tmp_path):
    network = nn.mlp([5, 9, 3], "gelu", rng=0, batch_norm=True, output="softmax")
    export.c(network, tmp_path / "net.c")
    (tmp_path / "main.c").write_text((tmp_path / "net.c").read_text() + MAIN)
    flags = ("-std=c99", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    command = [compiler, *flags, "-o", "main", "main.c", "-lm"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    if "cannot find" in done.stderr:
        pytest.skip("the compiler has no sanitizers")
    assert done.returncode == 0, done.stderr
    x = rng.normal(size=(4, 5)).astype(np.float32)
    ran = subprocess.run([tmp_path / "main"], input=x.tobytes(), capture_output=True)
    assert ran.returncode == 0, ran.stderr
    found = np.frombuffer(ran.stdout, np.float32).reshape(4, 3)
    np.testing.assert_allclose(found, network(x), rtol=1e-5, atol=1e-6)
