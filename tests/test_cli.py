"""The command line, as a user at a terminal meets it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import train
from chainrule.cli import main
from chainrule.data import dataset, stratified_split
from chainrule.metrics import accuracy


FILES = ["confusion-matrix.png", "first-layer.png", "history.json", "learning-curve.png",
         "model.safetensors"]  # fmt: skip
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(cr.__file__).parents[1])}
SHORT = ("train", "digits", "--epochs", "3", "--hidden", "16")

#: Runs the command line after a statement that changes what it meets.
PROGRAM = """
import os, signal, sys
from chainrule import train
from chainrule.cli import main
{}
main()
"""


def run(*arguments, cwd, program=("-m", "chainrule.cli")):
    return subprocess.run(
        [sys.executable, *program, *arguments],
        cwd=cwd,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def run_after(statement, *arguments, cwd):
    return run(*arguments, cwd=cwd, program=("-c", PROGRAM.format(statement)))


@pytest.fixture
def here(tmp_path, monkeypatch, capsys):
    """The same in this process, which is faster: arguments -> status, output, errors."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["chainrule", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return (ended.value.code, *capsys.readouterr())

    monkeypatch.chdir(tmp_path)
    return call


def scores(folder):
    return json.loads((folder / "history.json").read_text())["held_out_accuracy"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a run with the default settings, and what the run printed."""
    folder = tmp_path_factory.mktemp("trained")
    return folder / "chainrule-out", run("train", "digits", cwd=folder)


def test_default_run_gets_at_least_97_percent_of_unseen_digits_right(trained):
    folder, done = trained
    assert done.returncode == 0, done.stderr
    assert scores(folder)["network"] >= 0.97


def test_network_stands_beside_a_linear_model_and_the_majority(trained):
    folder, done = trained
    found = scores(folder)
    assert found["network"] > found["linear (logistic regression)"] > 0.9
    assert found["majority class"] < 0.11
    for name, score in found.items():
        assert any(name in x and f"{100 * score:.1f} %" in x for x in done.stdout.splitlines())


def test_run_writes_model_history_and_pictures(trained):
    folder, done = trained
    assert sorted(os.listdir(folder)) == FILES and os.listdir(folder.parent) == ["chainrule-out"]
    for name in FILES:
        assert name in done.stdout
    for picture in folder.glob("*.png"):
        assert picture.read_bytes().startswith(b"\x89PNG\r\n")


def test_saved_model_has_the_printed_accuracy(trained):
    folder, _ = trained
    digits = dataset("digits")
    _, _, x, y = stratified_split(digits.x, digits.y, 0.2, 0)
    found = accuracy(y, cr.load(folder / "model.safetensors")(x).argmax(axis=1))
    assert found == scores(folder)["network"]


def test_history_has_every_epoch(trained):
    folder, _ = trained
    history = json.loads((folder / "history.json").read_text())["history"]
    assert {len(curve) for curve in history.values()} == {100}


def test_outside_a_terminal_there_is_neither_progress_nor_colour(trained):
    _, done = trained
    assert done.stderr == "" and "\x1b" not in done.stdout


def test_same_seed_writes_the_same_model_in_every_process(tmp_path, here):
    assert here(*SHORT, "--out", "a")[0] == 0
    assert run(*SHORT, "--out", "b", cwd=tmp_path).returncode == 0
    a, b = (tmp_path / name / "model.safetensors" for name in "ab")
    assert a.read_bytes() == b.read_bytes()


def test_what_was_in_the_folder_stays_and_is_not_claimed(tmp_path, here):
    (tmp_path / "notes.txt").write_text("mine")
    _, out, _ = here(*SHORT, "--out", ".")
    assert (tmp_path / "notes.txt").read_text() == "mine" and "notes.txt" not in out


def test_without_matplotlib_the_model_is_written_all_the_same(tmp_path, here, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    status, _, err = here(*SHORT)
    assert status == 0
    assert err == "chainrule: pictures need matplotlib: pip install 'chainrule[plot]'\n"
    assert sorted(os.listdir(tmp_path / "chainrule-out")) == ["history.json", "model.safetensors"]


# ---- help ------------------------------------------------------------------------------------


def test_help_comes_at_once(tmp_path):
    def seconds():
        start = time.perf_counter()
        assert "train" in run("--help", cwd=tmp_path).stdout
        return time.perf_counter() - start

    assert min(seconds() for _ in range(3)) < 1.5


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["train", "--help"]])
def test_help_loads_nothing_heavy(tmp_path, arguments):
    report = "import atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr))"
    done = run_after(report, *arguments, cwd=tmp_path)
    assert done.returncode == 0 and "--help" in done.stdout
    assert not {"sklearn", "scipy", "matplotlib", "safetensors"} & set(done.stderr.split())


# ---- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["digit"], "unknown data set 'digit'; did you mean 'digits'?"),
        (["digits", "--hidden", "10,x"], "--hidden '10,x': expected whole numbers above 0"),
        (["digits", "--hidden", "10,,5"], "--hidden '10,,5'"),
        (["digits", "--hidden", "-3"], "--hidden '-3'"),
        (["digits", "--hidden", "9" * 12], "Unable to allocate"),
        (["digits", "--activation", "rely"], "unknown activation 'rely'; did you mean 'relu'?"),
        (["digits", "--hidden", "", "--activation", "rely"], "did you mean 'relu'?"),
        (["digits", "--optimizer", "adan"], "unknown optimizer 'adan'; did you mean 'adam'?"),
        (["digits", "--learning-rate", "-1"], "learning rate -1.0; expected a number above 0"),
        (["digits", "--learning-rate", "nan"], "learning rate nan; expected a number above 0"),
        (["digits", "--epochs", "0"], "epochs is 0; expected a whole number from 1"),
        (["digits", "--batch-size", "0"], "batch_size is 0; expected a whole number from 1"),
        (["digits", "--held-out", "1.5"], "a share of 1.5 held out"),
        (["digits", "--seed", "-1"], "seed -1; expected a whole number from 0"),
        (["digits", "--out", "a-file"], "--out a-file: a-file is a file, expected a folder"),
        (["digits", "--out", "a-file/b/c"], "--out a-file/b/c: a-file is a file"),
        (["digits", "--learning-rate", "1e12", "--optimizer", "sgd"], "learning rate of 1e+11"),
    ],
)
def test_bad_input_ends_in_one_line_and_writes_nothing(tmp_path, here, arguments, message):
    (tmp_path / "a-file").write_text("kept")
    status, _, err = here("train", *arguments)
    assert status == 2
    assert err.startswith("chainrule: ") and message in err and err.count("\n") == 1
    assert os.listdir(tmp_path) == ["a-file"] and (tmp_path / "a-file").read_text() == "kept"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "Missing argument"),
        (["train", "digits", "--epochs", "ten"], "--epochs"),
        (["train", "digits", "--epoch", "10"], "--epoch"),
        (["trian"], "trian"),
    ],
)
def test_command_that_cannot_be_read_is_explained_with_status_2(here, arguments, message):
    status, out, err = here(*arguments)
    assert status == 2 and out == "" and message in err


def test_mistake_shows_no_traceback_to_a_user(tmp_path):
    done = run("train", "digit", cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == "" and not os.listdir(tmp_path)
    assert (
        done.stderr
        == "chainrule: unknown data set 'digit'; did you mean 'digits'? (there are: digits)\n"
    )


def test_folder_that_must_not_be_written_to_is_refused_before_training(tmp_path, here):
    tmp_path.chmod(0o500)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("this user may write anywhere")
        status, out, err = here(*SHORT)
    finally:
        tmp_path.chmod(0o700)
    assert status == 2 and out == "" and "cannot be written to" in err


# ---- signals ---------------------------------------------------------------------------------

#: Ctrl-C at the end of the third epoch. The handler is set anew: a shell may have ignored it.
PRESS = """
signal.signal(signal.SIGINT, signal.default_int_handler)
ordinary = train.fit
def press(epoch, *_):
    if epoch == 3:
        os.kill(os.getpid(), signal.SIGINT)
train.fit = lambda *args, **settings: ordinary(*args, **settings, callbacks=[press])
"""


def test_ctrl_c_writes_the_best_so_far_and_ends_with_status_130(tmp_path):
    done = run_after(PRESS, "train", "digits", "--epochs", "100000", cwd=tmp_path)
    folder = tmp_path / "chainrule-out"
    assert done.returncode == 130, done.stderr
    assert "3 epochs" in done.stdout and "interrupted; the best so far is kept" in done.stdout
    assert sorted(os.listdir(folder)) == FILES
    assert cr.load(folder / "model.safetensors")(np.ones((1, 64))).shape == (1, 10)


def test_ctrl_c_before_an_epoch_has_ended_writes_nothing(tmp_path, here, monkeypatch):
    at_once = train.Result(None, None, 0, {}, interrupted=True)
    monkeypatch.setattr(train, "fit", lambda *_, **__: at_once)
    status, _, err = here(*SHORT)
    assert status == 130 and not os.listdir(tmp_path)
    assert err == "chainrule: interrupted in the first epoch; nothing was written\n"


def test_reader_that_goes_away_ends_the_run_in_silence(tmp_path):
    arguments = [sys.executable, "-m", "chainrule.cli", *SHORT]
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            arguments,
            cwd=tmp_path,
            env=ENVIRONMENT,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    finally:
        os.close(writer)
    assert done.stderr == "" and done.returncode != 0
