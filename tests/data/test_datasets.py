"""Sets by name: what is in them."""

import numpy as np
import pytest

from chainrule.data import DATASETS, dataset, truth_table


HERE = [name for name in DATASETS if name not in ("mnist", "fashion_mnist")]


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


@pytest.mark.parametrize("name", HERE)
def test_set_holds_what_its_record_says(name):
    found = dataset(name)
    assert found.name == name and found.x.dtype == np.float32 and found.x.ndim == 2
    assert len(found.x) == len(found.y) > 0 and np.isfinite(found.x).all()
    assert not found.features or len(found.features) == found.x.shape[1]
    if found.classes:
        assert found.y.dtype == np.int64 and found.y.ndim == 1
        assert set(found.y) == set(range(len(found.classes)))
    else:
        assert found.y.dtype == np.float32 and found.y.ndim == 2


GATES = {
    "and": [0, 0, 0, 1],
    "or": [0, 1, 1, 1],
    "nand": [1, 1, 1, 0],
    "nor": [1, 0, 0, 0],
    "xor": [0, 1, 1, 0],
    "xnor": [1, 0, 0, 1],
}


@pytest.mark.parametrize("name", GATES)
def test_gate_is_its_truth_table(name):
    found = dataset(name)
    assert found.x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert found.y.tolist() == GATES[name]


def test_appended_1_is_a_feature():
    assert dataset("or(ones=True)").x.tolist() == [[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]]


def test_functions_of_several_bits_are_tables():
    assert dataset("not").y.tolist() == [1, 0]
    assert dataset("parity(bits=3)").y.tolist() == [0, 1, 1, 0, 1, 0, 0, 1]
    assert dataset("majority(bits=3)").y.tolist() == [0, 0, 0, 1, 0, 1, 1, 1]
    chosen = truth_table("mine", lambda a, b, c: a and not (b and c), 3)
    assert chosen.y.tolist() == [0, 0, 0, 0, 1, 1, 1, 0]


def test_values_of_the_rows_are_a_function_too():
    chosen = truth_table("mine", [0, 0, 1, 0], 2)
    assert chosen.y.tolist() == [0, 0, 1, 0] and chosen.x.shape == (4, 2)
    with pytest.raises(ValueError, match="mine: 3 values; expected one for each of 4 rows"):
        truth_table("mine", [0, 1, 1], 2)


def test_three_gates_are_three_targets():
    assert dataset("gates3").y.tolist() == [[0, 0, 1], [1, 0, 1], [1, 0, 1], [1, 1, 0]]


@pytest.mark.parametrize(
    ("network", "cross_entropies", "squares"),
    [
        (1, [0.9162907319, 0.9162907319, 2.3025850930], [0.54, 0.54, 1.34]),
        (2, [0.3566749439, 0.3566749439, 1.2039728043], [0.14, 0.14, 0.74]),
    ],
)
def test_votes_are_right_right_wrong(network, cross_entropies, squares):
    """W38."""
    votes = dataset(f"votes(network={network})")
    assert (votes.x.argmax(axis=1) == votes.y).tolist() == [True, True, False]
    losses = -np.log(votes.x[np.arange(3), votes.y])
    np.testing.assert_allclose(losses, cross_entropies, rtol=1e-6)
    errors = ((votes.x - np.eye(3)[votes.y]) ** 2).sum(axis=1)
    np.testing.assert_allclose(errors, squares, rtol=1e-6)


def test_diabetes_is_in_its_own_units():
    """The first patient: 59 years old, mass index 32.1, mean blood pressure 101."""
    found = dataset("diabetes")
    assert found.x.shape == (442, 10)
    np.testing.assert_allclose(found.x[0, [0, 2, 3]], [59, 32.1, 101], rtol=1e-6)


def test_semicircle_is_that_of_the_constructed_network():
    """W44."""
    found = dataset("semicircle")
    np.testing.assert_allclose(found.x[[0, 4, 8]], [[0, -1], [1, 0], [0, 1]], atol=1e-7)
    np.testing.assert_allclose(found.y[0], [-1.5707963268, 2.4674011003], rtol=1e-6)
    np.testing.assert_allclose(found.y[:5, 1], [2.4674011003, 1.3879131189, 0.6168502751,
                                                0.1542125688, 0], atol=1e-7)  # fmt: skip


@pytest.mark.parametrize("name", ["moons", "circles", "spirals", "noisy_curve"])
def test_same_seed_makes_the_same_points(name):
    one, same, other = (dataset(f"{name}(seed={seed})") for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.x, same.x)
    np.testing.assert_array_equal(one.y, same.y)
    assert not (np.array_equal(one.x, other.x) and np.array_equal(one.y, other.y))


def test_settings_are_taken_and_hyphens_count_as_underscores():
    assert dataset("spirals(samples=90, classes=3)").x.shape == (90, 2)
    assert dataset("breast-cancer").name == "breast_cancer"


def test_circles_without_noise_have_their_radii():
    found = dataset("circles(noise=0, factor=0.3)")
    np.testing.assert_allclose(np.hypot(*found.x.T), np.where(found.y == 0, 1, 0.3), rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("iriss", "did you mean 'iris'"),
        ("moons(noize=1)", "unknown setting of data set moons: 'noize'; did you mean 'noise'"),
        ("moons(noise=-1)", "noise -1"),
        ("moons(samples='many')", "samples is 'many'; expected a whole number"),
        ("parity(bits=40)", "40 bits; expected 1 to 20"),
        ("spirals(classes=1)", "1 classes; expected at least 2"),
        ("moons(500)", r"data set moons\(500\): expected a name, or a name with settings"),
        ("moons(noise=1e999)", "moons: noise inf; expected 0 to 1,000"),
        ("moons(samples=100000000000)", "samples 100000000000; expected 2 to 10,000,000"),
        ("circles(factor=2)", "circles: factor 2; expected 0 to 1"),
        ("spirals(turns=1e999)", "spirals: turns inf; expected -100 to 100"),
        ("noisy_curve(samples=0)", "noisy_curve: samples 0; expected 2 to"),
        ("noisy_curve(seed=-1)", "noisy_curve: seed -1; expected 0 to"),
        ("semicircle(tokens=0)", "semicircle: tokens 0; expected 2 to"),
        ("votes(network=3)", "votes: network 3; expected 1 to 2"),
    ],
)
def test_bad_choice_is_named(text, message):
    with pytest.raises(ValueError, match=message):
        dataset(text)
