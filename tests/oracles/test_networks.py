"""Whole networks against PyTorch and JAX, and random bits against JAX. `make test-oracles`."""

import itertools

import numpy as np
import pytest

import chainrule as cr
from chainrule.ops.random import threefry


pytestmark = pytest.mark.oracle

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}
WIDTHS = (20, 16, 12, 5)
ACTIVATIONS = ("tanh", "relu", "sigmoid")
LABELS = np.random.default_rng(1).integers(0, WIDTHS[-1], 40)

every_dtype = pytest.mark.parametrize("dtype", TOLERANCE)
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)


def parameters_and_rows(dtype):
    """Weights and biases `[(fan_in, fan_out), (fan_out,)]` a layer, and rows `(40, fan_in)`."""
    rng = np.random.default_rng(0)
    parameters = [
        (rng.normal(size=(m, n)) / np.sqrt(m), rng.normal(size=n))
        for m, n in itertools.pairwise(WIDTHS)
    ]
    x = rng.normal(size=(40, WIDTHS[0]))
    return cr.tree.map(lambda leaf: leaf.astype(dtype), (parameters, x))


def logits(parameters, x, activation):
    """The scores of a network of three layers; operators alone, so any library's arrays do."""
    *hidden, (w, b) = parameters
    for weight, bias in hidden:
        x = activation(x @ weight + bias)
    return x @ w + b


def objective(parameters, x, activation):
    """The mean cross-entropy and a penalty on the weights."""
    scores = logits(parameters, x, getattr(cr, activation))
    chosen = cr.one_hot(LABELS, WIDTHS[-1], scores.dtype)
    cross_entropy = -cr.mean(cr.sum(cr.log_softmax(scores) * chosen, axis=1))
    return cross_entropy + 0.01 * sum(cr.sum(w**2) for w, _ in parameters)


def torch_objective(torch, parameters, x, activation):
    scores = logits(parameters, x, getattr(torch, activation))
    cross_entropy = torch.nn.functional.cross_entropy(scores, torch.as_tensor(LABELS))
    return cross_entropy + 0.01 * sum((w**2).sum() for w, _ in parameters)


def jax_objective(jax, parameters, x, activation):
    scores = logits(parameters, x, getattr(jax.nn, activation))
    chosen = jax.nn.log_softmax(scores)[np.arange(len(LABELS)), LABELS]
    return -chosen.mean() + 0.01 * sum((w**2).sum() for w, _ in parameters)


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


@pytest.fixture(scope="module")
def jax():
    library = pytest.importorskip("jax")
    library.config.update("jax_enable_x64", True)
    return library


def assert_near(found, want, dtype):
    """Leaf by leaf, relative to the largest number of the leaf."""
    for ours, theirs in zip(cr.tree.leaves(found), want, strict=True):
        assert ours.dtype == dtype
        theirs = np.asarray(theirs)
        bound = TOLERANCE[dtype] * np.max(np.abs(theirs))
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=bound)


@every_dtype
@every_activation
def test_loss_and_gradient_of_three_layers_are_those_of_torch(activation, dtype, torch):
    parameters, x = parameters_and_rows(dtype)
    found = cr.value_and_grad(lambda p: objective(p, x, activation))(parameters)
    tensors = cr.tree.map(lambda leaf: torch.tensor(leaf, requires_grad=True), parameters)
    loss = torch_objective(torch, tensors, torch.tensor(x), activation)
    gradient = torch.autograd.grad(loss, cr.tree.leaves(tensors))
    assert_near(found, [loss.detach(), *gradient], dtype)


@every_dtype
@every_activation
def test_loss_and_gradient_of_three_layers_are_those_of_jax(activation, dtype, jax):
    parameters, x = parameters_and_rows(dtype)
    found = cr.value_and_grad(lambda p: objective(p, x, activation))(parameters)
    arrays = cr.tree.map(jax.numpy.asarray, parameters)
    want = jax.value_and_grad(lambda p: jax_objective(jax, p, x, activation))(arrays)
    assert_near(found, cr.tree.leaves(want), dtype)


@every_activation
def test_curvature_of_three_layers_is_that_of_jax(activation, jax):
    parameters, x = parameters_and_rows("float64")
    rng = np.random.default_rng(2)
    direction = cr.tree.map(lambda leaf: rng.normal(size=leaf.shape), parameters)
    (found,) = cr.hvp(lambda p: objective(p, x, activation), (parameters,), (direction,))
    arrays, tangents = (cr.tree.map(jax.numpy.asarray, t) for t in (parameters, direction))
    gradient = jax.grad(lambda p: jax_objective(jax, p, x, activation))
    want = jax.jvp(gradient, (arrays,), (tangents,))[1]
    assert_near(found, cr.tree.leaves(want), "float64")


def test_a_hundred_steps_of_descent_end_where_those_of_torch_end(torch):
    """Errors do not grow along a trajectory: the same weights to ten digits."""
    parameters, x = parameters_and_rows("float64")
    tensors = cr.tree.map(lambda leaf: torch.tensor(leaf, requires_grad=True), parameters)
    optimiser = torch.optim.SGD(cr.tree.leaves(tensors), lr=0.1)
    step = cr.trace(
        lambda p: cr.tree.map(
            lambda w, g: w - 0.1 * g, p, cr.grad(lambda p: objective(p, x, "tanh"))(p)
        ),
        parameters,
    )
    for _ in range(100):
        parameters = step(parameters)
        optimiser.zero_grad()
        torch_objective(torch, tensors, torch.tensor(x), "tanh").backward()
        optimiser.step()
    assert_near(parameters, [leaf.detach() for leaf in cr.tree.leaves(tensors)], "float64")


@pytest.mark.parametrize("seed", [0, 1, 0x0123456789ABCDEF, 2**64 - 1])
def test_threefry_gives_the_bits_of_jax(seed, jax):
    from jax.extend.random import threefry_2x32

    words = np.random.default_rng(seed).integers(0, 2**32, (2, 10_000), np.uint32)
    found = np.concatenate(threefry(cr.key(seed), *words))
    np.testing.assert_array_equal(found, threefry_2x32(cr.key(seed), words.reshape(-1)))


def test_fold_in_gives_the_key_of_jax(jax):
    for word in (0, 1, 2**31 - 1):
        theirs = jax.random.fold_in(cr.key(7), word)
        np.testing.assert_array_equal(cr.fold_in(cr.key(7), word), theirs)


def test_uniform_is_made_of_the_bits_of_jax(jax):
    """Counter (row, column): the first word of 32 bits is the leading one of the number."""
    from jax.extend.random import threefry_2x32

    row, column = np.indices((6, 5)).astype(np.uint32)
    counters = np.concatenate([row.reshape(-1), column.reshape(-1)])
    high = np.asarray(threefry_2x32(cr.key(3), counters))[:30].reshape(6, 5)
    np.testing.assert_array_equal(cr.uniform(cr.key(3), (6, 5), "float32"), (high >> 8) / 2.0**24)
    np.testing.assert_allclose(cr.uniform(cr.key(3), (6, 5)), high / 2.0**32, rtol=0, atol=2**-27)
