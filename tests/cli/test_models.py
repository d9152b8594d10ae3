"""What can be done with a model file: predict, evaluate, inspect, draw, explain, gradcheck."""

import csv
import hashlib
import os
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.ops import PRIMITIVES
from chainrule.save import read


ROWS = """note;a;kind;b;sold
007;1.50;x;2;yes
=1+1; 2;y;3e0;no
\x1b]0;title\x07;3;x;4;yes
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, launch):
    """A folder with models of iris and of a table of 60 rows, trained from the command line."""
    folder = tmp_path_factory.mktemp("models")
    rng = np.random.default_rng(0)
    lines = ["a,kind,b,sold"]
    for a, b in rng.uniform(0, 4, (60, 2)):
        lines.append(f"{a:.3f},{'xy'[int(b > 2)]},{b:.3f},{'yes' if a + b > 4 else 'no'}")
    (folder / "sold.csv").write_text("\n".join(lines))
    short = ("--epochs", "200", "--hidden", "3", "--activation", "tanh", "-q")
    for name, *data in (
        ("iris", "iris"),
        ("sold", "sold.csv", "--target", "sold", "--loss", "binary_cross_entropy"),
        ("diabetes", "diabetes"),
    ):
        done = launch("train", *data, *short, "--out", name, cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def model(folder):
    return lambda name: folder / name / "model.safetensors"


def rows(text):
    return list(csv.DictReader(text.splitlines()))


# ---- predict ---------------------------------------------------------------------------------


def test_predictions_stand_beside_the_rows_as_they_were(tmp_path, here, model):
    (tmp_path / "new.csv").write_text(ROWS.replace("\x1b]0;title\x07", "z"))
    status, out, _ = here("predict", model("sold"), "new.csv")
    found = rows(out)
    assert status == 0
    assert [row["note"] for row in found] == ["007", "=1+1", "z"]
    assert [row["a"] for row in found] == ["1.50", "2", "3"]
    assert list(found[0]) == ["note", "a", "kind", "b", "sold", "predicted sold", "probability"]
    assert {row["predicted sold"] for row in found} <= {"yes", "no"}


def test_prediction_is_the_class_with_the_largest_probability(here, model):
    _, out, _ = here("predict", model("iris"), "iris", "--proba")
    names = ["setosa", "versicolor", "virginica"]
    for row in rows(out):
        shares = {name: float(row[f"probability of {name}"]) for name in names}
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
        assert row["predicted class"] == max(shares, key=lambda name: shares[name])
        assert float(row["probability"]) == max(shares.values())


def test_one_output_gives_the_probabilities_of_both_classes(here, folder, model):
    _, out, _ = here("predict", model("sold"), folder / "sold.csv", "--proba")
    found = rows(out)
    for row in found:
        assert float(row["probability of yes"]) + float(row["probability of no"]) == pytest.approx(
            1, abs=1e-5
        )
    assert np.mean([row["predicted sold"] == row["sold"] for row in found]) > 0.8


def test_numbers_are_predicted_in_the_units_of_the_table(here, model):
    _, out, _ = here("predict", model("diabetes"), "diabetes")
    told = np.array([float(row["predicted target"]) for row in rows(out)])
    assert 100 < told.mean() < 200


def test_predictions_are_those_of_the_network(here, model):
    _, out, _ = here("predict", model("iris"), "iris", "--proba")
    found = read(model("iris"))
    iris = cr.data.dataset("iris")
    table = cr.data.Table("iris", dict(zip(iris.features, iris.x.T, strict=True)))
    want = cr.softmax(found.network(found.preprocessing.features(table)))
    got = [float(row["probability of setosa"]) for row in rows(out)]
    np.testing.assert_allclose(got, want[:, 0], rtol=1e-5)


def test_predictions_are_written_to_a_file_whole(tmp_path, here, model):
    (tmp_path / "p.csv").write_text("old")
    assert here("predict", model("iris"), "iris", "-o", "p.csv")[:2] == (0, "")
    assert len(rows((tmp_path / "p.csv").read_text())) == 150
    assert os.listdir(tmp_path) == ["p.csv"]


def test_text_is_neutralised_for_spreadsheets_on_request_alone(tmp_path, here, model):
    (tmp_path / "new.csv").write_text('note,a,kind,b\n=1+1,-1,x,2\n"@x, y",1,y,2\n')
    plain, safe = (rows(here("predict", model("sold"), "new.csv", *options)[1])
                   for options in ([], ["--safe"]))  # fmt: skip
    assert [row["note"] for row in plain] == ["=1+1", "@x, y"]
    assert [row["note"] for row in safe] == ["'=1+1", "'@x, y"]
    assert [row["a"] for row in safe] == ["-1", "1"]


def test_value_that_was_never_seen_is_told(tmp_path, launch, model):
    (tmp_path / "new.csv").write_text("a,kind,b\n1,never,2\n")
    done = launch("predict", model("sold"), "new.csv", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == (
        "chainrule: column 'kind': 1 values not seen in training, such as 'never'\n"
    )


# ---- evaluate, inspect -----------------------------------------------------------------------


def test_evaluate_shows_metrics_and_mistakes(here, model):
    status, out, _ = here("evaluate", model("iris"), "iris")
    lines = [line.split() for line in out.splitlines() if line]
    assert status == 0 and lines[0][:3] == ["iris:", "150", "rows,"]
    assert float(lines[2][1].rstrip("%")) > 85 and lines[3][0] == "log-loss"
    counts = np.array([line[1:] for line in lines[-3:]], int)
    assert counts.sum(axis=1).tolist() == [50, 50, 50]


def test_evaluate_scores_numbers_in_their_units(here, model):
    _, out, _ = here("evaluate", model("diabetes"), "diabetes")
    (rmse,) = [line.split()[1] for line in out.splitlines() if line.startswith("RMSE")]
    assert 40 < float(rmse) < 75


def test_evaluate_without_the_target_says_so(tmp_path, here, model):
    (tmp_path / "new.csv").write_text("a,kind,b\n1,x,2\n")
    status, _, err = here("evaluate", model("sold"), "new.csv")
    assert status == 2 and "no column 'sold'" in err


def test_inspect_shows_layers_preprocessing_checksum_and_version(here, model):
    status, out, _ = here("inspect", model("sold"))
    content = model("sold").read_bytes()
    (digest,) = [word for word in out.split() if len(word) == 64]
    zeros = content.replace(digest.encode(), b"0" * 64)
    assert status == 0 and hashlib.sha256(zeros).hexdigest() == digest
    for told in ("Dense[4,3] tanh", f"{len(content):,} bytes", f"chainrule {cr.__version__}",
                 "kind    category", "2 classes: no, yes"):  # fmt: skip
        assert told in out


def test_inspect_prints_the_graph(here, model):
    _, out, _ = here("inspect", model("iris"), "--graph")
    assert out.rstrip() == str(read(model("iris")).graph)


def test_inspect_shows_a_network_without_preprocessing(tmp_path, here):
    cr.save(nn.mlp([2, 3, 1], rng=0), tmp_path / "m")
    status, out, _ = here("inspect", "m")
    assert status == 0 and "Dense[2,3] relu" in out and "no preprocessing" in out


@pytest.mark.parametrize("command", ["inspect", "draw", "predict", "evaluate"])
def test_damaged_model_is_refused(tmp_path, here, model, command):
    content = bytearray(model("iris").read_bytes())
    content[-5] ^= 1
    (tmp_path / "m").write_bytes(content)
    more = {"draw": ["-o", "a.svg"], "predict": ["iris"], "evaluate": ["iris"]}.get(command, [])
    status, out, err = here(command, "m", *more)
    assert status == 2 and out == "" and "checksum" in err and err.count("\n") == 1


# ---- draw ------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [[], ["--graph"]], ids=["network", "graph"])
def test_drawing_is_svg_or_dot_by_the_suffix(tmp_path, here, model, options):
    for name in ("a.svg", "a.dot"):
        assert here("draw", model("iris"), "-o", name, *options)[0] == 0
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "a.dot").read_text().startswith("digraph")


def test_network_is_drawn_with_the_names_of_features_and_classes(tmp_path, here, model):
    here("draw", model("iris"), "-o", "a.svg")
    text = " ".join(ElementTree.parse(tmp_path / "a.svg").getroot().itertext())
    assert "petal width (cm)" in text and "virginica" in text


def test_one_output_for_two_classes_bears_the_name_of_the_second(tmp_path, here, model):
    here("draw", model("sold"), "-o", "a.dot")
    assert "yes" in (tmp_path / "a.dot").read_text()


def test_drawing_of_another_kind_is_refused(tmp_path, here, model):
    status, _, err = here("draw", model("iris"), "-o", "a.png")
    assert status == 2 and ".svg or .dot" in err and not os.listdir(tmp_path)


# ---- explain, gradcheck ----------------------------------------------------------------------


def test_explain_works_out_forward_and_backward_of_one_row(here, model):
    status, out, _ = here("explain", model("iris"), "iris", "--row", "51")
    assert status == 0
    for told in ("Given", "Forward", "Backward", "y = [1]", "∂f/∂net.layers[0].weight = "):
        assert told in out


def test_explain_without_the_target_works_out_the_forward_pass(tmp_path, here, model):
    (tmp_path / "new.csv").write_text("a,kind,b\n1,x,2\n")
    _, out, _ = here("explain", model("sold"), "new.csv")
    assert "Forward" in out and "Backward" not in out


def test_explain_names_the_rows_there_are(here, model):
    status, _, err = here("explain", model("iris"), "iris", "--row", "151")
    assert status == 2 and "--row 151: iris has the rows 1 to 150" in err


def test_explain_refuses_a_network_too_large_to_be_written_down(here):
    assert here("train", "iris", "--epochs", "1", "-q", "--out", "large")[0] == 0
    status, _, err = here("explain", "large/model.safetensors", "iris")
    assert status == 2 and "4,675 parameters are too many" in err and "--hidden 3" in err


@pytest.mark.parametrize("name", ["iris", "diabetes"])
def test_gradcheck_finds_the_gradient_right(here, model, name):
    status, out, _ = here("gradcheck", model(name), name, "--rows", "10")
    assert status == 0 and "of 10 rows: largest relative error" in out and "is right" in out
    assert "net.layers[0].weight" in out


def test_gradcheck_finds_a_wrong_gradient_and_ends_with_status_1(here, model, monkeypatch):
    wrong = cr.elementwise(
        "wrong", lambda x: x**2, lambda out, x: 3 * x, doc="", notation=cr.square.notation
    )
    del PRIMITIVES["wrong"]  # of all primitives the next test finds those that there were
    row = nn.Loss("wrong", lambda z, y: cr.sum(wrong(z), axis=-1))
    monkeypatch.setitem(nn.LOSSES, "wrong", row)
    status, out, _ = here("gradcheck", model("iris"), "iris", "--loss", "wrong")
    assert status == 1 and "the gradient is WRONG" in out


def test_gradcheck_tells_a_kink_from_a_mistake(here, tmp_path, model):
    """The sums of a relu are 0 for a row: there its two-sided difference is half its slope."""
    found = read(model("iris"))
    net = nn.mlp([4, 3, 3], "relu", rng=0)
    cr.save(net, tmp_path / "m", preprocessing=found.preprocessing)
    means = [column.mean for column in found.preprocessing.columns]
    names = [column.name for column in found.preprocessing.columns]
    lines = [",".join([*names, "class"]), ",".join([*map(repr, means), "setosa"])]
    (tmp_path / "mean.csv").write_text("\n".join(lines))
    status, out, _ = here("gradcheck", "m", "mean.csv")
    assert status == 0 and "(rounding, or a kink)" in out and "the gradient is right" in out


def test_model_without_preprocessing_cannot_take_rows(tmp_path, here):
    cr.save(nn.mlp([4, 3], rng=0), tmp_path / "m")
    status, _, err = here("evaluate", "m", "iris")
    assert status == 2 and "does not say how rows are encoded" in err


def test_model_whose_graph_alone_is_known_is_drawn_as_its_graph(tmp_path, here):
    net = nn.mlp([2, 3, 1], rng=0)
    own = replace(net, layers=(*net.layers, nn.activation(lambda x: cr.exp(x))))
    cr.save(own, tmp_path / "m", x=cr.ArrayType((cr.BATCH, 2), "float32"))
    status, _, err = here("draw", "m", "-o", "a.svg")
    assert status == 2 and "--graph draws it" in err
    assert here("draw", "m", "-o", "a.svg", "--graph")[0] == 0
    assert "GraphNetwork" in here("inspect", "m")[1]


# ---- what evaluate says beside the metrics ---------------------------------------------------


def test_evaluate_says_whether_probabilities_can_be_believed(here, model):
    _, out, _ = here("evaluate", model("iris"), "iris")
    (line,) = [line for line in out.splitlines() if line.startswith("calibration: error ")]
    assert "Brier score 0." in line and "sure on average and" in line and "% right:" in line
    for metric in ("balanced accuracy", "AUC", "Brier score"):
        assert metric in out


def test_evaluate_shows_where_residuals_lie(here, model):
    _, out, _ = here("evaluate", model("diabetes"), "diabetes")
    (line,) = [line for line in out.splitlines() if line.startswith("residuals")]
    shown = [float(part.split()[0]) for part in line.split(": ")[1].split(", ")]
    assert shown == sorted(shown) and shown[0] < 0 < shown[-1]
    assert "MAE" in out and "(5%)" in line and "(95%)" in line
