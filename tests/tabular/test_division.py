"""Files divided into rows to test on, to choose by and to learn from, block by block."""

import numpy as np
import polars as pl
import pytest

from chainrule.tabular.division import divide


ROWS = 1_000


def written(path, **columns):
    """A file whose column `row` counts its rows, with others."""
    frame = pl.DataFrame({"row": np.arange(ROWS), "x": np.sin(np.arange(ROWS)), **columns})
    frame.write_parquet(path / "t.parquet")
    return path / "t.parquet"


def rows_of(table):
    return set(table.column("row").astype(int).tolist())


@pytest.mark.parametrize("rows", [7, 300, 1_000, 5_000])
def test_every_row_is_in_one_part(tmp_path, rows):
    file = written(tmp_path, y=np.arange(ROWS) / 3)
    found = divide(file, "y", drop=["x"], rows=rows, shares=(0.2, 0.1), seed=3)
    test, chosen_by = rows_of(found.test), rows_of(found.chosen_by)
    learnt = [y for _, y in found.learnt]
    assert [len(y) for y in learnt] == list(found.learnt.sizes)
    target = found.preprocessing.target
    numbers = np.concatenate(learnt)[:, 0] * target.scale + target.mean
    places = {round(3 * float(number)) for number in numbers}
    assert len(test) + len(chosen_by) + len(places) == ROWS
    assert test | chosen_by | places == set(range(ROWS))
    assert 0.2 * ROWS <= len(test) <= 0.2 * ROWS + len(found.learnt)


def test_parts_are_drawn_from_the_whole_file_with_a_seed(tmp_path):
    file = written(tmp_path, y=np.arange(ROWS) / 3)
    one, same, other = (divide(file, "y", rows=300, seed=seed).chosen_by for seed in (0, 0, 1))
    assert rows_of(one) == rows_of(same) != rows_of(other)
    assert np.ptp(one.column("row")) > 0.9 * ROWS


def test_rows_without_a_target_are_in_no_part(tmp_path):
    y = [None if row < 500 else float("nan") if row < 510 else row / 3 for row in range(ROWS)]
    found = divide(written(tmp_path, y=y), "y", rows=100)
    assert found.missing == 510 and len(found.learnt) == 5
    assert min(rows_of(found.chosen_by)) >= 510


def test_class_of_a_single_row_is_known(tmp_path):
    y = np.where(np.arange(ROWS) % 2, "odd", "even").astype(object)
    y[777] = "rare"
    found = divide(written(tmp_path, y=y), "y", rows=100)
    assert found.preprocessing.classes == ("even", "odd", "rare")


@pytest.mark.parametrize("kind", [int, bool, str])
def test_balanced_classes_weigh_the_same(tmp_path, kind):
    y = [kind(row % 4 == 0) for row in range(ROWS)]
    found = divide(written(tmp_path, y=y), "y", rows=100, class_weight="balanced")
    assert found.preprocessing.classes[0] in ("0", "False", "false")
    assert found.encode.of_class == pytest.approx((2 / 3, 2))
    _, labels, weights = found.learnt[0]
    np.testing.assert_array_equal(weights, np.array(found.encode.of_class)[labels])


def test_weights_of_rows_and_of_classes_are_multiplied(tmp_path):
    file = written(tmp_path, y=np.arange(ROWS) % 2, w=np.full(ROWS, 3.0))
    found = divide(file, "y", weights="w", class_weight={0: 2.0}, rows=100)
    _, labels, weights = found.learnt[0]
    np.testing.assert_array_equal(weights, np.where(labels == 0, 6.0, 3.0))
    assert "w" not in found.preprocessing.feature_names


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1.0, None])
def test_weight_that_is_none_is_named_with_its_row(tmp_path, bad):
    weights = [1.0] * ROWS
    weights[250] = bad
    with pytest.raises(ValueError, match=r"from row 201 on: the weight .* in row 51"):
        divide(written(tmp_path, y=np.arange(ROWS) % 2, w=weights), "y", weights="w", rows=100)


def test_target_that_is_infinite_is_named_with_its_row(tmp_path):
    y = [None, *([1.0] * 349), float("-inf"), *range(ROWS - 351)]
    with pytest.raises(ValueError, match=r"from row 301 on: the target 'y' has -inf in row 51 of"):
        divide(written(tmp_path, y=np.array(y, float)), "y", rows=100)


def test_it_is_told_how_far_it_is(tmp_path):
    told = []
    divide(written(tmp_path, y=np.arange(ROWS)), "y", rows=300, tell=lambda *now: told.append(now))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_text_with_a_thousand_values_is_no_target(tmp_path):
    frame = pl.DataFrame({"x": np.arange(9_000), "y": [f"name {row}" for row in range(9_000)]})
    frame.write_parquet(tmp_path / "t.parquet")
    with pytest.raises(ValueError, match="different values, too many for classes"):
        divide(tmp_path / "t.parquet", "y", rows=300)


def test_file_without_a_target_in_any_row(tmp_path):
    with pytest.raises(ValueError, match="no row to learn from that has a 'y'"):
        divide(written(tmp_path, y=pl.Series([None] * ROWS, dtype=pl.Float64)), "y")
