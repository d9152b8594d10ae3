"""Recipes: the constants of the papers, the networks they make, and what those start from."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from chainrule.nn import (
    Concatenate,
    Dropout,
    Embedding,
    Encode,
    FadingDropout,
    Gain,
    Heads,
    Members,
    NtpDense,
    ParametricActivation,
    parameter_count,
    summary,
)
from chainrule.tabular.networks import groups_of, in_use, network_for
from chainrule.tabular.recipes import PRESETS, ByTask, Patience
from chainrule.train.groups import multipliers
from chainrule.train.optimizers import optimizer
from chainrule.train.schedules import schedule
from chainrule.tree import packing, paths


SIZES = (0, 0, 1, 2, 5, 40)
FEATURES = 2 + 1 + 1 + 5 + 40


def matrix(rows=300):
    rng = np.random.default_rng(0)
    numbers = rng.normal(3, 2, (rows, 2))
    codes = [rng.integers(0, size + 1, rows) for size in SIZES[2:]]
    return np.column_stack([numbers, *codes]).astype(np.float32)


X = matrix()


def network(preset, task="classification", outputs=3, **changes):
    recipe = replace(PRESETS[preset], **changes)
    return network_for(recipe, X, SIZES, task, outputs, steps=100)


def kinds(preset, task="classification", **changes):
    layers = network(preset, task, **changes).layers
    return [getattr(layer, "name", type(layer).__name__) for layer in layers]


# ---- constants -----------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS)
def test_every_recipe_names_an_optimizer_and_a_schedule(preset):
    optimizer(PRESETS[preset].optimizer)
    schedule(PRESETS[preset].schedule)


def test_default_is_realmlp_td_s():
    recipe = PRESETS["default"]
    assert (recipe.hidden, recipe.activation) == ((256,) * 3, ByTask("selu", "mish"))
    assert (recipe.learning_rate, recipe.schedule) == (ByTask(0.04, 0.07), "coslog")
    assert (recipe.rates.gain, recipe.rates.bias) == (6, 0.1)
    assert (recipe.label_smoothing, recipe.weight_decay, recipe.dropout) == (0.1, 0, 0)
    assert (recipe.epochs, recipe.batch_size, recipe.patience) == (256, 256, None)


def test_accurate_is_realmlp_td():
    recipe = PRESETS["accurate"]
    assert (recipe.learning_rate, recipe.one_hot, recipe.embedding) == (ByTask(0.04, 0.2), 8, 8)
    assert (recipe.waves, recipe.wave_outputs, recipe.sigma) == (16, 3, 0.1)
    assert (recipe.dropout, recipe.weight_decay, recipe.fades) == (0.15, 0.02, True)


@pytest.mark.parametrize(("per_epoch", "epochs"), [(1, 64), (300, 40), (10_000, 8)])
def test_fast_trains_fewer_epochs_of_more_rows(per_epoch, epochs):
    assert PRESETS["fast"].epochs_for(per_epoch) == epochs
    assert PRESETS["default"].epochs_for(per_epoch) == 256


def test_an_unknown_task_is_refused():
    with pytest.raises(ValueError, match="task 'clustering'"):
        ByTask(1, 2).of("clustering")


# ---- networks ------------------------------------------------------------------------------------


def test_default_is_encoded_gained_and_dense():
    hidden = ["NtpDense", "selu"] * 3
    assert kinds("default") == ["Encode", "Gain", *hidden, "NtpDense"]
    found = network("default")
    assert found.layers[0].features == (6, FEATURES)
    widths = [FEATURES, 256, 256, 256, 3]
    dense = sum((a + 1) * b for a, b in itertools.pairwise(widths))
    assert parameter_count(found) == FEATURES + dense
    assert not np.any(found(X))


def test_regression_bends_by_mish():
    assert "mish" in kinds("default", "regression")


def test_accurate_embeds_numbers_and_codes_of_more_than_8_values():
    first = network("accurate").layers[0]
    assert isinstance(first, Concatenate)
    numbers, codes, embedding = first.layers
    assert numbers.layers[0].columns == (0, 1)
    assert numbers.layers[1].features == (2, 8)
    assert isinstance(codes, Encode)
    assert codes.columns == (2, 3, 4)
    assert isinstance(embedding, Embedding)
    assert (embedding.column, embedding.table.shape) == (5, (41, 8))


def test_accurate_learns_activations_and_drops_out():
    found = network("accurate").layers
    assert sum(isinstance(layer, ParametricActivation) for layer in found) == 3
    assert [layer.steps for layer in found if isinstance(layer, FadingDropout)] == [100] * 3


def test_tabm_has_members_that_share_their_hidden_layers():
    members, *_, heads = network("tabm").layers[1:]
    assert isinstance(members, Members)
    assert isinstance(heads, Heads)
    assert members.factor.shape == (16, FEATURES)
    assert heads.weight.shape == (16, 256, 3)
    assert (np.abs(members.factor[:, 9:].sum(axis=1)) == 40).all(), "one sign for each column"


@pytest.mark.parametrize("preset", PRESETS)
def test_a_network_is_as_long_as_its_summary_and_checks_itself(preset):
    found = network(preset)
    found.check()
    assert summary(found).rows[-1].output[-1] == 3
    assert found(X[:5]).shape == (5, 3)


def test_the_same_seed_gives_the_same_network():
    recipe = PRESETS["accurate"]
    first, again, other = (
        network_for(recipe, X, SIZES, "regression", 1, seed=seed)(X) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


def test_only_codes_make_a_network_too():
    recipe = PRESETS["accurate"]
    found = network_for(recipe, X[:, 2:], SIZES[2:], "regression", 1)
    assert found(X[:4, 2:]).shape == (4, 1)


# ---- from data -----------------------------------------------------------------------------------


def test_sums_have_variance_1_and_bend_among_the_rows_at_first():
    found = network("accurate", one_hot=100)
    rows = X
    for layer in found.layers:
        before, rows = rows, layer(rows)
        if isinstance(layer, NtpDense):
            sums = before @ layer.weight / np.sqrt(layer.weight.shape[0])
            np.testing.assert_allclose(sums.std(axis=0), 1, rtol=1e-3)
            assert (rows.min(axis=0) <= 1e-4).all()
            assert (rows.max(axis=0) >= -1e-4).all()


def test_constant_columns_leave_weights_finite():
    x = np.ones((30, 2), np.float32)
    found = network_for(replace(PRESETS["accurate"], waves=0), x, (0, 0), "regression", 1)
    assert np.isfinite(found(x)).all()


# ---- rates and decays ----------------------------------------------------------------------------


def of_paths(found, numbers):
    """The multiplier of each leaf, by its path."""
    parts = np.split(numbers, np.cumsum([np.prod(s, dtype=int) for s in packing(found).shapes]))
    return {path: set(part) for path, part in zip(paths(found), parts, strict=False)}


def test_parts_are_learnt_at_rates_of_their_own():
    found = network("accurate")
    groups = groups_of(found, PRESETS["accurate"].rates)
    each = multipliers(found, packing(found), groups)
    rates, decays = of_paths(found, each.rate), of_paths(found, each.decay)
    for path, rate, decay in (
        ("layers[0].layers[0].layers[1].frequency", 0.1, 0.1),
        ("layers[0].layers[0].layers[1].phase", 0.1, 0),
        ("layers[0].layers[0].layers[1].weight", 0.1, 0.1),
        ("layers[0].layers[2].table", 1, 1),
        ("layers[1].factor", 6, 6),
        ("layers[2].weight", 1, 1),
        ("layers[2].bias", 0.1, 0),
        ("layers[3].share", 0.1, 0.1),
    ):
        assert (rates[path], decays[path]) == ({rate}, {decay}), path


def test_a_network_in_use_has_bounds_and_nothing_of_training():
    y = np.array([[-1.0, 0.0], [2.0, 1.0]])
    found = in_use(network("accurate", "regression", 2), y)
    assert found.layers[-1].upper == (2, 1)
    assert not any(isinstance(layer, FadingDropout) for layer in found.layers)
    assert Dropout(0.15) in found.layers
    assert isinstance(found.layers[1], Gain)


def test_patience_is_a_multiple_and_some_more():
    assert PRESETS["fast"].patience == Patience(2, 20)
