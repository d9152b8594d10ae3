"""Graphs as JSON: what comes back computes the same bits, and nothing else is taken for a graph."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph import Graph
from chainrule.graph_json import from_json, to_json
from chainrule.node import build, constant, placeholder
from chainrule.ops import PRIMITIVES
from chainrule.types import BATCH, ArrayType


RANDOM = runpy.run_path(str(Path(__file__).with_name("test_typed_random_graphs.py")))


def through_text(graph):
    """The graph that is read from the JSON text of `graph`."""
    record, arrays = to_json(graph, [f"i{number}" for number in range(len(graph.inputs))])
    return from_json(json.loads(json.dumps(record, allow_nan=False)), arrays)


def comes_back(graph):
    """Whether the graph that is read is the one that was written, node for node."""
    again = through_text(graph)
    return Graph(graph.inputs, graph.outputs, again.in_tree, again.out_tree).hash == again.hash


@pytest.mark.parametrize("reading", RANDOM["READINGS"])
@pytest.mark.parametrize("seed", range(RANDOM["COUNT"]))
def test_random_graph_that_is_read_gives_the_same_bits(seed, reading):
    graph, args = RANDOM["random_graph"](seed, reading), RANDOM["draw"](seed, 4)
    RANDOM["same_bits"](through_text(graph)(*args), graph(args))
    assert comes_back(graph)


@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_primitive_comes_back(name):
    for types, params in PRIMITIVES[name].samples:
        inputs = tuple(map(placeholder, types))
        assert comes_back(Graph(inputs, (PRIMITIVES[name](*inputs, **params),)))


def test_number_of_rows_comes_back():
    assert comes_back(cr.trace(lambda x: cr.mean(x, axis=0), ArrayType((BATCH, 3), "float32")))


@pytest.mark.parametrize(
    "value",
    [
        *(0.1, -0.0, 5e-324, 1.7e308, np.nan, -np.nan, np.inf, -np.inf),
        *(np.float32(0.1), np.float32(1e-45), 2**63 - 1, -(2**63), np.uint32(2**32 - 1)),
        *(
            np.uint8(255),
            np.int32(-7),
            True,
            False,
            [True, False],
            [[1.5], [2.5]],
            np.zeros((0, 3)),
        ),
        *(np.arange(16.0), np.arange(17.0), np.array([1.0, np.nan])),
    ],
)
def test_every_constant_comes_back_bit_for_bit(value):
    wanted = constant(value).value
    found = through_text(Graph((), (constant(value),))).outputs[0].value
    assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
    assert found.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("at_zero", [0.5, 1, -0.0, np.inf, -np.inf, np.nan, np.float64(2.5)])
def test_every_number_among_the_params_comes_back(at_zero):
    graph = cr.trace(lambda x: cr.step(x, at_zero=at_zero), 1.0)
    found = through_text(graph)(0.0)
    assert np.array(found).tobytes() == np.array(graph(0.0)).tobytes()


def test_large_constants_stand_beside_the_json():
    record, arrays = to_json(cr.trace(lambda x: x + np.arange(100.0), np.ones(100)), ["x"])
    assert list(arrays) == ["constant 1"] and len(json.dumps(record)) < 300


def test_inputs_that_no_output_needs_come_back():
    graph = through_text(cr.trace(lambda x, y: y, 1.0, 2.0))
    assert graph(1.0, 5.0) == 5.0


def test_deep_graph_comes_back():
    def function(x):
        for _ in range(5000):
            x = cr.tanh(x)
        return x

    assert comes_back(cr.trace(function, 1.0))


def test_operation_that_is_not_in_the_table_is_not_written(monkeypatch):
    graph = cr.trace(lambda x: cr.tanh(x), 1.0)
    monkeypatch.delitem(PRIMITIVES, "tanh")
    with pytest.raises(ValueError, match="cannot hold tanh"):
        to_json(graph, ["x"])


def test_graph_that_needs_inputs_of_another_is_not_written():
    x, y = placeholder(ArrayType()), placeholder(ArrayType())
    with pytest.raises(ValueError, match="inputs of another graph"):
        to_json(Graph((x,), (x + y,), cr.tree.flatten((0,))[1]), ["x"])


@pytest.mark.parametrize("shape", [(1,) * 9, (2**31,), (BATCH, 2**20, 2**20)])
def test_array_that_no_file_holds_is_not_written(shape):
    x = placeholder(ArrayType(shape))
    with pytest.raises(ValueError, match=r"node 0: .* is too large"):
        to_json(Graph((x,), (x,)), ["x"])


def test_param_that_no_file_holds_is_not_written():
    x = placeholder(ArrayType())
    with pytest.raises(ValueError, match="cannot hold the param 1j"):
        to_json(Graph((x,), (build(PRIMITIVES["step"], (x,), {"at_zero": 1j}),)), ["x"])
