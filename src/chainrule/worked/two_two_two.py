"""W43: a network of two inputs, two hidden units and two outputs, one step by hand."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import chainrule as cr
from chainrule.worked.descent import after
from chainrule.worked.example import Line, derived


_INPUT, _TARGET = (0.05, 0.10), (0.01, 0.99)
_WEIGHTS = (0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55)
_BIASES = (0.35, 0.60)
_RATE = 0.5

#: Names, digits in print, and the discrepancy that they are; "derived" where the source has none.
_Rows = tuple[tuple[str, str, str], ...]

_FORWARD: _Rows = (
    ("net_h1", "0.3775", ""),
    ("net_h2", "0.3925", "derived"),
    ("out_h1", "0.59327", ""),
    ("out_h2", "0.59688", ""),
    ("net_o1", "1.1059", ""),
    ("net_o2", "1.2249214041", "derived"),
    ("out_o1", "0.75136", "D3"),
    ("out_o2", "0.7729284653", "derived"),
    ("E_o1", "0.27481", ""),
    ("E_o2", "0.02356", ""),
    ("E_total", "0.29837", ""),
)
_OUTPUT_LAYER: _Rows = (
    ("∂E_total/∂out_o1", "0.74136", "D3"),
    ("∂out_o1/∂net_o1", "0.18681", "D3"),
    ("∂net_o1/∂w5", "0.59327", ""),
    ("∂E_total/∂net_o1", "0.1384985616", "derived"),
    ("∂E_total/∂net_o2", "-0.0380982365", "derived"),
    ("∂E_total/∂w5", "0.08216", "D3"),
    ("∂E_total/∂w6", "0.0826676278", "derived"),
    ("∂E_total/∂w7", "-0.0226025405", "derived"),
    ("∂E_total/∂w8", "-0.0227402422", "derived"),
)
_OUTPUT_STEP: _Rows = (
    ("w5 next", "0.35891", "D4"),
    ("w6 next", "0.40866", "D4"),
    ("w7 next", "0.5113", ""),
    ("w8 next", "0.56137", ""),
)
_HIDDEN_LAYER: _Rows = (
    ("∂net_o1/∂out_h1", "0.40", ""),
    ("∂E_o1/∂out_h1", "0.0554", ""),
    ("∂E_o2/∂out_h1", "-0.01905", ""),
    ("∂E_total/∂out_h1", "0.03635", ""),
    ("∂E_total/∂out_h2", "0.0413703226", "derived"),
    ("∂out_h1/∂net_h1", "0.2413", ""),
    ("∂net_h1/∂w1", "0.05", ""),
    ("∂E_total/∂net_h1", "0.0087713547", "derived"),
    ("∂E_total/∂net_h2", "0.0099542547", "derived"),
    ("∂E_total/∂w1", "0.00043", "D5"),
    ("∂E_total/∂w2", "0.0008771355", "derived"),
    ("∂E_total/∂w3", "0.0004977127", "derived"),
    ("∂E_total/∂w4", "0.0009954255", "derived"),
)
_HIDDEN_STEP: _Rows = (
    ("w1 next", "0.14978", "D5"),
    ("w2 next", "0.19956", ""),
    ("w3 next", "0.24975", ""),
    ("w4 next", "0.2995", ""),
)
_BIASES_TOO: _Rows = (
    ("∂E_total/∂b1", "0.0187256094", "derived"),
    ("∂E_total/∂b2", "0.1004003251", "derived"),
)


def solve() -> list[Line | str]:
    """W43, from the forward pass to what ten thousand steps make of the error."""
    found = _quantities()
    return [
        "Forward: each unit sums up what arrives; the logistic function makes its output of it.",
        *_lines(found, _FORWARD),
        *_as_printed(found),
        "Backward to the output layer: ∂E/∂w5 = ∂E/∂out_o1 · ∂out_o1/∂net_o1 · ∂net_o1/∂w5.",
        *_lines(found, _OUTPUT_LAYER),
        "Each weight less 0.5 times its derivative.",
        *_lines(found, _OUTPUT_STEP),
        Line("0.4 - 0.5 · 0.08216, as printed", 0.4 - 0.5 * 0.08216, "0.35891", None, "D4"),
        "Backward to the hidden layer: out_h1 reaches both errors, so that two paths add up.",
        "The weights on the way are the old ones: w5 = 0.40, not 0.3589.",
        *_lines(found, _HIDDEN_LAYER),
        *_lines(found, _HIDDEN_STEP),
        Line("0.15 - 0.5 · 0.00043, as printed", 0.15 - 0.5 * 0.00043, "0.14978", None, "D5"),
        "The source leaves the biases as they are. Both units of a layer share theirs:",
        *_lines(found, _BIASES_TOO),
        "A bias of each unit's own would have ∂E/∂net of that unit for its derivative.",
        *_trap(found),
        *_later(),
    ]


def _outputs(weights: Any, biases: Any) -> tuple[Any, Any]:
    """out_o1 and out_o2; every quantity on the way is labelled as the source calls it."""
    w1, w2, w3, w4, w5, w6, w7, w8 = weights
    b1, b2 = biases
    x1, x2 = _INPUT
    out_h1 = _unit("h1", w1 * x1 + w2 * x2 + b1)
    out_h2 = _unit("h2", w3 * x1 + w4 * x2 + b1)
    out_o1 = _unit("o1", w5 * out_h1 + w6 * out_h2 + b2)
    out_o2 = _unit("o2", w7 * out_h1 + w8 * out_h2 + b2)
    return out_o1, out_o2


def _unit(name: str, net: Any) -> Any:
    return cr.label(cr.sigmoid(cr.label(net, f"net_{name}")), f"out_{name}")


def _error(place: int, weights: Any, biases: Any) -> Any:
    """E_o1 or E_o2."""
    output = _outputs(weights, biases)[place]
    return cr.label(0.5 * (_TARGET[place] - output) ** 2, f"E_o{place + 1}")


def _total(weights: Any, biases: Any) -> Any:
    return cr.label(_error(0, weights, biases) + _error(1, weights, biases), "E_total")


def _quantities() -> dict[str, Any]:
    """Every number of the example by its name, as `cr.explain` works it out."""
    solution = cr.explain(_total, _WEIGHTS, _BIASES)
    steps = [*solution.forward, *solution.backward]
    found = {step.name: float(step.value) for step in steps}
    found |= {why.name: float(why.value) for step in steps for why in step.because}
    for place, name in enumerate(("∂E_o1/∂out_h1", "∂E_o2/∂out_h1")):
        part = cr.explain(functools.partial(_error, place), _WEIGHTS, _BIASES)
        found[name] = float(part[name])
    slopes, slopes_of_biases = cr.grad(_total, argnums=(0, 1))(_WEIGHTS, _BIASES)
    found |= {f"∂E_total/∂w{place}": slope for place, slope in enumerate(slopes, start=1)}
    found |= {f"∂E_total/∂b{place}": slope for place, slope in enumerate(slopes_of_biases, start=1)}
    following = cr.tree.map(lambda w, slope: w - _RATE * slope, _WEIGHTS, slopes)
    found |= {f"w{place} next": w for place, w in enumerate(following, start=1)}
    return found | _slopes_of_sums(found)


def _slopes_of_sums(found: Mapping[str, float]) -> dict[str, float]:
    """Of a weighted sum: by a weight it is the input, by an input the weight."""
    (by_weight, by_input) = cr.grad(lambda w, out: w * out, argnums=(0, 1))(
        _WEIGHTS[4], found["out_h1"]
    )
    by_first_weight = cr.grad(lambda w: w * _INPUT[0])(_WEIGHTS[0])
    return {
        "∂net_o1/∂w5": by_weight,
        "∂net_o1/∂out_h1": by_input,
        "∂net_h1/∂w1": by_first_weight,
    }


def _lines(found: Mapping[str, float], rows: _Rows) -> list[Line]:
    return [
        derived(name, found[name], digits)
        if discrepancy == "derived"
        else Line(name, found[name], digits, discrepancy=discrepancy or None)
        for name, digits, discrepancy in rows
    ]


def _as_printed(found: Mapping[str, float]) -> list[Line | str]:
    """The formulas as they stand in print."""
    return [
        "Taken as they stand in print, three formulas give something else:",
        Line("1 / (1 + e^net_h1)", 1 / (1 + cr.exp(found["net_h1"])), "0.59327", None, "D1"),
        Line("1 / (1 + e^net_o1)", 1 / (1 + cr.exp(found["net_o1"])), "0.75136", None, "D2"),
        Line("½ (0.01 - out_o1)², no sum", found["E_o1"], "0.29837", None, "D14"),
    ]


def _trap(found: Mapping[str, float]) -> list[Line | str]:
    """w1 after one step where the hidden gradient is taken with the weights w5 and w7 of the next.

    The error signals of the outputs are the old ones.
    """
    signal = (
        found["∂E_total/∂net_o1"] * found["w5 next"] + found["∂E_total/∂net_o2"] * found["w7 next"]
    )
    slope = signal * found["∂out_h1/∂net_h1"] * found["∂net_h1/∂w1"]
    return [
        "A trap: whoever puts w5 to w8 in their new place first gets another w1.",
        derived("w1 next, in the trap", _WEIGHTS[0] - _RATE * slope, "0.1498176386"),
    ]


def _later() -> list[Line | str]:
    """Errors and outputs of gradient descent on the weights."""

    def objective(weights: Any) -> Any:
        return _total(weights, _BIASES)

    lines: list[Line | str] = ["One step later, and ten thousand:"]
    for steps, error, outputs in (
        (1, "0.2910277737", "0.7420881112 0.7752849683"),
        (10_000, "3.5101878e-05", "0.0159136204 0.9840642735"),
    ):
        value, weights = after(steps, objective, _WEIGHTS, _RATE)
        lines += [
            derived(f"E_total after {steps}", value, error, digits=8),
            derived(f"outputs after {steps}", _outputs(weights, _BIASES), outputs),
        ]
    return lines
