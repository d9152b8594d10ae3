"""`fit` of both estimators, after their targets are encoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight

from chainrule.tabular.callbacks import SILENT, begin_fit
from chainrule.tabular.drop_in import parameters as chosen
from chainrule.tabular.drop_in import running, stochastic
from chainrule.tabular.drop_in.design import Architecture, Design
from chainrule.tabular.drop_in.quasi_newton import minimise
from chainrule.tabular.drop_in.step import batches_of
from chainrule.tabular.drop_in.stochastic import Descent, attributes
from chainrule.tabular.drop_in.watching import HeldOut
from chainrule.train.rows import Rows


#: (predictions `(rows, outputs)`, encoded targets, weights or None) -> a score, larger is better.
Score = Callable[[Any, Any, Any], float]


@dataclass(frozen=True)
class Samples:
    """What is learnt from, encoded.

    x        `(rows, features)`, may be sparse
    y        int64 labels `(rows,)` for a softmax, else numbers `(rows, outputs)`
    weights  `(rows,)` or None
    """

    x: Any
    y: Any
    weights: Any = None

    def part(self, places: Any) -> Samples:
        """Those at these places."""
        weights = None if self.weights is None else self.weights[places]
        return Samples(self.x[places], self.y[places], weights)


@dataclass(frozen=True)
class Request:
    """What is asked of `fit`.

    incremental  whether this is `partial_fit`
    is_first     whether to start anew
    link         the output activation, and outputs  how many there are
    labels       whether targets are labels of several classes
    loss         the text that chooses it
    stratify     whether classes are held out evenly
    """

    samples: Samples
    validation: Samples | None
    incremental: bool
    is_first: bool
    link: str
    outputs: int
    labels: bool
    loss: str
    score: Score
    stratify: bool


def is_first(estimator: Any, incremental: bool) -> bool:
    """Whether a call of `fit` or `partial_fit` starts anew."""
    is_fitted = "coefs_" in vars(estimator)
    return not is_fitted or not (estimator.warm_start or incremental)


def weights_of(estimator: Any, given: Any, x: Any, of_classes: Any = None) -> Any:
    """The weights of samples `(rows,)`, times those of their classes; None where none are given."""
    weights = None if given is None else _check_sample_weight(given, x)
    if of_classes is None:
        return weights
    return of_classes if weights is None else weights * of_classes


def fit(estimator: Any, x: Any, y: Any, request: Request) -> None:
    """Train, and set all fitted attributes but those of the targets.

    x, y  as callbacks are told of them
    """
    if request.incremental and estimator.early_stopping and estimator.solver != "lbfgs":
        raise ValueError("partial_fit does not support early_stopping=True")
    samples = request.samples
    dtype = samples.x.dtype if request.is_first else estimator.coefs_[0].dtype
    architecture = chosen.architecture(
        estimator, samples.x.shape[1], request.outputs, dtype, request.link
    )
    estimator._random_state = check_random_state(estimator.random_state)
    estimator.n_outputs_ = request.outputs
    if request.is_first:
        _initialise(estimator, architecture)
    parameters = parameters_of(estimator)
    _check_same(estimator, architecture, parameters)
    if estimator.solver != "lbfgs":
        has_held_out = estimator.early_stopping or request.validation is not None
        stochastic.prepare(estimator, request.is_first, has_held_out)
    design = Design(
        architecture,
        request.loss,
        request.labels,
        estimator.solver,
        bool(estimator.solver == "sgd" and estimator.nesterovs_momentum),
        float(estimator.dropout),
        samples.weights is not None,
    )
    samples, held_out = _divided(estimator, architecture, request)
    rows = _rows(design, samples)
    task = SILENT if request.incremental else begin_fit(estimator, x, y, estimator.max_iter)
    if estimator.solver == "lbfgs":
        found = minimise(estimator, design, parameters, rows, task)
    else:
        most = 1 if request.incremental else estimator.max_iter
        found = Descent(estimator, design, rows, held_out, most, task).train(parameters)
    for name, value in attributes(found).items():
        setattr(estimator, name, value)
    task.end(lambda: attributes(found))


def parameters_of(estimator: Any) -> dict[str, Any]:
    """The fitted parameters, as an architecture takes them."""
    found = {"coefs": estimator.coefs_, "intercepts": estimator.intercepts_}
    if estimator.batch_norm:
        for key in ("scales", "means", "variances"):
            found[key] = [norm[key] for norm in estimator.batch_norms_]
    return found


def outputs_of(estimator: Any, x: Any) -> Any:
    """The predictions for x `(rows, features)`, may be sparse: `(rows, outputs)`.

    In the dtype of x where that is wider than the parameters'.
    """
    coefs = estimator.coefs_
    architecture = Architecture(
        (coefs[0].shape[0], *(coef.shape[1] for coef in coefs)),
        chosen.activation_names(estimator, len(coefs) - 1),
        estimator.out_activation_,
        str(np.result_type(x.dtype, coefs[0].dtype)),
        bool(estimator.batch_norm),
    )
    parameters = parameters_of(estimator)
    return running.predict(architecture, parameters, x, estimator.backend, estimator.threads)


def _initialise(estimator: Any, architecture: Architecture) -> None:
    """Set random parameters, and what follows from the architecture."""
    estimator.n_iter_ = estimator.t_ = 0
    estimator.n_layers_ = len(architecture.sizes)
    estimator.out_activation_ = architecture.output
    for name, value in attributes(architecture.initial(estimator._random_state)).items():
        setattr(estimator, name, value)


def _check_same(estimator: Any, architecture: Architecture, parameters: dict[str, Any]) -> None:
    """ValueError where a training that goes on was begun with another network."""
    shapes = [tuple(coef.shape) for coef in parameters["coefs"]]
    wanted = [tuple(coef.shape) for coef in architecture.blank["coefs"]]
    if shapes != wanted:
        raise ValueError(
            f"{type(estimator).__name__} goes on from weights of shapes {shapes}, but its "
            f"parameters and y ask for {wanted}; fit anew with warm_start=False"
        )


def _divided(
    estimator: Any, architecture: Architecture, request: Request
) -> tuple[Samples, HeldOut | None]:
    """The samples to train on, and those that are scored after each epoch."""
    samples, validation = request.samples, request.validation
    if estimator.solver == "lbfgs" or (validation is None and not estimator.early_stopping):
        return samples, None
    if validation is None:
        places, held = train_test_split(
            np.arange(samples.x.shape[0]),
            random_state=estimator._random_state,
            test_size=estimator.validation_fraction,
            stratify=samples.y if request.stratify else None,
        )
        if len(held) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        samples, validation = samples.part(places), samples.part(held)
    watched = validation

    def score(parameters: dict[str, Any]) -> float:
        network = architecture, parameters
        found = running.predict(*network, watched.x, estimator.backend, estimator.threads)
        if not np.isfinite(found).all():
            return float("nan")
        return request.score(found, watched.y, watched.weights)

    return samples, HeldOut(score)


def _rows(design: Design, samples: Samples) -> Rows:
    """The samples as training takes them; what is sparse becomes dense as a whole."""
    types = batches_of(design)
    x = samples.x if isinstance(samples.x, np.ndarray) else samples.x.toarray()
    x = np.ascontiguousarray(x, types.x.dtype)
    y = np.ascontiguousarray(samples.y, types.y.dtype)
    weights = None if samples.weights is None else samples.weights.astype(types.x.dtype)
    return Rows(x, y, weights, types)
