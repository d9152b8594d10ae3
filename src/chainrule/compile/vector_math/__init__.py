"""The elementary functions as vector code, for any width and for float32 and float64.

Each takes `Lanes` and gives lanes of the same dtype and width, as straight-line code at the place
where `x.code` stands; only sin and cos have a branch, for huge angles. Every lane is computed
alike, so the width changes no bit. Without fma (`Module.has_fma`) bits differ.

The largest errors that were measured, in units in the last place: float32 of one number over every
float32, all else over some millions of numbers. In brackets: without fma, where that is more.

============  ===========  ===========
function      float32      float64
============  ===========  ===========
exp           1.06         1.02
expm1         1.63 (1.78)  2.10 (2.25)
log           0.87         0.83
log1p         1.43 (1.44)  1.35
tanh          2.50         2.55
sigmoid       2.49         2.40
softplus      2.01 (2.50)  1.78 (2.00)
erf           1.40 (1.68)  1.01 (1.26)
sin           2.38 (2.39)  2.21
cos           2.85         2.23
power         0.55         1.34
fixed_power   1.87         1.90
============  ===========  ===========
"""

from __future__ import annotations

from collections.abc import Callable

from chainrule.compile.lanes import Lanes
from chainrule.compile.vector_math.error_function import erf
from chainrule.compile.vector_math.exponential import exp, expm1, sigmoid, tanh
from chainrule.compile.vector_math.logarithm import log, log1p, softplus
from chainrule.compile.vector_math.power import fixed_power, power
from chainrule.compile.vector_math.trigonometric import cos, sin


#: By the name of the operation. Of one number, but power(x, y) and fixed_power(x, exponent), where
#: the exponent is a Python number.
FUNCTIONS: dict[str, Callable[..., Lanes]] = {
    "exp": exp,
    "expm1": expm1,
    "log": log,
    "log1p": log1p,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "erf": erf,
    "sin": sin,
    "cos": cos,
    "power": power,
    "fixed_power": fixed_power,
}
