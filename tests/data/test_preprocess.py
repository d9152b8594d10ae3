"""Preprocessing: what it learns, of which rows, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import Category, Labels, Number, Preprocessing, Quantity, Table


def table(**columns):
    arrays = {
        name: np.array(values, object if any(isinstance(v, str) for v in values) else float)
        for name, values in columns.items()
    }
    return Table("a.csv", arrays)


FLOWERS = table(
    length=[1.0, 2.0, 3.0, 4.0], colour=["red", "blue", "red", None], kind=["a", "b", "a", "b"]
)


def test_numbers_are_standardised_and_text_is_one_hot():
    found = Preprocessing.fit(FLOWERS, "kind")
    assert found.feature_names == ("length", "colour=blue", "colour=red")
    x = found.features(FLOWERS)
    assert x.dtype == np.float32
    np.testing.assert_allclose(x[:, 0], (np.arange(4) - 1.5) / np.sqrt(1.25), rtol=1e-6)
    np.testing.assert_array_equal(x[:, 1:], [[0, 1], [1, 0], [0, 1], [0, 0]])


def test_labels_are_in_the_order_of_their_texts_and_come_back():
    found = Preprocessing.fit(FLOWERS, "kind")
    assert found.target == Labels("kind", ("a", "b"), False)
    labels = found.targets(FLOWERS)
    assert labels.tolist() == [0, 1, 0, 1]
    assert found.target.decode(labels).tolist() == ["a", "b", "a", "b"]


def test_labels_that_were_numbers_come_back_as_numbers_in_their_order():
    found = Preprocessing.fit(table(x=[0.0, 1, 2, 3], y=[10, 9, 10, 9]), "y")
    assert found.target == Labels("y", ("9", "10"), True)
    assert found.target.decode(np.array([0, 1])).tolist() == [9.0, 10.0]


def test_quantity_is_standardised_and_comes_back():
    rows = table(x=np.arange(50.0), y=np.arange(50.0) ** 2)
    found = Preprocessing.fit(rows, "y")
    assert isinstance(found.target, Quantity)
    y = found.targets(rows)
    assert y.shape == (50, 1) and abs(y.mean()) < 1e-6
    np.testing.assert_allclose(found.target.decode(y)[:, 0], rows.columns["y"], atol=1e-3)


def test_only_the_rows_that_are_given_are_learnt_from():
    part = FLOWERS.take(np.array([0, 1]))
    found = Preprocessing.fit(part, "kind")
    assert found.columns == (Number("length", 1.5, 0.5), Category("colour", ("blue", "red")))
    np.testing.assert_allclose(found.features(FLOWERS)[3], [5, 0, 0])


def test_constant_column_becomes_0():
    found = Preprocessing.fit(table(x=[0.1] * 6, y=["a", "b"] * 3), "y")
    np.testing.assert_allclose(found.features(table(x=[0.1], y=["a"])), [[0]], atol=1e-12)


def test_unseen_values_are_all_zeros_and_are_told():
    found = Preprocessing.fit(FLOWERS, "kind")
    new = table(length=[2.5], colour=["green"])
    np.testing.assert_allclose(found.features(new), [[0, 0, 0]])
    assert found.unseen(new) == {"colour": ("green",)}


def test_columns_may_come_in_another_order_and_with_others_between():
    found = Preprocessing.fit(FLOWERS, "kind")
    turned = Table("b.csv", {"id": np.arange(4.0), **dict(reversed(FLOWERS.columns.items()))})
    np.testing.assert_array_equal(found.features(turned), found.features(FLOWERS))


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b"] * 30, "classification"),
        ([0.0, 1.0] * 30, "classification"),
        (list(range(10)) * 20, "classification"),
        (list(range(60)), "regression"),
        ([0.5, 1.5] * 30, "regression"),
    ],
)
def test_task_follows_from_the_target(values, task):
    found = Preprocessing.fit(table(x=np.arange(float(len(values))), y=values), "y")
    assert isinstance(found.target, Labels if task == "classification" else Quantity)


def test_task_can_be_chosen():
    rows = table(x=[0.0, 1, 2, 3], y=[0.0, 1, 0, 1])
    assert isinstance(Preprocessing.fit(rows, "y", "regression").target, Quantity)
    assert isinstance(Preprocessing.fit(rows, "y", "classification").target, Labels)


@pytest.mark.parametrize(
    ("rows", "target", "message"),
    [
        (FLOWERS, "kindd", "no column 'kindd'; did you mean 'kind'"),
        (table(x=[1.0, 2], y=["a", "a"]), "y", "target 'y' has one class only, a;"),
        (table(x=[1.0], y=["a"]), "y", "1 rows; at least 2 are needed"),
        (table(y=["a", "b"]), "y", "only the target 'y'; no column to learn from"),
        (table(x=[1.0, np.nan], y=["a", "b"]), "y", "'x' has a missing entry in row 2 .1 such of"),
        (table(x=[np.inf, np.inf], y=["a", "b"]), "y", r"'x' has inf in row 1 \(2 such of 2\)"),
        (table(x=[1.0, 2], y=["a", None]), "y", "column 'y' has a missing entry in row 2"),
        (table(x=[1.0, 2], y=[0.5, np.inf]), "y", "column 'y' has inf in row 2"),
        (table(x=[1e300, 2], y=["a", "b"]), "y", r"'x' holds numbers as large as 1e\+300; divide"),
        (table(x=[1.0, 2], y=[0.5, 1e300]), "y", r"'y' holds numbers as large as 1e\+300; divide"),
        (table(x=[1.0, 2], y=["a\nb", "a\nb"]), "y", r"one class only, 'a\\nb';"),
        (
            table(x=[f"{i}" for i in range(1001)], y=["a", "b", "c"] * 333 + ["a", "b"]),
            "y",
            "'x' has 1001 different values, as a name .* leave it out: --drop x",
        ),
    ],
)
def test_table_that_cannot_be_learnt_from(rows, target, message):
    with pytest.raises(ValueError, match=f"a.csv: .*{message}"):
        Preprocessing.fit(rows, target)


def test_classes_that_floats_cannot_tell_apart_are_refused():
    rows = table(x=[1.0, 2, 3], y=[1, 2, 2**53])
    with pytest.raises(ValueError, match="classes from 2⁵³ on, numbers that cannot be told apart"):
        Preprocessing.fit(rows, "y", "classification")


def test_text_is_no_target_of_a_regression():
    with pytest.raises(ValueError, match="target 'kind' holds text, no numbers"):
        Preprocessing.fit(FLOWERS, "kind", "regression")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (table(colour=["red"]), "no column 'length'"),
        (table(length=["long"], colour=["red"]), "'length' holds text, but number was learnt"),
        (table(length=[1.0], colour=[2.0]), "'colour' holds numbers, but category was learnt"),
        (table(length=[np.nan], colour=["red"]), "'length' has a missing entry in row 1"),
        (
            Table("b.csv", {"length": np.array([None]), "colour": np.array(["red"], object)}),
            "'length' has a missing entry in row 1",
        ),
        (
            table(length=[1.0, 1e300], colour=["red", "red"]),
            r"'length' has 1e\+300 in row 2, too far from what was learnt, mean 2.5",
        ),
    ],
)
def test_table_that_does_not_fit_what_was_learnt(rows, message):
    with pytest.raises(ValueError, match=message):
        Preprocessing.fit(FLOWERS, "kind").features(rows)


def test_values_of_a_category_that_look_like_numbers_are_text_where_they_were_learnt():
    found = Preprocessing.fit(table(code=["1", "2", "A", "A"], kind=["a", "b", "a", "b"]), "kind")
    np.testing.assert_array_equal(
        found.features(table(code=[2.0, np.nan, 3.0])), [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    )
    assert found.unseen(table(code=[2.0, 3.0])) == {"code": ("3",)}


def test_class_that_was_not_learnt_is_named():
    found = Preprocessing.fit(FLOWERS, "kind")
    with pytest.raises(ValueError, match="the class 'c' in row 2 was not among those learnt: a, b"):
        found.targets(table(kind=["a", "c"]))


def test_target_too_far_from_those_learnt_is_refused():
    found = Preprocessing.fit(table(x=[1.0, 2, 3], y=[0.5, 1.5, 2]), "y")
    with pytest.raises(ValueError, match=r"column 'y' has 1e\+300 in row 1, too far"):
        found.targets(table(y=[1e300]))


def test_columns_are_described():
    assert Preprocessing.fit(FLOWERS, "kind").describe() == [
        ("length", "number", "mean 2.5, deviation 1.118"),
        ("colour", "category", "2 values: blue, red"),
        ("kind", "target, classes", "2 classes: a, b"),
    ]


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40))
def test_quantities_come_back(values):
    rows = table(x=np.arange(float(len(values))), y=values)
    found = Preprocessing.fit(rows, "y", "regression")
    again = found.target.decode(found.targets(rows))[:, 0]
    np.testing.assert_allclose(again, values, atol=1e-6 * max(1, *map(abs, values)))


@given(st.lists(st.text(min_size=1, max_size=5), min_size=2, max_size=40).filter(
    lambda v: len(set(v)) > 1))  # fmt: skip
def test_labels_come_back(values):
    rows = table(x=np.arange(float(len(values))), y=values)
    found = Preprocessing.fit(rows, "y")
    assert found.target.decode(found.targets(rows)).tolist() == values
