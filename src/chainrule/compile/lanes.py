"""Values while code is written: numbers side by side in a vector, each lane like every other."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.compile.code import ELEMENT, SIZE, Code, number, vector


@dataclass(frozen=True, eq=False)
class Lanes:
    """Numbers of one dtype side by side: one if `width` is 1 (a plain register), else a vector.

    Operators take a value of the same dtype and width, or a Python number. Comparisons give bool.
    """

    code: Code
    value: str
    dtype: str
    width: int

    @property
    def type(self) -> str:
        """The LLVM type."""
        return vector(self.dtype, self.width)

    # ---- making values --------------------------------------------------------------------------

    def like(self, value: str, dtype: str | None = None) -> Lanes:
        """What an instruction gave, as lanes beside these."""
        return Lanes(self.code, value, dtype or self.dtype, self.width)

    def number(self, value: Any, dtype: str | None = None) -> Lanes:
        """One Python number in every lane, rounded to the dtype."""
        dtype = dtype or self.dtype
        return self.like(number(value, dtype, self.width), dtype)

    def _lift(self, other: Any) -> str:
        return other.value if isinstance(other, Lanes) else number(other, self.dtype, self.width)

    @property
    def is_float(self) -> bool:
        """Whether the numbers are floating-point."""
        return self.dtype in ("float64", "float32")

    @property
    def is_signed(self) -> bool:
        """Whether the numbers are signed integers."""
        return self.dtype in ("int64", "int32")

    def _binary(self, operation: str, other: Any) -> Lanes:
        return self.like(
            self.code.get(f"{operation} {self.type} {self.value}, {self._lift(other)}")
        )

    # ---- arithmetic -----------------------------------------------------------------------------

    def __add__(self, other: Any) -> Lanes:
        return self._binary("fadd" if self.is_float else "add", other)

    def __sub__(self, other: Any) -> Lanes:
        return self._binary("fsub" if self.is_float else "sub", other)

    def __mul__(self, other: Any) -> Lanes:
        return self._binary("fmul" if self.is_float else "mul", other)

    def __truediv__(self, other: Any) -> Lanes:
        return self._binary("fdiv", other)

    def __radd__(self, other: Any) -> Lanes:
        return self.number(other) + self

    def __rsub__(self, other: Any) -> Lanes:
        return self.number(other) - self

    def __rmul__(self, other: Any) -> Lanes:
        return self.number(other) * self

    def __rtruediv__(self, other: Any) -> Lanes:
        return self.number(other) / self

    def __neg__(self) -> Lanes:
        if self.is_float:
            return self.like(self.code.get(f"fneg {self.type} {self.value}"))
        return self.number(0) - self

    def fma(self, factor: Any, addend: Any) -> Lanes:
        """self · factor + addend, rounded once if the target can (Module.has_fma), else twice."""
        if not self.code.module.has_fma:
            return self * factor + addend
        return self.intrinsic("llvm.fma", factor, addend)

    def sqrt(self) -> Lanes:
        """The square root, correctly rounded."""
        return self.intrinsic("llvm.sqrt")

    def __abs__(self) -> Lanes:
        """Without the sign (floats only)."""
        return self.intrinsic("llvm.fabs")

    def copysign(self, other: Any) -> Lanes:
        """This size with the sign of `other`."""
        return self.intrinsic("llvm.copysign", other)

    def round(self) -> Lanes:
        """The nearest whole number, ties to even, as a float."""
        return self.intrinsic("llvm.nearbyint")

    def floor(self) -> Lanes:
        """The largest whole number that is not above, as a float."""
        return self.intrinsic("llvm.floor")

    def intrinsic(self, name: str, *others: Any) -> Lanes:
        """A function of LLVM that is overloaded on the type of these lanes, such as `llvm.fma`."""
        suffix = ELEMENT[self.dtype].replace("float", "f32").replace("double", "f64")
        if self.width > 1:
            suffix = f"v{self.width}{suffix}"
        operands = [(self.type, value) for value in (self.value, *map(self._lift, others))]
        return self.like(self.code.call(f"{name}.{suffix}", self.type, *operands))

    # ---- bits -----------------------------------------------------------------------------------

    def __and__(self, other: Any) -> Lanes:
        return self._binary("and", other)

    def __or__(self, other: Any) -> Lanes:
        return self._binary("or", other)

    def __xor__(self, other: Any) -> Lanes:
        return self._binary("xor", other)

    def __invert__(self) -> Lanes:
        return self._binary("xor", 1 if self.dtype == "bool" else -1)

    def __lshift__(self, other: Any) -> Lanes:
        return self._binary("shl", other)

    def __rshift__(self, other: Any) -> Lanes:
        """Signed integers keep their sign; unsigned ones are filled with 0."""
        return self._binary("ashr" if self.is_signed else "lshr", other)

    def bits(self, dtype: str) -> Lanes:
        """The same bits as another dtype of the same size."""
        to = vector(dtype, self.width)
        if to == self.type:
            return self.like(self.value, dtype)
        return self.like(self.code.get(f"bitcast {self.type} {self.value} to {to}"), dtype)

    # ---- comparisons ----------------------------------------------------------------------------

    def _compare(self, predicate: str, other: Any) -> Lanes:
        if self.is_float:  # != holds for NaN, all others do not
            operation = f"fcmp {'une' if predicate == 'ne' else 'o' + predicate}"
        elif predicate in ("eq", "ne"):
            operation = f"icmp {predicate}"
        else:
            operation = f"icmp {'s' if self.is_signed else 'u'}{predicate}"
        return self.like(self._binary(operation, other).value, "bool")

    def __lt__(self, other: Any) -> Lanes:
        return self._compare("lt", other)

    def __le__(self, other: Any) -> Lanes:
        return self._compare("le", other)

    def __gt__(self, other: Any) -> Lanes:
        return self._compare("gt", other)

    def __ge__(self, other: Any) -> Lanes:
        return self._compare("ge", other)

    def equals(self, other: Any) -> Lanes:
        """Where both are equal; -0 equals 0, NaN nothing."""
        return self._compare("eq", other)

    def differs(self, other: Any) -> Lanes:
        """Where both are not equal; NaN differs from everything, itself too."""
        return self._compare("ne", other)

    def is_nan(self) -> Lanes:
        """Where the number is NaN."""
        return self.differs(self)

    def is_infinite(self) -> Lanes:
        """Where the number is infinite."""
        return abs(self).equals(math.inf)

    def where(self, then: Any, otherwise: Any) -> Lanes:
        """`then` in the lanes where these booleans hold, `otherwise` in the others.

        One of the two may be a Python number.
        """
        like = then if isinstance(then, Lanes) else otherwise
        then, otherwise = (f"{like.type} {like._lift(choice)}" for choice in (then, otherwise))
        return like.like(self.code.get(f"select {self.type} {self.value}, {then}, {otherwise}"))

    def any(self) -> str:
        """Whether these booleans hold in any lane: an i1, as `Code.when` takes it."""
        if self.width == 1:
            return self.value
        name = f"llvm.vector.reduce.or.v{self.width}i1"
        return self.code.call(name, "i1", (self.type, self.value))

    # ---- change of dtype ------------------------------------------------------------------------

    def cast(self, dtype: str) -> Lanes:
        """The same numbers in another dtype, rounded as NumPy does."""
        if dtype == self.dtype:
            return self
        if dtype == "bool":
            return self.differs(0)
        if self.is_float and dtype not in ("float64", "float32"):
            return self._whole().cast(dtype)
        narrower = SIZE[dtype] < SIZE[self.dtype]
        if dtype in ("float64", "float32"):
            if self.is_float:
                return self._convert("fptrunc" if narrower else "fpext", dtype)
            return self._convert("sitofp" if self.is_signed else "uitofp", dtype)
        if self.dtype != "bool" and SIZE[dtype] == SIZE[self.dtype]:
            return self.like(self.value, dtype)
        if narrower:
            return self._convert("trunc", dtype)
        return self._convert("sext" if self.is_signed else "zext", dtype)

    def _convert(self, operation: str, dtype: str) -> Lanes:
        to = vector(dtype, self.width)
        return self.like(self.code.get(f"{operation} {self.type} {self.value} to {to}"), dtype)

    def _whole(self) -> Lanes:
        """A float as int64, cut off; what is out of range becomes the smallest int64."""
        inside = (self >= -(2.0**63)) & (self < 2.0**63)
        return inside.where(inside.where(self, 0.0)._convert("fptosi", "int64"), -(2**63))

    # ---- across lanes ---------------------------------------------------------------------------

    def fold(self, combine: Callable[[Lanes, Lanes], Lanes]) -> Lanes:
        """All lanes combined to one number, halves first: a fixed order."""
        if self.width == 1:
            return self
        lanes = self
        while lanes.width > 2:
            half = lanes.width // 2
            lanes = combine(lanes._part(0, half), lanes._part(half, half))
        return combine(lanes.lane(0), lanes.lane(1))

    def _part(self, start: int, width: int) -> Lanes:
        return self.among(self, range(start, start + width))

    def among(self, other: Lanes, places: Sequence[int]) -> Lanes:
        """Lanes of both: those at some places, where the first of `other` follows the last here."""
        order = ", ".join(f"i32 {place}" for place in places)
        both = f"{self.type} {self.value}, {self.type} {other.value}"
        found = self.code.get(f"shufflevector {both}, <{len(places)} x i32> <{order}>")
        return Lanes(self.code, found, self.dtype, len(places))

    def lane(self, place: int) -> Lanes:
        """The number in one lane."""
        text = f"extractelement {self.type} {self.value}, i32 {place}"
        return Lanes(self.code, self.code.get(text), self.dtype, 1)

    def splat(self, width: int) -> Lanes:
        """One number in every lane of a vector of `width` lanes."""
        if self.width == width:
            return self
        to = vector(self.dtype, width)
        single = self.code.get(f"insertelement {to} poison, {self.type} {self.value}, i32 0")
        order = f"<{width} x i32> zeroinitializer"
        spread = self.code.get(f"shufflevector {to} {single}, {to} poison, {order}")
        return Lanes(self.code, spread, self.dtype, width)


def lanes(code: Code, value: Any, dtype: str, width: int) -> Lanes:
    """One Python number in `width` lanes."""
    return Lanes(code, number(value, dtype, width), dtype, width)


def zeros(code: Code, dtype: str, width: int) -> Lanes:
    """That many zeros."""
    return Lanes(code, number(0, dtype, width), dtype, width)
