"""Numbers that a loop carries on from one turn to the next."""

from __future__ import annotations

from dataclasses import dataclass, field

from chainrule.compile.code import Code
from chainrule.compile.lanes import Lanes
from chainrule.compile.writer import Point


@dataclass(eq=False)
class Slots:
    """Named vectors on the stack, which LLVM turns into registers."""

    code: Code
    places: dict[object, str] = field(default_factory=dict)

    def set(self, key: object, value: str, dtype: str, width: int) -> None:
        """Begin with a value, an LLVM constant."""
        lanes = Lanes(self.code, value, dtype, width)
        if key not in self.places:
            self.places[key] = self.code.slot(lanes.type)
        self.put(key, lanes)

    def put(self, key: object, value: Lanes) -> None:
        """Go on with a value."""
        self.code.store(value.type, value.value, self.places[key], 64)

    def get(self, key: object, dtype: str, width: int) -> Lanes:
        """The value so far."""
        like = Lanes(self.code, "", dtype, width)
        return like.like(self.code.load(like.type, self.places[key], 64))


def masked(new: Lanes, old: Lanes, point: Point) -> Lanes:
    """`new`, but `old` in lanes beyond the end."""
    if point.mask is None:
        return new
    return Lanes(new.code, point.mask, "bool", point.width).where(new, old)
