"""W36, W44, W45, W46, W54: networks that are built to be a given function, and one that learns."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.logic.networks import threshold_network, verify
from chainrule.logic.tables import truth_table
from chainrule.nn import Sequential
from chainrule.universal import (
    error_on_arc,
    parabola,
    semicircle,
    semicircle_to_parabola,
    spikes,
    token_angles,
    two_tanh_units,
)
from chainrule.worked.descent import descent
from chainrule.worked.example import Example, Line, derived


# ---- W36 ----------------------------------------------------------------------------------------


def _one_unit_a_row() -> list[Line | str]:
    network = threshold_network("a xor b", form="patterns")
    hidden = network.layers[0]
    rows = truth_table("a xor b").x
    lines: list[Line | str] = [
        "XOR:",
        derived("W, a row for each unit", hidden.weight.T, "-1 -1 -1 1 1 -1 1 1"),
        derived("b", hidden.bias, "0.5 -0.5 -0.5 -1.5"),
        derived("hidden outputs of the rows", hidden(rows), "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1"),
        derived("outputs", network(rows)[:, 0], "0 1 1 0"),
        "Parity of more inputs: is it right in every row, and how many numbers does it take?",
    ]
    for inputs, units, parameters in ((3, "8", "41"), (5, "32", "225"), (8, "256", "2561")):
        parity = " xor ".join(f"x{number}" for number in range(1, inputs + 1))
        network = threshold_network(parity, form="patterns")
        lines += [
            derived(f"{inputs} inputs: right", verify(network, parity).is_right, "yes"),
            derived(f"{inputs} inputs: units", len(network.layers[0].bias), units),
            derived(f"{inputs} inputs: parameters", cr.nn.parameter_count(network), parameters),
        ]
    return lines


# ---- W44 ----------------------------------------------------------------------------------------


_TOKENS = token_angles(9)
_X, _Y = semicircle(_TOKENS), parabola(_TOKENS)
_BY_UNITS = {1: "4.0694", 2: "0.9159", 4: "0.22263", 8: "0.05526", 16: "0.013791", 32: "0.003446",
             64: "0.000861"}  # fmt: skip
_WORST_TOKEN = {1: "1.5332", 5: "0.2789", 10: "0.1010", 20: "0.01557", 50: "4.6e-5"}
_BY_SCALE = {1: "1.6318", 5: "0.0301", 10: "0.00256", 20: "0.00638", 100: "0.0400"}


def _semicircle() -> list[Line | str]:
    network = semicircle_to_parabola(8)
    hidden, output = network.layers
    weights = (
        "-1.0794879814 -0.7710628438 -0.4626377063 -0.1542125688 "
        "0.1542125688 0.4626377063 0.7710628438 1.0794879814"
    )
    found = network(_X)
    at_zero = semicircle_to_parabola(8, "sigmoid")(semicircle(np.zeros(1)))[0]
    return [
        derived("y0 / π of tokens 0 to 4", found[:5, 0] / np.pi, "-0.5 -0.375 -0.25 -0.125 0"),
        derived("y1 of tokens 0 to 4", found[:5, 1], "2.4674011003 1.3879131189 0.6168502751 "
                "0.1542125688 0"),
        derived("largest error of a token", np.max(np.abs(found - _Y)), "0"),
        derived("units on at tokens 0 to 8", np.sum(hidden(_X), axis=1), "0 1 2 3 4 5 6 7 8"),
        derived("least |e|", np.min(np.abs(_X @ hidden.weight)), "0.1950903220"),
        derived("b2", output.bias, "-1.5707963268 2.4674011003"),
        derived("first weight of each unit", output.weight[0, 0], "0.3926990817"),
        derived("second weights", output.weight[:, 1], weights),
        "Between the tokens the steps are off. The mean of ‖ŷ - y‖² over the whole arc:",
        *(derived(f"N = {n}", error_on_arc(semicircle_to_parabola(n)), value)
          for n, value in _BY_UNITS.items()),
        "It falls as 1/N², faster than the O(1/N) that Barron's theorem promises.",
        "Eight logistic units in place of the steps, excitations times s. The worst token:",
        *(derived(f"s = {s}", _worst_token(s), _WORST_TOKEN[s]) for s in _WORST_TOKEN),
        "The mean over the arc: units that are not too steep are better than steps.",
        *(derived(f"s = {s}", error_on_arc(semicircle_to_parabola(8, "sigmoid", s)), _BY_SCALE[s])
          for s in _BY_SCALE),
        derived("output at θ = 0, s = 1", at_zero, "0.0000000000 1.5331581340"),
    ]  # fmt: skip


def _worst_token(scale: float) -> Any:
    errors = semicircle_to_parabola(8, "sigmoid", scale)(_X) - _Y
    return np.max(np.linalg.norm(errors, axis=1))


# ---- W45 ----------------------------------------------------------------------------------------


def _sine_of_spikes(cells: int) -> Sequential:
    """Each of the cells of [0, 1] has the sine of its midpoint."""
    edges = np.arange(cells + 1) / cells
    sines = np.sin(np.pi * (edges[:-1] + edges[1:]))
    return spikes(edges[:-1], edges[1:], sines, "step(at_zero=1)")


def _heights() -> list[Line | str]:
    two = spikes([0.2, 0.6], [0.4, 0.8], [0.4, 0.3], "sigmoid", 200.0)
    x = np.linspace(0, 1, 20_001)[1:-1, None]
    by_cells = {5: "0.064497", 10: "0.016364", 20: "0.0041063", 40: "0.0010275", 80: "0.00025695"}

    def error(cells: int) -> float:
        return cr.metrics.mean_squared_error(np.sin(2 * np.pi * x), _sine_of_spikes(cells)(x))

    return [
        Line("G(0.3), G(0.7)", two(np.array([[0.3], [0.7]]))[:, 0], "0.4 0.3"),
        derived("G(0.1), G(0.5), G(0.9)", two(np.array([[0.1], [0.5], [0.9]]))[:, 0],
                "0.00000000 0.00000000 0.00000000"),
        derived("G(0.2), G(0.4)", two(np.array([[0.2], [0.4]]))[:, 0], "0.20000000 0.20000000"),
        "sin 2πx on [0, 1] from N spikes, mean squared error:",
        *(derived(f"N = {n}", error(n), by_cells[n]) for n in by_cells),
        "Twice as many spikes, a quarter of the error.",
    ]  # fmt: skip


# ---- W46 ----------------------------------------------------------------------------------------

_TOKEN = 5  # θ = π/8


def _halved_error(network: Sequential) -> Any:
    """(1/2n) Σ ‖y - ŷ‖²."""
    return cr.mean(cr.nn.half_squared_error(network(_X), _Y))


def _learnt() -> list[Line | str]:
    start = semicircle_to_parabola(8, "sigmoid")
    by_hidden, by_output = cr.grad(_halved_error)(start).layers
    seen = {2: "0.7453044912", 10: "0.4918467625", 100: "0.2713811218", 1000: "0.0208219486",
            20_000: "0.0037136915"}  # fmt: skip
    path = itertools.islice(descent(_halved_error, start, 0.02), 20_000)
    errors = {number: error for number, (error, _) in enumerate(path, start=1) if number in seen}
    kept = cr.train.fit(
        start, _X, _Y, loss="half_squared_error", optimizer=cr.train.sgd(0.02), epochs=1,
        batch_size=None, order="given", groups=(cr.train.Group("*.bias", rate=0),),
    ).network  # fmt: skip
    return [
        derived("L", _halved_error(start), "0.7993163205"),
        derived("∇b2", by_output.bias, "0.0000000000 0.9160707578"),
        derived("‖∇W1‖", np.linalg.norm(by_hidden.weight), "0.3232697899"),
        derived("‖∇W2‖", np.linalg.norm(by_output.weight), "1.3579497503"),
        "L just before an update; the second is after one step:",
        *(derived(f"update {number}", errors[number], seen[number]) for number in seen),
        "The source has no gradient of the biases, though its procedure improves them:",
        derived("L after one step, b2 kept", _halved_error(kept), "0.7611898581"),
        *_one_token(start),
    ]


def _one_token(start: Sequential) -> list[Line | str]:
    """Output and error signals of the token at θ = π/8."""
    hidden, output = start.layers
    signals = (
        "-0.3269498786 -0.2383027766 -0.1594427159 -0.0712535490 "
        "0.0345059974 0.1451796385 0.2393464374 0.3127790933"
    )

    def error(excitations: Any) -> Any:
        return cr.nn.half_squared_error(output(cr.sigmoid(excitations)), _Y[_TOKEN])

    found = start(_X)[_TOKEN]
    epsilon = cr.grad(cr.nn.half_squared_error)(found, _Y[_TOKEN])
    delta = cr.grad(error)(_X[_TOKEN] @ hidden.weight)
    return [
        "The token θ = π/8 alone:",
        derived("ŷ", found, "0.1784927324 1.6032520661"),
        derived("ε = ∂L/∂ŷ", epsilon, "-0.2142063493 1.4490394973"),
        derived("δ = ∂L/∂e", delta, signals),
    ]


# ---- W54 ----------------------------------------------------------------------------------------

_SURFACE = {(0.0, 0.0): "-0.9325957404", (0.5, 0.0): "0.0533747093", (1.0, 0.0): "0.4712710709",
            (0.0, 1.0): "2.4409038732", (0.0, -1.0): "-1.4983617313"}  # fmt: skip


def _surface() -> list[Line | str]:
    network = two_tanh_units()
    return [
        *(
            derived(f"ŷ({x[0]:g}, {x[1]:g})", network(np.array(x))[0], value)
            for x, value in _SURFACE.items()
        ),
        "Along x2 = 0 the first unit is tanh(3 x1 - 0.9), as measured in the figure of the source.",
    ]


EXAMPLES: tuple[Example, ...] = (
    Example(
        "W36",
        "A unit for each row of a truth table",
        "CSC311 lecture 4, slide 21",
        "2^D hidden threshold units, w = 2c - 1 and b = ½ - Σ c for the row c: each fires on its\n"
        "own row alone, and its output weight is the target.",
        _one_unit_a_row,
    ),
    Example(
        "W44",
        "From a semicircle to a parabola",
        "Hasegawa-Johnson, second example",
        "Nine tokens (cos θ, sin θ), θ from -π/2 to π/2, shall become (θ, θ²): eight threshold\n"
        "units, switched on one after the other, add up to the way along the parabola.",
        _semicircle,
    ),
    Example(
        "W45",
        "A curve made of spikes",
        "Okazaki, item 64",
        "G(x) = 0.4 σ(s(x-0.2)) - 0.4 σ(s(x-0.4)) + 0.3 σ(s(x-0.6)) - 0.3 σ(s(x-0.8)), s = 200:\n"
        "how high are its two bumps? And how near do N such spikes come to a sine?",
        _heights,
    ),
    Example(
        "W46",
        "The semicircle, learnt",
        "Hasegawa-Johnson, backpropagation",
        "The network of W44 with logistic units, rate 0.02, L = (1/2n) Σ ‖y - ŷ‖² of all nine\n"
        "tokens: the first gradient, the first step, and the error after many.",
        _learnt,
    ),
    Example(
        "W54",
        "A surface of two tanh units",
        "Hasegawa-Johnson, first example",
        "ŷ = 0.5 + tanh(3(x1 + x2 - 0.3)) + tanh(3(-x1 + x2 - 0.3)): values at five points.",
        _surface,
    ),
)
