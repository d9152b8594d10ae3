"""Boolean expressions as values: what they compute, and how they are written."""

import itertools

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from chainrule.logic import CONNECTIVES, Constant, Operation, Variable, parse, written
from chainrule.logic.expression import DEEPEST, RESERVED, conjunction, disjunction


a, b, c = Variable("a"), Variable("b"), Variable("c")

names = st.sampled_from(["a", "b", "c", "x1", "not_a", "ψ", "Carry", "x₁"])
leaves = st.builds(Variable, names) | st.builds(Constant, st.booleans())


def operations(operands):
    def of(connective):
        most = connective.most or 4
        chosen = st.lists(operands, min_size=connective.least, max_size=most)
        return chosen.map(lambda chosen: Operation(connective.name, tuple(chosen)))

    return st.sampled_from(list(CONNECTIVES.values())).flatmap(of)


expressions = st.recursive(leaves, operations, max_leaves=12)


def nested(depth):
    expression = a
    for _ in range(depth):
        expression = Operation("implies", (b, expression))
    return expression


@given(expressions, st.sampled_from(["words", "symbols"]))
def test_text_of_an_expression_parses_back_to_it(expression, style):
    assert parse(written(expression, style)) == expression


@pytest.mark.parametrize("style", ["words", "symbols"])
@pytest.mark.parametrize(
    "around",
    [
        lambda inner: Operation("not", (inner,)),
        lambda inner: Operation("implies", (inner, b)),
        lambda inner: Operation("equivalent", (b, inner)),
        lambda inner: Operation("nand", (b, inner, c)),
    ],
)
def test_text_at_the_limit_of_depth_parses_back(around, style):
    expression = a
    for _ in range(DEEPEST):
        expression = around(expression)
    assert parse(written(expression, style)) == expression


MEANINGS = {
    "not": lambda x: not x,
    "and": lambda *xs: all(xs),
    "nand": lambda *xs: not all(xs),
    "or": lambda *xs: any(xs),
    "nor": lambda *xs: not any(xs),
    "xor": lambda *xs: sum(xs) % 2 == 1,
    "xnor": lambda *xs: sum(xs) % 2 == 0,
    "implies": lambda x, y: y if x else True,
    "equivalent": lambda x, y: x == y,
}


@pytest.mark.parametrize("name", CONNECTIVES)
def test_connective_means_the_same_on_bools_and_on_arrays(name):
    connective = CONNECTIVES[name]
    for n in range(connective.least, (connective.most or 4) + 1):
        operation = Operation(name, tuple(Variable(f"x{k}") for k in range(n)))
        rows = list(itertools.product([False, True], repeat=n))
        expected = [MEANINGS[name](*row) for row in rows]
        by_row = [operation(**dict(zip(operation.variables, row, strict=True))) for row in rows]
        columns = dict(zip(operation.variables, np.array(rows).T, strict=True))
        assert by_row == expected
        assert operation(**columns).tolist() == expected


def test_value_of_bools_is_a_bool():
    assert parse("a and not b")(a=True, b=False) is True
    assert Constant(False)() is False


def test_value_of_arrays_has_the_shape_to_which_they_broadcast():
    value = parse("a xor b")(a=np.array([[False], [True]]), b=np.array([0, 1, 1]))
    assert value.dtype == bool
    assert value.tolist() == [[False, True, True], [True, False, False]]


def test_constant_takes_the_shape_of_the_values():
    assert Constant(True)(a=np.zeros(3)).tolist() == [True] * 3


def test_value_is_an_array_of_its_own():
    x = np.array([True, False])
    a(a=x)[0] = False
    assert x.tolist() == [True, False]


def test_a_variable_may_be_called_self():
    assert parse("not self")(self=False) is True


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"a": True}, "no value for b in a and b .there are values for: a"),
        ({}, "no value for a, b in a and b .there are values for: none"),
        ({"a": 1, "b": 2}, "b = 2: expected a bool, 0 or 1"),
        ({"a": 1, "b": "1"}, "b = '1': expected a bool, 0 or 1"),
        ({"a": 1, "b": float("nan")}, "b = nan: expected"),
        ({"a": [0, 1], "b": [0, 1, 1]}, r"do not broadcast: a \(2,\), b \(3,\)"),
    ],
)
def test_values_that_are_missing_or_not_0_and_1_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        parse("a and b")(**values)


def test_variables_stand_in_the_order_of_appearance():
    assert parse("(c or a) and (b or a)").variables == ("c", "a", "b")
    assert Constant(True).variables == ()


def test_equality_is_that_of_structure():
    assert parse("a and b") == Operation("and", (a, b))
    assert parse("a and b") != parse("b and a")
    assert parse("(a and b) and c") != parse("a and b and c")
    assert len({parse("a & b"), parse("a ∧ b"), parse("A & b")}) == 2


@pytest.mark.parametrize(
    ("expression", "words", "symbols"),
    [
        (Operation("not", (a,)), "not a", "¬a"),
        (Operation("not", (Operation("or", (a, b)),)), "not (a or b)", "¬(a ∨ b)"),
        (Operation("xor", (a, b, c)), "a xor b xor c", "a ⊕ b ⊕ c"),
        (Operation("nand", (a, b)), "a nand b", "a ⊼ b"),
        (Operation("nor", (a, b, c)), "nor(a, b, c)", "⊽(a, b, c)"),
        (Operation("equivalent", (a, Constant(True))), "a iff true", "a ↔ true"),
        (Operation("implies", (a, Operation("implies", (b, c)))), "a implies (b implies c)",
         "a → (b → c)"),
    ],
)  # fmt: skip
def test_written(expression, words, symbols):
    assert str(expression) == written(expression) == words
    assert written(expression, "symbols") == symbols


def test_conjunctions_and_disjunctions_of_none_and_of_one():
    assert conjunction([]) == Constant(True)
    assert disjunction([]) == Constant(False)
    assert conjunction([a]) == disjunction([a]) == a
    assert disjunction([a, b]) == Operation("or", (a, b))


@pytest.mark.parametrize("name", ["", "2x", "a b", "a-b", "a\n", *sorted(RESERVED), "AND"])
def test_names_that_would_not_parse_back_are_refused(name):
    with pytest.raises(ValueError, match="a variable cannot be called"):
        Variable(name)


@given(st.text(min_size=1, max_size=4))
@settings(max_examples=300)
def test_every_name_of_a_variable_parses_back(name):
    try:
        variable = Variable(name)
    except ValueError:
        return
    assert parse(f"not {name}") == Operation("not", (variable,))


@pytest.mark.parametrize(
    ("name", "operands", "message"),
    [
        ("maybe", (a, b), "unknown connective 'maybe' .there are: not, and"),
        ("not", (a, b), "not: expected 1 operand, not 2"),
        ("and", (a,), "and: expected 2 or more operands, not 1"),
        ("implies", (a, b, c), "implies: expected 2 operands, not 3"),
    ],
)
def test_operations_that_mean_nothing_are_refused(name, operands, message):
    with pytest.raises(ValueError, match=message):
        Operation(name, operands)


def test_operands_are_expressions():
    with pytest.raises(TypeError, match="and: expected expressions, not 'b'; use parse"):
        Operation("and", (a, "b"))
    with pytest.raises(TypeError, match="expected True or False, not 1"):
        Constant(1)


def test_depth_has_a_stated_limit():
    assert nested(DEEPEST)(a=True, b=False) is True
    with pytest.raises(ValueError, match=f"implies: more than {DEEPEST} operations"):
        nested(DEEPEST + 1)
