"""`chainrule ops`: the table of operations, and one of them in full."""

from chainrule.ops import PRIMITIVES


def test_every_operation_stands_in_the_table_with_what_it_is(here):
    status, out, _ = here("ops")
    lines = out.splitlines()
    assert status == 0
    for primitive in PRIMITIVES.values():
        assert any(
            line.split()[0] == primitive.name and line.endswith(primitive.doc)
            for line in lines
            if line
        )


def test_table_has_formula_and_derivative(here):
    _, out, _ = here("ops")
    (line,) = [line for line in out.splitlines() if line.startswith("tanh ")]
    assert line.split("  ")[0] == "tanh" and "ct · (1 - tanh(x)²)" in line


def test_operations_made_of_others_are_listed(here):
    _, out, _ = here("ops")
    assert "softmax" in out and "made of operations" in out


def test_one_operation_is_shown_in_full(here):
    status, out, _ = here("ops", "matmul")
    assert status == 0
    for told in ("x @ y", "ct @ yᵀ   to x", "xᵀ @ ct   to y", "contract", "f64[3,4] f64[4,2]"):
        assert told in out


def test_one_that_is_made_of_others_shows_its_parameters(here):
    _, out, _ = here("ops", "logsumexp")
    assert out.startswith("logsumexp(x, axis") and "no overflow" in out


def test_unknown_operation_is_named_with_the_nearest(here):
    status, out, err = here("ops", "tahn")
    assert status == 2 and out == "" and "did you mean 'tanh'?" in err
