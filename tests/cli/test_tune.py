"""`chainrule tune`: a search that can be shared, interrupted and gone on with."""

import os

import numpy as np
import pytest

from chainrule.cli import tuning
from chainrule.cli.lesson import Request
from chainrule.save import read


pytest.importorskip("optuna")
pytestmark = pytest.mark.usefixtures("without_pictures")
SHORT = ("--target", "y", "--preset", "fast", "--epochs", "9", "--backend", "numpy")

#: Ctrl-C in the third trial.
INTERRUPTED = """
signal.signal(signal.SIGINT, signal.default_int_handler)
from chainrule.cli import tuning
learn, calls = tuning.learn_lesson, []
def stop(*arguments, **settings):
    calls.append(1)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGINT)
    return learn(*arguments, **settings)
tuning.learn_lesson = stop
"""


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    lines = ["a,b,y"]
    for a, b, noise in rng.normal(size=(90, 3)):
        lines.append(f"{a:.3f},{b:.3f},{'yes' if a * b + noise / 4 > 0 else 'no'}")
    (tmp_path / "t.csv").write_text("\n".join(lines))
    return "t.csv"


def trials(out):
    """The rows of the leaderboard, as lists of words."""
    lines = out.splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("trial "))
    return [line.split() for line in lines[start + 1 : lines.index("", start)]]


def test_leaderboard_has_the_best_first_and_the_preset_as_a_trial(tmp_path, here, table):
    status, out, err = here("tune", table, *SHORT, "--trials", "4")
    assert (status, err) == (0, "")
    found = trials(out)
    assert sorted(int(row[0]) for row in found) == [1, 2, 3, 4]
    done = [float(row[1]) for row in found if "after" not in row]
    assert done == sorted(done)
    (preset,) = [row for row in found if row[0] == "1"]
    assert {"256", "0.04", "selu"} <= set(preset)
    folder = tmp_path / "chainrule-out"
    assert {"model.safetensors", "report.html", "tuning.journal"} <= set(os.listdir(folder))
    assert read(folder / "model.safetensors").preprocessing.target.name == "y"


def test_same_command_goes_on_with_new_trials(here, table):
    command = ("tune", table, *SHORT, "--trials", "2", "--storage", "s.sqlite")
    first, second = here(*command), here(*command)
    assert first[0] == second[0] == 0
    assert "going on after 2 trials" in second[1]
    found = {row[0]: row[-8:] for row in trials(second[1])}
    assert len(found) == 4 and len(set(map(tuple, found.values()))) == 4


def test_same_seed_finds_the_same_model(tmp_path, here, table):
    for out in "ab":
        assert here("tune", table, *SHORT, "--trials", "2", "--out", out, "-q")[0] == 0
    a, b = (tmp_path / name / "model.safetensors" for name in "ab")
    assert a.read_bytes() == b.read_bytes()


def test_storage_of_another_search_is_refused(here, table):
    command = ("tune", table, "--preset", "fast", "--epochs", "2", "--trials", "1", "--backend",
               "numpy", "--storage", "s.journal", "-q")  # fmt: skip
    assert here(*command, "--target", "y")[0] == 0
    status, _, err = here(*command, "--target", "b")
    assert status == 2 and "s.journal holds a search for 'y' of t.csv" in err


@pytest.mark.parametrize("storage", ["t.csv", "none/s.db", "nonsense://user:secret@host/d"])
def test_storage_that_cannot_be_used_is_refused(tmp_path, here, table, storage):
    status, _, err = here("tune", table, *SHORT, "--trials", "1", "--storage", storage, "-q")
    assert status == 2 and err.count("\n") == 1
    assert storage.replace("secret", "***") in err
    assert os.listdir(tmp_path) == ["t.csv"]


def test_several_processes_search_together(tmp_path, run, table):
    done = run("tune", table, *SHORT, "--trials", "3", "--workers", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(trials(done.stdout)) == 3


def test_process_that_fails_is_told_of(capsys):
    lesson = Request("none.csv", "y", None, (), (), (), None, None, None, None, 0)
    plan = tuning.Plan(lesson, "fast", "s.journal", 1, 0.0, 0, "numpy", 1)
    with tuning.workers(plan, [1, 1]):
        pass
    assert "1 of 1 processes beside this one ended by an error or" in capsys.readouterr().err


def test_ctrl_c_writes_the_best_so_far(tmp_path, run, table):
    done = run("tune", table, *SHORT, "--trials", "9", first=INTERRUPTED)
    assert (done.returncode, done.stderr) == (130, "")
    assert "1 failed" in done.stdout
    assert "model.safetensors" in os.listdir(tmp_path / "chainrule-out")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--trials", "0"], "--trials 0: expected a whole number from 1"),
        (["--workers", "-1"], "--workers -1"),
        (["--time", "never"], "--time 'never'"),
        (["--preset", "best"], "unknown preset 'best'"),
        (["--target", "z"], "no column 'z'"),
        (["--validation", "0"], "too few to choose by"),
    ],
)
def test_what_cannot_be_searched_is_refused(tmp_path, here, table, options, message):
    status, _, err = here("tune", table, "--target", "y", "-q", *options)
    assert status == 2 and message in err and err.count("\n") == 1
    assert os.listdir(tmp_path) == ["t.csv"]
