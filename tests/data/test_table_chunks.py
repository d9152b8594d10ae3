"""Blocks of a Parquet file."""

import numpy as np
import polars as pl
import pytest

import chainrule as cr
from chainrule.data import Preprocessing, TableChunks, as_table, sample_rows


rng = np.random.default_rng(0)
ROWS = 1000
FRAME = pl.DataFrame(
    {
        "x": rng.normal(size=ROWS),
        "kind": rng.choice(["a", "b", "c"], ROWS),
        "weight": rng.integers(1, 4, ROWS),
        "y": rng.integers(0, 2, ROWS),
    }
)
LEARNT = Preprocessing.recognise(
    as_table(FRAME, strict=False), "y", "classification", drop=["weight"]
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "table.parquet"
    FRAME.write_parquet(path, row_group_size=150)
    return path


def test_blocks_together_are_the_table(file):
    blocks = TableChunks(file, LEARNT, "weight", rows=300)
    assert [len(x) for x, _, _ in blocks] == [300, 300, 300, 100]
    table = as_table(FRAME, strict=False)
    for place, whole in enumerate((LEARNT.features(table), LEARNT.targets(table))):
        np.testing.assert_array_equal(np.concatenate([b[place] for b in blocks]), whole)
    np.testing.assert_array_equal(np.concatenate([b[2] for b in blocks]), FRAME["weight"])


def test_blocks_are_taken_by_number(file):
    blocks = TableChunks(file, LEARNT, rows=300)
    np.testing.assert_array_equal(blocks[-1][0], blocks[3][0])
    with pytest.raises(IndexError):
        blocks[4]


def test_file_trains_a_network_block_by_block(file):
    x = cr.nn.Encode.fit(LEARNT.features(sample_rows(file)), LEARNT.sizes)
    network = cr.nn.Sequential((x, *cr.nn.mlp([4, 8, 2], rng=0).layers))
    result = cr.train.fit(
        network, TableChunks(file, LEARNT, rows=300), loss="cross_entropy", epochs=3, batch_size=50
    )
    assert result.history["loss"][-1] < result.history["loss"][0]


def test_sample_of_a_small_file_is_the_file(file):
    assert len(sample_rows(file, 5000)) == ROWS


def test_sample_is_of_rows_from_everywhere_in_their_order(file):
    FRAME.with_row_index("row").write_parquet(file)
    found = sample_rows(file, 128).column("row")
    assert len(found) == 128
    assert np.all(np.diff(found) > 0)
    assert found.min() < 200
    assert found.max() > 800


def test_same_seed_gives_the_same_sample(file):
    one, other, third = (sample_rows(file, 128, seed).column("x").tolist() for seed in (0, 0, 1))
    assert one == other != third


def test_file_that_is_no_parquet_file(tmp_path):
    (tmp_path / "table.parquet").write_text("x,y\n1,2\n")
    with pytest.raises(ValueError, match="no readable Parquet file"):
        len(TableChunks(tmp_path / "table.parquet", LEARNT))
    with pytest.raises(FileNotFoundError):
        sample_rows(tmp_path / "none.parquet")


def test_block_of_no_rows_is_refused(file):
    with pytest.raises(ValueError, match="at least 1"):
        TableChunks(file, LEARNT, rows=0)
