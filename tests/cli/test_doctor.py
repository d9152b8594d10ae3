"""`chainrule doctor`, on tables and models: what is printed, and the exit status."""

import json
import shlex

import numpy as np
import pytest


pytestmark = pytest.mark.usefixtures("without_pictures")


@pytest.fixture
def table(tmp_path):
    """A table without faults whose target is known but for noise, as lines of a file."""
    rng = np.random.default_rng(0)
    lines = ["a,b,y"]
    for a, b, noise in rng.normal(size=(120, 3)):
        lines.append(f"{a:.4f},{b:.4f},{'yes' if a + b + noise > 0 else 'no'}")

    def write(name, change=lambda lines: lines):
        (tmp_path / name).write_text("\n".join(change(lines)) + "\n")
        return name

    return write


def with_leak(lines):
    head, *rest = lines
    return [f"{head},leak", *(f"{line},{line.split(',')[-1].upper()}" for line in rest)]


def test_sound_table_ends_with_status_0(here, table):
    status, out, err = here("doctor", table("t.csv"), "--target", "y")
    assert (status, err) == (0, "")
    assert out == "t.csv: 120 rows, 3 columns, target 'y'\n\nnothing found\n"


def test_error_ends_with_status_1_and_a_command_that_mends_it(here, table):
    status, out, _ = here("doctor", table("t.csv", with_leak), "--target", "y")
    assert status == 1 and "error: leakage in leak" in out and out.endswith("1 error\n")
    (fix,) = [line.removeprefix("  fix: ") for line in out.splitlines() if "fix: " in line]
    _, *arguments = shlex.split(fix)
    assert here(*arguments, "--epochs", "1", "-q")[0] == 0


def test_warning_alone_ends_with_status_0(here, table):
    doubled = table("t.csv", lambda lines: [*lines, *lines[1:]])
    status, out, _ = here("doctor", doubled, "--target", "y")
    assert status == 0 and "warning: duplicated rows in t.csv" in out


def test_set_by_name_knows_its_target(here):
    status, out, _ = here("doctor", "iris")
    assert status == 0 and "iris: 150 rows" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["t.csv"], "t.csv: which column is to be predicted? --target COLUMN (there are: a, b, y)"),
        (["t.csv", "--target", "x"], "no column 'x'"),
        (["t.csv", "--target", "y", "--task", "sorting"], "expected classification or regression"),
        (["none.csv", "--target", "y"], "none.csv: there is no such file"),
        (["none.safetensors"], "none.safetensors: No such file or directory"),
        (["nirvana"], "unknown data set 'nirvana'"),
    ],
)
def test_what_cannot_be_examined_is_refused(here, table, arguments, message):
    table("t.csv")
    status, out, err = here("doctor", *arguments)
    assert (status, out) == (2, "") and message in err and err.count("\n") == 1


@pytest.fixture
def model(here, table):
    short = ("--hidden", "4", "--epochs", "200", "-q")
    assert here("train", table("t.csv"), "--target", "y", *short)[0] == 0
    return "chainrule-out/model.safetensors"


def test_model_is_examined_with_its_history(tmp_path, here, model):
    file = tmp_path / "chainrule-out" / "history.json"
    record = json.loads(file.read_text())
    record["history"]["loss"] = [float(k) for k in range(1, 21)]
    file.write_text(json.dumps(record))
    status, out, _ = here("doctor", model)
    assert status == 1 and "20 epochs in history.json" in out
    assert "error: learning rate too high" in out
    assert "fix: chainrule train t.csv --target y --learning-rate 0.0001" in out


def test_model_is_tried_on_rows(here, model):
    status, out, _ = here("doctor", model, "--data", "t.csv")
    assert status == 0 and "tried on 120 rows of t.csv" in out


@pytest.mark.parametrize("content", ["", "[1]", '{"history": {"loss": "x"}}', '{"history": 3}'])
def test_history_that_is_none_is_ignored(tmp_path, here, model, content):
    (tmp_path / "chainrule-out" / "history.json").write_text(content)
    status, out, _ = here("doctor", model)
    assert status == 0 and "no history.json beside it" in out
