"""Fitted estimators for tables as model files."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from chainrule.data import Labels, Quantity
from chainrule.save import read
from chainrule.save import save as save_model
from chainrule.tabular.targets import Quantities
from chainrule.types import BATCH, ArrayType


_MOST_ERRORS = 2_000  # of rows held out; of more, evenly spaced ones in their order


def save(estimator: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted estimator: a model file, with notes on the estimator."""
    preprocessing = estimator.preprocessing_
    is_classifier = isinstance(preprocessing.target, Labels)
    save_model(
        estimator.network_,
        path,
        x=ArrayType((BATCH, len(preprocessing.sizes)), "float32"),
        preprocessing=preprocessing,
        loss="cross_entropy" if is_classifier else "half_squared_error",
        notes={"estimator": type(estimator).__name__, **_notes(estimator)},
    )


def _notes(estimator: Any) -> dict[str, Any]:
    """What a model file says beside network and preprocessing, as JSON."""
    state = vars(estimator)
    found: dict[str, Any] = {
        "parameters": {
            name: value
            for name, value in estimator.get_params(deep=False).items()
            if _is_plain(value)
        },
        "n_features_in": estimator.n_features_in_,
        "feature_names_in": [str(name) for name in state.get("feature_names_in_", ())],
        "history": {name: list(map(float, row)) for name, row in estimator.history_.items()},
        "best_epoch": estimator.best_epoch_,
        "backend": estimator.backend_,
    }
    if "classes_" in state:
        found["classes"] = estimator.classes_.dtype.kind
        found["temperature"] = estimator.temperature_
        return found
    found["is_flat"] = estimator._is_flat
    found["targets"] = [[t.name, t.mean, t.scale, t.is_log] for t in estimator.targets_.records]
    errors, weights = estimator.held_out_errors_, estimator.held_out_weights_
    if errors is not None:
        found["errors"] = [_thinned(column, weights) for column in errors.T]
    return found


def _is_plain(value: Any) -> bool:
    """Whether JSON gives the value back, but for tuples."""
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))


def _thinned(errors: Any, weights: Any) -> list[float]:
    """At most 2,000 of some errors, evenly spaced in their order; each as often as it weighs."""
    order = np.argsort(errors, kind="stable")
    if weights is None and len(errors) <= _MOST_ERRORS:
        return errors[order].tolist()
    weights = np.ones(len(errors)) if weights is None else weights
    share = np.cumsum(weights[order]) / np.sum(weights)
    count = min(len(errors), _MOST_ERRORS)
    places = np.searchsorted(share, (np.arange(count) + 0.5) / count)
    return errors[order[np.minimum(places, len(errors) - 1)]].tolist()


def load(kind: type, path: str | os.PathLike[str]) -> Any:
    """The estimator in a file. ValueError where it holds a model of another kind."""
    found = read(path)
    notes = found.notes
    if notes.get("estimator") != kind.__name__:
        raise ValueError(
            f"{path}: it holds {notes.get('estimator') or 'no estimator'}; expected "
            f"{kind.__name__}. chainrule.save.read reads any model file"
        )
    parameters = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in notes["parameters"].items()
    }
    estimator: Any = kind(**parameters)
    estimator.preprocessing_ = found.preprocessing
    estimator.n_features_in_ = int(notes["n_features_in"])
    if notes["feature_names_in"]:
        estimator.feature_names_in_ = np.array(notes["feature_names_in"], object)
    estimator.history_, estimator.best_epoch_ = notes["history"], notes["best_epoch"]
    estimator.n_iter_ = len(next(iter(estimator.history_.values()), ()))
    estimator.backend_ = notes["backend"]
    _set_target(estimator, notes)
    estimator._set_network(found.network)
    return estimator


def _set_target(estimator: Any, notes: Any) -> None:
    if "classes" in notes:
        kind = {"i": int, "u": int, "f": float, "b": lambda text: text == "True"}
        values = [kind.get(notes["classes"], str)(x) for x in estimator.preprocessing_.classes]
        is_object = notes["classes"] == "O"
        estimator.classes_ = np.array(values, object if is_object else None)
        estimator.temperature_ = float(notes["temperature"])
        return
    estimator._is_flat = bool(notes["is_flat"])
    estimator.targets_ = Quantities(tuple(Quantity(*row) for row in notes["targets"]))
    errors = notes.get("errors")
    estimator.held_out_errors_ = None if errors is None else np.array(errors).T
    estimator.held_out_weights_ = None
