"""`chainrule perceptron`: the trace, and what is said about its end."""

import numpy as np
import pytest

from chainrule.logic.separability import separate


def test_order_of_the_lecture_prints_its_trace_and_its_end(here):
    """W13."""
    status, out, _ = here("perceptron", "or", "--order", "4,1")
    assert status == 0
    assert out.splitlines() == [
        "step  instance  w·x         ŷ           y           new w",
        "1     4         0           0           1           (1, 1, 1)",
        "2     1         1           1           0           (1, 1, 0)",
        "end   all       0, 1, 1, 2  0, 1, 1, 1  0, 1, 1, 1  all right",
        "",
        "weights (1, 1), bias 0",
        "1 where x1 + x2 > 0",
        "",
        "converged: 2 updates, 1 pass of all samples",
        "no order needs more than (R / margin)² = (1.73205 / 0.333333)² = 27 updates (Novikoff)",
    ]


def test_cycle_is_told_with_its_proof(here):
    """W14 and W10."""
    status, out, _ = here("perceptron", "xor")
    assert status == 0 and "not converged: 6 updates" in out
    assert (
        "after 2 updates the weights repeat: (-1, 1, 1) → (0, 1, 2) → (-1, 0, 1) → (-1, 0, 0)"
        in out
    )
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), [0, 1, 1, 0]
    assert out.endswith(separate(x, y).explain() + "\n")


def test_expression_names_its_inputs(here):
    _, out, _ = here("perceptron", "rain and not umbrella")
    assert "1 where rain - 2 umbrella > 0" in out and "\nconverged: " in out


@pytest.mark.parametrize(("gate", "count", "order"), [("or", 2, "4,1"), ("and", 5, "4,1,2,4,3")])
def test_shortest_order_is_found_and_gone_through(here, gate, count, order):
    _, out, _ = here("perceptron", gate, "--shortest")
    assert out.startswith(f"fewest updates: {count}, in the order {order}\n")
    assert f"converged: {count} updates, 1 pass" in out


def test_without_an_end_all_that_any_order_reaches_is_counted(here):
    _, out, _ = here("perceptron", "xor", "--shortest")
    assert out.startswith("no order ends: none of the 53 weight vectors in reach is right\n")


def test_matrix_version_prints_its_steps(here):
    """W15."""
    _, out, _ = here("perceptron", "nand", "--matrix", "--learning-rate", 0.5)
    assert out.splitlines()[1:] == [
        "0     (0, 0, 0)          (0, 0, 0, 0)",
        "1     (0.5, 0.5, 1.5)    (1.5, 2, 2, 2.5)",
        "2     (0, 0, 1)          (1, 1, 1, 1)",
        "3     (-0.5, -0.5, 0.5)  (0.5, 0, 0, -0.5)",
        "4     (0, 0, 1.5)        (1.5, 1.5, 1.5, 1.5)",
        "5     (-0.5, -0.5, 1)    (1, 0.5, 0.5, 0)",
        "all right",
    ]


def test_matrix_version_tells_why_it_does_not_end(here):
    _, out, _ = here("perceptron", "xor", "--matrix")
    assert "the last 2 steps repeat" in out and "not linearly separable" in out


def test_file_is_learnt_with_its_columns_as_names(here, tmp_path):
    (tmp_path / "fruit.csv").write_text("weight,redness,ripe\n1,0,0\n2,1,1\n3,2,1\n1,0.5,0\n")
    _, out, _ = here("perceptron", "fruit.csv")
    assert "converged" in out and "redness" in out.split("1 where ")[1]


def test_classes_of_a_set_get_an_output_each(here):
    _, out, _ = here("perceptron", "iris", "--limit", 30)
    assert "not converged: 30 updates" in out
    weights = out.split("weights, the bias last: ")[1].splitlines()[0]
    assert weights.count("(") == 3


def test_of_many_updates_the_first_are_shown(here):
    _, out, _ = here("perceptron", "moons", "--limit", 60)
    assert "10 more updates" in out and len(out.splitlines()[1:51]) == 50


def test_limit_of_separable_samples_is_named_as_the_reason(here):
    _, out, _ = here("perceptron", "nand", "--limit", 3)
    assert "\nthe samples are linearly separable: raise --limit\nno order needs more than" in out


def test_samples_that_rounding_cannot_tell_apart_are_told_so(here, tmp_path):
    (tmp_path / "close.csv").write_text("x1,x2,y\n0.1,0.3,1\n0.2,0.6,0\n0.3,0.9,1\n")
    status, out, _ = here("perceptron", "close.csv")
    assert status == 0 and "so close together that rounding" in out.splitlines()[-1]


def test_seed_gives_another_random_order(here):
    first, again, other = (
        here("perceptron", "nand", "--order", "random", "--seed", seed)[1] for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("or", "--order", "5"), "'5' is no row; expected numbers from 1 to 4"),
        (("or", "--order", "1,,2"), "'' is no row"),
        (("or", "--order", "sideways"), "unknown order 'sideways'"),
        (("xro",), "unknown data set 'xro'; did you mean 'xor'?"),
        (("diabetes",), "y holds 151.0; expected 0 and 1"),
        (("or", "--shortest", "--order", "4,1"), "--shortest finds its own order"),
        (("or", "--matrix", "--shortest"), "--matrix: it takes neither"),
        (("missing.csv",), "there is no such file"),
        (("words.csv",), "the column 'b' holds text; expected columns of numbers"),
    ],
)
def test_what_does_not_fit_is_one_message(here, tmp_path, arguments, message):
    (tmp_path / "words.csv").write_text("a,b\n1,yes\n0,no\n")
    status, out, err = here("perceptron", *arguments)
    assert (status, out) == (2, "") and message in err and err.count("\n") == 1


def test_a_mistake_in_an_expression_is_shown_with_a_caret(here):
    status, out, err = here("perceptron", "a and (b")
    assert (status, out) == (2, "")
    _, text, caret = err.splitlines()
    assert text[caret.index("^")] == "("
