"""Learning a table by a recipe: every preset, the best epoch, weights, deadlines, Ctrl-C."""

import time
from dataclasses import replace

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import Clamp, Ensemble
from chainrule.tabular.learn import learn
from chainrule.tabular.recipes import PRESETS, ByTask, Patience
from chainrule.tabular.watch import Watch
from chainrule.train import DivergedError
from chainrule.train.callbacks import EpochEnd


SIZES = (0, 0, 1, 2, 5, 12)


def table(rows, seed):
    """Columns of all kinds, and a number that depends on each of them."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, rows))
    codes = [rng.integers(0, size + 1, rows) for size in SIZES[2:]]
    z = 2 * np.sin(a) + b * (codes[1] == 1) + 2 * (codes[2] == 2) + codes[0] + (codes[3] > 6)
    return np.column_stack([a, b, *codes]).astype(np.float32), z


X, Z = table(500, 0)
Y = ((Z - Z.mean()) / Z.std())[:, None].astype(np.float32)
LABELS = np.digitize(Z, [0, 2])
TRAIN, HELD_OUT, TEST = slice(0, 300), slice(300, 400), slice(400, 500)


def narrow(preset, **changes):
    """A preset with small layers, for a fraction of the time."""
    recipe = PRESETS[preset]
    members = min(recipe.members, 3)
    small = {"hidden": (32, 32), "members": members, "batch_size": 64}
    return replace(recipe, **{**small, **changes})


def learnt(recipe, task="regression", **settings):
    target = LABELS if task == "classification" else Y
    defaults = {
        "classes": 3,
        "validation": (X[HELD_OUT], target[HELD_OUT]),
        "backend": "numpy",
        "progress": False,
    }
    return learn(X[TRAIN], target[TRAIN], SIZES, task, recipe, **{**defaults, **settings})


# ---- presets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_explains_most_of_the_variance(preset):
    found = learnt(narrow(preset), epochs=25)
    errors = found.network(X[TEST]) - Y[TEST]
    assert np.mean(errors**2) < 0.4 * np.var(Y[TEST])
    assert found.validation_score < 0.4


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_beats_the_most_frequent_class_by_far(preset):
    found = learnt(narrow(preset), "classification", epochs=25)
    wrong = np.mean(found.network(X[TEST]).argmax(axis=1) != LABELS[TEST])
    most_frequent = np.mean(LABELS[TEST] != np.bincount(LABELS[TRAIN]).argmax())
    assert wrong < 0.6 * most_frequent


@pytest.mark.parametrize("preset", ["accurate", "tabm"])
def test_threads_do_not_change_a_bit_and_machine_code_learns_what_numpy_learns(preset):
    recipe = narrow(preset, hidden=(20,))
    one, two = (learnt(recipe, epochs=3, backend="native", threads=n) for n in (1, 2))
    np.testing.assert_array_equal(one.network(X), two.network(X))
    assert one.history["loss"] == two.history["loss"]
    assert two.backend == "machine code, 2 threads"
    in_numpy = learnt(recipe, epochs=3)
    np.testing.assert_allclose(one.history["loss"], in_numpy.history["loss"], rtol=1e-3)


def test_the_seed_decides():
    first, again, other = (
        learnt(narrow("accurate"), epochs=3, seed=seed).network(X) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


def test_an_ensemble_averages_networks_of_other_seeds():
    found = learnt(narrow("ensemble"), epochs=5)
    assert isinstance(found.network, Ensemble)
    first, second, third = (member(X) for member in found.network.members)
    assert np.any(first != second)
    np.testing.assert_allclose(found.network(X), (first + second + third) / 3, atol=1e-5)
    errors = found.network(X[HELD_OUT]) - Y[HELD_OUT]
    assert found.validation_score == pytest.approx(np.mean(errors**2), rel=1e-5)


@pytest.mark.parametrize("preset", PRESETS)
def test_what_is_learnt_is_saved(preset, tmp_path):
    found = learnt(narrow(preset), epochs=2)
    cr.save(found.network, tmp_path / "m.cr")
    again = cr.read(tmp_path / "m.cr")
    np.testing.assert_array_equal(again.network(X), found.network(X))
    assert again.graph is not None


# ---- the best epoch ------------------------------------------------------------------------------


def test_the_last_of_the_best_epochs_is_kept():
    found = learnt(narrow("default"), "classification", epochs=30)
    errors = found.history["validation_error"]
    assert found.validation_score == min(errors)
    assert found.best_epoch == max(i + 1 for i, e in enumerate(errors) if e == min(errors))
    wrong = np.mean(found.network(X[HELD_OUT]).argmax(axis=1) != LABELS[HELD_OUT])
    assert wrong == pytest.approx(found.validation_score)


def test_weights_of_the_rows_held_out_count():
    weights = np.linspace(0, 1, 100, dtype=np.float32)
    found = learnt(narrow("default"), epochs=5, validation=(X[HELD_OUT], Y[HELD_OUT], weights))
    errors = ((found.network(X[HELD_OUT]) - Y[HELD_OUT]) ** 2)[:, 0]
    assert found.validation_score == pytest.approx(np.average(errors, weights=weights), rel=1e-3)


def test_without_validation_the_last_epoch_is_kept():
    found = learnt(narrow("default"), epochs=4, validation=None)
    assert (found.best_epoch, found.validation_score, found.ended) == (4, None, "epochs")


def moment(epoch, errors):
    history = {"validation_error": errors[:epoch]}
    return EpochEnd(epoch, 100, history, 0, np.array([epoch]), cr.tree.packing(np.zeros(1)))


def test_patience_ends_a_training_that_no_longer_gains():
    watch = Watch(Patience(2, 3))
    errors = [0.5, 0.3, 0.3, *[0.4] * 20]
    ended = next(epoch for epoch in range(1, 24) if watch(moment(epoch, errors)))
    assert (watch.best_epoch, ended, watch.reason) == (3, 10, "patience")
    assert watch.parameters == [3]


def test_no_epoch_begins_after_the_deadline():
    start = time.perf_counter()
    found = learnt(narrow("ensemble"), epochs=100_000, deadline=0.6)
    assert time.perf_counter() - start < 5
    assert found.ended == "deadline"
    assert len(found.network.members) == 3


def test_learning_rate_has_come_to_its_end_with_the_deadline():
    rates = learnt(narrow("default"), epochs=100_000, deadline=1.0).history["learning_rate"]
    assert len(rates) > 20
    assert max(rates) > 0.05 and rates[-1] < 0.007  # of at most 0.07


@pytest.mark.parametrize("far", [1e4, float("inf")])
def test_deadline_that_is_far_changes_no_bit(far):
    one, other = (learnt(narrow("default"), epochs=5, deadline=d).network for d in (None, far))
    np.testing.assert_array_equal(cr.tree.pack(one)[0], cr.tree.pack(other)[0])


def test_a_callback_ends_the_training_and_sees_each_epoch():
    seen = []

    def enough(moment):
        seen.append(moment.epoch)
        return moment.epoch == 3

    found = learnt(narrow("ensemble"), callbacks=[enough])
    assert (seen, found.ended, len(found.history["loss"])) == ([1, 2, 3], "callback", 3)


def test_ctrl_c_keeps_the_best_so_far():
    def interrupt(moment):
        if moment.epoch == 6:
            raise KeyboardInterrupt

    found = learnt(narrow("default"), callbacks=[interrupt])
    assert found.ended == "interrupt"
    errors = ((found.network(X[HELD_OUT]) - Y[HELD_OUT]) ** 2).mean()
    assert errors == pytest.approx(min(found.history["validation_error"][:5]), rel=1e-4)


def test_a_training_that_diverges_says_what_to_do():
    recipe = narrow("default", learning_rate=ByTask(1e30, 1e30))
    with (
        np.errstate(all="ignore"),
        pytest.raises(DivergedError, match="try a learning rate of 1e"),
    ):
        learnt(recipe)


# ---- weights and losses --------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_weight_of_2_counts_like_two_equal_rows(task):
    """In one batch; with weights of 0 left out."""
    counts = np.random.default_rng(1).integers(0, 3, 60)
    target = (LABELS if task == "classification" else Y)[:60]
    recipe = narrow("default", batch_size=1000)
    settings = {"classes": 3, "epochs": 15, "backend": "numpy", "progress": False}
    weighted = learn(X[:60], target, SIZES, task, recipe, weights=counts, **settings)
    rows, repeated = np.repeat(X[:60], counts, axis=0), np.repeat(target, counts, axis=0)
    again = learn(rows, repeated, SIZES, task, recipe, **settings)
    np.testing.assert_allclose(weighted.network(X), again.network(X), atol=2e-3)
    np.testing.assert_allclose(weighted.history["loss"], again.history["loss"], rtol=1e-3)


def test_nothing_is_predicted_beyond_what_was_seen():
    found = learnt(narrow("default"), epochs=2)
    seen = Y[TRAIN]
    clamp = found.network.layers[-1]
    assert isinstance(clamp, Clamp)
    assert (clamp.lower, clamp.upper) == ((float(seen.min()),), (float(seen.max()),))


@pytest.mark.parametrize("preset", ["default", "tabm"])
def test_quantiles_have_an_output_each(preset):
    found = learnt(
        narrow(preset),
        loss=replace(cr.nn.loss("quantile"), function=levels),
        outputs=3,
        epochs=30,
    )
    low, _, high = found.network(X[TRAIN]).T
    inside = np.mean((low <= Y[TRAIN, 0]) & (Y[TRAIN, 0] <= high))
    assert 0.6 < inside < 1
    assert found.validation_score == pytest.approx(min(found.history["validation_error"]))


def levels(prediction, target):
    return cr.nn.quantile(prediction, target, level=(0.1, 0.5, 0.9))


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"recipe": "slow"}, "unknown preset 'slow'"),
        ({"task": "ranking"}, "task 'ranking'"),
        ({"task": "classification", "classes": 1}, "at least 2 classes"),
        ({"recipe": replace(PRESETS["fast"], optimizer="lbfgs")}, "lbfgs"),
    ],
)
def test_what_does_not_fit_is_refused(settings, match):
    with pytest.raises(ValueError, match=match):
        learnt(**{"recipe": narrow("fast"), **settings})


def test_targets_of_another_form_are_refused():
    with pytest.raises(ValueError, match=r"expected numbers \(rows, outputs\)"):
        learn(X, Z, SIZES, "regression")
    with pytest.raises(ValueError, match="whole numbers"):
        learn(X, Y, SIZES, "classification", classes=3)
