"""Ctrl-C, SIGTERM, readers that go away: the right status, and nothing half done."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import train


#: A signal at the end of the third epoch. A shell may have ignored SIGINT.
AFTER_THREE = """
import functools
from chainrule.cli import learn
signal.signal(signal.SIGINT, signal.default_int_handler)
def end(moment):
    if moment.epoch == 3:
        os.kill(os.getpid(), signal.{})
learn.fit = functools.partial(learn.fit, callbacks=[end])
"""

#: A signal while the linear baseline is fitted.
WHILE_SCORING = """
from chainrule.cli import scores
signal.signal(signal.SIGINT, signal.default_int_handler)
scores.baselines = lambda samples: os.kill(os.getpid(), signal.{})
"""

LONG = ("train", "digits", "--hidden", "16", "--epochs", "100000")
each_signal = pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])


@each_signal
def test_signal_writes_the_best_so_far(tmp_path, run, name, status):
    done = run(*LONG, first=AFTER_THREE.format(name))
    folder = tmp_path / "chainrule-out"
    assert done.returncode == status, done.stderr
    assert done.stderr == ""
    assert "3 epochs" in done.stdout and "interrupted; the best so far is kept" in done.stdout
    assert "report.html" in os.listdir(folder)
    assert cr.load(folder / "model.safetensors")(np.ones((1, 64))).shape == (1, 10)


@each_signal
def test_interrupted_run_goes_on_from_its_checkpoint(tmp_path, run, here, name, status):
    options = ("train", "iris", "--hidden", "4", "--checkpoint-every", "1000", "--seed", "3")
    done = run(*options, "--epochs", "7", "--out", "a", first=AFTER_THREE.format(name))
    assert done.returncode == status
    assert here(*options, "--epochs", "7", "--out", "a", "--resume")[0] == 0
    assert here(*options, "--epochs", "7", "--out", "b")[0] == 0
    a, b = (tmp_path / folder / "model.safetensors" for folder in "ab")
    assert a.read_bytes() == b.read_bytes()


@each_signal
def test_signal_while_scoring_leaves_nothing(tmp_path, run, name, status):
    done = run("train", "iris", "--epochs", "2", first=WHILE_SCORING.format(name))
    assert done.returncode == status and done.stderr == "" and not os.listdir(tmp_path)


def test_ctrl_c_before_an_epoch_has_ended_writes_nothing(tmp_path, here, monkeypatch):
    from chainrule.cli import learn

    at_once = train.Result(None, None, 0, {}, ended="interrupt")
    monkeypatch.setattr(learn, "fit", lambda *_, **__: at_once)
    status, _, err = here(*LONG)
    assert status == 130 and not os.listdir(tmp_path)
    assert err == "chainrule: interrupted in the first epoch; nothing was written\n"


def test_handler_of_sigterm_is_what_it_was_in_the_end(here):
    before = signal.getsignal(signal.SIGTERM)
    here("train", "xor", "--epochs", "1", "-q")
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("command", [LONG, ("ops",), ("data", "iris"), ("--help",)])
def test_reader_that_goes_away_ends_the_run_in_silence(run, command):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = run(*command, stdout=writer)
    finally:
        os.close(writer)
    assert done.stderr == "" and done.returncode != 0


def test_reader_of_predictions_may_read_the_first_line_alone(tmp_path, here):
    here("train", "digits", "--hidden", "4", "--epochs", "1", "-q")
    command = f"{sys.executable} -m chainrule.cli predict chainrule-out/model.safetensors digits"
    done = subprocess.run(
        f"{command} | head -n 1",
        shell=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(cr.__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.stdout.endswith("probability\n") and done.stderr == ""
