"""Columns of dates: numbers that say when, and where in the year, the week and the day."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chainrule.data.columns import check_texts
from chainrule.data.entries import EntryError, distinct
from chainrule.data.real_numbers import check_numbers, spaced
from chainrule.quantiles import quantiles


#: How dates are kept: microseconds since 1970, of the clock on the wall.
MOMENT = "datetime64[us]"

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)"
    r"(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)\d{0,3}(?:Z|[+-]\d\d:?\d\d)?)?"
)
_WRITTEN_OTHERWISE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?:[T ].*)?")

# Of moments `(rows,)`: each part as float64 `(rows,)`. Weeks begin with Monday, 0.
_PARTS: dict[str, Callable[[Any], Any]] = {
    "days": lambda moments: (moments - np.datetime64(0, "us")) / np.timedelta64(1, "D"),
    "year": lambda moments: moments.astype("M8[Y]").astype(np.float64) + 1970,
    "month": lambda moments: moments.astype("M8[M]").astype(np.int64) % 12 + 1.0,
    "weekday": lambda moments: (moments.astype("M8[D]").astype(np.int64) + 3) % 7 + 0.0,
    "hour": lambda moments: (moments - moments.astype("M8[D]")) / np.timedelta64(1, "h"),
}


@dataclass(frozen=True)
class Date:
    """A column of dates: a number for each part, with its median where the date is missing.

    parts    of days (since 1970, with the time of day as a fraction), year, month (1 .. 12),
             weekday (Monday is 0), hour (with minutes as a fraction)
    origins  are subtracted, one for each part
    medians  of the parts, in their own units
    flagged  whether entries were missing; a last column, 0 or 1, then says where
    """

    name: str
    parts: tuple[str, ...]
    origins: tuple[float, ...]
    medians: tuple[float, ...]
    flagged: bool = False
    kind: ClassVar[str] = "date"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns that it becomes."""
        flag = (f"{self.name} missing",) if self.flagged else ()
        return (*[f"{self.name} {part}" for part in self.parts], *flag)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of each of these, the number of codes; 0 for numbers."""
        return (0,) * len(self.parts) + ((1,) if self.flagged else ())

    def encode(self, column: Any) -> Any:
        """float32 `(rows, parts)`, and one more with the flag.

        ValueError for numbers, EntryError for text that writes no date.
        """
        moments = self._moments(column)
        is_missing = np.isnat(moments)
        encoded = np.empty((len(moments), len(self.sizes)), np.float32)
        settings = zip(self.parts, self.origins, self.medians, strict=True)
        for place, (part, origin, median) in enumerate(settings):
            numbers = np.where(is_missing, median, _PARTS[part](moments))
            encoded[:, place] = numbers - origin
        if self.flagged:
            encoded[:, -1] = is_missing
        return encoded

    def entry(self, value: Any) -> tuple[float, ...] | None:
        """None: `encode` looks at every entry closely."""
        return None

    def check(self) -> None:
        """TypeError or ValueError where the fields are not what is learnt."""
        check_texts(self.name, *self.parts)
        check_numbers(self.name, *self.origins, *self.medians)
        lengths = {len(self.parts), len(self.origins), len(self.medians)}
        if not self.parts or len(lengths) > 1 or not _PARTS.keys() >= set(self.parts):
            raise ValueError(f"column {self.name!r:.60}: no parts of a date: {self.parts!r:.60}")
        if not isinstance(self.flagged, bool):
            raise TypeError(f"column {self.name!r:.60}: flagged is {self.flagged!r:.60}")

    def describe(self) -> str:
        """How it is encoded, for people."""
        return f"{', '.join(self.parts)}{', flag' if self.flagged else ''}"

    def _moments(self, column: Any) -> Any:
        if column.dtype.kind == "M":
            return column.astype(MOMENT, copy=False)
        if column.dtype != object:
            if np.isnan(column).all():
                return np.full(len(column), "NaT", MOMENT)
            raise ValueError(f"column {self.name!r} holds numbers, but dates were learnt")
        found = moments_in(column)
        if found is None:
            row = next(row for row, text in enumerate(column) if text and _moment(text) is None)
            remedy = ", but dates were learnt; write it like 2020-12-31"
            raise EntryError(self.name, f"the text {column[row]!r:.60}", row, remedy)
        return found


def moments_in(texts: Any) -> Any:
    """The moments `(rows,)` that texts write in ISO 8601; None where one of them writes none.

    Of a moment with a zone it is the time that the clock showed there.
    """
    moment_of: dict[Any, Any] = {}
    for text in distinct(texts):
        moment_of[text] = _moment(text)
        if moment_of[text] is None:
            return None
    moment_of[None] = np.datetime64("NaT", "us")
    return np.fromiter(map(moment_of.__getitem__, texts.tolist()), MOMENT, len(texts))


def are_dates_written_otherwise(texts: Iterable[str]) -> bool:
    """Whether texts look like dates of an order that cannot be known: 1/2/2020."""
    return all(_WRITTEN_OTHERWISE.fullmatch(text) for text in texts)


def _moment(text: str) -> Any:
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    try:
        return np.datetime64(f"{found[1]}T{found[2] or '00:00'}", "us")
    except ValueError:  # the 31st of February
        return None


def date(name: str, moments: Any, weights: Any = None) -> Date:
    """Learnt from moments `(rows,)`, of which at least one is present.

    weights  `(rows,)` above 0, or None
    Parts that are the same throughout are left out, all but the days.
    """
    is_present = ~np.isnat(moments)
    present = moments[is_present].astype(MOMENT)
    given = None if weights is None else weights[is_present]
    if given is None:
        present = spaced(present)
    parts: dict[str, float] = {}
    for part, of in _PARTS.items():
        numbers = of(present)
        if part == "days" or numbers.min() < numbers.max():
            parts[part] = quantiles(numbers, (0.5,), given)[0]
    origins = tuple(
        float(np.floor(median)) if part in ("days", "year") else 0.0
        for part, median in parts.items()
    )
    flagged = not bool(is_present.all())
    return Date(name, tuple(parts), origins, tuple(parts.values()), flagged)
