"""`chainrule train`, as a user at a terminal meets it."""

import csv
import json
import os
import re
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli.learn import groups
from chainrule.data import dataset, stratified_split
from chainrule.metrics import accuracy
from chainrule.save import read
from chainrule.train import Group


FILES = ["confusion-matrix.png", "first-layer.png", "history.json", "learning-curve.png",
         "model.safetensors", "report.html"]  # fmt: skip
SHORT = ("train", "digits", "--epochs", "3", "--hidden", "16")


def record(folder):
    return json.loads((folder / "history.json").read_text())


def score(folder, model="network"):
    return record(folder)["scores"][model]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, launch):
    """The folder of a run with the default settings, and what the run printed."""
    folder = tmp_path_factory.mktemp("trained")
    return folder / "chainrule-out", launch("train", "digits", cwd=folder)


@pytest.fixture
def houses(tmp_path):
    """A table whose price is known but for a little noise."""
    rng = np.random.default_rng(0)
    city = rng.choice(["Bern", "Zürich"], 200)
    area = rng.uniform(20, 200, 200)
    price = 1000 * area + np.where(city == "Bern", 0, 50_000) + rng.normal(size=200) * 1000
    with open(tmp_path / "houses.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "city", "area", "weight", "price"])
        for i in range(200):
            writer.writerow([f"{i:04}", city[i], f"{area[i]:.1f}", i % 2, f"{price[i]:.0f}"])
    return tmp_path / "houses.csv"


# ---- digits ----------------------------------------------------------------------------------


def test_default_run_gets_at_least_97_5_percent_of_unseen_digits_right(trained):
    folder, done = trained
    assert done.returncode == 0, done.stderr
    assert score(folder)["accuracy"] >= 0.975


def test_network_stands_beside_a_linear_model_and_the_majority(trained):
    folder, done = trained
    found = record(folder)["scores"]
    linear, majority = "linear (logistic regression)", "majority class"
    assert list(found) == ["network", linear, majority]
    assert found["network"]["accuracy"] > found[linear]["accuracy"] > 0.9
    assert found[majority]["accuracy"] < 0.11
    assert found["network"]["log_loss"] < found[linear]["log_loss"] < found[majority]["log_loss"]
    for name, numbers in found.items():
        shown = rf"{re.escape(name)} +{100 * numbers['accuracy']:.1f}% +{numbers['log_loss']:.4g}$"
        assert re.search(shown, done.stdout, re.MULTILINE)


def test_run_writes_model_history_report_and_pictures(trained):
    folder, done = trained
    assert sorted(os.listdir(folder)) == FILES and os.listdir(folder.parent) == ["chainrule-out"]
    assert all(name in done.stdout.splitlines()[-1] for name in FILES)
    for picture in folder.glob("*.png"):
        assert picture.read_bytes().startswith(b"\x89PNG\r\n")


def test_saved_model_has_the_printed_accuracy(trained):
    folder, _ = trained
    digits = dataset("digits")
    _, _, x, y = stratified_split(digits.x, digits.y, 0.2, 0)
    found = accuracy(y, cr.load(folder / "model.safetensors")(x).argmax(axis=1))
    assert found == score(folder)["accuracy"]


def test_history_has_every_epoch_and_the_configuration(trained):
    found = record(trained[0])
    assert len({len(curve) for curve in found["history"].values()}) == 1
    chosen = {"--optimizer": "adam", "--learning-rate": "0.001", "--hidden": "512",
              "--loss": "cross_entropy", "--batch-size": "32", "--patience": "–"}  # fmt: skip
    assert found["configuration"].items() >= chosen.items()
    assert found["versions"]["numpy"] == np.__version__


def test_outside_a_terminal_there_is_neither_progress_nor_colour(trained):
    _, done = trained
    assert done.stderr == "" and "\x1b" not in done.stdout


def test_layers_are_shown_before_training(trained):
    _, done = trained
    assert "Dense[64,512] relu" in done.stdout and "38,410" in done.stdout


def test_same_seed_writes_the_same_model_in_every_process(tmp_path, here, run):
    assert here(*SHORT, "--out", "a")[0] == 0
    assert run(*SHORT, "--out", "b").returncode == 0
    a, b = (tmp_path / name / "model.safetensors" for name in "ab")
    assert a.read_bytes() == b.read_bytes()


def test_what_was_in_the_folder_stays_and_is_not_claimed(tmp_path, here):
    (tmp_path / "notes.txt").write_text("mine")
    _, out, _ = here(*SHORT, "--out", ".")
    assert (tmp_path / "notes.txt").read_text() == "mine" and "notes.txt" not in out


def test_without_matplotlib_the_rest_is_written_all_the_same(tmp_path, here, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    status, _, err = here(*SHORT)
    folder = tmp_path / "chainrule-out"
    assert status == 0
    assert err == "chainrule: pictures need matplotlib: pip install 'chainrule[plot]'\n"
    assert sorted(os.listdir(folder)) == ["history.json", "model.safetensors", "report.html"]
    assert "they need matplotlib" in (folder / "report.html").read_text()


def test_quiet_prints_the_scores_alone(here):
    _, out, _ = here(*SHORT, "--quiet")
    assert out.startswith("held out") and len(out.splitlines()) == 4


# ---- tables and other sets -------------------------------------------------------------------


def test_table_of_numbers_and_text_is_learnt_and_its_columns_are_shown(tmp_path, here, houses):
    status, out, _ = here("train", houses, "--target", "price", "--drop", "id", "--drop", "weight")
    assert status == 0
    for line in ("2 values: Bern, Zürich", "area    number", "target, quantity", "as asked"):
        assert line in out
    found = record(tmp_path / "chainrule-out")["scores"]
    assert list(found) == ["network", "linear (ridge)", "mean"]
    assert found["network"]["r2"] > 0.98 and found["mean"]["r2"] < 0.01
    assert found["network"]["rmse"] < 8000  # in the units of the table
    assert "residuals.png" in os.listdir(tmp_path / "chainrule-out")


def test_preprocessing_is_fitted_on_the_part_to_learn_from_alone(tmp_path, here):
    """The largest number of all lies in the part held out, and the scale does not know it."""
    rows = 100
    y = np.arange(rows) % 2
    _, held_out = cr.data.split(rows, 0.2, 0, y)
    x = np.where(np.isin(np.arange(rows), held_out), 1e6, np.arange(rows) % 7)
    lines = [f"{a},{'ab'[b]}" for a, b in zip(x, y, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["x,y", *lines]))
    here("train", "t.csv", "--target", "y", "--epochs", "1")
    (column,) = read(tmp_path / "chainrule-out" / "model.safetensors").preprocessing.columns
    assert column.mean < 10


def test_weights_come_from_a_column_that_is_no_feature(tmp_path, here, houses):
    arguments = ("train", houses, "--target", "price", "--drop", "id", "--epochs", "2")
    _, out, _ = here(*arguments, "--weight-column", "weight", "--out", "a")
    assert "weight " not in out
    here(*arguments, "--drop", "weight", "--out", "b")
    a, b = (record(tmp_path / name)["history"]["loss"] for name in "ab")
    assert a != b


def test_set_that_is_too_small_is_scored_on_itself(tmp_path, here):
    _, out, _ = here("train", "xor")
    assert "none held out" in out and "on the samples themselves" in out
    assert score(tmp_path / "chainrule-out")["accuracy"] == 1
    assert "on the samples themselves" in (tmp_path / "chainrule-out" / "report.html").read_text()


def test_one_of_several_targets_is_learnt_where_the_others_are_left_out(tmp_path, here):
    options = ("--target", "target1", "--drop", "target2", "--drop", "target3")
    status, _, _ = here("train", "gates3", *options, "--task", "classification")
    assert status == 0 and score(tmp_path / "chainrule-out")["accuracy"] == 1


def test_arrays_in_a_file_are_learnt_and_stacks_of_images_drawn(tmp_path, here):
    digits = dataset("digits")
    images = (digits.x[:300].reshape(-1, 8, 8) * 255).astype(np.uint8)
    np.savez(tmp_path / "d.npz", x=images, y=digits.y[:300])
    status, out, _ = here("train", "d.npz", "--epochs", "5")
    assert status == 0 and "first-layer.png" in out
    assert score(tmp_path / "chainrule-out")["accuracy"] > 0.5


def test_set_with_a_test_part_of_its_own_is_not_divided(here, monkeypatch):
    from dataclasses import replace

    digits = dataset("digits")
    whole = replace(digits, x=digits.x[:200], y=digits.y[:200], test=(digits.x[:70], digits.y[:70]))
    monkeypatch.setattr(cr.data, "dataset", lambda text: whole)
    _, out, _ = here("train", "digits", "--epochs", "1", "--hidden", "4")
    assert "200 samples to learn from, 70 held out" in out


def test_set_that_has_to_be_brought_first_says_how(here, monkeypatch, tmp_path):
    monkeypatch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path / "none"))
    for name in ("mnist", "fashion-mnist", "adult"):
        status, _, err = here("train", name)
        assert status == 2 and f"chainrule data {name}" in err


# ---- options ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        ("--activation", "elu(alpha=0.5),tanh", "--hidden", "8,4"),
        ("--dropout", "0.2", "--batch-norm"),
        ("--initializer", "glorot", "--no-bias", "--dtype", "float64"),
        ("--loss", "cross_entropy(label_smoothing=0.1)", "--class-weight", "balanced"),
        ("--class-weight", "setosa=2,virginica=0.5", "--reduction", "sum"),
        ("--optimizer", "momentum(momentum=0.5)", "--learning-rate", "0.1"),
        ("--optimizer", "lbfgs(iterations=5)", "--batch-size", "all"),
        ("--schedule", "warmup(steps=3, then=cosine(end=0.1))", "--order", "replacement"),
        ("--penalty", "l2(strength=1e-3)", "--weight-decay", "0.01", "--average", "0.9"),
        ("--rate", "layers[0]=0.1", "--rate", "*.bias=0", "--clip-norm", "1", "--clip-value", "1"),
        ("--weight-decay", "0.1", "--decay", "layers[0]=0", "--rate", "layers[0]=0.5"),
        ("--batch-size", "0", "--patience", "1", "--min-delta", "0.5", "--drop-last"),
        ("--loss", "hinge", "--validation", "0", "--held-out", "0.5"),
    ],
    ids=lambda options: options[0],
)
def test_every_option_reaches_training(here, options):
    status, out, err = here("train", "iris", "--hidden", "4", "--epochs", "3", *options)
    assert status == 0, err
    assert "held out" in out


@pytest.mark.parametrize("loss", ["gaussian_nll", "huber(delta=0.5)", "poisson", "quantile"])
def test_losses_of_numbers_predict_in_the_units_of_the_table(tmp_path, here, loss):
    lines = [f"{i / 10},{3 + i}" for i in range(100)]
    (tmp_path / "t.csv").write_text("\n".join(["x,y", *lines]))
    status, _, err = here("train", "t.csv", "--target", "y", "--loss", loss, "--epochs", "300")
    assert status == 0, err
    assert score(tmp_path / "chainrule-out")["r2"] > 0.5
    status, out, err = here("predict", "chainrule-out/model.safetensors", "t.csv")
    told = [float(row["predicted y"]) for row in csv.DictReader(out.splitlines())]
    assert np.corrcoef(told, np.arange(100))[0, 1] > 0.9


def test_checkpoint_lets_a_run_go_on_with_the_bits_of_one_without_end(tmp_path, here):
    options = ("train", "iris", "--hidden", "4", "--checkpoint-every", "2")
    here(*options, "--epochs", "5", "--out", "a")
    assert (tmp_path / "a" / "run.checkpoint").exists()
    assert here(*options, "--epochs", "9", "--out", "a", "--resume")[0] == 0
    here(*options, "--epochs", "9", "--out", "b")
    a, b = (tmp_path / name / "model.safetensors" for name in "ab")
    assert a.read_bytes() == b.read_bytes()
    assert len(record(tmp_path / "a")["history"]["loss"]) == 9


def test_rate_and_decay_of_one_pattern_make_one_group():
    found = groups(["layers[0]=0.5", "*.bias=0"], ["layers[0]=2"])
    assert found == (Group("layers[0]", 0.5, 2.0), Group("*.bias", 0.0, None))
