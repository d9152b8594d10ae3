"""`chainrule approximate`: a network built to be near a function that is typed in."""

import numpy as np
import pytest

import chainrule as cr


def test_units_error_place_and_table_are_told(here):
    status, out, err = here("approximate", "sin(2*pi*x)", "--units", 40)
    assert status == 0 and err == ""
    assert "sin(2*pi*x) on [0, 1]" in out
    assert "hidden units   40" in out and "parameters     121" in out
    assert "largest error  0.0765" in out and " at x = " in out
    rows = [line.split() for line in out.splitlines() if line[:1].isdigit() or line[:2] == "  "]
    assert ["5", "0.5", "0.04512"] in rows and "80" in [row[0] for row in rows]
    assert "slope of log(largest error) over log(units): -0.9" in out


def test_saved_network_is_near_the_function(here, tmp_path):
    status, out, _ = here(
        "approximate", "exp(-x^2)", "--interval", "-pi/2,pi/2", "--with", "relu",
        "--tolerance", 0.01, "--save", "bell.safetensors",
    )  # fmt: skip
    network = cr.load(tmp_path / "bell.safetensors")
    x = np.linspace(-np.pi / 2, np.pi / 2, 777)[:, None]
    assert status == 0 and "written to bell.safetensors" in out
    assert np.max(np.abs(network(x) - np.exp(-(x**2)))) <= 0.01


def test_function_of_x_and_y_is_taken_on_a_box(here):
    status, out, _ = here("approximate", "x*y", "--units", 100)
    assert status == 0 and "x*y on [0, 1] x [0, 1]" in out and " y = " in out


def test_box_of_a_function_of_x_alone(here):
    status, out, _ = here("approximate", "x", "--box", "-1,1,0,2", "--units", 50)
    assert status == 0 and "on [-1, 1] x [0, 2]" in out


def test_function_with_a_leading_sign_stands_after_two_dashes(here):
    status, out, _ = here("approximate", "--units", 5, "--", "-x^2")
    assert status == 0 and "-x^2 on [0, 1]" in out


def test_exact_network_has_no_slope(here):
    status, out, _ = here("approximate", "3", "--units", 8)
    assert status == 0 and "largest error  0 at x = 0" in out and "slope" not in out


@pytest.mark.parametrize("function", ["sin(3*x)", "sin(3*x)*y"])
def test_picture_is_drawn(here, tmp_path, function):
    status, out, _ = here("approximate", function, "--units", 60, "--draw", "both.svg")
    assert status == 0 and "written to both.svg" in out
    assert (tmp_path / "both.svg").read_text(encoding="utf-8").count("<svg") == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["1/x", "--interval", "-1,1"], "1/x is infinite at x = 0: not finite on [-1, 1]"),
        (["sin(x"], "this parenthesis is not closed"),
        (["x + z"], "unknown name z"),
        (["x", "--interval", "0"], "--interval 0: expected 2 numbers with commas"),
        (["x", "--interval", "0,pie"], "--interval 0,pie: formula: unknown name pie"),
        (["x", "--interval", "2,1"], "the first smaller"),
        (["x*y", "--interval", "0,1"], "x*y has x and y; give a --box"),
        (["x", "--interval", "0,1", "--box", "0,1,0,1"], "expected one of them"),
        (["x", "--units", "5", "--tolerance", "0.1"], "both units and a tolerance"),
        (["x", "--units", "0"], "steps take 1 to 4,096"),
        (["x", "--with", "relus"], "did you mean 'relu'?"),
        (["x", "--draw", "picture.txt"], "ends in .svg, .png or .pdf"),
    ],
)
def test_bad_input_is_one_message(here, arguments, told):
    status, out, err = here("approximate", *arguments)
    assert status == 2 and out == "" and told in err
