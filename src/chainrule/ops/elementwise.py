"""Operations that act on each place alone: one declaration each.

Every `evaluate` takes complex arrays too, so that complex-step differentiation is an oracle for
its partials.
"""

# Rules hold for arrays and for nodes, so their arguments have no one type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.node import OPERATIONS
from chainrule.ops.declare import (
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    as_operand,
    elementwise,
    function,
    infix,
    sample,
    template,
)
from chainrule.ops.piecewise import equal, where


# fmt: off

# ---- arithmetic ---------------------------------------------------------------------------------

add = elementwise(
    "add", np.add, lambda z, x, y: 1, lambda z, x, y: 1, code=lambda x, y: x + y,
    notation=infix("+", SUM, right=0), doc="x + y")

subtract = elementwise(
    "subtract", np.subtract, lambda z, x, y: 1, lambda z, x, y: -1, code=lambda x, y: x - y,
    notation=infix("-", SUM), doc="x - y")

multiply = elementwise(
    "multiply", np.multiply, lambda z, x, y: y, lambda z, x, y: x, code=lambda x, y: x * y,
    notation=infix("·", PRODUCT, r"\cdot", right=0), doc="x y")

divide = elementwise(
    "divide", np.true_divide, lambda z, x, y: 1 / y, lambda z, x, y: -z / y,
    code=lambda x, y: x / y,
    notation=template(
        "{0} / {1}", r"\frac{{{0}}}{{{1}}}", "/", PRODUCT, (PRODUCT, PRODUCT + 1), ()),
    floating=True, doc="x / y", domain=(0.5, 2.0))

negative = elementwise(
    "negative", np.negative, lambda y, x: -1, code=lambda x: -x,
    notation=template("-{0}", "-{0}", "-", SIGN, (SIGN,)), doc="-x")

_power = elementwise(
    "power", np.power,
    lambda z, x, y: y * _power(x, y - 1),
    # log x counts as 0 where x = 0: there x**y does not depend on y > 0.
    lambda z, x, y: z * log(where(equal(x, 0), 1, x)), code="power",
    notation=template("{0}^{1}", "{{{0}}}^{{{1}}}", "^", POWER, (POWER + 1, POWER)), floating=True,
    doc="x to the power y", domain=(0.5, 2.0))

_fixed_power = elementwise(
    "fixed_power", lambda x, exponent: np.power(x, exponent),
    lambda y, x, exponent: exponent * power(x, exponent - 1) if exponent else 0.0,
    code="fixed_power",
    notation=template("{0}^{exponent}", "{{{0}}}^{{{exponent}}}", "^", POWER, (POWER + 1,)),
    floating=True, defaults={"exponent": 1.0},
    samples=[sample((3, 4), exponent=3.0), sample((), exponent=-1.5), sample((2,), exponent=0.0)],
    doc="x to a power that is one fixed number", domain=(0.5, 2.0))

square = elementwise(
    "square", lambda x: x * x, lambda y, x: 2 * x, code=lambda x: x * x,
    notation=template("{0}²", "{{{0}}}^2", "x²", POWER, (POWER + 1,)), doc="x²")

sqrt = elementwise(
    "sqrt", np.sqrt, lambda y, x: 0.5 / y, code=lambda x: x.sqrt(),
    notation=template("√({0})", r"\sqrt{{{0}}}", "√"), floating=True, doc="The square root of x",
    domain=(0.5, 2.0))

reciprocal = elementwise(
    "reciprocal", lambda x: 1 / x, lambda y, x: -square(y), code=lambda x: 1 / x,
    notation=template("1 / {0}", r"\frac{{1}}{{{0}}}", "1/x", PRODUCT, (PRODUCT + 1,), ()),
    floating=True, doc="1 / x", domain=(0.5, 2.0))

# ---- exponentials, logarithms and their kin -----------------------------------------------------

exp = elementwise(
    "exp", np.exp, lambda y, x: y, code="exp",
    notation=template("exp({0})", "e^{{{0}}}", "exp"), floating=True, doc="e to the power x")

expm1 = elementwise(
    "expm1", np.expm1, lambda y, x: y + 1, code="expm1",
    notation=function("expm1"), floating=True, doc="exp(x) - 1, exact for small x")

log = elementwise(
    "log", np.log, lambda y, x: 1 / x, code="log",
    notation=function("log", r"\log"), floating=True,
    doc="The natural logarithm of x", domain=(0.5, 2.0))

log1p = elementwise(
    "log1p", np.log1p, lambda y, x: 1 / (1 + x), code="log1p",
    notation=function("log1p"), floating=True,
    doc="log(1 + x), exact for small x", domain=(-0.5, 2.0))

sin = elementwise(
    "sin", np.sin, lambda y, x: cos(x), code="sin",
    notation=function("sin", r"\sin"), floating=True, doc="The sine of x, in radians")

cos = elementwise(
    "cos", np.cos, lambda y, x: -sin(x), code="cos",
    notation=function("cos", r"\cos"), floating=True, doc="The cosine of x, in radians")

# 1 - y², not 1 / cosh²(x): cosh overflows beyond |x| = 710, and y is at hand.
tanh = elementwise(
    "tanh", np.tanh, lambda y, x: 1 - square(y), code="tanh",
    notation=function("tanh", r"\tanh"), floating=True, doc="The hyperbolic tangent of x")


def _sigmoid(x: Any) -> Any:
    # exp only of what is not positive: it cannot overflow, and small results keep all digits.
    e = np.exp(np.where(x.real < 0, x, -x))
    return np.where(x.real < 0, e, 1) / (1 + e)


sigmoid = elementwise(
    "sigmoid", _sigmoid, lambda y, x: y * (1 - y), code="sigmoid",
    notation=template("σ({0})", r"\sigma\left({0}\right)", "σ"), floating=True,
    doc="The logistic function 1 / (1 + exp(-x))")

softplus = elementwise(
    "softplus",
    lambda x: np.where(x.real > 0, x, 0) + np.log1p(np.exp(np.where(x.real > 0, -x, x))),
    lambda y, x: sigmoid(x), code="softplus",
    notation=function("softplus"), floating=True, doc="log(1 + exp(x)); does not overflow")


def _erf(x: Any) -> Any:
    # A heavy import, needed by this function alone.
    import scipy.special  # pyright: ignore[reportMissingTypeStubs]

    return scipy.special.erf(x)


erf = elementwise(
    "erf", _erf, lambda y, x: 2 / math.sqrt(math.pi) * exp(-square(x)), code="erf",
    notation=function("erf"), floating=True, doc="The error function 2/√π ∫₀ˣ exp(-t²) dt")

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
