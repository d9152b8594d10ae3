"""Networks that are their graphs: what files give back where the classes are not known."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import Dense, Sequential
from chainrule.nn.graph_network import GraphNetwork
from chainrule.save import ModelFileError, read
from chainrule.tree import Array
from chainrule.types import BATCH, ArrayType


X = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")


@dataclass(frozen=True)
class Scaled:
    inner: Dense
    factor: Array

    def __call__(self, x):
        return self.inner(x) * self.factor


@dataclass(frozen=True)
class Gated:
    """A network of one's own, whose first dense layer takes a part of the input."""

    inner: Dense
    gate: Array
    table: Any = None

    def __call__(self, x):
        return self.inner(x[:, :1]) * cr.sigmoid(x @ self.gate)


OWN = {
    "class": Scaled(Dense.init(2, 3, "tanh", rng=0), np.float32([2])),
    "activation": Dense.init(2, 3, lambda x: x * cr.sin(x), rng=0),
    "function": Sequential([Dense.init(2, 3, rng=0), lambda x: x - cr.mean(x, axis=0)]),
    "constants": Sequential([Dense.init(2, 30, rng=0), lambda x: x + np.linspace(0, 1, 30)]),
    "two outputs": Sequential([Dense.init(2, 3, rng=0), lambda x: (x, cr.sum(x, axis=1))]),
}
every_own = pytest.mark.parametrize("net", OWN.values(), ids=OWN)


def saved_and_loaded(network, path):
    cr.save(network, path)
    return cr.load(path)


def same_bits(a, b):
    pairs = zip(cr.tree.leaves(a), cr.tree.leaves(b), strict=True)
    return all(x.dtype == y.dtype and x.tobytes() == y.tobytes() for x, y in pairs)


@every_own
def test_network_of_ones_own_is_loaded_as_its_graph(tmp_path, net):
    again = saved_and_loaded(net, tmp_path / "m")
    assert isinstance(again, GraphNetwork)
    assert same_bits(again(X), net(X)) and same_bits(again(X[:1]), net(X[:1]))


@every_own
def test_graph_that_was_loaded_can_be_saved_again(tmp_path, net):
    first = saved_and_loaded(net, tmp_path / "first")
    second = saved_and_loaded(first, tmp_path / "second")
    assert second.graph.hash == first.graph.hash
    assert same_bits(second(X), net(X))


def test_graph_that_was_loaded_gives_the_same_bytes_again(tmp_path):
    cr.save(saved_and_loaded(OWN["activation"], tmp_path / "first"), tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_graph_that_was_loaded_becomes_part_of_another_as_the_network_does(tmp_path):
    net, x = OWN["class"], ArrayType((BATCH, 2), "float32")
    again = saved_and_loaded(net, tmp_path / "m")
    assert cr.trace(lambda x: again(x), x).hash == cr.trace(lambda x: net(x), x).hash


def test_graph_that_was_loaded_takes_other_dtypes_as_the_network_does(tmp_path):
    again = saved_and_loaded(OWN["class"], tmp_path / "m")
    assert same_bits(again([[1, 2]]), OWN["class"](np.array([[1, 2]])))


def test_graph_that_was_loaded_trains_as_the_network_does(tmp_path):
    options = {"loss": "squared_error", "optimizer": "sgd", "epochs": 3, "seed": 0}
    net, y = OWN["class"], np.ones((5, 3), "float32")
    trained = [
        cr.train.fit(start, X, y, **options)
        for start in (net, saved_and_loaded(net, tmp_path / "m"))
    ]
    assert trained[0].history["loss"] == trained[1].history["loss"]
    assert same_bits(trained[0].network(X), trained[1].network(X))


def test_graph_that_was_loaded_says_how_large_it_is(tmp_path):
    again = saved_and_loaded(OWN["class"], tmp_path / "m")
    assert repr(again) == "GraphNetwork, 10 parameters, 6 operations"


def test_file_holds_the_graph_of_the_network_in_use(tmp_path):
    net = cr.nn.mlp([2, 3, 1], "tanh", rng=0, dropout=0.5, batch_norm=True)
    cr.save(net, tmp_path / "m")
    parameters = dict(zip(cr.tree.paths(net), cr.tree.leaves(net), strict=True))
    assert same_bits(read(tmp_path / "m").graph(parameters, X), net(X))


def test_example_says_what_the_network_takes(tmp_path):
    net = Gated(Dense.init(1, 3, rng=0), np.ones((2, 3), "float32"), {"a": 1})
    with pytest.raises(ValueError, match=r"inner sizes .*for x:f32\[batch,1\]; say with x= what"):
        cr.save(net, tmp_path / "m")
    cr.save(net, tmp_path / "m", x=X)
    assert same_bits(cr.load(tmp_path / "m")(X[:3]), net(X[:3]))


@pytest.mark.parametrize(
    ("x", "shape"),
    [(X, (BATCH, 2)), (X[0], (2,)), (ArrayType((7, 2)), (BATCH, 2)), ([[1, 2]], (BATCH, 2))],
)
def test_number_of_rows_of_an_example_stays_open(tmp_path, x, shape):
    cr.save(Dense.init(2, 1, rng=0), tmp_path / "m", x=x)
    assert read(tmp_path / "m").graph.inputs[-1].shape == shape


def test_network_that_gives_a_dictionary_is_not_saved(tmp_path):
    net = Sequential([Dense.init(2, 3, rng=0), lambda x: {"out": x}])
    with pytest.raises(TypeError, match=r"gives dict\(out=\*\); expected one array, or a tuple"):
        cr.save(net, tmp_path / "m")


def test_class_whose_code_has_changed_is_refused(tmp_path):
    def other_scaled():
        class Scaled(globals()["Scaled"]):
            def __call__(self, x):
                return self.inner(x) + self.factor

        return Scaled

    cr.save(OWN["class"], tmp_path / "m")
    with pytest.raises(ModelFileError, match="its graph is not that of its network"):
        cr.load(tmp_path / "m", classes=[other_scaled()])


def test_params_that_are_numbers_of_numpy_do_not_change_the_graph(tmp_path):
    @dataclass(frozen=True)
    class Repeated:
        weight: Array

        def __call__(self, x):
            return cr.broadcast_to(self.weight, (np.int64(2), np.int64(3))) * x

    cr.save(Repeated(np.ones(3)), tmp_path / "m", x=1.0)
    assert isinstance(cr.load(tmp_path / "m", classes=[Repeated]), Repeated)
