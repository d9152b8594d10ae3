"""What a network is made of, makes and costs; and what its layers put out."""

from dataclasses import dataclass

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import (
    ACTIVATIONS,
    BatchNorm,
    Dense,
    Dropout,
    Sequential,
    dead_units,
    layer_outputs,
    summary,
)
from chainrule.nn.inspection import observed
from chainrule.tree import Array, Subtree


X = np.random.default_rng(0).normal(size=(6, 4))


def dense(fan_in, fan_out, activation="tanh"):
    return Dense.init(fan_in, fan_out, activation, rng=fan_in, dtype="float64")


@dataclass(frozen=True)
class Block:
    inner: Sequential
    weight: Array

    def __call__(self, x):
        return x + self.inner(x) @ self.weight


@dataclass(frozen=True)
class Own:
    """A first layer, blocks, and a product of its own; one layer is used twice, one never."""

    first: Dense
    blocks: tuple[Subtree, ...]
    head: Array
    idle: Dense

    def __call__(self, x):
        x = self.first(x)
        for block in (*self.blocks, self.blocks[0]):
            x = block(x)
        return x @ self.head


def own():
    inner = Sequential((dense(5, 3), BatchNorm.init(3, dtype="float64"), Dropout(0.5)))
    blocks = (Block(inner, np.ones((3, 5))), dense(5, 5))
    return Own(dense(4, 5), blocks, np.ones((5, 2)), dense(7, 1))


# ---- summary: counts -----------------------------------------------------------------------------

W34 = {  # forward, exact backward, parameters
    (2, 2, 2): (8, 12, 12),
    (2, 3, 2, 1): (14, 22, 20),
    (784, 100, 10): (79_400, 80_400, 79_510),
    (784, 100, 100, 10): (89_400, 100_400, 89_610),
}


@pytest.mark.parametrize("sizes", W34, ids=lambda sizes: "-".join(map(str, sizes)))
def test_w34_counts(sizes):
    found = summary(cr.nn.mlp(sizes, rng=0))
    assert (found.forward, found.backward, found.parameters) == W34[sizes]


def test_counts_of_each_layer():
    found = summary(cr.nn.mlp([784, 100, 10], rng=0)).rows
    assert [(row.forward, row.backward) for row in found] == [(78_400, 78_400), (1_000, 2_000)]


def test_layer_whose_input_depends_on_parameters_sends_a_gradient_back():
    """Of the two layers after the norm that comes first, none is spared."""
    net = Sequential((BatchNorm.init(4), Dense.init(4, 3, rng=0)))
    assert [row.backward for row in summary(net).rows] == [0, 24]


def test_counts_of_a_network_that_is_no_chain():
    rows = {row.path: row for row in summary(own()).rows}
    assert {path: (row.forward, row.backward) for path, row in rows.items()} == {
        "first": (20, 20),
        "blocks[0]": (15 + 15, 60),
        "blocks[1]": (25, 50),
        "blocks[0], call 2": (15 + 15, 60),
        "": (10, 20),
    }


def test_counts_of_the_whole_are_those_of_its_graph():
    net, x = own(), cr.ArrayType((cr.BATCH, 4))
    forward = cr.cost(cr.trace(lambda net, x: net(x), net, x)).multiply_adds
    both = cr.trace(cr.value_and_grad(lambda net, x: cr.sum(net(x) ** 2)), net, x)
    found = summary(net)
    assert (found.forward, found.forward + found.backward) == (forward, cr.cost(both).multiply_adds)


def test_parameters_are_counted_once_and_all_of_them():
    net = own()
    found = summary(net)
    assert found.parameters + found.statistics == sum(leaf.size for leaf in cr.tree.leaves(net))
    assert found.parameters == cr.nn.parameter_count(net)
    assert found.statistics == 6


def test_network_that_is_one_layer_has_one_row():
    (row,) = summary(dense(3, 2)).rows
    assert (row.path, row.layer, row.parameters) == ("", "Dense[3,2] tanh", 8)


# ---- summary: shapes, types, text ----------------------------------------------------------------


@pytest.mark.parametrize("x", [None, X, cr.ArrayType((cr.BATCH, 4)), cr.ArrayType((9, 4))])
def test_input_may_be_a_type_an_example_or_left_out(x):
    found = summary(own(), x)
    assert found == summary(own())
    assert found.rows[0].output == (cr.BATCH, 5)


def test_one_sample_has_no_batch():
    assert summary(own(), X[0]).rows[0].output == (5,)


def test_without_a_dense_layer_the_input_is_asked_for():
    net = Sequential((BatchNorm.init(4),))
    with pytest.raises(ValueError, match="no dense layer says what the network takes; give x"):
        summary(net)
    assert summary(net, X).parameters == 8


def test_summary_is_a_table():
    net = cr.nn.mlp([64, 100, 10], "leaky_relu(slope=0.2)", rng=0, batch_norm=True)
    assert [line.split() for line in str(summary(net)).splitlines()] == [
        ["path", "layer", "output", "parameters", "statistics", "forward", "backward"],
        ["layers[0]", "Dense[64,100]", "identity", "without", "bias", "[batch,100]",
         "6,400", "0", "6,400", "6,400"],
        ["layers[1]", "BatchNorm[100]", "[batch,100]", "200", "200", "0", "0"],
        ["layers[2]", "leaky_relu(slope=0.2)", "[batch,100]", "0", "0", "0", "0"],
        ["layers[3]", "Dense[100,10]", "identity", "[batch,10]", "1,010", "0", "1,000", "2,000"],
        ["total", "7,610", "200", "7,400", "8,400"],
    ]  # fmt: skip


def test_columns_of_the_table_are_aligned():
    lines = str(summary(cr.nn.mlp([64, 100, 10], rng=0))).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len({line.index("[") for line in lines[1:3]}) == 1


def test_class_of_ones_own_is_called_by_its_name():
    assert [row.layer for row in summary(own()).rows][1::3] == ["Block", "Own"]


# ---- layer outputs -------------------------------------------------------------------------------


def test_outputs_of_the_layers_are_those_of_the_formula():
    net = cr.nn.mlp([4, 5, 2], "tanh", rng=0, dtype="float64", batch_norm=True)
    first, norm, tanh, _ = net.layers
    found = layer_outputs(net, X)
    assert list(found) == [f"layers[{place}]" for place in range(4)]
    np.testing.assert_array_equal(found["layers[1]"], norm(X @ first.weight))
    np.testing.assert_array_equal(found["layers[2]"], tanh(found["layers[1]"]))
    np.testing.assert_array_equal(found["layers[3]"], net(X))


def test_output_of_a_dense_layer_is_that_after_its_activation():
    net = cr.nn.mlp([4, 5, 2], "relu", rng=0)
    assert layer_outputs(net, X)["layers[0]"].min() == 0


def test_outputs_of_a_network_of_ones_own():
    net = own()
    found = layer_outputs(net, X)
    assert list(found) == ["first", "blocks[0]", "blocks[1]", "blocks[0], call 2"]
    np.testing.assert_array_equal(found["blocks[0]"], net.blocks[0](net.first(X)))
    np.testing.assert_array_equal(found["blocks[0], call 2"] @ net.head, net(X))


def test_observing_leaves_the_output_and_the_network_as_they_are():
    net = own()
    output, _ = observed(net, X)
    np.testing.assert_array_equal(output, net(X))
    assert type(net.first) is Dense


def test_network_may_read_the_fields_of_its_layers():
    @dataclass(frozen=True)
    class Tied:
        code: Dense

        def __call__(self, x):
            return self.code(x) @ self.code.weight.T

    net = Tied(dense(4, 2))
    assert list(layer_outputs(net, X)) == ["code"]
    assert [row.forward for row in summary(net).rows] == [8, 8]


def test_plain_function_has_no_layers():
    assert layer_outputs(cr.tanh, X) == {}


# ---- dead units ----------------------------------------------------------------------------------


def network_with_dead_units(*, alive):
    """Of the four hidden units those in `alive` are on for some row of `X`."""
    bias = np.full(4, -1e3)
    bias[list(alive)] = 0
    first = Dense(np.ones((4, 4)), bias, ACTIVATIONS["relu"])
    return Sequential((first, Dropout(0.5), dense(4, 1, "identity")))


@pytest.mark.parametrize("alive", [(), (1,), (0, 2, 3)])
def test_units_that_are_0_on_all_rows_are_dead(alive):  # AC-17
    found = dead_units(network_with_dead_units(alive=alive), X)
    assert {path: units.tolist() for path, units in found.items()} == {
        "layers[0]": sorted({0, 1, 2, 3} - set(alive))
    }


def test_network_without_dead_units_has_none():
    assert dead_units(network_with_dead_units(alive=range(4)), X) == {}


def test_output_that_is_0_is_no_dead_unit():
    net = Sequential((dense(4, 3), Dense(np.zeros((3, 2)), None)))
    assert dead_units(net, X) == {}


def test_dead_units_are_found_after_a_norm():
    norm = BatchNorm(np.ones(3), np.array([0.0, -9, 0]), np.zeros(3), np.ones(3))
    net = Sequential((dense(4, 3), norm, ACTIVATIONS["relu"], dense(3, 1)))
    assert {k: v.tolist() for k, v in dead_units(net, X).items()} == {"layers[2]": [1]}


def test_no_rows_show_nothing():
    with pytest.raises(ValueError, match="x has no rows; give some samples"):
        dead_units(own(), X[:0])
