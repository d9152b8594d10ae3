"""Pictures of computation graphs: what stands in them, and that it can be read."""

import itertools
import os
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import chainrule as cr
from chainrule.draw import Drawing, graph
from chainrule.draw.lettering import Spot, chosen


SVG = "{http://www.w3.org/2000/svg}"


def groups(drawing, kind):
    root = ET.fromstring(drawing.svg)
    return [group for group in root.iter(f"{SVG}g") if group.get("class") == kind]


def texts(drawing, kind):
    """The lines of every element of a kind: of every box, of every wire."""
    return [
        tuple(text.text or "" for text in group.iter(f"{SVG}text"))
        for group in groups(drawing, kind)
    ]


def outlines(drawing):
    """(left, top, right, bottom) of every box."""
    found = []
    for kind in ("input", "operation", "constant", "layer"):
        for group in groups(drawing, kind):
            shape = {key: float(value) for key, value in group[0].items() if is_number(value)}
            if group[0].tag == f"{SVG}circle":
                x, y, r = shape["cx"], shape["cy"], shape["r"]
                found.append((x - r, y - r, x + r, y + r))
                continue
            x, y = shape["x"], shape["y"]
            found.append((x, y, x + shape["width"], y + shape["height"]))
    return found


def is_number(text):
    return re.fullmatch(r"-?[\d.]+", text) is not None


def overlap(first, second):
    return all(first[i] < second[i + 2] and second[i] < first[i + 2] for i in (0, 1))


def product_of_sum(x, y, z):
    return (x + y) * z


def negative_log_sigmoid(w1, w2, w3, x1, x2, x3):
    z = w1 * x1 + w2 * x2 + w3 * x3
    return -cr.log(cr.ops.reciprocal(1 + cr.exp(-z)))


def two_two_two(x1, x2, w1, w2, w3, w4, b1, w5, w6, w7, w8, b2, t1, t2):
    h1 = cr.label(cr.sigmoid(cr.label(w1 * x1 + w2 * x2 + b1, "net_h1")), "out_h1")
    h2 = cr.label(cr.sigmoid(cr.label(w3 * x1 + w4 * x2 + b1, "net_h2")), "out_h2")
    o1 = cr.sigmoid(w5 * h1 + w6 * h2 + b2)
    o2 = cr.sigmoid(w7 * h1 + w8 * h2 + b2)
    return cr.label(0.5 * (t1 - o1) ** 2 + 0.5 * (t2 - o2) ** 2, "E_total")


W24 = (1.0, 1.0, -1.5, 1.0, 1.0, 1.0)
W43 = (0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60, 0.01, 0.99)


def layers(sizes, seed=0):
    rng = np.random.default_rng(seed)
    return [
        {"weight": rng.normal(size=pair), "bias": np.zeros(pair[1])}
        for pair in itertools.pairwise(sizes)
    ]


def logits(net, x):
    for layer in net[:-1]:
        x = cr.relu(x @ layer["weight"] + layer["bias"])
    return x @ net[-1]["weight"] + net[-1]["bias"]


def cross_entropy(net, x, y):
    return -cr.mean(cr.sum(cr.log_softmax(logits(net, x)) * y, axis=1))


def penalised(net, x, y):
    return cross_entropy(net, x, y) + sum(cr.sum(layer["weight"] ** 2) for layer in net)


def sample(sizes, rows=3):
    rng = np.random.default_rng(1)
    return layers(sizes), rng.normal(size=(rows, sizes[0])), np.eye(sizes[-1])[[0] * rows]


# ---- values and gradients ------------------------------------------------------------------------


def test_product_of_sum_shows_every_value_and_gradient():  # W23
    drawing = graph(product_of_sum, (-2.0, 5.0, -4.0))
    expected = [("−2", "−4"), ("5", "−4"), ("3", "−4"), ("−4", "3"), ("−12", "1")]
    assert sorted(texts(drawing, "label")) == sorted(expected)


def test_negative_log_sigmoid_shows_every_value_and_gradient():  # W24
    labels = texts(graph(negative_log_sigmoid, W24), "label")
    chain = [
        ("2", "−0.3775"),
        ("0.5", "−0.3775"),
        ("−0.5", "0.3775"),
        ("0.6065", "0.6225"),
        ("1.607", "0.6225"),
        ("0.6225", "−1.607"),
        ("−0.4741", "−1"),
        ("0.4741", "1"),
    ]
    assert set(chain) <= set(labels)
    assert labels.count(("1", "−0.3775")) == 6  # w1, w2, x1, x2 and two products
    assert ("1", "0.5663") in labels  # x3


def test_two_two_two_shows_the_published_numbers():  # W43
    drawing = graph(two_two_two, W43)
    expected = {
        ("0.3775", "0.008771"),  # net_h1
        ("0.3925", "0.009954"),  # net_h2
        ("0.15", "0.0004386"),  # w1
        ("0.4", "0.08217"),  # w5
        ("0.45", "0.08267"),  # w6
        ("0.5", "−0.0226"),  # w7
        ("1.106", "0.1385"),  # net_o1
        ("0.2984", "1"),  # E_total
    }
    assert expected <= set(texts(drawing, "label"))


def test_value_with_two_readers_shows_both_shares_and_their_sum():  # W43, out_h1
    drawing = graph(two_two_two, W43)
    assert {("0.5933", "0.0554"), ("0.5933", "−0.01905")} <= set(texts(drawing, "label"))
    assert ("σ", "out_h1", "Σ 0.03635") in texts(drawing, "operation")


def test_value_that_is_both_operands_has_two_arrows():
    drawing = graph(lambda x: x * x + x, (3.0,))
    labels = sorted(texts(drawing, "label"))
    assert labels == sorted([("3", "3"), ("3", "3"), ("3", "1"), ("9", "1"), ("12", "1")])
    assert texts(drawing, "input") == [("x", "Σ 7")]


def test_graph_without_values_shows_none():
    drawing = graph(cr.trace(product_of_sum, 1.0, 1.0, 1.0))
    assert texts(drawing, "operation") == [("+",), ("×",)]
    assert not any(texts(drawing, "label"))


def test_vector_output_has_values_and_no_gradients():
    drawing = graph(lambda x: 2 * x, (np.array([1.0, 2.0]),))
    assert set(texts(drawing, "label")) == {(), ("[1, 2]",), ("[2, 4]",)}


def test_gradient_is_zero_behind_a_step_and_absent_for_integers():
    drawing = graph(lambda x, n: cr.step(x) * n, (3.0, 2))
    assert set(texts(drawing, "label")) == {("3", "0"), ("1", "2"), ("2",), ("2", "1")}


def test_large_array_shows_its_type_and_the_norm_of_its_gradient():
    drawing = graph(lambda x: cr.sum(x), (np.ones((3, 4)),))
    assert ("f64[3,4]", "‖∇‖ 3.464") in texts(drawing, "label")


def test_gradient_of_a_broadcast_bias_is_the_sum_over_rows():
    drawing = graph(lambda x, b: cr.sum(x + b), (np.ones((3, 2)), np.array([1.0, 2.0])))
    assert ("[1, 2]", "[3, 3]") in texts(drawing, "label")


def test_number_of_digits_can_be_chosen():
    assert ("0.47408", "1") in texts(graph(negative_log_sigmoid, W24, digits=5), "label")


def test_open_batch_is_bound_by_the_values():
    traced = cr.trace(lambda x: cr.mean(x), cr.ArrayType((cr.BATCH,)))
    assert ("1.5", "1") in texts(graph(traced, (np.array([1.0, 2.0]),)), "label")


# ---- boxes ---------------------------------------------------------------------------------------


def test_constants_are_boxes_of_their_own_for_every_use():
    drawing = graph(lambda x: (x + 2) * (x - 2), (np.ones(3),))
    assert texts(drawing, "constant") == [("2",), ("2",)]


def test_nodes_that_only_spread_numbers_are_not_drawn():
    drawing = graph(lambda w, x: w @ x + 1, (np.ones(2), np.ones(2)))
    assert texts(drawing, "operation") == [("@",), ("+",)]


def test_params_of_the_notation_are_shown():
    assert texts(graph(lambda x: x**3, (2.0,)), "operation") == [("x^3",)]


@pytest.mark.parametrize(
    ("function", "values"),
    [(product_of_sum, (1.0, 2.0, 3.0)), (negative_log_sigmoid, W24), (two_two_two, W43)],
)
def test_boxes_do_not_overlap(function, values):
    boxes = outlines(graph(function, values))
    assert not any(overlap(*pair) for pair in itertools.combinations(boxes, 2))


def test_texts_of_crossing_lines_stand_apart():
    lines = [[(0.0, 0.0), (200.0, 100.0)], [(0.0, 100.0), (200.0, 0.0)]]
    options = [
        [Spot((x, y0 + slope * x), (50.0, 20.0), penalty=abs(x - 100) / 10) for x in range(30, 180)]
        for y0, slope in ((0.0, 0.5), (100.0, -0.5))
    ]
    first, second = chosen(options, lines, [])
    assert abs(first.center[0] - second.center[0]) > 50 or (
        abs(first.center[1] - second.center[1]) > 20
    )


# ---- layers --------------------------------------------------------------------------------------


def test_folded_network_has_one_box_for_each_layer_and_one_for_the_loss():
    drawing = graph(cross_entropy, sample([64, 100, 50, 10]), fold=True)
    titles = [lines[0] for lines in texts(drawing, "layer")]
    assert titles == ["net[0]", "net[1]", "net[2]", "loss"]
    assert texts(drawing, "operation") == []


def test_folded_layer_lists_its_operations_and_parameters():
    drawing = graph(cross_entropy, sample([64, 100, 50, 10]), fold=True)
    first, _, last, _ = texts(drawing, "layer")
    assert first[1] == "@  +  relu"
    assert last[1] == "@  +"
    assert {"weight f64[64,100]", "bias f64[100]", "6,500 parameters"} <= set(first)


def test_titles_of_layers_leave_out_what_all_share():
    drawing = graph(
        lambda net, x: logits(net["layers"], x),
        ({"layers": layers([3, 4, 5, 2])}, np.ones((2, 3))),
        fold=True,
    )
    assert [lines[0] for lines in texts(drawing, "layer")] == [
        "net['layers'][0]",
        "net['layers'][1]",
        "net['layers'][2]",
    ]


def test_activation_of_the_last_layer_belongs_to_it_and_a_short_loss_is_drawn_singly():
    def squared_error(net, x, y):
        return cr.sum((cr.sigmoid(logits(net, x)) - y) ** 2)

    drawing = graph(squared_error, sample([5, 4, 3, 2]), fold=True)
    assert texts(drawing, "layer")[-1][1] == "@  +  σ"
    assert texts(drawing, "operation") == [("−",), ("x²",), ("Σ",)]


def test_penalty_of_the_weights_is_part_of_the_loss():
    drawing = graph(penalised, sample([64, 100, 50, 10]), fold=True)
    assert [lines[1] for lines in texts(drawing, "layer")[:3]] == ["@  +  relu"] * 2 + ["@  +"]


def test_lists_of_pairs_fold_too():
    def function(net, x):
        for weight, bias in net:
            x = cr.tanh(x @ weight + bias)
        return x

    net = [(np.ones((2, 3)), np.ones(3)), (np.ones((3, 1)), np.ones(1))]
    drawing = graph(function, (net, np.ones((4, 2))), fold=True)
    assert [lines[0] for lines in texts(drawing, "layer")] == ["net[0]", "net[1]"]


def test_large_graphs_of_networks_fold_without_being_asked():
    deep = graph(cross_entropy, sample([3] * 14))
    shallow = graph(cross_entropy, sample([3, 3, 3]))
    assert len(groups(deep, "layer")) == 14
    assert not groups(shallow, "layer")


def test_fold_without_layers_is_an_error():
    with pytest.raises(ValueError, match=r"labelled like layers\[0\]\.weight"):
        graph(product_of_sum, (1.0, 2.0, 3.0), fold=True)


# ---- text and files ------------------------------------------------------------------------------

HOSTILE = '<script>alert("1")</script>&\'\\ \x00\x1b\ud800\n]]>'


def hostile_drawing():
    x = cr.placeholder(cr.ArrayType(()), HOSTILE)
    return graph(cr.Graph((x,), (cr.label(x * 2, HOSTILE),)), (1.0,))


def test_hostile_labels_stay_text():
    root = ET.fromstring(hostile_drawing().svg)
    assert not list(root.iter(f"{SVG}script"))
    shown = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert sum(text.startswith("<script>") for text in shown) == 2


def test_hostile_labels_stay_strings_in_dot():
    dot = hostile_drawing().dot
    strings = re.findall(r'"(?:[^"\\]|\\.)*"', dot)
    assert '"' not in re.sub(r'"(?:[^"\\]|\\.)*"', "", dot)
    assert any(text.startswith('"<script>alert(\\"1\\")') for text in strings)


def test_dot_has_every_box_and_every_wire():
    drawing = graph(two_two_two, W43)
    kinds = ("input", "operation", "constant", "output")
    assert len(re.findall(r"^  n\d+ \[", drawing.dot, re.M)) == sum(
        len(groups(drawing, kind)) for kind in kinds
    )
    assert drawing.dot.count(" -> ") == len(groups(drawing, "wire"))
    assert '[label="0.4\\n0.08217"]' in drawing.dot


def test_drawing_is_the_same_every_time():
    assert graph(two_two_two, W43) == graph(two_two_two, W43)


def test_notebooks_show_the_svg():
    assert Drawing("<svg/>", "digraph {}")._repr_svg_() == "<svg/>"


@pytest.mark.parametrize(("suffix", "start"), [(".svg", "<svg"), (".dot", "digraph")])
def test_suffix_chooses_the_form(tmp_path, suffix, start):
    path = tmp_path / f"graph{suffix}"
    graph(product_of_sum, (1.0, 2.0, 3.0), path)
    assert path.read_text(encoding="utf-8").startswith(start)


def test_other_suffixes_are_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"\.svg and \.dot"):
        graph(product_of_sum, (1.0, 2.0, 3.0), tmp_path / "graph.png")


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "graph.svg"
    path.write_text("old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        graph(product_of_sum, (1.0, 2.0, 3.0), path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["graph.svg"]
    assert path.read_text() == "old"


def test_function_without_values_is_an_error():
    with pytest.raises(TypeError, match="pass values"):
        graph(product_of_sum)


def test_values_of_a_graph_with_inputs_of_another_are_an_error():
    other = cr.placeholder(cr.ArrayType(()), "other")
    with pytest.raises(ValueError, match="other"):
        graph(cr.trace(lambda x: x + other, 1.0), (1.0,))
