"""Boolean expressions: variables, constants and connectives, as values that are true or false."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np


#: The most operations that stand one inside another; texts and walks stay within Python's stack.
DEEPEST = 64
_NAME = r"[^\W\d]\w*"


@dataclass(frozen=True)
class Connective:
    """A connective, how it is written and what it computes.

    word      as `str` writes it
    binding   how tightly it binds its operands: the larger, the tighter
    chain     what `a ∘ b ∘ c` means: one operation of all operands, one that is grouped from the
              left or from the right, or nothing, as the usual readings differ
    least     number of operands
    most      number of operands, None for any
    evaluate  truth values of the operands, bool or boolean arrays -> truth value
    """

    name: str
    word: str
    symbol: str
    binding: int
    chain: Literal["flat", "left", "right", "none"]
    least: int
    most: int | None
    evaluate: Callable[[Iterable[Any]], Any]


def _not(operands: Iterable[Any]) -> Any:
    (operand,) = operands
    return ~operand


def _and(operands: Iterable[Any]) -> Any:
    return functools.reduce(operator.and_, operands)


def _or(operands: Iterable[Any]) -> Any:
    return functools.reduce(operator.or_, operands)


def _xor(operands: Iterable[Any]) -> Any:
    return functools.reduce(operator.xor, operands)


def _implies(operands: Iterable[Any]) -> Any:
    premise, conclusion = operands
    return ~premise | conclusion


#: Every connective (TL-01). xor is parity and xnor its negation, for any number of operands.
CONNECTIVES: dict[str, Connective] = {
    connective.name: connective
    for connective in (
        Connective("not", "not", "¬", 6, "none", 1, 1, _not),
        Connective("and", "and", "∧", 5, "flat", 2, None, _and),
        Connective("nand", "nand", "⊼", 5, "none", 2, None, lambda operands: ~_and(operands)),
        Connective("xor", "xor", "⊕", 4, "flat", 2, None, _xor),
        Connective("xnor", "xnor", "⊙", 4, "none", 2, None, lambda operands: ~_xor(operands)),
        Connective("or", "or", "∨", 3, "flat", 2, None, _or),
        Connective("nor", "nor", "⊽", 3, "none", 2, None, lambda operands: ~_or(operands)),
        Connective("implies", "implies", "→", 2, "right", 2, 2, _implies),
        Connective("equivalent", "iff", "↔", 1, "left", 2, 2, lambda operands: ~_xor(operands)),
    )
}

#: What a name cannot be, in small or capital letters.
RESERVED = frozenset(
    {"true", "false", *CONNECTIVES, *(connective.word for connective in CONNECTIVES.values())}
)


@dataclass(frozen=True)
class Variable:
    """An input, by its name: letters, digits and `_`, no digit first. ValueError for others."""

    name: str

    def __post_init__(self) -> None:
        check_name(self.name)

    def __str__(self) -> str:
        return self.name

    def __call__(self, /, **values: Any) -> Any:
        """As `Operation`."""
        return _value(self, values)

    @property
    def variables(self) -> tuple[str, ...]:
        """Its name."""
        return (self.name,)


@dataclass(frozen=True)
class Constant:
    """True or false."""

    value: bool

    def __post_init__(self) -> None:
        if not isinstance(self.value, bool):
            raise TypeError(f"Constant: expected True or False, not {self.value!r}")

    def __str__(self) -> str:
        return "true" if self.value else "false"

    def __call__(self, /, **values: Any) -> Any:
        """As `Operation`."""
        return _value(self, values)

    @property
    def variables(self) -> tuple[str, ...]:
        """None."""
        return ()


@dataclass(frozen=True)
class Operation:
    """A connective, by its name in `CONNECTIVES`, applied to expressions.

    ValueError for an unknown connective, a wrong number of operands, or more than `DEEPEST`
    operations one inside another.
    """

    name: str
    operands: tuple[Expression, ...]
    depth: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.name not in CONNECTIVES:
            known = ", ".join(CONNECTIVES)
            raise ValueError(f"unknown connective {self.name!r} (there are: {known})")
        object.__setattr__(self, "operands", tuple(self.operands))
        _check_operands(CONNECTIVES[self.name], self.operands)
        depths = [operand.depth for operand in self.operands if isinstance(operand, Operation)]
        object.__setattr__(self, "depth", 1 + max(depths, default=0))
        if self.depth > DEEPEST:
            raise ValueError(
                f"{self.name}: more than {DEEPEST} operations one inside another; "
                "name a part of the expression and treat it by itself"
            )

    def __str__(self) -> str:
        return written(self)

    def __call__(self, /, **values: Any) -> Any:
        """The truth value where each variable has the value given under its name.

        A value is a bool, 0 or 1, or an array of them. The result is a bool, or a boolean array of
        the shape to which the values broadcast, those of other names included. ValueError for a
        variable without a value, another number, or shapes that do not broadcast.
        """
        return _value(self, values)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of its variables in the order in which they appear."""
        return tuple(_names(self))


Expression: TypeAlias = Variable | Constant | Operation


def check_name(name: Any) -> None:
    """ValueError where `name` cannot be the name of a variable."""
    if not isinstance(name, str) or not re.fullmatch(_NAME, name):
        raise ValueError(
            f"a variable cannot be called {name!r}; "
            "expected letters, digits and _, with no digit first, such as x1"
        )
    if name.lower() in RESERVED:
        raise ValueError(f"a variable cannot be called {name!r}: the word means something else")


def written(expression: Expression, style: Literal["words", "symbols"] = "words") -> str:
    """The text of an expression, which `parse` reads back: `(not x and y) or (x and not y)`.

    In symbols: `(¬x ∧ y) ∨ (x ∧ ¬y)`. A nand, nor or xnor of more than two operands is written
    `nand(x, y, z)`.
    """
    if not isinstance(expression, Operation):
        return str(expression)
    connective = CONNECTIVES[expression.name]
    in_words = style == "words"
    sign = connective.word if in_words else connective.symbol
    if _is_call(expression):
        return f"{sign}({', '.join(written(operand, style) for operand in expression.operands)})"
    texts = [_enclosed(operand, style) for operand in expression.operands]
    if expression.name == "not":
        return f"{sign} {texts[0]}" if in_words else sign + texts[0]
    return f" {sign} ".join(texts)


def conjunction(operands: Iterable[Expression]) -> Expression:
    """All of them: `true` where there are none, the operand itself where there is one."""
    return _joined("and", tuple(operands), Constant(True))


def disjunction(operands: Iterable[Expression]) -> Expression:
    """Any of them: `false` where there are none, the operand itself where there is one."""
    return _joined("or", tuple(operands), Constant(False))


def _joined(name: str, operands: tuple[Expression, ...], neutral: Constant) -> Expression:
    if len(operands) > 1:
        return Operation(name, operands)
    return operands[0] if operands else neutral


def _check_operands(connective: Connective, operands: tuple[Any, ...]) -> None:
    for operand in operands:
        if not isinstance(operand, Expression):
            raise TypeError(f"{connective.name}: expected expressions, not {operand!r}; use parse")
    least, most = connective.least, connective.most
    if len(operands) < least or (most is not None and len(operands) > most):
        expected = f"{least}" if most == least else f"{least} or more"
        raise ValueError(
            f"{connective.name}: expected {expected} operand{'s' * (expected != '1')}, "
            f"not {len(operands)}"
        )


def _is_call(operation: Operation) -> bool:
    """Whether an operation is written as a call: in a chain it would have no agreed meaning."""
    return len(operation.operands) > 2 and CONNECTIVES[operation.name].chain == "none"


def _enclosed(operand: Expression, style: Literal["words", "symbols"]) -> str:
    text = written(operand, style)
    is_closed = not isinstance(operand, Operation) or operand.name == "not" or _is_call(operand)
    return text if is_closed else f"({text})"


def _names(expression: Expression) -> dict[str, None]:
    """The names of the variables, as keys in the order in which they appear."""
    if not isinstance(expression, Operation):
        return dict.fromkeys(expression.variables)
    found: dict[str, None] = {}
    for operand in expression.operands:
        found |= _names(operand)
    return found


def _value(expression: Expression, values: Mapping[str, Any]) -> Any:
    if missing := [name for name in _names(expression) if name not in values]:
        raise ValueError(
            f"no value for {', '.join(missing)} in {_short(expression)} "
            f"(there are values for: {', '.join(values) or 'none'})"
        )
    arrays = {name: _truth(name, value) for name, value in values.items()}
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"values of shapes that do not broadcast: {shapes}") from None
    result = evaluate(expression, arrays)
    return np.array(np.broadcast_to(result, shape)) if shape else bool(result)


def _short(expression: Expression) -> str:
    text = str(expression)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _truth(name: str, value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype == bool:
        return array
    if array.dtype.kind not in "iuf" or not np.isin(array, (0, 1)).all():
        raise ValueError(f"{name} = {value!r:.60}: expected a bool, 0 or 1, or an array of them")
    return array.astype(bool)


def evaluate(expression: Expression, values: Mapping[str, Any]) -> Any:
    """The truth value, from a NumPy bool or boolean array for every variable; nothing is checked.

    The result is of the shape of what it depends on; a constant is a NumPy bool.
    """
    match expression:
        case Variable(name):
            return values[name]
        case Constant(value):
            return np.bool(value)
        case Operation(name, operands):
            return CONNECTIVES[name].evaluate(evaluate(operand, values) for operand in operands)
