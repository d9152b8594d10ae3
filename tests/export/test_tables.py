"""A model of a table is exported with what is done to its columns."""

import subprocess

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest

from chainrule import export, nn
from chainrule.cli.predictions import told
from chainrule.data import (
    Boolean,
    Category,
    Code,
    Date,
    Labels,
    Number,
    Preprocessing,
    Quantity,
    RobustNumber,
    Table,
    Words,
    as_table,
)
from chainrule.export.c_file import c_text
from chainrule.export.check import given_of
from chainrule.export.dates import days_of, parts_of_days
from chainrule.export.model import exported
from chainrule.save import ModelFile, read
from chainrule.tabular import TabularClassifier, TabularRegressor


PARTS = ("days", "year", "month", "weekday", "hour")

#: A column of each kind, with names and texts that a careless writer would not survive.
COLUMNS = (
    Number("mean */ height", 2.0, 3.0),
    Category("colour", ("red", '"gre\\en"', "??=blau", "gelb", "вишня")),
    RobustNumber("far", 1e9, 1e9 + 2, flagged=True),
    Code("city", ("Rome", "Oslo")),
    Code("code", ("7", "1.5", "100"), are_numbers=True, has_other=True),
    Code("street", ("a", "b", "c"), has_other=True),
    Boolean("is new"),
    Date("when", PARTS, (18000.0, 2020.0, 0.0, 0.0, 0.0), (18010.5, 2021.0, 6.0, 2.0, 9.0), True),
    RobustNumber("label", 0.0, 0.5),
)
WORDS = ("red", '"gre\\en"', "??=blau", "gelb", "вишня", "unseen", None)
ROWS = 200


def texts(rng, *words):
    return np.array([words[place] for place in rng.integers(len(words), size=ROWS)], object)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    gaps = rng.random((3, ROWS)) < 0.1
    days = rng.integers(-200_000, 80_000, ROWS) + rng.random(ROWS).round(6)
    when = (days * 86_400e6).astype(np.int64).astype("datetime64[us]")
    return Table(
        "rows",
        {
            "mean */ height": rng.normal(size=ROWS),
            "colour": texts(rng, *WORDS),
            "far": np.where(gaps[0], np.nan, 1e9 + rng.normal(size=ROWS)),
            "city": texts(rng, "Rome", "Oslo", "Wien", None),
            "code": rng.choice([7.0, 1.5, 100.0, 3.0, np.nan], ROWS),
            "street": texts(rng, "a", "b", "c", "d", None),
            "is new": texts(rng, "true", "False", "TRUE", None),
            "when": np.where(gaps[1], np.datetime64("NaT"), when),
            "label": np.where(gaps[2], np.nan, rng.random(ROWS)),
        },
    )


TARGETS = {
    "classes": (Labels("kind", ("a", "b", "c"), False), 3, "cross_entropy"),
    "yes or no": (Labels("kind", ("0", "2.5"), True), 1, "binary_cross_entropy"),
    "margins": (Labels("kind", ("no", "yes"), False), 2, "hinge"),
    "quantity": (Quantity("price", 100.0, 20.0), 1, "squared_error"),
    "logarithm": (Quantity("price", 2.0, 0.5, True), 1, None),
}
each_target = pytest.mark.parametrize("target", TARGETS)


@pytest.fixture
def model_of(table):
    """The name of a target -> a model of it with random weights, for all columns."""

    def make(target):
        kind, outputs, loss = TARGETS[target]
        preprocessing = Preprocessing(COLUMNS, kind)
        preprocessing.check()
        encode = nn.Encode.fit(preprocessing.features(table), preprocessing.sizes)
        dense = nn.mlp([encode.features[1], 16, outputs], "selu", rng=1)
        return ModelFile(nn.Sequential((encode, *dense.layers)), preprocessing, None, loss)

    return make


@each_target
def test_onnx_of_every_kind_of_column(target, table, model_of, tmp_path):
    model = model_of(target)
    export.onnx(model, tmp_path / "model.onnx")
    assert export.check(tmp_path / "model.onnx", model, table) < 1e-4


@each_target
def test_c_of_every_kind_of_column(target, table, model_of, tmp_path, compiler):
    model = model_of(target)
    export.c(model, tmp_path / "model.c")
    assert export.check(tmp_path / "model.c", model, table) < 1e-4


@pytest.fixture(scope="module")
def people():
    """A frame of numbers with a gap, and of categories of which there are many."""
    rng = np.random.default_rng(0)
    age = np.where(np.arange(120) == 3, np.nan, rng.normal(40, 10, 120))
    return pd.DataFrame({"age": age, "city": rng.choice([f"v{i}" for i in range(20)], 120)})


@pytest.mark.parametrize("preset", ["fast", "accurate", "tabm", "ensemble"])
@pytest.mark.parametrize("form", ["onnx", "c"])
def test_estimators_of_every_recipe(preset, form, people, tmp_path, compiler):
    y = np.where(people["age"].fillna(40) > 40, "old", "young")
    small = {"epochs": 1, "hidden_layer_sizes": (8,), "backend": "numpy"}
    fitted = TabularClassifier(preset=preset, **small).fit(people, y)
    fitted.save(tmp_path / "model.safetensors")
    model = read(tmp_path / "model.safetensors")
    path = tmp_path / f"model.{form}"
    getattr(export, form)(model, path)
    assert export.check(path, model, people) < 1e-5
    found = exported(model)
    table = as_table(people)
    shares = found.head(found.network(model.preprocessing.features(table)))
    np.testing.assert_allclose(shares, fitted.predict_proba(people), atol=1e-5)


def test_several_targets_are_all_predicted(people, tmp_path, compiler):
    y = np.stack([people["age"].fillna(40), people["age"].fillna(40) * 100], axis=1)
    small = {"epochs": 1, "hidden_layer_sizes": (8,), "backend": "numpy"}
    fitted = TabularRegressor(preset="fast", **small).fit(people, y)
    fitted.save(tmp_path / "model.safetensors")
    model = read(tmp_path / "model.safetensors")
    for path in (tmp_path / "model.onnx", tmp_path / "model.c"):
        getattr(export, path.suffix[1:])(model, path)
        assert export.check(path, model, people) < 1e-2
    found = exported(model)
    numbers = found.head(found.network(model.preprocessing.features(as_table(people))))
    np.testing.assert_allclose(numbers, fitted.predict(people), rtol=1e-5)


def test_check_is_against_what_people_are_told(table, model_of):
    """The probabilities and the units are those of the command line."""
    for target in TARGETS:
        model = model_of(target)
        x = model.preprocessing.features(table)
        wanted = told(model.network, x, model.preprocessing, model.loss)
        found = exported(model)
        np.testing.assert_allclose(found.head(found.network(x)), wanted, rtol=1e-4, atol=1e-6)


def test_inputs_are_the_columns_and_classes_have_labels(model_of, table, tmp_path):
    export.onnx(model_of("classes"), tmp_path / "model.onnx")
    graph = onnx.load(tmp_path / "model.onnx").graph
    kinds = {one.name: one.type.tensor_type.elem_type for one in graph.input}
    are_text = {"colour", "city", "street", "is new"}
    text, number = onnx.TensorProto.STRING, onnx.TensorProto.DOUBLE
    assert kinds == {c.name: text if c.name in are_text else number for c in COLUMNS}
    # A column is called label: the output makes way.
    assert [one.name for one in graph.output] == ["label_2", "probabilities"]


@pytest.mark.parametrize(
    ("target", "values"), [("classes", {"a", "b", "c"}), ("yes or no", {0, 2.5})]
)
def test_label_is_the_value_of_the_most_probable_class(target, values, model_of, table, tmp_path):
    model = model_of(target)
    export.onnx(model, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    found = exported(model)
    given = {
        one.name: array for one, array in zip(found.inputs, given_of(found, table), strict=True)
    }
    labels, shares = session.run(None, given)
    assert shares.shape == (ROWS, len(values))
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    wanted = model.preprocessing.target.decode(shares.argmax(axis=1))
    assert labels.tolist() == wanted.tolist()
    assert set(labels) == values


def test_c_with_hostile_texts_compiles_without_a_warning(compiled, model_of):
    compiled(c_text(exported(model_of("classes")), "model"))


MAIN = """
#include <stdio.h>
int main(void)
{
    const double numbers[10] = {1, 1e9, 7, NAN, NAN, -1e300, NAN, NAN, 20000.5, 1};
    const char *const texts[8] = {"red", NULL, "d", "TRUE", "", "Wien", NULL, "x"};
    float out[6];
    model_predict_rows(numbers, texts, out, 2);
    return out[0] > 0 ? 0 : 1;
}
"""


def test_sanitizers_find_nothing(compiler, model_of, tmp_path):
    (tmp_path / "main.c").write_text(c_text(exported(model_of("classes")), "model") + MAIN)
    flags = ("-std=c99", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    command = [compiler, *flags, "-o", "main", "main.c", "-lm"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    if "cannot find" in done.stderr:
        pytest.skip("the compiler has no sanitizers")
    assert done.returncode == 0, done.stderr
    ran = subprocess.run([tmp_path / "main"], capture_output=True)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("write", [export.onnx, export.c])
def test_hashed_words_are_refused_by_the_name_of_their_column(write, tmp_path):
    preprocessing = Preprocessing((Words("note", 4),), Quantity("price", 0.0, 1.0))
    model = ModelFile(nn.mlp([4, 1], rng=0), preprocessing, None, None)
    with pytest.raises(ValueError, match=r"column 'note' \(text\) has no form in plain operators"):
        write(model, tmp_path / "model.out")
    assert not list(tmp_path.iterdir())


def test_parts_of_a_date_are_those_of_the_calendar(rng):
    """From 1000 to 2999, and each day around the ends of months and leap years."""
    days = np.concatenate([rng.integers(-354_285, 376_200, 5000), np.arange(10_900, 12_500)])
    moments = ((days + rng.random(len(days)).round(3)) * 86_400e6).astype("datetime64[us]")
    record = Date("when", PARTS, (0.0,) * 5, (0.0,) * 5)
    wanted = record.encode(moments)
    found = parts_of_days(days_of(record, moments))
    for place, part in enumerate(PARTS):
        np.testing.assert_allclose(found[part], wanted[:, place], rtol=1e-6, atol=1e-6)
