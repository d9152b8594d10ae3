"""The perceptron: rule, orders, variants, bound, cycles; and the same by gradient (W13 to W15)."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.logic.perceptron import train_perceptron
from chainrule.logic.perceptron_matrix import train_perceptron_matrix
from chainrule.logic.perceptron_order import shortest_order, update_bound


BITS = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
OR, AND = np.array([0, 1, 1, 1]), np.array([0, 0, 0, 1])
NAND, XOR = np.array([1, 1, 1, 0]), np.array([0, 1, 1, 0])
LABELS = np.array([0, 1, 1, 2])  # how many inputs are 1


def cloud(seed, samples=40, features=3):
    """Samples in real numbers that a plane through 0 separates."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, features))
    return x, x @ rng.normal(size=features) > 0


# ---- W13: OR, first the fourth sample, then the first --------------------------------------------


def test_w13_prints_as_in_the_lecture():
    run = train_perceptron(BITS, OR, order=[3, 0])
    assert str(run).splitlines() == [
        "step  instance  w·x         ŷ           y           new w",
        "1     4         0           0           1           (1, 1, 1)",
        "2     1         1           1           0           (1, 1, 0)",
        "end   all       0, 1, 1, 2  0, 1, 1, 1  0, 1, 1, 1  all right",
    ]


def test_w13_ends_with_a_pass_that_changes_nothing():
    run = train_perceptron(BITS, OR, order=[3, 0])
    assert (run.updates, run.passes, run.converged, run.errors) == (2, 1, True, 0)


def test_run_gives_the_unit_that_was_learnt():
    np.testing.assert_array_equal(train_perceptron(BITS, OR, order=[3, 0]).unit(BITS), OR)


# ---- W14: cyclic order ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "updates", "passes", "weights"),
    [(OR, 4, 4, (1, 1, 0)), (AND, 10, 6, (2, 1, -2)), (NAND, 11, 6, (-2, -1, 3))],
    ids=["or", "and", "nand"],
)
def test_w14_cyclic_order(y, updates, passes, weights):
    run = train_perceptron(BITS, y)
    assert (run.updates, run.passes, run.converged, run.cycle) == (updates, passes, True, None)
    np.testing.assert_array_equal(run.weights, weights)


def test_w14_on_xor_four_updates_repeat_after_two():
    run = train_perceptron(BITS, XOR)
    assert not run.converged and run.cycle.start == 2
    np.testing.assert_array_equal(run.cycle.rows, [1, 2, 3, 0])
    np.testing.assert_array_equal(
        run.cycle.weights, [(-1, 1, 1), (0, 1, 2), (-1, 0, 1), (-1, 0, 0)]
    )
    assert str(run.cycle).startswith("after 2 updates the weights repeat: (-1, 1, 1) → (0, 1, 2)")


def test_cycle_goes_on_from_its_last_weights_as_it_began():
    cycle = train_perceptron(BITS, XOR).cycle
    again = train_perceptron(BITS, XOR, order=[0, *cycle.rows], weights=cycle.weights[-1], limit=4)
    np.testing.assert_array_equal([u.weights for u in again.trace], cycle.weights)


def test_cycle_is_met_after_a_given_order_too():
    run = train_perceptron(BITS, XOR, order=np.array([3, 0, 2]))
    assert len(run.cycle) == 4 and run.cycle.start >= 3


def test_a_limit_ends_what_would_go_on_for_ever():
    run = train_perceptron(BITS, XOR, order="random", limit=50)
    assert (run.updates, run.converged, run.cycle) == (50, False, None)


def test_a_limit_of_passes_ends_it_too():
    run = train_perceptron(BITS, NAND, passes=2)
    assert (run.passes, run.converged) == (2, False)


def test_trace_shows_the_first_updates_of_many():
    lines = train_perceptron(BITS, NAND).lines(3)
    assert len(lines) == 6 and lines[4].startswith("…") and "8 more updates" in lines[4]


# ---- the rule ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_pc11_an_update_moves_the_score_to_the_right_side(seed):
    x, y = cloud(seed)
    for update in train_perceptron(x, y).trace:
        with_one = np.append(x[update.row], 1)
        gain = update.weights @ with_one - update.score
        assert gain * (update.target - update.prediction) > 0
        assert abs(gain) == pytest.approx(with_one @ with_one)


@pytest.mark.parametrize("row", range(4))
@pytest.mark.parametrize("start", [(0.0, 0.0, 0.0), (1.0, -2.0, 0.5), (-1.0, 1.0, 1.0)])
def test_lr08_an_update_is_a_step_of_logistic_regression_with_a_hard_prediction(row, start):
    """w + η (y - ŷ) x, with ŷ = step(w·x) in place of σ(w·x)."""
    with_one = np.append(BITS[row], 1)
    prediction = float(with_one @ start > 0)
    want = np.array(start) + 0.25 * (NAND[row] - prediction) * with_one
    run = train_perceptron(BITS[[row]], NAND[[row]], weights=start, learning_rate=0.25, limit=1)
    np.testing.assert_array_equal(run.weights, want)


def test_learning_rate_only_scales_weights_that_start_from_0():
    whole, quarter = (train_perceptron(BITS, NAND, learning_rate=rate) for rate in (1.0, 0.25))
    np.testing.assert_array_equal(quarter.weights, whole.weights / 4)
    assert quarter.updates == whole.updates


def test_weights_that_are_right_stay():
    run = train_perceptron(BITS, OR, weights=[1, 1, -0.5])
    assert (run.updates, run.passes, run.converged) == (0, 1, True)


# ---- orders --------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["random", "shuffled"])
@pytest.mark.parametrize("seed", range(10))
def test_random_orders_end_with_all_samples_right(order, seed):
    run = train_perceptron(BITS, NAND, order=order, seed=seed)
    assert run.converged and run.errors == 0


@pytest.mark.parametrize("order", ["random", "shuffled"])
def test_same_seed_gives_the_same_trace_and_another_seed_another(order):
    x, y = cloud(0)
    runs = [train_perceptron(x, y, order=order, seed=seed) for seed in (3, 3, 4)]
    same, again, other = ([update.row for update in run.trace] for run in runs)
    assert same == again != other


@pytest.mark.parametrize(("order", "comes_twice"), [("random", True), ("shuffled", False)])
def test_only_random_order_can_draw_a_sample_twice_in_a_pass(order, comes_twice):
    """A11: Rosenblatt's rule draws with replacement."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 2)), rng.integers(0, 2, 40)
    rows = [update.row for update in train_perceptron(x, y, order=order, passes=1).trace]
    assert (len(set(rows)) < len(rows)) == comes_twice


@pytest.mark.parametrize(
    ("y", "order"),
    [(OR, (3, 0)), (AND, (3, 0, 1, 3, 2)), (NAND, (0, 3, 0, 1, 3, 2))],
    ids=["or", "and", "nand"],
)
def test_pc09_order_with_the_fewest_updates(y, order):
    assert shortest_order(BITS, y).order == order
    run = train_perceptron(BITS, y, order=order)
    assert (run.updates, run.passes, run.converged) == (len(order), 1, True)


def test_w14_any_order_reaches_only_53_weight_vectors_on_xor():
    search = shortest_order(BITS, XOR)
    assert (search.order, search.reached) == (None, 53)


def test_shortest_order_of_weights_that_are_right_is_empty():
    assert shortest_order(BITS, OR, weights=[1, 1, 0]).order == ()


def test_search_for_the_shortest_order_ends_at_its_limit():
    with pytest.raises(ValueError, match="more than 20 weight vectors can be reached"):
        shortest_order(BITS, XOR, limit=20)


# ---- the bound on updates ------------------------------------------------------------------------


def test_novikoff_bound_of_or_with_a_separator():
    """R² = 3; of (2, 2, -1) the samples have distances 1/3, 1/3, 1/3 and 1."""
    bound = update_bound(BITS, OR, separator=[2, 2, -1])
    assert (bound.radius**2, bound.margin) == (pytest.approx(3), pytest.approx(1 / 3))
    assert bound.updates == pytest.approx(27)


@pytest.mark.parametrize(
    ("y", "most"), [(OR, 27), (AND, 51), (NAND, 51)], ids=["or", "and", "nand"]
)
def test_largest_margin_gives_the_smallest_bound(y, most):
    assert update_bound(BITS, y).updates == pytest.approx(most)
    rng = np.random.default_rng(0)
    separators = [w for w in rng.normal(size=(2000, 3)) if _separates(w, y)]
    bounds = [update_bound(BITS, y, separator=w).updates for w in separators]
    assert len(bounds) > 10 and min(bounds) >= most * (1 - 1e-9)


def _separates(w, y):
    return (((BITS @ w[:2] + w[2]) > 0) == y).all()


@pytest.mark.parametrize("y", [OR, AND, NAND], ids=["or", "and", "nand"])
@pytest.mark.parametrize("rate", [1.0, 0.3])
@pytest.mark.parametrize("start", [(0.0, 0.0, 0.0), (-5.0, 3.0, 2.0), (0.5, 0.5, 20.0)])
def test_no_order_needs_more_updates_than_the_bound(y, rate, start):
    bound = update_bound(BITS, y, learning_rate=rate, weights=start)
    settings = {"learning_rate": rate, "weights": start, "order": "random"}
    counts = [train_perceptron(BITS, y, seed=seed, **settings).updates for seed in range(5)]
    assert 0 < max(counts) <= bound.updates


def test_there_is_no_bound_where_nothing_separates():
    with pytest.raises(ValueError, match="not linearly separable"):
        update_bound(BITS, XOR)
    with pytest.raises(ValueError, match="sample 1 on its wrong side"):
        update_bound(BITS, OR, separator=[1, 1, 1])


# ---- variants ------------------------------------------------------------------------------------


def test_pocket_keeps_the_weights_that_got_most_right():
    x, y = cloud(1)
    y[:4] = ~y[:4]
    plain, pocket = (
        train_perceptron(x, y, variant=variant, limit=200) for variant in ("plain", "pocket")
    )
    met = [update.weights for update in pocket.trace]
    wrong = [int(np.sum((x @ w[:-1] + w[-1] > 0) != y)) for w in met]
    assert pocket.errors == min(wrong) < plain.errors


def test_averaged_weights_are_the_mean_over_the_samples_gone_through():
    run = train_perceptron(BITS, OR, variant="averaged")
    weights, held = np.zeros(3), []
    changes = {update.step: update.weights for update in run.trace}
    for step in range(1, 4 * run.passes + 1):
        weights = changes.get(step, weights)
        held.append(weights)
    np.testing.assert_allclose(run.weights, np.mean(held, axis=0), rtol=1e-14)


def test_variants_go_through_the_same_updates():
    runs = [train_perceptron(BITS, NAND, variant=v) for v in ("plain", "pocket", "averaged")]
    assert {run.updates for run in runs} == {11} and all(run.converged for run in runs)


# ---- several outputs, several classes ------------------------------------------------------------


def test_pc14_each_output_learns_as_if_alone():
    together = train_perceptron(BITS, np.column_stack([OR, AND, NAND]))
    alone = [train_perceptron(BITS, y).weights for y in (OR, AND, NAND)]
    np.testing.assert_array_equal(together.weights, np.column_stack(alone))
    np.testing.assert_array_equal(together.layer(BITS) > 0, np.column_stack([OR, AND, NAND]))


def test_classes_are_told_apart_by_the_largest_score():
    run = train_perceptron(BITS, LABELS, classes=3)
    assert run.converged
    np.testing.assert_array_equal(run.layer(BITS).argmax(axis=1), LABELS)


def test_an_update_of_classes_helps_one_and_hinders_another():
    first = train_perceptron(BITS, LABELS, classes=3).trace[0]
    np.testing.assert_array_equal(first.weights, [[0, 0, 0], [-1, 1, 0], [-1, 1, 0]])


# ---- the matrix version --------------------------------------------------------------------------


def test_w15_or_with_all_samples_at_once():
    run = train_perceptron_matrix(BITS, OR)
    want = [(0, 0, 0), (2, 2, 3), (2, 2, 2), (2, 2, 1), (2, 2, 0)]
    np.testing.assert_array_equal(run.history, want)
    assert run.converged and run.steps == 4


def test_w15_nand_with_learning_rate_a_half():
    run = train_perceptron_matrix(BITS, NAND, learning_rate=0.5)
    want = [(0, 0, 0), (0.5, 0.5, 1.5), (0, 0, 1), (-0.5, -0.5, 0.5), (0, 0, 1.5), (-0.5, -0.5, 1)]
    np.testing.assert_array_equal(run.history, want)
    assert run.converged


def test_w15_a_step_sums_the_updates_of_all_samples_under_the_same_weights():
    start = np.array([1.0, -1, 0.5])
    run = train_perceptron_matrix(BITS, OR, weights=start, limit=1)
    each = [
        train_perceptron(BITS[[row]], OR[[row]], weights=start, limit=1).weights - start
        for row in range(4)
    ]
    np.testing.assert_array_equal(run.weights, start + np.sum(each, axis=0))


def test_matrix_version_meets_its_cycle_on_xor():
    run = train_perceptron_matrix(BITS, XOR)
    assert (run.converged, run.cycle, run.steps) == (False, 2, 2)
    assert "the last 2 steps repeat" in str(run)


def test_matrix_version_ends_at_its_limit():
    run = train_perceptron_matrix(BITS, NAND, limit=2)
    assert (run.converged, run.cycle, run.steps) == (False, None, 2)


# ---- the same by gradient (DESIGN, principle 7) --------------------------------------------------


def by_fit(x, y, epochs, outputs=1, **settings):
    """`fit` of one layer from zeros, a sample at a time, by the loss "perceptron"."""
    layer = cr.nn.Dense(np.zeros((x.shape[1], outputs)), np.zeros(outputs))
    settings = {"order": "given", "optimizer": cr.train.sgd(1.0), **settings}
    return cr.train.fit(
        layer, x, y, loss="perceptron", batch_size=1, epochs=epochs, **settings
    ).network


def assert_same_bits(layer, run):
    assert layer.weight.tobytes() == run.layer.weight.tobytes()
    assert layer.bias.tobytes() == run.layer.bias.tobytes()


@pytest.mark.parametrize("y", [OR, AND, NAND], ids=["or", "and", "nand"])
def test_fit_gives_the_same_bits_on_gates(y):
    run = train_perceptron(BITS, y)
    assert_same_bits(by_fit(BITS, y, run.passes), run)


@pytest.mark.parametrize("passes", [1, 2])
def test_fit_gives_the_same_bits_after_each_pass_over_xor(passes):
    assert_same_bits(by_fit(BITS, XOR, passes), train_perceptron(BITS, XOR, passes=passes))


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_fit_gives_the_same_bits_on_real_numbers(backend):
    x, y = cloud(5)
    run = train_perceptron(x, y)
    assert run.converged and run.updates > 50
    assert_same_bits(by_fit(x, y.astype(float), run.passes, backend=backend), run)


@pytest.mark.parametrize(("order", "drawn"), [("shuffled", "shuffled"), ("random", "replacement")])
def test_fit_gives_the_same_bits_in_the_same_random_order(order, drawn):
    x, y = cloud(3)
    run = train_perceptron(x, y, order=order, seed=5)
    assert_same_bits(by_fit(x, y.astype(float), run.passes, order=drawn, seed=5), run)


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_fit_gives_the_same_bits_with_another_learning_rate(backend):
    x, y = cloud(4)
    run = train_perceptron(x, y, learning_rate=0.37)
    settings = {"optimizer": cr.train.sgd(0.37), "backend": backend}
    assert_same_bits(by_fit(x, y.astype(float), run.passes, **settings), run)


def test_fit_gives_the_same_bits_for_several_outputs():
    y = np.column_stack([OR, AND, NAND])
    run = train_perceptron(BITS, y)
    assert_same_bits(by_fit(BITS, y, run.passes, outputs=3), run)


def test_fit_gives_the_same_bits_for_classes():
    run = train_perceptron(BITS, LABELS, classes=3)
    assert_same_bits(by_fit(BITS, LABELS, run.passes, outputs=3), run)


def test_fit_with_the_whole_batch_is_the_matrix_version():
    run = train_perceptron_matrix(BITS, NAND)
    layer = cr.nn.Dense(np.zeros((2, 1)), np.zeros(1))
    found = cr.train.fit(
        layer, BITS, NAND, loss="perceptron", reduction="sum", optimizer=cr.train.sgd(1.0),
        batch_size=None, order="given", epochs=run.steps,
    ).network  # fmt: skip
    np.testing.assert_array_equal(np.append(found.weight, found.bias), run.weights)


# ---- what cannot be ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"order": "sideways"}, "unknown order 'sideways'"),
        ({"order": [4]}, "order holds the row 4; expected whole numbers from 0 to 3"),
        ({"order": [-1]}, "order holds the row -1"),
        ({"variant": "purse"}, "unknown variant 'purse'"),
        ({"learning_rate": 0.0}, "learning rate 0.0; expected a number above 0"),
        ({"learning_rate": np.nan}, "learning rate nan"),
        ({"limit": 0}, "limit 0; expected a whole number from 1"),
        ({"passes": 0}, "passes 0; expected a whole number from 1"),
        ({"weights": [1, 1]}, r"starting weights of shape \[2\]; expected \[3\], the bias last"),
        ({"weights": [1, 1, np.inf]}, "starting weights hold a number that is not finite"),
        ({"classes": 1}, "for 1 classes; expected whole numbers"),
    ],
)
def test_argument_that_does_not_fit_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        train_perceptron(BITS, OR, **settings)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (BITS, [0, 1, 2, 1], "y holds 2; expected 0 and 1"),
        (BITS, [0, 1, 1], r"y has shape \[3\] for 4 samples"),
        (BITS, ["a", "b", "a", "b"], "expected the numbers 0 and 1"),
        (BITS[:, 0], OR, r"x has shape \[4\]; expected numbers \[samples,features\]"),
        (np.full((4, 2), np.nan), OR, "x hold a number that is not finite or above 1e"),
        (np.full((4, 2), 1e80), OR, "scale inputs to about ±1"),
        (np.zeros((0, 2)), [], r"x has shape \[0,2\]"),
    ],
)
def test_samples_that_do_not_fit_are_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        train_perceptron(x, y)


def test_largest_inputs_that_are_taken_overflow_nowhere():
    x = 1e75 * np.array([[1.0], [-1.0], [0.5]])
    assert train_perceptron(x, [1, 0, 0], learning_rate=1e75, limit=100).updates > 0


def test_unit_of_several_outputs_is_refused():
    with pytest.raises(ValueError, match="the run has 2 outputs"):
        _ = train_perceptron(BITS, np.column_stack([OR, AND])).unit
