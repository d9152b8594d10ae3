"""Pictures of training: paths, surfaces, first weights, searches, learning curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import data, grad, nn, ops, trace, train, value_and_grad
from chainrule.draw import plots
from chainrule.draw.plots import curves, descent, search
from chainrule.train.paths import points_visited


#: The optimisers of W40, by what they are called.
OPTIMIZERS = {
    "SGD, η = 0.95": "sgd(learning_rate=0.95)",
    "Momentum, η = 0.1, α = 0.9": "momentum(learning_rate=0.1, momentum=0.9)",
    "AdaGrad, η = 1.5": "adagrad(learning_rate=1.5, epsilon=1e-7)",
    "Adam, η = 0.3": "adam(learning_rate=0.3)",
}


def valley(p: Any) -> Any:
    """x²/20 + y² (OP-13)."""
    return p[0] ** 2 / 20 + p[1] ** 2


def path_of(chosen: str, steps: int) -> Any:
    """The points `(steps + 1, 2)` that an optimiser visits in the valley, from (-7, 2)."""
    optimizer = train.optimizer(chosen)
    if not isinstance(optimizer, train.Optimizer):
        raise TypeError(f"path_of: {chosen} has no update of its own")
    return points_visited(optimizer, valley, (-7.0, 2.0), steps)


def descend(function: Callable[[Any], Any], start: Any, rate: float, steps: int) -> Any:
    """`(steps + 1, ...)`: gradient descent on a function of one array, the start first."""
    return points_visited(train.sgd(rate), function, start, steps)


def two_minima(w: Any) -> Any:
    """An error with a local minimum near 0.5 and the global one near 1.9 (F36)."""
    return (w - 0.5) ** 2 * (w - 1.9) ** 2 - 0.12 * w + 0.5


def logistic_loss(w: Any) -> Any:
    """The cross-entropy, summed, of a logistic unit σ(wx) on four samples that overlap."""
    x, y = np.array([-2.0, -1.0, 0.5, 2.0]), np.array([0.0, 1.0, 1.0, 1.0])
    return ops.sum(nn.binary_cross_entropy((w * x)[:, None], y[:, None]))


def first_activations(initializer: str, activation: str = "sigmoid", layers: int = 5) -> list[Any]:
    """The activations `(1000, 100)` of each of the layers, for normal inputs (IN-07)."""
    rng = np.random.default_rng(0)
    sizes = [100] * (layers + 1)
    net = nn.mlp(
        sizes, activation, output=activation, rng=rng, initializer=initializer, dtype="float64"
    )
    x, found = rng.normal(size=(1000, 100)), []
    for layer in net.layers:
        x = layer(x)
        found.append(x)
    return found


def paths(path: Path) -> None:
    """Thirty steps of four optimisers in one valley."""
    x, y = np.linspace(-8, 4, 201), np.linspace(-3, 3, 121)
    heights = valley(np.stack(np.meshgrid(x, y)))
    found = {name: path_of(text, 30) for name, text in OPTIMIZERS.items()}
    title = "30 steps on x²/20 + y² from (−7, 2), ■, to its minimum, ★"
    descent.optimizer_paths(x, y, heights, found, path, title)


def one_weight(path: Path) -> None:
    """Gradient descent that ends in the wrong one of two minima."""
    w = np.linspace(-0.05, 2.35, 481)
    steps = descend(two_minima, 0.05, 0.08, 12)
    slope = value_and_grad(two_minima)

    def function(at: float) -> tuple[float, float]:
        value, ct = slope(np.float64(at))
        return float(value), float(ct)

    title = "Gradient descent finds the minimum of its basin"
    descent.steps_on_curve(w, two_minima(w), steps, path, function=function, title=title)


def surface(path: Path) -> None:
    """Gradient descent on the squared error of a linear unit, over its weight and bias."""
    x, y = np.array([-1.0, 0.0, 1.0, 2.0]), np.array([-0.6, 0.4, 1.6, 2.4])

    def cost(p: Any) -> Any:
        return ops.mean(ops.square(p[0] * x + p[1] - y))

    w, b = np.linspace(-1.5, 3.5, 61), np.linspace(-2.5, 3.5, 61)
    heights = np.mean((w[None, :, None] * x + b[:, None, None] - y) ** 2, axis=-1)
    points = descend(cost, (-1.0, 3.0), 0.12, 25)
    costs = [float(cost(point)) for point in points]
    found = np.column_stack([points, costs])
    title = "Gradient descent on the mean squared error of y = wx + b"
    descent.descent_on_surface(w, b, heights, found, path, title)


def minimiser(path: Path) -> None:
    """The loss of one logistic unit, with its slope and its minimiser."""
    w = np.linspace(-3, 6, 901)
    loss = np.array([float(logistic_loss(np.float64(at))) for at in w])
    slope = trace(grad(logistic_loss), np.float64(0))
    curves.minimiser(w, loss, (-0.8, 2.6), path, lambda at: float(slope(np.float64(at))))


def initialisation(path: Path) -> None:
    """What five layers of sigmoids and of rectifiers give at first, by initial weights."""
    rows = {
        "σ, std 1": first_activations("normal(std=1)"),
        "σ, std 0.01": first_activations("normal(std=0.01)"),
        "σ, Xavier": first_activations("glorot(distribution='normal')"),
        "relu, Xavier": first_activations("glorot(distribution='normal')", "relu"),
        "relu, He": first_activations("he", "relu"),
    }
    title = "Activations before training: 5 layers of 100 units, 1000 samples"
    search.histograms(rows, path, title)


def noisy_moons() -> tuple[Any, Any]:
    """Samples `(160, 2)` and targets `(160, 1)`; the first 60 are to learn from."""
    found = data.dataset("moons(samples=160, noise=0.3)")
    return found.x, found.y[:, None].astype(np.float32)


def fitted(dropout: float = 0.0, callbacks: Sequence[train.Callback] = ()) -> train.Result:
    """A wide network after 60 epochs on few noisy samples."""
    x, y = noisy_moons()
    return train.fit(
        nn.mlp([2, 64, 64, 1], "relu", rng=0, dropout=dropout),
        x[:60],
        y[:60],
        loss="binary_cross_entropy",
        optimizer=train.adam(0.01),
        epochs=60,
        batch_size=20,
        validation=(x[60:], y[60:]),
        callbacks=callbacks,
        backend="numpy",
        progress=False,
    )


def learning_curve(path: Path) -> None:
    """A wide network on few noisy samples, stopped where the validation loss is least."""
    plots.learning_curve(fitted().history, path)


def accuracies(dropout: float) -> tuple[Any, Any]:
    """The share of right answers after each epoch `(epochs,)`: of training, of validation."""
    x, y = (part[:60] for part in noisy_moons())
    found: list[float] = []

    def note(moment: train.EpochEnd) -> None:
        found.append(float(np.mean((moment.network(x) > 0) == y)))

    history = fitted(dropout, [note]).history
    return np.array(found), np.array(history["validation_accuracy"])


def accuracy_curves(path: Path) -> None:
    """The accuracy of training and of validation, without dropout and with it."""
    shown = {}
    for name, rate in (("", 0.0), (", dropout ½", 0.5)):
        training, validation = accuracies(rate)
        shown |= {f"training{name}": training, f"validation{name}": validation}
    epochs = np.arange(1, 61)
    title = "Accuracy in training and on held-out samples"
    curves.lines(epochs, shown, path, title=title, axes_names=("epoch", "share that is right"))


def normalised_activations(initializer: str) -> list[Any]:
    """As `first_activations`, with the sums of each layer normalised over the batch (BN-01)."""
    rng = np.random.default_rng(0)
    net = nn.mlp([100] * 6, output="identity", rng=rng, initializer=initializer, dtype="float64")
    x, found = rng.normal(size=(1000, 100)), []
    for layer in net.layers:
        sums = x @ layer.weight
        x = np.asarray(ops.sigmoid((sums - sums.mean(axis=0)) / sums.std(axis=0)))
        found.append(x)
    return found


def batch_norm(path: Path) -> None:
    """Sigmoids of normalised sums: the scale of the initial weights no longer counts."""
    rows = {
        "plain, std 1": first_activations("normal(std=1)"),
        "normalised, std 1": normalised_activations("normal(std=1)"),
        "plain, std 0.01": first_activations("normal(std=0.01)"),
        "normalised, std 0.01": normalised_activations("normal(std=0.01)"),
    }
    search.histograms(rows, path, "Batch normalisation keeps activations of σ apart")


def first_weights(path: Path) -> None:
    """What 25 units of a network on handwritten digits look for."""
    found = data.dataset("digits")
    assert found.image_shape is not None
    result = train.fit(
        nn.mlp([64, 25, 10], "tanh", rng=0, initializer="normal(std=0.01)"),
        found.x,
        found.y,
        loss="cross_entropy",
        epochs=15,
        weight_decay=1e-3,
        backend="numpy",
        progress=False,
    )
    plots.weight_images(result.network.layers[0].weight, found.image_shape, path)


def stroke(path: Path) -> None:
    """One unit that looks for a diagonal stroke in an image of 28 × 28 pixels."""
    rows, columns = np.mgrid[:28, :28] - 13.5
    across, along = (rows - columns) / np.sqrt(2), (rows + columns) / np.sqrt(2)
    weight = (1 - (across / 2) ** 2) * np.exp(-((across / 2) ** 2) / 2 - (along / 7) ** 2 / 2)
    plots.weight_images(weight.reshape(-1, 1), (28, 28), path)


def validation_error(rate: float, decay: float) -> float:
    """The loss on held out moons of a small network after 40 steps of Adam."""
    found = data.dataset("moons(samples=160, noise=0.2)")
    x, y = found.x, found.y[:, None].astype(np.float32)
    network = train.fit(
        nn.mlp([2, 8, 1], "tanh", rng=0),
        x[:80],
        y[:80],
        loss="binary_cross_entropy",
        optimizer=train.adam(rate),
        epochs=40,
        batch_size=None,
        weight_decay=decay,
        backend="numpy",
        progress=False,
    ).network
    return float(np.mean(nn.binary_cross_entropy(network(x[80:]), y[80:])))


def grid_and_random(path: Path) -> None:
    """Nine trials on a grid and nine at random: the learning rate matters, the penalty hardly."""

    def thirds(values: Any) -> Any:
        """The middles of the three thirds of a range, on a logarithmic scale."""
        return np.exp(np.interp([1 / 6, 1 / 2, 5 / 6], [0, 1], np.log(values[[0, -1]])))

    rates, decays = np.geomspace(0.005, 3, 11), np.geomspace(1e-6, 1e-2, 4)
    rng = np.random.default_rng(0)
    grid = np.array([(r, d) for r in thirds(rates) for d in thirds(decays)])
    drawn = np.column_stack(
        [np.exp(rng.uniform(np.log(z[0]), np.log(z[-1]), 9)) for z in (rates, decays)]
    )
    tried = [
        search.Search(name, points, np.array([validation_error(*point) for point in points]))
        for name, points in (("Grid", grid), ("Random", drawn))
    ]
    best = float(tried[1].points[int(np.argmin(tried[1].scores)), 0])
    over = np.array([validation_error(rate, 1e-4) for rate in rates])
    along = np.array([validation_error(best, decay) for decay in decays])
    names = ("learning rate", "weight decay")
    margins = ((rates, over), (decays, along))
    search.searches(tried, names, margins, path, score="validation loss")
