"""scikit-learn: MLPClassifier, one epoch a call of `partial_fit`."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.cases import BETAS, EPSILON, LEARNING_RATE, Case, Data, Layer
from benchmarks.peers.trainer import Call, EpochByEpoch


def trainer(case: Case, data: Data, layers: list[Layer], threads: int, style: str) -> EpochByEpoch:
    """See `Trainer`. Inputs and weights are float32. Threads are the caller's to set."""
    model = classifier(layers, case.optimizer, case.batch)

    def epoch(shuffled: bool) -> None:
        model.shuffle = shuffled
        model.partial_fit(data.x, data.y)

    return EpochByEpoch(epoch, lambda: _arrays(model))


def predictor(layers: list[Layer], x: Any, threads: int) -> Call:
    """`predict_proba`."""
    model = classifier(layers, "adam", 1)
    return Call(lambda: model.predict_proba(x))


def classifier(layers: list[Layer], optimizer: str, batch: int) -> MLPClassifier:
    """A model with these weights; it takes them after a first call, which forms its arrays."""
    classes = np.arange(max(layers[-1].weight.shape[1], 2))
    rows: Any = len(classes)  # annotated by scikit-learn as text alone
    model = MLPClassifier(
        [len(layer.bias) for layer in layers[:-1]],
        solver=optimizer,
        alpha=0.0,
        batch_size=rows,
        learning_rate_init=LEARNING_RATE[optimizer],
        beta_1=BETAS[0],
        beta_2=BETAS[1],
        epsilon=EPSILON,
        momentum=0.0,
        n_iter_no_change=10**9,
        random_state=0,
    )
    nothing = np.zeros((len(classes), len(layers[0].weight)), np.float32)
    model.partial_fit(nothing, classes, classes=classes)
    for place, layer in enumerate(layers):
        model.coefs_[place][...] = layer.weight
        model.intercepts_[place][...] = layer.bias
    del model._optimizer  # made anew, for these weights, by the next call
    return model.set_params(batch_size=batch)


def _arrays(model: MLPClassifier) -> list[Layer]:
    pairs = zip(model.coefs_, model.intercepts_, strict=True)
    return [Layer(weight.copy(), bias.copy()) for weight, bias in pairs]
