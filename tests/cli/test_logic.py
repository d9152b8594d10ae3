"""`chainrule logic`."""

import pytest


def test_xor_is_shown_in_full(here):
    status, out, err = here("logic", "a xor b")
    assert status == 0 and err == ""
    for told in (
        "0 1 |      1",
        "DNF        (not a and b) or (a and not b)",
        "minimised  (not a and b) or (a and not b)",
        "not linearly separable",
        "row 11: w_a + w_b + bias ≤ 0",
        "network of form dnf: 2-2-1 units, 9 parameters",
        "h1.1 = 1 where -a + b - 0.5 > 0",
        "output = 1 where h1.1 + h1.2 - 0.5 > 0",
        "the network agrees on 4 rows (all)",
    ):
        assert told in out


def test_separable_function_shows_unit_and_line(here):
    _, out, _ = here("logic", "a or b")
    assert "linearly separable: 1 where 2 a + 2 b - 1 > 0" in out
    assert "above the line b = -a + 0.5" in out


def test_outputs_are_a_function_too(here):
    status, out, _ = here("logic", "--outputs", "0001", "--inputs", "p, q")
    assert status == 0 and "minimised  p and q" in out


def test_file_is_a_function_too(here, tmp_path):
    (tmp_path / "table.csv").write_text("p,q,out\n0,0,1\n1,1,1\n0,1,0\n1,0,0\n")
    status, out, _ = here("logic", "--table", "table.csv", "--form", "patterns")
    assert status == 0 and "network of form patterns: 2-4-1 units" in out
    assert "output = h1.1 + h1.4" in out


def test_constant_is_no_question_of_separability(here):
    status, out, _ = here("logic", "a or not a")
    assert status == 0 and "constant: the output is always 1" in out


def test_inputs_set_the_order_of_the_rows(here):
    _, out, _ = here("logic", "a and not b", "--inputs", "b,a")
    assert out.startswith("b a | output") and "0 1 |      1" in out


def test_long_table_is_counted_and_the_network_a_circuit(here):
    text = " or ".join(f"(x{i} and x{i + 1})" for i in range(7))
    status, out, _ = here("logic", text)
    assert status == 0 and "8 inputs: 256 rows, 201 of them 1" in out
    assert "DNF        201 terms" in out and f"minimised  {text}" in out
    assert "network of form circuit: 8-7-1 units" in out and "256 rows (all)" in out


def test_too_many_inputs_for_a_table_are_sampled(here):
    text = " xor ".join(f"x{i}" for i in range(24))
    status, out, _ = here("logic", text, "--samples", "500")
    assert status == 0 and "24 inputs: too many for a truth table" in out
    assert "... and 8 more of this layer" in out
    assert "the network agrees on 500 rows (drawn at random; not all were tried)" in out


@pytest.mark.parametrize("name", ["xor.svg", "xor.dot"])
def test_network_is_drawn(here, tmp_path, name):
    status, out, _ = here("logic", "a xor b", "--draw", name)
    assert status == 0 and f"written to {name}" in out
    assert "output" in (tmp_path / name).read_text(encoding="utf-8")


def test_fault_in_an_expression_is_shown_with_a_caret(here):
    status, out, err = here("logic", "a and (b or")
    assert status == 2 and out == ""
    _, text, caret = err.splitlines()
    assert caret.index("^") == text.index("(b or") + len("(b or")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "expected one of an expression, --table and --outputs"),
        (("a", "--outputs", "01"), "expected one of"),
        (("--outputs", "012"), "--outputs 012: expected digits 0 and 1"),
        (("--outputs", "011"), "3 outputs"),
        (("--table", "missing.csv"), "missing.csv: No such file"),
        (("true",), "a constant has no inputs"),
        (("a and b", "--inputs", "a"), "b"),
        (("a", "--form", "cnf"), "unknown form 'cnf'"),
        (("a", "--draw", "a.png"), "expected a name that ends in .svg or .dot"),
        (("a", "--samples", "0"), "samples is 0"),
    ],
)
def test_bad_input_is_one_message(here, arguments, told):
    status, _, err = here("logic", *arguments)
    assert status == 2 and told in err and len(err.splitlines()) == 1


def test_table_that_lacks_a_row_is_refused_with_the_row(here, tmp_path):
    (tmp_path / "table.csv").write_text("p,q,out\n0,0,1\n1,1,1\n0,1,0\n")
    status, _, err = here("logic", "--table", "table.csv")
    assert status == 2 and "(p=1, q=0)" in err
