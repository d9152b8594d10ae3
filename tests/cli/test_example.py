"""`chainrule example` and `chainrule examples`: worked examples beside the digits in print."""

import pytest

from chainrule.worked import DISCREPANCIES


def test_an_example_is_worked_out_beside_the_printed_digits(here):
    status, out, err = here("example", "W23")
    assert status == 0 and err == ""
    assert "∂f/∂q" in out and "printed -4  ✓" in out and "14 of 14" not in out
    assert "8 of 8 results agree" in out


def test_truncated_digits_are_marked_and_explained(here):
    _, out, _ = here("example", "w24")
    assert "printed -0.4740  ≈ truncated, D15" in out
    assert "D15  Okazaki, item 53" in out


def test_several_examples_follow_each_other(here):
    status, out, _ = here("example", "W06", "W01-W02")
    titles = [line.split()[0] for line in out.splitlines() if line.startswith("W0")]
    assert status == 0 and titles == ["W06a", "W06b", "W06c", "W06d", "W01", "W02"]


@pytest.mark.parametrize("name", ["D6", "d06"])
def test_a_discrepancy_is_told_with_its_examples(here, name):
    _, out, _ = here("example", name)
    assert "20(x³ + 7)³ · 3x²" in out and "worked examples: W42" in out


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("W430", "did you mean 'W43'?"),
        ("D21", "unknown discrepancy 'D21'"),
        ("?", "there are: W01"),
    ],
)
def test_an_unknown_name_is_refused_before_anything_is_printed(here, name, told):
    status, out, err = here("example", "W01", name)
    assert status == 2 and out == "" and told in err


def test_discrepancies_are_listed(here):
    status, out, _ = here("examples", "--discrepancies")
    listed = [line.split()[0] for line in out.splitlines()[1:]]
    assert status == 0 and listed == list(DISCREPANCIES)


def test_list_has_every_example_with_how_many_results_agree(here, monkeypatch):
    from chainrule import worked

    some = {id: worked.EXAMPLES[id] for id in ("W01", "W42")}
    monkeypatch.setattr(worked, "EXAMPLES", some)
    status, out, _ = here("examples")
    rows = [line.split() for line in out.splitlines()[1:]]
    assert status == 0 and [row[0] for row in rows] == ["W01", "W42"]
    assert rows[0][1:4] == ["4", "of", "4"] and rows[1][1:4] == ["9", "of", "13"]
