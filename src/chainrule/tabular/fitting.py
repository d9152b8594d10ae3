"""How `TabularClassifier` and `TabularRegressor` learn: rows, a hold-out, a recipe, a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.data.prepare import split
from chainrule.data.preprocess import Preprocessing
from chainrule.data.real_numbers import RobustNumber
from chainrule.data.recognition import recognise, recognise_array
from chainrule.data.tables import Table
from chainrule.nn.losses import Loss
from chainrule.tabular import inputs
from chainrule.tabular.callbacks import Task
from chainrule.tabular.learn import Learnt, learn
from chainrule.tabular.recipes import PRESETS, ByTask, Recipe


#: Rows from which on some are held out unless the caller brings others.
_FEWEST_TO_HOLD_OUT = 50


@dataclass(frozen=True)
class Samples:
    """Rows with targets, as they are learnt.

    x        float32 `(rows, columns)`
    y        int64 labels `(rows,)` or float32 `(rows, outputs)`
    weights  `(rows,)` above 0, or None
    """

    x: Any
    y: Any
    weights: Any

    def weighed(self, class_weight: Any, classes: Any) -> Samples:
        """With the weight of each class, as of scikit-learn's `class_weight`, as well."""
        if class_weight is None:
            return self
        from sklearn.utils.class_weight import compute_class_weight

        places = np.arange(len(classes))
        if not isinstance(class_weight, str):
            class_weight = {
                int(np.flatnonzero(classes == name)[0]): weight
                for name, weight in class_weight.items()
                if name in classes
            }
        found = compute_class_weight(
            class_weight, classes=places, y=self.y, sample_weight=self.weights
        )[self.y]
        return replace(self, weights=found if self.weights is None else found * self.weights)

    def take(self, places: Any) -> Samples:
        """The rows at these places."""
        weights = None if self.weights is None else self.weights[places]
        return Samples(self.x[places], self.y[places], weights)

    @property
    def given(self) -> tuple[Any, ...]:
        """As `learn` takes what is held out."""
        return (self.x, self.y) if self.weights is None else (self.x, self.y, self.weights)


def preprocessing_of(estimator: Any, x: Table | Any, target: Any, weights: Any) -> Preprocessing:
    """How the columns of x are encoded, learnt from them. ValueError for what cannot be learnt."""
    if isinstance(x, Table):
        columns, report = recognise(
            x,
            drop=estimator.drop or (),
            numeric=estimator.numeric_features or (),
            categorical=estimator.categorical_features or (),
            weights=weights,
            text=estimator.text,
        )
        return Preprocessing(columns, target, report)
    _refuse_infinities(x)
    columns, report = recognise_array(x, weights=weights)
    return Preprocessing(columns, target, report)


def _refuse_infinities(x: Any) -> None:
    is_infinite = np.isinf(x)
    if is_infinite.any():
        row, column = (int(place) for place in np.argwhere(is_infinite)[0])
        raise ValueError(
            f"X contains infinity, at row {row}, column {column}; correct it, or make it NaN, "
            "which is a missing entry"
        )


def features_of(estimator: Any, x: Any) -> Any:
    """The matrix of rows for a fitted estimator: float32 `(rows, columns)`."""
    found = inputs.read(estimator, x, reset=False)
    if not isinstance(found, Table):
        _refuse_infinities(found)
    return estimator.preprocessing_.features(found)


def weights_of(sample_weight: Any, x: Any) -> Any:
    """The weights float64 `(rows,)`, or None for none. ValueError for others."""
    if sample_weight is None:
        return None
    from sklearn.utils.validation import _check_sample_weight

    found = _check_sample_weight(sample_weight, x, dtype=np.float64, ensure_non_negative=True)
    if not found.any():
        raise ValueError("sample_weight: all weights are 0; some have to be above it")
    return found


def present(weights: Any) -> Any:
    """The places of the rows of weight above 0; all of them where there are no weights."""
    return slice(None) if weights is None or weights.all() else np.flatnonzero(weights)


def some(values: Any, places: Any) -> Any:
    """Of an array or None."""
    return None if values is None else values[places]


def rows(table: Table | Any, places: Any) -> Table | Any:
    """The rows of a table or a matrix at these places."""
    if isinstance(places, slice):
        return table
    return table.take(places) if isinstance(table, Table) else table[places]


def held_out_of(labels: Any, rows: int, share: float, seed: int) -> Any:
    """The places of the rows held out, or None: of few rows none are.

    labels  `(rows,)`, of each of which about the share is held out, or None
    """
    if not 0 <= share < 1:
        raise ValueError(f"validation_fraction is {share!r}; expected a share from 0 to below 1")
    if not share or rows < _FEWEST_TO_HOLD_OUT:
        return None
    is_rare = labels is not None and np.bincount(labels)[np.unique(labels)].min() < 2
    return split(rows, share, seed, None if is_rare else labels, "validation_fraction")[1]


def recipe_of(estimator: Any) -> Recipe:
    """The preset of an estimator with what it changes. ValueError for an unknown name."""
    from chainrule.lookup import find

    rate = estimator.learning_rate
    changes = {
        "hidden": estimator.hidden_layer_sizes,
        "learning_rate": None if rate is None else ByTask(rate, rate),
        "epochs": estimator.epochs,
        "batch_size": estimator.batch_size,
    }
    recipe = find(PRESETS, "preset", estimator.preset)
    return replace(recipe, **{name: x for name, x in changes.items() if x is not None})


def learnt(
    estimator: Any,
    work: Task,
    samples: Samples,
    held_out: Any,
    seed: int,
    *,
    task: str,
    classes: int = 0,
    loss: Loss | None = None,
    outputs: int | None = None,
) -> Learnt:
    """Train as the estimator is set, telling its callbacks of every epoch.

    held_out  `Samples`, or places in `samples`, or None
    """
    return learn(
        samples.x,
        samples.y,
        estimator.preprocessing_.sizes,
        task,
        recipe_of(estimator),
        classes=classes,
        weights=samples.weights,
        validation=held_out.given if isinstance(held_out, Samples) else held_out,
        loss=loss,
        outputs=outputs,
        seed=seed,
        callbacks=[_telling(work)],
        backend=estimator.backend,
        threads=estimator.threads,
        progress=bool(estimator.verbose),
        deadline=estimator.time_limit,
    )


def _telling(work: Task) -> Callable[[Any], bool]:
    def told(moment: Any) -> bool:
        return work.subtask("epoch").end()

    return told


def seed_of(random_state: Any) -> int:
    """A seed from what scikit-learn's `random_state` may be."""
    from sklearn.utils import check_random_state

    if isinstance(random_state, (int, np.integer)) and random_state >= 0:
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def centre_of(columns: Sequence[Any]) -> Any:
    """The median of each column of the matrix that holds numbers, 0 of the others."""
    centre: list[float] = []
    for column in columns:
        is_number = isinstance(column, RobustNumber)
        centre.append(column.median - column.origin if is_number else 0.0)
        centre += [0.0] * (len(column.names) - 1)
    return np.array(centre)
