"""A table's matrix as features: quantiles, robust scales, codes, the smooth clip."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import Clamp, Concatenate, Encode, Gain, NtpDense, Sequential, summary
from chainrule.nn.encoding import feature_counts
from chainrule.quantiles import quantiles
from chainrule.testing import check_compiled, check_derivatives


SIZES = (0, 1, 0, 2, 5, 3)
rng = np.random.default_rng(0)


def matrix(rows, seed=0):
    """Numbers, a flag, codes with 0 for a missing one."""
    rng = np.random.default_rng(seed)
    columns = [
        rng.normal(5, 2, rows),
        rng.integers(0, 2, rows),
        rng.gamma(1, 100, rows),
        rng.integers(0, 3, rows),
        rng.integers(0, 6, rows),
        rng.integers(0, 4, rows),
    ]
    return np.column_stack(columns).astype(np.float32)


X = matrix(200)
LAYER = Encode.fit(X, SIZES)


def clipped(z):
    return z / np.sqrt(1 + (z / 3) ** 2)


def raw(x):
    """Numbers as they are, every code one-hot, but of two values as -1 and 1."""
    binary = np.select([x[:, 3] == 1, x[:, 3] == 2], [-1.0, 1.0], 0.0)
    five = x[:, 4:5] == np.arange(1, 6)
    three = x[:, 5:6] == np.arange(1, 4)
    return np.column_stack([x[:, :3], binary, five, three]).astype(float)


# ---- quantiles -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 2, 4, 5, 100])
def test_quantiles_with_equal_weights_are_those_without(rows):
    values = rng.normal(size=rows)
    for weight in (1.0, 0.01):
        found = quantiles(values, (0.25, 0.5, 0.75), np.full(rows, weight))
        np.testing.assert_allclose(found, quantiles(values, (0.25, 0.5, 0.75)), rtol=1e-15)


def test_a_whole_weight_counts_like_equal_rows():
    values, counts = rng.normal(size=30), rng.integers(0, 4, 30)
    found = quantiles(values, (0.1, 0.25, 0.5, 0.75), counts.astype(float))
    assert found == quantiles(np.repeat(values, counts), (0.1, 0.25, 0.5, 0.75))


def test_the_median_of_an_even_number_lies_between_two():
    assert quantiles(np.array([1.0, 2.0, 4.0, 9.0]), (0.5,)) == [3.0]
    assert quantiles(np.array([1.0, 4.0]), (0.5,), np.array([3.0, 3.0])) == [2.5]


# ---- features ------------------------------------------------------------------------------------


def test_features_are_centred_on_medians_and_divided_by_distances_of_quartiles():
    features = raw(X)
    low, middle, high = np.quantile(features, [0.25, 0.5, 0.75], 0, method="averaged_inverted_cdf")
    half = (features.max(axis=0) - features.min(axis=0)) / 2
    spread = np.where(high > low, high - low, half)
    np.testing.assert_allclose(LAYER(X), clipped((features - middle) / spread), rtol=2e-6)


def test_no_feature_of_a_constant_column_differs_from_0():
    x = np.full((20, 3), 7, np.float32)
    layer = Encode.fit(x, (0, 0, 9))
    assert layer.factor[:2] == (0, 0)
    assert not np.any(layer(x)[:, :2])


def test_a_constant_code_has_no_features_that_vary():
    layer = Encode.fit(np.full((20, 1), 3, np.float32), (4,))
    assert not np.any(layer(np.array([[0], [1], [4]], np.float32)))


def test_a_feature_that_is_mostly_one_number_is_divided_by_half_its_range():
    x = np.zeros((20, 1), np.float32)
    x[0], x[1] = -2, 6
    assert (Encode.fit(x, (0,)).centre, Encode.fit(x, (0,)).factor) == ((0,), (0.25,))


def test_a_missing_code_has_no_feature_and_a_code_of_two_values_is_0_there():
    layer = Encode((2, 3), (0,) * 4, (1,) * 4)
    found = layer(np.array([[0, 0], [1, 2], [2, 3]], np.float32))
    wanted = [[0, 0, 0, 0], [-1, 0, 1, 0], [1, 0, 0, 1]]
    np.testing.assert_allclose(found, clipped(np.array(wanted)), rtol=1e-6)


def test_nothing_lies_beyond_3_however_far_it_is():
    layer = Encode.fit(np.linspace(-1, 1, 50, dtype=np.float32)[:, None], (0,))
    far = np.array([[1e3], [1e20], [-3e38], [3e38]], np.float32)
    np.testing.assert_allclose(layer(far), [[3], [3], [-3], [3]], rtol=1e-5)


def test_columns_choose_what_is_encoded():
    layer = Encode.fit(X, SIZES, columns=[4, 0])
    whole = LAYER(X)
    np.testing.assert_array_equal(layer(X), np.column_stack([whole[:, 4:9], whole[:, 0]]))
    assert layer.features == (6, 6)
    assert sum(feature_counts(SIZES, [4, 0])) == 6


def test_weights_count_like_equal_rows():
    counts = rng.integers(0, 3, len(X))
    assert Encode.fit(X, SIZES, counts) == Encode.fit(np.repeat(X, counts, axis=0), SIZES)


def test_a_single_row_is_encoded_as_in_a_batch():
    np.testing.assert_array_equal(LAYER(X[3]), LAYER(X)[3])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_compiled_is_evaluated(dtype):
    check_compiled(LAYER, X.astype(dtype))
    assert LAYER(X.astype(dtype)).dtype == dtype


def test_derivatives_of_numbers():
    numbers = Encode.fit(X, SIZES, columns=[0, 2])
    check_derivatives(lambda part: numbers(np.concatenate([part] * 3, axis=1)), X[:4, [0, 2]])


def test_it_is_saved_and_shown(tmp_path):
    network = Sequential((LAYER, Gain.init(12), NtpDense.init(12, 2, rng=0)))
    network.check()
    cr.save(network, tmp_path / "m.cr")
    assert cr.load(tmp_path / "m.cr").layers[0] == LAYER
    assert [row.output[-1] for row in summary(network).rows] == [12, 12, 2]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Encode((), (), ()), "sizes"),
        (lambda: Encode((-1,), (0,), (1,)), "sizes"),
        (lambda: Encode((3,), (0,), (1,)), "1 numbers of centre for 3 features"),
        (lambda: Encode((0,), (0,), (np.inf,)), "numbers of factor"),
        (lambda: Encode((0,), (), (), (1,)), r"columns \(1,\) of 1"),
        (lambda: Encode.fit(X, SIZES, columns=[]), "expected some of them"),
        (lambda: Encode.fit(X[:, :3], SIZES), "rows of 6"),
        (lambda: Encode.fit(X, SIZES, np.zeros(len(X))), "not all 0"),
        (lambda: LAYER(X[:, :4]), "takes 6 columns"),
        (lambda: Sequential((LAYER, NtpDense.init(11, 2, rng=0))).check(), "12 != 11"),
    ],
)
def test_what_does_not_fit_is_refused(make, match):
    with pytest.raises(ValueError, match=match):
        make()


# ---- joined and clamped --------------------------------------------------------------------------


def test_concatenate_puts_outputs_side_by_side():
    first, second = NtpDense.init(6, 2, rng=0), Gain.init(6)
    both = Concatenate((first, second))
    np.testing.assert_array_equal(both(X), np.column_stack([first(X), second(X)]))
    Sequential((both, Gain.init(8))).check()
    with pytest.raises(ValueError, match="8 != 7"):
        Sequential((both, Gain.init(7))).check()


def test_clamp_cuts_each_output_off_at_its_bounds():
    found = Clamp((-1, 0), (1, 5))(np.array([[-3, 9], [0.5, -1]], np.float32))
    np.testing.assert_array_equal(found, [[-1, 5], [0.5, 0]])
    check_compiled(Clamp((-1,) * 6, (1,) * 6), X)


@pytest.mark.parametrize("bounds", [((0,), (1, 2)), ((1,), (0,)), ((0,), (np.nan,))])
def test_bounds_that_do_not_fit_are_refused(bounds):
    with pytest.raises(ValueError, match="Clamp"):
        Clamp(*bounds)
