"""Operations that choose a piece by sign, order or condition, and the change of dtype.

Comparisons look at the real part, and kinks choose their piece by it, so that complex-step
differentiation is an oracle here too.
"""

# Rules hold for arrays and for nodes, so their arguments have no one type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.node import OPERATIONS, Coerced, Emit
from chainrule.ops.declare import (
    COMPARISON,
    SIGN,
    as_operand,
    broadcast_operands,
    broadcast_shape,
    declare,
    elementwise,
    function,
    infix,
    sample,
    template,
)
from chainrule.types import ArrayType, dtype_name


# fmt: off

# ---- kinks ---------------------------------------------------------------------------------------

abs = elementwise(
    "abs", lambda x: np.where(x.real < 0, -x, x), lambda y, x: sign(x),
    code=lambda x: (x < 0).where(-x, x),
    notation=template("|{0}|", r"\left|{0}\right|", "|x|"), doc="|x|; its derivative at 0 is 0")

sign = elementwise(
    "sign", lambda x, at_zero: np.where(x.real == 0, at_zero, np.sign(x.real)).astype(x.dtype),
    None, defaults={"at_zero": 0.0}, code=lambda x, at_zero: _sign_code(x, at_zero),
    notation=function("sign"), doc="-1, `at_zero` or 1 as x is negative, zero or positive")

relu = elementwise(
    # `x * (x > 0)` would turn an infinite x into NaN, and `maximum` has no complex meaning.
    "relu", lambda x: np.where(x.real <= 0, np.zeros_like(x), x), lambda y, x: step(x),
    code=lambda x: (x <= 0).where(0, x),
    notation=function("relu"), doc="max(0, x); its derivative at 0 is 0")

step = elementwise(
    "step", lambda x, at_zero: np.where(x.real == 0, at_zero, x.real > 0).astype(x.dtype),
    None, defaults={"at_zero": 0.0},
    code=lambda x, at_zero: x.equals(0).where(at_zero, (x > 0).where(x.number(1), 0)),
    notation=function("step"), doc="1 if x > 0, `at_zero` if x = 0, else 0; its derivative is 0")

maximum = elementwise(
    "maximum",
    lambda x, y: np.maximum(x, y) if x.dtype.kind != "c" else np.where(x.real >= y.real, x, y),
    lambda z, x, y: _share(z, greater(x, y), greater_equal(x, y)),
    lambda z, x, y: _share(z, less(x, y), less_equal(x, y)),
    code=lambda x, y: larger(x, y), notation=function("maximum", r"\max"),
    doc="The larger of x and y; where equal, each has derivative ½")

minimum = elementwise(
    "minimum",
    lambda x, y: np.minimum(x, y) if x.dtype.kind != "c" else np.where(x.real <= y.real, x, y),
    lambda z, x, y: _share(z, less(x, y), less_equal(x, y)),
    lambda z, x, y: _share(z, greater(x, y), greater_equal(x, y)),
    code=lambda x, y: smaller(x, y), notation=function("minimum", r"\min"),
    doc="The smaller of x and y; where equal, each has derivative ½")


def larger(x: Any, y: Any) -> Any:
    """The larger of two values of compiled code; NaN where either is."""
    return ((x > y) | x.is_nan()).where(x, y)


def smaller(x: Any, y: Any) -> Any:
    """The smaller of two values of compiled code; NaN where either is."""
    return ((x < y) | x.is_nan()).where(x, y)


def _sign_code(x: Any, at_zero: float) -> Any:
    # NaN is neither above nor below 0, nor equal to it: it stays.
    return (x > 0).where(1, (x < 0).where(-1, x.equals(0).where(at_zero, x)))


def _share(out: Any, strictly: Any, weakly: Any) -> Any:
    """1 where both hold, ½ where only the second does, else 0."""
    return 0.5 * (cast(strictly, dtype=out.dtype) + cast(weakly, dtype=out.dtype))


# ---- comparisons and logic: results are booleans, derivatives zero ------------------------------

equal = elementwise(
    "equal", lambda x, y: x.real == y.real, None, None, result="bool",
    code=lambda x, y: x.equals(y),
    notation=infix("=", COMPARISON), doc="x = y")
not_equal = elementwise(
    "not_equal", lambda x, y: x.real != y.real, None, None, result="bool",
    code=lambda x, y: x.differs(y),
    notation=infix("≠", COMPARISON, r"\ne"), doc="x ≠ y")
less = elementwise(
    "less", lambda x, y: x.real < y.real, None, None, result="bool", code=lambda x, y: x < y,
    notation=infix("<", COMPARISON), doc="x < y")
less_equal = elementwise(
    "less_equal", lambda x, y: x.real <= y.real, None, None, result="bool",
    code=lambda x, y: x <= y,
    notation=infix("≤", COMPARISON, r"\le"), doc="x ≤ y")
greater = elementwise(
    "greater", lambda x, y: x.real > y.real, None, None, result="bool", code=lambda x, y: x > y,
    notation=infix(">", COMPARISON), doc="x > y")
greater_equal = elementwise(
    "greater_equal", lambda x, y: x.real >= y.real, None, None, result="bool",
    code=lambda x, y: x >= y,
    notation=infix("≥", COMPARISON, r"\ge"), doc="x ≥ y")

_BOOL = ArrayType((3, 4), "bool")
logical_and = elementwise(
    "logical_and", np.logical_and, None, None, result="bool", samples=[sample(_BOOL, _BOOL)],
    code=lambda x, y: x.cast("bool") & y.cast("bool"),
    notation=infix("∧", COMPARISON - 1, r"\land", right=0), doc="Whether x and y both hold")
logical_or = elementwise(
    "logical_or", np.logical_or, None, None, result="bool", samples=[sample(_BOOL, _BOOL)],
    code=lambda x, y: x.cast("bool") | y.cast("bool"),
    notation=infix("∨", COMPARISON - 1, r"\lor"), doc="Whether x or y holds")
logical_not = elementwise(
    "logical_not", np.logical_not, None, result="bool", samples=[sample(_BOOL)],
    code=lambda x: ~x.cast("bool"),
    notation=template("¬{0}", r"\lnot {0}", "¬", SIGN, (SIGN,)), doc="Whether x does not hold")

# ---- identity, as far as values go --------------------------------------------------------------

stop_gradient = elementwise(
    # Of a complex step only the real part passes: the derivative is 0 for that oracle too.
    "stop_gradient",
    lambda x, finite: np.where(finite & np.isinf(x.real), 0, x.real).astype(x.dtype, copy=False),
    None, defaults={"finite": False}, notation=function("stop_gradient"),
    code=lambda x, finite: x.is_infinite().where(0, x) if finite else x,
    doc="x, taken as a constant by derivatives; with `finite` an infinity counts as 0")
# fmt: on


def _cast(x: Any, dtype: str) -> Any:
    if x.dtype.kind != "c":
        return x.astype(dtype, copy=False)
    return x if np.dtype(dtype).kind in "fc" else x.real.astype(dtype)


def _cast_vjp(ct: Any, out: Any, x: Any, dtype: str) -> tuple[Any, ...]:
    is_smooth = np.dtype(dtype).kind in "fc" and x.dtype.kind in "fc"
    return (cast(ct, dtype=x.dtype) if is_smooth else None,)


_cast_primitive = declare(
    "cast",
    doc="The same numbers in another dtype",
    evaluate=_cast,
    infer=lambda x, dtype: ArrayType(x.shape, dtype),
    vjp=_cast_vjp,
    emit=Emit.ELEMENTWISE,
    code=lambda x, dtype: x.cast(dtype),
    notation=template("{0}", "{0}", "cast"),
    samples=[
        sample((3, 4), dtype="float64"),
        sample(ArrayType((3,), "int64"), dtype="float64"),
        sample((3,), dtype="int64"),
    ],
)


def cast(x: Any, dtype: Any) -> Any:
    """`x` in another dtype; `x` itself if it has that dtype already."""
    operand = as_operand(x)
    name = dtype_name(dtype)
    return operand if operand.dtype == name else _cast_primitive(operand, dtype=name)


OPERATIONS["cast"] = cast


def _where_coerce(args: Sequence[Any], params: dict[str, Any]) -> Coerced:
    condition, x, y = args
    condition = as_operand(condition)
    if condition.dtype != "bool":
        raise TypeError(
            f"where: the condition is {condition.dtype}, expected bool; compare it, e.g. x > 0"
        )
    x, y = broadcast_operands("where", (x, y))
    shape = broadcast_shape("where", [condition.shape, x.shape])
    return [OPERATIONS["broadcast_to"](operand, shape=shape) for operand in (condition, x, y)], {}


def _where_infer(condition: ArrayType, x: ArrayType, y: ArrayType) -> ArrayType:
    if condition.shape != x.shape or x != y or condition.dtype != "bool":
        raise TypeError(f"where: types {condition}, {x}, {y}; expected a bool and two equal types")
    return x


where = declare(
    "where",
    doc="x where the condition holds, else y",
    evaluate=np.where,
    infer=_where_infer,
    vjp=lambda ct, out, c, x, y: (None, where(c, ct, 0), where(c, 0, ct)),
    emit=Emit.ELEMENTWISE,
    code=lambda condition, x, y: condition.where(x, y),
    notation=function("where"),
    samples=[sample(_BOOL, (3, 4), (3, 4))],
    coerce=_where_coerce,
)


def clip(x: Any, lower: Any, upper: Any) -> Any:
    """`x`, no smaller than `lower` and no larger than `upper`; both broadcast."""
    return minimum(maximum(x, lower), upper)
