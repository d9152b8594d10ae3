"""Arguments that invite a silent wrong answer: each gives the right one or is refused by name."""

from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest

import chainrule as cr


ROWS = cr.ArrayType((cr.BATCH, 3))


# ---- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("like", "number"),
    [
        (3, 2.5),
        (3, float("nan")),
        (np.int32(3), 2**40),
        (np.uint32(3), -1),
        (np.uint8(3), 300),
        (True, 2),
        (True, 1.0),
    ],
)
def test_number_that_an_input_cannot_hold_is_refused(like, number):
    graph = cr.trace(lambda n: n, like)
    with pytest.raises(TypeError, match=r"input n: .* expected"):
        graph(number)


@pytest.mark.parametrize(
    ("like", "number"), [(1.0, 2), (np.float32(1), 2.5), (np.uint8(3), 255), (3, True)]
)
def test_number_that_an_input_can_hold_is_taken(like, number):
    found = cr.trace(lambda n: n, like)(number)
    assert found == number and found.dtype == np.asarray(like).dtype


@pytest.mark.parametrize("dtype", ["int32", "uint32", "uint8"])
@pytest.mark.parametrize("value", [2**40, -(2**40)])
def test_whole_number_that_does_not_fit_the_other_operand_is_refused(dtype, value):
    operand = np.ones(2, dtype)
    for call in (lambda x: cr.trace(lambda x: x + value, x), lambda x: cr.add(x, value)):
        with pytest.raises(OverflowError, match=f"{value} out of bounds for {dtype}"):
            call(operand)


def test_labels_of_a_narrow_dtype_may_have_more_classes_than_it_has_values():
    assert cr.one_hot(np.array([5], np.uint8), 300).nonzero()[1].tolist() == [5]


def test_constant_in_foreign_byte_order_is_the_same_constant():
    assert cr.constant(np.array([1.0, 2.0], ">f8")) is cr.constant([1.0, 2.0])


def test_constant_in_foreign_byte_order_is_not_mistaken_for_its_bytes():
    foreign = np.array(1.0, ">f8")
    misread = np.frombuffer(foreign.tobytes(), "<f8")[0]
    kept = cr.constant(foreign)
    assert cr.constant(misread).value == misread
    assert kept.value == 1


# ---- rows ----------------------------------------------------------------------------------------


def test_node_is_iterated_row_by_row():
    x = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(cr.trace(lambda x: sum(x), x)(x), x.sum(axis=0))


def test_node_is_unpacked():
    def f(x):
        a, b = x
        return a - b

    assert cr.grad(f)(np.array([5.0, 3.0])).tolist() == [1, -1]


@pytest.mark.parametrize("type", [ROWS, cr.ArrayType(())])
def test_node_without_a_known_length_is_not_iterated(type):
    with pytest.raises(TypeError, match="has no length that is known while tracing"):
        cr.trace(lambda x: sum(x), type)


@pytest.mark.parametrize("rows", [1, 4])
def test_mean_over_two_open_axes_is_divided_by_the_square_of_the_rows(rows):
    x = np.random.default_rng(0).normal(size=(rows, 3))
    found = cr.trace(lambda x: cr.mean(x @ x.T), ROWS)(x)
    np.testing.assert_allclose(found, np.mean(x @ x.T), rtol=1e-14)


def test_jacobian_over_an_open_number_of_rows_is_refused():
    with pytest.raises(ValueError, match=r"x is f64\[batch,3\], but the number of rows must be"):
        cr.trace(cr.jacobian(lambda x: x * 2), ROWS)


@pytest.mark.parametrize(
    ("function", "size", "shape"),
    [
        (lambda x: x * 2, 0, (0, 0)),
        (lambda x: x[:0], 3, (0, 3)),
        (lambda x: cr.concatenate([x, np.ones(2)]), 0, (2, 0)),
    ],
)
def test_jacobian_of_nothing_is_empty(function, size, shape):
    assert cr.jacobian(function)(np.ones(size)).shape == shape


# ---- containers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [OrderedDict, lambda pairs: defaultdict(float, pairs)])
def test_gradient_of_any_dictionary_fits_that_dictionary(kind):
    params = kind([("w", 2.0), ("b", 1.0)])
    gradient = cr.grad(lambda p: p["w"] ** 2 + p["b"])(params)
    assert cr.tree.map(lambda p, g: p - 0.5 * g, params, gradient) == {"w": 0, "b": 0.5}


def test_named_tuple_without_fields_is_a_container():
    nothing = namedtuple("Nothing", "")()
    assert cr.tree.map(lambda x: 2 * x, (nothing, 1.0)) == (nothing, 2)


@pytest.mark.parametrize(
    "function", [lambda x: x, lambda x: cr.sum(x), lambda x: (cr.sum(x), x, x), lambda x: [x, x]]
)
def test_auxiliary_result_is_the_second_of_a_pair(function):
    """A vector of two numbers is no pair: its first number would be differentiated."""
    with pytest.raises(TypeError, match=r"expected a tuple .* because of has_aux"):
        cr.grad(function, has_aux=True)(np.ones(2))


# ---- names and axes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: cr.tanh(x, axis=0), "tanh: unknown axis"),
        (lambda x: cr.step(x, at_zer0=1), r"step: unknown at_zer0; it takes \['at_zero'\]"),
        (lambda x: cr.transpose(x, axis=(0, 1)), r"transpose: unknown axis; it takes \['axes'\]"),
        (lambda x: cr.take(x, np.array([0]), axes=1), "take: unknown axes"),
        (lambda x: cr.concatenate([x, x], axes=1), "concatenate: unknown axes"),
        (lambda x: cr.where(x > 0, x, x, axis=0), "where: unknown axis"),
    ],
)
@pytest.mark.parametrize("among_nodes", [True, False])
def test_misspelt_param_is_refused(call, message, among_nodes):
    x = np.ones((2, 2))
    with pytest.raises(TypeError, match=message):
        cr.trace(call, x) if among_nodes else call(x)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: cr.transpose(x, axes=(3, 2)), "do not order the 2 axes"),
        (lambda x: cr.transpose(x, axes=(0, -3)), "do not order the 2 axes"),
        (lambda x: cr.stack([x, x], axis=3), "stack: axis 3 of an array with 3 axes"),
        (lambda x: cr.stack([]), "stack: expected one or more arrays"),
    ],
)
def test_axis_that_does_not_exist_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        cr.trace(call, np.ones((2, 2)))


def test_negative_axes_count_from_the_end():
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(cr.transpose(x, axes=(-1, -2)), x.T)
    np.testing.assert_array_equal(cr.stack([x, x], axis=-1), np.stack([x, x], axis=-1))
