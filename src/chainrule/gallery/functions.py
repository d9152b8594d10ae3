"""Pictures of functions: activations, steep sigmoids, spikes, two tanh units, polynomials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chainrule import data, evaluate, grad, logic, nn, ops, trace, train, universal
from chainrule.draw.plots import curves
from chainrule.draw.plots.planes import heat_maps


def slopes_of(function: Any, x: Any) -> Any:
    """The derivative of an elementwise function at `x` `(n,)`."""

    def total(values: Any) -> Any:
        return ops.sum(function(values))

    return evaluate(trace(grad(total), x), x)


def activation_curves(x: Any) -> dict[str, tuple[Any, Any]]:
    """Values and slopes `(n,)` of every activation that works on one number."""
    rows = {name: row for name, row in nn.ACTIVATIONS.items() if name != "softmax"}
    return {name: (np.asarray(row(x)), slopes_of(row, x)) for name, row in rows.items()}


def activations(path: Path) -> None:
    """Every activation function with its derivative."""
    x = np.linspace(-4, 4, 400)
    curves.activations(x, activation_curves(x), path)


def sharpening(path: Path) -> None:
    """σ(x), σ(5x), σ(20x) against the step."""
    x = np.linspace(-3, 3, 600)
    scaled = {f"σ({'' if k == 1 else k}x)": ops.sigmoid(k * x) for k in (1, 5, 20)}
    found = {**scaled, "step(x)": ops.step(x)}
    title = "A steep sigmoid is nearly a step"
    curves.lines(x, found, path, title=title, axes_names=("x", "output"))


def spikes(path: Path) -> None:
    """Two spikes of heights 0.4 and 0.3, and twenty that follow a sine."""
    x = np.linspace(0, 1, 2001)
    pairs = universal.spikes([0.2, 0.6], [0.4, 0.8], [0.4, 0.3], "sigmoid", 200.0)
    hidden, output = pairs.layers
    parts = hidden(x[:, None]) * output.weight[:, 0]
    names = [f"{w:+.1f} σ(200(x − {p}))".replace("-", "−")
             for w, p in zip(output.weight[:, 0], (0.2, 0.6, 0.4, 0.8), strict=True)]  # fmt: skip
    shares = dict(zip(names, parts.T, strict=True))
    edges = np.linspace(0, 1, 21)
    heights = np.sin(np.pi * (edges[:-1] + edges[1:]))
    total = output(hidden(x[:, None]))[:, 0]
    curves.spikes(x, (shares, total), (edges, heights, np.sin(2 * np.pi * x)), path)


def schedules(path: Path) -> None:
    """Five ways in which the learning rate changes over 100 updates."""
    steps = np.arange(100.0)
    texts = {
        "step_decay(factor=0.5, every=25, unit='step')": "halved every 25",
        "polynomial(power=2)": "polynomial, p = 2",
        "warmup(steps=20, then=polynomial)": "20 of warm-up, then linear",
        "inverse_time": "1/t",
        "inverse_sqrt": "1/√t",
    }
    found = {
        name: train.schedule(text).factor(train.Clock(steps, 100, 100))
        for text, name in texts.items()
    }
    names = ("update t", "learning rate, as a share of η₀")
    curves.lines(steps + 1, found, path, title="Schedules of the learning rate", axes_names=names)


def tanh_surface(path: Path) -> None:
    """The excitation and activation of a unit and the output of two, over the plane."""
    x = np.linspace(-1, 1, 121)
    grid = np.stack(np.meshgrid(x, x), axis=-1)
    hidden, output = universal.two_tanh_units().layers
    h = hidden(grid)
    panels = {
        "excitation $e_1=3(x_1+x_2-0.3)$": grid @ hidden.weight[:, 0] + hidden.bias[0],
        "activation $h_1=\\tanh\\,e_1$": h[..., 0],
        "output $0.5+h_1+h_2$": output(h)[..., 0],
    }
    heat_maps(x, x, panels, path, "Two tanh units and a linear one make a surface")


def polynomial_fits(path: Path) -> None:
    """Polynomials of degree 0, 1, 3 and 9 through ten samples."""
    curves.fits(*fitted((0, 1, 3, 9)), path)


def noisy_samples() -> list[tuple[Any, Any]]:
    """Ten noisy samples of a curve, and 200 others of the same noise: x and y `(samples,)`."""
    sets = ("noisy_curve(seed=2)", "noisy_curve(samples=200, seed=40)")
    return [(part.x[:, 0], part.y[:, 0]) for part in map(data.dataset, sets)]


def fitted(degrees: tuple[int, ...]) -> tuple[Any, Any, Any, dict[int, tuple[Any, float, float]]]:
    """Samples, x, the truth and, for each degree, the polynomial with its errors.

    The errors are RMSE on the ten samples and on 200 others of the same noise.
    """
    (inputs, targets), test = noisy_samples()
    x = np.linspace(0, 1, 400)
    found = {
        fit.degree: (fit(x), fit.training_error**0.5, fit.test_error**0.5)
        for fit in logic.fit_polynomials(inputs, targets, degrees, test)
    }
    return (inputs, targets), x, np.sin(2 * np.pi * x), found


def ridge(penalties: Any, degree: int = 9) -> tuple[Any, Any]:
    """RMSE `(penalties,)` on ten samples and on 200 others, of the best polynomial with λ‖w‖².

    The constant term bears no penalty.
    """
    (x, y), test = noisy_samples()
    fits = [logic.fit_polynomials(x, y, [degree], test, l2=l2)[0] for l2 in penalties]
    errors = [(fit.training_error, fit.test_error) for fit in fits]
    inside, outside = np.sqrt(np.transpose(errors))
    return inside, outside


def validation_curve(path: Path) -> None:
    """The error of polynomials of degree 9 over the strength of their penalty."""
    penalties = np.geomspace(1e-9, 10, 60)
    inside, outside = ridge(penalties)
    found = {"ten samples": inside, "200 new samples": outside}
    title = "A penalty between overfitting and underfitting"
    names = ("penalty λ of the squared weights", "RMSE")
    curves.lines(penalties, found, path, title=title, axes_names=names, log=True)


def vanishing(path: Path) -> None:
    """The flat ends of σ, and the factor of the gradient after up to 20 layers."""
    x, depth = np.linspace(-8, 8, 400), np.arange(1, 21)
    factors = {
        f"σ at {at}: {slope:.3g} a layer": slope**depth
        for at, slope in ((at, float(slopes_of(ops.sigmoid, np.array([float(at)]))[0]))
                          for at in (0, 2, 4))
    }  # fmt: skip
    curves.slopes(x, ops.sigmoid(x), {"relu above 0: 1 a layer": 1.0**depth, **factors}, path)
