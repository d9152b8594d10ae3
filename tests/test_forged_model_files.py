"""Model files that are forged, with a right checksum: each is refused for what is wrong with it."""

import struct
from dataclasses import dataclass

import numpy as np
import pytest

import chainrule as cr
from chainrule import sealed
from chainrule.nn import Dense, Sequential
from chainrule.nn.graph_network import GraphNetwork
from chainrule.save import FORMAT, ModelFileError
from chainrule.tree import Array


WEIGHT, BIAS = np.ones((2, 1), "f4"), np.ones(1, "f4")
BOTH = {"weight": WEIGHT, "bias": BIAS}


@pytest.fixture
def refuses(tmp_path):
    """The message with which a file of this content is refused."""

    def refuses(content):
        (tmp_path / "m").write_bytes(content)
        with pytest.raises(ModelFileError) as caught:
            cr.load(tmp_path / "m")
        message = str(caught.value)
        assert message.startswith(f"{tmp_path / 'm'}: ")
        return message

    return refuses


def node(**fields):
    return fields


NODES = [
    node(input="bias", type="f32[1]"),
    node(input="weight", type="f32[2,1]"),
    node(input="x", type="f32[batch,2]"),
    node(apply="matmul", to=[2, 1], type="f32[batch,1]"),
    node(apply="broadcast_to", to=[0], params={"shape": ["batch", 1]}, type="f32[batch,1]"),
    node(apply="add", to=[3, 4], type="f32[batch,1]"),
    node(apply="relu", to=[5], type="f32[batch,1]"),
]


def graph(nodes=NODES, outputs=(6,)):
    return {"nodes": list(nodes), "outputs": list(outputs)}


def dense(**fields):
    activation = {"activation": "relu"}
    return {
        "class": "Dense",
        "fields": {"weight": "*", "bias": "*", "activation": activation, **fields},
    }


def sequential(layers):
    return {"class": "Sequential", "fields": {"layers": layers}}


def forged(structure=None, arrays=BOTH, format=FORMAT, **record):
    """A file of any record around arrays."""
    fields = {
        "structure": structure,
        "graph": None,
        "preprocessing": None,
        "loss": None,
        **record,
    }
    return sealed.seal(arrays, fields, format)


def numbers(**fields):
    """A single column of numbers."""
    named = {"name": {"text": "a"}, "mean": 0.0, "scale": 1.0, **fields}
    return {"tuple": [{"class": "Number", "fields": named}]}


def prepared(columns, target=None):
    quantity = {"name": {"text": "y"}, "mean": 0.0, "scale": 1.0}
    of = target or {"class": "Quantity", "fields": quantity}
    return {"class": "Preprocessing", "fields": {"columns": columns, "target": of}}


@pytest.mark.parametrize(
    "content",
    [
        forged(dense()),
        forged(dense(), graph=graph()),
        forged(graph=graph()),
        forged({"class": "Mine", "fields": {}}, graph=graph()),
        forged(dense(bias=None), {"weight": WEIGHT}),
        forged(sequential({"tuple": []}), {}),
    ],
)
def test_forged_file_that_is_right_is_a_network(tmp_path, content):
    """So each of the others is refused for the one thing that is wrong with it."""
    (tmp_path / "m").write_bytes(content)
    assert isinstance(cr.load(tmp_path / "m"), (Dense, GraphNetwork, Sequential))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a chainrule-model-1 file, or cut short: 0 bytes"),
        (struct.pack("<Q", 2) + b"{}", "its metadata is None"),
        (forged(dense(), format="chainrule-model-9"), "its format is 'chainrule-model-9'"),
        (forged(dense(), format="chainrule-checkpoint-1"), "expected 'chainrule-model-1'"),
        (sealed.seal(BOTH, {}, FORMAT), "not a valid model file: KeyError('graph')"),
        (sealed.seal(BOTH, {"graph": None}, FORMAT), "KeyError('structure')"),
    ],
)
def test_file_that_is_no_model(refuses, content, message):
    assert message in refuses(content)


@pytest.mark.parametrize(
    ("structure", "message"),
    [
        (3, "its structure is int, not a network"),
        (None, "its structure is NoneType, not a network"),
        ("*", "the array '' is missing"),
        ([], "its structure is [], which means nothing"),
        ({"activation": "relu"}, "has no place in the network"),
        ({"eval": "1"}, "its structure is {'eval': '1'}, which means nothing"),
        ({"class": "Popen", "fields": {}}, "the file names the class 'Popen' and holds no graph"),
        ({"class": "eval", "fields": {}}, "the file names the class 'eval'"),
        ({"class": "ndarray", "fields": {}}, "the file names the class 'ndarray'"),
        ({"class": "os.system", "fields": {}}, "the file names the class 'os.system'"),
        ({"class": ["Dense"], "fields": {}}, "which means nothing"),
        ({"class": "Dense"}, "which means nothing"),
        ({"class": "Dense", "fields": [1]}, "which means nothing"),
        ({"class": "Dense", "fields": {"weight": "*"}}, "missing 1 required positional argument"),
        (dense(extra=1), "unexpected keyword argument 'extra'"),
        (dense(__class__=1), "unexpected keyword argument '__class__'"),
        (dense(activation={"activation": "eval"}), "unknown activation 'eval'"),
        (dense(activation={"activation": "eval('1')"}), "expected a name, or a name with settings"),
        (dense(activation={"activation": "relu.x"}), "expected a name"),
        (dense(activation={"activation": "(" * 400}), "expected a name"),
        (dense(activation={"activation": "elu(alpha=9**9**9)"}), "expected a name"),
        (dense(activation={"activation": "elu(alpha=1e999)"}), "expected a finite number"),
        (dense(activation={"activation": "elu(x=1)"}), "unknown setting of activation elu"),
        (dense(activation={"activation": "prelu"}), "it learns one slope a unit"),
        (dense(activation={"activation": ["relu"]}), "which means nothing"),
        (dense(activation={"text": "relu"}), "Dense: the activation is 'relu'"),
        (dense(activation=None), "Dense: the activation is None"),
        (dense(activation=dense()), "the array 'activation.weight' is missing"),
        (dense(bias=1.5), "Dense: weight [2,1] and bias [] do not fit"),
        (sequential({"set": []}), "layers is {'set': []}, which means nothing"),
        (sequential({"tuple": []}), "the array 'bias' has no place in the network"),
        (sequential({"tuple": [{"text": "eval"}]}), "'eval' is no layer"),
        (sequential({"text": "ab"}), "'a' is no layer"),
        (sequential(3), "not a valid model file"),
        ({"class": "Dropout", "fields": {"rate": 2}}, "rate is 2; expected a number in [0, 1)"),
        ({"class": "Dropout", "fields": {"rate": {"text": "0"}}}, "rate is '0'"),
        ({"class": "PReLU", "fields": {"slope": 0.1}}, "not a valid model file"),
        (
            {"class": "BatchNorm", "fields": dict(scale=1, shift=1, mean=1, variance=1)},
            "do not fit; expected [features] four times",
        ),
    ],
)
def test_structure_that_is_wrong(refuses, structure, message):
    assert message in refuses(forged(structure))


def test_structure_nested_too_deeply(refuses):
    structure = 3
    for _ in range(300):
        structure = {"tuple": [structure]}
    assert "not a valid model file" in refuses(forged(sequential(structure)))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"weight": WEIGHT}, "the array 'bias' is missing"),
        ({**BOTH, "more": BIAS}, "the array 'more' has no place in the network"),
        ({"weight": WEIGHT.astype("i4"), "bias": BIAS}, "the array 'weight' has dtype int32"),
        ({"weight": WEIGHT, "bias": BIAS > 0}, "the array 'bias' has dtype bool"),
        ({"weight": np.ones((3, 4)), "bias": np.ones(5)}, "weight [3,4] and bias [5] do not fit"),
        ({"weight": np.ones(4), "bias": np.ones(4)}, "weight [4] and bias [4] do not fit"),
    ],
)
def test_arrays_that_do_not_fit(refuses, arrays, message):
    assert message in refuses(forged(dense(), arrays))


@dataclass(frozen=True)
class Shift:
    by: Array

    def __call__(self, x):
        return x + self.by


def test_number_in_the_place_of_an_array_of_ones_own_class(tmp_path):
    (tmp_path / "m").write_bytes(forged({"class": "Shift", "fields": {"by": 1.5}}, {}))
    with pytest.raises(ModelFileError, match="by is no array"):
        cr.load(tmp_path / "m", classes=[Shift])


def test_layers_that_do_not_follow_each_other(refuses):
    arrays = {f"layers[{i}].{name}": array for i in (0, 1) for name, array in BOTH.items()}
    message = refuses(forged(sequential({"tuple": [dense(), dense()]}), arrays))
    assert "Dense[2,1] relu before Dense[2,1] relu: 1 != 2" in message


def instead(place, **fields):
    """The graph with one node changed."""
    return graph([*NODES[:place], NODES[place] | fields, *NODES[place + 1 :]])


@pytest.mark.parametrize(
    ("described", "message"),
    [
        (3, "3 has no nodes and outputs"),
        ({"nodes": [], "outputs": []}, "not enough values to unpack"),
        (graph(NODES[:2], [0]), "the inputs of its graph are ['bias'] and 'weight'"),
        (instead(0, input="x"), "the inputs of its graph are"),
        (instead(0, input="weight"), "the inputs of its graph are"),
        (instead(0, input="zeta"), "the inputs of its graph are"),
        (instead(0, input="a"), "the array 'a' is missing"),
        (instead(0, type="f64[1]"), "graph: node 4: its type is f64[batch,1]"),
        (instead(6, apply="eval"), "graph: node 6: unknown primitive 'eval'"),
        (instead(6, to=[6]), "graph: node 6: 6 is no node before this one"),
        (instead(6, type="f32[batch,2]"), "the file says f32[batch,2]"),
        (instead(4, params={"shape": [2**40]}), "graph: node 4: broadcast_to: shape"),
        (instead(4, params={"shape": ["batch", 1], "copy": 1}), "unexpected keyword argument"),
        (instead(6, array="weight"), "graph: node 6"),
        (graph(outputs=[7]), "7 is no node"),
    ],
)
@pytest.mark.parametrize("structure", [dense(), None])
def test_graph_that_is_wrong(refuses, structure, described, message):
    assert message in refuses(forged(structure, graph=described))


WHOLE = [
    node(input="bias", type="i64[1]"),
    node(input="x", type="f64[1]"),
    node(apply="cast", to=[0], params={"dtype": {"text": "float64"}}, type="f64[1]"),
    node(apply="add", to=[1, 2], type="f64[1]"),
]


@pytest.mark.parametrize(
    ("described", "arrays", "message"),
    [
        (graph(), {**BOTH, "weight": np.ones((3, 1))}, "'weight' is f64[3,1], its graph takes f32"),
        (graph(), {**BOTH, "bias": WEIGHT}, "'bias' is f32[2,1], its graph takes f32[1]"),
        (graph(WHOLE, [3]), {"bias": np.ones(1, int)}, "'bias' is i64[1], its graph takes i64[1]"),
    ],
)
def test_array_that_its_graph_does_not_take(refuses, described, arrays, message):
    assert message in refuses(forged(graph=described, arrays=arrays))


@pytest.mark.parametrize(
    "described",
    [
        instead(6, apply="tanh"),
        instead(3, to=[2, 1], apply="matmul") | {"outputs": [5]},
        graph([*NODES, node(apply="relu", to=[6], type="f32[batch,1]")], [7]),
        graph(outputs=[6, 6]),
    ],
)
def test_graph_of_another_network_than_the_structure(refuses, described):
    assert "its graph is not that of its network" in refuses(forged(dense(), graph=described))


def test_array_that_only_a_graph_would_use(refuses):
    message = refuses(forged(graph=graph(), arrays={**BOTH, "constant 1": BIAS}))
    assert "the array 'constant 1' has no place in the network" in message


@pytest.mark.parametrize(
    ("described", "message"),
    [
        ({"class": "Popen", "fields": {}}, "the file names the class 'Popen'"),
        (dense(), "the file names the class 'Dense'"),
        (3, "its preprocessing is 3"),
        ("*", "the array '' is missing"),
        ({"activation": "relu"}, "its preprocessing is relu"),
        ({"tuple": []}, "its preprocessing is ()"),
        ({"class": "Number", "fields": {"name": 1, "mean": 1, "scale": 1}}, "its preprocessing is"),
        ({"class": "Preprocessing", "fields": {}}, "missing 2 required positional arguments"),
        (prepared(3), "'int' object is not iterable"),
        (prepared({"tuple": []}), "no columns, or no target"),
        (prepared(numbers(mean=None)), "no mean and positive scale"),
        (prepared(numbers(name=3)), "name and values are no different texts"),
        (prepared(numbers(scale=-1.0)), "no mean and positive scale"),
        (prepared(numbers(bonus=1)), "unexpected keyword argument"),
        (prepared(numbers(), numbers()["tuple"][0]), "no columns, or no target"),
    ],
)
def test_preprocessing_that_is_wrong(refuses, described, message):
    assert message in refuses(forged(dense(), preprocessing=described))


def test_preprocessing_of_other_features_than_the_network_takes(refuses):
    message = refuses(forged(graph=graph(), arrays=BOTH, preprocessing=prepared(numbers())))
    assert "its preprocessing makes 1 features, its network takes" in message


@pytest.mark.parametrize("loss", [3, "", "huver", "huber(delta=__import__)", {"text": "huber"}])
def test_loss_that_is_none(refuses, loss):
    refuses(forged(dense(), loss=loss))
