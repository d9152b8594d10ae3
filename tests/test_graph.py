"""Graphs as values: text, hash, calling, and what they refuse."""

import gc
import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph import toposort
from chainrule.types import type_of


def circuit(x, y, z):
    return (x + y) * z


def test_text_has_one_line_a_node_with_its_type():
    graph = cr.trace(circuit, -2.0, 5.0, -4.0)
    assert str(graph) == (
        "graph(x:f64[], y:f64[], z:f64[])\n"
        "  v3:f64[] = add x y\n"
        "  v4:f64[] = multiply v3 z\n"
        "  return v4"
    )


def test_labels_are_used_in_texts_and_are_not_identity():
    plain = cr.trace(circuit, 1.0, 2.0, 3.0)
    named = cr.trace(lambda x, y, z: cr.label(x + y, "q") * z, 1.0, 2.0, 3.0)
    assert "q:f64[] = add x y" in str(named)
    assert plain.hash == named.hash


def test_a_label_that_is_taken_is_not_used_twice():
    graph = cr.trace(lambda x: cr.label(cr.sin(x), "x") + cr.label(cr.cos(x), "v1"), 1.0)
    assert len(set(graph.names.values())) == len(graph.nodes)


def test_inputs_of_containers_are_labelled_by_their_path():
    graph = cr.trace(lambda p: p["w"][0] * p["b"], {"w": [1.0], "b": 2.0})
    assert [node.label for node in graph.inputs] == ["p['b']", "p['w'][0]"]


def test_structurally_equal_nodes_are_one_object():
    x = cr.placeholder(cr.ArrayType((2,)))
    assert cr.tanh(x + 1) is cr.tanh(x + 1)
    assert cr.constant([1.0, 2.0]) is cr.constant(np.array([1.0, 2.0]))
    assert cr.constant(0.0) is not cr.constant(-0.0)
    assert cr.placeholder(x.type) is not cr.placeholder(x.type)


def test_common_subexpressions_are_shared():
    graph = cr.trace(lambda x: cr.exp(x) * cr.exp(x), 1.0)
    assert sum(node.primitive is cr.exp for node in graph.nodes) == 1


def test_nodes_die_with_their_graph():
    from chainrule.node import _interned

    gc.collect()
    before = len(_interned)
    graph = cr.trace(lambda x: cr.sin(cr.cos(x) + 0.123456), 1.0)
    assert len(_interned) > before
    del graph
    gc.collect()
    assert len(_interned) == before


def test_interning_holds_across_threads():
    x = cr.placeholder(cr.ArrayType(()))
    found: list[cr.Node] = []

    def work():
        for place in range(300):
            found.append(cr.sin(x * float(place)))  # noqa: PERF401

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 300


def test_hash_tells_structure_params_constants_and_types_apart():
    x = np.ones((2, 3))
    variants = [
        cr.trace(lambda x: cr.sum(x, axis=0), x),
        cr.trace(lambda x: cr.sum(x, axis=1), x),
        cr.trace(lambda x: cr.sum(x, axis=0), x.astype("f4")),
        cr.trace(lambda x: cr.sum(x * 2, axis=0), x),
        cr.trace(lambda x: cr.sum(x * 3, axis=0), x),
        cr.trace(lambda x: (cr.sum(x, axis=0),), x),
        cr.trace(lambda x: cr.sum(x[0], axis=0), [x]),
        cr.trace(lambda x, y: cr.sum(x, axis=0), x, x),
    ]
    assert len({graph.hash for graph in variants}) == len(variants)
    assert variants[0].hash == cr.trace(lambda other: cr.sum(other, axis=0), x).hash


def test_batch_binds_to_any_number_of_rows():
    graph = cr.trace(lambda x, w: cr.mean(x @ w, axis=0), cr.ArrayType((cr.BATCH, 2)), np.ones(2))
    for rows in (1, 3, 70):
        x = np.arange(2.0 * rows).reshape(rows, 2)
        np.testing.assert_allclose(graph(x, np.ones(2)), np.mean(x @ np.ones(2)), rtol=1e-15)
    assert "batch_size" in str(graph)


def test_graph_called_on_nodes_becomes_part_of_that_graph():
    inner = cr.trace(circuit, 1.0, 2.0, 3.0)
    outer = cr.trace(lambda a: inner(a, a, 2.0) + 1, 5.0)
    assert outer(5.0) == 21
    assert cr.grad(outer)(5.0) == 4


def test_inlining_a_batch_graph_fixes_its_rows():
    inner = cr.trace(lambda x: cr.mean(x), cr.ArrayType((cr.BATCH, 2)))
    outer = cr.trace(inner, np.ones((5, 2)))
    assert "batch_size" not in str(outer)
    assert outer(np.full((5, 2), 3.0)) == 3


def test_every_node_can_be_evaluated():
    graph = cr.trace(circuit, -2.0, 5.0, -4.0)
    values = cr.node_values(graph, -2.0, 5.0, -4.0)
    assert [float(values[node]) for node in graph.nodes] == [-2, 5, -4, 3, -12]


def test_unused_arguments_are_said_in_the_text():
    assert "y:f64[] unused" in str(cr.trace(lambda x, y: x, 1.0, 2.0))


def test_toposort_stops_at_given_nodes():
    x = cr.placeholder(cr.ArrayType(()))
    middle = cr.sin(x)

    assert x not in set(toposort([cr.cos(middle)], frozenset([middle])))


def by_hand(inputs, outputs):
    return lambda: cr.Graph(tuple(inputs), tuple(outputs))


A, B = (cr.placeholder(cr.ArrayType((2,)), name) for name in "ab")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (by_hand([A], [A + B]), r"need b:f64\[2\], which is not among the inputs \(a:f64\[2\]\)"),
        (by_hand([A, B], [cr.sin(A)]), r"no output needs the input b:f64\[2\]"),
        (by_hand([A, A], [cr.sin(A)]), "listed twice"),
        (by_hand([cr.sin(A)], [cr.sin(A)]), "is not an input node"),
    ],
)
def test_graph_by_hand_needs_exactly_its_inputs(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_node_that_escaped_its_trace_is_named():
    kept = []
    cr.trace(lambda x: kept.append(x) or x, 1.0)
    with pytest.raises(ValueError, match=r"the graph needs x:f64\[\].*escape"):
        cr.trace(lambda y: y + kept[0], 2.0)(2.0)


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        ((1.0, 2.0), TypeError, r"expected tuple.*x:f64\[\], y:f64\[\], z:f64\[\]"),
        ((1.0, np.ones(2), 3.0), ValueError, r"input y: shape \[2\], expected \[\]"),
        ((1.0, "2", 3.0), TypeError, "dtype str"),
        ((1.0, 2.0, np.array(1j)), None, None),
    ],
)
def test_arguments_that_do_not_fit(args, error, message):
    graph = cr.trace(circuit, 1.0, 2.0, 3.0)
    if error is None:  # complex steps pass through float64 graphs
        assert graph(*args) == 3j
        return
    with pytest.raises(error, match=message):
        graph(*args)


def test_wrong_dtype_is_named_with_the_remedy():
    graph = cr.trace(cr.tanh, np.ones(2, "f4"))
    with pytest.raises(TypeError, match=r"f64\[2\], expected f32\[2\].*astype\('float32'\)"):
        graph(np.ones(2))
    assert cr.trace(cr.tanh, np.ones(2))(np.ones(2, "f4")).dtype == "float64"


def test_batch_sizes_that_disagree_are_named():
    rows = cr.ArrayType((cr.BATCH,))
    graph = cr.trace(lambda x, y: x + y, rows, rows)
    with pytest.raises(
        ValueError, match=r"input y: shape \[3\], expected \[batch\] with batch = 2"
    ):
        graph(np.ones(2), np.ones(3))


@pytest.mark.parametrize(
    ("function", "arg", "message"),
    [
        (lambda x: x, "text", "argument x is str 'text'"),
        (lambda x: x, object(), "argument x is object"),
        (lambda x: x, np.ones(1, complex), "complex128 is for complex-step"),
        (lambda x: "text", 1.0, "the function returned str 'text'"),
        (lambda x: x, np.array(["a"]), "dtype str"),
    ],
)
def test_what_cannot_be_traced_is_named(function, arg, message):
    with pytest.raises(TypeError, match=message):
        cr.trace(function, arg)


@pytest.mark.parametrize("bad", [((-1,), "float64"), ((2.5,), "float64")])
def test_sizes_are_whole_numbers(bad):
    with pytest.raises(ValueError, match="a whole number from 0 or BATCH"):
        cr.ArrayType(*bad)


def test_type_of_numbers_and_arrays():
    assert str(type_of(1.5)) == "f64[]" and str(type_of(np.ones((2, 1), "u1"))) == "u8[2,1]"
    with pytest.raises(TypeError, match="dtype float16 is not supported"):
        type_of(np.ones(1, "f2"))
