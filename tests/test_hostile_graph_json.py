"""JSON that is no graph: each is refused for what is wrong with it, before any memory is taken."""

import json
import random
import runpy
import time
from pathlib import Path

import numpy as np
import pytest

from chainrule.graph_json import from_json, to_json


RANDOM = runpy.run_path(str(Path(__file__).with_name("test_typed_random_graphs.py")))

INPUTS = [
    {"input": "x", "type": "f64[batch,3]"},
    {"input": "w", "type": "f64[3,3]"},
    {"input": "key", "type": "u32[2]"},
    {"input": "labels", "type": "i64[batch]"},
    {"input": "number", "type": "f64[]"},
]
X, W, KEY, LABELS, NUMBER = range(5)


def ending_in(node):
    return {"nodes": [*INPUTS, node], "outputs": [len(INPUTS)]}


def apply(name, *places, type="f64[3,3]", **params):
    return {"apply": name, "to": [*places], "params": params, "type": type}


def cut(start, stop, stride, type="f64[3,3]", of=W, **params):
    return apply("slice", of, start=start, stop=stop, stride=stride, type=type, **params)


F32, TEXT = {"text": "float32"}, {"text": "x"}


@pytest.mark.parametrize(
    "node",
    [
        apply("matmul", X, W, type="f64[batch,3]"),
        apply("sum", W, axis=[0], keepdims=True, type="f64[1,3]"),
        apply("broadcast_to", NUMBER, shape=["batch", 3], type="f64[batch,3]"),
        apply("uniform", KEY, shape=["batch", 3], dtype=F32, type="f32[batch,3]"),
        cut([0, 2], [3, -1], [1, -1]),
        cut([0, 0], ["batch", 2], [1, 1], of=X, type="f64[batch,2]"),
        {"constant": [0.5, 1.5], "type": "f64[2]"},
        {"array": "held", "type": "f64[4]"},
    ],
)
def test_node_that_is_right_is_read(node):
    """So each of the others is refused for the one thing that is wrong with it."""
    assert str(from_json(ending_in(node), {"held": np.ones(4)}).outputs[0].type) == node["type"]


@pytest.mark.parametrize(
    ("node", "message"),
    [
        # what a node is
        (None, "None means nothing"),
        ({"eval": "1"}, "means nothing"),
        ({"apply": "tanh", "to": 3, "type": "f64[]"}, "means nothing"),
        ({"apply": ["tanh"], "to": [W], "type": "f64[3,3]"}, "means nothing"),
        ({"input": 3, "type": "f64[]"}, "means nothing"),
        (apply("tanh", W) | {"type": None}, "means nothing"),
        (apply("tanh", W) | {"params": [1]}, "no attribute 'items'"),
        (apply("eval", W), "unknown primitive 'eval'"),
        (apply("__import__", W), "unknown primitive '__import__'"),
        # which nodes it needs
        (apply("tanh", 5), "5 is no node before this one"),
        (apply("tanh", 6), "6 is no node before this one"),
        (apply("tanh", -1), "-1 is no node before this one"),
        (apply("tanh", True), "True is no node before this one"),
        (apply("tanh", 1.0), "1.0 is no node before this one"),
        (apply("tanh", "w"), "'w' is no node before this one"),
        (apply("tanh", [W]), r"\[1\] is no node before this one"),
        # how many, and of which types
        (apply("tanh"), "tanh: 0 arguments, expected 1"),
        (apply("tanh", W, W), "tanh: 2 arguments, expected 1"),
        (apply("add", W), "add: 1 arguments, expected 2"),
        (apply("matmul", W), "missing 1 required positional argument"),
        (apply("concatenate", axis=0), "list index out of range"),
        (apply("add", W, NUMBER), r"add of f64\[3,3\], f64\[\]"),
        (apply("exp", LABELS, type="i64[batch]"), r"exp of i64\[batch\]"),
        (apply("matmul", W, X), "matmul"),
        (apply("matmul", NUMBER, NUMBER), "expected matrices"),
        (apply("concatenate", W, KEY, axis=0), "concatenate"),
        (apply("concatenate", X, X, axis=0), "concatenate"),
        (apply("where", W, W, W), "expected bool"),
        (apply("take", W, W, axis=0), "expected whole numbers"),
        (apply("uniform", W, shape=[3], dtype=F32), "expected a key"),
        # the type that the file states
        (apply("tanh", W, type="f64[3,4]"), r"its type is f64\[3,3\], the file says f64\[3,4\]"),
        (apply("tanh", W, type="f32[3,3]"), "the file says"),
        (apply("tanh", W, type="f64[3, 3]"), "the file says"),
        ({"input": "y", "type": "c128[2]"}, "is no type of an array"),
        ({"input": "y", "type": "f99[2]"}, "is no type of an array"),
        ({"input": "y", "type": "f64"}, "is no type of an array"),
        ({"input": "y", "type": "f64[-1]"}, "whole number from 0"),
        ({"input": "y", "type": "f64[3,]"}, "invalid literal"),
        ({"input": "y", "type": "f64[٣]"}, "the file says"),
        ({"input": "y", "type": "f64[03]"}, "the file says"),
        ({"input": "y", "type": f"f64[{'9' * 5000}]"}, "Exceeds the limit|too large"),
        ({"input": "y", "type": f"f64[{2**40}]"}, "is too large"),
        ({"input": "y", "type": f"f64[0,{2**62}]"}, "is too large"),
        ({"input": "y", "type": "f64[1,1,1,1,1,1,1,1,1]"}, "is too large"),
        # constants
        ({"constant": [0.5], "type": "f64[2]"}, "cannot reshape"),
        ({"constant": [], "type": "f64[]"}, "cannot reshape"),
        ({"constant": [0.5], "type": "f64[batch]"}, "cannot be interpreted as an integer"),
        ({"constant": [1], "type": "f64[1]"}, "are not numbers of f64"),
        ({"constant": [True], "type": "i64[1]"}, "are not numbers of i64"),
        ({"constant": [2], "type": "bool[1]"}, "are not numbers of bool"),
        ({"constant": [1e300], "type": "f32[1]"}, "are not numbers of f32"),
        ({"constant": [0.1], "type": "f32[1]"}, "are not numbers of f32"),
        ({"constant": [300], "type": "u8[1]"}, "out of bounds|too large"),
        ({"constant": [2**64], "type": "i64[1]"}, "too large"),
        ({"constant": ["1"], "type": "f64[1]"}, "are not numbers of f64"),
        ({"constant": [[1.0]], "type": "f64[1]"}, "are not numbers of f64"),
        ({"constant": [1.0] * 17, "type": "f64[17]"}, "means nothing"),
        ({"array": "gone", "type": "f64[4]"}, "the array 'gone' is missing"),
        ({"array": "held", "type": "f64[5]"}, "the file says"),
        # params
        (apply("tanh", W, bogus=1), r"unknown bogus"),
        (apply("tanh", W, axis=0), "unknown axis"),
        (apply("step", W), "step of"),
        (apply("step", W, at_zero=TEXT), "step: at_zero is 'x'"),
        (apply("step", W, at_zero=True), "step: at_zero is True"),
        (apply("step", W, at_zero={"float": "1e9"}), "means nothing"),
        (apply("step", W, at_zero="half"), "the param 'half' means nothing"),
        (apply("stop_gradient", W, finite=1), "stop_gradient: finite is 1"),
        (apply("cast", W, dtype={"text": "object"}), "cast: dtype is 'object'"),
        (apply("cast", W, dtype={"text": "complex128"}), "cast: dtype is 'complex128'"),
        (apply("cast", W, dtype=3), "cast: dtype is 3"),
        (apply("sum", W, axis=[0], keepdims=1), "sum: keepdims is 1"),
        (apply("sum", W, axis=[2], keepdims=False), r"sum: axis is \(2,\)"),
        (apply("sum", W, axis=[-1], keepdims=False), "sum: axis"),
        (apply("sum", W, axis=[1, 0], keepdims=False), "sum of"),
        (apply("sum", W, axis=[0, 0], keepdims=False), "names an axis twice"),
        (apply("sum", W, axis=None, keepdims=False), "sum: axis is None"),
        (apply("argmax", W, axis=7), "argmax: axis is 7"),
        (apply("argmax", W, axis=[0]), "slice indices must be integers"),
        (apply("take", W, LABELS, axis=2**70), "take: axis"),
        (apply("transpose", W, axes=[0, 0]), "do not order the 2 axes"),
        (apply("transpose", W, axes=3), "transpose: axes is 3"),
        (apply("transpose", W, axes=[TEXT, 0]), "invalid literal"),
        (apply("reshape", W, shape=[2, 4]), "the number of elements differs"),
        (apply("reshape", W, shape=[9, TEXT]), "reshape: shape"),
        (apply("reshape", W, shape=[-1]), "reshape: shape"),
        (apply("reshape", W, shape=9), "reshape: shape is 9"),
        (apply("broadcast_to", NUMBER, shape=[2**40]), "broadcast_to: shape"),
        (apply("broadcast_to", NUMBER, shape=[2**20, 2**20]), "is too large"),
        (apply("broadcast_to", LABELS, shape=["batch", 2**31]), "broadcast_to: shape"),
        (apply("broadcast_to", NUMBER, shape=[1] * 9), "broadcast_to: shape"),
        (apply("uniform", KEY, shape=[2**40], dtype=F32), "uniform: shape"),
        (apply("uniform", KEY, shape=[2**29, 2**29], dtype=F32), "is too large"),
        (apply("uniform", KEY, shape=[True], dtype=F32), "uniform: shape"),
        (apply("batch_size", n=-1, dtype=F32), "batch_size: n is -1"),
        (apply("batch_size", n=[1], dtype=F32), "batch_size: n is"),
        (apply("scatter_add", W, LABELS, axis=4, shape=[3]), "scatter_add: axis is 4"),
        # bounds that NumPy would shift
        (cut([0, 0], [4, 3], [1, 1], type="f64[4,3]"), "slice: start"),
        (cut([-2, 0], [3, 3], [1, 1], type="f64[5,3]"), "slice: start"),
        (cut([2, 0], [-1, 3], [1, 1], type="f64[0,3]"), "slice: start"),
        (cut([-1, 0], [-1, 3], [-1, 1], type="f64[0,3]"), "slice: start"),
        (cut([0, 0], [3, 3], [0, 1]), "slice step cannot be zero"),
        (cut([0], [3], [1]), "slice: start"),
        (cut(0, 3, 1), "slice: start is 0"),
        (cut([0, 0], [3, 2**70], [1, 1]), "slice: start"),
        (cut([0, 0], [3, "batch"], [1, 1]), "not supported between|slice: start"),
        (cut([0, 0], [1, 3], [1, 1], of=X, type="f64[1,3]"), "slice: start"),
        (apply("slice", W, start=[0, 0]), "'stop'"),
        (apply("place", W, shape=[3], start=[0], stop=[9], stride=[1]), "place: start"),
    ],
)
def test_node_that_is_wrong_is_refused(node, message):
    with pytest.raises(ValueError, match=f"graph: node 5: .*(?:{message})"):
        from_json(ending_in(node), {"held": np.ones(4)})


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (None, "has no nodes and outputs"),
        ([], "has no nodes and outputs"),
        ({"nodes": []}, "has no nodes and outputs"),
        ({"nodes": {}, "outputs": []}, "has no nodes and outputs"),
        ({"nodes": [], "outputs": [0]}, "0 is no node"),
        ({"nodes": INPUTS, "outputs": [-1]}, "-1 is no node"),
        ({"nodes": [{}] * 100_001, "outputs": []}, "100001 nodes; a file holds 100000"),
    ],
)
def test_record_that_is_wrong_is_refused(record, message):
    with pytest.raises(ValueError, match=message):
        from_json(record, {})


def places(value, path=()):
    """The path of every part of a JSON value."""
    yield path
    keys = value if isinstance(value, dict) else range(len(value)) if type(value) is list else ()
    for key in keys:
        yield from places(value[key], (*path, key))


STRANGE = [
    *(
        None,
        True,
        0,
        1,
        -1,
        2,
        3,
        7,
        2**31,
        2**63,
        2**70,
        0.5,
        -1e308,
        "",
        "batch",
        "tanh",
        "f64[3]",
    ),
    *([], {}, [0], [[]], [-1], ["batch"], {"text": "float64"}, {"float": "nan"}, {"text": "batch"}),
]


def changed(record, rng):
    """`record` with one to three of its parts replaced by strange ones, or by other parts of it."""
    for _ in range(rng.randint(1, 3)):
        record = json.loads(json.dumps(record))
        *path, last = rng.choice([path for path in places(record) if path])
        parent, other = record, record
        for key in path:
            parent = parent[key]
        for key in rng.choice([*places(record)]):
            other = other[key]
        parent[last] = rng.choice([*STRANGE, json.loads(json.dumps(other))])
    return record


def test_5000_changed_records_are_refused_or_graphs():
    rng = random.Random(0)
    graphs = [RANDOM["random_graph"](seed) for seed in range(10)]
    records = [to_json(graph, "abcdef") for graph in graphs]
    accepted = 0
    for _ in range(5000):
        record, arrays = rng.choice(records)
        record, began = changed(record, rng), time.monotonic()
        try:
            graph = from_json(record, arrays)
        except ValueError:
            continue
        finally:
            assert time.monotonic() - began < 1
        accepted += 1
        to_json(graph, [node.label for node in graph.inputs])
    assert 0 < accepted < 2000
