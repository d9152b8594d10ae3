"""`chainrule predict` on files larger than memory, on the terminal and in files."""

import csv
import os

import numpy as np
import pytest

import chainrule as cr
from chainrule.data import scan as scanning


#: Prints the most memory that the process had, in kilobytes.
MEASURED = """
import atexit, resource
say = lambda: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
atexit.register(say)
"""

#: Ctrl-C in the second batch.
INTERRUPTED = """
signal.signal(signal.SIGINT, signal.default_int_handler)
from chainrule.data import scan
scan.AT_ONCE = 50
predict = sys.modules['chainrule.cli.predict']
added, calls = predict._added, []
def stop(*arguments):
    calls.append(1)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGINT)
    return added(*arguments)
predict._added = stop
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model of a table with the columns a (a number), kind (x or y) and the target sold."""
    folder = tmp_path_factory.mktemp("model")
    table = cr.data.Table(
        "t", {"a": np.arange(8.0), "kind": np.array(list("xyxyxyxy"), object),
              "sold": np.array(["no"] * 4 + ["yes"] * 4, object)},
    )  # fmt: skip
    found = cr.data.Preprocessing.fit(table, "sold")
    cr.save(cr.nn.mlp([3, 4, 2], rng=0), folder / "m", preprocessing=found, loss="cross_entropy")
    return folder / "m"


def write_rows(path, count):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "kind", "a", "note"])
        for row in range(count):
            writer.writerow([f"{row:09}", "xy"[row % 2], row % 13, f"note number {row * 7919}"])


def read_rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_memory_does_not_grow_with_the_file(tmp_path, launch, model):
    peaks = []
    for count in (20_000, 200_000):
        write_rows(tmp_path / "big.csv", count)
        done = launch("predict", model, "big.csv", "-o", "p.csv", cwd=tmp_path, first=MEASURED)
        assert done.returncode == 0, done.stderr
        peaks.append(int(done.stderr))
    with open(tmp_path / "p.csv") as file:
        assert sum(1 for _ in file) == 200_001
    assert peaks[1] < peaks[0] + 12_000, peaks  # kB; the texts alone would be 60,000 more


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_batches_give_what_one_batch_gives(tmp_path, here, model, monkeypatch, kind):
    write_rows(tmp_path / "t.csv", 101)
    if kind == "parquet":
        polars = pytest.importorskip("polars")
        polars.read_csv(tmp_path / "t.csv").write_parquet(tmp_path / "t.parquet")
    whole = here("predict", model, f"t.{kind}", "--proba")
    monkeypatch.setattr(scanning, "AT_ONCE", 10)
    parts = here("predict", model, f"t.{kind}", "--proba")
    assert whole[0] == parts[0] == 0 and parts[1:] == whole[1:]
    assert parts[1].count("\n") == 102


def test_rows_and_id_columns_keep_their_order(tmp_path, here, model, monkeypatch):
    monkeypatch.setattr(scanning, "AT_ONCE", 7)
    write_rows(tmp_path / "t.csv", 40)
    assert here("predict", model, "t.csv", "--keep", "id", "-o", "p.csv")[:2] == (0, "")
    found = read_rows(tmp_path / "p.csv")
    assert list(found[0]) == ["id", "predicted sold", "probability"]
    assert [row["id"] for row in found] == [f"{row:09}" for row in range(40)]


def test_column_to_keep_that_is_not_there_is_refused(tmp_path, here, model):
    write_rows(tmp_path / "t.csv", 3)
    status, out, err = here("predict", model, "t.csv", "--keep", "idd")
    assert (status, out) == (2, "") and "no column 'idd'; did you mean 'id'?" in err


def test_values_never_seen_are_told_once(tmp_path, here, model, monkeypatch):
    monkeypatch.setattr(scanning, "AT_ONCE", 1)
    (tmp_path / "t.csv").write_text("a,kind\n1,v\n2,w\n3,v\n")
    _, _, err = here("predict", model, "t.csv")
    assert err == "chainrule: column 'kind': 2 values not seen in training, such as 'v', 'w'\n"


def test_mistake_in_a_later_batch_says_where_it_is_and_leaves_nothing(
    tmp_path, here, model, monkeypatch
):
    monkeypatch.setattr(scanning, "AT_ONCE", 2)
    (tmp_path / "t.csv").write_text("a,kind\n1,x\n2,x\n3,x\n,y\n")
    status, _, err = here("predict", model, "t.csv", "-o", "p.csv")
    assert status == 2 and "t.csv, from row 3 on: column 'a' has a missing entry in row 2" in err
    assert os.listdir(tmp_path) == ["t.csv"]


def test_ctrl_c_leaves_nothing_half_written(tmp_path, launch, model):
    write_rows(tmp_path / "t.csv", 200)
    done = launch("predict", model, "t.csv", "-o", "p.csv", cwd=tmp_path, first=INTERRUPTED)
    assert done.returncode == 130 and done.stderr == ""
    assert os.listdir(tmp_path) == ["t.csv"]
