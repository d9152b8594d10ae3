"""sin and cos: x = n π/2 + r with a whole n and |r| ≤ π/4, and a polynomial in r by n mod 4.

Moderate x are reduced with π/2 in four parts, the first three so short that their products with n
are exact (Cody and Waite 1980). Larger ones are a rare branch, see `huge_angle`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from chainrule.compile.code import ELEMENT, SIZE
from chainrule.compile.lanes import Lanes
from chainrule.compile.vector_math.floating_point import format_of, polynomial
from chainrule.compile.vector_math.huge_angle import reduce_huge


class _Trigonometric(NamedTuple):
    """Constants of one dtype.

    half_pi  π/2 as a sum, the largest part first
    limit    how large x can be for the products with all parts but the last to be exact
    sine     minimax: |r + r³ S(r²) - sin r| ≤ error · |sin r|
    cosine   minimax: |1 - r²/2 + r⁴ C(r²) - cos r| ≤ error · cos r
    """

    half_pi: tuple[float, ...]
    limit: float
    sine: tuple[float, ...]
    cosine: tuple[float, ...]


_CONSTANTS = {
    "float32": _Trigonometric(
        half_pi=(
            float.fromhex("0x1.921cp+0"),
            float.fromhex("0x1.daap-15"),
            float.fromhex("0x1.10b4p-30"),
            float.fromhex("0x1.84698ap-48"),
        ),
        limit=800.0,
        # Errors 2^-27.8 and 2^-32.9.
        sine=(
            float.fromhex("-0x1.555544p-3"),
            float.fromhex("0x1.1106c6p-7"),
            float.fromhex("-0x1.991c34p-13"),
        ),
        cosine=(
            float.fromhex("0x1.55554ap-5"),
            float.fromhex("-0x1.6c0c24p-10"),
            float.fromhex("0x1.99e61cp-16"),
        ),
    ),
    "float64": _Trigonometric(
        half_pi=(
            float.fromhex("0x1.921fb544p+0"),
            float.fromhex("0x1.0b4611a6p-34"),
            float.fromhex("0x1.3198a2ep-69"),
            float.fromhex("0x1.b839a252049c1p-104"),
        ),
        limit=1.6e6,
        # Errors 2^-57.8 and 2^-63.8.
        sine=(
            float.fromhex("-0x1.5555555555548p-3"),
            float.fromhex("0x1.111111110f724p-7"),
            float.fromhex("-0x1.a01a019be6c5dp-13"),
            float.fromhex("0x1.71de3552a00b7p-19"),
            float.fromhex("-0x1.ae5e493be913ep-26"),
            float.fromhex("0x1.5d8a9b5f1a966p-33"),
        ),
        cosine=(
            float.fromhex("0x1.555555555554ap-5"),
            float.fromhex("-0x1.6c16c16c14e00p-10"),
            float.fromhex("0x1.a01a019c5c38ep-16"),
            float.fromhex("-0x1.27e4f7cd31302p-22"),
            float.fromhex("0x1.1ee9c33520007p-29"),
            float.fromhex("-0x1.8f99cb48a8148p-37"),
        ),
    ),
}


def sin(x: Lanes) -> Lanes:
    """The sine of x in radians, as exact for huge x as for small; of ±∞ NaN."""
    return _with_sign_of(x, _sine_after(x, 0))


def cos(x: Lanes) -> Lanes:
    """The cosine of x in radians, as exact for huge x as for small; of ±∞ NaN."""
    return _sine_after(x, 1)


def _sine_after(x: Lanes, quarters: int) -> Lanes:
    """sin(|x| + quarters · π/2)."""
    code, size = x.code, abs(x)
    near = _sine_of_quadrant(*_reduce(size, quarters))
    result, align = code.slot(x.type), SIZE[x.dtype]
    code.store(x.type, near.value, result, align)
    with code.when((size > _CONSTANTS[x.dtype].limit).any(), likely=False):
        name = _huge_sines(x)
        operands = f"{x.type} {size.value}, {x.type} {near.value}, i64 {quarters}"
        far = code.get(f"call {x.type} @{name}({operands}) cold noinline")
        code.store(x.type, far, result, align)
    return x.like(code.load(x.type, result, align))


def _reduce(size: Lanes, quarters: int) -> tuple[Lanes, Lanes]:
    """n + quarters, in the low bits of integers, and r with size = n π/2 + r."""
    shifter = format_of(size).shifter
    shifted = size.fma(2.0 / math.pi, shifter)
    n, r = shifted - shifter, size
    for part in _CONSTANTS[size.dtype].half_pi:
        r = n.fma(-part, r)
    return shifted.bits(format_of(size).integer) + quarters, r


def _huge_sines(x: Lanes) -> str:
    """The name of a function of the module of x.code: (size, near, quarters) to lanes like x.

    It gives sin(size + quarters · π/2) where size is beyond the limit, and `near` elsewhere.
    """
    module = x.code.module
    name = f"chainrule_huge_sines_{x.dtype}_{x.width}"
    if any(code.name == name for code in module.functions):
        return name
    arguments = ((x.type, "size"), (x.type, "near"), ("i64", "quarters"))
    code = module.function(name, arguments, x.type, "internal")
    sizes, results = code.slot(x.type), code.slot(x.type)
    element, align = ELEMENT[x.dtype], SIZE[x.dtype]
    code.store(x.type, "%size", sizes, align)
    code.store(x.type, "%near", results, align)
    with code.loop(0, x.width) as lane:
        value = code.load(element, code.at(sizes, element, lane), align)
        size = Lanes(code, value, x.dtype, 1)
        with code.when((size > _CONSTANTS[x.dtype].limit).value):
            quadrant, r = reduce_huge(size.cast("float64"))
            sine = _sine_of_quadrant(quadrant + Lanes(code, "%quarters", "uint64", 1), r)
            place = code.at(results, element, lane)
            code.store(element, sine.cast(x.dtype).value, place, align)
    code.do(f"ret {x.type} {code.load(x.type, results, align)}")
    return name


def _sine_of_quadrant(quadrant: Lanes, r: Lanes) -> Lanes:
    """sin(r + quadrant · π/2), of which the two lowest bits count."""
    constants, form = _CONSTANTS[r.dtype], format_of(r)
    square = r * r
    sine = (r * square).fma(polynomial(square, constants.sine), r)
    fourth = square * square * polynomial(square, constants.cosine)
    cosine = square.fma(-0.5, fourth) + 1.0
    value = (quadrant & 1).differs(0).where(cosine, sine)
    sign = (quadrant << (form.bits - 2)) & form.sign
    return (value.bits(form.integer) ^ sign).bits(r.dtype)


def _with_sign_of(x: Lanes, result: Lanes) -> Lanes:
    """`result`, negative for negative x (also -0)."""
    form = format_of(x)
    return (result.bits(form.integer) ^ (x.bits(form.integer) & form.sign)).bits(x.dtype)
