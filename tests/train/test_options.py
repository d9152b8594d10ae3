"""What every option of `fit` means, alone and together with the others."""

import itertools

import numpy as np
import pytest

import chainrule as cr
from chainrule.train import Group, fit


rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
Y = (X[:, 0] + 0.3 * rng.normal(size=40) > 0).astype(int)
WEIGHTS = rng.uniform(0, 2, 40)


def net(*sizes, dtype="float64", **settings):
    return cr.nn.mlp(sizes or (3, 5, 2), "tanh", rng=0, dtype=dtype, **settings)


def vector(network):
    return cr.tree.pack(network)[0]


def trained(network=None, **options):
    """One full-batch step of plain descent, unless options say otherwise."""
    given = {"loss": "cross_entropy", "optimizer": "sgd(learning_rate=0.5)", "epochs": 1,
             "batch_size": None, "order": "given", **options}  # fmt: skip
    return fit(network or net(), X, Y, **given)


def gradient_of(objective, network=None):
    """The gradient of a function of the network, as a vector."""
    start, packing = cr.tree.pack(network or net())
    return start, cr.grad(lambda v: objective(packing.unpack(v)))(start)


def losses(network):
    return cr.nn.cross_entropy(network(X), Y)


def test_batch_size_none_takes_all_samples_at_once():
    start, gradient = gradient_of(lambda n: cr.mean(losses(n)))
    np.testing.assert_allclose(vector(trained().network), start - 0.5 * gradient, rtol=1e-12)


def test_sum_is_a_reduction_and_its_history_a_sum():
    start, gradient = gradient_of(lambda n: cr.sum(losses(n)))
    result = trained(reduction="sum", optimizer="sgd(learning_rate=0.01)")
    np.testing.assert_allclose(vector(result.network), start - 0.01 * gradient, rtol=1e-12)
    np.testing.assert_allclose(result.history["loss"], [np.sum(losses(net()))])


def test_sample_weights_make_a_weighted_mean():
    def weighted(network):
        return cr.sum(losses(network) * WEIGHTS) / np.sum(WEIGHTS)

    start, gradient = gradient_of(weighted)
    result = trained(sample_weight=WEIGHTS)
    np.testing.assert_allclose(vector(result.network), start - 0.5 * gradient, rtol=1e-10)
    np.testing.assert_allclose(result.history["loss"], [weighted(net())])


def test_weight_0_is_a_sample_that_is_not_there_and_weight_2_one_that_is_there_twice():
    counts = np.arange(40) % 3
    weighed = trained(sample_weight=counts, epochs=5)
    places = np.repeat(np.arange(40), counts)
    repeated = fit(net(), X[places], Y[places], loss="cross_entropy", epochs=5, batch_size=None,
                   optimizer="sgd(learning_rate=0.5)", order="given")  # fmt: skip
    np.testing.assert_allclose(vector(weighed.network), vector(repeated.network), rtol=1e-9)


def test_class_weights_are_weights_of_the_samples_of_a_class():
    by_class = trained(class_weight={1: 3.0})
    by_sample = trained(sample_weight=np.where(Y == 1, 3.0, 1.0))
    np.testing.assert_allclose(vector(by_class.network), vector(by_sample.network), rtol=1e-12)


def test_balanced_classes_count_alike():
    counts = np.bincount(Y)
    balanced = trained(class_weight="balanced")
    by_hand = trained(class_weight={label: 40 / (2 * n) for label, n in enumerate(counts)})
    np.testing.assert_allclose(vector(balanced.network), vector(by_hand.network), rtol=1e-12)


def test_penalty_is_added_to_the_loss():
    def penalised(network):
        return cr.mean(losses(network)) + 0.1 * sum(
            cr.sum(cr.square(layer.weight)) for layer in network.layers
        )

    start, gradient = gradient_of(penalised)
    result = trained(penalty="l2(strength=0.1)")
    np.testing.assert_allclose(vector(result.network), start - 0.5 * gradient, rtol=1e-12)
    np.testing.assert_allclose(result.history["loss"], [penalised(net())])


def test_weight_decay_shrinks_weights_and_leaves_biases():
    start, gradient = gradient_of(lambda n: cr.mean(losses(n)))
    paths = cr.tree.paths(net())
    is_weight = np.concatenate(
        [np.full(leaf.size, path.endswith("weight")) for path, leaf in
         zip(paths, cr.tree.leaves(net()), strict=True)]
    )  # fmt: skip
    want = start - 0.5 * 0.2 * is_weight * start - 0.5 * gradient
    np.testing.assert_allclose(vector(trained(weight_decay=0.2).network), want, rtol=1e-12)


def test_weight_decay_of_an_optimiser_is_its_own_unless_one_is_given():
    adamw = trained(optimizer="adamw(weight_decay=0.3)", epochs=3)
    adam = trained(optimizer=cr.train.adam(1e-3), weight_decay=0.3, epochs=3)
    np.testing.assert_array_equal(vector(adamw.network), vector(adam.network))


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_weight_decay_may_depend_on_the_number_of_the_step(backend):
    """Half of it in the first step, a quarter in the second."""
    fading = trained(weight_decay=lambda number: 0.4 * 0.5**number, epochs=2, backend=backend)
    first = trained(weight_decay=0.2, epochs=1).network
    second = trained(first, weight_decay=0.1, epochs=1).network
    np.testing.assert_allclose(vector(fading.network), vector(second), rtol=1e-10)


def test_group_has_a_rate_of_its_own():
    _, gradient = gradient_of(lambda n: cr.mean(losses(n)))
    found = trained(groups=[Group("layers[0]", rate=0.1), Group("*.bias", rate=0)]).network
    for path, was, now, g in zip(
        cr.tree.paths(net()),
        cr.tree.leaves(net()),
        cr.tree.leaves(found),
        cr.tree.leaves(cr.tree.pack(net())[1].unpack(gradient)),
        strict=True,
    ):
        rate = 0.05 if path.startswith("layers[0]") else 0.0 if path.endswith("bias") else 0.5
        np.testing.assert_allclose(now, was - rate * g, rtol=1e-12)


def test_group_without_parameters_is_refused():
    with pytest.raises(ValueError, match=r"no parameter matches the group 'layer\[0\]'; there are"):
        trained(groups=[Group("layer[0]")])


def test_gradient_is_clipped_by_value():
    start, gradient = gradient_of(lambda n: cr.mean(losses(n)))
    want = start - 0.5 * np.clip(gradient, -0.01, 0.01)
    np.testing.assert_allclose(vector(trained(clip_value=0.01).network), want, rtol=1e-12)


@pytest.mark.parametrize("limit", [0.01, 1e6])
def test_gradient_is_clipped_by_norm_where_it_is_longer(limit):
    start, gradient = gradient_of(lambda n: cr.mean(losses(n)))
    scale = min(1, limit / np.linalg.norm(gradient))
    found = vector(trained(clip_norm=limit).network)
    np.testing.assert_allclose(found, start - 0.5 * scale * gradient, rtol=1e-12)


def test_norm_of_a_gradient_of_0_is_no_division_by_0():
    result = fit(net(3, 1), X, np.zeros(40), loss="squared_error", clip_norm=1.0, epochs=1,
                 groups=[Group("*", rate=1)], penalty=None)  # fmt: skip
    assert np.all(np.isfinite(vector(result.network)))


def test_average_is_the_moving_average_of_the_weights():
    steps = [vector(trained(epochs=n).network) for n in (1, 2, 3)]
    want = vector(net())
    for step in steps:
        want = 0.9 * want + 0.1 * step
    found = trained(epochs=3, average=0.9, validation=(X, Y))
    np.testing.assert_allclose(vector(found.network), want, rtol=1e-12)
    np.testing.assert_allclose(
        found.history["validation_loss"][-1], np.mean(losses(found.network)), rtol=1e-10
    )


def test_patience_ends_the_training_and_the_best_network_is_returned():
    result = fit(net(3, 30, 2), X, Y, loss="cross_entropy", optimizer=cr.train.adam(0.05),
                 epochs=500, validation=(X[:9], 1 - Y[:9]), patience=7)  # fmt: skip
    assert result.ended == "patience"
    assert len(result.history["loss"]) == result.best_epoch + 7
    np.testing.assert_array_equal(vector(result.network), vector(result.best))


def test_loss_that_falls_too_little_is_no_gain():
    result = trained(epochs=50, patience=3, min_delta=10.0)
    assert len(result.history["loss"]) == 4  # the first loss is a gain over none


@pytest.mark.parametrize("kind", [bool, np.bool_])
def test_callback_ends_the_training_by_returning_true(kind):
    result = trained(epochs=50, callbacks=[lambda moment: kind(moment.epoch == 4)])
    assert result.ended == "callback"
    assert len(result.history["loss"]) == 4


def test_callback_that_returns_anything_else_ends_nothing():
    assert trained(epochs=3, callbacks=[lambda moment: "done"]).ended == "epochs"


def test_callback_sees_the_network_as_it_is():
    seen = []
    result = trained(epochs=3, callbacks=[lambda moment: seen.append(moment.network)])
    np.testing.assert_array_equal(vector(seen[-1]), vector(result.network))


def test_schedule_sets_the_rate_of_each_step():
    result = trained(epochs=4, schedule="inverse_time")
    np.testing.assert_allclose(result.history["learning_rate"], [0.5, 0.25, 0.5 / 3, 0.125])


def test_schedule_may_be_a_function_of_the_clock():
    result = trained(epochs=3, schedule=lambda clock: 1 + clock.step)
    np.testing.assert_allclose(result.history["learning_rate"], [0.5, 1.0, 1.5])


def test_samples_drawn_with_replacement_come_more_than_once():
    seen = []

    def batch(prediction, target):
        return cr.sum(cr.square(prediction - target), axis=-1)

    for order in ("shuffled", "replacement", "given"):
        result = fit(net(3, 1), X, np.arange(40.0)[:, None], loss=batch, batch_size=1, epochs=1,
                     order=order, optimizer="sgd(learning_rate=1e-12)")  # fmt: skip
        seen.append(result.history["loss"][0])
    assert seen[0] == pytest.approx(seen[2], rel=1e-6)
    assert abs(seen[1] / seen[2] - 1) > 1e-3


def test_drop_last_leaves_out_the_smaller_batch():
    counted = []

    def count(clock):
        counted.append(len(clock.step))
        return np.ones(len(clock.step))

    trained(batch_size=32, drop_last=True, schedule=count)
    assert counted == [1]


def test_metric_of_ones_own_stands_in_the_history():
    metrics = {"confidence": lambda prediction, target: cr.max(prediction, axis=-1)}
    result = trained(metrics=metrics, validation=(X, Y))
    want = np.mean(np.max(result.network(X), axis=1))
    np.testing.assert_allclose(result.history["validation_confidence"], [want])


def test_dropout_and_batch_normalisation_train_in_any_network_and_repeat_their_bits():
    network = net(3, 8, 8, 2, dropout=0.3, batch_norm=True)
    options = {"epochs": 5, "batch_size": 8, "order": "shuffled", "optimizer": "adam"}
    first, again = (trained(network, **options, seed=1) for _ in range(2))
    np.testing.assert_array_equal(vector(first.network), vector(again.network))
    other = trained(network, **options, seed=2)
    assert not np.array_equal(vector(first.network), vector(other.network))
    assert np.array_equal(first.network(X), first.network(X))
    assert first.history["loss"][-1] < first.history["loss"][0]


def test_running_statistics_move_by_themselves_and_not_by_the_optimiser():
    network = net(3, 4, 2, batch_norm=True)
    norm = next(layer for layer in network.layers if type(layer).__name__ == "BatchNorm")
    place = network.layers.index(norm)
    before = network.layers[place - 1](X)
    for options in ({"weight_decay": 0.5}, {"penalty": "l2(strength=1.0, biases=True)"},
                    {"groups": [Group("*", rate=0.0)]}):  # fmt: skip
        found = trained(network, **options).network.layers[place]
        want = norm.momentum * norm.mean + (1 - norm.momentum) * before.mean(axis=0)
        np.testing.assert_allclose(found.mean, want, rtol=1e-10)


FEATURES = {
    "optimizer": ["momentum", "adamw", "lion"],
    "schedule": ["cosine", "warmup(steps=3, then=reduce_on_plateau)"],
    "network": [{"dropout": 0.2}, {"batch_norm": True}],
    "options": [
        {"class_weight": "balanced", "clip_norm": 1.0, "average": 0.9},
        {"sample_weight": WEIGHTS, "clip_value": 0.1, "groups": [Group("*.bias", 0.1, 1.0)]},
        {"penalty": "elastic(strength=0.01)", "patience": 50, "reduction": "sum"},
    ],
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("optimizer", "schedule", "network", "options"), list(itertools.product(*FEATURES.values()))
)
def test_options_work_with_each_other(optimizer, schedule, network, options, dtype):
    result = trained(
        net(3, 6, 2, dtype=dtype, **network), epochs=3, batch_size=16, validation=0.2,
        order="shuffled", optimizer=optimizer, schedule=schedule, **options
    )  # fmt: skip
    assert all(len(values) == 3 and np.all(np.isfinite(values))
               for values in result.history.values())  # fmt: skip
    assert vector(result.network).dtype == dtype
