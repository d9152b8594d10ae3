"""The columns of a frame, of any kind that it may hold, as arrays."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from numbers import Real
from typing import Any

import numpy as np

from chainrule.data.columns import text_of
from chainrule.data.dates import MOMENT


#: How a missing entry is written, in small letters.
MISSING = frozenset({"", "?", "n/a", "na", "nan", "null"})

_NUMBERS = (Real, Decimal)
_TRUTHS = (bool, np.bool_)
_DATES = (datetime.date, np.datetime64)


def strict_column(where: str, column: Any) -> tuple[Any, bool]:
    """A series of narwhals as float64 `(rows,)`, or text as object `(rows,)`; and False.

    where  what it is called in errors
    ValueError for anything but numbers, text, categories and booleans.
    """
    import narwhals as nw

    if column.dtype.is_numeric():
        return column.cast(nw.Float64()).to_numpy().astype(np.float64), False
    _check_kind(where, column)
    entries = _Entries.of(where, column.to_list())
    strange = {kind for kind in entries.kinds if not issubclass(kind, (str, bool))}
    if strange:
        row, entry = entries.first_of(strange)
        raise ValueError(
            f"{where} holds {type(entry).__name__} where text is expected, at row {row + 1}; "
            "convert the column to numbers, or all of it to text"
        )
    return entries.each(_text), False


def loose_column(where: str, column: Any) -> tuple[Any, bool]:
    """A series of narwhals as numbers, dates or texts `(rows,)`, and whether it was of mixed kinds.

    where  what it is called in errors
    Periods of time are numbers of seconds. ValueError for what is none of these, such as lists.
    """
    import narwhals as nw

    kind = column.dtype
    if kind.is_numeric():
        found = column.to_numpy()
        as_it_is = found.dtype.kind in "iuf" and found.dtype.itemsize <= 8
        return found if as_it_is else column.cast(nw.Float64()).to_numpy().astype(np.float64), False
    if kind == nw.Datetime:
        clock = column.dt.replace_time_zone(None) if kind.time_zone else column
        return clock.to_numpy().astype(MOMENT), False
    if kind == nw.Date:
        return column.cast(nw.Datetime("us")).to_numpy().astype(MOMENT), False
    if kind == nw.Duration:
        return column.to_numpy() / np.timedelta64(1, "s"), False
    if kind == nw.Unknown:  # sparse numbers, and no entry at all
        found = column.to_numpy()
        if found.dtype.kind in "iuf":
            return found, False
        if column.is_null().all():
            return np.full(len(column), None), False
    _check_kind(where, column)
    entries = _Entries.of(where, column.to_list())
    if kind in (nw.Categorical, nw.Enum):
        return entries.each(_text), False
    return _column_of_objects(where, entries)


def array_column(where: str, column: Any) -> tuple[Any, bool]:
    """A NumPy array `(rows,)` as numbers, dates or texts, and whether it was of mixed kinds."""
    kind = column.dtype.kind
    if kind in "iuf":
        return column, False
    if kind == "M":
        return column.astype(MOMENT), False
    if kind not in "bOUT":
        raise ValueError(f"{where} holds {column.dtype}; convert it to numbers or text")
    return _column_of_objects(where, _Entries.of(where, column.tolist()))


def _check_kind(where: str, column: Any) -> None:
    import narwhals as nw

    if column.dtype not in (nw.String, nw.Categorical, nw.Enum, nw.Boolean, nw.Object):
        raise ValueError(
            f"{where} holds {column.dtype}; convert it to numbers or text, or leave it out"
        )


@dataclass(frozen=True)
class _Entries:
    """Python objects, each different one once.

    values  the different ones in the order of their first rows, with None for missing ones
    places  `(rows,)` of each row among them
    """

    values: tuple[Any, ...]
    places: Any

    @classmethod
    def of(cls, where: str, entries: Sequence[Any]) -> _Entries:
        """ValueError for what cannot be compared, such as lists."""
        place_of: defaultdict[Any, int] = defaultdict(count().__next__)
        try:
            places = np.fromiter(map(place_of.__getitem__, entries), np.int64, len(entries))
        except TypeError:
            strange = (row for row, entry in enumerate(entries) if not isinstance(entry, Hashable))
            row = next(strange, 0)  # 0 for a tuple of lists, say
            raise ValueError(
                f"{where} holds {type(entries[row]).__name__} in row {row + 1}; convert it to "
                "numbers or text, or leave it out"
            ) from None
        if (0 in place_of or 1 in place_of) and _are_truths_among_numbers(entries):
            # 1 and True are one key of a dictionary, but two entries.
            told = [_text(x) if isinstance(x, _TRUTHS) else x for x in entries]
            return cls.of(where, told)
        return cls(tuple(None if _is_missing(value) else value for value in place_of), places)

    @property
    def kinds(self) -> set[type]:
        """The types of those that are not missing."""
        return {type(value) for value in self.values if value is not None}

    def first_of(self, kinds: set[type]) -> tuple[int, Any]:
        """The first row with an entry of one of these types, and the entry."""
        place = next(place for place, value in enumerate(self.values) if type(value) in kinds)
        return int(np.argmax(self.places == place)), self.values[place]

    def each(self, function: Callable[[Any], Any], missing: Any = None) -> Any:
        """A function of every entry, object `(rows,)`."""
        found = [missing if value is None else function(value) for value in self.values]
        return np.fromiter(found, object, len(found))[self.places]


def _are_truths_among_numbers(entries: Sequence[Any]) -> bool:
    kinds = set(map(type, entries))
    return not kinds.isdisjoint(_TRUTHS) and any(
        issubclass(kind, _NUMBERS) and kind not in _TRUTHS for kind in kinds
    )


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):  # of pandas
        return True
    return isinstance(value, (float, np.floating, np.datetime64)) and value != value


def _column_of_objects(where: str, entries: _Entries) -> tuple[Any, bool]:
    """Entries as numbers, dates or texts; texts where there are several kinds."""
    kinds = entries.kinds

    def are(*wanted: type) -> bool:
        return all(issubclass(kind, wanted) for kind in kinds)

    if are(str) or are(*_TRUTHS):
        return entries.each(_text), False
    if are(*_NUMBERS) and not any(issubclass(kind, _TRUTHS) for kind in kinds):
        return entries.each(lambda number: _number(where, number), np.nan).astype(float), False
    if are(*_DATES):
        return entries.each(_moment, np.datetime64("NaT", "us")).astype(MOMENT), False
    strange = {kind for kind in kinds if not issubclass(kind, (str, *_TRUTHS, *_NUMBERS))}
    if strange:
        row, entry = entries.first_of(strange)
        raise ValueError(
            f"{where} holds {type(entry).__name__} in row {row + 1}, beside others or of no use; "
            "convert all of it to numbers, dates or text, or leave it out"
        )
    return entries.each(_text), True


def _text(value: Any) -> str | None:
    """An entry as text; None for a text that means a missing one."""
    if isinstance(value, str):
        text = value.strip()
        return None if text.lower() in MISSING else text
    if isinstance(value, _TRUTHS):
        return str(value).lower()
    number = float(value)
    return text_of(number) if np.isfinite(number) else str(number)


def _number(where: str, value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{where} holds {value!s:.40}..., too large for a number") from None


def _moment(value: Any) -> Any:
    clock = value.replace(tzinfo=None) if isinstance(value, datetime.datetime) else value
    return np.datetime64(clock, "us")
