"""Every figure of the gallery, one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chainrule.gallery import descents, functions, graphs, thresholds, vectors


@dataclass(frozen=True)
class Figure:
    """A picture: it computes what it shows, and draws it into a file.

    id       names the file; title  says what is seen, caption  what it teaches
    shows    the topics by number: VZ- rows, F figures, W worked examples
    draw     writes the picture to a path, as the kind of file that its name ends in
    kind     "plot" (.png, .svg), "diagram" (.svg, .dot), "animation" (.gif, .html, or a still)
    """

    id: str
    title: str
    caption: str
    shows: tuple[str, ...]
    draw: Callable[[Path], None]
    kind: str = "plot"


def _table(*rows: Figure) -> dict[str, Figure]:
    return {row.id: row for row in rows}


#: Every figure by its id, from the threshold unit to the training of networks.
FIGURES: dict[str, Figure] = _table(
    Figure("gates", "Gates and their truth tables",
           "Six connectives: the symbol, and what it gives for every input.",
           ("F01",), thresholds.symbols),
    Figure("decision-lines", "Threshold units draw a line",
           "A unit is 1 on one side of a line. For OR, AND and NAND there is one; for XOR none.",
           ("VZ-01", "F04", "F25"), thresholds.lines),
    Figure("xor-regions", "XOR as regions of the plane",
           "What lies above the line of OR and below that of NAND is XOR.",
           ("VZ-02", "F05"), thresholds.xor_regions),
    Figure("xor-network", "XOR as a network of threshold units",
           "OR and NAND feed an AND: a second layer does what one unit cannot.",
           ("VZ-03", "F06", "F19", "F25"), thresholds.xor_diagram, "diagram"),
    Figure("table-network", "A hidden unit for each row of the truth table",
           "Each unit fires for one input only; the output picks the rows that shall be 1.",
           ("F19", "W36"), thresholds.table_diagram, "diagram"),
    Figure("mcculloch-pitts", "Four neurons of McCulloch and Pitts",
           "Identity, AND, OR and AND-NOT differ in weights and thresholds alone.",
           ("F37",), thresholds.neurons_diagram, "diagram"),
    Figure("perceptron", "A perceptron with three outputs",
           "Each output is a threshold unit; its bias is the weight of a unit that is 1.",
           ("F38",), thresholds.perceptron_diagram, "diagram"),
    Figure("layer-matrices", "A layer is a product of matrices",
           "All sums of a layer at once: inputs times weights plus biases.",
           ("VZ-19",), thresholds.layer_matrices),
    Figure("xor-matrices", "XOR in matrices",
           "The four samples pass through the network together, a row each.",
           ("F39", "W06"), thresholds.xor_matrices),
    Figure("activations", "Activation functions and their derivatives",
           "Where the dashed line is 0, no gradient passes.",
           ("VZ-04", "F09", "F17", "F20", "F33"), functions.activations),
    Figure("sharpening", "A steep sigmoid is nearly a step",
           "Larger weights bring σ(kx) as close to the step as one likes, but for x = 0.",
           ("VZ-12", "F21", "W35"), functions.sharpening),
    Figure("spikes", "Spikes and their sum",
           "Two steep units make a spike, enough spikes follow any function.",
           ("VZ-11", "F16", "W45"), functions.spikes),
    Figure("two-tanh-units", "Two tanh units make a surface",
           "Excitation, activation and output over the input plane, with a slice below.",
           ("VZ-08", "F34", "W54"), functions.tanh_surface),
    Figure("semicircle", "A half circle becomes a parabola",
           "From token to token one more hidden unit switches on and adds its vector.",
           ("VZ-09", "F35", "F44", "W44"), vectors.semicircle, "animation"),
    Figure("polynomial-fits", "Polynomials of growing degree",
           "Degree 9 meets every sample, and errs most between them.",
           ("VZ-16", "F22"), functions.polynomial_fits),
    Figure("validation-curve", "A penalty between overfitting and underfitting",
           "Too weak, and new samples are missed; too strong, and all samples are.",
           ("F31",), functions.validation_curve),
    Figure("minimiser", "The minimiser of a loss",
           "The slope says which way w* lies; there it is 0.",
           ("F10",), descents.minimiser),
    Figure("surface", "Gradient descent on a cost surface",
           "Each step goes down the steepest way, at right angles to the contour line.",
           ("F24",), descents.surface),
    Figure("one-weight", "Descent into the nearer minimum",
           "From a start on the left, the local minimum is where it ends.",
           ("VZ-15", "F36"), descents.one_weight, "animation"),
    Figure("optimizer-paths", "Paths of four optimisers",
           "In a narrow valley plain descent zigzags; memory and scaling help.",
           ("VZ-07", "F29", "W40"), descents.paths),
    Figure("schedules", "Schedules of the learning rate",
           "Large steps first, small ones to settle; a warm-up begins gently.",
           ("VZ-13", "F12", "W52"), functions.schedules),
    Figure("product-of-sum", "Values forward, gradients back",
           "(x + y)z: what flows forward above the arrows, what flows back below them.",
           ("VZ-05", "F13", "F26", "W23"), graphs.product_of_sum, "diagram"),
    Figure("logistic-graph", "The loss of a logistic unit as a graph",
           "-log σ(w·x) from single operations, with every derivative.",
           ("VZ-05", "F14", "W24"), graphs.logistic_graph, "diagram"),
    Figure("regularised-graph", "A weight with two readers",
           "The gradients that come back along both ways are added.",
           ("F23", "W28"), graphs.regularised_graph, "diagram"),
    Figure("chain-graph", "The multivariate chain rule",
           "t reaches f through x and through y: its derivative is the sum.",
           ("F23", "W31"), graphs.chain_graph, "diagram"),
    Figure("softmax-graph", "Softmax regression as a graph",
           "The scores fan out to the normaliser and to the score of the class.",
           ("F23", "W32"), graphs.softmax_graph, "diagram"),
    Figure("example-network", "The network of the worked example",
           "Two inputs, two hidden units, two outputs: backpropagation by hand starts here.",
           ("F41", "W43"), graphs.example_diagram, "diagram"),
    Figure("layers", "A network of three layers",
           "Every unit sums, then bends: values of one sample in a 2-3-2-1 network.",
           ("VZ-03", "F06", "W47"), graphs.layers_diagram, "diagram"),
    Figure("bias-units", "Biases as weights of units that are 1",
           "The same network, with each bias drawn as an edge.",
           ("F32",), graphs.bias_diagram, "diagram"),
    Figure("one-token", "Backpropagation of one sample",
           "The error, in red, shrinks while rows and vectors move.",
           ("VZ-10", "F36"), vectors.one_token, "animation"),
    Figure("vanishing", "Gradients that vanish",
           "Where σ is flat, each layer takes most of the gradient away.",
           ("F27", "W51"), functions.vanishing),
    Figure("initialisation", "Initial weights and the activations that follow",
           "Too small, and all units say the same; too large, and they saturate.",
           ("VZ-18", "F28"), descents.initialisation),
    Figure("learning-curve", "Training and validation loss",
           "Past the marked epoch the network learns the noise.",
           ("VZ-14", "F30"), descents.learning_curve),
    Figure("accuracy-curves", "Accuracy of training and validation",
           "Dropout narrows the gap between what was learnt and what is new.",
           ("F30",), descents.accuracy_curves),
    Figure("dropout", "A network while units are dropped",
           "Every step of training sees another thinned network: faint lines carry nothing.",
           ("F30",), graphs.dropout_diagram, "diagram"),
    Figure("batch-norm", "Activations with batch normalisation",
           "Sums that are normalised keep activations apart, whatever the initial weights.",
           ("F30",), descents.batch_norm),
    Figure("grid-and-random", "Grid search against random search",
           "Nine trials on a grid see three learning rates, nine at random see nine.",
           ("VZ-17", "F31"), descents.grid_and_random),
    Figure("stroke", "A detector of a stroke",
           "Weights as an image of 28 × 28: the unit is active where such a stroke is.",
           ("VZ-06", "F18"), descents.stroke),
    Figure("first-weights", "What the first layer looks for",
           "Weights of 25 units that learnt handwritten digits.",
           ("VZ-06", "F18"), descents.first_weights),
)  # fmt: skip
