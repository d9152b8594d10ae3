"""Random numbers: the published answers of Threefry, the distributions, and counters by row."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.evaluate import program
from chainrule.ops.random import threefry


COUNT = 200_000
DTYPES = ["float32", "float64"]

# Known answers of Random123 (`kat_vectors`, threefry2x32, 20 rounds): key, counter, result.
KNOWN = [
    ("00000000 00000000", "00000000 00000000", "6b200159 99ba4efe"),
    ("ffffffff ffffffff", "ffffffff ffffffff", "1cb996fc bb002be7"),
    ("13198a2e 03707344", "243f6a88 85a308d3", "c4923a9c 483df7a0"),
]


def words(text):
    return np.array([int(word, 16) for word in text.split()], np.uint32)


@pytest.mark.parametrize(("key", "counter", "result"), KNOWN)
def test_threefry_gives_the_published_answers(key, counter, result):
    found = threefry(words(key), *words(counter).reshape(2, 1))
    assert np.concatenate(found).tolist() == words(result).tolist()


def test_threefry_of_arrays_is_threefry_of_each_place():
    key = cr.key(7)
    x0, x1 = np.arange(5, dtype=np.uint32), np.arange(5, 10, dtype=np.uint32)
    together = threefry(key, x0, x1)
    for place in range(5):
        alone = threefry(key, x0[place : place + 1], x1[place : place + 1])
        assert [int(word[0]) for word in alone] == [int(word[place]) for word in together]


def test_key_is_the_two_halves_of_the_seed():
    assert cr.key(0x0123456789ABCDEF).tolist() == [0x01234567, 0x89ABCDEF]
    assert cr.key(2**64 - 1).dtype == np.uint32


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_seed_outside_64_bits_is_refused(seed):
    with pytest.raises(ValueError, match=f"key: seed {seed}; expected a whole number from 0"):
        cr.key(seed)


# ---- the bits behind uniform numbers ----------------------------------------------------------


def test_uniform_float64_is_27_bits_of_one_word_and_26_of_the_other():
    row, column = np.array([[0, 0], [1, 1]], np.uint32), np.array([[0, 1], [0, 1]], np.uint32)
    pairs = zip(*(word.ravel().tolist() for word in threefry(cr.key(5), row, column)), strict=True)
    want = [(((high >> 5) << 26) | (low >> 6)) / 2**53 for high, low in pairs]
    assert cr.uniform(cr.key(5), (2, 2)).ravel().tolist() == want


def test_uniform_float32_is_the_top_24_bits():
    row = np.arange(6, dtype=np.uint32)
    want = (threefry(cr.key(5), row, row * np.uint32(0))[0] >> np.uint32(8)) / 2**24
    np.testing.assert_array_equal(cr.uniform(cr.key(5), (6,), "float32"), want)


@pytest.mark.parametrize("dtype", DTYPES)
def test_uniform_numbers_are_from_0_to_below_1(dtype):
    found = cr.uniform(cr.key(1), (COUNT,), dtype)
    assert found.min() >= 0 and found.max() < 1


def test_largest_uniform_number_of_either_dtype_is_below_1():
    """All bits set: 1 - 2⁻²⁴ and 1 - 2⁻⁵³ are exact, nothing rounds up to 1."""
    assert np.float32(2**24 - 1) * np.float32(2**-24) < 1
    assert ((2**27 - 1) * 2.0**26 + (2**26 - 1)) * 2.0**-53 < 1


# ---- distributions ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_uniform_moments(seed, dtype):
    found = cr.uniform(cr.key(seed), (COUNT,), dtype).astype(float)
    deviation = np.sqrt(1 / 12 / COUNT)
    assert abs(found.mean() - 1 / 2) < 5 * deviation
    assert abs(found.var() - 1 / 12) < 0.001


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(COUNT,), (400, 500), (1, COUNT)])
def test_uniform_numbers_fill_all_bins_evenly(shape, dtype):
    """χ² with 99 degrees of freedom is below 167 in all but one case of 100,000."""
    counts = np.histogram(cr.uniform(cr.key(3), shape, dtype), bins=100, range=(0, 1))[0]
    expected = COUNT / 100
    assert 45 < np.sum((counts - expected) ** 2 / expected) < 167


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_normal_moments(seed, dtype):
    found = cr.normal(cr.key(seed), (COUNT,), dtype).astype(float)
    assert abs(found.mean()) < 5 / np.sqrt(COUNT)
    assert abs(found.var() - 1) < 5 * np.sqrt(2 / COUNT)
    assert abs(np.mean(found**3)) < 5 * np.sqrt(15 / COUNT)
    assert abs(np.mean(found**4) - 3) < 5 * np.sqrt(96 / COUNT)


@pytest.mark.parametrize("dtype", DTYPES)
def test_normal_numbers_have_the_normal_distribution_function(dtype):
    """Kolmogorov-Smirnov: √n D is below 2.3 in all but one case of 20,000."""
    found = np.sort(cr.normal(cr.key(8), (COUNT,), dtype).astype(float))
    want = 0.5 * (1 + cr.erf(found / np.sqrt(2)))
    assert np.max(np.abs(want - (np.arange(COUNT) + 0.5) / COUNT)) < 2.3 / np.sqrt(COUNT)


@pytest.mark.parametrize("dtype", DTYPES)
def test_normal_numbers_are_finite(dtype):
    assert np.isfinite(cr.normal(cr.key(4), (COUNT,), dtype)).all()


# ---- streams ----------------------------------------------------------------------------------


def correlation(x, y):
    return abs(np.corrcoef(x.ravel(), y.ravel())[0, 1])


def test_fold_in_gives_unrelated_streams():
    streams = [cr.uniform(cr.fold_in(cr.key(0), data), (50_000,)) for data in range(5)]
    pairs = [(a, b) for a in range(5) for b in range(a)]
    assert max(correlation(streams[a], streams[b]) for a, b in pairs) < 5 / np.sqrt(50_000)


def test_fold_in_gives_a_stream_unrelated_to_that_of_its_key():
    own, folded = (cr.uniform(key, (50_000,)) for key in (cr.key(0), cr.fold_in(cr.key(0), 0)))
    assert correlation(own, folded) < 5 / np.sqrt(50_000)


def test_neighbouring_seeds_give_unrelated_streams():
    a, b = (cr.uniform(cr.key(seed), (50_000,)) for seed in (0, 1))
    assert correlation(a, b) < 5 / np.sqrt(50_000)


def test_neighbouring_numbers_of_a_stream_are_unrelated():
    found = cr.uniform(cr.key(0), (300, 300))
    assert correlation(found[:-1], found[1:]) < 5 / 300
    assert correlation(found[:, :-1], found[:, 1:]) < 5 / 300


def test_folding_in_3000_numbers_gives_3000_keys():
    keys = {tuple(cr.fold_in(cr.key(0), data).tolist()) for data in range(3_000)}
    assert len(keys) == 3_000


def test_order_of_folding_matters():
    one, other = (cr.fold_in(cr.fold_in(cr.key(0), a), b) for a, b in ((1, 2), (2, 1)))
    assert one.tolist() != other.tolist()


@pytest.mark.parametrize("make", [cr.uniform, cr.normal])
def test_same_key_gives_the_same_bits(make):
    np.testing.assert_array_equal(make(cr.key(9), (5, 4)), make(cr.key(9), (5, 4)))


# ---- counters by row --------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("make", [cr.uniform, cr.normal])
def test_row_does_not_depend_on_how_many_rows_there_are(make, dtype):
    many = make(cr.key(2), (70, 3), dtype)
    for rows in (1, 2, 33):
        np.testing.assert_array_equal(make(cr.key(2), (rows, 3), dtype), many[:rows])


def test_axes_after_the_first_are_counted_in_row_major_order():
    flat = cr.uniform(cr.key(2), (4, 6))
    np.testing.assert_array_equal(cr.uniform(cr.key(2), (4, 2, 3)), flat.reshape(4, 2, 3))


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 3), (3, 0), (2, 1, 4)])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("make", [cr.uniform, cr.normal])
def test_shape_and_dtype_are_those_asked_for(make, dtype, shape):
    found = make(cr.key(2), shape, dtype)
    assert np.shape(found) == shape and found.dtype == dtype


@pytest.mark.parametrize("make", [cr.uniform, cr.normal])
def test_traced_with_open_rows_it_gives_the_numbers_of_the_eager_call(make):
    def noisy(x, key):
        return x + make(key, x.shape)

    types = (cr.ArrayType((cr.BATCH, 3)), cr.ArrayType((2,), "uint32"))
    graph = cr.trace(noisy, *types)
    for rows in (0, 1, 5):
        want = make(cr.key(6), (rows, 3))
        np.testing.assert_array_equal(graph(np.zeros((rows, 3)), cr.key(6)), want)
        np.testing.assert_array_equal(program(graph)(np.zeros((rows, 3)), cr.key(6)), want)


def test_open_rows_of_a_key_that_is_known_while_tracing():
    graph = cr.trace(lambda x: x * cr.uniform(cr.key(6), x.shape), cr.ArrayType((cr.BATCH, 3)))
    np.testing.assert_array_equal(graph(np.ones((4, 3))), cr.uniform(cr.key(6), (4, 3)))


def test_step_number_can_be_folded_in_while_tracing():
    graph = cr.trace(lambda n: cr.uniform(cr.fold_in(cr.key(0), n), (3,)), np.int64(0))
    for n in (0, 1, 2**31):
        want = cr.uniform(cr.fold_in(cr.key(0), n), (3,))
        np.testing.assert_array_equal(graph(np.int64(n)), want)


def test_dropout_mask_is_a_constant_to_derivatives():
    def dropped(x):
        return cr.sum(cr.where(cr.uniform(cr.key(0), (100,)) < 0.5, x, 0.0))

    kept = cr.uniform(cr.key(0), (100,)) < 0.5
    np.testing.assert_array_equal(cr.grad(dropped)(np.ones(100)), kept)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cr.uniform(np.zeros(2), (3,)), r"uniform: f64\[2\]"),
        (lambda: cr.uniform(cr.key(0), (3,), "int64"), "dtype int64; expected a key"),
        (lambda: cr.fold_in(np.zeros(2), 1), r"fold_in: f64\[2\]"),
        (lambda: cr.fold_in(cr.key(0), 1.5), r"fold_in: u32\[2\], f64\[\]"),
    ],
)
def test_what_is_no_key_is_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call()
