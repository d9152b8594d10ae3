"""What kind of texts a column holds: categories, booleans, dates, identifiers or words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from chainrule.data.codes import Boolean, Code, is_truth
from chainrule.data.dates import are_dates_written_otherwise, date, moments_in
from chainrule.data.entries import number_in
from chainrule.data.number_kinds import MOST_VALUES, coded, most_frequent
from chainrule.data.report import Asked, ColumnReport, Found, left_out, names_an_identifier
from chainrule.data.words import Words


_FEW = 20  # rows: with fewer, different entries say nothing about what a column is
_LOOKED_AT = 1_000  # entries that tell how many words there are
_WORDS_OF_TEXT = 3
_LONG = 50  # letters of an entry that is no name of a kind
_MANY_NUMBERS = 10  # different texts that write numbers, as codes hardly do


def of_texts(name: str, column: Any, asked: Asked, weights: Any) -> Found:
    """A column of texts `(rows,)`."""
    counts = Counter(column.tolist())
    missing = counts.pop(None, 0) / len(column)
    texts = counts.keys()
    row = ColumnReport(name, "category", missing, len(texts), "")
    if not texts:
        return left_out(row, "empty", "every entry is missing")
    if len(texts) == 1 and not missing:
        return left_out(row, "constant", f"every entry is {column[0]:.40}")
    if name not in asked.categorical:
        if len(texts) > 1 and all(map(is_truth, texts)):
            record = Boolean(name)
            return record, replace(row, kind="boolean", encoding=record.describe())
        moments = moments_in(column)
        if moments is not None:
            return of_dates(name, moments, asked, weights)
        if found := _text_or_identifier(row, texts, column, asked):
            return found
    weight_of = counts if weights is None else _weights_of_texts(column, texts, weights)
    kept = tuple(sorted(most_frequent(weight_of)))
    record = Code(name, kept, has_other=len(kept) < len(texts))
    note = "numbers and texts, all taken as texts" if name in asked.mixed else _note(texts)
    return record, coded(row, record, len(texts), note)


def _text_or_identifier(
    row: ColumnReport, texts: Collection[str], column: Any, asked: Asked
) -> Found | None:
    rows = round(len(column) * (1 - row.missing))
    if len(texts) <= min(_FEW, rows - 1):
        return None
    looked_at = list(islice((text for text in column if text is not None), _LOOKED_AT))
    words = np.mean([len(text.split()) for text in looked_at])
    letters = np.mean([len(text) for text in looked_at])
    are_many = len(texts) > max(_FEW, rows // 2) or len(texts) > MOST_VALUES
    if are_many and (words >= _WORDS_OF_TEXT or (letters >= _LONG and words > 1)):
        if asked.text == "leave":
            return left_out(row, "text", "long texts; text='hash' counts their words")
        record = Words(row.name)
        return record, replace(row, kind="text", encoding=record.describe())
    is_named = names_an_identifier(row.name)
    if len(texts) == rows > 1 and is_named:
        reason = "every row has another, and the name is that of an identifier"
        return left_out(row, "identifier", f"{reason}; name it categorical to keep it")
    if rows >= _FEW and len(texts) >= 0.95 * rows:
        reason = _note(texts) or "nearly every row has another; name it categorical to keep it"
        return left_out(row, "identifier", reason)
    return None


def _note(texts: Collection[str]) -> str:
    """What to say of the values of a category."""
    if are_dates_written_otherwise(texts):
        return "dates? write them like 2020-12-31"
    numbers = sum(number_in(text) is not None for text in texts)
    if numbers == len(texts) > _MANY_NUMBERS:
        return "texts that write numbers; numeric= takes them so"
    if len(texts) > numbers > 0.9 * len(texts) > _MANY_NUMBERS:
        other = min(text for text in texts if number_in(text) is None)
        return f"numbers but for {len(texts) - numbers} values, such as {other!r:.40}; missing?"
    return ""


def _weights_of_texts(column: Any, texts: Collection[str], weights: Any) -> dict[str, float]:
    """The sum of the weights of the rows of each text."""
    place_of: dict[str | None, int] = {text: place for place, text in enumerate(texts)}
    place_of[None] = len(texts)
    places = np.fromiter(map(place_of.__getitem__, column.tolist()), np.int64, len(column))
    return dict(zip(texts, np.bincount(places, weights=weights).tolist(), strict=False))


def of_dates(name: str, moments: Any, asked: Asked, weights: Any) -> Found:
    """A column of moments `(rows,)`."""
    if name in asked.numeric or name in asked.categorical:
        raise ValueError(f"column {name!r} holds dates; convert it before it is numbers or kinds")
    is_present = ~np.isnat(moments)
    missing = 1 - float(np.mean(is_present))
    values = len(np.unique(moments[is_present]))
    row = ColumnReport(name, "date", missing, values, "")
    if not values:
        return left_out(row, "empty", "every entry is missing")
    if values == 1 and not missing:
        return left_out(row, "constant", f"every entry is {moments[0].astype('datetime64[s]')}")
    record = date(name, moments, weights)
    return record, replace(row, encoding=record.describe())
