"""Every worked example solves, and agrees with its source or tells why not."""

import functools
import re

import numpy as np
import pytest

from chainrule.worked import DISCREPANCIES, EXAMPLES, Example, Line, find_examples, render, results
from chainrule.worked.example import derived


FAMILIES = [f"W{number:02}" for number in range(1, 55)]


# ---- all of them ---------------------------------------------------------------------------------


#: How many results differ from what is printed, because the source is wrong.
DIFFERING = {"W41": 1, "W42": 4, "W43": 4}


@functools.cache
def solved(id):
    return results(EXAMPLES[id].solve())


@pytest.mark.parametrize("id", EXAMPLES)
def test_example_has_results_and_they_agree_but_where_the_source_is_wrong(id):
    differing = [line for line in solved(id) if not line.agrees]
    assert solved(id) and len(differing) == DIFFERING.get(id, 0)


@pytest.mark.parametrize("id", EXAMPLES)
def test_what_differs_is_explained(id):
    named = {line.discrepancy for line in solved(id) if line.discrepancy or not line.agrees}
    assert named <= set(DISCREPANCIES)


@pytest.mark.parametrize("id", EXAMPLES)
def test_derived_digits_are_rounded(id):
    """Sources cut digits off; what is worked out for the examples is right to the last digit."""
    assert not [one for one in solved(id) if one.is_derived and one.agreement != "rounded"]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_id_is_there(family):
    found = find_examples(family)
    assert found and all(example.id.startswith(family) for example in found)


def test_there_are_no_other_ids():
    assert {id[:3] for id in EXAMPLES} == set(FAMILIES)


def test_every_example_has_a_source_and_a_text():
    assert all(one.title and one.source and one.text for one in EXAMPLES.values())


# ---- what agreement is ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("computed", "printed", "agreement"),
    [
        (0.5932699921, "0.59327", "rounded"),
        (0.7513650696, "0.75136", "truncated"),
        (0.7513650696, "0.75137", "rounded"),
        (0.7513650696, "0.75138", "differs"),
        (-0.4740769842, "-0.4740", "truncated"),
        (-0.4740769842, "0.4741", "differs"),
        (2.4e-9, "2.4e-9", "rounded"),
        (2.4e-8, "2.4e-9", "differs"),
        (0.375, "0.38", "rounded"),
        (0.1 + 0.2, "0.3", "rounded"),
        (-12.0, "−12", "rounded"),
        (-12.3, "-12", "differs"),
        (-0.0, "0", "rounded"),
        (np.nan, "0.5", "differs"),
        (np.inf, "0.5", "differs"),
        (np.float32(0.5), "0.5", "rounded"),
        (np.array([0.5932699921, 0.7513650696]), "(0.59327, 0.75136)", "truncated"),
        (np.array([0.0, 1, 1, 0]), "0 1 1 0", "rounded"),
        (np.array([0.0, 1, 1, 0]), "0 1 0 1", "differs"),
        (np.array([0.0, 1]), "0 1 1", "differs"),
        (np.array([False, True]), "(0, 1)", "rounded"),
        (np.eye(2), "[1, 0; 0, 1]", "rounded"),
        (True, "yes", "rounded"),
        (False, "yes", "differs"),
        ("(x ∧ y)", "(x  ∧ y)", "rounded"),
        ("(x ∧ y)", "(x ∨ y)", "differs"),
        (1.0, None, None),
    ],
)
def test_agreement(computed, printed, agreement):
    assert Line("a", computed, printed).agreement == agreement


@pytest.mark.parametrize(("printed", "agrees"), [("0.3", True), ("0.4", False), (None, None)])
def test_a_line_agrees_unless_a_digit_is_wrong(printed, agrees):
    assert Line("a", 0.3, printed).agrees is agrees


@pytest.mark.parametrize("id", ["W02", "W13", "W24", "W30", "W43"])
def test_a_computed_value_that_is_wrong_is_found(id):
    numbers = [one for one in solved(id) if not _is_text(one.computed)]
    for one in numbers:
        wrong = np.asarray(one.computed, float) + 0.2
        assert not Line(one.name, wrong, one.printed).agrees, one.name


def _is_text(value):
    return isinstance(value, (str, bool, np.bool))


# ---- the page ------------------------------------------------------------------------------------


def solve_two():
    return [
        "Some words before:",
        Line("right", 0.75137, "0.75137"),
        Line("cut", 0.7513650696, "0.75136"),
        Line("lost", 0.4067300079, "0.59327", discrepancy="D1"),
        derived("whole", np.array([1.0, 2.0]), "(1, 2)"),
        Line("alone", 3),
    ]


PAGE = render(Example("W99", "A title", "A lecture, slide 3", "What is given.", solve_two))


def test_page_starts_with_title_source_and_task():
    assert PAGE.splitlines()[:4] == ["W99  A title", "A lecture, slide 3", "", "What is given."]


@pytest.mark.parametrize(
    "row",
    [
        "  right  0.75137       printed 0.75137  ✓",
        "  cut    0.7513650696  printed 0.75136  ≈ truncated",
        "  lost   0.4067300079  printed 0.59327  ✗ differs, D1",
        "  whole  (1, 2)        derived (1, 2)  ✓",
        "  alone  3",
    ],
)
def test_page_has_results_in_columns_with_their_marks(row):
    assert row in PAGE.splitlines()


def test_page_counts_what_agrees():
    assert "3 of 4 results agree" in PAGE


def test_page_explains_the_discrepancies_that_its_lines_name():
    assert str(DISCREPANCIES["D1"]) in PAGE
    assert re.findall(r"^D\d+ ", PAGE, re.MULTILINE) == ["D1 "]


def test_page_keeps_to_its_width_even_if_columns_do_not_fit():
    lines = [Line("a", np.linspace(0, 1, 6) ** 2, "0 0.04 0.16 0.36 0.64 1" + " " * 40)]
    page = render(Example("W99", "t", "s", "x", lambda: lines))
    assert "printed 0 0.04" in page.splitlines()[6]


def test_bars_over_letters_take_no_column():
    page = render(Example("W99", "t", "s", "x", lambda: [Line("ȳ\u0304z", 1), Line("ab", 2)]))
    assert "  ȳ\u0304z  1" in page.splitlines()


# ---- discrepancies -------------------------------------------------------------------------------


def test_discrepancies_are_those_of_the_catalogue():
    unused = {21, 28, 39}
    assert list(DISCREPANCIES) == [f"D{n}" for n in range(1, 44) if n not in unused]


def test_discrepancies_name_examples_that_exist():
    named = {id for row in DISCREPANCIES.values() for id in row.examples}
    assert named <= set(EXAMPLES)


# ---- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("W43", ["W43"]),
        ("w43", ["W43"]),
        ("43", ["W43"]),
        ("w6", ["W06a", "W06b", "W06c", "W06d"]),
        ("W06C", ["W06c"]),
        ("W18-W19", ["W18", "W19"]),
        ("w5-6", ["W05", "W06a", "W06b", "W06c", "W06d"]),
    ],
)
def test_examples_are_found_by(name, ids):
    assert [example.id for example in find_examples(name)] == ids


@pytest.mark.parametrize("name", ["W55", "", "W06e", "x", "W1-W99", "W1-", "٤٣"])
def test_unknown_examples_are_refused(name):
    with pytest.raises(ValueError, match="unknown example"):
        find_examples(name)


def test_an_empty_range_is_refused():
    with pytest.raises(ValueError, match="write W18-W20"):
        find_examples("W20-W18")
