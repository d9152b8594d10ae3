"""What stands before a method that takes only numbers, or categories of pandas: fitted on the
training rows alone.
"""

from __future__ import annotations

from typing import Any


def numbers(estimator: Any) -> Any:
    """A pipeline from a frame to standardised numbers, then `estimator`.

    Numbers: the median where missing, with a column that says so, then mean 0 and deviation 1.
    Strings: one column a value, missing being a value, and all zeros for values never seen.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    filled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer([("numbers", filled, _numeric), ("strings", one_hot, _strings)])
    return make_pipeline(columns, estimator)


def standardised_target(estimator: Any) -> Any:
    """The estimator, its targets scaled to mean 0 and deviation 1 and its predictions back."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.preprocessing import StandardScaler

    return TransformedTargetRegressor(estimator, transformer=StandardScaler())


class Categories:
    """An estimator behind columns of pandas categories, as boosted trees take them.

    The categories are those of the training rows; other values become missing. Columns are renamed
    c0, c1, ...: LightGBM refuses some characters in names.
    """

    def __init__(self, estimator: Any, is_filled: bool = False) -> None:
        self.estimator = estimator
        self.is_filled = is_filled

    def fit(self, x: Any, y: Any) -> Categories:
        self.medians = x[_numeric(x)].median()
        self.gaps = [c for c in _numeric(x) if self.is_filled and x[c].isna().any()]
        self.kinds = {column: _kind(x[column]) for column in _strings(x)}
        self.estimator.fit(self._converted(x), y)
        return self

    def predict(self, x: Any) -> Any:
        return self.estimator.predict(self._converted(x))

    def predict_proba(self, x: Any) -> Any:
        return self.estimator.predict_proba(self._converted(x))

    def _converted(self, x: Any) -> Any:
        """Strings as categories; if asked, medians and a column of categories where missing."""
        known = {c: x[c].where(x[c].isin(kind.categories)) for c, kind in self.kinds.items()}
        out = x.assign(**known).astype(self.kinds)
        if self.is_filled:
            out = out.fillna(self.medians)
            flags = {f"{c} missing": x[c].isna().astype(str).astype("category") for c in self.gaps}
            out = out.assign(**flags)
        return out.set_axis([f"c{place}" for place in range(out.shape[1])], axis=1)


def _kind(column: Any) -> Any:
    import pandas as pd

    return pd.CategoricalDtype(sorted(column.dropna().unique()))


def _numeric(x: Any) -> list[str]:
    return list(x.select_dtypes("number").columns)


def _strings(x: Any) -> list[str]:
    return list(x.select_dtypes(exclude="number").columns)
