"""The error function: near 0 an odd polynomial, beyond 1 one minus an exponential."""

from __future__ import annotations

from typing import NamedTuple

from chainrule.compile.lanes import Lanes
from chainrule.compile.vector_math.exponential import exp_of_moderate
from chainrule.compile.vector_math.floating_point import at_most, polynomial


class _ErrorFunction(NamedTuple):
    """Constants of one dtype; both polynomials are minimax for the relative error of erf.

    near  P: erf x = x + x P(x²) for |x| ≤ 1
    far   T: erf x = 1 - exp(T(x) - x²) for 1 ≤ x ≤ `one`
    one   erf of more is 1
    """

    near: tuple[float, ...]
    far: tuple[float, ...]
    one: float


_CONSTANTS = {
    "float32": _ErrorFunction(
        # Error 2^-24.5.
        near=(
            float.fromhex("0x1.06eba2p-3"),
            float.fromhex("-0x1.81267p-2"),
            float.fromhex("0x1.ce089p-4"),
            float.fromhex("-0x1.b59a96p-6"),
            float.fromhex("0x1.421abap-8"),
            float.fromhex("-0x1.26a6dp-11"),
        ),
        # Error 2^-29.8.
        far=(
            float.fromhex("-0x1.63e46p-12"),
            float.fromhex("-0x1.208976p+0"),
            float.fromhex("0x1.728da4p-2"),
            float.fromhex("-0x1.a65ee6p-4"),
            float.fromhex("0x1.65e0e2p-6"),
            float.fromhex("-0x1.82842p-9"),
            float.fromhex("0x1.871e0ap-13"),
        ),
        one=4.0,
    ),
    "float64": _ErrorFunction(
        # Error 2^-56.0.
        near=(
            float.fromhex("0x1.06eba8214db68p-3"),
            float.fromhex("-0x1.812746b03799dp-2"),
            float.fromhex("0x1.ce2f21a03f8b9p-4"),
            float.fromhex("-0x1.b82ce311a97dep-6"),
            float.fromhex("0x1.565bcceeda64dp-8"),
            float.fromhex("-0x1.c02daeb70fad6p-11"),
            float.fromhex("0x1.f9a296b61b02dp-14"),
            float.fromhex("-0x1.f4c82f244f7efp-17"),
            float.fromhex("0x1.b96b5918f016bp-20"),
            float.fromhex("-0x1.5b8c791dc9550p-23"),
            float.fromhex("0x1.d3de104c20533p-27"),
            float.fromhex("-0x1.a23f6c3355199p-31"),
        ),
        # Error 2^-57.0.
        far=(
            float.fromhex("-0x1.0c22e0373b043p-21"),
            float.fromhex("-0x1.20dd205c2ac52p+0"),
            float.fromhex("0x1.7413ba8bfca78p-2"),
            float.fromhex("-0x1.a4acbeba5ed96p-4"),
            float.fromhex("0x1.372567a77f767p-6"),
            float.fromhex("0x1.ad9f8b057f54cp-12"),
            float.fromhex("-0x1.f602809328173p-10"),
            float.fromhex("0x1.93a74ad7c9766p-11"),
            float.fromhex("-0x1.1a435ed4400dap-13"),
            float.fromhex("-0x1.57c5c8929a5f8p-16"),
            float.fromhex("0x1.80592c0d17b06p-16"),
            float.fromhex("-0x1.23b33e7169678p-17"),
            float.fromhex("0x1.1f783efff7a2ep-19"),
            float.fromhex("-0x1.9200ab5dcb599p-22"),
            float.fromhex("0x1.8ffd44c34e54dp-25"),
            float.fromhex("-0x1.0f3c7d087315bp-28"),
            float.fromhex("0x1.c33e0801835b0p-33"),
            float.fromhex("-0x1.5c17f352ddeb1p-38"),
        ),
        one=6.0,
    ),
}


def erf(x: Lanes) -> Lanes:
    """2/√π ∫₀ˣ exp(-t²) dt."""
    constants = _CONSTANTS[x.dtype]
    near = x.fma(polynomial(x * x, constants.near), x)
    size = at_most(abs(x), constants.one)
    far = 1.0 - exp_of_moderate(size.fma(-size, polynomial(size, constants.far)))
    return (size < 1.0).where(near, far.copysign(x))
