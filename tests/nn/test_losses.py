"""Losses against their definitions, their gradients, and what they refuse."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import LOSSES, cross_entropy, squared_error


rng = np.random.default_rng(0)
LOGITS, LABELS = rng.normal(size=(6, 4)), np.array([0, 3, 1, 1, 2, 0])
SOFT = rng.dirichlet(np.ones(4), size=6)
YES_OR_NO = np.array([[0.0, 1, 1, 0]] * 3 + [[1, 0, 0.3, 1]] * 3)
COUNTS = rng.poisson(2.0, (6, 4)).astype(float)
E = LOGITS - LOGITS[::-1]
SIGMOID = 1 / (1 + np.exp(-LOGITS))
SIGN = 2 * YES_OR_NO - 1
LEADING = LOGITS[np.arange(6), LABELS]
OTHERS = np.array([np.delete(row, label).max() for row, label in zip(LOGITS, LABELS, strict=True)])

# Name with settings, target, and what it is by definition, for the predictions LOGITS.
CASES = [
    ("squared_error", LOGITS[::-1], np.sum(E**2, axis=1)),
    ("squared_error(outputs='mean')", LOGITS[::-1], np.mean(E**2, axis=1)),
    ("half_squared_error", LOGITS[::-1], np.sum(E**2, axis=1) / 2),
    ("absolute_error", LOGITS[::-1], np.sum(np.abs(E), axis=1)),
    ("absolute_error(outputs='mean')", LOGITS[::-1], np.mean(np.abs(E), axis=1)),
    ("huber", LOGITS[::-1], np.sum(np.where(abs(E) <= 1, E**2 / 2, abs(E) - 0.5), axis=1)),
    (
        "huber(delta=0.3)",
        LOGITS[::-1],
        np.sum(np.where(abs(E) <= 0.3, E**2 / 2, 0.3 * (abs(E) - 0.15)), axis=1),
    ),
    ("quantile", LOGITS[::-1], np.sum(np.abs(E), axis=1) / 2),
    ("quantile(level=0.9)", LOGITS[::-1], np.sum(np.maximum(-0.9 * E, 0.1 * E), axis=1)),
    (
        "quantile(level=(0.1, 0.4, 0.5, 0.9))",
        COUNTS[:, 0],
        sum(
            np.maximum(q * (COUNTS[:, 0] - p), (q - 1) * (COUNTS[:, 0] - p))
            for q, p in zip((0.1, 0.4, 0.5, 0.9), LOGITS.T, strict=True)
        ),
    ),
    ("poisson", COUNTS, np.sum(np.exp(LOGITS) - COUNTS * LOGITS, axis=1)),
    (
        "gaussian_nll",
        LOGITS[::-1, :2],
        np.sum(
            0.5 * np.log(2 * np.pi * np.exp(LOGITS[:, 2:]))
            + (LOGITS[::-1, :2] - LOGITS[:, :2]) ** 2 / (2 * np.exp(LOGITS[:, 2:])),
            axis=1,
        ),
    ),
    ("cross_entropy", SOFT, -np.sum(SOFT * np.log(cr.softmax(LOGITS)), axis=1)),
    ("cross_entropy", LABELS, -np.log(cr.softmax(LOGITS))[np.arange(6), LABELS]),
    (
        "cross_entropy(label_smoothing=0.1)",
        LABELS,
        -np.sum((0.9 * np.eye(4)[LABELS] + 0.025) * np.log(cr.softmax(LOGITS)), axis=1),
    ),
    (
        "cross_entropy(label_smoothing=0.1)",
        SOFT,
        -np.sum((0.9 * SOFT + 0.025) * np.log(cr.softmax(LOGITS)), axis=1),
    ),
    (
        "binary_cross_entropy",
        YES_OR_NO,
        -np.sum(YES_OR_NO * np.log(SIGMOID) + (1 - YES_OR_NO) * np.log(1 - SIGMOID), axis=1),
    ),
    (
        "binary_cross_entropy(outputs='mean', label_smoothing=0.2)",
        YES_OR_NO,
        -np.mean(
            (0.8 * YES_OR_NO + 0.1) * np.log(SIGMOID)
            + (0.9 - 0.8 * YES_OR_NO) * np.log(1 - SIGMOID),
            axis=1,
        ),
    ),
    ("perceptron", YES_OR_NO, np.sum(((LOGITS > 0) - YES_OR_NO) * LOGITS, axis=1)),
    ("perceptron", LABELS, LOGITS.max(axis=1) - LEADING),
    ("hinge", YES_OR_NO, np.sum(np.maximum(0, 1 - SIGN * LOGITS), axis=1)),
    ("hinge(margin=0.2)", LABELS, np.maximum(0, 0.2 + OTHERS - LEADING)),
    ("zero_one", LABELS, (LOGITS.argmax(axis=1) != LABELS).astype(float)),
]
each_case = pytest.mark.parametrize(
    ("name", "target", "want"), CASES, ids=[f"{name}-{t.dtype}" for name, t, _ in CASES]
)


def test_cross_entropy_is_minus_the_log_of_the_probability():
    p = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    want = -np.log(p[np.arange(6), LABELS])
    np.testing.assert_allclose(cross_entropy(LOGITS, LABELS), want, rtol=1e-12)


def test_cross_entropy_weighs_by_the_probabilities_of_a_soft_target():
    p = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    want = -np.sum(SOFT * np.log(p), axis=1)
    np.testing.assert_allclose(cross_entropy(LOGITS, SOFT), want, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32", "bool"])
def test_labels_and_one_hot_targets_give_the_same(dtype):
    one_hot = np.eye(4)[LABELS].astype(dtype)
    want = cross_entropy(LOGITS, LABELS)
    np.testing.assert_allclose(cross_entropy(LOGITS, one_hot), want, rtol=1e-12)


@pytest.mark.parametrize("target", [np.array([0, 0]), np.array([[1.0, 0.0]] * 2)], ids=["i", "f"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cross_entropy_is_exact_where_a_class_is_certain(dtype, target):
    logits = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype)
    np.testing.assert_array_equal(cross_entropy(logits, target), [0, 2e4])
    gradient = cr.grad(lambda z: cr.sum(cross_entropy(z, target)))(logits)
    np.testing.assert_array_equal(gradient, [[0, 0], [-1, 1]])


def test_gradient_of_cross_entropy_is_prediction_minus_target():
    gradient = cr.grad(lambda z: cr.sum(cross_entropy(z, SOFT)))(LOGITS)
    np.testing.assert_allclose(gradient, cr.softmax(LOGITS) - SOFT, atol=1e-14)


def test_squared_errors_sum_over_the_outputs():
    want = np.sum((LOGITS - SOFT) ** 2, axis=1)
    np.testing.assert_allclose(squared_error(LOGITS, SOFT), want, rtol=1e-13)
    np.testing.assert_allclose(cr.nn.half_squared_error(LOGITS, SOFT), want / 2, rtol=1e-13)


def test_one_output_takes_a_flat_target():
    """(batch, 1) - (batch,) would broadcast to (batch, batch)."""
    found = squared_error(LOGITS[:, :1], LOGITS[:, 1])
    np.testing.assert_allclose(found, (LOGITS[:, 0] - LOGITS[:, 1]) ** 2)


def test_flat_prediction_refuses_a_column_as_target():
    """The trap the other way round: (batch,) - (batch, 1) would broadcast too."""
    with pytest.raises(ValueError, match=r"prediction \[6\] and target \[6,1\] differ in shape"):
        squared_error(LOGITS[:, 0], LOGITS[:, :1])


@each_case
def test_loss_is_its_definition(name, target, want):
    np.testing.assert_allclose(cr.nn.loss(name).function(LOGITS, target), want, rtol=1e-12)


def test_every_loss_has_a_case():
    assert {name.partition("(")[0] for name, _, _ in CASES} == set(LOSSES)


@each_case
def test_derivatives_agree_with_differences(name, target, want):
    function = cr.nn.loss(name).function
    assert cr.check_derivatives(lambda z: function(z, target), LOGITS, order=2).max_error < 1e-7


@each_case
def test_float32_stays_float32_even_with_a_float64_target(name, target, want):
    types = [cr.ArrayType((cr.BATCH, *a.shape[1:]), a.dtype.name) for a in (LOGITS, target)]
    types[0] = cr.ArrayType(types[0].shape, "float32")
    assert cr.trace(cr.nn.loss(name).function, *types).outputs[0].type.dtype == "float32"


@pytest.mark.parametrize(
    ("name", "logit", "target", "loss", "slope"),
    [
        ("binary_cross_entropy", 100.0, 0.0, 100.0, 1.0),
        ("binary_cross_entropy", -800.0, 1.0, 800.0, -1.0),
        ("binary_cross_entropy", 1e4, 1.0, 0.0, 0.0),
        ("binary_cross_entropy", 0.0, 1.0, np.log(2), -0.5),
        ("perceptron", 0.0, 1.0, 0.0, -1.0),  # step(0) is 0, so the rule moves (W13)
        ("perceptron", 0.0, 0.0, 0.0, 0.0),
        ("perceptron", 2.0, 1.0, 0.0, 0.0),
        ("hinge", 1.0, 1.0, 0.0, 0.0),
        ("hinge", 0.0, 1.0, 1.0, -1.0),
        ("huber", 1.0, 0.0, 0.5, 1.0),
        ("absolute_error", 0.5, 0.5, 0.0, 0.0),
        ("quantile", 0.5, 0.5, 0.0, 0.5),
        ("zero_one", 0.0, 1.0, 1.0, 0.0),
        ("zero_one", 0.0, 0.0, 0.0, 0.0),
    ],
)
def test_value_and_slope_at_extremes_and_kinks(name, logit, target, loss, slope):
    def objective(z):
        return cr.sum(cr.nn.loss(name).function(z, np.array([target])))

    value, gradient = cr.value_and_grad(objective)(np.array([[logit]]))
    np.testing.assert_allclose([value, gradient[0, 0]], [loss, slope], atol=1e-12)


@pytest.mark.parametrize("name", ["binary_cross_entropy", "cross_entropy"])
def test_one_hot_whole_numbers_are_probabilities(name):
    one_hot = np.eye(4, dtype=int)[LABELS]
    found = cr.nn.loss(name).function(LOGITS, one_hot)
    np.testing.assert_allclose(found, cr.nn.loss(name).function(LOGITS, one_hot * 1.0))


def test_gaussian_with_variance_1_is_half_the_squared_error_and_a_constant():
    """OU-02."""
    prediction = np.concatenate([LOGITS[:, :1], np.zeros((6, 1))], axis=1)
    found = cr.nn.gaussian_nll(prediction, LOGITS[:, 1])
    want = cr.nn.half_squared_error(LOGITS[:, :1], LOGITS[:, 1])
    np.testing.assert_allclose(found - want, 0.9189385332046727, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gaussian_of_tiny_variance_that_fits_exactly_is_finite(dtype):
    """1 / variance overflows in float32 from the log variance -89 on, and 0 · ∞ is no number."""
    prediction = np.array([[1.0, -150.0]], dtype)
    value, slope = cr.value_and_grad(lambda z: cr.sum(cr.nn.gaussian_nll(z, np.array([1.0]))))(
        prediction
    )
    np.testing.assert_allclose(value, 0.9189385332 - 75, rtol=1e-6)
    np.testing.assert_array_equal(slope, [[0, 0.5]])


@pytest.mark.parametrize(
    ("name", "predicted"),
    [
        ("squared_error", LOGITS),
        ("binary_cross_entropy", SIGMOID),
        ("cross_entropy", cr.softmax(LOGITS)),
        ("poisson", np.exp(LOGITS)),
        ("gaussian_nll", LOGITS[:, :2]),
    ],
)
def test_link_turns_outputs_into_what_is_predicted(name, predicted):
    np.testing.assert_allclose(LOSSES[name].link(LOGITS), predicted, rtol=1e-12)


def test_accuracy_of_one_output_asks_for_more_than_0():
    """A12: the tie is a no."""
    scores = np.array([[0.1], [0.0], [-0.1], [0.0]])
    assert cr.nn.is_correct(scores, np.array([1, 1, 0, 0])).tolist() == [1, 0, 1, 1]


def test_accuracy_of_several_yes_or_no_is_their_share():
    found = cr.nn.share_correct(np.array([[1.0, -1.0, 0.0]]), np.array([[1, 1, 0]]))
    np.testing.assert_allclose(found, [2 / 3])


@pytest.mark.parametrize(
    ("name", "target", "message"),
    [
        ("cross_entropy", np.array([0, 4]), "the label 4, but the network has 4 outputs"),
        ("hinge", np.array([-1, 1]), "the label -1"),
        ("cross_entropy", np.array([[0.5, 0.6, 0, 0]]), "sums to 1.1 in row 0; expected the prob"),
        ("cross_entropy", np.array([[1.5, -0.5, 0, 0]]), "holds -0.5 in row 0; expected the prob"),
        ("cross_entropy", np.array([[np.nan, 1, 0, 0]]), "sums to nan in row 0"),
        ("zero_one", np.array([[1, 1, 0, 0]]), "sums to 2 in row 0"),
        ("zero_one", np.array([0, 4]), "the label 4"),
        ("binary_cross_entropy", np.array([np.nan, 1]), "holds nan; expected 0, 1"),
        ("binary_cross_entropy", np.array([[0.0, 2.0]]), "2.0; expected 0, 1 or a probability"),
        ("perceptron", np.array([[-1.0, 1.0]]), "-1.0; expected 0, 1 or a probability"),
        ("poisson", np.array([[-1.0]]), "-1.0; expected counts, from 0 on"),
        ("poisson", np.array([[np.nan, 1.0]]), "nan; expected counts"),
    ],
)
def test_target_without_a_meaning_is_named(name, target, message):
    with pytest.raises(ValueError, match=message):
        LOSSES[name].check_target(target, 4)


@pytest.mark.parametrize("name", ["hinge", "perceptron", "zero_one"])
def test_one_output_takes_no_other_label_than_0_and_1(name):
    LOSSES[name].check_target(np.array([0, 1]), 1)
    with pytest.raises(ValueError, match="holds 2; expected 0, 1"):
        LOSSES[name].check_target(np.array([0, 2]), 1)


@each_case
def test_target_with_a_meaning_passes(name, target, want):
    cr.nn.loss(name).check_target(target, 4)


@pytest.mark.parametrize("name", ["hinge", "perceptron"])
def test_accuracy_reads_the_target_as_the_loss_does(name):
    """Scores `(batch, outputs)` with such a target are yes or no each, with labels they compete."""
    accuracy = LOSSES[name].metrics["accuracy"]
    scores = np.array([[1.0, -1.0, 2.0]])
    assert accuracy(scores, np.array([[1, 0, 1]])).tolist() == [1]
    assert accuracy(scores, np.array([2])).tolist() == [1]
    assert accuracy(scores, np.array([0])).tolist() == [0]


def test_is_correct_counts_the_largest_score():
    assert cr.nn.is_correct(LOGITS, LOGITS.argmax(1)).tolist() == [1] * 6
    assert cr.nn.is_correct(LOGITS, SOFT).mean() == np.mean(LOGITS.argmax(1) == SOFT.argmax(1))


def test_function_of_the_table_is_its_row():
    assert cr.nn.loss(cross_entropy) is LOSSES["cross_entropy"]


def test_function_of_ones_own_is_a_loss():
    assert cr.nn.loss(cr.maximum).function is cr.maximum


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cross_entropy(LOGITS, LABELS[:5]), ValueError, r"labels of shape \[5\] for .*6,4"),
        (lambda: cross_entropy(LOGITS, SOFT[:, :3]), ValueError, r"\[6,4\] and target \[6,3\]"),
        (lambda: cross_entropy(LOGITS, LABELS * 1.0), ValueError, "labels are float64; convert"),
        (lambda: squared_error(LOGITS, LABELS), ValueError, r"\[6,4\] and target \[6\] differ"),
        (lambda: cr.nn.loss("crossentropy"), ValueError, "did you mean 'cross_entropy'"),
        (lambda: cr.nn.loss("huber(detla=1)"), ValueError, "did you mean 'delta'"),
        (lambda: cr.nn.huber(LOGITS, LOGITS, delta=0), ValueError, "delta 0; expected a number"),
        (lambda: cr.nn.quantile(LOGITS, LOGITS, level=1.0), ValueError, "level 1.0; expected betw"),
        (lambda: cr.nn.quantile(LOGITS, LOGITS, level="x"), ValueError, "level 'x'; expected betw"),
        (lambda: cr.nn.hinge(LOGITS, LABELS, margin=np.inf), ValueError, "margin inf; expected"),
        (
            lambda: cr.nn.quantile(LOGITS, LABELS, level=(0.1, 0.9)),
            ValueError,
            r"2 levels for predictions \[6,4\]",
        ),
        (lambda: squared_error(LOGITS, SOFT, outputs="max"), ValueError, "outputs 'max'; expected"),
        (lambda: cr.nn.gaussian_nll(LOGITS[:, :3], LOGITS[:, :1]), ValueError, "3 outputs"),
        (lambda: cross_entropy(LOGITS, LABELS, 1.0), ValueError, "label_smoothing 1.0; expected"),
        (lambda: cr.nn.hinge(LOGITS, LABELS, margin=0), ValueError, "margin 0; expected"),
        (lambda: cr.nn.hinge(LOGITS, LABELS * 1.0), ValueError, "float64 labels of shape"),
        (lambda: cr.nn.loss(3), TypeError, "3 is neither a name nor a function"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
