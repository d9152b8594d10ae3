"""What both estimators for tables can do once they are fitted."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.validation import check_is_fitted

from chainrule.data.recognition import ColumnReport
from chainrule.data.tables import listed
from chainrule.nn.activations import identity
from chainrule.tabular import files, fitting
from chainrule.tabular.importance import (
    Importance,
    contributions,
    groups_of,
    permutation_importance,
)
from chainrule.tabular.learn import Learnt
from chainrule.tabular.prediction import Forward, QuickRows, forward, quick_rows


#: Attributes that are made again when they are needed: machine code cannot be pickled.
_MADE_ANEW = ("_ready",)

#: Where the names of the columns are kept among what is ready.
_NAMES = "names"


class TabularMixin:
    """Fitting as far as it does not depend on the target, predictions, importance, files.

    threads, backend  parameters of both; `_told` says what is predicted where a network gives
                      certain outputs
    """

    threads: int | None
    backend: str
    _told: Callable[[Any], Any]

    # ---- fitting ---------------------------------------------------------------------------------

    def _begin(self, table: Any, target: Any, weights: Any) -> None:
        """Learn how the columns are encoded."""
        self.preprocessing_ = fitting.preprocessing_of(self, table, target, weights)

    def _given(self, x: Any, y: Any) -> fitting.Samples:
        """Rows that the caller holds out."""
        return fitting.Samples(fitting.features_of(self, x), y, None)

    def _keep(
        self, found: Learnt, samples: fitting.Samples, held_out: Any
    ) -> fitting.Samples | None:
        """Record what was learnt; gives the rows held out."""
        self.history_, self.best_epoch_ = found.history, found.best_epoch
        self.n_iter_ = len(next(iter(found.history.values()), ()))
        self.ended_, self.validation_score_ = found.ended, found.validation_score
        self.backend_ = "numpy" if found.backend == "NumPy" else "native"
        self._set_network(found.network)
        return samples.take(held_out) if isinstance(held_out, np.ndarray) else held_out

    def _set_network(self, network: Any) -> None:
        self.network_ = network
        self._ready: dict[Any, Any] = {}

    def _fitted(self) -> dict[str, Any]:
        """The fitted attributes, for callbacks."""
        return {name: value for name, value in vars(self).items() if name.endswith("_")}

    @property
    def columns_(self) -> tuple[ColumnReport, ...]:
        """What was recognised of each column."""
        check_is_fitted(self, "preprocessing_")
        return self.preprocessing_.report

    # ---- predictions -----------------------------------------------------------------------------

    def _forward(self, link: Callable[[Any], Any], name: str | None = None) -> Forward:
        """The network and then the link, ready to be called.

        name  "native" or "numpy"; None: machine code, unless NumPy was asked for. It is made in
              0.02 s where a model of this shape was there before, else in 0.3 s
        """
        if name is None:
            name = "numpy" if self.backend == "numpy" else "native"
        if (link, name) not in self._ready:
            width = len(self.preprocessing_.sizes)
            self._ready[link, name] = forward(self.network_, link, width, name, self.threads)
        return self._ready[link, name]

    def _outputs(self, x: Any, link: Callable[[Any], Any]) -> Any:
        """The link of the network's outputs for rows x: float64 `(rows, outputs)`.

        x  a dict of one row's entries by column is that row, encoded in microseconds
        """
        if isinstance(x, dict):
            row = self._row(x)
            return self._forward(link)(row)
        state = vars(self)
        quick: QuickRows | None = state.get("_ready", {}).get(QuickRows)
        matrix = None if quick is None else quick(x)
        if matrix is not None:
            return self._forward(link)(matrix)
        check_is_fitted(self)
        matrix = fitting.features_of(self, x)
        if "feature_names_in_" not in state:
            self._ready[QuickRows] = quick_rows(self.preprocessing_.columns)
        return self._forward(link)(matrix)

    def _row(self, entries: dict[str, Any]) -> Any:
        """The matrix of one row. ValueError for columns that are missing, or were never there."""
        if _NAMES not in vars(self).get("_ready", ()):
            check_is_fitted(self)
            self._ready[_NAMES] = frozenset(column.name for column in self.columns_)
        if not entries.keys() <= self._ready[_NAMES]:
            names = listed(sorted(map(str, entries.keys() - self._ready[_NAMES])))
            raise ValueError(f"the row: no column of these names was there in fit: {names}")
        return self.preprocessing_.row(entries)

    # ---- importance ------------------------------------------------------------------------------

    def permutation_importance(
        self, X: Any, y: Any, *, repeats: int = 5, random_state: Any = 0
    ) -> Importance:
        """How much the score of (X, y) falls when a column is shuffled among the rows.

        The score is that of `score`: the accuracy, or R².
        """
        check_is_fitted(self)
        matrix = fitting.features_of(self, X)
        metric = accuracy_score if self.preprocessing_.classes else r2_score

        def score(x: Any) -> float:
            return float(metric(y, self._told(self._forward(identity)(x))))

        groups = groups_of(self.preprocessing_.columns)
        seed = fitting.seed_of(random_state)
        return permutation_importance(score, matrix, groups, repeats=repeats, seed=seed)

    def explain(self, X: Any) -> dict[str, Any]:
        """Gradient times input: how much each column says for what is predicted, `(rows,)` each.

        Of what the logit of the predicted class is above the mean of the others, or of the first
        standardised output: see `importance.contributions`.
        """
        check_is_fitted(self)
        matrix = fitting.features_of(self, X)
        outputs = self._forward(identity)(matrix)
        chosen = np.zeros(outputs.shape, np.float32)
        chosen[:, 0] = 1
        if self.preprocessing_.classes:
            chosen[:] = -1 / (outputs.shape[1] - 1)
            chosen[np.arange(len(outputs)), outputs.argmax(axis=1)] = 1
        columns = self.preprocessing_.columns
        sizes, centre = self.preprocessing_.sizes, fitting.centre_of(columns)
        found = contributions(self.network_, matrix, chosen, sizes, centre)
        groups = groups_of(columns)
        return {name: found[:, places].sum(axis=1) for name, places in groups}

    # ---- files -----------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a model file, which `load` and all commands read: no pickle, loading runs no code.

        TypeError or ValueError, before anything is written, for what no file holds.
        """
        check_is_fitted(self)
        files.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Any:
        """The fitted estimator in a file. ModelFileError for a damaged or foreign file."""
        return files.load(cls, path)

    def __getstate__(self) -> dict[str, Any]:
        state: Any = super().__getstate__()
        return {name: value for name, value in state.items() if name not in _MADE_ANEW}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[misc]
        if "network_" in state:
            self._set_network(state["network_"])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags
