"""Built-in data, and how it is divided."""

import numpy as np
import pytest

from chainrule.data import dataset, stratified_split


X, Y = np.arange(100)[:, None], np.repeat([0, 1, 2], [50, 30, 20])


def test_digits_are_1797_images_scaled_to_0_1():
    digits = dataset("digits")
    assert digits.x.shape == (1797, 64) and digits.x.dtype == "float32"
    assert digits.x.min() == 0 and digits.x.max() == 1 and digits.image_shape == (8, 8)


def test_digits_have_a_label_for_each_image():
    digits = dataset("digits")
    assert digits.y.shape == (1797,) and digits.y.dtype == "int64"
    assert set(digits.y) == set(range(len(digits.classes)))


def test_unknown_set_is_named_with_the_nearest():
    with pytest.raises(ValueError, match="unknown data set 'digit'; did you mean 'digits'"):
        dataset("digit")


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
