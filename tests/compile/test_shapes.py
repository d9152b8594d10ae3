"""Every number of rows and every width: what is left over after whole vectors and whole tiles."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.compile import compile
from chainrule.compile.program import Compiled, Program
from chainrule.compile.target import host
from chainrule.testing import check_same


pytestmark = pytest.mark.usefixtures("poisoned_memory")

ROWS = range(1, 34)
WIDTHS = 70

every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


def classes(width):
    """A number from 1 to 70, another one for each width."""
    return width * 29 % WIDTHS + 1


def parameters(width, dtype):
    """Of two layers: `width` inputs, another width from 1 to 70 in the middle, a score a class."""
    rng = np.random.default_rng(width)
    middle, last = width * 13 % WIDTHS + 1, classes(width)
    shapes = [(width, middle), (middle,), (middle, last), (last,)]
    return [(rng.normal(size=shape) / shape[0] ** 0.5).astype(dtype) for shape in shapes]


def forward_and_back(weights, x, labels):
    """Scores, losses, their mean and its gradient with respect to all weights and x."""

    def objective(weights, x):
        scores = cr.tanh(x @ weights[0] + weights[1]) @ weights[2] + weights[3]
        losses = cr.nn.cross_entropy(scores, labels)
        return cr.mean(losses), (scores, losses)

    return cr.value_and_grad(objective, (0, 1), has_aux=True)(weights, x)


def graph_of(width, dtype):
    types = cr.ArrayType((cr.BATCH, width), dtype), cr.ArrayType((cr.BATCH,), "int64")
    return cr.trace(forward_and_back, parameters(width, dtype), *types)


def check(width, dtype, target):
    graph, weights = graph_of(width, dtype), parameters(width, dtype)
    function = Compiled(Program(graph, target), 1)
    for rows in ROWS:
        rng = np.random.default_rng(rows)
        x = rng.normal(size=(rows, width)).astype(dtype)
        labels = rng.integers(0, classes(width), rows)
        args = weights, x, labels
        check_same(function(*args), graph(*args))


@every_dtype
@pytest.mark.parametrize("width", range(1, WIDTHS + 1))
def test_every_width_and_number_of_rows(width, dtype):
    check(width, dtype, host())


@every_dtype
@pytest.mark.parametrize("name", ["avx2", "avx2 without masks", "sse2"])
@pytest.mark.parametrize("residue", range(4))
def test_narrower_vectors(narrower, residue, name, dtype):
    """Widths that leave every rest of a vector and of a tile."""
    for width in range(1 + residue, 37, 4):
        check(width, dtype, narrower(name))


@every_dtype
@pytest.mark.parametrize("threads", [1, 3])
def test_long_lines(dtype, threads):
    """Folds over one line, and over columns, of fewer and of more numbers than a block holds."""

    def folds(x, y):
        z = cr.exp(x) + y
        whole = cr.sum(z), cr.max(z), cr.argmax(z, axis=0), cr.norm(x), cr.mean(z * z)
        return *whole, cr.sum(z, axis=0), cr.max(z, axis=0), cr.min(z, axis=1), cr.softmax(z), z

    types = cr.ArrayType((cr.BATCH, 3), dtype), cr.ArrayType((3,), dtype)
    tall = cr.trace(folds, *types)
    function = compile(tall, threads=threads)
    rng = np.random.default_rng(0)
    for size in (1, 15, 16, 17, 683, 2047, 2048, 2049, 10_000):
        args = rng.normal(size=(size, 3)).astype(dtype), rng.normal(size=3).astype(dtype)
        check_same(function(*args), tall(*args))
        args = rng.normal(size=(2, size)).astype(dtype), rng.normal(size=size).astype(dtype)
        wide = cr.trace(folds, *args)
        check_same(compile(wide, threads=threads)(*args), wide(*args))
