"""Truth tables from every source, and the messages for those that are none."""

import operator
from pathlib import Path

import numpy as np
import pytest

from chainrule.logic import Constant, TruthTable, parse, truth_table, written
from chainrule.logic.tables import MOST_INPUTS, input_rows


XOR = TruthTable(("a", "b"), np.array([False, True, True, False]))
ALL_TABLES = [
    (n, number)
    for n in (0, 1, 2, 3)
    for number in range(2 ** (2**n))
]  # fmt: skip


def table_of_number(n, number):
    """The table whose outputs are the binary digits of `number`."""
    inputs = ("x", "y", "z")[:n]
    return TruthTable(inputs, np.array([number >> r & 1 for r in range(2**n)], bool))


@pytest.mark.parametrize("form", ["dnf", "minimized"])
def test_every_table_of_up_to_three_inputs_comes_back_from_its_expression(form):
    for n, number in ALL_TABLES:
        table = table_of_number(n, number)
        expression = getattr(table, form)()
        assert truth_table(expression, table.inputs) == table
        assert parse(str(expression)) == expression
        assert parse(written(expression, "symbols")) == expression


def test_w09_disjunction_of_the_rows_that_are_1():
    table = truth_table([0, 1, 1, 0], ["x", "y"])
    assert table.dnf() == parse("(¬x∧y)∨(x∧¬y)")
    assert str(table.dnf()) == "(not x and y) or (x and not y)"


def test_w09_no_row_is_an_empty_disjunction():
    assert truth_table([0, 0, 0, 0]).dnf() == Constant(False)


def test_dnf_has_one_conjunction_of_all_inputs_for_each_row():
    dnf = truth_table([1, 0, 1, 1]).dnf()
    assert str(dnf) == "(not x1 and not x2) or (x1 and not x2) or (x1 and x2)"


@pytest.mark.parametrize(
    "source",
    [
        "a xor b",
        parse("(a or b) and not (a and b)"),
        lambda a, b: a != b,
        lambda a, b: (a + b) % 2,
        lambda a, b: float(a ^ b),
        lambda a, b: np.array(a ^ b),
        lambda a, b, both=False: a ^ b,
    ],
)
def test_sources_with_names(source):
    assert truth_table(source) == XOR


@pytest.mark.parametrize(
    "source",
    [
        [0, 1, 1, 0],
        (False, True, True, False),
        np.array([0.0, 1.0, 1.0, 0.0]),
        [((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)],
        [((1, 1), False), ([True, 0], 1), (np.array([0, 1]), 1), ((0, 0), 0)],
        [("11", 0), ("00", 0), ("10", 1), ("01", 1), ("10", 1)],
        operator.xor,
        lambda *xs: sum(xs) % 2,
    ],
)
def test_sources_whose_inputs_are_named_beside(source):
    assert truth_table(source, ["a", "b"]) == XOR


def test_inputs_without_names_are_numbered():
    assert truth_table([0, 1, 1, 0]).inputs == ("x1", "x2")
    assert truth_table([("0", 1), ("1", 0)]).inputs == ("x1",)


def test_table_is_its_own_source():
    assert truth_table(XOR) is XOR
    with pytest.raises(ValueError, match="inputs b, a, but the table names them itself: a, b"):
        truth_table(XOR, ["b", "a"])


def test_given_inputs_set_the_order_and_may_be_more():
    table = truth_table("a and not b", ["b", "c", "a"])
    assert table.inputs == ("b", "c", "a")
    assert table.outputs.tolist() == [False, True, False, True, False, False, False, False]


def test_the_first_input_is_the_most_significant():
    table = truth_table("a", ["a", "b"])
    assert table.rows.tolist() == [[False, False], [False, True], [True, False], [True, True]]
    assert table.y.tolist() == [0, 0, 1, 1]
    assert table.x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


@pytest.mark.parametrize("n", [0, 1, 9])
def test_rows_are_the_binary_digits_of_their_numbers(n):
    rows = input_rows(n)
    assert rows.shape == (2**n, n)
    assert rows.dtype == bool
    assert (rows @ (2 ** np.arange(n)[::-1])).tolist() == list(range(2**n))


def test_constant_has_a_table_of_one_row():
    assert truth_table("true").outputs.tolist() == [True]
    assert truth_table(lambda: False).dnf() == Constant(False)


def test_outputs_are_the_table_s_own_and_read_only():
    outputs = np.array([False, True])
    table = TruthTable(("a",), outputs)
    outputs[0] = True
    assert table.outputs.tolist() == [False, True]
    with pytest.raises(ValueError, match="read-only"):
        table.outputs[0] = True


def test_equal_tables_have_equal_hashes():
    assert len({XOR, truth_table("a xor b"), truth_table("a xor c"), truth_table("a or b")}) == 3


def test_text_is_aligned_under_the_names():
    table = truth_table("carry and s1")
    assert str(table).splitlines() == [
        "carry s1 | output",
        "    0  0 |      0",
        "    0  1 |      0",
        "    1  0 |      0",
        "    1  1 |      1",
    ]
    assert str(truth_table("true")) == "| output\n|      1"


def test_twenty_inputs_are_enumerated_and_no_more():
    names = [f"x{k}" for k in range(MOST_INPUTS + 1)]
    assert truth_table(" or ".join(names[:-1])).outputs.sum() == 2**MOST_INPUTS - 1
    with pytest.raises(ValueError, match=r"21 inputs: a truth table would have 2\*\*21 rows"):
        truth_table(" or ".join(names))
    with pytest.raises(ValueError, match="21 inputs"):
        truth_table(lambda *xs: True, names)


@pytest.mark.parametrize(
    ("source", "inputs", "message"),
    [
        ("a and c", ["a", "b"], "unknown variable c; the inputs are a, b"),
        ("a and b", ["a", "b", "a"], "two inputs have one name: a, b, a"),
        ("a and b", "ab", 'inputs = "ab": expected a list of names'),
        ("a and", None, "expected a name"),
        ([0, 1, 1], None, r"3 outputs, expected 2\*\*n"),
        ([], None, r"0 outputs, expected 2\*\*n"),
        ([0, 1, 2, 0], None, r"row 3 \(x1=1, x2=0\): 2 is no truth value; expected 0 or 1"),
        ([0, 1], ["a", "b"], "2 outputs for 2 inputs, expected 4"),
        ([0, 1], ["not"], "a variable cannot be called 'not'"),
        ([0, [1]], ["a"], r"row 2 \(a=1\): \[1\] is no truth value"),
        (lambda a, b: a + b, None, r"row 4 \(a=1, b=1\): 2 is no truth value"),
        (lambda a: None, None, r"row 1 \(a=0\): None is no truth value"),
        (lambda *xs: True, None, "does not say how many inputs it has"),
        ([((0,), 1)], None, r"no row for \(x1=1\); expected all 2 rows"),
        ([("00", 1)], ["a", "b"], r"no row for \(a=0, b=1\) and 2 more; expected all 4 rows"),
        ([("0", 1), ("1", 1), ("0", 0)], ["a"],
         r"row 3 \(a=0\): the output 0 contradicts the 1 of row 1"),
        ([("00", 1), ("1", 1)], None, "row 2: 1 inputs, expected 2"),
        ([((0,), 1), ((3,), 1)], None, "row 2, input x1: 3 is no truth value"),
        ([((0,), 1), ((1,), 0.5)], None, r"row 2 \(x1=1\): 0.5 is no truth value"),
        ([(0, 0, 1)], None, r"row 1 is \(0, 0, 1\); expected \(inputs, output\)"),
        ([((0,), 1), 7], None, "row 2 is 7; expected"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(source, inputs, message):
    with pytest.raises(ValueError, match=message):
        truth_table(source, inputs)


def test_other_kinds_of_source_are_refused():
    with pytest.raises(TypeError, match=r"expected a text, an expression, .* not int"):
        truth_table(5)


def test_table_of_a_wrong_length_is_refused():
    with pytest.raises(ValueError, match=r"outputs \(3,\), expected \(4,\)"):
        TruthTable(("a", "b"), np.zeros(3, bool))


def saved(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "table.csv"
    file.write_text(text, encoding=encoding)
    return file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_csv_file_in_any_order(tmp_path, encoding):
    file = saved(tmp_path, 'a, b,"a, then b"\n1,1,0\n\n0,1,1\n1, 0 ,1\n0,0,0\n', encoding)
    assert truth_table(file) == truth_table(str(file)) == XOR


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "table.csv: it is empty"),
        ("a,b,y\n0,0,1\n0,1\n", "table.csv:3: 2 fields, expected 3"),
        ("a,y\n0,1\n", r"no row for \(a=1\)"),
        ("a,y\n0,1\n1,1\n0,0\n", r"table.csv:4 \(a=0\): the output 0 contradicts the 1 of .*:2"),
        ("a,y\n0,1\n1,yes\n", r"table.csv:3 \(a=1\): 'yes' is no truth value"),
        ("a,y\n0,1\n2,1\n", "table.csv:3, input a: '2' is no truth value"),
        ("a b,y\n0,1\n1,1\n", "a variable cannot be called 'a b'"),
        ("a,a,y\n", "two inputs have one name"),
        ('a,y\n0,"1\n', "table.csv: unexpected end of data"),
        (",".join(f"x{k}" for k in range(22)), "21 inputs"),
    ],
)
def test_csv_file_that_is_no_table_is_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        truth_table(saved(tmp_path, text))


def test_csv_file_in_another_encoding_is_refused(tmp_path):
    with pytest.raises(ValueError, match="it is no text in UTF-8"):
        truth_table(saved(tmp_path, "größe,y\n0,1\n1,1\n", "latin-1"))


def test_csv_file_that_is_not_there():
    with pytest.raises(FileNotFoundError):
        truth_table("nowhere.csv")
