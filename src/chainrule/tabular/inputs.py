"""What estimators are given: frames or arrays of features, checked as scikit-learn asks."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.data.tables import Table, as_table


def is_frame(x: Any) -> bool:
    """Whether x has named columns: pandas, polars, Arrow, or what else narwhals knows."""
    import narwhals as nw

    if isinstance(x, (np.ndarray, list, tuple)):
        return False
    try:
        return isinstance(nw.from_native(x, pass_through=True), nw.DataFrame)
    except nw.exceptions.DuplicateError:  # two columns of one name: `as_table` refuses them
        return True


def read(estimator: Any, x: Any, *, reset: bool) -> Table | Any:
    """A `Table` for a frame; for all else a matrix of numbers `(rows, columns)`, NaN if missing.

    reset  whether the estimator is fitted to it: else it has to have the columns that were learnt
    Errors are those of scikit-learn's `validate_data`, and of `as_table`.
    """
    from sklearn.utils.validation import validate_data

    if is_frame(x):
        table = as_table(x, "X", strict=False)
        validate_data(estimator, x, reset=reset, skip_check_array=True)
        return table
    return validate_data(
        estimator,
        x,
        reset=reset,
        dtype=(np.float32, np.float64),
        ensure_all_finite="allow-nan",
    )


def target(y: Any) -> tuple[Any, str]:
    """y as an array `(rows,)` or `(rows, outputs)`, and its name ("y" where it has none).

    ValueError for entries that are missing, saying how many and where the first is.
    """
    if y is None:
        raise ValueError("fit requires y to be passed, but the target y is None")
    name = getattr(y, "name", None)
    found = np.asarray(y)
    if found.dtype.kind == "f":
        is_missing = np.isnan(found)
        if np.isinf(found).any():
            raise ValueError("Input y contains infinity; leave such rows out, or correct them")
    elif found.dtype == object:
        is_missing = np.array([x is None or x != x for x in found.ravel()], bool)
    else:
        is_missing = np.zeros(1, bool)
    if is_missing.any():
        rows = is_missing.reshape(len(found), -1).any(axis=1)
        raise ValueError(
            f"Input y contains NaN: {int(rows.sum())} of {len(found)} rows have no target, the "
            f"first is row {int(np.argmax(rows)) + 1}; leave such rows out"
        )
    return found, name if isinstance(name, str) else "y"
