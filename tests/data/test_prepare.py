"""Samples divided into parts, and brought to one scale."""

import numpy as np
import pytest

from chainrule.data import split, standardizer, stratified_split


X, Y = np.arange(100)[:, None], np.repeat([0, 1, 2], [50, 30, 20])


def test_split_keeps_the_shares_of_the_classes():
    _, y_kept, _, y_held_out = stratified_split(X, Y, 0.2, seed=1)
    assert np.bincount(y_held_out).tolist() == [10, 6, 4]
    assert np.bincount(y_kept).tolist() == [40, 24, 16]


def test_split_keeps_every_sample_with_its_label():
    kept, y_kept, held_out, y_held_out = stratified_split(X, Y, 0.2, seed=1)
    both = np.concatenate([kept, held_out])[:, 0]
    assert sorted(both) == list(range(100))
    np.testing.assert_array_equal(np.concatenate([y_kept, y_held_out]), Y[both])


def test_same_seed_gives_the_same_parts():
    one, same, other = (stratified_split(X, Y, 0.2, seed)[2] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert set(one[:, 0]) != set(other[:, 0])


@pytest.mark.parametrize("share", [0, 1, -0.5, 2, np.nan])
def test_share_outside_0_1_is_refused(share):
    with pytest.raises(ValueError, match=f"a share of {share} held out"):
        stratified_split(X, Y, share, seed=0)


def test_share_too_small_for_every_class_is_refused():
    with pytest.raises(ValueError, match=r"a share of 0.01 held out of 100: .* classes"):
        stratified_split(X, Y, 0.01, seed=0)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_out_of_range_is_refused(seed):
    with pytest.raises(ValueError, match=f"seed {seed}; expected a whole number from 0"):
        stratified_split(X, Y, 0.2, seed)


def test_split_without_labels_divides_the_places():
    kept, held_out = split(50, 0.2, seed=3)
    assert len(held_out) == 10 and sorted([*kept, *held_out]) == list(range(50))


def test_standardizer_is_fitted_once_and_undone():
    x = np.random.default_rng(0).normal(3, 2, (50, 2)).astype("f4")
    x = np.column_stack([x, np.full(50, 0.1, "f4")])
    scale = standardizer(x)
    np.testing.assert_allclose(scale(x).mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(scale(x).std(axis=0), [1, 1, 0], atol=1e-6)
    np.testing.assert_allclose(scale.inverse(scale(x)), x, rtol=1e-6)
    assert scale(x).dtype == np.float32
