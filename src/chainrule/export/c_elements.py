"""Elementwise primitives in C: one row each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule.export.c_text import TYPES, literal
from chainrule.node import Node


#: Expressions of the operands; each stands in one only once. `{f}` ends the names of <math.h>.
EXPRESSIONS = {
    "add": "({0} + {1})",
    "subtract": "({0} - {1})",
    "multiply": "({0} * {1})",
    "divide": "({0} / {1})",
    "negative": "(-{0})",
    "reciprocal": "(1 / {0})",
    "power": "pow{f}({0}, {1})",
    "fixed_power": "pow{f}({0}, {exponent})",
    "sqrt": "sqrt{f}({0})",
    "exp": "exp{f}({0})",
    "expm1": "expm1{f}({0})",
    "log": "log{f}({0})",
    "log1p": "log1p{f}({0})",
    "sin": "sin{f}({0})",
    "cos": "cos{f}({0})",
    "tanh": "tanh{f}({0})",
    "erf": "erf{f}({0})",
    "equal": "({0} == {1})",
    "not_equal": "({0} != {1})",
    "less": "({0} < {1})",
    "less_equal": "({0} <= {1})",
    "greater": "({0} > {1})",
    "greater_equal": "({0} >= {1})",
    "logical_and": "({0} && {1})",
    "logical_or": "({0} || {1})",
    "logical_not": "(!{0})",
    "where": "({0} ? {1} : {2})",
}

_TAKES_ONE, _TAKES_TWO = "({T} x)", "({T} x, {T} y)"

#: Functions: (parameters, result). `{or_nan}` is a test for NaN of x, where x is a float.
FUNCTIONS = {
    "abs": (_TAKES_ONE, "x < 0 ? -x : x"),
    "relu": (_TAKES_ONE, "x <= 0 ? 0 : x"),
    "square": (_TAKES_ONE, "x * x"),
    "maximum": (_TAKES_TWO, "x > y{or_nan} ? x : y"),
    "minimum": (_TAKES_TWO, "x < y{or_nan} ? x : y"),
    "sign": ("({T} x, {T} at_zero)", "x > 0 ? 1 : x < 0 ? -1 : x == 0 ? at_zero : x"),
    "step": ("({T} x, {T} at_zero)", "x == 0 ? at_zero : x > 0 ? 1 : 0"),
    "sigmoid": (_TAKES_ONE, "(x < 0 ? exp{f}(x) : 1) / (1 + exp{f}(-fabs{f}(x)))"),
    "softplus": (_TAKES_ONE, "(x > 0 ? x : 0) + log1p{f}(exp{f}(-fabs{f}(x)))"),
    "finite_or_zero": (_TAKES_ONE, "isinf(x) ? 0 : x"),
    # The conversion of a number outside the range has no meaning in C.
    "to_int64": (
        "({T} x)",
        "x >= 0x1p63{f} ? INT64_MAX : x < -0x1p63{f} ? INT64_MIN : x == x ? (int64_t)x : 0",
    ),
    # An index from the end counts backwards; one outside is the nearest inside.
    "place": (
        "(int64_t index, int64_t size)",
        "(size_t)(index < -size ? 0 : index < 0 ? index + size : index < size ? index : size - 1)",
    ),
}
_RESULTS = {"to_int64": "int64_t", "place": "size_t"}

#: (name of a function, dtype) -> what it is called in the file.
Called: TypeAlias = Callable[[str, str], str]


def definition(called: str, name: str, dtype: str) -> list[str]:
    """The lines of a function for elements of `dtype`."""
    parameters, result = FUNCTIONS[name]
    kind = TYPES[dtype]
    words = {"T": kind, "f": suffix(dtype), "or_nan": " || x != x" if _is_float(dtype) else ""}
    head = f"static {_RESULTS.get(name, kind)} {called}{parameters.format(**words)}"
    body = result.format(**words)
    if kind not in ("float", "double", "int64_t") and name not in _RESULTS:
        body = f"({kind})({body})"
    return [head, "{", f"    return {body};", "}", ""]


def function_name(name: str, dtype: str) -> str:
    """What a function is called for elements of `dtype`: `relu`, `reluf`, `relu_int64`."""
    return f"{name}{suffix(dtype)}" if _is_float(dtype) else f"{name}_{dtype}"


def suffix(dtype: str) -> str:
    """What the functions of <math.h> for this dtype end in."""
    return "f" if dtype == "float32" else ""


def expression(node: Node, operands: Sequence[str], called: Called) -> str:
    """One element of an elementwise node. ValueError for a primitive without a form in C."""
    name, dtype = node.primitive.name if node.primitive else "input", node.type.dtype
    params = {key: _literal(value, dtype) for key, value in node.params}
    if name == "cast":
        return _cast(node, operands[0], called)
    if name == "stop_gradient":
        is_cut = dict(node.params)["finite"] and node.type.is_float
        return f"{called('finite_or_zero', dtype)}({operands[0]})" if is_cut else operands[0]
    if name in FUNCTIONS:
        return f"{called(name, dtype)}({', '.join([*operands, *params.values()])})"
    if name not in EXPRESSIONS:
        raise ValueError(f"export: {name} has no form in C")
    found = EXPRESSIONS[name].format(*operands, f=suffix(dtype), **params)
    # In C small whole numbers become int before anything is done to them.
    return (
        found if node.type.is_float or dtype in ("bool", "int64") else f"(({TYPES[dtype]}){found})"
    )


def _literal(value: Any, dtype: str) -> str:
    return literal(np.asarray(value, dtype)[()]) if isinstance(value, (int, float)) else str(value)


def _cast(node: Node, operand: str, called: Called) -> str:
    found, wanted = node.inputs[0].type.dtype, node.type.dtype
    if wanted == "bool":
        return f"({operand} != 0)"
    if _is_float(found) and not _is_float(wanted):
        operand = f"{called('to_int64', found)}({operand})"
    return f"(({TYPES[wanted]}){operand})"


def _is_float(dtype: str) -> bool:
    return dtype in ("float32", "float64")
