"""Bad input: one line that says what is wrong, status 2, and nothing written or damaged."""

import errno
import os
import subprocess
import sys

import numpy as np
import pytest

from chainrule import files


#: Files that cannot be learnt from, and what is said of each.
TABLES = {
    "ragged.csv": (b"a,b,y\n1,2,x\n1,2\n", "ragged.csv:3: 2 fields, but there are 3 columns"),
    "latin.csv": ("a,y\n1,é\n".encode("latin-1"), "latin.csv:2: the byte 0xe9 is not UTF-8"),
    "utf16.csv": ("a,y\n1,2\n".encode("utf-16"), "utf16.csv:1: "),
    "zero.csv": (b"a,y\n1,\0\n", "zero.csv:2: a zero byte"),
    "empty.csv": (b"", "empty.csv: it is empty"),
    "head.csv": (b"a,y\n", "head.csv: it has names of columns, but no rows"),
    "quote.csv": (b'a,y\n1,"x\n2,z\n', "quote.csv:"),
    "twice.csv": (b"y,y\n1,2\n3,4\n", "two columns are named 'y'"),
    "nameless.csv": (b"a,,y\n1,2,3\n", "column 2 has no name"),
    "one-class.csv": (b"a,y\n1,x\n2,x\n3,x\n", "has one class only"),
    "all-missing.csv": (b"a,y\n1,\n2,\n", "the target 'y' is missing in every row"),
    "infinity.csv": (b"a,y\n1,x\ninf,z\n2,x\n", "column 'a' has inf in row 2"),
    "huge.csv": (b"a,y\n1,x\n1e400,z\n2,x\n", "column 'a' has inf in row 2"),
    "no-target.csv": (b"a,b\n1,x\n2,z\n", "no column 'y'"),
    "names.csv": (
        b"name,y\n" + b"".join(b"n%d,%d\n" % (i, i % 2) for i in range(2000)),
        "no column to learn from: 'name'",
    ),
    "constant.csv": (b"a,y\n" + b"1,x\n1,z\n" * 60, "no column to learn from: 'a'"),
    "page.csv": (b"<!doctype html>\n<title>404</title>\n", "no column 'y'"),
    "zip.csv": (b"PK\x03\x04\x00\x00", "zip.csv:1: a zero byte"),
    "text.parquet": (b"a,y\n1,x\n2,z\n", "no readable Parquet file"),
    "table.parquet": (b"PAR1 but not really", "no readable Parquet file"),
    "arrays.npz": (b"PK but not really", "no readable .npz file"),
}

SETTINGS = [
    (["digit"], "unknown data set 'digit'; did you mean 'digits'?"),
    (["iris", "--hidden", "10,x"], "--hidden '10,x': expected whole numbers above 0"),
    (["iris", "--hidden", "10,,5"], "--hidden '10,,5'"),
    (["iris", "--hidden", "-3"], "--hidden '-3'"),
    (["iris", "--hidden", "9" * 12], "Unable to allocate"),
    (["iris", "--activation", "rely"], "unknown activation 'rely'; did you mean 'relu'?"),
    (["iris", "--hidden", "", "--activation", "rely"], "did you mean 'relu'?"),
    (["iris", "--activation", "relu,tanh,elu"], "3 activations for 2 hidden layers"),
    (["iris", "--initializer", "glorott"], "did you mean 'glorot"),
    (["iris", "--optimizer", "adan"], "unknown optimizer 'adan'; did you mean 'adam'?"),
    (["iris", "--optimizer", "adam(beta3=1)"], "did you mean 'beta"),
    (["iris", "--optimizer", "lbfgs", "--learning-rate", "1"], "learning_rate"),
    (["iris", "--learning-rate", "-1"], "-1.0; expected a number above 0"),
    (["iris", "--learning-rate", "nan"], "nan; expected a number above 0"),
    (["iris", "--schedule", "cosin"], "did you mean 'cosine'?"),
    (["iris", "--penalty", "l3"], "unknown penalty 'l3'"),
    (["iris", "--loss", "cross_entropi"], "did you mean 'cross_entropy'?"),
    (["iris", "--loss", "huber"], "--loss huber does not fit the target 'class', 3 classes"),
    (["diabetes", "--loss", "hinge"], "--loss hinge does not fit the target 'target'"),
    (["iris", "--loss", "binary_cross_entropy"], "with 3 classes; use cross_entropy"),
    (["iris", "--dropout", "1.5"], "1.5"),
    (["iris", "--dtype", "float16"], "float16"),
    (["iris", "--reduction", "max"], "unknown reduction 'max'"),
    (["iris", "--order", "sorted"], "unknown order 'sorted'"),
    (["iris", "--epochs", "0"], "epochs is 0; expected a whole number from 1"),
    (["iris", "--batch-size", "-1"], "--batch-size '-1': expected a whole number from 1, or all"),
    (["iris", "--patience", "0"], "patience is 0"),
    (["iris", "--average", "1"], "average is 1"),
    (["iris", "--clip-norm", "0"], "clip_norm is 0"),
    (["iris", "--weight-decay", "-1"], "weight_decay is -1"),
    (["iris", "--rate", "layers[9]=0.1"], "no parameter matches the group 'layers[9]'"),
    (["iris", "--rate", "layers[0]"], "--rate 'layers[0]': expected PATTERN=FACTOR"),
    (["iris", "--decay", "*.bias=x"], "--decay '*.bias=x': expected PATTERN=FACTOR"),
    (["iris", "--class-weight", "rose=2"], "no class 'rose' (there are: setosa"),
    (["iris", "--class-weight", "setosa"], "expected CLASS=WEIGHT"),
    (["diabetes", "--class-weight", "balanced"], "the target is a number, which has no classes"),
    (["iris", "--checkpoint-every", "often"], "--checkpoint-every 'often': expected a number of"),
    (["iris", "--held-out", "1.5"], "a share of 1.5 held out"),
    (["iris", "--validation", "1"], "validation is 1.0; expected a share between 0 and 1"),
    (["iris", "--seed", "-1"], "seed -1"),
    (["iris", "--task", "clustering"], "expected classification or regression"),
    (["iris", "--target", "clas"], "no column 'clas'; did you mean 'class'?"),
    (["iris", "--drop", "petals"], "no column 'petals'"),
    (["iris", "--drop", "class"], "the target 'class' cannot be left out"),
    (["iris", "--weight-column", "class"], "it holds text; expected numbers"),
    (["gates3"], "--target COLUMN (there are: x1, x2, target1, target2, target3)"),
    (["none.csv"], "there is no such file"),
    (["none.npz"], "none.npz: there is no such file"),
    (["a-file"], "a-file: expected a name that ends in .csv"),
    (["iris", "--out", "a-file"], "--out a-file: a-file is a file, expected a folder"),
    (["iris", "--out", "a-file/b/c"], "--out a-file/b/c: a-file is a file"),
    (["digits", "--learning-rate", "1e12", "--optimizer", "sgd"], "learning rate of 1e+11"),
]


def is_one_line(err):
    return err.startswith("chainrule: ") and err.count("\n") == 1


@pytest.mark.parametrize("name", TABLES)
def test_data_that_cannot_be_learnt_from_are_refused_with_the_place(tmp_path, here, name):
    content, message = TABLES[name]
    (tmp_path / name).write_bytes(content)
    status, out, err = here("train", name, "--target", "y")
    assert (status, out) == (2, "")
    assert is_one_line(err) and message in err
    assert os.listdir(tmp_path) == [name] and (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize(("arguments", "message"), SETTINGS, ids=[" ".join(x) for x, _ in SETTINGS])
def test_setting_that_cannot_be_is_refused(tmp_path, here, arguments, message):
    (tmp_path / "a-file").write_text("kept")
    status, _, err = here("train", *arguments)
    assert status == 2
    assert is_one_line(err) and message in err
    assert os.listdir(tmp_path) == ["a-file"] and (tmp_path / "a-file").read_text() == "kept"


def test_table_without_a_target_names_its_columns(tmp_path, here):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4\n")
    status, _, err = here("train", "t.csv")
    assert status == 2 and "--target COLUMN (there are: a, b)" in err


@pytest.mark.parametrize("label", [7, -1])
def test_labels_of_arrays_are_classes_whatever_their_numbers(tmp_path, here, label):
    x = np.arange(120.0).reshape(60, 2)
    np.savez(tmp_path / "d.npz", x=x, y=np.where(np.arange(60) % 2, label, 0))
    status, out, _ = here("train", "d.npz", "--epochs", "1")
    assert status == 0 and "2 classes" in out


def test_arrays_of_another_form_are_refused(tmp_path, here):
    np.savez(tmp_path / "d.npz", x=np.ones((4, 2)), y=np.ones((4, 3)))
    status, _, err = here("train", "d.npz")
    assert status == 2 and "y has shape (4, 3)" in err


def test_class_that_was_not_learnt_is_refused_when_scored(tmp_path, here):
    assert here("train", "xor", "--epochs", "1", "-q")[0] == 0
    (tmp_path / "t.csv").write_text("x1,x2,class\n0,1,2\n")
    status, _, err = here("evaluate", "chainrule-out/model.safetensors", "t.csv")
    assert status == 2 and "the class '2' in row 1 was not among those learnt" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "Missing argument"),
        (["train", "digits", "--epochs", "ten"], "--epochs"),
        (["train", "digits", "--epoch", "10"], "--epoch"),
        (["trian"], "trian"),
        (["predict", "m"], "Missing argument"),
        (["draw", "m"], "--out"),
    ],
)
def test_command_that_cannot_be_read_is_explained_with_status_2(here, arguments, message):
    status, out, err = here(*arguments)
    assert status == 2 and out == "" and message in err


@pytest.mark.parametrize("command", ["predict", "evaluate", "inspect", "draw", "explain"])
def test_model_that_is_not_there_is_named(tmp_path, here, command):
    more = {"inspect": [], "draw": ["-o", "a.svg"]}.get(command, ["iris"])
    status, _, err = here(command, "none.safetensors", *more)
    assert status == 2 and err == "chainrule: none.safetensors: No such file or directory\n"


def test_mistake_shows_no_traceback_to_a_user(tmp_path, run):
    done = run("train", "digit")
    assert done.returncode == 2 and done.stdout == "" and not os.listdir(tmp_path)
    assert done.stderr.startswith("chainrule: unknown data set 'digit'; did you mean 'digits'?")


def test_message_holds_no_character_that_a_terminal_would_obey(tmp_path, here):
    (tmp_path / "t.csv").write_text("\x1b]0;owned\x07,b\n1,2\n")
    _, _, err = here("train", "t.csv")
    assert "\x1b" not in err and "\x07" not in err and "]0;owned" in err


# ---- places that cannot be written to --------------------------------------------------------


def test_folder_that_must_not_be_written_to_is_refused_before_training(tmp_path, here):
    tmp_path.chmod(0o500)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("this user may write anywhere")
        status, out, err = here("train", "iris", "--epochs", "1")
    finally:
        tmp_path.chmod(0o700)
    assert status == 2 and out == "" and "cannot be written to" in err


@pytest.fixture
def before(tmp_path, here):
    """A folder with the files of a run, and their content."""
    assert here("train", "xor", "--epochs", "1", "-q")[0] == 0
    return {path: path.read_bytes() for path in (tmp_path / "chainrule-out").iterdir()}


def test_full_disk_leaves_the_files_of_the_run_before(tmp_path, here, before, monkeypatch):
    def replace(source, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(files.os, "replace", replace)
    status, _, err = here("train", "xor", "--epochs", "2", "-q")
    assert status == 2 and "No space left on device" in err and is_one_line(err)
    after = {path: path.read_bytes() for path in (tmp_path / "chainrule-out").iterdir()}
    assert after == before


def test_disk_that_is_really_full_leaves_the_files_of_the_run_before(tmp_path, here):
    small = tmp_path / "small"
    small.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(small)]
    if sys.platform != "linux" or subprocess.run(mounting, capture_output=True).returncode:
        pytest.skip("this user may not mount")
    try:
        short = ("train", "xor", "--epochs", "1", "-q", "--out", "small/out")
        assert here(*short, "--hidden", "2")[0] == 0
        before = {path: path.read_bytes() for path in (small / "out").iterdir()}
        status, _, err = here(*short, "--hidden", "400,400")
        after = {path: path.read_bytes() for path in (small / "out").iterdir()}
    finally:
        subprocess.run(["umount", str(small)], check=True)
    assert status == 2 and "No space left on device" in err
    assert after == before


def test_folder_in_the_place_of_a_file_is_not_touched(tmp_path, here):
    (tmp_path / "chainrule-out" / "model.safetensors").mkdir(parents=True)
    status, _, err = here("train", "xor", "--epochs", "1", "-q")
    assert status == 2 and "model.safetensors is a folder, expected a file" in err
    assert os.listdir(tmp_path / "chainrule-out") == ["model.safetensors"]


def test_picture_that_fails_does_not_cost_the_model(tmp_path, here, monkeypatch):
    from chainrule.draw import plots

    def fail(*_):
        raise ValueError("no such colour")

    monkeypatch.setattr(plots, "learning_curve", fail)
    status, _, err = here("train", "xor", "--epochs", "1", "-q")
    assert status == 2 and err == "chainrule: no such colour\n"
    assert sorted(os.listdir(tmp_path / "chainrule-out")) == ["history.json", "model.safetensors"]


def test_predictions_that_cannot_be_written_leave_nothing(tmp_path, here, before):
    status, _, err = here("predict", "chainrule-out/model.safetensors", "xor", "-o", "no/p.csv")
    assert status == 2 and "no/p.csv: No such file or directory" in err
    assert os.listdir(tmp_path) == ["chainrule-out"]
