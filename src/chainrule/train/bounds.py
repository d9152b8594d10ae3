"""Settings that are numbers, checked before any work against the values that they may have."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any


@dataclass(frozen=True)
class Bounds:
    """Which numbers a setting may be, in words and as a condition."""

    words: str
    holds: Callable[[Any], bool]

    def check(self, setting: str, value: Any) -> Any:
        """`value` as a plain number. ValueError, naming the setting, for any other value."""
        if not isinstance(value, Real) or not self.holds(value):
            raise ValueError(f"{setting} {value!r}; expected {self.words}")
        return int(value) if isinstance(value, Integral) else float(value)


POSITIVE = Bounds("a number above 0", lambda value: 0 < value < math.inf)
NOT_NEGATIVE = Bounds("a number from 0", lambda value: 0 <= value < math.inf)
PROPORTION = Bounds("a number from 0 to 1", lambda value: 0 <= value <= 1)
BELOW_1 = Bounds("a number from 0 to below 1", lambda value: 0 <= value < 1)
WHOLE = Bounds("a whole number from 0", lambda value: value >= 0 and float(value).is_integer())
COUNT = Bounds("a whole number from 1", lambda value: value >= 1 and float(value).is_integer())
