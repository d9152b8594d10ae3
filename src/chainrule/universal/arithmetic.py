"""Arithmetic as people write it, read by a grammar of its own and evaluated on arrays.

formula     sum
sum         product (("+" | "-") product)*
product     signed (("*" | "/") signed)*
signed      ("-" | "+") signed | power
power       item (("^" | "**") signed)?          to the right: 2^3^2 is 2^9, -x^2 is -(x^2)
item        number | constant | variable | function "(" sum ("," sum)* ")" | "(" sum ")"
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from chainrule import ops
from chainrule.lookup import TextError


_LONGEST, _DEEPEST = 1000, 50  # characters; parentheses, signs and powers in one another
_TOKEN = re.compile(r"(?P<number>(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*)|\*\*|\S")
_SIGNS = {"**": "^", "·": "*", "×": "*", "−": "-", "÷": "/"}  # other ways of writing an operator

CONSTANTS: dict[str, float] = {"pi": np.pi, "π": np.pi, "e": np.e, "tau": 2 * np.pi}

#: How tightly an operator of two operands binds, and the function of two arrays.
OPERATORS: dict[str, tuple[int, Callable[..., Any]]] = {
    "+": (1, np.add),
    "-": (1, np.subtract),
    "*": (2, np.multiply),
    "/": (2, np.divide),
    "^": (4, np.power),
}
_SIGN = 3  # how tightly a sign binds: looser than a power, tighter than a product

#: Functions of one array.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "acos": np.arccos,
    "asin": np.arcsin,
    "atan": np.arctan,
    "ceil": np.ceil,
    "cos": np.cos,
    "cosh": np.cosh,
    "erf": ops.erf,
    "exp": np.exp,
    "floor": np.floor,
    "ln": np.log,
    "log": np.log,
    "log10": np.log10,
    "log2": np.log2,
    "relu": ops.relu,
    "sigmoid": ops.sigmoid,
    "sign": np.sign,
    "sin": np.sin,
    "sinh": np.sinh,
    "softplus": ops.softplus,
    "sqrt": np.sqrt,
    "step": ops.step,
    "tan": np.tan,
    "tanh": np.tanh,
}

#: Functions of two arrays or more.
FUNCTIONS_OF_MANY: dict[str, Callable[..., Any]] = {"max": np.maximum, "min": np.minimum}


class FormulaError(TextError):
    """Text that is no formula. The message has the text, and a caret under the place."""


@dataclass(frozen=True)
class Operation:
    """A function of the last values of a stack, in whose place its own goes."""

    function: Callable[..., Any]
    arity: int


#: A number, the name of a variable, or an operation on what stands before it.
Instruction: TypeAlias = float | str | Operation


@dataclass(frozen=True)
class Formula:
    """A function of named coordinates.

    text       as it was given
    variables  the names of the coordinates, in the order of the arguments
    postfix    the instructions, operands before their operation
    """

    text: str
    variables: tuple[str, ...]
    postfix: tuple[Instruction, ...]

    @property
    def used(self) -> tuple[str, ...]:
        """The variables that occur, in the order of the arguments."""
        return tuple(name for name in self.variables if name in self.postfix)

    def __call__(self, *coordinates: Any) -> Any:
        """The values, of the shape that the coordinates broadcast to.

        One array for each variable. What is not defined is NaN or infinite, without a warning.
        """
        if len(coordinates) != len(self.variables):
            raise TypeError(
                f"{self.text}: {len(coordinates)} arrays, expected {', '.join(self.variables)}"
            )
        arrays = np.broadcast_arrays(*[np.asarray(x, np.float64) for x in coordinates])
        named = dict(zip(self.variables, arrays, strict=True))
        stack: list[Any] = []
        with np.errstate(all="ignore"):
            for instruction in self.postfix:
                if isinstance(instruction, Operation):
                    operands = [stack.pop() for _ in range(instruction.arity)]
                    stack.append(instruction.function(*reversed(operands)))
                    continue
                is_name = isinstance(instruction, str)
                stack.append(named[instruction] if is_name else np.float64(instruction))
        return np.broadcast_to(stack[0], np.shape(arrays[0]) if arrays else ()).copy()

    def __str__(self) -> str:
        return self.text


def formula(text: str, variables: Sequence[str] = ("x", "y")) -> Formula:
    """The function that a text such as `sin(2*pi*x)` means.

    variables  the names that it may use; none for a number such as `pi/2`
    FormulaError, with a caret under the place, for anything else; nothing of the text is run.
    """
    reader = _Reader(text, tuple(variables))
    reader.term(0, 0)
    if reader.token:
        raise reader.error(reader.unexpected())
    return Formula(text, tuple(variables), tuple(reader.postfix))


class _Reader:
    """Reads a text from left to right, by how tightly operators bind (V. Pratt, 1973)."""

    def __init__(self, text: str, variables: tuple[str, ...]) -> None:
        if len(text) > _LONGEST:
            raise FormulaError(f"formula: {len(text)} characters, expected at most {_LONGEST}")
        self.text = text
        self.variables = variables
        self.postfix: list[Instruction] = []
        self.matches: Iterator[re.Match[str]] = _TOKEN.finditer(text)
        self.advance()

    def advance(self) -> None:
        match = next(self.matches, None)
        self.token = "" if match is None else _SIGNS.get(match[0], match[0])
        self.kind = None if match is None else match.lastgroup
        self.place = len(self.text.rstrip()) if match is None else match.start()

    def term(self, least: int, depth: int) -> None:
        """A term and the operators after it that bind more tightly than `least`."""
        self.first(depth)
        while self.token in OPERATORS and OPERATORS[self.token][0] > least:
            tightness, function = OPERATORS[self.token]
            is_power = self.token == "^"
            self.advance()
            # An exponent may have a sign and an exponent of its own: powers go to the right.
            self.term(_SIGN if is_power else tightness, depth + is_power)
            self.postfix.append(Operation(function, 2))

    def first(self, depth: int) -> None:
        """A sign and what it is of, a number, a name, or what stands in parentheses."""
        if depth > _DEEPEST:
            raise self.error(f"more than {_DEEPEST} parentheses, signs and powers in one another")
        token, place, kind = self.token, self.place, self.kind
        if not token or (kind is None and token not in ("(", "-", "+")):
            raise self.error(f"expected a number, a name or '(', not {token or 'the end'}")
        self.advance()
        if kind == "number":
            self.number(token, place)
        elif kind == "name":
            self.name(token, place, depth)
        elif token == "(":
            self.term(0, depth + 1)
            self.expect_closing(place)
        else:
            self.term(_SIGN, depth + 1)
            self.postfix += [Operation(np.negative, 1)] if token == "-" else []

    def number(self, token: str, place: int) -> None:
        value = float(token)
        if not np.isfinite(value):
            raise self.error("a number above 1.8e308", place)
        self.postfix.append(value)

    def name(self, name: str, place: int, depth: int) -> None:
        if name in FUNCTIONS or name in FUNCTIONS_OF_MANY:
            self.application(name, place, depth)
            return
        if name not in self.variables and name not in CONSTANTS:
            known = [*self.variables, *CONSTANTS, *FUNCTIONS, *FUNCTIONS_OF_MANY]
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise self.error(f"unknown name {name}; {meant}", place)
        self.postfix.append(name if name in self.variables else CONSTANTS[name])

    def application(self, name: str, place: int, depth: int) -> None:
        if self.token != "(":
            raise self.error(f"expected '(' after {name}")
        opening, count = self.place, 0
        while count == 0 or self.token == ",":
            self.advance()
            self.term(0, depth + 1)
            count += 1
        self.expect_closing(opening)
        if name in FUNCTIONS and count == 1:
            self.postfix.append(Operation(FUNCTIONS[name], 1))
            return
        if name in FUNCTIONS or count < 2:
            wanted = "1" if name in FUNCTIONS else "2 or more"
            raise self.error(f"{name} of {count}; expected {wanted}", place)
        self.postfix += [Operation(FUNCTIONS_OF_MANY[name], 2)] * (count - 1)

    def expect_closing(self, opening: int) -> None:
        if not self.token:
            raise self.error("this parenthesis is not closed", opening)
        if self.token != ")":
            raise self.error(self.unexpected())
        self.advance()

    def unexpected(self) -> str:
        """What is wrong with a token that follows a whole term."""
        if self.token == ")":
            return "this parenthesis was not opened"
        if self.token == ",":
            return "a comma outside the parentheses of max or min"
        return f"expected an operator, such as *, before {self.token}"

    def error(self, what: str, place: int | None = None) -> FormulaError:
        column = self.place if place is None else place
        return FormulaError(f"formula: {what}\n  {self.text}\n  {' ' * column}^")
