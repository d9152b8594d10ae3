"""`TabularClassifier` and `TabularRegressor`: what they take, give, and refuse."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone

from chainrule.tabular import TabularClassifier, TabularRegressor


FAST = {"hidden_layer_sizes": (16,), "epochs": 40}


def classifier(**settings):
    return TabularClassifier(**{**FAST, **settings})


def regressor(**settings):
    return TabularRegressor(**{**FAST, **settings})


@pytest.fixture(scope="module")
def told(mixed):
    frame, names, _ = mixed
    return classifier().fit(frame, names)


@pytest.fixture(scope="module")
def predicted(mixed):
    frame, _, numbers = mixed
    return regressor().fit(frame, numbers)


# ---- what is learnt ------------------------------------------------------------------------------


def test_table_of_text_dates_and_gaps_is_learnt(mixed, told, predicted):
    frame, names, numbers = mixed
    assert told.score(frame, names) > 0.85
    assert predicted.score(frame, numbers) > 0.8


def test_columns_are_reported(told):
    kinds = {row.name: row.kind for row in told.columns_}
    assert kinds["size"] == "number"
    assert kinds["group"] == "category"
    assert kinds["is_new"] == "boolean"
    assert "date" in kinds["since"]
    assert {row.name: row.encoding for row in told.columns_}["constant"] == "left out"


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas])
def test_frames_of_other_libraries_give_the_same_bits(mixed, told, make):
    frame, names, _ = mixed
    other = classifier().fit(make(frame), names)
    np.testing.assert_array_equal(other.predict_proba(make(frame)), told.predict_proba(frame))


def test_probabilities_are_those_of_the_classes_in_their_order(mixed, told):
    frame, _, _ = mixed
    found = told.predict_proba(frame)
    assert told.classes_.tolist() == ["no", "yes"]
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_array_equal(told.predict(frame), told.classes_[found.argmax(axis=1)])
    np.testing.assert_allclose(np.exp(told.predict_log_proba(frame)), found, rtol=1e-6)
    assert np.all((told.decision_function(frame) > 0) == (found[:, 1] > 0.5))


@pytest.mark.parametrize(
    "y",
    [
        [True, False],
        [3, 7],
        pd.Series(["b", "a"], dtype="category"),
        pd.Series(["b", "a"], name="kind"),
    ],
    ids=str,
)
def test_classes_of_any_kind_come_back_as_they_were(mixed, y):
    frame, names, _ = mixed
    values = np.asarray(y)
    target = values[(names == "yes").astype(int)]
    found = classifier(epochs=2).fit(frame, target)
    assert set(found.predict(frame).tolist()) <= set(values.tolist())
    assert found.classes_.tolist() == sorted(values.tolist())


def test_three_classes():
    x = np.random.default_rng(0).normal(size=(200, 3))
    y = np.digitize(x[:, 0], [-0.4, 0.4])
    found = classifier(epochs=30).fit(x, y)
    assert found.score(x, y) > 0.9
    assert found.decision_function(x).shape == (200, 3)


def test_several_targets(mixed):
    frame, _, numbers = mixed
    both = np.stack([numbers, -2 * numbers], axis=1)
    found = regressor().fit(frame, both)
    assert found.predict(frame).shape == both.shape
    assert found.score(frame, both) > 0.8
    assert found.predict_interval(frame, 0.8).shape == (*both.shape, 2)


def test_skewed_target_is_learnt_by_its_logarithm(mixed):
    frame, _, numbers = mixed
    skewed = np.exp((numbers - 20_000) / 500)
    plain, log = (regressor(log_target=on).fit(frame, skewed) for on in (False, True))
    errors = [np.mean(np.abs(np.log1p(np.maximum(m.predict(frame), 0)) - np.log1p(skewed)))
              for m in (plain, log)]  # fmt: skip
    assert errors[1] < errors[0]


# ---- settings ------------------------------------------------------------------------------------


def test_same_seed_gives_the_same_bits_and_another_seed_others(mixed, told):
    frame, names, _ = mixed
    again, other = (classifier(random_state=s).fit(frame, names) for s in (0, 1))
    np.testing.assert_array_equal(again.predict_proba(frame), told.predict_proba(frame))
    assert np.any(other.predict_proba(frame) != told.predict_proba(frame))


def test_predictions_do_not_depend_on_how_rows_are_grouped(mixed, told):
    frame, _, _ = mixed
    whole = told.predict_proba(frame)
    parts = np.vstack([told.predict_proba(frame.iloc[i : i + 7]) for i in range(0, len(frame), 7)])
    np.testing.assert_allclose(parts, whole, rtol=1e-9)


def test_class_weight_moves_predictions_to_the_class(mixed):
    frame, names, _ = mixed
    counts = [
        np.sum(classifier(class_weight=w).fit(frame, names).predict(frame) == "yes")
        for w in ({"yes": 0.02}, None, {"yes": 50})
    ]
    assert counts[0] < counts[1] < counts[2]


def test_rows_of_weight_0_are_not_learnt(mixed):
    frame, names, _ = mixed
    weight = np.ones(len(names))
    weight[200:] = 0
    with_zeros = classifier(validation_fraction=0).fit(frame, names, sample_weight=weight)
    without = classifier(validation_fraction=0).fit(frame[:200], names[:200])
    np.testing.assert_allclose(
        with_zeros.predict_proba(frame), without.predict_proba(frame), atol=1e-6
    )


def test_rows_of_ones_own_choose_the_epoch(mixed):
    frame, names, _ = mixed
    found = classifier().fit(frame[:200], names[:200], X_val=frame[200:], y_val=names[200:])
    wrong = np.mean(found.predict(frame[200:]) != names[200:])
    assert wrong == pytest.approx(found.validation_score_)


def test_time_limit_ends_training_after_the_epoch(mixed):
    frame, names, _ = mixed
    found = classifier(epochs=100_000, time_limit=0.2).fit(frame, names)
    assert 1 <= found.n_iter_ < 100_000
    assert found.ended_ == "deadline"


def test_calibration_lowers_the_loss_of_the_rows_held_out(mixed):
    frame, names, _ = mixed
    x, y, xv, yv = frame[:150], names[:150], frame[150:], names[150:]
    losses = []
    for calibrate in (False, True):
        found = classifier(calibrate=calibrate).fit(x, y, X_val=xv, y_val=yv)
        scores = found.predict_log_proba(xv)
        losses.append(-np.mean(scores[np.arange(len(yv)), (yv == "yes").astype(int)]))
    assert losses[1] < losses[0]


@pytest.mark.parametrize("preset", ["fast", "default", "accurate", "tabm", "ensemble"])
def test_every_preset_learns_saves_and_loads(mixed, preset, tmp_path):
    frame, names, numbers = mixed
    for model, y in (
        (TabularClassifier(preset, hidden_layer_sizes=(16, 16), epochs=8), names),
        (TabularRegressor(preset, hidden_layer_sizes=(16, 16), epochs=8), numbers),
    ):
        model.fit(frame, y)
        model.save(tmp_path / "model")
        loaded = type(model).load(tmp_path / "model")
        np.testing.assert_array_equal(loaded.predict(frame), model.predict(frame))


# ---- quantiles and intervals ---------------------------------------------------------------------


def test_quantiles_rise_and_hold_their_share(mixed):
    frame, _, numbers = mixed
    noisy = numbers + np.random.default_rng(1).normal(0, 500, len(numbers))
    found = regressor(quantiles=(0.1, 0.5, 0.9), epochs=40).fit(frame, noisy)
    levels = found.predict_quantiles(frame)
    assert np.all(np.diff(levels, axis=1) >= 0)
    share = [np.mean(noisy <= levels[:, k]) for k in range(3)]
    np.testing.assert_allclose(share, [0.1, 0.5, 0.9], atol=0.12)
    np.testing.assert_array_equal(found.predict(frame), levels[:, 1])


@pytest.mark.parametrize("quantiles", [None, (0.1, 0.9)])
def test_interval_holds_the_share_that_is_asked_for(mixed, quantiles):
    frame, _, numbers = mixed
    found = regressor(quantiles=quantiles).fit(
        frame[:150], numbers[:150], X_val=frame[150:], y_val=numbers[150:]
    )
    for coverage in (0.5, 0.9):
        low, high = found.predict_interval(frame[150:], coverage).T
        inside = np.mean((low <= numbers[150:]) & (numbers[150:] <= high))
        assert inside == pytest.approx(coverage, abs=0.02)


@pytest.mark.parametrize(
    ("quantiles", "message"),
    [((0.5, 0.1), "shares that rise"), ((0, 0.5), "between 0 and 1"), ((), "shares that rise")],
)
def test_quantiles_that_are_none(mixed, quantiles, message):
    frame, _, numbers = mixed
    with pytest.raises(ValueError, match=message):
        regressor(quantiles=quantiles).fit(frame, numbers)


def test_text_is_no_number(mixed):
    frame, names, _ = mixed
    with pytest.raises(ValueError, match=r"y holds the text '(yes|no)'; expected numbers"):
        regressor().fit(frame, names)


# ---- looking inside ------------------------------------------------------------------------------


def test_importance_finds_the_columns_that_decide(mixed, told, predicted):
    frame, names, numbers = mixed
    for model, y in ((told, names), (predicted, numbers)):
        found = model.permutation_importance(frame, y)
        order = [found.names[k] for k in np.argsort(-found.mean)]
        assert set(order[:2]) == {"size", "group"}
        assert found.score == pytest.approx(model.score(frame, y))


def test_explanation_gives_each_column_its_part(mixed, predicted):
    frame, _, _ = mixed
    found = predicted.explain(frame)
    assert set(found) == {"size", "group", "is_new", "since", "count"}
    known = frame["size"].notna().to_numpy()
    deviation = frame["size"].to_numpy()[known] - 50
    assert np.corrcoef(found["size"][known], deviation)[0, 1] > 0.9


# ---- files and copies ----------------------------------------------------------------------------


def test_file_holds_all_that_predicts(mixed, told, predicted, tmp_path):
    frame, _, _ = mixed
    told.save(tmp_path / "classes")
    predicted.save(tmp_path / "numbers")
    classes = TabularClassifier.load(tmp_path / "classes")
    numbers = TabularRegressor.load(tmp_path / "numbers")
    np.testing.assert_array_equal(classes.predict_proba(frame), told.predict_proba(frame))
    np.testing.assert_array_equal(classes.classes_, told.classes_)
    assert classes.get_params() == told.get_params()
    np.testing.assert_array_equal(
        numbers.predict_interval(frame, 0.7), predicted.predict_interval(frame, 0.7)
    )


def test_file_of_the_other_estimator_is_refused(told, tmp_path):
    told.save(tmp_path / "model")
    with pytest.raises(ValueError, match="holds TabularClassifier; expected TabularRegressor"):
        TabularRegressor.load(tmp_path / "model")


def test_pickle_and_clone(mixed, told, predicted):
    frame, names, _ = mixed
    for model in (told, predicted):
        again = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(again.predict(frame), model.predict(frame))
    copied = clone(told).fit(frame, names)
    np.testing.assert_array_equal(copied.predict_proba(frame), told.predict_proba(frame))


# ---- what is refused -----------------------------------------------------------------------------


def with_infinity(frame):
    return frame.assign(size=np.where(np.arange(len(frame)) == 3, np.inf, 1.0))


@pytest.mark.parametrize(
    ("change", "target", "message"),
    [
        (lambda f: f, ["yes"] * 300, "one class only, 'yes'"),
        (
            lambda f: f,
            [None, "a", "b"] * 100,
            r"100 of 300 rows have no target, the first is row 1",
        ),
        (with_infinity, ["a", "b"] * 150, "column 'size' has inf in row 4"),
        (lambda f: f[["constant"]], ["a", "b"] * 150, "no column to learn from"),
        (lambda f: f[["size", "group", "size"]], ["a", "b"] * 150, "'size' 2 times; rename one"),
        (lambda f: f[:0], [], "0 sample|no rows"),
        (lambda f: f, ["a", "b"], "inconsistent numbers of samples"),
    ],
)
def test_what_cannot_be_learnt_from(mixed, change, target, message):
    with pytest.raises(ValueError, match=message):
        classifier().fit(change(mixed[0]), target)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="size"), "size"),
        (lambda f: f.assign(more=1), "more"),
        (lambda f: f[f.columns[::-1]], "order"),
        (lambda f: f.assign(size="large"), "column 'size' has the text 'large' in row 1"),
        (lambda f: f.assign(group=3.5), "column 'group'"),
        (with_infinity, "column 'size' has inf in row 4"),
    ],
)
def test_rows_that_are_not_like_those_that_were_learnt(mixed, told, change, message):
    with pytest.raises(ValueError, match=message):
        told.predict(change(mixed[0]))


def test_category_that_was_not_seen_is_taken_as_missing(mixed, told):
    frame, _, _ = mixed
    new, gone = frame.assign(group="elsewhere"), frame.assign(group=None)
    np.testing.assert_array_equal(told.predict_proba(new), told.predict_proba(gone))


def test_ten_thousand_categories():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"code": [f"c{k}" for k in rng.permutation(20_000) % 10_000],
                          "x": rng.normal(size=20_000)})  # fmt: skip
    found = classifier(epochs=2, time_limit=20).fit(frame, frame["x"] > 0)
    assert found.score(frame, frame["x"] > 0) > 0.9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"preset": "fsat"}, "fast"),
        ({"validation_fraction": 1.5}, "validation_fraction is 1.5"),
        ({"backend": "cuda"}, "backend"),
        ({"text": "embed"}, "text 'embed'"),
    ],
)
def test_settings_that_do_not_fit(mixed, settings, message):
    frame, names, _ = mixed
    with pytest.raises(ValueError, match=message):
        TabularClassifier(**settings).fit(frame, names)
