"""Tables larger than memory."""

import numpy as np
import polars as pl
import pytest

import chainrule as cr
from chainrule.data import Chunks, as_table
from chainrule.tabular.large import learn_parquet
from chainrule.tabular.learn import learn
from chainrule.tabular.recipes import PRESETS


rng = np.random.default_rng(0)
ROWS = 4000
X = rng.normal(size=(ROWS, 4)).astype(np.float32)
Y = (X[:, :1] - 2 * X[:, 1:2]).astype(np.float32)
SMALL = {"hidden": (16,), "epochs": 4}


def small(name="fast"):
    from dataclasses import replace

    return replace(PRESETS[name], **SMALL)


def table(rows):
    draw = np.random.default_rng(1)
    x, kind = draw.normal(size=rows), draw.choice(["a", "b", "c"], rows)
    y = np.where(x + (kind == "a") > 0.3, "yes", "no")
    return pl.DataFrame({"x": x, "kind": kind, "y": y})


def test_parquet_file_is_learnt_block_by_block(tmp_path):
    table(6000).write_parquet(tmp_path / "table.parquet", row_group_size=500)
    prepared, found = learn_parquet(tmp_path / "table.parquet", "y", small(), rows=1000)
    assert found.validation_score < 0.1
    new = table(2000)
    told = found.network(prepared.features(as_table(new, strict=False))).argmax(axis=1)
    assert np.mean(np.array(prepared.classes)[told] == new["y"].to_numpy()) > 0.9


def test_same_seed_gives_the_same_bits(tmp_path):
    table(3000).write_parquet(tmp_path / "table.parquet")
    one, other = (
        learn_parquet(tmp_path / "table.parquet", "y", small(), rows=700)[1] for _ in range(2)
    )
    np.testing.assert_array_equal(cr.tree.pack(one.network)[0], cr.tree.pack(other.network)[0])


def test_arrays_mapped_from_files_are_blocks(tmp_path):
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    blocks = Chunks(tmp_path / "x.npy", tmp_path / "y.npy", rows=900)
    found = learn(
        blocks, None, (0,) * 4, "regression", small(), validation=(X[:500], Y[:500]), epochs=20
    )
    assert found.validation_score < 0.05 * Y.var()


def test_one_block_is_learnt_as_arrays_are():
    found = [
        learn(x, y, (0,) * 4, "regression", small("tabm"), loss="squared_error", outputs=1)
        for x, y in ((X, Y), ([(X, Y)], None))
    ]
    one, other = (cr.tree.pack(learnt.network)[0] for learnt in found)
    np.testing.assert_array_equal(one, other)


def test_places_in_blocks_cannot_be_held_out():
    with pytest.raises(ValueError, match="places held out of blocks"):
        learn([(X, Y)], None, (0,) * 4, "regression", small(), validation=np.arange(3))
