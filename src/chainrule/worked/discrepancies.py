"""Where the lectures print something else than what is right, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Discrepancy:
    """One place where a source is wrong, cut off or vague.

    where     the lecture and the place in it
    examples  the ids of the worked examples that it touches
    printed   what stands there
    right     what is meant, or holds
    why       how it came about, or what follows from it
    """

    id: str
    where: str
    examples: tuple[str, ...]
    printed: str
    right: str
    why: str

    def __str__(self) -> str:
        return "\n".join(
            (
                f"{self.id}  {self.where}",
                f"     printed: {self.printed}",
                f"     right: {self.right}",
                f"     why: {self.why}",
            )
        )


# fmt: off
_ROWS = (
    Discrepancy("D1", "Payberah, slide 51", ("W43",),
                "out_h1 = 1/(1 + e^0.3775) = 0.59327", "1/(1 + e^-0.3775) = 0.59327",
                "the minus sign of the exponent is lost; as printed it would be 0.40673"),
    Discrepancy("D2", "Payberah, slide 52", ("W43",),
                "out_o1 = 1/(1 + e^1.1059) = 0.75136", "1/(1 + e^-1.1059)",
                "the same minus sign; as printed it would be 0.24863"),
    Discrepancy("D3", "Payberah, slides 52-59", ("W43",),
                "0.75136, 0.74136, 0.18681, 0.08216", "0.75137, 0.74137, 0.18682, 0.08217",
                "the digits are cut off after the fifth instead of rounded"),
    Discrepancy("D4", "Payberah, slide 60", ("W43",),
                "w5 = 0.4 - 0.5 · 0.08216 = 0.35891 and w6 = 0.40866", "0.35892 and 0.40867",
                "exact are 0.3589165 and 0.4086662, cut off; the printed factors give 0.35892"),
    Discrepancy("D5", "Payberah, slides 68-69", ("W43",),
                "∂E/∂w1 = 0.00043, w1 = 0.15 - 0.5 · 0.00043 = 0.14978", "0.00044; w1 = 0.1497807",
                "the derivative is cut off; with it the step would end at 0.149785"),
    Discrepancy("D6", "Payberah, slide 45", ("W42",),
                "dz/dx = 20(x³ + 7) · 3x²", "20(x³ + 7)³ · 3x²",
                "the exponent of the outer derivative 20y³ is lost when y is put in"),
    Discrepancy("D7", "Payberah, slide 21", ("W41",),
                "ŷ = step(z) with w = 0, b = ½ gives ½ everywhere",
                "ŷ = z does; the step of ½ is 1",
                "the weights are those of the linear model; with a step, J is ½ and not ¼"),
    Discrepancy("D8", "Payberah, slides 11 and 14", ("W48",),
                "J = -Σ y log ŷ for sigmoid outputs", "-Σ y log ŷ + (1 - y) log(1 - ŷ)",
                "without the second term nothing holds an output down: all of them go to 1"),
    Discrepancy("D9", "Payberah, slide 11", (),
                "the step subtracts η ∂J(w_j)/w_ij", "η ∂J(w_j)/∂w_ij", "a ∂ is lost"),
    Discrepancy("D10", "Payberah, slides 14 and 16", ("W48",),
                "learning_rate * tf.gradients(...); whole-number labels and logits by position",
                "tf.gradients(...)[0]; labels= and logits= by name, floating; an optimizer",
                "the function returns a list, and its arguments come in the other order"),
    Discrepancy("D11", "Payberah, slide 38", ("W49",),
                "output weights of shape (n_features, n_neurons_out), tf.zero",
                "(n_neurons_h, n_neurons_out), tf.zeros",
                "the output layer reads the hidden layer, not the features"),
    Discrepancy("D12", "Payberah, slide 38", ("W49",),
                "both layers start from zeros", "small random weights, as slide 31 asks for",
                "equal hidden units have equal gradients for ever, and here even zero ones"),
    Discrepancy("D13", "Payberah, slide 42", (),
                "GradientDescentOptimizer(learning_rate.001)",
                "a learning rate of 0.1, or of 0.001",
                "two texts ran together; other slides use both numbers"),
    Discrepancy("D14", "Payberah, slide 53", ("W43",),
                "E_total = ½(target - output)²; output_o1", "½ Σ (target - output)²; out_o1",
                "the sum sign is lost; one quantity has two names"),
    Discrepancy("D15", "Okazaki, item 53", ("W24",),
                "log -0.4740 and loss 0.4740; backward 0.6224", "-0.4741 and 0.4741; 0.6225",
                "-0.4740 is the logarithm of the rounded 0.6225; 0.6224 is cut off"),
    Discrepancy("D16", "Okazaki, item 59", (),
                "δ2 = g'(a2)(w11 δ1 + w21 δ2)", "δ2 = g'(a2)(w12 δ1 + w22 δ2)",
                "the indices are those of the first hidden unit; the figure has the right ones"),
    Discrepancy("D17", "Okazaki, item 44", ("W19",),
                "maximise the product of the log-likelihoods of the instances",
                "the product of the likelihoods, or the sum of their logarithms",
                "the two forms are mixed up"),
    Discrepancy("D18", "Okazaki, item 42", ("W52",),
                "Ση = ∞ and Ση² < ∞, with η0/√t as an example",
                "η0/t; of η0/√t both sums are infinite", "(1/√t)² = 1/t, whose sum has no bound"),
    Discrepancy("D19", "Okazaki, item 42", (),
                "Adap", "AdaGrad, Adam or AdaDelta", "the name is cut off"),
    Discrepancy("D20", "Okazaki, items 5 and 19", ("W09",),
                "functions {0,1} → {0,1}", "functions {0,1}^d → {0,1}", "the exponent d is lost"),
    Discrepancy("D22", "Sohn, definition and table of the MSE", ("W37", "W38"),
                "defined with ½, tabulated without",
                "either, said once: 0.81 and 0.34 without, 0.403 and 0.17 with ½",
                "the definition and the table are by different conventions"),
    Discrepancy("D23", "Sohn, mini-batch procedure", (),
                "update in the direction of the gradient, which makes the loss smallest",
                "in the direction of the negative gradient",
                "the gradient points uphill; the formula beside the words has the minus sign"),
    Discrepancy("D24", "Sohn, layers", (),
                "s = Wᵀx in one place, s = Wx in others",
                "either, kept: here x @ weight with weight (fan_in, fan_out)",
                "the matrices are each other's transposes"),
    Discrepancy("D25", "Sohn, activations", ("W33",),
                "tanh has the range [-1, 1]", "(-1, 1)", "the ends are limits and no values"),
    Discrepancy("D26", "Sohn, optimisers and initialisation", ("W33", "W40"),
                "nine names without formulas: AdaGrad, Adam, Xavier, He, ELU and others",
                "the formulas of the papers",
                "the lecture gives no formulas; constants and the place of ε are choices"),
    Discrepancy("D27", "Sohn, batch normalisation", ("W53",),
                "(s - mean)/deviation", "(s - mean)/√(variance + ε)",
                "without ε a batch without variance divides by zero"),
    Discrepancy("D29", "CSC311 lecture 4, slide 46", ("W29",),
                "one-sided differences with h = 1e-10, error below 1e-6",
                "two-sided differences with h near 1e-5",
                "at 1e-10 the rounding of the two values weighs more than what is asked for"),
    Discrepancy("D30", "CSC311 lecture 4, slide 21", ("W36",),
                "2D hidden units", "2^D hidden units, one for each pattern",
                "the D is an exponent"),
    Discrepancy("D31", "CSC311 lecture 4, slides 41-42", ("W30",),
                "L = ½t - y²", "L = ½‖t - y‖²", "the bars of the norm are lost"),
    Discrepancy("D32", "CSC311 lecture 4, slides 33 and 39-43", ("W30", "W32"),
                "formulas without Σ, such as y_k = e^z_k",
                "y_k = e^z_k / Σ e^z_l, and sums over the index that is summed",
                "the sum signs are lost"),
    Discrepancy("D33", "CSC311 lecture 4, slide 43", ("W34",),
                "backward takes two multiply-adds a weight",
                "in the first layer one, for the inputs need no gradient",
                "for 784-100-10 this is 80400 and not 158800"),
    Discrepancy("D34", "Hasegawa-Johnson, index formulas", ("W46",),
                "N hidden nodes ŷ_k; Σ_k w_kj h_ji; Σ ε_ki h_ki; Σ_j w_j σ(w_k x)",
                "hidden nodes h_k; Σ_j w_kj h_ji; Σ ε_ki h_ji; Σ_j w_j σ(w_j x)",
                "a letter or an index is exchanged in five places"),
    Discrepancy("D35", "Hasegawa-Johnson, learning rate", (),
                "second-order methods like L-BFGS and Adam choose an optimal η",
                "L-BFGS is quasi-Newton; Adam is of first order, with a step for each weight",
                "Adam uses squares of gradients, not curvature"),
    Discrepancy("D36", "Hasegawa-Johnson, backpropagation", ("W46",),
                "no gradients of the biases, which step 5 improves",
                "∂L/∂b1 = Σ δ_i and ∂L/∂b2 = Σ ε_i", "a bias is a weight whose input is 1"),
    Discrepancy("D37", "Hasegawa-Johnson, Barron's theorem", (),
                "E[h - h*²]", "E[‖h - h*‖²]", "the bars of the norm are broken"),
    Discrepancy("D38", "Hasegawa-Johnson, semicircle and parabola", ("W44",),
                "x0² + x1² = 1 and y1 = y0²",
                "the half with x0 ≥ 0, mapped to (θ, θ²) of its angle",
                "the equation is that of the whole circle, and y0 is the angle"),
    Discrepancy("D40", "Okazaki, items 36 and 39", ("W52",),
                "η_t ← 1/ and nothing below", "1/t",
                "a letter is lost; 1/√t would fit the place too"),
    Discrepancy("D41", "Payberah, slide 33", ("W50",),
                "with linear outputs, minimising cross-entropy is minimising the squared error",
                "true for a Gaussian model of fixed variance",
                "cross-entropy needs a probability model, which a linear output does not name"),
    Discrepancy("D42", "all five lectures", ("W13", "W33"),
                "the step at 0 is 0, undefined, unspecified, or 1 in a script", "0 here",
                "W13 works out only with 0; a convention, as no side is right"),
    Discrepancy("D43", "all five lectures", ("W37", "W46"),
                "losses with ½, 1/(2n), 1/N, as a plain sum, or as a mean over all elements",
                "any, said each time", "they differ by a factor, which the learning rate takes up"),
)
# fmt: on

#: Every discrepancy by its id. The numbers 21, 28 and 39 are not in use.
DISCREPANCIES: dict[str, Discrepancy] = {row.id: row for row in _ROWS}
