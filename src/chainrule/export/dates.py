"""Dates as days since 1970, and the parts of such a date, by arithmetic alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import ops
from chainrule.data import Date
from chainrule.data.dates import moments_in


def days_of(record: Date, column: Any) -> Any:
    """Days since 1970 `(rows,)`, the time of day as a fraction; NaN where a date is missing.

    column  of dates, or of text that writes them
    ValueError where it holds neither.
    """
    if column.dtype.kind in "iuf" and np.isnan(column).all():
        return np.full(len(column), np.nan)
    moments = column if column.dtype.kind == "M" else moments_in(column)
    if moments is None:
        raise ValueError(f"column {record.name!r} holds text that writes no date")
    days = (moments - np.datetime64(0, "us")) / np.timedelta64(1, "D")
    return np.where(np.isnat(moments), np.nan, days)


def parts_of_days(days: Any) -> dict[str, Any]:
    """What `Date` calls days, year, month, weekday and hour, of `days` float64 of any shape.

    H. Hinnant, "chrono-compatible low-level date algorithms", 2013: years begin with March there,
    so that the day that comes and goes is the last one, and repeat every 146,097 days.
    """
    day = _floor(days)
    weekday = day + 3 - 7 * _floor((day + 3) / 7)
    shifted = day + 719_468  # since 0000-03-01
    era = _floor(shifted / 146_097)
    of_era = shifted - era * 146_097
    leap = _floor(of_era / 1_460) - _floor(of_era / 36_524) + _floor(of_era / 146_096)
    year_of_era = _floor((of_era - leap) / 365)
    start = 365 * year_of_era + _floor(year_of_era / 4) - _floor(year_of_era / 100)
    month_from_march = _floor((5 * (of_era - start) + 2) / 153)
    is_after = ops.cast(month_from_march > 9.5, "float64")  # January or February: a year later
    return {
        "days": days,
        "year": year_of_era + 400 * era + is_after,
        "month": month_from_march + 3 - 12 * is_after,
        "weekday": weekday,
        "hour": 24 * (days - day),
    }


def _floor(x: Any) -> Any:
    """The largest whole number that is not above `x`, of a size that int64 holds."""
    whole = ops.cast(ops.cast(x, "int64"), "float64")
    return whole - ops.cast(ops.greater(whole, x), "float64")
