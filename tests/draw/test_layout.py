"""Layered layout: where boxes and edges of an acyclic graph are drawn."""

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.draw.layout import crossings, layered


NODE_GAP = 26


def layout_of(count, edges, **options):
    return layered([(40, 30)] * count, edges, **options)


def numbered(edges):
    """The number of boxes and the edges by index, from edges by name."""
    index = {name: number for number, name in enumerate(dict.fromkeys(itertools.chain(*edges)))}
    return len(index), [(index[source], index[target]) for source, target in edges]


def expanded_network(widths):
    """Every neuron as a sum of products of a weight and an output of the layer before."""
    edges = []
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        for i, j in itertools.product(range(fan_in), range(fan_out)):
            product = f"p{layer}{i}{j}"
            edges += [
                (f"w{layer}{i}{j}", product),
                (f"n{layer}{i}", product),
                (product, f"n{layer + 1}{j}"),
            ]
    return numbered(edges)


@st.composite
def acyclic_graphs(draw):
    """(sizes, edges) of a random acyclic graph; an edge may occur several times."""
    count = draw(st.integers(1, 14))
    side = st.integers(1, 120)
    sizes = draw(st.lists(st.tuples(side, side), min_size=count, max_size=count))
    pairs = list(itertools.combinations(draw(st.permutations(range(count))), 2))
    edges = draw(st.lists(st.sampled_from(pairs), max_size=25)) if pairs else []
    return sizes, edges


def random_graph(count, edges):
    rng = np.random.default_rng(0)
    pairs = {tuple(sorted(rng.choice(count, 2, replace=False).tolist())) for _ in range(2 * edges)}
    return count, sorted(pairs)[:: len(pairs) // edges][:edges]


# ---- Crossings -----------------------------------------------------------------------------------


def test_product_of_a_sum_has_no_crossings():
    edges = [("x", "add"), ("y", "add"), ("add", "multiply"), ("z", "multiply")]
    assert crossings(layout_of(*numbered(edges))) == 0


def test_two_by_two_layers_cross_once_each():
    """The least: i1 -> h2 and i2 -> h1 change sides, whichever way h1 and h2 stand."""
    edges = [*itertools.product("ab", "cd"), *itertools.product("cd", "ef")]
    assert crossings(layout_of(*numbered(edges))) == 2


def test_expanded_2_2_2_network_has_the_fewest_crossings():
    """One for each layer: the paths over the two products in the middle change sides."""
    assert crossings(layout_of(*expanded_network([2, 2, 2]))) == 2


@pytest.mark.parametrize("arity", [2, 3])
def test_trees_have_no_crossings(arity):
    count = 40
    edges = [(child, (child - 1) // arity) for child in range(1, count)]
    assert crossings(layout_of(count, edges)) == 0


def test_crossings_counts_the_pairs_of_edges_that_cross():
    three = layout_of(6, list(itertools.product(range(3), range(3, 6))))
    assert crossings(three) == 9  # K3,3 in two layers, whatever the order


def test_inputs_arrive_in_the_order_they_are_given_in():
    layout = layout_of(4, [(2, 3), (0, 3), (1, 3)])
    (_, first), (_, second), (_, third) = (layout.positions[box] for box in (2, 0, 1))
    assert first < second < third


# ---- Boxes and routes ----------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(acyclic_graphs())
def test_boxes_of_one_layer_keep_the_gap(graph):
    sizes, edges = graph
    layout = layered(sizes, edges, node_gap=NODE_GAP)
    boxes = [(x, y, height) for (x, y), (_, height) in zip(layout.positions, sizes, strict=True)]
    for (x, y, height), (u, v, other) in itertools.combinations(boxes, 2):
        if x == u:
            assert abs(y - v) >= (height + other) / 2 + NODE_GAP - 1e-6


@settings(max_examples=60, deadline=None)
@given(acyclic_graphs())
def test_boxes_never_overlap(graph):
    sizes, edges = graph
    boxes = list(zip(layered(sizes, edges).positions, sizes, strict=True))
    for ((x, y), (width, height)), ((u, v), (w, h)) in itertools.combinations(boxes, 2):
        assert abs(x - u) >= (width + w) / 2 - 1e-6 or abs(y - v) >= (height + h) / 2 - 1e-6


@settings(max_examples=60, deadline=None)
@given(acyclic_graphs())
def test_routes_go_right_from_border_to_border(graph):
    sizes, edges = graph
    layout = layered(sizes, edges)
    for (source, target), route in zip(edges, layout.routes, strict=True):
        assert all(x < u for (x, _), (u, _) in itertools.pairwise(route))
        assert route[0][0] == pytest.approx(layout.positions[source][0] + sizes[source][0] / 2)
        assert route[-1][0] == pytest.approx(layout.positions[target][0] - sizes[target][0] / 2)
        assert abs(route[-1][1] - layout.positions[target][1]) <= sizes[target][1] / 2


@settings(max_examples=60, deadline=None)
@given(acyclic_graphs())
def test_everything_lies_in_the_picture(graph):
    sizes, edges = graph
    layout = layered(sizes, edges)
    points = [point for route in layout.routes for point in route]
    for (x, y), (width, height) in zip(layout.positions, sizes, strict=True):
        points += [(x - width / 2, y - height / 2), (x + width / 2, y + height / 2)]
    assert all(-1e-6 <= x <= layout.width + 1e-6 for x, _ in points)
    assert all(-1e-6 <= y <= layout.height + 1e-6 for _, y in points)


@settings(max_examples=20, deadline=None)
@given(acyclic_graphs())
def test_same_graph_has_the_same_layout(graph):
    assert layered(*graph) == layered(*graph)


def test_sources_stand_directly_left_of_their_first_consumer():
    layout = layout_of(5, [(0, 1), (1, 2), (2, 3), (4, 3)])
    assert layout.positions[4][0] == layout.positions[2][0]


def test_box_is_centred_on_its_inputs():
    layout = layout_of(3, [(0, 2), (1, 2)])
    (_, upper), (_, lower), (_, middle) = layout.positions
    assert middle == pytest.approx((upper + lower) / 2, abs=1)


def test_long_edge_is_level_beside_the_boxes_that_it_passes():
    layout = layout_of(4, [(0, 1), (1, 2), (2, 3), (0, 3)])
    _, first, *_, last, _ = layout.routes[3]
    assert first[1] == last[1]
    assert abs(first[1] - layout.positions[1][1]) >= 15 + NODE_GAP


def test_parallel_edges_have_different_routes():
    layout = layout_of(2, [(0, 1), (0, 1), (0, 1)])
    assert len(set(layout.routes)) == 3


def test_parts_that_are_not_connected_stand_one_above_the_other():
    layout = layout_of(6, [(0, 2), (1, 2), (3, 5), (4, 5)])
    lowest = max(y for _, y in layout.positions[:3])
    assert lowest < min(y for _, y in layout.positions[3:])


def test_labels_get_room_between_columns():
    layout = layout_of(2, [(0, 1)], edge_label=(200, 30))
    (start, _), (end, _) = layout.routes[0]
    assert end - start >= 200


def test_no_boxes_make_an_empty_layout():
    layout = layered([], [])
    assert (layout.positions, layout.routes, layout.width, layout.height) == ((), (), 0, 0)


# ---- Errors --------------------------------------------------------------------------------------


def test_cycle_is_named():
    with pytest.raises(ValueError, match=r"cycle (1 -> 2 -> 3|2 -> 3 -> 1|3 -> 1 -> 2) -> \d;"):
        layout_of(4, [(0, 1), (1, 2), (2, 3), (3, 1)])


def test_edge_to_no_box_is_named():
    with pytest.raises(ValueError, match="edge 1 is 1 -> 5, but there are 3 boxes"):
        layout_of(3, [(0, 1), (1, 5)])


# ---- Size ----------------------------------------------------------------------------------------


def test_long_chain_is_straight():
    layout = layout_of(5000, list(itertools.pairwise(range(5000))))
    assert {y for _, y in layout.positions} == {15}
    assert all(len(route) == 2 for route in layout.routes)


def test_large_graph_takes_seconds():
    count, edges = random_graph(300, 500)
    start = time.perf_counter()
    layout = layout_of(count, edges)
    assert time.perf_counter() - start < 10  # measured: 0.6
    assert len(layout.routes) == 500
