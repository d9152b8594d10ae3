"""Samples divided into parts, and brought to one scale."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

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


@given(st.integers(2, 200), st.floats(0.05, 0.95), st.integers(0, 2**32 - 1))
def test_every_place_is_in_one_part(samples, share, seed):
    assume(1 <= np.ceil(share * samples) < samples)
    kept, held_out = split(samples, share, seed)
    assert sorted([*kept, *held_out]) == list(range(samples))
    assert abs(len(held_out) - share * samples) <= 1


@given(st.lists(st.integers(2, 60), min_size=2, max_size=5), st.floats(0.2, 0.8), st.integers(0, 9))
def test_every_class_is_divided_like_the_whole(counts, share, seed):
    labels, samples = np.repeat(np.arange(len(counts)), counts), sum(counts)
    held = np.ceil(share * samples)
    assume(len(counts) <= held <= samples - len(counts))
    kept, held_out = split(samples, share, seed, labels)
    assert sorted([*kept, *held_out]) == list(range(samples))
    found = np.bincount(labels[held_out], minlength=len(counts))
    assert np.all(np.abs(found - len(held_out) * np.array(counts) / samples) <= 1)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_whole_numbers_are_standardised_as_float64(dtype):
    x = np.array([[0, 1], [1, 1]], dtype)
    found = standardizer(x)(x)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, [[-1, 0], [1, 0]])


def test_array_that_is_read_only_and_in_fortran_order_is_standardised_alike():
    x = np.random.default_rng(0).normal(size=(20, 3))
    other = np.asfortranarray(x)
    other.flags.writeable = False
    np.testing.assert_allclose(standardizer(other)(other), standardizer(x)(x), rtol=1e-12)


@pytest.mark.parametrize("x", [np.zeros((0, 2)), [[1.0], [np.nan]], [["a"]], 3.0])
def test_standardizer_refuses_what_has_no_mean(x):
    with pytest.raises(ValueError, match="expected at least one sample, of finite numbers"):
        standardizer(x)


def test_standardizer_is_fitted_once_and_undone():
    x = np.random.default_rng(0).normal(3, 2, (50, 2)).astype("f4")
    x = np.column_stack([x, np.full(50, 0.1, "f4")])
    scale = standardizer(x)
    np.testing.assert_allclose(scale(x).mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(scale(x).std(axis=0), [1, 1, 0], atol=1e-6)
    np.testing.assert_allclose(scale.inverse(scale(x)), x, rtol=1e-6)
    assert scale(x).dtype == np.float32
