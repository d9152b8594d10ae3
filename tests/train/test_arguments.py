"""What `fit` refuses, by name and before any work."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

import chainrule as cr
from chainrule.train import fit
from chainrule.tree import Array


rng = np.random.default_rng(0)
X = rng.normal(size=(50, 3))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


@dataclass(frozen=True)
class Linear:
    weight: Array
    activation: Callable = cr.tanh

    def __call__(self, x):
        return self.activation(x @ self.weight)


@dataclass
class NotFrozen:
    weight: Array

    def __call__(self, x):
        return x @ self.weight


def spoilt(value):
    x = X.copy()
    x[3, 1] = value
    return x


def refused(error, message, **change):
    """Fit with one argument changed: the error comes, and no epoch before it."""
    heard = []
    network = cr.nn.mlp([3, 4, 2], "tanh", rng=0)
    arguments = {"network": network, "x": X, "y": Y, "loss": "cross_entropy", **change}
    with pytest.raises(error, match=message):
        fit(**arguments, callbacks=[lambda *args: heard.append(args)])
    assert not heard


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": X[:9]}, r"x has shape \(9, 3\) and y \(50,\); expected one target for each"),
        ({"x": X[:, :2]}, r"x has shape \[batch,2\], but the layer takes 3 features"),
        ({"x": X[:, 0]}, r"x has shape \[batch\], but the layer takes 3 features"),
        ({"x": 1.0}, r"x has shape \(\) and y \(50,\)"),
        ({"x": X[:0], "y": Y[:0]}, "x has no samples"),
        ({"x": spoilt(np.nan)}, r"x holds nan at \[3, 1\], which is no finite float32; remove"),
        ({"x": spoilt(np.inf)}, r"x holds inf at \[3, 1\]"),
        ({"x": spoilt(1e300)}, r"x holds 1e\+300 at \[3, 1\], which is no finite float32"),
        ({"y": np.full(50, np.nan)}, r"y holds nan at \[0\]"),
    ],
)
def test_samples_that_do_not_fit(change, message):
    refused(ValueError, message, **change)


@pytest.mark.parametrize(
    ("x", "dtype"),
    [
        (X.astype(str), "<U"),
        (X.astype(object), "object"),
        (X + 1j, "complex128"),
        (np.full((50, 3), np.datetime64("2020")), "datetime64"),
        ([[1.0], [2.0, 3.0]], "inhomogeneous"),
    ],
)
def test_samples_that_are_no_numbers(x, dtype):
    refused(TypeError, f"x is not an array of numbers: .*{dtype}", x=x)
    refused(TypeError, f"y is not an array of numbers: .*{dtype}", y=x)


@pytest.mark.parametrize("dtype", ["float16", "longdouble", "int8", "uint16", "uint64", "bool"])
def test_samples_of_any_real_dtype_are_taken(dtype):
    network = cr.nn.mlp([3, 2], rng=0)
    result = fit(network, X.astype(dtype), Y, loss="cross_entropy", epochs=1)
    want = fit(network, X.astype(dtype).astype("f4"), Y, loss="cross_entropy", epochs=1)
    assert result.history["loss"] == want.history["loss"]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y - 1, "y holds the label -1, but the network has 2 outputs, for labels 0 to 1"),
        (Y + 1, "y holds the label 2, but the network has 2 outputs, for labels 0 to 1"),
        (Y.astype("u8") + 2**63, "y holds the label -9223372036854775808"),
        (Y * 1.0, r"labels are float32; convert them to whole numbers with \.astype\(int\)"),
        (Y[:, None], r"labels of shape \[batch,1\] for logits of shape \[batch,2\]"),
        (np.eye(3)[Y], r"prediction \[batch,2\] and target \[batch,3\] differ in shape"),
    ],
)
def test_labels_that_the_network_has_no_output_for(y, message):
    refused(ValueError, message, y=y)


def test_label_of_the_validation_part_is_checked_too():
    message = "validation y holds the label 2, but the network has 2 outputs"
    refused(ValueError, message, validation=(X, Y + 1))


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        (0.999, "validation = 0.999 holds out 50 of 50 samples"),
        (0.001, "validation = 0.001 holds out 0 of 50 samples"),
        (-0.1, "validation is -0.1; expected a share between 0 and 1"),
        (np.nan, "validation is nan"),
        ("half", "validation is 'half'"),
        ((X,), r"validation has 1 parts; expected \(x, y\) or"),
        ((X, Y[:3]), r"validation x has shape \(50, 3\) and validation y \(3,\)"),
        ((X[:, :2], Y), r"for validation is x f32\[batch,2\].* for training x f32\[batch,3\]"),
        ((X, np.eye(2)[Y]), r"for validation is .*y f32\[batch,2\].* y i64\[batch\]"),
        ((spoilt(np.nan), Y), "validation x holds nan"),
    ],
)
def test_validation_that_does_not_fit(validation, message):
    refused(ValueError, message, validation=validation)


@pytest.mark.parametrize(
    ("name", "value"),
    [("epochs", 0), ("epochs", 2.5), ("batch_size", 0), ("batch_size", "32"), ("seed", -1)],
)
def test_settings_that_are_no_whole_numbers_in_range(name, value):
    refused(ValueError, f"{name} is {value!r}; expected a whole number from", **{name: value})


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"loss": "cross_entropi"}, ValueError, "did you mean 'cross_entropy'"),
        ({"loss": None}, TypeError, "loss: None is neither a name nor a function"),
        ({"optimizer": "adan"}, ValueError, "did you mean 'adam'"),
        ({"optimizer": cr.train.adam}, TypeError, "expected a name, or adam"),
    ],
)
def test_loss_and_optimiser_that_do_not_exist(change, error, message):
    refused(error, message, **change)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"w": np.ones((3, 2))}, "the network is dict, which cannot be called on x"),
        ((np.ones((3, 2)),), "the network is tuple, which cannot be called on x"),
        (np.ones((3, 2)), "the network is ndarray, which cannot be called on x"),
        (lambda x: x, "network is function, expected an array .* fields of a frozen dataclass"),
        (NotFrozen(np.ones((3, 2))), "network is NotFrozen, expected an array"),
        (cr.nn.Sequential([]), "the network has no parameters"),
        (cr.nn.Sequential([cr.tanh, lambda x: x]), "the network has no parameters"),
        (cr.nn.Sequential([NotFrozen(np.ones((3, 2)))]), r"network\.layers\[0\] is NotFrozen"),
        (Linear(np.ones((3, 2), int)), r"network\.weight is int64, expected an array of float32"),
        (Linear([[1.0, 2.0]] * 3), r"network\.weight\[0\]\[0\] is float, expected an array"),
        (
            cr.nn.Sequential([Linear(np.ones((3, 2))), Linear(np.ones((2, 2), "f4"))]),
            "leaves of different dtypes float32, float64",
        ),
    ],
)
def test_network_that_cannot_be_trained(network, message):
    refused(TypeError, message, network=network)


def test_parameter_that_is_not_finite_is_named():
    weight = np.full((3, 2), np.inf)
    refused(ValueError, re.escape("network.weight holds a number"), network=Linear(weight))
