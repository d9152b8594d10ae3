"""Model files: what comes back is what was saved, and what is written is written whole."""

import os
import subprocess
import sys
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import Dense, Sequential
from chainrule.save import ModelFileError
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


def test_single_layer_comes_back(tmp_path):
    layer = Dense.init(3, 2, "sigmoid", rng=0)
    assert equal(layer, saved_and_loaded(layer, tmp_path / "m"))


def test_activation_among_the_layers_comes_back(tmp_path):
    net = Sequential([Dense.init(2, 2, rng=0), cr.nn.ACTIVATIONS["tanh"]])
    assert equal(net, saved_and_loaded(net, tmp_path / "m"))


@pytest.mark.parametrize("special", [np.nan, np.inf, -0.0, 5e-324, 1e308])
def test_every_kind_of_number_comes_back(tmp_path, special):
    net = Dense(np.full((1, 1), special), np.array([special]))
    assert equal(net, saved_and_loaded(net, tmp_path / "m"))


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


def test_class_of_ones_own_comes_back_if_it_is_passed(tmp_path):
    net = Sequential([Scaled(Dense.init(2, 2, rng=0), np.float32([2])), Dense.init(2, 1, rng=1)])
    assert equal(net, saved_and_loaded(net, tmp_path / "m", [Scaled]))
    with pytest.raises(ModelFileError, match=r"class 'Scaled'; pass it as load\(path, classes="):
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
        (Dense(ONE, np.ones(1), cr.nn.activation(cr.sin)), "network.activation .* of your own"),
        (Sequential([lambda x: x]), r"network.layers\[0\] .* of your own"),
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
