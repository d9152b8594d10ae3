"""Operations that act on each place alone: one declaration each.

Every `evaluate` takes complex arrays too, so that complex-step differentiation is an oracle for
its partials: comparisons look at the real part, and kinks choose their piece by it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.node import OPERATIONS, Coerced, Emit
from chainrule.ops.declare import (
    COMPARISON,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
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

# ---- arithmetic --------------------------------------------------------------------------------

add = elementwise(
    "add", np.add, lambda z, x, y: 1, lambda z, x, y: 1,
    notation=infix("+", SUM, right=0), doc="x + y")

subtract = elementwise(
    "subtract", np.subtract, lambda z, x, y: 1, lambda z, x, y: -1,
    notation=infix("-", SUM), doc="x - y")

multiply = elementwise(
    "multiply", np.multiply, lambda z, x, y: y, lambda z, x, y: x,
    notation=infix("·", PRODUCT, r"\cdot", right=0), doc="x y")

divide = elementwise(
    "divide", np.true_divide, lambda z, x, y: 1 / y, lambda z, x, y: -z / y,
    notation=template("{0} / {1}", r"\frac{{{0}}}{{{1}}}", "/", PRODUCT, (PRODUCT, PRODUCT + 1), ()),
    floating=True, doc="x / y", domain=(0.5, 2.0))

negative = elementwise(
    "negative", np.negative, lambda y, x: -1,
    notation=template("-{0}", "-{0}", "-", SIGN, (SIGN,)), doc="-x")

_power = elementwise(
    "power", np.power,
    lambda z, x, y: y * _power(x, y - 1),
    # log x counts as 0 where x = 0: there x**y does not depend on y > 0.
    lambda z, x, y: z * log(where(equal(x, 0), 1, x)),
    notation=template("{0}^{1}", "{{{0}}}^{{{1}}}", "^", POWER, (POWER + 1, POWER)), floating=True,
    doc="x to the power y", domain=(0.5, 2.0))

_fixed_power = elementwise(
    "fixed_power", lambda x, exponent: np.power(x, exponent),
    lambda y, x, exponent: exponent * power(x, exponent - 1) if exponent else 0.0,
    notation=template("{0}^{exponent}", "{{{0}}}^{{{exponent}}}", "^", POWER, (POWER + 1,)), floating=True,
    samples=[sample((3, 4), exponent=3.0), sample((), exponent=-1.5), sample((2,), exponent=0.0)],
    doc="x to a power that is one fixed number", domain=(0.5, 2.0))

square = elementwise(
    "square", lambda x: x * x, lambda y, x: 2 * x,
    notation=template("{0}²", "{{{0}}}^2", "²", POWER, (POWER + 1,)), doc="x²")

sqrt = elementwise(
    "sqrt", np.sqrt, lambda y, x: 0.5 / y,
    notation=template("√({0})", r"\sqrt{{{0}}}", "√"), floating=True, doc="The square root of x",
    domain=(0.5, 2.0))

reciprocal = elementwise(
    "reciprocal", lambda x: 1 / x, lambda y, x: -square(y),
    notation=template("1 / {0}", r"\frac{{1}}{{{0}}}", "1/x", PRODUCT, (PRODUCT + 1,), ()),
    floating=True, doc="1 / x", domain=(0.5, 2.0))

abs = elementwise(
    "abs", lambda x: np.where(x.real < 0, -x, x), lambda y, x: sign(x),
    notation=template("|{0}|", r"\left|{0}\right|", "|x|"), doc="|x|; its derivative at 0 is 0")

sign = elementwise(
    "sign", lambda x, at_zero: np.where(x.real == 0, at_zero, np.sign(x.real)).astype(x.dtype),
    None, defaults={"at_zero": 0.0},
    notation=function("sign"), doc="-1, `at_zero` or 1 as x is negative, zero or positive")

# ---- exponentials, logarithms and their kin ----------------------------------------------------

exp = elementwise(
    "exp", np.exp, lambda y, x: y,
    notation=template("exp({0})", "e^{{{0}}}", "exp"), floating=True, doc="e to the power x")

expm1 = elementwise(
    "expm1", np.expm1, lambda y, x: y + 1,
    notation=function("expm1"), floating=True, doc="exp(x) - 1, exact for small x")

log = elementwise(
    "log", np.log, lambda y, x: 1 / x,
    notation=function("log", r"\log"), floating=True, doc="The natural logarithm of x", domain=(0.5, 2.0))

log1p = elementwise(
    "log1p", np.log1p, lambda y, x: 1 / (1 + x),
    notation=function("log1p"), floating=True, doc="log(1 + x), exact for small x", domain=(-0.5, 2.0))

sin = elementwise(
    "sin", np.sin, lambda y, x: cos(x), notation=function("sin", r"\sin"), floating=True, doc="The sine of x, in radians")

cos = elementwise(
    "cos", np.cos, lambda y, x: -sin(x), notation=function("cos", r"\cos"), floating=True, doc="The cosine of x, in radians")

# 1 - y², not 1 / cosh²(x): cosh overflows beyond |x| = 710, and y is at hand.
tanh = elementwise(
    "tanh", np.tanh, lambda y, x: 1 - square(y),
    notation=function("tanh", r"\tanh"), floating=True, doc="The hyperbolic tangent of x")


def _sigmoid(x: Any) -> Any:
    # exp only of what is not positive: it cannot overflow, and small results keep all digits.
    e = np.exp(np.where(x.real < 0, x, -x))
    return np.where(x.real < 0, e, 1) / (1 + e)


sigmoid = elementwise(
    "sigmoid", _sigmoid, lambda y, x: y * (1 - y),
    notation=template("σ({0})", r"\sigma\left({0}\right)", "σ"), floating=True, doc="The logistic function 1 / (1 + exp(-x))")

softplus = elementwise(
    "softplus", lambda x: np.where(x.real > 0, x, 0) + np.log1p(np.exp(np.where(x.real > 0, -x, x))),
    lambda y, x: sigmoid(x),
    notation=function("softplus"), floating=True, doc="log(1 + exp(x)); does not overflow")


def _erf(x: Any) -> Any:
    import scipy.special  # a heavy import, needed by this function alone

    return scipy.special.erf(x)


erf = elementwise(
    "erf", _erf, lambda y, x: 2 / math.sqrt(math.pi) * exp(-square(x)),
    notation=function("erf"), floating=True, doc="The error function 2/√π ∫₀ˣ exp(-t²) dt")

# ---- pieces ------------------------------------------------------------------------------------

relu = elementwise(
    # `x * (x > 0)` would turn an infinite x into NaN, and `maximum` has no complex meaning.
    "relu", lambda x: np.where(x.real <= 0, np.zeros_like(x), x), lambda y, x: step(x),
    notation=function("relu"), doc="max(0, x); its derivative at 0 is 0")

step = elementwise(
    "step", lambda x, at_zero: np.where(x.real == 0, at_zero, x.real > 0).astype(x.dtype),
    None, defaults={"at_zero": 0.0},
    notation=function("step"), doc="1 if x > 0, `at_zero` if x = 0, else 0; its derivative is 0")

maximum = elementwise(
    "maximum", lambda x, y: np.maximum(x, y) if x.dtype.kind != "c" else np.where(x.real >= y.real, x, y),
    lambda z, x, y: _share(z, greater(x, y), greater_equal(x, y)),
    lambda z, x, y: _share(z, less(x, y), less_equal(x, y)),
    notation=function("maximum", r"\max"), doc="The larger of x and y; where equal, each has derivative ½")

minimum = elementwise(
    "minimum", lambda x, y: np.minimum(x, y) if x.dtype.kind != "c" else np.where(x.real <= y.real, x, y),
    lambda z, x, y: _share(z, less(x, y), less_equal(x, y)),
    lambda z, x, y: _share(z, greater(x, y), greater_equal(x, y)),
    notation=function("minimum", r"\min"), doc="The smaller of x and y; where equal, each has derivative ½")


def _share(out: Any, strictly: Any, weakly: Any) -> Any:
    """1 where both hold, ½ where only the second does, else 0."""
    return 0.5 * (cast(strictly, dtype=out.dtype) + cast(weakly, dtype=out.dtype))


# ---- comparisons and logic: results are booleans, derivatives zero ------------------------------

equal = elementwise(
    "equal", lambda x, y: x.real == y.real, None, None, result="bool",
    notation=infix("=", COMPARISON), doc="x = y")
not_equal = elementwise(
    "not_equal", lambda x, y: x.real != y.real, None, None, result="bool",
    notation=infix("≠", COMPARISON, r"\ne"), doc="x ≠ y")
less = elementwise(
    "less", lambda x, y: x.real < y.real, None, None, result="bool",
    notation=infix("<", COMPARISON), doc="x < y")
less_equal = elementwise(
    "less_equal", lambda x, y: x.real <= y.real, None, None, result="bool",
    notation=infix("≤", COMPARISON, r"\le"), doc="x ≤ y")
greater = elementwise(
    "greater", lambda x, y: x.real > y.real, None, None, result="bool",
    notation=infix(">", COMPARISON), doc="x > y")
greater_equal = elementwise(
    "greater_equal", lambda x, y: x.real >= y.real, None, None, result="bool",
    notation=infix("≥", COMPARISON, r"\ge"), doc="x ≥ y")

_BOOL = ArrayType((3, 4), "bool")
logical_and = elementwise(
    "logical_and", np.logical_and, None, None, result="bool", samples=[sample(_BOOL, _BOOL)],
    notation=infix("∧", COMPARISON - 1, r"\land", right=0), doc="Whether x and y both hold")
logical_or = elementwise(
    "logical_or", np.logical_or, None, None, result="bool", samples=[sample(_BOOL, _BOOL)],
    notation=infix("∨", COMPARISON - 1, r"\lor"), doc="Whether x or y holds")
logical_not = elementwise(
    "logical_not", np.logical_not, None, result="bool", samples=[sample(_BOOL)],
    notation=template("¬{0}", r"\lnot {0}", "¬", SIGN, (SIGN,)), doc="Whether x does not hold")

# ---- identity, as far as values go --------------------------------------------------------------

stop_gradient = elementwise(
    # Of a complex step only the real part passes: the derivative is 0 for that oracle too.
    "stop_gradient", lambda x: x.real.astype(x.dtype, copy=False), None,
    notation=function("stop_gradient"), doc="x, taken as a constant by derivatives")
# fmt: on


def power(x: Any, y: Any) -> Any:
    """`x` to the power `y`; shorter forms where `y` is 2, 1, ½ or -1."""
    if not isinstance(y, (int, float)):
        return _power(x, y)
    exponent = float(y)
    if exponent == 1:
        return as_operand(x)
    form = {2.0: square, 0.5: sqrt, -1.0: reciprocal}.get(exponent)
    return _fixed_power(x, exponent=exponent) if form is None else form(x)


OPERATIONS["power"] = power


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
    notation=function("where"),
    samples=[sample(_BOOL, (3, 4), (3, 4))],
    coerce=_where_coerce,
)


def clip(x: Any, lower: Any, upper: Any) -> Any:
    """`x`, no smaller than `lower` and no larger than `upper` (arrays or numbers that broadcast)."""
    return minimum(maximum(x, lower), upper)
