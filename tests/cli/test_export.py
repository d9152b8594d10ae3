"""`chainrule export`: models for other programs, checked on rows."""

import re
import shutil

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn


has_compiler = any(map(shutil.which, ("cc", "gcc", "clang")))
each_form = pytest.mark.parametrize(
    "form",
    [
        "onnx",
        pytest.param(
            "c", marks=pytest.mark.skipif(not has_compiler, reason="there is no C compiler")
        ),
    ],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table with text, the model that was trained on it, and one that takes arrays."""
    folder = tmp_path_factory.mktemp("export")
    rng = np.random.default_rng(0)
    lines = ["a,kind,b,sold"]
    for a, b in rng.uniform(0, 4, (80, 2)):
        lines.append(f"{a:.3f},{'xyz'[int(a + b) % 3]},{b:.3f},{'yes' if a > b else 'no'}")
    (folder / "sold.csv").write_text("\n".join(lines))
    table = cr.data.read_table(folder / "sold.csv")
    prepared = cr.data.Preprocessing.fit(table, "sold")
    network = nn.mlp([len(prepared.feature_names), 8, 2], "tanh", rng=0)
    x, y = prepared.features(table), prepared.targets(table)
    fitted = cr.train.fit(network, x, y, loss="cross_entropy", epochs=20, backend="numpy")
    path = folder / "sold.safetensors"
    cr.save(fitted.best, path, preprocessing=prepared, loss="cross_entropy")
    cr.save(nn.mlp([3, 2], rng=0), folder / "plain.safetensors")
    np.savez(folder / "rows.npz", x=rng.normal(size=(7, 3)).astype(np.float32), y=np.zeros(7))
    return folder


@each_form
def test_model_of_a_table_is_written_and_checked_on_its_rows(form, folder, here, tmp_path):
    target = tmp_path / f"sold.{form}"
    status, out, err = here("export", folder / "sold.safetensors", form, "-o", target,
                            "--data", folder / "sold.csv")  # fmt: skip
    assert (status, err) == (0, "")
    written, checked = out.splitlines()
    assert written == f"written to {target}: {target.stat().st_size:,} bytes"
    rows, difference = re.fullmatch(r"largest difference on (\d+) rows: (\S+)", checked).groups()
    assert rows == "80"
    assert float(difference) < 1e-6


@each_form
def test_model_of_arrays_is_checked_on_the_rows_of_an_npz(form, folder, here):
    data = ("--data", folder / "rows.npz")
    status, out, _ = here("export", folder / "plain.safetensors", form, *data)
    assert status == 0
    assert (folder / f"plain.{form}").is_file(), "by default the file lies beside the model"
    assert "largest difference on 7 rows: " in out


def test_without_rows_nothing_is_checked_and_that_is_said(folder, here, tmp_path):
    status, out, _ = here("export", folder / "sold.safetensors", "c", "-o", tmp_path / "one.c")
    assert status == 0
    assert "not checked: --data FILE" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sold.safetensors", "onxx"], "unknown form 'onxx'; did you mean 'onnx'?"),
        (["sold.safetensors", "c", "-o", "model.txt"], "expected a name that ends in .c"),
        (["none.safetensors", "c"], "none.safetensors: No such file"),
        (["sold.csv", "onnx"], "sold.csv: "),
        (["plain.safetensors", "c", "--data", "iris"], "expected a .npz with x and y"),
        (["sold.safetensors", "onnx", "--data", "rows.npz"], "rows.npz: no column"),
    ],
)
def test_bad_input_is_one_line_and_status_2(arguments, told, folder, here, tmp_path):
    for name in ("sold.safetensors", "plain.safetensors", "sold.csv", "rows.npz"):
        shutil.copy(folder / name, tmp_path / name)
    status, out, err = here("export", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("chainrule: ")
    assert told in err
    assert err.count("\n") == 1
    assert not {path.suffix for path in tmp_path.iterdir()} & {".c", ".onnx", ".txt"}


def test_file_of_before_stays_where_the_new_one_cannot_be_written(folder, here, tmp_path):
    preprocessing = cr.data.Preprocessing(
        (cr.data.Words("note", 3),), cr.data.Quantity("price", 0.0, 1.0)
    )
    cr.save(nn.mlp([3, 1], rng=0), tmp_path / "m.safetensors", preprocessing=preprocessing)
    (tmp_path / "m.onnx").write_text("old")
    status, _, err = here("export", "m.safetensors", "onnx")
    assert status == 2
    assert "column 'note' (text) has no form in plain operators" in err
    assert (tmp_path / "m.onnx").read_text() == "old"
