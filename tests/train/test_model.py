"""A model that is compiled, fitted and asked: it gives what `fit` gives, and clear refusals."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import Dense, Sequential, activation
from chainrule.train import fit
from chainrule.train.model import Model


BITS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
NAND = np.array([[1], [1], [1], [0]])
XOR = np.array([0, 1, 1, 0])
OR_AND_NAND = np.array([[0, 0, 1], [1, 0, 1], [1, 0, 1], [1, 1, 0]])
BCE = "binary_cross_entropy"
MEAN_OF_ENTROPIES = "binary_cross_entropy(outputs=mean)"


def zeros(fan_in, fan_out, activate="identity"):
    return Dense(np.zeros((fan_in, fan_out)), np.zeros(fan_out), activation(activate))


def normal(*sizes, seed=0):
    """Layers with normal weights and biases, of sigmoid units."""
    rng = np.random.default_rng(seed)
    return [
        Dense(rng.normal(size=(a, b)), rng.normal(size=b), activation("sigmoid"))
        for a, b in pairwise(sizes)
    ]


def compiled(network, optimizer="sgd(learning_rate=0.5)", loss=BCE, **settings):
    model = Model(network)
    model.compile(optimizer=optimizer, loss=loss, **settings)
    return model


def test_single_layer_learns_nand():
    """W16."""
    model = compiled([zeros(2, 1, "sigmoid")], reduction="sum")
    model.fit(BITS, NAND, epochs=100, batch_size=None)
    (layer,) = model.network.layers
    found = [*layer.weight[:, 0], *layer.bias]
    np.testing.assert_allclose(found, (-4.2567644306, -4.2567644306, 6.5768488840), atol=1e-9)
    want = (0.9986097061, 0.9105268211, 0.9105268211, 0.1260130493)
    np.testing.assert_allclose(model.predict(BITS)[:, 0], want, atol=1e-9)


def test_two_layers_learn_xor():
    """W27."""
    model = compiled(normal(2, 2, 1), reduction="sum")
    model.fit(BITS, XOR, epochs=1000, batch_size=None)
    np.testing.assert_allclose(model.predict(BITS)[:, 0], XOR, atol=0.01)


def test_three_units_learn_or_and_nand():
    """W48."""
    model = compiled(
        [zeros(2, 3, "sigmoid")], "sgd(learning_rate=0.1)", MEAN_OF_ENTROPIES, metrics=["accuracy"]
    )
    model.fit(BITS, OR_AND_NAND, epochs=100, batch_size=None)
    found = model.evaluate(BITS, OR_AND_NAND)
    assert found == {"loss": pytest.approx(0.5296815611, abs=1e-9), "accuracy": 0.75}
    row = (0.5557165933, 0.1102975517, -0.1102975517)
    np.testing.assert_allclose(model.network.layers[0].weight, [row, row], atol=1e-9)


def test_hidden_layer_of_zeros_learns_nothing():
    """W49: its weights stay 0, and the rows after it stay equal."""
    model = compiled([zeros(2, 4, "sigmoid"), zeros(4, 3, "sigmoid")], loss=MEAN_OF_ENTROPIES)
    model.fit(BITS, OR_AND_NAND, epochs=1, batch_size=None)
    hidden, output = model.network.layers
    assert not hidden.weight.any() and not hidden.bias.any()
    row = -0.5 * np.array((-0.0416666667, 0.0416666667, -0.0416666667))
    np.testing.assert_allclose(output.weight, [row] * 4, atol=1e-9)


def test_history_and_weights_are_those_of_fit():
    options = {"epochs": 5, "batch_size": 2, "seed": 3}
    names = {"loss": "cross_entropy", "optimizer": "adam", "schedule": "cosine", "penalty": "l2"}
    net = cr.nn.mlp([2, 4, 2], "tanh", rng=0)
    model = compiled(net, **names)
    result = model.fit(BITS, XOR, validation=(BITS, XOR), **options)
    straight = fit(net, BITS, XOR, validation=(BITS, XOR), **names, **options)
    assert model.network is result.network
    np.testing.assert_array_equal(model.network(BITS), straight.network(BITS))
    for name in ("loss", "learning_rate", "validation_loss", "validation_accuracy"):
        assert result.history[name] == straight.history[name]


def test_second_fit_goes_on_from_the_first():
    twice, once = (compiled([zeros(2, 1, "sigmoid")]) for _ in range(2))
    for epochs in (3, 4):
        twice.fit(BITS, NAND, epochs=epochs, batch_size=None)
    once.fit(BITS, NAND, epochs=7, batch_size=None)
    np.testing.assert_array_equal(twice.predict(BITS), once.predict(BITS))


# ---- the last activation ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "ending",
    [
        [zeros(2, 1, "sigmoid")],
        [zeros(2, 1), activation("sigmoid")],
        [zeros(2, 1), cr.sigmoid],
        [zeros(2, 1)],
    ],
)
def test_sigmoid_before_its_loss_counts_once(ending):
    model = compiled(ending)
    model.fit(BITS, NAND, epochs=20, batch_size=None)
    straight = fit(
        zeros(2, 1), BITS, NAND, loss=BCE, optimizer=cr.train.sgd(0.5), epochs=20, batch_size=None
    )
    np.testing.assert_array_equal(model.network(BITS), straight.network(BITS))
    np.testing.assert_array_equal(model.predict(BITS), cr.sigmoid(straight.network(BITS)))


@pytest.mark.parametrize("ending", ["softmax", "identity"])
def test_softmax_before_its_loss_counts_once(ending):
    (layer,) = normal(2, 3)
    layer = Dense(layer.weight, layer.bias, activation(ending))
    model = compiled([layer], loss="cross_entropy")
    np.testing.assert_array_equal(model.predict(BITS), cr.softmax(BITS @ layer.weight + layer.bias))


def test_sigmoid_before_another_loss_stays():
    (layer,) = normal(2, 1)
    model = compiled([layer], loss="squared_error")
    np.testing.assert_array_equal(model.predict(BITS), layer(BITS))
    assert model.network.layers == (layer,)


def test_compiling_for_another_loss_gives_the_sigmoid_back():
    (layer,) = normal(2, 1)
    model = compiled([layer])
    np.testing.assert_array_equal(model.network(BITS), BITS @ layer.weight + layer.bias)
    model.compile(loss="squared_error")
    np.testing.assert_array_equal(model.predict(BITS), layer(BITS))


def test_layer_added_after_compiling_stands_behind_the_sigmoid():
    first, second = normal(2, 2, 1)
    model = compiled([first])
    model.add(second)
    np.testing.assert_array_equal(model.predict(BITS), second(first(BITS)))


def test_compiling_with_a_wrong_name_changes_nothing():
    (layer,) = normal(2, 1)
    model = Model([layer])
    with pytest.raises(ValueError, match="optimizer"):
        model.compile(optimizer="sgdd", loss=BCE)
    assert model.network.layers == (layer,)


# ---- networks and metrics --------------------------------------------------------------------


def test_layers_added_one_by_one_are_those_of_the_list():
    layers = normal(2, 3, 1)
    model = Model()
    for layer in layers:
        model.add(layer)
    np.testing.assert_array_equal(model.predict(BITS), Sequential(tuple(layers))(BITS))


@dataclass(frozen=True)
class Line:
    slope: cr.Array

    def __call__(self, x):
        return x * self.slope


def test_any_network_is_a_model():
    model = compiled(Line(np.zeros(1)), "sgd(learning_rate=0.1)", "squared_error")
    x = np.linspace(-1, 1, 9)[:, None]
    model.fit(x, 3 * x, epochs=300, batch_size=None)
    np.testing.assert_allclose(model.network.slope, 3, atol=1e-6)


def test_prelu_is_a_last_activation_like_others():
    layer = Dense.init(2, 1, "prelu", rng=0, dtype="float64")
    model = compiled([layer], loss="squared_error")
    np.testing.assert_array_equal(model.predict(BITS), layer(BITS))


def test_metrics_are_reported_by_validation_and_evaluate():
    def nonsense(prediction, target):
        return cr.sum(0 * prediction, axis=-1) + 7

    metrics = ["accuracy", "hinge", nonsense]
    model = compiled([zeros(2, 1, "sigmoid")], metrics=metrics)
    result = model.fit(BITS, NAND, epochs=2, validation=(BITS, NAND))
    found = model.evaluate(BITS, NAND)
    assert set(found) == {"loss", "accuracy", "hinge", "nonsense"}
    for name, value in found.items():
        assert result.history[f"validation_{name}"][-1] == pytest.approx(value, rel=1e-12)
    assert found["nonsense"] == 7


def test_evaluation_weighs_samples():
    model = compiled([zeros(2, 1)], metrics=["hinge"])
    model.fit(BITS, NAND, epochs=3)
    found = model.evaluate(BITS, NAND, sample_weight=[0, 2, 0, 1])
    want = cr.nn.hinge(model.network(BITS[[1, 1, 3]]), NAND[[1, 1, 3]])
    assert found["hinge"] == pytest.approx(np.mean(want), rel=1e-12)


def test_loss_of_evaluation_is_a_sum_where_that_is_the_reduction():
    mean, total = (compiled([zeros(2, 1)], reduction=how) for how in ("mean", "sum"))
    want = 4 * mean.evaluate(BITS, NAND)["loss"]
    assert total.evaluate(BITS, NAND)["loss"] == pytest.approx(want)


def test_printed_model_says_what_it_was_compiled_with():
    assert repr(Model([zeros(2, 1)])).startswith("Model, not compiled: Sequential, 3 parameters")
    assert repr(compiled([zeros(2, 1)])).startswith("Model, binary_cross_entropy, sgd: Sequential")


# ---- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "binary_crossentropy"}, "did you mean 'binary_cross_entropy'"),
        ({"optimizer": "sgdd"}, "did you mean 'sgd'"),
        ({"metrics": ["acuracy"]}, "metric of binary_cross_entropy 'acuracy'; did you mean 'acc"),
        ({"schedule": "cosin"}, "did you mean 'cosine'"),
        ({"penalty": "l3"}, "unknown penalty 'l3'"),
        ({"reduction": "men"}, "did you mean 'mean'"),
        ({"loss": "squared_error", "metrics": ["accuracy"]}, "unknown metric of squared_error"),
    ],
)
def test_names_that_do_not_exist_are_refused_with_the_nearest(settings, message):
    with pytest.raises(ValueError, match=message):
        compiled([zeros(2, 1)], **settings)


def test_layers_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="3 != 2"):
        compiled([zeros(2, 3), zeros(2, 1)])


@pytest.mark.parametrize("operation", ["fit", "evaluate"])
def test_a_model_without_a_loss_asks_for_compile(operation):
    with pytest.raises(ValueError, match=rf"Model\.{operation}: .* call compile"):
        getattr(Model([zeros(2, 1)]), operation)(BITS, NAND)


def test_what_is_no_network_is_refused():
    with pytest.raises(TypeError, match="3 cannot be called on x"):
        Model(3)


def test_what_is_no_metric_is_refused():
    with pytest.raises(TypeError, match="metric: 3 is neither"):
        compiled([zeros(2, 1)], metrics=[3])


def test_layers_are_added_to_layers_alone():
    with pytest.raises(TypeError, match=r"Model\.add: the network is Line, not Sequential"):
        Model(Line(np.zeros(1))).add(zeros(1, 1))


def test_targets_of_an_evaluation_are_checked():
    with pytest.raises(ValueError, match=r"holds 2.0; expected 0, 1|holds 2; expected 0, 1"):
        compiled([zeros(2, 1)]).evaluate(BITS, 2 * NAND)
