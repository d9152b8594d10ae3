"""`chainrule train --block-rows`: tables larger than memory."""

import csv
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from chainrule.cli import memory


pytestmark = pytest.mark.usefixtures("without_pictures")
ROWS = 3_000
SHORT = ("--preset", "fast", "--epochs", "6", "--block-rows", "500")


@pytest.fixture
def file(tmp_path):
    """Sorted by the class, which most orders of learning would suffer from; with gaps."""
    rng = np.random.default_rng(0)
    x, city = rng.normal(size=ROWS), rng.choice(["Bern", "Genf"], ROWS)
    score = x + (city == "Bern") + 0.1 * rng.normal(size=ROWS)
    frame = pl.DataFrame(
        {
            "x": [None if row % 50 == 0 else value for row, value in enumerate(x)],
            "city": city,
            "weight": rng.random(ROWS) + 0.5,
            "sold": np.where(score > 0.5, "yes", "no"),
            "score": score,
        }
    ).sort("sold")
    frame = frame.with_columns(
        pl.when(pl.int_range(ROWS) % 100 == 7).then(None).otherwise("sold").alias("sold")
    )
    frame.write_parquet(tmp_path / "t.parquet")
    return "t.parquet"


def scores():
    return json.loads(Path("chainrule-out/history.json").read_text())["scores"]


def test_sorted_file_is_learnt_by_blocks_and_tested_on_rows_from_all_of_it(file, here):
    options = ("--target", "sold", "--drop", "score", "--weight-column", "weight")
    status, out, err = here("train", file, *options, "--compare", *SHORT)
    assert status == 0, err
    assert "30 rows have no 'sold'; they are left out" in err
    assert "1,896 rows to learn from, in 6 blocks, 480 to choose the epoch by, 594 held out" in out
    assert "boosted trees (scikit-learn)" in scores()
    assert scores()["network"]["accuracy"] > 0.85 > scores()["majority class"]["accuracy"]


def test_model_of_blocks_predicts_as_any_other(file, here):
    assert here("train", file, "--target", "sold", "--drop", "score", *SHORT)[0] == 0
    status, out, err = here("predict", "chainrule-out/model.safetensors", file, "--keep", "sold")
    assert status == 0, err
    rows = [row for row in csv.DictReader(out.splitlines()) if row["sold"]]
    assert np.mean([row["sold"] == row["predicted sold"] for row in rows]) > 0.85


def test_number_is_learnt_by_blocks(file, here):
    status, _, err = here("train", file, "--target", "score", "--drop", "sold", *SHORT)
    assert status == 0, err
    assert scores()["network"]["rmse"] < 0.5 * scores()["mean"]["rmse"]


def test_same_seed_gives_the_same_scores(file, here):
    found = []
    for seed in (1, 1, 2):
        here("train", file, "--target", "sold", *SHORT, "--seed", seed, "-q")
        found.append(scores()["network"])
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--target", "sold", "--block-rows", "0"), "0 rows in a block; expected at least 1"),
        (("--target", "sold", "--hidden", "8", "--block-rows", "9"), "--block-rows is for presets"),
        (("--target", "sol", "--block-rows", "9"), "no column 'sol'; did you mean 'sold'?"),
        (("--block-rows", "9"), "which column is to be predicted? --target COLUMN"),
        (("--target", "sold", "--drop", "sold", "--block-rows", "9"), "cannot be left out"),
        (
            ("--target", "sold", "--weight-column", "city", "--block-rows", "999"),
            "in row 1 of these; expected a number from 0 on",
        ),
        (
            ("--target", "sold", "--class-weight", "maybe=2", "--block-rows", "999"),
            "there is no class maybe (there are: no, yes)",
        ),
        (
            ("--target", "score", "--class-weight", "balanced", "--block-rows", "999"),
            "the target is a number, which has no classes",
        ),
    ],
)
def test_what_does_not_fit_is_said_in_a_line(file, here, options, told):
    status, out, err = here("train", file, *options)
    assert (status, out) == (2, "") and told in err and len(err.splitlines()) == 1


def test_csv_is_to_be_written_as_parquet(tmp_path, here):
    (tmp_path / "t.csv").write_text("x,y\n1,2\n")
    status, _, err = here("train", "t.csv", "--target", "y", "--block-rows", "10")
    assert status == 2 and "t.csv is no .parquet" in err


@pytest.mark.parametrize("command", ["train", "evaluate", "doctor"])
def test_file_that_no_memory_holds_is_refused_with_what_to_type(file, here, monkeypatch, command):
    here("train", file, "--target", "sold", *SHORT, "-q")
    monkeypatch.setattr(memory, "memory", lambda: 100_000)
    model = ["chainrule-out/model.safetensors"] if command == "evaluate" else []
    status, _, err = here(command, *model, file)
    assert status == 2 and "0.0 GB of memory; train --preset fast --block-rows 65536" in err
