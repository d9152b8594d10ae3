"""X and y as scikit-learn checks them, with several threads where there is much to look at."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.utils import column_or_1d
from sklearn.utils.validation import validate_data

from chainrule.tabular.drop_in.running import most_threads


_SPARSE = ["csr", "csc"]

#: Numbers that one thread looks at in the time that it takes to start others.
_FEW = 1 << 20


def training_data(
    estimator: Any, x: Any, y: Any, reset: bool, numeric: bool = False
) -> tuple[Any, Any]:
    """X and y to learn from: finite numbers, y `(rows,)` or `(rows, outputs)`.

    reset    whether names and number of the features are learnt; else they are compared
    numeric  whether y has to be numbers
    ValueError as scikit-learn's.
    """
    found: Any = validate_data(
        estimator,
        x,
        y,
        accept_sparse=_SPARSE,
        ensure_all_finite=not is_surely_finite(x, estimator.threads),
        multi_output=True,
        y_numeric=numeric,
        dtype=(np.float64, np.float32),
        reset=reset,
    )
    x, y = found
    return x, column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y


def validation_data(
    estimator: Any, x: Any, y: Any, numeric: bool = False
) -> tuple[Any, Any] | None:
    """X_val and y_val, as `training_data`; None without.

    ValueError where one of them is missing, or the solver has no use for them.
    """
    if x is None and y is None:
        return None
    if estimator.solver == "lbfgs":
        raise ValueError(
            "X_val is scored after each epoch, which solver='lbfgs' has not; choose 'adam' or 'sgd'"
        )
    if x is None or y is None:
        missing = "X_val" if x is None else "y_val"
        raise ValueError(f"fit got only one of X_val and y_val; pass {missing} too")
    return training_data(estimator, x, y, False, numeric)


def features(estimator: Any, x: Any) -> Any:
    """X `(rows, features)` to predict from. ValueError as scikit-learn's."""
    is_finite = is_surely_finite(x, estimator.threads)
    return validate_data(
        estimator, x, accept_sparse=_SPARSE, ensure_all_finite=not is_finite, reset=False
    )


def is_surely_finite(x: Any, threads: int | None) -> bool:
    """Whether it is known that all numbers of x are finite.

    Of a large array of floats several threads take the sum, which is finite only if all are: a
    core cannot ask the memory for as much as it gives. Where nothing is known, scikit-learn looks.
    """
    if type(x) is not np.ndarray or x.dtype not in (np.float64, np.float32) or x.ndim != 2:
        return False
    count = min(most_threads(threads), x.size // _FEW, len(x))
    if count < 2 or get_config()["assume_finite"]:
        return False
    with ThreadPoolExecutor(count) as pool:
        return all(pool.map(_has_finite_sum, np.array_split(x, count)))


def _has_finite_sum(x: Any) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.isfinite(np.sum(x)))
