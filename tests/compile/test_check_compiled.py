"""The checker of compiled code: it passes what is right, and says where what is wrong differs."""

import dataclasses

import numpy as np
import pytest

import chainrule as cr
from chainrule.testing import check_compiled, check_same


X = np.random.default_rng(0).normal(size=(5, 3))


def miscompiled(factor):
    """tanh whose machine code is off by `factor`, as a user might declare it."""
    return dataclasses.replace(cr.tanh, code=lambda x: x * factor, name="miscompiled")


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_right_code_passes(dtype):
    check_compiled(lambda x, y: {"sum": x + y["y"], "pair": (x, x > 0)}, X.astype(dtype), {"y": 2})


def test_graph_of_open_rows_passes():
    graph = cr.trace(lambda x: cr.softmax(x), cr.ArrayType((cr.BATCH, 3)))
    for rows in (1, 5):
        check_compiled(graph, X[:rows])


def test_wrong_code_fails_with_output_place_and_values():
    wrong = miscompiled(1.0)
    with pytest.raises(AssertionError) as caught:
        check_compiled(
            lambda x: {"right": x, "wrong": wrong(x)}, np.array([[0.0, 0.0], [0.0, 2.0]])
        )
    message = str(caught.value)
    assert "output['wrong'] f64[2,2], at [1, 1]" in message
    assert "compiled np.float64(2.0), evaluated np.float64(0.964027" in message


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (1.0, 1.0 + 1e-11),
        (np.float32(1), np.float32(1.0001)),
        (np.nan, 1.0),
        (1.0, np.nan),
        (np.inf, -np.inf),
        (np.inf, 1e308),
        (0.0, 5e-300),
        (1, 2),
        (True, False),
        (1.0, np.float32(1)),
        (1.0, [1.0]),
        ((1.0,), 1.0),
    ],
)
def test_difference_is_found(wanted, found):
    with pytest.raises(AssertionError):
        check_same(found, wanted)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (1.0, 1.0 + 1e-13),
        (np.float32(1), np.float32(1.000001)),
        ([1.0, 0.0], [1.0, 1e-13]),
        (np.nan, np.nan),
        (-np.inf, -np.inf),
        (0.0, -0.0),
        (5e-324, 0.0),
        (np.zeros((0, 3)), np.zeros((0, 3))),
    ],
)
def test_rounding_is_none(wanted, found):
    check_same(np.asarray(found), np.asarray(wanted))


def test_tolerance_can_be_given():
    check_compiled(miscompiled(1.0), np.array([0.001]), tolerance=1e-6)
    with pytest.raises(AssertionError):
        check_compiled(miscompiled(1.0), np.array([0.001]), tolerance=1e-8)


def test_operation_without_code_is_named():
    plain = dataclasses.replace(cr.tanh, code=None, name="plain")
    with pytest.raises(TypeError, match="plain has no code"):
        check_compiled(plain, X)
