"""Pytrees: what is a leaf, what is structure, and the flat vector."""

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule import tree
from chainrule.tree import Array, Subtree


Point = namedtuple("Point", "x y")


@dataclass(frozen=True)
class Neuron:
    weight: Array
    bias: np.ndarray
    activation: Callable[[Array], Array] = np.tanh
    name: str = "neuron"


@dataclass(frozen=True)
class Pair:
    first: Neuron
    rest: tuple[Subtree, ...]


pytrees = st.recursive(
    st.integers() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
        | st.tuples(inner, inner).map(lambda pair: Point(*pair))
    ),
    max_leaves=8,
)


@given(pytrees)
def test_unflatten_is_the_inverse_of_flatten(value):
    leaves, structure = tree.flatten(value)
    again = tree.unflatten(structure, leaves)
    assert again == value and type(again) is type(value)
    assert structure.size == len(leaves) == len(tree.paths(value))


@given(pytrees)
def test_map_of_a_composition_is_the_composition_of_maps(value):
    twice = tree.map(lambda x: 2 * (x + 1), value)
    assert twice == tree.map(lambda x: 2 * x, tree.map(lambda x: x + 1, value))


def test_annotation_decides_what_is_a_leaf():
    neuron = Neuron(np.ones(2), np.zeros(1), np.sin, "a")
    leaves, structure = tree.flatten(neuron)
    assert [leaf.shape for leaf in leaves] == [(2,), (1,)]
    assert structure.static == (("activation", np.sin), ("name", "a"))
    assert structure != tree.flatten(Neuron(np.ones(2), np.zeros(1), np.sin, "b"))[1]


def test_a_dataclass_without_leaves_comes_back_as_itself():
    """Primitives are told by their identity: a copy of relu would be another operation."""
    layers = (Neuron(np.ones(2), np.zeros(1)), cr.relu)
    assert tree.map(np.negative, layers)[1] is cr.relu
    assert tree.packing(layers).unpack(np.ones(3))[1] is cr.relu


def test_paths_are_as_python_reaches_the_leaves():
    pair = Pair(Neuron(1, 2), ({"a": 3}, [4]))
    assert tree.paths(pair) == ["first.weight", "first.bias", "rest[0]['a']", "rest[1][0]"]
    assert tree.paths((Point(1, 2),), "p") == ["p[0].x", "p[0].y"]


def test_nodes_and_types_are_leaves():
    node = cr.placeholder(cr.ArrayType((3,)))
    assert tree.flatten((node, node.type))[1].size == 2


def test_map_refuses_trees_of_different_structure():
    with pytest.raises(ValueError, match=r"structures differ: list\(0=\*\) and tuple\(0=\*\)"):
        tree.map(lambda a, b: a, [1], (1,))


def test_unflatten_refuses_a_wrong_number_of_leaves():
    with pytest.raises(ValueError, match="1 leaves for a structure of 2"):
        tree.unflatten(tree.flatten((1, 2))[1], [1])


def test_pack_gives_one_vector_whose_slices_the_leaves_view():
    vector, packing = tree.pack({"b": np.full((2, 2), 7.0), "a": np.arange(3.0)})
    assert vector.tolist() == [0, 1, 2, 7, 7, 7, 7]
    unpacked = packing.unpack(vector)
    vector[0] = 9
    assert unpacked["a"].tolist() == [9, 1, 2] and unpacked["b"].shape == (2, 2)


def test_pack_and_unpack_work_on_nodes():
    params = [(np.ones((3, 2)), np.zeros(2))]
    vector, packing = tree.pack(params)

    def f(vector):
        weight, bias = packing.unpack(vector)[0]
        return packing.pack([(weight * 2, bias + 1)])

    np.testing.assert_array_equal(cr.trace(f, vector)(vector), [2, 2, 2, 2, 2, 2, 1, 1])


def test_pack_of_nothing_is_an_empty_vector():
    vector, packing = tree.pack([])
    assert vector.shape == (0,) and packing.unpack(vector) == []


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tree.pack([np.ones(1), np.ones(1, "f4")]), TypeError, "float32, float64"),
        (lambda: tree.packing([np.ones(2)]).unpack(np.ones(3)), ValueError, r"expected \(2,\)"),
        (lambda: tree.packing([np.ones(2)]).pack([np.ones(3)]), ValueError, "does not fit"),
    ],
)
def test_bad_input_to_packing(call, error, message):
    with pytest.raises(error, match=message):
        call()
