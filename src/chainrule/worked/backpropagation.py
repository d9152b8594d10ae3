"""W34, W39, W42, W43, W47: derivatives through layers, and what they cost."""

from __future__ import annotations

from typing import Any

import chainrule as cr
from chainrule.worked import two_two_two
from chainrule.worked.example import Example, Line, derived


# ---- W34 ----------------------------------------------------------------------------------------

_COUNTS = {  # sizes: forward, twice that, backward, parameters
    (2, 2, 2): ("8", "16", "12", "12"),
    (2, 3, 2, 1): ("14", "28", "22", "20"),
    (784, 100, 10): ("79400", "158800", "80400", "79510"),
    (784, 100, 100, 10): ("89400", "178800", "100400", "89610"),
}


def _operation_counts() -> list[Line | str]:
    lines: list[Line | str] = []
    for sizes, (forward, double, backward, parameters) in _COUNTS.items():
        found = cr.nn.summary(cr.nn.mlp(sizes, "sigmoid", rng=0))
        lines += [
            f"{'-'.join(map(str, sizes))}:",
            derived("multiply-adds forward", found.forward, forward),
            derived("backward by the rule", 2 * found.forward, double),
            derived("backward, counted", found.backward, backward),
            derived("parameters", found.parameters, parameters),
        ]
    return [*lines, "The rule counts a gradient of the inputs, which nobody needs."]


# ---- W39 ----------------------------------------------------------------------------------------


def _growth() -> list[Line | str]:
    def growth(w1: Any, w2: Any, x: Any) -> Any:
        return cr.label(w2 * cr.exp(w1 * x), "y")

    solution = cr.explain(growth, 0.5, 2.0, 1.5)
    slopes = solution.gradients
    return [
        derived("y", solution["y"], "4.2340000332"),
        "Backward: ∂y/∂w2 = e^(w1 x), ∂y/∂w1 = x y, ∂y/∂x = w1 y.",
        derived("∂y/∂w2", slopes["w2"], "2.1170000166"),
        derived("∂y/∂w1", slopes["w1"], "6.3510000498"),
        derived("∂y/∂x", slopes["x"], "2.1170000166"),
    ]


# ---- W42 ----------------------------------------------------------------------------------------

_COMPOSED = {1.0: ("30720", "480"), -1.0: ("12960", "360"), 2.0: ("810000", "3600"),
             0.5: ("5425.576171875", "106.875")}  # fmt: skip


def _composition() -> list[Line | str]:
    def inner(x: Any) -> Any:
        return x**3 + 7

    def outer(y: Any) -> Any:
        return 5 * y**4

    lines: list[Line | str] = [derived("z at x = 1", outer(inner(1.0)), "20480")]
    for x, (right, without_cube) in _COMPOSED.items():
        slopes = cr.grad(outer)(inner(x)), cr.grad(inner)(x)
        whole = cr.grad(lambda x: outer(inner(x)))(x)
        lines += [
            f"x = {x:g}; the printed formula lacks the cube, and has the last number:",
            derived("dz/dx = dz/dy · dy/dx", slopes[0] * slopes[1], right, digits=13),
            derived("dz/dx of the composition", whole, right, digits=13),
            Line("dz/dx, as printed", whole, without_cube, digits=13, discrepancy="D6"),
        ]
    return lines


# ---- W47 ----------------------------------------------------------------------------------------


def _shapes() -> list[Line | str]:
    layers = cr.nn.mlp([2, 3, 2, 1], "sigmoid", rng=0).layers
    weights = [layer.weight for layer in layers]
    biases = [layer.bias for layer in layers]
    return [
        *(
            derived(f"W{place}, (outputs, inputs)", weight.T.shape, shape)
            for place, weight, shape in zip((1, 2, 3), weights, ("3 2", "2 3", "1 2"), strict=True)
        ),
        "chainrule keeps each as its transpose, (inputs, outputs), for rows of samples: x W + b.",
        derived("weights of each layer", [weight.size for weight in weights], "6 6 2"),
        derived("weights", sum(weight.size for weight in weights), "14"),
        derived("biases of each layer", [bias.size for bias in biases], "3 2 1"),
        derived("biases", sum(bias.size for bias in biases), "6"),
        derived("parameters", sum(map(cr.nn.parameter_count, layers)), "20"),
    ]


EXAMPLES: tuple[Example, ...] = (
    Example(
        "W34",
        "What forward and backward cost",
        "CSC311 lecture 4, slide 43",
        "Count the multiply-adds of four networks, for one sample. Forward there is one for each\n"
        "weight. By the rule of the slide backward takes two for each; but the first layer needs\n"
        "one alone, for its inputs are given and want no gradient.",
        _operation_counts,
    ),
    Example(
        "W39",
        "y = w2 e^(w1 x), backward",
        "Sohn, backpropagation",
        "Find the derivatives of y = w2 e^(w1 x) where w1 = 0.5, w2 = 2, x = 1.5.",
        _growth,
    ),
    Example(
        "W42",
        "The chain rule with a power",
        "Payberah, slide 45",
        "Find dz/dx of z = 5y⁴ with y = x³ + 7, at four points.",
        _composition,
    ),
    Example(
        "W43",
        "Backpropagation in a 2-2-2 network, by hand",
        "Payberah, slides 50-69",
        "Inputs 0.05 and 0.10, targets 0.01 and 0.99; two hidden and two output units, logistic.\n"
        "w1 = 0.15 and w2 = 0.20 lead to h1, w3 = 0.25 and w4 = 0.30 to h2, w5 = 0.40 and\n"
        "w6 = 0.45 to o1, w7 = 0.50 and w8 = 0.55 to o2; the biases are b1 = 0.35 of both hidden\n"
        "units and b2 = 0.60 of both outputs. E = Σ ½ (target - output)². Do one step of gradient\n"
        "descent on the weights with rate 0.5. (w3, w4, w7, w8 and the second target stood in a\n"
        "lost figure; the printed results determine them.)",
        two_two_two.solve,
    ),
    Example(
        "W47",
        "Shapes of a 2-3-2-1 network",
        "Okazaki, items 18 and 45",
        "A network of 2 inputs, 3 and 2 hidden units and 1 output: which shapes do its weights\n"
        "have, and how many numbers does it learn?",
        _shapes,
    ),
)
