"""ONNX files compute what graphs and networks do, by onnxruntime, in plain operators."""

import numpy as np
import onnx
import onnxruntime
import pytest

import chainrule as cr
from chainrule import export, nn
from chainrule.export.onnx_operations import OPERATIONS
from chainrule.nn.activations import ACTIVATIONS
from chainrule.node import placeholder
from chainrule.ops import PRIMITIVES
from chainrule.save import ModelFile
from chainrule.testing import draw
from chainrule.types import BATCH, ArrayType


#: Random numbers, which have no plain form.
RANDOM = {"fold_in", "uniform"}

#: What onnxruntime computes in float32 alone (cos up to 1.20 at least).
NARROW = {"cos", "erf"}

each_operation = pytest.mark.parametrize("name", [n for n in PRIMITIVES if n not in RANDOM])


def told(path, *arrays):
    """What onnxruntime makes of a file."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    return session.run(None, dict(zip(names, arrays, strict=True)))


def graphs_of(primitive, dtype):
    """A graph of each sample, in this dtype."""
    for types, params in primitive.samples:
        nodes = [placeholder(ArrayType(t.shape, dtype) if t.is_float else t) for t in types]
        settings = {key: dtype if value == "float64" else value for key, value in params.items()}
        yield cr.Graph(tuple(nodes), (primitive(*nodes, **settings),))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@each_operation
def test_every_operation_gives_what_numpy_gives(name, dtype, rng, tmp_path):
    primitive = PRIMITIVES[name]
    if dtype == "float64" and name in NARROW:
        pytest.skip("onnxruntime has no kernel for it")
    rtol, atol = (2e-6, 1e-6) if dtype == "float32" else (1e-12, 1e-14)
    for graph in graphs_of(primitive, dtype):
        export.onnx(graph, tmp_path / "one.onnx")
        arrays = [draw(node.type, primitive.domain, rng) for node in graph.inputs]
        wanted = graph(*arrays)
        (found,) = told(tmp_path / "one.onnx", *arrays)
        assert found.dtype == wanted.dtype
        np.testing.assert_allclose(found, wanted, rtol, atol)


def test_every_primitive_has_a_row_or_is_random():
    assert set(PRIMITIVES) - set(OPERATIONS) == RANDOM


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (cr.expm1, [-80.0, -1e-7, 0.0, 1e-7, 20.0, 200.0]),
        (cr.log1p, [-1.0, -1e-7, 0.0, 1e-7, 3.0, 1e30, np.inf]),
        (cr.softplus, [-30.0, 0.0, 30.0, 200.0]),
        (lambda x: cr.step(x, at_zero=0.5), [-1.0, 0.0, 1.0]),
        (lambda x: cr.sign(x, at_zero=-1.0), [-1.0, 0.0, 1.0]),
        (lambda x: cr.stop_gradient(x, finite=True), [-np.inf, 1.0, np.inf]),
        (lambda x: cr.logsumexp(x, axis=0), [1000.0, -1000.0]),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_digits_are_lost_at_the_ends(function, x, dtype, tmp_path):
    array = np.array(x, dtype)
    export.onnx(cr.trace(function, array), tmp_path / "ends.onnx")
    (found,) = told(tmp_path / "ends.onnx", array)
    np.testing.assert_allclose(found, function(array), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", [*ACTIVATIONS, "prelu"])
def test_network_with_every_activation(name, rng, tmp_path):
    network = nn.mlp([5, 7, 3], name, rng=1)
    x = rng.normal(size=(6, 5)).astype(np.float32)
    export.onnx(network, tmp_path / "network.onnx")
    (found,) = told(tmp_path / "network.onnx", x)
    np.testing.assert_allclose(found, network(x), rtol=1e-5, atol=1e-6)


def with_statistics(network, rng):
    """The network with running statistics that are not those of the beginning."""
    leaves, structure = cr.tree.flatten(network)
    return cr.tree.unflatten(
        structure, [leaf + rng.uniform(0.1, 1, leaf.shape).astype(leaf.dtype) for leaf in leaves]
    )


def test_dropout_and_batch_norm_are_those_of_use(rng, tmp_path):
    network = with_statistics(nn.mlp([4, 8, 2], rng=0, dropout=0.5, batch_norm=True), rng)
    x = rng.normal(size=(9, 4)).astype(np.float32)
    export.onnx(network, tmp_path / "network.onnx")
    (found,) = told(tmp_path / "network.onnx", x)
    np.testing.assert_allclose(found, network(x), rtol=1e-5, atol=1e-5)


def test_number_of_rows_is_open_and_called_batch(rng, tmp_path):
    path = tmp_path / "network.onnx"
    network = nn.mlp([4, 2], rng=0)
    export.onnx(network, path)
    for value in (onnx.load(path).graph.input[0], onnx.load(path).graph.output[0]):
        assert value.type.tensor_type.shape.dim[0].dim_param == "batch"
    for rows in (1, 2, 77):
        x = rng.normal(size=(rows, 4)).astype(np.float32)
        np.testing.assert_allclose(told(path, x)[0], network(x), rtol=1e-5, atol=1e-6)


def test_number_of_rows_itself_may_be_computed_with(rng, tmp_path):
    def centred(x):
        return x - cr.mean(x, axis=0) + cr.broadcast_to(cr.sum(x, 1, keepdims=True), x.shape)

    graph = cr.trace(centred, ArrayType((BATCH, 3), "float32"))
    export.onnx(graph, tmp_path / "centred.onnx")
    for rows in (1, 5):
        x = rng.normal(size=(rows, 3)).astype(np.float32)
        (found,) = told(tmp_path / "centred.onnx", x)
        np.testing.assert_allclose(found, graph(x), rtol=1e-5, atol=1e-6)


def test_operators_are_plain_and_weights_keep_their_names(tmp_path):
    network = nn.mlp([3, 4, 2], "gelu", rng=0)
    export.onnx(network, tmp_path / "network.onnx")
    model = onnx.load(tmp_path / "network.onnx")
    assert {node.domain for node in model.graph.node} == {""}
    assert [one.domain for one in model.opset_import] == [""]
    held = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    for layer in (0, 1):
        for field in ("weight", "bias"):
            array = getattr(network.layers[layer], field)
            np.testing.assert_array_equal(held[f"layers[{layer}].{field}"], array)


def test_same_model_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        export.onnx(nn.mlp([3, 4, 2], "selu", rng=0), tmp_path / f"{name}.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


@pytest.mark.parametrize(
    ("loss", "outputs", "name"),
    [
        ("cross_entropy", 3, "probabilities"),
        ("binary_cross_entropy", 1, "probabilities"),
        ("squared_error", 2, "prediction"),
        ("poisson", 1, "prediction"),
    ],
)
def test_link_of_the_loss_is_part_of_the_file(loss, outputs, name, rng, tmp_path):
    network = nn.mlp([4, outputs], rng=0)
    x = rng.normal(size=(5, 4)).astype(np.float32)
    export.onnx(ModelFile(network, None, None, loss), tmp_path / "model.onnx")
    model = onnx.load(tmp_path / "model.onnx")
    assert [one.name for one in model.graph.output] == [name]
    (found,) = told(tmp_path / "model.onnx", x)
    np.testing.assert_allclose(found, nn.loss(loss).link(network(x)), rtol=1e-5, atol=1e-6)


def test_saved_model_is_exported_as_it_is_read(rng, tmp_path):
    network = nn.mlp([4, 5, 2], "tanh", rng=0)
    cr.save(network, tmp_path / "m.safetensors", loss="cross_entropy")
    model = cr.read(tmp_path / "m.safetensors")
    export.onnx(model, tmp_path / "m.onnx")
    x = rng.normal(size=(5, 4)).astype(np.float32)
    assert export.check(tmp_path / "m.onnx", model, x) < 1e-6


def test_check_finds_the_file_of_another_model(rng, tmp_path):
    export.onnx(nn.mlp([4, 2], rng=0), tmp_path / "one.onnx")
    x = rng.normal(size=(5, 4)).astype(np.float32)
    assert export.check(tmp_path / "one.onnx", nn.mlp([4, 2], rng=1), x) > 0.1


@pytest.mark.parametrize("name", sorted(RANDOM))
@pytest.mark.parametrize("write", [export.onnx, export.c])
def test_random_numbers_are_refused_by_name_and_nothing_is_written(name, write, tmp_path):
    graph = next(graphs_of(PRIMITIVES[name], "float32"))
    with pytest.raises(ValueError, match=f"export: {name} has no form in"):
        write(graph, tmp_path / "random.out")
    assert not list(tmp_path.iterdir())


def test_random_numbers_of_a_fixed_key_are_constants(tmp_path):
    def noisy(x):
        return x + cr.uniform(cr.key(3), (2, 3), "float32")

    x = np.ones((2, 3), np.float32)
    export.onnx(cr.trace(noisy, x), tmp_path / "noisy.onnx")
    np.testing.assert_array_equal(told(tmp_path / "noisy.onnx", x)[0], noisy(x))


def test_input_of_unknown_shape_is_asked_for(tmp_path):
    with pytest.raises(ValueError, match="say it with x="):
        export.onnx(nn.Sequential((nn.Scale(2.0),)), tmp_path / "scale.onnx")
    export.onnx(nn.Sequential((nn.Scale(2.0),)), tmp_path / "scale.onnx", x=np.ones((4, 3)))
    assert told(tmp_path / "scale.onnx", np.ones((4, 3)))[0].tolist() == [[2.0] * 3] * 4
