"""`chainrule train` on tables as they are met: text, dates, gaps, and what is wrong with them."""

import csv
import json
import os

import numpy as np
import pytest

from chainrule.cli.recipe import seconds
from chainrule.save import read


pytestmark = pytest.mark.usefixtures("without_pictures")
ROWS = 150
SHORT = ("--epochs", "4", "--preset", "fast", "-q")


def lines_of(rows=ROWS):
    """A head, and rows whose target is known but for noise; a column of each kind, with gaps."""
    rng = np.random.default_rng(0)
    lines = ["row_id,age,city,joined,member,sold"]
    for row, (age, city, noise) in enumerate(rng.random((rows, 3))):
        town = ["Bern", "Zürich", "Genf, Stadt"][int(3 * city)]
        sold = "yes" if age + (town == "Bern") + noise > 1.2 else "no"
        shown = "" if row % 11 == 0 else f"{80 * age:.0f}"
        joined = f"20{row % 20:02}-0{row % 9 + 1}-15"
        lines.append(f'{row},{shown},"{town}",{joined},{row % 2 == 0},{sold}')
    return lines


@pytest.fixture
def write(tmp_path):
    """(name, lines) -> a file."""

    def call(name, lines):
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        return name

    return call


@pytest.fixture(scope="module")
def folder(tmp_path_factory, launch):
    """A folder with a model of the table and what its training printed."""
    folder = tmp_path_factory.mktemp("recipe")
    (folder / "t.csv").write_text("\n".join(lines_of()), encoding="utf-8")
    options = ("--target", "sold", "--preset", "fast", "--time", "60s", "--compare")
    done = launch("train", "t.csv", *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "out.txt").write_text(done.stdout, encoding="utf-8")
    return folder


@pytest.fixture
def model(folder):
    return folder / "chainrule-out" / "model.safetensors"


# ---- what a run says and leaves --------------------------------------------------------------


def test_columns_are_shown_with_kind_gaps_and_encoding(folder):
    out = (folder / "out.txt").read_text(encoding="utf-8")
    assert "96 rows to learn from, 24 to choose the epoch by, 30 held out; 2 classes of" in out
    table = {line.split()[0]: line for line in out.splitlines() if line and line[0] != " "}
    for name, told in {
        "row_id": "left out",
        "age": "%",
        "city": "3 values: Bern, Genf, Stadt, Zürich",
        "joined": "date",
        "member": "boolean",
        "sold": "2 classes: no, yes",
    }.items():
        assert told in table[name]


def test_network_stands_beside_boosted_trees_a_line_and_the_majority(folder):
    found = json.loads((folder / "chainrule-out" / "history.json").read_text())["scores"]
    assert list(found) == [
        "network", "boosted trees (scikit-learn)", "linear (logistic regression)", "majority class"
    ]  # fmt: skip
    assert found["network"]["accuracy"] > found["majority class"]["accuracy"]
    out = (folder / "out.txt").read_text(encoding="utf-8")
    assert "calibration: error" in out and "true \\ predicted  no  yes" in out


def test_report_has_importance_and_reliability(folder):
    page = (folder / "chainrule-out" / "report.html").read_text(encoding="utf-8")
    worth = page[page.index("<h2>Importance</h2>") : page.index("<h2>Reliability</h2>")]
    assert worth.index("age") < worth.index("joined") and "█" in worth and "row_id" not in worth
    assert "calibration: error" in page and "<th>sure</th>" in page.replace(' class="number"', "")


def test_model_predicts_evaluates_and_is_examined_as_any_other(folder, here, model):
    for command in (("evaluate", model, folder / "t.csv"), ("inspect", model),
                    ("doctor", model, "--data", folder / "t.csv")):  # fmt: skip
        status, _, err = here(*command)
        assert (status, err) == (0, ""), err
    _, out, _ = here("predict", model, folder / "t.csv", "--keep", "sold")
    rows = list(csv.DictReader(out.splitlines()))
    assert np.mean([row["sold"] == row["predicted sold"] for row in rows]) > 0.75


def test_numbers_are_learnt_with_residuals(tmp_path, here, write):
    lines = [line.rpartition(",")[0] for line in lines_of()]
    lines = [f"{x},{'price' if not k else 100 + k % 17}" for k, x in enumerate(lines)]
    status, out, err = here(
        "train", write("t.csv", lines), "--target", "price", "--task", "regression",
        "--preset", "fast", "--epochs", "4",
    )  # fmt: skip
    assert status == 0, err
    assert "residuals, true - predicted" in out and "linear (ridge)" in out
    assert "report.html" in os.listdir(tmp_path / "chainrule-out")


def test_same_seed_writes_the_same_model(tmp_path, here, write):
    file = write("t.csv", lines_of())
    for out in "ab":
        assert here("train", file, "--target", "sold", *SHORT, "--out", out)[0] == 0
    a, b = (tmp_path / name / "model.safetensors" for name in "ab")
    assert a.read_bytes() == b.read_bytes()


def test_class_weights_reach_training(tmp_path, here, write):
    file = write("t.csv", lines_of())
    arguments = ("train", file, "--target", "sold", *SHORT)
    here(*arguments, "--out", "a")
    assert here(*arguments, "--out", "b", "--class-weight", "yes=9")[0] == 0
    a, b = (json.loads((tmp_path / x / "history.json").read_text())["history"] for x in "ab")
    assert a["loss"] != b["loss"]


def test_preset_works_on_sets_by_name(here):
    status, out, _ = here("train", "iris", *SHORT)
    assert status == 0 and out.startswith("held out")


def test_option_that_shapes_a_network_trains_a_plain_one(tmp_path, here, write):
    file = write("t.csv", ["a,b,y", *(f"{k},{k % 3},{'xz'[k % 2]}" for k in range(60))])
    assert here("train", file, "--target", "y", "--hidden", "3", "--epochs", "1", "-q")[0] == 0
    found = read(tmp_path / "chainrule-out" / "model.safetensors")
    assert [type(layer).__name__ for layer in found.network.layers] == ["Dense", "Dense"]


@pytest.mark.parametrize(("text", "want"), [("90s", 90), ("2m", 120), ("1.5h", 5400), ("7", 7)])
def test_time_is_read(text, want):
    assert seconds(text) == want


# ---- bad input -------------------------------------------------------------------------------


def with_column(name, values):
    head, *rest = lines_of()
    return [
        f"{head},{name}",
        *(f"{line},{value}" for line, value in zip(rest, values, strict=True)),
    ]


REFUSED = {
    "target that is not there": (lines_of(), ["--target", "solde"], "did you mean 'sold'?"),
    "target missing everywhere": (with_column("y", [""] * ROWS), ["--target", "y"],
                                  "the target 'y' is missing in every row"),
    "one class": (with_column("y", ["a"] * ROWS), ["--target", "y"], "has one class only"),
    "infinity": (with_column("x", ["inf", *map(str, range(1, ROWS))]), ["--target", "sold"],
                 "column 'x' has inf in row 1"),
    "name twice": (with_column("age", map(str, range(ROWS))), ["--target", "sold"],
                   "two columns are named 'age'"),
    "unknown preset": (lines_of(), ["--target", "sold", "--preset", "fasst"],
                       "did you mean 'fast'"),
    "preset and hidden": (lines_of(), ["--target", "sold", "--preset", "fast", "--hidden", "9"],
                          "--preset fast and --hidden: a preset decides that itself"),
    "time and hidden": (lines_of(), ["--target", "sold", "--time", "9s", "--hidden", "9"],
                        "--time is for presets"),
    "no time": (lines_of(), ["--target", "sold", "--time", "soon"], "--time 'soon': expected"),
    "no class": (lines_of(), ["--target", "sold", "--class-weight", "maybe=2"], "no class 'maybe'"),
    "weights of text": (lines_of(), ["--target", "sold", "--weight-column", "city"],
                        "it holds text; expected numbers"),
    "column that is not there": (lines_of(), ["--target", "sold", "--drop", "town"],
                                 "no column 'town'"),
}  # fmt: skip

#: Columns that are learnt from or left out, and the word that says so.
TAKEN = {
    "all missing": ([""] * ROWS, "left out"),
    "constant": (["7"] * ROWS, "left out"),
    "many categories": ([f"c{k}" for k in range(ROWS)], "left out"),
    "mixed types": (["n/k" if k % 9 == 0 else str(k % 5) for k in range(ROWS)], "category"),
    "gaps": (["" if k % 3 else str(k) for k in range(ROWS)], "flag"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_learnt_is_refused_in_one_line(tmp_path, here, write, name):
    lines, options, message = REFUSED[name]
    status, out, err = here("train", write("t.csv", lines), *options)
    assert (status, out) == (2, "") and message in err and err.count("\n") == 1
    assert os.listdir(tmp_path) == ["t.csv"]


@pytest.mark.parametrize("name", TAKEN)
def test_column_as_it_is_met_is_taken_or_left_out(here, write, name):
    values, told = TAKEN[name]
    file = write("t.csv", with_column("new", values))
    status, out, err = here("train", file, "--target", "sold", *SHORT[:-1])
    assert status == 0, err
    (line,) = [line for line in out.splitlines() if line.startswith("new ")]
    assert told in line


def test_rows_without_a_target_are_left_out_with_a_warning(here, write):
    head, *rest = lines_of()
    rest[3:6] = [line.rpartition(",")[0] + "," for line in rest[3:6]]
    status, _, err = here("train", write("t.csv", [head, *rest]), "--target", "sold", *SHORT)
    assert status == 0
    assert err == f"chainrule: 3 of {ROWS} rows have no 'sold'; they are left out\n"


def test_class_of_one_row_is_learnt_with_a_warning(here, write):
    lines = [*lines_of(), "9999,50,Bern,2001-01-15,True,maybe"]
    status, _, err = here("train", write("t.csv", lines), "--target", "sold", *SHORT)
    assert status == 0 and "1 class has one row only, which is learnt from and never tested" in err


# ---- rows that differ from those learnt ------------------------------------------------------


def test_order_of_columns_does_not_matter_and_others_are_kept(here, model, write):
    one = write("a.csv", ["age,city,joined,member", "30,Bern,2004-05-15,True"])
    other = write("b.csv", ["new,member,joined,city,age", "x,True,2004-05-15,Bern,30"])
    first, second = (
        list(csv.DictReader(here("predict", model, file)[1].splitlines())) for file in (one, other)
    )
    assert first[0]["probability"] == second[0]["probability"] and second[0]["new"] == "x"


DIFFERENT = {
    "missing column": (["age,city,member", "30,Bern,True"], 2, "no column 'joined'"),
    "text for numbers": (["age,city,joined,member", "old,Bern,2004-05-15,True"], 2,
                         "column 'age' has the text 'old' in row 1, but numbers were learnt"),
    "infinity": (["age,city,joined,member", "inf,Bern,2004-05-15,True"], 2,
                 "'age' has inf in row 1"),
    "no rows": (["age,city,joined,member"], 2, "but no rows"),
    "category never seen": (["age,city,joined,member", "3,Basel,2004-05-15,True"], 0, "'Basel'"),
    "gaps everywhere": (["age,city,joined,member", ",,,"], 0, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENT)
def test_rows_that_differ_are_refused_or_predicted(here, model, write, name):
    lines, status, message = DIFFERENT[name]
    found, out, err = here("predict", model, write("new.csv", lines))
    assert found == status and message in err
    assert out.count("\n") == (0 if status else 2)
