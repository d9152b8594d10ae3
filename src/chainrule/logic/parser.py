"""Boolean expressions from text, with words or symbols; a fault is shown where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from chainrule.logic.expression import (
    CONNECTIVES,
    DEEPEST,
    Connective,
    Constant,
    Expression,
    Operation,
    Variable,
)
from chainrule.lookup import TextError


#: Signs beside the words and symbols of `CONNECTIVES`, and what they stand for.
_SIGNS = {
    "~": "not",
    "!": "not",
    "&": "and",
    "&&": "and",
    "^": "xor",
    "|": "or",
    "||": "or",
    "->": "implies",
    "=>": "implies",
    "⇒": "implies",
    "<->": "equivalent",
    "<=>": "equivalent",
    "⇔": "equivalent",
}
_CONNECTIVE_OF: dict[str, Connective] = {
    **CONNECTIVES,
    **{connective.word: connective for connective in CONNECTIVES.values()},
    **{connective.symbol: connective for connective in CONNECTIVES.values()},
    **{sign: CONNECTIVES[name] for sign, name in _SIGNS.items()},
}
_CONSTANTS = {"true": True, "false": False, "1": True, "0": False}
_SYMBOLS = sorted(
    (sign for sign in _CONNECTIVE_OF if not sign.isalpha()), key=lambda sign: -len(sign)
)
_TOKEN = re.compile(rf"\w+|{'|'.join(map(re.escape, _SYMBOLS))}|[(),]")
_SHOWN = 36  # characters of the text on either side of a fault

# The text of an expression at the limit opens two levels for each operation: an operand of the
# one around it, and its parenthesis.
_DEEPEST_LEVEL = 2 * DEEPEST + 1


class ParseError(TextError):
    """A text that is no Boolean expression. The message shows the place with a caret.

    text   as it was given
    place  the index of the character at fault; the length of the text where it ends too early
    """

    def __init__(self, fault: str, text: str, place: int) -> None:
        start = max(0, place - _SHOWN)
        end = place + _SHOWN
        before = ("…" if start else "") + text[start:place]
        after = text[place:end] + ("…" if end < len(text) else "")
        shown = re.sub(r"\s", " ", before + after)
        super().__init__(f"{fault}\n  {shown}\n  {' ' * len(before)}^")
        self.text = text
        self.place = place


def parse(text: str) -> Expression:
    """The expression that a text means: `"not (a and b) or c"`, `"¬(a ∧ b) ∨ c"`, `"~(a & b) | c"`.

    From tightest to loosest: not; and, nand; xor, xnor; or, nor; implies, grouped from the right;
    iff (also `equivalent`). Words in small or capital letters; the signs ¬ ~ !, ∧ & &&, ⊼, ⊕ ^, ⊙,
    ∨ | ||, ⊽, → -> => ⇒, ↔ <-> <=> ⇔; the constants true, false, 1, 0. Any word may be called with
    its operands: `nand(a, b, c)`. A chain of and, or, xor is one operation; one with nand, nor or
    xnor needs parentheses or a call. ParseError, a ValueError, for any other text, and for one
    nested too deeply.
    """
    if not isinstance(text, str):
        raise TypeError(f"parse: expected a text, not {type(text).__name__}")
    parser = _Parser(text, list(_tokens(text)))
    if not parser.token.text:
        parser.fail("the text is empty; expected an expression such as a and not b")
    expression = parser.expression(0, 0)
    if parser.token.text:
        parser.fail_after_operand()
    return expression


@dataclass(frozen=True)
class _Token:
    """A word or sign and where it begins. The end of the text is an empty one."""

    text: str
    place: int

    def __str__(self) -> str:
        return f"'{self.text}'" if self.text else "the end"

    @property
    def connective(self) -> Connective | None:
        return _CONNECTIVE_OF.get(self.text.lower())


def _tokens(text: str) -> Iterator[_Token]:
    place, end = 0, len(text.rstrip())
    while place < end:
        if text[place].isspace():
            place += 1
            continue
        found = _TOKEN.match(text, place)
        if found is None:
            expected = "names, true, false, parentheses, and operators such as and, ∧ or &"
            raise ParseError(f"unknown sign {text[place]!r}; expected {expected}", text, place)
        yield _Token(found[0], place)
        place = found.end()
    yield _Token("", end)


@dataclass
class _Parser:
    """Precedence climbing (Pratt 1973) over the tokens of a text; `position` is the next one."""

    text: str
    tokens: list[_Token]
    position: int = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.position]

    def expression(self, least: int, level: int) -> Expression:
        """What follows, up to an operator that binds less tightly than `least`."""
        if level > _DEEPEST_LEVEL:
            self.fail(f"nested too deeply; at most {DEEPEST} operations one inside another")
        left = self.operand(level)
        while (connective := self.infix()) is not None and connective.binding >= least:
            left = self.operation(left, connective, level)
        return left

    def infix(self) -> Connective | None:
        """The connective that the next token stands for between two operands."""
        connective = self.token.connective
        return None if connective is None or connective.name == "not" else connective

    def operand(self, level: int) -> Expression:
        """A name, a constant, a negation, a call, or what stands in parentheses."""
        token = self.token
        connective = token.connective
        if token.text == "(":
            return self.enclosed(level)[0]
        if connective is not None and connective.name == "not":
            self.position += 1
            operand = self.expression(connective.binding, level + 1)
            return self.built(token, connective, [operand])
        if connective is not None and self.tokens[self.position + 1].text == "(":
            self.position += 1
            return self.built(token, connective, self.enclosed(level, most=None))
        if connective is not None or token.text in ("", ")", ","):
            self.fail_before_operand()
        self.position += 1
        if (value := _CONSTANTS.get(token.text.lower())) is not None:
            return Constant(value)
        try:
            return Variable(token.text)
        except ValueError as error:
            raise ParseError(str(error), self.text, token.place) from None

    def enclosed(self, level: int, most: int | None = 1) -> list[Expression]:
        """The expressions between a parenthesis and the one that closes it."""
        opening = self.token
        self.position += 1
        found = [self.expression(0, level + 1)]
        while self.token.text == "," and most is None:
            self.position += 1
            found.append(self.expression(0, level + 1))
        if not self.token.text:
            raise ParseError("'(' is never closed; expected ')'", self.text, opening.place)
        if self.token.text != ")":
            self.fail_after_operand()
        self.position += 1
        return found

    def operation(self, left: Expression, connective: Connective, level: int) -> Expression:
        """The operation whose first operand is read, up to the end of its chain."""
        token = self.token
        least = connective.binding + (connective.chain != "right")
        operands = [left]
        while self.infix() is connective and (len(operands) == 1 or connective.chain == "flat"):
            self.position += 1
            operands.append(self.expression(least, level + 1))
        following = self.infix()
        is_clash = following is not None and following.binding == connective.binding
        if is_clash and connective.chain in ("flat", "none"):
            self.fail(
                f"{token} and {self.token} in a chain have no agreed meaning; "
                "put one of them in parentheses, or call nand(a, b, c)"
            )
        return self.built(token, connective, operands)

    def built(
        self, token: _Token, connective: Connective, operands: list[Expression]
    ) -> Expression:
        try:
            return Operation(connective.name, tuple(operands))
        except ValueError as error:
            raise ParseError(str(error), self.text, token.place) from None

    def fail(self, fault: str) -> NoReturn:
        raise ParseError(fault, self.text, self.token.place)

    def fail_before_operand(self) -> NoReturn:
        before = f" after {self.tokens[self.position - 1]}" if self.position else ""
        self.fail(f"expected a name, true, false, not or '('{before}, but here is {self.token}")

    def fail_after_operand(self) -> NoReturn:
        if self.token.text == ")":
            self.fail("')' closes nothing; expected '(' before it, or an operator here")
        before = self.tokens[self.position - 1]
        self.fail(f"expected an operator such as and, or, xor after {before}, not {self.token}")
