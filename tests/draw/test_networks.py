"""Pictures of networks: neurons, weights on edges, and that they can be read."""

import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from chainrule.draw import network
from chainrule.nn.network import mlp
from chainrule.tree import Array, Subtree


SVG = "{http://www.w3.org/2000/svg}"
XOR = [([[1, -1], [1, -1]], [-0.5, 1.5]), ([[1], [1]], [-1.5])]  # W06a: OR, NAND, then AND
TWO_TWO_TWO = [  # W43
    ([[0.15, 0.25], [0.20, 0.30]], [0.35, 0.35]),
    ([[0.40, 0.50], [0.45, 0.55]], [0.60, 0.60]),
]


def groups(drawing, kind):
    root = ET.fromstring(drawing.svg)
    return [group for group in root.iter(f"{SVG}g") if group.get("class") == kind]


def texts(drawing, kind):
    """The texts of every element of a kind."""
    return [
        tuple(text.text for text in group.iter(f"{SVG}text") if text.text)
        for group in groups(drawing, kind)
    ]


def weights(drawing):
    return sorted(text for (text,) in texts(drawing, "weight"))


def outlines(drawing, kind):
    """(left, top, right, bottom) of every rectangle of a kind."""
    found = []
    for group in groups(drawing, kind):
        x, y, width, height = (float(group[0].get(key)) for key in ("x", "y", "width", "height"))
        found.append((x, y, x + width, y + height))
    return found


def overlap(first, second):
    return all(first[i] < second[i + 2] and second[i] < first[i + 2] for i in (0, 1))


@dataclass(frozen=True)
class Named:
    name: str


@dataclass(frozen=True)
class OwnLayer:
    weight: Array
    bias: Array
    activation: Any = None


@dataclass(frozen=True)
class OwnNetwork:
    layers: Subtree


# ---- what is shown -------------------------------------------------------------------------------


def test_xor_has_its_weights_on_edges_and_its_biases_at_neurons():  # W06a
    drawing = network(XOR, activations=["step", "step"])
    assert weights(drawing) == ["1", "1", "1", "1", "−1", "−1"]
    hidden = [("h₁", "b = −0.5", "Σ", "step"), ("h₂", "b = 1.5", "Σ", "step")]
    assert texts(drawing, "unit") == [*hidden, ("b = −1.5", "Σ", "step")]


def test_biases_can_be_edges_from_units_that_are_one():
    drawing = network(XOR, bias_units=True)
    assert texts(drawing, "bias") == [("1",), ("1",)]
    assert weights(drawing) == sorted(["1"] * 4 + ["−1"] * 2 + ["−0.5", "1.5", "−1.5"])
    assert "b = " not in drawing.svg


def test_sample_shows_every_sum_and_activation():  # W43
    drawing = network(
        TWO_TWO_TWO, values=(0.05, 0.10), activations=["sigmoid", "sigmoid"], digits=4
    )
    assert texts(drawing, "input") == [("x₁", "0.05"), ("x₂", "0.1")]
    values = [(unit[-3], unit[-1]) for unit in texts(drawing, "unit")]
    assert values == [
        ("0.3775", "0.5933"),
        ("0.3925", "0.5969"),
        ("1.106", "0.7514"),
        ("1.225", "0.7729"),
    ]


def test_xor_of_a_sample_is_computed_with_its_steps():
    drawing = network(XOR, values=(1, 1), activations=["step", "step"])
    assert [unit[-1] for unit in texts(drawing, "unit")] == ["1", "0", "0"]


def test_shapes_of_the_2_3_2_1_network():  # W47
    drawing = network(mlp([2, 3, 2, 1], "tanh", rng=0))
    assert len(groups(drawing, "weight")) == 14
    assert drawing.svg.count("b = 0<") == 6
    names = [unit[0] for unit in texts(drawing, "unit")[:5]]
    assert names == ["h₁⁽¹⁾", "h₂⁽¹⁾", "h₃⁽¹⁾", "h₁⁽²⁾", "h₂⁽²⁾"]


def test_activation_of_a_layer_is_in_its_neurons():
    drawing = network(mlp([2, 2, 1], "sigmoid", rng=0))
    assert [unit[-1] for unit in texts(drawing, "unit")] == ["σ", "σ", "Σ"]


def test_large_layers_are_cut_short_and_have_no_numbers():
    drawing = network(mlp([64, 100, 10], "relu", rng=0))
    assert len(groups(drawing, "gap")) == 2
    assert len(groups(drawing, "input")) == 6
    assert len(groups(drawing, "unit")) == 6 + 10
    assert not groups(drawing, "weight")
    titles = ET.fromstring(drawing.svg).findall(f"{SVG}text")
    assert [title.text for title in titles] == ["64 inputs", "100 hidden units, relu", "10 outputs"]


def test_sign_and_size_of_a_weight_are_its_color_and_width():
    edges = groups(network([([[2.0], [-1.0], [0.0]], [0.0])]), "edge")
    looks = [(edge[0].get("stroke"), float(edge[0].get("stroke-width"))) for edge in edges]
    (_, thin), (_, middle), (_, thick) = looks  # drawn from the weakest to the strongest
    assert len({color for color, _ in looks}) == 3
    assert thin < middle < thick


def test_names_can_be_chosen():
    drawing = network(XOR, inputs=["rain", "sun"], outputs=["rainbow"])
    assert texts(drawing, "input") == [("rain",), ("sun",)]
    assert ">rainbow</text>" in drawing.svg


# ---- readability ---------------------------------------------------------------------------------

SMALL = [
    pytest.param(XOR, id="xor"),
    pytest.param(TWO_TWO_TWO, id="2-2-2"),
    pytest.param(mlp([2, 3, 2, 1], rng=0), id="2-3-2-1"),
    pytest.param(mlp([4, 5, 3], rng=0), id="4-5-3"),
]


@pytest.mark.parametrize("bias_units", [False, True])
@pytest.mark.parametrize("net", SMALL)
def test_weights_cover_neither_each_other_nor_neurons(net, bias_units):
    drawing = network(net, bias_units=bias_units)
    boxes = [outlines(drawing, kind) for kind in ("weight", "unit", "input", "bias")]
    assert not any(overlap(*pair) for pair in itertools.combinations(itertools.chain(*boxes), 2))


def test_everything_lies_within_the_picture():
    drawing = network(mlp([4, 5, 3], rng=0), values=(1, 2, 3, 4))
    left, top, width, height = map(float, ET.fromstring(drawing.svg).get("viewBox").split())
    for x0, y0, x1, y1 in outlines(drawing, "unit") + outlines(drawing, "input"):
        assert left < x0 and x1 < left + width and top < y0 and y1 < top + height


# ---- what is accepted ----------------------------------------------------------------------------


def own_network(activation):
    (w1, b1), (w2, b2) = [(np.array(w, float), np.array(b)) for w, b in XOR]
    return OwnNetwork((OwnLayer(w1, b1, activation), OwnLayer(w2, b2)))


def test_any_pytree_with_weights_and_biases_is_a_network():
    by_name = {"layers": [{"weight": np.array(w), "bias": np.array(b)} for w, b in XOR]}
    assert network(by_name) == network(XOR) == network(own_network(None))


def test_own_layers_may_name_their_activation():
    units = texts(network(own_network(Named("gate"))), "unit")
    assert [unit[-1] for unit in units] == ["gate", "gate", "Σ"]


def test_layer_without_bias_has_none():
    assert "b = " not in network([{"weight": np.ones((2, 1))}]).svg


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"net": {"layers": []}}, "no leaf called weight"),
        ({"net": [(np.ones((2, 3)), np.ones(3)), (np.ones((2, 1)), [0])]}, r"expected \[3,fan_out"),
        ({"net": [(np.ones((2, 3)), np.ones(2))]}, r"bias 0 has shape \[2\], expected \[3\]"),
        ({"net": [(np.ones(3), np.ones(3))]}, r"weight 0 has shape \[3\]"),
        ({"net": XOR, "activations": ["step"]}, "1 activations for 2 layers"),
        ({"net": XOR, "inputs": ["x"]}, "1 names for 2 units"),
        ({"net": XOR, "values": [1, 2, 3]}, r"expected one sample \[2\]"),
        ({"net": XOR, "values": [1, 2], "activations": ["foo", "foo"]}, "no activation 'foo'"),
        ({"net": XOR, "path": "net.pdf"}, r"\.svg and \.dot"),
    ],
)
def test_mistakes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        network(**arguments)


# ---- text and files ------------------------------------------------------------------------------


def test_hostile_names_stay_text():
    hostile = '<script>"&\x00'
    drawing = network(XOR, inputs=[hostile, hostile], activations=[Named(hostile)] * 2)
    assert not list(ET.fromstring(drawing.svg).iter(f"{SVG}script"))
    assert texts(drawing, "input") == [('<script>"&',)] * 2


def test_dot_has_every_unit_and_every_weight():
    dot = network(TWO_TWO_TWO).dot
    assert len(re.findall(r"^  n\d+ \[", dot, re.M)) == 6
    assert re.findall(r'-> n\d+ \[label="(.*)"\]', dot) == [
        "0.15", "0.25", "0.2", "0.3", "0.4", "0.5", "0.45", "0.55"
    ]  # fmt: skip


def test_drawing_is_written_to_a_path(tmp_path):
    drawing = network(XOR, tmp_path / "xor.svg")
    assert (tmp_path / "xor.svg").read_text(encoding="utf-8") == drawing.svg
