"""`cr.nn.mlp` and `cr.nn.cross_entropy` against PyTorch and JAX: loss and gradient."""

import numpy as np
import pytest

import chainrule as cr


pytestmark = pytest.mark.oracle

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)
jnp = jax.numpy

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}
each_dtype = pytest.mark.parametrize("dtype", TOLERANCE)

LABELS = np.random.default_rng(5).integers(0, 4, 16)


def network_case(dtype):
    net = cr.nn.mlp([6, 10, 8, 4], "tanh", rng=0, dtype=dtype)
    x = np.random.default_rng(4).normal(size=(16, 6)).astype(dtype)
    value, gradient = cr.value_and_grad(lambda n: cr.mean(cr.nn.cross_entropy(n(x), LABELS)))(net)
    return cr.tree.leaves(net), x, value, cr.tree.leaves(gradient)


def network_by_torch(leaves, x):
    params = [torch.tensor(leaf, requires_grad=True) for leaf in leaves]
    h = torch.tensor(x)
    for weight, bias in zip(params[:-2:2], params[1:-2:2], strict=True):
        h = torch.tanh(h @ weight + bias)
    objective = torch.nn.functional.cross_entropy(h @ params[-2] + params[-1], torch.tensor(LABELS))
    objective.backward()
    return objective.detach().numpy(), [param.grad.numpy() for param in params]


def network_by_jax(leaves, x):
    def objective(params):
        h = x
        for weight, bias in zip(params[:-2:2], params[1:-2:2], strict=True):
            h = jnp.tanh(h @ weight + bias)
        logs = jax.nn.log_softmax(h @ params[-2] + params[-1])
        return -jnp.mean(logs[jnp.arange(len(LABELS)), LABELS])

    return jax.value_and_grad(objective)(list(map(jnp.asarray, leaves)))


@each_dtype
@pytest.mark.parametrize("oracle", [network_by_torch, network_by_jax])
def test_network_of_three_layers(oracle, dtype, assert_close):
    leaves, x, value, gradient = network_case(dtype)
    wanted_value, wanted = oracle(leaves, x)
    assert len(gradient) == 6
    assert_close(value, wanted_value, TOLERANCE[dtype])
    for found, want in zip(gradient, wanted, strict=True):
        assert_close(found, want, TOLERANCE[dtype])
