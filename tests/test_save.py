"""Model files: what comes back is what was saved, and what is written is written whole."""

import os
import struct
import subprocess
import sys
from collections import namedtuple
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.data import Category, Labels, Number, Preprocessing, Quantity
from chainrule.nn import Activation, Dense, Sequential
from chainrule.save import ModelFileError, read
from chainrule.tree import Array


@dataclass(frozen=True)
class Scaled:
    inner: Dense
    factor: Array
    name: str = "scaled"
    depths: tuple[int, ...] = (3, -1)
    limit: float | None = None

    def __call__(self, x):
        return self.inner(x) * self.factor


@dataclass(frozen=True)
class Noted:
    weight: Array
    note: Any = None


Point = namedtuple("Point", "x y")
ONE = np.ones((1, 1))


def equal(a, b):
    """The same structure, and every array the same, bit for bit."""
    pairs = zip(cr.tree.leaves(a), cr.tree.leaves(b), strict=True)
    return cr.tree.flatten(a)[1] == cr.tree.flatten(b)[1] and all(
        x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes() for x, y in pairs
    )


def saved_and_loaded(network, path, classes=()):
    cr.save(network, path)
    return cr.load(path, classes=classes)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_network_comes_back_bit_for_bit(tmp_path, dtype):
    net = cr.nn.mlp([3, 4, 2], "tanh", rng=0, dtype=dtype)
    assert equal(net, saved_and_loaded(net, tmp_path / "m.safetensors"))


@pytest.mark.parametrize("bias", [True, False])
def test_single_layer_comes_back(tmp_path, bias):
    layer = Dense.init(3, 2, "sigmoid", rng=0, bias=bias)
    assert equal(layer, saved_and_loaded(layer, tmp_path / "m"))


def test_activation_among_the_layers_comes_back(tmp_path):
    net = Sequential([Dense.init(2, 2, rng=0), cr.nn.ACTIVATIONS["tanh"]])
    assert equal(net, saved_and_loaded(net, tmp_path / "m"))


@pytest.mark.parametrize("special", [-0.0, 5e-324, 1e308])
def test_every_kind_of_number_comes_back(tmp_path, special):
    net = Dense(np.full((1, 1), special), np.array([special]))
    assert equal(net, saved_and_loaded(net, tmp_path / "m"))


@pytest.mark.parametrize("special", [np.nan, -np.nan, np.inf])
def test_numbers_that_are_not_finite_come_back_with_a_warning(tmp_path, special):
    net = Dense(np.full((1, 1), special), np.array([1.0]))
    with pytest.warns(UserWarning, match="m: weight holds numbers that are not finite") as caught:
        assert equal(net, saved_and_loaded(net, tmp_path / "m"))
    assert caught[0].filename == __file__


@pytest.mark.parametrize("shape", [(), (0,), (2, 3, 4)])
def test_array_of_any_shape_comes_back(tmp_path, shape):
    net = Noted(np.ones(shape))
    assert equal(net, saved_and_loaded(net, tmp_path / "m", [Noted]))


def test_array_that_is_not_contiguous_comes_back(tmp_path):
    net = Noted(np.arange(12.0).reshape(3, 4).T[::2])
    assert equal(net, saved_and_loaded(net, tmp_path / "m", [Noted]))


@pytest.mark.parametrize("note", [None, True, -7, 2.5, "", "*", "Ω\n\0", "0" * 64, (), [1, ("a",)]])
def test_field_that_is_no_array_comes_back(tmp_path, note):
    again = saved_and_loaded(Noted(ONE, note), tmp_path / "m", [Noted])
    assert again.note == note and type(again.note) is type(note)


@pytest.mark.parametrize(
    "text", [*cr.nn.ACTIVATIONS, "leaky_relu(slope=0.3)", "step(at_zero=-0.0)", "swish(beta=1e-9)"]
)
def test_every_activation_comes_back(tmp_path, text):
    layer = Dense.init(3, 2, text, rng=0)
    again = saved_and_loaded(layer, tmp_path / "m")
    assert equal(layer, again) and repr(layer.activation.settings) == repr(
        again.activation.settings
    )


def test_every_kind_of_layer_comes_back(tmp_path):
    net = cr.nn.mlp([3, 4, 4, 2], "prelu", rng=0, dropout=0.25, batch_norm=True)
    kinds = {type(layer).__name__ for layer in net.layers}
    assert kinds == {"Dense", "BatchNorm", "PReLU", "Dropout"}
    assert equal(net, saved_and_loaded(net, tmp_path / "m"))


def test_class_of_ones_own_comes_back_if_it_is_passed(tmp_path):
    net = Sequential([Scaled(Dense.init(2, 2, rng=0), np.float32([2])), Dense.init(2, 1, rng=1)])
    assert equal(net, saved_and_loaded(net, tmp_path / "m", [Scaled]))


def test_class_of_ones_own_without_a_graph_must_be_passed(tmp_path):
    cr.save(Noted(ONE), tmp_path / "m")
    assert read(tmp_path / "m", [Noted]).graph is None
    with pytest.raises(
        ModelFileError, match=r"class 'Noted' .* load\(path, classes=\[...\]\) .* x="
    ):
        cr.load(tmp_path / "m")


def test_file_is_ordinary_safetensors(tmp_path):
    from safetensors.numpy import load_file

    net = cr.nn.mlp([3, 2], rng=0)
    cr.save(net, tmp_path / "m.safetensors")
    arrays = load_file(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(arrays["layers[0].weight"], net.layers[0].weight)


def test_same_network_gives_the_same_bytes_in_every_process(tmp_path):
    program = (
        "import chainrule as cr, sys; cr.save(cr.nn.mlp([2, 3, 3, 1], rng=0), sys.argv[1]);"
        "print(open(sys.argv[1], 'rb').read().hex())"
    )
    run = [sys.executable, "-c", program, str(tmp_path / "m")]
    outputs = {subprocess.run(run, capture_output=True, check=True).stdout for _ in range(3)}
    assert len(outputs) == 1


def own_dense():
    Dense = dataclass(frozen=True)(type("Dense", (), {"__annotations__": {"weight": Array}}))
    return Dense(ONE)


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (Sequential([lambda x: x]), r"network.layers\[0\] .* of your own; with x="),
        (Sequential([Activation("relu", cr.sin, False, "he")]), "of your own"),
        (Dense(ONE.astype(int), np.ones(1)), "network.weight is ndarray .* of float32 or float64"),
        (Dense(ONE.astype("f2"), np.ones(1)), "network.weight is ndarray"),
        (Dense(2.0, np.ones(1)), "network.weight is float 2.0; expected an array"),
        (Noted(ONE, ONE), "network.note is ndarray"),
        (Noted(ONE, np.nan), "network.note is float nan"),
        (Noted(ONE, {"a": 1}), "network.note is dict"),
        (Noted(ONE, Point(1, 2)), "network.note is Point"),
        (Noted(ONE, [1, (2, b"x")]), r"network.note\[1\]\[1\] is bytes"),
        (own_dense(), "Dense is a layer of nn; rename your class"),
        (lambda x: x, "network is function"),
        ({"weight": ONE}, "network is dict"),
    ],
)
def test_what_no_file_holds_is_named_and_the_old_file_stays(tmp_path, net, message):
    path = tmp_path / "m"
    path.write_bytes(b"old")
    with pytest.raises(TypeError, match=message):
        cr.save(net, path)
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["m"]


def test_structure_that_load_would_refuse_as_too_large_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="bytes beside the arrays are too many"):
        cr.save(Noted(ONE, "a" * 1_000_000), tmp_path / "m")
    assert not os.listdir(tmp_path)


# ---- preprocessing -------------------------------------------------------------------------------


PREPARED = Preprocessing(
    (Number("Ω", 0.1, 5e-324), Category("", ("a", "b, c"))), Labels("y", ("1", "2"), True)
)


@pytest.mark.parametrize(
    "preprocessing",
    [None, PREPARED, Preprocessing((*PREPARED.columns,), Quantity("y", -1e300, 2.0))],
)
def test_preprocessing_comes_back(tmp_path, preprocessing):
    cr.save(Dense.init(3, 1, rng=0), tmp_path / "m", preprocessing=preprocessing)
    assert read(tmp_path / "m").preprocessing == preprocessing


@pytest.mark.parametrize(
    ("preprocessing", "error", "message"),
    [
        (ONE, TypeError, r"preprocessing is ndarray .*; expected a data.Preprocessing"),
        (Number("a", 0.0, 1.0), TypeError, "preprocessing is Number"),
        (replace(PREPARED, target=None), TypeError, "no columns, or no target"),
        (replace(PREPARED, columns=()), TypeError, "no columns, or no target"),
        (replace(PREPARED, columns=(PREPARED.target,)), TypeError, "neither Number nor Cat"),
        (Preprocessing((Number("a", np.inf, 1.0),), PREPARED.target), ValueError, "no mean and"),
        (Preprocessing((Number("a", 0.0, 0.0),), PREPARED.target), ValueError, "no mean and posi"),
        (Preprocessing((Category("a", ("b", "b")),), PREPARED.target), TypeError, "different"),
    ],
)
def test_preprocessing_that_no_file_holds_is_named(tmp_path, preprocessing, error, message):
    with pytest.raises(error, match=message):
        cr.save(Dense.init(2, 1, rng=0), tmp_path / "m", preprocessing=preprocessing)


def test_loss_comes_back_as_the_text_that_chooses_it(tmp_path):
    cr.save(Dense.init(2, 1, rng=0), tmp_path / "m", loss="huber(delta=0.5)")
    assert read(tmp_path / "m").loss == "huber(delta=0.5)"
    with pytest.raises(ValueError, match="unknown loss 'huver'; did you mean 'huber'"):
        cr.save(Dense.init(2, 1, rng=0), tmp_path / "m", loss="huver")


# ---- versions ------------------------------------------------------------------------------------

#: A file of the first version: a Dense layer that was written by it, and is never written anew.
FIRST_HEADER = (
    r'{"__metadata__":{"chainrule":"{\"sha256\":\"12cfeca9ef81de1e676dc065b93ab3649e1beeb3c988074dfbd706d46bd5fb75\",'
    r"\"format\":\"chainrule-model-1\",\"version\":\"0.1.0\","
    r"\"record\":{\"structure\":{\"class\":\"Dense\",\"fields\":{\"weight\":\"*\",\"bias\":\"*\",\"activation\":{\"activation\":\"tanh\"}}},"
    r"\"graph\":{\"nodes\":["
    r"{\"input\":\"bias\",\"type\":\"f32[1]\"},"
    r"{\"input\":\"weight\",\"type\":\"f32[2,1]\"},"
    r"{\"input\":\"x\",\"type\":\"f32[batch,2]\"},"
    r"{\"apply\":\"matmul\",\"to\":[2,1],\"type\":\"f32[batch,1]\"},"
    r"{\"apply\":\"broadcast_to\",\"to\":[0],\"params\":{\"shape\":[\"batch\",1]},\"type\":\"f32[batch,1]\"},"
    r"{\"apply\":\"add\",\"to\":[3,4],\"type\":\"f32[batch,1]\"},"
    r"{\"apply\":\"tanh\",\"to\":[5],\"type\":\"f32[batch,1]\"}],"
    r'\"outputs\":[6]},\"preprocessing\":null,\"loss\":null}}"},'
    r'"bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"weight":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]}}'
)
FIRST_NUMBERS = struct.pack("<3f", 2, 0.25, -1)


def test_file_of_the_first_version_is_read(tmp_path):
    header = FIRST_HEADER.encode()
    (tmp_path / "m").write_bytes(struct.pack("<Q", len(header)) + header + FIRST_NUMBERS)
    layer = cr.load(tmp_path / "m")
    assert repr(layer) == "Dense[2,1] tanh"
    np.testing.assert_allclose(layer(np.ones((1, 2))), np.tanh([[1.25]]), rtol=1e-6)


# ---- writing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_failure_while_writing_leaves_the_old_file_alone(tmp_path, monkeypatch, step, error):
    path = tmp_path / "m"
    path.write_bytes(b"old")

    def fail(*_):
        raise error

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(type(error)):
        cr.save(cr.nn.mlp([1, 1], rng=0), path)
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["m"]


def test_missing_folder_is_an_error_that_names_the_file(tmp_path):
    path = tmp_path / "nowhere" / "m"
    with pytest.raises(FileNotFoundError) as caught:
        cr.save(cr.nn.mlp([1, 1], rng=0), path)
    assert str(path) in str(caught.value)


def test_folder_in_the_place_of_the_file_is_an_error(tmp_path):
    with pytest.raises(IsADirectoryError, match="a folder, expected the name of a file"):
        cr.save(cr.nn.mlp([1, 1], rng=0), tmp_path)
    assert not os.listdir(tmp_path)


def test_folder_that_must_not_be_written_to_is_an_error(tmp_path):
    tmp_path.chmod(0o500)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("this user may write anywhere")
        with pytest.raises(PermissionError, match="m"):
            cr.save(cr.nn.mlp([1, 1], rng=0), tmp_path / "m")
    finally:
        tmp_path.chmod(0o700)


def test_mode_honours_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        cr.save(cr.nn.mlp([1, 1], rng=0), tmp_path / "m")
    finally:
        os.umask(before)
    assert (tmp_path / "m").stat().st_mode & 0o777 == 0o640
