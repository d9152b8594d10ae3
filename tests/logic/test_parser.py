"""Texts to Boolean expressions: grammar, precedence, and the place of every fault."""

import re

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from chainrule.logic import CONNECTIVES, Constant, Operation, ParseError, Variable, parse
from chainrule.logic.expression import DEEPEST


@pytest.mark.parametrize(
    ("text", "name"),
    [(f"a {sign} b", name) for name, signs in {
        "and": "and AND ∧ & &&", "or": "or Or ∨ | ||", "xor": "xor ⊕ ^", "nand": "nand ⊼",
        "nor": "nor ⊽", "xnor": "xnor ⊙", "implies": "implies → -> => ⇒",
        "equivalent": "equivalent iff ↔ <-> <=> ⇔",
    }.items() for sign in signs.split()],
)  # fmt: skip
def test_every_sign_between_two_operands(text, name):
    operation = Operation(name, (Variable("a"), Variable("b")))
    assert parse(text) == operation
    if not re.search("[a-z]{2}", text.lower()):
        assert parse(text.replace(" ", "")) == operation


@pytest.mark.parametrize("text", ["not a", "NOT a", "¬a", "~a", "!a", "not(a)", "  ~\n( a )"])
def test_every_sign_of_negation(text):
    assert parse(text) == Operation("not", (Variable("a"),))


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("False", False), ("1", True), ("(0)", False)]
)
def test_constants(text, value):
    assert parse(text) == Constant(value)


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("not a and b", "(not a) and b"),
        ("not not a", "not (not a)"),
        ("a and not b", "a and (not b)"),
        ("a or b and c", "a or (b and c)"),
        ("a and b or c and d", "(a and b) or (c and d)"),
        ("a xor b and c", "a xor (b and c)"),
        ("a or b xor c", "a or (b xor c)"),
        ("a ^ b | c & d", "(a ^ b) | (c & d)"),
        ("a implies b or c", "a implies (b or c)"),
        ("a -> b -> c", "a -> (b -> c)"),
        ("a -> b <-> c -> d", "(a -> b) <-> (c -> d)"),
        ("a iff b iff c", "(a iff b) iff c"),
        ("a nand b xor c nand d", "(a nand b) xor (c nand d)"),
        ("a nor b implies c", "(a nor b) implies c"),
    ],
)
def test_precedence(text, grouped):
    assert parse(text) == parse(grouped)


@pytest.mark.parametrize("name", ["and", "or", "xor"])
def test_chain_is_one_operation(name):
    variables = tuple(Variable(letter) for letter in "abcd")
    assert parse(f" {name} ".join("abcd")) == Operation(name, variables)


@pytest.mark.parametrize("connective", CONNECTIVES.values(), ids=list(CONNECTIVES))
def test_every_word_may_be_called(connective):
    operands = "abc"[: connective.most or 3]
    variables = tuple(Variable(letter) for letter in operands)
    text = f"{connective.word}({', '.join(operands)})"
    assert parse(text) == Operation(connective.name, variables)


def test_call_is_an_operand():
    assert str(parse("c and nand(a, b, a or b) | d")) == "(c and nand(a, b, a or b)) or d"


@pytest.mark.parametrize(
    ("text", "place", "fault"),
    [
        ("", 0, "the text is empty; expected an expression"),
        (" \n ", 0, "the text is empty"),
        ("a $ b", 2, "unknown sign '\\$'; expected names"),
        ("a - b", 2, "unknown sign '-'"),
        ("a < b", 2, "unknown sign '<'"),
        ("a = b", 2, "unknown sign '='"),
        ("a.b", 1, "unknown sign '.'"),
        ("(a or b", 0, "'\\(' is never closed; expected '\\)'"),
        ("a and (b or (c and d)", 6, "'\\(' is never closed"),
        ("a or b)", 6, "'\\)' closes nothing"),
        ("a and", 5, "expected a name, true, false, not or '\\(' after 'and', but here is the end"),
        ("a and  ", 5, "here is the end"),
        ("and b", 0, "expected a name, true, false, not or '\\(', but here is 'and'"),
        ("a or and b", 5, "after 'or', but here is 'and'"),
        ("a and (or b)", 7, "after '\\(', but here is 'or'"),
        ("not", 3, "after 'not', but here is the end"),
        ("()", 1, "after '\\(', but here is '\\)'"),
        ("a b", 2, "expected an operator such as and, or, xor after 'a', not 'b'"),
        ("a or (b c)", 8, "after 'b', not 'c'"),
        ("a not b", 2, "after 'a', not 'not'"),
        ("(a)(b)", 3, "after '\\)', not '\\('"),
        ("a, b", 1, "after 'a', not ','"),
        ("(a, b)", 2, "after 'a', not ','"),
        ("nand(a, b", 4, "never closed"),
        ("nand(a)", 0, "nand: expected 2 or more operands, not 1"),
        ("implies(a, b, c)", 0, "implies: expected 2 operands, not 3"),
        ("a or 2x", 5, "a variable cannot be called '2x'"),
        ("a nand b nand c", 9, "'nand' and 'nand' in a chain have no agreed meaning"),
        ("a and b nand c", 8, "'and' and 'nand' in a chain"),
        ("a xnor b xor c", 9, "'xnor' and 'xor' in a chain"),
    ],
)
def test_fault_is_named_and_shown_with_a_caret(text, place, fault):
    with pytest.raises(ParseError, match=fault) as caught:
        parse(text)
    message, shown, caret = str(caught.value).rsplit("\n", 2)
    assert (caught.value.text, caught.value.place) == (text, place)
    assert "\n" not in message
    assert shown == "  " + text.replace("\n", " ")
    assert caret == " " * (2 + place) + "^"


def test_long_text_is_shown_around_the_fault():
    text = "a and " * 50 + "$" + " and a" * 50
    with pytest.raises(ParseError) as caught:
        parse(text)
    _, shown, caret = str(caught.value).split("\n")
    assert shown[len(caret) - 1] == "$"
    assert len(shown) < 80


@pytest.mark.parametrize(
    "text",
    ["(" * 9999 + "a" + ")" * 9999, "(" * 9999, "not " * 9999 + "a", "a -> " * 9999 + "a",
     "a iff " * 9999 + "a", "a and (" * 9999, "nand(a, " * 9999],
)  # fmt: skip
def test_deep_nesting_is_refused(text):
    with pytest.raises(ParseError, match=rf"\b{DEEPEST} operations one inside another"):
        parse(text)


def test_a_long_chain_is_not_deep():
    assert len(parse(" or ".join(["a and b"] * 5000)).operands) == 5000


def test_anything_but_text_is_refused():
    with pytest.raises(TypeError, match="parse: expected a text, not int"):
        parse(1)


tokens = st.sampled_from(["a", "b", "(", ")", "not ", " and ", " nand ", "|", "^", "->", ",", "1"])


@given(st.lists(tokens, max_size=9).map("".join) | st.text(max_size=9))
@settings(max_examples=300)
def test_any_text_is_an_expression_or_a_parse_error_inside_it(text):
    try:
        expression = parse(text)
    except ParseError as error:
        assert 0 <= error.place <= len(text)
        return
    assert parse(str(expression)) == expression
